"""Members of zip and tar archives: listed once, then each opened as a stream. Nothing is ever extracted to disk.

Members are read one by one, by `InputFile.member_index`. Opening a zip reads its whole directory, and a compressed
tar can only be read forward; so the archive opened last is kept open (one for each process) for the next member.
"""

import atexit
import contextlib
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from newsetl.io.files import Compression, InputFile
from newsetl.io.openings import is_url, open_input
from newsetl.io.streams import (
    CHUNK_BYTES,
    GZIP_MAGIC,
    ZSTD_MAGIC,
    BrokenDataError,
    ByteStream,
    Input,
    decompressed,
    file_chunks,
)

TAR_BLOCK = 512
MAX_NAME_BYTES = 1 << 16  # of a tar's long name or extended header; longer ones are damage
ENCRYPTED = 0x1
ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others inflate without bound in one step
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    KeyError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of an archive. `index` as in `InputFile.member_index`; `problem` says why it cannot be read."""

    name: str
    size_bytes: int
    index: int
    problem: str | None = None


def zip_members(archive: zipfile.ZipFile) -> Iterator[Member]:
    """The files in a zip, from its directory."""
    for index, info in enumerate(archive.infolist()):
        if info.filename.endswith("/"):  # a folder; not info.is_dir(), which fails on an empty name
            continue
        problem = None
        if info.flag_bits & ENCRYPTED:
            problem = "encrypted"
        elif info.compress_type not in ZIP_METHODS:
            problem = f"unsupported-compression: zip method {info.compress_type}"
        yield Member(info.filename, info.file_size, index, problem)


def zip_chunks(archive: zipfile.ZipFile, index: int) -> Iterator[bytes]:
    """The bytes of one member.

    Raises:
        BrokenDataError: Where the member is damaged, or expands out of all proportion.
    """
    try:
        info = archive.infolist()[index]
        ratio = Input(iter(()))
        ratio.position = info.compress_size
        with archive.open(info) as handle:
            for chunk in file_chunks(handle):
                ratio.check_ratio(len(chunk))
                yield chunk
    except (*ZIP_ERRORS, IndexError) as error:
        raise BrokenDataError("truncated-file", f"damaged zip member: {error}") from error


def tar_members(stream: ByteStream) -> Iterator[Member]:
    """The files in a tar, in one pass; between two members the caller may read from the stream.

    A tar that breaks off gives the member at which it broke, or, between members, a member named "?".
    """
    name = None
    while header := stream.read(TAR_BLOCK):
        if not header.strip(b"\0"):
            return
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError) as error:
            yield Member("?", 0, stream.position - TAR_BLOCK, f"broken-archive: {error} at byte {stream.position}")
            return
        end = stream.position + -(-max(info.size, 0) // TAR_BLOCK) * TAR_BLOCK
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE):
            name = _long_name(stream.read(min(info.size, MAX_NAME_BYTES)), info.type) or name
        elif info.type in tarfile.REGULAR_TYPES:
            sparse = info.type == tarfile.GNUTYPE_SPARSE
            yield Member(name or info.name, info.size, stream.position, "unsupported: sparse file" if sparse else None)
            name = None
        elif info.type not in (tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE):
            name = None  # a directory, a link: no bytes of its own
        stream.skip(end - stream.position)
    reason = stream.broken.detail if stream.broken else "the tar has no end mark"
    yield Member("?", 0, stream.position, f"broken-archive: {reason}")


def _long_name(data: bytes, kind: bytes) -> str | None:
    """The name that an extra tar header gives to the file after it."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        return data.rstrip(b"\0").decode("utf-8", "surrogateescape")
    _, found, rest = data.partition(b" path=")
    return rest.partition(b"\n")[0].decode("utf-8", "surrogateescape") if found else None


def is_tar(sample: bytes) -> bool:
    """True when a file's first bytes are a tar header (its checksum is right)."""
    if len(sample) < TAR_BLOCK or not sample[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(sample[:TAR_BLOCK], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def sniff_compression(head: bytes) -> Compression | None:
    """``gz`` or ``zst`` by the first bytes, else None."""
    if head.startswith(GZIP_MAGIC):
        return "gz"
    return "zst" if head.startswith(ZSTD_MAGIC) else None


@dataclass(slots=True)
class OpenArchive:
    """An archive kept open: a zip, or a compressed tar with how far it has been read."""

    key: tuple[object, ...]
    handle: IO[bytes]
    zip: zipfile.ZipFile | None = None
    tar: ByteStream | None = None

    def close(self) -> None:
        self.handle.close()


_kept: list[OpenArchive] = []  # at most one; taken out while in use, so that two readers never share a position


def _close_kept() -> None:
    while _kept:
        _kept.pop().close()


atexit.register(_close_kept)


@contextlib.contextmanager
def open_member(file: InputFile) -> Iterator[Iterator[bytes]]:
    """The bytes of an archive's member, before any compression of its own is undone.

    Raises:
        OSError: When the archive cannot be opened.
        BrokenDataError: When it is no archive any more.
    """
    opened = _open_archive(file)
    try:
        yield _member_chunks(opened, file)
    finally:
        _close_kept()
        _kept.append(opened)


def _open_archive(file: InputFile) -> OpenArchive:
    """The archive, as kept if it still serves."""
    key = (os.getpid(), file.path, file.archive, *_state(file))
    with contextlib.suppress(IndexError):  # another thread may take it first
        kept = _kept.pop()
        passed = kept.tar is not None and (kept.tar.position > file.member_index or kept.tar.broken)
        if kept.key == key and not passed:
            return kept
        kept.close()
    handle = open_input(file.path)  # closed by OpenArchive.close
    try:
        if file.archive == "zip":
            return OpenArchive(key, handle, zip=zipfile.ZipFile(handle))
        head = handle.read(8)
        handle.seek(0)
        return OpenArchive(key, handle, tar=_tar_stream(handle, sniff_compression(head)))
    except ZIP_ERRORS as error:
        handle.close()
        raise BrokenDataError("truncated-file", f"damaged zip directory: {error}") from error


def _state(file: InputFile) -> tuple[object, ...]:
    """What is another one where an archive is another. An object that is replaced while open fails to be read."""
    if is_url(file.path):
        return (file.stamp,)  # not asked for again: that would be a request for each member
    stat = os.stat(file.path)  # noqa: PTH116  paths stay the strings that the user gave
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _tar_stream(handle: IO[bytes], compression: Compression | None) -> ByteStream:
    return ByteStream(decompressed(file_chunks(handle), compression))


def _member_chunks(opened: OpenArchive, file: InputFile) -> Iterator[bytes]:
    if opened.zip is not None:
        yield from zip_chunks(opened.zip, file.member_index)
    elif opened.tar is not None:
        yield from _slice_chunks(opened.tar, file.member_index, file.size_bytes)


def _slice_chunks(stream: ByteStream, start: int, n_bytes: int) -> Iterator[bytes]:
    """Some bytes out of the middle of a stream.

    Raises:
        BrokenDataError: When the stream ends before they do.
    """
    stream.skip(start - stream.position)
    while (left := start + n_bytes - stream.position) > 0:
        data = stream.read(min(left, CHUNK_BYTES))
        if not data:
            raise stream.broken or BrokenDataError("truncated-file", "the archive ends within this member")
        yield data
