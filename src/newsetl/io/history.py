"""What an article said before: the records of articles that have more than one, and the `revisions` made of them.

The private dataset `_history` keeps, for each such article, what decides its versions: every record's instant of
download and what it said, as hashes. So an older download that comes years later finds its place, and the bytes do not
depend on the order in which records came. Both lie in the partition of the article's row and move with it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import pyarrow as pa

from newsetl.schema import SCHEMAS, UTC_TIME

HISTORY = "_history"
# What `revisions.changed` compares, in its order.
COMPARED = ("title", "subtitle", "text", "authors", "published_on", "section", "tags")
DIGITS = 16  # hex digits of the hash of each
HISTORY_SCHEMA = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),  # 1 = newest
        # the record: a row of the ledger, and the partition where that row lies
        pa.field("record_source", pa.string(), nullable=False),
        pa.field("record_year", pa.int32(), nullable=False),
        pa.field("record_month", pa.int32(), nullable=False),
        pa.field("raw_uri", pa.string(), nullable=False),
        pa.field("raw_offset", pa.int64()),
        pa.field("raw_length", pa.int64(), nullable=False),
        pa.field("raw_sha256", pa.string(), nullable=False),
        pa.field("external_id", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("fetched_at", UTC_TIME),
        pa.field("fingerprint", pa.string(), nullable=False),
        pa.field("details", pa.string(), nullable=False),
    ],
    metadata=SCHEMAS["revisions"].metadata,
)
_NOTHING = hashlib.blake2b(b"", digest_size=DIGITS // 2).hexdigest()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fingerprint(title: str | None, text: str) -> str:
    """A key that is equal when title and text are equal: 32 hex digits.

    >>> fingerprint(None, "نص") == fingerprint("", "نص")
    True
    """
    return hashlib.sha256(f"{title or ''}\n{text}".encode()).hexdigest()[:32]


def details(values: Mapping[str, Any]) -> str:
    """A hash of each value that `revisions` compares, 16 hex digits each, one after the other.

    >>> len(details({"title": "خبر", "text": "نص", "tags": ["ماء"], "published_on": date(2020, 1, 31)}))
    112
    """
    return "".join(_hash(values.get(name)) for name in COMPARED)


def _hash(value: str | date | Iterable[str] | None) -> str:
    """Of a string, a day or a list; absent and empty are the same here."""
    if not value:  # of most articles half of what is compared
        return _NOTHING
    if isinstance(value, date):
        value = value.isoformat()
    elif not isinstance(value, str):
        value = json.dumps(list(value))
    return hashlib.blake2b(value.encode(), digest_size=DIGITS // 2).hexdigest()


def changed(before: str, after: str) -> list[str]:
    """What differs between two records, by name.

    >>> changed(details({"title": "أ", "text": "ب"}), details({"title": "ج", "text": "ب", "section": "د"}))
    ['title', 'section']
    """
    spans = enumerate(COMPARED)
    return [n for i, n in spans if before[i * DIGITS : (i + 1) * DIGITS] != after[i * DIGITS : (i + 1) * DIGITS]]


@dataclass(frozen=True, slots=True)
class Link:
    """A record of an article that has several: what `_history` keeps of it, and whether its version is the winner's."""

    article_id: str
    rank: int
    record: tuple[Any, ...]  # the columns record_source … outcome of `_history`
    uri: str
    offset: int | None
    fetched_us: int | None
    fingerprint: str
    details: str
    is_winner: bool

    def row(self) -> tuple[Any, ...]:
        """The link as a row of `_history`."""
        return (self.article_id, self.rank, *self.record, instant(self.fetched_us), self.fingerprint, self.details)


@dataclass(frozen=True, slots=True)
class Version:
    """Downloads of an article, one after the other, that say the same. The newest of them stands for it."""

    number: int
    links: list[Link]  # oldest first

    @property
    def newest(self) -> Link:
        return self.links[-1]

    def row(self, words: tuple[str | None, str], after: "Version | None") -> tuple[Any, ...]:
        """The version as a row of `revisions`."""
        seen = [link.fetched_us for link in self.links if link.fetched_us is not None]
        first, last = (instant(min(seen)), instant(max(seen))) if seen else (None, None)
        link = self.newest
        changes = changed(link.details, after.newest.details) if after else []
        return (link.article_id, self.number, first, last, *words, link.uri, link.offset, changes)


def versions(links: Iterable[Link]) -> Iterator[tuple[Version, Version | None]]:
    """The versions of one article that do not stand in `articles`, oldest first, each with the one after it.

    Args:
        links: All records of the article, oldest first.
    """
    groups = groupby(links, key=lambda link: link.fingerprint)
    found = [Version(number, list(group)) for number, (_, group) in enumerate(groups, 1)]
    for version, after in pairwise([*found, None]):
        if version is not None and not any(link.is_winner for link in version.links):
            yield version, after


def instant(microseconds: int | None) -> datetime | None:
    """Microseconds since 1970 as an instant, UTC.

    >>> instant(1_580_428_800_000_001).isoformat()
    '2020-01-31T00:00:00.000001+00:00'
    """
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)
