"""Which column of a foreign record is the text, the title, the date ...: from a dict to `Fields`.

The usual names stand in ``fields.toml``. A mapping given by the user beats them.
"""

import dataclasses
import datetime as dt
import functools
import importlib.resources
import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsetl.errors import RuleError, SettingsError
from newsetl.records import Fields

FIELD_NAMES = tuple(field.name for field in dataclasses.fields(Fields))
LIST_FIELDS = frozenset({"authors", "tags"})
TEXT_FIELDS = frozenset({"text", "html"})
# What people write for a field on the command line, beside the names of `Fields`.
FIELD_ALIASES = {"id": "external_id", "author": "authors", "tag": "tags", "body": "text", "content": "text"}
# How pandas and friends spell "nothing here" once it has become a string.
ABSENT_WORDS = frozenset({"nan", "none", "null", "nat", "<na>", "n/a", "undefined"})

# Left out of a name before it is looked up: separators, tatweel, marks, bidi and zero-width characters, BOM.
_SEPARATORS = re.compile("[\\s_.:@/\\-\u0640\u064b-\u0652\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_ALEFS = str.maketrans("أإآٱ", "اااا")
_TAG_NAMES = (
    "p|div|br|span|a|strong|h[1-6]|ul|ol|li|img|table|tr|td|blockquote|figure|article|section|header|main"
    "|html|head|body|em|b|i|script|style|iframe|meta|link|title"
)
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})(?:[\s/][^<>]*)?>", re.IGNORECASE)
MANY_TAGS = 3  # tags that make a text HTML; fewer are what a plain text may quote
_TAG_SEPARATOR = re.compile(r"[,،;؛|\n]")
_LIST_ITEM = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class FieldNames:
    """The usual names.

    Attributes:
        names: For each field of `Fields` its names as folded keys, the most trusted first.
        nested: Names of objects to look into, as they are written: "_source" is not the outlet's "source".
        inner_text, inner_name: Keys of an object that stands where a string is expected.
    """

    names: Mapping[str, tuple[str, ...]]
    nested: tuple[str, ...]
    inner_text: tuple[str, ...]
    inner_name: tuple[str, ...]


@functools.cache
def load_field_names() -> FieldNames:
    """The table of usual names.

    Raises:
        RuleError: For an unknown field, or a name that stands twice.
    """
    raw = importlib.resources.files("newsetl.io").joinpath("fields.toml").read_text(encoding="utf-8")
    table: dict[str, list[str]] = tomllib.loads(raw)
    nested = tuple(table.pop("nested"))
    inner_text, inner_name = tuple(table.pop("inner_text")), tuple(table.pop("inner_name"))
    if unknown := set(table) - set(FIELD_NAMES):
        raise RuleError(f"fields.toml: unknown fields {sorted(unknown)}")
    names = {field: tuple(fold_name(name) for name in table[field]) for field in table}
    every = [name for group in names.values() for name in group]
    if doubled := sorted({name for name in every if every.count(name) > 1}):
        raise RuleError(f"fields.toml: names that stand twice: {doubled}")
    return FieldNames(names, nested, inner_text, inner_text + inner_name)


def fold_name(name: str) -> str:
    """The key that a column name is compared by.

    >>> fold_name("datePublished") == fold_name(" Date_Published") == fold_name("date-published")
    True
    >>> fold_name("تأريخ النشر")
    'تاريخالنشر'
    """
    return _SEPARATORS.sub("", name).casefold().translate(_ALEFS)


def is_known_name(name: str) -> bool:
    """True for a column name that stands for some field."""
    key = fold_name(name)
    return any(key in names for names in load_field_names().names.values())


def parse_mapping(items: Sequence[str]) -> dict[str, str]:
    """The mapping that ``--map FIELD=COLUMN`` options spell out.

    Raises:
        SettingsError: For an item that is no ``FIELD=COLUMN``, or a field that newsetl does not know.

    >>> parse_mapping(["text=content", "date=metadata.when"])
    {'text': 'content', 'date': 'metadata.when'}
    """
    mapping: dict[str, str] = {}
    for item in items:
        name, equals, column = (part.strip() for part in item.partition("="))
        if not (name and equals and column):
            raise SettingsError(f"--map {item!r} is not of the form FIELD=COLUMN, such as text=content")
        field = name if name in FIELD_NAMES else FIELD_ALIASES.get(name, name)
        if field not in FIELD_NAMES:
            raise SettingsError(f"--map {item!r}: no field {name!r}; the fields are {', '.join(FIELD_NAMES)}")
        if field in mapping:
            raise SettingsError(f"--map {item!r}: {field} is mapped twice")
        mapping[field] = column
    return mapping


def read_fields(
    row: Mapping[str, Any], mapping: Mapping[str, str] | None = None, *, usual_names: bool = True
) -> Fields:
    """What a foreign record says of its article.

    Args:
        row: A JSON object, a CSV or a Parquet row.
        mapping: newsetl field -> column of the row (dotted for objects in objects); beats the usual names.
        usual_names: Whether fields that are not mapped are looked for under their usual names.

    Returns:
        The fields, as found. A text that is HTML stands in `html` and not in `text`.

    >>> read_fields({"Headline": "خبر", "articleBody": "نص الخبر.", "id": 7})
    Fields(external_id='7', title='خبر', subtitle=None, text='نص الخبر.', html=None, ...)
    """
    chosen = _mapped(row, mapping) if mapping else {}
    claimed = frozenset(column.partition(".")[0] for column in mapping.values()) if mapping else frozenset()
    if usual_names:
        inner_columns = [column for column in _nested_columns(tuple(row)) if isinstance(row[column], Mapping)]
        _recognise(row, chosen, claimed.union(inner_columns))
        for key in inner_columns:
            _recognise(row[key], chosen, frozenset())
    text = chosen.get("text")
    if text is not None and is_html(text):
        del chosen["text"]
        chosen["html"] = text
    return Fields(**chosen)


def is_html(text: str) -> bool:
    """True when a text is marked up: it begins with a tag and has another, or has many.

    >>> is_html("<p>قال الوزير</p>"), is_html("أقل من < و > <b>")
    (True, False)
    """
    if "<" not in text:
        return False
    tags = _TAG.finditer(text)
    first = next(tags, None)
    if first is None:
        return False
    needed = 1 if not text[: first.start()].strip() else MANY_TAGS - 1
    return sum(1 for _ in zip(range(needed), tags, strict=False)) == needed


def _mapped(row: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the user's mapping finds in a row."""
    chosen = {}
    for field, column in mapping.items():
        value = _as_field(field, _find_column(row, column))
        if value:
            chosen[field] = value
    return chosen


def _find_column(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column: by its exact name, else by folded name, else along the dots."""
    if column in row:
        return row[column]
    key = fold_name(column)
    if "." not in column:
        return next((value for name, value in row.items() if fold_name(name) == key), None)
    head, _, rest = column.partition(".")
    inner = _find_column(row, head)
    return _find_column(inner, rest) if isinstance(inner, Mapping) else None


def _recognise(row: Mapping[str, Any], chosen: dict[str, Any], claimed: frozenset[str]) -> None:
    """Add to `chosen` the fields that it lacks and that the usual names find in a row."""
    for field, columns in _plan(tuple(row)):
        if field in chosen:
            continue
        for column in columns:
            if column not in claimed and (value := _as_field(field, row[column])):
                chosen[field] = value
                break


@functools.lru_cache(maxsize=256)
def _plan(columns: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each field the columns to try, best first. Cached: the records of a file share their columns."""
    by_key: dict[str, list[str]] = {}
    for column in columns:
        by_key.setdefault(fold_name(column), []).append(column)
    plan = []
    for field, names in load_field_names().names.items():
        if found := tuple(column for name in names for column in by_key.get(name, ())):
            plan.append((field, found))
    return tuple(plan)


@functools.lru_cache(maxsize=256)
def _nested_columns(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that may hold the article as an object of their own, best first."""
    by_name = {column.casefold(): column for column in columns}
    return tuple(by_name[name] for name in load_field_names().nested if name in by_name)


def _as_field(field: str, value: Any) -> str | tuple[str, ...] | None:
    """A foreign value in the type of a field; None when it holds nothing."""
    if field in LIST_FIELDS:
        return tuple(_as_strings(value, split=field == "tags")) or None
    table = load_field_names()
    if field in TEXT_FIELDS:
        return _as_text(value, table.inner_text)
    return _as_text(next(iter(value), None) if isinstance(value, list | tuple) else value, table.inner_name)


def _as_text(value: Any, inner: tuple[str, ...], depth: int = 3) -> str | None:
    """A value as a string: the numbers' digits, the lines of a list, the telling key of an object."""
    if value is None or isinstance(value, bool) or depth == 0:
        return None
    if isinstance(value, Mapping):
        found = (_as_text(value[key], inner, depth - 1) for key in inner if key in value)
        return next((text for text in found if text), None)
    if isinstance(value, list | tuple):
        lines = (_as_text(item, inner, depth - 1) for item in value)
        return "\n".join(line for line in lines if line) or None
    return _as_scalar(value)


def _as_scalar(value: Any) -> str | None:
    """A number, time or string as a string; None for an empty one or a word for nothing."""
    if isinstance(value, str):
        short = value.strip() if len(value) < 64 else value
        return value if short and short.casefold() not in ABSENT_WORDS and not value.isspace() else None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float):
        return (str(int(value)) if value.is_integer() else repr(value)) if math.isfinite(value) else None
    if isinstance(value, bytes):
        return _as_scalar(value.decode("utf-8", "replace"))
    try:
        return str(value)
    except ValueError:  # an int of more digits than Python writes: no id and no date
        return None


def _as_strings(value: Any, *, split: bool) -> Iterator[str]:
    """The strings of a list of names or words, however it is written."""
    inner = load_field_names().inner_name
    items: Iterable[Any] = value if isinstance(value, list | tuple) else (value,)
    for item in items:
        text = _as_text(item, inner)
        if text is None:
            continue
        if text.startswith("[") and text.rstrip().endswith("]"):  # a list that CSV has made a string of
            yield from _listed(text)
        elif split and not isinstance(value, list | tuple):
            yield from (part.strip() for part in _TAG_SEPARATOR.split(text) if part.strip())
        else:
            yield text


def _listed(text: str) -> Iterator[str]:
    """The strings of a list written by JSON or by Python's repr.

    >>> list(_listed("['سالم العلي', 'هدى']"))
    ['سالم العلي', 'هدى']
    """
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        items = [single or double for single, double in _LIST_ITEM.findall(text)]
    if not items and text.strip("[] \n\t"):
        items = [text]  # brackets and no list: as found
    yield from (item for item in items if isinstance(item, str) and item.strip())
