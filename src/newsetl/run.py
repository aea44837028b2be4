"""Map planned batches over an engine, publish the partitions. Knows neither Prefect nor the terminal."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from newsetl import __version__
from newsetl.engine import Engine, open_engine
from newsetl.errors import ConservationError, NewsetlError
from newsetl.guard import read_note
from newsetl.io import merge, publish
from newsetl.io.ledger import Ledger
from newsetl.io.lock import locked
from newsetl.io.paths import at_hand, store_errors, store_path
from newsetl.io.publication import STAGING, Prepared
from newsetl.io.site import LEDGER, Site
from newsetl.io.store import refuse_other_schema
from newsetl.kept import begin, find_kept, keep, sync_batch, take_over, work_digest
from newsetl.plan import Batch, Plan
from newsetl.schema import SCHEMA_VERSION, Partition
from newsetl.settings import Settings
from newsetl.version import pipeline_version
from newsetl.work import BatchResult

# After these a run may be gone on with; other errors are faults of newsetl or of what lies staged.
INTERRUPTIONS = (KeyboardInterrupt, SystemExit, NewsetlError)
WATCH_SECONDS = 0.5
KEPT = "{} of {} batches are kept, the same command goes on from there"


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
    taken_over: int = 0  # batches that an interrupted run before had done

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.read / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `size_bytes` is an estimate where files are compressed."""

    records: int
    bytes_read: int
    size_bytes: int
    batches_done: int
    batches: int
    merged: int = 0
    partitions: int = 0  # to merge; 0 until that is known


Watch = Callable[[Progress], None]


class Run:
    """A run into one store: collects what the batches did, then publishes it. Use it as a context manager.

    What its batches did is kept when it fails or is interrupted, and taken over by the next run of the same work.

    Attributes:
        site: Where it works, once entered.
        todo: The batches that are left to do, once entered; large ones first, so that all workers end together.
    """

    def __init__(self, settings: Settings, plan: Plan, engine: Engine) -> None:
        self.settings = settings
        self.root = store_path(settings.out)
        self.started = datetime.now(UTC)
        self.run_id = f"{self.started:%Y%m%dT%H%M%S%f}-{os.getpid()}"
        self.site = Site(self.root, Path(), Path())
        self.todo = plan.batches
        self._plan = plan
        self._engine = engine
        self._clock = time.monotonic()
        self._open = ExitStack()
        self._done: dict[int, BatchResult] = {}
        self._taken_over = 0
        self._can_keep = engine.is_spread or isinstance(self.root, Path)  # not in a temporary folder
        self._keeps = False

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._held = stack.enter_context(locked(self.root, self.settings.wait_seconds))
            with publish.explained(self.root, Path()):
                work = work_digest(self._plan, self.settings)
                kept = find_kept(self.root, work) if self._can_keep else None
            publish.recover(self.root, self._held, kept)
            name = kept.name if kept else f"{STAGING}{self.run_id}"
            staging = stack.enter_context(publish.staging_folder(self.root, name, lambda: self._keeps))
            self.site = Site(self.root, staging, self.root / name if self._engine.is_spread else staging)
            refuse_other_schema(self.root)
            results = take_over(self.site.shared)
            begin(self.site.shared, work)
            self._ledger = Ledger(staging / LEDGER, create=True)
            stack.callback(self._ledger.close)
            for result in results:
                self._enter(result)
            self._taken_over = len(results)
            self._keeps = bool(results)
            left = (batch for batch in self._plan.batches if batch.number not in self._done)
            self.todo = tuple(sorted(left, key=lambda batch: -batch.size_bytes))
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ConservationError) or not isinstance(error, INTERRUPTIONS + store_errors()):
            self._keeps = False  # what lies there would only fail again
        if error is not None and self._keeps:
            error.add_note(KEPT.format(len(self._done), len(self._plan.batches)))
        self._open.__exit__(kind, error, trace)

    def process(self, batch: Batch) -> BatchResult:
        """Have a batch processed. Waits; may be called by as many threads as the engine has places."""
        return self._engine.process(batch, self.settings, self.site)

    def add(self, result: BatchResult) -> None:
        """Enter what a batch did into the ledger, and keep it; once for each batch."""
        if result.number in self._done:
            return
        self._enter(result)
        if not self._engine.is_spread:
            (self.site.staging / f"{result.name}.note").unlink(missing_ok=True)
            sync_batch(self.site.staging, result)
        keep(self.site.shared, result)
        self._keeps = self._can_keep

    def _enter(self, result: BatchResult) -> None:
        with at_hand(self.site.shared / f"{result.path}.sqlite") as ledger:
            self._ledger.absorb(ledger, result.folder)
        self._done[result.number] = result

    def progress(self) -> Progress:
        """How far it is: batches that are done, and what those at work on this machine have noted."""
        notes = [note for path in self.site.staging.glob("batch-*.note") if (note := read_note(path))]
        records = sum(done.read for done in self._done.values()) + sum(note.ordinal - 1 for note in notes)
        size_bytes = sum(done.size_bytes for done in self._done.values()) + sum(note.size_bytes for note in notes)
        return Progress(records, size_bytes, self._plan.size_bytes, len(self._done), len(self._plan.batches))

    def publish(self, watch: Watch = lambda _: None) -> RunResult:
        """Settle duplicates, merge the partitions that change, put them in place, write the manifest.

        Args:
            watch: Called for each partition that is merged.

        Raises:
            ConservationError: The ledger does not balance; nothing was published.
            NewsetlError: A worker died while it merged, or the disk has no room; nothing was published.
        """
        merged = self._merge(watch)
        prepared = publish.prepare(self.root, self.site.staging, merged)
        result = self._result(sum(m.rows["quotes"] for m in merged), prepared)
        publish.commit(self.root, prepared, (f"{self.run_id}.json", self._manifest(result)), self._held)
        self._keeps = False
        return result

    def _merge(self, watch: Watch) -> list[merge.Merged]:
        """The ledger settled and held to the law, and the new files of the partitions that change."""
        read = {done.number: done.read - done.left_out for done in self._done.values()}
        merge.settle(self._ledger, self.root, self.site.shared, read)
        touched = self._largest_first(self._ledger.touched())
        publish.refuse_without_space(self.root, self.site.staging, touched)
        progress = self.progress()
        merged: list[merge.Merged] = []
        for one in self._engine.merge(self.site, touched):
            merged.append(one)
            watch(replace(progress, merged=len(merged), partitions=len(touched)))
        return sorted(merged, key=lambda one: one.partition)

    def _largest_first(self, partitions: list[Partition]) -> list[Partition]:
        """Partitions by their new records, so that all workers end together."""
        sizes = Counter[Partition]()
        for partition, _, count in self._ledger.by_month():
            sizes[partition] += count
        return sorted(partitions, key=lambda partition: -sizes[partition])

    def _result(self, quotes: int, prepared: Prepared) -> RunResult:
        done = [self._done[number] for number in sorted(self._done)]
        rejects, gone = Counter[str](), Counter[str]()
        for result in done:
            rejects.update(result.rejects)
            gone.update(result.gone)
        return RunResult(
            run_id=self.run_id,
            out=str(self.root),
            read=sum(result.read - result.left_out for result in done),
            left_out=sum(result.left_out for result in done),
            outcomes=self._ledger.outcomes(),
            rejects=dict(sorted(rejects.items())),
            months=[
                {**asdict(partition), "outcome": outcome, "records": count}
                for partition, outcome, count in self._ledger.by_month()
            ],
            quotes=quotes,
            files_written=prepared.written,
            files_unchanged=prepared.unchanged,
            seconds=time.monotonic() - self._clock,
            skipped_files=len(self._plan.skipped),
            batches=[{"batch": r.number, "read": r.read, "left_out": r.left_out, "seconds": r.seconds} for r in done],
            gone=dict(sorted(gone.items())),
            taken_over=self._taken_over,
        )

    def _manifest(self, result: RunResult) -> str:
        plan = self._plan
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


def run(settings: Settings, plan: Plan, watch: Watch = lambda _: None) -> RunResult:
    """The whole job.

    Args:
        settings: What to read and where to write.
        plan: From `plan_run`.
        watch: Called about twice a second.

    Raises:
        NewsetlError: The store is locked, the ledger does not balance, workers die without a record to blame, or the
            disk fails.
    """
    with open_engine(settings) as engine:
        return run_with(engine, settings, plan, watch)


def run_with(engine: Engine, settings: Settings, plan: Plan, watch: Watch = lambda _: None) -> RunResult:
    """The same with an engine that the caller holds and may use again."""
    with Run(settings, plan, engine) as this:
        _process_all(this, engine, watch)
        return this.publish(watch)


def _process_all(this: Run, engine: Engine, watch: Watch) -> None:
    """Do what is left to do, in threads that wait for the engine."""
    with ThreadPoolExecutor(engine.at_once) as threads:
        # not futures.wait: Ctrl-C within it may leave the locks of futures held, and threads wait for ever
        done: SimpleQueue[Future[BatchResult]] = SimpleQueue()
        batches = [threads.submit(this.process, batch) for batch in this.todo]
        for batch in batches:
            batch.add_done_callback(done.put)
        watch(this.progress())
        try:
            left = len(batches)
            while left:
                with suppress(Empty):
                    this.add(done.get(timeout=WATCH_SECONDS).result())
                    left -= 1
                watch(this.progress())
        except BaseException:
            engine.stop()
            threads.shutdown(cancel_futures=True)  # waits for the batches at work
            for batch in batches:
                if not batch.cancelled() and batch.exception() is None:
                    this.add(batch.result())
            raise
