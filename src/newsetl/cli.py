"""The `newsetl` command: arguments in, one call, a readable result out. The options stand in `newsetl.options`."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from newsetl.backfill import Backfill, backfill, make_request
from newsetl.errors import NewsetlError, SettingsError
from newsetl.fetch.report import OUT_OF_REACH, fetch_summary
from newsetl.fetch.run_fetch import FetchJob, choose, fetch
from newsetl.fetch.sources_file import read_sources
from newsetl.fetch.window import parse_day, parse_window
from newsetl.io.fields import parse_mapping
from newsetl.io.paths import store_errors, store_path, unreachable
from newsetl.io.profiles import read_outlets
from newsetl.migrate import migrate, plan_migration, render_migration
from newsetl.options import build_parser
from newsetl.plan import plan_run
from newsetl.propose import propose_boilerplate, render_proposal
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
from newsetl.settings import Settings, load_settings
from newsetl.source_check import check_source, render_check, render_sources
from newsetl.verify import render_verification, verify
from newsetl.volume import find_drops, measure, render_volume

PIPED_WIDTH = 200  # columns when the output is no terminal: paths stay whole, lines can be searched


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
        engine=arguments.engine,
        scheduler=arguments.scheduler,
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


def fetch_command(arguments: argparse.Namespace, console: Console) -> int:
    """Bring what is new of the sources in a file into raw files, with a progress line and a summary."""
    job = FetchJob(
        choose(read_sources(arguments.sources), arguments.source or ()),
        arguments.raw,
        parse_window(arguments.since, arguments.until),
        arguments.limit,
        arguments.allow_loopback,
    )
    if job.allow_loopback:
        _tell("loopback addresses may be asked: for tests alone")
    with console.status("fetching") if console.is_terminal else nullcontext() as status:

        def show(answers: int, waiting: int) -> None:
            if status:
                status.update(f"fetching: {answers} answers, {waiting} requests wait")

        results = fetch(job, progress=show)
    for part in fetch_summary(results):
        console.print(part)
    for result in results:
        if result.is_out_of_reach:
            _tell(f"{result.slug}: {OUT_OF_REACH}")
    return 1 if any(result.is_out_of_reach for result in results) else 0


def serve_command(arguments: argparse.Namespace, _console: Console) -> int:
    """Run the schedules of a sources file: flows/serve.py, which alone knows Prefect."""
    folders = (Path.cwd(), Path(__file__).parents[2])
    script = next((found for folder in folders if (found := folder / "flows" / "serve.py").is_file()), None)
    if script is None:
        raise SettingsError("flows/serve.py is not here: run this in a checkout of newsetl")
    options = ["--sources", arguments.sources, "--raw", arguments.raw, "--out", arguments.out]
    os.execv(sys.executable, [sys.executable, str(script), *options])  # noqa: S606  no shell


def volume_command(arguments: argparse.Namespace, console: Console) -> int:
    """Tell how much each source brings a day, and warn of a drop."""
    if arguments.days < 1:
        raise SettingsError(f"--days must be 1 or more, not {arguments.days}")
    last = parse_day(arguments.day, "--day") if arguments.day else datetime.now(UTC).date()
    days = measure(store_path(arguments.out), last, arguments.source or (), arguments.days)
    drops = find_drops(days)
    for part in render_volume(days, drops):
        console.print(part)
    return 1 if arguments.strict and drops else 0


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
    from newsetl.show import render_article  # noqa: PLC0415  it brings pandas, 0.2 s that no other command need spend

    for part in render_article(arguments.article_id, store_path(arguments.out)):
        console.print(part)


def boilerplate_command(arguments: argparse.Namespace, console: Console) -> None:
    """List lines that repeat across the articles of a source, and rules that would take them out."""
    if arguments.limit < 1:
        raise SettingsError(f"--limit must be 1 or more, not {arguments.limit}")
    proposal = propose_boilerplate(arguments.source, store_path(arguments.out), min_share=arguments.min_share)
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
    found = verify(store_path(arguments.out), repair=arguments.repair, wait_seconds=arguments.wait)
    for part in render_verification(found):
        console.print(part, soft_wrap=isinstance(part, Text))  # a problem stays on its line
    return 1 if found.problems else 0


def migrate_command(arguments: argparse.Namespace, console: Console) -> None:
    """Bring a store of an older schema version up to this one, or tell what that would do."""
    root = store_path(arguments.out)
    if arguments.plan:
        migration = plan_migration(root, arguments.wait)
    else:
        with console.status("writing files anew") if console.is_terminal else nullcontext():
            migration = migrate(root, arguments.wait)
    for part in render_migration(migration):
        console.print(part, soft_wrap=isinstance(part, Text))


COMMANDS: dict[str, Any] = {
    "run": run_command,
    "plan": plan_command,
    "backfill": backfill_command,
    "retry-rejects": backfill_command,
    "fetch": fetch_command,
    "serve": serve_command,
    "volume": volume_command,
    "schema": schema_command,
    "show": show_command,
    "boilerplate": boilerplate_command,
    "source": source_command,
    "verify": verify_command,
    "migrate": migrate_command,
}


# What an interrupted command leaves, where it is not nothing.
_GROUPS = "nothing was published; groups before stay published, the same command goes on"
INTERRUPTED = {
    "backfill": _GROUPS,
    "retry-rejects": _GROUPS,
    "fetch": "what was fetched is kept, the same command goes on",
}


def _tell(line: object) -> None:
    print(f"newsetl: {line}", file=sys.stderr)  # noqa: T201  the one line a user sees


def _notes(error: BaseException) -> list[str]:
    """What a run has added to an error that went through it."""
    cause = error.__cause__
    return [*getattr(error, "__notes__", ()), *(_notes(cause) if cause else ())]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Exit codes: 0 done, 1 a profile finds nothing (`source check`), the datasets have a fault (`verify`), a source is
    out of reach (`fetch`), raw bytes are gone or a source brings less (`--strict`), 2 the input, the output or an
    option is unusable, 130 interrupted.
    """
    arguments = build_parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
        code: int | None = COMMANDS[arguments.command](arguments, console)
    except store_errors() as error:
        out = str(vars(arguments).get("out"))
        if "://" not in out:
            raise
        _tell(unreachable(out, error))
        return 2
    except NewsetlError as error:
        _tell("; ".join([str(error), *_notes(error)]))
        return 2
    except KeyboardInterrupt as error:
        told = INTERRUPTED.get(arguments.command, "nothing was published")
        _tell("; ".join([f"interrupted; {told}", *_notes(error)]))
        return 130
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
