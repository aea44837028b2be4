"""CSS selectors find what cssselect's own XPath finds, in the order of the page, and in linear time."""

import time

import pytest
from cssselect import HTMLTranslator
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from newsetl.errors import RuleError
from newsetl.sources.selectors import compile_selector

PARTS = ["a", "b", ".x", ".y", "a.x", "#i", "*", "b:first-child", "a:last-child", "a:not(.x)", "[t]", "[t=v]"]
SELECTORS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).flatmap(
    lambda parts: st.lists(st.sampled_from([" ", " > ", " + "]), min_size=len(parts) - 1, max_size=len(parts) - 1).map(
        lambda signs: parts[0] + "".join(sign + part for sign, part in zip(signs, parts[1:], strict=True))
    )
)
ATTRIBUTES = st.sampled_from([{}, {}, {"class": "x"}, {"class": "y x"}, {"id": "i"}, {"t": "v"}])


@st.composite
def trees(draw):
    root = etree.Element("a")
    elements = [root]
    for _ in range(draw(st.integers(0, 25))):
        parent = elements[draw(st.integers(0, len(elements) - 1))]
        elements.append(etree.SubElement(parent, draw(st.sampled_from("ab")), draw(ATTRIBUTES)))
    return root


@given(trees(), SELECTORS)
def test_selectors_find_what_css_says(tree, selector):
    expected = etree.XPath(HTMLTranslator().css_to_xpath(selector))(tree)
    assert compile_selector(selector)(tree) == expected


@pytest.mark.parametrize("selector", ["", ">", "a >", "a[", "a::before", "a:hover", "a:nth-child(2)", "a, b", "a ~ b"])
def test_what_is_no_selector_here_is_refused(selector):
    with pytest.raises(RuleError, match="no selector"):
        compile_selector(selector)


@pytest.mark.parametrize("selector", ["i i b", "i > i b", ".x .x .x", "b + b", "b:first-child", "i:not(.y) b"])
def test_hostile_nesting_costs_linear_time(selector):
    html = "<i class=x>" * 200 + "<b class=x>.</b>" * 20_000
    tree = etree.fromstring(html, etree.HTMLParser(huge_tree=True))
    started = time.process_time()
    compile_selector(selector)(tree)
    assert time.process_time() - started < 3  # 0.1 s on one core of 2020s hardware; quadratic: minutes
