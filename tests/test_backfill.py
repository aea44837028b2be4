"""Backfills: what is read again, what stays as it is, and that the end is what a full rebuild gives."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import date
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pandas as pd
import pyarrow.parquet as pq
import pytest

from newsetl import pipeline, rows
from newsetl.backfill import Backfill, cut_wanted, make_request, parse_month, split_by_file, split_needs
from newsetl.cli import main
from newsetl.engine import Machine
from newsetl.errors import InputError, NewsetlError, SettingsError
from newsetl.io import selection
from newsetl.io.files import InputFile
from newsetl.io.selection import Need, Request, select_wanted
from newsetl.plan import Slice, plan_run
from newsetl.records import Reject
from newsetl.run import run_with
from newsetl.schema import Partition
from newsetl.settings import Settings

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "raw"
TEXT = "قالت المهندسة ريم الجابي إن الجسر رقم {n} سيفتح قريبا.\n\nوأضافت: «انتهت أعمال الطلاء أمس، وبقيت الإنارة»."


class Here(Executor):
    """Workers that are this very process, so that a rule changed by a test is changed for them too."""

    def submit(self, function, /, *arguments, **keywords):
        future = Future()
        try:
            future.set_result(function(*arguments, **keywords))
        except Exception as error:  # noqa: BLE001  the caller's, as from any executor
            future.set_exception(error)
        return future

    @contextlib.contextmanager
    def alone(self):
        yield self

    def renew(self):
        """There is but this process."""


def settings(out="out", **more):
    return Settings(out=str(out), workers=1, **more)


def run(*inputs, out="out", **more):
    told = settings(out, inputs=tuple(map(str, inputs)) or ("in",), **more)
    return run_with(Machine(Here(), 1), told, plan_run(told))


def backfill(out="out", *, group_bytes=10**9, raw_root=None, told=None, **asked):
    job = Backfill(told or settings(out), make_request(**asked), raw_root, group_bytes)
    result = job.run(lambda plan: run_with(Machine(Here(), 1), job.settings, plan))
    check_conservation(out)
    return result


def frame(dataset, out="out"):
    return pd.read_parquet(Path(out) / dataset)


def check_conservation(out="out"):
    """Each record has one outcome, each article and each reject its rows."""
    records, articles, rejects = (frame(name, out) for name in ("records", "articles", "rejects"))
    assert not records.duplicated(["raw_uri", "raw_offset", "raw_sha256"]).any()
    won = records[records["outcome"] == "article"]
    assert sorted(won["article_id"]) == sorted(articles["article_id"])
    assert len(rejects) == (records["outcome"] == "rejected").sum()
    for name, column in (("paragraphs", "n_paragraphs"), ("sentences", "n_sentences"), ("quotes", "n_quotes")):
        assert len(frame(name, out)) == articles[column].sum()


def digests(out="out"):
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(out).glob("*/source=*/**/*.parquet"))
    }


def states(out="out"):
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in Path(out).glob("*/source=*/**/*.parquet")}


def row(n, day="2021-03-05", **more):
    url = f"https://one.example/{n}"
    return {"id": f"r{n}", "url": url, "title": f"جسر {n}", "text": TEXT.format(n=n), "date": day} | more


def write(rows, path="in/rows.jsonl"):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def rules(monkeypatch):
    """Change the rules: their version, and what they make of metadata (a string: the reason of a reject)."""

    def change(version, metadata=lambda meta: meta):
        for place in (rows, selection):
            monkeypatch.setattr(place, "pipeline_version", lambda: version)
        original = rules_of[0]

        def find_metadata(draft, document, outlets=None):
            found = original(draft, document, outlets)
            made = found if isinstance(found, Reject) else metadata(found)
            return Reject(draft.record.place, "metadata", made) if isinstance(made, str) else made

        monkeypatch.setattr(pipeline, "find_metadata", find_metadata)

    rules_of = [pipeline.find_metadata]
    return change


def a_month_later(meta):
    """A rule that moves articles to another month and gives every second one another identity."""
    day = meta.published_on
    moved = replace(meta, section="أخبار", published_on=day and date(day.year + 1, day.month % 12 + 1, 1))
    if meta.title and len(meta.title) % 2:
        return replace(moved, canonical_url=f"https://moved.example/{hashlib.md5(meta.title.encode()).hexdigest()}")  # noqa: S324
    return moved


# --- planning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2019", "2019-1", "2019-13", "2019-00", "0000-01", "19-01", "2019-01-05", "٢٠١٩-٠١", ""]
)
def test_what_is_no_month_is_refused(text):
    with pytest.raises(SettingsError, match="is no month"):
        parse_month(text)


def test_a_request_that_makes_no_sense_is_refused():
    with pytest.raises(SettingsError, match="no month lies from 2020-02 to 2020-01"):
        make_request(since="2020-02", until="2020-01")
    with pytest.raises(SettingsError, match="only must be"):
        make_request(only="some")


@pytest.mark.parametrize(
    ("partition", "asked", "expected"),
    [
        (Partition("one", 2020, 3), {}, True),
        (Partition("one", 2020, 3), {"sources": ("two",)}, False),
        (Partition("one", 2020, 3), {"since": "2020-03", "until": "2020-03"}, True),
        (Partition("one", 2020, 3), {"since": "2020-04"}, False),
        (Partition("one", 2020, 3), {"until": "2020-02"}, False),
        (Partition("one", 2020, 12), {"since": "2020-03", "until": "2021-01"}, True),
        (Partition("one", 0, 0), {}, True),
        (Partition("one", 0, 0), {"until": "2020-02"}, False),
        (Partition("one", 0, 0), {"until": "2020-02", "only": "failed"}, True),
        (Partition("one", 2020, 3), {"only": "failed"}, False),
    ],
)
def test_a_request_asks_for_partitions(partition, asked, expected):
    assert make_request(**asked).asks_for(partition) is expected


def test_groups_hold_whole_partitions_up_to_their_size():
    needs = [Need(Partition("one", 2020, n + 1), 1, size) for n, size in enumerate((4, 4, 4, 20, 1))]
    assert [[need.size_bytes for need in group] for group in split_needs(needs, 10)] == [[4, 4], [4], [20], [1]]


def test_wanted_records_of_a_file_are_cut_into_slices():
    write([row(n) for n in range(10)])
    run()
    wanted = select_wanted(Path("out"), Request(), [Need(Partition("one-example", 2021, 3), 10, 0)])
    ((uri, rows),) = split_by_file(wanted)
    assert uri == "in/rows.jsonl"
    total = sum(rows["raw_length"].to_pylist())
    pieces = list(cut_wanted(Slice(InputFile(uri, uri, total)), rows, total // 3))
    assert [offset for piece, _ in pieces for offset in piece.wanted.offsets] == rows["raw_offset"].to_pylist()
    assert [piece.limit for piece, _ in pieces] == [len(piece.wanted) for piece, _ in pieces]
    assert len(pieces) == 4
    assert sum(size for _, size in pieces) == total


def test_the_plan_counts_records_bytes_and_files_and_writes_nothing():
    write([row(1), row(2), row(3, "2021-04-01"), "{broken"])
    write([row(4)], "in/more.jsonl")
    run()
    before = states()
    job = Backfill(settings(), make_request())
    counts = [c for needs in job.groups for c in job.plan(needs).counts]
    assert [(c.source, c.year, c.month, c.why, c.records, c.files) for c in counts] == [
        ("one-example", 2021, 3, "all", 3, 2),
        ("one-example", 2021, 4, "all", 1, 1),
        ("unknown", 0, 0, "all", 1, 1),
    ]
    assert sum(c.size_bytes for c in counts) == frame("records")["raw_length"].sum()
    assert states() == before


def test_no_store_and_no_such_source_are_told():
    with pytest.raises(InputError, match="has a run written here"):
        Backfill(settings(), make_request())
    write([row(1)])
    run()
    with pytest.raises(InputError, match="no records of source 'nobody'"):
        Backfill(settings(), make_request(sources=["nobody"]))


# --- every format ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory):
    """The sample archive: text, HTML with urls.tsv, JSONL, JSON, CSV, Parquet, WARC, zip, gz, zst, and broken files."""
    folder = tmp_path_factory.mktemp("samples")
    shutil.copytree(SAMPLES, folder / "in")
    with contextlib.chdir(folder):
        return folder, run()


@pytest.fixture
def samples(sample_run):
    """A copy of it with the store that it gives; what the run did."""
    folder, result = sample_run
    shutil.copytree(folder, ".", dirs_exist_ok=True)
    return result


def test_reading_all_again_by_the_same_rules_changes_no_file(samples):
    before = states()
    result = backfill()
    assert result.read == samples.read == len(frame("records"))
    assert dict(result.outcomes) == samples.outcomes
    assert (result.files_written, result.gone) == (0, {})
    assert states() == before


@pytest.mark.parametrize("group_bytes", [20_000, 10**9])
def test_a_backfill_after_a_change_of_rules_gives_the_bytes_of_a_full_rebuild(samples, rules, group_bytes):
    rules("next", a_month_later)
    result = backfill(only="outdated", group_bytes=group_bytes)
    run(out="rebuilt")
    assert result.gone == {}
    assert digests() == digests("rebuilt")


def test_what_is_up_to_date_is_not_read_again(samples, rules):
    rules("next", a_month_later)
    assert backfill(only="outdated").read == samples.read
    before = states()
    assert backfill(only="outdated").read == 0
    assert states() == before


def test_rejects_alone_are_read_again(samples):
    result = backfill(only="failed")
    assert result.read == result.outcomes["rejected"] == samples.outcomes["rejected"]


def test_a_backfill_that_was_interrupted_goes_on(samples, rules):
    rules("next", a_month_later)
    job = Backfill(settings(), make_request(only="outdated"), group_bytes=8000)
    assert len(job.groups) > 5
    done = []

    def publish(plan):
        if len(done) == 3:
            raise NewsetlError("the light went out")
        done.append(run_with(Machine(Here(), 1), job.settings, plan))
        return done[-1]

    with pytest.raises(NewsetlError, match=r"the light went out \(3 of \d+ groups were published before"):
        job.run(publish)
    check_conservation()
    rest = backfill(only="outdated")
    assert 0 < rest.read < samples.read
    run(out="rebuilt")
    assert digests() == digests("rebuilt")


# --- nothing else is touched ----------------------------------------------------------------------------------------


def test_months_and_sources_bound_a_backfill(rules):
    days = ["2021-01-05", "2021-02-05", "2021-03-05"]
    write([row(n, day, source=source) for n, day in enumerate(days) for source in ("الأولى", "الثانية")])
    write([row(n + 10, day, url=f"https://two.example/{n}") for n, day in enumerate(days)], "in/two.jsonl")
    run()
    rules("next", lambda meta: replace(meta, section="أخبار"))
    before = states()
    result = backfill(sources=["two-example"], since="2021-02", until="2021-02")
    assert result.read == 1
    changed = {path for path, state in states().items() if before[path] != state}
    assert {str(path.parent).split("/", 2)[2] for path in changed} == {"source=two-example/year=2021/month=2"}
    assert backfill(sources=["two-example"], only="outdated", until="2021-01").read == 1


def test_an_article_that_changes_its_month_moves(rules):
    write([row(1, "2021-01-05"), row(2, "2021-02-05"), row(3, "2021-03-05")])
    run()
    rules("next", lambda meta: replace(meta, published_on=date(2021, 3, 1)))
    backfill(until="2021-01")
    assert sorted(frame("articles").groupby("month").size().items()) == [(2, 1), (3, 2)]
    assert not Path("out/articles/source=one-example/year=2021/month=1").exists()


def test_a_duplicate_has_its_say_when_its_article_becomes_another(rules):
    same = row(1)
    write([same | {"id": "first", "section": "س"}, same | {"id": "second"}])
    run()
    assert sorted(frame("records")["outcome"]) == ["article", "duplicate"]

    def by_section(meta):
        return replace(meta, canonical_url="https://moved.example/1") if meta.section else meta

    rules("next", by_section)
    backfill(only="outdated")
    assert sorted(frame("articles")["external_id"]) == ["first", "second"]
    run(out="rebuilt")
    assert digests() == digests("rebuilt")


def test_records_of_an_article_in_another_month_come_along(rules):
    write([row(1, "2021-01-05", fetched="2022-01-01"), row(1, "2021-02-05", fetched="2022-01-02")])
    run()
    assert sorted(frame("records")["outcome"]) == ["article", "duplicate"]
    rules("next", lambda meta: replace(meta, canonical_url=f"https://moved.example/{meta.published_on}"))
    result = backfill(since="2021-02")
    assert result.read == 2
    assert len(frame("articles")) == 2


def test_records_that_were_added_to_a_file_are_left_to_a_run():
    write([row(1)])
    run()
    write([row(1), row(2)])
    assert backfill().read == 1
    assert len(frame("records")) == 1


# --- rejects --------------------------------------------------------------------------------------------------------


def test_rejects_become_articles_when_the_rules_learn(rules):
    write([row(1), row(2), row(3, "2021-04-05"), "{broken"])
    rules("old", lambda meta: meta if meta.title == "جسر 1" else "bad-title")
    run()
    stages = [("metadata", "bad-title", 2), ("read", "bad-json", 1)]
    assert sorted((s, r, n) for (s, r), n in frame("rejects").groupby(["stage", "reason"]).size().items()) == stages
    rules("old")
    assert backfill(only="failed", reason="bad-json").read == 1
    assert backfill(only="failed", stage="metadata", reason="bad-json").read == 0
    assert backfill(only="failed", stage="metadata").outcomes == {"article": 2}
    run(out="rebuilt")
    assert digests() == digests("rebuilt")


# --- missing rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["articles", "paragraphs", "sentences", "quotes", "rejects"])
def test_the_rows_of_a_file_that_was_lost_come_back(samples, lost):
    before = digests()
    path = max(Path("out", lost).glob("*/*/*/*.parquet"), key=lambda path: path.stat().st_size)
    path.unlink()
    result = backfill(only="missing")
    assert 0 < result.read < samples.read
    assert digests() == before


def test_rows_that_were_lost_within_a_file_come_back(samples):
    before = digests()
    path = max(Path("out/quotes").glob("*/*/*/*.parquet"), key=lambda path: path.stat().st_size)
    table = pq.ParquetFile(path).read()
    pq.write_table(table.slice(1), path)
    backfill(only="missing")
    assert digests() == before


def test_a_store_that_misses_nothing_has_nothing_to_do(samples):
    assert backfill(only="missing").read == 0


def test_a_file_that_cannot_be_read_is_named(samples):
    path = max(Path("out/quotes").glob("*/*/*/*.parquet"))
    path.write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(NewsetlError, match="move it away, then `newsetl backfill --only missing`"):
        Backfill(settings(), make_request(only="missing"))


# --- raw bytes that are gone ----------------------------------------------------------------------------------------


def test_records_whose_bytes_are_gone_stay_as_they_are_published(rules):
    write([row(1), row(2), row(3)])
    write([row(4), row(5)], "in/gone.jsonl")
    run()
    before = frame("articles").set_index("external_id")
    Path("in/gone.jsonl").unlink()
    Path("in/rows.jsonl").write_text(Path("in/rows.jsonl").read_text("utf-8").replace("جسر 2", "سدد 2"), "utf-8")
    rules("next", lambda meta: replace(meta, section="أخبار"))
    result = backfill()
    assert result.gone == {"in/gone.jsonl": 2, "in/rows.jsonl": 1}
    after = frame("articles").set_index("external_id")
    assert sorted(after.index[after["section"] == "أخبار"]) == ["r1", "r3"]
    gone = ["r2", "r4", "r5"]
    pd.testing.assert_frame_equal(after.loc[gone], before.loc[gone])


def test_raw_files_may_lie_elsewhere_now():
    write([row(1)], "in/a/rows.jsonl")
    shutil.copytree(SAMPLES / "archives", "in/b")
    read = run().read
    Path("elsewhere").mkdir()
    shutil.move("in", "elsewhere/in")
    assert sum(backfill().gone.values()) == read
    before = digests()
    result = backfill(raw_root="elsewhere")
    assert (result.read, result.gone) == (read, {})
    assert digests() == before


def test_absolute_paths_are_looked_for_below_the_raw_root(tmp_path):
    write([row(1)])
    run(tmp_path / "in")
    shutil.copytree(tmp_path / "in", tmp_path / "copy" / str(tmp_path).lstrip("/") / "in")
    shutil.rmtree(tmp_path / "in")
    assert backfill(raw_root=str(tmp_path / "copy")).read == 1


# --- as before ------------------------------------------------------------------------------------------------------


def test_a_file_is_read_with_the_mapping_of_its_run():
    write([{"nass": TEXT.format(n=1), "unwan": "جسر", "link": "https://one.example/1", "date": "2021-03-05"}])
    write([row(5)], "other/rows.jsonl")
    run("in", mapping={"text": "nass", "title": "unwan"})
    run("other")
    before = digests()
    assert backfill().outcomes == {"article": 2}
    assert backfill().outcomes == {"article": 2}
    assert digests() == before


def test_pages_keep_the_addresses_that_a_run_was_given():
    Path("in").mkdir()
    page = next(SAMPLES.glob("html/*.html"))
    shutil.copy(page, "in/page.html")
    Path("addresses.tsv").write_text("page.html\thttps://one.example/page\n", "utf-8")
    run(urls="addresses.tsv")
    before = digests()
    backfill()
    assert digests() == before
    Path("addresses.tsv").unlink()
    with pytest.raises(InputError, match=r"addresses\.tsv"):
        backfill()


def test_a_manifest_that_cannot_be_read_is_named():
    write([row(1)])
    run()
    Path("out/_runs/20990101T000000-1.json").write_text("{")
    with pytest.raises(InputError, match="20990101T000000-1"):
        backfill()


def test_profiles_are_those_of_the_last_run(samples):
    run(use_profiles=False)
    before = digests()
    backfill()
    assert digests() == before


# --- commands -------------------------------------------------------------------------------------------------------


def test_the_command_plans_runs_and_tells_what_is_gone(capsys):
    write([row(1), row(2, "2021-04-05"), "{broken"])
    assert main(["run", "in", "--workers", "1", "--out", "out"]) == 0
    capsys.readouterr()
    assert main(["backfill", "--out", "out", "--plan", "--to", "2021-03"]) == 0
    assert "1 records, " in capsys.readouterr().out
    assert main(["backfill", "--out", "out", "--workers", "1", "--strict"]) == 0
    assert "3 records read again = 2 article, 0 duplicate, 0 superseded, 1 rejected" in capsys.readouterr().out
    assert main(["backfill", "--out", "out", "--only", "outdated"]) == 0
    assert "0 records read again" in capsys.readouterr().out
    shutil.move("in", "away")
    assert main(["retry-rejects", "--out", "out"]) == 0
    assert "warning: 1 records stay as they are published" in capsys.readouterr().out
    assert main(["retry-rejects", "--out", "out", "--strict"]) == 1
    assert main(["retry-rejects", "--out", "out", "--strict", "--raw-root", "nowhere", "--reason", "no-text"]) == 0
    assert main(["backfill", "--out", "out", "--from", "2021"]) == 2
    assert "is no month" in capsys.readouterr().err


def test_the_manifest_says_that_it_was_a_backfill():
    write([row(1)])
    run()
    result = backfill(since="2021-03")
    manifest = json.loads((Path("out/_runs") / f"{result.runs[0]}.json").read_text("utf-8"))
    assert manifest["backfill"]["since"] == [2021, 3]
    assert manifest["read"] == 1


def test_the_flow_does_the_same(tmp_path):
    write([row(1), row(2), "{broken"])
    run()
    before = digests()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"PREFECT_HOME": str(tmp_path / "prefect"), "DO_NOT_TRACK": "1"}
    command = [sys.executable, str(ROOT / "flows" / "backfill.py"), "--out", "out", "--workers", "1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "3 records read again = 2 article, 0 duplicate, 0 superseded, 1 rejected" in done.stdout
    assert digests() == before


# --- a law ----------------------------------------------------------------------------------------------------------

RECORDS = st.lists(
    st.builds(
        lambda n, month, fetched, text: row(n, f"2021-{month:02}-05", fetched=f"2022-01-{fetched:02}", text=text),
        st.integers(1, 5),
        st.integers(1, 3),
        st.integers(1, 9),
        st.sampled_from([TEXT.format(n=n) for n in range(3)] + [""]),
    ),
    min_size=1,
    max_size=12,
)
REQUESTS = st.lists(
    st.fixed_dictionaries(
        {"only": st.sampled_from(["all", "outdated", "failed", "missing"])},
        optional={"since": st.just("2021-02"), "until": st.just("2021-03")},
    ),
    max_size=3,
)


@hypothesis.settings(
    max_examples=10, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(records=RECORDS, requests=REQUESTS, group_bytes=st.sampled_from([1, 700, 10**9]))
def test_whatever_was_backfilled_before_the_end_is_a_full_rebuild(rules, records, requests, group_bytes):
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        rules("old")
        write(records)
        run()
        rules("next", a_month_later)
        for asked in requests:
            backfill(group_bytes=group_bytes, **asked)
        backfill(only="outdated", group_bytes=group_bytes)
        backfill(only="failed")
        run(out="rebuilt")
        assert digests() == digests("rebuilt")
