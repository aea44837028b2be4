"""Words of written dates, from ``months.toml``, ``weekdays.toml`` and ``dates.toml``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from hijridate import Hijri

from newsetl.arabic.folding import fold_name
from newsetl.arabic.tables import load_table

GREGORIAN_FAMILIES = ("levantine", "egyptian", "maghrebi", "libyan", "english", "french")
# A letter for each part of speech of the date grammar (stages/dates.py reads strings of them).
WORD_SYMBOLS = {"filler": "o", "label": "l", "days": "O", "gregorian": "g", "hijri": "h", "zones": "z"}
# The Umm al-Qura tables of hijridate cover these years (1924-2077).
HIJRI_YEARS = range(1343, 1501)

TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Everything the date grammar knows of words.

    Attributes:
        words: Folded word or phrase (tokens joined by one space) to its symbol and number.
        longest: Number of tokens of the longest phrase.
        meridiems: Folded word to "morning", "evening" or "night".
        zones: Folded zone name to minutes east of UTC.
        updates: Folded words after which a string speaks of a later change.
        ago, units, relative_days: Words of relative dates; lengths in minutes and in days.
    """

    words: Mapping[str, tuple[str, int]]
    longest: int
    meridiems: Mapping[str, str]
    zones: Mapping[str, int]
    updates: tuple[str, ...]
    ago: frozenset[str]
    units: Mapping[str, int]
    duals: Mapping[str, int]
    relative_days: Mapping[str, int]


def split_tokens(text: str) -> list[str]:
    """Runs of digits, runs of letters and single signs of a folded text, in order.

    >>> split_tokens("21نوفمبر 2018م")
    ['21', 'نوفمبر', '2018', 'م']
    """
    return TOKEN.findall(text)


def fold_phrase(phrase: str) -> str:
    """A table key: folded tokens joined by one space ("ك2" and "ك 2" are the same).

    >>> fold_phrase("تشرين الأوّل")
    'تشرين الاول'
    """
    return " ".join(split_tokens(fold_name(phrase)))


@cache
def load_calendar() -> Calendar:
    """The words of written dates, folded for matching."""
    months, weekdays, dates = load_table("months.toml"), load_table("weekdays.toml"), load_table("dates.toml")
    words: dict[str, tuple[str, int]] = {}
    for kind, symbol in WORD_SYMBOLS.items():
        for word, number in dates[kind].items():
            words[fold_phrase(word)] = (symbol, number if isinstance(number, int) else 0)
    for family in weekdays.values():
        for word, number in family.items():
            words[fold_phrase(word)] = ("W", number)
            words[fold_phrase("ال" + word)] = ("W", number)
    for family in GREGORIAN_FAMILIES:
        words.update({fold_phrase(word): ("G", number) for word, number in months[family].items()})
    words.update({fold_phrase(word): ("H", number) for word, number in months["hijri"].items()})
    return Calendar(
        words=MappingProxyType(words),
        longest=max(key.count(" ") for key in words) + 1,
        meridiems=_invert(dates, ("morning", "evening", "night")),
        zones=_folded(dates["zones"]),
        updates=tuple(sorted(map(fold_phrase, dates["update"]), key=len, reverse=True)),
        ago=frozenset(map(fold_phrase, dates["ago"])),
        units=_folded(dates["units"]),
        duals=_folded(dates["duals"]),
        relative_days=_folded(dates["relative_days"]),
    )


def convert_hijri(year: int, month: int, day: int) -> date | None:
    """The Gregorian day of a day of the Umm al-Qura calendar; day -1 is the last of its month. None: no such day.

    >>> convert_hijri(1440, 3, 13)
    datetime.date(2018, 11, 21)
    >>> convert_hijri(1440, 13, 1)
    """
    if year not in HIJRI_YEARS or not 1 <= month <= 12:
        return None
    length = Hijri(year, month, 1).month_length()
    day = length if day == -1 else day
    if not 1 <= day <= 30:
        return None
    # Day 30 of a month of 29 by calculation may be the outlet's own reckoning: the day after the 29th.
    first: date = Hijri(year, month, 1).to_gregorian()
    return date(first.year, first.month, first.day) + timedelta(days=day - 1)


def _folded(table: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType({fold_phrase(word): number for word, number in table.items()})


def _invert(tables: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, str]:
    return MappingProxyType({fold_phrase(word): name for name in names for word in tables[name]})
