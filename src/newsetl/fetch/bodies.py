"""Heads and bodies of responses: as they came, and decoded within the limits."""

import http.client
import re
from collections.abc import Iterator

import requests

from newsetl.fetch.exchange import Exchange
from newsetl.fetch.source import Limits
from newsetl.io.http_message import BodyError, Response, decode_body

# Bodies that expand to less than this are no bombs, whatever their ratio.
SMALL_BYTES = 1024**2
PIECE_BYTES = 1 << 16
LONGEST_DETAIL = 200
_REASONS = {"truncated-record": "bad-encoding"}
# The bytes of a header are letters of Latin-1 here. Not str.split: to it the byte 85 of «م» is a space.
_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t]*")


def head_bytes(response: requests.Response) -> bytes:
    """Status line and headers as received, one a line; for a body that has no chunks any more."""
    version = "1.0" if response.raw.version == 10 else "1.1"
    lines = [f"HTTP/{version} {response.status_code} {_one_line(response.reason or '')}".rstrip(" ")]
    for name, value in response.raw.headers.iteritems():
        shown = f"X-Archive-Orig-{name}" if name.lower() == "transfer-encoding" else name
        lines.append(f"{shown}: {_one_line(value)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def joined_headers(response: requests.Response) -> dict[str, str]:
    """The headers by name in lower case; values of one name are joined by ", "."""
    return {name.lower(): _one_line(value) for name, value in response.raw.headers.itermerged()}


def _one_line(value: str) -> str:
    return _BREAKS.sub(" ", value).strip(" \t")


def read_pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as received, without chunks.

    Raises:
        http.client.HTTPException: It has a transfer coding that nobody asked for.
    """
    coding = response.raw.headers.get("transfer-encoding", "chunked").strip().lower()
    if coding not in {"chunked", "identity"}:
        raise http.client.UnknownTransferEncoding(coding[:100])
    while piece := response.raw.read(PIECE_BYTES, decode_content=False):
        yield piece


def is_without_end(exchange: Exchange, n_bytes: int) -> bool:
    """True for an empty body of which no header tells the length: headers that were cut look like this."""
    ends = exchange.headers.keys() & {"content-length", "transfer-encoding"}
    return not n_bytes and not ends and exchange.status == http.HTTPStatus.OK


def decode_exchange(exchange: Exchange, limits: Limits) -> bytes:
    """The body without compression.

    Raises:
        BodyError: ``bad-encoding``, ``too-large``, ``bomb`` or ``unsupported-encoding``.
    """
    most = limits.max_bytes
    allowed = min(most, max(SMALL_BYTES, int(limits.max_ratio * len(exchange.body))))
    headers = {name: value for name, value in exchange.headers.items() if name != "transfer-encoding"}
    try:
        return decode_body(Response(exchange.status, headers, exchange.body), allowed)
    except BodyError as error:
        if error.reason == "too-large" and allowed < most:
            raise BodyError("bomb", f"{len(exchange.body)} bytes that expand beyond {allowed}") from error
        raise BodyError(_REASONS.get(error.reason, error.reason), error.detail) from error


def printable(detail: str) -> str:
    r"""A detail for people, in one line. What a server says may move the cursor or turn the text around.

    >>> printable("BadStatusLine: \x1b[31m\u202e")
    'BadStatusLine: \\x1b[31m\\u202e'
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in detail[:LONGEST_DETAIL])
