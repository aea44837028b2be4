"""Guards: what a note says, when the clock strikes, and that limits end with the batch."""

import faulthandler
import signal
import sys
import threading
import time
from dataclasses import replace

import pytest

from newsetl import guard as guards
from newsetl.guard import PATIENCE, TICKS, Guard, Note, OverTimeError, Position, guarded, read_note
from newsetl.settings import Settings

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
BRIEF = replace(Settings(), max_document_seconds=0.05)


@pytest.fixture
def own(monkeypatch):
    monkeypatch.setattr(guards, "_own", True)


@pytest.fixture
def guard(tmp_path):
    note = Note(tmp_path / "a.note")
    yield Guard(note, max_seconds=0.01)
    note.close()


def spin(seconds=60.0):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
    return "done"


def test_a_note_tells_where_a_batch_stands_while_it_is_written(tmp_path, guard):
    guard.move(Position(7, 2, 1 << 40, "read"))
    assert read_note(tmp_path / "a.note") == Position(7, 2, 1 << 40, "read")
    guard.enter("quotes")
    assert read_note(tmp_path / "a.note") == Position(7, 2, 1 << 40, "quotes")


def test_a_batch_that_has_not_begun_stands_nowhere(tmp_path, guard):
    assert read_note(tmp_path / "a.note") is None
    assert read_note(tmp_path / "missing.note") is None


def test_a_tick_leaves_a_record_within_its_time_alone(guard):
    guard.watch(guard.tick)


def test_a_tick_stops_a_record_that_used_too_much_processor_time(guard):
    with pytest.raises(OverTimeError):
        guard.watch(lambda: (spin(0.02), guard.tick()))


def test_reading_may_take_longer(guard):
    guard.watch(lambda: (spin(0.02), guard.tick()), PATIENCE)


def test_waiting_is_stopped_after_so_many_ticks(guard):
    for _ in range(3):
        with pytest.raises(OverTimeError):
            guard.watch(lambda: [guard.tick() for _ in range(TICKS * PATIENCE)])
        guard.watch(lambda: [guard.tick() for _ in range(TICKS * PATIENCE - 1)])


def test_a_tick_between_records_does_no_harm(guard):
    spin(0.02)
    for _ in range(100):
        guard.tick()


def test_the_timer_stops_what_swallows_the_first_error(own, tmp_path):
    def deaf():
        try:
            spin()
        except BaseException:  # noqa: BLE001  as a library might
            spin()

    with guarded(tmp_path / "a.note", BRIEF) as guard, pytest.raises(OverTimeError):
        guard.watch(deaf)


def test_the_timer_and_the_watchdog_end_with_the_batch(own, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda *_, **__: calls.append("on"))
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: calls.append("off"))
    before = signal.getsignal(signal.SIGALRM)
    with guarded(tmp_path / "a.note", BRIEF) as guard:
        guard.watch(lambda: time.sleep(0.03))
    assert len(calls) > 2
    assert calls[-1] == "off"
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@LINUX
def test_memory_above_the_limit_is_refused_within_the_batch_only(own, tmp_path):
    settings = replace(Settings(), max_document_memory=128 << 20)
    with guarded(tmp_path / "a.note", settings):
        bytearray(64 << 20)
        with pytest.raises(MemoryError):
            bytearray(192 << 20)
    bytearray(192 << 20)


def test_a_process_that_is_not_ours_is_given_no_limits(tmp_path):
    with guarded(tmp_path / "a.note", BRIEF) as guard:
        assert guard.watch(lambda: spin(0.2)) == "done"
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_thread_is_given_no_limits(own, tmp_path):
    done = []

    def batch():
        with guarded(tmp_path / "a.note", BRIEF) as guard:
            done.append(guard.watch(lambda: spin(0.2)))

    thread = threading.Thread(target=batch)
    thread.start()
    thread.join()
    assert done == ["done"]
