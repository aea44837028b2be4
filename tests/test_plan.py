"""How input is cut into batches: like work in each, large files in parts only where that keeps workers busy."""

import pytest

from newsetl import plan
from newsetl.io.files import InputFile
from newsetl.plan import Slice, group_slices, plan_run
from newsetl.settings import MAX_PARTS, MAX_PARTS_OF_PAGES, Settings

MB = 1_000_000
ROW = '{"url": "https://one.example/1", "text": "افتتحت البلدية الجسر الجديد صباح اليوم."}\n'


def files(*sizes_mb, kind="jsonl"):
    return [InputFile(f"{n}.{kind}", f"{n}.{kind}", int(size * MB), kind) for n, size in enumerate(sizes_mb)]


@pytest.fixture
def planned(monkeypatch):
    """The plan of files that are not there."""

    def make(found, **more):
        monkeypatch.setattr(plan, "find_inputs", lambda _: found)
        return plan_run(Settings(batch_bytes=8 * MB, **more)).batches

    return make


def parts(batches):
    return [[(piece.file.uri, piece.part, piece.parts) for piece in batch.slices] for batch in batches]


def test_small_files_share_a_batch(planned):
    assert parts(planned(files(3, 3, 3, 3))) == [
        [("0.jsonl", 0, 1), ("1.jsonl", 0, 1)],
        [("2.jsonl", 0, 1), ("3.jsonl", 0, 1)],
    ]


def test_a_large_file_alone_is_cut(planned):
    batches = planned(files(24))
    assert parts(batches) == [[("0.jsonl", part, 3)] for part in range(3)]
    assert [batch.size_bytes for batch in batches] == [8 * MB] * 3


def test_a_file_is_cut_into_no_more_parts_than_reading_it_again_is_worth(planned):
    assert len(planned(files(10_000))) == MAX_PARTS
    assert len(planned(files(10_000, kind="warc"))) == MAX_PARTS_OF_PAGES


def test_many_large_files_are_not_cut(planned):
    assert parts(planned(files(*[100] * 200))) == [[(f"{n}.jsonl", 0, 1)] for n in range(200)]


def test_one_file_that_is_larger_than_all_others_is_cut_beside_them(planned):
    batches = parts(planned(files(*[100] * 199, 2_000)))
    assert batches[:199] == [[(f"{n}.jsonl", 0, 1)] for n in range(199)]
    assert [batch[0][0] for batch in batches[199:]] == ["199.jsonl"] * 12


def test_bytes_of_pages_are_less_work(planned):
    assert len(planned(files(*[80] * 4, kind="warc"))) == 2
    assert len(planned(files(470, kind="warc"))) == 1  # to read it twice would cost more than one worker's waiting
    assert len(planned(files(490, kind="warc"))) == 2


def test_an_archive_of_any_size_has_a_bounded_number_of_batches():
    slices = [(Slice(file), file.size_bytes) for file in files(*[3] * 10_000)]
    assert len(list(group_slices(slices, 30_000 * MB // plan.MAX_BATCHES))) <= plan.MAX_BATCHES * 3 // 2


def test_a_plan_does_not_depend_on_who_does_the_work(tmp_path):
    (tmp_path / "a.jsonl").write_text(ROW * 100, encoding="utf-8")
    told = {"inputs": (str(tmp_path),), "batch_bytes": 1000}
    one = plan_run(Settings(**told, workers=1))
    assert plan_run(Settings(**told, workers=8, engine="dask", scheduler="tcp://head:1")).batches == one.batches
    assert len(one.batches) == -(-len((ROW * 100).encode()) // 1000)
