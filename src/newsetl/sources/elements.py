"""The elements of a page that selectors ask for, gathered while the page is read.

What its parser tells of a page goes by; elements that may match are kept, with all that stands between their tags, so
that the parts of a page can be had without a second parse. Of other elements only those above a kept one stay.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

# A tag that begins an element with its attributes; text; None where the innermost open element ends.
Event = tuple[str, Mapping[str, str]] | str | None
Kind = Literal["tag", "id", "class", "attribute"]

_SPACES: Final = re.compile("[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Keys:
    """What is known of the elements that are asked for: a tag, an id, a class or an attribute that they have.

    Attributes:
        every: Nothing is known of some, so that any element may be meant.
        siblings: They are asked for their siblings, or those around them are.
    """

    tags: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    every: bool = False
    siblings: bool = False

    @classmethod
    def of(cls, keys: Iterable[tuple[Kind, str] | None], *, siblings: bool = False) -> "Keys":
        """From a kind and a name for each that is asked for; None: nothing is known.

        >>> Keys.of([("tag", "h1"), ("class", "lead")]).has("p", {"class": "x lead"})
        True
        """
        known = set(keys)
        tags, ids, classes, attributes = (
            frozenset(key[1] for key in known if key and key[0] == kind) for kind in get_args(Kind)
        )
        return cls(tags, ids, classes, attributes, every=None in known, siblings=siblings)

    def has(self, tag: str, attributes: Mapping[str, str]) -> bool:
        """May an element be one of those asked for?"""
        if tag in self.tags or self.every:
            return True
        if self.classes and (names := attributes.get("class")) and not self.classes.isdisjoint(split_words(names)):
            return True
        if self.ids and attributes.get("id") in self.ids:
            return True
        return bool(self.attributes) and not self.attributes.isdisjoint(attributes)


class Element:
    """An element of a page.

    `parent` and `previous` (the sibling before it) are None where there are none; siblings are known where the keys ask
    for them. There is no way down, since that would be a circle, and pages would stay in memory. An attribute that is
    written without a value has the value "".
    """

    __slots__ = ("attributes", "is_last", "last", "parent", "previous", "tag")

    def __init__(self, tag: str, attributes: Mapping[str, str], parent: "Element | None") -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.is_last = True  # so far
        self.last: Element | None = None  # child so far, while it is open
        self.previous: Element | None = None
        if parent is not None:
            if (previous := parent.last) is not None:
                self.previous = previous
                previous.is_last = False
            parent.last = self


class Kept(Element):
    """An element that was asked for: ``events[start:end]`` are its tags and all between them."""

    __slots__ = ("end", "events", "start")

    def __init__(
        self, tag: str, attributes: Mapping[str, str], parent: Element | None, events: Sequence[Event]
    ) -> None:
        super().__init__(tag, attributes, parent)
        self.events = events
        self.start = self.end = len(events)

    @property
    def text(self) -> str:
        """All text in it, what scripts hold too."""
        return "".join(event for event in self.events[self.start : self.end] if isinstance(event, str))


class Elements:
    """The elements of a page that keys ask for, in its order; told of the page by who reads it.

    The page goes from the first element that begins to its end: what stands behind the end of <html> is no part of the
    page, as in the trees of parsers.

    Attributes:
        kept: The elements.
        open_kept: Those of them that are open: while any is, all that is told is kept.
        is_over: Whether the page has ended; not, when no element began.

    >>> page = Elements(Keys(tags=frozenset(("p",))))
    >>> page.start("div", {}), page.start("p", {}), page.data("خبر"), page.end(), page.end()
    (None, None, None, None, None)
    >>> [(element.tag, element.text, element.parent.tag) for element in page.kept]
    [('p', 'خبر', 'div')]
    """

    __slots__ = ("__weakref__", "_events", "_keys", "_open", "is_over", "kept", "open_kept")

    def __init__(self, keys: Keys) -> None:
        self.kept: list[Kept] = []
        self.open_kept: list[Kept] = []
        self.is_over = False
        self._keys = keys
        self._events: list[Event] = []
        self._open: list[Element | tuple[str, Mapping[str, str]]] = []  # no Element before one is needed

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if self.is_over:
            return
        if self._keys.has(tag, attributes):
            element = Kept(tag, attributes, self._inner(), self._events)
            self._open.append(element)
            self.kept.append(element)
            self.open_kept.append(element)
        elif self._keys.siblings:
            self._open.append(Element(tag, attributes, self._inner()))
        else:
            self._open.append((tag, attributes))
        if self.open_kept:
            self._events.append((tag, attributes))

    def _inner(self) -> Element | None:
        """The innermost open element. It, and those around it, may be needed now for the first time."""
        new: list[tuple[str, Mapping[str, str]]] = []
        while self._open and isinstance(tag := self._open[-1], tuple):
            new.append(tag)
            self._open.pop()
        inner = self._open[-1] if self._open else None
        assert not isinstance(inner, tuple)  # noqa: S101  by the loop
        for tag in reversed(new):
            inner = Element(*tag, inner)
            self._open.append(inner)
        return inner

    def data(self, text: str) -> None:
        """Text stands in the innermost open element."""
        if self.open_kept:
            self._events.append(text)

    def end(self) -> None:
        """The innermost open element ends."""
        if not self._open:
            return
        element = self._open.pop()
        if self.open_kept:
            self._events.append(None)
            if self.open_kept[-1] is element:
                self.open_kept.pop().end = len(self._events)
        if isinstance(element, Element):
            element.last = None
        self.is_over = not self._open

    def find(self, kind: Kind, name: str) -> list[Kept]:
        """Kept elements with that tag, id, class or attribute, in the order of the page."""
        match kind:
            case "tag":
                return [element for element in self.kept if element.tag == name]
            case "id":
                return [element for element in self.kept if element.attributes.get("id") == name]
            case "class":
                return [element for element in self.kept if name in split_words(element.attributes.get("class", ""))]
        return [element for element in self.kept if name in element.attributes]


@lru_cache(maxsize=4096)
def split_words(value: str) -> frozenset[str]:
    """The words of an attribute; the classes of a page come again and again."""
    return frozenset(filter(None, _SPACES.split(value)))
