"""Merging runs into what is published: duplicates, newer fetches, re-runs, conservation."""

from collections import Counter
from datetime import date

import pyarrow.parquet as pq
import pytest

from newsetl.errors import ConservationError
from newsetl.io import store
from newsetl.io.staging import STAGED, Pieces
from newsetl.schema import DATASETS, SCHEMA_VERSION, SCHEMAS, Partition

JANUARY = Partition("example", 2020, 1)


@pytest.fixture
def stored(tmp_path, make_store):
    return make_store(tmp_path / "out")


def counted(stored):
    """How often each outcome is in the ledger."""
    return Counter(stored.outcomes())


def test_each_dataset_is_readable_with_plain_pandas(stored, make_article, make_reject):
    stored.publish([make_article("a"), make_reject(7)])
    for dataset in DATASETS:
        assert set(stored.frame(dataset).columns) == {*SCHEMAS[dataset].names, "source", "year", "month"}


def test_a_dataset_without_rows_is_readable_too(stored, make_article):
    stored.publish([make_article("a")])
    assert stored.frame("rejects").empty
    assert list(stored.frame("rejects").columns[:2]) == ["raw_uri", "raw_offset"]


def test_the_empty_file_goes_when_rows_come(stored, make_article, make_reject):
    stored.publish([make_article("a")])
    stored.publish([make_reject(5, source="example")])
    assert [p.source for p in store.published_partitions(stored.root, "rejects")] == ["example"]


def test_equal_text_of_one_article_is_a_duplicate(stored, make_article):
    stored.publish([make_article("a", offset=0), make_article("a", offset=9)])
    assert counted(stored) == {"article": 1, "duplicate": 1}
    assert stored.frame("articles")["raw_offset"].tolist() == [0]


def test_the_newest_fetch_wins_and_the_older_text_is_superseded(stored, make_article):
    stored.publish(
        [
            make_article("a", offset=0, text="قال سالم: نعم.", fetched=1),
            make_article("a", offset=9, text="قال سالم: لا.", fetched=2),
        ]
    )
    assert counted(stored) == {"article": 1, "superseded": 1}
    assert stored.frame("articles")["text"].tolist() == ["قال سالم: لا."]


def test_rows_of_a_loser_are_in_no_dataset(stored, make_article):
    stored.publish([make_article("a", offset=0, fetched=1), make_article("a", offset=9, fetched=2)])
    for dataset in ("paragraphs", "sentences", "quotes"):
        assert len(stored.frame(dataset)) == 1


def test_a_newer_fetch_in_another_month_moves_the_article(stored, make_article):
    stored.publish([make_article("a", offset=0, day=date(2020, 1, 31), fetched=1)])
    stored.publish([make_article("a", offset=9, day=date(2020, 2, 1), fetched=2)])
    articles = stored.frame("articles")
    assert articles[["month", "raw_offset"]].to_numpy().tolist() == [[2, 9]]
    assert counted(stored) == {"article": 1, "duplicate": 1}
    assert not stored.file("articles", JANUARY).exists()


def test_an_older_fetch_in_a_later_run_changes_nothing_but_the_ledger(stored, make_article):
    stored.publish([make_article("a", offset=9, text="قال سالم: لا.", fetched=2)])
    stored.publish([make_article("a", offset=0, text="قال سالم: نعم.", fetched=1)])
    assert stored.frame("articles")["raw_offset"].tolist() == [9]
    assert counted(stored) == {"article": 1, "superseded": 1}


def test_a_second_run_adds_to_a_month_and_keeps_what_was_there(stored, make_article, make_reject):
    stored.publish([make_article("a", offset=0), make_reject(50)])
    stored.publish([make_article("b", offset=1), make_reject(60)])
    assert sorted(stored.frame("articles")["external_id"]) == ["a", "b"]
    assert counted(stored) == {"article": 2, "rejected": 2}
    assert sorted(stored.frame("rejects")["raw_offset"]) == [50, 60]


def test_a_rerun_gives_the_same_bytes_and_touches_no_file(stored, make_article, make_reject):
    results = [make_article("a", offset=0), make_article("a", offset=5), make_article("b", offset=9), make_reject(20)]
    stored.publish(results)
    before = stored.digests()
    again = stored.publish(results)
    assert stored.digests() == before
    assert again.written == 0
    assert again.unchanged == sum(pq.read_metadata(stored.root / name).num_rows > 0 for name in before)


def test_a_record_that_is_rejected_now_takes_its_article_away(stored, make_article, make_reject):
    stored.publish([make_article("a", offset=0), make_article("b", offset=9)])
    stored.publish([make_reject(0)])
    assert stored.frame("articles")["external_id"].tolist() == ["b"]
    assert counted(stored) == {"article": 1, "rejected": 1}


def test_a_record_that_is_an_article_now_leaves_the_rejects(stored, make_article, make_reject):
    stored.publish([make_reject(0), make_reject(9)])
    stored.publish([make_article("a", offset=0)])
    assert stored.frame("rejects")["raw_offset"].tolist() == [9]
    assert counted(stored) == {"article": 1, "rejected": 1}


def test_new_bytes_at_an_old_place_win_over_the_old_ones(stored, make_article, tmp_path):
    import dataclasses

    old = make_article("a", offset=0, text="قال سالم: نعم.")
    place = dataclasses.replace(old.place, sha256="0" * 64)
    new = dataclasses.replace(make_article("a", offset=0, text="قال سالم: لا."), place=place)
    stored.publish([old])
    stored.publish([new])
    assert stored.frame("articles")["text"].tolist() == ["قال سالم: لا."]
    assert counted(stored) == {"article": 1, "superseded": 1}


def test_a_lost_record_stops_publication(stored, make_article):
    with pytest.raises(ConservationError, match="read 3 records, the ledger has 1"):
        stored.publish([make_article("a")], lost=2)
    assert not (stored.root / "articles").exists()


def test_rows_missing_from_a_partition_stop_publication(stored, make_article, monkeypatch):
    monkeypatch.setattr(Pieces, "read", lambda *_: STAGED["articles"].empty_table())
    with pytest.raises(ConservationError, match="the ledger has 1 articles"):
        stored.publish([make_article("a")])


def test_files_carry_schema_version_and_meanings(stored, make_article):
    stored.publish([make_article("a")])
    schema = pq.read_schema(stored.file("quotes", JANUARY))
    assert schema.metadata[b"newsetl.schema"] == SCHEMA_VERSION.encode()
    assert schema.field("speaker_name").metadata[b"null"] == b"speaker not known"
