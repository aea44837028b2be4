"""Recognition of the fields of foreign records."""

import dataclasses
import json
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.errors import SettingsError
from newsetl.io.fields import fold_name, is_html, load_field_names, parse_mapping, read_fields
from newsetl.records import Fields

CASES = tomllib.loads((Path(__file__).parents[1] / "cases/fields.toml").read_text(encoding="utf-8"))["case"]


def marked(case):
    marks = [pytest.mark.xfail(strict=True)] if case["expect"] == "fail" else []
    return pytest.param(case, id=case["label"], marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_fields_of_a_record_are_recognised(case):
    found = dataclasses.asdict(read_fields(json.loads(case["input"])))
    found = {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value}
    assert found == case["expected"]


def test_every_name_of_the_table_is_recognised_alone():
    for field, names in load_field_names().names.items():
        for name in names:
            assert getattr(read_fields({name.upper(): "قيمة"}), field), (field, name)


def test_a_mapping_beats_the_usual_names():
    row = {"content": "متن", "text": "غيره", "date_extracted": "2015-07-21"}
    fields = read_fields(row, {"text": "content", "date": "date_extracted"})
    assert (fields.text, fields.date) == ("متن", "2015-07-21")


def test_a_mapped_column_serves_no_other_field():
    assert read_fields({"text": "متن", "crawled": "2015-07-21"}, {"date": "crawled"}).fetched is None


def test_a_mapping_reaches_into_objects_and_flat_dotted_names():
    mapping = {"url": "metadata.address"}
    assert read_fields({"metadata": {"Address": "https://x.example/"}}, mapping).url == "https://x.example/"
    assert read_fields({"metadata.address": "https://x.example/"}, mapping).url == "https://x.example/"


def test_a_mapped_column_that_is_missing_leaves_recognition_its_turn():
    assert read_fields({"title": "عنوان"}, {"title": "nowhere"}).title == "عنوان"


@pytest.mark.parametrize("item", ["text", "=content", "text=", "", "nothing=content"])
def test_a_mapping_that_makes_no_sense_is_refused(item):
    with pytest.raises(SettingsError, match="--map"):
        parse_mapping([item])


def test_an_unknown_field_is_refused_with_the_names_there_are():
    with pytest.raises(SettingsError, match="external_id, title, subtitle"):
        parse_mapping(["headlin=x"])


def test_short_names_are_understood_and_a_field_is_mapped_once():
    assert parse_mapping(["id=nr", "author=who"]) == {"external_id": "nr", "authors": "who"}
    with pytest.raises(SettingsError, match="twice"):
        parse_mapping(["id=nr", "external_id=number"])


def test_names_are_folded():
    assert fold_name("Date-Published ") == fold_name("datePublished") == fold_name("date_published")


def test_html_is_told_in_linear_time():
    started = time.perf_counter()
    for text in ("<" * 200_000, "<p " * 100_000, "<p>" * 100_000, " " * 200_000 + "<p"):
        is_html(text)
    assert time.perf_counter() - started < 1


words = st.sampled_from(["متن", "", " ", "nan", "['أ', 'ب']", "[", "<p>متن<p>", "\ud800"]) | st.text(max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "name", "authors"]), inner, max_size=2)
    ),
    max_leaves=5,
)
known_names = st.sampled_from(
    ["text", "title", "authors", "tags", "id", "html", "source", "meta", "_source", "date", "ع"]
)


@given(st.dictionaries(known_names, json_values, max_size=4))
def test_any_object_gives_fields_of_strings(row):
    fields = dataclasses.asdict(read_fields(row))
    for name in ("authors", "tags", "flags"):
        assert all(isinstance(item, str) and item for item in fields.pop(name))
    assert all(value is None or (isinstance(value, str) and value) for value in fields.values())
    assert read_fields(row) == read_fields(row)


def test_nothing_is_found_in_an_empty_record():
    assert read_fields({}) == Fields()
