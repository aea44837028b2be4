"""A run that was interrupted: what is kept of it, and which run goes on with it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from newsetl import kept
from newsetl.cli import main
from newsetl.engine import Machine
from newsetl.errors import ConservationError, NewsetlError
from newsetl.plan import plan_run
from newsetl.run import run_with
from newsetl.settings import Settings
from tests.test_backfill import Here

TEXT = "قالت المهندسة ريم الجابي إن الجسر رقم {n} سيفتح قريبا.\n\nوأضافت: «انتهت أعمال الطلاء أمس، وبقيت الإنارة»."
BATCHES = 6
PROFILE = 'name = "نسيم"\ndomains = ["nasim.example"]\nzone = "Asia/Beirut"\n'


class Stopping(Machine):
    """This very process as a machine on which something happens at a batch."""

    def __init__(self, error=None, at=None):
        super().__init__(Here(), 1)
        self.error, self.at, self.numbers, self.stopped = error, at, [], False

    def process(self, batch, settings, site):
        if batch.number == self.at or self.stopped:
            self.stopped = True
            raise self.error
        self.numbers.append(batch.number)
        return super().process(batch, settings, site)

    def stop(self):
        """There is nothing to stop."""


@pytest.fixture
def told(tmp_path):
    """Settings for an archive of six files of one size, a batch each, into a store of its own."""
    folder = tmp_path / "in"
    folder.mkdir()
    for part in range(BATCHES):
        rows = [
            {
                "url": f"https://one.example/{part}/{n}",
                "text": TEXT.format(n=100 + n + 10 * part),
                "date": f"2021-0{n + 1}-05",
            }
            for n in range(4)
        ]
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{part}.jsonl").write_text("\n".join([*lines, "{broken"]), encoding="utf-8")
    return Settings(inputs=(str(folder),), out=str(tmp_path / "out"), workers=1, batch_bytes=2000)


def go(told, engine=None):
    """One run; the numbers of the batches that it did itself, and how many it took over."""
    engine = engine or Stopping()
    result = run_with(engine, told, plan_run(told))
    return engine.numbers, result.taken_over


def interrupt(told, at=4, error=None):
    with pytest.raises(type(error) if error else KeyboardInterrupt) as raised:
        go(told, Stopping(error or KeyboardInterrupt(), at))
    return raised.value


def digests(out):
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(out).glob("*/source=*/**/*.parquet"))
    }


def staged(told):
    return list(Path(told.out).glob("_staging-*"))


@pytest.mark.parametrize("at", range(1, BATCHES + 1))
def test_an_interrupted_run_goes_on_where_it_was(told, at, tmp_path):
    whole = replace(told, out=str(tmp_path / "whole"))
    go(whole)
    notes = getattr(interrupt(told, at), "__notes__", [])
    assert notes == [f"{at - 1} of 6 batches are kept, the same command goes on from there"][: at - 1]
    assert go(told) == (list(range(at, BATCHES + 1)), at - 1)
    assert digests(told.out) == digests(whole.out)
    assert not staged(told)


def test_a_run_may_be_interrupted_again_and_again(told):
    for at in (2, 3, 5):
        interrupt(told, at)
    numbers, taken_over = go(told)
    assert (numbers, taken_over) == ([5, 6], 4)
    assert len(pd.read_parquet(Path(told.out) / "records")) == 5 * BATCHES


def test_a_run_that_failed_goes_on_with_other_workers(told):
    interrupt(told, error=NewsetlError("no room"))
    assert go(replace(told, workers=2, wait_seconds=1.0)) == ([4, 5, 6], 3)


def test_rows_of_batches_that_were_not_done_are_removed(told):
    interrupt(told)
    (folder,) = staged(told)
    for name in ("batch-000004.sqlite", "batch-000004-articles.arrow", "trial-000001.sqlite", "ledger.sqlite"):
        (folder / name).write_bytes(b"half")
    (folder / "articles" / "source=one" / "year=2021").mkdir(parents=True)
    (folder / "next" / "articles").mkdir(parents=True)
    (folder / "next" / "articles" / "part-0.parquet").write_bytes(b"half")
    assert go(told) == ([4, 5, 6], 3)


def touched(told, monkeypatch):
    path = Path(told.inputs[0], "5.jsonl")
    path.write_bytes(path.read_bytes().replace("ريم".encode(), "منى".encode()))
    return told


def other_rules(told, monkeypatch):
    monkeypatch.setattr(kept, "pipeline_version", lambda: "0.0.1+rules.1234567")
    return told


def other_mapping(told, _monkeypatch):
    return replace(told, mapping={"section": "url"})


def own_profiles(told, _monkeypatch):
    folder = Path(told.out).with_name("profiles")
    folder.mkdir()
    (folder / "nasim.toml").write_text(PROFILE, encoding="utf-8")
    return replace(told, profiles=str(folder))


def limited(told, _monkeypatch):
    return replace(told, limit=29)


def part_of_it(told, _monkeypatch):
    return replace(told, inputs=(f"{told.inputs[0]}/[0-4].jsonl",))


@pytest.mark.parametrize("change", [touched, other_rules, other_mapping, own_profiles, limited, part_of_it])
def test_other_work_begins_anew_and_leaves_nothing_behind(told, monkeypatch, change):
    interrupt(told)
    other = change(told, monkeypatch)
    numbers, taken_over = go(other)
    assert (numbers[0], taken_over) == (1, 0)
    assert not staged(told)


def test_a_profile_that_was_changed_meanwhile_is_other_work(told, tmp_path):
    folder = tmp_path / "profiles"
    folder.mkdir()
    profile = folder / "nasim.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    told = replace(told, profiles=str(folder))
    interrupt(told)
    profile.write_text(PROFILE.replace("Beirut", "Amman"), encoding="utf-8")
    assert go(told)[1] == 0


@pytest.mark.parametrize("error", [ConservationError("lost"), ValueError("a fault"), AssertionError("a fault")])
def test_after_a_fault_nothing_is_kept(told, error):
    interrupt(told, error=error)
    assert not staged(told)


def test_a_note_of_a_batch_comes_after_its_rows_are_on_the_disk(told, monkeypatch):
    events = []
    monkeypatch.setattr("newsetl.run.sync_batch", lambda _, result: events.append(("sync", result.number)))
    monkeypatch.setattr("newsetl.run.keep", lambda _, result: events.append(("keep", result.number)))
    go(told)
    assert events == [(what, number) for number in range(1, BATCHES + 1) for what in ("sync", "keep")]


def test_repair_removes_what_was_kept(told, capsys):
    interrupt(told)
    main(["verify", "--out", told.out, "--repair"])
    assert "rolled back" in capsys.readouterr().out
    assert not staged(told)


# --- real processes -------------------------------------------------------------------------------------------------


@pytest.fixture
def long(tmp_path):
    """A command that runs for some seconds, and its settings file."""
    folder = tmp_path / "in"
    folder.mkdir()
    row = {"text": "\n\n".join(TEXT.format(n=n) for n in range(150)), "date": "2021-01-05"}
    for part in range(24):
        rows = [{**row, "url": f"https://one.example/{part}/{n}"} for n in range(3)]
        (folder / f"{part}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    config = tmp_path / "newsetl.toml"
    config.write_text("batch_bytes = 400000\n", encoding="utf-8")
    out = tmp_path / "out"
    words = ["run", str(folder), "--out", str(out), "--workers", "2", "--config", str(config)]
    return [sys.executable, "-m", "newsetl.cli", *words], out


def stopped(command, out, sign, group):
    """The end of a run that gets a signal once some of its batches are done: exit code, what it says."""
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    process = subprocess.Popen(command, **options)
    deadline = time.monotonic() + 60
    while len(list(out.glob("_staging-*/*.done"))) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    os.killpg(process.pid, sign) if group else os.kill(process.pid, sign)
    return process.wait(timeout=60), process.stderr.read()


@pytest.mark.parametrize(("sign", "group"), [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False)])
def test_a_stopped_process_is_gone_on_with(long, sign, group):
    command, out = long
    code, told = stopped(command, out, sign, group)
    assert code == (130 if sign == signal.SIGINT else -sign)
    if sign == signal.SIGINT:
        assert told.startswith("newsetl: interrupted; nothing was published; ")
        assert told.endswith(" of 24 batches are kept, the same command goes on from there\n")
    assert not list(out.glob("*/source=*"))
    again = subprocess.run([*command, "--wait", "30"], check=True, capture_output=True, text=True)
    assert "of 24 batches were done by an interrupted run before" in again.stdout
    (manifest,) = out.glob("_runs/*.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["taken_over"] >= 3
    assert len(pd.read_parquet(out / "articles")) == 72
    assert not list(out.glob("_staging-*"))
