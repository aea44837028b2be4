"""The raw files: everything that was asked for and answered, as WARC, so that nothing needs to be fetched twice.

A source has a folder for each day (UTC) with two kinds of files::

    <source>-<time>-<number>.warc.gz           pages that were fetched: request, response, note
    _others-<source>-<time>-<number>.warc.gz   all else: robots.txt, listings, redirects on the way, errors, refusals

Readers of newsetl pass over names that begin with ``_``. While open, a file's name begins with ``_open-``. Each record
is a gzip member of its own; the last record of an answer is its note, a ``metadata`` record in JSON that says what
became of the URL. So a file that was cut is whole up to its last note, and the state of a source can be made anew from
its files.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsetl.errors import NewsetlError
from newsetl.fetch.exchange import Answer, Exchange
from newsetl.fetch.source import Source
from newsetl.fetch.warc_notes import OPEN, SUFFIX, Note
from newsetl.io import disk

OTHERS = "_others-"
MAX_BYTES = 256 * 1024**2
_IDS = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122: names that are URLs


class WarcFiles:
    """The files of one source that are written now. Use it as a context manager.

    Args:
        folder: Of the source.
        source: Whose pages they are; each record of a page says so.
        software: Name and version, for the first record of each file.
        now: The time, UTC.
        max_bytes: A file that is larger gets no further answer.

    Attributes:
        closed: The files with pages that have their final name.
    """

    def __init__(
        self, folder: Path, source: Source, software: str, now: Callable[[], datetime], max_bytes: int = MAX_BYTES
    ) -> None:
        self.closed: list[Path] = []
        self._folder = folder
        self._source = source
        self._software = software
        self._now = now
        self._max_bytes = max_bytes
        self._open: dict[str, _OpenFile] = {}
        self._finished: list[Path] = []  # closed since the last call of `close`
        self._is_torn = False  # an answer was begun and has no note yet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(NewsetlError) if error else nullcontext():  # the first error tells more
            self.close()

    def write(self, answer: Answer, note: Note) -> str:
        """Write the exchanges of an answer, then its note. Gives the file with the note, relative to the folder.

        Durable after `sync` alone.

        Raises:
            NewsetlError: The disk is full or cannot be written.
        """
        self._is_torn = True
        with _telling(self._folder):
            is_page = answer.outcome == "fetched" and note["kind"] == "page"
            for exchange in answer.exchanges[:-1]:
                self._file(OTHERS).write_exchange(exchange, {})
            file = self._file("" if is_page else OTHERS)
            response = None
            for exchange in answer.exchanges[-1:]:
                extra = self._outlet(exchange) if is_page else {"WARC-Truncated": _truncation(answer)}
                response = file.write_exchange(exchange, extra)
            file.write_note(answer.final_url, note, response)
        self._is_torn = False
        return file.final.relative_to(self._folder).as_posix()

    def sync(self) -> None:
        """Make what was written durable.

        Raises:
            NewsetlError: The disk is full or cannot be written.
        """
        with _telling(self._folder):
            for file in self._open.values():
                file.sync()

    def close(self) -> list[Path]:
        """Give all files their names; those that were closed since the last call, durable.

        After an error in the midst of an answer they stay open, as if the run had been killed: what is whole in them is
        kept by the next one.

        Raises:
            NewsetlError: The disk is full or cannot be written.
        """
        for kind in list(self._open):
            if self._is_torn:
                self._open.pop(kind).leave()
            else:
                with _telling(self._folder):
                    self._close(kind)
        finished, self._finished = self._finished, []
        return finished

    def _outlet(self, exchange: Exchange) -> dict[str, str]:
        """What a record of a page says of its outlet, for the readers of newsetl."""
        return {
            "Newsetl-Source": self._source.slug,
            "Newsetl-Source-Name": self._source.name,
            "Newsetl-Timezone": self._source.timezone or "",
            "Newsetl-TLS": "unverified" if exchange.tls_verified is False else "",
        }

    def _file(self, kind: str) -> "_OpenFile":
        """The open file of a kind; a new one where the old one is full or of yesterday."""
        now = self._now()
        file = self._open.get(kind)
        if file and (file.size >= self._max_bytes or file.final.parent.name != f"{now:%Y-%m-%d}"):
            self._close(kind)
        if kind not in self._open:
            self._open[kind] = _OpenFile(self._new_name(kind, now), self._source, self._software, now)
        return self._open[kind]

    def _new_name(self, kind: str, now: datetime) -> Path:
        """A name that no file has, closed or open."""
        folder = self._folder / f"{now:%Y-%m-%d}"
        number = 1
        while True:
            path = folder / f"{kind}{self._source.slug}-{now:%Y%m%dT%H%M%SZ}-{number:04}{SUFFIX}"
            if not path.exists() and not open_name(path).exists():
                return path
            number += 1

    def _close(self, kind: str) -> None:
        file = self._open.pop(kind)
        file.close()
        self._finished.append(file.final)
        if is_pages(file.final):
            self.closed.append(file.final)


class _OpenFile:
    """A file that is being written."""

    def __init__(self, final: Path, source: Source, software: str, now: datetime) -> None:
        self.final = final
        final.parent.mkdir(parents=True, exist_ok=True)
        self._handle: BinaryIO = open_name(final).open("xb")
        self._writer = WARCWriter(self._handle, gzip=True, warc_version="1.1")
        self._records = 0
        self._is_new = True
        fields = {
            "software": software,
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": source.slug,
            "robots": "obey",
        }
        block = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
        self._record("warcinfo", "application/warc-fields", block, {"WARC-Filename": final.name}, now)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._handle.tell()

    def write_exchange(self, exchange: Exchange, extra: Mapping[str, str]) -> str:
        """A request and its response; gives the id of the response."""
        headers = {"WARC-Target-URI": exchange.url, "WARC-IP-Address": exchange.address}
        response = self._id()
        request = {**headers, "WARC-Concurrent-To": response, "WARC-Payload-Digest": _sha1(b"")}
        digest = {"WARC-Payload-Digest": _sha1(exchange.body)}
        block = exchange.head + exchange.body
        kind = "application/http; msgtype=response"
        self._record("response", kind, block, {**headers, **digest, **extra}, exchange.at, response)
        self._record("request", "application/http; msgtype=request", exchange.request, request, exchange.at)
        return response

    def write_note(self, url: str, note: Note, concurrent: str | None) -> None:
        """What became of a URL: the last record of an answer."""
        headers = {"WARC-Target-URI": url} | ({"WARC-Concurrent-To": concurrent} if concurrent else {})
        block = json.dumps(note, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        self._record("metadata", "application/json", block, headers, datetime.fromisoformat(note["at"]))

    def sync(self) -> None:
        """Make all of it durable, its name too."""
        disk.sync_file(self._handle)
        if self._is_new:
            for folder in (self.final.parent, self.final.parent.parent, self.final.parent.parent.parent):
                disk.sync_folder(folder)
            self._is_new = False

    def leave(self) -> None:
        """Let go of it as it is."""
        with suppress(OSError):  # what does not fit on the disk is lost, as after a kill
            self._handle.close()

    def close(self) -> None:
        """Make it durable under its own name."""
        try:
            self.sync()
        finally:
            self.leave()
        disk.rename(open_name(self.final), self.final)
        disk.sync_folder(self.final.parent)

    def _id(self) -> str:
        """The id of the next record: the same for the same place in the same file."""
        self._records += 1
        return f"<urn:uuid:{uuid.uuid5(_IDS, f'{self.final.name}#{self._records}')}>"

    def _record(  # noqa: PLR0913, PLR0917  the parts of a record
        self, kind: str, content_type: str, block: bytes, headers: Mapping[str, str], at: datetime, name: str = ""
    ) -> None:
        """Write a record, its block byte by byte as it is."""
        all_headers = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", name or self._id()),
            ("WARC-Date", f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"),
            *((key, _one_line(value)) for key, value in headers.items() if value),
        ]
        found = StatusAndHeaders("", all_headers, protocol="WARC/1.1")
        self._writer.write_record(ArcWarcRecord("warc", kind, found, BytesIO(block), None, content_type, len(block)))


def _one_line(value: str) -> str:
    """A value as it may stand in a header."""
    return " ".join(value.split()).encode("utf-8", "replace").decode()


def open_name(final: Path) -> Path:
    """The name of a file while it is written."""
    return final.with_name(OPEN + final.name)


def is_pages(path: Path) -> bool:
    """Whether a file holds pages."""
    return not path.name.startswith("_")


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """An error of the disk as one for people."""
    try:
        yield
    except OSError as error:
        raise NewsetlError(f"{folder}: {error.strerror or error}; what was fetched before is kept") from error


def _truncation(answer: Answer) -> str:
    """What the standard calls the way in which a body was cut; empty when it was not."""
    return {"cut": "disconnect", "too-large": "length", "too-slow": "time", "timeout": "time"}.get(answer.reason, "")


def _sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
