"""WARC files and state: what is written can be read by others, and nothing is lost or doubled wherever a run ends."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from newsetl.fetch.collection import make_note
from newsetl.fetch.exchange import Answer, Exchange
from newsetl.fetch.feeds import Entry
from newsetl.fetch.rebuild import open_state
from newsetl.fetch.run_fetch import choose, fetch
from newsetl.fetch.source import Source
from newsetl.fetch.state import FILE, MAX_FAILURES, State
from newsetl.fetch.warc_files import WarcFiles
from newsetl.fetch.warc_notes import find_files, read_notes, salvage
from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records
from newsetl.pipeline import process_record
from newsetl.records import RawRecord
from tests.fetch.news_site import Nasim, serving, sources_text, stories
from tests.fetch.test_run_fetch import LAST, job_for, load, site  # noqa: F401  a fixture

NOW = datetime(2021, 2, 10, 12, tzinfo=UTC)
NASIM = Source("nasim", "النسيم", "Asia/Beirut", feeds=("https://nasim.example/rss",))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def exchange(url, body=b"<p>\xd8\xae\xd8\xa8\xd8\xb1", status=200, **headers):
    request = b"GET / HTTP/1.1\r\nHost: nasim.example\r\n\r\n"
    return Exchange(url, NOW, "93.184.215.14", request, status, HEAD, headers, body)


def fetched(url, body=b"<p>hello"):
    return Answer(url, "fetched", exchanges=(exchange(url, body, etag='"1"'),), content=body)


def failed(url, reason="timeout"):
    return Answer(url, "failed", reason, "x", may_retry=True)


def files_in(folder, now=lambda: NOW, **options):
    return WarcFiles(folder, NASIM, "newsetl 0", now, **options)


def page_note(answer, at=NOW, retry_at=None, kind="page"):
    return make_note(answer, kind, at, retry_at)


# --- WARC -----------------------------------------------------------------------------------------------------------


def write_some(folder, urls, now=lambda: NOW):
    with files_in(folder, now) as files:
        for url in urls:
            answer = fetched(url, f"<p>{url}".encode())
            files.write(answer, page_note(answer))
        files.close()
    return files.closed


def test_a_file_is_one_that_others_read(tmp_path):
    [path] = write_some(tmp_path, ["https://nasim.example/1", "https://nasim.example/2"])
    assert path == tmp_path / "2021-02-10" / "nasim-20210210T120000Z-0001.warc.gz"
    with path.open("rb") as handle:
        records = [(one.rec_type, one.rec_headers.get_header("WARC-Target-URI")) for one in ArchiveIterator(handle)]
    url = "https://nasim.example/"
    three = ["response", "request", "metadata"]
    assert records == [("warcinfo", None), *((kind, url + number) for number in "12" for kind in three)]
    checker = Checker(type("Options", (), {"verbose": True, "inputs": [str(path)]})())
    checker.process_all()
    assert checker.exit_value == 0


def test_pages_know_their_outlet_and_when_they_were_fetched(tmp_path):
    [path] = write_some(tmp_path, ["https://nasim.example/1"])
    [record] = list(read_records(find_inputs([str(path)])[0]))
    assert isinstance(record, RawRecord)
    assert (record.fields.source, record.fields.source_name, record.fields.zone) == ("nasim", "النسيم", "Asia/Beirut")
    assert record.fields.fetched == "2021-02-10T12:00:00.000000Z"
    assert record.content == b"<p>https://nasim.example/1"


def test_a_page_whose_certificate_was_not_verified_says_so(tmp_path):
    url = "https://nasim.example/1"
    with files_in(tmp_path) as files:
        answer = replace(fetched(url), exchanges=(replace(exchange(url), tls_verified=False),))
        files.write(answer, page_note(answer))
        [path] = files.close()
    [record] = list(read_records(find_inputs([str(path)])[0]))
    assert record.fields.flags == ("tls-unverified",)
    article = process_record(replace(record, form="text", content=("قال سالم: لا.\n" * 9).encode()))
    assert "tls-unverified" in article.flags


def test_what_is_no_new_page_goes_into_a_file_that_readers_pass_over(tmp_path):
    url = "https://nasim.example/1"
    moved = Answer(url, "fetched", exchanges=(exchange(url, b"", 302), exchange(url + "/b")), content=b"x")
    answers = [
        (fetched("https://nasim.example/rss"), "feed"),
        (failed(url), "page"),
        (Answer(url, "refused", "private-address", "10.0.0.1"), "page"),
        (Answer(url, "unchanged", exchanges=(exchange(url, b"", 304),)), "page"),
        (moved, "page"),
    ]
    with files_in(tmp_path) as files:
        for answer, kind in answers:
            files.write(answer, page_note(answer, kind=kind))
        closed = files.close()
    assert [path.name[:7] for path in closed] == ["_others", "nasim-2"]
    assert files.closed == [closed[1]]
    [record] = list(read_records(find_inputs([str(tmp_path)])[0]))
    assert record.fields.url == url + "/b"
    notes = [(note["kind"], note["outcome"], note["reason"]) for note in read_notes(closed[0])]
    assert notes == [(kind, one.outcome, one.reason) for one, kind in answers[:-1]]


def test_a_cut_body_says_so(tmp_path):
    answer = Answer("https://nasim.example/1", "failed", "cut", exchanges=(exchange("https://nasim.example/1"),))
    with files_in(tmp_path) as files:
        files.write(answer, page_note(answer))
        [path] = files.close()
    with path.open("rb") as handle:
        cut = [one.rec_headers.get_header("WARC-Truncated") for one in ArchiveIterator(handle)]
    assert cut == [None, "disconnect", None, None]


def test_the_same_answers_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_some(tmp_path / name, ["https://nasim.example/1"])
    [one], [other] = find_files(tmp_path / "a"), find_files(tmp_path / "b")
    assert one.read_bytes() == other.read_bytes()


def test_a_file_ends_when_it_is_full_or_the_day_is_over(tmp_path):
    moments = iter([NOW] * 6 + [NOW + timedelta(days=1)] * 20)
    with files_in(tmp_path, lambda: next(moments), max_bytes=1500) as files:
        for number in range(8):
            answer = fetched(f"https://nasim.example/{number}")
            files.write(answer, page_note(answer))
    names = [path.relative_to(tmp_path).as_posix() for path in files.closed]
    assert len(names) > 2
    assert len(set(names)) == len(names)
    assert {name[:10] for name in names} == {"2021-02-10", "2021-02-11"}
    assert sum(len(list(read_notes(path))) for path in files.closed) == 8


def test_a_name_is_never_given_twice(tmp_path):
    first = write_some(tmp_path, ["https://nasim.example/1"])
    second = write_some(tmp_path, ["https://nasim.example/2"])
    assert first != second
    assert len(find_files(tmp_path)) == 2


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    [path] = write_some(folder, [f"https://nasim.example/{number}" for number in range(5)])
    return path.read_bytes()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_file_cut_anywhere_is_whole_up_to_its_last_note(written, tmp_path_factory, data):
    cut = data.draw(st.integers(0, len(written)))
    folder = tmp_path_factory.mktemp("cut")
    path = folder / "2021-02-10" / "_open-nasim-20210210T120000Z-0001.warc.gz"
    path.parent.mkdir()
    path.write_bytes(written[:cut])
    found = salvage(folder)
    assert not path.exists()
    records = [record for file in found for record in read_records(find_inputs([str(file)])[0])]
    notes = [note["url"] for file in found for note in read_notes(file)]
    assert [record.fields.url for record in records] == notes  # and no reject
    assert notes == [f"https://nasim.example/{number}" for number in range(len(notes))]
    assert cut < len(written) or len(notes) == 5
    shutil.rmtree(folder)


# --- state ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def state(tmp_path):
    with State(tmp_path) as found:
        yield found


def due(state, now=NOW, limit=100):
    return [one.url for one in state.due("page", now, limit)]


URL = "https://nasim.example/1"


def test_a_page_is_due_once_whatever_its_spelling(state):
    spellings = [URL, "http://www.nasim.example/1?utm_source=rss", "https://nasim.example/1/"]
    assert state.found("page", map(Entry, spellings), "feed", NOW) == 1
    assert state.found("page", map(Entry, spellings), "feed", NOW) == 0
    assert due(state) == [URL]
    state.apply(page_note(fetched(URL)), "f")
    assert due(state, NOW + timedelta(days=999)) == []
    assert state.validators("page", URL) == ('"1"', None)


def test_the_newest_pages_come_first(state):
    entries = [Entry(f"{URL}{n}", published=NOW - timedelta(days=n)) for n in (3, 1, 2)]
    state.found("page", entries, "feed", NOW)
    assert due(state, limit=2) == [f"{URL}1", f"{URL}2"]


@pytest.mark.parametrize(
    ("minutes", "days_later", "expected"), [(5, 0, [URL]), (0.5, 0, []), (-5, 0, []), (31 * 1440, 31, [])]
)
def test_a_page_that_changed_since_is_due_again_for_a_month(state, minutes, days_later, expected):
    state.found("page", [Entry(URL)], "feed", NOW)
    state.apply(page_note(fetched(URL)), "f")
    at = NOW + timedelta(days=days_later, hours=1)
    state.found("page", [Entry(URL, updated=NOW + timedelta(minutes=minutes))], "feed", at)
    assert due(state, at) == expected


def test_a_page_in_trouble_waits_and_is_given_up(state):
    state.found("page", [Entry(URL)], "feed", NOW)
    for number in range(1, MAX_FAILURES + 1):
        at = NOW + timedelta(hours=number)
        state.apply(page_note(failed(URL), at, at + timedelta(minutes=30)), "f")
        assert due(state, at) == []
        assert due(state, at + timedelta(minutes=31)) == ([URL] if number < MAX_FAILURES else [])
    assert state.failures("page", URL) == MAX_FAILURES


def test_success_ends_the_count_of_failures(state):
    state.apply(page_note(failed(URL), NOW, NOW), "f")
    state.apply(page_note(fetched(URL), NOW + timedelta(hours=1)), "f")
    assert state.failures("page", URL) == 0


def test_a_page_under_another_url_is_known(state):
    answer = Answer(URL, "fetched", exchanges=(exchange(URL, b"", 301), exchange(URL + "/b")), content=b"x")
    state.found("page", [Entry(URL), Entry(URL + "/b")], "feed", NOW)
    state.apply(page_note(answer), "f")
    assert due(state) == []
    assert state.copy("page", URL + "/b")[0] == "fetched"


def test_applying_a_note_twice_changes_nothing(state):
    notes = [page_note(failed(URL), NOW, NOW), page_note(fetched(URL + "2"))]
    for _ in range(2):
        for note in notes:
            state.apply(note, "f")
    assert state.failures("page", URL) == 1
    before = list(state.dump())
    state.apply(notes[0], "f")
    assert list(state.dump()) == before


def test_nothing_is_kept_before_the_commit(tmp_path):
    with State(tmp_path) as state:
        state.found("page", [Entry(URL)], "feed", NOW)
    with State(tmp_path) as state:
        assert due(state) == []
        state.found("page", [Entry(URL)], "feed", NOW)
        state.commit()
    with State(tmp_path) as state:
        assert due(state) == [URL]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\x00" + bytes(4000)])
def test_a_damaged_state_is_made_anew_from_the_files(tmp_path, content):
    write_some(tmp_path, [URL])
    (tmp_path / FILE).write_bytes(content)
    with open_state(tmp_path) as state:
        assert state.copy("page", URL)[0] == "fetched"
        assert state.unloaded("out") == find_files(tmp_path)


ASKED = """
SELECT key, url, copied_at, outcome, reason, detail, status, etag, modified, sha256, due_at, failures, file FROM urls
WHERE kind = 'page' AND outcome IS NOT NULL ORDER BY key
"""


def asked_rows(folder):
    """What the state says of all pages that were asked for."""
    with sqlite3.connect(folder / FILE) as db:
        return db.execute(ASKED).fetchall()


def test_a_state_that_was_deleted_comes_back_as_it_was(site, tmp_path, days):  # noqa: F811
    job = job_for(site, tmp_path / "raw")
    for number in range(4):
        if number == 2:
            site[0].versions[site[0].published[-3].path] += 1
        fetch(job, days.clock)
        days.sleep(20 * 3600)
    for outlet in site:
        folder = tmp_path / "raw" / outlet.slug
        before = asked_rows(folder)
        assert len(before) >= 140
        (folder / FILE).unlink()
        open_state(folder).__exit__(None, None, None)
        assert asked_rows(folder) == before
    for outlet in site:
        outlet.asked.clear()
    results = fetch(job, days.clock)
    assert sum(one.count("fetched") for one in results) == 0
    assert not [path for path in site[0].paths() if path.startswith("/2021/")]


# --- crashes --------------------------------------------------------------------------------------------------------

STEP = 1 if os.environ.get("NEWSETL_ALL_FAULTS") == "1" else 6
DRIVER = Path(__file__).with_name("crash_driver.py")


@pytest.fixture(scope="module")
def crashes(tmp_path_factory, request):
    """What came of each fault, the summary, and the URLs of the site's pages."""
    folder = tmp_path_factory.mktemp("crashes")
    outlet = Nasim("nasim-test", stories(6, LAST - timedelta(days=40), 41))
    with serving(outlet):
        text = sources_text(outlet, outlet, outlet, tries=1).split("[[source]]")
        (folder / "sources.toml").write_text("[[source]]".join(text[:2]), encoding="utf-8")
        command = [sys.executable, str(DRIVER), str(folder / "sources.toml"), str(folder / "raw"), str(STEP)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        *found, summary = map(json.loads, done.stdout.splitlines())
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stdout.write(f"\nfetch: {summary['steps']} steps, {len(found)} faults\n")
        return found, summary, {outlet.url + story.path for story in outlet.stories}


def test_a_fault_was_tried_at_every_step(crashes):
    found, summary, _ = crashes
    assert set(summary["names"]) == {"write_record", "sync_file", "sync_folder", "rename", "commit"}
    kills = {one["at"]: one["outcome"] for one in found if one["fault"] == "SIGKILL"}
    assert kills.keys() == set(range(1, summary["steps"] + 2))
    assert [at for at, outcome in kills.items() if outcome is not None] == [summary["steps"] + 1]


def test_nothing_is_lost_or_doubled_wherever_a_run_ends(crashes):
    found, _, urls = crashes
    for one in found:
        pages = [url.partition("?")[0] for url in one["fetched"]]
        assert sorted(pages) == sorted(urls), one
        assert one["counts"] == {"page/fetched/": len(urls), "page/refused/robots": 1}, one
        assert one["left"] == [], one


def test_a_full_disk_is_told_in_one_line(crashes):
    found, _, _ = crashes
    told = [one["outcome"]["told"] for one in found if one["fault"] == "ENOSPC" and "told" in (one["outcome"] or {})]
    assert told
    assert all("\n" not in line for line in told)


def test_loading_knows_what_is_new(site, tmp_path, days):  # noqa: F811
    from newsetl.fetch.loading import mark_loaded, new_files

    raw, job = tmp_path / "raw", job_for(site, tmp_path / "raw")
    nasim = replace(job, sources=choose(job.sources, ["nasim-test"]))
    fetch(nasim, days.clock)
    [path] = new_files(raw, ["nasim-test"], "out")
    assert load([path], tmp_path / "out").outcomes == {"article": 220}
    mark_loaded(raw, [path], "out")
    assert new_files(raw, ["nasim-test"], "out") == []
    assert new_files(raw, ["nasim-test"], "another store") == [path]
