"""Asks for URLs, safely: the one place that speaks HTTP.

Redirects are followed by hand, each hop checked as the first. Bodies are read as streams within the limits. No cookies,
no .netrc, no proxies of the environment, no Referer; a credential goes to its origin alone.
"""

import http.client
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    IncompleteRead,
    InvalidChunkLength,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from newsetl.errors import SettingsError
from newsetl.fetch.addresses import DnsError, RefusedError, check_url
from newsetl.fetch.connections import CheckedAdapter, Deadline, Watch
from newsetl.fetch.exchange import Answer, Exchange, host_of
from newsetl.fetch.source import Credentials, Limits
from newsetl.io.http_message import BodyError, Response, decode_body

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What may be otherwise in a while: request timeout, too early, too many requests, and all of the server's own.
PASSING = frozenset({408, 425, 429})
LONGEST_RETRY_AFTER = 86_400.0
# Bodies that expand to less than this are no bombs, whatever their ratio.
SMALL_BYTES = 1024**2
PIECE_BYTES = 1 << 16
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_REASONS = {"truncated-record": "bad-encoding"}


@dataclass(slots=True)
class _HopError(Exception):
    """Why a hop gave no whole response."""

    outcome: str
    reason: str
    detail: str
    may_retry: bool = False
    exchange: Exchange | None = None


class _StaleError(_HopError):
    """A connection kept from before that is of no use any more."""


@dataclass(frozen=True, slots=True)
class _Validators:
    etag: str | None
    modified: str | None

    def headers(self) -> dict[str, str]:
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in found.items() if value}


@dataclass(slots=True)
class _Trail:
    """The hops of one URL so far."""

    exchanges: list[Exchange] = field(default_factory=list)

    def has(self, url: str) -> bool:
        return any(exchange.url == url for exchange in self.exchanges)


class Client:
    """Asks for URLs within the limits of a source. Several threads may use it. Use it as a context manager.

    Args:
        limits: How much, how long, how many hops.
        user_agent: The whole header.
        credentials: Headers for origins.
        insecure_hosts: Hosts whose certificates are not verified.
        allow_loopback: Let loopback be asked: for tests.
        ca_file: Certificates to trust in place of the usual ones.
        clock: The time, UTC.
        network: `getaddrinfo` and `connect` for tests.

    Raises:
        SettingsError: An environment variable of a credential is not set.
    """

    def __init__(  # noqa: PLR0913  by name
        self,
        limits: Limits,
        *,
        user_agent: str,
        credentials: Iterable[Credentials] = (),
        insecure_hosts: Iterable[str] = (),
        allow_loopback: bool = False,
        ca_file: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        **network: Any,
    ) -> None:
        self._limits = limits
        self._user_agent = user_agent
        self._secrets = {origin_of(one.origin): (one.header, _secret(one)) for one in credentials}
        self._insecure = frozenset(host.lower() for host in insecure_hosts)
        self._allow_loopback = allow_loopback
        self._verify: bool | str = ca_file or True
        self._clock = clock
        self._network = network
        self._deadline = Deadline()
        self._sessions: dict[str, requests.Session] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            session.close()

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        modified: str | None = None,
        follow: Callable[[str], bool] = lambda _: True,
    ) -> Answer:
        """What becomes of a URL. Never raises for what the network or a server does.

        Args:
            url: What to ask for.
            etag: Of the copy that we have.
            modified: Its Last-Modified.
            follow: Asked for the target of each redirect; where it says no, the answer has it in `moved_to`.
        """
        trail = _Trail()
        try:
            hop = check_url(url, allow_loopback=self._allow_loopback)
            while True:
                exchange = self._exchange(hop, _Validators(etag, modified))
                trail.exchanges.append(exchange)
                if exchange.status not in REDIRECTS or not exchange.headers.get("location"):
                    break
                hop = self._target(exchange, trail)
                if not follow(hop):
                    return Answer(url, "refused", "redirect", hop, tuple(trail.exchanges), moved_to=hop)
        except RefusedError as error:
            return Answer(url, "refused", error.reason, error.detail, tuple(trail.exchanges))
        except _HopError as failure:
            kept = (*trail.exchanges, *([failure.exchange] if failure.exchange else ()))
            return Answer(
                url,
                "refused" if failure.outcome == "refused" else "failed",
                failure.reason,
                failure.detail,
                kept,
                may_retry=failure.may_retry,
            )
        return self._conclude(url, trail, was_conditional=bool(etag or modified))

    # --- one hop ----------------------------------------------------------------------------------------------------

    def _exchange(self, url: str, validators: _Validators) -> Exchange:
        """One request and its response, whole.

        A connection kept from before may have been closed meanwhile; then another one is tried.

        Raises:
            RefusedError: Its address is not public.
            _HopError: There is no response, or not all of it.
        """
        for _ in range(self._limits.concurrency):
            try:
                return self._try(url, validators)
            except _StaleError:
                continue
        return self._try(url, validators)

    def _try(self, url: str, validators: _Validators) -> Exchange:
        """One request on one connection.

        Raises:
            _StaleError: The connection was kept from before, and the server has closed it.
        """
        host = urlsplit(url).hostname or ""
        session = self._session(host_of(url))
        request = session.prepare_request(requests.Request("GET", url, headers=self._headers(url, validators)))
        is_verified = host not in self._insecure
        at = self._clock()
        with self._deadline.of(self._limits.max_seconds) as watch:
            try:
                # Not session.send: of a redirect it reads the whole body, whatever its size.
                response = session.get_adapter(url).send(
                    request,
                    stream=True,
                    timeout=self._limits.timeout,
                    verify=self._verify if is_verified else False,
                )
                with response:
                    exchange = Exchange(
                        url,
                        at,
                        watch.address,
                        self._request_bytes(request, url),
                        response.status_code,
                        _head(response),
                        _joined(response),
                        b"",
                        is_verified if url.startswith("https:") else None,
                    )
                    return self._with_body(exchange, response, watch)
            except DnsError as error:
                raise _HopError("failed", "dns", str(error), may_retry=True) from error
            except (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
                failure = self._no_response(error, watch)
                if failure.reason == "cut" and not watch.is_new:
                    raise _StaleError(failure.outcome, failure.reason, failure.detail, may_retry=True) from error
                raise failure from error

    def _headers(self, url: str, validators: _Validators) -> dict[str, str]:
        headers = {
            "User-Agent": self._user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
            **validators.headers(),
        }
        if secret := self._secrets.get(origin_of(url)):
            headers[secret[0]] = secret[1]
        return headers

    def _session(self, host: str) -> requests.Session:
        """The session of a host, with nothing in it that the environment or another host put there."""
        with self._lock:
            if host not in self._sessions:
                session = requests.Session()
                session.trust_env = False
                session.headers.clear()
                session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
                adapter = CheckedAdapter(
                    self._deadline,
                    pool_size=self._limits.concurrency,
                    allow_loopback=self._allow_loopback,
                    **self._network,
                )
                session.mount("http://", adapter)
                session.mount("https://", adapter)
                self._sessions[host] = session
            return self._sessions[host]

    def _with_body(self, exchange: Exchange, response: requests.Response, watch: Watch) -> Exchange:
        """The exchange with its body as received.

        Raises:
            _HopError: It is too large, comes too slowly, or ends early.
        """
        parts: list[bytes] = []
        left = self._limits.max_bytes
        try:
            for piece in _pieces(response):
                left -= len(piece)
                if left < 0:
                    parts.append(piece[:left])
                    partly = replace(exchange, body=b"".join(parts))
                    detail = f"more than {self._limits.max_bytes} bytes"
                    raise _HopError("refused", "too-large", detail, exchange=partly)
                parts.append(piece)
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            partly = replace(exchange, body=b"".join(parts))
            failure = self._no_response(error, watch)
            failure.exchange = partly
            raise failure from error
        if watch.is_over:  # a body without length ends like one whose connection was closed
            raise _HopError("refused", "too-slow", self._too_slow, exchange=replace(exchange, body=b"".join(parts)))
        ends = exchange.headers.keys() & {"content-length", "transfer-encoding"}
        if not parts and not ends and exchange.status == http.HTTPStatus.OK:  # headers that were cut look like this
            raise _HopError("failed", "cut", "no body and no length", may_retry=True, exchange=exchange)
        return replace(exchange, body=b"".join(parts))

    @property
    def _too_slow(self) -> str:
        return f"more than {self._limits.max_seconds:g} s"

    def _no_response(self, error: Exception, watch: Watch) -> _HopError:
        """What an error of the libraries means."""
        if watch.is_over:
            return _HopError("refused", "too-slow", self._too_slow)
        reason, detail = _explain(error)
        return _HopError("failed", reason, detail, may_retry=True)

    def _request_bytes(self, request: requests.PreparedRequest, url: str) -> bytes:
        """The request as it was sent, the values of credentials left out."""
        secret = self._secrets.get(origin_of(url), ("",))[0].lower()
        lines = [f"GET {request.path_url} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
        lines += [
            f"{name}: {'(left out)' if str(name).lower() == secret else str(value)}"
            for name, value in request.headers.items()
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    # --- what it means ----------------------------------------------------------------------------------------------

    def _target(self, exchange: Exchange, trail: _Trail) -> str:
        """Where a redirect leads, checked."""
        location = exchange.headers["location"]
        raw = location.encode("latin-1", "replace").decode("utf-8", "replace")  # headers are bytes; URLs in them UTF-8
        try:
            target = urljoin(exchange.url, raw.strip())
        except ValueError as error:
            raise RefusedError("bad-url", f"a redirect to {location[:100]!r}") from error
        if len(trail.exchanges) > self._limits.max_redirects:
            raise RefusedError("too-many-redirects", f"more than {self._limits.max_redirects}")
        url = check_url(target, allow_loopback=self._allow_loopback)
        if trail.has(url):
            raise RefusedError("redirect-loop", url[:200])
        return url

    def _conclude(self, url: str, trail: _Trail, *, was_conditional: bool) -> Answer:
        exchanges = tuple(trail.exchanges)
        last = exchanges[-1]
        if last.status == http.HTTPStatus.NOT_MODIFIED and was_conditional:
            return Answer(url, "unchanged", exchanges=exchanges)
        if last.status != http.HTTPStatus.OK:
            may_retry = last.status in PASSING or last.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
            wait = retry_after(last.headers.get("retry-after", ""), self._clock()) if may_retry else None
            return Answer(
                url, "failed", "http-status", str(last.status), exchanges, retry_after=wait, may_retry=may_retry
            )
        try:
            return Answer(url, "fetched", exchanges=exchanges, content=self._decoded(last))
        except BodyError as error:
            reason = _REASONS.get(error.reason, error.reason)
            is_damaged = reason == "bad-encoding"
            return Answer(
                url, "failed" if is_damaged else "refused", reason, error.detail, exchanges, may_retry=is_damaged
            )

    def _decoded(self, exchange: Exchange) -> bytes:
        """The body without compression.

        Raises:
            BodyError: It is damaged, too large, a bomb, or in an encoding that was not asked for.
        """
        most = self._limits.max_bytes
        allowed = min(most, max(SMALL_BYTES, int(self._limits.max_ratio * len(exchange.body))))
        headers = {name: value for name, value in exchange.headers.items() if name != "transfer-encoding"}
        try:
            return decode_body(Response(exchange.status, headers, exchange.body), allowed)
        except BodyError as error:
            if error.reason == "too-large" and allowed < most:
                raise BodyError("bomb", f"{len(exchange.body)} bytes that expand beyond {allowed}") from error
            raise


# --- helpers --------------------------------------------------------------------------------------------------------


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for, at most a day; None when it says nothing sensible.

    >>> retry_after("120", datetime(2021, 1, 1, tzinfo=UTC)), retry_after("soon", datetime(2021, 1, 1, tzinfo=UTC))
    (120.0, None)
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return min(max((then - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def _secret(credentials: Credentials) -> str:
    value = os.environ.get(credentials.env)
    if not value:
        raise SettingsError(
            f"credentials for {credentials.origin}: the environment variable {credentials.env} is not set"
        )
    return value


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as received, without chunks."""
    while piece := response.raw.read(PIECE_BYTES, decode_content=False):
        yield piece


def _head(response: requests.Response) -> bytes:
    """Status line and headers as received; for a body that has no chunks any more."""
    version = "1.0" if response.raw.version == 10 else "1.1"
    lines = [f"HTTP/{version} {response.status_code} {response.reason or ''}".rstrip()]
    for name, value in response.raw.headers.iteritems():
        shown = f"X-Archive-Orig-{name}" if name.lower() == "transfer-encoding" else name
        lines.append(f"{shown}: {' '.join(value.split())}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _joined(response: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.raw.headers.items()}


def _explain(error: Exception) -> tuple[str, str]:
    """A reason and a detail for an error of the libraries, by the one that lies deepest."""
    kinds: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
        ("tls", (SSLError, requests.exceptions.SSLError)),
        ("connect", (ConnectTimeoutError, NewConnectionError)),
        ("timeout", (ReadTimeoutError, TimeoutError, requests.exceptions.ReadTimeout)),
        ("cut", (http.client.RemoteDisconnected, ConnectionError, http.client.IncompleteRead, IncompleteRead)),
        ("bad-http", (http.client.HTTPException, InvalidChunkLength, ValueError)),
    )
    chain = list(_chain(error))
    for reason, types in kinds:
        for one in chain:
            if isinstance(one, types):
                return reason, f"{type(one).__name__}: {one}"[:200]
    return "connect", f"{type(error).__name__}: {error}"[:200]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [found for found in inner if isinstance(found, BaseException)]
