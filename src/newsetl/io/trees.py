"""Publishing into a directory: each dataset's folder is exchanged with its next tree in one system call.

_staging-ID/articles/source=…/…/part-0.parquet   new files, from `merge`
_staging-ID/next/articles/…                      the next tree; after the exchange the old one
_staging-ID/_journal.json                        the publication is decided
articles/_publication-…/                         an empty folder: which publication built this tree
"""

import contextlib
import errno
import json
import os
import uuid
from pathlib import Path
from typing import Any

from newsetl.errors import NewsetlError
from newsetl.io import disk
from newsetl.io.merge import write_part
from newsetl.io.publication import JOURNAL, PLACEHOLDER, Change, Prepared, has_no_rows
from newsetl.io.store import PART, RUNS_FOLDER, part_path
from newsetl.schema import SCHEMAS

NEXT = "next"
MARK = "_publication-"


def prepare(root: Path, staging: Path, changes: list[Change]) -> Prepared:
    """Build the next tree of each dataset that changes. Readers see nothing of it; a crash undoes it."""
    name = uuid.uuid4().hex
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


def commit(root: Path, prepared: Prepared, manifest: tuple[str, str] | None) -> None:
    """Put what was prepared in place: the point of no return, then the exchange of each dataset."""
    staging = prepared.staging
    if manifest:
        with disk.open_output(staging / NEXT / manifest[0]) as handle:
            handle.write(manifest[1].encode())
    disk.sync_all(root)
    journal = {"publication": prepared.name, "datasets": prepared.datasets, "manifest": manifest and manifest[0]}
    disk.write_file(staging / JOURNAL, json.dumps(journal, indent=1).encode())
    try:
        roll_forward(root, staging, journal)
    except KeyboardInterrupt:  # too late: an end here would be told as "nothing was published"
        roll_forward(root, staging, journal)
    with contextlib.suppress(OSError):  # all is in place; the next run tries again to remove what is left
        _clean(staging)


# --- the next tree --------------------------------------------------------------------------------------------------


def _build(root: Path, staging: Path, change: Change, name: str) -> None:
    """Make the next tree of a dataset: what stays, what is new, and the mark of this publication."""
    old, tree = root / change.dataset, staging / NEXT / change.dataset
    left_out = {part_path(root, change.dataset, partition) for partition in change.new | change.gone}
    placeholder = part_path(root, change.dataset, PLACEHOLDER)
    if placeholder not in left_out and placeholder.exists() and has_no_rows(placeholder):
        left_out.add(placeholder)
    disk.make_folder(tree)
    if old.is_dir():
        if not os.access(old, os.W_OK):  # the exchange would fail, when those of other datasets are done
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(old))
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


def roll_forward(root: Path, staging: Path, journal: dict[str, Any]) -> None:
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
