"""Whole pages: the bodies, titles, authors and days that newsetl and its peers find, and pages a second of one core.

The pages are those of ../shared/pages, scored by the functions of their own score_pages.py. Where they are not, the
pages of the sample archive are read, for speed alone.
"""

import hashlib
import importlib.util
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.table import Table

from benchmarks.extractors import EXTRACTORS, Extract, Extractor, Found, decode_text
from benchmarks.measure import SAMPLES, Options, measure_rounds, show_figure
from newsetl.io.reading import load_urls
from newsetl.records import Fields, Place, RawRecord

PEERS = tuple(dict.fromkeys(extractor.package for extractor in EXTRACTORS if extractor.package))
BASE = "trafilatura"  # the peer that rates are divided by
OURS = "newsetl, extract"
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
FIELDS = ("title", "authors", "day")


@dataclass(frozen=True)
class GoldPage:
    """A page and what a reader took down of it; `gold` is empty where nobody has."""

    record: RawRecord
    gold: Mapping[str, Any]


def read_pages(folder: Path, urls: Path, gold: Sequence[Mapping[str, Any]] = ()) -> list[GoldPage]:
    """The pages of the gold entries that have paragraphs; without gold all pages of the folder."""
    addresses = load_urls(urls)
    entries = [page for page in gold if "paragraphs" in page] or [{"id": path.stem} for path in folder.glob("*.html")]
    pages = []
    for entry in sorted(entries, key=lambda entry: str(entry["id"])):
        path = folder / f"{entry['id']}.html"
        content = path.read_bytes()
        place = Place(str(path), None, len(content), hashlib.sha256(content).hexdigest())
        record = RawRecord(place, "html", content, fields=Fields(url=addresses.get(path.name)))
        pages.append(GoldPage(record, entry if gold else {}))
    return pages


def load_scorer(folder: Path) -> ModuleType:
    """The pages' own scorer.

    Raises:
        ImportError: There is no such module.
    """
    spec = importlib.util.spec_from_file_location("score_pages", folder / "score_pages.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder}: no score_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_safely(extract: Extract, record: RawRecord) -> Found:
    """What a tool found; nothing when it failed or found no article, as the scorer counts it."""
    try:
        found = extract(record)
    except Exception:  # noqa: BLE001  a peer's error is a page without article
        return Found("")
    return found if isinstance(found, Found) else Found("")


def exchange_letters(record: RawRecord, number: int) -> RawRecord:
    """The page with its Arabic letters exchanged for one another, as UTF-8: a text that was never read before.

    In a crawl layouts come again and texts do not. Tools that remember what they have seen must not profit from pages
    that come round after round.
    """
    letters = list(LETTERS)
    random.Random(number).shuffle(letters)  # noqa: S311  reproducible, not secret
    text = decode_text(record).translate(str.maketrans(LETTERS, "".join(letters)))
    return replace(record, content=text.encode("utf-8", "replace"))


def score(extractor: Extractor, founds: Sequence[Found], pages: Sequence[GoldPage], scorer: ModuleType) -> list[str]:
    """The cells F1, leaks, titles, authors and days; a dash for what the tool does not give."""
    f1 = leaks = 0.0
    right = dict.fromkeys(FIELDS, 0)
    for found, page in zip(founds, pages, strict=True):
        gold, words = page.gold, scorer.words
        f1 += scorer.body_f1(found.text, gold["paragraphs"])[2] / len(pages)
        leaks += scorer.leaks(found.text, gold["not_in_body"])
        right["title"] += words(found.title) == words(gold["title"])
        right["authors"] += sorted(map(words, found.authors)) == sorted(map(words, gold["authors"]))
        right["day"] += str(found.day) == str(gold["published_on"])
    cells = [str(right[name]) if name in extractor.gives else "—" for name in FIELDS]
    return [f"{f1:.4f}", f"{leaks:.0f}", *cells]


def build_table(
    extractors: Sequence[Extractor], pages: Sequence[GoldPage], scorer: ModuleType | None, rounds: int
) -> Table:
    """A row a tool: how much it got right, its pages a second, and those to trafilatura's and to newsetl's."""
    title = f"pages: {len(pages)}, {sum(page.record.place.length for page in pages) / 1e6:.2f} MB"
    table = Table(title=title, box=None, header_style="bold", pad_edge=False)
    table.add_column("tool")
    for name in ("F1", "leaks", "titles", "authors", "days", "pages/s", f"to {BASE}", "to newsetl"):
        table.add_column(name, justify="right")
    tools = {extractor.name: extractor.load() for extractor in extractors}
    records = [page.record for page in pages]
    # this is the round that warms up, too
    founds = {name: [run_safely(extract, record) for record in records] for name, extract in tools.items()}
    timed = {name: _without_errors(extract) for name, extract in tools.items()}
    rates = measure_rounds(timed, lambda number: [exchange_letters(record, number) for record in records], rounds)
    for extractor in extractors:
        cells = ["—"] * 5
        if scorer and extractor.is_scored:
            cells = score(extractor, founds[extractor.name], pages, scorer)
        ratios = (rates[extractor.name] / rates[base] if base in rates else None for base in (BASE, OURS))
        table.add_row(extractor.name, *cells, *map(show_figure, (rates[extractor.name], *ratios)))
    return table


def _without_errors(extract: Extract) -> Extract:
    return lambda record: run_safely(extract, record)


def compare(options: Options) -> Iterator[Table | str]:
    """The table of this subject, and what there is to say of it."""
    folder = options.shared / "pages"
    extractors = [extractor for extractor in EXTRACTORS if extractor.is_there()]
    if (folder / "score_pages.py").is_file():
        gold = json.loads((folder / "pages.gold.json").read_text(encoding="utf-8"))
        pages, scorer = read_pages(folder / "html", folder / "urls.tsv", gold), load_scorer(folder)
    else:
        yield f"F1 needs the pages at {folder}: not there; speed on the pages of the samples"
        pages, scorer = read_pages(SAMPLES / "html", SAMPLES / "html" / "urls.tsv"), None
    yield build_table(extractors, pages, scorer, options.rounds)
    yield (
        "extract: decoding, the body, clues to the rest as found\n"
        "article: all that the peers give, cleaned; sentences and language too\n"
        "whole chain: quotes too, as `newsetl run` does"
    )
    for extractor in extractors:
        if extractor.call:
            yield f"{extractor.name}: {extractor.call}"
