"""The corpus to all published datasets, by `newsetl run` on one core and on two, beside tools that only pass it on.

A run is the real command into an empty folder. *Steady* leaves its start-up out (runs.py says where that ends) and
keeps everything else, publication and the end of the processes, too.

The tools beside it are no peers in what they do but a ceiling: the same records go from JSON Lines to one Parquet file
as they are. newsetl reads the corpus as it was published, zips of JSON arrays; the stage "read" tells what that costs.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks import corpus
from benchmarks.measure import Options, find_version, make_table, show_figure
from benchmarks.passing import TOOLS
from benchmarks.runs import NewsetlRun, run_newsetl
from benchmarks.stages import run_stages
from benchmarks.watch import RunFailedError, Watched, on_cores, python, watch

PEERS = ("datatrove", "orjson", "pyarrow")
WORKERS = (1, 2)
CEILING = "datatrove"  # the tool that rates are divided by: a pipeline as newsetl is, with nothing in it
PASSING = {
    "pyarrow": "pyarrow, JSONL to Parquet",
    "orjson": "orjson + pyarrow, JSONL to Parquet",
    "datatrove": "datatrove, JsonlReader to ParquetWriter",
}
STORE = "chain-{}"  # the store that a run of so many workers leaves, for readback.py


@dataclass(frozen=True, slots=True)
class Passed:
    """A run of one of the tools. `seconds` is of the work alone, without imports."""

    watched: Watched
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.rows / self.watched.seconds

    @property
    def steady_rate(self) -> float:
        return self.rows / self.seconds


Measured = NewsetlRun | Passed


def find_input(options: Options) -> Path:
    """The corpus; of fewer records a part of it, written once."""
    if options.records is None:
        return options.shared / "corpus" / corpus.FOLDER
    folder = options.work / f"input-{options.records}"
    if not folder.is_dir():
        corpus.write_copies(options.shared, folder, records=options.records)
    return folder


def run_passing(name: str, source: Path, folder: Path) -> Passed:
    """One of the tools of passing.py, on one core."""
    shutil.rmtree(folder, ignore_errors=True)
    with on_cores(1):
        watched = watch(python("-m", "benchmarks.passing", name, str(source), str(folder)))
    told = json.loads(watched.output)
    return Passed(watched, told["rows"], told["seconds"])


def measure(options: Options) -> dict[str, list[Measured]]:
    """Every row's runs; the rows take turns."""
    lines = options.work / "corpus.jsonl"
    corpus.write_lines(options.shared, lines, options.records)
    runs: dict[str, list[Measured]] = {}
    for _ in range(options.runs):
        for workers in WORKERS:
            run = run_newsetl(find_input(options), options.work / STORE.format(workers), workers)
            runs.setdefault(f"newsetl --workers {workers}", []).append(run)
        for name in filter(find_version, TOOLS):
            runs.setdefault(PASSING[name], []).append(run_passing(name, lines, options.work / f"passed-{name}"))
    lines.unlink()
    return runs


def find_best(runs: dict[str, list[Measured]]) -> dict[str, Measured]:
    """The fastest run of each row."""
    return {name: max(measured, key=lambda run: run.steady_rate) for name, measured in runs.items()}


def build_rates(best: dict[str, Measured]) -> Table:
    """A row a tool: rates, and their ratios to newsetl on one core and to the ceiling."""
    first = next(iter(best.values()))
    ceiling = best.get(PASSING[CEILING])
    table = make_table(
        f"chain: {first.records if isinstance(first, NewsetlRun) else 0:,} records",
        ("run",),
        ("records/s", "steady", "to 1 worker", "to ceiling", "seconds", "user", "system", "records/core s"),
    )
    for name, run in best.items():
        records = run.records if isinstance(run, NewsetlRun) else run.rows
        spent = run.watched.user + run.watched.system
        figures = (
            run.rate,
            run.steady_rate,
            run.steady_rate / first.steady_rate,
            run.steady_rate / ceiling.steady_rate if ceiling else None,
            run.watched.seconds,
            run.watched.user,
            run.watched.system,
            records / spent if spent else None,
        )
        table.add_row(name, *map(show_figure, figures))
    return table


def build_phases(best: dict[str, Measured]) -> Table:
    """Seconds of each part of newsetl's runs, and what they held in memory."""
    roles = ("command", "fork server", "worker")
    table = make_table(
        "chain: seconds of the parts of a run, peak MB of a process",
        ("run",),
        ("start-up", "batches", "publication", *roles, "any", "all at once (PSS)"),
    )
    for name, run in best.items():
        if isinstance(run, NewsetlRun):
            parts = (run.startup_seconds, run.batch_seconds, run.publish_seconds)
            peaks = run.watched.peaks()
            memory = (*(peaks.get(role) for role in roles), run.watched.peak_bytes, run.watched.together_bytes)
            table.add_row(name, *map(show_figure, parts), *(show_megabytes(size) for size in memory))
    return table


def show_megabytes(size: int | None) -> str:
    """Bytes as a cell.

    >>> show_megabytes(123_456_789)
    '123'
    """
    return f"{size / 1e6:.0f}" if size else "—"


def describe_peers(rows: Sequence[str]) -> str:
    missing = [name for name in PASSING.values() if name not in rows]
    return f"not measured: {', '.join(missing)}" if missing else ""


def compare(options: Options) -> Iterator[Table | str]:
    """The tables of this subject, and what there is to say of it."""
    if not corpus.has_corpus(options.shared):
        yield f"the chain needs {options.shared / 'corpus'}: not there"
        return
    try:
        best = find_best(measure(options))
        yield build_rates(best)
        yield build_phases(best)
        yield run_stages("chain", find_input(options), options.work)
    except RunFailedError as error:
        yield f"a run failed: {error}"
        return
    yield (
        "steady: without start-up, which ends when the first worker has begun its first batch (for the tools: imports\n"
        "are done)\n"
        f"seconds: of the whole command; the best of {options.runs}, in turns; each row on as many cores as it has "
        "workers\nrecords/core s: records by processor seconds (user + system) of all its processes\n"
        f"ceiling: {PASSING[CEILING]}"
    )
    if told := describe_peers(list(best)):
        yield told
