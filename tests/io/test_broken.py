"""A zoo of broken files, and what each of them must give."""

import gzip
import os

import pytest
import zstandard

from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records


def outcomes(items):
    return [getattr(item, "reason", None) or "record" for item in items]


def many(files, count=4000):
    articles = [{"id": str(n), "title": "عنوان", "text": f"متن {n} {os.urandom(20).hex()}"} for n in range(count)]
    return files.as_jsonl(articles)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_cut_compression_keeps_the_records_before_the_cut(files, pack):
    whole = pack(many(files))
    found = outcomes(files.read("a.jsonl.x", whole[: len(whole) * 3 // 4]))
    assert found[-1] == "truncated-file"
    assert found.count("record") > 500
    assert found.count("truncated-file") == 1


@pytest.mark.parametrize("count", range(60, 70, 3))
@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "warc"])
def test_parts_of_a_broken_file_tell_of_the_damage_once(files, form, count):
    articles = [{"id": str(n), "title": "عنوان", "text": os.urandom(99).hex()} for n in range(count)]
    data = {"jsonl": files.as_jsonl, "json": files.as_json, "csv": files.as_csv, "warc": files.as_warc}[form](articles)
    packed = gzip.compress(data)[:-100]
    whole = files.read(f"a.{form}.gz", packed)
    parts = [files.read(f"a.{form}.gz", packed, part=part, parts=3) for part in range(3)]
    assert sorted(outcomes(whole)) == sorted(outcome for part in parts for outcome in outcomes(part))
    assert outcomes(whole)[-1].startswith("truncated")


def test_parts_of_a_damaged_array_go_on_at_the_same_places(files):
    articles = [{"id": str(n), "text": f"متن {n}", "tags": [{"name": "أ"}, {"name": "ب"}]} for n in range(400)]
    data = files.as_json(articles).replace('"متن 70"'.encode(), b"bad").replace('"متن 135"'.encode(), b"bad")
    whole = files.read("a.json", data)
    parts = [files.read("a.json", data, part=part, parts=3) for part in range(3)]
    key = lambda item: item.place.offset  # noqa: E731  a key for sorting
    assert sorted(whole, key=key) == sorted((item for part in parts for item in part), key=key)
    assert outcomes(whole).count("bad-json") == 2


def test_a_wrong_checksum_is_told_after_the_records(files):
    packed = bytearray(gzip.compress(many(files, 50)))
    packed[-6] ^= 0xFF
    assert outcomes(files.read("a.jsonl.gz", bytes(packed))) == ["record"] * 50 + ["truncated-file"]


def test_a_gzip_with_its_last_bytes_missing_is_told_of(files):
    packed = gzip.compress(many(files, 50))
    assert outcomes(files.read("a.jsonl.gz", packed[:-4])) == ["record"] * 50 + ["truncated-file"]


def test_a_gzip_of_several_members_and_padding_is_whole(files):
    packed = gzip.compress(many(files, 5)) + gzip.compress(many(files, 5)) + bytes(512)
    assert outcomes(files.read("a.jsonl.gz", packed)) == ["record"] * 10


def test_bytes_behind_a_gzip_are_told_of(files):
    packed = gzip.compress(many(files, 5)) + b"what is this"
    assert outcomes(files.read("a.jsonl.gz", packed)) == ["record"] * 5 + ["truncated-file"]


@pytest.mark.parametrize("form", ["csv", "json", "html", "parquet"])
def test_other_formats_in_a_cut_gzip_give_one_reject_at_the_cut(files, form):
    articles = [{"id": str(n), "title": "عنوان", "text": os.urandom(900).hex()} for n in range(300)]
    data = {"csv": files.as_csv, "json": files.as_json, "parquet": files.as_parquet}.get(form, lambda _: b"")(articles)
    if form == "html":
        data = files.page({"title": "عنوان", "text": os.urandom(200_000).hex()})
    packed = gzip.compress(data)
    found = outcomes(files.read(f"a.{form}.gz", packed[: len(packed) * 2 // 3]))
    assert found[-1] == "truncated-file"
    assert set(found[:-1]) <= {"record"}
    assert (len(found) > 100) == (form in ("csv", "json"))


def test_a_gzip_damaged_from_the_start_is_a_reject(files):
    assert outcomes(files.read("a.jsonl.gz", b"\x1f\x8b\x08" + b"\xff" * 50)) == ["truncated-file"]


def test_a_damaged_zip_member_keeps_the_records_before_the_damage(files):
    whole = bytearray(files.as_zip({"a.jsonl": many(files), "b.jsonl": many(files, 5)}))
    whole[len(whole) // 2] ^= 0xFF
    [one, two] = files.find("a.zip", bytes(whole))
    found = outcomes(read_records(one))
    assert found[-1] == "truncated-file"
    assert found.count("record") > 100
    assert outcomes(read_records(two)) == ["record"] * 5


def test_a_cut_tar_keeps_the_members_before_the_cut(files):
    whole = files.as_tar({"a.jsonl": many(files, 50), "b.jsonl": many(files, 50)})
    found = [outcomes(read_records(file)) for file in files.find("a.tar", whole[: whole.rindex(b'"id": "40"')])]
    assert found[0] == ["record"] * 50
    assert found[1][-1] == "truncated-file"
    assert found[2] == ["broken-archive"]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("name", ["a.jsonl", "a.txt"])
def test_a_bomb_is_a_reject(files, pack, name):
    head = many(files, 3) if name == "a.jsonl" else b"text "
    bomb = pack(head + b" " * 300_000_000)
    found = outcomes(files.read(name, bomb))
    assert found == (["record"] * 3 if name == "a.jsonl" else []) + ["too-large"]


def test_a_bomb_in_a_zip_is_a_reject(files):
    found = outcomes(files.read("a.zip", files.as_zip({"a.jsonl": many(files, 3) + b" " * 200_000_000})))
    assert found == ["record"] * 3 + ["too-large"]


def test_a_line_of_a_hundred_megabytes_is_a_reject(files):
    data = many(files, 2) + b'{"text": "' + b"x" * 100_000_000 + b'"}\n' + many(files, 2)
    items = files.read("a.jsonl", data)
    assert outcomes(items) == ["record", "record", "too-large", "record", "record"]
    assert items[2].place.length == 100_000_012
    assert data[items[3].place.offset :].startswith(b'{"id": "0"')


def test_a_text_file_above_the_limit_is_a_reject_with_its_true_length(files):
    [item] = files.read("a.txt", b"text " * 10_000, max_record_bytes=1000)
    assert (item.reason, item.place.length) == ("too-large", 50_000)


def test_a_file_without_permission_is_unreadable(files):
    path = files.write("a.jsonl", many(files, 2))
    [before] = find_inputs([str(path)])
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        [after] = find_inputs([str(path)])
        assert after.is_lost
        assert outcomes(read_records(after)) == outcomes(read_records(before)) == ["unreadable"]
    else:
        pytest.skip("root reads everything")


def test_a_damaged_parquet_file_is_a_reject(files):
    data = files.as_parquet()
    for damaged in (data[:-8], data[: len(data) // 2], b"PAR1", b"PAR1" + bytes(100) + b"PAR1"):
        assert outcomes(files.read("a.parquet", damaged)) == ["truncated-file"]


def test_a_row_that_cannot_be_told_is_a_reject(files):
    import pyarrow as pa
    import pyarrow.parquet as pq

    bad = pa.Array.from_buffers(pa.string(), 2, [None, *pa.array([b"ok", b"\xff\xfe"]).buffers()[1:]])
    pq.write_table(pa.table({"text": bad}), files.folder / "a.parquet")
    [file] = find_inputs([str(files.folder / "a.parquet")])
    assert outcomes(read_records(file)) == ["record", "bad-row"]
