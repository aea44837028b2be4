"""Reading back: stable types, and only what was asked for."""

from datetime import date

import pandas as pd
import pytest

import newsetl
from newsetl.errors import InputError, SettingsError


@pytest.fixture
def root(tmp_path, make_store, make_article, make_reject):
    days = [("a", "one", date(2019, 12, 31)), ("b", "one", date(2020, 1, 5)), ("c", "two", date(2020, 1, 20))]
    articles = [
        make_article(key, source=source, day=day, offset=number)
        for number, (key, source, day) in enumerate([*days, ("d", "two", None)], 1)
    ]
    make_store(tmp_path).publish([*articles, make_reject(99)])
    return tmp_path


def ids(frame):
    return sorted(frame["external_id"])


def test_everything_is_read_by_default(root):
    assert ids(newsetl.read("articles", root)) == ["a", "b", "c", "d"]


def test_partition_columns_are_strings_and_integers(root):
    frame = newsetl.read("quotes", root)
    assert pd.api.types.is_string_dtype(frame["source"])
    assert frame["year"].dtype == frame["month"].dtype == "int32"


def test_types_do_not_depend_on_nulls(root):
    quotes, rejects = newsetl.read("quotes", root), newsetl.read("rejects", root)
    assert quotes["cue_start"].dtype == quotes["speaker_start"].dtype == "Int32"
    assert rejects["raw_offset"].dtype == "Int64"
    assert str(newsetl.read("articles", root)["published_on"].dtype).startswith("datetime64")


@pytest.mark.parametrize("dataset", ["articles", "paragraphs", "sentences", "quotes"])
def test_days_are_inclusive_in_every_dataset(root, dataset):
    frame = newsetl.read(dataset, root, since="2019-12-31", until=date(2020, 1, 5))
    assert len(frame) == 2


def test_undated_articles_are_left_out_when_days_are_asked_for(root):
    assert ids(newsetl.read("articles", root, since="1900-01-01")) == ["a", "b", "c"]
    assert ids(newsetl.read("articles", root, until="2100-01-01")) == ["a", "b", "c"]


def test_sources_and_columns_are_chosen(root):
    frame = newsetl.read("articles", root, source=["two"], columns=["external_id", "month"])
    assert frame.columns.tolist() == ["external_id", "month"]
    assert ids(frame) == ["c", "d"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dataset": "quote"}, SettingsError, "no dataset 'quote'; there are articles"),
        ({"dataset": "quotes", "columns": ["speakers"]}, SettingsError, "quotes has no column 'speakers'"),
        ({"dataset": "quotes", "since": "31.1.2020"}, SettingsError, "is no day"),
        ({"dataset": "rejects", "since": "2020-01-31"}, SettingsError, "no day of publication"),
    ],
)
def test_mistakes_are_named(root, arguments, error, message):
    with pytest.raises(error, match=message):
        newsetl.read(root=root, **arguments)


def test_a_missing_dataset_is_named(tmp_path):
    with pytest.raises(InputError, match="no such dataset"):
        newsetl.read("articles", tmp_path)
