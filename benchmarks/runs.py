"""`newsetl run` as a user types it, in processes of its own, watched: what the suites on whole runs share.

A run is parted in three by the small files in its staging folder: each worker process keeps one that tells where it
stands (`newsetl.guard.Note`), and each finished batch leaves one (`newsetl.kept`):

- start-up, until the first worker has begun its first batch: Python, imports, the plan, processes, rule tables. What
  the second one needs longer counts as work;
- batches, until the last of them is done: records read, processed, their rows staged;
- publication, until the command has ended: duplicates settled, partitions merged and put in place; new worker
  processes for it, too.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from benchmarks.watch import Watched, on_cores, python, watch

STAGING = "_staging-*"


@dataclass(slots=True)
class Phases:
    """Looks at a run's notes; `look` is called while it runs. A batch may begin and end between two looks.

    Attributes:
        out: The store.
        done: How many batches are done.
        first_seen: When a batch was at work for the first time, in seconds since the start; None: never seen.
        last_seen: When one was for the last time.
    """

    out: Path
    done: int = 0
    first_seen: float | None = None
    last_seen: float = 0.0

    def look(self, seconds: float) -> None:
        with suppress(FileNotFoundError):  # the run has just taken its folder away
            endings = [path.suffix for folder in self.out.glob(STAGING) for path in folder.iterdir()]
            done = endings.count(".done")
            if done > self.done or ".note" in endings:
                self.done = max(done, self.done)
                self.first_seen = seconds if self.first_seen is None else self.first_seen
                self.last_seen = seconds


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
    phases = Phases(out)
    with on_cores(workers):
        watched = watch(command, phases.look, environment)
    startup = phases.first_seen or 0.0
    return NewsetlRun(watched, startup, phases.last_seen - startup, read_manifest(out))


def read_manifest(store: Path) -> Mapping[str, Any]:
    """What the last run into a store says of itself."""
    manifest: Mapping[str, Any] = json.loads(max((store / "_runs").glob("*.json")).read_text(encoding="utf-8"))
    return manifest
