"""Where the work of a run is done: an engine processes batches and merges partitions.

This machine's processes are one; `newsetl.cluster` has the other, a Dask cluster. A run is the same with both.
"""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, as_completed
from contextlib import contextmanager
from typing import Protocol

from newsetl.errors import NewsetlError
from newsetl.io.merge import Merged, merge_partition
from newsetl.io.site import LEDGER, Site
from newsetl.plan import Batch
from newsetl.schema import Partition
from newsetl.settings import Settings
from newsetl.work import BatchResult
from newsetl.workers import Workers, process_safely

# Batches that a cluster is given at the same time: more than it has cores, so that none waits for this machine.
CLUSTER_BATCHES = 256
# Batches of a worker after which it makes way for a new process that merges: one costs 0.4 s, which a day's articles do
# not take much longer than, and few batches leave little behind.
MANY_BATCHES = 4


class Engine(Protocol):
    """Does the work of runs, one run after the other.

    Attributes:
        at_once: So many threads may wait in `process` to some use.
        is_spread: Whether its processes run on several machines, so that what they leave must lie where all see it.
    """

    at_once: int
    is_spread: bool

    def process(self, batch: Batch, settings: Settings, site: Site) -> BatchResult:
        """Process a batch, whatever dies of it; its rows then lie in `site.shared`.

        Waits; may be called by many threads.

        Raises:
            NewsetlError: Workers die again and again, or without a record to blame.
        """

    def merge(self, site: Site, partitions: Iterable[Partition]) -> Iterator[Merged]:
        """Have the new files of partitions written, from a settled ledger. Waits for each, in the order of their end.

        Raises:
            ConservationError: The files would not hold what the ledger says.
            NewsetlError: A worker died.
        """

    def stop(self) -> None:
        """Begin no more work: the run failed."""


class Machine:
    """The worker processes of this machine."""

    is_spread = False

    def __init__(self, workers: Workers, at_once: int) -> None:
        self.at_once = at_once
        self._workers = workers
        self._batches = 0  # done by the workers at hand
        # a batch that waits in the pool would fall with every worker that dies
        self._places = threading.BoundedSemaphore(at_once)

    def process(self, batch: Batch, settings: Settings, site: Site) -> BatchResult:
        """As every engine does."""
        with self._places:
            self._batches += 1
            return process_safely(batch, settings, site.staging, self._workers, self._workers.alone)

    def merge(self, site: Site, partitions: Iterable[Partition]) -> Iterator[Merged]:
        """As every engine does."""
        if self._batches > MANY_BATCHES * self.at_once:
            self._workers.renew()  # merging needs none of the rules and rows that workers hold by now
            self._batches = 0
        ledger = site.staging / LEDGER
        merges = [self._workers.submit(merge_partition, ledger, site, partition) for partition in partitions]
        try:
            for merging in as_completed(merges):
                yield merging.result()
        except BrokenExecutor as error:
            raise NewsetlError(
                "a worker process died while merging, most likely for want of memory; nothing was published: "
                "try fewer workers"
            ) from error

    def stop(self) -> None:
        """As every engine does."""
        self._workers.shutdown(wait=False, cancel_futures=True)


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """The engine that the settings ask for.

    Raises:
        NewsetlError: It cannot be reached or started.
    """
    if not settings.scheduler:
        with Workers(settings.workers) as workers:
            yield Machine(workers, settings.workers)
    else:
        from newsetl.cluster import open_cluster  # noqa: PLC0415  most runs need no Dask

        with open_cluster(settings.scheduler) as cluster:
            yield cluster
