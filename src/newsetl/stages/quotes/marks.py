"""Quote marks of all kinds, paired by the evidence of the document and not by the direction of their glyphs."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import NamedTuple

from newsetl.records import Document, Paragraph

# One class first, since only then is the text searched and not tried at each place: a tenth of the time of a choice.
_GLYPH = re.compile(r"['()<>\"＂“”„‟″«»‹›‘’](?:(?<=')'|(?<=\()\(|(?<=\))\)|(?<=<)<|(?<=>)>)?")
_FAMILY = {
    **dict.fromkeys(('"', "＂", "“", "”", "„", "‟", "″", "''"), "double"),
    **dict.fromkeys(("«", "»", "<<", ">>"), "angle"),
    **dict.fromkeys(("‹", "›"), "single angle"),
    **dict.fromkeys(("'", "‘", "’"), "single"),
    **dict.fromkeys(("((", "))"), "round"),
    **dict.fromkeys(("(", ")"), "bracket"),
}
_USUAL = {"“": "open", "„": "open", "«": "open", "‹": "open", "<<": "open", "((": "open", "‘": "open"} | {
    "”": "close", "»": "close", "›": "close", ">>": "close", "))": "close", "’": "close"
}  # fmt: skip
_FAINT = frozenset(("single", "bracket"))  # signs with other uses: a lone one is no mark
_BRACKETS = frozenset((")", "))"))  # these never open
_BEFORE_OPENING = set(" \n\t\u00a0:([،,-/–—.")
_AFTER_CLOSING = set(" \n\t\u00a0.،,؛;:؟?!)]…-–—/")
_STOPS = set(".،؛؟!")
_PROCLITICS = set("ولبكف\u0640")
# A glyph that opens (or closes) this many times as often as not is taken to open (or close) always.
_CLEAR_MAJORITY = 3
_LONGEST_WAIT = 2  # paragraphs between an opening mark and the closing one


class Mark(NamedTuple):
    """One marked span: `start:end` with its marks, `inner_start:inner_end` without.

    An unclosed one ends with its paragraph, or with a sentence before the next marks.
    """

    start: int
    end: int
    inner_start: int
    inner_end: int
    closed: bool = True


class _Glyph(NamedTuple):  # there are many: a frozen dataclass takes three times as long to make
    start: int
    end: int
    glyph: str
    family: str
    shape: str  # open, close or "" when the neighbours do not tell
    is_apart: bool  # spaces on both sides
    is_loose: bool  # a letter before it, a space after it: نعم" or, with the space on the wrong side, قال" نعم


def find_marks(document: Document) -> tuple[list[Mark], list[int]]:
    """The outermost marked spans of the running paragraphs, in order, and the places of closing marks left alone.

    Marks are paired inside a paragraph. A mark opens or closes by its neighbours (space before, letter after),
    by what its glyph mostly does in this document, and last by what it closes.
    """
    glyphs = _find_glyphs(document.text)
    if not glyphs:
        return [], []
    starts = [glyph.start for glyph in glyphs]
    directions = _find_directions(glyphs)
    spans: list[Mark] = []
    strays: list[int] = []
    waiting: list[Mark] = []  # paragraphs without marks since marks that still wait for their end
    is_open = False
    at = 0
    for paragraph in document.paragraphs:
        first = bisect_left(starts, paragraph.start, at)
        at = bisect_left(starts, paragraph.end, first)
        mine = glyphs[first:at] if paragraph.role != "heading" else []
        found, alone = _mark_paragraph(document.text, paragraph, mine, directions)
        if is_open and alone and alone[0].shape == "close":
            found = [*waiting, *_close_first(paragraph.start, alone[0], found)]
            alone = alone[1:]
        spans += found
        strays += [glyph.start for glyph in alone]
        if mine or paragraph.role == "heading" or len(waiting) == _LONGEST_WAIT:
            is_open, waiting = bool(found) and not found[-1].closed and found[-1].end == paragraph.end, []
        elif is_open:
            waiting.append(Mark(paragraph.start, paragraph.end, paragraph.start, paragraph.end, closed=False))
    return spans, strays


def _mark_paragraph(
    text: str, paragraph: Paragraph, glyphs: list[_Glyph], directions: dict[str, str]
) -> tuple[list[Mark], list[_Glyph]]:
    """The outermost marked spans of one paragraph, and the closing marks left alone."""
    if not glyphs:
        return [], []
    pairs, left, alone = _pair_glyphs(glyphs, directions)
    return _outermost(text, pairs, left, paragraph.start, paragraph.end), alone


def _find_glyphs(text: str) -> list[_Glyph]:
    """The quote marks of a text. A single round bracket is one only after a colon: قال: (نعم); a lone < is none."""
    return [
        _read_glyph(text, match.start(), glyph)
        for match in _GLYPH.finditer(text)
        if (glyph := match.group()) in _FAMILY and (glyph != "(" or _is_after_colon(text, match.start()))
    ]


def _is_after_colon(text: str, at: int) -> bool:
    return text.endswith((":", ": ", ":\u00a0"), max(0, at - 2), at)


def _read_glyph(text: str, start: int, glyph: str) -> _Glyph:
    end = start + len(glyph)
    before = text[start - 1] if start else "\n"
    after = text[end] if end < len(text) else "\n"
    can_open = after not in _AFTER_CLOSING and (
        before in _BEFORE_OPENING or (before in _PROCLITICS and _is_prefix(text, start))
    )
    can_close = before not in " \n\t\u00a0([:" and after in _AFTER_CLOSING
    if before in " \u00a0" and after in _STOPS and text[end + 1 : end + 2] != after:
        can_close = True  # a space too many before it: نعم ".
    if before == ":" or (before in " \u00a0" and text[max(0, start - 3) : start].rstrip(" \u00a0").endswith(":")):
        can_open, can_close = True, False  # words follow a colon, whatever the glyph
    shape = "open" if can_open and not can_close else "close" if can_close and not can_open else ""
    is_apart = before in " \u00a0" and after in " \u00a0"
    is_loose = after in " \u00a0" and before.isalpha() and _FAMILY[glyph] not in _FAINT
    return _Glyph(start, end, glyph, _FAMILY[glyph], shape, is_apart, is_loose)


def _is_prefix(text: str, at: int) -> bool:
    """Is the letter before `at` a word of one or two letters such as و or بـ that a mark may follow?"""
    first = at
    while first and at - first < 4 and (text[first - 1].isalpha() or text[first - 1] == "\u0640"):
        first -= 1
    return at - first < 4 and all(c in _PROCLITICS for c in text[first:at])


def _find_directions(glyphs: list[_Glyph]) -> dict[str, str]:
    """What each glyph does in this document, for those where the evidence is clear."""
    seen = Counter((g.glyph, g.shape) for g in glyphs)
    directions = {}
    for glyph in {g.glyph for g in glyphs}:
        opens, closes, unclear = seen[glyph, "open"], seen[glyph, "close"], seen[glyph, ""]
        if glyph in ('"', "＂", "''", "'", "″"):
            continue
        if opens + closes <= unclear:  # spaces on both sides, as in « نعم »
            directions[glyph] = _USUAL.get(glyph, "")
            continue
        if opens > _CLEAR_MAJORITY * closes:
            directions[glyph] = "open"
        elif closes > _CLEAR_MAJORITY * opens:
            directions[glyph] = "close"
        elif opens == closes == 0:
            directions[glyph] = _USUAL.get(glyph, "")
    return directions


def _pair_glyphs(
    glyphs: list[_Glyph], directions: dict[str, str]
) -> tuple[list[tuple[_Glyph, _Glyph]], list[_Glyph], list[_Glyph]]:
    """Pairs, openers left open, and closers left alone, of one paragraph."""
    pairs: list[tuple[_Glyph, _Glyph]] = []
    stack: list[_Glyph] = []
    alone: list[_Glyph] = []
    held: defaultdict[str, int] = defaultdict(int)  # family -> how many are on the stack
    for glyph, following in zip(glyphs, [*glyphs[1:], None], strict=True):
        role = _tell_role(glyph, following, directions, is_held=held[glyph.family] > 0)
        if glyph.family in _FAINT and (not role or (role == "close" and not held[glyph.family])):
            continue  # an apostrophe, a bracket
        if role == "open" or (not role and not held[glyph.family]):
            stack.append(glyph)
            held[glyph.family] += 1
        elif held[glyph.family]:
            while stack[-1].family != glyph.family:
                held[stack.pop().family] -= 1
            held[glyph.family] -= 1
            pairs.append((stack.pop(), glyph))
        else:
            alone.append(glyph)
    left = [g for g in stack if g.family not in _FAINT]
    if len(left) == 2 and left[0].family == left[1].family and left[1].shape != "open":
        return [*pairs, (left[0], left[1])], [], alone
    if len(left) == len(alone) == 1 and left[0].start < alone[0].start:
        return [*pairs, (left[0], alone[0])], [], []  # «...": marks of two kinds
    return pairs, left, alone


def _tell_role(glyph: _Glyph, following: _Glyph | None, directions: dict[str, str], *, is_held: bool) -> str:
    """Does a mark open or close, by its glyph's habit here, its neighbours, and the mark after it? "" when unknown."""
    role = directions.get(glyph.glyph) or glyph.shape
    closes_next = following is not None and following.family == glyph.family and following.shape == "close"
    if role == "close" and not is_held:
        unsure = (not glyph.shape or glyph.is_loose) and glyph.glyph not in _BRACKETS
        return "open" if glyph.shape == "open" or (unsure and closes_next) else role
    if role == "open" and glyph.shape == "close" and is_held:
        return "close"
    if not role and glyph.family in _FAINT and glyph.is_apart:
        return "close" if is_held else "open" if closes_next and glyph.glyph not in _BRACKETS else ""
    return role


def _close_first(start: int, closing: _Glyph, marks: list[Mark]) -> list[Mark]:
    """The marks of a paragraph whose first words still belong to marks opened in the paragraph before."""
    return [Mark(start, closing.end, start, closing.start), *(m for m in marks if m.start >= closing.end)]


def _outermost(text: str, pairs: list[tuple[_Glyph, _Glyph]], left: list[_Glyph], start: int, end: int) -> list[Mark]:
    """Pairs that stand in no other; an unclosed opener counts after a colon, or with no marks after it."""
    spans = [Mark(a.start, b.end, a.end, b.start) for a, b in pairs]
    last = max((s.end for s in spans), default=start)
    if len(left) == 2 and left[0].start >= last:
        spans.append(Mark(left[0].start, left[1].start, left[0].end, left[1].start, closed=False))
        left = left[1:]
    for glyph in left[:1]:
        before = text[max(start, glyph.start - 4) : glyph.start].rstrip(" \u00a0")
        if glyph.start >= last:
            spans.append(Mark(glyph.start, end, glyph.end, end, closed=False))
        elif before.endswith(":") or not before or glyph.shape == "open":
            stop = text.rfind(".", glyph.end, min(s.start for s in spans if s.start > glyph.start))
            if stop <= glyph.end or not (before.endswith(":") or not before):
                stop = _sentence_end(text, glyph.end, [s for s in spans if s.start > glyph.start], end)
            spans.append(Mark(glyph.start, stop, glyph.end, stop, closed=False))
    spans.sort(key=lambda s: (s.start, -s.end))
    outer: list[Mark] = []
    for span in spans:
        if not outer or span.start >= outer[-1].end:
            outer.append(span)
    return outer


def _sentence_end(text: str, at: int, inner: list[Mark], end: int) -> int:
    """The first full stop that stands in none of the marks; the end of the paragraph without one."""
    for span in inner:
        stop = text.find(".", at, span.start)
        if stop >= 0:
            return stop
        at = span.end
    stop = text.find(".", at, end)
    return stop if stop >= 0 else end
