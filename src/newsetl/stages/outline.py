"""A page as its lines and boxes, in one reading: the parser calls, no tree is built.

A line is what readers see between two breaks; a box is a block element, which holds the lines `start` to `end`. Every
other question about a page (where is the body, what do the headline, the dates and the writer say) is answered from
this outline.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal

from lxml import etree

Hint = Literal["", "beside", "caption", "body"]

MAX_DEPTH: Final = 1_000  # of nested elements; real pages stay below 60, those with tags never closed below 300
MAX_BOXES: Final = 200_000  # of block elements; the largest news pages have about 10,000
CHUNK_BYTES: Final = 400_000  # most pages are one chunk; beyond its limits a page must not cost much more
KEY_LETTERS: Final = 3  # of an entry of markup.toml by which it is looked up; none is shorter
MAX_NAME_CHARS: Final = 300  # of a class and an id that are looked at
MAX_MARKS: Final = 48  # elements of one kind that are remembered; pages with hundreds are lists of other articles

_HINT_ORDER: Final[tuple[Hint, ...]] = ("caption", "beside", "body")  # the first that a name gives counts
# Boxes of whole articles and pages.
_WHOLE: Final = frozenset(("article", "main", "body", "html", "form"))
# What a tag alone says; boxes without an entry here are told by their names.
_HINTS: Final[dict[str, Hint]] = {"nav": "beside", "footer": "beside", "aside": "beside", "figcaption": "caption"}
HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

_WORDS = re.compile("[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_AUTHOR_NAMES: Final = ("author", "byline", "writer", "writeby", "editor", "reporter", "journalist", "kateb")
_DATE_NAMES: Final = ("date", "time", "publish")


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


@dataclass(frozen=True, slots=True)
class Name:
    """What the class and id of an element say."""

    hint: Hint
    is_date: bool
    is_author: bool
    is_clue: bool


@cache
def _load_markup() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("newsetl.stages").joinpath("markup.toml").read_text(encoding="utf-8"))


@cache
def load_kinds() -> dict[str, str]:
    """Tag -> inline, link, break, void or unseen, for elements that are no box of their own."""
    return {tag: kind for kind, tags in _load_markup()["tags"].items() for tag in tags}


@cache
def load_hints() -> dict[str, tuple[tuple[str, Hint], ...]]:
    """First letters of an entry of markup.toml -> such entries with their hint, captions before the rest, body last."""
    found: dict[str, list[tuple[str, Hint]]] = {}
    for kind in _HINT_ORDER:
        for entry in (entry for entries in _load_markup()[kind].values() for entry in entries):
            # "bio." must end a word: the names that are looked up have a space behind each word
            found.setdefault(entry[:KEY_LETTERS], []).append((entry.replace(".", " "), kind))
    return {letters: tuple(entries) for letters, entries in found.items()}


@lru_cache(maxsize=4096)
def read_name(class_: str, id_: str = "") -> Name:
    """What a class and an id say of their element; the same few names come again and again.

    >>> read_name("relatedPosts col-md-4").hint, read_name("entry-content clearfix").hint, read_name("row").hint
    ('beside', 'body', '')
    """
    class_ = class_[:MAX_NAME_CHARS]
    words = " ".join(_WORDS.findall(f"{class_} {id_[:MAX_NAME_CHARS]}")).lower() + " "
    hints, table, at = set(), load_hints(), 0
    while at < len(words):
        for entry, kind in table.get(words[at : at + KEY_LETTERS], ()):
            if words.startswith(entry, at):
                hints.add(kind)
        at = words.find(" ", at) + 1
    hint: Hint = next((kind for kind in _HINT_ORDER if kind in hints), "")
    low = class_.lower()
    is_date, is_author = (any(name in low for name in names) for names in (_DATE_NAMES, _AUTHOR_NAMES))
    return Name(hint, is_date, is_author, is_date or is_author)


_NO_NAME: Final = Name("", is_date=False, is_author=False, is_clue=False)


class PageTooLargeError(Exception):
    """A page with more elements or levels than any article has."""


def outline_page(text: str | bytes) -> Outline:
    """The outline of a page, given as a string or as its UTF-8.

    Raises:
        PageTooLargeError: More than `MAX_BOXES` block elements, or elements nested deeper than `MAX_DEPTH`.
    """
    # no limits of the parser's own, since they cut pages silently: the reader has its own, the caller checks the size
    parser = etree.HTMLParser(target=_Reader(), huge_tree=True, no_network=True, encoding="utf-8")
    # bytes, since a string with an encoding declaration is refused; the meta charset no longer tells the truth
    content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    for start in range(0, max(1, len(content)), CHUNK_BYTES):  # an error of the reader's is raised between two chunks
        parser.feed(content[start : start + CHUNK_BYTES])
    outline: Outline = parser.close()
    return outline


class _Reader:
    """What the parser calls for each tag and text, in their order; every element that begins ends too."""

    __slots__ = (
        "box", "dated_above", "kinds", "link_chars", "links_open", "marks", "open", "out", "pieces",
        "unseen", "unseen_mark",
    )  # fmt: skip

    def __init__(self) -> None:
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
        if self.unseen:
            self.unseen += 1
            return
        kind = self.kinds.get(tag)
        if kind == "unseen":
            self.unseen = 1
            self.unseen_mark = self.mark_unseen(tag, attributes)
            return
        name, class_, more = _NO_NAME, "", 0
        if attributes:
            class_, id_ = attributes.get("class", ""), attributes.get("id", "")
            if class_ or id_:
                name = read_name(class_, id_)
            more = len(attributes) - (class_ != "") - (id_ != "")
            marked = more and ("rel" in attributes or "itemprop" in attributes)
            if name.is_clue or marked or kind == "void" or tag == "time":
                self.mark(tag, attributes, name)
        if kind is None or name.hint == "caption" or (name.hint == "beside" and tag == "span"):
            self.end_line()
            if tag == "h1":
                self.mark(tag, attributes, name)
            hint = (self.hint(attributes) if more else "") or _HINTS.get(tag) or name.hint
            self.open_box(tag, class_, hint)
        elif kind == "link":
            self.links_open += 1
            self.open.append("link")
        else:
            if kind == "break":
                self.end_line()
            self.open.append(None)

    def open_box(self, tag: str, names: str, hint: Hint) -> None:
        """Begin a block element."""
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

    def end(self, tag: str) -> None:  # noqa: ARG002  the parser's signature
        """End the innermost element."""
        if self.unseen:
            self.unseen -= 1
            if not self.unseen:
                self.unseen_mark = None
            return
        begun = self.open.pop()
        if begun is self.box:
            self.end_line()
            begun.end = len(self.out.lines)
            self.box = begun.parent or begun
        elif begun is not None:  # a link
            self.links_open -= 1
        if self.marks and self.marks[-1][0] == len(self.open):
            self.marks.pop()

    def data(self, text: str) -> None:
        """Text, in one or several pieces."""
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

    def mark_unseen(self, tag: str, attributes: Mapping[str, str]) -> Mark | None:
        out = self.out
        if tag == "title" or (tag == "script" and attributes.get("type") == "application/ld+json"):
            mark = Mark(tag, attributes)
            (out.titles if tag == "title" else out.json_ld).append(mark)
            return mark
        return None

    def close(self) -> Outline:
        """The outline, when the page has ended."""
        self.end_line()
        self.box.end = len(self.out.lines)
        self.out.dated += self.dated_above
        return self.out
