"""The `newsetl` command: arguments in, one call, a readable result out."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from newsetl import __version__
from newsetl.backfill import Backfill, backfill, make_request
from newsetl.errors import NewsetlError, SettingsError
from newsetl.io.fields import parse_mapping
from newsetl.io.profiles import read_outlets
from newsetl.plan import plan_run
from newsetl.propose import LIMIT, MIN_SHARE, propose_boilerplate, render_proposal
from newsetl.report import (
    ProgressLine,
    backfill_summary,
    backfill_tables,
    markdown_schema,
    plan_tables,
    run_summary,
    schema_table,
)
from newsetl.run import run
from newsetl.schema import DATASETS
from newsetl.settings import DEFAULT_INPUTS, DEFAULT_OUT, Settings, load_settings
from newsetl.show import render_article
from newsetl.source_check import check_source, render_check, render_sources
from newsetl.verify import render_verification, verify

PIPED_WIDTH = 200  # columns when the output is no terminal: paths stay whole, lines can be searched

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
    for reader in (show, boilerplate, checked):
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
    add("inputs", nargs="*", metavar="PATH", help=f"files, directories, patterns ({', '.join(DEFAULT_INPUTS)})")
    add("--source", action="append", metavar="SLUG", help="keep only this outlet; may be repeated")
    add("--limit", type=int, metavar="N", help="read at most N records")
    _add_engine_arguments(parser)


def _add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--workers", type=int, metavar="N", help="worker processes (one a core)")
    add("--out", metavar="DIR", help=f"where the datasets lie ({DEFAULT_OUT})")
    add("--map", action="append", metavar="FIELD=COLUMN", help="which column holds a field, such as text=content")
    add("--urls", metavar="FILE", help="lines of name, tab, URL: the addresses of HTML files")
    add("--profiles", metavar="DIR", help="profiles of sources of your own, laid over the built-in ones")
    add("--no-profiles", action="store_true", help="read all pages in the general way, without selectors of profiles")
    add(
        "--wait", type=float, metavar="SECONDS", help="wait so long for another run that writes there (0: fail at once)"
    )
    add("--config", type=Path, metavar="FILE", help="settings file (newsetl.toml when there is one)")


def settings_from(arguments: argparse.Namespace) -> Settings:
    """The settings that a command line asks for.

    Raises:
        SettingsError: An option makes no sense.
    """
    return load_settings(
        arguments.config,
        inputs=tuple(arguments.inputs) or None,
        out=arguments.out,
        sources=tuple(arguments.source) if arguments.source else None,
        limit=arguments.limit,
        workers=arguments.workers,
        mapping=parse_mapping(arguments.map or ()),
        urls=arguments.urls,
        profiles=arguments.profiles,
        use_profiles=False if arguments.no_profiles else None,
        wait_seconds=arguments.wait,
    )


def run_command(arguments: argparse.Namespace, console: Console) -> None:
    """Read an archive and publish the datasets, with a progress line and a summary."""
    settings = settings_from(arguments)
    plan = plan_run(settings)
    with ProgressLine(console) as line:
        result = run(settings, plan, line.update)
    console.print(run_summary(result))


def plan_command(arguments: argparse.Namespace, console: Console) -> None:
    """Tell what a run would do."""
    for part in plan_tables(plan_run(settings_from(arguments))):
        console.print(part)


def backfill_command(arguments: argparse.Namespace, console: Console) -> int:
    """Read published records again, with a progress line and a summary; or tell what that would do."""
    given = vars(arguments)
    names = ("only", "since", "until", "stage", "reason")
    request = make_request(
        sources=arguments.source or (), **{name: given[name] for name in names if given.get(name) is not None}
    )
    settings = settings_from(argparse.Namespace(**{**given, "inputs": (), "source": None, "limit": None}))
    job = Backfill(settings, request, arguments.raw_root)
    if arguments.plan:
        for part in backfill_tables(map(job.plan, job.groups)):
            console.print(part)
        return 0
    with ProgressLine(console) as line:
        result = backfill(job, line.update)
    for part in backfill_summary(result):
        console.print(part)
    return 1 if arguments.strict and result.gone else 0


def schema_command(arguments: argparse.Namespace, console: Console) -> None:
    """List the columns of the datasets."""
    names = [arguments.dataset] if arguments.dataset else list(DATASETS)
    if arguments.markdown:
        sys.stdout.write(markdown_schema(names))
        return
    for name in names:
        console.print(schema_table(name))


def show_command(arguments: argparse.Namespace, console: Console) -> None:
    """Print an article with its quotes marked."""
    for part in render_article(arguments.article_id, Path(arguments.out)):
        console.print(part)


def boilerplate_command(arguments: argparse.Namespace, console: Console) -> None:
    """List lines that repeat across the articles of a source, and rules that would take them out."""
    if arguments.limit < 1:
        raise SettingsError(f"--limit must be 1 or more, not {arguments.limit}")
    proposal = propose_boilerplate(arguments.source, Path(arguments.out), min_share=arguments.min_share)
    for part in render_proposal(proposal, arguments.limit):
        console.print(part, soft_wrap=isinstance(part, Text))  # a phrase stays on its line


def source_command(arguments: argparse.Namespace, console: Console) -> int:
    """Check the profile of a source on a saved page, or list the known sources."""
    if arguments.action == "list":
        console.print(render_sources(read_outlets(arguments.profiles)))
        return 0
    check = check_source(arguments.profile, arguments.page, arguments.url)
    for part in render_check(check):
        console.print(part)
    return 1 if check.missing else 0


def verify_command(arguments: argparse.Namespace, console: Console) -> int:
    """Check a store, and finish or undo what a killed run left."""
    found = verify(Path(arguments.out), repair=arguments.repair, wait_seconds=arguments.wait)
    for part in render_verification(found):
        console.print(part, soft_wrap=isinstance(part, Text))  # a problem stays on its line
    return 1 if found.problems else 0


COMMANDS: dict[str, Any] = {
    "run": run_command,
    "plan": plan_command,
    "backfill": backfill_command,
    "retry-rejects": backfill_command,
    "schema": schema_command,
    "show": show_command,
    "boilerplate": boilerplate_command,
    "source": source_command,
    "verify": verify_command,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Exit codes: 0 done, 1 a profile finds nothing (`source check`), the datasets have a fault (`verify`) or raw bytes
    are gone (`--strict`), 2 the input, the output or an option is unusable, 130 interrupted.
    """
    arguments = build_parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
        code: int | None = COMMANDS[arguments.command](arguments, console)
    except NewsetlError as error:
        print(f"newsetl: {error}", file=sys.stderr)  # noqa: T201  the one line a user sees
        return 2
    except KeyboardInterrupt:
        before = "; groups before stay published, the same command goes on" if "raw_root" in arguments else ""
        print(f"newsetl: interrupted; nothing was published{before}", file=sys.stderr)  # noqa: T201  the one line a user sees
        return 130
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
