"""What every reader needs: the options, the place of a record, and which records belong to this part of the run."""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsetl.errors import InputError
from newsetl.io.fields import read_fields
from newsetl.io.files import InputFile
from newsetl.io.openings import open_input
from newsetl.io.streams import ByteStream
from newsetl.records import Form, Place, RawRecord, Reject

# A file shared by several batches is dealt out in blocks of this many records: small enough to balance the batches
# of a small file, large enough that skipping is rare in the readers' inner loops.
STRIDE_RECORDS = 64
DEFAULT_MAX_RECORD_BYTES = 16 << 20


WHOLE_FILE = -1  # in `Wanted`: a record that has no offset
DIGEST_BYTES = 8  # of a SHA-256 in `Wanted`: another record at the same place has the same in one of 2**64 cases


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some records of a file, known by where they lie and what they were: 16 bytes each, sorted.

    Attributes:
        offsets: As in `Place`; `WHOLE_FILE` for none. One offset may stand twice: the bytes there have changed once.
        digests: The first `DIGEST_BYTES` of each record's SHA-256 as a number.
    """

    offsets: "array[int]"
    digests: "array[int]"

    @classmethod
    def of(cls, places: Iterable[tuple[int, str]]) -> "Wanted":
        """Of offsets (or `WHOLE_FILE`) and SHA-256 in hex digits, sorted by offset, each once.

        >>> Wanted.of([(WHOLE_FILE, "00" * 32), (7, "0a" * 32)]).has_offset(7)
        True
        """
        offsets, digests = array("q"), array("Q")
        for offset, sha256 in places:
            offsets.append(offset)
            digests.append(_digest(sha256))
        return cls(offsets, digests)

    def __len__(self) -> int:
        return len(self.offsets)

    def part(self, start: int, stop: int) -> "Wanted":
        """The records from one number up to another."""
        return Wanted(self.offsets[start:stop], self.digests[start:stop])

    def has_offset(self, offset: int | None) -> bool:
        """True when a record there is wanted, whatever it is now."""
        at = WHOLE_FILE if offset is None else offset
        index = bisect_left(self.offsets, at)
        return index < len(self.offsets) and self.offsets[index] == at

    def has(self, place: Place) -> bool:
        """True when the very record there is wanted."""
        at = WHOLE_FILE if place.offset is None else place.offset
        digest = _digest(place.sha256)
        index = bisect_left(self.offsets, at)
        while index < len(self.offsets) and self.offsets[index] == at:
            if self.digests[index] == digest:
                return True
            index += 1
        return False


def _digest(sha256: str) -> int:
    return int(sha256[: 2 * DIGEST_BYTES], 16)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read.

    Attributes:
        fields: newsetl field -> input column, from ``--map``; see `fields.parse_mapping`.
        usual_names: Whether other fields are recognised by the usual names of columns.
        urls: File name, or uri, -> URL of the page in that file; see `load_urls`.
        max_record_bytes: Longer records become a `Reject`; also the most that a payload may expand to.
        part, parts: Read only each `parts`-th block of `STRIDE_RECORDS` records, beginning with block `part`.
        wanted: Read only these records, if they are what they were; None: all.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    usual_names: bool = True
    urls: Mapping[str, str] = field(default_factory=dict)
    max_record_bytes: int = DEFAULT_MAX_RECORD_BYTES
    part: int = 0
    parts: int = 1
    wanted: Wanted | None = None


class Reading:
    """One file being read: counts its records and says which are wanted.

    A record is counted once by `is_wanted`, whether it becomes a RawRecord or a Reject, so that every part of a run
    counts the same records.
    """

    def __init__(self, file: InputFile, options: ReadOptions) -> None:
        self.file = file
        self.options = options
        self._ordinal = -1

    def is_wanted(self, offset: int | None) -> bool:
        """Count one more record; True when it belongs to this part and, by its offset, to the wanted ones."""
        self._ordinal += 1
        options = self.options
        if options.parts > 1 and (self._ordinal // STRIDE_RECORDS) % options.parts != options.part:
            return False
        return options.wanted is None or options.wanted.has_offset(offset)

    def place(self, offset: int | None, raw: bytes) -> Place:
        """Where a record lies and the digest of its bytes."""
        return Place(self.file.uri, offset, len(raw), hashlib.sha256(raw).hexdigest())

    def row(self, offset: int, raw: bytes, row: Mapping[str, Any]) -> RawRecord:
        """The record that a JSON object, a CSV or a Parquet row makes."""
        fields = read_fields(row, self.options.fields, usual_names=self.options.usual_names)
        form: Form = "html" if fields.text is None and fields.html is not None else "text"
        return RawRecord(self.place(offset, raw), form, fields=fields)

    def reject(self, offset: int | None, raw: bytes, reason: str, detail: str = "") -> Reject:
        """A record that cannot be read."""
        return Reject(self.place(offset, raw), "read", reason, detail)

    def skipped(self, region: "Region", reason: str, detail: str = "") -> Reject:
        """A stretch of bytes that cannot be read, too long to be held."""
        return Reject(self.region_place(region), "read", reason, detail)

    def region_place(self, region: "Region") -> Place:
        """Where a stretch of bytes lies."""
        return Place(self.file.uri, region.offset, region.length, region.digest.hexdigest())

    def url(self) -> str | None:
        """The address of a page file, from the table of URLs."""
        urls = self.options.urls
        return urls.get(self.file.uri) or urls.get(self.file.member or "") or urls.get(self.file.name)


class Region:
    """A stretch of bytes known by its offset, length and digest only."""

    def __init__(self, offset: int | None) -> None:
        self.offset = offset
        self.length = 0
        self.digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        self.length += len(data)
        self.digest.update(data)


def broken_reason(stream: ByteStream, reason: str, detail: str) -> tuple[str, str]:
    """The reason and detail for a record that ends with the stream: the stream's own, when that is broken.

    A broken stream is told of once, so this takes its mark away.
    """
    if stream.broken is None:
        return reason, detail
    broken, stream.broken = stream.broken, None
    return broken.reason, broken.detail


def load_urls(path: str | Path) -> dict[str, str]:
    """The table of a ``--urls`` file: on each line a file name, a tab and the URL of the page in that file.

    Empty lines and lines that begin with "#" are left out.

    Raises:
        InputError: When the file cannot be read, or a line is no name and http(s) URL, or contradicts an earlier one.
    """
    try:
        with open_input(str(path)) as handle:
            lines = handle.read().decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the URLs in {path}: {getattr(error, 'strerror', None) or error}") from error
    urls: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, url = (part.strip() for part in line.partition("\t")[::2])
        if not (name and url.lower().startswith(("http://", "https://"))):
            raise InputError(f"{path}, line {number}: expected a file name, a tab and a URL")
        if urls.setdefault(name, url) != url:
            raise InputError(f"{path}, line {number}: {name} has another URL above")
    return urls
