"""What the settled ledger of a run says of one partition. All is given in order and in bounded shares.

Places are ordered as Arrow orders them, nulls last.
"""

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from newsetl.io.history import Link, versions
from newsetl.io.ledger import partition_key
from newsetl.schema import Partition

LINKS = """
SELECT chain.article_id, chain.rank, records.source, records.year, records.month, uri, offset, length, sha256,
    external_id, outcome, fetched_us, chain.fingerprint, details, record_no IS homes.winner
FROM homes JOIN chain USING (article_id) JOIN records USING (record_no)
WHERE homes.source = ? AND homes.year = ? AND homes.month = ?
ORDER BY chain.article_id, chain.rank DESC
"""
Place = tuple[str, int | None, str]


class Changes:
    """The ledger's share of a partition. Use it as a context manager."""

    def __init__(self, ledger: Path, partition: Partition) -> None:
        # settled, so nobody writes there any more: no locks, which file systems of several machines may not have
        self._db = sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        self._key = partition_key(partition)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    # --- articles ---

    def pieces(self, dataset: str) -> list[tuple[str, int, int, int, int]]:
        """Where the staged rows of a dataset lie: path, number, first and last record number, bytes."""
        query = (
            "SELECT path, number, first, last, size_bytes FROM pieces WHERE source = ? AND year = ? AND month = ? "
            "AND dataset = ? ORDER BY 1, 2"
        )
        return self._db.execute(query, (*self._key, dataset)).fetchall()

    def winners(self, first: int, last: int) -> list[int]:
        """Records of this run, from `first` to `last`, whose rows are published here."""
        query = (
            "SELECT record_no FROM records WHERE source = ? AND year = ? AND month = ? "
            "AND record_no BETWEEN ? AND ? AND outcome = 'article'"
        )
        return [row[0] for row in self._db.execute(query, (*self._key, first, last))]

    def gone(self, first: str, last: str) -> list[str]:
        """Published articles, from `first` to `last`, whose rows here go away or are replaced."""
        query = (
            "SELECT article_id FROM records WHERE source = ? AND year = ? AND month = ? AND article_id BETWEEN ? AND ? "
            "AND record_no < 0 AND was = 'article' AND outcome != 'article'"
        )
        return [row[0] for row in self._db.execute(query, (*self._key, first, last))]

    # --- earlier versions ---

    def rewritten(self) -> Iterator[tuple[str]]:
        """Articles whose history here is made anew, or goes away, in order."""
        return self._db.execute(
            "SELECT article_id FROM old_homes WHERE source = ? AND year = ? AND month = ? ORDER BY 1", self._key
        )

    def history(self) -> Iterator[tuple[Any, ...]]:
        """New rows of `_history`, by article, oldest record first."""
        return (link.row() for link in self._links())

    def revisions(self) -> Iterator[tuple[Any, ...]]:
        """New rows of `revisions`, by article and version."""
        for article_id, links in groupby(self._links(), key=attrgetter("article_id")):
            for version, after in versions(links):
                yield version.row(self._words(article_id, version.newest.fingerprint), after)

    def _links(self) -> Iterator[Link]:
        for row in self._db.execute(LINKS, self._key):
            article_id, rank, *record, fetched_us, fingerprint, details, is_winner = row
            uri, offset = record[3:5]
            yield Link(article_id, rank, tuple(record), uri, offset, fetched_us, fingerprint, details, bool(is_winner))

    def _words(self, article_id: str, fingerprint: str) -> tuple[str | None, str]:
        query = "SELECT title, text FROM texts WHERE article_id = ? AND fingerprint = ?"
        words: tuple[str | None, str] = self._db.execute(query, (article_id, fingerprint)).fetchone()
        return words

    # --- records and rejects ---

    def known_places(self) -> Iterator[Place]:
        """Published records of the partition that the ledger holds, by place: it says what is published of them."""
        query = (
            "SELECT uri, offset, sha256 FROM records WHERE source = ? AND year = ? AND month = ? AND record_no < 0 "
            "ORDER BY uri, offset IS NULL, offset, sha256"
        )
        return self._db.execute(query, self._key)

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Records as rows of `records`, by place."""
        query = (
            "SELECT uri, offset, length, sha256, external_id, article_id, outcome FROM records "
            "WHERE source = ? AND year = ? AND month = ? AND outcome != 'again' "
            "ORDER BY uri, offset IS NULL, offset, sha256"
        )
        return self._db.execute(query, self._key)

    def rejects(self) -> Iterator[tuple[Any, ...]]:
        """Rejects of this run as rows of `rejects`, by place."""
        query = (
            "SELECT uri, offset, sha256, external_id, stage, reason, detail FROM records JOIN rejects USING (record_no)"
            " WHERE source = ? AND year = ? AND month = ? ORDER BY uri, offset IS NULL, offset, sha256"
        )
        return self._db.execute(query, self._key)
