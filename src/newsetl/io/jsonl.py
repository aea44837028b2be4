"""JSON Lines: one object a line."""

import json
from collections.abc import Iterator
from typing import Any

from newsetl.io.encodings import decode_text, sniff_encoding
from newsetl.io.lines import Line, split_lines
from newsetl.io.reading import Reading, broken_reason
from newsetl.io.streams import ByteStream
from newsetl.records import RawRecord, Reject

# Control characters within strings are no reason to lose an article; the decode stage sees to them.
_DECODER = json.JSONDecoder(strict=False)


def read_jsonl(stream: ByteStream, reading: Reading) -> Iterator[RawRecord | Reject]:
    """A record for each line that is not blank; bad lines are rejects and the reading goes on."""
    encoding = sniff_encoding(stream.peek())
    for line in split_lines(stream, encoding, reading.options.max_record_bytes):
        if line.raw is not None and not line.raw.strip(b" \t\r\n\v\f\0"):
            continue
        is_wanted = reading.is_wanted(line.offset)
        if is_wanted or (stream.broken and not line.ending):  # the end of a broken stream is told of in one part only
            item = _read_line(line, encoding.codec, stream, reading)
            if is_wanted:
                yield item


def _read_line(line: Line, codec: str, stream: ByteStream, reading: Reading) -> RawRecord | Reject:
    if line.raw is None:
        assert line.region is not None  # noqa: S101  what Line promises
        reason = "too-large", f"a line of {line.region.length} bytes"
        return reading.skipped(line.region, *_reason(line, stream, *reason))
    value, problem = parse_json(decode_text(line.raw, codec))
    if problem:
        return reading.reject(line.offset, line.raw, *_reason(line, stream, "bad-json", problem))
    if not isinstance(value, dict):
        return reading.reject(line.offset, line.raw, "not-an-object", f"a JSON {type(value).__name__}")
    return reading.row(line.offset, line.raw, value)


def _reason(line: Line, stream: ByteStream, reason: str, detail: str) -> tuple[str, str]:
    """Why a line is bad: the stream's own reason for a last line that it breaks off in."""
    return (reason, detail) if line.ending else broken_reason(stream, reason, detail)


def parse_json(text: str) -> tuple[Any, str | None]:
    """The value of a JSON text, or what is wrong with it.

    >>> parse_json('{"a": 1}'), parse_json('{"a": ')
    (({'a': 1}, None), (None, 'Expecting value at character 6'))
    """
    try:
        return _DECODER.decode(text), None
    except json.JSONDecodeError as error:
        return None, f"{error.msg} at character {error.pos}"
    except ValueError as error:  # an int with too many digits
        return None, str(error)
    except RecursionError:
        return None, "nested too deeply"
