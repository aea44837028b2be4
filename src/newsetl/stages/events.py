"""A page through its parser, which tells tags, texts and ends in their order. No tree is built.

lxml's parser (libxml2) ends every element that begins, also on broken pages; it invents <html> and <body> where they
are missing.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeVar

from lxml import etree

from newsetl.sources.elements import Event

CHUNK_BYTES: Final = 400_000  # most pages are one chunk; beyond its limits a page must not cost much more

Result_co = TypeVar("Result_co", covariant=True)


class Listener(Protocol):
    """Who is told of a page."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None: ...

    def data(self, text: str) -> None: ...

    def end(self) -> None: ...


class Target(Protocol[Result_co]):
    """What the parser calls; `close` gives the result and lets go of it.

    lxml's parser holds itself and its target in a circle, so that both live on until the garbage collector comes: what
    a target still held then would cost a tenth of the time of each page.
    """

    def start(self, tag: str, attributes: Mapping[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def data(self, text: str) -> None: ...

    def close(self) -> Result_co: ...


def parse_html(text: str | bytes, target: Target[Result_co]) -> Result_co:
    """What a target makes of a page, given as a string or as its UTF-8."""
    # no limits of the parser's own, since they cut pages silently: targets have theirs, the caller checks the size;
    # a parser for each page, since a shared one keeps the names of all elements ever seen
    parser = etree.HTMLParser(target=target, huge_tree=True, no_network=True, encoding="utf-8")
    # bytes, since a string with an encoding declaration is refused; the meta charset no longer tells the truth
    content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    for start in range(0, max(1, len(content)), CHUNK_BYTES):  # an error of the target's is raised between two chunks
        parser.feed(content[start : start + CHUNK_BYTES])
    result: Result_co = parser.close()
    return result


class Recorder:
    """A target that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.events.append((tag, attributes))

    def end(self, tag: str) -> None:  # noqa: ARG002  the parser's signature
        self.events.append(None)

    def data(self, text: str) -> None:
        self.events.append(text)

    def close(self) -> list[Event]:
        events = self.events
        del self.events
        return events


def tell(events: Iterable[Event], listener: Listener) -> None:
    """Tell of a page again, in the order of its parser."""
    for event in events:
        if event is None:
            listener.end()
        elif isinstance(event, str):
            listener.data(event)
        else:
            listener.start(*event)
