"""Verbs of speech whose object holds words of the speaker: دعا إلى حل «ملائم»، أدان محاولات «زرع الشقاق»."""

from collections.abc import Container

from newsetl.stages.quotes.classes import starts_speaker
from newsetl.stages.quotes.content import Content, is_name_span
from newsetl.stages.quotes.edges import find_clause_stop, trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.names import Phrase
from newsetl.stages.quotes.runs import has_article, is_plain
from newsetl.stages.quotes.scene import Scene, Span
from newsetl.stages.quotes.speakers import find_phrase
from newsetl.stages.quotes.subjects import find_subject_before

_REACH = 40  # tokens from the verb to the marks
_REACH_INSIDE = 9  # tokens of the object before its marks


def find_object_quote(scene: Scene, at: int, form: Form) -> Found | None:
    """The object of a verb as a mixed quote, when marks in it show words that are no name."""
    if "o" not in form.frames or form.suffixed or form.kind == "noun":
        return None
    if max(scene.span_at[at + 1 : at + _REACH], default=-1) < 0:
        return None  # no marks near
    span = _find_wording(scene, at + 1, min(find_clause_stop(scene, at + 1), at + _REACH))
    if span is None:
        return None
    phrase = None if form.kind == "participle" else find_phrase(scene, at + 1, span.first)
    if phrase is not None and (phrase.first != at + 1 or not _can_act(scene, phrase)):
        phrase = None
    before = find_subject_before(scene, at, form)
    first = _object_start(scene, phrase.stop if phrase is not None and before is None else at + 1, span.first, form)
    if not 0 <= span.first - first <= _REACH_INSIDE or _is_broken(scene, first, span.first):
        return None
    if first < span.first and len(scene.keys[first]) == 1:
        return None
    if _is_unknown_name(scene, at, phrase, span.first):
        return None
    stop = _object_stop(scene, span)
    return Found(Content("mixed", ((first, stop),), stop), (at, at + 1), form, before or phrase, stop)


def _can_act(scene: Scene, phrase: Phrase) -> bool:
    return starts_speaker(scene, phrase.first) or phrase.name is not None


def _is_unknown_name(scene: Scene, cue: int, phrase: Phrase | None, stop: int) -> bool:
    """Are all words before the marks more likely the speaker: انتقدت هدى منصور "..."?"""
    if phrase is not None and phrase.kind == "organisation":
        return False
    first = phrase.stop if phrase is not None else cue + 2
    return first < stop and all(is_plain(scene, at) for at in range(first, stop))


def _is_broken(scene: Scene, first: int, stop: int) -> bool:
    """Does another clause begin before the marks, so that they stand in it and not in the object?"""
    return any(
        scene.forms[at] is not None or (scene.keys[at] in "،,؛" and scene.keys[at + 1][0] == "و")
        for at in range(first, stop)
    )


def _object_stop(scene: Scene, span: Span) -> int:
    """The end of the object: its clause, or a comma after the marks."""
    stop = max(span.last + 1, find_clause_stop(scene, span.last + 1))
    comma = next((at for at in range(span.last + 1, stop) if _is_pause(scene, at)), stop)
    return trim(scene, span.last, comma)[1]


def _is_pause(scene: Scene, at: int) -> bool:
    return scene.keys[at] in "،,؛" and scene.key(at + 1) not in scene.words.prepositions


def _find_wording(scene: Scene, first: int, stop: int) -> Span | None:
    at = first
    while at < stop:
        number = scene.span_at[at]
        if number >= 0:
            span = scene.spans[number]
            if is_wording(scene, span):
                return span
            at = span.last
        at += 1
    return None


def is_wording(scene: Scene, span: Span) -> bool:
    """Do marks inside a clause show somebody's words, and no name of a body, a work or a campaign?"""
    before = scene.key(span.first - 1)
    key = scene.key(span.inner_first)
    if (
        not span.mark.closed
        or is_name_span(scene, span)
        or not key[:1].isalnum()
        or has_article(scene, span.inner_first)
    ):
        return False
    if before.startswith(("ال", "لل", "بال", "وال")) and before not in scene.words.relative_openings:
        return False
    if before in "،," and key[0] != "ل":
        return False
    if span.words == 1:
        return key.endswith("ي") and before.isalpha()
    return span.words > 2 or not has_article(scene, span.inner_stop - 1)


def _object_start(scene: Scene, first: int, stop: int, form: Form) -> int:
    """Where the object begins: after the verb's preposition, else after the times and commas behind the speaker."""
    governed: Container[str] = scene.cues.governed.get(form.cue_class, ())
    for at in range(first, stop):
        if scene.keys[at] in governed and scene.keys[at - 1] != "فضلا":
            return at + 1
    for at in range(first, stop):
        if scene.keys[at][0] in governed and at > first and len(scene.keys[at]) > 3:
            return at  # بقطع الطرق
    while first < stop and (scene.keys[first] in scene.words.times or scene.keys[first] in "،,"):
        first += 1
    return first
