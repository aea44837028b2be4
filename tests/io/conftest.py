"""Made-up articles, and files that hold them in every format."""

import csv
import gzip
import io
import json
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsetl.io.inputs import find_inputs
from newsetl.io.readers import ReadOptions, read_records
from newsetl.records import RawRecord, Reject

ARTICLES = [
    {"id": "1", "title": "مرصد جديد", "text": "افتتح المرصد أبوابه.\nوقال مديره: «السماء للجميع»."},
    {"id": "2", "title": "قارب, وميناء", "text": 'عاد القارب "نورس" إلى الميناء، سالما.'},
    {"id": "3", "title": "سوق القمح", "text": "ارتفع سعر القمح؛ فمن يشتري؟"},
]


def as_jsonl(articles=ARTICLES, encoding="utf-8"):
    return "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles).encode(encoding)


def as_json(articles=ARTICLES, encoding="utf-8"):
    return json.dumps(articles, ensure_ascii=False, indent=1).encode(encoding)


def as_csv(articles=ARTICLES, delimiter=",", encoding="utf-8"):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["id", "title", "text"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(articles)
    return out.getvalue().encode(encoding)


def as_parquet(articles=ARTICLES):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(articles), out)
    return out.getvalue()


def page(article):
    body = "".join(f"<p>{line}</p>" for line in article["text"].split("\n"))
    return f"<!DOCTYPE html><html><head><title>{article['title']}</title></head><body>{body}</body></html>".encode()


def as_warc(articles=ARTICLES, *, gzipped=False, headers=(("Content-Type", "text/html; charset=utf-8"),), bodies=None):
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gzipped)
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "made up"}))
    for article, body in zip(articles, bodies or [page(article) for article in articles], strict=True):
        http = StatusAndHeaders("200 OK", list(headers), protocol="HTTP/1.1")
        url = f"https://x.example/{article['id']}"
        record = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=http)
        writer.write_record(record)
    return out.getvalue()


def as_zip(members, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def as_tar(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def as_zst(data):
    return zstandard.ZstdCompressor().compress(data)


class Files:
    """Writes files into a directory of the test, finds and reads them."""

    articles = ARTICLES
    as_jsonl = staticmethod(as_jsonl)
    as_json = staticmethod(as_json)
    as_csv = staticmethod(as_csv)
    as_parquet = staticmethod(as_parquet)
    as_warc = staticmethod(as_warc)
    as_zip = staticmethod(as_zip)
    as_tar = staticmethod(as_tar)
    as_zst = staticmethod(as_zst)
    as_gz = staticmethod(gzip.compress)
    page = staticmethod(page)

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def find(self, name, data):
        return find_inputs([str(self.write(name, data))])

    def read(self, name, data, **options):
        return [item for file in self.find(name, data) for item in read_records(file, ReadOptions(**options))]

    @staticmethod
    def good(items):
        return [item for item in items if isinstance(item, RawRecord)]

    @staticmethod
    def bad(items):
        return [(item.reason, item.place.offset) for item in items if isinstance(item, Reject)]


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


@pytest.fixture(scope="session")
def session_files(tmp_path_factory):
    """For hypothesis, which runs one test many times."""
    return Files(tmp_path_factory.mktemp("fuzz"))
