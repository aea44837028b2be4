"""The elements of a page, gathered while it is read."""

import gc
import sys
import weakref

import pytest

from newsetl.sources.elements import Element, Elements, Keys
from newsetl.stages.events import tell
from newsetl.stages.outline import outline_page
from newsetl.stages.profiles import parse_page

PAGE = "<div id=a class='x y'>أول<p>ثان<b class=y>ثالث</b></p><p class='y x'>رابع</p></div><p>خامس"


@pytest.fixture
def elements():
    return parse_page(PAGE)


def texts(elements: list[Element]) -> list[str]:
    return [element.text for element in elements]


def test_elements_are_found_by_tag_id_and_class_in_the_order_of_the_page(elements):
    assert texts(elements.find("tag", "p")) == ["ثانثالث", "رابع", "خامس"]
    assert texts(elements.find("class", "y")) == ["أولثانثالثرابع", "ثالث", "رابع"]
    assert texts(elements.find("id", "a")) == ["أولثانثالثرابع"]
    assert not elements.find("class", "x y")
    assert not elements.find("tag", "i")


def test_an_element_knows_what_stands_around_it(elements):
    [div], [first, second, last] = elements.find("id", "a"), elements.find("tag", "p")
    assert (first.parent, first.previous, first.is_last) == (div, None, False)
    assert (second.parent, second.previous, second.is_last) == (div, first, True)
    assert (last.parent, last.previous, last.is_last) == (div.parent, div, True)


def test_a_page_ends_where_its_first_element_does():
    elements = Elements(Keys(every=True))
    tell(["x", ("html", {}), ("p", {}), "خبر", None, None, "y", ("html", {}), ("b", {}), None, None], elements)
    assert [element.tag for element in elements.kept] == ["html", "p"]
    assert texts(elements.kept) == ["خبر", "خبر"]
    assert elements.is_over
    tell(["x", None], empty := Elements(Keys(every=True)))
    assert not empty.is_over


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        (Keys(tags=frozenset({"b"})), ["ثالث"]),
        (Keys(ids=frozenset({"a"})), ["أولثانثالثرابع"]),
        (Keys(classes=frozenset({"x"})), ["أولثانثالثرابع", "رابع"]),
        (Keys(classes=frozenset({"x y", "z"})), []),
        (Keys(attributes=frozenset({"id"}), tags=frozenset({"b"})), ["أولثانثالثرابع", "ثالث"]),
        (
            Keys(every=True),
            ["أولثانثالثرابعخامس", "أولثانثالثرابعخامس", "أولثانثالثرابع", "ثانثالث", "ثالث", "رابع", "خامس"],
        ),
    ],
)
def test_what_is_asked_for_is_kept_with_all_that_is_in_it(keys, kept):
    assert texts(parse_page(PAGE, keys).kept) == kept


def test_an_element_that_is_not_kept_is_known_from_below():
    [b] = parse_page(PAGE, Keys(tags=frozenset({"b"}))).kept
    assert b.parent.tag == "p"
    assert b.parent.parent.attributes["id"] == "a"


def test_a_page_goes_from_memory_with_the_last_word_of_it():
    gc.disable()  # circles would wait for it, page after page
    try:
        elements = parse_page(PAGE)
        gone = weakref.ref(elements)
        elements.find("class", "y")
        del elements
        assert gone() is None
    finally:
        gc.enable()


def test_nothing_of_a_page_stays_in_its_parser():
    gc.disable()  # lxml's parser and its target hold each other until the collector comes
    try:
        elements = Elements(Keys(every=True))
        outline = outline_page(PAGE, elements)
        assert (sys.getrefcount(outline), sys.getrefcount(elements)) == (2, 2)  # the name here, and the argument
    finally:
        gc.enable()
