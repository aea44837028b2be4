"""The flow as users start it: with no server configured, and against a running server."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
FLOW = [sys.executable, str(ROOT / "flows" / "etl.py")]
START_SECONDS = 120


@pytest.fixture(scope="module")
def prefect_environment(tmp_path_factory):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return environment | {
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(url: str, body: dict | None = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


@pytest.fixture(scope="module")
def server(prefect_environment):
    """The address of the API of a Prefect server of our own on loopback."""
    port = free_port()
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=prefect_environment, **quiet)
    api = f"http://127.0.0.1:{port}/api"
    try:
        for _ in range(START_SECONDS * 2):
            try:
                call(f"{api}/health")
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.5)
        yield api
    finally:
        process.terminate()
        process.wait(30)


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


def test_the_flow_reports_to_a_running_server(archive, tmp_path, prefect_environment, server):
    done = run_flow(archive, tmp_path / "out", prefect_environment | {"PREFECT_API_URL": server})
    assert done.returncode == 0, done.stderr
    (flow_run,) = call(f"{server}/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 1})
    assert flow_run["state"]["type"] == "COMPLETED"
    artifacts = {artifact["key"]: artifact["data"] for artifact in call(f"{server}/artifacts/filter", {})}
    assert "| article | 6 |" in artifacts["newsetl-run"]
    assert "| read: bad-json | 1 |" in artifacts["newsetl-run"]
    months = json.loads(artifacts["newsetl-months"])
    assert {"source": "one-example", "month": "2021-03", "records": 6, "articles": 6} in months


def test_a_mistake_fails_the_flow_with_its_message(tmp_path, prefect_environment, server):
    done = run_flow(tmp_path / "missing", tmp_path / "out", prefect_environment | {"PREFECT_API_URL": server})
    assert done.returncode != 0
    assert "missing" in done.stderr
