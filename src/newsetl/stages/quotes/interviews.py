"""Answers of an interview printed as turns: a question, then a dash or ج: with the answer."""

from newsetl.stages.quotes.content import Content
from newsetl.stages.quotes.edges import trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.scene import Scene

_DASHES = frozenset("-–—ـ")
_QUESTION_SIGNS = frozenset("*•")
_TURNS = 2  # fewer answers than this are no interview
_SHORTEST = 3


def find_answers(scene: Scene) -> dict[int, Found]:
    """The answers by their first token; empty where the text is no interview.

    An answer follows a question mark and a dash, in the same paragraph or at the start of the next one. It ends
    at the sign of the next question or with its paragraph.
    """
    answers = {}
    for at, key in enumerate(scene.keys):
        first = _after_dash(scene, at + 1) if key == "؟" else 0
        if first:
            start, stop = trim(scene, first, _answer_stop(scene, first))
            if stop - start >= _SHORTEST:
                answers[start] = Found(
                    Content("direct", ((start, stop),), stop, ("interview",)), None, None, None, stop
                )
    return answers if len(answers) >= _TURNS else {}


def _after_dash(scene: Scene, at: int) -> int:
    """The token after the dash or ج: that opens an answer; 0 when none stands here."""
    while scene.key(at) == "\n" and at < len(scene.keys):
        at += 1
    if scene.key(at) in _DASHES:
        return at + 1
    return at + 2 if scene.key(at) in ("ج", "جواب") and scene.key(at + 1) in (":", "-") else 0


def _answer_stop(scene: Scene, first: int) -> int:
    place = scene.paragraph[first] if first < len(scene.keys) else -1
    at = first
    while at < len(scene.keys) and scene.paragraph[at] == place and scene.keys[at] not in _QUESTION_SIGNS:
        if scene.keys[at] == "؟" and _after_dash(scene, at + 1):
            return scene.sentence_start[at]  # the next question
        at += 1
    return at
