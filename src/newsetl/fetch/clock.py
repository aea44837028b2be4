"""The time, as a value: tests let days go by without waiting."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """What tells the time (aware, UTC) and what lets it pass (seconds)."""

    now: Callable[[], datetime] = _now
    sleep: Callable[[float], None] = time.sleep


SYSTEM_CLOCK = Clock()
