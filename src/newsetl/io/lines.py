"""Lines of a byte stream with their offsets, never holding more than one chunk and one line."""

from collections.abc import Iterator
from typing import NamedTuple

from newsetl.io.encodings import Encoding
from newsetl.io.reading import Region
from newsetl.io.streams import ByteStream


class Line(NamedTuple):
    """A line, and the ending it had (LF, CR LF or nothing).

    `raw` is None for a line longer than the limit, which `region` tells of. `n_bytes` counts the ending too.
    """

    offset: int
    raw: bytes | None
    n_bytes: int
    ending: str = "\n"
    region: Region | None = None


def split_lines(stream: ByteStream, encoding: Encoding, limit: int) -> Iterator[Line]:
    r"""The lines of a stream; the last one with or without an ending (LF or CR LF).

    >>> from newsetl.io.encodings import sniff_encoding
    >>> [line.raw for line in split_lines(ByteStream(iter([b"a\r\nb", b"c\n", b"d"])), sniff_encoding(b""), 9)]
    [b'a', b'bc', b'd']
    """
    offset = encoding.bom_bytes
    stream.skip(encoding.bom_bytes - stream.position)
    rest = bytearray()  # the line that has begun; grows in amortised linear time
    searched = 0
    while True:
        start = 0
        while (end := _find_newline(rest, start, max(start, searched), encoding)) >= 0:
            after = end + encoding.unit
            yield _line(bytes(rest[start:end]), offset, after - start, encoding, limit)
            offset += after - start
            start = after
        del rest[:start]
        if len(rest) > limit:
            line, rest = _long_line(stream, rest, offset, encoding)
            offset += line.n_bytes
            yield line
            searched = 0
            continue
        searched = max(0, len(rest) // encoding.unit * encoding.unit - encoding.unit)
        data = stream.read_chunk()
        if not data:
            break
        rest += data
    if rest:
        yield _line(bytes(rest), offset, len(rest), encoding, limit)


def _find_newline(data: bytearray, start: int, searched: int, encoding: Encoding) -> int:
    """Where the next line feed begins, in whole characters counted from `start`; -1 without one."""
    newline = encoding.newline
    at = data.find(newline, searched)
    while at >= 0 and (at - start) % encoding.unit:
        at = data.find(newline, at + 1)
    return at


def _line(raw: bytes, offset: int, n_bytes: int, encoding: Encoding, limit: int) -> Line:
    ending = "\n" if len(raw) < n_bytes else ""
    if ending and raw.endswith("\r".encode(encoding.codec)):
        raw, ending = raw[: -encoding.unit], "\r\n"
    if len(raw) <= limit:
        return Line(offset, raw, n_bytes, ending)
    region = Region(offset)
    region.add(raw)
    return Line(offset, None, n_bytes, ending, region)


def _long_line(stream: ByteStream, rest: bytearray, offset: int, encoding: Encoding) -> tuple[Line, bytearray]:
    """A line above the limit, read to its end without being held; and the bytes after it."""
    region = Region(offset)
    while (end := _find_newline(rest, 0, 0, encoding)) < 0:
        cut = len(rest) // encoding.unit * encoding.unit
        region.add(bytes(rest[:cut]))
        del rest[:cut]
        data = stream.read_chunk()
        if not data:
            region.add(bytes(rest))
            return Line(offset, None, region.length, "", region), bytearray()
        rest += data
    region.add(bytes(rest[:end]))
    return Line(offset, None, region.length + encoding.unit, "\n", region), rest[end + encoding.unit :]
