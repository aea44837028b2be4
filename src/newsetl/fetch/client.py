"""Asks for URLs, safely: the one place that speaks HTTP.

Redirects are followed by hand, each hop checked as the first. Bodies are read as streams within the limits. No cookies,
no .netrc, no proxies of the environment, no Referer; a credential goes to its origin alone.
"""

import http.client
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from newsetl.fetch.addresses import DnsError, RefusedError, check_url
from newsetl.fetch.bodies import (
    decode_exchange,
    head_bytes,
    is_without_end,
    joined_headers,
    printable,
    read_pieces,
)
from newsetl.fetch.connections import CheckedAdapter, Deadline, Watch, explain_error
from newsetl.fetch.exchange import Answer, Exchange, Outcome, host_of
from newsetl.fetch.headers import OwnHeaders, decode_location, parse_retry_after, validator_headers
from newsetl.fetch.source import Credentials, Limits
from newsetl.io.http_message import BodyError

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What may be otherwise in a while: request timeout, too early, too many requests, and all of the server's own.
PASSING = frozenset({408, 425, 429})
# What goes wrong in the libraries when a server does not speak as it should.
_ERRORS = (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError)


@dataclass(slots=True, eq=False)
class _HopError(Exception):
    """Why a hop gave no whole response."""

    outcome: Outcome
    reason: str
    detail: str
    may_retry: bool = False
    exchange: Exchange | None = None


class _StaleError(_HopError):
    """A connection kept from before that is of no use any more."""


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
        SettingsError: The variable of a credential is not set, or it or the user agent cannot be sent.
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
        self._own = OwnHeaders(user_agent, credentials)
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
        trail: list[Exchange] = []
        validators = validator_headers(etag, modified)
        try:
            hop = check_url(url, allow_loopback=self._allow_loopback)
            while True:
                trail.append(self._exchange(hop, validators))
                if trail[-1].status not in REDIRECTS or not trail[-1].headers.get("location"):
                    break
                hop = self._target(trail)
                if not follow(hop):
                    return Answer(url, "refused", "redirect", hop, tuple(trail), moved_to=hop)
        except RefusedError as error:
            return Answer(url, "refused", error.reason, printable(error.detail), tuple(trail))
        except _HopError as failure:
            kept = (*trail, *([failure.exchange] if failure.exchange else ()))
            detail = printable(failure.detail)
            return Answer(url, failure.outcome, failure.reason, detail, kept, may_retry=failure.may_retry)
        return self._conclude(url, tuple(trail), was_conditional=bool(validators))

    # --- one hop ----------------------------------------------------------------------------------------------------

    def _exchange(self, url: str, validators: dict[str, str]) -> Exchange:
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

    def _try(self, url: str, validators: dict[str, str]) -> Exchange:
        """One request on one connection.

        Raises:
            _StaleError: The connection was kept from before, and the server has closed it.
        """
        host = urlsplit(url).hostname or ""
        session = self._session(host_of(url))
        headers = self._own.for_url(url, validators)
        request = session.prepare_request(requests.Request("GET", url, headers=headers))
        request.url = url  # requests decodes what it holds for harmless; what is asked for is what was checked
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
                        self._own.request_bytes(url, headers),
                        response.status_code,
                        head_bytes(response),
                        joined_headers(response),
                        b"",
                        is_verified if url.startswith("https:") else None,
                    )
                    return self._with_body(exchange, response, watch)
            except DnsError as error:
                raise _HopError("failed", "dns", str(error), may_retry=True) from error
            except _ERRORS as error:
                failure = self._no_response(error, watch)
                if failure.reason == "cut" and not watch.is_new:
                    raise _StaleError(failure.outcome, failure.reason, failure.detail, may_retry=True) from error
                raise failure from error

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
        if exchange.status < http.HTTPStatus.OK:
            # The response proper is still to come on this connection, and would be taken for that to the next request.
            detail = f"{exchange.status} in place of an answer"
            raise _HopError("failed", "bad-http", detail, may_retry=True, exchange=exchange)
        parts: list[bytes] = []
        left = self._limits.max_bytes
        try:
            for piece in read_pieces(response):
                left -= len(piece)
                if left < 0:
                    parts.append(piece[:left])
                    partly = replace(exchange, body=b"".join(parts))
                    detail = f"more than {self._limits.max_bytes} bytes"
                    raise _HopError("refused", "too-large", detail, exchange=partly)
                parts.append(piece)
        except http.client.UnknownTransferEncoding as error:
            raise _HopError("refused", "unsupported-encoding", str(error), exchange=exchange) from error
        except _ERRORS as error:
            failure = self._no_response(error, watch)
            failure.exchange = replace(exchange, body=b"".join(parts))
            raise failure from error
        whole = replace(exchange, body=b"".join(parts))
        if watch.is_over:  # a body without length ends like one whose connection was closed
            raise _HopError("refused", "too-slow", self._too_slow, exchange=whole)
        if is_without_end(exchange, len(whole.body)):
            raise _HopError("failed", "cut", "no body and no length", may_retry=True, exchange=whole)
        return whole

    @property
    def _too_slow(self) -> str:
        return f"more than {self._limits.max_seconds:g} s"

    def _no_response(self, error: Exception, watch: Watch) -> _HopError:
        """What an error of the libraries means."""
        if watch.is_over:
            return _HopError("refused", "too-slow", self._too_slow)
        reason, detail = explain_error(error)
        return _HopError("failed", reason, detail, may_retry=True)

    # --- what it means ----------------------------------------------------------------------------------------------

    def _target(self, trail: list[Exchange]) -> str:
        """Where a redirect leads, checked."""
        location = decode_location(trail[-1].headers["location"])
        try:
            target = urljoin(trail[-1].url, location)
        except ValueError as error:
            raise RefusedError("bad-url", f"a redirect to {location[:100]}") from error
        if len(trail) > self._limits.max_redirects:
            raise RefusedError("too-many-redirects", f"more than {self._limits.max_redirects}")
        url = check_url(target, allow_loopback=self._allow_loopback)
        if any(exchange.url == url for exchange in trail):
            raise RefusedError("redirect-loop", url[:200])
        return url

    def _conclude(self, url: str, exchanges: tuple[Exchange, ...], *, was_conditional: bool) -> Answer:
        last = exchanges[-1]
        if last.status == http.HTTPStatus.NOT_MODIFIED and was_conditional:
            return Answer(url, "unchanged", exchanges=exchanges)
        if last.status != http.HTTPStatus.OK:
            may_retry = last.status in PASSING or last.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
            wait = parse_retry_after(last.headers.get("retry-after", ""), self._clock()) if may_retry else None
            return Answer(
                url, "failed", "http-status", str(last.status), exchanges, retry_after=wait, may_retry=may_retry
            )
        try:
            return Answer(url, "fetched", exchanges=exchanges, content=decode_exchange(last, self._limits))
        except BodyError as error:
            is_damaged = error.reason == "bad-encoding"
            outcome: Outcome = "failed" if is_damaged else "refused"
            return Answer(url, outcome, error.reason, printable(error.detail), exchanges, may_retry=is_damaged)
