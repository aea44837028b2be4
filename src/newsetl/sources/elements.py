"""The elements of a page, made from what its parser told: what selectors look at.

Own elements in place of lxml's: the outline of a page is read from the same events (`newsetl.stages.outline`), and a
tree made of these costs a quarter of a second parse.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import Final

# A tag that begins an element with its attributes; text; None where the innermost open element ends.
Event = tuple[str, Mapping[str, str]] | str | None

_SPACES: Final = re.compile("[ \t\r\n]+")


class Element:
    """An element of a page; ``events[start:end]`` are its tags and all between them.

    `parent` and `previous` (the sibling before it) are None where there are none; there is no way down, since that
    would be a circle, and pages would stay in memory. An attribute that is written without a value has the value "".
    """

    __slots__ = ("attributes", "end", "events", "is_last", "parent", "previous", "start", "tag")

    def __init__(
        self, event: tuple[str, Mapping[str, str]], events: Sequence[Event], start: int, parent: "Element | None"
    ) -> None:
        self.tag, self.attributes = event
        self.events = events
        self.start = self.end = start
        self.parent = parent
        self.previous: Element | None = None
        self.is_last = False

    @property
    def text(self) -> str:
        """All text in it, what scripts hold too."""
        return "".join(event for event in self.events[self.start : self.end] if isinstance(event, str))


class Elements:
    """The elements of a page in their order, looked up by what selectors name."""

    def __init__(self, elements: list[Element]) -> None:
        self.all = elements

    def find(self, kind: str, name: str) -> Sequence[Element]:
        """Elements with that "tag", "id" or "class", in the order of the page."""
        if kind == "tag":
            return [element for element in self.all if element.tag == name]
        if kind == "id":
            return [element for element in self.all if element.attributes.get("id") == name]
        groups = [found for value, found in self._by_class.items() if name in value and name in split_words(value)]
        return groups[0] if len(groups) == 1 else sorted(chain(*groups), key=lambda element: element.start)

    @cached_property
    def _by_class(self) -> Mapping[str, list[Element]]:
        """By the whole attribute: a page has few that differ, so few are searched for a class."""
        found: defaultdict[str, list[Element]] = defaultdict(list)
        for element in self.all:
            if value := element.attributes.get("class"):
                found[value].append(element)
        return found


@lru_cache(maxsize=4096)
def split_words(value: str) -> frozenset[str]:
    """The words of an attribute; the classes of a page come again and again."""
    return frozenset(filter(None, _SPACES.split(value)))


def build_elements(events: Sequence[Event]) -> Elements | None:
    """The elements from the first that begins to its end; None when none does.

    What stands behind the end of <html> is no part of the page, as in the trees of parsers.

    >>> [element.tag for element in build_elements([("p", {}), "خبر", ("b", {}), None, None, ("p", {}), None]).all]
    ['p', 'b']
    """
    elements: list[Element] = []
    inner: Element | None = None
    last: list[Element | None] = [None]  # child of the page, of each open element
    for at, event in enumerate(events):
        if event is None:
            if inner is None:
                continue
            inner.end = at + 1
            if child := last.pop():
                child.is_last = True
            if (inner := inner.parent) is None:
                break
        elif isinstance(event, tuple):
            inner = Element(event, events, at, inner)
            inner.previous, last[-1] = last[-1], inner
            last.append(None)
            elements.append(inner)
    return Elements(elements) if elements else None
