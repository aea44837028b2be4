"""Rows of one batch on their way to the store: Arrow IPC files, one a dataset, private to a run.

Each record batch in such a file holds rows of one partition, led by a column `record_no` that tells which input
record a row comes from: two records may give the same article, and only one of them is published.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from newsetl.io.history import COMPARED, EPOCH, details, fingerprint
from newsetl.io.ledger import Key, Ledger, Piece
from newsetl.io.paths import StorePath, opened
from newsetl.records import Article, Reject
from newsetl.rows import article_rows, partition_of, reject_partition, to_batch
from newsetl.schema import SCHEMAS, Partition

ARTICLE_DATASETS = ("articles", "paragraphs", "sentences", "quotes")
RECORD_NO = pa.field("record_no", pa.int64(), nullable=False)
STAGED = {name: pa.schema([RECORD_NO, *SCHEMAS[name]]) for name in ARTICLE_DATASETS}
MICROSECOND = timedelta(microseconds=1)

# Rows are held in memory until so much text has come together: large enough for Arrow to be efficient, small beside
# the tables of rules that each worker holds anyway.
FLUSH_CHARS = 4_000_000
ROW_CHARS = 1_000  # what a record costs beside its text
IPC_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


def article_key(record_no: int, article: Article) -> Key:
    """The ledger's view of a record that gave an article."""
    meta, text = article.metadata, article.document.text
    compared = {name: getattr(meta, name) for name in COMPARED if name != "text"}
    return Key(
        record_no=record_no,
        partition=partition_of(article),
        uri=article.place.uri,
        offset=article.place.offset,
        length=article.place.length,
        sha256=article.place.sha256,
        external_id=article.external_id,
        article_id=article.article_id,
        fetched_us=(meta.fetched_at - EPOCH) // MICROSECOND if meta.fetched_at else None,
        fingerprint=fingerprint(meta.title, text),
        details=details({**compared, "text": text}),
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
        details=None,
        outcome="rejected",
    )


class StagingWriter:
    """Writes the rows of one batch, and its share of the ledger. Use it as a context manager.

    All that it writes begins with its name: `NAME.sqlite`, the batch's own ledger, and `NAME-DATASET.arrow`.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = name
        self._ledger = Ledger(folder / f"{name}.sqlite", create=True)
        self._writers: dict[str, pa.ipc.RecordBatchFileWriter] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._rows: dict[tuple[str, Partition], list[tuple[Any, ...]]] = defaultdict(list)
        self._keys: list[Key] = []
        self._rejects: list[tuple[int, str, str, str]] = []
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
        """Stage the row of a reject. Such rows are short: they travel in the ledger."""
        self._rejects.append((record_no, reject.stage, reject.reason, reject.detail))
        self._keys.append(reject_key(record_no, reject))
        self._grow(len(reject.detail))

    def _grow(self, chars: int) -> None:
        self._chars += chars + ROW_CHARS
        if self._chars >= FLUSH_CHARS:
            self._flush()

    def _flush(self) -> None:
        for (dataset, partition), rows in self._rows.items():
            self._write(dataset, partition, to_batch(STAGED[dataset], rows))
        self._ledger.add_keys(self._keys)
        self._ledger.add_rejects(self._rejects)
        self._rows.clear()
        self._keys.clear()
        self._rejects.clear()
        self._chars = 0

    def _write(self, dataset: str, partition: Partition, batch: pa.RecordBatch) -> None:
        path = f"{self._name}-{dataset}.arrow"
        if dataset not in self._writers:
            target = str(self._folder / path)
            self._writers[dataset] = pa.ipc.new_file(target, batch.schema, options=IPC_OPTIONS)
        self._writers[dataset].write_batch(batch)
        numbers = batch["record_no"]  # rows are staged in the order of their records
        span = numbers[0].as_py(), numbers[-1].as_py()
        self._ledger.add_pieces([Piece(dataset, partition, path, self._counts[dataset], *span, batch.nbytes)])
        self._counts[dataset] += 1


class Pieces:
    """Reads the pieces that lie staged in a folder; keeps one file open at a time. Use it as a context manager."""

    def __init__(self, folder: StorePath) -> None:
        self._folder = folder
        self._path = ""
        self._open = ExitStack()
        self._reader: pa.ipc.RecordBatchFileReader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, path: str, number: int, record_nos: Sequence[int]) -> pa.Table:
        """The rows of a piece that come from the records wanted, led by `record_no`."""
        if self._reader is None or path != self._path:
            self._open.close()
            self._reader = pa.ipc.open_file(self._open.enter_context(_source(self._folder / path)))
            self._path = path
        table = pa.Table.from_batches([self._reader.get_batch(number)])
        return table.filter(pc.is_in(table["record_no"], value_set=pa.array(record_nos, pa.int64())))


def _source(path: StorePath) -> Any:
    """A staged file as Arrow reads it. Not a memory map: its pages would count as this process's memory."""
    return pa.OSFile(str(path)) if isinstance(path, Path) else opened(path)
