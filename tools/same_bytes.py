"""Run an archive in many ways and compare every byte that is published: the same records must give the same files.

    .venv/bin/python tools/same_bytes.py ../shared/corpus
    .venv/bin/python tools/same_bytes.py data/raw --seed 7 --ways shuffled increments

One line a way: files, their digest, seconds. Ends with 1 where a file differs. Each way takes as long as a run, so the
corpus takes some ten minutes.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from newsetl.plan import plan_run
from newsetl.run import run
from newsetl.settings import Settings

WHOLE = 1 << 50  # batch_bytes that nothing reaches
BYTES_A_SECOND = 2_000_000  # of a run, and rather too many, so that it is killed before it ends
TOLD = 5  # files that differ


@dataclass(frozen=True, slots=True)
class Archive:
    """The files to read, and those that give pages their addresses, which go with every part of the archive."""

    paths: list[str]
    addresses: list[str]
    seed: int

    @property
    def choice(self) -> random.Random:
        return random.Random(self.seed)  # noqa: S311  an order, no secret

    def settings(self, paths: list[str], out: Path, **more: int) -> Settings:
        return Settings(inputs=(*paths, *self.addresses), out=str(out), **more)  # type: ignore[arg-type]


def find(archive: str, seed: int = 0) -> Archive:
    """The files of an archive as `newsetl run` finds them."""
    plan = plan_run(Settings(inputs=(archive,)))
    addresses = [file.path for file in plan.skipped if file.skip_reason == "addresses of pages"]
    return Archive(list(dict.fromkeys(file.path for file in plan.files)), addresses, seed)


# --- the ways -------------------------------------------------------------------------------------------------------


def in_one_batch(archive: Archive, out: Path) -> None:
    _run(archive.settings(archive.paths, out, workers=1, batch_bytes=WHOLE))


def in_seven_batches(archive: Archive, out: Path) -> None:
    """Or in as near to seven as the files allow."""
    settings = archive.settings(archive.paths, out, workers=1)
    low, high = 1, plan_run(replace(settings, batch_bytes=WHOLE)).size_bytes + 1
    while low < high:
        middle = (low + high) // 2
        if len(plan_run(replace(settings, batch_bytes=middle)).batches) > 7:
            low = middle + 1
        else:
            high = middle
    _run(replace(settings, batch_bytes=low))


def by_two_workers(archive: Archive, out: Path) -> None:
    _run(archive.settings(archive.paths, out, workers=2))


def shuffled(archive: Archive, out: Path) -> None:
    """Files in another order, in batches of another size, taken in another order, by two workers."""
    choice = archive.choice
    paths = choice.sample(archive.paths, len(archive.paths))
    size = plan_run(archive.settings(paths, out)).size_bytes
    settings = archive.settings(paths, out, workers=2, batch_bytes=max(1, size // choice.randint(3, 40)))
    plan = plan_run(settings)
    run(settings, replace(plan, batches=tuple(choice.sample(plan.batches, len(plan.batches)))))


def in_increments(archive: Archive, out: Path) -> None:
    """Three runs over parts of the archive in another order, the last of which reads part of the second again."""
    choice = archive.choice
    paths = choice.sample(archive.paths, len(archive.paths))
    first, second = sorted(choice.sample(range(1, len(paths)), 2)) if len(paths) > 2 else (0, 1)
    for start, end in ((0, first), (first, second), (max(first, second - 2), len(paths))):
        if paths[start:end]:
            _run(archive.settings(paths[start:end], out))


def interrupted(archive: Archive, out: Path) -> None:
    """Killed twice, once at work and once among what a publication does to the disk; then run to the end."""
    work_seconds = plan_run(archive.settings(archive.paths, out)).size_bytes / BYTES_A_SECOND
    _run_killed(archive, out, "_staging-*/batch-*.note", wait_seconds=archive.choice.uniform(0, work_seconds))
    _run_killed(archive, out, "_staging-*/next/articles", wait_seconds=archive.choice.uniform(0, 0.02))
    _run(archive.settings(archive.paths, out))


WAYS: dict[str, Callable[[Archive, Path], None]] = {
    "one-batch": in_one_batch,
    "seven-batches": in_seven_batches,
    "two-workers": by_two_workers,
    "shuffled": shuffled,
    "increments": in_increments,
    "interrupted": interrupted,
}


def _run(settings: Settings) -> None:
    run(settings, plan_run(settings))


def _run_killed(archive: Archive, out: Path, pattern: str, wait_seconds: float) -> None:
    """Kill a run and its workers some time after it made a file."""
    config = out.with_suffix(".toml")
    config.write_text(f"inputs = {json.dumps([*archive.paths, *archive.addresses])}\n", encoding="utf-8")
    command = [sys.executable, "-m", "newsetl.cli", "run", "--config", str(config), "--out", str(out)]
    process = subprocess.Popen(  # noqa: S603  this program itself
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None and not any(out.glob(pattern)):
        time.sleep(0.001)
    time.sleep(wait_seconds if process.poll() is None else 0)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        print(f"  a run had ended ({process.returncode}) before it was to be killed")
    process.wait()


# --- comparing ------------------------------------------------------------------------------------------------------


def digests(out: Path) -> dict[str, str]:
    """The SHA-256 of every file of every dataset, private ones too."""
    paths = (path for path in sorted(out.glob("*/source=*/**/*")) if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """The files that are not the same in both."""
    return sorted(path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    archive = find(arguments.archive, arguments.seed)
    expected: dict[str, str] = {}
    worst = 0
    for way in arguments.ways:
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            WAYS[way](archive, Path(folder) / "out")
            seconds = time.monotonic() - started
            found = digests(Path(folder) / "out")
        expected = expected or found
        total = hashlib.sha256(json.dumps(found).encode()).hexdigest()
        print(f"{way:14} {len(found):6,} files  sha256 {total[:32]}  {seconds:7.1f} s", flush=True)
        different = differences(expected, found)
        for path in itertools.islice(different, TOLD):
            print(f"  differs: {path}")
        worst = max(worst, bool(different))
    return worst


if __name__ == "__main__":
    sys.exit(main())
