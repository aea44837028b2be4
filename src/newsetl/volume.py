"""How much each source brings a day, and how good it is: a feed that dries up or a page that changed shows here first.

A day is the day of the fetch, as the folder of the raw file says (``<source>/<yyyy-mm-dd>/``, made by newsetl fetch);
records from elsewhere are not counted.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from statistics import median

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from newsetl.errors import InputError
from newsetl.io.paths import StorePath
from newsetl.io.store import published_partitions, read_batches
from newsetl.schema import Partition

# Days that the newest one is compared with, and how many of them there must be.
NORM_DAYS = 28
MIN_DAYS = 7
# Pages fetched now were published not longer ago than this, or have no day. What is older is not looked at. Days.
LATE_DAYS = 62
# A median absolute deviation times this is a standard deviation where the values are normal; three of them are usual.
MAD = 3 * 1.4826
# Smaller changes are no drop, however regular the days before were: as a part of the median, or in shares (0-1).
LEAST_PART = 0.5
LEAST_SHARE = 0.2
ROWS_AT_ONCE = 10_000
_DAY = re.compile(r"(?:.*/)?(\d{4}-\d{2}-\d{2})/[^/]*")


@dataclass(frozen=True, slots=True)
class Day:
    """What was fetched of a source on a day. Shares are 0-1; None where there is nothing to take them of.

    Attributes:
        records: Records read, whatever became of them.
        articles: Articles kept.
        dated: Share of the articles with a day of publication.
        authored: Share of the articles with an author.
        length: Median of the articles' lengths in characters.
        rejected: Share of the records that gave no article.
    """

    source: str
    day: date
    records: int = 0
    articles: int = 0
    dated: float | None = None
    authored: float | None = None
    length: float | None = None
    rejected: float | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """A figure of a day that is outside the range of the days before.

    Attributes:
        bound: What it should at least be; of `rejected`, at most.
        is_silence: True when there are no articles at all where there always were some.
    """

    source: str
    day: date
    figure: str
    value: float
    bound: float
    is_silence: bool = False

    def __str__(self) -> str:
        side = "above" if self.figure == "rejected" else "below"
        return f"{self.source} {self.day}: {self.figure} {self.value:.4g}, {side} {self.bound:.4g}"


@dataclass(slots=True)
class _Tally:
    records: int = 0
    rejected: int = 0
    dated: int = 0
    authored: int = 0
    lengths: list[int] = field(default_factory=list)

    def day(self, source: str, day: date) -> Day:
        n, found = self.records, len(self.lengths)
        if not n:
            return Day(source, day)
        if not found:
            return Day(source, day, n, rejected=self.rejected / n)
        dated, authored, length = self.dated / found, self.authored / found, median(self.lengths)
        return Day(source, day, n, found, dated, authored, length, self.rejected / n)


def measure(root: StorePath, last: date, sources: Sequence[str] = (), days: int = NORM_DAYS + 1) -> list[Day]:
    """The figures of each source and day, by source, oldest first; days without any are there as nothing.

    A source begins with the first day that has a record.

    Args:
        root: The store.
        last: The newest day.
        sources: Slugs; all when none is named.
        days: How many days up to the last.

    Raises:
        InputError: There is no store.
    """
    if not (root / "records").is_dir():
        raise InputError(f"{root}: no datasets; has a run written here?")
    first = last - timedelta(days=days - 1)
    tallies: dict[str, dict[date, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    for partition in published_partitions(root, "records"):
        if _is_near(partition, first) and (not sources or partition.source in sources):
            _count(root, partition, tallies[partition.source])
    found = []
    for source, by_day in sorted(tallies.items()):
        begin = max(first, min(by_day, default=date.max))
        every = (begin + timedelta(days=n) for n in range((last - begin).days + 1))
        found += [by_day.get(day, _Tally()).day(source, day) for day in every]
    return found


def find_drops(days: Iterable[Day]) -> list[Drop]:
    """What of each source's newest day is outside the range of the days before it.

    The range of the days that have a figure begins at their median less three deviations, or less the half of it (of
    shares: 0.2) where that is more. Fewer than seven days before have no range.
    """
    return [drop for _, group in groupby(days, lambda day: day.source) for drop in _drops([*group][-NORM_DAYS - 1 :])]


def _drops(days: list[Day]) -> Iterator[Drop]:
    *before, newest = days
    for figure in ("articles", "dated", "authored", "length", "rejected"):
        known = [value for day in before if (value := getattr(day, figure)) is not None]
        value = getattr(newest, figure)
        if value is None or len(known) < MIN_DAYS:
            continue
        middle = median(known)
        spread = MAD * median(abs(one - middle) for one in known)
        if figure == "rejected":
            bound = middle + max(spread, LEAST_SHARE)
            is_out = value > bound
        else:
            bound = middle - max(spread, middle * LEAST_PART if figure in {"articles", "length"} else LEAST_SHARE)
            is_out = value < bound
        is_silence = figure == "articles" and value == 0 and min(known) > 0
        if is_out or is_silence:
            yield Drop(newest.source, newest.day, figure, value, max(bound, 0.0), is_silence)


def _is_near(partition: Partition, first: date) -> bool:
    oldest = first - timedelta(days=LATE_DAYS)
    return partition.year == 0 or (partition.year, partition.month) >= (oldest.year, oldest.month)


def _count(root: StorePath, partition: Partition, tallies: dict[date, _Tally]) -> None:
    for table in read_batches(root, "records", partition, ROWS_AT_ONCE, ["raw_uri", "outcome"]):
        for uri, outcome in zip(table["raw_uri"].to_pylist(), table["outcome"].to_pylist(), strict=True):
            if day := _day(uri):
                tallies[day].records += 1
                tallies[day].rejected += outcome == "rejected"
    columns = ["raw_uri", "published_on", "authors", "n_chars"]
    for table in read_batches(root, "articles", partition, ROWS_AT_ONCE, columns):
        for row in table.to_pylist():
            if day := _day(row["raw_uri"]):
                tally = tallies[day]
                tally.dated += row["published_on"] is not None
                tally.authored += bool(row["authors"])
                tally.lengths.append(row["n_chars"])


def _day(uri: str) -> date | None:
    match = _DAY.fullmatch(uri)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


# --- for people -----------------------------------------------------------------------------------------------------


def volume_rows(days: Iterable[Day]) -> list[dict[str, str]]:
    """The figures as text, a row for each source and day."""
    return [
        {
            "source": day.source,
            "day": day.day.isoformat(),
            "records": str(day.records),
            "articles": str(day.articles),
            "dated": _share(day.dated),
            "with author": _share(day.authored),
            "median length": "" if day.length is None else f"{day.length:.0f}",
            "rejected": _share(day.rejected),
        }
        for day in days
    ]


def render_volume(days: Sequence[Day], drops: Sequence[Drop]) -> Iterator[RenderableType]:
    """The figures as a table, then the drops."""
    rows = volume_rows(days)
    if not rows:
        yield "no record came from newsetl fetch in these days"
        return
    table = Table(box=None)
    for name in rows[0]:
        table.add_column(name, justify="left" if name in {"source", "day"} else "right")
    for row in rows:
        table.add_row(*row.values())
    yield table
    for drop in drops:
        yield Text(str(drop), "bold red" if drop.is_silence else "yellow")


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
