"""A WARC of real pages to all datasets: `newsetl run` beside datatrove with trafilatura, one core each.

The pages are those of ../shared/pages, again and again, each time under an address of its own. Two files are made:

- *exchanged*: each copy of a page has its Arabic letters exchanged for one another (pages.py says why), as texts of a
  crawl do not come again. No tool can remember them. But no month, name or cue word is left in them either, so the
  later steps of newsetl find less and take less time than on a true text.
- *as they are*: the same texts again and again. newsetl finds dates and quotes; trafilatura knows the paragraphs again
  and, told by datatrove to leave out what repeats, gives no text for most pages.

The truth of a crawl lies between them. datatrove gives a text and the address; newsetl eight datasets, with title, day,
authors, sentences and quotes. So datatrove runs twice: as it comes, and with trafilatura told to find title, author and
date too. What goes in and comes out is counted from the files, not from what the tools say.
"""

import gzip
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pyarrow.compute as pc
import pyarrow.dataset as ds
from rich.table import Table

from benchmarks.corpus import change_address
from benchmarks.measure import Options, find_version, make_table, show_figure
from benchmarks.pages import exchange_letters, read_pages
from benchmarks.runs import run_newsetl
from benchmarks.stages import run_stages
from benchmarks.watch import RunFailedError, Watched, on_cores, python, watch
from newsetl.records import Fields, RawRecord

PEERS = ("datatrove", "trafilatura")
PAGES = 2_400
FETCHED = "2024-03-01T12:00:00Z"
NEWSETL, TROVE, TOLD = "newsetl run --workers 1", "datatrove + trafilatura", "the same, with metadata"


@dataclass(frozen=True, slots=True)
class Converted:
    """An archive read by one of the two.

    Attributes:
        rows: Pages that have a text in the output.
        reasons: Pages that have a row elsewhere that says why they gave none, by reason.
        lost: Pages that the tool says it gave up, by cause; they have no row anywhere.
        seconds: Of the work, start-up apart.
    """

    watched: Watched
    rows: int
    seconds: float
    reasons: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)

    @property
    def accounted(self) -> int:
        return self.rows + sum(self.reasons.values())


def write_archive(records: Sequence[RawRecord], target: Path, pages: int, *, exchanged: bool) -> int:
    """So many pages as a WARC file, a gzip member for each; gives its bytes."""
    with target.open("wb") as file:
        for number, record in enumerate(islice(_repeat(records, exchanged=exchanged), pages)):
            file.write(gzip.compress(frame(record, number), compresslevel=6, mtime=0))
    return target.stat().st_size


def _repeat(records: Sequence[RawRecord], *, exchanged: bool) -> Iterator[RawRecord]:
    """The pages in turns without end, each turn under other addresses."""
    for turn in count():
        for record in records:
            copy = exchange_letters(record, turn + 1) if exchanged else record
            yield readdress(copy, turn) if turn else copy


def readdress(record: RawRecord, turn: int) -> RawRecord:
    """The page under another address, as corpus.py gives it; in the page, too, where it names its own outlet.

    >>> from newsetl.records import Place
    >>> page = RawRecord(Place("x", None, 0, ""), "html", b'<link href="https://nasim.example/1">',
    ...     fields=Fields(url="http://www.nasim.example/1"))
    >>> readdress(page, 2).fields.url, readdress(page, 2).content
    ('http://www.nasim.example/k2/1', b'<link href="https://nasim.example/k2/1">')
    """
    url = record.fields.url or ""
    host = re.escape((urlsplit(url).hostname or "").removeprefix("www.").encode())
    own = re.compile(rb"(//(?:www\.)?%s|\\/\\/(?:www\.)?%s\\)/" % (host, host))  # also as JSON writes it
    content = own.sub(rb"\1/k%d/" % turn, record.content or b"")
    return replace(record, content=content, fields=Fields(url=change_address(url, turn)))


def frame(record: RawRecord, number: int) -> bytes:
    """A page as a WARC record of a response, with the headers that a crawler writes."""
    content = record.content or b""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(content)
    headers = (
        "WARC/1.0\r\nWARC-Type: response\r\n"
        f"WARC-Record-ID: <urn:uuid:{UUID(int=number)}>\r\n"
        f"WARC-Target-URI: {record.fields.url}\r\n"
        f"WARC-Date: {FETCHED}\r\n"
        "WARC-Identified-Payload-Type: text/html\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(http) + len(content)}\r\n\r\n"
    )
    return headers.encode() + http + content + b"\r\n\r\n"


def run_ours(folder: Path, out: Path) -> Converted:
    """newsetl, and what its tables hold."""
    run = run_newsetl(folder, out, 1)
    records = ds.dataset(out / "records", partitioning="hive").to_table(columns=["outcome"])
    outcomes = {item["values"]: item["counts"] for item in pc.value_counts(records["outcome"]).to_pylist()}
    texts = outcomes.pop("article", 0)
    return Converted(run.watched, texts, run.working_seconds, outcomes)


def run_trove(folder: Path, out: Path, *options: str) -> Converted:
    """datatrove, and what its file holds."""
    shutil.rmtree(out, ignore_errors=True)
    with on_cores(1):
        watched = watch(python("-m", "benchmarks.trove", str(folder), str(out), *options))
    told = json.loads(watched.output)
    rows = sum(ds.dataset(path).count_rows() for path in out.glob("*.parquet"))
    return Converted(watched, rows, told["seconds"], lost=told["lost"])


def run_trove_with_metadata(folder: Path, out: Path) -> Converted:
    """datatrove, when trafilatura is asked for title, author and date as well."""
    return run_trove(folder, out, "--metadata")


TOOLS = {NEWSETL: run_ours, TROVE: run_trove, TOLD: run_trove_with_metadata}


def measure(folder: Path, options: Options) -> dict[str, Converted]:
    """Both in turns; the fastest run of each."""
    best: dict[str, Converted] = {}
    for _ in range(options.runs):
        for name, convert in TOOLS.items():
            if name != NEWSETL and find_version("datatrove") is None:
                continue
            found = convert(folder, options.work / f"out-{convert.__name__}")
            if name not in best or found.seconds < best[name].seconds:
                best[name] = found
    return best


def build_table(title: str, pages: int, best: Mapping[str, Converted]) -> Table:
    """A row a tool: pages a second, how many times it newsetl is, what went in and what came out."""
    table = make_table(
        title,
        ("run",),
        ("pages/s", "newsetl to it", "seconds", "core s", "MB", "texts", "with a reason", "unaccounted"),
    )
    table.add_column("lost, as the tool tells it")
    for name, found in best.items():
        cells = (
            show_figure(pages / found.seconds),
            show_figure(found.seconds / best[NEWSETL].seconds),
            show_figure(found.watched.seconds),
            show_figure(found.watched.user + found.watched.system),
            f"{found.watched.peak_bytes / 1e6:.0f}",
            f"{found.rows:,}",
            f"{sum(found.reasons.values()):,}",
            f"{pages - found.accounted:,}",
        )
        table.add_row(name, *cells, ", ".join(f"{cause} {number}" for cause, number in found.lost.items()))
    return table


def compare(options: Options) -> Iterator[Table | str]:
    """The tables of this subject, and what there is to say of it."""
    folder = options.shared / "pages"
    if not (folder / "pages.gold.json").is_file():
        yield f"the archive needs the pages at {folder}: not there"
        return
    gold = json.loads((folder / "pages.gold.json").read_text(encoding="utf-8"))
    records = [page.record for page in read_pages(folder / "html", folder / "urls.tsv", gold)]
    pages = options.records or PAGES
    for name, exchanged in (("letters exchanged", True), ("as they are", False)):
        target = options.work / f"archive-{exchanged:d}" / "pages.warc.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        size = write_archive(records, target, pages, exchanged=exchanged)
        title = f"archive: {pages} pages of {len(records)} outlets, {name}, {size / 1e6:.1f} MB of WARC"
        try:
            yield build_table(title, pages, measure(target.parent, options))
            yield run_stages("archive", target.parent, options.work)
        except RunFailedError as error:
            yield f"a run failed: {error}"
    yield (
        f"pages/s: of one core, start-up apart; the best of {options.runs}, in turns. seconds: of the whole command\n"
        "with a reason: rows of rejects, duplicates, superseded versions. unaccounted: no row of any kind\n"
        "datatrove: WarcReader, Trafilatura, ParquetWriter with their own settings, LocalPipelineExecutor(tasks=1)\n"
        "with metadata: Trafilatura(with_metadata=True), which puts title, author, date and more before each text"
    )
    if find_version("datatrove") is None:
        yield f"not measured: {TROVE}"
