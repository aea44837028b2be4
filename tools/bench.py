"""newsetl beside its peers, in one table: sentence boundaries, speed of cleaning and splitting, growth with length.

    make bench                          everything, a few minutes: pysbd is slow
    python tools/bench.py --seconds 0.2 less exact, sooner

Texts are the sample archive in data/raw, and the corpus in ../shared when it stands there; sentence boundaries are
scored when the gold set stands there. Seconds are those of one core's work. Nothing is asserted: machines differ, so
look at the ratios.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from newsetl import clean, split_sentences
from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records
from newsetl.records import Page, RawRecord, Reject
from newsetl.stages.decode import decode
from newsetl.stages.extract import extract_article

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "raw"
SHARED = ROOT.parent / "shared"
CORPUS_STEP = 15  # of the 31,030 texts every 15th: about 6 MB, of all outlets
SECONDS = 2.0  # of work for one figure
BASE_BYTES = 16_000  # of the shortest paragraph for growth; the longest news articles have 60 kB
GROWTH = (1, 4, 16)
MAX_SECONDS = 60.0  # a longer run for one figure is left out; growth with the square of the length is expected
F1 = re.compile(r"F1 (\d+\.\d+)")
STOP = re.compile(r"(?<=[.!؟])\s+")


def split_by_expression(text: str) -> list[str]:
    """Sentences by a regular expression on . ! ؟ alone."""
    return [part for part in STOP.split(text) if part.strip()]


@cache
def load_pysbd() -> Any:
    import pysbd  # noqa: PLC0415  only for its row

    return pysbd.Segmenter(language="ar", clean=False)


def split_by_pysbd(text: str) -> list[str]:
    """Sentences by pysbd with its rules for Arabic."""
    sentences: list[str] = load_pysbd().segment(text)
    return sentences


def fix_by_ftfy(text: str) -> str:
    """Text repaired by ftfy with its own settings."""
    import ftfy  # noqa: PLC0415  only for its row

    return ftfy.fix_text(text)


def clean_and_split(text: str) -> list[str]:
    """What the bar of 5 MB a second is about."""
    return split_sentences(clean(text))


@dataclass(frozen=True)
class Tool:
    """A row of the table; `scored` is the name by which score_sentences.py imports the function."""

    task: str
    name: str
    function: Callable[[str], object]
    scored: str = ""


TOOLS = (
    Tool("sentences", "newsetl", split_sentences, "newsetl:split_sentences"),
    Tool("sentences", "expression . ! ؟", split_by_expression, "bench:split_by_expression"),
    Tool("sentences", "pysbd", split_by_pysbd, "bench:split_by_pysbd"),
    Tool("cleaning", "newsetl", clean),
    Tool("cleaning", "ftfy", fix_by_ftfy),
    Tool("cleaning + sentences", "newsetl", clean_and_split),
)


def read_texts(path: Path, step: int = 1) -> list[str]:
    """The body of every `step`-th record below a path, before cleaning."""
    return list(islice(_read_bodies(path), 0, None, step))


def _read_bodies(path: Path) -> Iterator[str]:
    for file in find_inputs([str(path)]):
        if file.skip_reason:
            continue
        for record in read_records(file):
            page = decode(record) if isinstance(record, RawRecord) else record
            draft = extract_article(page) if isinstance(page, Page) else page
            if not isinstance(draft, Reject):
                yield "\n".join(block.text for block in draft.blocks)


def lengthen(texts: Sequence[str], size_bytes: int) -> str:
    """One paragraph of about this size, of lines of these texts in order, again from the first when they run out."""
    lines, size = [], 0
    for line in cycle(line for text in texts for line in text.split("\n")):
        if size >= size_bytes:
            break
        lines.append(line)
        size += len(line.encode()) + 1
    return " ".join(lines)


def measure(function: Callable[[str], object], texts: Sequence[str], seconds: float) -> float:
    """Megabytes of UTF-8 a second of one core: the texts one by one, again and again until the time is up."""
    function(texts[0])  # tables are read, expressions compiled
    size, spent = 0, 0.0
    for text in cycle(texts):
        start = time.process_time()
        function(text)
        spent += time.process_time() - start
        size += len(text.encode())
        if spent >= seconds:
            break
    return size / 1e6 / spent


def measure_growth(function: Callable[[str], object], texts: Sequence[str], seconds: float) -> list[float | None]:
    """The rate on one paragraph of 1, 4 and 16 times the base size; None where it would take too long."""
    rates: list[float | None] = []
    expected = 0.0
    for times in GROWTH:
        text = lengthen(texts, times * BASE_BYTES)
        if expected > MAX_SECONDS:
            rates.append(None)
            continue
        rate = measure(function, [text], seconds)
        expected = 2 * len(text.encode()) / 1e6 / rate * 16  # four times the length, squared; once to warm up
        rates.append(rate)
    return rates


def score(function: str, gold: Path) -> float | None:
    """F1 of a sentence splitter on the gold set, by its own scorer."""
    return _run_scorer(gold, "--function", function)


def score_run(gold: Path) -> float | None:
    """F1 of the sentences that a run of newsetl writes, by the same scorer."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "newsetl.cli", "run", str(gold / "dev.jsonl"), "--out", out]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own command
        return _run_scorer(gold, out)


def _run_scorer(gold: Path, *arguments: str) -> float | None:
    command = [sys.executable, str(gold / "score_sentences.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  the gold set's own
    found = F1.search(done.stdout)
    return float(found[1]) if found else None


def build_table(samples: list[str], corpus: list[str], gold: Path | None, seconds: float) -> Table:
    """A row a tool: F1, rates on the samples and on the corpus, the rate to newsetl's at the same task, growth."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    kilobytes = [f"{times * BASE_BYTES // 1000} kB" for times in GROWTH]
    for name in ("task", "tool"):
        table.add_column(name)
    for name in ("F1", "samples MB/s", "corpus MB/s", "to newsetl", *kilobytes):
        table.add_column(name, justify="right")
    ours: dict[str, float] = {}
    for tool in TOOLS:
        rates = [measure(tool.function, texts, seconds) if texts else None for texts in (samples, corpus)]
        rate = rates[-1] or rates[0] or 0.0
        ratio = rate / ours.setdefault(tool.task, rate)
        f1 = score(tool.scored, gold) if gold and tool.scored else None
        growth = measure_growth(tool.function, corpus or samples, seconds)
        table.add_row(tool.task, tool.name, *map(_shown, (f1, *rates, ratio, *growth)))
    if gold:
        table.add_row("sentences of a run", "newsetl", _shown(score_run(gold)))
    return table


def _shown(figure: float | None) -> str:
    return "—" if figure is None else f"{figure:.2f}" if figure >= 1 else f"{figure:.3g}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help=f"work for one figure ({SECONDS})")
    parser.add_argument("--shared", type=Path, default=SHARED, metavar="DIR", help="where gold and corpus stand")
    arguments = parser.parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 120)
    gold, corpus = arguments.shared / "gold", arguments.shared / "corpus"
    table = build_table(
        read_texts(SAMPLES),
        read_texts(corpus, CORPUS_STEP) if corpus.is_dir() else [],
        gold if (gold / "score_sentences.py").is_file() else None,
        arguments.seconds,
    )
    console.print(table)
    console.print(
        f"last columns: MB/s on one paragraph of that length; — takes longer than {MAX_SECONDS:.0f} s, or not measured"
    )
    if not (gold / "score_sentences.py").is_file():
        console.print(f"F1 needs the gold set at {gold}: not there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
