"""What a fetch did, for people: tables for the terminal, rows for artifacts."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from newsetl.fetch.collection import SourceResult

OUTCOMES = ("fetched", "unchanged", "refused", "failed", "later")
MAX_LINES = 20
OUT_OF_REACH = "no feed, sitemap or section could be read"


def fetch_summary(results: Sequence[SourceResult]) -> Iterator[RenderableType]:
    """Pages by source and outcome, the reasons, what was odd."""
    table = Table(box=None, title="pages", title_justify="left")
    for name in ("source", "found", "due", *OUTCOMES, "MB", "files"):
        table.add_column(name, justify="left" if name == "source" else "right")
    for one in results:
        counts = [str(one.count(outcome)) for outcome in OUTCOMES]
        table.add_row(
            one.slug, str(one.found), str(one.due), *counts, f"{one.bytes_received / 1e6:.1f}", str(len(one.files))
        )
    yield table
    reasons = [row for row in reason_counts(results) if row[3]]
    if reasons:
        table = Table(box=None, title="not fetched, because", title_justify="left")
        for name in ("source", "host", "outcome", "reason", "answers"):
            table.add_column(name)
        for row in reasons[:MAX_LINES]:
            table.add_row(*map(str, row))
        yield table
    remarks = [f"{one.slug}: {remark}" for one in results for remark in one.remarks]
    yield from (escape(line) for line in remarks[:MAX_LINES])
    if len(remarks) > MAX_LINES:
        yield f"… and {len(remarks) - MAX_LINES} more"


def reason_counts(results: Sequence[SourceResult]) -> list[tuple[str, str, str, str, int]]:
    """Answers by source, host, outcome and reason, the most frequent first."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for one in results:
        for (host, outcome, reason), number in one.hosts.items():
            counts[one.slug, host, outcome, reason] += number
    return [(*key, number) for key, number in counts.most_common()]
