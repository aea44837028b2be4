"""WARC: what is a page, payload codings, offsets, and damage; beside warcio as a second opinion."""

import gzip
import io
import zlib

import pytest
import zstandard
from warcio.archiveiterator import ArchiveIterator

HTML = b"<html><body><p>one</p></body></html>"


def record(kind="response", block=b"", length=None, **headers):
    names = {"WARC-Type": kind, "WARC-Date": "2021-03-05T10:00:00Z", "WARC-Target-URI": "https://x.example/1"}
    names |= {name.replace("_", "-"): value for name, value in headers.items()}
    names["Content-Length"] = str(len(block) if length is None else length)
    head = "".join(f"{name}: {value}\r\n" for name, value in names.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def http(body=HTML, status="200 OK", content_type="text/html", **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    typed = f"Content-Type: {content_type}\r\n" if content_type is not None else ""
    return f"HTTP/1.1 {status}\r\n{typed}{lines}\r\n".encode() + body


def outcomes(items):
    return [getattr(item, "reason", None) or item.form for item in items]


def chunked(body, size=7):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_page_has_its_address_date_and_charset(files):
    [item] = files.read("a.warc", record(block=http(content_type="text/html; charset=windows-1256")))
    assert (item.form, item.content, item.charset) == ("html", HTML, "windows-1256")
    assert (item.fields.url, item.fields.fetched, item.fields.date) == (
        "https://x.example/1",
        "2021-03-05T10:00:00Z",
        None,
    )


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (record("warcinfo", b"software: x"), []),
        (record("request", b"GET / HTTP/1.1\r\n\r\n"), []),
        (record("metadata", b"fetchTimeMs: 3"), []),
        (record("revisit", http(b"")), []),
        (record("response", b"x.example. 60 IN A 1.2.3.4", WARC_Target_URI="dns:x.example"), []),
        (record(block=http()), ["html"]),
        (record(block=http(content_type="application/xhtml+xml")), ["html"]),
        (record(block=http(b"text", content_type="text/plain")), ["text"]),
        (record(block=http(content_type=None)), ["html"]),
        (record(block=http(b"\x89PNG\r\n\x1a\n", content_type=None)), ["not-html"]),
        (record(block=http(b"\x89PNG\r\n\x1a\n", content_type="image/png")), ["not-html"]),
        (record(block=http(b"a{}", content_type="text/css")), ["not-html"]),
        (record(block=http(status="404 Not Found")), ["http-status"]),
        (record(block=http(status="301 Moved")), ["http-status"]),
        (record(block=b"nothing of HTTP"), ["bad-http"]),
        (record("resource", HTML, Content_Type="text/html"), ["html"]),
        (record("resource", b"GIF89a", Content_Type="image/gif"), ["not-html"]),
        (record("conversion", "متن".encode(), Content_Type="text/plain"), ["text"]),
        (record("strange", b"x"), ["unknown-format"]),
        (record(block=http(), WARC_Truncated="length"), ["truncated-record"]),
    ],
)
def test_kinds_of_records(files, data, outcome):
    page = record(block=http())
    assert outcomes(files.read("a.warc", data + page)) == [*outcome, "html"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (HTML, {}),
        (chunked(HTML), {"Transfer_Encoding": "chunked"}),
        (gzip.compress(HTML, mtime=0), {"Content_Encoding": "gzip"}),
        (gzip.compress(HTML[:40], mtime=0) + gzip.compress(HTML[40:], mtime=0), {"Content_Encoding": "gzip"}),
        (gzip.compress(HTML, mtime=0) + b"\0\0\0", {"Content_Encoding": "gzip"}),
        (chunked(gzip.compress(HTML, mtime=0)), {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}),
        (zlib.compress(HTML), {"Content_Encoding": "deflate"}),
        (zlib.compress(HTML)[2:-4], {"Content_Encoding": "deflate"}),
        (zstandard.ZstdCompressor().compress(HTML), {"Content_Encoding": "zstd"}),
        (HTML, {"Content_Encoding": "gzip"}),
        (HTML, {"Content_Encoding": "br", "Content_Length": "7"}),
        (HTML, {"Transfer_Encoding": "chunked"}),
        (HTML, {"Content_Length": str(len(HTML))}),
    ],
)
def test_payloads_are_decoded_and_stored_decoded_ones_are_taken(files, body, headers):
    [item] = files.read("a.warc", record(block=http(body, **headers)))
    assert item.content == HTML


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (HTML, {"Content_Length": "1000"}, "truncated-record"),
        (chunked(HTML)[:-5], {"Transfer_Encoding": "chunked"}, "truncated-record"),
        (chunked(HTML)[:20], {"Transfer_Encoding": "chunked"}, "truncated-record"),
        (gzip.compress(HTML, mtime=0)[:-9], {"Content_Encoding": "gzip"}, "truncated-record"),
        (gzip.compress(HTML, mtime=0)[:15] + b"zzzz", {"Content_Encoding": "gzip"}, "truncated-record"),
        (b"\x1b\x00\x00\xa4", {"Content_Encoding": "br"}, "unsupported-encoding"),
        (gzip.compress(bytes(50_000_000)), {"Content_Encoding": "gzip"}, "too-large"),
        (zlib.compress(bytes(50_000_000)), {"Content_Encoding": "deflate"}, "too-large"),
        (zstandard.ZstdCompressor().compress(bytes(50_000_000)), {"Content_Encoding": "zstd"}, "too-large"),
    ],
)
def test_payloads_that_cannot_be_had_whole_are_rejects(files, body, headers, reason):
    data = record(block=http(body, **headers)) + record(block=http())
    assert outcomes(files.read("a.warc", data)) == [reason, "html"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("wrong", [-10, 30, 400, 100_000])
def test_a_wrong_length_costs_one_record(files, packed, wrong):
    records = [record(block=http()) for _ in range(4)]
    block = http()
    records[1] = record(block=block, length=len(block) + wrong)
    data = b"".join(map(gzip.compress, records)) if packed else b"".join(records)
    found = outcomes(files.read("a.warc", data))
    if wrong == 100_000 and not packed:
        assert found[:2] == ["html", "truncated-record"]  # nothing tells where the block ends
    else:
        assert found.count("html") == 3
        assert set(found) == {"html", "truncated-record"}


def test_offsets_are_those_of_the_gzip_members(files):
    data = files.as_warc(gzipped=True)
    items = files.read("a.warc.gz", data)
    for item in items:
        raw = zlib.decompressobj(31).decompress(data[item.place.offset :])
        assert raw.startswith(b"WARC/1.0\r\nWARC-Type: response")
        assert len(raw) == item.place.length + 4  # the two line endings behind the record


@pytest.mark.parametrize("gzipped", [False, True])
def test_pages_and_offsets_are_those_that_warcio_sees(files, gzipped):
    data = files.as_warc([{"id": str(n), "title": "ع", "text": "متن " * n} for n in range(40)], gzipped=gzipped)
    expected = []
    iterator = ArchiveIterator(io.BytesIO(data))
    for item in iterator:
        if item.rec_type == "response":
            offset = iterator.offset  # of this record, as long as it is not read to its end
            expected.append((offset, item.rec_headers.get_header("WARC-Target-URI"), item.content_stream().read()))
    found = [(item.place.offset, item.fields.url, item.content) for item in files.read("a.warc", data)]
    assert found == expected


def test_a_single_gzip_stream_of_many_records_is_read(files):
    items = files.read("a.warc.gz", gzip.compress(files.as_warc()))
    assert len(items) == 3
    assert {item.place.offset for item in items} == {0}


def test_a_cut_file_keeps_its_records_and_tells_of_the_cut(files):
    for data in (files.as_warc(), files.as_warc(gzipped=True)):
        items = files.read("a.warc", data[:-60])
        assert outcomes(items) == ["html", "html", "truncated-record"]


def test_a_damaged_member_costs_its_own_record(files):
    data = bytearray(files.as_warc(gzipped=True))
    first = data.index(b"\x1f\x8b\x08", 10)
    second = data.index(b"\x1f\x8b\x08", first + 10)
    for at in (first, first + 1, first + 60, second - 5):
        damaged = bytearray(data)
        damaged[at] ^= 0xFF
        found = outcomes(files.read("a.warc.gz", bytes(damaged)))
        assert found.count("html") == 2, (at, found)
        assert "truncated-record" in found or "truncated-file" in found


def test_members_cut_short_and_followed_by_others_cost_one_record(files):
    records = [gzip.compress(record(block=http(HTML * 100, X=str(n)))) for n in range(5)]
    data = records[0] + records[1][:-40] + b"".join(records[2:])
    found = outcomes(files.read("a.warc.gz", data))
    assert found.count("html") == 4
    assert len(found) == 5


def test_records_too_large_are_rejects(files):
    data = record(block=http(HTML * 1000)) + record(block=http())
    items = files.read("a.warc", data, max_record_bytes=4000)
    assert outcomes(items) == ["too-large", "html"]
    assert items[0].place.length == len(record(block=http(HTML * 1000))) - 4


def test_junk_between_records_is_told_of(files):
    data = record(block=http()) + b"junk\r\nmore junk\r\n" + record(block=http())
    items = files.read("a.warc", data)
    assert outcomes(items) == ["html", "truncated-record", "html"]


def test_a_record_of_newsetl_fetch_names_its_outlet(files):
    outlet = {"Newsetl_Source": "nasim", "Newsetl_Source_Name": "النسيم", "Newsetl_Timezone": "Asia/Beirut"}
    [item] = files.read("a.warc", record(block=http(), **outlet))
    assert (item.fields.source, item.fields.source_name, item.fields.zone) == ("nasim", "النسيم", "Asia/Beirut")


def test_what_a_site_sends_names_no_outlet(files):
    [item] = files.read("a.warc", record(block=http(Newsetl_Source="nasim", Newsetl_Timezone="Asia/Beirut")))
    assert (item.fields.source, item.fields.source_name, item.fields.zone) == (None, None, None)
