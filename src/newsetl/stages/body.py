"""Where the body of an article is on its page: lines of prose, the box that gathers them, and what in it is not body.

Every line has a value: long lines outside links are prose, lines of links are the contrary. Prose gives its value to
the boxes around it, less with each level, as in Readability (Arc90, 2009); the box with the most is taken, widened
while the boxes around it add prose of the same kind, and what stands beside the article inside it is left out.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice
from typing import Final

from newsetl.stages.outline import HEADINGS, Box, Line, Outline

MIN_PROSE_CHARS: Final = 60  # of a line that shows by its length alone that it is text
MIN_STOPPED_CHARS: Final = 30  # of one that has a sentence mark at its end
MAX_LINE_VALUE: Final = 800  # one endless line is not worth more than several paragraphs
DECAY: Final = 0.6  # of a line's value from a box to the one around it
LEVELS: Final = 6  # boxes above a line that get a share of it
OPENING: Final = 4.0  # times the value of the first paragraphs behind the headline: notices and comments are elsewhere
OPENING_LINES: Final = 3
MIN_TITLE_WORDS: Final = 3
MIN_SHARED: Final = 0.6  # of the words of a headline that the page's title has
BODY_NAME: Final = 1.6  # times the score of a box whose name says that it holds the text
MAX_BESIDE_SHARE: Final = 0.4  # of the page's prose; a box with more of it is no side box, whatever its name says
MIN_WIDER_SHARE: Final = 0.12  # of the prose found that the lines around a box must add to be taken in
MAX_LINK_SHARE: Final = 0.5  # of the characters of a box with text of its own
MIN_CARDS: Final = 2  # boxes of one form in a row, each with a linked headline, that are a list of other stories
MAX_CARD_LINES: Final = 5
MIN_TITLE_CHARS: Final = 15  # of a headline
MAX_LINES_ABOVE: Final = 12  # between a headline and the first paragraph: day, writer, picture

_STOP = re.compile(r"[.!؟?…»”\":،؛]$|[.!؟،؛]\s")
_WORD = re.compile(r"\w+")
_DATE_NAME = re.compile(r"date|time", re.IGNORECASE)
_TITLE_NAME = re.compile(r"(?<!sub)title|headline", re.IGNORECASE)
_SUBTITLE_NAME = re.compile(
    r"sub-?_?(?:title|head)|standfirst|chapo|excerpt|summary|(?:article|post|news|story)[-_]+(?:lead|intro|brief|desc)",
    re.IGNORECASE,
)
# One of these is in every such name of ASCII letters.
_SUBTITLE_WORDS: Final = (
    "standfirst", "chapo", "excerpt", "summary",
    *(f"sub{sign}{word}" for sign in ("", "-", "_", "-_") for word in ("title", "head")),
    *(sign + word for sign in "-_" for word in ("lead", "intro", "brief", "desc")),
)  # fmt: skip
_NO_CARDS: Final = frozenset(("p", *HEADINGS))
# Boxes that are one paragraph: the box around them is what gathers.
_PARAGRAPHS: Final = frozenset(("p", "li", "blockquote", "dd", "dt", "figcaption", "pre", *HEADINGS))


@dataclass(frozen=True, slots=True)
class Body:
    """The lines of a body, in order.

    Attributes:
        lines: From the outline.
        sureness: 0 to 1: how far the box found stands out from the rest of the page.
        headline: The line above the body that its name shows to be the headline, when no <h1> stands above it.
        subtitle: The line between headline and body that its name shows to be the subtitle or summary.
        above: The few lines above the body, up to the headline when that is an <h1>: day, writer, place, counters.
    """

    lines: tuple[Line, ...]
    sureness: float
    headline: str | None = None
    subtitle: str | None = None
    above: tuple[Line, ...] = ()


def line_value(line: Line) -> float:
    """What a line tells for its box: its length for prose, less than nothing for links and dates.

    Headings and short lines tell nothing.
    """
    size = len(line.text)
    if 2 * line.link_chars > size:
        return -float(min(size, 60))
    if line.box.tag in HEADINGS:
        return 0.0
    if size < MIN_PROSE_CHARS and _DATE_NAME.search(line.box.names) and any(map(str.isdigit, line.text)):
        return -1.0
    own = size - line.link_chars
    if own >= MIN_PROSE_CHARS or (own >= MIN_STOPPED_CHARS and _STOP.search(line.text)):
        return float(min(own, MAX_LINE_VALUE))
    return 0.0


class _Page:
    """An outline with the value of each line, sums over stretches of lines, and which lines are beside the article."""

    def __init__(self, outline: Outline, *, captions: bool) -> None:
        self.lines = outline.lines
        self.boxes = [box for box in outline.boxes if box.end > box.start]
        self.values = [line_value(line) for line in self.lines]
        self._prose = [0.0, *accumulate(max(0.0, value) for value in self.values)]
        self._chars = [0, *accumulate(len(line.text) for line in self.lines)]
        self._links = [0, *accumulate(line.link_chars for line in self.lines)]
        self.headlines = [box for box in self.boxes if box.tag == "h1"]
        self.headline_end = _find_headline_end(outline, self.lines, self.headlines)
        self.beside = [False] * len(self.lines)
        named = (box for box in self.boxes if box.hint == "beside" or (box.hint == "caption" and not captions))
        for box in (*(box for box in named if not self._is_main(box)), *_find_cards(self.boxes, self.lines)):
            self.beside[box.start : box.end] = [True] * (box.end - box.start)

    def _is_main(self, box: Box) -> bool:
        """Does a box named after something else hold the article? Themes name whole pages "has-sidebar"."""
        if box.hint == "beside" and any(box.start <= h.start < box.end for h in self.headlines):
            return True
        if box.end < self.headline_end:
            return False
        return self.prose(box.start, box.end) > MAX_BESIDE_SHARE * self._prose[-1]

    def prose(self, start: int, end: int) -> float:
        return self._prose[end] - self._prose[start]

    def link_share(self, box: Box) -> float:
        chars = self._chars[box.end] - self._chars[box.start]
        return (self._links[box.end] - self._links[box.start]) / chars if chars else 0.0


def _find_headline_end(outline: Outline, lines: list[Line], headlines: list[Box]) -> int:
    """The line behind the headline: a heading that the page's title confirms, <h1> first, else a lone <h1>; or 0."""
    said = [set(_WORD.findall(mark.text)) for mark in outline.titles[:1]]
    said += [
        set(_WORD.findall(meta.get("content", ""))) for meta in outline.metas if meta.get("property") == "og:title"
    ]
    shown = [(box.end, " ".join(line.text for line in lines[box.start : box.end])) for box in headlines]
    shown += [(i, line.text) for i, line in enumerate(lines, 1) if line.box.tag in HEADINGS or _is_title(line)]
    for end, text in shown:
        words = set(_WORD.findall(text))
        if len(words) >= MIN_TITLE_WORDS and any(len(words & other) >= MIN_SHARED * len(words) for other in said):
            return end
    lone = len(headlines) == 1 and len(_WORD.findall(shown[0][1])) >= MIN_TITLE_WORDS
    return headlines[0].end if lone else 0


def find_body(outline: Outline) -> Body:
    """The body of the article on a page; no lines when there is no prose at all."""
    page = _Page(outline, captions=False)
    scores = _score_boxes(page)
    if max(scores.values(), default=0) <= 0:  # a gallery: its captions are its text
        page = _Page(outline, captions=True)
        scores = _score_boxes(page)
    best = max(scores, key=lambda box: (scores[box], box.start - box.end), default=None)
    if best is None or scores[best] <= 0:
        return Body((), 0.0)
    box = _widen(best, page)
    rival = max((s for other, s in scores.items() if other.end <= box.start or other.start >= box.end), default=0.0)
    lines = trim_box(box, page)
    sureness = 1 - min(1.0, max(0.0, rival) / scores[best])
    above = _lines_above(lines, page)
    headline = next((line for line in reversed(above) if _is_title(line)), None)
    if headline is None and lines and _is_title(lines[0]):
        headline, lines = lines[0], lines[1:]
    subtitle = next((line.text for line in above if _SUBTITLE_NAME.search(_names_around(line.box))), None)
    return Body(lines, sureness, headline.text if headline else None, subtitle, above)


def may_have_subtitle(outline: Outline) -> bool:
    """Could `find_body` find a subtitle? A page without any element named so needs no search for one."""
    names = " ".join({box.names for box in outline.boxes}).lower()
    return any(word in names for word in _SUBTITLE_WORDS) or not names.isascii()


def _lines_above(lines: tuple[Line, ...], page: _Page) -> tuple[Line, ...]:
    """The lines outside links above a body, from the last <h1> on."""
    first = page.lines.index(lines[0]) if lines else 0
    start = max((h.end for h in page.headlines if h.end <= first), default=0)
    above = page.lines[max(start, first - MAX_LINES_ABOVE) : first]
    return tuple(line for line in above if 2 * line.link_chars <= len(line.text))


def _names_around(box: Box) -> str:
    """The names of a box and of the one around it: many themes put a paragraph into the named box."""
    return f"{box.names} {box.parent.names}" if box.parent is not None and box.tag in _PARAGRAPHS else box.names


def _is_title(line: Line) -> bool:
    return len(line.text) >= MIN_TITLE_CHARS and _is_title_name(line.box.names)


@lru_cache(maxsize=4096)
def _is_title_name(names: str) -> bool:
    """Lines of a page share few names, and so do pages of a site."""
    return _TITLE_NAME.search(names) is not None


def _weigh_lines(page: _Page) -> list[float]:
    """The values of the lines, more for the first paragraphs behind the headline, nothing for what is beside."""
    weights = [0.0 if beside else value for value, beside in zip(page.values, page.beside, strict=True)]
    prose = (i for i in range(page.headline_end, len(weights)) if weights[i] > 0)
    opening = list(islice(prose, OPENING_LINES)) if page.headline_end else []
    for i in opening:
        if _gatherer(page.lines[i]) is _gatherer(page.lines[opening[0]]):
            weights[i] *= OPENING
    return weights


def _gatherer(line: Line) -> Box | None:
    """The box that a line counts for first: the one around its paragraph."""
    return line.box.parent if line.box.tag in _PARAGRAPHS else line.box


def _score_boxes(page: _Page) -> dict[Box, float]:
    """What each box gathers from the lines in it and in the boxes below it."""
    scores: dict[Box, float] = {}
    for line, weight in zip(page.lines, _weigh_lines(page), strict=True):
        if not weight:
            continue
        box = _gatherer(line)
        for _ in range(LEVELS):
            if box is None:
                break
            scores[box] = scores.get(box, 0.0) + weight
            weight *= DECAY  # noqa: PLW2901  the share of the next box
            box = box.parent
    for box, score in scores.items():
        if box.hint == "body":
            scores[box] = score * BODY_NAME
    return scores


def _widen(best: Box, page: _Page) -> Box:
    """The box, or one around it when the text goes on there: in sections, columns, behind a box of its own."""
    box, around = best, best.parent
    while around is not None and around.tag not in ("body", "html"):
        if sum(around.start <= h.start < around.end for h in page.headlines) > 1:
            break
        found = _clean_prose(box, page)
        wider = _clean_prose(around, page)
        if wider - found >= MIN_WIDER_SHARE * found and _is_clean(around, page):
            box = around
        around = around.parent
    return box


def _clean_prose(box: Box, page: _Page) -> float:
    return sum(
        v
        for v, beside in zip(page.values[box.start : box.end], page.beside[box.start : box.end], strict=True)
        if v > 0 and not beside
    )


def _is_clean(box: Box, page: _Page) -> bool:
    """Is most of what would be kept of a box prose?"""
    lines = trim_box(box, page)
    chars = sum(len(line.text) for line in lines)
    return sum(line_value(line) > 0 and len(line.text) for line in lines) >= 0.8 * chars


def trim_box(box: Box, page: _Page) -> tuple[Line, ...]:
    """The lines of a box that are the article's own."""
    start, end = box.start, box.end
    kept = [
        not beside and value >= 0 for beside, value in zip(page.beside[start:end], page.values[start:end], strict=True)
    ]
    for other in page.boxes:
        inside = start <= other.start and other.end <= end and other is not box
        if inside and other.tag not in _PARAGRAPHS and page.link_share(other) > MAX_LINK_SHARE:
            kept[other.start - start : other.end - start] = [False] * (other.end - other.start)
    _drop_before_headline(box, page, kept)
    _drop_list_headers(page.lines[start:end], page.values[start:end], kept)
    _drop_loose_ends(page.lines[start:end], page.values[start:end], kept)
    return tuple(line for line, keep in zip(page.lines[start:end], kept, strict=True) if keep)


def _find_cards(boxes: list[Box], lines: list[Line]) -> list[Box]:
    """Boxes of one form, side by side, that each show another story: a linked headline, perhaps a few words."""
    titles = [0, *accumulate(2 * line.link_chars > len(line.text) >= MIN_TITLE_CHARS for line in lines)]
    small = [box for box in boxes if box.end - box.start <= MAX_CARD_LINES and box.tag not in _NO_CARDS]
    cards = [box for box in small if titles[box.end] > titles[box.start]]
    parents = {box.parent for box in cards}
    all_forms = Counter(_form(box) for box in small if box.parent in parents)
    forms = Counter(map(_form, cards))
    return [box for box in cards if (n := forms[_form(box)]) >= MIN_CARDS and 2 * n > all_forms[_form(box)]]


def _form(box: Box) -> tuple[Box | None, str, str]:
    """What is equal for boxes of one form, side by side."""
    return (box.parent, box.tag, box.names)


def _drop_before_headline(box: Box, page: _Page, kept: list[bool]) -> None:
    """Out with the headline and what stands above it, when the box holds them."""
    inside = [h for h in page.headlines if box.start <= h.start < box.end]
    if inside and page.prose(box.start, inside[0].start) < page.prose(inside[0].end, box.end):
        end = inside[0].end - box.start
        kept[:end] = [False] * end


def _drop_list_headers(lines: list[Line], values: list[float], kept: list[bool]) -> None:
    """Out with a short line or heading that opens a list of links."""
    for i, line in enumerate(lines):
        if not kept[i] or values[i] > 0:
            continue
        links = 0
        for j in range(i + 1, len(lines)):
            if kept[j]:
                break
            links += values[j] < 0
        if links >= 2 or (links and line.text.endswith(":")):
            kept[i] = False


def _drop_loose_ends(lines: list[Line], values: list[float], kept: list[bool]) -> None:
    """Out with counters, buttons, labels: short lines at both ends, unless in a paragraph beside those of the text."""
    homes = {line.box.parent for line, value, keep in zip(lines, values, kept, strict=True) if keep and value > 0}
    for order in (range(len(lines)), reversed(range(len(lines)))):
        for i in order:
            if kept[i] and (values[i] > 0 or (lines[i].box.tag == "p" and lines[i].box.parent in homes)):
                break
            kept[i] = False
