"""Publishing into an object store: new files are uploaded, a journal decides, then they are copied into place.

    _staging-ID/articles/source=…/…/part-0.parquet   new files
    _staging-ID/_runs/….json                         the run's manifest
    _staging-ID/_journal.json                        the publication is decided: what to put in place, what to take away

An object appears whole or not at all, so each file is old or new. There is no exchange of whole datasets: while the
copies are made, and after a crash until the next run, a reader may meet some months new and others old. New files are
put in place before old ones are taken away, so that a row that moves may be met twice, and none is missed.
docs/decisions.md, "Publication".
"""

import contextlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsetl.errors import NewsetlError
from newsetl.io.merge import write_part
from newsetl.io.paths import store_errors
from newsetl.io.publication import JOURNAL, PLACEHOLDER, STAGING, Change, Held, Prepared, has_no_rows
from newsetl.io.store import RUNS_FOLDER, part_path, published_partitions
from newsetl.schema import SCHEMAS

if TYPE_CHECKING:
    from upath import UPath

# Requests under way at the same time: each is mostly waiting.
REQUESTS_AT_ONCE = 8
# s3fs's own parts, 10 of 50 MB at a time, would be more memory than a run takes.
S3_UPLOAD = {"chunksize": 8 * 1024**2, "max_concurrency": 2}

# --- what a publication does to an object store, one plain function each, so that tests can count and fail them -----


def upload(path: Path, target: "UPath") -> None:
    """Have a file as an object. Large ones go in parts and appear when the last one is there."""
    options = S3_UPLOAD if "s3" in target.fs.protocol else {}
    target.fs.put_file(str(path), target.path, **options)


def write(target: "UPath", content: bytes) -> None:
    """Have an object with this content."""
    target.fs.pipe_file(target.path, content)


def copy(old: "UPath", new: "UPath") -> None:
    """Have an object under another name too; the store copies it itself."""
    old.fs.cp_file(old.path, new.path)


def remove(target: "UPath") -> None:
    """Take an object away, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        target.fs.rm_file(target.path)


def remove_below(folder: "UPath") -> None:
    """Take away all objects below a name, if there are any; a thousand a request."""
    with contextlib.suppress(FileNotFoundError):
        folder.fs.rm(folder.path, recursive=True)


# --- the publication ------------------------------------------------------------------------------------------------


def prepare(root: "UPath", staging: Path, changes: list[Change]) -> Prepared:
    """Upload what is new. Readers see nothing of it; a crash undoes it."""
    unchanged = sum(change.same for change in changes)
    put, gone = [], []
    written = 0
    for change in changes:
        written += len(change.new) + len(change.gone)
        _settle_placeholder(root, staging, change)
        put += [part_path(Path(), change.dataset, partition).as_posix() for partition in sorted(change.new)]
        gone += [part_path(Path(), change.dataset, partition).as_posix() for partition in sorted(change.gone)]
    here = [key for key in put if (staging / key).exists()]  # others were uploaded by the machine that merged them
    _each(lambda key: upload(staging / key, root / staging.name / key), here)
    datasets: dict[str, str | None] = {change.dataset: None for change in changes if change.new or change.gone}
    return Prepared(uuid.uuid4().hex, staging, datasets, written, unchanged, tuple(put), tuple(gone))


def _settle_placeholder(root: "UPath", staging: Path, change: Change) -> None:
    """Give a dataset without rows a file without rows, and take that away where there are others."""
    there = (set(published_partitions(root, change.dataset)) - change.gone) | change.new
    if change.dataset in SCHEMAS and not there:
        path = part_path(staging, change.dataset, PLACEHOLDER)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_part(SCHEMAS[change.dataset].empty_table(), path, change.dataset)
        change.new.add(PLACEHOLDER)
    elif len(there) > 1 and PLACEHOLDER in there - change.new:
        change.gone |= {PLACEHOLDER} if has_no_rows(part_path(root, change.dataset, PLACEHOLDER)) else set()
    change.gone -= change.new


def commit(root: "UPath", prepared: Prepared, manifest: tuple[str, str] | None, held: Held) -> None:
    """Put what was prepared in place: the point of no return, then a copy for each file that is new."""
    staged = root / prepared.staging.name
    put = list(prepared.put)
    if manifest:
        put.append(f"{RUNS_FOLDER}/{manifest[0]}")
        write(staged / put[-1], manifest[1].encode())
    journal = {"publication": prepared.name, "put": put, "gone": prepared.gone}
    held()
    write(staged / JOURNAL, json.dumps(journal, indent=1).encode())
    try:
        roll_forward(root, staged, journal, held)
    except KeyboardInterrupt:  # too late: an end here would be told as "nothing was published"
        roll_forward(root, staged, journal, held)
    with contextlib.suppress(*store_errors()):  # all is in place; the next run tries again to remove what is left
        clean(staged)


def roll_forward(root: "UPath", staged: "UPath", journal: dict[str, Any], held: Held) -> None:
    """Do what a journal says. What was done before is done again, to the same end."""

    def put(key: str) -> None:
        held()
        copy(staged / key, root / key)

    def take_away(key: str) -> None:
        held()
        remove(root / key)

    _each(put, journal["put"])
    _each(take_away, journal["gone"])


def _each(work: Callable[[str], None], keys: Iterable[str]) -> None:
    """Do the same with each of many objects, some at a time; after an error with no more of them."""
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as threads:
        for _ in threads.map(work, keys):
            pass


def is_void(staged: "UPath", journal: dict[str, Any]) -> bool:
    """True for a journal that was written too late: by a run that was stopped right before it and undone meanwhile.

    Raises:
        NewsetlError: Some of what the journal speaks of is there, and some is not.
    """
    there = set(staged.fs.find(staged.path))
    missing = [key for key in journal["put"] if (staged / key).path not in there]
    if missing and len(missing) < len(journal["put"]):
        raise NewsetlError(f"{staged / missing[0]}: a journal speaks of it, and it is not there: remove {staged}")
    return bool(missing)


def clean(staged: "UPath") -> None:
    """Remove the journal first: without it, what is left of the staged objects is of no meaning."""
    remove(staged / JOURNAL)
    remove_below(staged)


def unfinished(root: "UPath") -> Iterator["UPath"]:
    """What dead runs left."""
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(root.fs.ls(root.path, detail=False)):
            folder = name.rstrip("/").rpartition("/")[2]
            if folder.startswith(STAGING):
                yield root / folder
