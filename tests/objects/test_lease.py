"""The lock on an object store: one holder, dead ones taken over, lost ones stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pandas as pd
import pytest

from newsetl.errors import NewsetlError
from newsetl.io import lease
from newsetl.io.holders import this_process
from newsetl.io.lock import locked, looked_at
from newsetl.io.paths import store_path

HOLD = """
import sys, time
from newsetl.io.lock import locked
from newsetl.io.paths import store_path
with locked(store_path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
TEXT = "قالت المهندسة ليلى الحداد إن الجسر رقم {n} سيفتح قريبا.\n\nوأضافت: «العمل يسير كما خطط له»."


@pytest.fixture
def root(bucket):
    return store_path(f"{bucket}/news")


@pytest.fixture
def at_once(monkeypatch):
    """Nobody waits for those who came at the same time."""
    monkeypatch.setattr(lease, "TOGETHER_SECONDS", 0)


@pytest.fixture
def holder(root):
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def put_claim(root, note):
    root.fs.pipe_file((root / lease.CLAIMS / "other.json").path, note.encode())


def foreign_note():
    """Of a process of another machine."""
    return json.dumps({**json.loads(this_process()), "machine": "another boot", "host": "elsewhere"})


def test_a_second_writer_and_a_reader_are_refused_and_told_who_holds_it(root, holder, at_once):
    with pytest.raises(NewsetlError, match=f"another run is writing here: process {holder.pid} on"):
        locked(root).__enter__()
    with pytest.raises(NewsetlError, match=f"another run is writing here: process {holder.pid} on"):
        looked_at(root).__enter__()
    assert lease.claims(root) != []


def test_a_writer_waits_as_long_as_it_is_told(root, holder, at_once):
    started = time.monotonic()
    with pytest.raises(NewsetlError, match=r"\(waited 1.5 s\)"):
        locked(root, 1.5).__enter__()
    assert time.monotonic() - started >= 1.5


def test_a_writer_that_waits_comes_in_when_the_holder_has_ended(root, holder):
    holder.terminate()
    holder.wait()
    with locked(root, 60) as held:
        held()


def test_nothing_is_left_and_the_lock_is_free_afterwards(root):
    for _ in range(2):
        with locked(root) as held:
            held()
        assert lease.claims(root) == []


def test_a_killed_holder_of_this_machine_is_taken_over_at_once(root, holder, at_once):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert len(lease.claims(root)) == 1
    with looked_at(root), locked(root) as held:
        held()
        assert len(lease.claims(root)) == 1


def test_a_claim_of_another_machine_lives_as_long_as_its_lease(root, at_once, monkeypatch):
    put_claim(root, foreign_note())
    with pytest.raises(NewsetlError, match="on elsewhere"):
        locked(root).__enter__()
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1.0)
    time.sleep(2.5)  # the store counts whole seconds
    with looked_at(root), locked(root):
        assert len(lease.claims(root)) == 1


@pytest.mark.parametrize(
    "note", ["", "no JSON", "[]", "{}", '{"pid": 1, "host": "h\\u202e", "started": "s", "command": ""}']
)
def test_whatever_stands_in_a_claim_gives_one_printable_line(root, at_once, note):
    put_claim(root, note)
    with pytest.raises(NewsetlError) as caught:
        locked(root).__enter__()
    assert str(caught.value).isprintable()


def test_a_holder_renews_its_claim(root, monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 2.0)
    with locked(root) as held:
        time.sleep(5)
        held()


def test_a_holder_that_was_stopped_for_too_long_stops(root, monkeypatch):
    """As SIGSTOP does: the clock goes on, nothing is renewed."""
    with locked(root) as held:
        held()
        real = lease._clock
        monkeypatch.setattr(lease, "_clock", lambda: real() + lease.LEASE_SECONDS)
        with pytest.raises(NewsetlError, match="the lock was not renewed in time"):
            held()


def test_a_claim_that_was_renewed_too_late_stays_lost(root, monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 2.0)
    with locked(root) as held:
        real = lease._clock
        monkeypatch.setattr(lease, "_clock", lambda: real() + 2.0)
        time.sleep(1.0)  # the thread that renews sees it
        monkeypatch.setattr(lease, "_clock", real)
        with pytest.raises(NewsetlError, match="the lock was not renewed in time"):
            held()


def write_archive(path, first, count=6):
    rows = [
        {"url": f"https://two.example/{n}", "text": TEXT.format(n=n), "date": "2022-03-05", "source": "two"}
        for n in range(first, first + count)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_two_runs_at_once_lose_and_double_nothing(root, tmp_path):
    archives = [write_archive(tmp_path / f"{first}.jsonl", first) for first in (0, 3)]
    command = [sys.executable, "-m", "newsetl.cli", "run", "--out", str(root), "--workers", "1", "--wait", "120"]
    runs = [subprocess.Popen([*command, archive], env=os.environ) for archive in archives]
    assert [run.wait(timeout=240) for run in runs] == [0, 0]
    articles, records = (pd.read_parquet(f"{root}/{name}") for name in ("articles", "records"))
    assert sorted(articles["url"]) == sorted(f"https://two.example/{n}" for n in range(9))
    assert Counter(records["outcome"]) == {"article": 9, "duplicate": 3}
