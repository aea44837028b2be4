"""Finding the input files: directories, globs, single files, members of archives; and what each of them is."""

import glob
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import PurePath
from typing import IO

from newsetl.errors import InputError
from newsetl.io.archives import (
    TAR_BLOCK,
    ZIP_ERRORS,
    Member,
    is_tar,
    sniff_compression,
    tar_members,
    zip_chunks,
    zip_members,
)
from newsetl.io.files import BROKEN_ARCHIVE, UNREADABLE, Archive, Format, InputFile
from newsetl.io.names import is_data_name, matches
from newsetl.io.openings import Seen, is_url, look_at, open_input, shown, without_file_protocol
from newsetl.io.sniff import SAMPLE_BYTES, Verdict, sniff_format
from newsetl.io.streams import ByteStream, decompressed, file_chunks

__all__ = ["InputFile", "find_inputs"]

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
# Objects looked into at the same time: each is two requests, which are mostly waiting.
LOOKS_AT_ONCE = 8
OFFICE_MEMBERS = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF")  # docx and xlsx, odt and epub, jar
_PACKED = re.compile(r"\.(?:gz|zst|gzip|zstd)$", re.IGNORECASE)
_FORMAT_BY_ENDING: dict[str, Format] = {
    "txt": "text",
    "html": "html",
    "htm": "html",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
    "csv": "csv",
    "tsv": "tsv",
    "parquet": "parquet",
    "warc": "warc",
}


def find_inputs(patterns: Sequence[str]) -> list[InputFile]:
    """Every file, or member of an archive, that the patterns name; each once, in the order of the patterns.

    Args:
        patterns: Directories (walked to the bottom, sorted), globs (``**`` too), or files; URLs of object stores
            (``s3://bucket/archive/``) of the same three kinds. In directories and globs names that begin with "." or
            "_" and files like README are left out.

    Returns:
        Readable files and skipped ones, told apart by `InputFile.skip_reason`.

    Raises:
        InputError: For a path that does not exist, a glob that nothing matches, or a store that cannot be reached.
    """
    seen: set[str] = set()
    found: list[InputFile] = []
    for pattern in map(without_file_protocol, patterns):
        if is_url(pattern):
            found.extend(_examine_objects(pattern, seen))
            continue
        for path in _paths(pattern):
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                found.extend(_examine(path))
    return found


def _paths(pattern: str) -> Iterator[str]:
    """The files that one pattern names, sorted."""
    if os.path.isdir(pattern):  # noqa: PTH112  paths stay the strings that the user gave
        yield from _walk(pattern)
    elif os.path.lexists(pattern):
        yield pattern
    elif glob.has_magic(pattern):
        matches = sorted(_expand(pattern))
        if not matches:
            raise InputError(f"no file matches {pattern!r}")
        for path in matches:
            yield from _walk(path) if os.path.isdir(path) else (path,)  # noqa: PTH112  as above
    else:
        raise InputError(f"there is no file or directory {pattern!r}")


def _expand(pattern: str) -> Iterator[str]:
    """What a glob matches. ``**`` walks by `_walk`, which links that form a loop cannot trap (glob's own can be)."""
    head, stars, tail = pattern.partition("**")
    if not stars:
        yield from (path for path in glob.glob(pattern) if is_data_name(os.path.basename(path)))  # noqa: PTH119, PTH207
        return
    wanted = tuple(PurePath(stars + tail).parts)
    for base in sorted(glob.glob(head)) if head else ["."]:  # noqa: PTH207  strings, as above
        for path in _walk(base):
            if matches(PurePath(os.path.relpath(path, base)).parts, wanted):
                yield path


def _walk(root: str) -> Iterator[str]:
    """The data files under a directory, sorted, each directory once even when links form a loop."""
    visited: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if is_data_name(name))
        for name in sorted(names):
            if is_data_name(name):
                yield os.path.join(folder, name)  # noqa: PTH118  strings, as above


def _examine_objects(pattern: str, seen: set[str]) -> Iterator[InputFile]:
    """The inputs in the objects that a URL names and that were not seen yet."""
    from newsetl.io.remote import find_objects  # noqa: PLC0415  most inputs are files

    objects = [(url, known) for url, known in find_objects(pattern) if url not in seen]
    seen.update(url for url, _ in objects)
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as threads:
        for inputs in threads.map(lambda one: list(_examine(*one)), objects):
            yield from inputs


def _examine(path: str, known: Seen | None = None) -> Iterator[InputFile]:
    """One file as inputs: itself, or the members of the archive that it is."""
    uri = shown(path)
    try:
        status = known or look_at(path)
        file = InputFile(uri, path, status.size_bytes, stamp=status.stamp)
        if not status.is_regular:  # opening a pipe would wait for its writer
            yield replace(file, skip_reason="unknown-format: no regular file")
            return
        with open_input(path) as handle:
            yield from _examine_open(file, handle)
    except OSError as error:
        if isinstance(error, ConnectionError) and is_url(path):  # this object is no worse than the others
            raise InputError(f"{path}: cannot be reached: {error.strerror or error}") from error
        yield InputFile(uri, path, 0, skip_reason=f"{UNREADABLE}: {error.strerror or error}")


def _examine_open(file: InputFile, handle: IO[bytes]) -> Iterator[InputFile]:
    head = handle.read(TAR_BLOCK)
    handle.seek(0)
    if head.startswith(ZIP_MAGIC):
        yield from _examine_zip(file, handle)
        return
    compression = sniff_compression(head)
    stream = ByteStream(decompressed(file_chunks(handle), compression))
    if is_tar(stream.peek(TAR_BLOCK)):
        yield from _examine_tar(file, stream)
    else:
        yield _judge(replace(file, compression=compression), stream)


def _examine_zip(file: InputFile, handle: IO[bytes]) -> Iterator[InputFile]:
    """The members of a zip."""
    try:
        archive = zipfile.ZipFile(handle)
        members = list(zip_members(archive))
    except ZIP_ERRORS as error:
        yield replace(file, archive="zip", skip_reason=f"{BROKEN_ARCHIVE}: {error}")
        return
    if members and members[0].name in OFFICE_MEMBERS:
        yield replace(file, skip_reason="not-text: Office document or package")
        return
    counts: dict[str, int] = {}
    for member in members:
        if _is_data_member(member.name):
            counts[member.name] = counts.get(member.name, 0) + 1
            entry = _as_input(file, member, "zip", counts[member.name])
            yield entry if entry.skip_reason else _judge_member(entry, ByteStream(zip_chunks(archive, member.index)))


def _examine_tar(file: InputFile, stream: ByteStream) -> Iterator[InputFile]:
    """The members of a tar, in one pass."""
    counts: dict[str, int] = {}
    for member in tar_members(stream):
        if not _is_data_member(member.name):
            continue
        counts[member.name] = counts.get(member.name, 0) + 1
        entry = _as_input(file, member, "tar", counts[member.name])
        if not entry.skip_reason:
            head = stream.read(min(member.size_bytes, SAMPLE_BYTES))
            entry = _judge_member(entry, ByteStream(iter((head,))))
        yield entry


def _is_data_member(name: str) -> bool:
    return all(is_data_name(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _as_input(file: InputFile, member: Member, archive: Archive, count: int) -> InputFile:
    """An archive's member as input; a name that stands twice in the archive gets a number."""
    shown = member.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return replace(
        file,
        uri=f"{file.uri}!{shown}" + (f"#{count}" if count > 1 else ""),
        size_bytes=member.size_bytes,
        archive=archive,
        member=shown,
        member_index=member.index,
        skip_reason=member.problem,
    )


def _judge_member(file: InputFile, stream: ByteStream) -> InputFile:
    """A member with its format; archives within archives are skipped."""
    head = stream.peek(TAR_BLOCK)
    if head.startswith(ZIP_MAGIC) or is_tar(head):
        return replace(file, skip_reason="nested-archive: unpack the archive around it")
    compression = sniff_compression(head)
    chunks = iter(stream.read_chunk, b"")
    return _judge(replace(file, compression=compression), ByteStream(decompressed(chunks, compression)))


def _judge(file: InputFile, stream: ByteStream) -> InputFile:
    """A file with its format, by the first bytes of its content."""
    sample = stream.peek(SAMPLE_BYTES)
    name = _PACKED.sub("", file.name)
    if sample.startswith(ZIP_MAGIC) or sniff_compression(sample) or is_tar(sample):
        verdict = Verdict(None, "nested-archive: unpack the compression around it")
    elif not sample and stream.broken:  # damaged from its first byte on: reading it gives the reject
        verdict = Verdict(_FORMAT_BY_ENDING.get(name.lower().rpartition(".")[2], "text"))
    else:
        verdict = sniff_format(sample, name, complete=len(sample) < SAMPLE_BYTES)
    return replace(file, format=verdict.format, skip_reason=verdict.skip_reason)
