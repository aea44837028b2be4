"""Whom to ask next: for each host a queue, its pace, and what robots.txt of it allows.

The pace of a host: at most `concurrency` requests at a time; between the starts of two at least the delay of the source
or the one that robots.txt asks for, whichever is longer; after trouble a pause that the server names, or one that
doubles. A host in too much trouble is left for a later run.
"""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from newsetl.fetch.exchange import Answer, Exchange, Kind, host_of
from newsetl.fetch.robots import Robots
from newsetl.fetch.source import Limits, Section

# The first pause after trouble, doubled each time. Seconds.
FIRST_PAUSE = 2.0
# A host that asks for a longer pause is left for a later run. Seconds.
LONGEST_PAUSE = 300.0
# Requests in trouble one after the other until a host is left for a later run.
MAX_TROUBLES = 6

# Reasons for another try that are those of the host; others, such as an answer that was cut, are those of a page.
OF_THE_HOST = frozenset({"dns", "connect", "tls", "timeout", "http-status"})


@dataclass(frozen=True, slots=True)
class Request:
    """One URL to ask for.

    Attributes:
        source: Slug of the source that wants it.
        kind: What it is.
        url: What to ask for.
        listed_url: The URL as it was found, where redirects to another host have led away from it.
        via: What named it: the URL of a feed, sitemap or section, or ``sources file``.
        depth: Sitemap indexes above it.
        tries: How often it was asked for in this run.
        trail: Redirects that led to another host, and so to `url`.
        section: How links are found in it, and `day` the day it is of; for sections.
    """

    source: str
    kind: Kind
    url: str
    listed_url: str
    via: str
    depth: int = 0
    tries: int = 0
    trail: tuple[Exchange, ...] = ()
    section: Section | None = None
    day: date | None = None

    @property
    def host(self) -> str:
        """Name and port, as the URL has them."""
        return host_of(self.url)


@dataclass(slots=True)
class Host:
    """A host that is visited.

    Attributes:
        waiting: Requests to it, the next first.
        running: Requests under way.
        ready_at: When it may be asked next.
        troubles: Failures one after the other.
        robots: What it allows; None until it was asked.
        verdict: What becomes of every request to it, where robots.txt cannot be had; None where it can.
        left: Why it is left for a later run; None while it is not.
    """

    name: str
    limits: Limits
    ready_at: datetime
    waiting: deque[Request] = field(default_factory=deque)
    running: int = 0
    troubles: int = 0
    robots: Robots | None = None
    verdict: Answer | None = None
    left: str | None = None

    @property
    def delay(self) -> timedelta:
        """The time between the starts of two requests."""
        asked = (self.robots.delay if self.robots else None) or 0.0
        return timedelta(seconds=max(self.limits.delay, asked))

    @property
    def is_free(self) -> bool:
        """True when a request may start, its time aside. The first one, for robots.txt, goes alone."""
        slots = self.limits.concurrency if self.robots else 1
        return bool(self.waiting) and self.left is None and self.running < slots


class Hosts:
    """All hosts of a run."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}

    def find(self, name: str) -> Host | None:
        """The host of that name, when it was added."""
        return self._hosts.get(name)

    def add(self, host: Host) -> None:
        """Have another host."""
        self._hosts[host.name] = host

    def take(self, now: datetime) -> tuple[Host, Request] | None:
        """The next request that may start now: of the host that waits longest; None when there is none."""
        ready = [host for host in self._hosts.values() if host.is_free and host.ready_at <= now]
        if not ready:
            return None
        host = min(ready, key=lambda one: one.ready_at)
        request = host.waiting.popleft()
        host.running += 1
        host.ready_at = now + host.delay
        return host, replace(request, tries=request.tries + 1)

    @property
    def waiting(self) -> int:
        """Requests in all queues."""
        return sum(len(host.waiting) for host in self._hosts.values())

    def next_time(self) -> datetime | None:
        """When the next request may start; None when no host is free."""
        return min((host.ready_at for host in self._hosts.values() if host.is_free), default=None)

    def leftovers(self) -> Iterable[tuple[Host, Request]]:
        """The requests to hosts that were left for a later run, taken out of their queues."""
        for host in self._hosts.values():
            while host.left is not None and host.waiting:
                yield host, host.waiting.popleft()


def settle(host: Host, request: Request, answer: Answer, now: datetime) -> bool:
    """Take an answer into account; True when the request goes back into the queue of its host."""
    host.running -= 1
    if answer.may_retry and answer.reason in OF_THE_HOST:
        _pause(host, answer, now)
    elif answer.exchanges:
        host.troubles = 0
    if not answer.may_retry or request.tries >= host.limits.tries:
        return False
    if request.kind == "robots":
        host.waiting.appendleft(request)
    else:
        host.waiting.append(request)
    return True


def _pause(host: Host, answer: Answer, now: datetime) -> None:
    """Let a host in trouble alone for a while, or for this run."""
    host.troubles += 1
    asked = answer.retry_after
    pause = FIRST_PAUSE * 2 ** (host.troubles - 1) * random.uniform(0.75, 1.25) if asked is None else asked  # noqa: S311  no secret
    host.ready_at = max(host.ready_at, now + timedelta(seconds=pause))
    if pause > LONGEST_PAUSE:
        host.left = f"asks for a pause of {pause:.0f} s"
    elif host.troubles >= MAX_TROUBLES:
        host.left = f"{host.troubles} failures one after the other, the last: {answer.reason} {answer.detail}".strip()
