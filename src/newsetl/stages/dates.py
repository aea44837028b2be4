"""Reads written dates: Arabic of every region, English, French, ISO 8601, RFC 2822, Hijri, relative.

A string is folded, its clock time is taken out (`newsetl.stages.clock`), and the rest is read by the grammar of
`newsetl.stages.date_grammar`.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from html import unescape

from newsetl.arabic.calendars import Calendar, load_calendar, split_tokens
from newsetl.arabic.folding import fold_name
from newsetl.records import DatePrecision
from newsetl.stages.clock import TIME, make_time, signed_minutes, take_time
from newsetl.stages.date_grammar import FIRST_YEAR, LAST_YEAR, ParsedDate, find_day, make_day, read_signs

# A longer string is prose, not a date; also the bound of all work done here. Characters.
MAX_LENGTH = 400
# An article says its date more than once, and articles of a day have it in common. Strings kept at a time.
DATE_CACHE = 1024
MAX_OFFSET_MINUTES = 14 * 60
# Content systems write these days when they know none.
PLACEHOLDERS = frozenset({date(1900, 1, 1), date(1970, 1, 1)})
DAY_MINUTES = 1440
# Beyond a week, "5 weeks ago" tells no day.
MAX_RELATIVE_MINUTES = 7 * DAY_MINUTES
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ]{1,3}(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,12})?)?)?"
    r" ?(?:(z|utc|gmt)|([+-])(\d{2}):?(\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?)?(?:(z)|([+-]\d{2}:?\d{2}))?")
_EPOCH = re.compile(r"(?:/date\()?(\d{10})(?:\d{3})?(?:\.\d{1,6})?(?:\)/)?")
_DIGIT = re.compile(r"\d")
# Dashes, slashes and colons that look alike; NFKC has turned the full-width ones already.
_SIGNS = str.maketrans(
    {"–": "-", "—": "-", "‒": "-", "−": "-", "‐": "-", "‑": "-", "\\": "/", "⁄": "/", "∕": "/", "،": ",", "؛": ","}
)


def parse_date(raw: str, reference: datetime | None = None) -> ParsedDate | None:
    """Read a date string.

    Args:
        raw: The string as found: entities, digits of any script, marks and signs around it are welcome.
        reference: When the string was seen, in the outlet's zone, for "أمس" and "منذ 3 ساعات"; None: no dates.

    Returns:
        None when no Gregorian or Hijri date stands there, or an impossible one (31 شباط).

    >>> parse_date("بيروت، ٣ شباط ٢٠١٥").day
    datetime.date(2015, 2, 3)
    >>> parse_date("ثلاثاء, 11/10/2020 - 09:56").day
    datetime.date(2020, 11, 10)
    >>> parse_date("31 شباط 2015")
    """
    if not raw or len(raw) > MAX_LENGTH:
        return None
    text = _fold(raw)
    machine = _parse_machine(text)
    if machine is not None and machine.day in PLACEHOLDERS and machine.clock in (None, time(0)):
        return None
    parsed = machine or _parse_written(text, reference)
    return parsed if parsed is not None and FIRST_YEAR <= parsed.year <= LAST_YEAR else None


def is_date_line(line: str) -> bool:
    """Whether a line is a date and little else (a label, a weekday, at most two other words such as a place).

    >>> is_date_line("بيروت في 3 شباط 2015"), is_date_line("وصل الوفد إلى العاصمة يوم 3 شباط 2015 قادما من عدن")
    (True, False)
    """
    if (
        len(line) > 90 or (parsed := parse_date(line)) is None or parsed.day is None
    ):  # a date with label and place is shorter
        return False
    return read_signs(take_time(_fold(line))[0]).symbols.count("x") <= 2


@lru_cache(maxsize=DATE_CACHE)
def _fold(raw: str) -> str:
    return fold_name(unescape(raw)).translate(_SIGNS)


@lru_cache(maxsize=DATE_CACHE)
def _parse_machine(text: str) -> ParsedDate | None:
    """ISO 8601, compact digits (20150727, 20150727162300) and seconds or milliseconds since 1970."""
    if match := _ISO.fullmatch(text):
        offset = 0 if match[7] else None
        if match[8]:
            offset = (int(match[9]) * 60 + int(match[10] or 0)) * (-1 if match[8] == "-" else 1)
        return _from_numbers(match.group(1, 2, 3), match.group(4, 5, 6), offset)
    if (match := _COMPACT.fullmatch(text)) and FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        offset = signed_minutes(match[8]) if match[8] else 0 if match[7] else None
        return _from_numbers(match.group(1, 2, 3), match.group(4, 5, 6), offset)
    if match := _EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(match[1]), UTC)
        return ParsedDate("instant", moment.year, moment.month, moment.date(), moment.time(), 0)
    return None


def _from_numbers(day: tuple[str, ...], clock: tuple[str | None, ...], offset: int | None) -> ParsedDate | None:
    year, month, number = map(int, day)
    if (found := make_day(year, month, number) or make_day(year, number, month)) is None:
        return None
    parsed = ParsedDate("day", year, found.month, found)
    if clock[0] is None or clock[1] is None:
        return parsed
    return _with_time(
        parsed,
        make_time(int(clock[0]), int(clock[1]), int(clock[2]) if clock[2] else None, None),
        offset,
        seconds=clock[2] is not None,
    )


def _parse_written(text: str, reference: datetime | None) -> ParsedDate | None:
    """Dates in words and figures, the published one before the updated one."""
    before, after = _split_update(text)
    parsed = _parse_one(before)
    if parsed is None and reference is not None:
        parsed = _parse_relative(before, reference)
    if parsed is not None and parsed.clock is None and take_time(after)[1] is not None:
        return replace(parsed, flags=(*parsed.flags, "update-time"))  # perhaps the day of the update, too
    if parsed is None and after:
        parsed = _parse_one(after)
        if parsed is not None:
            parsed = replace(parsed, flags=(*parsed.flags, "update-date"))
    return parsed


def _split_update(text: str) -> tuple[str, str]:
    """The string before and after the words that announce a later change ("آخر تحديث")."""
    match = _update_pattern().search(text)
    return (text, "") if match is None else (text[: match.start()], text[match.end() :])


@cache
def _update_pattern() -> re.Pattern[str]:
    """The words of the table that announce a later change."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, load_calendar().updates))})\b")


@lru_cache(maxsize=DATE_CACHE)
def _parse_one(text: str) -> ParsedDate | None:
    if _DIGIT.search(text) is None:  # no year: most bylines stop here
        return None
    rest, clock, offset, seconds = take_time(text)
    for signs in (read_signs(rest), read_signs(rest, tight=True)):
        parsed = find_day(signs)
        if parsed is not None:
            return _with_time(parsed, clock, offset, seconds=seconds) if parsed.day else parsed
    return None


def _with_time(parsed: ParsedDate, clock: time | None, offset: int | None, *, seconds: bool) -> ParsedDate:
    if clock is None:
        return parsed
    if offset is not None and abs(offset) > MAX_OFFSET_MINUTES:
        offset = None
    precision: DatePrecision = "instant" if seconds else "minute"
    # not by `replace`, which takes as long as all else that is done for a time stamp
    return ParsedDate(precision, parsed.year, parsed.month, parsed.day, clock, offset, parsed.alternative, parsed.flags)


def _parse_relative(text: str, reference: datetime) -> ParsedDate | None:
    """أمس, منذ 3 ساعات and their like, counted back from the reference."""
    calendar = load_calendar()
    rest, clock, _, seconds = take_time(text)
    words = [word for word in split_tokens(rest) if word.isalnum() and word != TIME]
    phrase = " ".join(words)
    minutes: int | None
    if phrase in calendar.relative_days:
        minutes = calendar.relative_days[phrase] * DAY_MINUTES
    else:
        minutes, clock = _count_back(words, calendar), None
    if minutes is None or minutes > MAX_RELATIVE_MINUTES:
        return None
    moment = reference - timedelta(minutes=minutes)
    parsed = ParsedDate("day", moment.year, moment.month, moment.date(), flags=("relative-date",))
    return _with_time(parsed, clock, None, seconds=seconds)


def _count_back(words: list[str], calendar: Calendar) -> int | None:
    """Minutes of "منذ 3 ساعات", "قبل ساعتين", "منذ ساعة"; None for anything else."""
    if not words or words[0] not in calendar.ago:
        return None
    if len(words) == 3 and words[1].isdecimal() and len(words[1]) <= 4:
        unit = calendar.units.get(words[2])
        return None if unit is None else int(words[1]) * unit
    if len(words) == 2:
        return calendar.duals.get(words[1], calendar.units.get(words[1]))
    return None
