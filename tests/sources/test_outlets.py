"""The table of outlets, names, addresses and slugs."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsetl.sources import source_slug
from newsetl.sources.hosts import find_host, registrable_domain
from newsetl.sources.layouts import PARTS
from newsetl.sources.lookup import find_known_host, load_index, outlet_of_name
from newsetl.sources.outlets import load_outlets
from newsetl.sources.selectors import compile_selector
from newsetl.sources.slugs import make_slug

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "slugs.toml").read_text(encoding="utf-8"))["case"]
SLUG = re.compile(r"[a-z0-9-]{1,64}")


@pytest.mark.parametrize("case", [pytest.param(c, id=c["label"]) for c in CASES])
def test_a_name_gets_the_slug_of_its_case(case):
    assert outlet_of_name(case["input"]).slug == case["slug"]


def test_the_table_has_many_outlets_with_zones_that_exist():
    outlets = load_outlets()
    assert len(outlets) >= 60
    for outlet in outlets:
        ZoneInfo(outlet.zone)
        assert SLUG.fullmatch(outlet.slug)


def test_every_file_is_an_outlet_named_after_its_slug():
    names = {entry.name for entry in files("newsetl.sources").joinpath("outlets").iterdir()}
    assert names == {f"{outlet.slug}.toml" for outlet in load_outlets()}


def test_every_outlet_has_a_country_and_a_zone():
    assert all(outlet.country and outlet.zone for outlet in load_outlets())


def test_no_domain_belongs_to_two_outlets():
    domains = [domain for outlet in load_outlets() for domain in outlet.domains]
    assert len(domains) == len(set(domains))


def test_every_selector_compiles():
    layouts = [layout for outlet in load_outlets() for layout in outlet.layouts]
    assert len(layouts) >= 9
    for layout in layouts:
        for part in PARTS:
            for selector in layout.selectors(part):
                compile_selector(selector)


@pytest.mark.parametrize("outlet", load_outlets(), ids=lambda o: o.slug)
def test_an_outlet_is_found_by_its_slug_and_domains(outlet):
    assert outlet_of_name(outlet.slug) == outlet
    assert all(find_known_host(f"www.{domain}") == outlet for domain in outlet.domains)


def test_few_names_are_claimed_by_two_outlets():
    index = load_index()
    assert {name for name in index.names if name not in index.by_name} <= {"الراي"}


@given(st.text(max_size=500))
@example("../../evil")
@example("\x00")
@example("\u202e\u2066")
@example("ش" * 300)
@example("CON")
@example("-" * 100)
def test_any_name_gives_a_slug_of_the_closed_alphabet(name):
    assert SLUG.fullmatch(make_slug(name))
    assert SLUG.fullmatch(outlet_of_name(name).slug)


@given(
    st.text(alphabet="ابتثجحخ ", min_size=100, max_size=120), st.text(alphabet="ابتثجحخ ", min_size=100, max_size=120)
)
def test_two_long_names_do_not_meet(one, other):
    if one != other and one.strip() and other.strip():
        assert make_slug(one) != make_slug(other) or len(make_slug(one)) < 64


def test_the_reserved_slug_is_for_nobody():
    assert make_slug("unknown") != "unknown"
    assert source_slug(None, None) is None
    assert source_slug("  ", "https://www.okaz.com.sa/x") == "okaz"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.news.example", "news.example"),
        ("a.b.nasim.co.uk", "nasim.co.uk"),
        ("nasim.com.sa", "nasim.com.sa"),
        ("me.blogspot.com", "me.blogspot.com"),
        ("example", "example"),
    ],
)
def test_the_registrable_part_of_a_host(host, domain):
    assert registrable_domain(host) == domain


@pytest.mark.parametrize("text", ["", "ترك برس", "http://", "http://[::1", "javascript:1", "a" * 9000, "localhost"])
def test_what_is_no_address_has_no_host(text):
    assert find_host(text) is None
