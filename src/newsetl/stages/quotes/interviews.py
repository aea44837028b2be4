"""Answers of an interview printed as turns: a question, then a dash or ج: with the answer."""

from newsetl.stages.quotes.content import Content
from newsetl.stages.quotes.edges import trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.scene import Scene

_DASHES = frozenset("-–—ـ□○")
_QUESTION_SIGNS = frozenset("*•■●▪")
_ANSWER_SIGNS = frozenset(":-/–")  # ج: and ج/
_TURNS = 2  # fewer answers than this are no interview
_SHORTEST = 3


def find_answers(scene: Scene) -> dict[int, Found]:
    """The answers by their first token; empty where the text is no interview.

    An answer follows a question mark and a dash, in the same paragraph or at the start of the next one. It goes
    on over paragraphs to the sign or the paragraph of the next question, with one segment a paragraph.
    """
    if scene.document.text.count("؟") < _TURNS:
        return {}
    answers: dict[int, Found] = {}
    turns = [at for at, key in enumerate(scene.keys) if key == "؟" and _after_dash(scene, at + 1)]
    if len(turns) < _TURNS:
        return {}
    for at, following in zip(turns, [*turns[1:], len(scene.keys)], strict=True):
        segments = _read_answer(scene, _after_dash(scene, at + 1), following)
        if following == len(scene.keys) and all(len(found.content.segments) == 1 for found in answers.values()):
            segments = segments[:1]  # what follows the last of the short answers is the narrator's
        if segments:
            first, stop = segments[0][0], segments[-1][1]
            content = Content("direct", segments, stop, ("interview",))
            answers[first] = Found(content, None, None, None, stop)
    return answers if len(answers) >= _TURNS else {}


def _skip_breaks(scene: Scene, at: int) -> int:
    while at < len(scene.keys) and scene.keys[at] == "\n":
        at += 1
    return at


def _after_dash(scene: Scene, at: int) -> int:
    """The token after the dash or ج: that opens an answer; 0 when none stands here."""
    at = _skip_breaks(scene, at)
    if scene.key(at) in _DASHES:
        return at + 1
    return at + 2 if scene.key(at) in ("ج", "جواب") and scene.key(at + 1) in _ANSWER_SIGNS else 0


def _read_answer(scene: Scene, first: int, question: int) -> tuple[tuple[int, int], ...]:
    """The paragraphs of an answer before the question mark of the next question; none where nothing is left."""
    segments: list[tuple[int, int]] = []
    at = first
    asked = scene.paragraph[question] if question < len(scene.keys) else -1
    while at < len(scene.keys) and scene.paragraph[at] >= 0 and not (segments and scene.paragraph[at] == asked):
        stop, is_last = _paragraph_stop(scene, at, question)
        segment = trim(scene, at, stop)
        if segment[1] - segment[0] >= (1 if segments else _SHORTEST):
            segments.append(segment)
        at = _skip_breaks(scene, stop)
        if is_last or not segments:
            break
    return tuple(segments)


def _paragraph_stop(scene: Scene, first: int, question: int) -> tuple[int, bool]:
    """Where the answer's part of a paragraph ends, and whether the answer ends with it."""
    place = scene.paragraph[first]
    at = first
    while at < len(scene.keys) and scene.paragraph[at] == place:
        if scene.keys[at] in _QUESTION_SIGNS:
            return at, True
        if at == question:
            return max(first, scene.sentence_start[at]), True
        at += 1
    return at, False
