"""Records that hang, eat memory or kill their worker cost themselves: one reject row each, and nothing else."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

SABOTAGE = Path(__file__).parent / "sabotage"
TEXT = "قال المدير سامي الخطيب إن العمل في المحطة رقم {n} يسير كما خطط له.\n\nوأضاف: «سننتهي في الموعد المحدد»."
RECORDS = 40  # in each file; a file is a batch
# File -> record -> what it does. The last record of all is among them, and two killers in one batch.
DEEDS = {
    1: {3: "stage:eat", 20: "stage:spin", 39: "stage:sleep"},
    2: {0: "stage:kill", 1: "stage:leave"},
    3: {17: "stage:crash"},
    4: {30: "read:kill"},
    5: {10: "read:spin"},
    6: {39: "stage:spin_in_c"},
}
LOST = {"4.jsonl": 40 - 30, "5.jsonl": 40 - 10}  # records that one reject stands for: those not read
# The command without a main module, which each new worker would have to import: some twenty are started here.
MAIN = "import sys; from newsetl.cli import main; sys.exit(main())"
SETTINGS = f"max_document_seconds = 0.25\nmax_document_memory = {256 << 20}\nbatch_bytes = 16000\n"


def write_archive(folder: Path) -> None:
    folder.mkdir()
    for part in range(7):
        rows = [
            {
                "id": DEEDS.get(part, {}).get(n, f"{part}-{n}"),
                "url": f"https://one.example/{part}/{n}",
                "text": TEXT.format(n=n + 100 * part),
                "date": f"2021-{1 + n % 3:02}-05",
                "source": f"outlet {n % 3}",
            }
            for n in range(RECORDS)
        ]
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{part}.jsonl").write_text("\n".join(lines), encoding="utf-8")


def start(root: Path, out: str, workers: int, sabotage: str) -> subprocess.Popen:
    command = [sys.executable, "-c", MAIN, "run", "in", "--out", out, "--workers", str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(SABOTAGE), "SABOTAGE": sabotage}
    return subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with the outcome of three runs: `tame`, where stages reject the bad records; one and two workers."""
    root = tmp_path_factory.mktemp("guards")
    write_archive(root / "in")
    (root / "newsetl.toml").write_text(SETTINGS, encoding="utf-8")
    started = {
        "one": start(root, "one", 1, "wild"),
        "two": start(root, "two", 2, "wild"),
        "tame": start(root, "tame", 1, "tame"),
    }
    for name, process in started.items():
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, f"{name}: {output}"
    return root


@pytest.fixture(params=["one", "two"])
def wild(root, request):
    return root / request.param


def digests(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.glob("*/source=*/**/*.parquet")
    }


def rejects(out: Path) -> pd.DataFrame:
    return pd.read_parquet(out / "rejects").sort_values(["raw_uri", "raw_offset"])


def test_each_bad_record_is_one_reject_with_its_reason(wild):
    rows = rejects(wild)
    told = dict(zip(rows["external_id"].fillna(rows["raw_uri"]), rows["stage"] + ": " + rows["reason"], strict=True))
    assert told == {
        "stage:eat": "clean: out-of-memory",
        "stage:spin": "clean: timed-out",
        "stage:sleep": "clean: timed-out",
        "stage:kill": "clean: worker-died",
        "stage:leave": "clean: worker-died",
        "stage:crash": "clean: worker-died",
        "stage:spin_in_c": "clean: worker-died",
        "in/4.jsonl": "read: worker-died",
        "in/5.jsonl": "read: timed-out",
    }
    assert len(rows) == len(told)


def test_everything_else_is_as_if_a_stage_had_rejected_them(wild, root):
    tame, out = digests(root / "tame"), digests(wild)
    assert tame.keys() == out.keys()
    assert [path for path in tame if tame[path] != out[path] and not path.startswith("rejects/")] == []


def test_the_number_of_workers_changes_no_byte(root):
    assert digests(root / "one") == digests(root / "two")


def test_records_are_conserved(wild):
    outcomes = pd.read_parquet(wild / "records")["outcome"].value_counts().to_dict()
    bad = sum(len(deeds) for deeds in DEEDS.values())
    assert outcomes == {"article": 7 * RECORDS - sum(LOST.values()) - bad + len(LOST), "rejected": bad}


def test_nothing_staged_is_left(wild):
    assert not list(wild.glob("_staging-*"))
    (manifest,) = (wild / "_runs").glob("*.json")
    read = {batch["batch"]: batch["read"] for batch in json.loads(manifest.read_text(encoding="utf-8"))["batches"]}
    assert read == {1: 40, 2: 40, 3: 40, 4: 40, 5: 31, 6: 11, 7: 40}
