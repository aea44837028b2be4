"""What is known of a source: its pages and listings, what became of them, when each is due. A small SQLite database.

It is an index of the raw files: `rebuild` makes it anew from their notes. Nothing is durable before `commit`; the raw
files must be durable before that (`WarcFiles.sync`).
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from newsetl.errors import NewsetlError
from newsetl.fetch.exchange import Kind
from newsetl.fetch.listing import Child, Entry
from newsetl.stages.urls import canonicalize_url, url_key

FILE = "_fetch.sqlite"
VERSION = 1
# A URL in trouble is given up after so many runs that could not have it.
MAX_FAILURES = 8
# A page that a listing calls changed is asked for again, this long after it was found first: later edits are mostly
# those of a site's templates.
CHANGES_LIFE = timedelta(days=30)
# Validators that are longer, or no printable ASCII, are not sent back. Characters; common ones have less than 70.
MAX_VALIDATOR = 1000
# A listing and a page have different clocks.
CLOCK_SKEW = timedelta(seconds=60)

# `copied_at` is when a URL was asked for last, and `CLOCK_SKEW`: what a listing calls changed before that is known.
_TABLES = """
CREATE TABLE urls (
    kind TEXT NOT NULL, key TEXT NOT NULL, url TEXT NOT NULL, via TEXT, found_at TEXT NOT NULL,
    published TEXT, updated TEXT, copied_at TEXT, outcome TEXT, reason TEXT, detail TEXT, status INTEGER,
    etag TEXT, modified TEXT, sha256 TEXT, due_at TEXT, failures INTEGER NOT NULL DEFAULT 0, file TEXT,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX due ON urls (kind, due_at) WHERE due_at IS NOT NULL;
CREATE TABLE robots (host TEXT PRIMARY KEY, at TEXT NOT NULL, status INTEGER, content BLOB) WITHOUT ROWID;
CREATE TABLE files (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE loaded (path TEXT NOT NULL, store TEXT NOT NULL, PRIMARY KEY (path, store)) WITHOUT ROWID;
"""
_NEW = """
INSERT OR IGNORE INTO urls (kind, key, url, via, found_at, published, updated, due_at)
VALUES (:kind, :key, :url, :via, :at, :published, :updated, :at)
"""
_AGAIN = """
UPDATE urls SET published = coalesce(:published, published), updated = coalesce(:updated, updated),
    due_at = CASE WHEN outcome IN ('fetched', 'unchanged') AND :updated > copied_at AND found_at > :oldest THEN :at
        ELSE due_at END
WHERE kind = :kind AND key = :key
"""
_ANSWERED = """
INSERT INTO urls (kind, key, url, via, found_at, copied_at, outcome, reason, detail, status, etag, modified, sha256,
    due_at, failures, file)
VALUES (:kind, :key, :url, :via, :at, :copied_at, :outcome, :reason, :detail, :status, :etag, :modified, :sha256,
    :due_at, :failures, :file)
ON CONFLICT DO UPDATE SET copied_at = excluded.copied_at, outcome = excluded.outcome, reason = excluded.reason,
    detail = excluded.detail, status = excluded.status, sha256 = coalesce(excluded.sha256, sha256),
    etag = CASE excluded.outcome WHEN 'fetched' THEN excluded.etag ELSE coalesce(excluded.etag, etag) END,
    modified = CASE excluded.outcome WHEN 'fetched' THEN excluded.modified
        ELSE coalesce(excluded.modified, modified) END,
    due_at = excluded.due_at, failures = excluded.failures, file = excluded.file
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A URL that is due, and what named it."""

    url: str
    via: str


class State:
    """The state of one source. Use it as a context manager.

    Raises:
        sqlite3.DatabaseError: The file is damaged, or no state of this version.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = folder / FILE
        is_new = not path.exists()
        self._db = sqlite3.connect(path, isolation_level="DEFERRED")
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            if is_new:
                self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION or self._db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError(f"{path}: not a state of version {VERSION}")  # noqa: TRY301
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def commit(self) -> None:
        """Make everything since the last time durable.

        Raises:
            NewsetlError: The disk is full or cannot be written.
        """
        with self._telling():
            self._db.commit()

    def _execute(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        with self._telling():
            return self._db.execute(query, parameters)

    def _execute_many(self, query: str, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> None:
        with self._telling():
            self._db.executemany(query, rows)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """An error of the disk as one for people."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise NewsetlError(f"{self._folder / FILE}: {error}; the raw files have what was fetched") from error

    # --- what was found ---------------------------------------------------------------------------------------------

    def found(self, kind: Kind, entries: Iterable[Entry], via: str, at: datetime) -> int:
        """Enter URLs that a listing names, due now; a known page only when the listing says that it changed since.

        Gives how many were not known.
        """
        oldest = _text(at - CHANGES_LIFE)
        rows = [
            {
                "kind": kind,
                "key": key_of(kind, url),
                "url": url,
                "via": via,
                "at": _text(at),
                "published": _text(entry.published),
                "updated": _text(entry.updated),
                "oldest": oldest,
            }
            for entry in entries
            for url in [_storable(entry.url)]
        ]
        before = self._db.total_changes
        self._execute_many(_NEW, rows)
        new = self._db.total_changes - before
        self._execute_many(_AGAIN, rows)
        return new

    def due(
        self,
        kind: Kind,
        now: datetime,
        limit: int,
        is_wanted: Callable[[str, datetime | None, datetime | None], bool] = lambda *_: True,
    ) -> list[Waiting]:
        """The URLs that may be asked for now, newest first, at most so many; `is_wanted` gets a URL and its dates."""
        rows = self._execute(
            "SELECT url, via, published, updated FROM urls WHERE kind = ? AND due_at <= ? "
            "ORDER BY coalesce(published, updated, found_at) DESC, key",
            (kind, _text(now)),
        )
        found: list[Waiting] = []
        for url, via, published, updated in rows:
            if len(found) == limit:
                break
            if is_wanted(url, _moment(published), _moment(updated)):
                found.append(Waiting(url, via or ""))
        return found

    def sitemaps_of(self, index: str) -> list[Child]:
        """The sitemaps that were found by an index, with what it said of each: for one that did not change since."""
        query = "SELECT url, updated FROM urls WHERE kind = 'sitemap' AND via = ? ORDER BY key"
        return [Child(url, _moment(updated)) for url, updated in self._execute(query, (index,))]

    # --- what came of it --------------------------------------------------------------------------------------------

    def apply(self, note: Mapping[str, Any], file: str) -> None:
        """Enter what became of a URL, from the note of its answer in a raw file. Doing it twice changes nothing."""
        kind, url, at = note["kind"], _storable(note["url"]), datetime.fromisoformat(note["at"])
        key = key_of(kind, url)
        copied_at = _text(at + CLOCK_SKEW)
        known = self._execute("SELECT copied_at, failures FROM urls WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        if known and known[0] is not None and known[0] >= copied_at:
            return
        failures = (known[1] if known else 0) + 1 if note["retry_at"] else 0
        due_at = note["retry_at"] if failures < MAX_FAILURES else None
        row = {
            name: _storable(value) if isinstance(value := note.get(name), str) else value
            for name in ("outcome", "reason", "detail", "status", "sha256", "via")
        }
        row |= {name: _validator(note.get(name)) for name in ("etag", "modified")}
        row |= {"kind": kind, "key": key, "url": url, "at": note["at"], "copied_at": copied_at, "file": file}
        self._execute(_ANSWERED, {**row, "due_at": due_at, "failures": failures})
        final_url = _storable(note["final_url"])
        final = key_of(kind, final_url)
        if kind == "page" and note["outcome"] == "fetched" and final != key:  # the same page under another URL
            other = {**row, "key": final, "url": final_url, "via": url}
            self._execute(_ANSWERED, {**other, "due_at": None, "failures": 0})

    def validators(self, kind: Kind, url: str) -> tuple[str | None, str | None]:
        """ETag and Last-Modified of our copy."""
        row = self._one("etag, modified", kind, url)
        return (row[0], row[1]) if row else (None, None)

    def copy(self, kind: Kind, url: str) -> tuple[str | None, str | None]:
        """Outcome of a URL the last time, and the SHA-256 of what it brought."""
        row = self._one("outcome, sha256", kind, url)
        return (row[0], row[1]) if row else (None, None)

    def failures(self, kind: Kind, url: str) -> int:
        """How many runs in a row could not have a URL."""
        row = self._one("failures", kind, url)
        return int(row[0]) if row else 0

    def has_read(self, kind: Kind, url: str, modified: datetime) -> bool:
        """True when a listing was read after it was changed last."""
        row = self._one("copied_at, outcome", kind, url)
        return bool(row and row[1] in {"fetched", "unchanged"} and row[0] > (_text(modified + CLOCK_SKEW) or ""))

    def counts(self) -> dict[tuple[str, str, str], int]:
        """URLs by kind, outcome (``waiting`` for those never asked for) and reason."""
        rows = self._execute(
            "SELECT kind, coalesce(outcome, 'waiting'), coalesce(reason, ''), count(*) FROM urls GROUP BY 1, 2, 3"
        )
        return {(kind, outcome, reason): count for kind, outcome, reason, count in rows}

    def _one(self, columns: str, kind: Kind, url: str) -> Sequence[Any] | None:
        query = f"SELECT {columns} FROM urls WHERE kind = ? AND key = ?"  # noqa: S608  columns are of this file
        row: Sequence[Any] | None = self._execute(query, (kind, key_of(kind, url))).fetchone()
        return row

    # --- robots.txt -------------------------------------------------------------------------------------------------

    def robots(self, host: str, since: datetime) -> tuple[int, bytes] | None:
        """Status and content of a host's robots.txt, when it was asked for since then."""
        row = self._execute(
            "SELECT status, content FROM robots WHERE host = ? AND at >= ?", (host, _text(since))
        ).fetchone()
        return (row[0], row[1]) if row else None

    def know_robots(self, host: str, at: datetime, status: int, content: bytes) -> None:
        """Remember a host's robots.txt."""
        self._execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)", (host, _text(at), status, content))

    # --- raw files --------------------------------------------------------------------------------------------------

    def closed(self, files: Iterable[Path]) -> None:
        """Enter raw files that have their names and whose notes were applied."""
        rows = [(path.relative_to(self._folder).as_posix(),) for path in files]
        self._execute_many("INSERT OR IGNORE INTO files VALUES (?)", rows)

    def known_files(self) -> set[Path]:
        """The raw files that were entered."""
        return {self._folder / row[0] for row in self._execute("SELECT path FROM files")}

    def loaded(self, store: str, files: Iterable[Path]) -> None:
        """Remember that raw files were loaded into a store."""
        rows = [(path.relative_to(self._folder).as_posix(), store) for path in files]
        self._execute_many("INSERT OR IGNORE INTO loaded VALUES (?, ?)", rows)

    def unloaded(self, store: str) -> list[Path]:
        """The files of pages that were not loaded into a store, oldest day first."""
        rows = self._execute(
            "SELECT path FROM files WHERE path NOT IN (SELECT path FROM loaded WHERE store = ?) ORDER BY path", (store,)
        )
        paths = (self._folder / row[0] for row in rows)
        return [path for path in paths if not path.name.startswith("_") and path.exists()]

    def dump(self) -> Iterator[tuple[Any, ...]]:
        """All rows of the URLs, in order: to compare two states."""
        yield from self._execute("SELECT * FROM urls ORDER BY kind, key")


def key_of(kind: Kind, url: str) -> str:
    """What a URL is known by: a page by its canonical form, so that its other spellings are the same page.

    >>> key_of("page", "https://www.news.example/a?utm_source=x") == key_of("page", "http://news.example/a/")
    True
    """
    canonical = canonicalize_url(url) if kind == "page" else None
    return url_key(canonical) if canonical else url


def _storable(text: str) -> str:
    r"""A text without halves of characters, which a JSON feed can bring and SQLite does not take.

    >>> _storable("/\ud800") == "/\ufffd", _storable("\ud83d\ude00") == "\U0001f600"
    (True, True)
    """
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _validator(value: str | None) -> str | None:
    """An ETag or Last-Modified that can be sent back; None for others."""
    is_fit = value is not None and len(value) <= MAX_VALIDATOR and value.isascii() and value.isprintable()
    return value if is_fit else None


def _text(moment: datetime | None) -> str | None:
    """An instant as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
