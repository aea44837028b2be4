"""`newsetl run` as a user types it, in processes of its own, watched: what the suites on whole runs share.

A run is parted in three by its worker processes, each of which keeps a small file beside the store that tells where it
stands (`newsetl.guard.Note`):

- start-up, until as many workers as were asked for have begun their first batch: Python, imports, the plan, processes,
  rule tables;
- batches, until the last of them is done: records read, processed, their rows staged;
- publication, until the command has ended: duplicates settled, partitions merged and put in place; new worker
  processes for it, too.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from benchmarks.watch import Watched, on_cores, python, watch

NOTES = "*/batch-*.note"


@dataclass(slots=True)
class Phases:
    """Looks at a run's notes; `look` is called while it runs.

    Attributes:
        workers: Worker processes of the run.
        first_seen: When each batch began, in seconds since the start.
        last_seen: When one was at work for the last time.
    """

    out: Path
    workers: int
    first_seen: dict[str, float] = field(default_factory=dict)
    last_seen: float = 0.0

    def look(self, seconds: float) -> None:
        with suppress(FileNotFoundError):  # the run has just taken its folder away
            for path in self.out.glob(NOTES):
                self.first_seen.setdefault(path.name, seconds)
                self.last_seen = seconds

    @property
    def startup_seconds(self) -> float:
        begun = sorted(self.first_seen.values())
        return begun[min(self.workers, len(begun)) - 1] if begun else 0.0


@dataclass(frozen=True, slots=True)
class NewsetlRun:
    """A run and what it says of itself (its manifest)."""

    watched: Watched
    startup_seconds: float
    batch_seconds: float
    manifest: Mapping[str, Any]

    @property
    def records(self) -> int:
        return int(self.manifest["read"])

    @property
    def rate(self) -> float:
        """Records a second of the whole command."""
        return self.records / self.watched.seconds

    @property
    def steady_rate(self) -> float:
        """Records a second without the start-up; publication counts."""
        return self.records / self.working_seconds

    @property
    def working_seconds(self) -> float:
        return self.watched.seconds - self.startup_seconds

    @property
    def publish_seconds(self) -> float:
        return self.working_seconds - self.batch_seconds


def run_newsetl(source: Path, out: Path, workers: int, *arguments: str) -> NewsetlRun:
    """`newsetl run` into an empty folder, on as many cores as it has workers.

    Raises:
        RunFailedError: It failed.
    """
    command = python("-m", "newsetl.cli", "run", str(source), "--out", str(out), "--workers", str(workers))
    return run_command([*command, *arguments], out, workers)


def run_flow(source: Path, out: Path, workers: int, environment: Mapping[str, str]) -> NewsetlRun:
    """The same as a Prefect flow (flows/etl.py)."""
    command = python(str(ROOT / "flows" / "etl.py"), "--inputs", str(source), "--out", str(out))
    return run_command([*command, "--workers", str(workers)], out, workers, environment)


def run_command(
    command: Sequence[str], out: Path, workers: int, environment: Mapping[str, str] | None = None
) -> NewsetlRun:
    """A command that publishes one run into `out`, from an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    phases = Phases(out, workers)
    with on_cores(workers):
        watched = watch(command, phases.look, environment)
    batch_seconds = max(0.0, phases.last_seen - phases.startup_seconds)
    return NewsetlRun(watched, phases.startup_seconds, batch_seconds, read_manifest(out))


def read_manifest(store: Path) -> Mapping[str, Any]:
    """What the last run into a store says of itself."""
    manifest: Mapping[str, Any] = json.loads(max((store / "_runs").glob("*.json")).read_text(encoding="utf-8"))
    return manifest
