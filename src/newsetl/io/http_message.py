"""HTTP responses as WARC files keep them: status, headers, and the body without its transfer codings."""

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from newsetl.io.encodings import decode_text
from newsetl.io.streams import CHUNK_BYTES, GZIP_MAGIC, BrokenDataError, Input, zstd_pieces

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)


class BodyError(Exception):
    """A body that cannot be had whole. `reason` is that of the Reject."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Response(NamedTuple):
    """A parsed response; the names of `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def parse_response(block: bytes) -> Response | None:
    r"""The response in a block of bytes, None when it is none.

    >>> parse_response(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>")
    Response(status=200, headers={'content-type': 'text/html'}, body=b'<p>')
    """
    status = _STATUS.match(block)
    if status is None:
        return None
    end = _HEAD_END.search(block)
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    return Response(int(status[1]), parse_headers(head.splitlines()[1:]), body)


def parse_headers(lines: list[bytes]) -> dict[str, str]:
    """Header lines as a dict, of headers that stand twice the first; continued lines joined."""
    headers: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith((b" ", b"\t")) and name:
            headers[name] = f"{headers[name]} {decode_text(line.strip())}"
            continue
        key, colon, value = line.partition(b":")
        name = decode_text(key.strip()).lower() if colon else ""
        if name:
            headers.setdefault(name, decode_text(value.strip()))
    return headers


def parse_content_type(value: str) -> tuple[str, str | None]:
    """Media type and charset of a Content-Type.

    >>> parse_content_type('Text/HTML; Charset="windows-1256"')
    ('text/html', 'windows-1256')
    """
    charset = _CHARSET.search(value)
    return value.partition(";")[0].strip().lower(), charset[1] if charset else None


def decode_body(response: Response, limit: int) -> bytes:
    """The body without chunks and compression. Bodies that crawlers stored decoded already are taken as they are.

    Raises:
        BodyError: ``truncated-record``, ``too-large`` (above `limit` bytes) or ``unsupported-encoding``.
    """
    headers, body = response.headers, response.body
    declared = headers.get("content-length", "")
    if "chunked" in headers.get("transfer-encoding", "").lower() and _CHUNK_SIZE.match(body):
        body = _join_chunks(body)
    elif declared.isascii() and declared.isdigit() and len(declared) < 16:
        encoded = _is_encoded(headers, body)
        if int(declared) > len(body) and (encoded or not headers.get("content-encoding")):
            raise BodyError("truncated-record", f"{len(body)} bytes of a body of {declared}")
    if _is_encoded(headers, body):
        body = _decompress(body, headers["content-encoding"].strip().lower(), limit)
    if len(body) > limit:
        raise BodyError("too-large", f"a body of {len(body)} bytes, more than {limit}")
    return body


def _is_encoded(headers: dict[str, str], body: bytes) -> bool:
    """True when a body is compressed as its headers say; False when it was stored decoded."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity", "none") or not body:
        return False
    if coding in ("gzip", "x-gzip"):
        return body.startswith(b"\x1f\x8b")
    return not body.lstrip().startswith(b"<")


def _join_chunks(body: bytes) -> bytes:
    """The bytes of a chunked body."""
    parts: list[bytes] = []
    at = 0
    while True:
        size = _CHUNK_SIZE.match(body, at)
        if size is None:
            raise BodyError("truncated-record", "the chunked body ends without its last chunk")
        n_bytes = int(size[1], 16)
        if n_bytes == 0:
            return b"".join(parts)
        part = body[size.end() : size.end() + n_bytes]
        if len(part) < n_bytes:
            raise BodyError("truncated-record", f"{len(part)} bytes of a chunk of {n_bytes}")
        parts.append(part)
        at = size.end() + n_bytes
        at += 2 if body.startswith(b"\r\n", at) else 1 if body.startswith(b"\n", at) else 0


def _decompress(body: bytes, coding: str, limit: int) -> bytes:
    """A compressed body as it was, up to `limit` bytes."""
    if coding in ("gzip", "x-gzip"):
        steps = _inflate(body, 16 + zlib.MAX_WBITS)
    elif coding == "deflate":  # with the zlib header as the standard says, or without as some servers send it
        is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
        steps = _inflate(body, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
    elif coding == "zstd":
        steps = (piece.data for piece in zstd_pieces(Input(iter((body,)))))
    else:
        raise BodyError("unsupported-encoding", coding[:100])
    parts, n_bytes = [], 0
    try:
        for part in steps:
            n_bytes += len(part)
            if n_bytes > limit:
                raise BodyError("too-large", f"a body that expands beyond {limit} bytes")
            parts.append(part)
    except (zlib.error, BrokenDataError) as error:
        raise BodyError("truncated-record", f"damaged {coding} body: {error}") from error
    return b"".join(parts)


def _inflate(body: bytes, window_bits: int) -> Iterator[bytes]:
    """The pieces of a body; gzip may come in several members (RFC 1952). What follows the last one is ignored."""
    data = body
    while True:
        inflater = zlib.decompressobj(window_bits)
        while not inflater.eof:
            part = inflater.decompress(data, CHUNK_BYTES)
            if not part and not inflater.unconsumed_tail and not inflater.eof:
                raise BodyError("truncated-record", "the compressed body ends early")
            data = inflater.unconsumed_tail
            yield part
        data = inflater.unused_data
        if window_bits <= zlib.MAX_WBITS or not data.startswith(GZIP_MAGIC):
            return
