"""A backfill as a Prefect flow: plan, then for each group of partitions process its batches and publish it.

    python flows/backfill.py --only outdated --out news/
    python flows/backfill.py --source turkpress --from 2019-01 --to 2020-03

The parameters are those of `newsetl backfill` and `newsetl retry-rejects`, and so is the work: `newsetl.backfill`. The
tasks are those of flows/etl.py.
"""

import argparse

from etl import THREADS, run_batches  # before Prefect: it sets Prefect's environment

# isort: split
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from rich.console import Console

from newsetl.backfill import Backfill, BackfillResult, make_request
from newsetl.engine import open_engine
from newsetl.plan import Plan
from newsetl.report import OUTCOMES, backfill_summary
from newsetl.run import Run, RunResult
from newsetl.settings import load_settings


@task(cache_policy=NO_CACHE, persist_result=False)
def report(result: BackfillResult) -> None:
    """An artifact: the backfill in words."""
    counts = "\n".join(f"| {name} | {result.outcomes[name]} |" for name in OUTCOMES)
    gone = "\n".join(f"| {uri} | {count} |" for uri, count in sorted(result.gone.items())) or "| none | 0 |"
    text = (
        f"# {result.read} records read again into {result.out}\n\n{result.seconds:.1f} s, {len(result.runs)} "
        f"publications; {result.files_written} files written, {result.files_unchanged} unchanged.\n\n"
        f"| outcome | records |\n|---|---|\n{counts}\n\n| raw bytes gone or changed | records |\n|---|---|\n{gone}\n"
    )
    create_markdown_artifact(text, key="newsetl-backfill", description="newsetl backfill")


@flow(name="newsetl-backfill", task_runner=THREADS, persist_result=False)
def backfill(
    sources: list[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    only: str = "all",
    stage: str | None = None,
    reason: str | None = None,
    out: str | None = None,
    raw_root: str | None = None,
    workers: int | None = None,
    urls: str | None = None,
    mapping: dict[str, str] | None = None,
    engine: str | None = None,
    scheduler: str | None = None,
) -> BackfillResult:
    """Read published records again; parameters left out come from newsetl.toml.

    Args:
        sources: Slugs of outlets; all when left out.
        since: First month of publication, such as 2019-01.
        until: Last month, included.
        only: all, outdated, failed or missing records.
        stage: With only = failed: rejects of this stage.
        reason: With only = failed: rejects for this reason.
        out: Directory of the datasets (data/processed).
        raw_root: Where the raw files lie now; where the run found them when left out.
        workers: Worker processes; one a core when left out.
        urls: File with lines "name, tab, URL".
        mapping: Field of newsetl -> column of the input.
        engine: local, or dask: a cluster.
        scheduler: Address of the cluster's scheduler.
    """
    request = make_request(only=only, sources=sources or (), since=since, until=until, stage=stage, reason=reason)
    settings = load_settings(out=out, workers=workers, urls=urls, mapping=mapping, engine=engine, scheduler=scheduler)
    job = Backfill(settings, request, raw_root)
    get_run_logger().info("groups=%d records=%d", len(job.groups), sum(n.records for g in job.groups for n in g))
    with open_engine(job.settings) as opened:

        def publish_group(plan: Plan) -> RunResult:
            with Run(job.settings, plan, opened) as this:
                return run_batches(this)

        result = job.run(publish_group)
    report(result)
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the newsetl backfill flow once.")
    parser.add_argument("--source", action="append")
    parser.add_argument("--from", dest="since")
    parser.add_argument("--to", dest="until")
    parser.add_argument("--only", default="all")
    for name in ("--stage", "--reason", "--out", "--raw-root"):
        parser.add_argument(name)
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    parameters = {name: value for name, value in vars(given).items() if name != "source"}
    for part in backfill_summary(backfill(sources=given.source, **parameters)):
        Console().print(part)
