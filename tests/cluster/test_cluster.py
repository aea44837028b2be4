"""A run on a Dask cluster gives the bytes that one machine gives, whoever dies meanwhile."""

import hashlib
import json
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client

from newsetl import cluster as cluster_module
from newsetl.backfill import Backfill, backfill, make_request
from newsetl.cli import main
from newsetl.errors import InputError, NewsetlError, SettingsError
from newsetl.io.paths import find_files, store_path
from newsetl.plan import plan_run
from newsetl.run import run
from newsetl.settings import Settings
from newsetl.verify import verify
from tests.cluster.conftest import cluster_of

TEXT = "قالت المهندسة ريم الجابي إن الجسر رقم {n} سيفتح قريبا.\n\nوأضافت: «انتهت أعمال الطلاء أمس، وبقيت الإنارة»."
BATCHES = 8


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Eight files of some tenths of a second of work each; every third article comes twice, one record is broken."""
    folder = tmp_path_factory.mktemp("archive")
    for part in range(BATCHES):
        rows = [
            {
                "url": f"https://one.example/{part // 2 if n % 3 == 0 else part}/{n}",
                "text": "\n\n".join(TEXT.format(n=100 * part + n + k) for k in range(25)),
                "date": f"2021-{1 + n % 2:02}-05",
                "source": f"outlet {n % 2}",
            }
            for n in range(25)
        ]
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{part:02}.jsonl").write_text("\n".join([*lines, "{broken"]), encoding="utf-8")
    return folder


def told(archive, out, **more):
    size = max(path.stat().st_size for path in archive.iterdir())
    return Settings(inputs=(str(archive),), out=str(out), workers=2, batch_bytes=size, **more)


def go(settings, watch=lambda _: None):
    return run(settings, plan_run(settings), watch)


@pytest.fixture(scope="module")
def expected(archive, tmp_path_factory):
    """What one machine gives: the digests of its files."""
    out = tmp_path_factory.mktemp("alone") / "out"
    go(told(archive, out))
    return digests(str(out))


def digests(out):
    root = store_path(out)
    files = (path for path in find_files(root) if path.name.endswith(".parquet"))
    return {str(path)[len(str(root)) + 1 :]: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_cluster_with_a_shared_directory_gives_the_same_bytes(archive, expected, cluster, tmp_path):
    result = go(told(archive, tmp_path / "out", engine="dask", scheduler=cluster))
    assert digests(str(tmp_path / "out")) == expected
    assert result.read == BATCHES * 26
    assert result.outcomes["rejected"] == BATCHES
    assert result.outcomes["superseded"] == BATCHES // 2 * 9
    assert not list((tmp_path / "out").glob("_staging-*"))
    assert verify(tmp_path / "out").problems == []


def test_a_worker_killed_in_the_middle_changes_nothing(archive, expected, cluster, tmp_path):
    killed = []

    def kill_one(progress):
        if progress.batches_done >= 3 and not killed:
            with Client(cluster, set_as_default=False) as client:
                pids = client.run(os.getpid)
                busy = {worker: tasks for worker, tasks in client.processing().items() if tasks}
            worker = min(busy)
            os.kill(pids[worker], signal.SIGKILL)
            killed.append(worker)

    go(told(archive, tmp_path / "out", engine="dask", scheduler=cluster), kill_one)
    assert killed
    assert digests(str(tmp_path / "out")) == expected
    assert not list((tmp_path / "out").glob("_staging-*"))


def test_a_cluster_with_an_object_store_gives_the_same_bytes(archive, expected, cluster, bucket):
    go(told(archive, f"{bucket}/news", engine="dask", scheduler=cluster))
    assert digests(f"{bucket}/news") == expected
    assert not [path for path in find_files(store_path(bucket)) if "_staging-" in str(path)]


@pytest.mark.parametrize("place", ["directory", "object store"])
def test_a_run_on_a_cluster_goes_on_after_an_interruption(archive, expected, cluster, place, tmp_path, request):
    out = str(tmp_path / "out") if place == "directory" else request.getfixturevalue("bucket") + "/news"
    settings = told(archive, out, engine="dask", scheduler=cluster)

    def interrupt(progress):
        if progress.batches_done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        go(settings, interrupt)
    assert " of 8 batches are kept" in raised.value.__notes__[0]
    result = go(settings)
    assert result.taken_over >= 3
    assert digests(out) == expected


def test_a_backfill_runs_on_a_cluster(archive, expected, cluster, tmp_path):
    out = tmp_path / "out"
    go(told(archive, out))
    job = Backfill(told(archive, out, engine="dask", scheduler=cluster), make_request(only="failed"), None)
    assert backfill(job).outcomes["rejected"] == BATCHES
    assert digests(str(out)) == expected


# --- what is not fit for a run --------------------------------------------------------------------------------------


def test_no_scheduler_is_told_in_one_line(archive, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 1)
    words = ["run", str(archive), "--out", str(tmp_path / "out"), "--engine", "dask"]
    assert main([*words, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert capsys.readouterr().err.startswith("newsetl: no Dask scheduler answers at tcp://127.0.0.1:9")


def test_a_worker_of_another_version_is_refused(archive, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_module, "pipeline_version", lambda: "0.0.1+rules.1234567")
    with pytest.raises(SettingsError, match=r"the Dask worker tcp://\S+ has newsetl \S+, the run 0.0.1"):
        go(told(archive, tmp_path / "out", engine="dask", scheduler=cluster))


def test_a_worker_that_may_start_no_process_is_refused(archive, tmp_path):
    settings = told(archive, tmp_path / "out")
    refused = pytest.raises(SettingsError, match="start it with DASK_DISTRIBUTED__WORKER__DAEMON=False")
    with cluster_of(1, tmp_path / "dask") as address, refused:
        go(replace(settings, engine="dask", scheduler=address))


def test_a_worker_that_does_not_see_the_input_or_the_output_is_refused(archive, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_module, "_address", lambda: "tcp://10.0.0.7:1")
    (batch, *_) = plan_run(told(archive, tmp_path / "out")).batches
    elsewhere = replace(batch.slices[0], file=replace(batch.slices[0].file, path="/not/mounted/here.jsonl"))
    with pytest.raises(InputError, match=r"tcp://10.0.0.7:1 does not see /not/mounted/here.jsonl"):
        cluster_module._refuse_unseen(replace(batch, slices=(elsewhere,)))
    with pytest.raises(SettingsError, match=r"tcp://10.0.0.7:1 does not see /not/mounted: the output must be shared"):
        cluster_module._refuse_unfit(cluster_module.pipeline_version(), Path("/not/mounted"))


def test_a_scheduler_that_goes_away_ends_the_run_with_one_line(archive, tmp_path):
    settings = told(archive, tmp_path / "out")
    with cluster_of(1, tmp_path / "dask", DASK_DISTRIBUTED__WORKER__DAEMON="False") as address:
        gone = threading.Event()

        def end(progress):
            if progress.batches_done >= 2 and not gone.is_set():
                gone.set()
                with Client(address, set_as_default=False) as client:
                    client.shutdown()

        with pytest.raises(NewsetlError, match="nothing was published"):
            go(replace(settings, engine="dask", scheduler=address), end)
    assert gone.is_set()


@pytest.mark.parametrize("words", [["--engine", "dask"], ["--scheduler", "tcp://127.0.0.1:9"]])
def test_an_engine_and_its_scheduler_come_together(words, archive, capsys):
    assert main(["run", str(archive), *words]) == 2
    assert "engine = dask needs scheduler" in capsys.readouterr().err
