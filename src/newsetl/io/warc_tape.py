"""The decompressed bytes of a WARC file, with the offsets of its records and the places where it is damaged.

Own framing instead of warcio's: warcio swallows the next record when a Content-Length is too long, gives the first
half of a damaged gzip member as if it were whole, prints to stderr, and gives up a file at the first bad record.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from newsetl.io.streams import (
    GZIP_MAGIC,
    PIECES,
    ZSTD_MAGIC,
    BrokenDataError,
    Input,
    Piece,
)

MAGIC = {"gz": GZIP_MAGIC, "zst": ZSTD_MAGIC}
RECORD_START = b"WARC/"


class Block(NamedTuple):
    """A piece of the tape: bytes that follow `offset`, or the damage found there."""

    offset: int
    data: bytes
    damage: BrokenDataError | None = None


def plain_blocks(chunks: Iterator[bytes]) -> Iterator[Block]:
    """The pieces of an uncompressed file."""
    offset = 0
    try:
        for chunk in chunks:
            yield Block(offset, chunk)
            offset += len(chunk)
    except (BrokenDataError, OSError) as error:
        yield Block(offset, b"", _as_damage(error))


def packed_blocks(chunks: Iterator[bytes], compression: str) -> Iterator[Block]:
    """The pieces of a file of compressed members; behind a damaged member the next one that can be read."""
    source = Input(chunks)
    while True:
        try:
            yield from _member_blocks(PIECES[compression](source))
        except (BrokenDataError, OSError) as error:
            yield Block(source.position, b"", _as_damage(error))
            if isinstance(error, OSError) or error.reason == "too-large" or not _find_member(source, compression):
                return
        else:
            return


def _member_blocks(pieces: Iterator[Piece]) -> Iterator[Block]:
    """Pieces as blocks, the first of a member long enough to tell whether a record begins there."""
    held = b""
    offset = -1
    for piece in pieces:
        if held and piece.member_offset != offset:
            yield Block(offset, held)
            held = b""
        is_first = bool(held) or piece.member_offset != offset
        offset = piece.member_offset
        data = held + piece.data
        held = data if is_first and len(data) < len(RECORD_START) else b""
        if not held:
            yield Block(offset, data)
    if held:
        yield Block(offset, held)


def _as_damage(error: BrokenDataError | OSError) -> BrokenDataError:
    if isinstance(error, BrokenDataError):
        return error
    return BrokenDataError("truncated-file", f"reading failed: {error.strerror or error}")


def _find_member(source: Input, compression: str) -> bool:
    """Move on to where a compressed member seems to begin; False at the end."""
    magic = MAGIC[compression]
    tail = b""
    try:
        while data := source.take():
            data = tail + data  # the magic may lie across two chunks
            at = data.find(magic)
            if at >= 0:
                source.give_back(data[at:])
                return True
            tail = data[1 - len(magic) :]
    except (BrokenDataError, OSError):
        pass  # told of before
    return False


class Tape:
    """Bytes to take from, that stop where a member begins with a new record, or where the file is damaged.

    Attributes:
        stop: Why the last `take` or `read_line` ended early: None, ``record`` (a new record begins here), ``end``,
            or the damage.
    """

    def __init__(self, blocks: Iterator[Block], *, is_packed: bool) -> None:
        self._blocks = blocks
        self._is_packed = is_packed
        self._data = b""
        self._at = 0
        self._base = 0
        self._next: Block | None = None
        self.stop: BrokenDataError | str | None = None

    @property
    def offset(self) -> int:
        """Where the next byte lies in the file: its own offset, or that of the compressed member it is in."""
        return self._base if self._is_packed else self._base + self._at

    def take(self, n_bytes: int, sink: Callable[[bytes], object], *, within: bool = True) -> int:
        """Pass `n_bytes` bytes to `sink`; fewer when the tape stops. Gives how many there were."""
        left = n_bytes
        while left and self._fill(within=within):
            data = self._data[self._at : self._at + left]
            self._at += len(data)
            left -= len(data)
            sink(data)
        return n_bytes - left

    def read_line(self, limit: int, *, within: bool = True) -> bytes:
        """Bytes up to a line feed, or `limit` bytes; what there is when the tape stops."""
        parts: list[bytes] = []
        while limit > 0 and self._fill(within=within):
            end = self._data.find(b"\n", self._at, self._at + limit)
            end = min(len(self._data), self._at + limit) if end < 0 else end + 1
            parts.append(self._data[self._at : end])
            limit -= end - self._at
            self._at = end
            if parts[-1].endswith(b"\n"):
                break
            within = True
        return b"".join(parts)

    def push_back(self, data: bytes) -> None:
        """Put back bytes just taken."""
        if self._data.endswith(data, 0, self._at):  # as good as always
            self._at -= len(data)
            return
        rest = self._data[self._at :]
        self._base = self._base if self._is_packed else self._base + self._at - len(data)
        self._data, self._at = data + rest, 0

    def peek(self, n_bytes: int) -> bytes:
        """The next bytes, left in place; fewer when the tape stops."""
        parts: list[bytes] = []
        self.take(n_bytes, parts.append)
        data = b"".join(parts)
        self.push_back(data)
        return data

    def _fill(self, *, within: bool) -> bool:
        """True when there is a byte to take; `within` a record the tape stops where another one begins."""
        self.stop = None
        while self._at >= len(self._data):
            block = self._next or next(self._blocks, None)
            self._next = block
            if block is None:
                self.stop = "end"
                return False
            if block.damage is not None:
                self.stop = block.damage
                return False
            is_fresh = self._is_packed and block.offset != self._base
            if is_fresh and within and block.data.startswith(RECORD_START):
                self.stop = "record"
                return False
            self._data, self._at, self._base = block.data, 0, block.offset
            self._next = None
        return True

    def pass_damage(self) -> BrokenDataError | None:
        """The damage that the tape stands before, taken away; None when there is none here."""
        self._fill(within=False)
        if not isinstance(self.stop, BrokenDataError):
            return None
        damage, self._next, self.stop = self.stop, None, None
        return damage
