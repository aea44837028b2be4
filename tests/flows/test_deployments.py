"""The steps of docs/fetching.md, "Schedules", on a Prefect server: deployments, a worker, `newsetl serve`."""

import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from tests.fetch.news_site import Manara, Nasim, Sahifa, serving, sources_text, stories

ROOT = Path(__file__).parents[2]
TODAY = date.today()  # noqa: DTZ011  a section is asked for by the day it is, in its own zone
SECONDS = 120


@pytest.fixture
def site():
    first = TODAY - timedelta(days=3)
    outlets = (
        Nasim("nasim-test", stories(12, first, 3)),
        Manara("manara-test", stories(9, first, 3)),
        Sahifa("sahifa-test", stories(3, first, 3, "/item/{number}-{day:%Y%m%d}")),
    )
    with serving(*outlets):
        yield outlets


@pytest.fixture
def sources(site, tmp_path):
    path = tmp_path / "sources.toml"
    text = sources_text(*site).replace('name = "النسيم للاختبار"', 'name = "النسيم للاختبار"\nschedule = "30 5 * * *"')
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def running(process):
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def deployment(server, name, sources):
    """A deployment for a sources file, as soon as it is there."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = server.call("deployments/filter", {})
        named = [one for one in found if one["name"] == name and one["parameters"].get("sources") == str(sources)]
        if named:
            return named[0]
        time.sleep(0.5)
    raise AssertionError(f"no deployment {name}")


def run_of(server, deployment_id, parameters):
    """The state in which a run of a deployment ends."""
    run = server.call(f"deployments/{deployment_id}/create_flow_run", {"parameters": parameters})
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        state = server.call(f"flow_runs/{run['id']}")["state"]
        if state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}:
            return state
        time.sleep(0.5)
    raise AssertionError("the run does not end")


def test_deployments_of_prefect_yaml_are_run_by_a_worker(server, site, sources, tmp_path):
    server.prefect("work-pool", "create", "newsetl", "--type", "process")
    server.prefect("deploy", "--all", cwd=ROOT)
    found = {(one["entrypoint"], one["name"]): one for one in server.call("deployments/filter", {})}
    assert {"nasim", "manara", "ad-hoc"} == {name for entry, name in found if entry == "flows/fetch.py:fetch_news"}
    daily = found["flows/fetch.py:fetch_news", "nasim"]["schedules"][0]["schedule"]
    assert (daily["cron"], daily["timezone"]) == ("30 5 * * *", "Asia/Beirut")
    parameters = {"sources": str(sources), "raw": str(tmp_path / "raw"), "out": str(tmp_path / "out")}
    with running(server.start("prefect", "worker", "start", "--pool", "newsetl", "--type", "process")):
        given = [part for name, value in parameters.items() for part in ("-p", f"{name}={value}")]
        told = server.prefect(
            "deployment", "run", "newsetl-fetch/ad-hoc", *given, "-p", "allow_loopback=true", "--watch"
        )
    assert "Completed" in told
    articles = pd.read_parquet(tmp_path / "out" / "articles")
    # of manara the last five stories, in its feed; its sections are asked for the last two days
    assert dict(articles["source"].value_counts()) == {"nasim-test": 12, "manara-test": 5, "sahifa-test": 3}
    artifacts = server.artifacts()
    assert '"source": "nasim-test"' in artifacts["newsetl-fetch"]
    assert "| refused | robots |" in artifacts["newsetl-fetch-hosts"]
    assert "newsetl-volume" in artifacts
    limits = {limit["name"] for limit in server.call("v2/concurrency_limits/filter", {})}
    assert limits >= {f"newsetl-host-{outlet.url[7:].replace(':', '-')}" for outlet in site}


def test_newsetl_serve_runs_a_source_when_it_is_triggered(server, sources, tmp_path):
    command = ("newsetl.cli", "serve", "--sources", str(sources), "--raw", str(tmp_path / "raw"))
    with running(server.start(*command, "--out", str(tmp_path / "out"), cwd=ROOT)):
        found = deployment(server, "nasim-test", sources)
        assert found["schedules"][0]["schedule"]["timezone"] == "Asia/Beirut"
        state = run_of(server, found["id"], {"allow_loopback": True, "limit": 5})
    assert state["type"] == "COMPLETED", state["message"]
    assert set(pd.read_parquet(tmp_path / "out" / "articles")["source"]) == {"nasim-test"}
    assert len(pd.read_parquet(tmp_path / "out" / "articles")) == 4  # robots.txt forbids the newest of the five


def test_a_source_that_brings_less_than_it_should_fails_its_run(server, sources, tmp_path):
    text = sources.read_text(encoding="utf-8").replace('slug = "nasim-test"', 'slug = "nasim-test"\nexpect = 100')
    sources.write_text(text, encoding="utf-8")
    command = ("newsetl.cli", "serve", "--sources", str(sources), "--raw", str(tmp_path / "raw"))
    with running(server.start(*command, "--out", str(tmp_path / "out"), cwd=ROOT)):
        found = deployment(server, "nasim-test", sources)
        state = run_of(server, found["id"], {"allow_loopback": True})
    assert state["type"] == "FAILED"
    assert "nasim-test: 12 pages, fewer than 100" in state["message"]
    assert len(pd.read_parquet(tmp_path / "out" / "articles")) == 12


def test_serve_says_what_it_needs(prefect_environment, sources):
    command = [sys.executable, "-m", "newsetl.cli", "serve", "--sources", str(sources)]
    done = subprocess.run(command, env=prefect_environment, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode != 0
    assert "prefect server start" in done.stderr
