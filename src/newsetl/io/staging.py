"""Rows of one batch on their way to the store: Arrow IPC files, one a dataset, private to a run.

Each record batch in such a file holds rows of one partition, led by a column `record_no` that tells which input
record a row comes from: two records may give the same article, and only one of them is published.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from newsetl.io.ledger import Key, Ledger, Piece
from newsetl.records import Article, Reject
from newsetl.schema import SCHEMAS, Partition, article_rows, partition_of, reject_partition, reject_row

ARTICLE_DATASETS = ("articles", "paragraphs", "sentences", "quotes")
RECORD_NO = pa.field("record_no", pa.int64(), nullable=False)
STAGED = {name: pa.schema([RECORD_NO, *SCHEMAS[name]]) for name in (*ARTICLE_DATASETS, "rejects")}

# Rows are held in memory until so much text has come together: large enough for Arrow to be efficient, small beside
# the tables of rules that each worker holds anyway.
FLUSH_CHARS = 4_000_000
ROW_CHARS = 1_000  # what a record costs beside its text
IPC_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


def fingerprint(title: str | None, text: str) -> str:
    """A key that is equal when title and text are equal: 32 hex digits.

    >>> fingerprint(None, "نص") == fingerprint("", "نص")
    True
    """
    return hashlib.sha256(f"{title or ''}\n{text}".encode()).hexdigest()[:32]


def article_key(record_no: int, article: Article) -> Key:
    """The ledger's view of a record that gave an article."""
    fetched = article.metadata.fetched_at
    return Key(
        record_no=record_no,
        partition=partition_of(article),
        uri=article.place.uri,
        offset=article.place.offset,
        length=article.place.length,
        sha256=article.place.sha256,
        external_id=article.external_id,
        article_id=article.article_id,
        fetched_us=round(fetched.timestamp() * 1_000_000) if fetched else None,
        fingerprint=fingerprint(article.metadata.title, article.document.text),
        outcome="article",
    )


def reject_key(record_no: int, reject: Reject) -> Key:
    """The ledger's view of a record that gave none."""
    place = reject.place
    return Key(
        record_no=record_no,
        partition=reject_partition(reject),
        uri=place.uri,
        offset=place.offset,
        length=place.length,
        sha256=place.sha256,
        external_id=reject.external_id,
        article_id=None,
        fetched_us=None,
        fingerprint=None,
        outcome="rejected",
    )


class StagingWriter:
    """Writes the rows of one batch, and its share of the ledger. Use it as a context manager.

    Attributes:
        ledger_path: The batch's own ledger, for `Ledger.absorb`.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ledger_path = folder / f"{name}.sqlite"
        self._prefix = str(folder / name)
        self._ledger = Ledger(self.ledger_path, create=True)
        self._writers: dict[str, pa.ipc.RecordBatchFileWriter] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._rows: dict[tuple[str, Partition], list[tuple[Any, ...]]] = defaultdict(list)
        self._keys: list[Key] = []
        self._chars = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._flush()
        for writer in self._writers.values():
            writer.close()
        self._ledger.close()

    def add_article(self, record_no: int, article: Article) -> None:
        """Stage the rows of an article."""
        partition = partition_of(article)
        for dataset, rows in article_rows(article).items():
            if rows:
                self._rows[dataset, partition].extend((record_no, *row) for row in rows)
        self._keys.append(article_key(record_no, article))
        self._grow(len(article.document.text))

    def add_reject(self, record_no: int, reject: Reject) -> None:
        """Stage the row of a reject."""
        self._rows["rejects", reject_partition(reject)].append((record_no, *reject_row(reject)))
        self._keys.append(reject_key(record_no, reject))
        self._grow(len(reject.detail))

    def _grow(self, chars: int) -> None:
        self._chars += chars + ROW_CHARS
        if self._chars >= FLUSH_CHARS:
            self._flush()

    def _flush(self) -> None:
        for (dataset, partition), rows in self._rows.items():
            schema = STAGED[dataset]
            columns = [
                pa.array(list(values), type=field.type)
                for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            self._write(dataset, partition, pa.record_batch(columns, schema=schema))
        self._ledger.add_keys(self._keys)
        self._rows.clear()
        self._keys.clear()
        self._chars = 0

    def _write(self, dataset: str, partition: Partition, batch: pa.RecordBatch) -> None:
        path = f"{self._prefix}-{dataset}.arrow"
        if dataset not in self._writers:
            self._writers[dataset] = pa.ipc.new_file(path, batch.schema, options=IPC_OPTIONS)
        self._writers[dataset].write_batch(batch)
        self._ledger.add_pieces([Piece(dataset, partition, path, self._counts[dataset])])
        self._counts[dataset] += 1


def read_pieces(dataset: str, pieces: list[tuple[str, int]], record_nos: list[int]) -> Iterator[pa.Table]:
    """The rows of staged pieces (path, number) that come from the records wanted, without `record_no`."""
    wanted = pa.array(record_nos, pa.int64())
    opened: dict[str, pa.ipc.RecordBatchFileReader] = {}
    for path, number in pieces:
        if path not in opened:
            opened[path] = pa.ipc.open_file(pa.memory_map(path))
        table = pa.Table.from_batches([opened[path].get_batch(number)])
        rows = table.filter(pc.is_in(table["record_no"], value_set=wanted))
        yield rows.drop_columns(["record_no"]).cast(SCHEMAS[dataset])
