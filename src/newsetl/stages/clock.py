"""Clock times inside date strings: 14:05, 2:05 م, الساعة 10 صباحا, 14h05, with their zones."""

import re
from collections.abc import Iterable
from datetime import time
from functools import cache

from newsetl.arabic.calendars import load_calendar

TIME = "\x01"  # stands where a clock time was taken out
_DOTTED_MERIDIEM = re.compile(r"\b([ap])\.? ?m\b\.?")


def take_time(text: str) -> tuple[str, time | None, int | None, bool]:
    """The string with its clock times blotted out, the first of them, its offset in minutes, whether it has seconds."""
    text = _DOTTED_MERIDIEM.sub(r"\1m", text)
    pattern = _clock_pattern()
    match = pattern.search(text)
    if match is None:
        return text, None, None, False
    hour = int(next(h for h in match.group("h", "h2", "h3", "h4") if h))
    minute = int(next((m for m in match.group("min", "min2", "min3") if m), 0))
    word = match["after"] or match["before"]
    clock = make_time(hour, minute, int(match["s"]) if match["s"] else None, load_calendar().meridiems.get(word or ""))
    return pattern.sub(f" {TIME} ", text), clock, _read_offset(match), match["s"] is not None


@cache
def _clock_pattern() -> re.Pattern[str]:
    """A time with the words and zones of the tables around it."""
    calendar = load_calendar()
    meridiem = _alternatives(calendar.meridiems)
    long = _alternatives(word for word in calendar.meridiems if len(word) > 1)
    zone = _alternatives(calendar.zones)
    signed = r"[+-]\d{1,2}(?::?\d{2})?"
    return re.compile(
        rf"(?<![\d:])(?:(?:\b(?P<before>{meridiem}) ?)?"
        r"(?:(?P<h>\d{1,2}) ?: ?(?P<min>\d{2})(?: ?: ?(?P<s>\d{2})(?:[.,]\d{1,12})?)?(?![\d:])"
        rf"|(?P<h2>\d{{1,2}})\.(?P<min2>\d{{2}})(?= ?(?:{meridiem})\b)"
        r"|(?P<h3>\d{1,2}) ?[h] ?(?P<min3>\d{2})\b"
        rf"|(?P<h4>\d{{1,2}})(?= ?(?:{long})\b))"
        rf"(?: ?(?P<after>{meridiem})\b\.?)?"
        rf"(?: ?[(,]? ?(?:بتوقيت |توقيت )?(?P<zone>{zone})\b ?(?P<shift>{signed})?"
        r"| ?\(?(?P<offset>[+-]\d{2}:?\d{2}))?)"
    )


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _read_offset(match: re.Match[str]) -> int | None:
    if match["offset"]:
        return signed_minutes(match["offset"])
    if match["zone"]:
        base = load_calendar().zones[match["zone"]]
        return base + (signed_minutes(match["shift"]) if match["shift"] else 0)
    return None


def signed_minutes(text: str) -> int:
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    return (hours * 60 + minutes) * (-1 if text[0] == "-" else 1)


def make_time(hour: int, minute: int, second: int | None, meridiem: str | None) -> time | None:
    """A time of day; None when it cannot be. A 24-hour time keeps its hour whatever follows it ("16:10 pm")."""
    if hour <= 12 and meridiem == "morning":
        hour %= 12
    elif hour <= 12 and (meridiem == "evening" or (meridiem == "night" and 6 <= hour < 12)):
        hour = hour % 12 + 12
    elif hour == 12 and meridiem == "night":
        hour = 0
    if hour > 23 or minute > 59 or (second or 0) > 60:
        return None
    return time(hour, minute, min(second or 0, 59))
