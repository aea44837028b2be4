"""Prints the tables of the usual subjects, or of those named."""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

import benchmarks
from benchmarks import archive, chain, dates, growth, million, overhead, pages, readback, text
from benchmarks.measure import (
    ROUNDS,
    RUNS,
    SECONDS,
    SHARED,
    SIZES,
    Options,
    describe_machine,
    find_version,
    offline,
)

SUBJECTS = {
    "text": text,
    "pages": pages,
    "dates": dates,
    "chain": chain,
    "archive": archive,
    "readback": readback,
    "growth": growth,
    "prefect": overhead,
    "million": million,
}
USUAL = ("text", "pages", "dates", "chain", "archive", "readback")  # the others take long and are run by name
WORK = "NEWSETL_BENCH_DIR"
WIDTH = 180  # of a line where there is no terminal


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=benchmarks.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("subjects", nargs="*", metavar="SUITE", help=f"{', '.join(SUBJECTS)}; without: {', '.join(USUAL)}")
    add("--seconds", type=float, default=SECONDS, metavar="S", help=f"work for a text rate ({SECONDS})")
    add("--rounds", type=int, default=ROUNDS, metavar="N", help=f"over pages and dates, of reading back ({ROUNDS})")
    add("--runs", type=int, default=RUNS, metavar="N", help=f"of each whole command ({RUNS})")
    add("--records", type=int, metavar="N", help="of the corpus, or pages of the archive (all, 2400): to try a suite")
    add("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="times the corpus, for growth (1 4 16)")
    add("--shared", type=Path, default=SHARED, metavar="DIR", help="where gold, corpus and pages stand")
    add("--work", type=Path, metavar="DIR", help=f"for made input and stores, kept ({WORK}, or a temporary one)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print the machine, the versions and the tables."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    names = arguments.subjects or list(USUAL)
    if unknown := [name for name in names if name not in SUBJECTS]:
        parser.error(f"no subject {unknown[0]!r}; there are {', '.join(SUBJECTS)}")
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    console.print(describe_machine(), describe_versions(names), sep="\n")
    with work_folder(arguments.work) as work, offline() as asked:
        options = Options(
            arguments.seconds,
            max(1, arguments.rounds),
            arguments.shared,
            work,
            max(1, arguments.runs),
            arguments.records,
            tuple(arguments.sizes),
        )
        for name in names:
            console.print()
            for part in SUBJECTS[name].compare(options):
                console.print(part)
    if asked:
        console.print(f"refused connections to {', '.join(sorted(set(asked)))}")
    return 0


@contextlib.contextmanager
def work_folder(given: Path | None) -> Iterator[Path]:
    """The folder that was named, which stays, or one that goes away."""
    named = given or os.environ.get(WORK)
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
        yield Path(named)
        return
    with tempfile.TemporaryDirectory(prefix="newsetl-bench-") as folder:
        yield Path(folder)


def describe_versions(names: Sequence[str]) -> str:
    """The versions of newsetl and its peers, and which peers are missing."""
    packages = ("newsetl", *dict.fromkeys(peer for name in names for peer in SUBJECTS[name].PEERS))
    found = {package: find_version(package) for package in packages}
    there = ", ".join(f"{package} {number}" for package, number in found.items() if number)
    missing = ", ".join(package for package, number in found.items() if not number)
    return there + (f"; not installed (make bench installs them): {missing}" if missing else "")


if __name__ == "__main__":
    sys.exit(main())
