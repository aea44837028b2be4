"""How the pages of a source are laid out in some years: selectors, and lines that belong to no article."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Literal, get_args

from newsetl.arabic.boilerplate import Boilerplate, compile_rules
from newsetl.errors import RuleError
from newsetl.sources.selectors import compile_selector

Part = Literal["body", "title", "subtitle", "author", "date", "drop"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
SITE_LINE: Final = "site-line"  # the rule that `removed` names for a line of `boilerplate`

_RULES: Final = ("rule", "teasers")
_KEYS: Final = frozenset(("valid_from", "valid_until", "boilerplate", *PARTS, *_RULES))


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout of a source. Selectors are CSS; docs/adding_a_source.md tells what each part takes.

    Attributes:
        valid_from: First day of the layout; None: nobody knows of an earlier one.
        valid_until: Last day; None: it may still be in use.
        body: What holds the paragraphs; all that any selector matches, in the order of the page.
        title: Headline: the first selector that finds words.
        subtitle: As title.
        author: Bylines: all that the first matching selector finds.
        date: Day of publication, as author.
        drop: What is no part of the body although it stands in it.
        rules: Lines that belong to no article, in the form of arabic/boilerplate.toml.
    """

    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    body: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    subtitle: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    rules: Boilerplate | None = field(default=None, hash=False)

    def selectors(self, part: Part) -> tuple[str, ...]:
        """The selectors of a part, by its name."""
        found: tuple[str, ...] = getattr(self, part)
        return found

    def holds_on(self, day: dt.date) -> bool:
        """Was the layout in use on that day?"""
        return self.first <= day <= self.last

    @property
    def first(self) -> dt.date:
        return self.valid_from or dt.date.min

    @property
    def last(self) -> dt.date:
        return self.valid_until or dt.date.max


def parse_layouts(tables: Any, file: str) -> tuple[Layout, ...]:
    """The layouts of a source from its TOML tables, newest first.

    Raises:
        RuleError: Naming the file and the key: an unknown key, a wrong type, a selector that does not compile, two
            layouts that hold on the same day.
    """
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RuleError(f"{file}: layout must be written as [[layout]]")
    layouts = [_parse_layout(table, f"{file}, layout {number}") for number, table in enumerate(tables, 1)]
    layouts.sort(key=lambda layout: layout.first, reverse=True)
    for newer, older in pairwise(layouts):
        if newer.first <= older.last:
            day = "from the first day" if newer.valid_from is None else f"on {newer.valid_from}"
            raise RuleError(f"{file}: valid_from, valid_until: two layouts hold {day}")
    return tuple(layouts)


def _parse_layout(table: Mapping[str, Any], where: str) -> Layout:
    if unknown := sorted(table.keys() - _KEYS):
        raise RuleError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    first, last = (_parse_day(table, key, where) for key in ("valid_from", "valid_until"))
    if first and last and first > last:
        raise RuleError(f"{where}: valid_until {last} is before valid_from {first}")
    parts = {part: parse_texts(table, part, where) for part in PARTS}
    for part, selectors in parts.items():
        for selector in selectors:
            try:
                compile_selector(selector)
            except RuleError as error:
                raise RuleError(f"{where}: {part}: {error}") from None
    return Layout(first, last, **parts, rules=_parse_rules(table, where))


def _parse_day(table: Mapping[str, Any], key: str, where: str) -> dt.date | None:
    value = table.get(key)
    if value is not None and type(value) is not dt.date:  # a time of day is a subclass
        raise RuleError(f"{where}: {key} must be a day such as 2019-05-01, not {value!r}")
    return value


def parse_texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """A list of texts; empty when the key is not there.

    Raises:
        RuleError: Something else.
    """
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise RuleError(f"{where}: {key} must be a list of texts, not {value!r}")
    return tuple(value)


def _parse_rules(table: Mapping[str, Any], where: str) -> Boilerplate | None:
    for key in _RULES:
        if not isinstance(table.get(key, []), list) or not all(isinstance(t, dict) for t in table.get(key, [])):
            raise RuleError(f"{where}: {key} must be written as [[layout.{key}]]")
    lines = parse_texts(table, "boilerplate", where)
    rules = [{"name": SITE_LINE, "kind": "line", "phrases": list(lines)}] if lines else []
    rules += table.get("rule", [])
    teasers = table.get("teasers", [])
    return compile_rules(rules, teasers, where) if rules or teasers else None
