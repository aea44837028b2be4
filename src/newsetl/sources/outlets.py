"""The outlets we know: a TOML file each in ``outlets/`` with name, addresses, country, time zone and layouts."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

from newsetl.errors import RuleError
from newsetl.sources.layouts import Layout, parse_layouts, parse_texts

UNKNOWN_SLUG = "unknown"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
SUFFIX: Final = ".toml"
_COUNTRY = re.compile(r"[A-Z]{2}")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}")
_KEYS: Final = frozenset(("name", "aliases", "domains", "country", "zone", "layout"))


@dataclass(frozen=True, slots=True)
class Outlet:
    """A newspaper, agency or site.

    Attributes:
        slug: Its name in paths: ``[a-z0-9-]{1,64}``; the name of its file.
        name: Its name as people write it.
        aliases: Other spellings and labels.
        domains: Addresses; a domain stands for its subdomains.
        country: ISO 3166 code; None when unknown.
        zone: IANA name of the zone of its dates; None when unknown.
        layouts: How its pages are laid out, newest first.
    """

    slug: str
    name: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    country: str | None = None
    zone: str | None = None
    layouts: tuple[Layout, ...] = field(default=(), hash=False)


UNKNOWN = Outlet(UNKNOWN_SLUG, UNKNOWN_SLUG)


@cache
def load_outlets() -> tuple[Outlet, ...]:
    """The outlets that come with newsetl, by slug.

    Raises:
        RuleError: A file breaks the format, or two claim a domain.

    >>> next(outlet.slug for outlet in load_outlets() if outlet.name == "ترك برس")
    'turkpress'
    """
    folder = resources.files("newsetl.sources").joinpath("outlets")
    files = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(SUFFIX)}
    return merge_outlets((), (parse_outlet(text, name) for name, text in sorted(files.items())))


def merge_outlets(outlets: Iterable[Outlet], others: Iterable[Outlet]) -> tuple[Outlet, ...]:
    """Outlets with others laid over them: one of the same slug is replaced.

    Raises:
        RuleError: Two claim a domain.
    """
    merged = {outlet.slug: outlet for outlet in (*outlets, *others)}
    owners: dict[str, str] = {}
    for outlet in merged.values():
        for domain in outlet.domains:
            if owners.setdefault(domain, outlet.slug) != outlet.slug:
                raise RuleError(f"{outlet.slug}{SUFFIX}: domains: {domain} belongs to {owners[domain]}{SUFFIX} already")
    return tuple(merged[slug] for slug in sorted(merged))


def parse_outlet(text: str, file: str) -> Outlet:
    """An outlet from its file.

    Args:
        text: TOML.
        file: Name of the file, or its path; the slug stands before ``.toml``.

    Raises:
        RuleError: Naming the file and the key.

    >>> parse_outlet('name = "النسيم"', "nasim.toml")
    Outlet(slug='nasim', name='النسيم', aliases=(), domains=(), country=None, zone=None, layouts=())
    """
    slug = file.replace("\\", "/").rpartition("/")[2].removesuffix(SUFFIX)
    if not SLUG.fullmatch(slug) or slug == UNKNOWN_SLUG:
        raise RuleError(
            f"{file}: {slug!r} is no slug that an outlet may have: name the file after letters a-z and digits"
        )
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{file}: {error}") from None
    if unknown := sorted(table.keys() - _KEYS):
        raise RuleError(f"{file}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    return Outlet(
        slug,
        _parse_text(table, "name", file) or _fail(f"{file}: name is missing"),
        parse_texts(table, "aliases", file),
        _parse_domains(table, file),
        _parse_country(table, file),
        _parse_zone(table, file),
        parse_layouts(table.get("layout", []), file),
    )


def _fail(message: str) -> str:
    raise RuleError(message)


def _parse_text(table: Mapping[str, Any], key: str, file: str) -> str | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise RuleError(f"{file}: {key} must be a text, not {value!r}")
    return value


def _parse_domains(table: Mapping[str, Any], file: str) -> tuple[str, ...]:
    domains = parse_texts(table, "domains", file)
    for domain in domains:
        if not _DOMAIN.fullmatch(domain):
            raise RuleError(f"{file}: domains: {domain!r} is no host in small letters, without https:// and www.")
    return domains


def _parse_country(table: Mapping[str, Any], file: str) -> str | None:
    country = _parse_text(table, "country", file)
    if country is not None and not _COUNTRY.fullmatch(country):
        raise RuleError(f"{file}: country: {country!r} is no ISO 3166 code such as LB")
    return country


def _parse_zone(table: Mapping[str, Any], file: str) -> str | None:
    zone = _parse_text(table, "zone", file)
    try:
        if zone is not None:
            ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder of the tables an OSError
        raise RuleError(f"{file}: zone: {zone!r} is no IANA zone such as Asia/Beirut") from None
    return zone
