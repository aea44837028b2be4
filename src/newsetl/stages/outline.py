"""A page as its lines and boxes, in one reading: the parser calls, no tree is built.

A line is what readers see between two breaks; a box is a block element, which holds the lines `start` to `end`. Every
other question about a page (where is the body, what do the headline, the dates and the writer say) is answered from
this outline.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from newsetl.sources.elements import Elements, Event
from newsetl.stages.events import parse_html, tell
from newsetl.stages.hints import NO_NAME, Hint, Name, load_kinds, read_name

MAX_DEPTH: Final = 1_000  # of nested elements; real pages stay below 60, those with tags never closed below 300
MAX_BOXES: Final = 200_000  # of block elements; the largest news pages have about 10,000
MAX_MARKS: Final = 48  # elements of one kind that are remembered; pages with hundreds are lists of other articles

# Boxes of whole articles and pages.
_WHOLE: Final = frozenset(("article", "main", "body", "html", "form"))
# What a tag alone says; boxes without an entry here are told by their names.
_HINTS: Final[dict[str, Hint]] = {"nav": "beside", "footer": "beside", "aside": "beside", "figcaption": "caption"}
HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

_MARKED: Final = frozenset(("meta", "link", "time"))  # always looked at
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Box:
    """A block element and the lines inside it: ``outline.lines[box.start:box.end]``."""

    tag: str
    names: str  # its class
    parent: "Box | None"
    hint: Hint
    start: int
    end: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """What stands between two breaks: `link_chars` of its text are inside links."""

    text: str
    link_chars: int
    box: Box


@dataclass(slots=True, eq=False)
class Mark:
    """An element that may tell a date, a writer or the headline: its attributes, and its text once it has ended."""

    tag: str
    attributes: Mapping[str, str]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


@dataclass(slots=True)
class Outline:
    """All that one reading of a page gives, in the order of the page."""

    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    metas: list[Mapping[str, str]] = field(default_factory=list)  # attributes of <meta>
    links: list[Mapping[str, str]] = field(default_factory=list)  # attributes of <link>
    titles: list[Mark] = field(default_factory=list)
    json_ld: list[Mark] = field(default_factory=list)
    headlines: list[Mark] = field(default_factory=list)  # h1
    times: list[Mark] = field(default_factory=list)  # <time>
    dated: list[Mark] = field(default_factory=list)  # named after a date; those behind the first headline first
    signed: list[Mark] = field(default_factory=list)  # named after a writer
    tags: list[Mark] = field(default_factory=list)  # rel="tag"


class PageTooLargeError(Exception):
    """A page with more elements or levels than any article has."""


def outline_page(text: str | bytes, elements: Elements | None = None) -> Outline:
    """The outline of a page, given as a string or as its UTF-8.

    Args:
        text: The page.
        elements: Told of the page too, for who wants some of its elements.

    Raises:
        PageTooLargeError: More than `MAX_BOXES` block elements, or elements nested deeper than `MAX_DEPTH`.
    """
    return parse_html(text, _Reader(elements))


def outline_events(events: Iterable[Event]) -> Outline:
    """The outline of a page by what its parser told; raises as `outline_page`."""
    reader = _Reader()
    tell(events, reader)
    return reader.close()


class _Reader:
    """What the parser calls for each tag and text, in their order; every element that begins ends too.

    A page makes 2,000 such calls, so what they need of `self` counts.
    """

    __slots__ = (
        "box", "dated_above", "elements", "kinds", "link_chars", "links_open", "marks", "open", "out", "pieces",
        "unseen", "unseen_mark",
    )  # fmt: skip

    def __init__(self, elements: Elements | None = None) -> None:
        self.elements = elements
        self.kinds = load_kinds()
        self.out = Outline()
        self.box = Box("html", "", None, "", 0)
        self.pieces: list[str] = []  # of the line being read
        self.link_chars = 0
        self.links_open = 0
        self.open: list[Box | Literal["link"] | None] = []  # what each open element has begun
        self.marks: list[tuple[int, Mark]] = []  # open marks, and how many elements are open around each
        self.unseen = 0  # how deep inside an element that is not for readers
        self.unseen_mark: Mark | None = None
        self.dated_above: list[Mark] = []  # above the headline stands the day of the visit

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        if self.elements:
            self.elements.start(tag, attributes)
        kind = self.kinds.get(tag)
        if self.unseen or kind == "unseen":
            self.start_unseen(tag, attributes)
            return
        name, class_, more = NO_NAME, "", 0
        if attributes:
            class_, id_ = attributes.get("class", ""), attributes.get("id", "")
            if class_ or id_:
                name = read_name(class_, id_)
            more = len(attributes) - (class_ != "") - (id_ != "")
            marked = more and ("rel" in attributes or "itemprop" in attributes)
            if name.is_clue or marked or tag in _MARKED:
                self.mark(tag, attributes, name)
        if kind is None or name.hint == "caption" or (name.hint == "beside" and tag == "span"):
            if tag == "h1":
                self.mark(tag, attributes, name)
            self.open_box(tag, class_, (self.hint(attributes) if more else "") or _HINTS.get(tag) or name.hint)
        elif kind == "link":
            self.links_open += 1
            self.open.append("link")
        else:
            if kind == "break":
                self.end_line()
            self.open.append(None)

    def open_box(self, tag: str, names: str, hint: Hint) -> None:
        """Begin a block element."""
        if self.pieces:
            self.end_line()
        out = self.out
        if len(out.boxes) > MAX_BOXES or len(self.open) > MAX_DEPTH:
            raise PageTooLargeError(f"more than {MAX_BOXES} block elements, or {MAX_DEPTH} elements in each other")
        if hint == "beside" and (tag in _WHOLE or "hentry" in names):
            hint = ""  # named after the section and the topics of the article
        self.box = box = Box(tag, names, self.box, hint, len(out.lines))
        out.boxes.append(box)
        self.open.append(box)

    @staticmethod
    def hint(attributes: Mapping[str, str]) -> Hint:
        """What attributes other than the names say of a box."""
        if "hidden" in attributes or attributes.get("aria-hidden") == "true":
            return "beside"
        if "style" in attributes and _HIDDEN.search(attributes["style"]):
            return "beside"
        return "body" if "articleBody" in attributes.get("itemprop", "") else ""

    def end(self, tag: str = "") -> None:  # noqa: ARG002  the parser's signature
        """End the innermost element."""
        if self.elements:
            self.elements.end()
        if self.unseen:
            self.unseen -= 1
            return
        begun = self.open.pop()
        if begun is self.box:
            if self.pieces:
                self.end_line()
            begun.end = len(self.out.lines)
            self.box = begun.parent or begun
        elif begun is not None:  # a link
            self.links_open -= 1
        if self.marks and self.marks[-1][0] == len(self.open):
            self.marks.pop()

    def data(self, text: str) -> None:
        """Text, in one or several pieces."""
        if self.elements and self.elements.open_kept:
            self.elements.data(text)
        if self.unseen:
            if self.unseen_mark is not None:
                self.unseen_mark.pieces.append(text)
            return
        if not self.pieces and text.isspace():
            return
        self.pieces.append(text)
        if self.links_open:
            self.link_chars += len(text.strip())
        for _, mark in self.marks:
            mark.pieces.append(text)

    def end_line(self) -> None:
        if not self.pieces:
            return
        if text := " ".join("".join(self.pieces).split()):
            self.out.lines.append(Line(text, min(self.link_chars, len(text)), self.box))
        self.pieces.clear()
        self.link_chars = 0

    def mark(self, tag: str, attributes: Mapping[str, str], name: Name) -> None:
        """Remember an element that may tell the headline, a date or a writer, or that stands in the head."""
        out = self.out
        if tag == "meta":
            out.metas.append(attributes)
        elif tag == "link":
            out.links.append(attributes)
        rel, property_ = attributes.get("rel"), attributes.get("itemprop")
        wanted = [out.headlines] * (tag == "h1") + [out.tags] * (rel == "tag")
        if tag == "time" or (property_ == "datePublished" and tag != "meta"):
            wanted.append(out.times)
        if name.is_date:
            wanted.append(out.dated if out.headlines else self.dated_above)
        if name.is_author or rel == "author" or property_ == "author":
            wanted.append(out.signed)
        if wanted and any(len(marks) < MAX_MARKS for marks in wanted):
            mark = Mark(tag, attributes)
            self.marks.append((len(self.open), mark))
            for marks in wanted:
                marks.append(mark)

    def start_unseen(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element that readers do not see, or one inside it; the text of some is remembered."""
        self.unseen += 1
        if self.unseen > 1:
            return
        self.unseen_mark = None
        if tag == "title" or (tag == "script" and attributes.get("type") == "application/ld+json"):
            self.unseen_mark = Mark(tag, attributes)
            (self.out.titles if tag == "title" else self.out.json_ld).append(self.unseen_mark)

    def close(self) -> Outline:
        """The outline, when the page has ended."""
        self.end_line()
        out = self.out
        self.box.end = len(out.lines)
        out.dated += self.dated_above
        del self.elements, self.out, self.box, self.open, self.marks, self.unseen_mark, self.dated_above
        return out
