"""What a publication is, wherever the store lies: the names that it uses, and which files change."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from newsetl.errors import NewsetlError
from newsetl.io.merge import Merged
from newsetl.io.paths import StorePath, opened
from newsetl.io.store import part_path, published_sizes
from newsetl.schema import DATASETS, SCHEMA_VERSION, UNKNOWN_SOURCE, Partition, version_of

STAGING = "_staging-"
JOURNAL = "_journal.json"
# A dataset without rows is one file without rows, here, so that any reader finds its columns.
PLACEHOLDER = Partition(UNKNOWN_SOURCE, 0, 0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A publication that lies ready.

    Attributes:
        name: Its own.
        staging: The run's folder, on a disk.
        datasets: Those that change. In a directory: with the mark that each has now.
        written: Files that are new, replaced or removed.
        unchanged: Files that are as they were.
        put, gone: In an object store: the objects to put in place and to take away, below the root.
    """

    name: str
    staging: Path
    datasets: dict[str, str | None]
    written: int
    unchanged: int
    put: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(slots=True)
class Change:
    """What becomes of the files of one dataset."""

    dataset: str
    new: set[Partition] = field(default_factory=set)
    gone: set[Partition] = field(default_factory=set)
    same: int = 0


Held = Callable[[], None]


def still_held() -> None:
    """The check of a lock that cannot be lost."""


def find_changes(root: StorePath, merged: list[Merged]) -> list[Change]:
    """Which files are new or go away, for all datasets: the public ones and those that merging keeps."""
    datasets = dict.fromkeys([*DATASETS, *(name for m in merged for name in m.rows)])
    return [_change(root, dataset, merged) for dataset in datasets]


def _change(root: StorePath, dataset: str, merged: list[Merged]) -> Change:
    change = Change(dataset)
    sizes = published_sizes(root, dataset, [m.partition for m in merged])
    for m in merged:
        if not m.rows.get(dataset):
            old = part_path(root, dataset, m.partition)
            if m.partition in sizes and not (m.partition == PLACEHOLDER and is_placeholder(old)):
                change.gone.add(m.partition)
        elif dataset in m.same:
            change.same += 1
        else:
            change.new.add(m.partition)
    return change


def is_placeholder(path: StorePath) -> bool:
    """True for a file without rows, of this schema version."""
    with pq.ParquetFile(opened(path)) as file:
        return file.metadata.num_rows == 0 and version_of(file.metadata.metadata) == SCHEMA_VERSION


def has_no_rows(path: StorePath) -> bool:
    """True for a file without rows, of any schema version."""
    with pq.ParquetFile(opened(path)) as file:
        return bool(file.metadata.num_rows == 0)


def read_journal(path: StorePath) -> dict[str, Any]:
    """The journal of a publication that is decided.

    Raises:
        NewsetlError: It is damaged.
    """
    try:
        journal: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise NewsetlError(f"{path}: a damaged journal ({error}): see docs/decisions.md, Publication") from error
    return journal
