"""A fetch from beginning to end: feeds, sitemaps and sections first, then the pages that are due.

One thread, the caller's, decides whom to ask next and writes the raw files and the state; others wait for the network.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Self

from newsetl.errors import SettingsError
from newsetl.fetch.addresses import RefusedError, check_url
from newsetl.fetch.clock import SYSTEM_CLOCK, Clock
from newsetl.fetch.collection import SAME_PAGE, Collection, SourceResult
from newsetl.fetch.discovery import Listed, first_requests, next_requests, read_listing
from newsetl.fetch.exchange import Answer, host_of
from newsetl.fetch.hosts import Host, Hosts, Request, settle
from newsetl.fetch.robots import Robots, is_unknown, robots_from, robots_url
from newsetl.fetch.sitemaps import url_date
from newsetl.fetch.source import Sources
from newsetl.fetch.window import ALL_DAYS, Window

ROBOTS_LIFE = timedelta(hours=24)  # RFC 9309, 2.4
# What was fetched since the last time it was made durable is fetched again after a crash.
SYNC_SECONDS = 1.0
# Looks at the clock at least so often, also while all requests are under way. Seconds.
LONGEST_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class FetchJob:
    """What to fetch.

    Attributes:
        sources: Where from.
        raw: Folder of the raw files; each source has its own in it.
        window: Days of publication that are wanted.
        limit: Pages of a source that are asked for, at most; None: as many as its limits allow.
        allow_loopback: Let 127.0.0.1 and ::1 be asked. For tests.
    """

    sources: Sources
    raw: Path
    window: Window = ALL_DAYS
    limit: int | None = None
    allow_loopback: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise SettingsError(f"limit must be 1 or more, not {self.limit}")


def choose(sources: Sources, slugs: Sequence[str]) -> Sources:
    """Some sources of a file, or all when none is named.

    Raises:
        SettingsError: One is not in the file.
    """
    known = {source.slug: source for source in sources.sources}
    if unknown := [slug for slug in slugs if slug not in known]:
        raise SettingsError(f"no source {unknown[0]!r} in the sources file; there are {', '.join(known)}")
    return replace(sources, sources=tuple(known[slug] for slug in dict.fromkeys(slugs))) if slugs else sources


def fetch(
    job: FetchJob, clock: Clock = SYSTEM_CLOCK, progress: Callable[[int, int], None] = lambda *_: None
) -> list[SourceResult]:
    """Bring what is new of all sources into the raw files.

    Args:
        job: What to fetch.
        clock: The time.
        progress: Told now and then of the answers there are, and of the requests that wait.

    Raises:
        NewsetlError: Another fetch is at a source, or the raw folder cannot be written.
        ConservationError: A page that was due has no outcome, or two.
    """
    with ExitStack() as stack:
        collections = [
            stack.enter_context(Collection(source, job.sources, job.raw, clock, allow_loopback=job.allow_loopback))
            for source in job.sources.sources
        ]
        crew = stack.enter_context(_Crew(collections, job, clock, progress))
        crew.visit(request for c in collections for request in first_requests(c, job.window, clock.now()))
        crew.visit(request for c in collections for request in _due_pages(c, job, clock))
        for collection in collections:
            collection.close_files()
        return [collection.result() for collection in collections]


def _due_pages(collection: Collection, job: FetchJob, clock: Clock) -> list[Request]:
    limit = min(collection.source.limits.max_pages, job.limit or collection.source.limits.max_pages)

    def is_wanted(url: str, published: datetime | None, updated: datetime | None) -> bool:
        return job.window.wants(url_date(url), published, updated)

    waiting = collection.state.due("page", clock.now(), limit, is_wanted)
    collection.counts.due = len(waiting)
    return [Request(collection.source.slug, "page", page.url, page.url, page.via) for page in waiting]


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request under way."""

    request: Request
    host: Host
    collection: Collection


class _Crew:
    """Asks hosts, each at its pace, and hands the answers to the collections. Use it as a context manager."""

    def __init__(
        self, collections: Iterable[Collection], job: FetchJob, clock: Clock, progress: Callable[[int, int], None]
    ) -> None:
        self._collections = MappingProxyType({c.source.slug: c for c in collections})
        self._job = job
        self._clock = clock
        self._progress = progress
        self._hosts = Hosts()
        self._running: dict[Future[tuple[Answer, Listed]], _Visit] = {}
        self._pool = ThreadPoolExecutor(job.sources.hosts_at_once, thread_name_prefix="fetch")
        self._synced = time.monotonic()
        self._answers = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def visit(self, requests: Iterable[Request]) -> None:
        """Ask for all of these, and for what the answers lead to; durable at the end."""
        for request in requests:
            self._enqueue(request)
        while True:
            self._start()
            self._leave()
            if self._running:
                done, _ = wait(self._running, self._patience(), FIRST_COMPLETED)
                for future in done:
                    self._finish(future)
            elif (then := self._hosts.next_time()) is not None:
                self._clock.sleep(max((then - self._clock.now()).total_seconds(), 0))
            else:
                break
            self._sync(SYNC_SECONDS)
        self._sync(0)

    def _patience(self) -> float:
        """How long to wait for an answer before another request may start."""
        then = self._hosts.next_time() if len(self._running) < self._job.sources.hosts_at_once else None
        left = LONGEST_WAIT if then is None else (then - self._clock.now()).total_seconds()
        return min(max(left, 0), LONGEST_WAIT)

    def _sync(self, seconds: float) -> None:
        if time.monotonic() - self._synced >= seconds:
            for collection in self._collections.values():
                collection.sync()
            self._synced = time.monotonic()
            self._progress(self._answers, self._hosts.waiting)

    # --- requests ---------------------------------------------------------------------------------------------------

    def _enqueue(self, request: Request) -> None:
        """Let a request wait at its host; one that must not be sent ends here."""
        try:
            url = check_url(request.url, allow_loopback=self._job.allow_loopback)
        except RefusedError as error:
            self._conclude(request, Answer(request.url, "refused", error.reason, error.detail))
            return
        request = replace(request, url=url)
        host = self._hosts.find(request.host) or self._meet(request)
        if host.verdict is not None:
            self._conclude(request, replace(host.verdict, url=request.url, exchanges=()))
        else:
            host.waiting.append(request)

    def _meet(self, request: Request) -> Host:
        """A host that was not asked before in this run: first it is asked for robots.txt, unless that is known."""
        collection, now = self._collections[request.source], self._clock.now()
        host = Host(request.host, collection.source.limits, now)
        host.robots = collection.known_robots(host.name, now - ROBOTS_LIFE)
        if host.robots is None:
            url = robots_url(request.url)
            host.waiting.append(Request(request.source, "robots", url, url, request.url))
        self._hosts.add(host)
        return host

    def _start(self) -> None:
        """Send what may be sent now."""
        while len(self._running) < self._job.sources.hosts_at_once and (taken := self._hosts.take(self._clock.now())):
            host, request = taken
            collection = self._collections[request.source]
            if known := self._known_answer(host, request, collection):
                host.running -= 1
                host.ready_at = self._clock.now()
                self._conclude(request, known)
                continue
            etag, modified = None, None  # of robots.txt the state keeps no copy for longer than a day
            if request.kind != "robots":
                etag, modified = collection.state.validators(request.kind, request.listed_url)
            future = self._pool.submit(_ask, collection, request, host.robots, etag, modified)
            self._running[future] = _Visit(request, host, collection)

    @staticmethod
    def _known_answer(host: Host, request: Request, collection: Collection) -> Answer | None:
        """The answer to a request that need not be sent."""
        if request.kind == "robots":
            return None
        if host.robots and not host.robots.allowed(request.url):
            return Answer(request.url, "refused", "robots", host.robots.reason)
        if request.kind == "page" and collection.has_fetched(request.url):
            return Answer(request.url, "unchanged", SAME_PAGE)
        return None

    def _leave(self) -> None:
        """Count what waits at hosts that are left for a later run."""
        for host, request in self._hosts.leftovers():
            self._collections[request.source].leave(request, host)

    # --- answers ----------------------------------------------------------------------------------------------------

    def _finish(self, future: "Future[tuple[Answer, Listed]]") -> None:
        """What an answer leads to: another try, another host, an end."""
        visit = self._running.pop(future)
        answer, listed = future.result()
        self._answers += 1
        if settle(visit.host, visit.request, answer, self._clock.now()):
            return
        if visit.request.kind == "robots":
            self._know(visit, answer)
        elif answer.moved_to is not None:
            self._follow(visit, answer, answer.moved_to)
        else:
            if listed and listed.refused:
                answer = replace(answer, outcome="refused", reason=listed.refused)
            self._conclude(visit.request, answer)
            for request in next_requests(visit.collection, visit.request, listed, self._job.window):
                self._enqueue(request)

    def _know(self, visit: _Visit, answer: Answer) -> None:
        """Enter what robots.txt says; where it cannot be had nothing else is asked for."""
        host = visit.host
        self._conclude(visit.request, answer)
        if is_unknown(answer):
            host.verdict = replace(answer, detail=f"robots.txt: {answer.detail}".strip(), content=b"")
            waiting, host.waiting = [*host.waiting], type(host.waiting)()
            for request in waiting:
                self._enqueue(request)
        else:
            host.robots = robots_from(answer)

    def _follow(self, visit: _Visit, answer: Answer, url: str) -> None:
        """Ask for what a redirect to another host leads to, at that host's pace."""
        request = visit.request
        trail = (*request.trail, *answer.exchanges)
        if url in {exchange.url for exchange in trail}:
            self._conclude(request, replace(answer, outcome="refused", reason="redirect-loop", detail=url))
        elif len(trail) > visit.collection.source.limits.max_redirects:
            self._conclude(request, replace(answer, outcome="refused", reason="too-many-redirects", detail=url))
        else:
            self._enqueue(replace(request, url=url, tries=0, trail=trail))

    def _conclude(self, request: Request, answer: Answer) -> None:
        """Hand the answer that ends a request to its collection."""
        host = self._hosts.find(host_of(request.url))
        whole = replace(answer, url=request.listed_url, exchanges=(*request.trail, *answer.exchanges))
        robots = host.robots.reason if host and host.robots else None
        self._collections[request.source].record(request, whole, robots)


def _ask(
    collection: Collection, request: Request, robots: Robots | None, etag: str | None, modified: str | None
) -> tuple[Answer, Listed]:
    """Ask for a URL and read what it lists; runs in a thread of the pool."""

    def follow(url: str) -> bool:
        return host_of(url) == request.host and (robots is None or robots.allowed(url))

    answer = collection.client.get(request.url, etag=etag, modified=modified, follow=follow)
    return answer, read_listing(collection.source, request, answer)
