"""The ledger of a run: which record gives which article, settled on disk so that memory does not grow.

A SQLite file private to the run holds a row for each record of this run, and for each published record that one of
them can change. Settling it answers: who wins each article_id, what became of every other record, how an article's
versions follow each other, and which partitions must be written anew. `io.changes` reads the answers.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from newsetl.errors import ConservationError
from newsetl.io.ledger_queries import (
    ABSORB_PIECES,
    CAN_MATTER,
    COMPLETE,
    CONTESTED,
    FILL_CHAIN,
    FILL_HOMES,
    FILL_TEXTS,
    FILL_TOUCHED,
    INDEXES,
    INSERT_KEY,
    INSERT_PUBLISHED,
    KEEP_TEXT,
    MARK_READ_AGAIN,
    MISSING_IN_PIECES,
    MISSING_IN_REVISIONS,
    NAME_OUTCOMES,
    OF_PARTITION,
    PUBLISHED_AT,
    SET_TEXT,
    TABLES,
)
from newsetl.schema import Partition


@dataclass(frozen=True, slots=True)
class Piece:
    """Where rows of one partition lie: the `number`-th record batch of a staged file.

    `path` begins below the staging folder; `first` and `last` are the least and the greatest record number in it;
    `size_bytes` is its size in memory.
    """

    dataset: str
    partition: Partition
    path: str
    number: int
    first: int
    last: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Key:
    """What the ledger must know of one record to settle who wins an article_id."""

    record_no: int
    partition: Partition
    uri: str
    offset: int | None
    length: int
    sha256: str
    external_id: str | None
    article_id: str | None
    fetched_us: int | None  # microseconds since 1970, UTC
    fingerprint: str | None  # equal for equal title and text
    details: str | None  # `history.details`
    outcome: str  # article or rejected, before duplicates are settled


@dataclass(frozen=True, slots=True)
class Published:
    """A published record. The last four are None where they are not known: they matter for contested articles only."""

    partition: Partition
    uri: str
    offset: int | None
    length: int
    sha256: str
    external_id: str | None
    article_id: str | None
    outcome: str
    fetched_us: int | None = None
    fingerprint: str | None = None
    details: str | None = None
    rank: int = 1


class Ledger:
    """The ledger's SQLite file. One process fills and settles it; others may then read it."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._db = sqlite3.connect(path)
        if create:
            self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + TABLES)

    def close(self) -> None:
        """Keep what was entered and let go of the file."""
        self._db.commit()
        self._db.close()

    # --- records of this run ---

    def add_keys(self, keys: Iterable[Key]) -> None:
        """Enter records of this run."""
        self._db.executemany(
            INSERT_KEY,
            (
                (
                    *(k.record_no, *partition_key(k.partition)),
                    *(k.uri, k.offset, k.length, k.sha256, k.external_id, k.article_id),
                    *(k.fetched_us, k.fingerprint, k.details, k.outcome),
                )
                for k in keys
            ),
        )

    def add_rejects(self, rejects: Iterable[tuple[int, str, str, str]]) -> None:
        """Enter (record_no, stage, reason, detail) of records of this run that were rejected."""
        self._db.executemany("INSERT INTO rejects VALUES (?,?,?,?)", rejects)

    def add_pieces(self, pieces: Iterable[Piece]) -> None:
        """Enter where staged rows lie."""
        self._db.executemany(
            "INSERT INTO pieces VALUES (?,?,?,?,?,?,?,?,?)",
            ((p.dataset, *partition_key(p.partition), p.path, p.number, p.first, p.last, p.size_bytes) for p in pieces),
        )

    def absorb(self, path: Path, folder: str = "") -> None:
        """Take over what a batch has entered into its ledger; its pieces lie in a folder below the staging one."""
        self._db.commit()
        self._db.execute("ATTACH ? AS batch", (str(path),))
        for table in ("records", "rejects"):
            self._db.execute(f"INSERT INTO {table} SELECT * FROM batch.{table}")
        self._db.execute(ABSORB_PIECES, (f"{folder}/" if folder else "",))
        self._db.commit()
        self._db.execute("DETACH batch")

    def index(self) -> None:
        """Build the indexes; call it once, after the records of this run were entered."""
        self._db.executescript(INDEXES)

    # --- published records ---

    def new_keys(self) -> Iterator[tuple[str | None, str]]:
        """article_id and sha256 of each record of this run."""
        return self._db.execute("SELECT article_id, sha256 FROM records WHERE record_no > 0")

    def size(self) -> int:
        """How many records it holds."""
        count: int = self._db.execute("SELECT count(*) FROM records").fetchone()[0]
        return count

    def known_articles(self) -> Iterator[str]:
        """Each article_id that the ledger holds so far."""
        return (row[0] for row in self._db.execute("SELECT DISTINCT article_id FROM records WHERE article_id NOT NULL"))

    def add_published(self, records: Iterable[Published]) -> None:
        """Enter those published records that share article_id or place with a record of this run."""
        for r in records:
            place = (r.uri, r.offset, r.sha256)
            if self._db.execute(CAN_MATTER, (r.article_id, *place)).fetchone()[0]:
                self._insert_published(r)

    def _insert_published(self, r: Published) -> None:
        values = (
            *(*partition_key(r.partition), r.uri, r.offset, r.length, r.sha256, r.external_id, r.article_id),
            *(r.fetched_us, r.fingerprint, r.details, r.rank, r.outcome, r.outcome),
        )
        self._db.execute(INSERT_PUBLISHED, values)

    def mark_read_again(self) -> None:
        """Take note of published records that this run read again; what they gave then does not count any more."""
        self._db.execute(MARK_READ_AGAIN)

    def add_history(self, home: Partition, records: Iterable[Published]) -> None:
        """Enter what is kept, in the partition `home`, of records of contested articles that the ledger knows."""
        for r in records:
            if not self._db.execute("SELECT 1 FROM records WHERE article_id = ?", (r.article_id,)).fetchone():
                continue
            self._db.execute("INSERT OR IGNORE INTO old_homes VALUES (?,?,?,?)", (*partition_key(home), r.article_id))
            found = self._db.execute(PUBLISHED_AT, (r.uri, r.offset, r.sha256)).fetchone()
            if found:
                self._db.execute(COMPLETE, (r.fetched_us, r.fingerprint, r.details, r.rank, found[0]))
            else:
                self._insert_published(r)

    def contested_partitions(self) -> list[Partition]:
        """The partitions with published articles that must be looked at."""
        rows = self._db.execute(f"SELECT DISTINCT source, year, month FROM records WHERE {CONTESTED} ORDER BY 1, 2, 3")
        return [Partition(*row) for row in rows]

    def contested(self, partition: Partition, first: str, last: str) -> dict[str, int]:
        """The published articles of a partition that must be looked at, from `first` to `last`: id to record number."""
        query = (
            f"SELECT article_id, record_no FROM records WHERE {OF_PARTITION} "
            f"AND article_id BETWEEN ? AND ? AND {CONTESTED}"
        )
        return dict(self._db.execute(query, (*partition_key(partition), first, last)))

    def complete(self, record_no: int, fetched_us: int | None, fingerprint: str, details: str) -> None:
        """Enter what the ledger did not know of a published article."""
        self._db.execute(COMPLETE, (fetched_us, fingerprint, details, 1, record_no))

    def keep_text(self, article_id: str, fingerprint: str, title: str | None, text: str) -> None:
        """Keep the words of a published article where another record of it has other ones."""
        self._db.execute(KEEP_TEXT, (article_id, fingerprint, title, text))

    # --- settling ---

    def settle(self) -> None:
        """Choose the winner of each article_id; name the others duplicate (same text) or superseded."""
        for statement in (FILL_CHAIN, FILL_HOMES, NAME_OUTCOMES, FILL_TOUCHED, FILL_TEXTS):
            self._db.execute(statement)
        self._db.commit()

    def missing_partitions(self) -> list[Partition]:
        """The partitions whose `revisions` may hold words that are still missing."""
        rows = self._db.execute(f"SELECT DISTINCT source, year, month {MISSING_IN_REVISIONS} ORDER BY 1, 2, 3")
        return [Partition(*row) for row in rows]

    def missing(self, partition: Partition, first: str, last: str) -> list[str]:
        """Articles, from `first` to `last`, whose earlier words may lie in the `revisions` of a partition."""
        query = f"SELECT DISTINCT article_id {MISSING_IN_REVISIONS} AND {OF_PARTITION} AND article_id BETWEEN ? AND ?"
        return [row[0] for row in self._db.execute(query, (*partition_key(partition), first, last))]

    def missing_staged(self) -> Iterator[tuple[str, int, int, str, str]]:
        """Where words that are still missing are staged: path and number of the piece, record_no, article_id, hash.

        In the order of the pieces; sorted as a whole before the first comes, so that texts may be entered meanwhile.
        """
        return self._db.execute(MISSING_IN_PIECES)

    def set_texts(self, texts: Iterable[tuple[str | None, str, str, str]]) -> None:
        """Enter (title, text, article_id, fingerprint) where they are missing."""
        self._db.executemany(SET_TEXT, texts)
        self._db.commit()

    # --- answers ---

    def outcomes(self) -> dict[str, int]:
        """How many records of this run had each outcome."""
        rows = self._db.execute("SELECT outcome, count(*) FROM records WHERE record_no > 0 GROUP BY outcome")
        return dict(rows.fetchall())

    def check(self, read: dict[int, int]) -> None:
        """Hold the conservation law: each batch has an outcome for each record it read.

        Args:
            read: Records read by each batch, counted where they are read.

        Raises:
            ConservationError: A record is missing or counted twice, or the words of a version are nowhere.
        """
        rows = self._db.execute("SELECT record_no >> 32, count(*) FROM records WHERE record_no > 0 GROUP BY 1")
        told = dict(rows.fetchall())
        for batch, count in read.items():
            if told.get(batch, 0) != count:
                raise ConservationError(f"batch {batch} read {count} records, the ledger has {told.get(batch, 0)}")
        known = ("article", "duplicate", "superseded", "rejected")
        if unknown := self.outcomes().keys() - set(known):
            raise ConservationError(f"records without an outcome: {sorted(unknown)}")
        lost = self._db.execute("SELECT article_id FROM texts WHERE text IS NULL ORDER BY 1").fetchone()
        if lost:
            raise ConservationError(f"article {lost[0]}: the words of an earlier version stand in no dataset")

    def touched(self) -> list[Partition]:
        """The partitions that must be written anew, in order."""
        rows = self._db.execute("SELECT source, year, month FROM touched ORDER BY 1, 2, 3")
        return [Partition(*row) for row in rows]

    def by_month(self) -> list[tuple[Partition, str, int]]:
        """Records of this run counted by partition and outcome."""
        rows = self._db.execute(
            "SELECT source, year, month, outcome, count(*) FROM records WHERE record_no > 0 "
            "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        return [(Partition(source, year, month), outcome, count) for source, year, month, outcome, count in rows]


def partition_key(partition: Partition) -> tuple[str, int, int]:
    """A partition as the ledger's columns source, year, month."""
    return (partition.source, partition.year, partition.month)
