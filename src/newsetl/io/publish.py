"""Putting merged partitions in place of the published ones, so that a reader finds each dataset old or new.

A publication builds the whole next tree of each dataset that changes, below its staging folder: links to the files that
stay, and the new ones. When all of that is on the disk it writes a journal, and from then on it is decided: each
dataset's folder is exchanged with its next tree in one system call, by this run or, when this one dies, by the next.
docs/decisions.md, "Publication", says what holds where.

    _staging-ID/articles/source=…/…/part-0.parquet   new files, from `merge`
    _staging-ID/next/articles/…                      the next tree; after the exchange the old one
    _staging-ID/_journal.json                        the publication is decided
    articles/_publication-…/                         an empty folder: which publication built this tree
"""

import contextlib
import filecmp
import json
import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from newsetl.errors import NewsetlError
from newsetl.io import disk
from newsetl.io.merge import Merged, write_part
from newsetl.io.store import PART, RUNS_FOLDER, part_path, published_partitions
from newsetl.schema import DATASETS, SCHEMAS, UNKNOWN_SOURCE, Partition

STAGING = "_staging-"
NEXT = "next"
JOURNAL = "_journal.json"
MARK = "_publication-"
# Beside the files themselves: the ledger, the journal, what others write meanwhile.
RESERVE_BYTES = 64 * 1024**2
FOLDER_BYTES = 4096  # what a folder takes on most file systems
FOLDERS_A_FILE = 2  # a month's, and its share of the years' and sources'
PLACEHOLDER = Partition(UNKNOWN_SOURCE, 0, 0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A publication whose next trees lie ready. `datasets` maps those that change to the mark they have now."""

    name: str
    staging: Path
    datasets: dict[str, str | None]
    written: int  # files that are new, replaced or removed
    unchanged: int


@dataclass(slots=True)
class _Change:
    """What becomes of the files of one dataset."""

    dataset: str
    new: set[Partition] = field(default_factory=set)
    gone: set[Partition] = field(default_factory=set)
    same: int = 0


def install(root: Path, staging: Path, merged: list[Merged]) -> tuple[int, int]:
    """Put merged partitions in place; datasets in which no file changes are not touched at all.

    Returns:
        How many files were written (or removed), and how many were unchanged.

    Raises:
        OSError: The disk failed; `failure` says what that means.
    """
    prepared = prepare(root, staging, merged)
    commit(root, prepared)
    return prepared.written, prepared.unchanged


def prepare(root: Path, staging: Path, merged: list[Merged]) -> Prepared:
    """Build the next tree of each dataset that changes. Readers see nothing of it; a crash undoes it.

    Args:
        root: The store, locked.
        staging: A folder in it whose name begins with `_staging-`; new files lie at `part_path(staging, …)`.
        merged: The partitions to put in place: a dataset's file goes away where it has 0 rows.
    """
    name = uuid.uuid4().hex
    changes = [_change(root, staging, dataset, merged) for dataset in _datasets(merged)]
    changed = [c for c in changes if c.new or c.gone or not (root / c.dataset).is_dir()]
    disk.make_folders(staging / NEXT)
    for change in changed:
        _build(root, staging, change, name)
    return Prepared(
        name=name,
        staging=staging,
        datasets={c.dataset: mark(root / c.dataset) for c in changed},
        written=sum(len(c.new) + len(c.gone) for c in changes),
        unchanged=sum(c.same for c in changes),
    )


def commit(root: Path, prepared: Prepared, manifest: tuple[str, str] | None = None) -> None:
    """Put what was prepared in place: the point of no return, then the exchange of each dataset.

    Args:
        root: The store, locked.
        prepared: From `prepare`.
        manifest: File name and text of the run's manifest; put in place after the datasets.
    """
    staging = prepared.staging
    if manifest:
        with disk.open_output(staging / NEXT / manifest[0]) as handle:
            handle.write(manifest[1].encode())
    disk.sync_all(root)
    journal = {"publication": prepared.name, "datasets": prepared.datasets, "manifest": manifest and manifest[0]}
    disk.write_file(staging / JOURNAL, json.dumps(journal, indent=1).encode())
    try:
        _roll_forward(root, staging, journal)
    except KeyboardInterrupt:  # too late: an end here would be told as "nothing was published"
        _roll_forward(root, staging, journal)
    with contextlib.suppress(OSError):  # all is in place; the next run tries again to remove what is left
        _clean(staging)


# --- the next tree --------------------------------------------------------------------------------------------------


def _datasets(merged: list[Merged]) -> list[str]:
    """All that are published: the public ones and those that merging keeps for itself."""
    return list(dict.fromkeys([*DATASETS, *(name for m in merged for name in m.rows)]))


def _change(root: Path, staging: Path, dataset: str, merged: list[Merged]) -> _Change:
    """Compare the new files with the published ones."""
    change = _Change(dataset)
    for m in merged:
        old, new = part_path(root, dataset, m.partition), part_path(staging, dataset, m.partition)
        if not m.rows.get(dataset):
            if old.exists() and not (m.partition == PLACEHOLDER and _is_empty(old)):
                change.gone.add(m.partition)
        elif old.exists() and filecmp.cmp(new, old, shallow=False):
            change.same += 1
        else:
            change.new.add(m.partition)
    return change


def _is_empty(path: Path) -> bool:
    with pq.ParquetFile(path) as file:
        return bool(file.metadata.num_rows == 0)


def _build(root: Path, staging: Path, change: _Change, name: str) -> None:
    """Make the next tree of a dataset: what stays, what is new, and the mark of this publication."""
    old, tree = root / change.dataset, staging / NEXT / change.dataset
    left_out = {part_path(root, change.dataset, partition) for partition in change.new | change.gone}
    placeholder = part_path(root, change.dataset, PLACEHOLDER)
    if placeholder not in left_out and placeholder.exists() and _is_empty(placeholder):
        left_out.add(placeholder)
    disk.make_folder(tree)
    if old.is_dir():
        _link_tree(str(old), str(tree), {str(path) for path in left_out})
    for partition in sorted(change.new):
        path = part_path(staging / NEXT, change.dataset, partition)
        disk.make_folders(path.parent)
        disk.rename(part_path(staging, change.dataset, partition), path)
    if change.dataset in SCHEMAS and not any(tree.glob(f"source=*/year=*/month=*/{PART}")):
        # a dataset without rows is one file without rows, so that any reader finds its columns
        path = part_path(staging / NEXT, change.dataset, PLACEHOLDER)
        disk.make_folders(path.parent)
        write_part(SCHEMAS[change.dataset].empty_table(), path, change.dataset)
    disk.make_folder(tree / f"{MARK}{name}")


def _link_tree(old: str, new: str, left_out: set[str]) -> None:
    """Link the files of a tree into another one; folders that would be empty, and marks, are not made."""
    with os.scandir(old) as entries:
        found = list(entries)
    made = False
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(MARK):
                _link_tree(entry.path, f"{new}/{entry.name}", left_out)
        elif entry.path not in left_out:
            if not made:
                disk.make_folders(Path(new))
                made = True
            disk.link_or_copy(entry.path, f"{new}/{entry.name}")


def mark(tree: Path) -> str | None:
    """Which publication built a dataset's tree; None where there is no tree, or one without a mark."""
    return next((path.name.removeprefix(MARK) for path in sorted(tree.glob(f"{MARK}*"))), None)


# --- decided: forward only ------------------------------------------------------------------------------------------


def _roll_forward(root: Path, staging: Path, journal: dict[str, Any]) -> None:
    """Do what a journal says, or what is left to do of it."""
    for dataset, before in journal["datasets"].items():
        _put(root / dataset, staging / NEXT / dataset, journal["publication"], before)
    if (name := journal["manifest"]) and (staging / NEXT / name).exists():
        disk.make_folders(root / RUNS_FOLDER)
        disk.rename(staging / NEXT / name, root / RUNS_FOLDER / name)
        disk.sync_folder(root / RUNS_FOLDER)
    # before the old trees are removed
    disk.sync_folder(root)
    disk.sync_folder(staging / NEXT)


def _put(place: Path, tree: Path, name: str, before: str | None) -> None:
    """Put a next tree in place, unless it is there already or a later publication is.

    Raises:
        NewsetlError: The tree is not there.
    """
    there = mark(place)
    if there == name or (there is not None and there != before):
        return
    if mark(tree) != name:
        raise NewsetlError(f"{tree}: the tree that a journal speaks of is not there: restore {place} from a copy")
    if place.exists():
        disk.exchange(tree, place)
    else:
        disk.rename(tree, place)


def _clean(staging: Path) -> None:
    """Remove the journal, then the old trees. A journal that comes back finds its work done."""
    disk.remove_file(staging / JOURNAL)
    disk.remove_tree(staging / NEXT)


# --- after a crash --------------------------------------------------------------------------------------------------


def unfinished(root: Path) -> Iterator[tuple[Path, bool]]:
    """What dead runs left: staging folders, and whether their publication is decided."""
    for staging in sorted(root.glob(f"{STAGING}*")):
        yield staging, (staging / JOURNAL).exists()


def recover(root: Path) -> list[tuple[Path, bool]]:
    """Roll what dead runs left forward (with a journal) or back (without). Call it with the lock held.

    Returns:
        The staging folders that were there, and whether they were rolled forward.

    Raises:
        NewsetlError: The disk fails, or a journal cannot be followed.
    """
    found = list(unfinished(root))
    for staging, decided in found:
        if decided:
            try:
                _roll_forward(root, staging, _read_journal(staging / JOURNAL))
            except OSError as error:
                raise failure(root, staging, error) from error
            with contextlib.suppress(OSError):
                disk.remove_file(staging / JOURNAL)
        discard(staging)
    return found


def _read_journal(path: Path) -> dict[str, Any]:
    try:
        journal: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise NewsetlError(f"{path}: a damaged journal ({error}): see docs/decisions.md, Publication") from error
    return journal


def discard(staging: Path) -> None:
    """Remove a staging folder, as far as the disk allows; one whose publication is decided stays for the next run."""
    if not (staging / JOURNAL).exists():
        with contextlib.suppress(OSError):
            disk.remove_tree(staging)
        shutil.rmtree(staging, ignore_errors=True)  # what a disk with an error, or a worker still alive, lets go of


# --- disks that fail ------------------------------------------------------------------------------------------------

DISK_ERRORS = (OSError, sqlite3.OperationalError)


@contextlib.contextmanager
def explained(root: Path, staging: Path) -> Iterator[None]:
    """Turn what a failing disk raises into the one line for users.

    Raises:
        NewsetlError: In place of an OSError or SQLite's.
    """
    try:
        yield
    except DISK_ERRORS as error:
        raise failure(root, staging, error) from error


def failure(root: Path, staging: Path, error: Exception) -> NewsetlError:
    """What a user is told when the disk failed a run."""
    what = getattr(error, "strerror", None) or str(error)
    where = getattr(error, "filename", None)
    told = f"{what} ({os.fsdecode(where)})" if where else what
    if (staging / JOURNAL).exists():
        return NewsetlError(
            f"{root}: {told}: the publication is decided but not finished; "
            "the next run finishes it, and so does newsetl verify --repair"
        )
    return NewsetlError(f"{root}: {told}: nothing was published")


def refuse_without_space(root: Path, staging: Path, touched: Iterable[Partition]) -> None:
    """Refuse to publish before anything is merged, where the disk would not hold it.

    An estimate from above: the staged rows as they lie, the old files of partitions that change, the folders of the
    next trees, and a reserve.

    Raises:
        NewsetlError: With the bytes needed and free.
    """
    partitions = list(touched)
    needed = RESERVE_BYTES + sum(path.stat().st_size for path in staging.glob("*.arrow"))
    for dataset in DATASETS:
        files = len(published_partitions(root, dataset)) + len(partitions)
        needed += FOLDER_BYTES * FOLDERS_A_FILE * files
        for partition in partitions:
            with contextlib.suppress(FileNotFoundError):
                needed += part_path(root, dataset, partition).stat().st_size
    free = shutil.disk_usage(root).free
    if free < needed:
        raise NewsetlError(
            f"{root}: {free / 1e6:,.0f} MB free, publishing may need {needed / 1e6:,.0f} MB: nothing was published"
        )
