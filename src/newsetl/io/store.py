"""The published datasets: where their files lie, reading them, the lock on a store."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from newsetl.errors import NewsetlError
from newsetl.schema import SCHEMAS, Partition

PART = "part-0.parquet"
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
