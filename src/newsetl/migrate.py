"""Bring a store that an older newsetl wrote up to this schema version.

Every file of the partitions concerned is written anew, a row group at a time, and all of them are put in place by one
publication: a store is migrated or it is not, whatever interrupts it, and the next run finishes or undoes what is left.
Raw files are not read; what only they can tell (earlier versions of articles, say) comes with the next backfill.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from newsetl import __version__
from newsetl.errors import ConservationError, InputError, NewsetlError
from newsetl.io import publish
from newsetl.io.lock import locked, looked_at
from newsetl.io.merge import WRITTEN, Merged, write_rows
from newsetl.io.paths import StorePath, opened
from newsetl.io.publication import STAGING
from newsetl.io.store import ARROW_ERRORS, part_path, published_partitions, unreadable
from newsetl.schema import SCHEMA_VERSION, Partition, refuse_other_version, version_of


@dataclass(frozen=True, slots=True)
class Step:
    """From one schema version to the next.

    Attributes:
        about: What changes, for people.
        turn: Some rows of a dataset, in the order of its file, with the columns of the next version. It keeps them
            sorted as the dataset is. New datasets need nothing: they come empty.
        changes_rows: Datasets to which it may add rows, or from which it may take some; in all others their number
            must stay.
    """

    about: str
    turn: Callable[[str, pa.Table], pa.Table]
    changes_rows: frozenset[str] = frozenset()


def _as_they_are(_: str, rows: pa.Table) -> pa.Table:
    return rows


# Schema version -> the step from it to the next one. Steps stay as they are for ever, since stores of any age come by;
# so they name columns and never `newsetl.schema`. The columns are checked after the last one.
STEPS: dict[str, Step] = {
    "1": Step("new dataset revisions; the columns of the others stay", _as_they_are),
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The file of a partition in one dataset, as its footer describes it."""

    dataset: str
    partition: Partition
    version: str
    rows: int
    size_bytes: int


@dataclass(slots=True)
class Migration:
    """What a migration would do, or did.

    Attributes:
        versions: Schema version -> files that have it.
        files: The files to be written anew: all of each partition in which one is older. Empty in a store that is up
            to date.
        done: They were written.
    """

    root: StorePath
    versions: Counter[str] = field(default_factory=Counter)
    files: list[StoredFile] = field(default_factory=list)
    done: bool = False


def plan_migration(root: StorePath, wait_seconds: float = 0.0) -> Migration:
    """What a migration would do; writes nothing.

    Raises:
        InputError: There are no datasets.
        SchemaVersionError: A file was written by a newer newsetl, or by somebody else.
        NewsetlError: A file cannot be read, or a run is writing there.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such directory; newsetl run makes it")
    with looked_at(root, wait_seconds):
        return _plan(root)


def migrate(root: StorePath, wait_seconds: float = 0.0) -> Migration:
    """Write the files of older schema versions anew, and publish them all at once.

    Args:
        root: The store.
        wait_seconds: How long to wait for a run that writes there.

    Raises:
        ConservationError: A step gave more or fewer rows than there were; nothing was published.
        NewsetlError: As `plan_migration`; or the disk fails.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such directory; newsetl run makes it")
    started = datetime.now(UTC)
    run_id = f"{started:%Y%m%dT%H%M%S%f}-{os.getpid()}"
    with locked(root, wait_seconds) as held:
        publish.recover(root, held)
        migration = _plan(root)
        if migration.files:
            with publish.staging_folder(root, f"{STAGING}{run_id}") as staging:
                publish.refuse_without_space(root, staging, {file.partition for file in migration.files})
                prepared = publish.prepare(root, staging, _write(migration, staging))
                publish.commit(root, prepared, (f"{run_id}.json", _manifest(migration, started)), held)
            migration.done = True
    return migration


# --- looking --------------------------------------------------------------------------------------------------------


def _plan(root: StorePath) -> Migration:
    files = sorted(_stored_files(root), key=lambda file: (file.partition, file.dataset))
    if not files:
        raise InputError(f"{root}: no datasets; has a run written here?")
    old = {file.partition for file in files if file.version != SCHEMA_VERSION}
    versions = Counter(file.version for file in files)
    return Migration(root, versions, [file for file in files if file.partition in old])


def _stored_files(root: StorePath) -> Iterator[StoredFile]:
    for dataset in WRITTEN:
        for partition in published_partitions(root, dataset):
            path = part_path(root, dataset, partition)
            try:
                footer = pq.read_metadata(opened(path))
            except ARROW_ERRORS as error:
                raise unreadable(path, error) from error
            version = version_of(footer.metadata)
            if version is None or version not in STEPS:
                refuse_other_version(version, root, path)
            yield StoredFile(dataset, partition, str(version), footer.num_rows, path.stat().st_size)


# --- writing --------------------------------------------------------------------------------------------------------


def _write(migration: Migration, staging: Path) -> list[Merged]:
    by_partition = groupby(migration.files, key=lambda file: file.partition)
    return [_write_partition(migration.root, staging, partition, list(files)) for partition, files in by_partition]


def _write_partition(root: StorePath, staging: Path, partition: Partition, files: list[StoredFile]) -> Merged:
    """Write the files of a partition anew below `staging`.

    Raises:
        ConservationError: A dataset has more or fewer rows than before, though no step says so.
    """
    rows: dict[str, int] = {}
    for file in files:
        path = part_path(root, file.dataset, partition)
        count = write_rows(part_path(staging, file.dataset, partition), file.dataset, _turned(path, file))
        free = any(file.dataset in step.changes_rows for step in steps_from(file.version))
        if count != file.rows and not free:
            raise ConservationError(f"{path}: {file.rows} rows became {count}; nothing was published")
        rows[file.dataset] = count
    return Merged(partition, rows)


def steps_from(version: str) -> Iterator[Step]:
    """The steps that lead from a schema version to this one, in order.

    >>> [step.about for step in steps_from(SCHEMA_VERSION)]
    []
    """
    for number in range(int(version), int(SCHEMA_VERSION)):
        yield STEPS[str(number)]


def _turned(path: StorePath, file: StoredFile) -> Iterator[pa.Table]:
    """The rows of a file as this version has them, a row group at a time."""
    steps = list(steps_from(file.version))
    with pq.ParquetFile(opened(path)) as parquet:
        for number in range(parquet.num_row_groups):
            try:
                rows = parquet.read_row_group(number, use_threads=False)
            except ARROW_ERRORS as error:
                raise unreadable(path, error) from error
            for step in steps:
                rows = step.turn(file.dataset, rows)
            yield _with_columns(rows, file.dataset, path)


def _with_columns(rows: pa.Table, dataset: str, path: StorePath) -> pa.Table:
    """The rows in the exact schema of this version, with its metadata."""
    try:
        return rows.cast(WRITTEN[dataset])
    except (pa.ArrowException, ValueError) as error:
        told = str(error).partition("\n")[0][:200]
        raise NewsetlError(f"{path}: its columns are not those of its schema version ({told}): move it away") from error


def _manifest(migration: Migration, started: datetime) -> str:
    manifest = {
        "newsetl": __version__,
        "schema": SCHEMA_VERSION,
        "started": started.isoformat(),
        "finished": datetime.now(UTC).isoformat(),
        "migration": {"versions": migration.versions, "files": len(migration.files), "rows": _rows(migration)},
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1)


def _rows(migration: Migration) -> dict[str, int]:
    rows: Counter[str] = Counter()
    for file in migration.files:
        rows[file.dataset] += file.rows
    return dict(rows)


# --- for people -----------------------------------------------------------------------------------------------------


def render_migration(migration: Migration) -> Iterator[RenderableType]:
    """What is, or was, written anew, by dataset; or that nothing is to be done."""
    root, older = migration.root, sorted(migration.versions.keys() - {SCHEMA_VERSION}, key=int)
    if not older:
        count = migration.versions[SCHEMA_VERSION]
        yield Text(f"{root}: up to date: {count:,} files with schema {SCHEMA_VERSION}; nothing was written")
        return
    table = Table("dataset", "files", "rows", box=None, header_style="dim")
    files, rows = Counter(file.dataset for file in migration.files), _rows(migration)
    for dataset in (name for name in WRITTEN if files[name]):
        table.add_row(dataset, f"{files[dataset]:,}", f"{rows[dataset]:,}")
    yield table
    for step in steps_from(older[0]):
        yield Text(f"what changes: {step.about}")
    what = f"schema {', '.join(older)} to {SCHEMA_VERSION}: {len(migration.files):,} files"
    size = sum(file.size_bytes for file in migration.files) / 1e6
    after = "written anew" if migration.done else f"({size:,.1f} MB) to be written anew; nothing was written"
    yield Text(f"{root}: {what} {after}")
