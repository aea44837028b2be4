"""Worker processes that may die: a death costs one record, not the run.

A record is found guilty of a death (or of running out of memory, or of stopping a reader) only when it does it again
alone in a new process: a worker may as well have died of its neighbours, of the machine or of a hand. The batch is
then done again in a process of its own, with one reject in the place of that record.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import ParamSpec, TypeVar

import pyarrow as pa

from newsetl.errors import NewsetlError
from newsetl.guard import OverTimeError, own_process, read_note
from newsetl.plan import Batch
from newsetl.settings import Settings
from newsetl.work import FIRST, Attempt, BatchResult, Reason, Verdict, process_batch

P = ParamSpec("P")
T = TypeVar("T")

# Each verdict costs a trial and one more round of the batch, so a batch of nothing but killers must end some time.
MAX_VERDICTS = 32
# Deaths of one batch in a row that no record is guilty of: a neighbour that kills the pool gives one.
MAX_UNEXPLAINED = 4

_log = logging.getLogger(__name__)


def _begin(owner: int, environment: dict[str, str]) -> None:
    """What a worker process does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    own_process(owner)
    os.environ.update(environment)  # that of the caller now: a fork server keeps the one it was started with
    pa.set_cpu_count(1)  # there is a process for each core, and each thread of Arrow keeps memory of its own
    pa.set_io_thread_count(1)


def _run(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """A task in a worker process. Ctrl-C, which a terminal sends to all, ends it; a process that waits says nothing."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return function(*args, **kwargs)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """In this thread until the end, and in processes started meanwhile until `_begin`: they would print tracebacks."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Pool(ProcessPoolExecutor):
    """Processes that do not begin with the caller's script, as those of multiprocessing do.

    Nothing of it is needed in them, and a script that imports Prefect (flows/, Prefect's own commands) takes each
    process longer to load than all of newsetl.
    """

    _starting = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As every executor does. It starts processes, and they are told what `__main__` is."""
        with self._starting, _ctrl_c_held_back():
            script = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                return super().submit(_run, fn, *args, **kwargs)
            finally:
                sys.modules["__main__"] = script


class Workers(Executor):
    """Worker processes. Where a pool breaks because one died, the next task gets a new pool."""

    def __init__(self, count: int) -> None:
        # forkserver: workers start small and share nothing with threads of the caller, such as Prefect's. It may load
        # what starts no thread: half of the time that a new worker takes. (Arrow starts two when it is imported.)
        # Arrow's allocator, mimalloc, gives freed memory back at once: 50-100 MB less at the peak of a worker. It reads
        # this before any code of ours can run in a new process.
        os.environ.setdefault("MIMALLOC_PURGE_DELAY", "0")
        self._context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        self._context.set_forkserver_preload(["newsetl.pipeline"])
        self._count = count
        self._lock = threading.Lock()
        self._stopped = False
        self._pool = self._open(count)

    def _open(self, count: int) -> ProcessPoolExecutor:
        try:
            return _Pool(count, self._context, initializer=_begin, initargs=(os.getpid(), {**os.environ}))
        except OSError as error:  # too many open files, or a system without semaphores
            raise NewsetlError(
                f"worker processes cannot be started: {error.strerror}; nothing was published"
            ) from error

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As every executor does; never fails for a death before."""
        with self._lock:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenExecutor:
                self._pool.shutdown()
                self._pool = self._open(self._count)
                return self._pool.submit(fn, *args, **kwargs)

    def renew(self) -> None:
        """Go on with new processes: what those at hand hold for one kind of work is of no use for the next."""
        with self._lock:
            self._pool.shutdown()
            self._pool = self._open(self._count)

    @contextmanager
    def alone(self) -> Iterator[Executor]:
        """A new process that nothing else runs in.

        Raises:
            RuntimeError: After `shutdown`.
        """
        if self._stopped:
            raise RuntimeError("no new process after shutdown")
        pool = self._open(1)
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as in Executor
        """As every executor does; batches that are being done again are not begun once more."""
        self._stopped = True
        with self._lock:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)


Alone = Callable[[], AbstractContextManager[Executor]]


def process_safely(batch: Batch, settings: Settings, staging: Path, pool: Executor, alone: Alone) -> BatchResult:
    """Have a batch processed, whatever dies of it. Waits; call it from a thread.

    Args:
        batch: What to do.
        settings: As for `process_batch`.
        staging: As for `process_batch`.
        pool: Where batches usually run.
        alone: Gives an executor of one new process (`Workers.alone`), for what made the pool fail.

    Raises:
        NewsetlError: Workers die again and again, or without a record to blame.
    """
    attempt, unexplained = FIRST, 0
    result = _try(batch, settings, staging, attempt, pool)
    while isinstance(result, Verdict | None):
        verdict = result and _trial(batch, settings, staging, replace(attempt, only=result.position.ordinal), alone)
        unexplained = 0 if verdict else unexplained + 1
        verdicts = (*attempt.verdicts, verdict) if verdict else attempt.verdicts
        _check(batch, verdicts, unexplained)
        attempt = Attempt(attempt.number + 1, verdicts)
        result = _try_alone(batch, settings, staging, attempt, alone)
    return result


def _try(
    batch: Batch, settings: Settings, staging: Path, attempt: Attempt, pool: Executor
) -> BatchResult | Verdict | None:
    """What the batch did; or which record it failed at, and how; or None where its process died before the first."""
    reason: Reason
    try:
        return pool.submit(process_batch, batch, settings, staging, attempt).result()
    except BrokenExecutor:
        reason = "worker-died"
    except MemoryError:
        reason = "out-of-memory"
    except OverTimeError:
        reason = "timed-out"
    position = read_note(staging / f"{attempt.name(batch)}.note")
    _drop(staging, attempt.name(batch))
    return Verdict(position, reason) if position else None


def _try_alone(
    batch: Batch, settings: Settings, staging: Path, attempt: Attempt, alone: Alone
) -> BatchResult | Verdict | None:
    with alone() as process:
        guilty = [verdict.position.ordinal for verdict in attempt.verdicts]
        _log.warning("attempt=%s only=%s guilty=%s: a worker failed", attempt.name(batch), attempt.only, guilty)
        return _try(batch, settings, staging, attempt, process)


def _trial(batch: Batch, settings: Settings, staging: Path, attempt: Attempt, alone: Alone) -> Verdict | None:
    """The verdict on one record, or None: alone it does no harm."""
    result = _try_alone(batch, settings, staging, attempt, alone)
    _drop(staging, attempt.name(batch))
    return result if isinstance(result, Verdict) and result.position.ordinal == attempt.only else None


def _check(batch: Batch, verdicts: tuple[Verdict, ...], unexplained: int) -> None:
    if unexplained >= MAX_UNEXPLAINED:
        raise NewsetlError(
            f"worker processes died {unexplained} times over batch {batch.number} and no one record is to blame, "
            "most likely for want of memory; nothing was published: try fewer workers"
        )
    if len(verdicts) > MAX_VERDICTS:
        raise NewsetlError(
            f"batch {batch.number}: more than {MAX_VERDICTS} records that worker processes die of, the last "
            f"{verdicts[-1].position} ({verdicts[-1].reason}); nothing was published"
        )


def _drop(staging: Path, name: str) -> None:
    """Remove what an attempt staged."""
    for path in (*staging.glob(f"{name}-*.arrow"), staging / f"{name}.sqlite", staging / f"{name}.note"):
        with suppress(OSError):  # a neighbour that is being ended may still hold it; the run removes the rest
            path.unlink()
