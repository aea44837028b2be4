"""The tables of `make bench` on whole runs, on a corpus and pages made up here. No test looks at the clock.

A test that needs a peer is skipped where `make bench` has not installed it.
"""

import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest

from benchmarks import (
    __main__,
    archive,
    chain,
    corpus,
    growth,
    measure,
    overhead,
    passing,
    readback,
    runs,
    stages,
    watch,
)
from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records
from newsetl.records import Fields, Place, RawRecord

ROWS = 40
TEXT = "افتتحت بلدية الوادي أمس سوقا للعسل، وحضر الافتتاح مئات من أهالي القرى.\nوقال الرئيس إن السوق تضم دكانا رقم {}."
PAGE = """<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>سوق العسل رقم {0}</title>
<link rel="canonical" href="https://wadi{0}.example/2019/market">
<meta property="article:published_time" content="2019-03-14T09:30:00+02:00"></head>
<body><article><h1>سوق العسل رقم {0}</h1>
<p>افتتحت بلدية الوادي الأخضر أمس سوقا جديدة للعسل والتمور، وحضر الافتتاح مئات من أهالي القرى المجاورة.</p>
<p>وقال رئيس البلدية إن السوق تضم ستين دكانا، وإن أصحابها من مزارعي المنطقة الذين انتظروها سنوات طويلة.</p>
</article></body></html>"""


def row(number: int) -> dict[str, str]:
    day = f"2015-0{7 + number % 2}-1{number % 10}"
    return {
        "source": "الوادي",
        "url": f"http://wadi.example/news/{day.replace('-', '/')}/{number}",
        "date_extracted": "2015-08-20 10:00:00",
        "title": f"سوق العسل رقم {number}",
        "author": "",
        "content": TEXT.format(number) if number % 10 else "",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder like ../shared: a corpus of two days, and two pages."""
    shared = tmp_path_factory.mktemp("shared")
    (shared / "corpus" / corpus.FOLDER).mkdir(parents=True)
    for number, name in enumerate(("2015-07-21", "2015-07-22")):
        rows = [row(20 * number + index) for index in range(20)]
        with zipfile.ZipFile(shared / "corpus" / corpus.FOLDER / f"{name}.zip", "w") as file:
            file.writestr(f"{name}.json", json.dumps(rows, ensure_ascii=False))
    html = shared / "pages" / "html"
    html.mkdir(parents=True)
    for number in (1, 2):
        (html / f"market{number}.html").write_text(PAGE.format(number), encoding="utf-8")
    urls = [f"market{number}.html\thttps://wadi{number}.example/2019/market\n" for number in (1, 2)]
    (shared / "pages" / "urls.tsv").write_text("".join(urls), encoding="utf-8")
    gold = [{"id": f"market{number}", "paragraphs": []} for number in (1, 2)]
    (shared / "pages" / "pages.gold.json").write_text(json.dumps(gold), encoding="utf-8")
    return shared


@pytest.fixture(scope="module")
def ours(folder, tmp_path_factory):
    """A run of newsetl on the corpus."""
    out = tmp_path_factory.mktemp("stores") / "store"
    return out, runs.run_newsetl(folder / "corpus", out, 2)


def options(folder: Path, work: Path) -> measure.Options:
    return measure.Options(0.001, 1, folder, work, 1, None, (1, 2))


def cells(table) -> dict[str, list[str]]:
    """The rows of a table by their first cell."""
    rows = zip(*(column.cells for column in table.columns), strict=True)
    return {cells[0]: list(cells[1:]) for cells in rows}


def urls_in(path: Path) -> list[str]:
    return [record.fields.url for file in find_inputs([str(path)]) for record in read_records(file)]


def test_every_copy_of_the_corpus_has_addresses_of_its_own(folder, tmp_path):
    assert corpus.write_copies(folder, tmp_path, 3) == 3 * ROWS
    urls = urls_in(tmp_path)
    assert len(set(urls)) == len(urls) == 3 * ROWS
    assert {row(number)["url"] for number in range(ROWS)} < set(urls)


def test_a_part_of_the_corpus_is_taken_from_all_of_it(folder, tmp_path):
    assert corpus.write_copies(folder, tmp_path, records=10) == 10
    assert urls_in(tmp_path) == [row(number)["url"] for number in range(0, ROWS, 4)]


def test_lines_hold_the_same_records(folder, tmp_path):
    lines = tmp_path / "corpus.jsonl"
    assert corpus.write_lines(folder, lines) == ROWS
    found = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [(line["id"], line["text"]) for line in found] == [
        (row(number)["url"], row(number)["content"]) for number in range(ROWS)
    ]


def test_a_command_is_watched_with_its_children():
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]]); print('done')"
    child = (
        "import time; held = bytearray(150_000_000); end = time.monotonic() + 0.6\nwhile time.monotonic() < end: pass"
    )
    looks = []
    seen = watch.watch([sys.executable, "-c", script, child], looks.append)
    assert seen.output == "done\n"
    assert looks == sorted(looks)
    assert {process.role for process in seen.processes} == {"command", "child"}
    assert seen.peaks()["child"] > 150_000_000 > seen.peaks()["command"]
    assert seen.user + seen.system > 0.1


def test_a_command_that_fails_tells_its_last_line():
    with pytest.raises(watch.RunFailedError, match="newsetl: nothing"):
        watch.watch([sys.executable, "-c", "import sys; print('x', file=sys.stderr); sys.exit('newsetl: nothing')"])


def test_a_run_is_parted_at_its_first_and_last_batch(ours):
    out, run = ours
    assert run.records == ROWS
    assert run.manifest["outcomes"] == {"article": 36, "rejected": 4}
    assert 0 < run.startup_seconds < run.watched.seconds
    assert run.batch_seconds >= 0
    assert run.publish_seconds > 0
    assert run.steady_rate > run.rate
    assert {"command", "fork server", "worker"} <= set(run.watched.peaks())
    assert ds.dataset(out / "records", partitioning="hive").count_rows() == ROWS


def test_a_start_ends_when_the_first_worker_has_begun(tmp_path):
    phases = runs.Phases(tmp_path / "out")
    phases.look(0.5)
    note = tmp_path / "out" / "_staging-1" / "batch-1.note"
    note.parent.mkdir(parents=True)
    note.touch()
    phases.look(1.0)
    phases.look(2.0)
    note.unlink()
    phases.look(3.0)
    assert (phases.first_seen, phases.last_seen) == (1.0, 2.0)


def test_the_stages_are_those_of_a_run(folder, ours, tmp_path):
    records, seconds = stages.measure(folder / "corpus", tmp_path / "out")
    assert records == ROWS
    assert set(stages.STAGES) <= set(seconds)
    assert all(seconds[stage] > 0 for stage in ("read", "quotes", "write", "merge"))
    one, other = (pd.read_parquet(store / "articles") for store in (ours[0], tmp_path / "out"))
    assert sorted(one["article_id"]) == sorted(other["article_id"])
    table = stages.build_table("chain", records, seconds)
    assert list(cells(table)) == [*stages.STAGES, "all"]


@pytest.mark.parametrize("name", passing.TOOLS)
def test_what_is_passed_through_arrives(name, folder, tmp_path):
    if measure.find_version(name) is None:
        pytest.skip(f"{name} is not installed: make bench")
    lines = tmp_path / "corpus.jsonl"
    corpus.write_lines(folder, lines)
    passed = chain.run_passing(name, lines, tmp_path / "passed")
    rows = sum(ds.dataset(path).count_rows() for path in (tmp_path / "passed").glob("*.parquet"))
    empty = 4 if name == "datatrove" else 0  # its reader passes over records without text
    assert passed.rows == rows == ROWS - empty


def test_rates_are_divided_by_those_of_one_worker_and_of_the_ceiling(ours):
    _, run = ours
    twice = replace(run, watched=replace(run.watched, seconds=2 * run.watched.seconds - run.startup_seconds))
    ceiling = chain.Passed(run.watched, ROWS, run.working_seconds)
    rows = cells(chain.build_rates({"one": twice, "two": run, chain.PASSING[chain.CEILING]: ceiling}))
    assert [row[2] for row in rows.values()] == ["1.00", "2.00", "2.00"]
    assert [row[3] for row in rows.values()] == ["0.5", "1.00", "1.00"]
    assert set(cells(chain.build_phases({"one": run, "ceiling": ceiling}))) == {"one"}


def test_an_archive_holds_every_page_under_an_address_of_its_own(folder, tmp_path):
    gold = json.loads((folder / "pages" / "pages.gold.json").read_text(encoding="utf-8"))
    pages = archive.read_pages(folder / "pages" / "html", folder / "pages" / "urls.tsv", gold)
    for exchanged in (True, False):
        target = tmp_path / f"{exchanged}" / "pages.warc.gz"
        target.parent.mkdir()
        archive.write_archive([page.record for page in pages], target, 7, exchanged=exchanged)
        records = [record for file in find_inputs([str(target)]) for record in read_records(file)]
        assert len({record.fields.url for record in records}) == len(records) == 7
        assert len({record.content for record in records}) == 7
        assert (records[2].content.decode().count("العسل") > 0) is not exchanged
    found = archive.run_ours(tmp_path / "False", tmp_path / "out")
    assert (found.rows, found.accounted, dict(found.reasons)) == (7, 7, {})


def test_datatrove_reads_the_same_archive(folder, tmp_path):
    if measure.find_version("datatrove") is None:
        pytest.skip("datatrove is not installed: make bench")
    place = Place("x", None, 0, "")
    page = RawRecord(place, "html", PAGE.format(1).encode(), fields=Fields(url="https://wadi1.example/2019/market"))
    (tmp_path / "in").mkdir()
    archive.write_archive([page], tmp_path / "in" / "pages.warc.gz", 3, exchanged=True)
    found = archive.run_trove(tmp_path / "in", tmp_path / "out")
    assert found.rows + sum(found.lost.values()) == 3


def test_pages_without_any_row_are_told(ours):
    watched = ours[1].watched
    best = {
        archive.NEWSETL: archive.Converted(watched, 6, 1.0, {"rejected": 3, "duplicate": 1}),
        archive.TROVE: archive.Converted(watched, 7, 8.0, lost={"timeout": 3}),
    }
    rows = cells(archive.build_table("archive", 10, best))
    assert [rows[name][:2] for name in (archive.NEWSETL, archive.TROVE)] == [["10.00", "1.00"], ["1.25", "8.00"]]
    assert rows[archive.NEWSETL][-4:] == ["6", "4", "0", ""]
    assert rows[archive.TROVE][-4:] == ["7", "0", "3", "timeout 3"]


def test_a_month_is_read_back_the_same_both_ways(ours):
    out, _ = ours
    month = readback.find_month(out)
    table = readback.build_table(out, month, 1)  # it raises when the rows differ
    articles = pd.read_parquet(out / "articles")
    assert cells(table)["articles"][1] == str((articles["month"] == month.month).sum())
    assert month.year == 2015


def test_stores_can_be_named(ours, tmp_path, monkeypatch):
    monkeypatch.setenv(readback.STORES, str(ours[0]))
    parts = list(readback.compare(measure.Options(0.001, 1, tmp_path / "none", tmp_path)))
    assert "not there" in parts[0]
    assert "articles" in cells(parts[1])
    monkeypatch.setenv(readback.STORES, str(tmp_path))
    assert "no articles with a date" in list(readback.compare(options(tmp_path / "none", tmp_path)))[-1]


def test_growth_measures_each_size_and_takes_its_input_away(folder, tmp_path):
    table, _ = growth.compare(options(folder, tmp_path))
    rows = cells(table)
    assert [rows[size][:2] for size in ("1x", "2x")] == [["40", "36"], ["80", "72"]]
    assert not list(tmp_path.glob("copies-*"))


def test_overhead_is_of_the_best_of_each_column(ours):
    _, run = ours
    slower = replace(run, watched=replace(run.watched, seconds=run.watched.seconds * 1.1))
    timed = {
        "newsetl run": [overhead.Timed(slower, server_seconds=0.7), overhead.Timed(run, server_seconds=0.5)],
        "flow": [overhead.Timed(slower, server_seconds=1.0)],
    }
    rows = cells(overhead.build_table(timed))
    assert rows["overhead"][0] == "+10.0 %"
    assert [rows[name][-1] for name in timed] == ["0.5", "1.00"]


def test_what_takes_long_is_run_by_name_alone():
    assert set(__main__.SUBJECTS) - set(__main__.USUAL) == {"growth", "prefect", "million"}


def test_a_named_work_folder_stays(tmp_path, monkeypatch):
    monkeypatch.setenv(__main__.WORK, str(tmp_path / "named"))
    with __main__.work_folder(None) as work:
        (work / "x").touch()
    assert (tmp_path / "named" / "x").exists()
    monkeypatch.delenv(__main__.WORK)
    with __main__.work_folder(None) as work:
        assert work.is_dir()
    assert not work.exists()
