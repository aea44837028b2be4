"""Written dates: the days that newsetl and dateparser read in real date strings of some 60 outlets, and their speed.

Days are judged in the manner of score_dates.py: a wrong day is worse than none, so both are counted. Without the gold
set the date strings of the sample archive are read, for speed alone.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.measure import SAMPLES, Options, find_version, measure_rounds, show_figure
from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records
from newsetl.pipeline import process_record
from newsetl.records import Article, RawRecord
from newsetl.stages.dates import parse_date

PEERS = ("dateparser",)
LANGUAGES = ["ar", "en", "fr"]  # of the strings; dateparser tries all of its 200 locales when it is told none
NAME = "dates.dev.jsonl"


@dataclass(frozen=True)
class Reading:
    """What was read in a date string. `has_time` tells whether a time of day was read, too."""

    day: date | None = None
    has_time: bool = False


@dataclass(frozen=True)
class DateString:
    """A date string; `day` is the day it means ("2020-10-27"), None where nobody has said so."""

    raw: str
    day: str | None = None
    has_time: bool = False


Reader = Callable[[DateString], Reading]


def read_by_newsetl(string: DateString) -> Reading:
    """The day by newsetl's function on strings."""
    parsed = parse_date(string.raw)
    return Reading(parsed.day, parsed.clock is not None) if parsed else Reading()


def load_dateparser(**choices: Any) -> Reader:
    """dateparser with these choices. Entities and white space, which it does not take, are tidied for it."""
    from dateparser.date import DateDataParser  # noqa: PLC0415  only for its rows

    parser = DateDataParser(**choices)

    def read(string: DateString) -> Reading:
        found = parser.get_date_data(" ".join(unescape(string.raw).split()))
        return Reading(found.date_obj.date(), found.period == "time") if found.date_obj else Reading()

    return read


def load_readers() -> dict[str, Reader]:
    """The rows of the table, by what stands in its first column."""
    readers: dict[str, Reader] = {"newsetl parse_date": read_by_newsetl}
    if find_version("dateparser"):
        times = {"RETURN_TIME_AS_PERIOD": True}
        readers["dateparser, any language"] = load_dateparser(settings=times)
        readers["dateparser, ar en fr, day first"] = load_dateparser(
            languages=LANGUAGES, settings=times | {"DATE_ORDER": "DMY"}
        )
    return readers


def read_gold(path: Path) -> list[DateString]:
    """The date strings of a gold file."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [DateString(row["date"], row["expected_date"], bool(row["expected_time"])) for row in rows]


def read_samples(path: Path = SAMPLES) -> list[DateString]:
    """The date strings of the records below a path; nobody has written down what they mean."""
    files = (file for file in find_inputs([str(path)]) if not file.skip_reason)
    records = (record for file in files for record in read_records(file) if isinstance(record, RawRecord))
    return [DateString(record.fields.date) for record in records if record.fields.date]


def read_run(path: Path) -> list[Reading]:
    """What the whole chain finds for each record of a gold file, as `newsetl run` does."""
    found = [
        process_record(record)
        for file in find_inputs([str(path)])
        for record in read_records(file)
        if isinstance(record, RawRecord)
    ]
    return [
        Reading(item.metadata.published_on, item.metadata.published_at is not None)
        if isinstance(item, Article)
        else Reading()
        for item in found
    ]


def score(strings: Sequence[DateString], readings: Sequence[Reading]) -> list[str]:
    """The cells right, wrong, none and times; dashes when nobody has said what the strings mean.

    >>> score([DateString("1/2/2020 09:00", "2020-02-01", True)], [Reading(date(2020, 1, 2))])
    ['0', '1', '0', '0 of 1']
    """
    if not any(string.day for string in strings):
        return ["—"] * 4
    pairs = list(zip(strings, readings, strict=True))
    right = sum(str(reading.day) == string.day for string, reading in pairs)
    none = sum(reading.day is None for _, reading in pairs)
    timed = sum(string.has_time for string in strings)
    kept = sum(string.has_time and reading.has_time for string, reading in pairs)
    return [str(right), str(len(pairs) - right - none), str(none), f"{kept} of {timed}"]


def build_table(strings: Sequence[DateString], run: Sequence[Reading] | None, rounds: int) -> Table:
    """A row a reader: days right, wrong and not found, times kept, strings a second and those to newsetl's."""
    table = Table(title=f"dates: {len(strings)} strings", box=None, header_style="bold", pad_edge=False)
    table.add_column("reader")
    for name in ("right", "wrong", "none", "times", "strings/s", "to newsetl"):
        table.add_column(name, justify="right")
    readers = load_readers()
    scores = {name: score(strings, [read(string) for string in strings]) for name, read in readers.items()}
    rates = measure_rounds(readers, lambda _: strings, rounds)
    ours = next(iter(rates.values()))
    for name, cells in scores.items():
        table.add_row(name, *cells, show_figure(rates[name]), show_figure(rates[name] / ours))
    if run is not None:
        table.add_row("newsetl, a run", *score(strings, run))
    return table


def compare(options: Options) -> Iterator[Table | str]:
    """The table of this subject, and what there is to say of it."""
    path = options.shared / "gold" / NAME
    if not path.is_file():
        yield f"right and wrong need {path}: not there; speed on the date strings of the samples"
        yield build_table(read_samples(), None, options.rounds)
        return
    yield build_table(read_gold(path), read_run(path), options.rounds)
