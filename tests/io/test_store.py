"""Merging runs into what is published: duplicates, newer fetches, re-runs, conservation."""

import hashlib
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from newsetl.errors import ConservationError
from newsetl.io import merge, store
from newsetl.io import publish as publishing
from newsetl.io.ledger import Ledger
from newsetl.io.staging import STAGED, Pieces, StagingWriter
from newsetl.records import Article
from newsetl.schema import DATASETS, SCHEMAS, Partition

JANUARY = Partition("example", 2020, 1)


@pytest.fixture
def publish(tmp_path):
    """Publish results (articles and rejects) as one run of one batch into tmp_path/out; gives (written, unchanged)."""
    runs = iter(range(100))

    def run(*results, read=None):
        root = tmp_path / "out"
        staging = root / f"_staging-{next(runs)}"
        with StagingWriter(staging, "batch-000001") as writer:
            for number, result in enumerate(results, 1):
                add = writer.add_article if isinstance(result, Article) else writer.add_reject
                add((1 << 32) + number, result)
        ledger = Ledger(staging / "ledger.sqlite", create=True)
        ledger.absorb(writer.ledger_path)
        merge.settle(ledger, root, {1: len(results) if read is None else read})
        merged = [
            merge.merge_partition(staging / "ledger.sqlite", root, staging, partition) for partition in ledger.touched()
        ]
        return publishing.install(root, staging, merged)

    run.root = tmp_path / "out"
    return run


def frame(root: Path, dataset: str) -> pd.DataFrame:
    return pd.read_parquet(root / dataset)


def outcomes(root: Path) -> dict[str, int]:
    return frame(root, "records")["outcome"].value_counts().to_dict()


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("*/source=*/**/*.parquet"))
    }


def test_each_dataset_is_readable_with_plain_pandas(publish, make_article, make_reject):
    publish(make_article("a"), make_reject(7))
    for dataset in DATASETS:
        assert set(frame(publish.root, dataset).columns) == {*SCHEMAS[dataset].names, "source", "year", "month"}


def test_a_dataset_without_rows_is_readable_too(publish, make_article):
    publish(make_article("a"))
    assert frame(publish.root, "rejects").empty
    assert list(frame(publish.root, "rejects").columns[:2]) == ["raw_uri", "raw_offset"]


def test_the_empty_file_goes_when_rows_come(publish, make_article, make_reject):
    publish(make_article("a"))
    publish(make_reject(5, source="example"))
    assert [p.source for p in store.published_partitions(publish.root, "rejects")] == ["example"]


def test_equal_text_of_one_article_is_a_duplicate(publish, make_article):
    publish(make_article("a", offset=0), make_article("a", offset=9))
    assert outcomes(publish.root) == {"article": 1, "duplicate": 1}
    assert frame(publish.root, "articles")["raw_offset"].tolist() == [0]


def test_the_newest_fetch_wins_and_the_older_text_is_superseded(publish, make_article):
    publish(
        make_article("a", offset=0, text="قال سالم: نعم.", fetched=1),
        make_article("a", offset=9, text="قال سالم: لا.", fetched=2),
    )
    assert outcomes(publish.root) == {"article": 1, "superseded": 1}
    assert frame(publish.root, "articles")["text"].tolist() == ["قال سالم: لا."]


def test_rows_of_a_loser_are_in_no_dataset(publish, make_article):
    publish(make_article("a", offset=0, fetched=1), make_article("a", offset=9, fetched=2))
    for dataset in ("paragraphs", "sentences", "quotes"):
        assert len(frame(publish.root, dataset)) == 1


def test_a_newer_fetch_in_another_month_moves_the_article(publish, make_article):
    publish(make_article("a", offset=0, day=date(2020, 1, 31), fetched=1))
    publish(make_article("a", offset=9, day=date(2020, 2, 1), fetched=2))
    articles = frame(publish.root, "articles")
    assert articles[["month", "raw_offset"]].to_numpy().tolist() == [[2, 9]]
    assert outcomes(publish.root) == {"article": 1, "duplicate": 1}
    assert not store.part_path(publish.root, "articles", JANUARY).exists()


def test_an_older_fetch_in_a_later_run_changes_nothing_but_the_ledger(publish, make_article):
    publish(make_article("a", offset=9, text="قال سالم: لا.", fetched=2))
    publish(make_article("a", offset=0, text="قال سالم: نعم.", fetched=1))
    assert frame(publish.root, "articles")["raw_offset"].tolist() == [9]
    assert outcomes(publish.root) == {"article": 1, "superseded": 1}


def test_a_second_run_adds_to_a_month_and_keeps_what_was_there(publish, make_article, make_reject):
    publish(make_article("a", offset=0), make_reject(50))
    publish(make_article("b", offset=1), make_reject(60))
    assert sorted(frame(publish.root, "articles")["external_id"]) == ["a", "b"]
    assert outcomes(publish.root) == {"article": 2, "rejected": 2}
    assert sorted(frame(publish.root, "rejects")["raw_offset"]) == [50, 60]


def test_a_rerun_gives_the_same_bytes_and_touches_no_file(publish, make_article, make_reject):
    results = [make_article("a", offset=0), make_article("a", offset=5), make_article("b", offset=9), make_reject(20)]
    publish(*results)
    before = digests(publish.root)
    written, unchanged = publish(*results)
    assert digests(publish.root) == before
    assert written == 0
    assert unchanged == sum(pq.read_metadata(publish.root / name).num_rows > 0 for name in before)


def test_a_record_that_is_rejected_now_takes_its_article_away(publish, make_article, make_reject):
    publish(make_article("a", offset=0), make_article("b", offset=9))
    publish(make_reject(0))
    assert frame(publish.root, "articles")["external_id"].tolist() == ["b"]
    assert outcomes(publish.root) == {"article": 1, "rejected": 1}


def test_a_record_that_is_an_article_now_leaves_the_rejects(publish, make_article, make_reject):
    publish(make_reject(0), make_reject(9))
    publish(make_article("a", offset=0))
    assert frame(publish.root, "rejects")["raw_offset"].tolist() == [9]
    assert outcomes(publish.root) == {"article": 1, "rejected": 1}


def test_new_bytes_at_an_old_place_win_over_the_old_ones(publish, make_article, tmp_path):
    import dataclasses

    old = make_article("a", offset=0, text="قال سالم: نعم.")
    place = dataclasses.replace(old.place, sha256="0" * 64)
    new = dataclasses.replace(make_article("a", offset=0, text="قال سالم: لا."), place=place)
    publish(old)
    publish(new)
    assert frame(publish.root, "articles")["text"].tolist() == ["قال سالم: لا."]
    assert outcomes(publish.root) == {"article": 1, "superseded": 1}


def test_a_lost_record_stops_publication(publish, make_article):
    with pytest.raises(ConservationError, match="read 3 records, the ledger has 1"):
        publish(make_article("a"), read=3)
    assert not (publish.root / "articles").exists()


def test_rows_missing_from_a_partition_stop_publication(publish, make_article, monkeypatch):
    monkeypatch.setattr(Pieces, "read", lambda *_: STAGED["articles"].empty_table())
    with pytest.raises(ConservationError, match="the ledger has 1 articles"):
        publish(make_article("a"))


def test_files_carry_schema_version_and_meanings(publish, make_article):
    publish(make_article("a"))
    schema = pq.read_schema(store.part_path(publish.root, "quotes", JANUARY))
    assert schema.metadata[b"newsetl.schema"] == b"1"
    assert schema.field("speaker_name").metadata[b"null"] == b"speaker not known"
