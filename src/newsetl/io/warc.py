"""WARC files: one record for each page in them.

Counted as input records: ``response`` records of web pages, ``resource`` and ``conversion`` records (text of a page).
Not counted, since no article can be in them: warcinfo, request, metadata, revisit, continuation, and DNS answers.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from newsetl.io.http_message import BodyError, Response, decode_body, parse_content_type, parse_headers, parse_response
from newsetl.io.reading import Reading, Region
from newsetl.io.sniff import SAMPLE_BYTES, sniff_format
from newsetl.io.streams import BrokenDataError
from newsetl.io.warc_tape import RECORD_START, Tape, packed_blocks, plain_blocks
from newsetl.records import Fields, Form, RawRecord, Reject

MAX_HEADER_BYTES = 1 << 16
MAX_LINE_BYTES = 1 << 13
PAGE_TYPES = frozenset({"response", "resource", "conversion"})
KNOWN_TYPES = PAGE_TYPES | {"warcinfo", "request", "metadata", "revisit", "continuation"}
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
# Servers that do not know say so with these; then the bytes decide.
VAGUE_TYPES = frozenset({"", "application/octet-stream", "text/xml", "application/xml", "unknown", "content/unknown"})
NO_PAGE_SCHEMES = ("dns:", "whois:", "ntp:")
_NEXT_RECORD = re.compile(rb"\r?\n\r?\nWARC/\d")


class Frame(NamedTuple):
    """A record as it lies in the file. `block` is None when it was too large to hold."""

    offset: int
    headers: dict[str, str]
    block: bytes | None
    region: Region
    problem: str | None


def read_warc(chunks: Iterator[bytes], reading: Reading) -> Iterator[RawRecord | Reject]:
    """The pages of a WARC file; behind damage the reading goes on with the next record."""
    compression = reading.file.compression
    blocks = packed_blocks(chunks, compression) if compression else plain_blocks(chunks)
    tape = Tape(blocks, is_packed=compression is not None)
    while True:
        if (damage := tape.pass_damage()) is not None:
            if reading.is_wanted(tape.offset):
                yield reading.reject(tape.offset, b"", damage.reason, damage.detail)
        elif not _pass_blank_lines(tape):
            if tape.stop == "end":
                return
        elif tape.peek(len(RECORD_START)) != RECORD_START:
            yield from _pass_junk(tape, reading)
        else:
            yield from _read_frame(_frame(tape, reading.options.max_record_bytes), reading)


def _pass_blank_lines(tape: Tape) -> bool:
    """Move to the next byte that is no line ending; False when the tape stops before one."""
    while True:
        line = tape.read_line(MAX_LINE_BYTES, within=False)
        if not line:
            return False
        if line.strip():
            tape.push_back(line)
            return True


def _pass_junk(tape: Tape, reading: Reading) -> Iterator[Reject]:
    """Bytes that belong to no record, up to where one begins."""
    region = Region(tape.offset)
    region.add(tape.read_line(MAX_LINE_BYTES))
    while tape.peek(len(RECORD_START)) != RECORD_START and (line := tape.read_line(MAX_LINE_BYTES)):
        region.add(line)
    tape.pass_damage()
    if reading.is_wanted(region.offset):
        yield reading.skipped(region, "truncated-record", "bytes that belong to no WARC record")


def _frame(tape: Tape, limit: int) -> Frame:
    """The record that begins here: its header and block, with what is wrong about its length."""
    region = Region(tape.offset)
    head: list[bytes] = []
    size = 0
    while (line := tape.read_line(MAX_LINE_BYTES)).strip() and size < MAX_HEADER_BYTES:
        head.append(line)
        size += len(line)
    head.append(line)
    region.add(b"".join(head))
    offset = region.offset or 0
    headers = parse_headers([part.rstrip(b"\r\n") for part in head[1:]])
    length = headers.get("content-length", "")
    if not line or not (length.isascii() and length.isdigit() and len(length) < 16):
        problem = "the header breaks off" if not line else "no Content-Length"
        return Frame(offset, headers, None, region, _stop_detail(tape, problem))
    return _block(tape, Frame(offset, headers, None, region, None), int(length), limit)


def _block(tape: Tape, frame: Frame, length: int, limit: int) -> Frame:
    """The frame with its block."""
    parts: list[bytes] = []
    is_page = frame.headers.get("warc-type", "").lower() in PAGE_TYPES
    is_held = length <= limit and (is_page or length <= MAX_HEADER_BYTES)
    sink: Callable[[bytes], object] = parts.append if is_held else frame.region.add if is_page else len
    taken = tape.take(length, sink)
    if taken < length:
        frame.region.add(b"".join(parts))
        return frame._replace(problem=_stop_detail(tape, f"{taken} bytes of a block of {length}"))
    block = b"".join(parts)
    problem = None
    if not _ends_well(tape):
        problem = f"the block is not {length} bytes long"
        if is_held and (found := _NEXT_RECORD.search(block)):  # the length reaches into the next record
            tape.push_back(block[found.start() :])
            block = block[: found.start()]
    elif isinstance(tape.stop, BrokenDataError):  # whole, but its compressed member contradicts its checksum
        _pass_blank_lines(tape)
        problem = _stop_detail(tape, "the record's compressed member is damaged")
    frame.region.add(block)
    return frame._replace(block=block if is_held else None, problem=problem)


def _ends_well(tape: Tape) -> bool:
    """True when the tape stands at the end of a record: two line endings, or fewer and another record or nothing."""
    ahead = tape.peek(4 + len(RECORD_START))
    if ahead.startswith(b"\r\n\r\n"):
        return True
    stripped = ahead.lstrip(b"\r\n")
    return not stripped or RECORD_START.startswith(stripped[: len(RECORD_START)])


def _stop_detail(tape: Tape, detail: str) -> str:
    """What is wrong, with the damage that the tape stopped at; the damage is told of once."""
    damage = tape.pass_damage()
    return f"{detail}: {damage.detail}" if damage else detail


def _read_frame(frame: Frame, reading: Reading) -> Iterator[RawRecord | Reject]:
    """The page in a record, or why there is none; nothing for records that are no pages."""
    kind = frame.headers.get("warc-type", "").lower()
    url = frame.headers.get("warc-target-uri", "").strip("<>")
    if frame.problem is None:
        if kind not in PAGE_TYPES and kind in KNOWN_TYPES:
            return
        if url.lower().startswith(NO_PAGE_SCHEMES):
            return
    if not reading.is_wanted(frame.region.offset):
        return
    if frame.problem is not None:
        yield reading.skipped(frame.region, "truncated-record", frame.problem)
    elif kind not in PAGE_TYPES:
        yield reading.skipped(frame.region, "unknown-format", f"a WARC record of type {kind[:40]!r}")
    elif "warc-truncated" in frame.headers or "warc-segment-number" in frame.headers:
        cause = frame.headers.get("warc-truncated") or "segmented"
        yield reading.skipped(frame.region, "truncated-record", f"cut by the crawler: {cause[:100]}")
    elif frame.block is None:
        yield reading.skipped(frame.region, "too-large", f"{frame.region.length} bytes")
    else:
        yield _read_page(frame, frame.block, kind, url, reading)


def _read_page(frame: Frame, block: bytes, kind: str, url: str, reading: Reading) -> RawRecord | Reject:
    """The page of a whole record."""
    if kind == "response" and not url.lower().startswith("ftp:"):
        response = parse_response(block)
        if response is None:
            return reading.skipped(frame.region, "bad-http", "the block is no HTTP response")
        if response.status != 200:
            return reading.skipped(frame.region, "http-status", str(response.status))
    else:
        response = Response(200, {"content-type": frame.headers.get("content-type", "")}, block)
    media_type, charset = parse_content_type(response.headers.get("content-type", ""))
    if media_type not in HTML_TYPES | VAGUE_TYPES | {"text/plain"}:
        return reading.skipped(frame.region, "not-html", media_type[:100])
    try:
        content = decode_body(response, reading.options.max_record_bytes)
    except BodyError as error:
        return reading.skipped(frame.region, error.reason, error.detail)
    form = _form(media_type, content)
    if form is None:
        return reading.skipped(frame.region, "not-html", media_type[:100] or "no Content-Type")
    fields = Fields(
        url=url or None,
        fetched=frame.headers.get("warc-date"),
        source=frame.headers.get("newsetl-source"),  # these four: `newsetl fetch` wrote the file
        source_name=frame.headers.get("newsetl-source-name"),
        zone=frame.headers.get("newsetl-timezone"),
        flags=("tls-unverified",) if frame.headers.get("newsetl-tls") == "unverified" else (),
    )
    return RawRecord(reading.region_place(frame.region), form, content=content, charset=charset, fields=fields)


def _form(media_type: str, content: bytes) -> Form | None:
    """``html`` or ``text``; None for other content."""
    if media_type in HTML_TYPES:
        return "html"
    if media_type == "text/plain":
        return "text"
    found = sniff_format(content[:SAMPLE_BYTES], "", complete=len(content) <= SAMPLE_BYTES).format
    return found if found == "html" or found == "text" else None  # noqa: PLR1714  mypy reads only this
