"""Bytes out of files: piece by piece, decompressed with bounds, and never silently short.

A stream that ends before it should gives the bytes that it could read, then ends; `ByteStream.broken` says why.
Our own loops around zlib and zstandard instead of `gzip.open`: these keep the bytes before the damage, bound each
step's output, stop at absurd ratios, and tell the file offset of each gzip member (which WARC needs).
"""

import zlib
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import zstandard

CHUNK_BYTES = 1 << 16
# A compressed stream above this ratio is a bomb, once it has given FREE_BYTES. News text packs 3 to 10 times,
# logs of one repeated line 100 times; DEFLATE ends at 1032, zstd at 32,000.
MAX_RATIO = 200
FREE_BYTES = 32 << 20
# zstandard's output for one call is unbounded: at most 32,000 times the input fed, so 1 KiB gives 32 MiB.
ZSTD_FEED_BYTES = 1 << 10
ZSTD_MAX_WINDOW_BYTES = 1 << 27  # what the zstd command accepts without asking

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_SKIPPABLE = b"\x2a\x4d\x18"  # bytes 1 to 3 of a skippable frame; byte 0 is 50 to 5f


class BrokenDataError(Exception):
    """The bytes of a container end early, contradict their checksum, or expand without bound."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Piece(NamedTuple):
    """Some decompressed bytes, and where the compressed member that they come from begins."""

    member_offset: int
    data: bytes


class Input:
    """Chunks to take from in any size, with bytes given back and the offset known."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._data = b""
        self._at = 0
        self.position = 0
        self.produced = 0

    def take(self, limit: int = CHUNK_BYTES) -> bytes:
        """Up to `limit` bytes; empty at the end."""
        while self._at >= len(self._data):
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._data, self._at = chunk, 0
        data = self._data[self._at : self._at + limit]
        self._at += len(data)
        self.position += len(data)
        return data

    def give_back(self, data: bytes) -> None:
        """Put back the last bytes taken."""
        self.position -= len(data)
        if len(data) <= self._at:
            self._at -= len(data)
        else:  # they begin in a chunk that is gone
            self._data, self._at = data + self._data[self._at :], 0

    def rewind(self, position: int) -> None:
        """Go back to a position, or as far as the chunk at hand reaches."""
        n_bytes = min(self._at, max(0, self.position - position))
        self._at -= n_bytes
        self.position -= n_bytes

    def peek(self) -> bytes:
        """What `take` would give next, left in place."""
        data = self.take()
        self.give_back(data)
        return data

    def check_ratio(self, n_bytes: int) -> None:
        """Count output.

        Raises:
            BrokenDataError: When the output is out of all proportion to the input.
        """
        self.produced += n_bytes
        if self.produced > FREE_BYTES and self.produced > MAX_RATIO * self.position:
            raise BrokenDataError("too-large", f"expands more than {MAX_RATIO} times")


def file_chunks(handle: IO[bytes]) -> Iterator[bytes]:
    """The bytes of an open file."""
    while chunk := handle.read(CHUNK_BYTES):
        yield chunk


def gzip_pieces(source: Input) -> Iterator[Piece]:
    """The decompressed bytes of all gzip members.

    Raises:
        BrokenDataError: Where a member is damaged or cut; bytes before it have been given. The input then stands
            behind the member's first byte, or as near to it as it can, for a search for the next member.
    """
    while head := source.peek():
        if not head.strip(b"\0"):  # zeros that tape blocks are filled up with
            source.take()
            continue
        yield from _gzip_member(source)


def _gzip_member(source: Input) -> Iterator[Piece]:
    start = source.position
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    while not inflater.eof:
        data = source.take()
        before = inflater.copy()
        try:
            out = inflater.decompress(data, CHUNK_BYTES)
        except zlib.error as error:
            yield Piece(start, _inflate_to_damage(before, data))
            source.rewind(start + 1)
            raise BrokenDataError("truncated-file", f"damaged gzip member at byte {start}: {error}") from error
        if not data and not out and not inflater.eof:
            raise BrokenDataError("truncated-file", f"the gzip member at byte {start} ends early")
        source.give_back(inflater.unused_data if inflater.eof else inflater.unconsumed_tail)
        source.check_ratio(len(out))
        yield Piece(start, out)


def _inflate_to_damage(inflater: "zlib._Decompress", data: bytes) -> bytes:
    """What can be had of data that is damaged: a failing call keeps its output to itself, so go byte by byte."""
    parts = []
    try:
        for at in range(len(data)):
            parts.append(inflater.decompress(data[at : at + 1], CHUNK_BYTES))  # noqa: PERF401  kept when one raises
    except zlib.error:
        pass  # the damage, told of by the caller
    return b"".join(parts)


def zstd_pieces(source: Input) -> Iterator[Piece]:
    """The decompressed bytes of all zstd frames.

    Raises:
        BrokenDataError: Where a frame is damaged or cut; bytes before it have been given.
    """
    while head := source.take(8):
        source.give_back(head)
        if head[1:4] == ZSTD_SKIPPABLE and head[0] >> 4 == 5:
            _skip_frame(source)
        else:
            yield from _zstd_frame(source)


def _skip_frame(source: Input) -> None:
    """Pass over a frame that holds no data (an index, a dictionary)."""
    head = _take_exactly(source, 8)
    left = int.from_bytes(head[4:8], "little")
    while left:
        data = source.take(min(left, CHUNK_BYTES))
        if not data:
            raise BrokenDataError("truncated-file", "a skippable zstd frame ends early")
        left -= len(data)


def _take_exactly(source: Input, n_bytes: int) -> bytes:
    data = b""
    while len(data) < n_bytes:
        more = source.take(n_bytes - len(data))
        if not more:
            raise BrokenDataError("truncated-file", "zstd data ends early")
        data += more
    return data


def _zstd_frame(source: Input) -> Iterator[Piece]:
    start = source.position
    inflater = zstandard.ZstdDecompressor(max_window_size=ZSTD_MAX_WINDOW_BYTES).decompressobj()
    while not inflater.eof:
        data = source.take(ZSTD_FEED_BYTES)
        if not data:
            raise BrokenDataError("truncated-file", f"the zstd frame at byte {start} ends early")
        try:
            out = inflater.decompress(data)
        except zstandard.ZstdError as error:
            source.rewind(start + 1)
            raise BrokenDataError("truncated-file", f"damaged zstd frame at byte {start}: {error}") from error
        if inflater.eof:
            source.give_back(inflater.unused_data)
        source.check_ratio(len(out))
        yield Piece(start, out)


PIECES: dict[str, Callable[[Input], Iterator[Piece]]] = {"gz": gzip_pieces, "zst": zstd_pieces}


def decompressed(chunks: Iterator[bytes], compression: str | None) -> Iterator[bytes]:
    """Chunks as they were before compression (None, ``gz`` or ``zst``)."""
    if compression is None:
        yield from chunks
        return
    for piece in PIECES[compression](Input(chunks)):
        yield piece.data


class ByteStream:
    """Bytes in order, with their position, and the reason when they end too early.

    Attributes:
        position: Bytes read so far.
        broken: Why the stream ended before its end; None while all is well.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._ahead = b""
        self.position = 0
        self.broken: BrokenDataError | None = None

    def read_chunk(self) -> bytes:
        """Some bytes; empty at the end."""
        data, self._ahead = self._ahead or self._next(), b""
        self.position += len(data)
        return data

    def read(self, n_bytes: int) -> bytes:
        """`n_bytes` bytes; fewer only at the end."""
        parts, left = [], n_bytes
        while left > 0 and (data := self.read_chunk()):
            if len(data) > left:
                self._ahead = data[left:]
                self.position -= len(self._ahead)
                data = data[:left]
            parts.append(data)
            left -= len(data)
        return b"".join(parts)

    def peek(self, n_bytes: int = CHUNK_BYTES) -> bytes:
        """The next `n_bytes` bytes, left in place; fewer only at the end."""
        data = self.read(n_bytes)
        self._ahead = data + self._ahead
        self.position -= len(data)
        return data

    def skip(self, n_bytes: int) -> int:
        """Pass over `n_bytes` bytes; gives how many there were."""
        start = self.position
        while (left := start + n_bytes - self.position) > 0 and self.read(min(left, CHUNK_BYTES)):
            pass
        return self.position - start

    def _next(self) -> bytes:
        """The next chunk that is not empty; empty at the end or where the data is broken."""
        if self.broken:
            return b""
        try:
            return next((chunk for chunk in self._chunks if chunk), b"")
        except BrokenDataError as error:
            self.broken = error
        except OSError as error:
            self.broken = BrokenDataError("truncated-file", f"reading failed: {error.strerror or error}")
        return b""
