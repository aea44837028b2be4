"""The main job as a Prefect flow: plan, process batches, publish, report.

    python flows/etl.py                                    data/raw into data/processed
    python flows/etl.py --inputs archive/ --out news/

Runs with no server configured (Prefect starts one of its own for the run) and against the one that PREFECT_API_URL
names. The work is done by `newsetl.run`; this file only orders it.
"""

import argparse
import atexit
import gc
import os
from typing import Any

# Prefect reads its settings when it is imported. Its own server needs longer to start than the 20 s it is given, and
# is not to phone home.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner
from rich.console import Console

from newsetl.engine import CLUSTER_BATCHES, open_engine
from newsetl.plan import Batch, plan_run
from newsetl.report import OUTCOMES, run_summary, source_counts
from newsetl.run import Run, RunResult
from newsetl.settings import Settings, load_settings
from newsetl.work import BatchResult


@task(task_run_name="batch-{batch.number}", cache_policy=NO_CACHE, persist_result=False)
def process(batch: Batch, this: Run) -> BatchResult:
    """Hand a batch to the engine and wait for it."""
    result = this.process(batch)
    get_run_logger().info("batch=%d records=%d seconds=%.1f", batch.number, result.read, result.seconds)
    return result


@task(cache_policy=NO_CACHE, persist_result=False)
def publish(this: Run) -> RunResult:
    """Settle duplicates, check that nothing was lost, put the new partitions in place."""
    return this.publish()


def run_batches(this: Run) -> RunResult:
    """A task for each batch that is left to do, and one that publishes."""
    for future in as_completed([process.submit(batch, this) for batch in this.todo]):
        this.add(future.result())
    return publish(this)


@task(cache_policy=NO_CACHE, persist_result=False)
def report(result: RunResult) -> None:
    """Two artifacts: the run in words, and its counts by source and month."""
    create_markdown_artifact(_markdown(result), key="newsetl-run", description=f"newsetl {result.run_id}")
    rows = [
        {"source": source, "month": month, "records": records, "articles": articles}
        for source, month, records, articles in source_counts(result)
    ]
    create_table_artifact(rows, key="newsetl-months", description=f"newsetl {result.run_id}: records by source, month")


def _markdown(result: RunResult) -> str:
    outcomes = "\n".join(f"| {name} | {result.outcomes.get(name, 0)} |" for name in OUTCOMES)
    rejects = "\n".join(f"| {reason} | {count} |" for reason, count in result.rejects.items()) or "| none | 0 |"
    return (
        f"# {result.read} records into {result.out}\n\n{result.quotes} quotes in {result.seconds:.1f} s, "
        f"{result.rate:.0f} records/s; {result.files_written} files written, {result.files_unchanged} unchanged.\n\n"
        f"| outcome | records |\n|---|---|\n{outcomes}\n\n| rejected because | records |\n|---|---|\n{rejects}\n"
    )


def _flow_settings(
    inputs: list[str] | None,
    out: str | None,
    sources: list[str] | None,
    limit: int | None,
    workers: int | None,
    urls: str | None,
    mapping: dict[str, str] | None,
    wait_seconds: float | None,
    engine: str | None,
    scheduler: str | None,
) -> Settings:
    return load_settings(
        inputs=tuple(inputs) if inputs else None,
        out=out,
        sources=tuple(sources) if sources else None,
        limit=limit,
        workers=workers,
        urls=urls,
        mapping=mapping,
        wait_seconds=wait_seconds,
        engine=engine,
        scheduler=scheduler,
    )


# Threads only wait: for a place among the worker processes of this machine, or for those of a cluster.
THREADS: Any = ThreadPoolTaskRunner(max_workers=CLUSTER_BATCHES)


@flow(
    name="newsetl-etl",
    task_runner=THREADS,
    persist_result=False,
)
def etl(
    inputs: list[str] | None = None,
    out: str | None = None,
    sources: list[str] | None = None,
    limit: int | None = None,
    workers: int | None = None,
    urls: str | None = None,
    mapping: dict[str, str] | None = None,
    wait_seconds: float | None = None,
    engine: str | None = None,
    scheduler: str | None = None,
) -> RunResult:
    """Read an archive and publish its datasets; parameters left out come from newsetl.toml.

    Args:
        inputs: Files, directories, patterns (data/raw).
        out: Directory of the datasets (data/processed).
        sources: Slugs of outlets to keep; all when left out.
        limit: Read at most so many records.
        workers: Worker processes; one a core when left out.
        urls: File with lines "name, tab, URL".
        mapping: Field of newsetl -> column of the input.
        wait_seconds: How long to wait for another run that writes there; fails at once when left out.
        engine: local, or dask: a cluster.
        scheduler: Address of the cluster's scheduler.
    """
    settings = _flow_settings(inputs, out, sources, limit, workers, urls, mapping, wait_seconds, engine, scheduler)
    plan = plan_run(settings)
    get_run_logger().info("files=%d batches=%d bytes=%d", len(plan.files), len(plan.batches), plan.size_bytes)
    with open_engine(settings) as opened, Run(settings, plan, opened) as this:
        result = run_batches(this)
    report(result)
    return result


if __name__ == "__main__":
    atexit.register(gc.freeze)  # Python would look through all of Prefect's objects once more as it ends: 0.2 s
    parser = argparse.ArgumentParser(description="Run the newsetl flow once.")
    parser.add_argument("--inputs", nargs="*")
    parser.add_argument("--out")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    Console().print(run_summary(etl(given.inputs, given.out, None, given.limit, given.workers)))
