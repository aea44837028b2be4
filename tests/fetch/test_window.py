"""The days that a fetch asks for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.errors import SettingsError
from newsetl.fetch.window import ALL_DAYS, RECENT_DAYS, Window, parse_day, parse_window

DAY = date(2015, 2, 3)


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("2015", "2015", date(2015, 1, 1), date(2015, 12, 31)),
        ("2016-02", "2016-02", date(2016, 2, 1), date(2016, 2, 29)),
        ("2015-02", None, date(2015, 2, 1), None),
        (None, "2015-2-7", None, date(2015, 2, 7)),
        (None, None, None, None),
    ],
)
def test_a_month_or_year_stands_for_its_first_and_last_day(since, until, first, last):
    assert parse_window(since, until) == Window(first, last)


@pytest.mark.parametrize(
    "text", ["", "15", "2015-13", "2015-02-30", "2015/02", "٢٠١٥", "2015-02-01T00:00", "0000", "x"]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(SettingsError, match="name a day, a month or a year"):
        parse_window("2015", text) if text else parse_window("-", None)


def test_a_window_must_not_end_before_it_begins():
    with pytest.raises(SettingsError, match="after"):
        parse_window("2016", "2015")


def test_where_a_day_is_asked_for_a_month_is_none():
    assert parse_day("2015-02-03", "--day") == DAY
    with pytest.raises(SettingsError, match="--day"):
        parse_day("2015-02", "--day")


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 400), st.integers(-50, 500))
def test_its_days_are_those_it_touches_up_to_today(first, length, ahead):
    window = Window(first, first + timedelta(days=length))
    today = first + timedelta(days=ahead)
    days = list(window.days(today))
    assert days == sorted(days, reverse=True)
    assert all(window.touches((day, day)) and day <= today for day in days)
    assert len(days) == max(min(length, ahead) + 1, 0)


def test_without_days_sections_are_asked_for_the_last_ones():
    assert list(ALL_DAYS.days(DAY)) == [DAY - timedelta(days=n) for n in range(RECENT_DAYS)]
    assert ALL_DAYS.is_open
    assert ALL_DAYS.touches((DAY, DAY))


def test_an_open_end_reaches_far():
    assert Window(since=DAY).touches((date.max, date.max))
    assert not Window(since=DAY).touches((date.min, DAY - timedelta(days=1)))
