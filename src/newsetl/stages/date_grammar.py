"""The grammar of written dates, over strings of letters that stand for kinds of words.

``d`` is a number of one or two digits, ``y`` a Gregorian year, ``k`` a Hijri year, ``n`` any other number, ``G`` and
``H`` a Gregorian and a Hijri month, ``W`` a weekday, ``O`` a day of the month in words, ``o`` a filler, ``l`` a label,
``g`` and ``h`` era marks, ``z`` a zone, ``t`` a clock time that was taken out, ``x`` any other word, ``,`` any sign but
``/.-:()+``. A handful of linear patterns over such strings are the whole grammar.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone

from newsetl.arabic.calendars import Calendar, convert_hijri, load_calendar, split_tokens
from newsetl.records import DatePrecision
from newsetl.stages.clock import TIME

FIRST_YEAR, LAST_YEAR = 1900, 2100
# Hijri years before this one could as well be years of the Persian solar calendar, so they need an era mark.
FIRST_PLAIN_HIJRI_YEAR = 1410
_CLOCK_SIGN = "_"  # the same, as a token
_MONTH = r"(?P<m>{0}(?:[/(,-]{{0,2}}{0}\)?){{0,2}})"
_BETWEEN = "[o/,.-]{0,3}"
_BEFORE_YEAR = r"[otzg/,.()+-]{0,5}"


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """What a date string says, and no more.

    Attributes:
        precision: The finest thing known: instant (to the second), minute, day, month or year.
        day: The Gregorian day; None for a month or a year.
        clock: The time of day as written, naive.
        offset_minutes: Minutes east of UTC, when the string says so.
        alternative: The other reading of 09/10/2020 when nothing in the string decides.
        flags: weekday-mismatch, hijri-converted, hijri-mismatch, relative-date, update-date (it is one),
            update-time (the time of one follows), several-dates.
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


@dataclass(frozen=True, slots=True)
class Signs:
    """A string as letters of the grammar; `values[i]` belongs to `symbols[i]`."""

    symbols: str
    values: tuple[int, ...]

    def value(self, match: re.Match[str], group: str) -> int:
        return self.values[match.start(group)]

    def weekday(self) -> int | None:
        at = self.symbols.find("W")
        return None if at < 0 else self.values[at]


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


def find_day(signs: Signs) -> ParsedDate | None:
    """The Gregorian date of a string, checked by Hijri one and weekday; else the Hijri one, the month or the year."""
    gregorian = _find_written(signs, _WRITTEN, hijri=False) or _find_numeric(signs, _NUMERIC)
    hijri = _find_written(signs, _WRITTEN_HIJRI, hijri=True) or _find_numeric_hijri(signs)
    if gregorian is not None:
        # Two days: the calculated calendar and the sighted one differ by one day, seldom by two.
        if hijri is not None and gregorian.day and hijri.day and abs((gregorian.day - hijri.day).days) > 2:
            return replace(gregorian, flags=(*gregorian.flags, "hijri-mismatch"))
        return gregorian
    return _fit_hijri(hijri, signs.weekday()) or _find_short_year(signs) or _find_month(signs)


def _find_written(signs: Signs, rules: tuple[re.Pattern[str], ...], *, hijri: bool) -> ParsedDate | None:
    for rule in rules:
        if match := rule.search(signs.symbols):
            names = {signs.values[i] for i in range(*match.span("m")) if signs.symbols[i] in "GH"}
            if len(names) != 1:
                return None  # "يناير/شباط": two months, no date
            year, month, number = signs.value(match, "y"), names.pop(), signs.value(match, "d")
            day = convert_hijri(year, month, number) if hijri else make_day(year, month, number)
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


def _find_numeric(signs: Signs, rules: tuple[re.Pattern[str], ...]) -> ParsedDate | None:
    """Day before month, as Arabic outlets write, unless the weekday or a number above 12 proves the other order."""
    for last, rule in zip((True, False), rules, strict=True):
        if match := rule.search(signs.symbols):
            year, a, b = (signs.value(match, group) for group in "yab")
            usual, swapped = (a, b) if last else (b, a), (b, a) if last else (a, b)
            readings = [day for number, month in (usual, swapped) if (day := make_day(year, month, number))]
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


def _find_numeric_hijri(signs: Signs) -> ParsedDate | None:
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


def _find_short_year(signs: Signs) -> ParsedDate | None:
    """Dates with a year of two digits; only a weekday that fits exactly one reading makes them evidence."""
    weekday = signs.weekday()
    match = _SHORT_YEAR.search(signs.symbols) or _SHORT_YEAR_WORDS.search(signs.symbols)
    if match is None or weekday is None:
        return None
    a, b, c = (signs.value(match, group) for group in "abc")
    orders = {(c, b, a)} if match["b"] == "G" else {(c, b, a), (c, a, b), (a, b, c)}
    days = {day for y, m, d in orders if (day := make_day(2000 + y, m, d)) and _fits(day, weekday)}
    if len(days) != 1:
        return None
    day = days.pop()
    return ParsedDate("day", day.year, day.month, day)


def _find_month(signs: Signs) -> ParsedDate | None:
    if "d" not in signs.symbols and "O" not in signs.symbols and (match := _MONTH_YEAR.search(signs.symbols)):
        names = {signs.values[i] for i in range(*match.span("m")) if signs.symbols[i] == "G"}
        return ParsedDate("month", signs.value(match, "y"), names.pop()) if len(names) == 1 else None
    if (match := _MONTH_YEAR_NUMERIC.fullmatch(signs.symbols)) and 1 <= signs.value(match, "b") <= 12:
        return ParsedDate("month", signs.value(match, "y"), signs.value(match, "b"))
    match = _YEAR.fullmatch(signs.symbols)
    return None if match is None else ParsedDate("year", signs.value(match, "y"))


def make_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _fits(day: date, weekday: int | None) -> bool:
    return weekday is None or day.weekday() == weekday


def read_signs(text: str, *, tight: bool = False) -> Signs:
    """The letters of the grammar for a folded string. `tight` reads " - " between numbers as a sign of the date."""
    calendar = load_calendar()
    if not tight:
        text = text.replace(" - ", " , ")
    tokens = split_tokens(text.replace(TIME, f" {_CLOCK_SIGN} "))
    symbols: list[str] = []
    values: list[int] = []
    at = 0
    while at < len(tokens):
        length, symbol, value = _read_sign(tokens, at, calendar)
        symbols.append(symbol)
        values.append(value)
        at += length
    return Signs("".join(symbols), tuple(values))


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
