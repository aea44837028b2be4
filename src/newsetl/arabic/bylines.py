"""Words of bylines and datelines (``bylines.toml``, ``places.toml``), folded for matching."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from newsetl.arabic.folding import fold_name
from newsetl.arabic.tables import load_table

_SIGNS = re.compile(r"[\"'«»“”‘’()\[\]{}:;,،؛.!؟?|/\\_*•·–—-]+")


@dataclass(frozen=True, slots=True)
class Bylines:
    """Word lists by folded key (`byline_key`).

    Attributes:
        roles: Key of a role word to "author", "second" or "photo"; `longest_role` is its longest key in words.
        agencies: Key of any spelling to the canonical name.
        origin: Finds "تقرير لموقع …" and its like; group ``name`` is what follows, at most four words.
    """

    roles: Mapping[str, str]
    longest_role: int
    titles: frozenset[str]
    desks: frozenset[str]
    organisation_heads: frozenset[str]
    place_heads: frozenset[str]
    prose_words: frozenset[str]
    names_in_waw: frozenset[str]
    agencies: Mapping[str, str]
    places: frozenset[str]
    source_labels: tuple[str, ...]
    origin: re.Pattern[str]


def byline_key(text: str) -> str:
    """The matching key of a piece of a byline: folded, signs as spaces, spelt-out letters joined ("أ. ف. ب").

    >>> byline_key("(أ.ف.ب)") == byline_key("ا ف ب")
    True
    """
    return " ".join(_SIGNS.sub(" ", fold_name(text)).split())


@cache
def load_bylines() -> Bylines:
    """The words of bylines and datelines."""
    table, places = load_table("bylines.toml"), load_table("places.toml")
    roles = {byline_key(w): kind for kind in ("author", "second", "photo") for w in table[f"{kind}_words"]}
    agencies = {byline_key(form): name for name, forms in table["agencies"].items() for form in (name, *forms)}
    keys = {
        name: frozenset(map(byline_key, table[name]))
        for name in ("titles", "desks", "organisation_heads", "place_heads", "names_in_waw")
    }
    heads = "|".join(map(re.escape, table["origin_heads"]))
    nouns = "|".join(map(re.escape, table["outlet_nouns"]))
    return Bylines(
        roles=MappingProxyType(roles),
        longest_role=max(key.count(" ") for key in roles) + 1,
        titles=keys["titles"],
        desks=keys["desks"],
        organisation_heads=keys["organisation_heads"],
        place_heads=keys["place_heads"],
        prose_words=frozenset(table["prose_words"]),
        names_in_waw=keys["names_in_waw"],
        agencies=MappingProxyType(agencies),
        places=frozenset(map(byline_key, places["places"])),
        source_labels=tuple(sorted(map(byline_key, table["source_labels"]), key=len, reverse=True)),
        # up to three words may describe the report: "تقرير تحليلي مطول نشرته صحيفة …"
        origin=re.compile(
            rf"\b(?:{heads})(?: \w{{1,20}}){{0,3}}? (?:{nouns}) (?P<name>\S{{1,30}}(?: \S{{1,30}}){{0,3}})"
        ),
    )
