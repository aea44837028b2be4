"""What a run must know of the store before it: the published records that share an article or a place with its own.

The ledger of the whole archive is streamed past a filter of fixed size and never held. What remains of it goes into
the run's ledger.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from newsetl.io.history import COMPARED, HISTORY, details, fingerprint
from newsetl.io.ledger import Ledger, Published
from newsetl.io.paths import StorePath
from newsetl.io.staging import Pieces
from newsetl.io.store import published_partitions, read_batches
from newsetl.schema import Partition

# The filter looks at so many hex digits of a hash that about one key of SPARSE passes by chance, but at no more than
# MAX_DIGITS (16 MB of flags; of a million keys one in sixteen). The ledger finds those out.
SPARSE = 256
MAX_DIGITS = 6
# Rows held at a time: some MB of articles, some of hashes.
ARTICLE_ROWS = 500
HASH_ROWS = 10_000

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


class HexFilter:
    """Which of many hex strings may be among those entered. Never misses one; lets some others pass."""

    def __init__(self, keys: Iterable[str], count: int) -> None:
        """Enter keys, of which there are about `count`."""
        self._digits = min(MAX_DIGITS, math.ceil(math.log(max(1, count) * SPARSE, 16)))
        self._flags: Mask = np.zeros(16**self._digits, np.bool_)
        for key in keys:
            self._flags[int(key[: self._digits], 16)] = True

    def passes(self, column: pa.ChunkedArray) -> Mask:
        """For each string of a column, whether it may be there; nulls are not.

        >>> HexFilter(["00ffee01"], 1).passes(pa.chunked_array([["00ffee99", None, "a0000001"]])).tolist()
        [True, False, False]
        """
        heads = pc.binary_slice(column.cast(pa.binary()).combine_chunks(), 0, self._digits)
        told = heads.is_valid().to_numpy(zero_copy_only=False)
        heads = pc.fill_null(heads, b"0" * self._digits)
        if pc.min(pc.binary_length(heads)).as_py() != self._digits:  # no hash: somebody else's file
            return np.ones(len(heads), np.bool_)
        start = heads.offset * self._digits
        digits = np.frombuffer(heads.buffers()[2], np.uint8)[start : start + len(heads) * self._digits]
        values = np.where(digits > ord("9"), digits - ord("a") + 10, digits - ord("0")) & 15
        places = values.reshape(-1, self._digits).astype(np.int64) @ (16 ** np.arange(self._digits)[::-1])
        passed: Mask = np.logical_and(self._flags[places], told)
        return passed


def add_published(ledger: Ledger, root: StorePath) -> None:
    """Enter into an indexed ledger every published record that this run can change."""
    ledger.add_published(_records(ledger, root))
    ledger.mark_read_again()
    articles = HexFilter(ledger.known_articles(), ledger.size())
    for home in published_partitions(root, HISTORY):
        ledger.add_history(home, _history(root, home, articles))
    for partition in ledger.contested_partitions():
        _add_articles(ledger, root, partition)


def _records(ledger: Ledger, root: StorePath) -> Iterator[Published]:
    """Published records that share an article_id or their bytes with a record of this run, and some others."""
    articles = HexFilter((article_id for article_id, _ in ledger.new_keys() if article_id), ledger.size())
    contents = HexFilter((sha256 for _, sha256 in ledger.new_keys()), ledger.size())
    for partition in published_partitions(root, "records"):
        for table in read_batches(root, "records", partition, HASH_ROWS):
            mask = articles.passes(table["article_id"]) | contents.passes(table["raw_sha256"])
            if mask.any():
                for row in table.filter(pa.array(mask)).to_pylist():
                    yield _published(partition, row)


def _published(partition: Partition, row: dict[str, Any], **more: Any) -> Published:
    return Published(
        partition,
        row["raw_uri"],
        row["raw_offset"],
        row["raw_length"],
        row["raw_sha256"],
        row["external_id"],
        row["article_id"],
        row["outcome"],
        **more,
    )


def _history(root: StorePath, home: Partition, articles: HexFilter) -> Iterator[Published]:
    """What is kept of contested articles that the ledger knows, and of some others."""
    for table in read_batches(root, HISTORY, home, HASH_ROWS):
        for row in _with_instants(table.filter(pa.array(articles.passes(table["article_id"]))), "fetched_at"):
            yield _published(
                Partition(row["record_source"], row["record_year"], row["record_month"]),
                row,
                fetched_us=row["fetched_at"],
                fingerprint=row["fingerprint"],
                details=row["details"],
                rank=row["rank"],
            )


def _add_articles(ledger: Ledger, root: StorePath, partition: Partition) -> None:
    """Enter what published winners say that are contested or were read again: hashes, and words that may go away."""
    columns = ["article_id", "fetched_at", *COMPARED]
    for table, wanted in _sought(root, "articles", partition, columns, ledger.contested):
        for row in _with_instants(table, "fetched_at"):
            words = fingerprint(row["title"], row["text"])
            ledger.complete(wanted[row["article_id"]], row["fetched_at"], words, details(row))
            ledger.keep_text(row["article_id"], words, row["title"], row["text"])


def _sought(
    root: StorePath,
    dataset: str,
    partition: Partition,
    columns: list[str],
    seek: Callable[[Partition, str, str], Any],
) -> Iterator[tuple[pa.Table, Any]]:
    """Rows of a partition whose article_id `seek` gives, a few at a time, with what it gave.

    `seek` is asked for the articles of the partition from a first to a last id.
    """
    for table in read_batches(root, dataset, partition, ARTICLE_ROWS, columns):
        ids = table["article_id"]
        wanted = seek(partition, ids[0].as_py(), ids[-1].as_py())
        if wanted:
            yield table.filter(pc.is_in(ids, value_set=pa.array(list(wanted), pa.string()))), wanted


def _with_instants(table: pa.Table, name: str) -> list[dict[str, Any]]:
    """Rows with the instants of a column as microseconds since 1970."""
    position = table.column_names.index(name)
    rows: list[dict[str, Any]] = table.set_column(position, name, table[name].cast(pa.int64())).to_pylist()
    return rows


def add_texts(ledger: Ledger, root: StorePath, staged: StorePath) -> None:
    """Enter into a settled ledger the words of versions that it lacks: from `revisions`, and from what is staged."""
    for partition in ledger.missing_partitions():
        for table, _ in _sought(root, "revisions", partition, ["article_id", "title", "text"], ledger.missing):
            ledger.set_texts(
                (row["title"], row["text"], row["article_id"], fingerprint(row["title"], row["text"]))
                for row in table.to_pylist()
            )
    ledger.set_texts(_staged_texts(ledger, staged))


def _staged_texts(ledger: Ledger, staged: StorePath) -> Iterator[tuple[str | None, str, str, str]]:
    with Pieces(staged) as pieces:
        for (path, number), group in groupby(ledger.missing_staged(), key=itemgetter(0, 1)):
            wanted = {record_no: (article_id, words) for _, _, record_no, article_id, words in group}
            for row in pieces.read(path, number, list(wanted)).select(["record_no", "title", "text"]).to_pylist():
                yield row["title"], row["text"], *wanted[row["record_no"]]
