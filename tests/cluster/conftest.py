"""A real Dask scheduler with two worker processes on loopback."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from distributed import Client

from tests.object_store import free_port

START_SECONDS = 60


@contextmanager
def started(*words, **environment):
    """A command of Dask's, running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *words], env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def cluster_of(n_workers, folder, **environment):
    """The address of a scheduler with workers."""
    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard")
    worker = ("worker", address, "--nworkers", str(n_workers), "--nthreads", "1", "--no-dashboard")
    with started(*scheduler), started(*worker, "--local-directory", str(folder), **environment):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with Client(address, timeout=5, set_as_default=False) as client:
                    client.wait_for_workers(n_workers, timeout=START_SECONDS)
                    break
            except (OSError, TimeoutError):
                assert time.monotonic() < deadline, "Dask does not start"
        yield address


@pytest.fixture(scope="session")
def cluster(endpoint, tmp_path_factory):
    """The address of a cluster of two; the S3 endpoint is in the workers' environment."""
    folder = tmp_path_factory.mktemp("dask")
    with cluster_of(2, folder, DASK_DISTRIBUTED__WORKER__DAEMON="False") as address:
        yield address
