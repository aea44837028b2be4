"""Slugs: the names of outlets in paths, from any name."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType

from newsetl.arabic.tables import load_table
from newsetl.sources.outlets import SLUG, UNKNOWN_SLUG

MAX_SLUG = 64
HASH_LENGTH = 8
# Names longer than this are cut before anything else is done with them. Characters.
MAX_NAME = 400
# The names of a few outlets come back in each of their articles; names kept at a time.
NAME_CACHE = 1024
_NOT_SLUG = re.compile("[^a-z0-9]+")


def make_slug(name: str) -> str:
    """A slug of letters a-z, digits and dashes, never empty, at most 64 long, for any name.

    Where letters of the name are lost or it is too long, a short hash keeps two names apart. ``unknown`` is
    reserved and comes out only for a name without any letter or digit.

    >>> make_slug("الأفق الجديد"), make_slug("unknown")
    ('alafq-aljdyd', 'unknown-b23a6a84')
    >>> make_slug("../../evil"), make_slug("新闻")
    ('evil', 'x-d39567b2')
    """
    clean = unicodedata.normalize("NFKC", clean_name(name)).casefold()
    if not any(c.isalnum() for c in clean):
        return UNKNOWN_SLUG
    letters = _load_letters()
    spelt = "".join(letters.get(c) if c in letters else c for c in unicodedata.normalize("NFKC", clean))  # type: ignore[misc]
    bare = "".join(c for c in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(c))
    slug = _NOT_SLUG.sub("-", bare).strip("-")
    lost = any(c.isalnum() and not (c.isascii()) for c in bare)
    if not lost and 0 < len(slug) <= MAX_SLUG and slug != UNKNOWN_SLUG and len(name) <= MAX_NAME:
        return slug
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:HASH_LENGTH]
    made = f"{slug[: MAX_SLUG - HASH_LENGTH - 1].strip('-') or 'x'}-{digest}"
    assert SLUG.fullmatch(made)  # noqa: S101  the promise of the partition layout
    return made


@cache
def _load_letters() -> Mapping[str, str]:
    table: dict[str, str] = load_table("transliteration.toml")["letters"]
    digits = {d: str(i) for row in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for i, d in enumerate(row)}
    return MappingProxyType({**table, **digits, "\u0640": ""})


def clean_name(name: str) -> str:
    """A name fit to be shown: no control or invisible characters, single spaces."""
    return _clean_name(name[:MAX_NAME])


@lru_cache(maxsize=NAME_CACHE)
def _clean_name(name: str) -> str:
    kept = "".join(" " if c.isspace() else c for c in name if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())
