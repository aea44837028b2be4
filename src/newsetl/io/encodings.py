"""The encoding of text files of records (JSON, CSV): a guess for framing, made from the first bytes.

Only framing needs it; articles that are files of their own stay undecoded for the decode stage.
"""

import codecs
import re
from typing import NamedTuple

# A text with fewer broken sequences than one in four letters beyond ASCII is damaged UTF-8, not windows-1256:
# windows-1256 letters read as UTF-8 are broken nearly every time.
MAX_BROKEN_SHARE = 0.25
# Of UTF-16 Arabic nearly every high byte is 00 (ASCII, spaces) or 06 (Arabic block).
UTF16_HIGH_BYTES = b"\x00\x06"
MIN_UTF16_SHARE = 0.8
MIN_UTF16_BYTES = 16

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NON_ASCII = re.compile(r"[^\x00-\x7f]")


class Encoding(NamedTuple):
    """A codec, and how many bytes of byte order mark stand before the text."""

    codec: str
    bom_bytes: int

    @property
    def newline(self) -> bytes:
        return "\n".encode(self.codec)

    @property
    def unit(self) -> int:
        """Bytes of the smallest character."""
        return 2 if self.codec.startswith("utf-16") else 1


def sniff_encoding(sample: bytes) -> Encoding:
    """The encoding of the text that begins with `sample`: UTF-8, UTF-16 or windows-1256.

    >>> sniff_encoding("النص".encode("cp1256"))
    Encoding(codec='cp1256', bom_bytes=0)
    """
    for bom, codec in _BOMS:
        if sample.startswith(bom):
            return Encoding(codec, len(bom))
    if utf16 := _unmarked_utf16(sample):
        return Encoding(utf16, 0)
    return Encoding("utf-8" if _is_mostly_utf8(sample) else "cp1256", 0)


def decode_text(raw: bytes, codec: str = "utf-8") -> str:
    """Bytes as a string, never failing: UTF-8 (damaged too), else windows-1256; or UTF-16 when `codec` says so.

    >>> decode_text("خبر".encode("cp1256")), decode_text("خبر طويل".encode() + bytes([255]))
    ('خبر', 'خبر طويل\\ufffd')
    """
    if codec.startswith("utf-16"):
        return raw.decode(codec, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace") if _is_mostly_utf8(raw) else raw.decode("cp1256")


def _is_mostly_utf8(raw: bytes) -> bool:
    """True for UTF-8 that may be cut at its end or damaged here and there."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(raw, final=False)
    broken = text.count("\ufffd")
    return not broken or broken <= MAX_BROKEN_SHARE * len(_NON_ASCII.findall(text))


def _unmarked_utf16(sample: bytes) -> str | None:
    """The UTF-16 codec of a sample without byte order mark, or None."""
    if len(sample) < MIN_UTF16_BYTES:
        return None
    for codec, first, other in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        high, low = sample[first::2], sample[other::2]
        hits = sum(high.count(byte) for byte in UTF16_HIGH_BYTES)
        if hits >= MIN_UTF16_SHARE * len(high) and low.count(0) < (1 - MIN_UTF16_SHARE) * len(low):
            return codec
    return None
