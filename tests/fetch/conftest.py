"""A clock that tests move, and the news site on loopback."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from newsetl.fetch.clock import Clock


class Days:
    """A time that passes only when somebody sleeps, or the test says so."""

    def __init__(self, now):
        self._now = now
        self._lock = threading.Lock()

    def now(self):
        with self._lock:
            self._now += timedelta(microseconds=1000)  # no two things happen at the same time
            return self._now

    def sleep(self, seconds):
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def go_to(self, now):
        with self._lock:
            self._now = now

    @property
    def clock(self):
        return Clock(self.now, self.sleep)


@pytest.fixture
def days():
    return Days(datetime(2021, 2, 10, 21, 0, tzinfo=UTC))
