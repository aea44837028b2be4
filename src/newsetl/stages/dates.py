"""Reads written dates: Arabic of every region, English, French, ISO 8601, RFC 2822, Hijri, relative.

A string is folded, its clock time is taken out, and each word becomes one letter of a small alphabet
(``d`` a number of one or two digits, ``y`` a Gregorian year, ``k`` a Hijri year, ``G`` and ``H`` months, ``W`` a
weekday, ``o`` a filler …). The grammar is a handful of linear patterns over those letters.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from html import unescape

from newsetl.arabic.calendars import Calendar, convert_hijri, load_calendar, split_tokens
from newsetl.arabic.folding import fold_name
from newsetl.records import DatePrecision

# A longer string is prose, not a date; also the bound of all work done here. Characters.
MAX_LENGTH = 400
FIRST_YEAR, LAST_YEAR = 1900, 2100
# Hijri years before this one could as well be years of the Persian solar calendar, so they need an era mark.
FIRST_PLAIN_HIJRI_YEAR = 1410
MAX_OFFSET_MINUTES = 14 * 60
# Content systems write these days when they know none.
PLACEHOLDERS = frozenset({date(1900, 1, 1), date(1970, 1, 1)})
DAY_MINUTES = 1440
# Beyond a week, "5 weeks ago" tells no day.
MAX_RELATIVE_MINUTES = 7 * DAY_MINUTES


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """What a date string says, and no more.

    Attributes:
        precision: The finest thing known: instant (to the second), minute, day, month or year.
        day: The Gregorian day; None for a month or a year.
        clock: The time of day as written, naive.
        offset_minutes: Minutes east of UTC, when the string says so.
        alternative: The other reading of 09/10/2020 when nothing in the string decides.
        flags: weekday-mismatch, hijri-converted, hijri-mismatch, relative-date, update-date, several-dates.
    """

    precision: DatePrecision
    year: int
    month: int | None = None
    day: date | None = None
    clock: time | None = None
    offset_minutes: int | None = None
    alternative: date | None = None
    flags: tuple[str, ...] = ()

    def instant(self, zone: timezone | None = None) -> datetime | None:
        """The moment in UTC, read in the string's own offset, else in `zone`, else None."""
        own = None if self.offset_minutes is None else timezone(timedelta(minutes=self.offset_minutes))
        if self.day is None or self.clock is None or (own or zone) is None:
            return None
        return datetime.combine(self.day, self.clock, own or zone).astimezone(UTC)


_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ]{1,3}(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,12})?)?)?"
    r" ?(?:(z|utc|gmt)|([+-])(\d{2}):?(\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?)?(?:(z)|([+-]\d{2}:?\d{2}))?")
_EPOCH = re.compile(r"(?:/date\()?(\d{10})(?:\d{3})?(?:\.\d{1,6})?(?:\)/)?")
_DOTTED_MERIDIEM = re.compile(r"\b([ap])\.? ?m\b\.?")
_MONTH = r"(?P<m>{0}(?:[/(,-]{{0,2}}{0}\)?){{0,2}})"
_BETWEEN = "[o/,.-]{0,3}"
_BEFORE_YEAR = r"[otzg/,.()+-]{0,5}"


def _written_rules(month: str, year: str) -> tuple[re.Pattern[str], ...]:
    """Day-month-year, month-day-year and year-month-day with the month in letters."""
    name = _MONTH.format(month)
    return (
        # not the end of a span ("12-15 مارس"): that is when something takes place
        re.compile(rf"(?<!d-)(?P<d>[dO]){_BETWEEN}{name}{_BEFORE_YEAR}(?P<y>{year})"),
        re.compile(rf"{name}{_BETWEEN}(?P<d>[dO]){_BEFORE_YEAR}(?P<y>{year})"),
        re.compile(rf"(?P<y>{year}){_BETWEEN}{name}{_BETWEEN}(?P<d>[dO])"),
    )


def _numeric_rules(year: str) -> tuple[re.Pattern[str], ...]:
    """Three numbers with the same sign between, the year last or first; `a` and `b` are the other two in order."""
    alone = r"(?<![dnyk][/.-])"
    return (
        re.compile(rf"{alone}(?P<a>d)(?P<s>[/.-])(?P<b>d)(?P=s)(?P<y>{year})(?![/.-][dnyk])"),
        re.compile(rf"{alone}(?P<y>{year})(?P<s>[/.-])(?P<a>d)(?P=s)(?P<b>d)(?![/.-][dnyk])"),
    )


_WRITTEN = _written_rules("G", "y")
_WRITTEN_HIJRI = _written_rules("H", "k")
_NUMERIC = _numeric_rules("y")
_NUMERIC_HIJRI = _numeric_rules("k")
_SHORT_YEAR = re.compile(r"(?<![dnyk][/.-])(?P<a>d)(?P<s>[/.-])(?P<b>[dG])(?P=s)(?P<c>d)(?![/.-][dnyk])")
_SHORT_YEAR_WORDS = re.compile(r"(?P<a>d)o?(?P<b>G)[o,]?(?P<c>d)(?![/.:-]?[dnyk])")
_MONTH_YEAR = re.compile(rf"(?<![dO])(?<![dO][o/,.-]){_MONTH.format('G')}{_BETWEEN}(?P<y>y)")
_MONTH_YEAR_NUMERIC = re.compile(r"[ol(]{0,2}(?P<b>d)/(?P<y>y)g?\)?")
_YEAR = re.compile(r"[ol(]{0,2}(?P<y>y)g?\)?")


@dataclass(frozen=True, slots=True)
class _Signs:
    """A string as letters of the grammar; `values[i]` belongs to `symbols[i]`."""

    symbols: str
    values: tuple[int, ...]

    def value(self, match: re.Match[str], group: str) -> int:
        return self.values[match.start(group)]

    def weekday(self) -> int | None:
        at = self.symbols.find("W")
        return None if at < 0 else self.values[at]


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
    text = fold_name(unescape(raw)).translate(_SIGNS)
    parsed = _parse_machine(text) or _parse_written(text, reference)
    if parsed is None or not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        return None
    if parsed.day in PLACEHOLDERS and (parsed.clock is None or parsed.clock == time(0)):
        return None
    return parsed


def is_date_line(line: str) -> bool:
    """Whether a line is a date and little else (a label, a weekday, at most two other words such as a place).

    >>> is_date_line("بيروت في 3 شباط 2015"), is_date_line("وصل الوفد إلى العاصمة يوم 3 شباط 2015 قادما من عدن")
    (True, False)
    """
    if (
        len(line) > 90 or (parsed := parse_date(line)) is None or parsed.day is None
    ):  # a date with label and place is shorter
        return False
    return _read_signs(_take_time(fold_name(unescape(line)).translate(_SIGNS))[0]).symbols.count("x") <= 2


# Dashes, slashes and colons that look alike; NFKC has turned the full-width ones already.
_SIGNS = str.maketrans(
    {"–": "-", "—": "-", "‒": "-", "−": "-", "‐": "-", "‑": "-", "\\": "/", "⁄": "/", "∕": "/", "،": ",", "؛": ","}
)


def _parse_machine(text: str) -> ParsedDate | None:
    """ISO 8601, compact digits (20150727, 20150727162300) and seconds or milliseconds since 1970."""
    if match := _ISO.fullmatch(text):
        offset = 0 if match[7] else None
        if match[8]:
            offset = (int(match[9]) * 60 + int(match[10] or 0)) * (-1 if match[8] == "-" else 1)
        return _from_numbers(match.group(1, 2, 3), match.group(4, 5, 6), offset)
    if (match := _COMPACT.fullmatch(text)) and FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        offset = _signed_minutes(match[8]) if match[8] else 0 if match[7] else None
        return _from_numbers(match.group(1, 2, 3), match.group(4, 5, 6), offset)
    if match := _EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(match[1]), UTC)
        return ParsedDate("instant", moment.year, moment.month, moment.date(), moment.time(), 0)
    return None


def _from_numbers(day: tuple[str, ...], clock: tuple[str | None, ...], offset: int | None) -> ParsedDate | None:
    year, month, number = map(int, day)
    if (found := _make_day(year, month, number) or _make_day(year, number, month)) is None:
        return None
    parsed = ParsedDate("day", year, found.month, found)
    if clock[0] is None or clock[1] is None:
        return parsed
    return _with_time(
        parsed,
        _make_time(int(clock[0]), int(clock[1]), int(clock[2]) if clock[2] else None, None),
        offset,
        seconds=clock[2] is not None,
    )


def _parse_written(text: str, reference: datetime | None) -> ParsedDate | None:
    """Dates in words and figures, the published one before the updated one."""
    before, after = _split_update(text)
    parsed = _parse_one(before)
    if parsed is None and reference is not None:
        parsed = _parse_relative(before, reference)
    if parsed is None and after:
        parsed = _parse_one(after)
        if parsed is not None:
            parsed = replace(parsed, flags=(*parsed.flags, "update-date"))
    return parsed


def _split_update(text: str) -> tuple[str, str]:
    """The string before and after the words that announce a later change ("آخر تحديث")."""
    match = _patterns().update.search(text)
    return (text, "") if match is None else (text[: match.start()], text[match.end() :])


def _parse_one(text: str) -> ParsedDate | None:
    rest, clock, offset, seconds = _take_time(text)
    for signs in (_read_signs(rest), _read_signs(rest, tight=True)):
        parsed = _find_day(signs)
        if parsed is not None:
            return _with_time(parsed, clock, offset, seconds=seconds) if parsed.day else parsed
    return None


def _with_time(parsed: ParsedDate, clock: time | None, offset: int | None, *, seconds: bool) -> ParsedDate:
    if clock is None:
        return parsed
    if offset is not None and abs(offset) > MAX_OFFSET_MINUTES:
        offset = None
    return replace(parsed, precision="instant" if seconds else "minute", clock=clock, offset_minutes=offset)


def _find_day(signs: _Signs) -> ParsedDate | None:
    """The Gregorian date of a string, checked by Hijri one and weekday; else the Hijri one, the month or the year."""
    gregorian = _find_written(signs, _WRITTEN, hijri=False) or _find_numeric(signs, _NUMERIC)
    hijri = _find_written(signs, _WRITTEN_HIJRI, hijri=True) or _find_numeric_hijri(signs)
    if gregorian is not None:
        # Two days: the calculated calendar and the sighted one differ by one day, seldom by two.
        if hijri is not None and gregorian.day and hijri.day and abs((gregorian.day - hijri.day).days) > 2:
            return replace(gregorian, flags=(*gregorian.flags, "hijri-mismatch"))
        return gregorian
    return _fit_hijri(hijri, signs.weekday()) or _find_short_year(signs) or _find_month(signs)


def _find_written(signs: _Signs, rules: tuple[re.Pattern[str], ...], *, hijri: bool) -> ParsedDate | None:
    for rule in rules:
        if match := rule.search(signs.symbols):
            names = {signs.values[i] for i in range(*match.span("m")) if signs.symbols[i] in "GH"}
            if len(names) != 1:
                return None  # "يناير/شباط": two months, no date
            year, month, number = signs.value(match, "y"), names.pop(), signs.value(match, "d")
            day = convert_hijri(year, month, number) if hijri else _make_day(year, month, number)
            if day is None:
                return None
            parsed = ParsedDate("day", day.year, day.month, day)
            if hijri:
                return parsed
            wrong = not _fits(day, signs.weekday())
            if wrong and signs.symbols[match.start("d")] == "O":
                return None  # "الثلاثاء الأول من مارس" may be the first Tuesday, whatever its number
            return replace(parsed, flags=("weekday-mismatch",)) if wrong else parsed
    return None


def _find_numeric(signs: _Signs, rules: tuple[re.Pattern[str], ...]) -> ParsedDate | None:
    """Day before month, as Arabic outlets write, unless the weekday or a number above 12 proves the other order."""
    for last, rule in zip((True, False), rules, strict=True):
        if match := rule.search(signs.symbols):
            year, a, b = (signs.value(match, group) for group in "yab")
            usual, swapped = (a, b) if last else (b, a), (b, a) if last else (a, b)
            readings = [day for number, month in (usual, swapped) if (day := _make_day(year, month, number))]
            readings = list(dict.fromkeys(readings))
            fitting = [day for day in readings if _fits(day, signs.weekday())]
            if not readings:
                return None
            day = (fitting or readings)[0]
            # A year in front is followed by the month: nobody writes yyyy/dd/mm on purpose.
            other = next((r for r in readings if r != day), None) if last and len(fitting) != 1 else None
            flags = () if fitting else ("weekday-mismatch",)
            return ParsedDate("day", year, day.month, day, alternative=other, flags=flags)
    return None


def _find_numeric_hijri(signs: _Signs) -> ParsedDate | None:
    for last, rule in zip((True, False), _NUMERIC_HIJRI, strict=True):
        if match := rule.search(signs.symbols):
            year, a, b = (signs.value(match, group) for group in "yab")
            if year < FIRST_PLAIN_HIJRI_YEAR and "h" not in signs.symbols:
                return None
            day = convert_hijri(year, b, a) if last else convert_hijri(year, a, b)
            return None if day is None else ParsedDate("day", day.year, day.month, day)
    return None


def _fit_hijri(parsed: ParsedDate | None, weekday: int | None) -> ParsedDate | None:
    """A Hijri date alone: a weekday tells the outlet's own reckoning from the calculated one (±1 day)."""
    if parsed is None or parsed.day is None:
        return None
    for shift in (0, 1, -1):
        day = parsed.day + timedelta(days=shift)
        if _fits(day, weekday):
            flags = ("hijri-converted", "hijri-shifted") if shift else ("hijri-converted",)
            return replace(parsed, day=day, month=day.month, year=day.year, flags=flags)
    return replace(parsed, flags=("hijri-converted", "weekday-mismatch"))


def _find_short_year(signs: _Signs) -> ParsedDate | None:
    """Dates with a year of two digits; only a weekday that fits exactly one reading makes them evidence."""
    weekday = signs.weekday()
    match = _SHORT_YEAR.search(signs.symbols) or _SHORT_YEAR_WORDS.search(signs.symbols)
    if match is None or weekday is None:
        return None
    a, b, c = (signs.value(match, group) for group in "abc")
    orders = {(c, b, a)} if match["b"] == "G" else {(c, b, a), (c, a, b), (a, b, c)}
    days = {day for y, m, d in orders if (day := _make_day(2000 + y, m, d)) and _fits(day, weekday)}
    if len(days) != 1:
        return None
    day = days.pop()
    return ParsedDate("day", day.year, day.month, day)


def _find_month(signs: _Signs) -> ParsedDate | None:
    if "d" not in signs.symbols and "O" not in signs.symbols and (match := _MONTH_YEAR.search(signs.symbols)):
        names = {signs.values[i] for i in range(*match.span("m")) if signs.symbols[i] == "G"}
        return ParsedDate("month", signs.value(match, "y"), names.pop()) if len(names) == 1 else None
    if (match := _MONTH_YEAR_NUMERIC.fullmatch(signs.symbols)) and 1 <= signs.value(match, "b") <= 12:
        return ParsedDate("month", signs.value(match, "y"), signs.value(match, "b"))
    match = _YEAR.fullmatch(signs.symbols)
    return None if match is None else ParsedDate("year", signs.value(match, "y"))


def _parse_relative(text: str, reference: datetime) -> ParsedDate | None:
    """أمس, منذ 3 ساعات and their like, counted back from the reference."""
    calendar = load_calendar()
    rest, clock, _, seconds = _take_time(text)
    words = [word for word in split_tokens(rest) if word.isalnum() and word != _TIME]
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


_TIME = "\x01"  # stands where a clock time was taken out
_CLOCK_SIGN = "_"  # the same, as a token


@dataclass(frozen=True, slots=True)
class _Patterns:
    clock: re.Pattern[str]
    update: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """The patterns that hold words of the tables."""
    calendar = load_calendar()
    meridiem = _alternatives(calendar.meridiems)
    long = _alternatives(word for word in calendar.meridiems if len(word) > 1)
    zone = _alternatives(calendar.zones)
    signed = r"[+-]\d{1,2}(?::?\d{2})?"
    return _Patterns(
        clock=re.compile(
            rf"(?<![\d:])(?:(?:\b(?P<before>{meridiem}) ?)?"
            r"(?:(?P<h>\d{1,2}) ?: ?(?P<min>\d{2})(?: ?: ?(?P<s>\d{2})(?:[.,]\d{1,12})?)?(?![\d:])"
            rf"|(?P<h2>\d{{1,2}})\.(?P<min2>\d{{2}})(?= ?(?:{meridiem})\b)"
            r"|(?P<h3>\d{1,2}) ?[h] ?(?P<min3>\d{2})\b"
            rf"|(?P<h4>\d{{1,2}})(?= ?(?:{long})\b))"
            rf"(?: ?(?P<after>{meridiem})\b\.?)?"
            rf"(?: ?[(,]? ?(?:بتوقيت |توقيت )?(?P<zone>{zone})\b ?(?P<shift>{signed})?"
            r"| ?\(?(?P<offset>[+-]\d{2}:?\d{2}))?)"
        ),
        update=re.compile(rf"\b(?:{_alternatives(calendar.updates)})\b"),
    )


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _take_time(text: str) -> tuple[str, time | None, int | None, bool]:
    """The string with its clock times blotted out, the first of them, its offset in minutes, whether it has seconds."""
    text = _DOTTED_MERIDIEM.sub(r"\1m", text)
    pattern = _patterns().clock
    match = pattern.search(text)
    if match is None:
        return text, None, None, False
    hour = int(next(h for h in match.group("h", "h2", "h3", "h4") if h))
    minute = int(next((m for m in match.group("min", "min2", "min3") if m), 0))
    word = match["after"] or match["before"]
    clock = _make_time(hour, minute, int(match["s"]) if match["s"] else None, load_calendar().meridiems.get(word or ""))
    return pattern.sub(f" {_TIME} ", text), clock, _read_offset(match), match["s"] is not None


def _read_offset(match: re.Match[str]) -> int | None:
    if match["offset"]:
        return _signed_minutes(match["offset"])
    if match["zone"]:
        base = load_calendar().zones[match["zone"]]
        return base + (_signed_minutes(match["shift"]) if match["shift"] else 0)
    return None


def _signed_minutes(text: str) -> int:
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    return (hours * 60 + minutes) * (-1 if text[0] == "-" else 1)


def _make_time(hour: int, minute: int, second: int | None, meridiem: str | None) -> time | None:
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


def _make_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _fits(day: date, weekday: int | None) -> bool:
    return weekday is None or day.weekday() == weekday


def _read_signs(text: str, *, tight: bool = False) -> _Signs:
    """The letters of the grammar for a folded string. `tight` reads " - " between numbers as a sign of the date."""
    calendar = load_calendar()
    if not tight:
        text = text.replace(" - ", " , ")
    tokens = split_tokens(text.replace(_TIME, f" {_CLOCK_SIGN} "))
    symbols: list[str] = []
    values: list[int] = []
    at = 0
    while at < len(tokens):
        length, symbol, value = _read_sign(tokens, at, calendar)
        symbols.append(symbol)
        values.append(value)
        at += length
    return _Signs("".join(symbols), tuple(values))


def _read_sign(tokens: list[str], at: int, calendar: Calendar) -> tuple[int, str, int]:
    """How many tokens the sign at `at` takes, its letter and its number."""
    first = tokens[at]
    if first.isdecimal():
        return 1, *_read_number(first)
    if first == _CLOCK_SIGN:
        return 1, "t", 0
    if not first.isalpha():
        return 1, first if first in "/.-:()+" else ",", 0
    for length in range(min(calendar.longest, len(tokens) - at), 0, -1):
        found = calendar.words.get(" ".join(tokens[at : at + length]))
        if found is not None:
            return length, *found
    return 1, "x", 0


def _read_number(digits: str) -> tuple[str, int]:
    value = int(digits[:9])
    if len(digits) <= 2:
        return "d", value
    if len(digits) == 4 and FIRST_YEAR <= value <= LAST_YEAR:
        return "y", value
    return ("k" if len(digits) == 4 and 1300 <= value <= 1500 else "n"), value
