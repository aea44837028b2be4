"""The elements of a page, from what its parser told."""

import gc
import weakref

import pytest

from newsetl.sources.elements import Element, build_elements
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
    elements = build_elements(["x", ("html", {}), ("p", {}), "خبر", None, None, ("html", {}), ("b", {}), None, None])
    assert [element.tag for element in elements.all] == ["html", "p"]
    assert texts(elements.all) == ["خبر", "خبر"]
    assert build_elements(["x"]) is None


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
