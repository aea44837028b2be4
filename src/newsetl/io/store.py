"""The published datasets: where their files lie, reading them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from newsetl.errors import NewsetlError
from newsetl.io.paths import StorePath, opened
from newsetl.schema import Partition, refuse_other_version, version_of

if TYPE_CHECKING:
    from upath import UPath

PART = "part-0.parquet"
RUNS_FOLDER = "_runs"
PART_NAME = re.compile(rf".*/source=([^/=]+)/year=(\d+)/month=(\d+)/{re.escape(PART)}")
ARROW_ERRORS = (pa.ArrowException, OSError)

P = TypeVar("P", bound=StorePath)


def part_path(root: P, dataset: str, partition: Partition) -> P:
    """Where the file of a partition lies below the root of a store."""
    return root / dataset / partition.path() / PART  # type: ignore[return-value]


def open_part(root: StorePath, path: StorePath) -> pq.ParquetFile:
    """A file of a store, opened. Every file that a run reads is opened here, so that none of another schema is merged.

    Raises:
        SchemaVersionError: It has another schema version.
        NewsetlError: It cannot be read.
    """
    file = find_part(root, path)
    if file is None:
        raise unreadable(path, FileNotFoundError("it is not there"))
    return file


def find_part(root: StorePath, path: StorePath) -> pq.ParquetFile | None:
    """As `open_part`, or None where there is no file. On an object store, asking first would be a request more."""
    try:
        file = pq.ParquetFile(opened(path))
    except FileNotFoundError:
        return None
    except ARROW_ERRORS as error:
        raise unreadable(path, error) from error
    try:
        refuse_other_version(version_of(file.metadata.metadata), root, path)
    except BaseException:
        file.close()
        raise
    return file


def unreadable(path: StorePath, error: Exception) -> NewsetlError:
    """What a user is told of a file that Arrow cannot read."""
    reason = str(error).partition("\n")[0][:200]
    return NewsetlError(
        f"{path} cannot be read ({reason}): move it away, then `newsetl backfill --only missing` makes it anew"
    )


def refuse_other_schema(root: StorePath) -> None:
    """Let a store of this schema version pass; one look at each file of the ledger, which has one in every partition.

    Raises:
        SchemaVersionError: A file has another schema version.
    """
    for partition in published_partitions(root, "records"):
        open_part(root, part_path(root, "records", partition)).close()


def read_batches(
    root: StorePath, dataset: str, partition: Partition, rows: int, columns: list[str] | None = None
) -> Iterator[pa.Table]:
    """The published rows of a partition in their order, at most so many at a time; none when there is no file."""
    file = find_part(root, part_path(root, dataset, partition))
    if file is not None:
        with file:
            # not iter_batches: it takes twice as much memory as a row group (124 MB to 57, of 6 kB an article)
            for number in range(file.num_row_groups):
                group = file.read_row_group(number, columns=columns, use_threads=False)
                for start in range(0, group.num_rows, rows):
                    yield group.slice(start, rows)
                del group


def published_bytes(root: StorePath, dataset: str, partition: Partition) -> int:
    """About how much memory the rows of a partition take."""
    file = find_part(root, part_path(root, dataset, partition))
    if file is None:
        return 0
    with file:
        groups = range(file.num_row_groups)
        return sum(file.metadata.row_group(group).total_byte_size for group in groups)


def published_partitions(root: StorePath, dataset: str) -> list[Partition]:
    """The partitions of a dataset that hold a file, in order."""
    folder = root / dataset
    if not isinstance(folder, Path):
        return sorted(_listed_sizes(folder))
    names = (path.as_posix() for path in folder.glob(f"source=*/year=*/month=*/{PART}"))
    return sorted(partition for partition in map(_partition_of, names) if partition)


def published_sizes(root: StorePath, dataset: str, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The sizes in bytes of some files of a dataset; those that are not there are left out."""
    folder = root / dataset
    if not isinstance(folder, Path):  # one listing, where looking at each file would take a request each
        listed = _listed_sizes(folder)
        return {partition: listed[partition] for partition in partitions if partition in listed}
    paths = {partition: folder / partition.path() / PART for partition in partitions}
    return {partition: path.stat().st_size for partition, path in paths.items() if path.exists()}


def _listed_sizes(folder: "UPath") -> dict[Partition, int]:
    try:
        found = folder.fs.find(folder.path, detail=True)
    except FileNotFoundError:
        return {}
    return {partition: info["size"] for name, info in found.items() if (partition := _partition_of(name))}


def _partition_of(name: str) -> Partition | None:
    match = PART_NAME.fullmatch(name)
    return Partition(match[1], int(match[2]), int(match[3])) if match else None
