"""The ledger of a run: which record gives which article, settled on disk so that memory does not grow.

A SQLite file private to the run holds a row for each record of this run and each record published before. Settling it
answers: who wins each article_id, what became of every other record, and which partitions must be written anew.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsetl.errors import ConservationError
from newsetl.schema import Partition

TABLES = """
CREATE TABLE records (
    record_no INTEGER PRIMARY KEY,  -- new ones > 0, published ones < 0
    source TEXT, year INTEGER, month INTEGER,
    uri TEXT, offset INTEGER, length INTEGER, sha256 TEXT,
    external_id TEXT, article_id TEXT, fetched_us INTEGER, fingerprint TEXT, outcome TEXT
);
CREATE TABLE pieces (dataset TEXT, source TEXT, year INTEGER, month INTEGER, path TEXT, number INTEGER);
CREATE TABLE touched (source TEXT, year INTEGER, month INTEGER, UNIQUE (source, year, month));
"""
INDEXES = """
CREATE INDEX records_by_place ON records (uri, offset, sha256);
CREATE INDEX records_by_article ON records (article_id);
CREATE INDEX records_by_partition ON records (source, year, month);
CREATE INDEX pieces_by_partition ON pieces (source, year, month);
"""
# The same bytes at the same place are the same record: what was published of it gives way to what it gives now.
READ_AGAIN = """
FROM records AS old WHERE record_no < 0 AND EXISTS (
    SELECT 1 FROM records AS new WHERE new.record_no > 0
    AND new.uri = old.uri AND new.offset IS old.offset AND new.sha256 = old.sha256)
"""
# Newest fetch wins; a record without a fetch time is the oldest. Then the order of places decides, so that the order of
# reading does not matter; at one place whose bytes changed, what lies there now.
WINNERS = """
CREATE TEMP TABLE winners AS SELECT article_id, record_no, fingerprint FROM (
    SELECT *, row_number() OVER (
        PARTITION BY article_id
        ORDER BY fetched_us IS NULL, fetched_us DESC, uri, offset, record_no < 0, sha256) AS rank
    FROM records WHERE outcome = 'article') WHERE rank = 1
"""
LOSERS = """
outcome = 'article' AND NOT EXISTS (SELECT 1 FROM winners WHERE winners.record_no = records.record_no)
"""
CONTESTED = """
SELECT record_no, article_id, source, year, month FROM records WHERE record_no < 0 AND outcome = 'article'
AND EXISTS (SELECT 1 FROM records AS new WHERE new.record_no > 0 AND new.article_id = records.article_id)
"""
OF_PARTITION = "source = ? AND year = ? AND month = ?"


@dataclass(frozen=True, slots=True)
class Piece:
    """Where rows of one partition lie: the `number`-th record batch of a staged file."""

    dataset: str
    partition: Partition
    path: str
    number: int


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
    outcome: str  # article or rejected, before duplicates are settled


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

    def add_keys(self, keys: Iterable[Key]) -> None:
        """Enter records of this run."""
        self._db.executemany(
            "INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                (
                    *(k.record_no, k.partition.source, k.partition.year, k.partition.month),
                    *(k.uri, k.offset, k.length, k.sha256, k.external_id, k.article_id),
                    *(k.fetched_us, k.fingerprint, k.outcome),
                )
                for k in keys
            ),
        )

    def add_pieces(self, pieces: Iterable[Piece]) -> None:
        """Enter where staged rows lie."""
        self._db.executemany(
            "INSERT INTO pieces VALUES (?,?,?,?,?,?)",
            ((p.dataset, p.partition.source, p.partition.year, p.partition.month, p.path, p.number) for p in pieces),
        )

    def absorb(self, path: Path) -> None:
        """Take over what a batch has entered into a ledger of its own."""
        self._db.commit()
        self._db.execute("ATTACH ? AS batch", (str(path),))
        self._db.execute("INSERT INTO records SELECT * FROM batch.records")
        self._db.execute("INSERT INTO pieces SELECT * FROM batch.pieces")
        self._db.commit()
        self._db.execute("DETACH batch")

    def index(self) -> None:
        """Build the indexes; call it once, after everything was entered."""
        self._db.executescript(INDEXES)

    def drop_read_again(self) -> None:
        """Forget published records that this run read again; their partitions will be written anew."""
        self._db.execute(f"INSERT OR IGNORE INTO touched SELECT DISTINCT source, year, month {READ_AGAIN}")
        self._db.execute(f"DELETE FROM records WHERE record_no IN (SELECT record_no {READ_AGAIN})")

    def contested(self) -> Iterator[tuple[int, str, Partition]]:
        """Published articles (record_no, article_id, partition) whose article_id a record of this run gave too."""
        for record_no, article_id, source, year, month in self._db.execute(CONTESTED).fetchall():
            yield record_no, article_id, Partition(source, year, month)

    def set_fingerprints(self, fingerprints: Iterable[tuple[str, int]]) -> None:
        """Enter (fingerprint, record_no) of published articles."""
        self._db.executemany("UPDATE records SET fingerprint = ? WHERE record_no = ?", fingerprints)

    def settle(self) -> None:
        """Choose the winner of each article_id; name the others duplicate (same text) or superseded."""
        self._db.execute(WINNERS)
        self._db.execute("CREATE UNIQUE INDEX winners_by_record ON winners (record_no)")
        self._db.execute("CREATE UNIQUE INDEX winners_by_article ON winners (article_id)")
        self._db.execute(
            "INSERT OR IGNORE INTO touched "
            f"SELECT DISTINCT source, year, month FROM records WHERE record_no > 0 OR {LOSERS}"
        )
        self._db.execute(
            f"""UPDATE records SET outcome = CASE WHEN fingerprint = (
                SELECT fingerprint FROM winners WHERE winners.article_id = records.article_id
            ) THEN 'duplicate' ELSE 'superseded' END WHERE {LOSERS}"""
        )
        self._db.commit()

    def outcomes(self) -> dict[str, int]:
        """How many records of this run had each outcome."""
        rows = self._db.execute("SELECT outcome, count(*) FROM records WHERE record_no > 0 GROUP BY outcome")
        return dict(rows.fetchall())

    def check(self, read: dict[int, int]) -> None:
        """Hold the conservation law: each batch has an outcome for each record it read.

        Args:
            read: Records read by each batch, counted where they are read.

        Raises:
            ConservationError: A record is missing or counted twice.
        """
        rows = self._db.execute("SELECT record_no >> 32, count(*) FROM records WHERE record_no > 0 GROUP BY 1")
        told = dict(rows.fetchall())
        for batch, count in read.items():
            if told.get(batch, 0) != count:
                raise ConservationError(f"batch {batch} read {count} records, the ledger has {told.get(batch, 0)}")
        known = ("article", "duplicate", "superseded", "rejected")
        if unknown := self.outcomes().keys() - set(known):
            raise ConservationError(f"records without an outcome: {sorted(unknown)}")

    def touched(self) -> list[Partition]:
        """The partitions that must be written anew, in order."""
        rows = self._db.execute("SELECT source, year, month FROM touched ORDER BY 1, 2, 3")
        return [Partition(*row) for row in rows]

    def pieces(self, partition: Partition, dataset: str) -> list[tuple[str, int]]:
        """Where the staged rows of a partition lie: path and number."""
        query = f"SELECT path, number FROM pieces WHERE {OF_PARTITION} AND dataset = ? ORDER BY 1, 2"
        return self._db.execute(query, (*_key(partition), dataset)).fetchall()

    def record_nos(self, partition: Partition, outcome: str) -> list[int]:
        """Records of this run in a partition with an outcome."""
        query = f"SELECT record_no FROM records WHERE {OF_PARTITION} AND outcome = ? AND record_no > 0"
        return [row[0] for row in self._db.execute(query, (*_key(partition), outcome))]

    def kept_articles(self, partition: Partition) -> list[str]:
        """article_ids published before that stay in a partition."""
        query = f"SELECT article_id FROM records WHERE {OF_PARTITION} AND outcome = 'article' AND record_no < 0"
        return [row[0] for row in self._db.execute(query, _key(partition))]

    def rows(self, partition: Partition) -> list[tuple[Any, ...]]:
        """All records of a partition, published and new, as rows of the `records` dataset."""
        query = (
            f"SELECT uri, offset, length, sha256, external_id, article_id, outcome FROM records WHERE {OF_PARTITION}"
        )
        return self._db.execute(query, _key(partition)).fetchall()

    def by_month(self) -> list[tuple[Partition, str, int]]:
        """Records of this run counted by partition and outcome."""
        rows = self._db.execute(
            "SELECT source, year, month, outcome, count(*) FROM records WHERE record_no > 0 "
            "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        return [(Partition(source, year, month), outcome, count) for source, year, month, outcome, count in rows]


def _key(partition: Partition) -> tuple[str, int, int]:
    return (partition.source, partition.year, partition.month)
