"""Headers that we send, and what the headers of answers ask of us."""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from newsetl.errors import SettingsError
from newsetl.fetch.addresses import PORTS
from newsetl.fetch.source import Credentials

LONGEST_RETRY_AFTER = 86_400.0
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
# What requests and http.client can send: no breaks, no spaces around it, Latin-1. 85 and A0 are spaces to requests.
_END = r"[\x21-\x7e\xa1-\xff]"
_VALUE = re.compile(rf"{_END}(?:[\t\x20-\x7e\x80-\xff]*{_END})?")

Origin = tuple[str, str, int | None]


class OwnHeaders:
    """The headers that a client sends to an origin.

    Args:
        user_agent: The whole header.
        credentials: Headers for origins.

    Raises:
        SettingsError: The user agent or the variable of a credential cannot be sent, or the variable is not set.
    """

    def __init__(self, user_agent: str, credentials: Iterable[Credentials]) -> None:
        if not _VALUE.fullmatch(user_agent):
            raise SettingsError(f"the user agent cannot be sent as a header: {user_agent[:200]!r}")
        self._common = {
            "User-Agent": user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }
        self._secrets: dict[Origin, dict[str, str]] = {}
        for one in credentials:
            self._secrets.setdefault(origin_of(one.origin), {})[one.header] = _secret(one)

    def for_url(self, url: str, validators: Mapping[str, str]) -> dict[str, str]:
        """All but Host; with credentials when it is their origin that is asked."""
        return {**self._common, **validators, **self._secrets.get(origin_of(url), {})}

    def request_bytes(self, url: str, headers: Mapping[str, str]) -> bytes:
        """The request as it is sent, the values of credentials left out."""
        parts = urlsplit(url)
        secrets = {name.lower() for name in self._secrets.get(origin_of(url), {})}
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {'(left out)' if name.lower() in secrets else value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _secret(credentials: Credentials) -> str:
    place = f"credentials for {credentials.origin}: the environment variable {credentials.env}"
    value = os.environ.get(credentials.env)
    if not value:
        raise SettingsError(f"{place} is not set")
    if not _VALUE.fullmatch(value):  # the value stays out of the message
        raise SettingsError(f"{place} cannot be sent as a header: breaks, spaces around it, or letters beyond Latin-1")
    return value


def origin_of(url: str) -> Origin:
    """Scheme, host and port of a URL.

    >>> origin_of("https://news.example/a")
    ('https', 'news.example', 443)
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)


def validator_headers(etag: str | None, modified: str | None) -> dict[str, str]:
    """The headers of a conditional request. A server chose these values: one that cannot be sent is left out."""
    found = {"If-None-Match": etag, "If-Modified-Since": modified}
    return {name: value for name, value in found.items() if value and _VALUE.fullmatch(value)}


def decode_location(value: str) -> str:
    """A Location as text. Its bytes are UTF-8, or else encoded one by one, as browsers do.

    >>> decode_location("/a b"), decode_location("/\xce\xc8\xd1")
    ('/a%20b', '/%CE%C8%D1')
    """
    raw = value.strip(" \t").encode("latin-1", "replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = quote(raw, safe="%/:@!$&'()*+,;=?#-._~[] ")
    return text.replace(" ", "%20")


def parse_retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for, at most a day; None when it says nothing sensible.

    >>> parse_retry_after("120", datetime(2021, 1, 1, tzinfo=UTC)), parse_retry_after("soon", datetime.now(UTC))
    (120.0, None)
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER)
    try:
        then = parsedate_to_datetime(text)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return min(max((then - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
    except (ValueError, TypeError, OverflowError):
        return None
