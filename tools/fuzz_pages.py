"""Broken pages by the thousand: every one must give an article or a reject, in time, and no exception.

    python tools/fuzz_pages.py data/raw ../shared/pages/html --count 100000

A mutant depends on the pages and its number alone, so that a failure can be made again: --first N --count 1.
"""

import argparse
import hashlib
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from newsetl.pipeline import process_record
from newsetl.records import Article, Fields, Place, RawRecord, Reject

MAX_SECONDS = 5.0  # for one page on one core; real ones take hundredths
BATCH = 200
NESTS = (
    "div", "span", "table><tr><td", "b", "p", "ul><li", "a", "font", "blockquote", "section", "i class='x'", "h1",
    "svg",
)  # fmt: skip
RUNS = (
    '"', "«", "»", " ", "\u0640", "7", "،", "\n", "&nbsp;", "<", "<p>", "<br>", "</div>", "&#x200f;", "\u064b", "(",
    "- ", "قال ", ": ", ". ",
)  # fmt: skip
WONDERS = (
    '<td colspan="9007199254740991">', '<td rowspan="99999999999">', "<img width=1e999>", "&#1114112;", "&#xD800;",
    "&#0;", "&bogus;", "<!--", "<![CDATA[", "<script>", "<style>", "<textarea>", "<title>", "<plaintext>", "<xmp>",
    "<noscript>", "<template>", "<?xml version='1.0' encoding='utf-16'?>", "<meta charset='utf-7'>",
    "<meta charset=windows-1256>", "<base href='file:///etc/passwd'>", "<!DOCTYPE x [<!ENTITY a 'aaaa'>]>", "\ufeff",
    "\x00", "<svg><foreignObject><p>", "<math><mi>", "<frameset>", "</body></html>", "<html><body>", "<form><form>",
    "<table><a><table><a>", "\x0c\x0b\x1b", "<script type='application/ld+json'>[[[[[[",
    "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"articleBody\":",
)  # fmt: skip


@cache
def load_pages(paths: tuple[str, ...]) -> tuple[bytes, ...]:
    """The bytes of every HTML file at or below the paths, in order of their names."""
    files = [f for path in map(Path, paths) for f in ([path] if path.is_file() else sorted(path.rglob("*.htm*")))]
    return tuple(file.read_bytes() for file in files)


def cut(page: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """A beginning, an end, or the page without its middle."""
    one, two = sorted(chance.randrange(len(page) + 1) for _ in range(2))
    return chance.choice((page[:one], page[two:], page[:one] + page[two:], page[one:two]))


def splice(page: bytes, chance: random.Random, pages: Sequence[bytes]) -> bytes:
    """The beginning of one page and the end of another."""
    other = chance.choice(pages)
    return page[: chance.randrange(len(page) + 1)] + other[chance.randrange(len(other) + 1) :]


def repeat(page: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """A stretch of the page several times."""
    start = chance.randrange(len(page) + 1)
    stretch = page[start : start + chance.randrange(1, 4000)]
    return page[:start] + stretch * chance.choice((2, 5, 50)) + page[start:]


def nest(page: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """Thousands of elements in each other, somewhere in the page."""
    at, tag = chance.randrange(len(page) + 1), chance.choice(NESTS)
    return page[:at] + f"<{tag}>".encode() * chance.choice((50, 300, 1500, 20_000)) + page[at:]


def run(page: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """One sign very many times."""
    at = chance.randrange(len(page) + 1)
    return page[:at] + chance.choice(RUNS).encode() * chance.choice((100, 3000, 100_000)) + page[at:]


def insert(page: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """Markup that has hurt parsers, at some places."""
    for _unused in range(chance.choice((1, 3, 20))):
        at = chance.randrange(len(page) + 1)
        page = page[:at] + chance.choice(WONDERS).encode("utf-8", "surrogatepass") + page[at:]
    return page


def flip(page: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """Some bytes changed."""
    damaged = bytearray(page)
    for _unused in range(min(len(page), chance.choice((1, 20, 500)))):
        damaged[chance.randrange(len(damaged))] = chance.choice(
            (0, 0x3C, 0x3E, 0x22, 0x26, 0xFF, 0xD8, chance.randrange(256))
        )
    return bytes(damaged)


def swap_codec(page: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """The page in another encoding than it says."""
    text = page.decode("utf-8", "replace")
    return text.encode(
        chance.choice(("cp1256", "iso8859-6", "utf-16", "utf-16-le", "utf-32", "utf-7", "latin-1")), "replace"
    )


MUTATIONS: tuple[Callable[[bytes, random.Random, Sequence[bytes]], bytes], ...] = (
    cut, splice, repeat, nest, run, insert, flip, swap_codec,
)  # fmt: skip


def make_mutant(pages: Sequence[bytes], number: int) -> RawRecord:
    """The mutant of this number: a page after one to three mutations, as bytes or as a string with lone surrogates."""
    chance = random.Random(number)  # noqa: S311  reproducible, not secret
    page = chance.choice(pages)
    for _ in range(chance.choice((1, 1, 2, 3))):
        page = chance.choice(MUTATIONS)(page, chance, pages)
    place = Place(f"mutant-{number}", None, len(page), hashlib.sha256(page).hexdigest())
    if chance.random() < 0.2:
        text = page.decode("utf-8", "surrogateescape")
        return RawRecord(place, "html", fields=Fields(html=text, url="https://news.example/2020/1/2/a"))
    return RawRecord(place, "html", page, charset=chance.choice((None, "utf-8", "windows-1256")))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant; `fault` is empty when all is well."""

    number: int
    outcome: str
    seconds: float
    fault: str = ""


def try_mutant(pages: Sequence[bytes], number: int) -> Verdict:
    """Process one mutant and look at what came out."""
    record = make_mutant(pages, number)
    started = time.process_time()
    try:
        result = process_record(record)
    except Exception as error:  # noqa: BLE001  this is what the fuzzing looks for
        return Verdict(number, "exception", time.process_time() - started, f"{type(error).__name__}: {error}"[:300])
    seconds = time.process_time() - started
    outcome = f"{result.stage}: {result.reason}" if isinstance(result, Reject) else f"article ({result.extractor})"
    return Verdict(number, outcome, seconds, _find_fault(result, seconds))


def _find_fault(result: Article | Reject, seconds: float) -> str:
    if seconds > MAX_SECONDS:
        return f"took {seconds:.1f} s"
    if isinstance(result, Reject):
        return "a stage failed: " + result.detail if result.reason == "stage-failed" else ""
    text = result.document.text
    spans = [(p.start, p.end) for p in result.document.paragraphs]
    if "\n".join(text[start:end] for start, end in spans) != text:
        return "paragraphs do not make up the text"
    if not all(0 <= s.start < s.end <= len(text) for quote in result.quotes for s in quote.segments):
        return "a quote lies outside the text"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "the text holds a surrogate"
    return ""


def try_batch(paths: tuple[str, ...], first: int, count: int) -> list[Verdict]:
    """The verdicts on mutants `first` to `first + count`."""
    pages = load_pages(paths)
    return [try_mutant(pages, number) for number in range(first, first + count)]


def main(argv: Sequence[str] | None = None) -> int:
    """Try mutants, print what became of them; exit code 1 when there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", help="HTML files, or folders of them")
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args(argv)
    outcomes: Counter[str] = Counter()
    faults, slowest = [], Verdict(-1, "", 0.0)
    jobs = [
        (tuple(arguments.paths), first, min(BATCH, arguments.first + arguments.count - first))
        for first in range(arguments.first, arguments.first + arguments.count, BATCH)
    ]
    with ProcessPoolExecutor(arguments.workers) as pool:
        for verdicts in pool.map(try_batch, *zip(*jobs, strict=True)):
            outcomes.update(verdict.outcome for verdict in verdicts)
            faults += [verdict for verdict in verdicts if verdict.fault]
            slowest = max(slowest, *verdicts, key=lambda verdict: verdict.seconds)
    for outcome, number in outcomes.most_common():
        print(f"{number:8} {outcome}")
    print(
        f"{outcomes.total():8} mutants; slowest {slowest.seconds:.2f} s (number {slowest.number}); {len(faults)} faults"
    )
    for fault in faults[:50]:
        print(f"  number {fault.number}: {fault.fault}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
