"""The work of a run on a Dask cluster: batches and merges go to its workers through its client's executor.

Nothing of Dask's is made anew: the scheduler deals out the work, does again elsewhere what a dead worker had begun, and
gives up when one task has killed several. Each Dask worker holds worker processes of newsetl's own, as a machine alone
does, so that limits, verdicts on deadly records and results are the same. Rows go from a worker's own disk to the run's
staging folder in the store, a shared directory or an object store, under a name that no other attempt has.
"""

import multiprocessing
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, as_completed
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from newsetl.engine import CLUSTER_BATCHES
from newsetl.errors import InputError, NewsetlError, SettingsError
from newsetl.io import disk, objects
from newsetl.io.merge import Merged, merge_partition
from newsetl.io.paths import StorePath, at_hand
from newsetl.io.site import LEDGER, Site
from newsetl.io.store import part_path
from newsetl.plan import Batch
from newsetl.schema import Partition
from newsetl.settings import Settings
from newsetl.version import pipeline_version
from newsetl.work import BatchResult
from newsetl.workers import Workers, process_safely

try:
    from distributed import Client, get_worker
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker
except ImportError as error:
    raise SettingsError(f"a Dask cluster needs more: pip install 'newsetl[dask]' ({error})") from error

CONNECT_SECONDS = 20


class Cluster:
    """A Dask cluster, by way of a client's executor."""

    at_once = CLUSTER_BATCHES
    is_spread = True

    def __init__(self, client: Client) -> None:
        self._executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]

    def process(self, batch: Batch, settings: Settings, site: Site) -> BatchResult:
        """As every engine does."""
        with explained(f"batch {batch.number}"):
            result: BatchResult = self._executor.submit(
                process_there, pipeline_version(), batch, settings, site.shared
            ).result()
        return result

    def merge(self, site: Site, partitions: Iterable[Partition]) -> Iterator[Merged]:
        """As every engine does."""
        if not isinstance(site.shared, Path):
            objects.upload(site.staging / LEDGER, site.shared / LEDGER)
        merges = [
            self._executor.submit(merge_there, pipeline_version(), site.root, site.shared, partition)
            for partition in partitions
        ]
        with explained("a partition"):
            for merging in as_completed(merges):
                yield merging.result()

    def stop(self) -> None:
        """As every engine does."""
        self._executor.shutdown(wait=False)  # cancels what waits


@contextmanager
def open_cluster(scheduler: str) -> Iterator[Cluster]:
    """The cluster of a scheduler.

    Raises:
        NewsetlError: There is no scheduler at this address.
    """
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NewsetlError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    with client:
        yield Cluster(client)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn Dask's errors into the one line for users.

    Raises:
        NewsetlError: In place of Dask's own.
    """
    try:
        yield
    except KilledWorker as error:
        raise NewsetlError(
            f"Dask workers died again and again over {what}, most likely for want of memory; nothing was published"
        ) from error
    except (CancelledError, FutureCancelledError) as error:
        raise NewsetlError(f"the Dask scheduler is gone, or gave up {what}; nothing was published") from error


# --- on a worker ----------------------------------------------------------------------------------------------------


def process_there(version: str, batch: Batch, settings: Settings, shared: StorePath) -> BatchResult:
    """Process a batch on a Dask worker; leave its rows in the shared staging folder.

    Raises:
        NewsetlError: The worker is not fit for the run, or a worker process dies without a record to blame.
    """
    _refuse_unfit(version, shared)
    _refuse_unseen(batch)
    workers = _worker_processes()
    with tempfile.TemporaryDirectory(prefix="newsetl-") as folder:
        result = process_safely(batch, settings, Path(folder), workers, workers.alone)
        result = replace(result, folder=uuid.uuid4().hex)
        for path in (Path(folder, f"{result.name}.sqlite"), *Path(folder).glob(f"{result.name}-*.arrow")):
            _hand_over(path, shared / result.folder / path.name)
    return result


def merge_there(version: str, root: StorePath, shared: StorePath, partition: Partition) -> Merged:
    """Merge a partition on a Dask worker; leave the files that are new in the shared staging folder.

    Raises:
        NewsetlError: The worker is not fit for the run.
        ConservationError: The files would not hold what the ledger says.
    """
    _refuse_unfit(version, shared)
    with tempfile.TemporaryDirectory(prefix="newsetl-") as folder, at_hand(shared / LEDGER) as ledger:
        merged = merge_partition(ledger, Site(root, Path(folder), shared), partition)
        for dataset, rows in merged.rows.items():
            if rows and dataset not in merged.same:
                _hand_over(part_path(Path(folder), dataset, partition), part_path(shared, dataset, partition))
    return merged


def _hand_over(path: Path, target: StorePath) -> None:
    """Have a file in the shared folder: whole and on the disk, or not at all."""
    if not isinstance(target, Path):
        objects.upload(path, target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".tmp-{uuid.uuid4().hex}")
    with path.open("rb") as source, disk.open_output(temporary) as copy:
        shutil.copyfileobj(source, copy, disk.BUFFER_BYTES)
    disk.rename(temporary, target)
    disk.sync_folder(target.parent)


@cache
def _worker_processes() -> Workers:
    """Worker processes of this Dask worker, one for each of its threads; they end with it."""
    if multiprocessing.current_process().daemon:
        raise SettingsError(
            f"the Dask worker {_address()} may not start processes: "
            "start it with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"
        )
    return Workers(get_worker().state.nthreads)


def _refuse_unfit(version: str, shared: StorePath) -> None:
    """Let a worker pass that has the rules of the run and sees its folder."""
    if pipeline_version() != version:
        raise SettingsError(f"the Dask worker {_address()} has newsetl {pipeline_version()}, the run {version}")
    if isinstance(shared, Path) and not shared.is_dir():
        raise SettingsError(f"the Dask worker {_address()} does not see {shared}: the output must be shared by all")


def _refuse_unseen(batch: Batch) -> None:
    """Let a batch pass whose files this worker sees as the plan saw them: else all their records would be rejects."""
    for file in {piece.file.path: piece.file for piece in batch.slices}.values():
        if "://" not in file.path and not Path(file.path).exists():
            raise InputError(f"the Dask worker {_address()} does not see {file.path}: the input must be shared by all")


def _address() -> Any:
    return get_worker().address
