"""What all subjects share: options, clocks, the machine, cells of tables."""

import contextlib
import gc
import logging
import os
import platform
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from rich.table import Table

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "raw"
SHARED = ROOT.parent / "shared"
SECONDS = 2.0  # of work for one figure
ROUNDS = 5  # of all tools in turn; the best of a tool counts, since a neighbour's work only ever slows a round
RUNS = 2  # of whole commands in turn, for the same reason; each takes up to a minute
SIZES = (1, 4, 16)  # times the corpus, for growth

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """How long to measure, how much of it, and where things stand.

    Attributes:
        seconds: Of work for a text rate.
        rounds: Over pages and dates.
        shared: Where gold sets, corpus and pages stand.
        work: A folder for input that is made and stores that are written.
        runs: Of each whole command.
        records: Take about so many records of the corpus, or pages of the archive; None takes all.
        sizes: Times the corpus, for growth.
    """

    seconds: float = SECONDS
    rounds: int = ROUNDS
    shared: Path = SHARED
    work: Path = Path(tempfile.gettempdir(), "newsetl-bench")
    runs: int = RUNS
    records: int | None = None
    sizes: tuple[int, ...] = SIZES


def find_version(package: str) -> str | None:
    """The installed version of a distribution; None when there is none.

    >>> find_version("no such package")
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe_machine() -> str:
    """The processor, its cores and the Python that the figures are of."""
    return f"{_find_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _find_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def measure_rate(function: Callable[[str], object], texts: Sequence[str], seconds: float) -> float:
    """Megabytes of UTF-8 a second of one core: the texts one by one, again and again until the time is up."""
    function(texts[0])  # tables are read, expressions compiled
    size, spent = 0, 0.0
    for text in cycle(texts):
        start = time.process_time()
        function(text)
        spent += time.process_time() - start
        size += len(text.encode())
        if spent >= seconds:
            break
    return size / 1e6 / spent


def measure_rounds(
    functions: Mapping[str, Callable[[T], object]], inputs: Callable[[int], Sequence[T]], rounds: int
) -> dict[str, float]:
    """Inputs a second of one core for each function: its best round over all inputs.

    The functions take turns, so that a slow minute of the machine meets all. Call each once before: this measures them
    warm. The rest of another's garbage is collected before each turn.

    Args:
        functions: By the name of their row.
        inputs: What all of them are given in a round, by its number from 1.
        rounds: How many.
    """
    best = dict.fromkeys(functions, 0.0)
    for number in range(1, rounds + 1):
        given = inputs(number)
        for name, function in functions.items():
            gc.collect()
            start = time.process_time()
            for item in given:
                function(item)
            # a clock that stood still tells that it was too fast to be measured
            best[name] = max(best[name], len(given) / max(time.process_time() - start, 1e-9))
    return best


@contextlib.contextmanager
def offline() -> Iterator[list[str]]:
    """Refuses every connection and keeps the peers quiet; gives the hosts that were asked for, to be told of.

    No figure may hang on a network, and none may wait for one. Commands that are started in here are not held.
    """
    asked: list[str] = []

    def refuse(host: Any, *_: Any, **__: Any) -> Any:
        asked.append(str(host))
        raise OSError(f"{host}: benchmarks run offline")

    connect = socket.socket.connect

    def refuse_connection(this: socket.socket, address: Any) -> Any:
        if this.family == getattr(socket, "AF_UNIX", None):  # processes of one machine among themselves
            return connect(this, address)
        return refuse(address)

    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            mock.patch.object(socket, "getaddrinfo", refuse),
            mock.patch.object(socket.socket, "connect", refuse_connection),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield asked
    finally:
        logging.disable(disabled)


def make_table(title: str, texts: Sequence[str], figures: Sequence[str]) -> Table:
    """An empty table with columns of text, then columns of figures."""
    table = Table(title=title, box=None, header_style="bold", pad_edge=False)
    for name in texts:
        table.add_column(name)
    for name in figures:
        table.add_column(name, justify="right")
    return table


def show_figure(figure: float | None) -> str:
    """A rate or a ratio as a cell; a dash for what was not measured.

    >>> show_figure(83.1234), show_figure(1.2345), show_figure(0.02749), show_figure(None)
    ('83', '1.23', '0.0275', '—')
    """
    if figure is None:
        return "—"
    return f"{figure:.0f}" if figure >= 20 else f"{figure:.2f}" if figure >= 1 else f"{figure:.3g}"
