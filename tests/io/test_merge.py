"""Merging: earlier versions, the same bytes whatever the order, partitions larger than memory, paths."""

import hashlib
import random
import shutil
import tempfile
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import newsetl
from newsetl.errors import ConservationError
from newsetl.io import disk, merge, published, ranges, store
from newsetl.io.history import HISTORY, changed, details
from newsetl.io.ledger import Ledger
from newsetl.io.merge import SORT_KEYS
from newsetl.pipeline import process_record
from newsetl.records import Article, Fields, Place, RawRecord
from newsetl.schema import Partition

FIRST, SECOND, THIRD = "قال سالم: نعم.", "قال سالم: لا.", "قال سالم: ربما."
JANUARY = Partition("example", 2020, 1)


def rows(stored, dataset):
    return newsetl.read(dataset, stored.root).to_dict("records")


def versions(stored):
    """(version, text, first day, last day, changed) of each earlier version; days of February 2020."""
    return [
        (
            row["version"],
            row["text"],
            *(None if pd.isna(row[name]) else row[name].day for name in ("first_seen", "last_seen")),
            list(row["changed"]),
        )
        for row in rows(stored, "revisions")
    ]


@pytest.fixture
def quick_disk(monkeypatch):
    """Nothing of these tests needs to outlive a loss of power."""
    for name in ("sync_all", "sync_file", "sync_folder"):
        monkeypatch.setattr(disk, name, lambda *_: None)


@pytest.fixture
def archive(tmp_path, quick_disk, make_store):
    return make_store(tmp_path / "out")


@pytest.fixture
def fetch(make_article):
    """A download of one article on a day of February 2020."""

    def build(offset, fetched, text=FIRST, **more):
        metadata = more.pop("metadata", {})
        article = make_article("a", offset=offset, fetched=fetched, text=text, **more)
        return replace(article, metadata=replace(article.metadata, **metadata))

    return build


# --- earlier versions -----------------------------------------------------------------------------------------------


def test_an_edited_article_keeps_its_earlier_version(archive, fetch):
    archive.publish([fetch(0, 1)])
    archive.publish([fetch(9, 2, SECOND)])
    assert versions(archive) == [(1, FIRST, 1, 1, ["text"])]
    assert [row["text"] for row in rows(archive, "articles")] == [SECOND]
    assert archive.outcomes() == ["superseded", "article"]


def test_downloads_that_say_the_same_are_one_version(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2), fetch(2, 3, SECOND), fetch(3, 4, SECOND)])
    assert versions(archive) == [(1, FIRST, 1, 2, ["text"])]
    assert archive.outcomes() == ["superseded", "superseded", "duplicate", "article"]


def test_an_article_whose_text_did_not_change_has_no_versions(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2, metadata={"section": "رياضة"})])
    assert versions(archive) == []


def test_a_text_that_comes_back_is_a_version_of_its_own(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2, SECOND), fetch(2, 3)])
    assert [(number, text) for number, text, *_ in versions(archive)] == [(1, FIRST), (2, SECOND)]
    assert archive.outcomes() == ["duplicate", "superseded", "article"]


def test_an_older_download_that_comes_later_finds_its_place(archive, fetch):
    archive.publish([fetch(0, 1)])
    archive.publish([fetch(1, 3)])
    archive.publish([fetch(2, 2, SECOND)])
    assert [(number, text) for number, text, *_ in versions(archive)] == [(1, FIRST), (2, SECOND)]
    assert archive.outcomes() == ["duplicate", "article", "superseded"]


def test_what_was_a_duplicate_is_superseded_when_the_text_changes(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2)])
    archive.publish([fetch(2, 3, SECOND)])
    assert archive.outcomes() == ["superseded", "superseded", "article"]


def test_downloads_without_an_instant_are_the_oldest(archive, fetch):
    archive.publish([fetch(0, 1, SECOND), fetch(1, None)])
    assert versions(archive) == [(1, FIRST, None, None, ["text"])]


def test_what_changed_is_named(archive, fetch):
    before = {"subtitle": None, "authors": ("سالم",), "section": "محلي", "tags": ("ماء",)}
    after = {"subtitle": "تفاصيل", "authors": (), "section": "رياضة", "tags": ("ماء",)}
    archive.publish(
        [
            fetch(0, 1, title="خبر", metadata=before),
            fetch(1, 2, title="خبر آخر", day=date(2020, 1, 30), metadata=after),
        ]
    )
    assert versions(archive) == [(1, FIRST, 1, 1, ["title", "subtitle", "authors", "published_on", "section"])]


def test_an_absent_value_and_an_empty_one_are_no_change():
    assert changed(details({"subtitle": None, "tags": []}), details({"subtitle": "", "tags": ()})) == []


def test_versions_lie_with_the_article_and_move_with_it(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2, SECOND)])
    archive.publish([fetch(2, 3, THIRD, day=date(2020, 2, 1))])
    for dataset in ("articles", "revisions", HISTORY):
        assert [p.month for p in store.published_partitions(archive.root, dataset)] == [2]
    assert [number for number, *_ in versions(archive)] == [1, 2]


def test_the_newest_download_of_a_version_stands_for_it(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2), fetch(2, 3, SECOND)])
    assert [row["raw_offset"] for row in rows(archive, "revisions")] == [1]


def test_a_version_read_again_as_a_reject_leaves_the_revisions(archive, fetch, make_reject):
    archive.publish([fetch(0, 1), fetch(1, 2, SECOND), fetch(2, 3, THIRD)])
    archive.publish([make_reject(1)])
    assert [(number, text) for number, text, *_ in versions(archive)] == [(1, FIRST)]
    assert archive.outcomes() == ["superseded", "rejected", "article"]


def test_versions_outlive_an_article_that_is_rejected_now(archive, fetch, make_reject):
    archive.publish([fetch(0, 1), fetch(1, 2, SECOND), fetch(2, 3, THIRD)])
    archive.publish([make_reject(2)])
    assert rows(archive, "articles") == []
    assert [(number, text, *rest) for number, text, *rest in versions(archive)] == [
        (1, FIRST, 1, 1, ["text"]),
        (2, SECOND, 2, 2, []),
    ]


def test_words_that_are_nowhere_stop_publication(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2, SECOND)])
    shutil.rmtree(archive.root / "revisions")
    with pytest.raises(ConservationError, match="the words of an earlier version"):
        archive.publish([fetch(2, 3, THIRD)])


def test_readers_do_not_see_the_history(archive, fetch):
    archive.publish([fetch(0, 1), fetch(1, 2)])
    assert len(pd.read_parquet(archive.root / "records")) == 2
    assert (archive.root / HISTORY).is_dir()


# --- increments -----------------------------------------------------------------------------------------------------


SOURCES = ("one", "two", "three")


def a_year(make_article, make_reject):
    """An article a month and source, of each an earlier version, and some rejects."""
    for number, (source, month) in enumerate(product(SOURCES, range(1, 13))):
        for fetched in (1, 2):
            key, offset = f"{source} {month}", 10 * number + fetched
            yield make_article(
                key, source=source, day=date(2019, month, 3), offset=offset, fetched=fetched, title=f"{key} {fetched}"
            )
    yield from (make_reject(9_000 + number, source=source) for number, source in enumerate(SOURCES))


def identities(archive):
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in archive.files()}


def touched(archive, before):
    """Dataset, source and month of each file that is new, gone or another one."""
    now = identities(archive)
    paths = [path for path in before.keys() | now.keys() if before.get(path) != now.get(path)]
    return {tuple(p.relative_to(archive.root).parts[at].split("=")[-1] for at in (0, 1, 3)) for p in paths}


def test_a_day_added_to_a_year_rewrites_one_month_of_each_source(archive, make_article, make_reject):
    archive.publish(a_year(make_article, make_reject))
    before = identities(archive)
    assert len(before) == 12 * len(SOURCES) * 7 + 2 * len(SOURCES)  # rejects lie in a month of their own
    day = [
        make_article(source, source=source, day=date(2019, 12, 9), offset=10_000 + n)
        for n, source in enumerate(SOURCES)
    ]
    archive.publish(day)
    added_to = ("articles", "paragraphs", "sentences", "quotes", "records")
    assert touched(archive, before) == {(*key, "12") for key in product(added_to, SOURCES)}


def test_an_edit_of_one_article_rewrites_its_month_alone(archive, make_article, make_reject):
    archive.publish(a_year(make_article, make_reject))
    before = identities(archive)
    archive.publish([make_article("two 7", source="two", day=date(2019, 7, 3), offset=10_000, fetched=3, text=SECOND)])
    datasets = (*SORT_KEYS, HISTORY)
    assert touched(archive, before) == {(name, "two", "7") for name in datasets if name != "rejects"}


def test_records_that_cannot_matter_do_not_enter_the_ledger(archive, make_article, monkeypatch):
    archive.publish([make_article(str(number), offset=number) for number in range(300)])
    entered = []
    insert = Ledger._insert_published
    monkeypatch.setattr(Ledger, "_insert_published", lambda *args: (entered.append(args[1].external_id), insert(*args)))
    archive.publish([make_article("7", offset=1000), make_article("new", offset=1001)])
    assert entered == ["7"]


def test_the_filter_never_misses(archive):
    keys = [hashlib.sha256(bytes([number])).hexdigest() for number in range(200)]
    passes = published.HexFilter(keys[:100], 100).passes(pa.chunked_array([keys[:50], keys[50:], [None]]))
    assert passes[:100].all()
    assert not passes[-1]
    assert np.count_nonzero(passes[100:]) < 5


def test_strings_that_are_no_hashes_pass_the_filter():
    assert published.HexFilter(["ab" * 16], 1).passes(pa.chunked_array([["a", "سطر"]])).all()


# --- larger than memory ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("range_bytes", [100, 3_000, 20_000])
def test_ranges_do_not_show_in_the_bytes(archive, make_store, make_article, tmp_path, monkeypatch, range_bytes):
    articles = [make_article(str(number), offset=number, text=f"قال سالم: {number}.") for number in range(200)]
    archive.publish(articles)
    monkeypatch.setattr(ranges, "RANGE_BYTES", range_bytes)
    monkeypatch.setattr(merge, "ARTICLE_ROWS", 7)
    monkeypatch.setattr(merge, "PLACE_ROWS", 7)
    other = make_store(tmp_path / "other")
    for number in range(4):
        other.publish(articles[number::4], batches=3)
    assert other.digests() == archive.digests()
    assert not list(other.root.rglob("*.spill*"))


def test_row_groups_are_cut_by_the_number_of_rows(archive, make_store, make_article, tmp_path, monkeypatch):
    monkeypatch.setattr(merge, "ROW_GROUP", {"articles": 64})
    monkeypatch.setattr(ranges, "RANGE_BYTES", 5_000)
    articles = [make_article(str(number), offset=number) for number in range(200)]
    archive.publish(articles)
    other = make_store(tmp_path / "other")
    other.publish(articles[:70])
    other.publish(articles[70:])
    metadata = pq.read_metadata(store.part_path(archive.root, "articles", JANUARY))
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [64, 64, 64, 8]
    assert other.digests() == archive.digests()


# --- the same bytes -------------------------------------------------------------------------------------------------

RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from("abcd"),
            "text": st.sampled_from([FIRST, SECOND, THIRD]),
            "title": st.sampled_from([None, "خبر", "خبر آخر"]),
            "fetched": st.sampled_from([None, 1, 2, 3]),
            "day": st.sampled_from([None, date(2020, 1, 31), date(2020, 2, 1)]),
            "source": st.sampled_from(["one", "two"]),
            "section": st.sampled_from([None, "رياضة"]),
            "kind": st.sampled_from(["article", "article", "article", "reject"]),
        }
    ),
    min_size=1,
    max_size=12,
)


def build(results, make_article, make_reject):
    made = []
    for offset, drawn in enumerate(results):
        values = dict(drawn)
        key, kind, section = values.pop("key"), values.pop("kind"), values.pop("section")
        if kind == "reject":
            made.append(make_reject(offset if offset % 3 else 0, source=values["source"]))
        else:
            article = make_article(key, offset=offset, uri=f"{offset % 2}.jsonl", **values)
            made.append(replace(article, metadata=replace(article.metadata, section=section)))
    return made


@given(results=RECORDS, seed=st.integers(0, 2**16), runs=st.integers(1, 4), batches=st.integers(1, 3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_bytes_depend_on_the_records_alone(
    quick_disk, make_store, make_article, make_reject, results, seed, runs, batches
):
    made = build(results, make_article, make_reject)
    choice = random.Random(seed)  # noqa: S311  an order, no secret
    with tempfile.TemporaryDirectory() as folder:
        one, other = make_store(Path(folder) / "one"), make_store(Path(folder) / "other")
        one.publish(made)
        expected = one.digests()
        shuffled = choice.sample(made, len(made))
        rejects = [made_one for made_one in shuffled if not isinstance(made_one, Article)]
        for number in range(runs):
            # rejects may share a place; then they are read together, as parts of one file are
            other.publish([r for r in shuffled[number::runs] if r not in rejects] + (rejects if not number else []))
        assert other.digests() == expected
        other.publish(choice.sample(made, choice.randint(1, len(made))) + rejects, batches)
        other.publish(shuffled, batches)
        assert other.digests() == expected


# --- paths ----------------------------------------------------------------------------------------------------------


@given(
    name=st.sampled_from(["..", "/etc", "a/../../b", "\x00", "\u202eزر\u2066", "ش" * 300, "CON", "source=x", ""])
    | st.text(max_size=40)
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_of_a_source_leaves_the_store(quick_disk, make_store, name):
    text = "افتتح الميناء الجديد أبوابه صباح اليوم أمام السفن القادمة من كل جهة، وقال مديره إن العمل يسير كما خطط له."
    fields = Fields(source=name, text=text, date="2020-01-05", title="ميناء جديد")
    record = RawRecord(Place("in.jsonl", 0, 10, "0" * 64), "text", fields=fields)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "deep" / "out"
        make_store(root).publish([process_record(record)])
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        assert files
        for path in files:
            parts = path.relative_to(root).parts  # raises when it is not below the root
            if parts[0] == "_staging-1":
                continue
            assert len(parts) == 5
            assert parts[1].isascii()
            assert len(parts[1]) <= len("source=") + 64
