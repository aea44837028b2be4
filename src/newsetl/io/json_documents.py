"""JSON files: an array of objects, objects one after the other, or an object that holds one array of objects.

The file is never held whole: values are decoded one at a time through a `JsonWindow`. After a broken value the
reading goes on at the next ``},{`` behind which a record stands; the bytes between are one `Reject`.
"""

import re
from collections.abc import Iterator
from typing import Any

from newsetl.io.fields import read_fields
from newsetl.io.json_window import Failure, JsonWindow
from newsetl.io.reading import Reading, Region, broken_reason
from newsetl.io.streams import ByteStream
from newsetl.records import Fields, RawRecord, Reject

MAX_ENVELOPE_DEPTH = 3  # {"response": {"data": {"articles": [...]}}}
# Trying places to go on at may cost this many characters; beyond, what the window holds is given up.
# Each place may be tried at the cost of all that follows, so without a bound a hostile file costs its square.
RESUME_BUDGET_CHARS = 1 << 22
ERROR_COST_CHARS = 16  # a JSONDecodeError counts the lines up to its place: cheap, but not free
KEEP_CHARS = 1 << 10  # of a stretch given up, its end is kept: the next boundary may begin there

_BOUNDARY = re.compile(r"\}[\s,]*\{")
_WHITE = re.compile(r"\s*")
_SEPARATORS = re.compile(r"[\s,]*")


class JsonReader:
    """The state of reading one JSON file.

    Attributes:
        is_inside: True within an array of records.
        is_damaged: True once a value was broken: brackets may not match any more.
        envelopes: How many objects stand around that array.
        keys: The keys of the last good record, to know the next one by.
    """

    def __init__(self, stream: ByteStream, reading: Reading) -> None:
        self.stream = stream
        self.reading = reading
        self.window = JsonWindow(stream, reading.options.max_record_bytes)
        self.is_inside = False
        self.is_damaged = False
        self.envelopes = 0
        self.keys: frozenset[str] = frozenset()

    def read(self) -> Iterator[RawRecord | Reject]:
        """All records."""
        while char := self.window.skip_separators():
            if char == "[" and not self.is_inside:
                self.window.take(1)
                self.is_inside = True
            elif char == "]" and self.is_inside:
                self.window.take(1)
                self._leave_array()
            elif char in "]}" and self.is_damaged:
                self.window.take(1)  # closes something that the damage took away
            else:
                yield from self._read_value(char)
        if self.is_inside:
            reason, detail = broken_reason(self.stream, "truncated-file", "the array of records never closes")
            if self.reading.is_wanted(self.window.offset):
                yield self.reading.reject(self.window.offset, b"", reason, detail)

    def _read_value(self, char: str) -> Iterator[RawRecord | Reject]:
        """The record that stands here; nothing when an envelope is entered instead."""
        decoded = self.window.decode()
        if char == "{" and not self.is_inside and self._enter_envelope(decoded):
            return
        if isinstance(decoded, Failure):
            yield from self._resume(decoded)
            return
        value, n_chars = decoded
        offset = self.window.offset
        raw = self.window.take(n_chars)
        if isinstance(value, dict):  # of every record, wanted or not: all parts of a run must go on at the same places
            self.keys = frozenset(value)
        if self.reading.is_wanted(offset):
            yield self._as_record(value, offset, raw)

    def _as_record(self, value: Any, offset: int, raw: bytes) -> RawRecord | Reject:
        limit = self.reading.options.max_record_bytes
        if len(raw) > limit:
            return self.reading.reject(offset, raw, "too-large", f"{len(raw)} bytes, more than {limit}")
        if not isinstance(value, dict):
            return self.reading.reject(offset, raw, "not-an-object", f"a JSON {type(value).__name__}")
        return self.reading.row(offset, raw, value)

    def _fields(self, value: Any) -> Fields:
        return read_fields(value, self.reading.options.fields) if isinstance(value, dict) else Fields()

    def _is_article(self, value: Any) -> bool:
        fields = self._fields(value)
        return bool(fields.text or fields.html)

    def _is_record(self, value: Any) -> bool:
        """True for an object that looks like a record and not like a part of one."""
        if not isinstance(value, dict):
            return False
        if self.keys:
            return 2 * len(self.keys & value.keys()) >= len(self.keys)
        fields = self._fields(value)
        return bool(fields.text or fields.html or (fields.title and fields.url))

    # Envelopes

    def _enter_envelope(self, decoded: tuple[Any, int] | Failure) -> bool:
        """Step into the array of records within the object that stands here; False when it is a record itself."""
        if not isinstance(decoded, Failure) and (self._is_article(decoded[0]) or not _has_objects(decoded[0])):
            return False
        found = self._find_array(0, 1)
        if found is None:
            return False
        n_chars, self.envelopes = found
        self.window.take(n_chars + 1)
        self.is_inside = True
        return True

    def _find_array(self, ahead: int, depth: int) -> tuple[int, int] | None:
        """Where, counted from here, an array of records begins in an object, and how many objects deep."""
        ahead += 1
        while True:
            ahead = self._skip(ahead, _SEPARATORS)
            key = self.window.decode(ahead)
            if isinstance(key, Failure) or not isinstance(key[0], str):
                return None
            ahead = self._skip(key[1], _WHITE)
            if self._char(ahead) != ":":
                return None
            ahead = self._skip(ahead + 1, _WHITE)
            char = self._char(ahead)
            if char == "[" and self._begins_records(ahead):
                return ahead, depth
            if char == "{" and depth < MAX_ENVELOPE_DEPTH and (found := self._find_array(ahead, depth + 1)):
                return found
            value = self.window.decode(ahead)
            if isinstance(value, Failure) or self._is_article({key[0]: value[0]}):
                return None
            ahead = value[1]

    def _begins_records(self, ahead: int) -> bool:
        first = self._skip(ahead + 1, _WHITE)
        if self._char(first) != "{":
            return False
        decoded = self.window.decode(first)
        return not isinstance(decoded, Failure) and self._is_record(decoded[0])

    def _skip(self, ahead: int, pattern: re.Pattern[str]) -> int:
        while True:
            match = pattern.match(self.window.text, self.window.at + ahead)
            end = match.end() if match else self.window.at + ahead
            if end < len(self.window.text) or not self.window.extend():
                return end - self.window.at

    def _char(self, ahead: int) -> str:
        at = self.window.at + ahead
        return self.window.text[at : at + 1]

    def _leave_array(self) -> None:
        """Pass over what stands behind the array in the objects around it: it is no record."""
        self.is_inside = False
        while self.envelopes:
            char = self.window.skip_separators()
            if char == "}":
                self.window.take(1)
                self.envelopes -= 1
                continue
            decoded = self.window.decode() if char == '"' else None  # a key or, behind a colon, a value
            if decoded is None or isinstance(decoded, Failure):
                break
            self.window.take(decoded[1])
            if self.window.skip_separators() == ":":
                self.window.take(1)
                self.window.skip_separators()
                decoded = self.window.decode()
                if isinstance(decoded, Failure):
                    break
                self.window.take(decoded[1])
        self.envelopes = 0

    # Going on after damage

    def _resume(self, failure: Failure) -> Iterator[Reject]:
        """Pass over a broken value: one reject for the bytes up to where a record stands again, or to the end."""
        self.is_damaged = True
        region = Region(self.window.offset)
        budget = RESUME_BUDGET_CHARS
        start = min(failure.n_chars, 1)
        while True:
            n_chars, budget = self._find_record(start, budget)
            if n_chars is not None:
                region.add(self.window.take(n_chars))
                break
            ahead = len(self.window.text) - self.window.at
            region.add(self.window.take(max(0, ahead - KEEP_CHARS)))
            budget, start = max(budget, RESUME_BUDGET_CHARS // 4), 0
            if not self.window.extend():
                region.add(self.window.take(len(self.window.text) - self.window.at))
                break
        reason, detail = failure.reason, failure.detail
        if not self.window.skip_separators():
            self.is_inside = False  # one reject is enough for an end in the middle of a record
            reason, detail = broken_reason(self.stream, reason, detail)
        if self.reading.is_wanted(region.offset):
            yield self.reading.skipped(region, reason, detail)

    def _find_record(self, start: int, budget: int) -> tuple[int | None, int]:
        """How many characters on the next record stands (None: not in this window), and the budget left."""
        while budget > 0:
            match = _BOUNDARY.search(self.window.text, self.window.at + start)
            if match is None:
                return None, budget
            ahead = match.end() - 1 - self.window.at
            decoded = self.window.decode(ahead)
            if not isinstance(decoded, Failure) and self._is_record(decoded[0]):
                return ahead, budget
            budget -= decoded.n_chars if isinstance(decoded, Failure) else decoded[1] - ahead
            budget -= (self.window.at + ahead) // ERROR_COST_CHARS
            start = ahead
        return None, budget


def _has_objects(value: Any, depth: int = MAX_ENVELOPE_DEPTH) -> bool:
    """True when an object holds, not too deep, an array that begins with an object."""
    if not isinstance(value, dict) or depth == 0:
        return False
    return any(
        (isinstance(inner, list) and inner and isinstance(inner[0], dict)) or _has_objects(inner, depth - 1)
        for inner in value.values()
    )


def read_json(stream: ByteStream, reading: Reading) -> Iterator[RawRecord | Reject]:
    """The records of a JSON file."""
    yield from JsonReader(stream, reading).read()
