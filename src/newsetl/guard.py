"""Guards of a worker process: what one record may take in time and memory, and a note of the record at hand.

In worker processes of our own (see `own_process`) three limits hold while a batch is at work:

- time, soft: a timer ticks four times in `max_document_seconds`; the tick that finds the record at hand over its
  limit raises `OverTimeError` out of it. No timer is set for each record, so that a record costs a microsecond;
- time, hard: each tick puts off a watchdog thread that ends the process. C code that never returns to Python keeps the
  ticks from being heard, and the watchdog strikes;
- memory: RLIMIT_DATA, so that what is too much becomes a `MemoryError`.

Elsewhere (threads of the caller, of Dask) nothing is set, since timer, watchdog and limit belong to the whole process;
Windows has no timer and no limit, macOS no limit that holds. The note is written everywhere.
"""

import faulthandler
import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from newsetl.records import Stage
from newsetl.settings import Settings

T = TypeVar("T")

STAGES: tuple[Stage, ...] = get_args(Stage)
CODES = {stage: code for code, stage in enumerate(STAGES)}
POSITION = struct.Struct("<qqq")  # ordinal, slice, size_bytes
NOTE_BYTES = 32  # the position, and a byte for the stage

TICKS = 4  # in max_document_seconds
# What counts against a record is processor time: it is the record's own doing. Waiting may be the machine's (swapping,
# a slow disk), so it may last this many times longer; so may all reading, since a step of it may pass over many
# records of other batches.
PATIENCE = 4
OWNER_SECONDS = 1.0  # between two looks for the process that a worker works for
WATCHDOG = 3  # times max_document_seconds without a tick; the longest call into C for a record of 16 MB takes 1 s


class OverTimeError(BaseException):
    """A record took too long. No `Exception`, so that no stage takes it for its own failure."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a batch stands.

    Attributes:
        ordinal: The record at hand, counted from 1 within the batch; 0: none yet.
        slice: Index of the slice it comes from.
        size_bytes: Bytes of the records read so far.
        stage: What is being done with it.
    """

    ordinal: int
    slice: int
    size_bytes: int
    stage: Stage


class Note:
    """The position of a batch in a small file, which outlives the process that writes it: no call to the system."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(NOTE_BYTES))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), NOTE_BYTES)

    def close(self) -> None:
        self._map.close()

    def write(self, position: Position) -> None:
        self.write_stage(position.stage)
        POSITION.pack_into(self._map, 0, position.ordinal, position.slice, position.size_bytes)

    def write_stage(self, stage: Stage) -> None:
        self._map[POSITION.size] = CODES[stage]


def read_note(path: Path) -> Position | None:
    """Where a batch stands or stood when its process ended; None: it had not begun."""
    with suppress(OSError):
        noted = path.read_bytes()
        if len(noted) == NOTE_BYTES:
            ordinal, slice_index, size_bytes = POSITION.unpack_from(noted)
            stage = STAGES[noted[POSITION.size]]
            return Position(ordinal, slice_index, size_bytes, stage) if ordinal else None
    return None


class Guard:
    """Watches one batch.

    Attributes:
        stage: What is being done with the record at hand.
    """

    def __init__(self, note: Note, max_seconds: float) -> None:
        self.stage: Stage = "read"
        self._note = note
        self._max_seconds = max_seconds
        self._watching = False
        self._allowance = 1
        self._began = 0.0
        self._ticks = 0

    def move(self, position: Position) -> None:
        """Say where the batch stands."""
        self.stage = position.stage
        self._note.write(position)

    def enter(self, stage: Stage) -> None:
        """Say what is being done with the record at hand."""
        self.stage = stage
        self._note.write_stage(stage)

    def watch(self, function: Callable[[], T], allowance: int = 1) -> T:
        """What a function returns, if it returns within `allowance` times the limit.

        Raises:
            OverTimeError: It did not. Only where `guarded` has set the timer.
        """
        self._allowance = allowance
        self._began = time.thread_time()
        self._ticks = 0
        self._watching = True
        try:
            return function()
        finally:
            self._watching = False

    def tick(self) -> None:
        """Look at the clock; called by the timer.

        Raises:
            OverTimeError: Out of whatever is being watched. Should something swallow it, the next tick raises again.
        """
        # A stopped process (Ctrl-Z) misses its ticks and so does not age.
        self._ticks += 1
        spent = time.thread_time() - self._began
        over = spent >= self._max_seconds * self._allowance or self._ticks >= TICKS * max(PATIENCE, self._allowance)
        if self._watching and over:
            raise OverTimeError


# --- limits of the process ------------------------------------------------------------------------------------------

_own = False


def own_process(owner: int) -> None:
    """Allow `guarded` to set limits: this process runs batches in its main thread and nothing else.

    It ends soon after its owner, by process id: workers of one that was killed would wait for work for ever.
    """
    global _own  # noqa: PLW0603  a pool's initializer has no other way to tell its tasks
    _own = True
    threading.Thread(target=_end_with, args=(owner,), daemon=True).start()


def _end_with(owner: int) -> None:
    with suppress(ProcessLookupError):
        while True:
            os.kill(owner, 0)
            time.sleep(OWNER_SECONDS)
    os._exit(1)


@contextmanager
def guarded(note: Path, settings: Settings) -> Iterator[Guard]:
    """A guard for one batch; in a process of our own with its limits, which end with it."""
    with ExitStack() as stack:
        writer = Note(note)
        stack.callback(writer.close)
        guard = Guard(writer, settings.max_document_seconds)
        if _own and threading.current_thread() is threading.main_thread():
            stack.enter_context(_memory_limit(settings.max_document_memory))
            stack.enter_context(_ticking(guard, settings.max_document_seconds))
        yield guard


@contextmanager
def _memory_limit(size_bytes: int) -> Iterator[None]:
    """So much above what the process holds now. Memory-mapped files and code do not count (RLIMIT_AS counts them)."""
    held = _held_bytes()
    if held is None:
        yield
        return
    import resource  # noqa: PLC0415  not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + size_bytes
    bounds = [bound for bound in (wanted, soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held_bytes() -> int | None:
    """Memory of this process that RLIMIT_DATA counts; None where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[5]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _ticking(guard: Guard, max_seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer"):
        yield
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:

        def put_off() -> None:
            with suppress(RuntimeError):  # no thread to be had when memory is short; the next tick tries again
                faulthandler.dump_traceback_later(max_seconds * WATCHDOG, exit=True, file=nowhere)

        def tick(*_: object) -> None:
            put_off()
            guard.tick()

        before = signal.signal(signal.SIGALRM, tick)
        signal.setitimer(signal.ITIMER_REAL, max_seconds / TICKS, max_seconds / TICKS)
        put_off()
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, before)
