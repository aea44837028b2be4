"""Merging a run into what is published: who wins each article, and the new files of the partitions that change.

A partition of a dataset is one file, `part-0.parquet`, sorted by its key columns and written by one writer, so that
the same records give the same bytes. New files are written beside the store and checked.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newsetl.errors import ConservationError
from newsetl.io.ledger import Key, Ledger
from newsetl.io.staging import ARTICLE_DATASETS, fingerprint, read_pieces
from newsetl.io.store import part_path, published_partitions, read_part
from newsetl.schema import SCHEMAS, Partition, to_batch

PLACE = ["raw_uri", "raw_offset", "raw_sha256"]
SORT_KEYS = {
    "articles": ["article_id"],
    "paragraphs": ["article_id", "paragraph_index"],
    "sentences": ["article_id", "sentence_index"],
    "quotes": ["article_id", "quote_index"],
    "rejects": PLACE,
    "records": PLACE,
}
# Rows of a row group: readers skip whole groups by their statistics; groups of some MB compress well.
ROW_GROUP = {"articles": 5_000}
ROW_GROUP_DEFAULT = 50_000


def published_keys(root: Path) -> Iterator[Key]:
    """The ledger of what was published before, numbered -1, -2, … in the order of the partitions."""
    number = 0
    for partition in published_partitions(root, "records"):
        articles = read_part(root, "articles", partition, ["article_id", "fetched_at"])
        instants = articles["fetched_at"].cast(pa.int64()).to_pylist()
        fetched = dict(zip(articles["article_id"].to_pylist(), instants, strict=True))
        for row in read_part(root, "records", partition).to_pylist():
            number -= 1
            article_id = row["article_id"]
            yield Key(
                record_no=number,
                partition=partition,
                uri=row["raw_uri"],
                offset=row["raw_offset"],
                length=row["raw_length"],
                sha256=row["raw_sha256"],
                external_id=row["external_id"],
                article_id=article_id,
                fetched_us=fetched.get(article_id) if row["outcome"] == "article" else None,
                fingerprint=None,
                outcome=row["outcome"],
            )


def settle(ledger: Ledger, root: Path, read: dict[int, int]) -> None:
    """Settle the ledger of a run against what is published, and hold the conservation law.

    Args:
        ledger: Filled with the keys and pieces of this run.
        root: The store.
        read: Records read by each batch.

    Raises:
        ConservationError: A record is missing or counted twice.
    """
    ledger.add_keys(published_keys(root))
    ledger.index()
    ledger.drop_read_again()
    ledger.set_fingerprints(_published_fingerprints(ledger, root))
    ledger.settle()
    ledger.check(read)


def _published_fingerprints(ledger: Ledger, root: Path) -> Iterator[tuple[str, int]]:
    """Fingerprints of published articles that a record of this run contests, a partition at a time."""
    by_partition: dict[Partition, dict[str, int]] = {}
    for record_no, article_id, partition in ledger.contested():
        by_partition.setdefault(partition, {})[article_id] = record_no
    for partition, wanted in by_partition.items():
        table = read_part(root, "articles", partition, ["article_id", "title", "text"])
        for row in table.filter(pc.is_in(table["article_id"], value_set=pa.array(wanted, pa.string()))).to_pylist():
            yield fingerprint(row["title"], row["text"]), wanted[row["article_id"]]


@dataclass(frozen=True, slots=True)
class Merged:
    """A partition whose new files lie ready: rows by dataset (0: the dataset's file goes away)."""

    partition: Partition
    rows: dict[str, int]


def merge_partition(ledger_path: Path, root: Path, staging: Path, partition: Partition) -> Merged:
    """Write the new files of a partition below `staging`: what stays of the old rows, and what the run adds.

    Raises:
        ConservationError: The tables do not hold what the ledger says.
    """
    ledger = Ledger(ledger_path)
    try:
        tables = {name: _article_rows(ledger, root, partition, name) for name in ARTICLE_DATASETS}
        tables["records"] = _record_rows(ledger, partition)
        tables["rejects"] = _reject_rows(ledger, root, partition, tables["records"])
    finally:
        ledger.close()
    _check(partition, tables)
    for name, table in tables.items():
        if table.num_rows:
            path = part_path(staging, name, partition)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_part(table, path, name)
    return Merged(partition, {name: table.num_rows for name, table in tables.items()})


def _article_rows(ledger: Ledger, root: Path, partition: Partition, dataset: str) -> pa.Table:
    old = read_part(root, dataset, partition)
    stays = pa.array(ledger.kept_articles(partition), pa.string())
    new = read_pieces(dataset, ledger.pieces(partition, dataset), ledger.record_nos(partition, "article"))
    return _sorted(dataset, [old.filter(pc.is_in(old["article_id"], value_set=stays)), *new])


def _reject_rows(ledger: Ledger, root: Path, partition: Partition, records: pa.Table) -> pa.Table:
    new = list(read_pieces("rejects", ledger.pieces(partition, "rejects"), ledger.record_nos(partition, "rejected")))
    old = read_part(root, "rejects", partition)
    if old.num_rows:
        # an old reject stays while the ledger still lists its place, unless this run read the place again
        listed = set(_places(records)) - {place for table in new for place in _places(table)}
        old = old.filter(pa.array([place in listed for place in _places(old)], pa.bool_()))
    return _sorted("rejects", [old, *new])


def _record_rows(ledger: Ledger, partition: Partition) -> pa.Table:
    return _sorted("records", [pa.Table.from_batches([to_batch("records", ledger.rows(partition))])])


def _places(table: pa.Table) -> list[tuple[str, int | None, str]]:
    return list(zip(*(table[name].to_pylist() for name in PLACE), strict=True))


def _sorted(dataset: str, tables: list[pa.Table]) -> pa.Table:
    schema = SCHEMAS[dataset]
    table = pa.concat_tables([t.cast(schema) for t in tables if t.num_rows] or [schema.empty_table()])
    keys = [(name, "ascending") for name in SORT_KEYS[dataset]]
    return table.sort_by(keys).combine_chunks()


def _check(partition: Partition, tables: dict[str, pa.Table]) -> None:
    """The conservation law of one partition: its tables hold what its ledger says."""
    outcomes = {row["values"]: row["counts"] for row in tables["records"]["outcome"].value_counts().to_pylist()}
    ids = tables["articles"]["article_id"]
    articles, rejects = outcomes.get("article", 0), outcomes.get("rejected", 0)
    if len(ids) != articles or pc.count_distinct(ids).as_py() != articles or tables["rejects"].num_rows != rejects:
        raise ConservationError(
            f"{partition.path()}: the ledger has {articles} articles and {rejects} rejects, "
            f"the tables {len(ids)} and {tables['rejects'].num_rows}"
        )


def write_part(table: pa.Table, path: Path, dataset: str) -> None:
    """Write the file of a partition and have it on the disk."""
    table = table.replace_schema_metadata(SCHEMAS[dataset].metadata)
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP.get(dataset, ROW_GROUP_DEFAULT))
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
