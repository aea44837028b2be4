"""CSS selectors, matched in time linear in the page, since pages come from strangers.

`cssselect` reads a selector; what it says of one element becomes tests of an `Element`. Elements above are looked up
one by one, each once: CSS as XPath takes quadratic time where elements of one name are nested a thousand times.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cssselect import SelectorError, parse
from cssselect import parser as css
from cssselect.xpath import ExpressionError

from newsetl.errors import RuleError
from newsetl.sources.elements import Element, Elements, Kept, Keys, Kind, split_words

Test = Callable[[Element], bool]
Answers = dict[Element, bool]

_COMBINATORS: Final = (" ", ">", "+")
_KINDS: Final[tuple[Kind, ...]] = ("id", "class", "attribute", "tag")
_LOWER: Final = {ord(letter): ord(letter) + 32 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector, or the part of it up to a combinator; call it with the elements of a page.

    Attributes:
        tests: What must be true of an element.
        key: "id", "class", "attribute" or "tag" and its name: one of the tests, which finds the candidates; None: all
            elements are.
        left: A combinator, and what an element must stand in or behind.
        siblings: Whether elements are asked for their siblings.
    """

    tests: tuple[Test, ...]
    key: tuple[Kind, str] | None
    left: "tuple[str, Selector] | None" = field(default=None)
    siblings: bool = False

    def __call__(self, page: Elements) -> list[Kept]:
        """The elements of a page that match, in its order; the page has kept those of the key."""
        seen: dict[int, Answers] = {}
        candidates = page.find(*self.key) if self.key else page.kept
        return [element for element in candidates if _matches(element, self, seen)]


def _matches(element: Element, selector: Selector, seen: dict[int, Answers]) -> bool:
    if not all(test(element) for test in selector.tests):
        return False
    if selector.left is None:
        return True
    combinator, left = selector.left
    if combinator == " ":
        return stands_in(element, lambda above: _matches(above, left, seen), seen.setdefault(id(left), {}))
    other = element.parent if combinator == ">" else element.previous
    return other is not None and _matches(other, left, seen)


def stands_in(element: Element, test: Test, seen: Answers) -> bool:
    """Does an element above pass a test? `seen` remembers the answers for one test; each element is tested once."""
    climbed, found, above = [], False, element.parent
    while above is not None and not found:
        if above in seen:
            found = seen[above]
            break
        climbed.append(above)
        found = test(above)
        above = above.parent
    seen.update(dict.fromkeys(climbed, found))
    return found


@cache
def compile_selector(selector: str) -> Selector:
    """A function from the elements of a page to all that a CSS selector matches, in the order of the page.

    Tags, classes, ids, attributes, ``:not()``, ``:first-child``, ``:last-child``, below (space), child (``>``) and
    next (``+``) are understood.

    Raises:
        RuleError: It is no selector, or it asks for something else.

    >>> compile_selector("div > p.lead").key
    ('class', 'lead')
    """
    try:
        return _compile(_parse_one(selector))
    except (SelectorError, ExpressionError) as error:
        raise RuleError(f"no selector: {selector!r} ({error})") from None


def find_keys(selectors: Iterable[str]) -> Keys:
    """What a page must keep so that the selectors find all that they match."""
    compiled = [compile_selector(selector) for selector in selectors]
    return Keys.of((one.key for one in compiled), siblings=any(one.siblings for one in compiled))


def _parse_one(selector: str) -> css.Tree:
    first, *others = parse(selector)
    if others:
        raise ExpressionError("one selector an entry: write two")
    if first.pseudo_element is not None:
        raise ExpressionError("no part of an element")
    return first.parsed_tree


def _compile(tree: css.Tree) -> Selector:
    left, siblings = None, False
    if isinstance(tree, css.CombinedSelector):
        if tree.combinator not in _COMBINATORS:
            raise ExpressionError(f"{tree.combinator} is not supported")
        left = (tree.combinator, _compile(tree.selector))
        siblings = tree.combinator == "+" or left[1].siblings
        tree = tree.subselector
    siblings = siblings or any(f":{place}" in tree.canonical() for place in _PLACES)
    return Selector(_compile_tests(tree), _find_key(tree), left, siblings)


def _find_key(tree: css.Tree) -> tuple[Kind, str] | None:
    """What a part of a selector names that the fewest elements have: an id, a class, an attribute, the tag."""
    found: dict[Kind, str] = {}
    while not isinstance(tree, css.Element):
        if isinstance(tree, css.Hash):
            found["id"] = tree.id
        elif isinstance(tree, css.Class):
            found["class"] = tree.class_name
        elif isinstance(tree, css.Attrib) and tree.operator != "!=":  # which is true of elements without it, too
            found["attribute"] = tree.attrib.lower()
        tree = tree.selector
    if tree.element:
        found["tag"] = tree.element.lower()
    return next(((kind, found[kind]) for kind in _KINDS if kind in found), None)


def _compile_tests(tree: css.Tree) -> tuple[Test, ...]:
    """What a selector of one part says of an element."""
    match tree:
        case css.Element(namespace=None | "*", element=None):
            return ()
        case css.Element(namespace=None | "*", element=str(tag)):
            return (_has_tag(tag.lower()),)
        case css.Hash(selector=rest, id=name):
            test = _has_value("id", "=", name)
        case css.Class(selector=rest, class_name=name):
            test = _has_value("class", "~=", name)
        case css.Attrib(selector=rest, namespace=None | "*"):
            test = _compile_attribute(tree)
        case css.Negation(selector=rest, subselector=inner):
            test = _is_not(_compile_tests(inner))
        case css.Pseudo(selector=rest, ident=ident) if ident in _PLACES:
            test = _PLACES[ident]
        case _:
            raise ExpressionError(f"{_name_of(tree)} is not supported")
    return (*_compile_tests(rest), test)


def _name_of(tree: css.Tree) -> str:
    """How to call what is refused."""
    match tree:
        case css.Pseudo(ident=name):
            return f":{name}"
        case css.Function(name=name):
            return f":{name}()"
        case css.Relation():
            return ":has()"
    return tree.canonical()


def _has_tag(tag: str) -> Test:
    return lambda element: element.tag == tag


def _is_first(element: Element) -> bool:
    return element.previous is None


def _is_last(element: Element) -> bool:
    return element.parent is None or element.is_last


_PLACES: Final[dict[str, Test]] = {"first-child": _is_first, "last-child": _is_last}


def _is_not(tests: tuple[Test, ...]) -> Test:
    return lambda element: not all(test(element) for test in tests)


def _compile_attribute(tree: css.Attrib) -> Test:
    name, value = tree.attrib.lower(), tree.value.value if tree.value else ""
    return _has_value(name, tree.operator, value or "", lower=tree.flag == "i")


def _has_value(name: str, operator: str, value: str, *, lower: bool = False) -> Test:
    """A test of an attribute; `lower`: capitals of ASCII are their small letters."""
    compare = _COMPARE[operator]
    wanted = value.translate(_LOWER) if lower else value

    def test(element: Element) -> bool:
        said = element.attributes.get(name)
        if said is None:
            return operator == "!=" and wanted != ""
        return compare(said.translate(_LOWER) if lower else said, wanted)

    return test


# What an attribute says and what a selector asks for; "" is in nothing and begins nothing.
_COMPARE: Final[dict[str, Callable[[str, str], bool]]] = {
    "exists": lambda _said, _wanted: True,
    "=": lambda said, wanted: said == wanted,
    "!=": lambda said, wanted: said != wanted,
    "~=": lambda said, wanted: wanted in split_words(said),
    "|=": lambda said, wanted: said == wanted or said.startswith(f"{wanted}-"),
    "^=": lambda said, wanted: wanted != "" and said.startswith(wanted),
    "$=": lambda said, wanted: wanted != "" and said.endswith(wanted),
    "*=": lambda said, wanted: wanted != "" and wanted in said,
}
