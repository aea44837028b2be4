"""Map planned batches over an executor, publish the partitions. Knows neither Prefect nor the terminal."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from newsetl import __version__
from newsetl.errors import NewsetlError
from newsetl.guard import read_note
from newsetl.io import merge, publish
from newsetl.io.ledger import Ledger
from newsetl.io.lock import locked
from newsetl.io.paths import store_path
from newsetl.io.store import refuse_other_schema
from newsetl.plan import Plan
from newsetl.schema import SCHEMA_VERSION
from newsetl.settings import Settings
from newsetl.version import pipeline_version
from newsetl.work import BatchResult
from newsetl.workers import Workers, process_safely


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
    gone: dict[str, int] = field(default_factory=dict)  # records wanted and not found as they were, by file

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.read / self.seconds if self.seconds else 0.0


# --- publish --------------------------------------------------------------------------------------------------------


class Run:
    """A run into one store: collects what the batches did, then publishes it. Use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.root = store_path(settings.out)
        self.started = datetime.now(UTC)
        self.run_id = f"{self.started:%Y%m%dT%H%M%S%f}-{os.getpid()}"
        self.staging = Path()  # once entered
        self._clock = time.monotonic()
        self._open = ExitStack()
        self._batches: list[dict[str, Any]] = []
        self._read: dict[int, int] = {}
        self._bytes_read = 0
        self._rejects: Counter[str] = Counter()
        self._gone: Counter[str] = Counter()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._held = stack.enter_context(locked(self.root, self.settings.wait_seconds))
            publish.recover(self.root, self._held)
            self.staging = stack.enter_context(publish.staging_folder(self.root, self.run_id))
            refuse_other_schema(self.root)
            self._ledger = Ledger(self.staging / "ledger.sqlite", create=True)
            stack.callback(self._ledger.close)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def add(self, result: BatchResult) -> None:
        """Enter what a batch did into the ledger."""
        self._ledger.absorb(result.ledger_path)
        result.ledger_path.with_suffix(".note").unlink(missing_ok=True)
        self._bytes_read += result.size_bytes
        self._rejects.update(result.rejects)
        self._gone.update(result.gone)
        self._read[result.number] = result.read - result.left_out
        self._batches.append(
            {"batch": result.number, "read": result.read, "left_out": result.left_out, "seconds": result.seconds}
        )

    def progress(self) -> tuple[int, int]:
        """Records and bytes read so far: of batches that are done, and as noted by those at work."""
        notes = [note for path in self.staging.glob("batch-*.note") if (note := read_note(path))]
        records = sum(batch["read"] for batch in self._batches) + sum(note.ordinal - 1 for note in notes)
        return records, self._bytes_read + sum(note.size_bytes for note in notes)

    def publish(self, pool: Workers, plan: Plan) -> RunResult:
        """Settle duplicates, merge the partitions that change, put them in place, write the manifest.

        Raises:
            ConservationError: The ledger does not balance; nothing was published.
            NewsetlError: A worker process died while it merged, or the disk has no room; nothing was published.
        """
        merge.settle(self._ledger, self.root, self._read)
        publish.refuse_without_space(self.root, self.staging, self._ledger.touched())
        ledger_path = self.staging / "ledger.sqlite"
        pool.renew()  # merging needs none of the rules and rows that workers hold by now
        merges = [
            pool.submit(merge.merge_partition, ledger_path, self.root, self.staging, partition)
            for partition in self._ledger.touched()
        ]
        try:
            merged = [merging.result() for merging in merges]
        except BrokenExecutor as error:
            raise NewsetlError(
                "a worker process died while merging, most likely for want of memory; nothing was published: "
                "try fewer workers"
            ) from error
        prepared = publish.prepare(self.root, self.staging, merged)
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
            files_written=prepared.written,
            files_unchanged=prepared.unchanged,
            seconds=time.monotonic() - self._clock,
            skipped_files=len(plan.skipped),
            batches=sorted(self._batches, key=lambda batch: int(batch["batch"])),
            gone=dict(sorted(self._gone.items())),
        )
        publish.commit(self.root, prepared, (f"{self.run_id}.json", self._manifest(result, plan)), self._held)
        return result

    def _manifest(self, result: RunResult, plan: Plan) -> str:
        slices = {b.number: [[s.file.uri, s.part, s.parts] for s in b.slices] for b in plan.batches}
        manifest = {
            "newsetl": __version__,
            "pipeline": pipeline_version(),
            "schema": SCHEMA_VERSION,
            "started": self.started.isoformat(),
            "finished": datetime.now(UTC).isoformat(),
            "settings": {**asdict(self.settings), "mapping": dict(self.settings.mapping)},
            **plan.about,
            "skipped_files": [[file.uri, file.skip_reason] for file in plan.skipped],
            **{name: value for name, value in asdict(result).items() if name not in ("batches", "skipped_files")},
            "batches": [{**batch, "slices": slices[int(batch["batch"])]} for batch in result.batches],
        }
        return json.dumps(manifest, ensure_ascii=False, indent=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `size_bytes` is an estimate where files are compressed."""

    records: int
    bytes_read: int
    size_bytes: int
    batches_done: int
    batches: int


@contextmanager
def _threads(workers: Workers, count: int) -> Iterator[Executor]:
    """Threads that wait for workers; an error ends both as soon as the batches at work are done."""
    threads = ThreadPoolExecutor(count)
    try:
        yield threads
    except BaseException:
        workers.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        threads.shutdown(cancel_futures=True)


def run(settings: Settings, plan: Plan, watch: Callable[[Progress], None] = lambda _: None) -> RunResult:
    """The whole job on one machine.

    Args:
        settings: What to read and where to write.
        plan: From `plan_run`.
        watch: Called about twice a second.

    Raises:
        NewsetlError: The store is locked, the ledger does not balance, workers die without a record to blame, or the
            disk fails.
    """
    with Workers(settings.workers) as workers:
        return run_with(workers, settings, plan, watch)


def run_with(
    workers: Workers, settings: Settings, plan: Plan, watch: Callable[[Progress], None] = lambda _: None
) -> RunResult:
    """The same with workers that the caller holds and may use again."""
    with Run(settings) as this:
        with _threads(workers, settings.workers) as threads:
            pending = {
                threads.submit(process_safely, batch, settings, this.staging, workers, workers.alone)
                for batch in plan.batches
            }
            while pending:
                done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    this.add(future.result())
                watch(Progress(*this.progress(), plan.size_bytes, len(plan.batches) - len(pending), len(plan.batches)))
        return this.publish(workers, plan)
