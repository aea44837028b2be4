"""Which outlet a name or an address stands for; one without a row gets a slug made from it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from newsetl.arabic.folding import fold_name
from newsetl.sources.hosts import find_host, registrable_domain
from newsetl.sources.outlets import UNKNOWN, UNKNOWN_SLUG, Outlet, load_outlets
from newsetl.sources.slugs import MAX_NAME, clean_name, make_slug

# Names of one run come back in each article of an outlet; keys kept at a time.
KEY_CACHE = 8192
_HOST_LIKE = re.compile(r"(?:https?://\S{1,200}|[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})/?")
_KIND = re.compile(r"^(?:(?:صحيفه|جريده|موقع|قناه|وكاله|شبكه|بوابه|مجله|تلفزيون)\s)")
_SIGNS = re.compile(r"[\"'«»“”()\[\]:;,،.!|\-–—_*]+")


@dataclass(frozen=True, slots=True)
class OutletIndex:
    """Outlets by folded name and by domain. A name that two outlets claim (الرأي) stands for neither."""

    by_name: Mapping[str, Outlet]
    by_domain: Mapping[str, Outlet]
    names: frozenset[str]  # all folded names, the claimed ones too
    outlets: tuple[Outlet, ...]  # by slug


@cache
def load_index() -> OutletIndex:
    """The outlets that come with newsetl, indexed for lookup."""
    return index_outlets(load_outlets())


def index_outlets(outlets: Sequence[Outlet]) -> OutletIndex:
    """Outlets, indexed for lookup."""
    exact: dict[str, list[Outlet]] = {}
    bare: dict[str, list[Outlet]] = {}
    for outlet in outlets:
        for key in {_plain_key(name) for name in (outlet.slug, outlet.name, *outlet.aliases)}:
            exact.setdefault(key, []).append(outlet)
            bare.setdefault(_KIND.sub("", key), []).append(outlet)
    # "صحيفة الجزيرة" with its noun is one outlet, "الجزيرة" alone another: a name as the table writes it goes first.
    claims = bare | exact
    by_name = {key: owners[0] for key, owners in claims.items() if len(set(owners)) == 1}
    by_domain = {domain: outlet for outlet in outlets for domain in outlet.domains}
    return OutletIndex(MappingProxyType(by_name), MappingProxyType(by_domain), frozenset(claims), tuple(outlets))


@lru_cache(maxsize=KEY_CACHE)
def name_key(name: str) -> str:
    """The key of an outlet's name: folded, without صحيفة and its like and without signs.

    >>> name_key("صحيفة «الوطن»") == name_key("الوطن")
    True
    """
    return _KIND.sub("", _plain_key(name))


@lru_cache(maxsize=KEY_CACHE)
def outlet_keys(outlet: Outlet) -> frozenset[str]:
    """The keys of all names of an outlet, its slug and its domains among them."""
    return frozenset(map(name_key, (outlet.name, outlet.slug, *outlet.aliases, *outlet.domains)))


def _plain_key(name: str) -> str:
    return _fold_signs(name[:MAX_NAME])


@lru_cache(maxsize=KEY_CACHE)
def _fold_signs(name: str) -> str:
    return " ".join(_SIGNS.sub(" ", fold_name(name)).split())


def outlet_of_name(name: str, outlets: OutletIndex | None = None) -> Outlet:
    """The outlet of that name or address; a new one, without country and zone, when the index has none.

    Here and below, None for `outlets` takes those that come with newsetl.

    >>> outlet_of_name("تُرك برس").slug, outlet_of_name("جريدة النسيم").slug
    ('turkpress', 'jryda-alnsym')
    """
    shown = clean_name(name)
    known = find_known(shown, outlets)
    if known:
        return known
    if shown.isascii() and _HOST_LIKE.fullmatch(shown):
        host = find_host(shown)
        if host:
            return find_known_host(host, outlets) or outlet_of_host(host)
    slug = make_slug(name)
    return UNKNOWN if slug == UNKNOWN_SLUG else Outlet(slug, shown or slug)


def find_known(name: str | None, outlets: OutletIndex | None = None) -> Outlet | None:
    """The outlet of the index that has this name, else None."""
    if not name:
        return None
    by_name, key = (outlets or load_index()).by_name, _plain_key(name)
    return by_name.get(key) or by_name.get(_KIND.sub("", key))


def find_known_host(host: str, outlets: OutletIndex | None = None) -> Outlet | None:
    """The outlet of the index that owns this host or a domain above it, else None."""
    by_domain = (outlets or load_index()).by_domain
    labels = host.split(".")
    return next((found for at in range(len(labels) - 1) if (found := by_domain.get(".".join(labels[at:])))), None)


def outlet_of_host(host: str) -> Outlet:
    """An outlet named after the domain that a host belongs to."""
    domain = registrable_domain(host)
    return Outlet(make_slug(domain), domain)


def source_slug(source: str | None, url: str | None, outlets: OutletIndex | None = None) -> str | None:
    """The slug of a record's outlet by its label, else by its address; None when neither is there.

    >>> source_slug("ترك برس", None), source_slug(None, "https://www.okaz.com.sa/1"), source_slug(None, None)
    ('turkpress', 'okaz', None)
    """
    if source and source.strip():
        return outlet_of_name(source, outlets).slug
    host = find_host(url) if url else None
    return (find_known_host(host, outlets) or outlet_of_host(host)).slug if host else None
