"""One, four and sixteen times the corpus: rate, peak memory of every kind of process, bytes written.

Every copy of the corpus has addresses of its own (corpus.py), so all records are new articles. What grows with a run is
the number of articles in a month, since the days of the corpus stay the same: the hardest growth for merging. Their
texts repeat, though, and Parquet packs what repeats: the bytes of the tables are far below those of as many real
articles, which are as many times the bytes of 1x.

    make bench SUITE="growth --sizes 1 4"
    make bench SUITE=million                 33 times, once; then one source and month is read back

A million records are 1.2 GB of input, and a few GB more while they are worked on: NEWSETL_BENCH_DIR names a folder with
room.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks import corpus, readback
from benchmarks.measure import Options, make_table, show_figure
from benchmarks.runs import NewsetlRun, run_newsetl
from benchmarks.watch import RunFailedError
from newsetl.schema import DATASETS

PEERS = ("pyarrow",)
WORKERS = 2
MILLION = 33  # times 31,030
ROLES = ("command", "fork server", "worker")
NOTE = (
    "MB of a process: most that one of this kind ever held (RSS); one run of each size\n"
    "tables, MB: texts repeat from copy to copy and are packed; of real articles they are as many times those of 1x"
)


@dataclass(frozen=True, slots=True)
class Grown:
    """A run on so many copies of the corpus, and the bytes of its input and of each dataset."""

    copies: int
    run: NewsetlRun
    input_bytes: int
    dataset_bytes: dict[str, int]


def measure(options: Options, copies: int, store: Path) -> Grown:
    """Write the input, run once, take the input away."""
    folder = options.work / f"copies-{copies}"
    corpus.write_copies(options.shared, folder, copies, options.records)
    try:
        run = run_newsetl(folder, store, WORKERS)
        sizes = {dataset: corpus.size_of(store / dataset) for dataset in DATASETS if (store / dataset).is_dir()}
        return Grown(copies, run, corpus.size_of(folder), sizes)
    finally:
        shutil.rmtree(folder)


def build_table(title: str, grown: list[Grown]) -> Table:
    """A row a size: rates and their ratio to the first, seconds, peak memory, bytes."""
    table = make_table(
        title,
        ("size",),
        (
            "records",
            "articles",
            "records/s",
            "steady",
            "to first",
            "seconds",
            "publication, s",
            *(f"{role}, MB" for role in ROLES),
            "all at once (PSS), MB",
            "input, MB",
            "tables, MB",
        ),
    )
    for item in grown:
        run, peaks = item.run, item.run.watched.peaks()
        table.add_row(
            f"{item.copies}x",
            f"{run.records:,}",
            f"{run.manifest['outcomes'].get('article', 0):,}",
            *map(show_figure, (run.rate, run.steady_rate, run.steady_rate / grown[0].run.steady_rate)),
            *map(show_figure, (run.watched.seconds, run.publish_seconds)),
            *(f"{peaks.get(role, 0) / 1e6:.0f}" for role in ROLES),
            f"{run.watched.together_bytes / 1e6:.0f}",
            f"{item.input_bytes / 1e6:,.0f}",
            f"{sum(item.dataset_bytes.values()) / 1e6:,.0f}",
        )
    return table


def build_bytes(grown: Grown) -> Table:
    """A row a dataset: its bytes, and those a record."""
    table = make_table("million: bytes of the tables", ("dataset",), ("MB", "bytes/record"))
    for name, size in grown.dataset_bytes.items():
        table.add_row(name, f"{size / 1e6:,.1f}", f"{size / grown.run.records:,.0f}")
    return table


def compare(options: Options) -> Iterator[Table | str]:
    """The table of this subject, and what there is to say of it."""
    if not corpus.has_corpus(options.shared):
        yield f"growth needs {options.shared / 'corpus'}: not there"
        return
    store = options.work / "grown"
    try:
        yield build_table("growth: newsetl run --workers 2", [measure(options, size, store) for size in options.sizes])
    except RunFailedError as error:
        yield f"a run failed: {error}"
        return
    yield NOTE


def compare_million(options: Options) -> Iterator[Table | str]:
    """A million records, once, and one source and month of them read back."""
    if not corpus.has_corpus(options.shared):
        yield f"a million records need {options.shared / 'corpus'}: not there"
        return
    store = options.work / "million"
    try:
        grown = measure(options, MILLION, store)
    except RunFailedError as error:
        yield f"the run failed: {error}"
        return
    yield build_table("million: newsetl run --workers 2", [grown])
    yield build_bytes(grown)
    yield NOTE
    yield readback.build_table(store, readback.find_month(store), options.rounds)
