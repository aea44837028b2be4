"""The state against what servers, disks and other programs do to it. Its plain ways are in `test_raw_files`."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from newsetl.errors import NewsetlError
from newsetl.fetch.feeds import read_feed
from newsetl.fetch.listing import Child, Entry
from newsetl.fetch.rebuild import open_state
from newsetl.fetch.state import FILE, MAX_VALIDATOR, VERSION, State

NOW = datetime(2021, 2, 10, 12, tzinfo=UTC)
URL = "https://nasim.example/1"


@pytest.fixture
def state(tmp_path):
    with State(tmp_path) as found:
        yield found


def make_note(url=URL, at=NOW, outcome="fetched", **parts):
    note = {"kind": "page", "url": url, "final_url": url, "at": at.isoformat(timespec="microseconds")}
    return note | {"outcome": outcome, "retry_at": None, "reason": "", "detail": "", "status": 200} | parts


def due(state, now=NOW):
    return [one.url for one in state.due("page", now, 100)]


# --- what servers send ----------------------------------------------------------------------------------------------


def test_half_a_character_in_the_url_of_a_json_feed_is_no_end_of_the_run(state):
    items = [{"id": "1", "url": "https://nasim.example/\ud800"}, {"id": "2", "url": URL}]
    feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": items}).encode()
    entries = read_feed(feed, "https://nasim.example/feed").entries
    assert len(entries) == 2
    assert state.found("page", entries, "feed", NOW) == 2
    assert state.found("page", entries, "feed", NOW) == 0
    bad, good = sorted(due(state), reverse=True)
    assert (bad, good) == ("https://nasim.example/\ufffd", URL)
    state.apply(make_note(bad, final_url="https://nasim.example/\udfff", detail="\ud800"), "f")
    assert due(state) == [URL]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('"v1"', '"v1"'),
        ('W/"v 1"', 'W/"v 1"'),
        ("x" * MAX_VALIDATOR, "x" * MAX_VALIDATOR),
        ("x" * (MAX_VALIDATOR + 1), None),
        ("\xa0v1", None),  # requests refuses to send it: each later run would end here
        ("v1\r\nHost: other.example", None),
        ("v\x00", None),
        (None, None),
    ],
)
def test_only_validators_that_can_be_sent_back_are_kept(state, sent, kept):
    state.apply(make_note(etag=sent, modified=sent), "f")
    assert state.validators("page", URL) == (kept, kept)


def test_validators_are_those_of_our_newest_copy(state):
    state.apply(make_note(etag="1", modified="A"), "f")
    state.apply(make_note(at=NOW + timedelta(hours=1), outcome="unchanged", reason="same-bytes", modified="B"), "f")
    assert state.validators("page", URL) == ("1", "B")
    state.apply(make_note(at=NOW + timedelta(hours=2), outcome="failed", reason="timeout"), "f")
    assert state.validators("page", URL) == ("1", "B")
    state.apply(make_note(at=NOW + timedelta(hours=3), modified="C"), "f")
    assert state.validators("page", URL) == (None, "C")


def test_the_sitemaps_of_an_index_are_known(state):
    index, one, two = (f"https://nasim.example/{name}.xml" for name in ("index", "one", "two"))
    later = NOW + timedelta(hours=1)
    state.found("sitemap", [Entry(two, updated=NOW), Entry(one)], index, NOW)
    state.found("page", [Entry(URL)], index, NOW)
    state.found("sitemap", [Entry(URL + ".xml")], "https://nasim.example/other.xml", NOW)
    assert state.sitemaps_of(index) == [Child(one), Child(two, NOW)]
    state.apply(make_note(two, kind="sitemap"), "f")
    state.found("sitemap", [Entry(two, updated=later)], index, NOW)
    assert state.sitemaps_of(index) == [Child(one), Child(two, later)]
    assert state.sitemaps_of(one) == []


def test_an_older_note_that_comes_late_changes_nothing(state):
    state.apply(make_note(sha256="new"), "f")
    state.apply(make_note(at=NOW - timedelta(hours=1), sha256="old", outcome="failed", reason="cut"), "f")
    assert state.copy("page", URL) == ("fetched", "new")


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_robots_are_known_for_as_long_as_the_caller_says(state, hours):
    state.know_robots("nasim.example", NOW, 200, b"User-agent: *")
    known = state.robots("nasim.example", NOW + timedelta(hours=hours) - timedelta(hours=24))
    assert known == ((200, b"User-agent: *") if hours <= 24 else None)
    assert state.robots("other.example", NOW - timedelta(days=1)) is None


def test_counts_are_by_kind_outcome_and_reason(state):
    state.found("page", [Entry(URL), Entry(URL + "2"), Entry(URL + "3")], "feed", NOW)
    state.apply(make_note(outcome="refused", reason="robots"), "f")
    state.apply(make_note(URL + "2"), "f")
    state.apply(make_note("https://nasim.example/rss") | {"kind": "feed"}, "f")
    assert state.counts() == {
        ("page", "refused", "robots"): 1,
        ("page", "fetched", ""): 1,
        ("page", "waiting", ""): 1,
        ("feed", "fetched", ""): 1,
    }


# --- disks and other programs ---------------------------------------------------------------------------------------


def test_a_state_that_cannot_be_written_is_told_in_one_line(tmp_path, state):
    state.commit()
    with sqlite3.connect(tmp_path / FILE) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
        state._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(NewsetlError, match=r"_fetch\.sqlite: .*full; the raw files have what was fetched$"):
            fill(state)
    assert due(state) == []


def fill(state):
    state.found("page", [Entry(f"{URL}/{number}") for number in range(500)], "feed", NOW)
    state.commit()


def test_a_state_of_another_version_is_kept_aside(tmp_path, caplog):
    with State(tmp_path) as state:
        state.found("page", [Entry(URL)], "feed", NOW)
        state.commit()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with open_state(tmp_path) as state:
        assert due(state) == []
    assert "it is made anew from the raw files" in caplog.text
    [aside] = tmp_path.glob(f"{FILE}.damaged-*")
    with sqlite3.connect(aside) as db:
        assert db.execute("SELECT url FROM urls").fetchall() == [(URL,)]


def test_a_state_with_a_damaged_page_is_made_anew(tmp_path):
    with State(tmp_path) as state:
        state.found("page", [Entry(f"{URL}/{number}") for number in range(500)], "feed", NOW)
        state.commit()
    path = tmp_path / FILE
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 4 * 4096] = bytes(range(256)) * 16
    path.write_bytes(content)
    with open_state(tmp_path) as state:
        assert state.counts() == {}
    assert [one.read_bytes() for one in tmp_path.glob(f"{FILE}.damaged-*")] == [bytes(content)]


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NewsetlError, match="Not a directory"):
        open_state(tmp_path / "file" / "nasim")
