"""Run the schedules of a sources file from this machine, without a work pool or worker: `newsetl serve`.

    prefect server start                                    in another terminal, then
    export PREFECT_API_URL=http://127.0.0.1:4200/api
    python flows/serve.py --sources sources.toml

One deployment of the flow newsetl-fetch for each source that has a schedule, and one to start by hand for each flow.
Ends with Ctrl-C; the schedules pause then.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from etl import etl  # before Prefect: it sets Prefect's environment

# isort: split
from newsetl.fetch.sources_file import read_sources
from prefect import serve
from prefect.schedules import Cron

from backfill import backfill
from fetch import fetch_news


def deployments(sources: Path, raw: Path, out: Path | None) -> list[Any]:
    """What is served. Paths become absolute: runs begin in folders of their own."""
    fixed = {"sources": str(sources.resolve()), "raw": str(raw.resolve()), "out": str(out.resolve()) if out else None}
    found = [
        fetch_news.to_deployment(
            name=source.slug,
            schedule=Cron(source.schedule, timezone=source.timezone or "UTC"),
            parameters={**fixed, "source": [source.slug]},
            concurrency_limit=1,
        )
        for source in read_sources(sources).sources
        if source.schedule
    ]
    by_hand = [
        fetch_news.to_deployment(name="ad-hoc", parameters=fixed),
        backfill.to_deployment(name="ad-hoc", parameters={"out": fixed["out"]}),
        etl.to_deployment(name="ad-hoc", parameters={"inputs": [fixed["raw"]], "out": fixed["out"]}),
    ]
    return found + by_hand


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the schedules of a sources file from this machine.")
    parser.add_argument("--sources", type=Path, default=Path("sources.toml"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if not os.environ.get("PREFECT_API_URL"):
        sys.exit(
            "newsetl: no Prefect server is named: run `prefect server start` in another terminal, then here "
            "`export PREFECT_API_URL=http://127.0.0.1:4200/api`"
        )
    serve(*deployments(given.sources, given.raw, given.out))
