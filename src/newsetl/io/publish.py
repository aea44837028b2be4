"""Putting merged partitions in place of the published ones, and finishing or undoing what a killed run left.

In a directory a reader finds each dataset old or new (`io.trees`), in an object store each file (`io.objects`). Either
way a publication is prepared beside the datasets, decided by a journal, and from then on only goes forward: by this
run or, when this one dies, by the next. docs/decisions.md, "Publication", says what holds where.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from newsetl.errors import NewsetlError
from newsetl.io import disk, objects, trees
from newsetl.io.merge import Merged
from newsetl.io.paths import StorePath, store_errors
from newsetl.io.publication import JOURNAL, STAGING, Held, Prepared, find_changes, read_journal, still_held
from newsetl.io.store import published_partitions, published_sizes
from newsetl.schema import DATASETS, Partition

if TYPE_CHECKING:
    from upath import UPath

# Beside the files themselves: the ledger, the journal, what others write meanwhile.
RESERVE_BYTES = 64 * 1024**2
FOLDER_BYTES = 4096  # what a folder takes on most file systems
FOLDERS_A_FILE = 2  # a month's, and its share of the years' and sources'


@contextlib.contextmanager
def staging_folder(root: StorePath, name: str, keeps: Callable[[], bool] = lambda: False) -> Iterator[Path]:
    """A run's own folder, on a disk: in the store where that is a directory, else a temporary one.

    It goes away at the end, unless a publication is decided and not finished, or the run `keeps` what lies there. What
    a failing disk or store raises meanwhile becomes the one line for users.

    Raises:
        NewsetlError: In place of an OSError, SQLite's, or the store's own.
    """
    folder = root if isinstance(root, Path) else Path(tempfile.mkdtemp(prefix="newsetl-"))
    staging = folder / name
    try:
        with explained(root, staging):
            staging.mkdir(exist_ok=True)
            yield staging
    finally:
        if not keeps():
            discard(staging)
            if not isinstance(root, Path):
                with contextlib.suppress(*store_errors()):
                    _undo(root / staging.name)
        if not isinstance(root, Path):
            shutil.rmtree(folder, ignore_errors=True)


def prepare(root: StorePath, staging: Path, merged: list[Merged]) -> Prepared:
    """Make everything ready for the publication. Readers see nothing of it; a crash undoes it.

    Args:
        root: The store, locked.
        staging: From `staging_folder`; new files lie at `part_path(staging, …)`.
        merged: The partitions to put in place: a dataset's file goes away where it has 0 rows.
    """
    changes = find_changes(root, merged)
    if isinstance(root, Path):
        return trees.prepare(root, staging, changes)
    return objects.prepare(root, staging, changes)


def commit(
    root: StorePath, prepared: Prepared, manifest: tuple[str, str] | None = None, held: Held = still_held
) -> None:
    """Put what was prepared in place: datasets in which no file changes are not touched.

    Args:
        root: The store, locked.
        prepared: From `prepare`.
        manifest: File name and text of the run's manifest; put in place after the datasets.
        held: From `locked`; raises when the lock is lost.
    """
    if isinstance(root, Path):
        trees.commit(root, prepared, manifest)
    else:
        objects.commit(root, prepared, manifest, held)


# --- after a crash --------------------------------------------------------------------------------------------------


def unfinished(root: StorePath) -> Iterator[tuple[StorePath, bool]]:
    """What dead runs left: staging folders, and whether their publication is decided."""
    found = sorted(root.glob(f"{STAGING}*")) if isinstance(root, Path) else objects.unfinished(root)
    for staging in found:
        yield staging, (staging / JOURNAL).exists()


def recover(root: StorePath, held: Held = still_held, kept: "StorePath | None" = None) -> list[tuple[StorePath, bool]]:
    """Roll what dead runs left forward (with a journal) or back (without). Call it with the lock held.

    Returns:
        The staging folders that were there, and whether they were rolled forward.

    Raises:
        NewsetlError: The disk or the store fails, or a journal cannot be followed.
    """
    with explained(root, Path()):
        found = [(staging, decided) for staging, decided in unfinished(root) if staging != kept]
    for staging, decided in found:
        try:
            if isinstance(root, Path):
                _recover_tree(root, root / staging.name, decided=decided)
            else:
                _recover_objects(root, root / staging.name, held, decided=decided)
        except store_errors() as error:
            raise failure(root, staging, error) from error
    return found


def _recover_tree(root: Path, staging: Path, *, decided: bool) -> None:
    if decided:
        trees.roll_forward(root, staging, read_journal(staging / JOURNAL))
        with contextlib.suppress(OSError):
            disk.remove_file(staging / JOURNAL)
    discard(staging)


def _recover_objects(root: "UPath", staged: "UPath", held: Held, *, decided: bool) -> None:
    if decided and not objects.is_void(staged, journal := read_journal(staged / JOURNAL)):
        objects.roll_forward(root, staged, journal, held)
    objects.clean(staged)


def discard(staging: Path) -> None:
    """Remove a staging folder, as far as the disk allows; one whose publication is decided stays for the next run."""
    if not (staging / JOURNAL).exists():
        with contextlib.suppress(OSError):
            disk.remove_tree(staging)
        shutil.rmtree(staging, ignore_errors=True)  # what a disk with an error, or a worker still alive, lets go of


def _undo(staged: "UPath") -> None:
    if not (staged / JOURNAL).exists():
        objects.clean(staged)


# --- disks and stores that fail -------------------------------------------------------------------------------------


@contextlib.contextmanager
def explained(root: StorePath, staging: Path) -> Iterator[None]:
    """Turn what a failing disk or store raises into the one line for users.

    Raises:
        NewsetlError: In place of an OSError, SQLite's, or the store's own.
    """
    try:
        yield
    except store_errors() as error:
        raise failure(root, staging if isinstance(root, Path) else root / staging.name, error) from error


def failure(root: StorePath, staging: StorePath, error: Exception) -> NewsetlError:
    """What a user is told when a disk or store failed a run."""
    what = getattr(error, "strerror", None) or str(error) or type(error).__name__
    where = getattr(error, "filename", None)
    told = f"{what} ({os.fsdecode(where)})" if where else what
    repair = "the next run finishes it, and so does newsetl verify --repair"
    try:
        decided = (staging / JOURNAL).exists()
    except store_errors():
        return NewsetlError(f"{root}: {told}: perhaps a publication is decided but not finished; then {repair}")
    state = f"the publication is decided but not finished; {repair}" if decided else "nothing was published"
    return NewsetlError(f"{root}: {told}: {state}")


def refuse_without_space(root: StorePath, staging: Path, touched: Iterable[Partition]) -> None:
    """Refuse to publish before anything is merged, where the disk would not hold it.

    An estimate from above: the staged rows as they lie, the old files of partitions that change, the folders of the
    next trees, and a reserve. Of an object store only the staging folder needs room.

    Raises:
        NewsetlError: With the bytes needed and free.
    """
    partitions = list(touched)
    needed = RESERVE_BYTES + sum(path.stat().st_size for path in staging.glob("*.arrow"))
    for dataset in DATASETS:
        there = published_partitions(root, dataset)
        needed += FOLDER_BYTES * FOLDERS_A_FILE * (len(there) + len(partitions))
        needed += sum(published_sizes(root, dataset, partitions).values())
    free = shutil.disk_usage(staging).free
    if free < needed:
        where = root if isinstance(root, Path) else staging
        raise NewsetlError(
            f"{where}: {free / 1e6:,.0f} MB free, publishing may need {needed / 1e6:,.0f} MB: nothing was published"
        )
