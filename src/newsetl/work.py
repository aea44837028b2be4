"""Batches in worker processes that may die: what a batch does, and how a death costs one record, not the run.

A record is found guilty of a death (or of running out of memory, or of stopping a reader) only when it does it again
alone in a new process: a worker may as well have died of its neighbours, of the machine or of a hand. The batch is
then done again in a process of its own, with one reject in the place of that record.
"""

import logging
import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

from newsetl.errors import NewsetlError
from newsetl.guard import PATIENCE, Guard, OverTimeError, Position, guarded, own_process, read_note
from newsetl.io.profiles import read_outlets
from newsetl.io.readers import EMPTY_SHA256, read_records
from newsetl.io.staging import StagingWriter
from newsetl.pipeline import process_record, rejected
from newsetl.plan import Batch, Slice, content_bytes, read_options
from newsetl.records import Article, Fields, Place, RawRecord, Reject
from newsetl.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
Reason = Literal["timed-out", "out-of-memory", "worker-died"]

# Each verdict costs a trial and one more round of the batch, so a batch of nothing but killers must end some time.
MAX_VERDICTS = 32
# Deaths of one batch in a row that no record is guilty of: a neighbour that kills the pool gives one.
MAX_UNEXPLAINED = 4
# What a reader passes over in `max_document_seconds` at the least: 500 MB in 30 s is half of the speed measured for
# JSON, the slowest format, on a machine at work.
PASSED_BYTES = 500_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one batch did. `read` is counted where records are read, the other counts where rows are staged."""

    number: int
    read: int
    left_out: int  # records of sources that were not asked for
    size_bytes: int
    seconds: float
    rejects: dict[str, int]  # by "stage: reason"
    ledger_path: Path
    gone: dict[str, int] = field(default_factory=dict)  # records wanted and not found as they were, by file


@dataclass(frozen=True, slots=True)
class Verdict:
    """A record that must not be tried again, and why."""

    position: Position
    reason: Reason


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way through a batch. Each has staged files of its own, so that nothing half staged is ever taken over.

    Attributes:
        number: Counted from 0.
        verdicts: Records found guilty before.
        only: Process no record but this one, by ordinal: a trial.
    """

    number: int = 0
    verdicts: tuple[Verdict, ...] = ()
    only: int | None = None

    def name(self, batch: Batch) -> str:
        """What the names of its staged files begin with."""
        kind = "batch" if self.only is None else "trial"
        return f"{kind}-{batch.number:06}" + (f".{self.number}" if self.number else "")

    def verdict(self, ordinal: int) -> Verdict | None:
        return next((v for v in self.verdicts if v.position.ordinal == ordinal), None)


FIRST = Attempt()


# --- in the worker --------------------------------------------------------------------------------------------------


def process_batch(batch: Batch, settings: Settings, staging: Path, attempt: Attempt = FIRST) -> BatchResult:
    """Read the records of a batch, process each, stage the rows. Runs in a worker process.

    Raises:
        MemoryError: At the record that the note in the staging folder names.
        OverTimeError: Reading took too long, at that record.
    """
    started = time.monotonic()
    _load_rules()
    read = left_out = size_bytes = 0
    rejects: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    name = attempt.name(batch)
    with StagingWriter(staging, name) as writer, guarded(staging / f"{name}.note", settings) as guard:
        for record in _records(batch, settings, attempt, guard, gone):
            read += 1
            size_bytes += record.place.length
            if attempt.only not in (None, read):
                continue
            result = _outcome(record, settings, attempt.verdict(read), guard)
            guard.enter("write")
            source = result.source if isinstance(result, Reject) else result.metadata.source
            if settings.sources and source is not None and source not in settings.sources:
                left_out += 1
            elif isinstance(result, Reject):
                rejects[f"{result.stage}: {result.reason}"] += 1
                writer.add_reject((batch.number << 32) + read, result)
            else:
                writer.add_article((batch.number << 32) + read, result)
            if attempt.only == read:
                break
    seconds = time.monotonic() - started
    return BatchResult(
        batch.number, read, left_out, size_bytes, seconds, dict(rejects), writer.ledger_path, dict(+gone)
    )


@cache
def _load_rules() -> None:
    """Have the rule tables loaded, which is no work of the first record."""
    text = "بيروت - قال سالم: «نعم». وأضاف المدير أن العمل انتهى."
    process_record(RawRecord(Place("", None, 0, EMPTY_SHA256), "text", fields=Fields(text=text)))


def _records(
    batch: Batch, settings: Settings, attempt: Attempt, guard: Guard, gone: Counter[str]
) -> Iterator[RawRecord | Reject]:
    """The records of a batch; one reject for the rest of a slice whose reading was found guilty.

    Wanted records that were not found are counted in `gone`.
    """
    ordinal, size_bytes = 1, 0
    for index, piece in enumerate(batch.slices):
        records = islice(read_records(piece.file, read_options(settings, piece)), piece.limit)
        gone[piece.file.uri] += len(piece.wanted or ())
        while True:
            verdict = attempt.verdict(ordinal)
            if verdict and verdict.position.stage == "read" and verdict.position.slice == index:
                yield _unread(piece, verdict.reason, settings)
                ordinal += 1
                break
            guard.move(Position(ordinal, index, size_bytes, "read"))
            record = guard.watch(partial(next, records, None), _patience(piece))
            if record is None:
                break
            yield record
            ordinal += 1
            size_bytes += record.place.length
            gone[piece.file.uri] -= piece.wanted is not None


def _patience(piece: Slice) -> int:
    """How long one step of reading may take: on the way to a wanted record it may pass over most of the file."""
    return PATIENCE + (content_bytes(piece.file) // PASSED_BYTES if piece.wanted else 0)


def _outcome(record: RawRecord | Reject, settings: Settings, verdict: Verdict | None, guard: Guard) -> Article | Reject:
    """What becomes of a record."""
    if isinstance(record, Reject):
        return record
    outlets = read_outlets(settings.profiles, use_profiles=settings.use_profiles)
    if verdict:
        stage, reason = verdict.position.stage, verdict.reason
    else:
        try:
            return guard.watch(partial(process_record, record, guard.enter, outlets))
        except OverTimeError:
            stage, reason = guard.stage, "timed-out"
    return rejected(record, Reject(record.place, stage, reason, _detail(reason, settings)), outlets)


def _unread(piece: Slice, reason: Reason, settings: Settings) -> Reject:
    part = f", part {piece.part + 1} of {piece.parts}" if piece.parts > 1 else ""
    detail = f"{_detail(reason, settings)}; the rest of the file was not read{part}"
    return Reject(Place(piece.file.uri, None, 0, EMPTY_SHA256), "read", reason, detail)


def _detail(reason: Reason, settings: Settings) -> str:
    """The same words in every run: no measured time, no count of attempts."""
    return {
        "timed-out": f"above max_document_seconds = {settings.max_document_seconds:g}",
        "out-of-memory": f"above max_document_memory = {settings.max_document_memory}",
        "worker-died": "the worker process died of it, and once more of it alone",
    }[reason]


# --- in the parent --------------------------------------------------------------------------------------------------


class Workers(Executor):
    """Worker processes. Where a pool breaks because one died, the next task gets a new pool."""

    def __init__(self, count: int) -> None:
        # forkserver: workers start small and share nothing with threads of the caller, such as Prefect's. It may load
        # what starts no thread: half of the time that a new worker takes. (Arrow starts two when it is imported.)
        self._context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        self._context.set_forkserver_preload(["newsetl.pipeline"])
        self._count = count
        self._lock = threading.Lock()
        self._stopped = False
        self._pool = self._open(count)

    def _open(self, count: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(count, self._context, initializer=own_process)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As every executor does; never fails for a death before."""
        with self._lock:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenExecutor:
                self._pool.shutdown()
                self._pool = self._open(self._count)
                return self._pool.submit(fn, *args, **kwargs)

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
