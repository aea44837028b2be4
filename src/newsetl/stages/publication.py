"""When an article was published: the most trusted clue that names a day, never a guess, never after the fetch."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import unquote

from newsetl.records import DateClue, DateOrigin, DatePrecision, Document, Draft
from newsetl.stages.date_grammar import ParsedDate
from newsetl.stages.dates import is_date_line, parse_date

# A clock may be wrong and a zone unknown: this much later than the fetch is still believed.
FETCH_TOLERANCE = timedelta(days=1)
# Two clues on neighbouring days are one date seen from two zones.
CONFLICT_DAYS = 1
# Pages carry dates of other stories in time tags and lines: those contradict nothing.
_WITNESSES: frozenset[DateOrigin] = frozenset({"json-ld", "meta", "record", "dateline", "url"})
# The Arabic press is on the web since then; an earlier "day" in an address is a number.
FIRST_WEB_YEAR = 1995
# Lines of a body that may be a date of their own: the first and last few paragraphs.
HEAD_LINES, TAIL_LINES = 3, 2

# /2018/06/22/, /2018-06-22-, /2013/middle_east/8/3/, /20150727/, -20150727. ; never inside a longer number.
# Each looks back behind its first sign: a pattern that begins with a sign is found fast.
_URL_DAYS = (
    re.compile(r"(?P<y>\d(?<!\d\d)\d{3})[/_-](?P<m>\d{1,2})[/_-](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"/(?P<y>\d{4})/[A-Za-z_-]{2,40}/(?P<m>\d{1,2})/(?P<d>\d{1,2})/"),
    re.compile(r"(?P<y>\d(?<![\dA-Za-z]\d)\d{3})(?P<m>\d{2})(?P<d>\d{2})(?![\dA-Za-z])"),
)


@dataclass(frozen=True, slots=True)
class Publication:
    """The date columns of an article. Without a day, `precision` and `raw` tell what is known of it."""

    at: datetime | None = None
    on: date | None = None
    precision: DatePrecision | None = None
    origin: DateOrigin | None = None
    raw: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    clue: DateClue
    parsed: ParsedDate
    at: datetime | None
    on: date | None


def find_publication(draft: Draft, document: Document, zone: tzinfo | None, fetched: datetime | None) -> Publication:
    """The publication date of an article.

    Args:
        draft: Its clues, most trusted first, lines taken out of the body, URL and place.
        document: Its text; only a line that is a date and nothing else counts.
        zone: The outlet's zone; None: unknown, days are kept as written and clock times read as UTC.
        fetched: When the page was fetched; nothing later is believed.

    Returns:
        With the flag ``undated`` when no day is known; ``date-after-fetch`` and ``date-conflict`` tell of other clues.
    """
    flags: list[str] = []
    readings = []
    for clue in _find_clues(draft, document):
        reading = _read(clue, zone, fetched)
        if reading is not None and _is_after(reading, fetched):
            reading = _read_other_way(reading, fetched)
            if reading is None:
                flags.append("date-after-fetch")
        if reading is not None:
            readings.append(reading)
    dated = [reading for reading in readings if reading.on is not None]
    if not dated:
        rough = readings[0] if readings else None
        flags.append("undated")
        if rough is None:
            return Publication(flags=_unique(flags))
        return Publication(None, None, rough.parsed.precision, rough.clue.origin, rough.clue.raw, _unique(flags))
    chosen = _choose(dated)
    flags.extend(chosen.parsed.flags)
    if any(_differ(chosen, other) for other in dated if other.clue.origin in _WITNESSES):
        flags.append("date-conflict")
    if chosen.at is not None and zone is None and chosen.parsed.offset_minutes is None:
        flags.append("zone-unknown")
    return Publication(
        chosen.at, chosen.on, chosen.parsed.precision, chosen.clue.origin, chosen.clue.raw, _unique(flags)
    )


def parse_moment(raw: str | None, zone: tzinfo | None) -> datetime | None:
    """The instant of a machine's time stamp in UTC; without offset read in `zone`, else as UTC. A day is its midnight.

    >>> parse_moment("2015-07-21 02:51:32", None)
    datetime.datetime(2015, 7, 21, 2, 51, 32, tzinfo=datetime.timezone.utc)
    """
    parsed = parse_date(raw) if raw else None
    if parsed is None or parsed.day is None:
        return None
    if parsed.offset_minutes is not None:
        return parsed.instant()
    return datetime.combine(parsed.day, parsed.clock or time(0), zone or UTC).astimezone(UTC)


def _find_clues(draft: Draft, document: Document) -> Iterator[DateClue]:
    fields, place = draft.record.fields, draft.record.place
    if fields.date and not any(clue.origin == "record" for clue in draft.dates):
        yield DateClue("record", fields.date)
    if fields.date and "://" in fields.date and (raw := find_path_day(unquote(fields.date))):
        yield DateClue("url", raw)  # columns slip: an address in the place of the date still names the day
    yield from (clue for clue in draft.dates if clue.origin != "text")
    for line in (*draft.datelines, *draft.bylines):
        yield DateClue("dateline", line)
    yield from (clue for clue in draft.dates if clue.origin == "text")
    paragraphs = document.paragraphs
    for paragraph in (*paragraphs[:HEAD_LINES], *paragraphs[HEAD_LINES:][-TAIL_LINES:]):
        line = document.text[paragraph.start : paragraph.end] if paragraph.end - paragraph.start <= 90 else ""
        if any(map(str.isdigit, line)) and is_date_line(line):
            yield DateClue("text", line)
    for url in dict.fromkeys(filter(None, (draft.url, fields.url, draft.canonical_url))):
        if raw := find_path_day(unquote(url.partition("://")[2].partition("#")[0])):
            yield DateClue("url", raw)
    if place.offset is None and (raw := find_path_day("/" + place.uri.replace("!", "/").rsplit("/", 1)[-1])):
        yield DateClue("file-name", raw)  # a file of many records is named after its crawl: only a file of one counts


def find_path_day(path: str) -> str | None:
    """The day that stands in an address or file name, as ISO 8601.

    >>> find_path_day("news.example/2018/06/22/x.html"), find_path_day("news.example/article/164913")
    ('2018-06-22', None)
    """
    for pattern in _URL_DAYS:
        for match in pattern.finditer(path):
            year, month, day = (int(match[group]) for group in "ymd")
            if year >= FIRST_WEB_YEAR and 1 <= month <= 12 and 1 <= day <= 31:
                raw = f"{year:04}-{month:02}-{day:02}"
                return raw if parse_date(raw) else None
    return None


def _read(clue: DateClue, zone: tzinfo | None, fetched: datetime | None) -> _Reading | None:
    reference = fetched.astimezone(zone or UTC) if fetched else None
    if clue.origin == "text" and not is_date_line(clue.raw):
        return None  # a date beside other words may be that of another story
    parsed = parse_date(clue.raw, reference)
    if parsed is None or (
        clue.origin in ("dateline", "text") and (parsed.day is None or "update-date" in parsed.flags)
    ):
        return None
    if parsed.day is None or parsed.clock is None:
        return _Reading(clue, parsed, None, parsed.day)
    own = parsed.instant()
    if own is None:
        return _Reading(
            clue, parsed, datetime.combine(parsed.day, parsed.clock, zone or UTC).astimezone(UTC), parsed.day
        )
    # Midnight in UTC is how systems write a day without a time: the day stays as written.
    if zone is None or (parsed.clock == time(0) and parsed.offset_minutes == 0):
        return _Reading(clue, parsed, own, parsed.day)
    return _Reading(clue, parsed, own, own.astimezone(zone).date())


def _is_after(reading: _Reading, fetched: datetime | None) -> bool:
    if fetched is None:
        return False
    limit = fetched + FETCH_TOLERANCE
    if reading.on is None:
        return reading.parsed.year > limit.year
    return reading.at > limit if reading.at else reading.on > limit.date()


def _read_other_way(reading: _Reading, fetched: datetime | None) -> _Reading | None:
    """09/10 as 10/09, when only that is before the fetch."""
    other = reading.parsed.alternative
    if other is None or reading.at is not None:
        return None
    swapped = _Reading(reading.clue, reading.parsed, None, other)
    return None if _is_after(swapped, fetched) else swapped


def _choose(dated: list[_Reading]) -> _Reading:
    """The most trusted reading, unless another settles its order of day and month or adds the time of the same day."""
    chosen = dated[0]
    # page heads show the day of the crawl or of the last change; an address that names a day knows better
    if chosen.clue.origin == "text" or "update-time" in chosen.parsed.flags:
        chosen = next((r for r in dated if r.clue.origin == "url" and _differ(r, chosen)), chosen)
    if chosen.parsed.alternative is not None:
        chosen = next((r for r in dated if r.on == chosen.parsed.alternative and r.parsed.alternative is None), chosen)
    if chosen.parsed.clock in (None, time(0)):
        return next((r for r in dated if r.on == chosen.on and r.parsed.clock not in (None, time(0))), chosen)
    return chosen


def _differ(one: _Reading, other: _Reading) -> bool:
    return one.on is not None and other.on is not None and abs((one.on - other.on).days) > CONFLICT_DAYS


def _unique(flags: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flags))
