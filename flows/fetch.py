"""Fetch and load as a Prefect flow: each source into raw WARC files, then what is new of them into the datasets.

    python flows/fetch.py --sources sources.toml
    python flows/fetch.py --sources sources.toml --source nasim --since 2015-01 --until 2015-03

The work is done by `newsetl.fetch` and by flows/etl.py. One source that fails does not stop the others; the flow fails
at its end, and so it does when a source brings fewer pages than it should.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl import etl  # before Prefect: it sets Prefect's environment

# isort: split
from prefect import Task, flow, get_client, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.concurrency.sync import concurrency
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner
from rich.console import Console

from newsetl.errors import NewsetlError, SettingsError
from newsetl.fetch.collection import SourceResult
from newsetl.fetch.loading import mark_loaded, new_files
from newsetl.fetch.report import OUT_OF_REACH, OUTCOMES, fetch_summary, reason_counts
from newsetl.fetch.run_fetch import FetchJob, choose, fetch
from newsetl.fetch.source import Source
from newsetl.fetch.sources_file import read_sources
from newsetl.fetch.window import parse_window
from newsetl.io.paths import store_path
from newsetl.settings import DEFAULT_INPUTS, available_cores, load_settings
from newsetl.volume import Drop, find_drops, measure, volume_rows

# Another source's run may publish into the same datasets. Seconds.
WAIT_FOR_STORE = 3600.0


def _may_help(_task: Task[..., Any], _run: object, state: State[Any]) -> bool:
    """Whether another try may end otherwise: a mistake in the sources file stays one."""
    return not isinstance(state.result(raise_on_failure=False), SettingsError)


@task(
    task_run_name="fetch-{slug}",
    retries=2,
    retry_delay_seconds=60,
    retry_condition_fn=_may_help,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def fetch_source(slug: str, job: FetchJob) -> SourceResult:
    """Bring what is new of one source, while no other run asks its hosts."""
    limits = [f"newsetl-host-{host.replace(':', '-')}" for source in job.sources.sources for host in source.hosts]
    with get_client(sync_client=True) as client:
        for name in limits:
            client.upsert_global_concurrency_limit_by_name(name, 1)
    with concurrency(limits, occupy=1):
        [result] = fetch(job)
    get_run_logger().info("source=%s fetched=%d due=%d", slug, result.count("fetched"), result.due)
    return result


@task(cache_policy=NO_CACHE, persist_result=False)
def report(results: list[SourceResult]) -> None:
    """Two artifacts: pages by source and outcome, answers by host and reason."""
    rows = [{"source": one.slug, "found": one.found, **{name: one.count(name) for name in OUTCOMES}} for one in results]
    create_table_artifact(rows, key="newsetl-fetch", description="newsetl fetch: pages by source and outcome")
    lines = "".join(f"| {' | '.join(map(str, row))} |\n" for row in reason_counts(results))
    remarks = "".join(f"- {one.slug}: {remark}\n" for one in results for remark in one.remarks)
    text = f"| source | host | outcome | reason | answers |\n|---|---|---|---|---|\n{lines}\n{remarks}"
    create_markdown_artifact(text, key="newsetl-fetch-hosts", description="newsetl fetch: answers by host and reason")


@task(cache_policy=NO_CACHE, persist_result=False)
def report_volume(out: str, slugs: list[str]) -> list[Drop]:
    """An artifact: what each source brought on the last days, and what of today is outside the range of before."""
    days = measure(store_path(out), datetime.now(UTC).date(), slugs)
    drops = find_drops(days)
    rows: list[dict[str, Any]] = [*volume_rows(days)]
    told = "; ".join(map(str, drops)) or "no drop"
    create_table_artifact(rows, key="newsetl-volume", description=f"newsetl volume: {told}")
    for drop in drops:
        get_run_logger().warning("drop: %s", drop)
    return drops


THREADS: Any = ThreadPoolTaskRunner(max_workers=available_cores())


@flow(name="newsetl-fetch", task_runner=THREADS, persist_result=False)
def fetch_news(
    sources: str = "sources.toml",
    raw: str = DEFAULT_INPUTS[0],
    out: str | None = None,
    source: list[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int | None = None,
    workers: int | None = None,
    allow_loopback: bool = False,  # noqa: FBT001, FBT002  a parameter of a flow
) -> list[SourceResult]:
    """Fetch what is new of the sources in a file, then load it into the datasets.

    Args:
        sources: The sources file.
        raw: Folder of the raw files.
        out: Directory of the datasets; that of newsetl.toml, else data/processed, when left out.
        source: Slugs of the sources to fetch; all when left out.
        since: Pages published since this day, month or year.
        until: And until this one, included.
        limit: Ask for at most so many pages of each source.
        workers: Worker processes of the load; one a core when left out.
        allow_loopback: Let 127.0.0.1 be asked: for tests alone.

    Raises:
        NewsetlError: At the end, when a source was not fetched or brought less than it should; the others are loaded.
    """
    chosen = choose(read_sources(Path(sources)), source or ())
    window = parse_window(since, until)
    if allow_loopback:
        get_run_logger().warning("loopback addresses may be asked: for tests alone")
    futures = {
        one.slug: fetch_source.submit(
            one.slug, FetchJob(replace(chosen, sources=(one,)), Path(raw), window, limit, allow_loopback)
        )
        for one in chosen.sources
    }
    wait(list(futures.values()))
    results = [future.result() for future in futures.values() if future.state.is_completed()]
    report(results)
    place = load_settings(out=out).out
    if files := new_files(Path(raw), list(futures), place):
        etl([str(file) for file in files], place, workers=workers, wait_seconds=WAIT_FOR_STORE)
        mark_loaded(Path(raw), files, place)
    drops = report_volume(place, list(futures)) if (store_path(place) / "records").is_dir() else []
    troubles = [f"{one.slug}: {OUT_OF_REACH}" for one in results if one.is_out_of_reach]
    troubles += [f"{slug}: not fetched" for slug, future in futures.items() if not future.state.is_completed()]
    if window.is_open and limit is None:
        troubles += _too_few(chosen.sources, results)
        troubles += [str(drop) for drop in drops if drop.is_silence]
    if troubles:
        raise NewsetlError("; ".join(troubles))
    return results


def _too_few(sources: Sequence[Source], results: list[SourceResult]) -> Iterator[str]:
    """The sources that bring less than their file says."""
    brought = {one.slug: one.count("fetched") for one in results}
    for source in sources:
        if brought.get(source.slug, source.expect) < source.expect:
            yield f"{source.slug}: {brought[source.slug]} pages, fewer than {source.expect}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the newsetl fetch flow once.")
    for name in ("--sources", "--raw", "--out", "--since", "--until"):
        parser.add_argument(name)
    parser.add_argument("--source", action="append")
    for name in ("--limit", "--workers"):
        parser.add_argument(name, type=int)
    parser.add_argument("--allow-loopback", action="store_true")
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    for part in fetch_summary(fetch_news(**given)):
        Console().print(part)
