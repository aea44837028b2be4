"""The days that a fetch asks for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsetl.errors import SettingsError

# Sections of one day are asked for so many days back when no days are given. Days.
RECENT_DAYS = 2
_ONE_DAY = timedelta(days=1)
_DAYS = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Window:
    """Days of publication, both included; None: open on that side."""

    since: date | None = None
    until: date | None = None

    @property
    def is_open(self) -> bool:
        """True when all days are wanted."""
        return self.since is None and self.until is None

    def touches(self, span: tuple[date, date]) -> bool:
        """Whether a span of days (first, last) has a day in common with the window."""
        return (self.until is None or span[0] <= self.until) and (self.since is None or span[1] >= self.since)

    def wants(self, url_days: tuple[date, date] | None, published: datetime | None, updated: datetime | None) -> bool:
        """Whether a page is wanted: by its day of publication, else the days its URL names, else its last change.

        One without any evidence is wanted by an open window alone.
        """
        if self.is_open:
            return True
        if published is not None:
            return self.touches((published.date(), published.date()))
        if url_days is not None:
            return self.touches(url_days)
        return updated is not None and self.touches((updated.date(), updated.date()))

    def days(self, today: date) -> Iterator[date]:
        """Its days up to today, newest first; the last few when it begins nowhere."""
        day = min(today, self.until or today)
        first = self.since or day - timedelta(days=RECENT_DAYS - 1)
        while day >= first:
            yield day
            day -= _ONE_DAY


ALL_DAYS = Window()


def parse_window(since: str | None, until: str | None) -> Window:
    """The window that two arguments name; a month or year stands for its first or its last day.

    Raises:
        SettingsError: An argument is no day, month or year, or the window ends before it begins.

    >>> parse_window("2015-01", "2015-02")
    Window(since=datetime.date(2015, 1, 1), until=datetime.date(2015, 2, 28))
    """
    window = Window(_parse(since, "--since")[0] if since else None, _parse(until, "--until")[1] if until else None)
    if window.since and window.until and window.since > window.until:
        raise SettingsError(f"--since {since} is after --until {until}")
    return window


def parse_day(text: str, option: str) -> date:
    """The day that an argument names.

    Raises:
        SettingsError: It names none, or a month or year.
    """
    first, last = _parse(text, option)
    if first != last:
        raise SettingsError(f"{option} {text!r}: name a day, such as 2015-01-31")
    return first


def _parse(text: str, option: str) -> tuple[date, date]:
    """The first and last day that a text such as 2015, 2015-01 or 2015-01-31 names."""
    try:
        match = _DAYS.fullmatch(text)
        year, month, day = (int(part) if part else None for part in match.groups()) if match else (0, None, None)
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first
        in_last_month = date(first.year, month or 12, 28)
        return first, (in_last_month + timedelta(days=4)).replace(day=1) - _ONE_DAY
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{option} {text!r}: name a day, a month or a year, such as 2015-01") from error
