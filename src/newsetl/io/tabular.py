"""CSV and TSV: a header, then one record a row. Cells may hold line breaks.

A stray quote mark can swallow every row after it. So a row of several lines must be strictly well formed; if not,
only its first line is given up (or saved by reading it without quotes) and the lines after it are read again.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence

from newsetl.io.encodings import decode_text, sniff_encoding
from newsetl.io.lines import Line, split_lines
from newsetl.io.reading import Reading, broken_reason
from newsetl.io.sniff import SAMPLE_BYTES
from newsetl.io.streams import ByteStream
from newsetl.io.tables import sniff_table
from newsetl.records import RawRecord, Reject


class _RowTooLargeError(Exception):
    """A row goes on for more bytes than a record may have."""


class LineFeed:
    """Decoded lines for csv.reader, which remembers the raw lines of the row being read."""

    def __init__(self, lines: Iterator[Line], codec: str, limit: int) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()
        self._codec = codec
        self._limit = limit
        self._n_bytes = 0
        self.taken: list[Line] = []
        self.ended = False

    def __iter__(self) -> "LineFeed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        if self.taken and self._n_bytes + line.n_bytes > self._limit:
            self._again.appendleft(line)
            raise _RowTooLargeError
        self.taken.append(line)
        self._n_bytes += line.n_bytes
        return self._decode(line)

    def begin_row(self) -> None:
        """Forget the lines of the last row."""
        self.taken = []
        self._n_bytes = 0
        self.ended = False

    def keep_first(self) -> None:
        """Put back all lines of this row but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def is_last_line_open(self) -> bool:
        """True when the last line of this row has no ending: it is the last of the file."""
        last = self.taken[-1]
        return last.raw is not None and not last.ending

    def lines(self) -> list[str]:
        """The lines of this row, decoded."""
        return [self._decode(line) for line in self.taken]

    def _decode(self, line: Line) -> str:
        return decode_text(line.raw or b"", self._codec) + line.ending

    def raw(self) -> bytes:
        """The bytes of this row, without its last line ending."""
        *head, last = self.taken
        return b"".join((line.raw or b"") + line.ending.encode(self._codec) for line in head) + (last.raw or b"")


def read_table(stream: ByteStream, reading: Reading) -> Iterator[RawRecord | Reject]:
    """A record for each row below the header; rows of another width are rejects."""
    sample = stream.peek(SAMPLE_BYTES)
    encoding = sniff_encoding(sample)
    text = decode_text(sample[encoding.bom_bytes :], encoding.codec)
    table = sniff_table(text, reading.file.format or "csv", complete=len(sample) < SAMPLE_BYTES)
    delimiter = table.delimiter if table else "\t" if reading.file.format == "tsv" else ","
    limit = reading.options.max_record_bytes
    feed = LineFeed(split_lines(stream, encoding, limit), encoding.codec, limit)
    header: list[str] | None = None
    while (row := _next_row(feed, delimiter, len(header) if header else None)) is not None:
        if header is None and isinstance(row, list) and row:
            header = [cell.strip() for cell in row]
            continue
        if not row:
            continue
        header = header or []  # a broken header: no row below it can be told
        cut = None
        if stream.broken is not None and feed.is_last_line_open():
            cut = broken_reason(stream, "bad-row", "cut off")
        if reading.is_wanted(feed.taken[0].offset):
            yield (
                reading.reject(feed.taken[0].offset, feed.raw(), *cut)
                if cut
                else _as_record(row, header, feed, reading)
            )


def _next_row(feed: LineFeed, delimiter: str, width: int | None) -> list[str] | str | None:
    """The cells of the next row, [] for a blank one, a string for what is wrong with it; None at the end."""
    feed.begin_row()
    try:
        row = next(csv.reader(feed, delimiter=delimiter), None)
    except (_RowTooLargeError, csv.Error) as error:
        row = []
        problem = str(error) or "a cell that is too large"
    else:
        problem = ""
    if not feed.taken:
        return None
    if feed.taken[0].raw is None:
        return "too-large"
    if not problem and (len(feed.taken) == 1 or _is_strict(feed, delimiter, width)):
        return [] if row is None or not any(cell.strip() for cell in row) else row
    feed.keep_first()
    cells = feed.lines()[0].rstrip("\r\n").split(delimiter)
    return cells if len(cells) == width else problem or "a quote mark that never closes"


def _is_strict(feed: LineFeed, delimiter: str, width: int | None) -> bool:
    """True when a row of several lines is well formed and as wide as the header."""
    try:
        rows = list(csv.reader(feed.lines(), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return len(rows) == 1 and (width is None or len(rows[0]) == width)


def _as_record(
    row: Sequence[str] | str, header: Sequence[str] | None, feed: LineFeed, reading: Reading
) -> RawRecord | Reject:
    first = feed.taken[0]
    if first.region is not None:
        return reading.skipped(first.region, "too-large", f"a row of {first.region.length} bytes")
    raw = feed.raw()
    if isinstance(row, str):
        return reading.reject(first.offset, raw, "bad-row", row)
    if header is None or len(row) != len(header):
        width = len(header) if header else 0
        return reading.reject(first.offset, raw, "bad-row", f"{len(row)} cells under a header of {width}")
    cells: dict[str, str] = {}
    for name, cell in zip(header, row, strict=True):
        if cell or name not in cells:  # of two columns of one name the first that says something
            cells[name] = cells.get(name) or cell
    return reading.row(first.offset, raw, cells)
