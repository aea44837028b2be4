"""Map planned batches over an executor, publish the partitions. Knows neither Prefect nor the terminal."""

import json
import multiprocessing
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from multiprocessing.sharedctypes import SynchronizedArray
from pathlib import Path
from typing import Any, Self

from newsetl import __version__
from newsetl.errors import NewsetlError
from newsetl.io import store
from newsetl.io.ledger import Ledger
from newsetl.io.readers import read_records
from newsetl.io.staging import StagingWriter
from newsetl.pipeline import process_record
from newsetl.plan import Batch, Plan, read_options
from newsetl.records import RawRecord, Reject
from newsetl.schema import SCHEMA_VERSION
from newsetl.settings import Settings

PROGRESS_EVERY = 50  # records


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one batch did. `read` is counted where records are read, the other counts where rows are staged."""

    number: int
    read: int
    left_out: int  # records of sources that were not asked for
    seconds: float
    rejects: dict[str, int]  # by "stage: reason"
    ledger_path: Path


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did; written as its manifest."""

    run_id: str
    out: str
    read: int
    left_out: int
    outcomes: dict[str, int]
    rejects: dict[str, int]
    months: list[dict[str, Any]]  # source, year, month, outcome, records
    quotes: int
    files_written: int
    files_unchanged: int
    seconds: float
    skipped_files: int
    batches: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.read / self.seconds if self.seconds else 0.0


# --- work -----------------------------------------------------------------------------------------------------------

_progress: "SynchronizedArray[int] | None" = None


def _start_worker(progress: "SynchronizedArray[int]") -> None:
    global _progress  # noqa: PLW0603  a pool's initializer has no other way to hand something to its tasks
    _progress = progress


@contextmanager
def process_pool(workers: int) -> Iterator[tuple[Executor, Callable[[], tuple[int, int]]]]:
    """A pool of worker processes, and a function that tells how many records and bytes they have read so far."""
    # forkserver: workers start small and share nothing with threads of the caller, such as Prefect's
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    progress: SynchronizedArray[int] = context.Array("q", 2)
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(progress,))
    try:
        yield pool, lambda: (progress[0], progress[1])
    finally:
        pool.shutdown(cancel_futures=True)


def _report(records: int, size_bytes: int) -> None:
    if _progress is not None:
        with _progress.get_lock():
            _progress[0] += records
            _progress[1] += size_bytes


def process_batch(batch: Batch, settings: Settings, staging: Path) -> BatchResult:
    """Read the records of a batch, process each, stage the rows. Runs in a worker process."""
    started = time.monotonic()
    read = left_out = size_bytes = 0
    rejects: Counter[str] = Counter()
    with StagingWriter(staging, f"batch-{batch.number:06}") as writer:
        for record in _records(batch, settings):
            read += 1
            size_bytes += record.place.length
            record_no = (batch.number << 32) + read
            result = record if isinstance(record, Reject) else process_record(record)
            source = result.source if isinstance(result, Reject) else result.metadata.source
            if settings.sources and source is not None and source not in settings.sources:
                left_out += 1
            elif isinstance(result, Reject):
                rejects[f"{result.stage}: {result.reason}"] += 1
                writer.add_reject(record_no, result)
            else:
                writer.add_article(record_no, result)
            if read % PROGRESS_EVERY == 0:
                _report(PROGRESS_EVERY, size_bytes)
                size_bytes = 0
    _report(read % PROGRESS_EVERY, size_bytes)
    seconds = time.monotonic() - started
    return BatchResult(batch.number, read, left_out, seconds, dict(rejects), writer.ledger_path)


def _records(batch: Batch, settings: Settings) -> Iterator[RawRecord | Reject]:
    for piece in batch.slices:
        records = read_records(piece.file, read_options(settings, piece))
        yield from records if piece.limit is None else islice(records, piece.limit)


# --- publish --------------------------------------------------------------------------------------------------------


class Run:
    """A run into one store: collects what the batches did, then publishes it. Use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.root = Path(settings.out)
        self.started = datetime.now(UTC)
        self.run_id = f"{self.started:%Y%m%dT%H%M%S}-{os.getpid()}"
        self.staging = self.root / f"_staging-{self.run_id}"
        self._clock = time.monotonic()
        self._open = ExitStack()
        self._batches: list[dict[str, Any]] = []
        self._read: dict[int, int] = {}
        self._rejects: Counter[str] = Counter()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(store.locked(self.root))
            store.clear_staging(self.root)
            self.staging.mkdir(parents=True)
            stack.callback(shutil.rmtree, self.staging, ignore_errors=True)
            self._ledger = Ledger(self.staging / "ledger.sqlite", create=True)
            stack.callback(self._ledger.close)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, result: BatchResult) -> None:
        """Enter what a batch did into the ledger."""
        self._ledger.absorb(result.ledger_path)
        self._rejects.update(result.rejects)
        self._read[result.number] = result.read - result.left_out
        self._batches.append(
            {"batch": result.number, "read": result.read, "left_out": result.left_out, "seconds": result.seconds}
        )

    def publish(self, pool: Executor, plan: Plan) -> RunResult:
        """Settle duplicates, merge the partitions that change, put them in place, write the manifest.

        Raises:
            ConservationError: The ledger does not balance; nothing was published.
        """
        store.settle(self._ledger, self.root, self._read)
        ledger_path = self.staging / "ledger.sqlite"
        merges = [
            pool.submit(store.merge_partition, ledger_path, self.root, self.staging, partition)
            for partition in self._ledger.touched()
        ]
        merged = [merge.result() for merge in merges]
        written, unchanged = store.install(self.root, self.staging, merged)
        result = RunResult(
            run_id=self.run_id,
            out=str(self.root),
            read=sum(self._read.values()),
            left_out=sum(batch["left_out"] for batch in self._batches),
            outcomes=self._ledger.outcomes(),
            rejects=dict(sorted(self._rejects.items())),
            months=[
                {**asdict(partition), "outcome": outcome, "records": count}
                for partition, outcome, count in self._ledger.by_month()
            ],
            quotes=sum(m.rows["quotes"] for m in merged),
            files_written=written,
            files_unchanged=unchanged,
            seconds=time.monotonic() - self._clock,
            skipped_files=len(plan.skipped),
            batches=sorted(self._batches, key=lambda batch: int(batch["batch"])),
        )
        self._write_manifest(result, plan)
        return result

    def _write_manifest(self, result: RunResult, plan: Plan) -> None:
        slices = {b.number: [[s.file.uri, s.part, s.parts] for s in b.slices] for b in plan.batches}
        manifest = {
            "newsetl": __version__,
            "schema": SCHEMA_VERSION,
            "started": self.started.isoformat(),
            "finished": datetime.now(UTC).isoformat(),
            "settings": {**asdict(self.settings), "mapping": dict(self.settings.mapping)},
            "skipped_files": [[file.uri, file.skip_reason] for file in plan.skipped],
            **{name: value for name, value in asdict(result).items() if name not in ("batches", "skipped_files")},
            "batches": [{**batch, "slices": slices[int(batch["batch"])]} for batch in result.batches],
        }
        folder = self.root / store.RUNS_FOLDER
        folder.mkdir(exist_ok=True)
        temporary = folder / f".tmp-{self.run_id}.json"
        temporary.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(folder / f"{self.run_id}.json")


def finished(batch: "Future[BatchResult]") -> BatchResult:
    """What a batch did, once it is done.

    Raises:
        NewsetlError: Its worker process was killed.
    """
    try:
        return batch.result()
    except BrokenProcessPool as error:
        raise NewsetlError(
            "a worker process was killed, most likely for want of memory; nothing was published: try fewer workers"
        ) from error


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `size_bytes` is an estimate where files are compressed."""

    records: int
    bytes_read: int
    size_bytes: int
    batches_done: int
    batches: int


def run(settings: Settings, plan: Plan, watch: Callable[[Progress], None] = lambda _: None) -> RunResult:
    """The whole job on one machine.

    Args:
        settings: What to read and where to write.
        plan: From `plan_run`.
        watch: Called about twice a second.

    Raises:
        NewsetlError: The store is locked, or the ledger does not balance.
    """
    with Run(settings) as this, process_pool(settings.workers) as (pool, progress):
        pending = {pool.submit(process_batch, batch, settings, this.staging) for batch in plan.batches}
        while pending:
            done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                this.add(finished(future))
            watch(Progress(*progress(), plan.size_bytes, len(plan.batches) - len(pending), len(plan.batches)))
        return this.publish(pool, plan)
