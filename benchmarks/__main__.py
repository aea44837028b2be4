"""Prints the tables of all subjects, or of those named."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import benchmarks
from benchmarks import dates, pages, text
from benchmarks.measure import ROUNDS, SECONDS, SHARED, Options, describe_machine, find_version, offline

SUBJECTS = {"text": text, "pages": pages, "dates": dates}
WIDTH = 140  # of a line where there is no terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Print the machine, the versions and the tables."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=benchmarks.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("subjects", nargs="*", metavar="SUITE", help=f"{', '.join(SUBJECTS)}; all without")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help=f"work for a text rate ({SECONDS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"over pages and dates ({ROUNDS})")
    parser.add_argument("--shared", type=Path, default=SHARED, metavar="DIR", help="where gold, corpus and pages stand")
    arguments = parser.parse_args(argv)
    names = arguments.subjects or list(SUBJECTS)
    if unknown := [name for name in names if name not in SUBJECTS]:
        parser.error(f"no subject {unknown[0]!r}; there are {', '.join(SUBJECTS)}")
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    console.print(describe_machine(), describe_versions(names), sep="\n")
    options = Options(arguments.seconds, max(1, arguments.rounds), arguments.shared)
    with offline() as asked:
        for name in names:
            console.print()
            for part in SUBJECTS[name].compare(options):
                console.print(part)
    if asked:
        console.print(f"refused connections to {', '.join(sorted(set(asked)))}")
    return 0


def describe_versions(names: Sequence[str]) -> str:
    """The versions of newsetl and its peers, and which peers are missing."""
    packages = ("newsetl", *dict.fromkeys(peer for name in names for peer in SUBJECTS[name].PEERS))
    found = {package: find_version(package) for package in packages}
    there = ", ".join(f"{package} {number}" for package, number in found.items() if number)
    missing = ", ".join(package for package, number in found.items() if not number)
    return there + (f"; not installed (make bench installs them): {missing}" if missing else "")


if __name__ == "__main__":
    sys.exit(main())
