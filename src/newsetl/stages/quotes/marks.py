"""Quote marks of all kinds, paired by the evidence of the document and not by the direction of their glyphs."""

import re
from collections import Counter
from dataclasses import dataclass

from newsetl.records import Document

# A single round bracket is a mark only after a colon: قال: (نعم).
_GLYPH = re.compile(r"''|\(\(|\)\)|<<|>>|[\"＂“”„‟″«»‹›'‘’]|(?<=:)\(|(?<=:[ \u00a0])\(|\)")
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
_BEFORE_OPENING = set(" \n\t\u00a0:([،,-/–—.")
_AFTER_CLOSING = set(" \n\t\u00a0.،,؛;:؟?!)]…-–—/")
_PROCLITICS = set("ولبكف\u0640")
# A glyph that opens (or closes) this many times as often as not is taken to open (or close) always.
_CLEAR_MAJORITY = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked span: `start:end` with its marks, `inner_start:inner_end` without.

    An unclosed one ends with its paragraph, or with a sentence before the next marks.
    """

    start: int
    end: int
    inner_start: int
    inner_end: int
    closed: bool = True


@dataclass(frozen=True, slots=True)
class _Glyph:
    start: int
    end: int
    glyph: str
    family: str
    shape: str  # open, close or "" when the neighbours do not tell


def find_marks(document: Document) -> tuple[list[Mark], list[int]]:
    """The outermost marked spans of the running paragraphs, in order, and the places of closing marks left alone.

    Marks are paired inside a paragraph. A mark opens or closes by its neighbours (space before, letter after),
    by what its glyph mostly does in this document, and last by what it closes.
    """
    glyphs = [_read_glyph(document.text, m) for m in _GLYPH.finditer(document.text)]
    directions = _find_directions(glyphs)
    spans: list[Mark] = []
    strays: list[int] = []
    at = 0
    for paragraph in document.paragraphs:
        mine: list[_Glyph] = []
        while at < len(glyphs) and glyphs[at].start < paragraph.end:
            if glyphs[at].start >= paragraph.start:
                mine.append(glyphs[at])
            at += 1
        if mine and paragraph.role != "heading":
            paired, left, alone = _pair_glyphs(mine, directions, paragraph.end)
            spans.extend(_outermost(document.text, paired, left, paragraph.start, paragraph.end))
            strays.extend(alone)
    return spans, strays


def _read_glyph(text: str, match: re.Match[str]) -> _Glyph:
    start, end, glyph = match.start(), match.end(), match.group()
    before = text[start - 1] if start else "\n"
    after = text[end] if end < len(text) else "\n"
    can_open = after not in _AFTER_CLOSING and (
        before in _BEFORE_OPENING or (before in _PROCLITICS and _is_prefix(text, start))
    )
    can_close = before not in " \n\t\u00a0([:" and after in _AFTER_CLOSING
    if before == ":" or text[max(0, start - 3) : start].rstrip(" \u00a0").endswith(":"):
        can_open, can_close = True, False  # words follow a colon, whatever the glyph
    shape = "open" if can_open and not can_close else "close" if can_close and not can_open else ""
    return _Glyph(start, end, glyph, _FAMILY[glyph], shape)


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
    glyphs: list[_Glyph], directions: dict[str, str], end: int
) -> tuple[list[tuple[_Glyph, _Glyph]], list[_Glyph], list[int]]:
    """Pairs, openers left open, and closers left alone, of one paragraph."""
    pairs: list[tuple[_Glyph, _Glyph]] = []
    stack: list[_Glyph] = []
    alone: list[int] = []
    held: Counter[str] = Counter()  # family -> how many are on the stack
    for glyph in glyphs:
        role = directions.get(glyph.glyph) or glyph.shape
        if role == "close" and glyph.shape == "open" and not held[glyph.family]:
            role = "open"
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
            alone.append(glyph.start)
    left = [g for g in stack if g.family not in _FAINT]
    if len(left) == 2 and left[0].family == left[1].family and left[1].shape != "open":
        pairs.append((left[0], left[1]))
        left = []
    return pairs, left, [place for place in alone if place < end]


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
