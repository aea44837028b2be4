"""Profiles of sources: what a file may say, and what the error names when it says something else."""

import time
import tomllib
from datetime import date
from pathlib import Path

import pytest

from newsetl.errors import RuleError
from newsetl.sources import outlets
from newsetl.sources.lookup import find_known, index_outlets, load_index
from newsetl.sources.outlets import load_outlets, merge_outlets, parse_outlet

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "profiles.toml").read_text(encoding="utf-8"))["case"]
NASIM = (Path(__file__).parents[1] / "pages" / "nasim.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", [pytest.param(c, id=c["label"]) for c in CASES])
def test_a_broken_profile_is_refused_by_file_and_key(case):
    with pytest.raises(RuleError) as error:
        parse_outlet(case["input"], "mine/nasim.toml")
    assert all(part in str(error.value) for part in case["expected"])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["Nasim.toml", "unknown.toml", "النسيم.toml", ".toml", "a b.toml"])
def test_a_file_must_be_named_after_a_slug(file):
    with pytest.raises(RuleError, match="slug"):
        parse_outlet(NASIM, file)


def test_layouts_stand_newest_first_with_their_days():
    layouts = parse_outlet(NASIM, "nasim.toml").layouts
    assert [layout.valid_from for layout in layouts] == [date(2012, 1, 1), None]
    assert [layout.holds_on(date(2011, 12, 31)) for layout in layouts] == [False, True]
    assert [layout.holds_on(date(2012, 1, 1)) for layout in layouts] == [True, False]


def test_a_profile_of_a_known_slug_takes_the_place_of_the_built_in_one():
    mine = parse_outlet('name = "القناة"\ndomains = ["qanat.example"]', "cnn.toml")
    merged = merge_outlets(load_outlets(), [mine])
    assert len(merged) == len(load_outlets())
    index = index_outlets(merged)
    assert find_known("القناة", index) == mine
    assert find_known("CNN Arabic", index) is None
    assert find_known("CNN Arabic").slug == "cnn"


def test_a_domain_of_another_outlet_is_refused():
    with pytest.raises(RuleError, match=r"cnn\.com belongs to cnn\.toml"):
        merge_outlets(load_outlets(), [parse_outlet('name = "النسيم"\ndomains = ["cnn.com"]', "nasim.toml")])


def test_the_built_in_outlets_load_in_no_time():
    load_index()  # what else they need, once
    outlets.load_outlets.cache_clear()
    started = time.process_time()
    load_outlets()
    assert time.process_time() - started < 0.3  # 0.02 s on one core of 2020s hardware
