"""Reported words without marks that stand before their cue: المشاركة ضعيفة، تقول الصحيفة; ... . هذا ما أكده الوزير."""

from newsetl.stages.quotes.content import Content, clause_type, read_spans
from newsetl.stages.quotes.edges import find_clause_stop, trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_SHORTEST = 7  # words of a clause before its verb of speech
_LONGEST = 120  # tokens
_REASONS = frozenset(("اذ", "لان", "لانه", "لانها", "وان", "وانه", "وانها"))
_THIS = frozenset(("هذا", "وهذا", "ذلك", "وذلك"))


def find_afterthought(scene: Scene, at: int, form: Form, last: Found | None) -> Found | None:
    """A clause without marks, its verb of speech after it: المشاركة ضعيفة، تقول الصحيفة."""
    if form.kind != "verb" or form.joined or form.suffixed or "weak" in form.frames or "d" not in form.frames:
        return None
    first, stop = _clause_before(scene, at)
    if stop - first < _SHORTEST or (last is not None and last.stop > first):
        return None
    phrase = find_phrase(scene, at + 1, scene.sentence_stop[at])
    if phrase is None or phrase.first != at + 1 or scene.keys[first].removeprefix("و") in scene.cues.circumstances:
        return None
    if phrase.stop < scene.sentence_stop[at] and scene.keys[phrase.stop] not in ("،", "في"):
        return None
    segments: tuple[tuple[int, int], ...] = ((first, stop),)
    if scene.key(phrase.stop) == "،" and scene.key(phrase.stop + 1) in _REASONS:
        segments += (trim(scene, phrase.stop + 1, find_clause_stop(scene, phrase.stop + 1)),)
    content = Content(clause_type(scene, first, stop), segments, max(phrase.stop, segments[-1][1]))
    return Found(content, (at, at + 1), form, phrase, content.stop)


def _clause_before(scene: Scene, at: int) -> tuple[int, int]:
    """The clause that a comma closes before a verb of speech; empty when there is none."""
    start = scene.sentence_start[at]
    if scene.key(at - 1) != "،" or at - start > _LONGEST:
        return at, at
    return trim(scene, next((i + 1 for i in range(at - 1, start, -1) if scene.keys[i] == "؛"), start), at)


def takes_up(scene: Scene, at: int, form: Form) -> bool:
    """Does the verb take up the sentence before it: هذا ما أكده الوزير?"""
    return (
        form.kind == "verb"
        and form.suffixed
        and scene.key(at - 1) == "ما"
        and scene.key(at - 2) in _THIS
        and scene.sentence_start[at] == at - 2
    )


def find_taken_up(scene: Scene, at: int, form: Form, last: Found | None) -> Found | None:
    """The sentence before هذا ما أكده الوزير, or the marks that it ends with."""
    end = at - 2
    while end > 0 and scene.span_at[end - 1] < 0 and scene.keys[end - 1] in ".\n؟?!…":
        end -= 1
    phrase = find_phrase(scene, at + 1, scene.sentence_stop[at])
    if end == 0 or phrase is None or phrase.first != at + 1:
        return None
    number = scene.span_at[end - 1]
    first = scene.sentence_start[end - 1]
    if scene.paragraph[end - 1] < 0 or end - first > _LONGEST or (last is not None and last.stop > first):
        return None
    content = Content(clause_type(scene, first, end), ((first, end),), phrase.stop)
    if number >= 0 and scene.spans[number].words > _SHORTEST:
        content = read_spans(scene, scene.spans[number])
    return Found(content, (at, at + 1), form, phrase, phrase.stop)
