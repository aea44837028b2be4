"""Inputs on a real S3 endpoint: read as the same files on a disk are, and never silently less."""

import gzip
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from newsetl.cli import main
from newsetl.errors import InputError
from newsetl.io.files import InputFile
from newsetl.io.inputs import find_inputs
from newsetl.io.openings import get_ready
from newsetl.io.paths import store_path
from newsetl.io.raw import RawFiles
from newsetl.io.readers import read_records
from newsetl.records import RawRecord
from newsetl.schema import DATASETS
from tests.object_store import told

SAMPLES = Path(__file__).parents[2] / "data" / "raw"
TEXT = "قالت المهندسة ليلى الحداد إن الجسر رقم {n} سيفتح قريبا.\n\nوأضافت: «العمل يسير كما خطط له»."


def rows(first, count=5):
    return [
        {
            "url": f"https://two.example/{n}",
            "title": "جسر",
            "text": TEXT.format(n=n),
            "date": "2022-03-05",
            "source": "two",
        }
        for n in range(first, first + count)
    ]


def as_jsonl(articles):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in articles).encode()


def as_zip(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def as_tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def as_parquet(articles):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(articles), out)
    return out.getvalue()


def page(n):
    body = "".join(f"<p>{line}</p>" for line in TEXT.format(n=n).split("\n\n"))
    return f"<!DOCTYPE html><html><head><title>جسر</title></head><body><article>{body}</article></body></html>".encode()


def zoo():
    """Name -> bytes: each format, each kind of archive, names that are unusual, files that are damaged."""
    members = {"x/a.jsonl": as_jsonl(rows(100)), "b.jsonl.gz": gzip.compress(as_jsonl(rows(110))), "c.txt": b"text"}
    tar = as_tar(members)
    return {
        "packed/a.zip": as_zip(members),
        "packed/b.tar": tar,
        "packed/c.tar.gz": gzip.compress(tar),
        "packed/d.tar.zst": zstandard.compress(tar),
        "packed/e.jsonl.zst": zstandard.compress(as_jsonl(rows(120))),
        "packed/f.parquet.gz": gzip.compress(as_parquet(rows(130))),
        "packed/g.zip": as_zip({"g.parquet": as_parquet(rows(140))}),
        "pages/p1.html": page(1),
        "pages/p2.html": page(2),
        "pages/urls.tsv": b"p1.html\thttps://two.example/p1\n",
        "odd/a[1]*?.jsonl": as_jsonl(rows(150)),
        "odd/\u062d\u0628\u0631 %20::#!.jsonl": as_jsonl(rows(160)),
        "odd/.hidden.jsonl": as_jsonl(rows(170)),
        "odd/_tmp/a.jsonl": as_jsonl(rows(180)),
        "broken/a.zip": as_zip(members)[:-30],
        "broken/b.tar": tar[:2000],
        "broken/c.jsonl.gz": gzip.compress(as_jsonl(rows(190)))[:-20],
        "broken/d.parquet": as_parquet(rows(200))[:-100],
        "broken/empty.jsonl": b"",
    }


def put(url, data):
    store_path("s3://any").fs.pipe_file(url, data)


@pytest.fixture(scope="module")
def archive(endpoint, tmp_path_factory):
    """The same files in a directory and in a bucket: our samples, and a zoo."""
    import s3fs

    folder, url = tmp_path_factory.mktemp("archive"), "s3://inputs-archive/raw"
    s3fs.S3FileSystem(use_listings_cache=False).mkdir("inputs-archive")
    files = {path.relative_to(SAMPLES).as_posix(): path.read_bytes() for path in SAMPLES.rglob("*") if path.is_file()}
    for name, data in (files | zoo()).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        put(f"{url}/{name}", data)
    put(f"{url}/a-folder-that-a-console-made/", b"")
    return str(folder), url


def all_rows(out, root):
    """The rows of each dataset, what their uris begin with taken away."""
    found = {}
    for dataset in DATASETS:
        frame = pd.read_parquet(f"{out}/{dataset}")
        if "raw_uri" in frame:
            assert frame["raw_uri"].str.startswith(root).all()
            frame["raw_uri"] = frame["raw_uri"].str.removeprefix(root)
        found[dataset] = frame.sort_values([str(name) for name in frame if name != "_"], key=lambda s: s.astype(str))
    return {name: frame.reset_index(drop=True) for name, frame in found.items()}


# --- the same as on a disk ------------------------------------------------------------------------------------------


def test_a_run_over_a_prefix_gives_the_rows_of_a_run_over_a_directory(archive, tmp_path):
    for root, name in zip(archive, ("here", "there"), strict=True):
        assert main(["run", root, "--out", str(tmp_path / name), "--workers", "2"]) == 0
    here, there = (all_rows(tmp_path / name, root) for root, name in zip(archive, ("here", "there"), strict=True))
    assert len(here["articles"]) > 60
    for dataset in DATASETS:
        pd.testing.assert_frame_equal(here[dataset], there[dataset])


def test_each_file_and_each_record_is_what_it_is_on_a_disk(archive):
    folder, url = archive
    here, there = find_inputs([folder]), find_inputs([f"{url}/"])
    plain = [replace(file, path="", stamp="", uri=file.uri.removeprefix(folder)) for file in here]
    assert [replace(file, path="", stamp="", uri=file.uri.removeprefix(url)) for file in there] == plain
    for one, other in zip(here, there, strict=True):
        expected = [replace(item, place=replace(item.place, uri="")) for item in read_records(one)]
        assert [replace(item, place=replace(item.place, uri="")) for item in read_records(other)] == expected
        assert {item.place.uri for item in read_records(other)} <= {other.uri}


def test_the_stamp_is_the_etag_also_of_members(archive):
    found = find_inputs([f"{archive[1]}/packed/a.zip", f"{archive[1]}/records/wire.jsonl"])
    etags = [store_path(file.path).fs.info(file.path)["ETag"].strip('"') for file in found]
    assert [file.stamp for file in found] == etags
    assert len(found) == 4
    assert len(set(etags)) == 2


@pytest.mark.parametrize("pattern", ["**/*.jsonl*", "records/*", "*/wire.jsonl", "pages", "odd/a[1]*?.jsonl", "odd/*"])
def test_globs_name_what_they_name_on_a_disk(archive, pattern):
    here, there = ([file.uri.removeprefix(root) for file in find_inputs([f"{root}/{pattern}"])] for root in archive)
    assert here == there
    assert here


def test_backfills_and_rejects_find_the_objects_again(archive, bucket, tmp_path, capsys):
    """Into a store in a bucket too, as on a cluster without a shared disk."""
    table = f"{bucket}/tables/urls.tsv"
    put(table, b"p2.html\thttps://two.example/p2\n")
    out = f"{bucket}/news"
    assert main(["run", archive[1], "--urls", table, "--out", out, "--workers", "1"]) == 0
    before = pd.read_parquet(f"{out}/articles")
    assert {"https://two.example/p1", "https://two.example/p2"} <= set(before["url"])
    assert main(["backfill", "--out", out, "--workers", "1", "--strict"]) == 0
    assert main(["retry-rejects", "--out", out, "--workers", "1", "--strict"]) == 0
    pd.testing.assert_frame_equal(pd.read_parquet(f"{out}/articles"), before)
    for raw_root in (archive[0], archive[1]):  # raw files that lie elsewhere now
        files = RawFiles(raw_root)
        assert files.find("packed/a.zip!x/a.jsonl").path == f"{raw_root}/packed/a.zip"
        assert files.address("pages/p1.html") == "https://two.example/p1"
    assert RawFiles(f"{archive[1]}/..").find("s3://raw/nowhere") is None


def test_members_of_one_object_are_found_again_by_one_look(archive, monkeypatch):
    from newsetl.io import openings

    asked = []
    monkeypatch.setattr("newsetl.io.raw.is_file", lambda path: asked.append(path) or openings.is_file(path))
    files = RawFiles()
    for member in ("x/a.jsonl", "b.jsonl.gz", "c.txt"):
        assert files.find(f"{archive[1]}/packed/a.zip!{member}").member == member
    assert len(asked) == 2


# --- places that cannot be had --------------------------------------------------------------------------------------


NO_KEY = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": "/nowhere"}


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        ("s3://there-is-no-such-bucket/raw/", {}, "bucket"),
        ("s3://there-is-no-such-bucket", {}, "bucket"),
        ("s3://there-is-no-such-bucket/**/*.gz", {}, "bucket"),
        ("s3://inputs-archive/nowhere", {}, "there is no object or prefix"),
        ("s3://inputs-archive/nowhere/*.gz", {}, "no object matches"),
        ("s3://inputs-archive/raw", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached"),
        ("s3://inputs-archive/raw", NO_KEY, "cannot be reached: Unable to locate credentials"),
        ("https://x.example/a.json", {}, "newsetl fetch"),
    ],
)
def test_what_cannot_be_had_is_one_line(archive, tmp_path, url, environment, expected):
    code, line = told("run", url, "--out", str(tmp_path / "out"), **environment)
    assert code == 2
    assert line.startswith("newsetl: ")
    assert url.rstrip("/") in line
    assert expected in line
    assert "\n" not in line


def test_a_backfill_does_not_take_a_store_out_of_reach_for_lost_files(archive, tmp_path):
    out = str(tmp_path / "out")
    assert main(["run", f"{archive[1]}/records/", "--out", out, "--workers", "1"]) == 0
    code, line = told("backfill", "--out", out, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert code == 2
    assert "cannot be reached" in line
    assert "\n" not in line


def test_a_worker_that_lacks_the_key_is_met_before_it_reads(archive, tmp_path):
    code = """
from newsetl.io.files import InputFile
from newsetl.io.openings import get_ready
get_ready([InputFile("a", "a", 0, "text"), InputFile("b", "s3://inputs-archive/b", 0)])
get_ready([InputFile("c", "s3://inputs-archive/raw/records/wire.jsonl", 0, "jsonl")])
"""
    for environment, expected in (
        ({}, None),
        (NO_KEY, "InputError: s3://inputs-archive/raw/records/wire.jsonl: cannot"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == bool(expected)
        assert expected is None or expected in done.stderr


def test_a_file_that_vanished_is_no_reason_to_stop(archive):
    get_ready([InputFile("a", f"{archive[1]}/nowhere", 0, "text")])


# --- objects that vanish, change, break off -------------------------------------------------------------------------


def outcomes(items):
    return ["record" if isinstance(item, RawRecord) else f"{item.reason}: {item.detail}" for item in items]


@pytest.mark.parametrize("name", ["a.jsonl", "a.zip", "a.tar", "a.parquet"])
def test_an_object_that_vanishes_before_it_is_read_is_a_reject(bucket, name):
    data = {"a.jsonl": as_jsonl, "a.parquet": as_parquet}.get(name)
    pack = as_zip if name == "a.zip" else as_tar
    put(f"{bucket}/{name}", data(rows(0)) if data else pack({"a.jsonl": as_jsonl(rows(0))}))
    [file] = find_inputs([bucket])
    store_path(file.path).fs.rm(file.path)
    [outcome] = outcomes(read_records(file))
    assert outcome.startswith("unreadable: ")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl.gz", "a.zip", "a.tar", "a.parquet"])
def test_an_object_that_was_cut_before_it_is_read_tells_so(bucket, tmp_path, name):
    lines = as_jsonl(rows(0, 300))
    data = {
        "a.json": json.dumps(rows(0, 300), ensure_ascii=False).encode(),
        "a.jsonl.gz": gzip.compress(lines),
        "a.zip": as_zip({"a.jsonl": lines}),
        "a.tar": as_tar({"a.jsonl": lines}),
        "a.parquet": as_parquet(rows(0, 300)),
    }[name]
    path, url = tmp_path / name, f"{bucket}/{name}"
    for content in (data, data[: len(data) // 2]):
        path.write_bytes(content)
        put(url, content)
        if content is data:
            files = [find_inputs([str(path)])[0], find_inputs([bucket])[0]]
    here, there = (outcomes(read_records(file)) for file in files)
    assert here == there
    assert there[-1] != "record"


def large():
    """More than is read ahead at the start."""
    return as_jsonl(rows(0, 2000))


@pytest.mark.parametrize("pack", ["plain", "zip", "tar"])
@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_an_object_that_changes_while_it_is_read_tells_so(bucket, pack, change):
    make = {"plain": lambda data: data, "zip": as_stored, "tar": lambda data: as_tar({"a.jsonl": data})}[pack]
    url = f"{bucket}/a.{'jsonl' if pack == 'plain' else pack}"
    put(url, make(large()))
    [file] = find_inputs([url])
    items = read_records(file)
    found = [next(items)]
    if change == "removed":
        store_path(url).fs.rm(url)
    else:
        put(url, make(large().replace("قريبا".encode(), "غدااا".encode())))
    found += items
    last = outcomes(found)[-1]
    assert last.startswith("truncated-file: ")
    assert "reading failed" in last or "ends within" in last
    assert 100 < len(found) < 2000
    assert outcomes(found)[:-1] == ["record"] * (len(found) - 1)
    assert not any("غدااا" in item.fields.text for item in found[:-1])


def as_stored(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.jsonl", data)
    return out.getvalue()


def test_an_archive_that_is_another_one_at_the_next_run_is_read_anew(bucket):
    url = f"{bucket}/a.zip"
    for word in ("قريبا", "غدا"):
        put(url, as_zip({"a.jsonl": as_jsonl(rows(0)).replace("قريبا".encode(), word.encode())}))
        [file] = find_inputs([url])
        assert all(word in record.fields.text for record in read_records(file))


class Faulty(http.server.BaseHTTPRequestHandler):
    """Answers as S3 does until `fault` strikes, from byte 200,000 on."""

    protocol_version = "HTTP/1.1"
    data = b""
    fault = ""

    def do_HEAD(self):
        self.answer(200, len(self.data), b"")

    def do_GET(self):
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        body = self.data[first : last + 1]
        if last < 200_000 or not self.fault:
            self.answer(206, len(body), body)
        elif self.fault == "broken off":
            self.answer(206, len(body), body[: len(body) // 2])
            self.close_connection = True
        elif self.fault == "shorter":
            self.answer(206, len(body) // 2, body[: len(body) // 2])
        elif self.fault == "hung up":
            self.close_connection = True
        elif self.fault == "no sense":
            self.answer(500, 5, b"<oops")
        else:
            code = b"<Error><Code>%s</Code><Message>no</Message></Error>" % self.fault.encode()
            self.answer(403, len(code), code)

    def answer(self, status, length, body):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", '"one"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def faulty(monkeypatch, endpoint):
    """An endpoint with one object, `s3://bucket/a.jsonl`, that can be told to fail."""
    import s3fs

    monkeypatch.setattr(Faulty, "data", large())
    monkeypatch.setattr(Faulty, "fault", "")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faulty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setattr(s3fs.S3FileSystem, "retries", 2)
        s3fs.S3FileSystem.clear_instance_cache()
        yield Faulty
        server.shutdown()
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    "fault", ["broken off", "shorter", "hung up", "no sense", "AccessDenied", "ExpiredToken", "RequestTimeTooSkewed"]
)
def test_a_failure_in_the_middle_is_never_silent(faulty, monkeypatch, fault):
    [file] = find_inputs(["s3://bucket/a.jsonl"])
    assert outcomes(read_records(file)) == ["record"] * 2000
    monkeypatch.setattr(faulty, "fault", fault)
    found = outcomes(read_records(file))
    assert found[-1].startswith("truncated-file: reading failed: ")
    assert 100 < len(found) < 2000
    assert set(found[:-1]) == {"record"}


def test_an_endpoint_that_is_gone_in_the_middle_is_never_silent(faulty, monkeypatch):
    [file] = find_inputs(["s3://bucket/a.jsonl"])
    items = read_records(file)
    found = [next(items)]
    monkeypatch.setattr(faulty, "fault", "hung up")
    found += items
    assert outcomes(found)[-1].startswith("truncated-file: reading failed: ")


# --- what reading costs ---------------------------------------------------------------------------------------------

COST = """
import json, resource, sys
import s3fs
from newsetl.io.files import InputFile
from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records

asked = []
real = s3fs.core.S3File._fetch_range
s3fs.core.S3File._fetch_range = lambda file, start, end: asked.append(end - start) or real(file, start, end)
files = find_inputs([sys.argv[1]])
planned = sum(asked)
count = sum(1 for file in files for _ in read_records(file))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([count, planned, sum(asked) - planned, len(asked), peak * 1024]))
"""


def cost(path):
    done = subprocess.run([sys.executable, "-c", COST, str(path)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_large_object_is_read_once_with_little_memory(bucket, tmp_path):
    article = {"title": "جسر", "text": "كلمة " * 600}
    data = as_jsonl([article]) * 12_000
    assert 60e6 < len(data) < 80e6
    for name, content in (("a.jsonl", data), ("a.zip", as_stored(data)), ("a.tar", as_tar({"a.jsonl": data}))):
        path = tmp_path / name
        path.write_bytes(content)
        store_path(bucket).fs.put_file(str(path), f"{bucket}/{name}", chunksize=8 << 20)
        count, planned, read, requests, peak = cost(f"{bucket}/{name}")
        here = cost(path)
        assert count == here[0] == 12_000
        assert read <= 1.02 * len(content)
        assert planned <= (1.02 * len(content) if name == "a.tar" else 1 << 20)  # a tar has no list of what is in it
        assert requests <= 60
        assert peak - here[-1] < 40e6
        path.unlink()


@pytest.fixture
def requests(monkeypatch):
    """The names of the requests to the store, as they are sent."""
    import s3fs

    asked = []
    real = s3fs.core.S3FileSystem._call_s3

    async def call(self, method, *arguments, **more):
        asked.append(method)
        return await real(self, method, *arguments, **more)

    monkeypatch.setattr(s3fs.core.S3FileSystem, "_call_s3", call)
    return asked


def test_members_of_an_archive_share_one_opening(bucket, requests):
    put(f"{bucket}/a.zip", as_zip({f"{n}.txt": TEXT.format(n=n).encode() for n in range(200)}))
    requests.clear()
    files = find_inputs([bucket])
    assert sum(1 for file in files for _ in read_records(file)) == 200
    assert len(requests) < 12, requests


def test_a_prefix_costs_a_listing_and_two_requests_for_each_object(bucket, requests):
    for n in range(20):
        put(f"{bucket}/raw/{n}.txt", TEXT.format(n=n).encode())
    requests.clear()
    assert len(find_inputs([f"{bucket}/raw/"])) == 20
    assert requests.count("get_object") == requests.count("head_object") == 20
    assert len(requests) == 41


def test_a_store_that_does_not_answer_while_inputs_are_looked_into_ends_with_one_error(faulty, monkeypatch):
    monkeypatch.setattr("newsetl.io.inputs.open_input", lambda *_: (_ for _ in ()).throw(ConnectionError(5, "gone")))
    with pytest.raises(InputError, match=r"s3://bucket/a.jsonl: cannot be reached: gone"):
        find_inputs(["s3://bucket/a.jsonl"])
