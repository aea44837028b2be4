"""How sure the rules are of a quote, from what they saw."""

from newsetl.records import Resolution
from newsetl.stages.quotes.content import Content
from newsetl.stages.quotes.entities import Entity
from newsetl.stages.quotes.lexicon import Form


def tell_confidence(content: Content, form: Form | None, entity: Entity | None, resolution: Resolution) -> float:
    """A share between 0 and 1: how often a quote with these marks of trust is right in content and speaker."""
    value = {"direct": 0.9, "mixed": 0.6, "indirect": 0.75}[content.type]
    value *= {"explicit": 1.0, "nominal": 0.85, "pronoun": 0.8, "elided": 0.9, "none": 0.4}[resolution]
    if form is None or "weak" in form.frames:
        value *= 0.8
    if content.flags or entity is None:
        value *= 0.8
    return round(value, 3)
