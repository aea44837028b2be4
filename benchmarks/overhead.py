"""Prefect's overhead: flows/etl.py against a plain `newsetl run`, on the corpus, two workers, in turns.

A real Prefect server is started first, on loopback with a database of its own, and answers before anything is timed:
its start is in no figure. Three readings of the overhead are given, since "apart" can be understood in several ways:

- of the whole command, with the import of Prefect, which takes longer than that of newsetl;
- after start-up (runs.py says where that ends): what Prefect costs while there is work;
- of processor seconds, those of the server meanwhile included (it never rests): the least disturbed by neighbours.
"""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.table import Table

from benchmarks import corpus
from benchmarks.chain import find_input
from benchmarks.measure import Options, make_table, show_figure
from benchmarks.runs import NewsetlRun, run_flow, run_newsetl
from benchmarks.watch import RunFailedError, python

PEERS = ("prefect",)
WORKERS = 2
ASK = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)"
START_SECONDS = 120.0  # a server's first start, which makes its database, on a slow machine


@dataclass(frozen=True, slots=True)
class Timed:
    """A run; `server_seconds` is the processor time of the server meanwhile."""

    run: NewsetlRun
    server_seconds: float = 0.0

    @property
    def core_seconds(self) -> float:
        return self.run.watched.user + self.run.watched.system + self.server_seconds


class NoServerError(Exception):
    """The Prefect server does not answer."""


@contextlib.contextmanager
def serving(home: Path) -> Iterator[tuple[psutil.Process, Mapping[str, str]]]:
    """A Prefect server that answers, and the environment that names it.

    Raises:
        NoServerError: It ended, or did not answer in time.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"http://127.0.0.1:{port}/api"
    environment = {"PREFECT_HOME": str(home), "PREFECT_API_URL": address, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    environment["DO_NOT_TRACK"] = "1"
    command = python("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port)
    server = subprocess.Popen(  # noqa: S603  our own command
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(address, server)
        yield psutil.Process(server.pid), environment
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Ask until it answers, from a process of its own: this one reaches no network (measure.offline)."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        asked = subprocess.run(  # noqa: S603  our own command
            python("-c", ASK, f"{address}/health"), check=False, capture_output=True
        )
        if asked.returncode == 0:
            return
        time.sleep(0.5)
    raise NoServerError(f"no Prefect server answers at {address}")


def spent_by(server: psutil.Process) -> float:
    """Processor seconds of a server and its processes so far."""
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(float(item.user + item.system) for item in times)


def measure(options: Options) -> dict[str, list[Timed]]:
    """Plain runs and flows in turns."""
    source, out = find_input(options), options.work / "overhead"
    plain: list[Timed] = []
    flows: list[Timed] = []
    with serving(options.work / "prefect") as (server, environment):

        def timed(run: Callable[[], NewsetlRun]) -> Timed:
            before = spent_by(server)
            return Timed(run(), spent_by(server) - before)

        run_flow(source, out, WORKERS, environment)  # the first flow fills caches of the server and the disk
        for _ in range(options.runs):
            flows.append(timed(lambda: run_flow(source, out, WORKERS, environment)))
            plain.append(timed(lambda: run_newsetl(source, out, WORKERS)))
    return {"newsetl run": plain, "flow": flows}


def build_table(timed: Mapping[str, list[Timed]]) -> Table:
    """The best of each kind, and how much more the flow takes."""
    table = make_table(
        f"prefect: {next(iter(timed.values()))[0].run.records:,} records, {WORKERS} workers",
        ("run",),
        ("seconds", "start-up", "after start-up", "core s", "of the server"),
    )
    best: dict[str, tuple[float, ...]] = {}
    for name, runs in timed.items():
        best[name] = (
            min(item.run.watched.seconds for item in runs),
            min(item.run.startup_seconds for item in runs),
            min(item.run.working_seconds for item in runs),
            min(item.core_seconds for item in runs),
        )
        server = min(item.server_seconds for item in runs)
        table.add_row(name, *map(show_figure, best[name]), show_figure(server))
    plain, flow = best.values()
    more = [f"{100 * (ours / base - 1):+.1f} %" for ours, base in zip(flow, plain, strict=True)]
    table.add_row("overhead", more[0], "", *more[2:])
    return table


def compare(options: Options) -> Iterator[Table | str]:
    """The table of this subject, and what there is to say of it."""
    if not corpus.has_corpus(options.shared):
        yield f"Prefect's overhead needs {options.shared / 'corpus'}: not there"
        return
    try:
        yield build_table(measure(options))
    except (RunFailedError, NoServerError) as error:
        yield f"not measured: {error}"
        return
    yield (
        f"the best of {options.runs} of each column, in turns, after one flow that warms up; the server's own start is "
        "in no figure\nstart-up: Python, imports (of Prefect, too), the plan, worker processes, rule tables\n"
        "core s: processor seconds of all processes, the server's meanwhile included"
    )
