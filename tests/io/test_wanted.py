"""Reading some records of a file, known by where they lie and what they were."""

import pytest

from newsetl.io.readers import ReadOptions, read_records
from newsetl.io.reading import WHOLE_FILE, Wanted
from newsetl.records import Place

ROWS = [{"id": str(n), "title": f"خبر {n}", "text": f"وصلت القافلة رقم {n} إلى المدينة.\nثم عادت."} for n in range(150)]
BROKEN = b'{"id": "broken\n'


def of(places):
    keys = {(WHOLE_FILE if p.offset is None else p.offset, p.sha256) for p in places}
    return Wanted.of(sorted(keys))


def formats(files):
    """Files of every format by name, with rejects among the records where the format knows them."""
    lines = files.as_jsonl(ROWS)
    return {
        "a.jsonl": lines[:5000] + b"\n" + BROKEN + lines[5000:],
        "b.json": files.as_json(ROWS),
        "c.csv": files.as_csv(ROWS) + b"too,many,cells,here\n",
        "d.parquet": files.as_parquet(ROWS),
        "e.warc": files.as_warc(ROWS),
        "f.warc.gz": files.as_warc(ROWS, gzipped=True),
        "g.jsonl.gz": files.as_gz(lines)[:-20],
        "h.jsonl.zst": files.as_zst(lines),
        "i.txt": ROWS[0]["text"].encode(),
        "j.html": files.page(ROWS[1]),
        "k.zip": files.as_zip({"a/x.jsonl": lines, "y.csv": files.as_csv(ROWS)}),
        "l.tar.gz": files.as_tar({"x.json": files.as_json(ROWS), "y.jsonl": lines}, "w:gz"),
    }


NAMES = ["a.jsonl", "b.json", "c.csv", "d.parquet", "e.warc", "f.warc.gz", "g.jsonl.gz", "h.jsonl.zst", "i.txt"]
NAMES += ["j.html", "k.zip", "l.tar.gz"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.7, 1.0])
def test_wanted_records_come_as_in_a_whole_reading(files, name, share):
    for file in files.find(name, formats(files)[name]):
        everything = list(read_records(file))
        wanted = [item for n, item in enumerate(everything) if n * 37 % 100 < 100 * share]
        assert list(read_records(file, ReadOptions(wanted=of(item.place for item in wanted)))) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_parts_of_a_file_together_give_each_wanted_record_once(files, name):
    for file in files.find(name, formats(files)[name]):
        wanted = list(read_records(file))[::3]
        options = [ReadOptions(wanted=of(item.place for item in wanted), part=part, parts=3) for part in range(3)]
        found = [item for part in options for item in read_records(file, part)]
        assert sorted(item.place.offset or 0 for item in found) == [item.place.offset or 0 for item in wanted]


def test_a_record_whose_bytes_changed_is_not_read(files):
    lines = files.as_jsonl(ROWS[:3])
    (file,) = files.find("a.jsonl", lines)
    wanted = of(item.place for item in read_records(file))
    files.write("a.jsonl", lines.replace(b'"id": "1"', b'"id": "7"'))
    found = list(read_records(file, ReadOptions(wanted=wanted)))
    assert [item.fields.external_id for item in found] == ["0", "2"]


def test_one_offset_may_be_wanted_as_two_records():
    wanted = Wanted.of([(5, "00" * 32), (5, "ff" * 32), (9, "0a" * 32)])
    assert wanted.has(Place("a", 5, 1, "ff" * 32))
    assert wanted.has(Place("a", 5, 1, "00" * 32))
    assert not wanted.has(Place("a", 5, 1, "0a" * 32))
    assert not wanted.has(Place("a", 6, 1, "00" * 32))


def test_a_million_wanted_records_take_sixteen_megabytes():
    wanted = Wanted.of((n, "ab" * 32) for n in range(1_000_000))
    assert wanted.offsets.itemsize * len(wanted.offsets) + wanted.digests.itemsize * len(wanted.digests) == 16_000_000
    assert len(wanted.part(10, 20)) == 10
