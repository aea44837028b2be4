"""Whom a dead worker is blamed on: executors that fail as the test says, and no process."""

import json
import os
import subprocess
import sys
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import pytest

from newsetl.errors import NewsetlError
from newsetl.guard import Note, OverTimeError, Position
from newsetl.plan import Batch
from newsetl.settings import Settings
from newsetl.work import BatchResult
from newsetl.workers import MAX_UNEXPLAINED, MAX_VERDICTS, Workers, process_safely

BATCH = Batch(1, (), 0)


class Machine(Executor):
    """Processes each attempt as `fate` says: an error at a record, or None for a batch that is done."""

    def __init__(self, fate):
        self.fate = fate
        self.attempts = []

    def submit(self, _function, batch, _settings, staging, attempt):
        self.attempts.append(attempt)
        future = Future()
        fate = self.fate(attempt)
        if fate is None:
            name = attempt.name(batch)
            future.set_result(BatchResult(1, 0, 0, 0, 0.0, {}, name))
        else:
            error, ordinal = fate
            note = Note(staging / f"{attempt.name(batch)}.note")
            note.write(Position(ordinal, 0, 0, "quotes"))
            note.close()
            future.set_exception(error)
        return future

    @contextmanager
    def alone(self):
        yield self

    def process(self, staging):
        return process_safely(BATCH, Settings(), staging, self, self.alone)


def guilty(*ordinals, error=BrokenProcessPool):
    """Each of these records fails in every attempt, unless there is a verdict on it."""

    def fate(attempt):
        left = [n for n in ordinals if not attempt.verdict(n) and attempt.only in (None, n)]
        return (error(), left[0]) if left else None

    return fate


def test_a_batch_that_goes_well_is_done_once(tmp_path):
    machine = Machine(lambda _: None)
    assert machine.process(tmp_path).name == "batch-000001"
    assert len(machine.attempts) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [(BrokenProcessPool, "worker-died"), (MemoryError, "out-of-memory"), (OverTimeError, "timed-out")],
)
def test_a_record_that_fails_again_alone_is_guilty(tmp_path, error, reason):
    machine = Machine(guilty(3, error=error))
    machine.process(tmp_path)
    assert [attempt.only for attempt in machine.attempts] == [None, 3, None]
    (verdict,) = machine.attempts[-1].verdicts
    assert (verdict.position.ordinal, verdict.reason) == (3, reason)


def test_two_guilty_records_cost_a_round_each(tmp_path):
    machine = Machine(guilty(3, 9))
    machine.process(tmp_path)
    assert [attempt.only for attempt in machine.attempts] == [None, 3, None, 9, None]
    assert [verdict.position.ordinal for verdict in machine.attempts[-1].verdicts] == [3, 9]


def test_a_record_that_does_no_harm_alone_is_innocent(tmp_path):
    machine = Machine(lambda attempt: None if attempt.number or attempt.only else (BrokenProcessPool(), 3))
    machine.process(tmp_path)
    assert [attempt.only for attempt in machine.attempts] == [None, 3, None]
    assert machine.attempts[-1].verdicts == ()


def test_a_batch_whose_process_died_before_its_first_record_is_done_again(tmp_path):
    machine = Machine(lambda attempt: None if attempt.number else (BrokenProcessPool(), 0))
    machine.process(tmp_path)
    assert [attempt.only for attempt in machine.attempts] == [None, None]


def test_deaths_that_no_record_is_guilty_of_end_the_run(tmp_path):
    machine = Machine(lambda attempt: None if attempt.only else (BrokenProcessPool(), 3 + attempt.number))
    with pytest.raises(NewsetlError, match="batch 1 and no one record is to blame"):
        machine.process(tmp_path)
    assert len(machine.attempts) == 2 * MAX_UNEXPLAINED


def test_a_batch_of_nothing_but_killers_ends_the_run(tmp_path):
    machine = Machine(guilty(*range(1, 100)))
    with pytest.raises(NewsetlError, match=f"more than {MAX_VERDICTS} records"):
        machine.process(tmp_path)


def test_what_dead_attempts_staged_is_removed(tmp_path):
    (tmp_path / "batch-000001.sqlite").touch()
    (tmp_path / "batch-000001-articles.arrow").touch()
    (tmp_path / "batch-000011.sqlite").touch()
    Machine(guilty(3)).process(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["batch-000011.sqlite"]


def test_no_process_is_started_after_shutdown():
    workers = Workers(1)
    workers.shutdown()
    with pytest.raises(RuntimeError), workers.alone():
        pass
    with pytest.raises(RuntimeError):
        workers.submit(print)


def test_workers_have_the_environment_of_their_owner_as_it_is_when_they_start(monkeypatch):
    for key in ("first", "second"):  # the fork server is as old as the first, and so may be its environment
        monkeypatch.setenv("NEWSETL_TEST_KEY", key)
        with Workers(1) as pool:
            assert pool.submit(os.getenv, "NEWSETL_TEST_KEY").result() == key


SCRIPT = """
import json, sys
from newsetl.workers import Workers

marker = 1

def main():
    with Workers(1) as workers, workers.alone() as other:
        print(json.dumps([pool.submit(eval, "vars(__import__('__main__')).get('marker')").result()
                          for pool in (workers, other)]))
    assert sys.modules["__main__"].marker == 1

if __name__ == "__main__":
    main()
"""


def test_workers_do_not_run_the_callers_script(tmp_path):
    """It may import Prefect, which takes longer than all else."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == [None, None]
