"""A publication into an object store fails at each of its requests in turn."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("fault_driver.py")
# Kills are done at every request always; of the other faults every 6th, and all with NEWSETL_ALL_FAULTS=1.
STEP = 1 if os.environ.get("NEWSETL_ALL_FAULTS") == "1" else 6


@pytest.fixture(scope="module")
def faults(endpoint, tmp_path_factory, request):
    """The report of each fault, and the summary, which is printed."""
    import s3fs

    s3fs.S3FileSystem(use_listings_cache=False).mkdir("faults")
    command = [sys.executable, DRIVER, tmp_path_factory.mktemp("faults") / "files", "s3://faults", str(STEP)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    *found, summary = map(json.loads, done.stdout.splitlines())
    assert len(found) == summary["faults"]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write(f"\nobject store: {summary['operations']} requests {summary['names']}, {len(found)} faults\n")
    return found, summary


def test_every_file_is_old_or_new_and_the_next_run_ends_as_if_nothing_had_happened(faults):
    found, _ = faults
    assert [report for report in found if "crash" in report or report["wrong"]] == []


def test_a_kill_was_tried_at_every_request(faults):
    found, summary = faults
    kills = {report["at"]: report["outcome"] for report in found if report["fault"] == "SIGKILL"}
    assert kills.keys() == set(range(1, summary["operations"] + 2))
    assert [at for at, outcome in kills.items() if outcome != "killed"] == [summary["operations"] + 1]
    assert summary["names"].keys() == {"upload", "write", "copy", "remove", "remove_below"}


def test_a_failing_store_gives_one_line_that_says_what_was_published(faults):
    found, _ = faults
    told = [(report["outcome"]["told"], report["seen"]) for report in found if "told" in report["outcome"]]
    assert told
    for line, seen in told:
        assert "\n" not in line
        assert line.endswith("nothing was published") == (seen == "old" and "decided" not in line)


def test_readers_meet_all_states(faults):
    found, _ = faults
    assert {report["seen"] for report in found} == {"old", "between", "new"}
