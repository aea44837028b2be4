"""A run into an object store is stopped for longer than its lease, another one writes, and the first goes on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from newsetl.io import lease, publish
from newsetl.io.lock import locked
from newsetl.io.paths import store_path
from newsetl.verify import verify

TEXT = "قالت المهندسة ليلى الحداد إن الجسر رقم {n} سيفتح قريبا.\n\nوأضافت: «العمل يسير كما خطط له»."
LEASE_SECONDS = 3.0
POINTS = [("write", 2), ("copy", 3)]  # the journal, and among the copies
if os.environ.get("NEWSETL_ALL_FAULTS") == "1":
    POINTS += [("upload", 2), ("copy", 1), ("remove", 1), ("remove_below", 1)]
# A run that stops itself, as a laptop that is closed does, right before the N-th request of one kind is sent.
STOPPED = """
import os, signal, sys
from newsetl.cli import main
from newsetl.io import lease, objects

name, at, *arguments = sys.argv[1:]
lease.LEASE_SECONDS = {lease}
real, sent = getattr(objects, name), []

def request(*given):
    sent.append(given)
    if len(sent) == int(at):
        os.kill(os.getpid(), signal.SIGSTOP)
    return real(*given)

setattr(objects, name, request)
sys.exit(main(arguments))
"""


def write_archive(path: Path, first: int, count: int = 20, word: str = "قريبا") -> Path:
    text = TEXT.replace("قريبا", word)
    rows = [
        {"url": f"https://two.example/{n}", "text": text.format(n=n), "date": "2022-03-05", "source": "two"}
        for n in range(first, first + count)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def start(archive, out, *more, begin=("-m", "newsetl.cli")):
    command = [sys.executable, *begin, "run", str(archive), "--out", out, "--workers", "1", *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def numbers(out):
    return sorted(int(url.rsplit("/", 1)[1]) for url in pd.read_parquet(f"{out}/articles")["url"])


def left_over(out):
    root = store_path(out)
    names = [name[len(root.path) + 1 :] for name in root.fs.find(root.path)]
    return [name for name in names if name.startswith(("_staging", lease.CLAIMS))]


@pytest.mark.parametrize(("name", "at"), POINTS, ids=str)
def test_a_run_that_was_stopped_too_long_does_no_harm_when_it_goes_on(bucket, tmp_path, monkeypatch, name, at):
    """`write` number 2 is the journal: it comes when the other run has long removed what it speaks of."""
    monkeypatch.setattr(lease, "LEASE_SECONDS", LEASE_SECONDS)
    out = f"{bucket}/news"
    first = start(write_archive(tmp_path / "0.jsonl", 0), out)
    assert first.wait(120) == 0, first.stderr.read()
    archive = write_archive(tmp_path / "1.jsonl", 100)
    begin = ("-c", STOPPED.format(lease=LEASE_SECONDS), name, str(at))
    stopped = start(archive, out, begin=begin)
    try:
        assert os.WIFSTOPPED(os.waitpid(stopped.pid, os.WUNTRACED)[1])
        with locked(store_path(out), 60) as held:  # when its lease is over
            publish.recover(store_path(out), held)
        other = start(write_archive(tmp_path / "2.jsonl", 200), out)
        assert other.wait(120) == 0, other.stderr.read()
        before = numbers(out)
        stopped.send_signal(signal.SIGCONT)
        error = stopped.communicate(timeout=120)[1]
    finally:
        stopped.kill()
        stopped.communicate()
    all_in_place = name.startswith("remove")
    assert stopped.returncode == (0 if all_in_place else 2), error
    assert error.count("\n") == (0 if all_in_place else 1)
    assert numbers(out) == before
    assert {0, 200} < set(before)
    again = start(archive, out)
    assert again.wait(120) == 0, again.stderr.read()
    assert numbers(out) == [*range(20), *range(100, 120), *range(200, 220)]
    assert verify(store_path(out)).problems == []
    assert left_over(out) == []
