"""Runs a command and watches it from outside: its seconds, and the processor time and memory of each of its processes.

The processes of a run come and go, and some are nobody's children any more when the command ends, so all of them are
looked at four times a second, which takes a hundredth of a core. Peak memory is the kernel's own count (VmHWM), exact
whatever the moment of the look; of processor time the last quarter of a second of a process may be missing.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.measure import ROOT

STEP_SECONDS = 0.05  # between two calls of `look`
LOOK_SECONDS = 0.25  # between two looks at all processes
SHARES_EVERY = 8  # looks; the kernel walks all pages of a process to tell its share of them


class RunFailedError(Exception):
    """A command ended with an error. The message is the last line that it wrote."""


@dataclass(slots=True)
class Seen:
    """One process.

    Attributes:
        role: command, fork server, worker, resource tracker, or child.
        peak_bytes: Most memory that it held (RSS); pages shared with other processes count in full.
        peak_share_bytes: The same with shared pages divided by those who share them (PSS), as often as was looked.
        user: Processor seconds in its own code.
        system: Processor seconds in the kernel.
    """

    role: str
    peak_bytes: int = 0
    peak_share_bytes: int = 0
    user: float = 0.0
    system: float = 0.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a command.

    Attributes:
        seconds: From its start to its end.
        processes: All that were seen.
        together_bytes: Most memory that all of them held at one time (sum of PSS).
        output: What it wrote on its standard output.
    """

    seconds: float
    processes: tuple[Seen, ...]
    together_bytes: int
    output: str

    @property
    def user(self) -> float:
        return sum(process.user for process in self.processes)

    @property
    def system(self) -> float:
        return sum(process.system for process in self.processes)

    @property
    def peak_bytes(self) -> int:
        """Of the largest process."""
        return max((process.peak_bytes for process in self.processes), default=0)

    def peaks(self) -> dict[str, int]:
        """Most memory of a process, by role."""
        found: dict[str, int] = {}
        for process in self.processes:
            found[process.role] = max(found.get(process.role, 0), process.peak_bytes)
        return found


def watch(
    command: Sequence[str],
    look: Callable[[float], object] = lambda _: None,
    environment: Mapping[str, str] | None = None,
) -> Watched:
    """Run a command to its end and tell what it took.

    Args:
        command: The program and its arguments.
        look: Called some twenty times a second with the seconds since the start.
        environment: Variables to add to this process's own.

    Raises:
        RunFailedError: The command failed.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603  our own command
            command, stdout=output, stderr=errors, env={**find_environment(), **(environment or {})}
        )
        tree = _Tree(process.pid)
        try:
            while process.poll() is None:
                look(time.monotonic() - started)
                tree.look()
                time.sleep(STEP_SECONDS)
            seconds = time.monotonic() - started
        finally:
            if process.poll() is None:  # interrupted
                process.terminate()
                process.wait()
        if process.returncode:
            errors.seek(0)
            raise RunFailedError((errors.read().strip().splitlines() or [f"exit code {process.returncode}"])[-1])
        output.seek(0)
        return Watched(seconds, tuple(tree.seen.values()), tree.together_bytes, output.read())


class _Tree:
    """A process and all below it, ever seen."""

    def __init__(self, pid: int) -> None:
        self.seen: dict[int, Seen] = {}
        self.together_bytes = 0
        self._root = psutil.Process(pid)
        self._looks = 0
        self._next = 0.0

    def look(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK_SECONDS
        with_shares = self._looks % SHARES_EVERY == 0
        self._looks += 1
        together = 0
        with contextlib.suppress(psutil.Error):
            for process in (self._root, *self._root.children(recursive=True)):
                with contextlib.suppress(psutil.Error, OSError):
                    together += self._look_at(process, with_shares=with_shares)
        self.together_bytes = max(self.together_bytes, together)

    def _look_at(self, process: psutil.Process, *, with_shares: bool) -> int:
        """Enter what a process has taken by now; gives its share of memory."""
        if process.pid not in self.seen:
            self.seen[process.pid] = Seen(self._role(process))
        seen = self.seen[process.pid]
        times = process.cpu_times()
        seen.user, seen.system = times.user, times.system
        folder = Path(f"/proc/{process.pid}")
        seen.peak_bytes = max(seen.peak_bytes, _read_bytes(folder / "status", "VmHWM:") or process.memory_info().rss)
        share = (_read_bytes(folder / "smaps_rollup", "Pss:") or 0) if with_shares else 0
        seen.peak_share_bytes = max(seen.peak_share_bytes, share)
        return share

    def _role(self, process: psutil.Process) -> str:
        """What a process is there for; newsetl's are named by how Python starts them."""
        if process.pid == self._root.pid:
            return "command"
        line = " ".join(process.cmdline())
        if "resource_tracker" in line:
            return "resource tracker"
        if "forkserver" in line:
            return "fork server" if process.ppid() == self._root.pid else "worker"
        return "child"


def _read_bytes(path: Path, name: str) -> int | None:
    """A line such as "VmHWM:  12 kB" of a file in /proc; None where there is none."""
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return None


@contextlib.contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Commands that are started in here get so many cores and no more, where the system can do that (Linux)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def find_environment() -> dict[str, str]:
    """This process's, in which the modules of `benchmarks` are found from every folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}


def python(*arguments: str) -> list[str]:
    """A command that this Python runs."""
    return [sys.executable, *arguments]
