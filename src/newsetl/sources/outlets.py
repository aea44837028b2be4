"""The outlets we know by name, address, country and time zone: the table ``outlets.toml``."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from newsetl.errors import RuleError

UNKNOWN_SLUG = "unknown"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Outlet:
    """A newspaper, agency or site.

    Attributes:
        slug: Its name in paths: ``[a-z0-9-]{1,64}``.
        name: Its name as people write it.
        aliases: Other spellings and labels.
        domains: Addresses; a domain stands for its subdomains.
        country: ISO 3166 code; None when unknown.
        zone: IANA name of the zone of its dates; None when unknown.
    """

    slug: str
    name: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    country: str | None = None
    zone: str | None = None


UNKNOWN = Outlet(UNKNOWN_SLUG, UNKNOWN_SLUG)


@dataclass(frozen=True, slots=True)
class OutletTable:
    """All rows of ``outlets.toml``, in its order."""

    outlets: tuple[Outlet, ...]
    second_levels: frozenset[str]
    shared_hosts: frozenset[str]


@cache
def load_outlets() -> OutletTable:
    """The table of outlets.

    Raises:
        RuleError: For a slug out of its alphabet or reserved, a domain that stands twice, a country code that is none.

    >>> next(o.slug for o in load_outlets().outlets if o.name == "ترك برس")
    'turkpress'
    """
    table = tomllib.loads(resources.files("newsetl.sources").joinpath("outlets.toml").read_text(encoding="utf-8"))
    outlets = tuple(
        Outlet(slug, row["name"], tuple(row["aliases"]), tuple(row["domains"]), row["country"], row["zone"])
        for slug, row in table["outlets"].items()
    )
    _check(outlets)
    return OutletTable(outlets, frozenset(table["second_levels"]), frozenset(table["shared_hosts"]))


def _check(outlets: tuple[Outlet, ...]) -> None:
    owners: dict[str, str] = {}
    for outlet in outlets:
        if not SLUG.fullmatch(outlet.slug) or outlet.slug == UNKNOWN_SLUG:
            raise RuleError(f"sources/outlets.toml: {outlet.slug!r} is no slug an outlet may have")
        if outlet.country is None or not _COUNTRY.fullmatch(outlet.country):
            raise RuleError(f"sources/outlets.toml: {outlet.slug}: {outlet.country!r} is no ISO 3166 code")
        for domain in outlet.domains:
            if owners.setdefault(domain, outlet.slug) != outlet.slug:
                raise RuleError(f"sources/outlets.toml: {domain} belongs to {owners[domain]} and {outlet.slug}")
