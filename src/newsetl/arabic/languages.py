"""What speaks for a language: letters, function words and parts of words, from ``languages.toml``."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from newsetl.arabic.tables import load_table

# Points of one piece of evidence: a function word, the same in another spelling ("كه" for "که"), a weak letter
# (see languages.toml), a letter, a part of a word. One foreign name (پوتین) makes no Persian.
WORD, VARIANT, WEAK, LETTER, PART = 2.0, 1.0, 0.5, 1.0, 1.0
# Ways to write one letter: a function word counts in each of them ("كه" and "که", "الى" and "إلى").
_VARIANTS = (str.maketrans("یک", "يك"), str.maketrans("یى", "ىي"), str.maketrans("أإآ", "ااا"))
# The languages that a piece of evidence speaks for, each with its points.
Points = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Script:
    """The languages of a script in the order of the table, and the evidence for them.

    Much evidence has the same points: each piece has the number of its `points`, so that pieces are counted by number.
    Parts of words stand under a letter that they need, since most need one that few texts have, or under "".
    """

    codes: tuple[str, ...]
    words: dict[str, int]
    letters: dict[str, int]
    parts: dict[str, dict[str, int]]
    points: tuple[Points, ...]
    letter: re.Pattern[str]  # any of `letters`


@dataclass(frozen=True, slots=True)
class Mixture:
    """From when on a text is mixed, as ``languages.toml`` explains."""

    share: float
    letters: int
    passage: int
    words: float
    score: float
    code: float


@dataclass(frozen=True, slots=True)
class Languages:
    """Evidence within the Arabic and the Latin script, and the ranges of scripts that one language stands for."""

    arabic: Script
    latin: Script
    scripts: Mapping[str, tuple[str, str]]
    mixture: Mixture


@cache
def load_languages() -> Languages:
    """The evidence of ``arabic/languages.toml``."""
    table = load_table("languages.toml")
    scripts = {code: (chr(first), chr(last)) for code, (first, last) in table["scripts"].items()}
    return Languages(
        _read_script(table["arabic_script"]),
        _read_script(table["latin"]),
        MappingProxyType(scripts),
        Mixture(**table["mixed"]),
    )


def _read_script(rows: Mapping[str, Mapping[str, Iterable[str]]]) -> Script:
    words: dict[str, dict[str, float]] = defaultdict(dict)
    letters: dict[str, dict[str, float]] = defaultdict(dict)
    parts: dict[str, dict[str, float]] = defaultdict(dict)
    for code, row in rows.items():
        for word in row["words"]:
            for spelling in _spell(word):
                words[spelling].setdefault(code, VARIANT)
        for word in row["words"]:
            words[word][code] = WORD
        letters_of = {**dict.fromkeys(row.get("weak", ()), WEAK), **dict.fromkeys(row.get("letters", ()), LETTER)}
        for letter, each in letters_of.items():
            letters[letter][code] = each
        for part in row.get("parts", ()):
            parts[part][code] = PART
    points: dict[Points, int] = {}
    return Script(
        tuple(rows),
        _number_points(words, points),
        _number_points(letters, points),
        _group_parts(_number_points(parts, points), letters, next(iter(rows))),
        tuple(points),
        re.compile(f"[{re.escape(''.join(letters))}]"),
    )


def _number_points(table: Mapping[str, Mapping[str, float]], points: dict[Points, int]) -> dict[str, int]:
    """Each piece of evidence with the number of its points; new points go to the end of `points`."""
    return {item: points.setdefault(tuple(sorted(each.items())), len(points)) for item, each in table.items()}


def _group_parts(
    parts: Mapping[str, int], letters: Mapping[str, Mapping[str, float]], first: str
) -> dict[str, dict[str, int]]:
    """Parts of words by a letter of theirs that speaks for a language, best one that the `first` does not write."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for part, number in parts.items():
        needed = [letter for letter in part if letter in letters]
        groups[min(needed, key=lambda letter: first in letters[letter], default="")][part] = number
    return dict(groups)


def _spell(word: str) -> Iterator[str]:
    return (word.translate(variant) for variant in _VARIANTS)
