"""One form for each address: what of a URL names the article, and what names the way the reader came."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

from newsetl.sources.hosts import MAX_LENGTH, clean_host, find_host, registrable_domain

_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"  # RFC 3986: unreserved
_SAFE = _KEPT + "!$&'()*+,;=:@/?"  # may stand as they are in a path or query
# An escape, or what needs one: whole runs, since an Arabic slug has little else.
_ESCAPED = re.compile(f"%([0-9A-Fa-f]{{2}})|(%|[^%{re.escape(_SAFE)}]+)")
_SLASHES = re.compile("/{2,}")


@dataclass(frozen=True, slots=True)
class _Tracking:
    names: frozenset[str]
    prefixes: tuple[str, ...]


@cache
def _load_tracking() -> _Tracking:
    table = tomllib.loads(resources.files("newsetl.sources").joinpath("urls.toml").read_text(encoding="utf-8"))
    names = table["tracking"]
    prefixes = tuple(name[:-1] for name in names if name.endswith("*"))
    return _Tracking(frozenset(name for name in names if not name.endswith("*")), prefixes)


def canonicalize_url(url: str) -> str | None:
    """The canonical form of an address, in ASCII; None when it is no http(s) address.

    Scheme and host are lower-cased, a host in letters becomes punycode, the default port, user, fragment, tracking
    parameters and a trailing slash go, percent-encoding is made uniform. The scheme stays as found, and so do ``www.``
    and ``m.``: the result is shown to people and must open (`url_key` takes off scheme and ``www.``). Canonicalizing
    twice changes nothing.

    >>> canonicalize_url("HTTPS://News.Example:443/خبر/?utm_source=x&id=7#top")
    'https://news.example/%D8%AE%D8%A8%D8%B1?id=7'
    >>> canonicalize_url("javascript:alert(1)")
    """
    url = url.strip()
    if not url or len(url) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = clean_host(parts.hostname or "")
    scheme = parts.scheme.lower()
    if host is None or scheme not in _DEFAULT_PORTS:
        return None
    place = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = _clean_path(parts.path)
    query = _clean_query(parts.query)
    return f"{scheme}://{place}{path}{'?' + query if query else ''}"


def url_key(canonical: str) -> str:
    """A canonical URL without scheme and ``www.``: the same article under http and https has one key.

    >>> url_key("https://www.news.example/a") == url_key("http://news.example/a")
    True
    """
    return canonical.partition("://")[2].removeprefix("www.")


def names_article(canonical: str) -> bool:
    """Whether a canonical URL can name one article: the bare address of a site cannot.

    >>> names_article("https://news.example/"), names_article("https://news.example/?id=3")
    (False, True)
    """
    return len(url_key(canonical).partition("/")[2]) > 0


def is_same_site(one: str, other: str) -> bool:
    """Whether two URLs belong to one registrable domain."""
    first, second = find_host(one), find_host(other)
    return first is not None and second is not None and registrable_domain(first) == registrable_domain(second)


def _clean_path(path: str) -> str:
    """Dots resolved, slashes single, no slash at the end but that of the root."""
    kept: list[str] = []
    for segment in _SLASHES.sub("/", path).split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(_encode(segment))
    return "/" + "/".join(kept)


def _clean_query(query: str) -> str:
    tracking = _load_tracking()
    kept = []
    for pair in query.split("&"):
        name = pair.partition("=")[0].lower()
        if pair and name not in tracking.names and not name.startswith(tracking.prefixes):
            kept.append(_encode(pair))
    return "&".join(kept)


def _encode(text: str) -> str:
    """Percent-encoding made uniform: upper-case, none where it is not needed, everywhere else."""
    return _ESCAPED.sub(_encode_one, text)


def _encode_one(match: re.Match[str]) -> str:
    if match[1]:
        letter = chr(int(match[1], 16))
        return letter if letter in _KEPT else "%" + match[1].upper()
    return "%" + match[2].encode("utf-8", "replace").hex("%").upper()
