"""Bylines: the case table, datelines, and laws."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.arabic.bylines import load_bylines
from newsetl.sources.lookup import name_key
from newsetl.stages.authors import find_agency, find_bylines, find_origin

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "authors.toml").read_text(encoding="utf-8"))["case"]


def _params():
    return [
        pytest.param(c, id=c["label"], marks=[pytest.mark.xfail(strict=True)] if c["expect"] == "fail" else [])
        for c in CASES
    ]


@pytest.mark.parametrize("case", _params())
def test_a_byline_names_what_its_case_says(case):
    found = find_bylines([case["input"]])
    assert list(found.persons()) == case["authors"]
    assert found.agencies == case["agencies"]
    assert found.places == case["places"]


def test_authors_of_the_record_go_before_those_of_the_body():
    found = find_bylines(["سلمى الراوي"], ["كتب هاني الفاروقي"])
    assert found.persons() == ("سلمى الراوي",)
    assert find_bylines(["admin"], ["كتب هاني الفاروقي"]).persons() == ("هاني الفاروقي",)


def test_one_person_spelt_twice_is_one_author():
    assert find_bylines(["أحمد الراوي", "احمد الراوي"]).persons() == ("أحمد الراوي",)


@pytest.mark.parametrize(
    ("line", "persons", "agencies", "places"),
    [
        ("القاهرة (رويترز) -", (), ["رويترز"], ["القاهرة"]),
        ("سيؤول، كوريا الجنوبية (أ ف ب) --", (), ["أ ف ب"], ["سيؤول", "كوريا الجنوبية"]),
        ("وادي زمزم، بلاد الريح (أ ب) --", (), ["أ ب"], ["وادي زمزم"]),
        ("أبوظبي - سلمى الراوي:", ("سلمى الراوي",), [], ["أبوظبي"]),
        ("بيروت في 3 شباط 2015 (وطنية) -", (), ["وطنية"], ["بيروت"]),
        ("انفجار عنيف -", (), [], []),
    ],
)
def test_a_dateline_names_place_and_agency(line, persons, agencies, places):
    found = find_bylines([], [], [line])
    assert found.persons() == persons
    assert found.agencies == agencies
    assert found.places[:2] == places


@pytest.mark.parametrize("form", ["رويترز", "(رويترز)", "وكالة رويترز", "Reuters", "رُويترز"])
def test_every_spelling_of_an_agency_gives_one_name(form):
    assert find_agency(form) == "رويترز"


def test_a_source_line_names_the_origin():
    assert find_origin("المصدر: الأناضول") == "الأناضول"
    assert find_origin("نقلا عن صحيفة عكاظ") == "عكاظ"
    assert find_origin("المصدر: مجلة لا نعرفها") == ""
    assert find_origin("عن الحياة في الجبال") is None


def test_an_origin_is_named_behind_a_whole_word_only():
    origin = load_bylines().origin
    assert origin.search("وفي تقرير مطول نشره موقع الضفاف أمس")["name"] == "الضفاف أمس"
    assert origin.search("(تقرير نشره موقع الضفاف)")
    assert origin.search("وتقرير نشره موقع الضفاف") is None


def test_a_byline_read_before_is_read_anew_for_another_outlet():
    name = "وكالة أنباء الوادي"
    own = frozenset({name_key(name)})
    assert [find_bylines([name], own=keys).agencies for keys in (own, frozenset(), own)] == [[], [name], []]


@given(st.text(alphabet="سلمىالراويورد -–:/()|،.د\u0640\u200f\n«»1@", max_size=80))
def test_no_byline_raises_and_names_are_clean(text):
    for name in find_bylines([text], [text], [text]).persons():
        assert name == name.strip()
        assert not any(c.isdigit() or c in "@:|()،«»\n\u0640\u200f" for c in name)


@pytest.mark.parametrize("piece", ["-", " ", "و ", " و", "(", "ـ", "الثلاثاء ", "د. ", "من ", "«", "a.", "الرياض-"])
def test_long_runs_take_no_time(piece):
    started = time.process_time()
    for length in (160, 600, 100_000):
        find_bylines([(piece * length)[:length]], [(piece * length)[:length]], [(piece * length)[:length]])
    assert time.process_time() - started < 1
