"""What a file is, by its first bytes; its name only breaks ties.

The order of the questions matters: known binary formats, WARC, other binary data, then JSON, HTML, tables, and
plain text for what is left.
"""

import json
import re
from typing import NamedTuple

from newsetl.io.encodings import decode_text, sniff_encoding
from newsetl.io.fields import read_fields
from newsetl.io.files import Format
from newsetl.io.tables import sniff_table

SAMPLE_BYTES = 1 << 16
# Text has line breaks and tabs only; random bytes have 11 control characters in 100.
MAX_CONTROL_SHARE = 0.02
MIN_TAGS = 5  # in a file that does not begin like HTML and has no name that says so

MAGIC = (
    (b"%PDF-", "not-text: PDF"),
    (b"\x89PNG", "not-text: PNG image"),
    (b"\xff\xd8\xff", "not-text: JPEG image"),
    (b"GIF8", "not-text: GIF image"),
    (b"RIFF", "not-text: RIFF media"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not-text: Office document"),
    (b"{\\rtf", "not-text: RTF document"),
    (b"Rar!\x1a", "unsupported-compression: RAR"),
    (b"7z\xbc\xaf\x27\x1c", "unsupported-compression: 7-Zip"),
    (b"\xfd7zXZ\x00", "unsupported-compression: xz"),
    (b"BZh", "unsupported-compression: bzip2"),
    (b"SQLite format 3\x00", "unknown-format: SQLite database"),
    (b"ARROW1", "unknown-format: Arrow file"),
)
# Plain text too, but never an article.
CODE_ENDINGS = frozenset(
    {
        "py",
        "sh",
        "js",
        "ts",
        "css",
        "scss",
        "toml",
        "yaml",
        "yml",
        "ini",
        "cfg",
        "sql",
        "r",
        "ipynb",
        "xsd",
        "xsl",
        "log",
    }
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x1a\x1e"))
_HTML_HEAD = re.compile(r"\s*(?:<!--[^>]*-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"<(?:p|div|br|a|span|h[1-6]|ul|li|table|tr|td|article|section|header|title|meta|script)(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_JSON_SHAPE = re.compile(r'\s*(?:\[\s*)?\{\s*"[^"\n]{1,200}"\s*:')
_DECODER = json.JSONDecoder(strict=False)


class Verdict(NamedTuple):
    """A format, or why there is none."""

    format: Format | None
    skip_reason: str | None = None


def sniff_format(sample: bytes, name: str, *, complete: bool) -> Verdict:
    """What a file is.

    Args:
        sample: Its first bytes, decompressed; `SAMPLE_BYTES` are plenty.
        name: Its name without the ending of a compression.
        complete: True when the sample is the whole file.

    >>> sniff_format('{"text": "نص"}'.encode(), "a.txt", complete=True).format
    'json'
    """
    if sample.startswith(b"PAR1"):
        return Verdict("parquet")
    for magic, reason in MAGIC:
        if sample.startswith(magic):
            return Verdict(None, reason)
    if re.match(rb"WARC/\d", sample):
        return Verdict("warc")
    encoding = sniff_encoding(sample)
    if encoding.unit == 1 and _is_binary(sample):
        return Verdict(None, "unknown-format: binary data")
    text = decode_text(sample[encoding.bom_bytes :], encoding.codec)
    return _sniff_text(text, name.lower().rpartition(".")[2], complete=complete)


def _is_binary(sample: bytes) -> bool:
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > MAX_CONTROL_SHARE * len(sample)


def _sniff_text(text: str, ending: str, *, complete: bool) -> Verdict:
    if json_format := _sniff_json(text, ending, complete=complete):
        return Verdict(json_format)
    if _is_html(text, ending):
        return Verdict("html")
    if text.lstrip().startswith("<?xml"):
        return Verdict(None, "unknown-format: XML")
    if table := sniff_table(text, ending, complete=complete):
        return Verdict("tsv" if table.delimiter == "\t" else "csv")
    if ending in ("csv", "tsv") and _has_rows(text, ending):
        return Verdict(None, "no-header: the first row names no column that newsetl knows")
    if ending in CODE_ENDINGS:
        return Verdict(None, f"not-text: .{ending} file")
    return Verdict("text")


def _has_rows(text: str, ending: str) -> bool:
    """True when the first lines have the same number of cells: a table that `sniff_table` found no header for."""
    delimiter = "\t" if ending == "tsv" else ","
    counts = {line.count(delimiter) for line in text.splitlines()[:5] if line.strip()}
    return len(counts) == 1 and counts != {0}


def _is_html(text: str, ending: str) -> bool:
    head = text[:4096]
    if _HTML_HEAD.match(head) or (head.lstrip().startswith("<?xml") and "<html" in head.lower()):
        return True
    if ending in ("html", "htm", "xhtml", "shtml"):
        return bool(text.strip())
    tags = len(_HTML_TAG.findall(text[:16_384])) if "<" in head else 0
    return tags >= (1 if text.lstrip().startswith("<") else MIN_TAGS) and not head.lstrip().startswith("<?xml")


def _sniff_json(text: str, ending: str, *, complete: bool) -> Format | None:
    """``jsonl`` or ``json`` for what looks like records, else None."""
    body = text.lstrip()
    if ending in ("jsonl", "ndjson") and not body.startswith("["):
        return "jsonl" if _first_object(body) is not None or _JSON_SHAPE.match(body) else None
    if not body.startswith(("{", "[")):
        return None
    if body.startswith("[") and not _is_json_array(body, ending):
        return None
    lines = [line for line in body.splitlines() if line.strip()]
    if body.startswith("{") and len(lines) > 1 and _is_object(lines[0]):
        return "jsonl"
    if _JSON_SHAPE.match(body) or _is_json_array(body, ending) or (complete and _is_object(body)):
        return "json"
    return "json" if ending == "json" else None


def _is_json_array(body: str, ending: str) -> bool:
    """True for an array of objects (prose may begin with a bracket too), or any array in a .json file."""
    if not body.startswith("["):
        return False
    inner = body[1:65_536].lstrip()
    return (inner.startswith("{") and bool(_JSON_SHAPE.match(body))) or ending in ("json", "jsonl", "ndjson")


def _first_object(text: str) -> dict[str, object] | None:
    """The first line that is a JSON object with something of an article in it (of the first hundred)."""
    for line in text.split("\n", 100)[:100]:
        if line.lstrip().startswith("{") and (found := _parse_object(line)) is not None:
            fields = read_fields(found)
            if fields.text or fields.html or fields.title or fields.url:
                return found
    return None


def _is_object(text: str) -> bool:
    return _parse_object(text) is not None


def _parse_object(text: str) -> dict[str, object] | None:
    try:
        value = _DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
