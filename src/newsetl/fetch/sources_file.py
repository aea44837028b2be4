"""Reads a sources file: which outlets to fetch, from where, how fast. docs/fetching.md explains its keys."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import soupsieve

from newsetl import __version__
from newsetl.errors import SettingsError
from newsetl.fetch.source import ALL_LINKS, ANY_PATH, DEFAULT_HOSTS, Credentials, Limits, Section, Source, Sources
from newsetl.sources.outlets import SLUG, UNKNOWN_SLUG

MAX_CONCURRENCY = 16  # requests to one host at the same time: more is no politeness
MAX_HOSTS = 256
_CONTACT = re.compile(r"mailto:[^@\s<>()]+@[^@\s<>()]+|https?://[^\s<>()]+")
_PLACES = re.compile(r"\{[^}]*\}?|\}")
_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,\-#?]+")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_LISTS = ("feeds", "sitemaps", "urls")


def read_sources(path: Path) -> Sources:
    """The sources of a file.

    Raises:
        SettingsError: It cannot be read, or one line that says what is wrong with it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    return parse_sources(text, str(path))


def parse_sources(text: str, name: str) -> Sources:
    """The sources in a text; `name` stands before each complaint.

    Raises:
        SettingsError: One line that says what is wrong.

    >>> text = '''
    ... [fetch]
    ... contact = "mailto:desk@archive.example"
    ... [[source]]
    ... slug = "nasim"
    ... feeds = ["https://nasim.example/rss.xml"]
    ... '''
    >>> [(source.slug, source.hosts) for source in parse_sources(text, "sources.toml").sources]
    [('nasim', ('nasim.example',))]
    """
    try:
        return _parse(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name}: {error}") from error
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error


def _parse(table: Mapping[str, Any]) -> Sources:
    _refuse_unknown(table, ("fetch", "source"), "")
    general = _table(table.get("fetch", {}), "[fetch]")
    _refuse_unknown(general, ("contact", "hosts_at_once"), "[fetch]: ")
    contact = general.get("contact")
    if not isinstance(contact, str) or not contact.isascii() or not _CONTACT.fullmatch(contact):
        raise SettingsError(
            "[fetch] contact must be an address or URL where site owners reach you, such as mailto:you@example.org"
        )
    at_once = _number(general.get("hosts_at_once", DEFAULT_HOSTS), "[fetch] hosts_at_once", 1, MAX_HOSTS, int)
    listed = table.get("source")
    if not isinstance(listed, list) or not listed:
        raise SettingsError("no [[source]]: name at least one")
    sources = tuple(_source(_table(one, f"[[source]] number {n}"), n) for n, one in enumerate(listed, 1))
    slugs = [source.slug for source in sources]
    if twice := [slug for slug in slugs if slugs.count(slug) > 1]:
        raise SettingsError(f"source {twice[0]!r} is there twice")
    return Sources(contact, sources, int(at_once), f"newsetl/{__version__} (+{contact})")


def _source(table: Mapping[str, Any], number: int) -> Source:
    slug = table.get("slug")
    if not isinstance(slug, str) or not SLUG.fullmatch(slug) or slug == UNKNOWN_SLUG:
        raise SettingsError(f"[[source]] number {number}: slug must be letters a-z, digits and dashes, not {slug!r}")
    where = f"source {slug!r}: "
    try:
        source = _fill(table, slug)
    except SettingsError as error:
        raise SettingsError(f"{where}{error}") from error
    if not source.hosts:
        raise SettingsError(f"{where}nothing to fetch: name feeds, sitemaps, sections or urls")
    return source


def _fill(table: Mapping[str, Any], slug: str) -> Source:
    _refuse_unknown(table, [one.name for one in fields(Source)], "")
    name = _text(table.get("name", slug), "name")
    lists = {key: tuple(_url(url, key) for url in _list(table.get(key, []), key)) for key in _LISTS}
    return Source(
        slug,
        name,
        timezone=_timezone(table.get("timezone")),
        **lists,
        sections=tuple(_section(one) for one in _list(table.get("sections", []), "sections")),
        schedule=_schedule(table.get("schedule")),
        expect=int(_number(table.get("expect", 0), "expect", 0, 10**9, int)),
        limits=_limits(_table(table.get("limits", {}), "limits")),
        credentials=tuple(_credentials(one) for one in _list(table.get("credentials", []), "credentials")),
        insecure_hosts=tuple(
            _text(one, "insecure_hosts").lower() for one in _list(table.get("insecure_hosts", []), "insecure_hosts")
        ),
    )


# --- one value each -------------------------------------------------------------------------------------------------


def _section(value: Any) -> Section:
    table = _table(value, "sections")
    _refuse_unknown(table, [one.name for one in fields(Section)], "sections: ")
    url = _url(table.get("url"), "sections.url")
    if bad := [place for place in _PLACES.findall(url) if place not in {"{yyyy}", "{mm}", "{dd}"}]:
        raise SettingsError(f"sections.url: {bad[0]!r} is no place for a day; there are {{yyyy}}, {{mm}} and {{dd}}")
    links = _text(table.get("links", ALL_LINKS), "sections.links")
    try:
        soupsieve.compile(links)
    except soupsieve.SelectorSyntaxError as error:
        raise SettingsError(f"sections.links: {links!r} is no CSS selector: {str(error).splitlines()[0]}") from error
    return Section(url, links, _text(table.get("match", ANY_PATH), "sections.match"))


_RANGES: Mapping[str, tuple[float, float]] = {
    "delay": (0, 3600),
    "concurrency": (1, MAX_CONCURRENCY),
    "max_pages": (1, 10**9),
    "max_bytes": (1024, 10**9),
    "max_ratio": (1, 10**6),
    "timeout": (0.1, 600),
    "max_seconds": (0.1, 3600),
    "max_redirects": (0, 20),
    "tries": (1, 10),
}


def _limits(table: Mapping[str, Any]) -> Limits:
    _refuse_unknown(table, list(_RANGES), "limits: ")
    plain = Limits()
    kinds = {name: type(getattr(plain, name)) for name in _RANGES}
    given = {
        name: kinds[name](_number(value, f"limits.{name}", *_RANGES[name], kinds[name]))
        for name, value in table.items()
    }
    return replace(plain, **given)


def _credentials(value: Any) -> Credentials:
    table = _table(value, "credentials")
    _refuse_unknown(table, [one.name for one in fields(Credentials)], "credentials: ")
    origin = _url(table.get("origin"), "credentials.origin")
    if urlsplit(origin).path not in {"", "/"}:
        raise SettingsError(f"credentials.origin: {origin} must end after its host")
    header = _text(table.get("header"), "credentials.header")
    if not _HEADER.fullmatch(header):
        raise SettingsError(f"credentials.header: {header!r} is no name of a header")
    return Credentials(origin, header, _text(table.get("env"), "credentials.env"))


def _url(value: Any, key: str) -> str:
    text = _text(value, key)
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_good = False
    if not is_good or any(c.isspace() for c in text):
        raise SettingsError(f"{key}: {text!r} is no http(s) URL")
    return text


def _timezone(value: Any) -> str | None:
    if value is None:
        return None
    text = _text(value, "timezone")
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:  # the last of a name that is too long, or a folder
        raise SettingsError(f"timezone: {text!r} is no IANA zone, such as Asia/Beirut") from error
    return text


def _schedule(value: Any) -> str | None:
    if value is None:
        return None
    text = _text(value, "schedule")
    parts = text.split()
    if len(parts) != 5 or not all(map(_CRON_FIELD.fullmatch, parts)):
        raise SettingsError(f"schedule: {text!r} is no cron expression, such as '30 5 * * *'")
    return text


def _number(value: Any, key: str, low: float, high: float, kind: type) -> float:
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        raise SettingsError(f"{key} must be {'a whole number' if kind is int else 'a number'}, not {value!r}")
    if not low <= value <= high:
        raise SettingsError(f"{key} must be from {low:g} to {high:g}, not {value!r}")
    return value


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise SettingsError(f"{key} must be a text, not {value!r}")
    return value.strip()


def _list(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise SettingsError(f"{key} must be a list, not {value!r}")
    return value


def _table(value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{key} must be a table, not {value!r}")
    return value


def _refuse_unknown(table: Mapping[str, Any], known: Any, where: str) -> None:
    if unknown := sorted(table.keys() - set(known)):
        raise SettingsError(f"{where}unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
