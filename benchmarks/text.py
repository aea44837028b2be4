"""Cleaning and sentences: boundaries on the gold set, speed on texts as they come, growth with the length of a line.

Texts are the sample archive in data/raw, and the corpus in ../shared when it stands there; sentence boundaries are
scored when the gold set stands there.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.measure import ROOT, SAMPLES, Options, find_version, measure_rate, show_figure
from newsetl import clean, split_sentences
from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records
from newsetl.records import Page, RawRecord, Reject
from newsetl.stages.decode import decode
from newsetl.stages.extract import extract_article

PEERS = ("pysbd", "ftfy")
CORPUS_STEP = 15  # of the 31,030 texts every 15th: about 6 MB, of all outlets
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

    fixed: str = ftfy.fix_text(text)
    return fixed


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

    def is_there(self) -> bool:
        """Whether the package can be imported that the row needs."""
        return self.name not in PEERS or find_version(self.name) is not None


TOOLS = (
    Tool("sentences", "newsetl", split_sentences, "newsetl:split_sentences"),
    Tool("sentences", "expression . ! ؟", split_by_expression, "benchmarks.text:split_by_expression"),
    Tool("sentences", "pysbd", split_by_pysbd, "benchmarks.text:split_by_pysbd"),
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


def measure_growth(function: Callable[[str], object], texts: Sequence[str], seconds: float) -> list[float | None]:
    """The rate on one paragraph of 1, 4 and 16 times the base size; None where it would take too long."""
    rates: list[float | None] = []
    expected = 0.0
    for times in GROWTH:
        text = lengthen(texts, times * BASE_BYTES)
        if expected > MAX_SECONDS:
            rates.append(None)
            continue
        rate = measure_rate(function, [text], seconds)
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
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  the gold set's own
    found = F1.search(done.stdout)
    return float(found[1]) if found else None


def build_table(samples: list[str], corpus: list[str], gold: Path | None, seconds: float) -> Table:
    """A row a tool: F1, rates on the samples and on the corpus, the rate to newsetl's at the same task, growth."""
    table = Table(title="text: MB of UTF-8 a second", box=None, header_style="bold", pad_edge=False)
    kilobytes = [f"{times * BASE_BYTES // 1000} kB" for times in GROWTH]
    for name in ("task", "tool"):
        table.add_column(name)
    for name in ("F1", "samples", "corpus", "to newsetl", *kilobytes):
        table.add_column(name, justify="right")
    ours: dict[str, float] = {}
    for tool in filter(Tool.is_there, TOOLS):
        rates = [measure_rate(tool.function, texts, seconds) if texts else None for texts in (samples, corpus)]
        rate = rates[-1] or rates[0] or 0.0
        ratio = rate / ours.setdefault(tool.task, rate)
        f1 = score(tool.scored, gold) if gold and tool.scored else None
        growth = measure_growth(tool.function, corpus or samples, seconds)
        table.add_row(tool.task, tool.name, _show_f1(f1), *map(show_figure, (*rates, ratio, *growth)))
    if gold:
        table.add_row("sentences of a run", "newsetl", _show_f1(score_run(gold)))
    return table


def _show_f1(f1: float | None) -> str:
    return "—" if f1 is None else f"{f1:.2f}"


def compare(options: Options) -> Iterator[Table | str]:
    """The table of this subject, and what there is to say of it."""
    gold, corpus = options.shared / "gold", options.shared / "corpus"
    has_gold = (gold / "score_sentences.py").is_file()
    yield build_table(
        read_texts(SAMPLES),
        read_texts(corpus, CORPUS_STEP) if corpus.is_dir() else [],
        gold if has_gold else None,
        options.seconds,
    )
    yield f"last columns: one paragraph of that length; — takes longer than {MAX_SECONDS:.0f} s, or not measured"
    if not has_gold:
        yield f"F1 needs the gold set at {gold}: not there"
