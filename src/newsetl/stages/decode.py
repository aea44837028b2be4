"""Bytes to text: find the encoding by evidence, whatever a header, a meta tag or an XML declaration says.

The order: byte order marks; UTF-16 without one (half of the bytes hardly vary); strict UTF-8, which text in another
encoding does not pass by chance; then the single-byte code pages, told apart by which letters they give. A declaration
breaks ties only.
"""

import codecs
import re
from typing import Final

from bs4.dammit import EncodingDetector

from newsetl.records import Page, RawRecord, Reject

HEAD_BYTES: Final = 4096  # where HTML and XML must declare their encoding (HTML asks for 1024; old pages put it later)
SAMPLE_BYTES: Final = 60_000  # enough letters to judge a code page; navigation in ASCII fills the start of a page
ODD_SAMPLE: Final = 20_000  # characters in which controls are counted
MIN_SAMPLE_BYTES: Final = 100  # of text between tags, to judge by it alone
MAX_ODD_SHARE: Final = 0.1  # controls and replacement characters above this share: an image or an archive, not text
MAX_BROKEN_SHARE: Final = 0.02  # broken bytes in otherwise valid UTF-8 (cut characters); more means another encoding

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Code pages in which Arabic, Persian and Latin news was published. Order: likeliest first, for ties.
_CODE_PAGES: Final = ("cp1256", "iso8859-6", "cp1252", "mac-arabic", "cp720", "cp864")
_ARABIC_WORD = re.compile("[\u0621-\u063a\u0641-\u064a\u067e\u0686\u0698\u06a9\u06af\u06cc]{2,}")
_COMMON = re.compile(r"\b(?:من|في|على|إلى|الى|أن|ان|عن|التي|الذي|هذا|هذه|مع|كان|قال|و?ال\w{2,12}|که|از|است)\b")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]*[\u00c0-\u024f][A-Za-z\u00c0-\u024f]*")
_TAG_EDGE = re.compile(rb"[<>]")
# Tags with their attributes, and references, which stand for the letters that an encoding lacks.
_MARKUP = re.compile(rb"<[^<>]{1,3000}>|&#?[0-9A-Za-z]{1,10};")
_ASCII_LETTER = re.compile("[A-Za-z]")
_ODD = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f\ufffd]")
_PLAIN = re.compile("[^\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f\ufffd]*")  # a text without any, in half the time
_BLANK = re.compile("[\ufeff \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")


def decode(record: RawRecord) -> Page | Reject:
    """The record's text as a string.

    Returns:
        A `Page` whose `encoding` names the codec that read it ("str" when the container had decoded it), whose `fixes`
        name what was repaired (misdeclared-charset, broken-bytes, nul-characters, split-surrogates, lone-surrogates);
        or a `Reject`: "no-text" for nothing but white space, "not-text" for bytes that no text gives.
    """
    if record.content is None:
        return _decode_fields(record)
    if not record.content.strip(b" \t\r\n\x00"):
        return _reject(record, "no-text", "only white space")
    text, encoding = _read_bytes(record.content, record.charset)
    if encoding is None:
        return _reject(record, "not-text", "no encoding gives a text")
    fixes = ("misdeclared-charset",) if _is_misdeclared(record, encoding) else ()
    if "\ufffd" in text and encoding.startswith("utf") and "\ufffd".encode() not in record.content:
        fixes = (*fixes, "broken-bytes")
    return _finish(record, text, record.form, encoding, fixes)


def _decode_fields(record: RawRecord) -> Page | Reject:
    fields = record.fields
    if fields.text and fields.text.strip():
        return _finish(record, fields.text, "text", "str", ())
    if fields.html and fields.html.strip():
        return _finish(record, fields.html, "html", "str", ())
    return _reject(record, "no-text", "neither text nor html has content")


def _finish(record: RawRecord, text: str, form: str, encoding: str, fixes: tuple[str, ...]) -> Page | Reject:
    # no codec gives surrogates: only strings of a container can hold them
    text, repaired = repair_code_points(text) if encoding == "str" or _has_nul(record, text, encoding) else (text, ())
    if _BLANK.fullmatch(text):
        return _reject(record, "no-text", "only white space")
    sample = text[:ODD_SAMPLE]
    if encoding != "str" and not _PLAIN.fullmatch(sample) and len(_ODD.findall(sample)) > MAX_ODD_SHARE * len(sample):
        return _reject(record, "not-text", "controls and unreadable characters")
    return Page(record, text, "html" if form == "html" else "text", encoding, (*fixes, *repaired))


def _has_nul(record: RawRecord, text: str, encoding: str) -> bool:
    """Is there a NUL in the text that the record's bytes gave? UTF-8 without one gives none, and is soon searched."""
    return (encoding != "utf-8" or b"\x00" in (record.content or b"")) and "\x00" in text


def _reject(record: RawRecord, reason: str, detail: str) -> Reject:
    return Reject(record.place, "decode", reason, detail, record.fields.external_id)


def repair_code_points(text: str) -> tuple[str, tuple[str, ...]]:
    r"""A text that can be written as UTF-8, and the names of the repairs.

    Surrogate pairs become their character, lone ones U+FFFD; NULs are removed.

    >>> repair_code_points("خ\x00بر \ud83d\ude00 \udc00")
    ('خبر 😀 �', ('nul-characters', 'lone-surrogates'))
    """
    fixes = []
    if "\x00" in text:
        text = text.replace("\x00", "")
        fixes.append("nul-characters")
    if _SURROGATE.search(text):
        text = _SURROGATE_PAIR.sub(lambda m: m[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
        lone = _SURROGATE.sub("\ufffd", text)
        fixes.append("lone-surrogates" if lone != text else "split-surrogates")
        text = lone
    return text, tuple(fixes)


def find_declared_charset(content: bytes) -> str | None:
    """The encoding that an HTML meta tag or an XML declaration names, as Python calls it; None without a known one.

    >>> find_declared_charset(b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1256">')
    'cp1256'
    """
    head = content[:HEAD_BYTES]  # a bound for the detector's search, too
    return _codec_name(EncodingDetector.find_declared_encoding(head, is_html=True, search_entire_document=True))


def _codec_name(label: str | None) -> str | None:
    """Python's name of an encoding label; None for an unknown one or a codec that is not between bytes and text."""
    try:
        info = codecs.lookup((label or "").strip().strip("\"'"))
        "".encode(info.name)  # base64, rot13 and zlib are codecs too, but not of this kind
    except (LookupError, UnicodeError, ValueError, TypeError):
        return None
    return {"iso8859-1": "cp1252", "ascii": None, "undefined": None}.get(info.name, info.name)


def _is_misdeclared(record: RawRecord, encoding: str) -> bool:
    content = record.content or b""
    declared = _codec_name(record.charset) or find_declared_charset(content)
    if declared is None or content.isascii():
        return False
    return declared.replace("-sig", "")[:6] != encoding.replace("-sig", "")[:6]


def _read_bytes(content: bytes, charset: str | None) -> tuple[str, str | None]:
    """The text and the codec that gave it; the codec is None when the bytes are no text."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return content.decode(name, "replace"), name
    wide = _find_utf16(content)
    if wide is not None:
        return content.decode(wide, "replace"), wide
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if _is_broken_utf8(content):
        return content.decode("utf-8", "replace"), "utf-8"
    declared = [c for c in (_codec_name(charset), find_declared_charset(content)) if c]
    page = _best_code_page(content, declared)
    return (content.decode(page, "replace"), page) if page else ("", None)


def _find_utf16(content: bytes) -> str | None:
    """utf-16-le or utf-16-be for UTF-16 without a mark: one byte of each pair hardly ever varies in Arabic text."""
    sample = content[: SAMPLE_BYTES // 2 * 2]
    if len(sample) < 4 or (b"\x00" not in sample and b"\x06" not in sample):
        return None
    half = len(sample) // 2
    for name, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        plain = high.count(b"\x00") + high.count(b"\x06")
        if plain > 0.85 * half and (high.count(b"\x00") > 0.05 * half or high.count(b"\x06") > 0.6 * half):
            return name
    return None


def _is_broken_utf8(content: bytes) -> bool:
    """Is it UTF-8 with a few bytes cut or damaged? Then most high bytes still form valid characters."""
    sample = content[:SAMPLE_BYTES]
    read = sample.decode("utf-8", "replace")
    high = len(_ARABIC_OR_WIDE.findall(read))
    broken = read.count("\ufffd")
    return high > 0 and broken <= max(3, MAX_BROKEN_SHARE * len(read)) and broken < high / 4


_ARABIC_OR_WIDE = re.compile("[\u0080-\ufffc]")


def _best_code_page(content: bytes, declared: list[str]) -> str | None:
    """The code page whose reading looks most like words; a declared one wins when it is nearly as good."""
    sample = _dense_sample(content)
    candidates = dict.fromkeys([*_CODE_PAGES, *declared])
    scores = {name: _score_reading(sample, name) + (0.05 if name in declared else 0.0) for name in candidates}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0.2 else None


def _dense_sample(content: bytes) -> bytes:
    """The stretches between tags that hold high bytes: the start of an HTML page may hold kilobytes of pure ASCII."""
    plain = b" ".join(part for part in _MARKUP.sub(b"<", content).split(b"<") if not part.isascii())
    if len(plain) < MIN_SAMPLE_BYTES:  # broken markup, or all letters in attributes
        plain = b" ".join(part for part in _TAG_EDGE.split(content) if not part.isascii())
    return plain[:SAMPLE_BYTES]


def _score_reading(sample: bytes, name: str) -> float:
    """How far the reading of the high bytes looks like language: 0 to about 1.2."""
    try:
        text = sample.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        return 0.0
    size = sum(not c.isspace() for c in text) or 1
    arabic = sum(map(len, _ARABIC_WORD.findall(text)))
    common = sum(map(len, _COMMON.findall(text)))
    # in a language of Latin letters most letters are plain ones; Arabic read as windows-1252 has hardly any
    plain = len(_ASCII_LETTER.findall(text))
    latin = sum(map(len, _LATIN_WORD.findall(text))) + plain if plain > 0.5 * size else 0
    odd = len(_ODD.findall(text))
    return max(0.55 * arabic + 0.65 * common, 0.8 * latin) / size - 2.0 * odd / size
