"""Words of bylines and datelines (``bylines.toml``, ``places.toml``), folded for matching."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from newsetl.arabic.folding import fold_name
from newsetl.arabic.tables import load_table

WORD_LISTS = (
    "titles",
    "desks",
    "organisation_heads",
    "masthead_heads",
    "masthead_tails",
    "place_heads",
    "name_particles",
    "names_in_waw",
)
_SIGNS = re.compile(r"[\"'«»“”‘’()\[\]{}:;,،؛.!؟?|/\\_*•·–—-]+")

# Places, agencies and desks come back in every byline; keys kept at a time.
KEY_CACHE = 16384
# More words than any newspaper has in its name.
MAX_MASTHEAD_WORDS = 5


@dataclass(frozen=True, slots=True)
class Bylines:
    """Word lists by folded key (`byline_key`).

    Attributes:
        roles: Key of a role word to "author", "second" or "photo"; `longest_role` is its longest key in words.
        agencies: Key of any spelling to the canonical name.
        source_labels: Keys of labels ("المصدر"), each with the space behind it, the longest first.
        origin: Finds "تقرير لموقع …" and its like; group ``name`` is what follows, at most four words.
    """

    roles: Mapping[str, str]
    longest_role: int
    titles: frozenset[str]
    desks: frozenset[str]
    organisation_heads: frozenset[str]
    place_heads: frozenset[str]
    prose_words: frozenset[str]
    masthead_heads: frozenset[str]
    masthead_tails: frozenset[str]
    name_particles: frozenset[str]
    names_in_waw: frozenset[str]
    agencies: Mapping[str, str]
    places: frozenset[str]
    source_labels: tuple[str, ...]
    origin: re.Pattern[str]


@lru_cache(maxsize=KEY_CACHE)
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
    keys = {name: frozenset(map(byline_key, table[name])) for name in WORD_LISTS}
    # no letter before a head: asked for behind it, since a pattern that begins with a letter is found fast
    heads = "|".join(rf"{re.escape(head)}(?<!\w{{{len(head) + 1}}})" for head in table["origin_heads"])
    nouns = "|".join(map(re.escape, table["outlet_nouns"]))
    return Bylines(
        roles=MappingProxyType(roles),
        longest_role=max(key.count(" ") for key in roles) + 1,
        titles=keys["titles"],
        desks=keys["desks"],
        organisation_heads=keys["organisation_heads"],
        place_heads=keys["place_heads"],
        prose_words=frozenset(table["prose_words"]),
        masthead_heads=keys["masthead_heads"],
        masthead_tails=keys["masthead_tails"],
        name_particles=keys["name_particles"],
        names_in_waw=keys["names_in_waw"],
        agencies=MappingProxyType(agencies),
        places=frozenset(map(byline_key, places["places"])),
        source_labels=tuple(
            f"{label} " for label in sorted(map(byline_key, table["source_labels"]), key=len, reverse=True)
        ),
        # up to three words may describe the report: "تقرير تحليلي مطول نشرته صحيفة …"
        origin=re.compile(
            rf"(?:{heads})(?: \w{{1,20}}){{0,3}}? (?:{nouns}) (?P<name>\S{{1,30}}(?: \S{{1,30}}){{0,3}})"
        ),
    )


def is_masthead(text: str) -> bool:
    """Whether a name is that of a newspaper or site by its first or last word, known or not.

    >>> is_masthead("صحيفة الضفاف"), is_masthead("أطلس برس"), is_masthead("سلمى الراوي"), is_masthead("صحيفة")
    (True, True, False, False)
    """
    words = byline_key(text).split()
    if not 2 <= len(words) <= MAX_MASTHEAD_WORDS:
        return False
    table = load_bylines()
    return words[0] in table.masthead_heads or words[-1] in table.masthead_tails
