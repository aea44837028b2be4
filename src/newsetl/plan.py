"""What a run would do: the input files, cut into batches. Reads no more than it must and writes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from newsetl.errors import InputError, SettingsError
from newsetl.io.inputs import InputFile, find_inputs
from newsetl.io.profiles import read_outlets
from newsetl.io.readers import ReadOptions, Wanted, load_urls, read_records
from newsetl.records import RawRecord
from newsetl.settings import MAX_PARTS, MAX_PARTS_OF_PAGES, Settings

# What a compressed file whose content size is not stated is taken to unpack to; news text packs three- to sixfold.
PACKING = 4
# Pages are mostly markup: their bytes are so many times less work than those of text (170 kB in 5 ms, 3 kB in 1.5 ms).
MARKUP = 20
PAGES = ("html", "warc")
# Batches that a part of a file of pages makes at the least, since each part unpacks the whole file.
BATCHES_OF_PAGES = 3
# A file is cut when it is a larger share of all work than this: many large files keep many workers busy as they are.
ENOUGH = 128
# More batches than this are larger instead: what each costs beside its work stays small, in Prefect above all.
MAX_BATCHES = 4_096
COLUMN_FORMATS = ("jsonl", "json", "csv", "tsv", "parquet")
# How far a mapping is checked before any work: far enough for optional columns, short enough to be felt by nobody.
MAPPING_FILES = 100
MAPPING_RECORDS = 50
ADDRESS_FILE = "urls.tsv"  # beside HTML files: lines of name, tab, URL


@dataclass(frozen=True, slots=True)
class Slice:
    """A file, every `parts`-th stretch of one, or some records of one."""

    file: InputFile
    part: int = 0
    parts: int = 1
    limit: int | None = None  # read at most so many records
    url: str | None = None  # address of the page, for an HTML file
    wanted: Wanted | None = None  # read these records only
    fields: Mapping[str, str] | None = None  # mapping of this file; None: that of the settings


@dataclass(frozen=True, slots=True)
class Batch:
    """Some seconds to a minute of work for one process. Numbered from 1."""

    number: int
    slices: tuple[Slice, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do."""

    batches: tuple[Batch, ...]
    skipped: tuple[InputFile, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)  # what else the manifest says of the run

    @property
    def files(self) -> list[InputFile]:
        """The files to read, each once, in order."""
        return list(dict.fromkeys(s.file for batch in self.batches for s in batch.slices))

    @property
    def size_bytes(self) -> int:
        return sum(batch.size_bytes for batch in self.batches)


def plan_run(settings: Settings) -> Plan:
    """List the input and cut it into batches; writes nothing and reads no more than it must.

    Raises:
        InputError: A path does not exist, a pattern matches nothing, or no file has a known format.
        RuleError: A profile of the user's breaks the format.
    """
    read_outlets(settings.profiles, use_profiles=settings.use_profiles)  # a broken profile is met before any work
    files = find_inputs(settings.inputs)
    addresses = _addresses(settings, files)
    known = [file for file in files if (file.format or file.is_lost) and not _is_address_file(file)]
    if not known:
        raise InputError(f"nothing to read in {', '.join(settings.inputs)}: no file of a known format")
    _check_mapping(settings, known)
    whole = [Slice(file, url=addresses.get(file.uri) or addresses.get(file.name)) for file in known]
    work_bytes = sum(_work_bytes(piece, content_bytes(piece.file)) for piece in whole)
    batch_bytes = max(settings.batch_bytes, work_bytes // MAX_BATCHES)
    slices = _limited(whole, settings) if settings.limit else _cut(whole, max(batch_bytes, work_bytes // ENOUGH))
    skipped = (replace(f, skip_reason="addresses of pages") if _is_address_file(f) else f for f in files)
    return Plan(
        tuple(group_slices(((s, content_bytes(s.file) // s.parts) for s in slices), batch_bytes)),
        tuple(file for file in skipped if file.skip_reason and not file.is_lost),
    )


def _check_mapping(settings: Settings, files: Sequence[InputFile]) -> None:
    """Refuse a mapping to columns that the first records of the first files do not have."""
    missing = dict(settings.mapping)
    tables = [file for file in files if file.format in COLUMN_FORMATS][:MAPPING_FILES]
    for file in tables:
        options = ReadOptions(fields=missing, usual_names=False)
        for record in islice(read_records(file, options), MAPPING_RECORDS):
            if isinstance(record, RawRecord):
                missing = {name: column for name, column in missing.items() if not getattr(record.fields, name)}
        if not missing:
            return
    for name, column in missing.items():
        raise SettingsError(f"no record has a column {column!r} to map {name} to (looked into {len(tables)} files)")


def content_bytes(file: InputFile) -> int:
    """Bytes of its content, unpacked; an estimate where it is compressed."""
    return file.size_bytes * (PACKING if file.compression else 1)


def _work_bytes(piece: Slice, size_bytes: int) -> int:
    """Bytes of text that are as much work as so many bytes of this slice."""
    return size_bytes // MARKUP if piece.file.format in PAGES else size_bytes


def _cut(whole: Iterable[Slice], part_bytes: int) -> Iterator[Slice]:
    """Large files of many records in parts, everything else as it is."""
    for piece in whole:
        most, batches = (MAX_PARTS_OF_PAGES, BATCHES_OF_PAGES) if piece.file.format in PAGES else (MAX_PARTS, 1)
        parts = min(most, -(-_work_bytes(piece, content_bytes(piece.file)) // (batches * part_bytes)))
        if parts <= 1 or piece.file.format in ("text", "html", None):
            yield piece
        else:
            yield from (replace(piece, part=part, parts=parts) for part in range(parts))


def _limited(whole: Iterable[Slice], settings: Settings) -> Iterator[Slice]:
    """The first `limit` records, file after file; they are counted by reading."""
    left = settings.limit or 0
    for piece in whole:
        if left <= 0:
            return
        count = sum(1 for _ in islice(read_records(piece.file, read_options(settings, piece)), left))
        left -= count
        yield replace(piece, limit=count)


def group_slices(slices: Iterable[tuple[Slice, int]], batch_bytes: int) -> Iterator[Batch]:
    """Slices with their bytes, in order, as batches of the work of at most `batch_bytes` of text, or of one slice."""
    number, size, work = 1, 0, 0
    group: list[Slice] = []
    for piece, piece_bytes in slices:
        piece_work = _work_bytes(piece, piece_bytes)
        if group and work + piece_work > batch_bytes:
            yield Batch(number, tuple(group), size)
            number, group, size, work = number + 1, [], 0, 0
        group.append(piece)
        size += piece_bytes
        work += piece_work
    if group:
        yield Batch(number, tuple(group), size)


def _addresses(settings: Settings, files: Sequence[InputFile]) -> dict[str, str]:
    """URLs of HTML files by name or by uri: from the file that --urls names, and from each urls.tsv beside pages."""
    found = dict(load_urls(settings.urls)) if settings.urls else {}
    for file in filter(_is_address_file, files):
        folder = file.uri.rpartition("/")[0]
        found |= {f"{folder}/{name}" if folder else name: url for name, url in load_urls(file.path).items()}
    return found


def _is_address_file(file: InputFile) -> bool:
    return file.name == ADDRESS_FILE and file.archive is None


def read_options(settings: Settings, piece: Slice) -> ReadOptions:
    """What the readers must know to read a slice."""
    return ReadOptions(
        fields=settings.mapping if piece.fields is None else piece.fields,
        urls={piece.file.uri: piece.url} if piece.url else {},
        max_record_bytes=settings.max_record_bytes,
        part=piece.part,
        parts=piece.parts,
        wanted=piece.wanted,
    )
