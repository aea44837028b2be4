"""The flow as users start it: with no server configured, and against a running server."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
FLOW = [sys.executable, str(ROOT / "flows" / "etl.py")]


@pytest.fixture
def archive(tmp_path):
    text = "قال المدير سامي الخطيب إن العمل يسير كما خطط له.\n\nوأضاف: «سننتهي في الموعد المحدد»."
    rows = [
        {"url": f"https://one.example/{n}", "title": f"خبر {n}", "text": text, "date": "2021-03-05"} for n in range(6)
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n{broken")
    return tmp_path / "in.jsonl"


def run_flow(archive, out, environment):
    command = [*FLOW, "--inputs", str(archive), "--out", str(out), "--workers", "2"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_the_flow_runs_with_no_server_configured(archive, tmp_path, prefect_environment):
    done = run_flow(archive, tmp_path / "out", prefect_environment)
    assert done.returncode == 0, done.stderr
    assert "7 records = 6 article" in done.stdout
    assert len(pd.read_parquet(tmp_path / "out" / "articles")) == 6


def test_the_flow_reports_to_a_running_server(archive, tmp_path, server):
    done = run_flow(archive, tmp_path / "out", server.environment)
    assert done.returncode == 0, done.stderr
    (flow_run,) = server.call("flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 1})
    assert flow_run["state"]["type"] == "COMPLETED"
    artifacts = server.artifacts()
    assert "| article | 6 |" in artifacts["newsetl-run"]
    assert "| read: bad-json | 1 |" in artifacts["newsetl-run"]
    months = json.loads(artifacts["newsetl-months"])
    assert {"source": "one-example", "month": "2021-03", "records": 6, "articles": 6} in months


def test_a_mistake_fails_the_flow_with_its_message(tmp_path, server):
    done = run_flow(tmp_path / "missing", tmp_path / "out", server.environment)
    assert done.returncode != 0
    assert "missing" in done.stderr
