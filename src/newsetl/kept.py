"""What an interrupted run has done, kept for the run that does the same work again.

Beside the rows of a batch lies a note once they are complete and on the disk; beside those, what the whole work is: a
digest of the plan, of what settings can change a row, and of the rules. The next run with the same digest takes the
batches that are done for its own. Any other run removes them.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from newsetl.io import disk
from newsetl.io.paths import StorePath, find_files
from newsetl.io.publication import JOURNAL
from newsetl.io.publish import unfinished
from newsetl.plan import Plan
from newsetl.schema import SCHEMA_VERSION
from newsetl.settings import Settings
from newsetl.version import pipeline_version
from newsetl.work import BatchResult

WORK = "work"
DONE = ".done"
# What may differ between two runs that do the same work.
ANY_WORKER: dict[str, Any] = {"workers": 1, "engine": "local", "scheduler": None, "wait_seconds": 0.0, "out": ""}


def work_digest(plan: Plan, settings: Settings) -> str:
    """Hex digits that are the same for the same work: input files as they are now, batches, settings, rules."""
    digest = hashlib.sha256(f"{pipeline_version()} {SCHEMA_VERSION}\n".encode())
    digest.update(repr(replace(settings, **ANY_WORKER)).encode("utf-8", "surrogatepass"))
    for batch in plan.batches:
        digest.update(repr(batch).encode("utf-8", "surrogatepass"))
    for file in _own_profiles(settings):
        digest.update(f"{file.name} {len(content := file.read_bytes())}\n".encode() + content)
    return digest.hexdigest()


def _own_profiles(settings: Settings) -> list[Path]:
    return sorted(Path(settings.profiles).glob("*.toml")) if settings.profiles else []


def find_kept(root: StorePath, work: str) -> "StorePath | None":
    """The staging folder of an interrupted run that did this work; None where there is none. Needs the lock."""
    for folder, decided in unfinished(root):
        with suppress(FileNotFoundError):
            if not decided and (folder / WORK).read_text(encoding="ascii") == work:
                return folder
    return None


def begin(shared: StorePath, work: str) -> None:
    """Say what work is done in a staging folder."""
    _write(shared / WORK, work)


def keep(shared: StorePath, result: BatchResult) -> None:
    """Note that a batch is done; its files have to be on the disk."""
    _write(shared / f"{result.number:06}{DONE}", json.dumps(asdict(result)))


def _write(path: StorePath, content: str) -> None:
    if isinstance(path, Path):
        disk.write_file(path, content.encode())
    else:
        path.write_text(content, encoding="utf-8")


def sync_batch(staging: Path, result: BatchResult) -> None:
    """Have the files of a batch on the disk."""
    for path in (staging / f"{result.name}.sqlite", *staging.glob(f"{result.name}-*.arrow")):
        with path.open("rb") as handle:
            disk.sync_file(handle)
    disk.sync_folder(staging)


def take_over(shared: StorePath) -> list[BatchResult]:
    """The batches that are done in a staging folder. All else in it goes away."""
    notes = sorted((path for path in find_files(shared) if path.name.endswith(DONE)), key=str)
    results = [BatchResult(**json.loads(path.read_text(encoding="utf-8"))) for path in notes]
    _clear(shared, results)
    return results


def _clear(shared: StorePath, results: Iterable[BatchResult]) -> None:
    """Remove rows of batches that were not done, and what was merged."""
    wanted = {f"{result.path}{ending}" for result in results for ending in (".sqlite", "-")}
    for path in find_files(shared):
        name = str(path)[len(str(shared)) + 1 :].replace(os.sep, "/")
        stem = name.rpartition("-")[0] + "-" if name.endswith(".arrow") else name
        if name not in (WORK, JOURNAL) and not name.endswith(DONE) and stem not in wanted:
            path.unlink()
    if isinstance(shared, Path):
        _remove_empty(shared)


def _remove_empty(folder: Path) -> None:
    """Remove the folders below a folder that hold no file."""
    for path in sorted(folder.rglob("*"), reverse=True):  # the innermost first
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
