"""The command line of `newsetl`: commands, their options, examples."""

import argparse
from pathlib import Path

from newsetl import __version__
from newsetl.propose import LIMIT, MIN_SHARE
from newsetl.schema import DATASETS
from newsetl.settings import DEFAULT_INPUTS, DEFAULT_OUT, ENGINES
from newsetl.volume import NORM_DAYS

EXAMPLES = {
    "run": """examples:
  newsetl run                                        data/raw into data/processed
  newsetl run archive/ --out news/                   a folder of any mixture of formats
  newsetl run 'dumps/*.jsonl.gz' --map text=content --map date=first_seen
  newsetl run pages/ --urls pages/urls.tsv           HTML files with their addresses
  newsetl run archive/ --source turkpress --limit 1000""",
    "plan": """examples:
  newsetl plan archive/                              what would be read, in which batches; nothing is written""",
    "backfill": """examples:
  newsetl backfill --only outdated --plan            what older rules made, by source and month; nothing is written
  newsetl backfill --only outdated                   make it anew
  newsetl backfill --source turkpress --from 2019-01 --to 2020-03
  newsetl backfill --only missing                    rows that the ledger lists and the datasets lack""",
    "retry-rejects": """examples:
  newsetl retry-rejects                              read again what gave no article
  newsetl retry-rejects --stage extract --reason no-text --source turkpress""",
    "fetch": """examples:
  newsetl fetch                                      what sources.toml lists, into data/raw; then: newsetl run
  newsetl fetch --source nasim --limit 20            a few pages of one source, to try
  newsetl fetch --since 2015-01 --until 2016-01      days of the past: sitemaps by date, sections by day
docs/fetching.md explains sources.toml and the reasons why a page was not fetched.""",
    "serve": """examples:
  newsetl serve                                      a Prefect deployment for each source with a schedule
docs/fetching.md, "Schedules", has the steps.""",
    "volume": """examples:
  newsetl volume                                     what each source brought on each of the last days, and any drop
  newsetl volume --source nasim --days 90
  newsetl volume --strict                            exit code 1 when the last day is outside its range""",
    "schema": """examples:
  newsetl schema                                     all datasets
  newsetl schema quotes                              the columns of one, and what they mean""",
    "show": """examples:
  newsetl show 3f0c                                  the article whose id begins so, quotes marked
  newsetl show 3f0c --out news/""",
    "boilerplate": """examples:
  newsetl boilerplate turkpress                      lines that stand in 1% of its articles or more, with rules to paste
  newsetl boilerplate turkpress --out news/ --min-share 0.002 --limit 100""",
    "source": """examples:
  newsetl source check nasim.toml page.html          what a profile finds on a saved page; docs/adding_a_source.md
  newsetl source check nasim.toml page.html --url https://nasim.example/news/12
  newsetl source list                                the outlets that newsetl knows""",
    "verify": """examples:
  newsetl verify                                     check data/processed; nothing is changed
  newsetl verify --out news/ --repair                first finish or undo what a killed run left""",
    "migrate": """examples:
  newsetl migrate --plan                             what an update of newsetl asks for; nothing is written
  newsetl migrate --out news/                        all files at once, or none""",
}


def build_parser() -> argparse.ArgumentParser:
    """The command line, with examples for each command."""
    parser = argparse.ArgumentParser(
        prog="newsetl",
        description="Arabic news archives in, clean articles and quotes with speakers out, as partitioned Parquet.",
    )
    parser.add_argument("--version", action="version", version=f"newsetl {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=EXAMPLES[name],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    for name, summary in (("run", "read an archive and publish the datasets"), ("plan", "tell what a run would do")):
        _add_run_arguments(command(name, summary))
    _add_backfill_arguments(command("backfill", "read records again that are published, as the rules are now"))
    _add_retry_arguments(command("retry-rejects", "read records again that gave no article"))
    _add_fetch_arguments(command("fetch", "bring what is new of the sources in a file into raw WARC files"))
    served = command("serve", "run the schedules of a sources file from this machine, with Prefect")
    served.add_argument("--sources", default="sources.toml", metavar="FILE", help="what to fetch (sources.toml)")
    served.add_argument("--raw", default=DEFAULT_INPUTS[0], metavar="DIR", help=f"raw files ({DEFAULT_INPUTS[0]})")
    volume = command("volume", "tell how much each source brings a day, and warn of a drop")
    volume.add_argument("--source", action="append", metavar="SLUG", help="this outlet only; may be repeated")
    volume.add_argument("--day", metavar="DAY", help="the last day, such as 2020-01-31 (today, in UTC)")
    volume.add_argument("--days", type=int, default=NORM_DAYS + 1, metavar="N", help=f"so many days ({NORM_DAYS + 1})")
    volume.add_argument("--strict", action="store_true", help="exit code 1 when there is a drop")
    schema = command("schema", "list the columns of the datasets and what they mean")
    schema.add_argument("dataset", nargs="?", choices=list(DATASETS), help="one dataset; all when left out")
    schema.add_argument("--markdown", action="store_true", help="as Markdown (docs/schema.md)")
    show = command("show", "print an article with its quotes marked")
    show.add_argument("article_id", help="an article_id, or its beginning")
    boilerplate = command("boilerplate", "list lines that repeat across the articles of a source, as rules to confirm")
    boilerplate.add_argument("source", metavar="SOURCE", help="slug of an outlet")
    checked = command("verify", "check the datasets against each other; exit code 1 when something is wrong")
    checked.add_argument("--repair", action="store_true", help="finish or undo what a killed run left")
    checked.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="wait so long for a run (0)")
    migrated = command("migrate", "bring datasets that an older newsetl wrote up to this schema version")
    migrated.add_argument("--plan", action="store_true", help="tell what would be done; nothing is written")
    migrated.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="wait so long for a run (0)")
    for reader in (show, boilerplate, checked, migrated, volume, served):
        reader.add_argument("--out", default=DEFAULT_OUT, metavar="DIR", help=f"where the datasets lie ({DEFAULT_OUT})")
    boilerplate.add_argument(
        "--min-share", type=float, default=MIN_SHARE, metavar="S", help=f"share of the articles, 0-1 ({MIN_SHARE})"
    )
    boilerplate.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"show at most N lines ({LIMIT})")
    _add_source_arguments(command("source", "check the profile of a source on a saved page, list the known sources"))
    return parser


def _add_source_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    summary = "tell what a profile finds on a saved page; exit code 1 when it finds no body, title or date"
    check = actions.add_parser("check", help=summary, description=summary)
    check.add_argument("profile", type=Path, metavar="FILE", help="a profile, such as nasim.toml")
    check.add_argument("page", type=Path, metavar="PAGE", help="a saved page of that source")
    check.add_argument("--url", metavar="URL", help="its address (the front page of the profile's first domain)")
    list_ = actions.add_parser("list", help="list the known sources", description="list the known sources")
    list_.add_argument("--profiles", metavar="DIR", help="profiles of your own, laid over the built-in ones")


def _add_backfill_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--only", choices=("all", "outdated", "failed", "missing"), default="all", help="which records (all)")
    add("--from", dest="since", metavar="MONTH", help="first month of publication, such as 2019-01")
    add("--to", dest="until", metavar="MONTH", help="last month of publication, included")
    _add_again_arguments(parser)


def _add_fetch_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--sources", type=Path, default=Path("sources.toml"), metavar="FILE", help="what to fetch (sources.toml)")
    add("--raw", type=Path, default=Path(DEFAULT_INPUTS[0]), metavar="DIR", help=f"raw files ({DEFAULT_INPUTS[0]})")
    add("--source", action="append", metavar="SLUG", help="this source only; may be repeated")
    add("--since", metavar="DAY", help="pages published since this day, month or year, such as 2015-01")
    add("--until", metavar="DAY", help="and until this one, included")
    add("--limit", type=int, metavar="N", help="ask for at most N pages of each source")
    add("--allow-loopback", action="store_true", help="let 127.0.0.1 be asked: for tests alone")


def _add_retry_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(only="failed", since=None, until=None)
    parser.add_argument("--stage", metavar="STAGE", help="rejects of this stage only, such as extract")
    parser.add_argument("--reason", metavar="REASON", help="rejects for this reason only, such as no-text")
    _add_again_arguments(parser)


def _add_again_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--source", action="append", metavar="SLUG", help="this outlet only; may be repeated")
    add("--plan", action="store_true", help="tell what would be done, by source and month; nothing is written")
    add("--raw-root", metavar="DIR", help="where the raw files lie now (where the run found them)")
    add("--strict", action="store_true", help="exit code 1 when raw bytes are gone or changed")
    _add_engine_arguments(parser)


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("inputs", nargs="*", metavar="PATH", help=f"files, directories, patterns, URLs ({', '.join(DEFAULT_INPUTS)})")
    add("--source", action="append", metavar="SLUG", help="keep only this outlet; may be repeated")
    add("--limit", type=int, metavar="N", help="read at most N records")
    _add_engine_arguments(parser)


def _add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--workers", type=int, metavar="N", help="worker processes (one a core)")
    add("--engine", choices=ENGINES, help="who does the work: processes of this machine (local) or a cluster (dask)")
    add("--scheduler", metavar="ADDRESS", help="of the cluster, such as tcp://head:8786 (docs/cluster.md)")
    add("--out", metavar="DIR", help=f"where the datasets lie ({DEFAULT_OUT})")
    add("--map", action="append", metavar="FIELD=COLUMN", help="which column holds a field, such as text=content")
    add("--urls", metavar="FILE", help="lines of name, tab, URL: the addresses of HTML files")
    add("--profiles", metavar="DIR", help="profiles of sources of your own, laid over the built-in ones")
    add("--no-profiles", action="store_true", help="read all pages in the general way, without selectors of profiles")
    add(
        "--wait", type=float, metavar="SECONDS", help="wait so long for another run that writes there (0: fail at once)"
    )
    add("--config", type=Path, metavar="FILE", help="settings file (newsetl.toml when there is one)")
