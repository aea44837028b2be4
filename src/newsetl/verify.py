"""Check a store: what a killed run left, stray files, and every partition of every dataset against the others.

Everything is read in order and in pieces, so that memory does not grow with the store; article_ids are compared in a
temporary SQLite file. Nothing is changed unless a repair is asked for, and that only finishes or undoes a publication.
"""

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from newsetl.errors import NewsetlError
from newsetl.io import lock, publish
from newsetl.io.paths import StorePath, find_files, opened
from newsetl.io.store import ARROW_ERRORS, PART
from newsetl.io.trees import MARK
from newsetl.schema import (
    DATASETS,
    SCHEMA_VERSION,
    Partition,
    refuse_other_version,
    version_of,
)
from newsetl.verify_partition import TOLD, Verification, check_partition

FOLDER = re.compile(r"source=([a-z0-9-]{1,64})/year=(0|[1-9][0-9]{3})/month=(0|[1-9]|1[0-2])")


def verify(root: StorePath, *, repair: bool = False, wait_seconds: float = 0.0) -> Verification:
    """Check a store.

    Args:
        root: The store. Without a repair nothing in it changes.
        repair: First finish or undo what a killed run left.
        wait_seconds: How long to wait for a run that writes to it.

    Raises:
        SchemaVersionError: All of it was written with another schema version.
        NewsetlError: There is none, a run is writing to it, or a repair fails.
    """
    if not root.is_dir():
        raise NewsetlError(f"{root}: no such directory; newsetl run makes it")
    found = Verification(root)
    if repair:
        with lock.locked(root, wait_seconds) as held:
            for staging, forward in publish.recover(root, held):
                found.repaired.append(f"{staging.name}: rolled {'forward' if forward else 'back'}")
    with lock.looked_at(root, wait_seconds), closing(_ids()) as ids:
        _refuse_other_schema(root)
        _check_unfinished(found)
        partitions = sorted({p for dataset in DATASETS for p in _check_tree(found, dataset)})
        for partition in partitions:
            check_partition(found, ids, partition)
        _check_ids(found, ids)
    return found


def _refuse_other_schema(root: StorePath) -> None:
    """One line for a store that has another version as a whole; where some files have this one, each other is told."""
    found: set[str | None] = set()
    for path in find_files(root / "records"):
        with suppress(*ARROW_ERRORS):
            found.add(version_of(pq.read_metadata(opened(path)).metadata))
    versions = {version for version in found if version}
    if versions and SCHEMA_VERSION not in versions:
        refuse_other_version(min(versions), root, root)


# --- files ----------------------------------------------------------------------------------------------------------


def _check_unfinished(found: Verification) -> None:
    for staging, decided in publish.unfinished(found.root):
        state = "a publication that is decided but not finished" if decided else "left by a run that was killed"
        found.problems.append(f"{staging.name}: {state}; the next run or newsetl verify --repair clears it")


def _check_tree(found: Verification, dataset: str) -> Iterator[Partition]:
    """Tell what does not belong into a dataset's folder; give the partitions that it holds."""
    root = found.root / dataset
    if not root.is_dir():
        found.faults[dataset] += 1
        found.problems.append(f"{dataset}: missing; the next run makes it")
        return
    for name, fault in sorted(_names(root)):
        partition = _partition(name.parent) if name.name == PART and not fault else None
        if partition:
            yield partition
        else:
            _stray(found, dataset, name, fault or "does not belong here")


def _names(root: StorePath) -> Iterator[tuple[PurePosixPath, str]]:
    """Each file of a dataset, and each empty folder, below its folder; and what is wrong with it by itself."""
    if not isinstance(root, Path):
        yield from ((PurePosixPath(str(path)[len(str(root)) + 1 :]), "") for path in find_files(root))
        return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(MARK))
        path = Path(folder)
        below = PurePosixPath(path.relative_to(root).as_posix())
        for name in files:
            yield below / name, "" if stat.S_ISREG((path / name).lstat().st_mode) else "does not belong here"
        if not files and not folders and path != root:
            yield below, "an empty folder"


def _partition(folder: PurePosixPath) -> Partition | None:
    match = FOLDER.fullmatch(folder.as_posix())
    if match is None or (match[2] == "0") != (match[3] == "0"):
        return None
    return Partition(match[1], int(match[2]), int(match[3]))


def _stray(found: Verification, dataset: str, path: PurePosixPath, text: str) -> None:
    found.faults[dataset] += 1
    name = f"{dataset}/{path}"
    found.problems.append(f"{name if name.isprintable() else ascii(name)}: {text}")


# --- article_ids ----------------------------------------------------------------------------------------------------


def _ids() -> sqlite3.Connection:
    """A temporary file, which SQLite makes when its memory is full and removes when it is closed."""
    ids = sqlite3.connect("")
    ids.execute("CREATE TABLE ids (article_id TEXT, articles INTEGER, records INTEGER)")
    return ids


def _check_ids(found: Verification, ids: sqlite3.Connection) -> None:
    """Each article stands in `articles` once and in the ledger once, in the whole store."""
    query = (
        "SELECT article_id, sum(articles), sum(records) FROM ids GROUP BY article_id "
        "HAVING sum(articles) != 1 OR sum(records) != 1"
    )
    wrong = 0
    for article_id, articles, records in ids.execute(query):
        wrong += 1
        if wrong <= TOLD:
            found.problems.append(f"article {article_id}: {articles} rows in articles, {records} records say it is one")
    if wrong > TOLD:
        found.problems.append(f"article_ids: and {wrong - TOLD:,} more")
    found.faults["articles"] += wrong


# --- for people -----------------------------------------------------------------------------------------------------


def render_verification(found: Verification) -> Iterator[RenderableType]:
    """A table of the datasets, and a line for each problem."""
    table = Table("dataset", "files", "rows", "problems", box=None, header_style="dim")
    for dataset in DATASETS:
        table.add_row(dataset, *(f"{counter[dataset]:,}" for counter in (found.files, found.rows, found.faults)))
    yield table
    for line in found.repaired:
        yield Text(f"repaired: {line}")
    for line in found.problems:
        yield Text(line)
    yield Text(f"{found.root}: {len(found.problems)} problems" if found.problems else f"{found.root}: no problem")
