"""Processor milliseconds that each stage takes of a record, on one core: the work of `newsetl run` in one process.

Called as a program of its own, so that nothing else lies in its memory:

    python -m benchmarks.stages INPUT OUT

The loop is the real one (`newsetl.work.process_batch`, `newsetl.run.Run`). It tells its guard of every stage before it
begins, to be able to name the stage that a record hung in; here a clock listens.
"""

import contextlib
import json
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from rich.table import Table

from benchmarks.measure import make_table, show_figure
from benchmarks.watch import on_cores, python, watch
from newsetl.guard import Guard, Position
from newsetl.io.merge import Merged, merge_partition
from newsetl.io.site import LEDGER, Site
from newsetl.io.staging import StagingWriter
from newsetl.plan import Batch, plan_run
from newsetl.run import Run
from newsetl.schema import Partition
from newsetl.settings import Settings
from newsetl.work import BatchResult, process_batch

# What the table shows, in order, and what is done there.
STAGES = {
    "read": "unpacking, JSON, fields",
    "decode": "bytes to text",
    "extract": "the body of the page or text",
    "clean": "characters, boilerplate; paragraphs and sentences",
    "metadata": "title, authors, day, language, address",
    "quotes": "quotes and who speaks",
    "write": "rows, Arrow columns, staged files, the batch's ledger",
    "settle": "one ledger, duplicates, the conservation law",
    "merge": "sorted partitions as Parquet",
    "publish": "files put in place, the manifest",
}


class Clock:
    """Adds up processor time by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._stage = "start-up"
        self._since = time.process_time()

    def enter(self, stage: str) -> None:
        """What comes next belongs to this stage."""
        now = time.process_time()
        self.seconds[self._stage] += now - self._since
        self._stage, self._since = stage, now


@contextlib.contextmanager
def listening(clock: Clock) -> Iterator[None]:
    """Has the clock told of every stage that a batch enters."""
    move, enter, leave = Guard.move, Guard.enter, StagingWriter.__exit__

    def clocked_move(guard: Guard, position: Position) -> None:
        move(guard, position)
        clock.enter(position.stage)

    def clocked_enter(guard: Guard, stage: Any) -> None:
        enter(guard, stage)
        clock.enter(stage)

    def clocked_leave(writer: StagingWriter, *error: Any) -> None:
        clock.enter("write")  # the rows that are left
        leave(writer, *error)

    with (
        mock.patch.object(Guard, "move", clocked_move),
        mock.patch.object(Guard, "enter", clocked_enter),
        mock.patch.object(StagingWriter, "__exit__", clocked_leave),
    ):
        yield


class Inline:
    """An engine that does all work itself, at once."""

    at_once = 1
    is_spread = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def process(self, batch: Batch, settings: Settings, site: Site) -> BatchResult:
        """As every engine does."""
        return process_batch(batch, settings, site.staging)

    def merge(self, site: Site, partitions: Iterable[Partition]) -> Iterator[Merged]:
        """As every engine does."""
        for partition in partitions:
            self._clock.enter("merge")
            yield merge_partition(site.staging / LEDGER, site, partition)
        self._clock.enter("publish")

    def stop(self) -> None:
        """There is nothing to stop."""


def measure(source: Path, out: Path) -> tuple[int, dict[str, float]]:
    """Records read, and the processor seconds of each stage."""
    clock = Clock()
    settings = Settings(inputs=(str(source),), out=str(out), workers=1)
    plan = plan_run(settings)
    with listening(clock), Run(settings, plan, Inline(clock)) as this:
        for batch in this.todo:
            result = this.process(batch)
            clock.enter("settle")
            this.add(result)
        result_of_run = this.publish()
    clock.enter("end")
    return result_of_run.read, dict(clock.seconds)


def run_stages(subject: str, source: Path, work: Path) -> Table:
    """The table of `build_table`, measured in a process of its own on one core.

    Raises:
        RunFailedError: It failed.
    """
    out = work / "stages"
    shutil.rmtree(out, ignore_errors=True)
    with on_cores(1):
        told = json.loads(watch(python("-m", "benchmarks.stages", str(source), str(out))).output)
    return build_table(subject, told["records"], told["seconds"])


def build_table(subject: str, records: int, seconds: Mapping[str, float]) -> Table:
    """A row a stage: processor milliseconds a record, its share, what is done there."""
    title = (
        f"{subject}: one core's milliseconds a record, by stage; start-up, {show_figure(seconds['start-up'])} s, apart"
    )
    table = make_table(title, ("stage",), ("ms", "share"))
    table.add_column("what")
    total = sum(seconds.get(stage, 0.0) for stage in STAGES)
    for stage, what in STAGES.items():
        spent = seconds.get(stage, 0.0)
        table.add_row(stage, show_figure(1000 * spent / records), f"{spent / total:.0%}", what)
    table.add_row("all", show_figure(1000 * total / records), "", f"{records / total:.0f} records a second of one core")
    return table


if __name__ == "__main__":
    read, seconds = measure(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(json.dumps({"records": read, "seconds": seconds}) + "\n")
