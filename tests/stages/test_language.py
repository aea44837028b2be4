"""The language of a text: the case table, and laws."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.stages.language import find_language

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "languages.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", [pytest.param(c, id=c["label"]) for c in CASES])
def test_a_text_is_in_the_language_of_its_case(case):
    assert find_language(case["input"])[0] == case["lang"]


@given(st.text(max_size=200))
def test_the_score_is_a_share_and_nothing_raises(text):
    code, score = find_language(text)
    assert 0.0 <= score <= 1.0
    assert (code == "und") == (score == 0.0)


def test_a_long_text_costs_no_more_than_its_beginning():
    started = time.perf_counter()
    find_language("سلام " * 1_000_000)
    assert time.perf_counter() - started < 0.1
