"""What a fetch brings: one value for each request and its response, one for each URL that was asked for.

Reasons are short constants; the table in docs/fetching.md explains each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["page", "feed", "sitemap", "section", "robots"]
# `unchanged`: 304, or the same bytes again. `refused`: by us, before or while it came; asking again would not help.
# `failed`: by the network or the server.
Outcome = Literal["fetched", "unchanged", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, as they went over the wire.

    Attributes:
        url: What was asked for: absolute http(s), ASCII, no fragment, no user.
        at: When the request was sent, UTC.
        address: The IP address that was connected to.
        request: Request line and headers as sent, up to the empty line, with it. Values of credentials are left out.
        status: Of the response, such as 200.
        head: Status line and headers as received, with the empty line; ``Transfer-Encoding`` stands there as
            ``X-Archive-Orig-Transfer-Encoding``, since the body has no chunks any more.
        headers: The same by name in lower case; values of one name are joined by ", ".
        body: As received, without chunks, still compressed; what came of it, when it was cut.
        tls_verified: False when a source's settings say so for this host; None for plain http.
    """

    url: str
    at: datetime
    address: str
    request: bytes
    status: int
    head: bytes
    headers: Mapping[str, str]
    body: bytes
    tls_verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a URL.

    Attributes:
        url: As it was asked for.
        outcome: fetched, unchanged, refused or failed.
        reason: Why it is refused or failed: ``private-address``, ``http-status``, …; empty otherwise.
        detail: More for people, in one line.
        exchanges: The redirects on the way, then the last response; fewer when it ended before.
        content: The body decoded; empty unless fetched.
        retry_after: Seconds that the server asks us to wait (429, 503); None when it does not.
        may_retry: True when the same request may succeed later.
        moved_to: Where a redirect led that the caller did not let the client follow; None otherwise.
    """

    url: str
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    exchanges: tuple[Exchange, ...] = ()
    content: bytes = b""
    retry_after: float | None = None
    may_retry: bool = False
    moved_to: str | None = None

    @property
    def final_url(self) -> str:
        """Where the last response came from."""
        return self.exchanges[-1].url if self.exchanges else self.url


def host_of(url: str) -> str:
    """Host and port of a URL.

    >>> host_of("https://news.example:8443/a")
    'news.example:8443'
    """
    return urlsplit(url).netloc.rpartition("@")[2].lower()
