"""The published datasets: reading what is there, merging a run into it, putting the result in place.

A partition of a dataset is one file, `part-0.parquet`, sorted by its key columns and written by one writer, so that
the same records give the same bytes. New files are written beside the store and checked; only then do they replace the
old ones, each by one rename.
"""

import contextlib
import fcntl
import filecmp
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newsetl.errors import ConservationError, NewsetlError
from newsetl.io.ledger import Key, Ledger
from newsetl.io.staging import ARTICLE_DATASETS, fingerprint, read_pieces
from newsetl.schema import DATASETS, SCHEMAS, UNKNOWN_SOURCE, Partition, to_batch

PART = "part-0.parquet"
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
RUNS_FOLDER = "_runs"
LOCK_FILE = "_lock"


def part_path(root: Path, dataset: str, partition: Partition) -> Path:
    """Where the file of a partition lies below the root of a store."""
    return root / dataset / partition.path() / PART


def read_part(root: Path, dataset: str, partition: Partition, columns: list[str] | None = None) -> pa.Table:
    """The published rows of a partition; none when there is no file."""
    path = part_path(root, dataset, partition)
    if not path.exists():
        return SCHEMAS[dataset].empty_table() if columns is None else SCHEMAS[dataset].empty_table().select(columns)
    return pq.ParquetFile(path).read(columns=columns)


def published_partitions(root: Path, dataset: str) -> list[Partition]:
    """The partitions of a dataset that hold a file, in order."""
    found = []
    for path in (root / dataset).glob(f"source=*/year=*/month=*/{PART}"):
        source, year, month = (part.split("=", 1)[1] for part in path.parts[-4:-1])
        found.append(Partition(source, int(year), int(month)))
    return sorted(found)


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the store's lock, so that two runs cannot publish into it at once.

    The lock belongs to the open file and ends with the process, so none is ever stale.

    Raises:
        NewsetlError: Another process holds it.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK_FILE).open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NewsetlError(f"{root}: another run is writing here; wait for it or choose another --out") from error
        yield


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
            _write(table, path, name)
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


def _write(table: pa.Table, path: Path, dataset: str) -> None:
    table = table.replace_schema_metadata(SCHEMAS[dataset].metadata)
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP.get(dataset, ROW_GROUP_DEFAULT))
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def install(root: Path, staging: Path, merged: list[Merged]) -> tuple[int, int]:
    """Put merged partitions in place; files that would not change keep their bytes and times.

    Returns:
        How many files were written (or removed), and how many were unchanged.
    """
    written = unchanged = 0
    for partition, dataset in ((m.partition, name) for m in merged for name in DATASETS):
        new, old = part_path(staging, dataset, partition), part_path(root, dataset, partition)
        if not new.exists():
            if old.exists():
                old.unlink()
                _prune(old.parent, root)
                written += 1
        elif old.exists() and filecmp.cmp(new, old, shallow=False):
            unchanged += 1
        else:
            old.parent.mkdir(parents=True, exist_ok=True)
            new.replace(old)
            _sync_folder(old.parent)
            written += 1
    for dataset in DATASETS:
        _keep_readable(root, dataset)
    return written, unchanged


def _keep_readable(root: Path, dataset: str) -> None:
    """A dataset without rows is one file without rows, so that any reader finds its columns."""
    placeholder = part_path(root, dataset, Partition(UNKNOWN_SOURCE, 0, 0))
    others = any(path != placeholder for path in (root / dataset).glob(f"source=*/year=*/month=*/{PART}"))
    if not others and not placeholder.exists():
        placeholder.parent.mkdir(parents=True, exist_ok=True)
        _write(SCHEMAS[dataset].empty_table(), placeholder, dataset)
    elif others and placeholder.exists() and pq.ParquetFile(placeholder).metadata.num_rows == 0:
        placeholder.unlink()
        _prune(placeholder.parent, root)


def _prune(folder: Path, root: Path) -> None:
    """Remove folders that became empty, up to the root."""
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_staging(root: Path) -> None:
    """Remove what earlier runs that were killed left behind. Call it with the lock held."""
    for folder in root.glob("_staging-*"):
        shutil.rmtree(folder, ignore_errors=True)
