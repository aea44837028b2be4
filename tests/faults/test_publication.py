"""A publication fails at each of its operations in turn; two runs write at once; a disk is full."""

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from newsetl.errors import NewsetlError
from newsetl.verify import verify

DRIVER = Path(__file__).with_name("publication_driver.py")
LANES = 2
# Kills are done at every operation always; of the other faults every 6th, and all with NEWSETL_ALL_FAULTS=1.
STEP = 1 if os.environ.get("NEWSETL_ALL_FAULTS") == "1" else 6
KINDS = ("replaced", "added", "removed", "kept")  # what becomes of some file of every dataset
TEXT = "قالت المهندسة ليلى الحداد إن الجسر رقم {n} سيفتح قريبا.\n\nوأضافت: «العمل يسير كما خطط له»."


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A folder in memory where there is one: what is tested is the order of operations, not the disk."""
    folder = tmp_path_factory.mktemp("faults")
    memory = Path("/dev/shm")  # noqa: S108  tmpfs knows links and exchanges; a folder of our own in it
    if not memory.is_dir() or not os.access(memory, os.W_OK):
        yield folder
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def faults(scratch, request):
    """The report of each fault, and the summary, which is printed."""

    def lane(number):
        command = [sys.executable, DRIVER, scratch / f"lane-{number}", *map(str, (number, LANES, STEP))]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=3600)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    with ThreadPoolExecutor(LANES) as lanes:
        reports = list(lanes.map(lane, range(LANES)))
    summary = reports[0][-1]
    found = [report for lane_reports in reports for report in lane_reports[:-1]]
    assert len(found) == summary["faults"]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write(f"\n{summary['operations']} operations {summary['names']}, {len(found)} faults\n")
    return found, summary


def test_every_dataset_is_old_or_new_and_the_next_run_ends_as_if_nothing_had_happened(faults):
    found, _ = faults
    assert [report for report in found if report.get("crash") or report["wrong"]] == []


def test_a_kill_was_tried_at_every_operation(faults):
    found, summary = faults
    assert min(changes.get(kind, 0) for changes in summary["changes"].values() for kind in KINDS) > 0
    kills = {
        report["at"]: report["outcome"] for report in found if report["fault"] == "SIGKILL" and not report["again"]
    }
    assert kills.keys() == set(range(1, summary["operations"] + 2))
    assert [at for at, outcome in kills.items() if outcome != "killed"] == [summary["operations"] + 1]
    assert {"write", "sync_file", "link", "make_folder", "rename", "exchange", "remove_file"} <= summary["names"].keys()


def test_a_failing_disk_gives_one_line_or_is_no_harm(faults):
    found, _ = faults
    for report in found:
        if report["fault"] != "SIGKILL" and "told" in report["outcome"]:
            line = report["outcome"]["told"]
            assert "\n" not in line
            assert line.endswith("nothing was published") or "newsetl verify --repair" in line
            assert ("nothing was published" in line) <= (report["seen"] == "old")


def test_readers_meet_both_states(faults):
    found, _ = faults
    assert {"old", "new"} <= {report["seen"] for report in found}


# --- the real command -----------------------------------------------------------------------------------------------


def write_archive(path: Path, first: int, count: int = 20) -> Path:
    rows = [
        {"url": f"https://two.example/{n}", "text": TEXT.format(n=n), "date": "2022-03-05", "source": "two"}
        for n in range(first, first + count)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def start(archive: Path, out: Path, *more: str, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "newsetl.cli", "run", archive, "--out", out, "--workers", "1", *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)


HOLDER = """
import sys, time
from pathlib import Path
from newsetl.io.lock import locked
with locked(Path(sys.argv[1])):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    time.sleep(100)
"""


def test_two_runs_at_once_lose_and_double_nothing(tmp_path):
    out, expected = tmp_path / "out", set()
    for number in range(10):
        first = 100 * number
        archives = [write_archive(tmp_path / f"{number}-{n}.jsonl", first + 10 * n) for n in range(2)]
        patient, hasty = start(archives[0], out, "--wait", "60"), start(archives[1], out)
        errors = [run.communicate(timeout=120)[1] for run in (patient, hasty)]
        assert patient.returncode == 0, errors[0]
        expected |= set(range(first, first + 20))
        if hasty.returncode == 0:
            expected |= set(range(first + 10, first + 30))
        else:
            assert hasty.returncode == 2
            assert "another run is writing here: process" in errors[1]
            assert errors[1].count("\n") == 1
    articles = pd.read_parquet(out / "articles")
    assert sorted(int(url.rsplit("/", 1)[1]) for url in articles["url"]) == sorted(expected)
    assert verify(out).problems == []


def test_verify_beside_runs_finds_no_problem_or_is_told_of_the_run(tmp_path):
    out, told, sound = tmp_path / "out", 0, 0
    assert start(write_archive(tmp_path / "0.jsonl", 0), out).wait(60) == 0
    for number in range(1, 4):
        run = start(write_archive(tmp_path / f"{number}.jsonl", 100 * number), out, "--wait", "60")
        while run.poll() is None:
            try:
                assert verify(out).problems == []
                sound += 1
            except NewsetlError as error:
                assert f"another run is writing here: process {run.pid} on" in str(error)  # noqa: PT017  either way
                told += 1
            time.sleep(0.05)  # leave the run a moment to take the lock
        assert run.returncode == 0, run.stderr.read()
    assert min(told, sound) > 0
    assert len(pd.read_parquet(out / "articles")) == 80


# --- what the system refuses ----------------------------------------------------------------------------------------


def limited(kind, number):
    return lambda: resource.setrlimit(kind, (number, number))


def obedient():
    """Drop root's right to write where modes forbid it (CAP_DAC_OVERRIDE), if this is root."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


def refused(archive, out, preexec_fn):
    """The one line of a command that the system does not let finish."""
    run = start(archive, out, preexec_fn=preexec_fn)
    error = run.communicate(timeout=120)[1]
    assert run.returncode == 2, error
    assert error.count("\n") == 1
    assert all((folder / "work").exists() for folder in out.glob("_staging-*"))  # kept for the run that goes on
    return error


def test_a_full_disk_ends_the_command_with_one_line_and_the_next_run_completes(tmp_path):
    """The limit on the size of files stands in for a full disk: the system itself refuses to write."""
    archive, out = write_archive(tmp_path / "in.jsonl", 0, 400), tmp_path / "out"
    assert refused(archive, out, limited(resource.RLIMIT_FSIZE, 30_000)).endswith("nothing was published\n")
    run = start(archive, out)
    assert run.communicate(timeout=120)[1] == ""
    assert verify(out).problems == []


def test_too_few_open_files_end_the_command_with_one_line(tmp_path):
    """From no room for workers at all to none for the last files: a run needs some 18."""
    archive, out = write_archive(tmp_path / "in.jsonl", 0), tmp_path / "out"
    for number in (6, 9, 11, 13, 15):
        error = refused(archive, out, limited(resource.RLIMIT_NOFILE, number))
        assert error.endswith("nothing was published\n"), number
    assert not list(out.glob("articles"))


@pytest.mark.parametrize("folder", [".", "sentences"])
def test_a_directory_that_must_not_be_written_to_ends_the_command_with_one_line(tmp_path, folder):
    out = tmp_path / "out"
    assert start(write_archive(tmp_path / "0.jsonl", 0), out).wait(60) == 0
    (out / folder).chmod(0o555)
    try:
        error = refused(archive := write_archive(tmp_path / "1.jsonl", 100), out, obedient)
    finally:
        (out / folder).chmod(0o755)
    assert "Permission denied" in error
    assert ": nothing was published" in error
    assert len(pd.read_parquet(out / "articles")) == 20
    assert start(archive, out).wait(60) == 0
    assert len(pd.read_parquet(out / "articles")) == 40
    assert verify(out).problems == []


def test_an_output_that_cannot_be_made_ends_the_command_with_one_line(tmp_path):
    archive, parent = write_archive(tmp_path / "in.jsonl", 0), tmp_path / "read-only"
    parent.mkdir(mode=0o555)
    assert "cannot be written to: Permission denied" in refused(archive, parent / "out", obedient)


# --- the lock -------------------------------------------------------------------------------------------------------


def test_a_killed_holder_of_the_lock_is_followed_at_once(tmp_path):
    out = tmp_path / "out"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, out], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    run = start(write_archive(tmp_path / "in.jsonl", 0), out)
    assert f"process {holder.pid} on" in run.communicate(timeout=60)[1]
    assert run.returncode == 2
    holder.kill()
    holder.communicate()
    run = start(tmp_path / "in.jsonl", out)
    assert run.communicate(timeout=60)[1] == ""
