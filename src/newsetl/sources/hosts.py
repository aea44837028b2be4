"""Hosts of URLs and the part of them that an outlet registered."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

# Browsers and servers stop at some 2,000 to 8,000 characters; beyond, it is no address.
MAX_LENGTH = 8192
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


@dataclass(frozen=True, slots=True)
class HostTable:
    """The table ``hosts.toml``."""

    second_levels: frozenset[str]
    shared_hosts: frozenset[str]


@cache
def load_hosts() -> HostTable:
    """Which part of a host names the outlet."""
    table = tomllib.loads(resources.files("newsetl.sources").joinpath("hosts.toml").read_text(encoding="utf-8"))
    return HostTable(frozenset(table["second_levels"]), frozenset(table["shared_hosts"]))


def find_host(url: str) -> str | None:
    """The host of a URL, also of one without scheme, lower-case and in ASCII.

    >>> find_host("www.News.example/a"), find_host("ترك برس")
    ('www.news.example', None)
    """
    if len(url) > MAX_LENGTH:
        return None
    text = url.strip()
    if "://" not in text[:12]:
        text = "//" + text.lstrip("/")
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return None
    return clean_host(host or "")


def registrable_domain(host: str) -> str:
    """The part of a host that its owner registered: below ``co.uk`` and its like, three labels.

    >>> registrable_domain("arabic.news.co.uk"), registrable_domain("me.blogspot.com"), registrable_domain("a.b.com")
    ('news.co.uk', 'me.blogspot.com', 'b.com')
    """
    table = load_hosts()
    labels = host.split(".")
    if len(labels) <= 2 or labels[-1].isdigit():
        return host
    if ".".join(labels[-2:]) in table.shared_hosts or (len(labels[-1]) == 2 and labels[-2] in table.second_levels):
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def clean_host(host: str) -> str | None:
    """A host in lower-case ASCII; None when it is none. Needs a dot: ``localhost`` publishes nothing."""
    host = host.rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return None
    return host
