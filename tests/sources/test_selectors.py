"""CSS selectors find what cssselect's own XPath finds, in the order of the page, and in linear time."""

import time

import pytest
from cssselect import HTMLTranslator
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from newsetl.errors import RuleError
from newsetl.sources.elements import Elements, Keys
from newsetl.sources.selectors import compile_selector, find_keys
from newsetl.stages.events import tell
from newsetl.stages.profiles import parse_page

PARTS = [
    "a", "b", ".x", ".y", "a.x", "#i", "a#i.x", "*", "*|b", "b:first-child", "a:last-child", ":first-child:last-child",
    "a:not(.x)", ":not(a)", ":not(*)", "b:not([t]):not(.y)", "[t]", "[t=v]", "[t='']", "[t!=v]", "[t!='']", "[t~=v]",
    "[t~='']", "[t|=v]", "[t^=v]", "[t^='']", "[t$=w]", "[t*=v]", "[t*='']", "[T=V i]", "[class='y x']",
]  # fmt: skip
SELECTORS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).flatmap(
    lambda parts: st.lists(st.sampled_from([" ", " > ", " + "]), min_size=len(parts) - 1, max_size=len(parts) - 1).map(
        lambda signs: parts[0] + "".join(sign + part for sign, part in zip(signs, parts[1:], strict=True))
    )
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["class", "id", "t"]),
    st.sampled_from(["", " ", "x", "y x", " x\ty x", "xx", "i", "v", "V-w", "v-w", "v w"]),
)


@st.composite
def trees(draw):
    root = etree.Element("a")
    elements = [root]
    for _ in range(draw(st.integers(0, 25))):
        parent = elements[draw(st.integers(0, len(elements) - 1))]
        elements.append(etree.SubElement(parent, draw(st.sampled_from("ab")), draw(ATTRIBUTES)))
    return root


def events_of(element, order):
    """What a parser would have told of an element; its number in the page is an attribute."""
    yield (element.tag, {**element.attrib, "number": str(order[element])})
    yield f"<{order[element]}>"
    for child in element:
        yield from events_of(child, order)
    yield None


@given(trees(), SELECTORS)
def test_selectors_find_what_css_says(tree, selector):
    order = {element: number for number, element in enumerate(tree.iter())}
    expected = etree.XPath(HTMLTranslator().css_to_xpath(selector))(tree)
    for keys in (Keys(every=True, siblings=True), find_keys([selector]), find_keys([selector, "b", "[t]"])):
        page = Elements(keys)
        tell(events_of(tree, order), page)
        found = compile_selector(selector)(page)
        assert [int(element.attributes["number"]) for element in found] == [order[element] for element in expected]
        assert [element.text for element in found] == [
            "".join(f"<{order[inner]}>" for inner in element.iter()) for element in expected
        ]


@pytest.mark.parametrize(
    ("selector", "key"),
    [
        ("div#a.b[c]", ("id", "a")),
        ("#a div.b[c]", ("class", "b")),
        ("div[C^=x]", ("attribute", "c")),
        ("div", ("tag", "div")),
        ("div:not(.x)", ("tag", "div")),
        ("[a!=b]", None),
        (".x > *", None),
        (":not(.x)", None),
    ],
)
def test_a_selector_knows_what_all_that_it_matches_have(selector, key):
    assert compile_selector(selector).key == key


@pytest.mark.parametrize("selector", ["a + b", "a + b c", "a:first-child b", "b:not(:last-child)"])
def test_a_selector_knows_whether_it_asks_for_siblings(selector):
    assert compile_selector(selector).siblings
    assert find_keys(["#i", selector]).siblings
    assert not find_keys(["#i", "a > b:not(.x)"]).siblings


@pytest.mark.parametrize(
    "selector",
    ["", ">", "a >", "a[", "a::before", "a:hover", "a:nth-child(2)", "a, b", "a ~ b", "n|a", "a:is(b)", "a:not(b c)"],
)
def test_what_is_no_selector_here_is_refused(selector):
    with pytest.raises(RuleError, match="no selector"):
        compile_selector(selector)


@pytest.mark.parametrize("selector", ["i i b", "i > i b", ".x .x .x", "b + b", "b:first-child", "i:not(.y) b"])
def test_hostile_nesting_costs_linear_time(selector):
    html = "<i class=x>" * 200 + "<b class=x>.</b>" * 20_000
    page = parse_page(html)
    started = time.process_time()
    compile_selector(selector)(page)
    assert time.process_time() - started < 3  # 0.1 s on one core of 2020s hardware; quadratic: minutes
