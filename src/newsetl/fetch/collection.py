"""What is being collected of one source: its raw files, its state, its client, and the counts of this run."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from newsetl import __version__
from newsetl.errors import ConservationError
from newsetl.fetch.client import Client
from newsetl.fetch.clock import Clock
from newsetl.fetch.exchange import Answer, Kind
from newsetl.fetch.hosts import Host, Request
from newsetl.fetch.listing import Child, Entry
from newsetl.fetch.rebuild import open_state
from newsetl.fetch.robots import MAX_BYTES as ROBOTS_BYTES
from newsetl.fetch.robots import Robots, parse_robots
from newsetl.fetch.source import Source, Sources
from newsetl.fetch.state import State, key_of
from newsetl.fetch.warc_files import WarcFiles
from newsetl.io.lock import locked

# A page in trouble is asked for again in a later run after this, doubled with each failure.
FIRST_RETRY = timedelta(minutes=15)
LAST_RETRY = timedelta(days=1)
MAX_REMARKS = 200
# Why a page is unchanged: it is one that we have, under another URL.
SAME_PAGE = "same-page"


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What a run did for one source.

    Attributes:
        slug: The source.
        found: URLs of pages that were not known before.
        due: Pages that this run was to ask for.
        pages: What became of them: (outcome, reason) -> pages. The outcome ``later`` is for those that wait for another
            run; the reason says why.
        listings: The same of feeds, sitemaps and sections.
        hosts: Answers by host, outcome and reason.
        remarks: What was odd about feeds, sitemaps and sections.
        files: WARC files with pages that were written, closed.
        bytes_received: Bodies as received.
    """

    slug: str
    found: int
    due: int
    pages: Mapping[tuple[str, str], int]
    listings: Mapping[tuple[str, str], int]
    hosts: Mapping[tuple[str, str, str], int]
    remarks: tuple[str, ...]
    files: tuple[Path, ...]
    bytes_received: int

    @property
    def is_out_of_reach(self) -> bool:
        """True when there are feeds, sitemaps or sections, and none could be read."""
        return bool(self.listings) and not {outcome for outcome, _ in self.listings} & {"fetched", "unchanged"}

    def count(self, outcome: str) -> int:
        """Pages with an outcome, whatever the reason."""
        return sum(n for (kind, _), n in self.pages.items() if kind == outcome)


def make_note(answer: Answer, kind: Kind, now: datetime, retry_at: datetime | None) -> dict[str, Any]:
    """What became of a URL, as the raw files and the state keep it."""
    last = answer.exchanges[-1] if answer.exchanges else None
    has_copy = answer.outcome in {"fetched", "unchanged"} and last is not None
    return {
        "kind": kind,
        "url": answer.url,
        "final_url": answer.final_url,
        "at": now.isoformat(timespec="microseconds"),
        "outcome": answer.outcome,
        "reason": answer.reason,
        "detail": answer.detail,
        "retry_at": retry_at.isoformat(timespec="microseconds") if retry_at else None,
        "status": last.status if last else None,
        "etag": last.headers.get("etag") if has_copy and last else None,
        "modified": last.headers.get("last-modified") if has_copy and last else None,
        "sha256": hash_of(answer.content) if answer.outcome == "fetched" else None,
        "tls_verified": last.tls_verified if last else None,
    }


def hash_of(content: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(content).hexdigest()


@dataclass(slots=True)
class _Counts:
    found: int = 0
    due: int = 0
    pages: Counter[tuple[str, str]] = field(default_factory=Counter)
    listings: Counter[tuple[str, str]] = field(default_factory=Counter)
    hosts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    bytes_received: int = 0


class Collection:
    """One source while it is being fetched. Use it as a context manager: it holds the lock on the source's folder."""

    def __init__(self, source: Source, sources: Sources, raw: Path, clock: Clock, **client: Any) -> None:
        self.source = source
        self.folder = raw / source.slug
        self._clock = clock
        self._client_options = {
            "user_agent": sources.user_agent,
            "credentials": source.credentials,
            "insecure_hosts": source.insecure_hosts,
            "clock": clock.now,
            **client,
        }
        self.counts = _Counts()
        self._named: set[tuple[Kind, str]] = set()
        self._fetched: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.client = stack.enter_context(Client(self.source.limits, **self._client_options))
            stack.enter_context(locked(self.folder))
            self.state: State = stack.enter_context(open_state(self.folder))
            software = f"newsetl {__version__}"
            self._files = stack.enter_context(WarcFiles(self.folder, self.source, software, self._clock.now))
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    # --- what there is to ask for -----------------------------------------------------------------------------------

    def find(self, entries: Iterable[Entry], via: str) -> None:
        """Enter pages that a listing names."""
        self.counts.found += self.state.found("page", entries, via, self._clock.now())

    def find_sitemaps(self, sitemaps: Iterable[Child], index: str) -> None:
        """Enter sitemaps that an index names."""
        entries = [Entry(child.url, updated=child.modified) for child in sitemaps]
        self.state.found("sitemap", entries, index, self._clock.now())

    def remark(self, remarks: Iterable[str]) -> None:
        """Tell people of something odd; the first of them only."""
        for remark in remarks:
            if len(self.counts.remarks) < MAX_REMARKS or remark in self.counts.remarks:
                self.counts.remarks[remark] += 1

    def is_first(self, kind: Kind, url: str) -> bool:
        """True when a listing is named for the first time in this run."""
        if (kind, url) in self._named:
            return False
        self._named.add((kind, url))
        return True

    def known_robots(self, host: str, since: datetime) -> Robots | None:
        """What a host allows, when its robots.txt was had since then."""
        row = self.state.robots(host, since)
        if row is None:
            return None
        status, content = row
        return parse_robots(content) if status == HTTPStatus.OK else Robots(f"no robots.txt ({status})")

    # --- answers ----------------------------------------------------------------------------------------------------

    def record(self, request: Request, answer: Answer, robots: str | None) -> None:
        """Keep an answer that ends a request in the raw files and the state. Durable after `sync` alone."""
        now = self._clock.now()
        answer = self._recognized(request, answer)
        note = make_note(answer, request.kind, now, self._retry_at(request, answer, now))
        note |= {"via": request.via, "robots": robots}
        self.state.apply(note, self._files.write(answer, note))
        if request.kind == "robots" and answer.exchanges:
            self.state.know_robots(request.host, now, answer.exchanges[-1].status, answer.content[:ROBOTS_BYTES])
        if request.kind == "page" and answer.outcome == "fetched":
            self._fetched.add(key_of("page", answer.final_url))
        self._count(request, answer.outcome, answer.reason)
        self.counts.bytes_received += sum(len(exchange.body) for exchange in answer.exchanges)

    def has_fetched(self, url: str) -> bool:
        """True when a page was fetched in this run, under this URL or another one that leads to it."""
        return key_of("page", url) in self._fetched

    def _recognized(self, request: Request, answer: Answer) -> Answer:
        """The answer; one that brings a page that we have is no new page."""
        if request.kind != "page" or answer.outcome != "fetched":
            return answer
        if key_of("page", answer.final_url) != key_of("page", answer.url):
            outcome, _ = self.state.copy("page", answer.final_url)
            if outcome in {"fetched", "unchanged"}:
                return replace(answer, outcome="unchanged", reason=SAME_PAGE, detail=answer.final_url)
        _, sha256 = self.state.copy("page", answer.url)
        if sha256 == hash_of(answer.content):
            return replace(answer, outcome="unchanged", reason="same-bytes")
        return answer

    def leave(self, request: Request, host: Host) -> None:
        """Count a request that waits for another run."""
        self._count(request, "later", "host-left")
        self.remark([f"{host.name}: left for a later run: {host.left}"])

    def _count(self, request: Request, outcome: str, reason: str) -> None:
        if request.kind != "robots":
            (self.counts.pages if request.kind == "page" else self.counts.listings)[outcome, reason] += 1
        self.counts.hosts[request.host, outcome, reason] += 1

    def _retry_at(self, request: Request, answer: Answer, now: datetime) -> datetime | None:
        if not answer.may_retry:
            return None
        pause = min(FIRST_RETRY * (1 << min(self.state.failures(request.kind, request.listed_url), 10)), LAST_RETRY)
        return now + max(pause, timedelta(seconds=answer.retry_after or 0))

    # --- the end ----------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Make what was recorded durable: the raw files first, then the state that speaks of them."""
        self._files.sync()
        self.state.commit()

    def close_files(self) -> None:
        """Give the raw files their names, so that readers see them."""
        self.state.closed(self._files.close())
        self.state.commit()

    def result(self) -> SourceResult:
        """What was done.

        Raises:
            ConservationError: A page that was due has no outcome, or two.
        """
        counts = self.counts
        if counts.due != counts.pages.total():
            raise ConservationError(
                f"{self.source.slug}: {counts.due} pages were due, {counts.pages.total()} have an outcome"
            )
        return SourceResult(
            self.source.slug,
            counts.found,
            counts.due,
            dict(sorted(counts.pages.items())),
            dict(sorted(counts.listings.items())),
            dict(sorted(counts.hosts.items())),
            tuple(counts.remarks),
            tuple(self._files.closed),
            counts.bytes_received,
        )
