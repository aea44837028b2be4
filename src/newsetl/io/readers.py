"""Records out of input files, one after the other.

`read_records` never raises for what is in a file: what cannot be read becomes a `Reject` with stage ``read``:

    bad-json, not-an-object          a line or an element that is no JSON object
    bad-row                          a row of another width than its header
    too-large                        above `ReadOptions.max_record_bytes`, or a decompression bomb
    truncated-file                   where a container breaks off: gzip, zstd, zip, tar, Parquet, an open JSON array
    truncated-record                 a WARC record shorter than it says
    http-status, not-html, bad-http, unsupported-encoding    WARC responses that are no articles
    unreadable, broken-archive, ...  a file that cannot be opened, or was skipped at planning
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator

from newsetl.io.archives import open_member
from newsetl.io.files import UNREADABLE, InputFile
from newsetl.io.json_documents import read_json
from newsetl.io.jsonl import read_jsonl
from newsetl.io.openings import open_input
from newsetl.io.parquet import read_parquet
from newsetl.io.reading import Reading, ReadOptions, Wanted, load_urls
from newsetl.io.streams import BrokenDataError, ByteStream, decompressed, file_chunks
from newsetl.io.tabular import read_table
from newsetl.io.warc import read_warc
from newsetl.io.whole import read_whole
from newsetl.records import Place, RawRecord, Reject

__all__ = ["ReadOptions", "Wanted", "load_urls", "read_records"]

READERS: dict[str, Callable[[ByteStream, Reading], Iterator[RawRecord | Reject]]] = {
    "text": read_whole,
    "html": read_whole,
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_table,
    "tsv": read_table,
    "parquet": read_parquet,
}
EMPTY_SHA256 = hashlib.sha256().hexdigest()
DEFAULT_OPTIONS = ReadOptions()


def read_records(file: InputFile, options: ReadOptions = DEFAULT_OPTIONS) -> Iterator[RawRecord | Reject]:
    """The records of a file, in order, each with its place; streaming, holding one record at a time.

    With ``options.parts`` above 1 only this part's records; the parts together give each record once.
    With ``options.wanted`` only those of them that are still what they were; the others cost no more than passing over.
    A skipped file gives one `Reject` that says why.
    """
    records = _read_file(Reading(file, options))
    wanted = options.wanted
    return records if wanted is None else (record for record in records if wanted.has(record.place))


def _read_file(reading: Reading) -> Iterator[RawRecord | Reject]:
    file = reading.file
    if file.format is None:
        reason, _, detail = (file.skip_reason or "unknown-format").partition(": ")
        yield from _whole_reject(reading, reason, detail)
        return
    try:
        with _open_chunks(file) as chunks:
            if file.format == "warc":
                yield from read_warc(chunks, reading)
                return
            stream = ByteStream(decompressed(chunks, file.compression))
            yield from READERS[file.format](stream, reading)
            if stream.broken and reading.is_wanted(stream.position):
                place = Place(file.uri, stream.position, 0, EMPTY_SHA256)
                yield Reject(place, "read", stream.broken.reason, stream.broken.detail)
    except BrokenDataError as error:
        yield from _whole_reject(reading, error.reason, error.detail)
    except OSError as error:
        yield from _whole_reject(reading, UNREADABLE, error.strerror or str(error))


def _whole_reject(reading: Reading, reason: str, detail: str) -> Iterator[Reject]:
    """One reject for a file of which nothing can be read."""
    if reading.is_wanted(None):
        yield Reject(Place(reading.file.uri, None, 0, EMPTY_SHA256), "read", reason, detail)


@contextlib.contextmanager
def _open_chunks(file: InputFile) -> Iterator[Iterator[bytes]]:
    """The bytes of a file or member as they lie there."""
    if file.archive is not None:
        with open_member(file) as chunks:
            yield chunks
    else:
        with open_input(file.path) as handle:
            yield file_chunks(handle)
