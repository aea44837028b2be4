"""Merging a run into what is published: who wins each article, and the new files of the partitions that change.

A partition of a dataset is one file, `part-0.parquet`, sorted by its key columns and written by one writer whose row
groups are cut by the number of rows, so that the same records give the same bytes. New files are written beside the
store and checked.

A partition may be larger than memory: the large datasets are merged by ranges of article_id, the others row by row.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newsetl.errors import ConservationError
from newsetl.io.changes import Changes
from newsetl.io.disk import open_output
from newsetl.io.history import HISTORY, HISTORY_SCHEMA
from newsetl.io.ledger import Ledger
from newsetl.io.paths import StorePath, same_bytes
from newsetl.io.published import add_published, add_texts
from newsetl.io.ranges import PublishedRows, ranges_of, sort_into_ranges
from newsetl.io.site import Site
from newsetl.io.staging import ARTICLE_DATASETS, Pieces
from newsetl.io.store import part_path, published_bytes, read_batches
from newsetl.rows import to_batch
from newsetl.schema import SCHEMAS, Partition

PLACE = ["raw_uri", "raw_offset", "raw_sha256"]
SORT_KEYS = {
    "articles": ["article_id"],
    "paragraphs": ["article_id", "paragraph_index"],
    "sentences": ["article_id", "sentence_index"],
    "quotes": ["article_id", "quote_index"],
    "revisions": ["article_id", "version"],
    "rejects": PLACE,
    "records": PLACE,
}
WRITTEN = {**SCHEMAS, HISTORY: HISTORY_SCHEMA}
# Rows of a row group: readers skip whole groups by their statistics; groups of some MB compress well.
ROW_GROUP = {"articles": 2_000, "revisions": 2_000}
ROW_GROUP_DEFAULT = 20_000
# Published rows read at a time: some MB.
ARTICLE_ROWS = 1_000
PLACE_ROWS = 5_000

Row = tuple[Any, ...]


def settle(ledger: Ledger, root: StorePath, staged: StorePath, read: dict[int, int]) -> None:
    """Settle the ledger of a run against what is published, and hold the conservation law.

    Args:
        ledger: Filled with the keys and pieces of this run.
        root: The store.
        staged: Where the batches have left their rows.
        read: Records read by each batch.

    Raises:
        ConservationError: A record is missing or counted twice, or the words of an earlier version are nowhere.
    """
    ledger.index()
    add_published(ledger, root)
    ledger.settle()
    add_texts(ledger, root, staged)
    ledger.check(read)


@dataclass(frozen=True, slots=True)
class Merged:
    """A partition whose new files lie ready.

    Attributes:
        rows: By dataset; 0: the dataset's file goes away.
        same: Datasets whose new file is, to the byte, the published one.
    """

    partition: Partition
    rows: dict[str, int]
    same: frozenset[str] = frozenset()


def merge_partition(ledger_path: Path, site: Site, partition: Partition) -> Merged:
    """Write the new files of a partition below `site.staging`: what stays of the old rows, and what the run adds.

    Raises:
        ConservationError: The files would not hold what the ledger says.
    """
    outcomes: Counter[str] = Counter()
    with Changes(ledger_path, partition) as changes:
        this = _Merge(changes, site, partition)
        rows = {dataset: this.write(dataset, this.by_range(dataset)) for dataset in ARTICLE_DATASETS}
        rows |= {dataset: this.write(dataset, this.by_row(dataset, outcomes)) for dataset in ROW_WISE}
    if (rows["articles"], rows["rejects"]) != (outcomes["article"], outcomes["rejected"]):
        raise ConservationError(
            f"{partition.path()}: the ledger has {outcomes['article']} articles and {outcomes['rejected']} rejects, "
            f"the tables {rows['articles']} and {rows['rejects']}"
        )
    return Merged(partition, rows, frozenset(dataset for dataset in rows if rows[dataset] and this.is_same(dataset)))


@dataclass(frozen=True, slots=True)
class _Merge:
    """One partition being merged."""

    changes: Changes
    site: Site
    partition: Partition

    def write(self, dataset: str, tables: Iterable[pa.Table]) -> int:
        """Write the file of a dataset and have it on the disk; none when there are no rows. Gives their number."""
        rows = write_rows(part_path(self.site.staging, dataset, self.partition), dataset, tables)
        pa.default_memory_pool().release_unused()  # else what one dataset took adds to what the next one takes
        return rows

    def is_same(self, dataset: str) -> bool:
        """True when the new file of a dataset is, to the byte, the published one."""
        old = part_path(self.site.root, dataset, self.partition)
        new = part_path(self.site.staging, dataset, self.partition)
        try:
            return old.stat().st_size == new.stat().st_size and same_bytes(new, old)
        except FileNotFoundError:
            return False

    def by_range(self, dataset: str) -> Iterator[pa.Table]:
        """The rows of a large dataset in order, a range of article_ids at a time.

        Raises:
            ConservationError: An article stands there twice.
        """
        pieces = self.changes.pieces(dataset)
        size_bytes = published_bytes(self.site.root, dataset, self.partition) + sum(piece[-1] for piece in pieces)
        bounds = ranges_of(size_bytes)
        old = PublishedRows(read_batches(self.site.root, dataset, self.partition, ARTICLE_ROWS))
        spill = part_path(self.site.staging, dataset, self.partition).with_suffix(".spill")
        first = ""
        for last, new in zip(bounds, sort_into_ranges(self._staged(pieces), bounds, spill), strict=True):
            gone = pa.array(self.changes.gone(first, last), pa.string())
            kept = (t.filter(pc.invert(pc.is_in(t["article_id"], value_set=gone))) for t in old.below(last))
            table = _sorted(dataset, [*kept, *new])
            ids = table["article_id"]
            if dataset == "articles" and pc.count_distinct(ids).as_py() != len(ids):
                raise ConservationError(f"{self.partition.path()}: an article stands there twice")
            yield table
            del table, ids  # not held while the next range is put together
            first = last

    def _staged(self, pieces: list[tuple[str, int, int, int, int]]) -> Iterator[pa.Table]:
        """What this run publishes here, in no order."""
        with Pieces(self.site.shared) as reader:
            for path, number, first, last, _ in pieces:
                table = reader.read(path, number, self.changes.winners(first, last))
                if table.num_rows:
                    yield table.drop_columns(["record_no"])

    def by_row(self, dataset: str, outcomes: Counter[str]) -> Iterator[pa.Table]:
        """The rows of a small dataset in order. Counts the outcomes in `records`."""
        order = ROW_WISE[dataset]
        known = map(order.known_key, order.known(self.changes))
        old = _without(_rows(read_batches(self.site.root, dataset, self.partition, PLACE_ROWS)), known, order.key)
        rows: Iterator[Row] = heapq.merge(old, order.new(self.changes), key=order.key)
        if order.has_ties:
            rows = _without_ties(rows, order.key)
        while share := list(islice(rows, PLACE_ROWS)):
            if dataset == "records":
                outcomes.update(row[-1] for row in share)
            yield pa.Table.from_batches([to_batch(WRITTEN[dataset], share)])


# --- by range -------------------------------------------------------------------------------------------------------


def _sorted(dataset: str, tables: list[pa.Table]) -> pa.Table:
    schema = SCHEMAS[dataset]
    table = pa.concat_tables([t.cast(schema) for t in tables if t.num_rows] or [schema.empty_table()])
    return table.sort_by([(name, "ascending") for name in SORT_KEYS[dataset]])


# --- by row ---------------------------------------------------------------------------------------------------------


def _place(uri: str, offset: int | None, sha256: str) -> tuple[str, bool, int, str]:
    """A place as a key that sorts as Arrow does: nulls last."""
    return (uri, offset is None, offset or 0, sha256)


@dataclass(frozen=True, slots=True)
class _Order:
    """How a small dataset is merged: rows in the order of `key`; published ones that are `known` give way to `new`."""

    key: Callable[[Row], Any]
    known: Callable[[Changes], Iterator[Row]]
    known_key: Callable[[Row], Any]
    new: Callable[[Changes], Iterator[Row]]
    has_ties: bool = False  # rows of equal key come in any order


def _first(row: Row) -> Any:
    return row[0]


ROW_WISE = {
    "revisions": _Order(_first, Changes.rewritten, _first, Changes.revisions),
    HISTORY: _Order(_first, Changes.rewritten, _first, Changes.history),
    "records": _Order(
        lambda row: _place(row[0], row[1], row[3]),
        Changes.known_places,
        lambda place: _place(*place),
        Changes.records,
        has_ties=True,
    ),
    "rejects": _Order(
        lambda row: _place(*row[:3]), Changes.known_places, lambda place: _place(*place), Changes.rejects, has_ties=True
    ),
}


def _rows(tables: Iterator[pa.Table]) -> Iterator[Row]:
    for table in tables:
        yield from zip(*(column.to_pylist() for column in table.columns), strict=True)


def _without(rows: Iterator[Row], known: Iterator[Any], key: Callable[[Row], Any]) -> Iterator[Row]:
    """The rows whose key is not known; both come in order."""
    head = next(known, None)
    for row in rows:
        at = key(row)
        while head is not None and head < at:
            head = next(known, None)
        if head != at:
            yield row


def _without_ties(rows: Iterator[Row], key: Callable[[Row], Any]) -> Iterator[Row]:
    """Rows of equal key in an order of their own."""
    for _, group in groupby(rows, key=key):
        yield from sorted(group, key=repr)


# --- files ----------------------------------------------------------------------------------------------------------


def write_rows(path: Path, dataset: str, tables: Iterable[pa.Table]) -> int:
    """Write the file of a partition and have it on the disk; none when there are no rows. Gives their number."""
    rows = 0
    with ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for group in _row_groups(tables, ROW_GROUP.get(dataset, ROW_GROUP_DEFAULT)):
            if writer is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                handle = stack.enter_context(open_output(path))
                writer = stack.enter_context(pq.ParquetWriter(handle, WRITTEN[dataset], compression="zstd"))
            writer.write_table(group, row_group_size=group.num_rows)
            rows += group.num_rows
    return rows


def _row_groups(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows, cut by their number alone: how they came does not show in the file."""
    waiting: list[pa.Table] = []
    count = 0
    for table in tables:
        waiting.append(table)
        count += table.num_rows
        if count >= rows:
            whole = pa.concat_tables(waiting)
            del table
            waiting.clear()
            for start in range(0, count - rows + 1, rows):
                yield whole.slice(start, rows).combine_chunks()
            waiting, count = [whole.slice(count - count % rows)], count % rows
            del whole
    if count:
        yield pa.concat_tables(waiting).combine_chunks()


def write_part(table: pa.Table, path: Path, dataset: str) -> None:
    """Write the file of a partition, though it may have no rows, and have it on the disk."""
    table = table.replace_schema_metadata(WRITTEN[dataset].metadata)
    with open_output(path) as handle:
        pq.write_table(table, handle, compression="zstd")
