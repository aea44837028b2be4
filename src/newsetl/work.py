"""What a batch does in a worker process: read records, process each, stage the rows."""

import gc
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Literal

from newsetl.guard import PATIENCE, Guard, OverTimeError, Position, guarded
from newsetl.io.profiles import read_outlets
from newsetl.io.readers import EMPTY_SHA256, read_records
from newsetl.io.staging import StagingWriter
from newsetl.pipeline import process_record, rejected
from newsetl.plan import Batch, Slice, content_bytes, read_options
from newsetl.records import Article, Fields, Place, RawRecord, Reject
from newsetl.settings import Settings

Reason = Literal["timed-out", "out-of-memory", "worker-died"]

# Objects made and not yet freed at which circles among them are looked for: more than a page has while it is at work,
# so that few pages are looked through. Circles are rare here, and hold little.
GC_OBJECTS = 10_000
# What a reader passes over in `max_document_seconds` at the least: 500 MB in 30 s is half of the speed measured for
# JSON, the slowest format, on a machine at work.
PASSED_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one batch did. `read` is counted where records are read, the other counts where rows are staged."""

    number: int
    read: int
    left_out: int  # records of sources that were not asked for
    size_bytes: int
    seconds: float
    rejects: dict[str, int]  # by "stage: reason"
    name: str  # what the names of its staged files begin with
    gone: dict[str, int] = field(default_factory=dict)  # records wanted and not found as they were, by file
    folder: str = ""  # where they lie, below the staging folder

    @property
    def path(self) -> str:
        """What the paths of its staged files begin with, below the staging folder."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


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
    return BatchResult(batch.number, read, left_out, size_bytes, seconds, dict(rejects), name, dict(+gone))


@cache
def _load_rules() -> None:
    """Have the rule tables loaded, which is no work of the first record."""
    text = "بيروت - قال سالم: «نعم». وأضاف المدير أن العمل انتهى."
    process_record(RawRecord(Place("", None, 0, EMPTY_SHA256), "text", fields=Fields(text=text)))
    gc.freeze()  # they live as long as the process; to look through them again and again takes 7 % of a page's time
    gc.set_threshold(GC_OBJECTS)


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
