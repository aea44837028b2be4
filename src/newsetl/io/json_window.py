"""A window on a JSON text that is too long to hold: values are decoded where it stands, then it moves on."""

import codecs
import json
import re
from typing import Any, NamedTuple

from newsetl.io.encodings import decode_text, sniff_encoding
from newsetl.io.streams import CHUNK_BYTES, ByteStream

# A value cut by the window's end fails within this many characters of it ("-Infinity" is the longest word).
CUT_MARGIN = 16
_DECODER = json.JSONDecoder(strict=False)
_SEPARATORS = re.compile("[\\s,\ufeff\x1e]*")
_UNDECODED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, as surrogateescape keeps them


class Failure(NamedTuple):
    """Why no value could be decoded, and how many characters it took to find out."""

    reason: str
    detail: str
    n_chars: int


class JsonWindow:
    """Decoded text from the current position on.

    Decoding is reversible (surrogateescape, surrogatepass), so that the bytes of a value can be told from its text.

    Attributes:
        text: What is decoded; ``text[at:]`` is still ahead.
        at: The current position in `text`.
        offset: The byte offset of that position.
    """

    def __init__(self, stream: ByteStream, limit: int) -> None:
        encoding = sniff_encoding(stream.peek())
        codec = "utf-8" if encoding.unit == 1 else encoding.codec  # windows-1256 is seen to value by value
        self.text = ""
        self.at = 0
        self.offset = encoding.bom_bytes
        self.ended = False
        self.limit = limit
        self._codec = codec
        self._errors = "surrogateescape" if codec == "utf-8" else "surrogatepass"
        self._stream = stream
        self._half = b""
        self._decoder = codecs.getincrementaldecoder(codec)(self._errors)
        stream.skip(encoding.bom_bytes)

    def extend(self) -> bool:
        """Decode more, doubling what is ahead; False at the end. Positions relative to `at` stay true."""
        if self.ended:
            return False
        data = self._stream.read(max(CHUNK_BYTES, len(self.text) - self.at))
        self.ended = not data
        try:
            more = self._decoder.decode(data, final=self.ended)
        except UnicodeDecodeError:  # half a UTF-16 character at the end
            more = "\ufffd"
            self._half = bytes(self._decoder.getstate()[0])
        self.text = self.text[self.at :] + more
        self.at = 0
        return bool(data)

    def skip_separators(self) -> str:
        """Pass over white space and commas; gives the character after them, empty at the end."""
        while True:
            match = _SEPARATORS.match(self.text, self.at)
            self.take((match.end() if match else self.at) - self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.extend() and self.at >= len(self.text):
                return ""

    def take(self, n_chars: int) -> bytes:
        """The bytes of the next `n_chars` characters, passed."""
        raw = self.text[self.at : self.at + n_chars].encode(self._codec, self._errors)
        self.at += n_chars
        if self._half and self.at == len(self.text):
            raw, self._half = raw[:-2] + self._half, b""
        self.offset += len(raw)
        return raw

    def decode(self, ahead: int = 0) -> tuple[Any, int] | Failure:
        """The value that begins `ahead` characters on, and how many characters on it ends."""
        while True:
            start = self.at + ahead
            try:
                value, end = _DECODER.raw_decode(self.text, start)
            except RecursionError:
                return Failure("bad-json", "nested too deeply", len(self.text) - start)
            except ValueError as error:
                position = getattr(error, "pos", start)
                message = getattr(error, "msg", str(error))
                near_end = position > len(self.text) - CUT_MARGIN or message.startswith("Unterminated string")
                if self.ended or not near_end:
                    return Failure("bad-json", message, max(position - start, 1))
            else:
                if end < len(self.text) or self.ended or isinstance(value, dict | list | str):
                    return self._repair(value, start, end), end - self.at
            if len(self.text) - start > self.limit:
                return Failure("too-large", f"more than {self.limit} bytes", len(self.text) - start)
            self.extend()

    def _repair(self, value: Any, start: int, end: int) -> Any:
        """The value decoded again, when it holds bytes that are no UTF-8."""
        if self._codec != "utf-8" or not _UNDECODED.search(self.text, start, end):
            return value
        text = decode_text(self.text[start:end].encode(self._codec, self._errors))
        try:
            return _DECODER.decode(text)
        except ValueError:
            return value
