"""How sure the rules are of a quote: a share that says how often one like it is right in words and speaker.

The shares below were counted on the training gold set (right quotes of each group / found quotes of the group);
count them again whenever rules of content or speakers change.
"""

from newsetl.records import Resolution
from newsetl.stages.quotes.content import Content
from newsetl.stages.quotes.entities import Entity
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.scene import Scene

# Acts of speech whose cue words have hardly another life.
_CLEAR_CLASSES = frozenset(
    (
        "neutral",
        "assert",
        "continue",
        "explain",
        "indicate",
        "announce",
        "warn",
        "write",
        "comment",
        "narrate",
        "express",
    )
)
_SHORT = 6  # words; shorter marked stretches are often names or terms
_CONTENT = {"direct": 0.95, "indirect": 0.97, "mixed": 0.9}
_SHORT_CONTENT = 0.82
_UNCLEAR_CONTENT = 0.74
# Resolution -> share of right speakers by what the name looks like: a known given name, other words, one word.
_SPEAKER: dict[Resolution, tuple[float, float, float]] = {
    "explicit": (0.98, 0.93, 0.86),
    "nominal": (0.8, 0.93, 0.6),
    "pronoun": (0.8, 0.7, 0.6),
    "elided": (0.93, 0.71, 0.73),
    "none": (0.15, 0.15, 0.15),
}
_FLAGGED = 0.9  # unclosed marks and the like


def tell_confidence(
    scene: Scene, content: Content, form: Form | None, entity: Entity | None, resolution: Resolution
) -> float:
    """A share between 0 and 1: how often a quote of this kind is right in content and speaker."""
    words = sum(stop - first for first, stop in content.segments)
    is_clear = form is not None and form.cue_class in _CLEAR_CLASSES and "weak" not in form.frames
    value = _CONTENT[content.type] if is_clear else _UNCLEAR_CONTENT
    if words < _SHORT:
        value = min(value, _SHORT_CONTENT)
    value *= _SPEAKER[resolution][_look_of_name(scene, entity)]
    return round(value * _FLAGGED if content.flags else value, 3)


def _look_of_name(scene: Scene, entity: Entity | None) -> int:
    """0 for a name that begins with a known given name, 2 for a single word, 1 for anything else."""
    longest = max(entity.names, key=len, default=()) if entity is not None else ()
    if len(longest) == 1:
        return 2
    return 0 if longest and longest[0] in scene.words.given else 1
