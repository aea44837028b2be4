"""Which URLs may be asked for, and which addresses may be connected to.

A page chooses what we ask for next, by its links and redirects. So that none can make us ask a machine of our own
network (server-side request forgery), every URL goes through `check_url` and every address that its name has must be
public, at each hop. The connection is made to an address that was checked: see `connections`.
"""

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from urllib3.util import parse_url

from newsetl.sources.hosts import MAX_LENGTH, clean_host

PORTS = {"http": 80, "https": 443}
# Other ports of web servers. Beyond these it is as often something else that speaks, such as a mail server.
OTHER_PORTS = frozenset({8080, 8443})

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
# WHATWG URL: a host whose last label is a number is an IPv4 address, in whatever spelling.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# All that is public in IPv6 lies here. Elsewhere are site-local addresses, NAT64 and IPv4 in disguise, which older
# tables of Python call global.
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_DOCUMENTATION_IPV6 = ipaddress.ip_network("3fff::/20")  # RFC 9637; not in the tables of Python 3.11
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214: the third quarter of an address; the fourth is IPv4
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "%/:@!$&'()*+,;=?-._~"

GetAddrInfo = Callable[..., list[tuple[Any, ...]]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedError(Exception):
    """A URL that we do not ask for. `reason` is that of the answer."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class DnsError(Exception):
    """A name that has no address now."""


def check_url(url: str, *, allow_loopback: bool = False) -> str:
    """A URL as it will be asked for: scheme and host in lower-case ASCII, the rest percent-encoded, no fragment.

    A ``%`` that encodes nothing becomes ``%25``; ``.`` and ``..`` in the path are resolved. So it is sent as it is.

    Args:
        url: Absolute.
        allow_loopback: Let ``localhost``, 127.0.0.0/8 and ::1 be asked, on any port.

    Raises:
        RefusedError: ``bad-url``, ``bad-scheme``, ``bad-port``, ``bad-host``, ``userinfo`` or ``private-address``.

    >>> check_url("HTTPS://News.Example:443/خبر?a=b#c")
    'https://news.example/%D8%AE%D8%A8%D8%B1?a=b'
    """
    if len(url) > MAX_LENGTH or _UNSAFE.search(url):
        raise RefusedError(
            "bad-url", "too long" if len(url) > MAX_LENGTH else "a space, backslash, surrogate or control character"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedError("bad-url", str(error)) from error
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise RefusedError("bad-scheme", scheme[:40] or "none")
    if "@" in parts.netloc:
        raise RefusedError("userinfo", "a user or password in the URL")
    host, is_loopback = _check_host(parts.hostname or "", allow_loopback=allow_loopback)
    if not (port in {None, PORTS[scheme]} or port in OTHER_PORTS or (is_loopback and port)):
        raise RefusedError("bad-port", str(port))
    place = host if port in {None, PORTS[scheme]} else f"{host}:{port}"
    return urlunsplit((scheme, place, *_clean_target(parts.path, parts.query), ""))


def _clean_target(path: str, query: str) -> tuple[str, str]:
    """Path and query as requests and urllib3 send them: hexadecimal digits in upper case, one slash to begin with."""
    encoded = (quote(_STRAY_PERCENT.sub("%25", part), _SAFE) for part in (path, query))
    clean = parse_url("http://any.example" + "?".join(encoded))
    return "/" + (clean.path or "").lstrip("/"), clean.query or ""


def _check_host(host: str, *, allow_loopback: bool) -> tuple[str, bool]:
    """The host as it stands in a URL, and whether it is loopback."""
    if ":" in host:
        address = _parse(host)
        if address is None or "%" in host:
            raise RefusedError("bad-host", host[:100])
        check_address(address, allow_loopback=allow_loopback)
        return f"[{address}]", address.is_loopback
    if host == "localhost" and allow_loopback:
        return host, True
    clean = clean_host(host)
    if clean is None:
        raise RefusedError("bad-host", host[:100] or "none")
    if _NUMBER.fullmatch(clean.rpartition(".")[2]):
        address = _parse(clean)
        if address is None:
            raise RefusedError("bad-host", f"an odd spelling of an address: {clean[:100]}")
        check_address(address, allow_loopback=allow_loopback)
        return clean, address.is_loopback
    return clean, False


def resolve(
    host: str, port: int, *, allow_loopback: bool = False, getaddrinfo: GetAddrInfo = socket.getaddrinfo
) -> list[str]:
    """The addresses of a host, all of them allowed, in the order in which they are to be tried.

    Raises:
        RefusedError: ``private-address``: one of them is not public.
        DnsError: It has none.
    """
    try:
        found = getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DnsError(f"{host}: {error}") from error
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        address = _parse(text)
        if address is None:
            raise RefusedError("private-address", f"{host} is {text[:60]}")
        check_address(address, allow_loopback=allow_loopback, host=host)
    if not texts:
        raise DnsError(f"{host}: no address")
    return texts


def check_address(address: Address, *, allow_loopback: bool, host: str | None = None) -> None:
    """Refuse an address that is not public, also where it is wrapped in one of IPv6.

    Raises:
        RefusedError: ``private-address``.
    """
    if allow_loopback and address.is_loopback:
        return
    if not all(map(_is_public, (address, *_embedded(address)))):
        raise RefusedError("private-address", f"{host} is {address}" if host else str(address))


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return address.version == 4 or (address in _PUBLIC_IPV6 and address not in _DOCUMENTATION_IPV6)


def _embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that a public one of IPv6 may stand for: 6to4, Teredo, ISATAP."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [address.sixtofour, *(address.teredo or ())]
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


def _parse(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
