"""What a parser tells of a page, in its order: tags that begin, texts, ends. No tree is built.

lxml's parser (libxml2) ends every element that begins, also on broken pages; it invents <html> and <body> where they
are missing.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from newsetl.sources.elements import Event

CHUNK_BYTES: Final = 400_000  # most pages are one chunk; beyond its limits a page must not cost much more


class _Recorder:
    """What the parser calls, 2,000 times a page: functions without `self` and a method of the list itself."""

    __slots__ = ("data", "end", "events", "start")

    def __init__(self) -> None:
        self.events: list[Event] = []
        append = self.data = self.events.append

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            append((tag, attributes))

        def end(_: str) -> None:
            append(None)

        self.start, self.end = start, end

    def close(self) -> list[Event]:
        """The events since `take`."""
        return self.events

    def take(self) -> list[Event]:
        """The events since the last call."""
        events = self.events.copy()
        self.events.clear()
        return events


def read_events(text: str | bytes) -> Iterator[list[Event]]:
    """The events of a page, given as a string or as its UTF-8, some at a time."""
    recorder = _Recorder()
    # no limits of the parser's own, since they cut pages silently: readers have theirs, the caller checks the size;
    # a parser for each page, since a shared one keeps the names of all elements ever seen
    parser = etree.HTMLParser(target=recorder, huge_tree=True, no_network=True, encoding="utf-8")
    # bytes, since a string with an encoding declaration is refused; the meta charset no longer tells the truth
    content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    for start in range(0, max(1, len(content)), CHUNK_BYTES):
        parser.feed(content[start : start + CHUNK_BYTES])
        yield recorder.take()
    parser.close()
    yield recorder.take()
