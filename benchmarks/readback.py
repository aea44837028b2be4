"""Reading one source and month of a store back with pandas: by filter, and by reading all of it and choosing then.

The store is the one that the chain wrote just before; without one it is made now. Others are named by the environment
variable NEWSETL_STORE, paths parted as in PATH. The month is the one with most articles. The files have just been
written or read, so that they lie in the system's cache: no disk is measured. pandas is imported already.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from rich.table import Table

from benchmarks import corpus
from benchmarks.chain import STORE, WORKERS, find_input
from benchmarks.measure import Options, make_table, show_figure
from benchmarks.runs import run_newsetl
from benchmarks.watch import RunFailedError
from newsetl.schema import Partition

PEERS = ("pandas", "pyarrow")
STORES = "NEWSETL_STORE"
DATASETS = ("articles", "sentences", "quotes")
MAX_WHOLE_BYTES = 500_000_000  # of Parquet; a larger dataset is not read as a whole: it might not fit into memory


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read. `first` is the first time, `best` the best of all; in seconds."""

    rows: int
    first: float
    best: float


def find_month(store: Path) -> Partition:
    """The source and month with most articles.

    Raises:
        FileNotFoundError: The store has no article with a date.
    """
    sizes = {path: pq.read_metadata(path).num_rows for path in (store / "articles").glob("*/*/*/*.parquet")}
    dated = {path: rows for path, rows in sizes.items() if path.parents[1].name != "year=0"}
    if not dated:
        raise FileNotFoundError(f"{store}: no articles with a date")
    path = max(dated, key=lambda path: (dated[path], str(path)))
    source, year, month = (folder.name.partition("=")[2] for folder in (path.parents[2], path.parents[1], path.parent))
    return Partition(source, int(year), int(month))


def read_filtered(folder: Path, wanted: Partition) -> pd.DataFrame:
    """What a reader of the tables writes."""
    filters = [("source", "==", wanted.source), ("year", "==", wanted.year), ("month", "==", wanted.month)]
    return pd.read_parquet(folder, filters=filters)


def read_and_choose(folder: Path, wanted: Partition) -> pd.DataFrame:
    """What a reader writes who does not know of filters."""
    frame = pd.read_parquet(folder)
    chosen = (frame["source"] == wanted.source) & (frame["year"] == wanted.year) & (frame["month"] == wanted.month)
    return frame[chosen]


def measure(read: Callable[[Path, Partition], pd.DataFrame], folder: Path, wanted: Partition, rounds: int) -> Reading:
    """Time one way to read."""
    times, rows = [], 0
    for _ in range(rounds):
        started = time.monotonic()
        rows = len(read(folder, wanted))
        times.append(time.monotonic() - started)
    return Reading(rows, times[0], min(times))


def build_table(store: Path, wanted: Partition, rounds: int) -> Table:
    """A row a dataset: the seconds of both ways and their ratio."""
    table = make_table(
        f"readback: {wanted.path()} of {store}",
        ("dataset",),
        ("MB of all", "rows", "by filter, s", "first, s", "all, then choose, s", "times"),
    )
    for dataset in DATASETS:
        folder = store / dataset
        if not any(folder.glob("*/*/*/*.parquet")):
            continue
        size = corpus.size_of(folder)
        ours = measure(read_filtered, folder, wanted, rounds)
        whole = measure(read_and_choose, folder, wanted, rounds) if size <= MAX_WHOLE_BYTES else None
        if whole and whole.rows != ours.rows:
            raise AssertionError(f"{folder}: {ours.rows} rows by filter, {whole.rows} of all")
        table.add_row(
            dataset,
            f"{size / 1e6:.0f}",
            f"{ours.rows:,}",
            show_figure(ours.best),
            show_figure(ours.first),
            show_figure(whole.best if whole else None),
            show_figure(whole.best / ours.best if whole else None),
        )
    return table


def find_stores(options: Options) -> Iterator[Path]:
    """The chain's store, made where it is not there, and those that the environment names."""
    if corpus.has_corpus(options.shared):
        store = options.work / STORE.format(WORKERS[-1])
        if not store.is_dir():
            run_newsetl(find_input(options), store, WORKERS[-1])
        yield store
    yield from (Path(name) for name in os.environ.get(STORES, "").split(os.pathsep) if name)


def compare(options: Options) -> Iterator[Table | str]:
    """The tables of this subject, and what there is to say of it."""
    if not corpus.has_corpus(options.shared):
        yield f"a store for reading back needs {options.shared / 'corpus'}: not there"
    try:
        for store in find_stores(options):
            yield build_table(store, find_month(store), options.rounds)
    except (RunFailedError, FileNotFoundError) as error:
        yield f"not read: {error}"
