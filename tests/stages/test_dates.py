"""Written dates: the case table, and laws."""

import time as clock
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.stages.dates import is_date_line, parse_date

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "dates.toml").read_text(encoding="utf-8"))["case"]
MONTHS = (
    "كانون الثاني",
    "فبراير",
    "آذار",
    "أفريل",
    "ماي",
    "يونيه",
    "تموز",
    "غشت",
    "سبتمبر",
    "تشرين الأول",
    "نونبر",
    "ديسمبر",
)
SEEN = datetime(2021, 3, 5, 12, 30, tzinfo=UTC)


def _params():
    return [
        pytest.param(c, id=c["label"], marks=[pytest.mark.xfail(strict=True)] if c["expect"] == "fail" else [])
        for c in CASES
    ]


@pytest.mark.parametrize("case", _params())
def test_a_date_string_is_read_as_its_case_says(case):
    parsed = parse_date(case["input"])
    assert (parsed.day if parsed else None) == case.get("day")
    found = parsed.clock.strftime("%H:%M") if parsed and parsed.clock else None
    assert found == case.get("clock")
    assert (parsed.offset_minutes if parsed else None) == case.get("offset")


def test_there_are_eighty_cases_with_negative_ones():
    assert len(CASES) >= 80
    assert sum("day" not in case for case in CASES) >= 15


@pytest.mark.parametrize(
    ("raw", "flag"),
    [
        ("الخميس 5 مارس 2021", "weekday-mismatch"),
        ("13 ربيع الأول 1440هـ", "hijri-converted"),
        ("الثلاثاء 5 شوال 1442هـ", "hijri-shifted"),
        ("1 محرم 1440هـ - 21 نوفمبر 2018م", "hijri-mismatch"),
        ("آخر تحديث: 13 مارس 2020", "update-date"),
    ],
)
def test_a_doubtful_date_carries_its_flag(raw, flag):
    parsed = parse_date(raw)
    assert parsed is not None
    assert flag in parsed.flags


@pytest.mark.parametrize(
    ("raw", "precision"),
    [
        ("مارس 2021", "month"),
        ("آذار/مارس 2021", "month"),
        ("03/2021", "month"),
        ("2021", "year"),
        ("عام 2021م", "year"),
    ],
)
def test_a_month_or_year_is_kept_without_a_day(raw, precision):
    parsed = parse_date(raw)
    assert parsed is not None
    assert (parsed.precision, parsed.day, parsed.year) == (precision, None, 2021)


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("منذ 3 ساعات", date(2021, 3, 5)),
        ("منذ 13 ساعة", date(2021, 3, 4)),
        ("قبل ساعتين", date(2021, 3, 5)),
        ("منذ ساعة", date(2021, 3, 5)),
        ("منذ ٣ أيام", date(2021, 3, 2)),
        ("قبل يومين", date(2021, 3, 3)),
        ("أمس", date(2021, 3, 4)),
        ("أمس الأول", date(2021, 3, 3)),
        ("اليوم، 10:30 ص", date(2021, 3, 5)),
        ("آخر تحديث: أمس", None),
        ("① مارس ٢٠٢١", date(2021, 3, 1)),
        ("منذ 5 أسابيع", None),
        ("منذ سنوات", None),
        ("منذ 90 يوما", None),
    ],
)
def test_a_relative_date_counts_back_from_the_fetch(raw, day):
    parsed = parse_date(raw, SEEN)
    assert (parsed.day if parsed else None) == day


def test_the_other_reading_of_figures_is_kept_when_nothing_decides():
    parsed = parse_date("09/10/2020")
    assert parsed is not None
    assert parsed.alternative == date(2020, 9, 10)
    assert parse_date("25/10/2020").alternative is None
    assert parse_date("الجمعة 09/10/2020").alternative is None


def test_a_line_of_prose_is_no_date_line():
    assert is_date_line("نشر في: الجمعة 5 مارس 2021")
    assert not is_date_line("وكانت اللجنة قد اجتمعت يوم 5 مارس 2021 لبحث الأمر")


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.booleans())
def test_every_day_written_with_a_month_name_is_read_back(day, eastern):
    written = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    if eastern:
        written = written.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert parse_date(written).day == day


@given(st.datetimes(datetime(1995, 1, 1), datetime(2099, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001  naive on purpose
def test_every_iso_instant_is_read_back(moment, offset):
    sign = "-" if offset < 0 else "+"
    hours, minutes = divmod(abs(offset), 60)
    parsed = parse_date(f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{hours:02}:{minutes:02}")
    expected = moment.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=offset)
    assert parsed.instant() == expected


@given(st.text(alphabet="0123456789٠١٢٣ /-.:,،()صمهـ\u200f\n" + "مارسكانوالثيغرة" + "amptz+", max_size=60))
def test_no_string_raises_and_what_is_read_is_in_range(raw):
    parsed = parse_date(raw, SEEN)
    assert parsed is None or 1900 <= parsed.year <= 2100


@pytest.mark.parametrize("piece", ["1", "1/", ": ", "12:30 ", "يناير/", "- ", "( ", "ـ", "٠", "الأول ", "\t"])
def test_long_runs_take_no_time(piece):
    started = clock.perf_counter()
    for length in (390, 100_000):
        parse_date((piece * length)[:length])
    assert clock.perf_counter() - started < 0.5
