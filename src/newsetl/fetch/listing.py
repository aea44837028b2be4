"""What feeds, sitemaps and sections list."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urldefrag, urljoin, urlsplit

from newsetl.sources.hosts import MAX_LENGTH

MAX_REMARKS = 20
MAX_DATE = 100  # characters
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
YEARS = range(1990, 2100)


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that a listing names.

    Attributes:
        url: Absolute, http(s), without fragment.
        title: As the listing has it.
        published: As it says; UTC.
        updated: When it was changed last, as it says; UTC.
    """

    url: str
    title: str | None = None
    published: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap that an index names, and when that was changed last (UTC)."""

    url: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The pages and sitemaps that a listing names.

    Attributes:
        entries: Pages, each URL once.
        children: Sitemaps.
        remarks: What is odd about it, for people.
        refused: Why it was not read, such as ``xml-entities``; empty when it was.
    """

    entries: tuple[Entry, ...] = ()
    children: tuple[Child, ...] = ()
    remarks: tuple[str, ...] = ()
    refused: str = ""


class Remarks:
    """Remarks while something is read: each once, and only so many."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def add(self, line: str) -> None:
        """Make a remark."""
        if line in self._lines or len(self._lines) < MAX_REMARKS:
            self._lines[line] = self._lines.get(line, 0) + 1

    def lines(self) -> tuple[str, ...]:
        """All of them, with how often each was made."""
        return tuple(line if count == 1 else f"{line} ({count} times)" for line, count in self._lines.items())


def absolute(link: str, base: str) -> str | None:
    """A link as an absolute http(s) URL without fragment; None when it is none.

    >>> absolute(" /a/b#c ", "https://news.example/rss"), absolute("mailto:a@b.example", "https://news.example/")
    ('https://news.example/a/b', None)
    """
    link = link.strip()
    if not link or len(link) > MAX_LENGTH:
        return None
    try:
        url = urldefrag(urljoin(base, link)).url
        parts = urlsplit(url)
        has_host = bool(parts.hostname)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and has_host and len(url) <= MAX_LENGTH else None


def unique(entries: Iterable[Entry], limit: int, remarks: Remarks) -> tuple[Entry, ...]:
    """Entries, each URL once: the first of them; no more than so many."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.url not in found:
            if len(found) == limit:
                remarks.add(f"more than {limit} entries")
                break
            found[entry.url] = entry
    return tuple(found.values())


def parse_moment(text: str | None) -> datetime | None:
    """An instant in UTC from RFC 822, ISO 8601 or a part of it (2019, 2019-03); without zone it is UTC.

    >>> parse_moment("Tue, 05 Mar 2019 12:00:00 +0300").isoformat(), parse_moment("2019-03").isoformat()
    ('2019-03-05T09:00:00+00:00', '2019-03-01T00:00:00+00:00')
    """
    text = (text or "").strip()
    if not text or len(text) > MAX_DATE:
        return None
    try:
        if part := _PARTIAL.fullmatch(text):
            day = date(int(part[1]), int(part[2] or 1), int(part[3] or 1))
            found = datetime(day.year, day.month, day.day, tzinfo=UTC)
        elif text[:4].isdigit():
            found = datetime.fromisoformat(text)
        else:
            found = parsedate_to_datetime(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC) if found.year in YEARS else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
