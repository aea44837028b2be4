"""CSS selectors, compiled. They are matched in time linear in the page, since pages come from strangers.

`cssselect` reads a selector and turns what it says of one element into XPath. Its XPath for a whole selector
("a" somewhere below "b") takes quadratic time where elements of one name are nested a thousand times, so elements
above are looked up here, each once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cssselect import HTMLTranslator, SelectorError, parse
from cssselect.parser import CombinedSelector, Function, Pseudo, Relation, Tree
from cssselect.xpath import ExpressionError, XPathExpr
from lxml import etree

from newsetl.errors import RuleError

Elements = dict[etree._Element, bool]  # noqa: SLF001  lxml exports the type of its elements under no other name

_COMBINATORS: Final = (" ", ">", "+")


class _Translator(HTMLTranslator):
    """What a selector says of one element, as XPath. What counts siblings or looks below is refused."""

    def xpath_function(self, function: Function) -> XPathExpr:
        raise ExpressionError(f":{function.name}() is not supported")

    def xpath_relation(self, relation: Relation) -> XPathExpr:  # noqa: ARG002  the base class names it
        raise ExpressionError(":has() is not supported")

    def xpath_pseudo(self, pseudo: Pseudo) -> XPathExpr:
        sides = {"first-child": "preceding", "last-child": "following"}
        if pseudo.ident not in sides:
            raise ExpressionError(f":{pseudo.ident} is not supported")
        return self.xpath(pseudo.selector).add_condition(f"not({sides[pseudo.ident]}-sibling::*[1])")


_TRANSLATOR = _Translator()


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector; call it with an element.

    Attributes:
        find: All elements that match its last part, in the order of the page.
        left: What its last part must stand in or behind: a combinator and a step, None for a selector of one part.
    """

    find: etree.XPath
    left: "tuple[str, Step] | None"

    def __call__(self, tree: etree._Element) -> list[etree._Element]:
        found: list[etree._Element] = self.find(tree)
        if self.left is None:
            return found
        seen: dict[int, Elements] = {}
        return [element for element in found if _has_left(element, self.left, seen)]


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a selector that is not the last: a test for one element, and what is left of it."""

    test: etree.XPath
    left: "tuple[str, Step] | None" = field(default=None)


def _matches(element: etree._Element, step: Step, seen: dict[int, Elements]) -> bool:
    return bool(step.test(element)) and (step.left is None or _has_left(element, step.left, seen))


def _has_left(element: etree._Element, left: tuple[str, Step], seen: dict[int, Elements]) -> bool:
    combinator, step = left
    if combinator == " ":
        return stands_in(element, lambda above: _matches(above, step, seen), seen.setdefault(id(step), {}))
    other = element.getparent() if combinator == ">" else element.getprevious()
    return other is not None and _matches(other, step, seen)


def stands_in(element: etree._Element, test: Callable[[etree._Element], bool], seen: Elements) -> bool:
    """Does an element above pass a test? `seen` remembers the answers for one test; each element is tested once."""
    climbed, found, above = [], False, element.getparent()
    while above is not None and not found:
        if above in seen:
            found = seen[above]
            break
        climbed.append(above)
        found = test(above)
        above = above.getparent()
    seen.update(dict.fromkeys(climbed, found))
    return found


@cache
def compile_selector(selector: str) -> Selector:
    """A function from an element to all elements at or below it that a CSS selector matches, in the order of the page.

    Tags, classes, ids, attributes, ``:not()``, ``:first-child``, ``:last-child``, below (space), child (``>``) and
    next (``+``) are understood.

    Raises:
        RuleError: It is no selector, or it asks for something else.

    >>> page = etree.fromstring("<div><p>أ</p><p class='lead x'><b>ب</b></p></div>")
    >>> [element.text for element in compile_selector("div > p.lead b")(page)]
    ['ب']
    """
    try:
        last, left = _split(_parse_one(selector))
        return Selector(etree.XPath(f"descendant-or-self::{_TRANSLATOR.xpath(last)}"), left)
    except (SelectorError, ExpressionError, etree.XPathSyntaxError) as error:
        raise RuleError(f"no selector: {selector!r} ({error})") from None


def _parse_one(selector: str) -> Tree:
    first, *others = parse(selector)
    if others:
        raise ExpressionError("one selector an entry: write two")
    if first.pseudo_element is not None:
        raise ExpressionError("no part of an element")
    return first.parsed_tree


def _split(tree: Tree) -> tuple[Tree, tuple[str, Step] | None]:
    """The last part of a selector, and what is left of it."""
    if not isinstance(tree, CombinedSelector):
        return tree, None
    if tree.combinator not in _COMBINATORS:
        raise ExpressionError(f"{tree.combinator} is not supported")
    last, left = _split(tree.selector)
    return tree.subselector, (tree.combinator, Step(etree.XPath(f"self::{_TRANSLATOR.xpath(last)}"), left))
