"""Build the derived files of the sample archive in ``data/raw`` from the readable sources in ``tools/samples``.

    python tools/make_samples.py [DIRECTORY]

Writes below `DIRECTORY` (default: ``data/raw`` of this checkout) every sample that is not plain UTF-8 written by hand:
other encodings, JSON, CSV, archives, Parquet, WARC, a file cut off in the middle and an image. The bytes depend on
the sources alone (fixed times, fixed record ids), so a second run changes nothing.

A source in ``tools/samples/records`` holds records parted by a line ``=====``: header lines ``name: value`` (or
``name:= JSON``), an empty line, then the body, a paragraph a line. Names that begin with "!" are orders to this
script (see `read_source`). ``\\uXXXX`` stands for one invisible character wherever it is written.
"""

import csv
import gzip
import io
import json
import re
import struct
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "samples"
RAW = HERE.parent / "data" / "raw"
ZIP_TIME = (2018, 5, 1, 0, 0, 0)  # any fixed time will do
ESCAPE = re.compile(r"\\u([0-9a-f]{4})")

Record: TypeAlias = dict[str, object]


def read_text(path: Path) -> str:
    """The text of a source with its ``\\uXXXX`` escapes turned into the characters they stand for."""
    return ESCAPE.sub(lambda m: chr(int(m[1], 16)), path.read_text(encoding="utf-8"))


def read_source(name: str, body_key: str) -> list[Record | str]:
    """The records of ``records/NAME.txt`` in order, the body under `body_key`.

    Orders: ``!raw: line`` gives that line itself (a broken record), ``!as: NAME`` spoils title and body with a function
    of `SPOILERS`, ``!body-of: N`` takes the body of the N-th record, ``!lead-space: yes`` puts a space before the body.
    """
    records: list[Record | str] = []
    for chunk in read_text(SOURCES / "records" / f"{name}.txt").rstrip("\n").split("\n=====\n"):
        head, _, body = chunk.partition("\n\n")
        record = dict(_parse_header(line) for line in head.splitlines())
        orders = {key: str(record.pop(key)) for key in list(record) if key.startswith("!")}
        if "!raw" in orders:
            records.append(orders["!raw"])
            continue
        if "!body-of" in orders:
            original = records[int(orders["!body-of"]) - 1]
            body = "" if isinstance(original, str) else str(original[body_key])
        if body:
            record[body_key] = (" " if "!lead-space" in orders else "") + body.strip("\n")
        for key in ("title", body_key) if "!as" in orders else ():
            record[key] = SPOILERS[orders["!as"]](str(record[key]))
        records.append(record)
    return records


def _parse_header(line: str) -> tuple[str, object]:
    key, _, value = line.partition(":")
    return (key, json.loads(value[1:])) if value.startswith("=") else (key, value.strip())


def spoil_as_mojibake(text: str) -> str:
    """The text as it looks when its UTF-8 bytes are read as windows-1256.

    >>> spoil_as_mojibake("نور")
    'ظ†ظˆط±'
    """
    return text.encode().decode("cp1256")


def spoil_as_presentation_forms(text: str) -> str:
    """The text with each Arabic letter replaced by the positional form that a PDF would hold.

    >>> [f"{ord(c):04X}" for c in spoil_as_presentation_forms("بلا")]
    ['FE91', 'FEFC']
    """
    forms = _presentation_forms()
    for letters, form in forms["isolated"].items():
        if len(letters) > 1:  # lam and alef share a glyph
            text = text.replace(letters, form)
    isolated = {form: letters for letters, form in forms["isolated"].items()}
    out = []
    for i, char in enumerate(text):
        letters = isolated.get(char, char)
        after = isolated.get(text[i + 1], text[i + 1]) if i + 1 < len(text) else ""
        before = isolated.get(text[i - 1], text[i - 1]) if i else ""
        joins_back = letters in forms["final"] and before[-1:] in forms["initial"]
        joins_on = letters in forms["initial"] and after[:1] in _joinable(forms)
        shape = ("medial" if joins_on else "final") if joins_back else ("initial" if joins_on else "isolated")
        out.append(forms[shape].get(letters, char))
    return "".join(out)


def _presentation_forms() -> dict[str, dict[str, str]]:
    forms: dict[str, dict[str, str]] = {"isolated": {}, "initial": {}, "medial": {}, "final": {}}
    for code in range(0xFE80, 0xFEFD):  # Arabic presentation forms B without the marks
        shape, *letters = unicodedata.decomposition(chr(code)).split()
        forms[shape.strip("<>")]["".join(chr(int(x, 16)) for x in letters)] = chr(code)
    return forms


def _joinable(forms: dict[str, dict[str, str]]) -> set[str]:
    return {letters[0] for letters in forms["final"]}


SPOILERS: dict[str, Callable[[str], str]] = {
    "mojibake": spoil_as_mojibake,
    "presentation-forms": spoil_as_presentation_forms,
}


def build_jsonl(records: Sequence[Record | str]) -> bytes:
    """A line of JSON for each record; strings stand as they are."""
    lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
    return "".join(line + "\n" for line in lines).encode()


def build_json(records: Sequence[Record | str]) -> bytes:
    return (json.dumps(records, ensure_ascii=False, indent=1) + "\n").encode()


def build_csv(records: Sequence[Record | str]) -> bytes:
    rows = [r for r in records if isinstance(r, dict)]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def build_parquet(records: Sequence[Record | str]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([r for r in records if isinstance(r, dict)]), sink, compression="zstd")
    return sink.getvalue()


def build_zip(name: str, content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        member = zipfile.ZipInfo(name, ZIP_TIME)
        member.compress_type = zipfile.ZIP_DEFLATED
        member.create_system = 3  # Unix, whatever machine runs this
        archive.writestr(member, content)
    return sink.getvalue()


def build_png() -> bytes:
    """An image of one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\x00\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def build_warc() -> bytes:
    """A gzipped WARC: warcinfo, two pages, a page not found and an image."""
    pages = SOURCES / "warc"
    html = "text/html; charset=utf-8"
    not_found = "<html><body><h1>404</h1><p>الصفحة غير موجودة</p></body></html>".encode()
    responses = [
        ("https://ashahed.example/science/necropolis", "200 OK", html, (pages / "dual_month.html").read_bytes()),
        ("https://ashahed.example/img/logo.png", "200 OK", "image/png", build_png()),
        ("https://ashahed.example/science/gone", "404 Not Found", html, not_found),
        ("https://almaydan.example/edu/elections-0921", "200 OK", html, (pages / "statement.html").read_bytes()),
    ]
    sink = io.BytesIO()  # warcio compresses each record by itself and writes no time
    writer = WARCWriter(sink, gzip=True)
    info = {"software": "tools/make_samples.py", "format": "WARC File Format 1.0"}
    writer.write_record(_stamp(writer.create_warcinfo_record("sample.warc.gz", info), 0))
    for number, (url, status, kind, payload) in enumerate(responses, start=1):
        headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
        record = writer.create_warc_record(url, "response", payload=io.BytesIO(payload), http_headers=headers)
        writer.write_record(_stamp(record, number))
    return sink.getvalue()


def _stamp(record: ArcWarcRecord, number: int) -> ArcWarcRecord:
    """The record with an id and a time that depend on its number alone."""
    record.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>")
    record.rec_headers.replace_header("WARC-Date", f"2022-10-07T00:00:0{number}Z")
    return record


def build_samples() -> dict[str, bytes]:
    """The derived files: path below ``data/raw`` and bytes."""
    text, html = SOURCES / "text", SOURCES / "html"
    truncated = gzip.compress(build_jsonl(read_source("truncated", "text")), mtime=0)
    return {
        "text/jeddah_houses_cp1256.txt": read_text(text / "jeddah_houses_cp1256.txt").encode("windows-1256"),
        "text/marsh_levels_utf16.txt": b"\xff\xfe" + read_text(text / "marsh_levels_utf16.txt").encode("utf-16-le"),
        "html/ramtha_table_cp1256.html": read_text(html / "ramtha_table_cp1256.html").encode("windows-1256"),
        "html/nawkhatha_iso8859_6.html": read_text(html / "nawkhatha_iso8859_6.html").encode("iso8859-6"),
        "records/wire.jsonl": build_jsonl(read_source("wire", "text")),
        "records/gulf_2015.json": build_json(read_source("gulf_2015", "content")),
        "records/maghreb.csv": build_csv(read_source("maghreb", "text")),
        "records/gulf.parquet": build_parquet(read_source("gulf_parquet", "text")),
        "archives/egypt.zip": build_zip("egypt.json", build_json(read_source("egypt", "body"))),
        "archives/levant.jsonl.gz": gzip.compress(build_jsonl(read_source("levant", "article_body")), mtime=0),
        "archives/yemen.jsonl.zst": zstandard.compress(build_jsonl(read_source("yemen", "articleBody"))),
        "archives/crawl.warc.gz": build_warc(),
        "broken/truncated.jsonl.gz": truncated[: len(truncated) * 17 // 20],
        "broken/logo.png": build_png(),
    }


def main(arguments: Sequence[str]) -> None:
    root = Path(arguments[0]) if arguments else RAW
    for name, content in build_samples().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            print(f"wrote {path} ({len(content):,} bytes)")


if __name__ == "__main__":
    main(sys.argv[1:])
