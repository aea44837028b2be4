"""Every format, compressed and packed in every way, gives the same records with true places."""

import hashlib
import pickle

import pytest

from newsetl.io.inputs import find_inputs
from newsetl.io.readers import ReadOptions, read_records
from newsetl.records import RawRecord, Reject

FORMATS = ["jsonl", "json", "csv", "tsv", "parquet", "warc"]
PACKINGS = ["", ".gz", ".zst", ".zip", ".tar", ".tar.gz", ".tar.zst", ".gz.zip"]


def content(files, form):
    writers = {
        "jsonl": files.as_jsonl,
        "json": files.as_json,
        "csv": files.as_csv,
        "tsv": lambda: files.as_csv(delimiter="\t"),
        "parquet": files.as_parquet,
        "warc": files.as_warc,
    }
    return writers[form]()


def packed(files, packing, name, data):
    if packing.startswith(".tar"):
        data = files.as_tar({name: data})
    packers = {"gz": files.as_gz, "zst": files.as_zst, "zip": lambda data: files.as_zip({name: data})}
    for step in packing.split("."):
        data = packers[step](data) if step in packers else data
    return data


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_in_every_packing_gives_the_articles(files, form, packing):
    items = files.read(f"a.{form}{packing}", packed(files, packing, f"a.{form}", content(files, form)))
    assert files.bad(items) == []
    if form == "warc":
        assert [item.content for item in items] == [files.page(article) for article in files.articles]
    else:
        found = [
            {"id": item.fields.external_id, "title": item.fields.title, "text": item.fields.text} for item in items
        ]
        assert found == files.articles


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "tsv", "warc"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256"])
def test_places_slice_back_in_every_encoding(files, form, encoding):
    data = content(files, form)
    if form != "warc":
        data = data.decode().encode(encoding)
    items = files.read(f"a.{form}", data)
    assert len(files.good(items)) == 3
    for item, article in zip(items, files.articles, strict=True):
        place = item.place
        raw = data[place.offset : place.offset + place.length]
        assert hashlib.sha256(raw).hexdigest() == place.sha256
        assert item.fields.text == article["text"] if form != "warc" else raw.startswith(b"WARC/1.0")
        assert len(raw.strip()) == len(raw) or form == "warc"


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_endings_do_not_matter_nor_does_the_last_one(files, form, ending):
    data = content(files, form).decode().replace("\r\n", "\n").replace("\n", ending).removesuffix(ending).encode()
    items = files.read(f"a.{form}", data)
    assert [item.fields.external_id for item in items] == ["1", "2", "3"]
    for item in items:
        raw = data[item.place.offset : item.place.offset + item.place.length]
        assert hashlib.sha256(raw).hexdigest() == item.place.sha256
        assert not raw.endswith((b"\r", b"\n"))


def test_text_and_html_files_stay_undecoded(files):
    text = "عنوان\n\nمتن".encode("cp1256")
    page = files.page(files.articles[0])
    urls = {"p.html": "https://x.example/p"}
    [one] = files.read("a.txt", text)
    [two] = files.read("p.html", page, urls=urls)
    assert (one.form, one.content, one.place.offset) == ("text", text, None)
    assert (two.form, two.content, two.fields.url) == ("html", page, "https://x.example/p")
    assert two.place.sha256 == hashlib.sha256(page).hexdigest()


def test_an_empty_text_file_is_a_record(files):
    [item] = files.read("a.txt", b"")
    assert (item.content, item.place.length) == (b"", 0)


def test_a_zip_of_pages_takes_urls_by_member_name(files):
    data = files.as_zip({"x/p.html": files.page(files.articles[0])})
    [item] = files.read("a.zip", data, urls={"p.html": "https://x.example/p"})
    assert item.fields.url == "https://x.example/p"
    assert item.place.uri.endswith("a.zip!x/p.html")


def test_html_in_a_json_text_makes_the_record_html(files):
    [item] = files.read("a.jsonl", b'{"content": "<p>one</p><p>two</p>"}')
    assert (item.form, item.fields.html, item.fields.text) == ("html", "<p>one</p><p>two</p>", None)


def test_parquet_rows_have_numbers_and_canonical_json(files):
    items = files.read("a.parquet", files.as_parquet())
    assert [item.place.offset for item in items] == [0, 1, 2]
    canonical = '{"id": "3", "text": "ارتفع سعر القمح؛ فمن يشتري؟", "title": "سوق القمح"}'
    assert items[2].place.sha256 == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_parts_together_give_each_record_once(files, form, parts):
    articles = [{"id": str(n), "title": "عنوان", "text": f"متن رقم {n}"} for n in range(300)]
    writers = {"jsonl": files.as_jsonl, "json": files.as_json, "csv": files.as_csv, "parquet": files.as_parquet}
    if form == "warc":
        data = files.as_warc(articles, gzipped=True)
    elif form == "tsv":
        data = files.as_csv(articles, delimiter="\t")
    else:
        data = writers[form](articles)
    whole = files.read(f"a.{form}", data)
    dealt = [files.read(f"a.{form}", data, part=part, parts=parts) for part in range(parts)]
    assert sorted(item.place.offset for part in dealt for item in part) == [item.place.offset for item in whole]
    assert len(whole) == 300
    assert all(abs(len(part) - 300 / parts) <= 64 for part in dealt)


def test_a_skipped_file_gives_one_reject(files):
    [item] = files.read("a.pdf", b"%PDF-1.4")
    assert (item.reason, item.detail, item.stage) == ("not-text", "PDF", "read")


def test_a_file_that_went_away_is_unreadable(files):
    [file] = files.find("a.jsonl", files.as_jsonl())
    (files.folder / "a.jsonl").unlink()
    assert [item.reason for item in read_records(file)] == ["unreadable"]


def test_members_can_be_read_in_any_order_and_side_by_side(files):
    members = {f"{n}.txt": f"متن {n}".encode() * 50_000 for n in range(5)}
    for name, data in (("a.zip", files.as_zip(members)), ("b.tar.gz", files.as_gz(files.as_tar(members)))):
        found = files.find(name, data)
        for order in (found, found[::-1], [found[2], found[0], found[0], found[4]]):
            assert [next(read_records(file)).content for file in order] == [members[file.member] for file in order]
        both = zip(read_records(found[1]), read_records(found[3]), strict=True)
        assert [(one.content, two.content) for one, two in both] == [(members["1.txt"], members["3.txt"])]


def test_input_files_travel_between_processes(files):
    [file] = files.find("a.zip", files.as_zip({"a.jsonl": files.as_jsonl()}))
    assert pickle.loads(pickle.dumps(file)) == file  # noqa: S301  our own bytes


def test_reading_twice_gives_the_same(files):
    [file] = find_inputs([str(files.write("a.json", files.as_json()))])
    assert list(read_records(file)) == list(read_records(file, ReadOptions()))


def test_every_item_is_a_record_or_a_reject_of_this_stage(files):
    for item in files.read("a.jsonl", files.as_jsonl() + b"[1]\n{\n"):
        assert isinstance(item, RawRecord) or (isinstance(item, Reject) and item.stage == "read")
