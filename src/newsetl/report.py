"""What a person sees of a run: the progress line, the summary, the tables of `plan` and `schema`."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from newsetl.backfill import BackfillResult, Count
from newsetl.backfill import Group as BackfillGroup
from newsetl.plan import Plan
from newsetl.run import Progress as RunProgress
from newsetl.run import RunResult
from newsetl.schema import DATASETS, PARTITION_COLUMNS, SCHEMA_VERSION, Column

LOG_EVERY_SECONDS = 10.0
MERGING = 0.1  # share of the time of a run that merging takes, about
OUTCOMES = ("article", "duplicate", "superseded", "rejected")
ROWS_SHOWN = 12
MARKDOWN_HEAD = f"""# Columns of the datasets

Schema version {SCHEMA_VERSION}. Written by `newsetl schema --markdown`. `source`, `year` and `month` are folder names.
A type with `?` may be null.
"""


class ProgressLine:
    """Records done, their rate and the time left: a live line on a terminal, a plain line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._logged = self._started
        self._bar = Progress(
            TextColumn("{task.fields[records]:,} records"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=1.0, records=0, rate=0.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, state: RunProgress) -> None:
        """Show how far the run is."""
        elapsed = time.monotonic() - self._started
        rate = state.records / elapsed if elapsed else 0.0
        share = _share(state)
        if self._console.is_terminal:
            self._bar.update(self._task, completed=share, records=state.records, rate=rate)
        elif time.monotonic() - self._logged >= LOG_EVERY_SECONDS or share == 1.0:
            self._logged = time.monotonic()
            left = elapsed * (1 - share) / share if share else 0.0
            self._console.print(
                f"batches={state.batches_done}/{state.batches} records={state.records} "
                f"partitions={state.merged}/{state.partitions} rate={rate:.0f}/s done={share:.0%} left={left:.0f}s",
                highlight=False,
            )


def _share(state: RunProgress) -> float:
    """How much of the time of a run is over, 0 to 1."""
    if state.batches_done < state.batches:
        return (1 - MERGING) * min(0.99, state.bytes_read / max(1, state.size_bytes))
    return 1 - MERGING + MERGING * (state.merged / state.partitions if state.partitions else 0.0)


def run_summary(result: RunResult) -> RenderableType:
    """What a run did, at a glance."""
    counts = ", ".join(f"{result.outcomes.get(name, 0):,} {name}" for name in OUTCOMES)
    lines = [
        f"[bold]{result.read:,} records[/bold] = {counts}",
        f"{result.quotes:,} quotes · {result.seconds:.1f} s · {result.rate:,.0f} records/s",
        f"{result.files_written:,} files written, {result.files_unchanged:,} unchanged, in {escape(result.out)}",
    ]
    if result.taken_over:
        lines.append(f"{result.taken_over} of {len(result.batches)} batches were done by an interrupted run before")
    if result.left_out:
        lines.append(f"{result.left_out:,} records of other sources left out")
    if result.skipped_files:
        lines.append(f"{result.skipped_files:,} files of no known format skipped (newsetl plan lists them)")
    parts: list[RenderableType] = [Text.from_markup(line) for line in lines]
    if result.rejects:
        parts.append(_counts_table("rejected because", Counter(result.rejects)))
    parts.append(_months_table(result))
    return Group(*parts)


def _counts_table(title: str, counts: Counter[str]) -> Table:
    table = Table(title, "records", box=None, header_style="dim")
    for name, count in counts.most_common():
        table.add_row(escape(name), f"{count:,}")
    return table


def backfill_summary(result: BackfillResult) -> Iterator[RenderableType]:
    """What a backfill did, at a glance."""
    counts = ", ".join(f"{result.outcomes[name]:,} {name}" for name in OUTCOMES)
    yield Text.from_markup(f"[bold]{result.read:,} records read again[/bold] = {counts}")
    yield (
        f"{result.files_written:,} files written, {result.files_unchanged:,} unchanged, in {len(result.runs)} "
        f"publications, {result.seconds:.1f} s, in {escape(result.out)}"
    )
    if result.rejects:
        yield _counts_table("rejected because", result.rejects)
    yield from _gone_table(result.gone)


def backfill_tables(groups: Iterable[BackfillGroup]) -> Iterator[RenderableType]:
    """What a backfill would do: records, bytes and files by source, month and reason."""
    counts: list[Count] = []
    gone: Counter[str] = Counter()
    publications = 0
    for group in groups:
        counts += group.counts
        gone.update(group.gone)
        publications += bool(group.plan.batches)
    table = Table("source", "month", "why", "records", "bytes", "files", box=None, header_style="dim")
    for count in sorted(counts, key=lambda c: (c.source, c.year, c.month, c.why)):
        numbers = (f"{number:,}" for number in (count.records, count.size_bytes, count.files))
        table.add_row(count.source, _month(count.year, count.month), count.why, *numbers)
    if counts:
        yield table
    yield from _gone_table(gone)
    records, size_bytes = sum(c.records for c in counts), sum(c.size_bytes for c in counts)
    yield f"{records:,} records, {size_bytes:,} bytes, {publications:,} publications; nothing was written"


def _gone_table(gone: Mapping[str, int]) -> Iterator[RenderableType]:
    if not gone:
        return
    yield f"warning: {sum(gone.values()):,} records stay as they are published: their raw bytes are gone or changed"
    table = Table("raw file", "records", box=None, header_style="dim")
    for uri, count in sorted(gone.items())[:ROWS_SHOWN]:
        table.add_row(escape(uri), f"{count:,}")
    if len(gone) > ROWS_SHOWN:
        table.add_row(f"… {len(gone) - ROWS_SHOWN} more", "")
    yield table


def _month(year: int, month: int) -> str:
    return f"{year:04}-{month:02}" if year else "undated"


def source_counts(result: RunResult) -> list[tuple[str, str, int, int]]:
    """Source, month ("2020-02" or "undated"), records, articles: a row a partition, in order."""
    records: Counter[tuple[str, str]] = Counter()
    articles: Counter[tuple[str, str]] = Counter()
    for row in result.months:
        key = (row["source"], _month(row["year"], row["month"]))
        records[key] += row["records"]
        if row["outcome"] == "article":
            articles[key] += row["records"]
    return [(source, month, records[source, month], articles[source, month]) for source, month in sorted(records)]


def _months_table(result: RunResult) -> RenderableType:
    rows = source_counts(result)
    table = Table("source", "month", "records", "articles", box=None, header_style="dim")
    for source, month, records, articles in rows[:ROWS_SHOWN]:
        table.add_row(source, month, f"{records:,}", f"{articles:,}")
    if len(rows) > ROWS_SHOWN:
        table.add_row(f"… {len(rows) - ROWS_SHOWN} more", "", "", "")
    return table


def plan_tables(plan: Plan) -> Iterator[RenderableType]:
    """What a run would do: files with their formats and batches, files skipped, totals."""
    batches: dict[str, list[int]] = {}
    for batch in plan.batches:
        for piece in batch.slices:
            batches.setdefault(piece.file.uri, []).append(batch.number)
    table = Table("file", "format", "bytes", "batches", box=None, header_style="dim")
    for file in plan.files:
        numbers = batches[file.uri]
        span = f"{numbers[0]}" if numbers[0] == numbers[-1] else f"{numbers[0]}-{numbers[-1]}"
        packed = " ".join(filter(None, (file.format, file.compression, file.archive)))
        table.add_row(escape(file.uri), packed, f"{file.size_bytes:,}", span)
    yield table
    if plan.skipped:
        table = Table("skipped", "because", box=None, header_style="dim")
        for file in plan.skipped:
            table.add_row(escape(file.uri), file.skip_reason or "")
        yield table
    count = len(plan.files)
    yield f"{count:,} files, about {plan.size_bytes:,} bytes, {len(plan.batches):,} batches; nothing was written"


def _type_name(column: Column) -> str:
    return f"{column.type}{'?' if column.null else ''}"


def schema_table(dataset: str) -> Table:
    """The columns of a dataset and what they mean."""
    table = Table("column", "type", "meaning", "null means", title=dataset, title_justify="left")
    for column in (*PARTITION_COLUMNS, *DATASETS[dataset]):
        table.add_row(column.name, escape(_type_name(column)), escape(column.meaning), escape(column.null))
    return table


def markdown_schema(datasets: Sequence[str]) -> str:
    """The same as Markdown: the text of docs/schema.md."""
    parts = [MARKDOWN_HEAD]
    for dataset in datasets:
        parts.append(f"\n## {dataset}\n\n| column | type | meaning | null means |\n|---|---|---|---|\n")
        parts.extend(
            f"| {c.name} | {_type_name(c)} | {c.meaning} | {c.null} |\n"
            for c in (*PARTITION_COLUMNS, *DATASETS[dataset])
        )
    return "".join(parts)
