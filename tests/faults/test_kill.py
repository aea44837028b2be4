"""A run that is killed anywhere leaves readable datasets, and the next run ends as if nothing had happened."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

TEXT = "قال المدير سامي الخطيب إن العمل في المحطة رقم {n} يسير كما خطط له.\n\nوأضاف: «سننتهي في الموعد المحدد»."
KILL_AFTER_SECONDS = (0.2, 0.5, 0.7, 0.9, 1.1, 1.3, 1.6)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for part in range(4):
        rows = [
            {
                "url": f"https://one.example/{part}/{n}",
                "text": TEXT.format(n=n + 100 * part),
                "date": f"2021-{1 + n % 12:02}-05",
                "source": f"outlet {n % 3}",
            }
            for n in range(150)
        ]
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{part}.jsonl").write_text("\n".join([*lines, "{broken"]), encoding="utf-8")
    return folder


def command(archive: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "newsetl.cli", "run", str(archive), "--out", str(out), "--workers", "2"]


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("*/source=*/**/*.parquet"))
    }


def workers_of(process: subprocess.Popen) -> list[psutil.Process]:
    """The worker processes of a run, waited for: those that have read some records."""
    for _ in range(200):
        found = [p for p in psutil.Process(process.pid).children(recursive=True) if p.cpu_times().user > 0.4]
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("no worker at work")


def test_a_worker_killed_from_outside_costs_no_record(archive, tmp_path):
    for part in range(4, 8):
        shutil.copy(archive / "0.jsonl", archive / f"{part}.jsonl")
    clean, killed = tmp_path / "clean", tmp_path / "killed"
    subprocess.run(command(archive, clean), check=True, stdout=subprocess.DEVNULL)
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command(archive, killed), **options)
    workers_of(process)[0].kill()
    _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert "a worker failed" in error
    assert digests(killed) == digests(clean)


def test_the_workers_of_a_killed_run_end_soon_after_it(archive, tmp_path):
    process = subprocess.Popen(command(archive, tmp_path / "out"), stdout=subprocess.DEVNULL, start_new_session=True)
    workers = workers_of(process)
    process.kill()
    process.wait()
    assert psutil.wait_procs(workers, timeout=30)[1] == []


def test_ctrl_c_ends_the_run_with_one_line(archive, tmp_path):
    for part in range(4, 40):
        shutil.copy(archive / "0.jsonl", archive / f"{part}.jsonl")
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    process = subprocess.Popen(command(archive, tmp_path / "out"), **options)
    workers_of(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "newsetl: interrupted; nothing was published\n"
    assert not list((tmp_path / "out").glob("*/source=*"))


def test_killed_runs_lose_and_double_nothing(archive, tmp_path):
    clean, killed = tmp_path / "clean", tmp_path / "killed"
    subprocess.run(command(archive, clean), check=True, stdout=subprocess.DEVNULL)
    for seconds in KILL_AFTER_SECONDS:
        process = subprocess.Popen(command(archive, killed), stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if any((killed / "articles").glob("source=*/**/*.parquet")):
            assert pd.read_parquet(killed / "articles")["article_id"].is_unique
    subprocess.run(command(archive, killed), check=True, stdout=subprocess.DEVNULL)
    assert digests(killed) == digests(clean)
    assert not list(killed.glob("_staging-*"))
