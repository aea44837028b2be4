"""Reading again the records behind published partitions: what would be done, and doing it group by group.

The ledger (`records`) says where each record lies and what its bytes were. A backfill reads exactly those again that it
is asked for and publishes what they give now, as any run does: rows of the same place give way, no others are touched.
Each group of partitions is a run of its own. An interrupted backfill has published whole groups; done again it finds
less to do where rows tell what is done (outdated, missing).
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from typing import Any

import pyarrow as pa

from newsetl.engine import open_engine
from newsetl.errors import NewsetlError, SettingsError
from newsetl.io.files import InputFile
from newsetl.io.paths import store_path
from newsetl.io.profiles import read_outlets
from newsetl.io.raw import EarlierRuns, RawFiles, read_earlier_runs
from newsetl.io.readers import Wanted
from newsetl.io.selection import Month, Need, Request, find_needs, select_wanted
from newsetl.plan import Plan, Slice, group_slices
from newsetl.run import Progress, RunResult, run_with
from newsetl.settings import MAX_PARTS, Settings

# Raw bytes that make a group: about ten minutes of work for one core. Less would spend its time on publications and on
# reading large files again for each group; more would be lost with an interruption.
GROUP_BYTES = 400_000_000
MONTH = re.compile(r"([1-9]\d{3})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Count:
    """Records to be read again of one source and month, for one reason."""

    source: str
    year: int
    month: int
    why: str
    records: int
    size_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Group:
    """Partitions that are published together.

    Attributes:
        plan: The records to read, in batches.
        gone: Records whose file is not there any more, by uri. They stay as they are published.
        counts: What is wanted, with what is gone.
    """

    plan: Plan
    gone: dict[str, int]
    counts: list[Count]


@dataclass(slots=True)
class BackfillResult:
    """What a backfill did, over all its groups."""

    out: str
    runs: list[str] = field(default_factory=list)
    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    files_written: int = 0
    files_unchanged: int = 0
    gone: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, result: RunResult) -> None:
        """Count what was published of a group."""
        self.runs.append(result.run_id)
        self.read += result.read
        self.outcomes.update(result.outcomes)
        self.rejects.update(result.rejects)
        self.files_written += result.files_written
        self.files_unchanged += result.files_unchanged
        self.gone.update(result.gone)


class Backfill:
    """A backfill about to be done.

    Attributes:
        settings: How its records are processed: as given, or else as by the runs that read them first.
        groups: The partitions of each group.
    """

    def __init__(
        self, settings: Settings, request: Request, raw_root: str | None = None, group_bytes: int = GROUP_BYTES
    ) -> None:
        """Ask the ledger what there is to do; writes nothing.

        Args:
            settings: Where the store lies and how to process. Its inputs, sources and limit have no meaning here.
            request: What to read again.
            raw_root: Folder that raw files lie below now; None: where the runs found them.
            group_bytes: Raw bytes after which a publication is made.

        Raises:
            InputError: There is no store, or nothing of a source.
            RuleError: A profile of the user's breaks the format.
            NewsetlError: A file of the store cannot be read.
        """
        self._root = store_path(settings.out)
        self._request = request
        self._raw = RawFiles(raw_root)
        self._earlier = read_earlier_runs(self._root)
        self.settings = _as_before(settings, self._earlier)
        read_outlets(self.settings.profiles, use_profiles=self.settings.use_profiles)  # a broken one is met before work
        self.groups = list(split_needs(find_needs(self._root, request), group_bytes))

    def plan(self, needs: list[Need]) -> Group:
        """The records to read for a group, as the ledger lists them now."""
        wanted = select_wanted(self._root, self._request, needs)
        gone: Counter[str] = Counter()
        slices: list[tuple[Slice, int]] = []
        for uri, rows in split_by_file(wanted):
            file = self._raw.find(uri)
            if file is None:
                gone[uri] += rows.num_rows
            else:
                slices.extend(cut_wanted(self._slice(file), rows, self.settings.batch_bytes))
        about = {"backfill": asdict(self._request)}
        plan = Plan(tuple(group_slices(slices, self.settings.batch_bytes)), about=about)
        return Group(plan, dict(gone), count_wanted(wanted))

    def run(self, publish: Callable[[Plan], RunResult]) -> BackfillResult:
        """Do all groups, one after the other.

        Args:
            publish: Processes the batches of a plan and publishes what they give.
        """
        started = time.monotonic()
        result = BackfillResult(self.settings.out)
        for needs in self.groups:
            group = self.plan(needs)
            result.gone.update(group.gone)
            if group.plan.batches:
                result.add(self._published(publish, group.plan, len(result.runs)))
        result.seconds = time.monotonic() - started
        return result

    def _published(self, publish: Callable[[Plan], RunResult], plan: Plan, before: int) -> RunResult:
        try:
            return publish(plan)
        except NewsetlError as error:
            if not before:
                raise
            done = f"{before} of {len(self.groups)} groups were published before"
            raise type(error)(f"{error} ({done}; the same command goes on)") from error

    def _slice(self, file: InputFile) -> Slice:
        """A file as it was read before: with its mapping, and its URL when it is a page."""
        manner = self._earlier.manners.get(file.uri)
        fields = manner.mapping if manner and not self.settings.mapping else None
        url = self._raw.address(file.uri) if file.format in ("html", "text") else None
        urls = self.settings.urls or (manner.urls if manner else None)
        if urls and not url:
            table = self._raw.table(urls)
            url = table.get(file.uri) or table.get(file.name)
        return Slice(file, url=url, fields=fields)


def _as_before(settings: Settings, earlier: EarlierRuns) -> Settings:
    """Settings for a backfill: profiles as in the last run unless others are given, every source, no limit."""
    return replace(
        settings,
        sources=(),
        limit=None,
        profiles=settings.profiles or earlier.profiles,
        use_profiles=settings.use_profiles and earlier.use_profiles,
    )


def backfill(job: Backfill, watch: Callable[[Progress], None] = lambda _: None) -> BackfillResult:
    """The whole backfill on one machine, with one set of worker processes.

    Args:
        job: What to do.
        watch: Told about twice a second how far it is; batches are those of the group at work.

    Raises:
        NewsetlError: As for `run`; groups before stay published.
    """
    total = sum(need.size_bytes for needs in job.groups for need in needs)
    before = Progress(0, 0, 0, 0, 0)

    def publish(plan: Plan) -> RunResult:
        nonlocal before
        start = before

        def look(now: Progress) -> None:
            nonlocal before
            before = replace(
                now,
                records=start.records + now.records,
                bytes_read=start.bytes_read + now.bytes_read,
                size_bytes=total,
                batches=now.batches + (start.bytes_read + plan.size_bytes < total),  # not the end while groups follow
            )
            watch(before)

        return run_with(engine, job.settings, plan, look)

    with open_engine(job.settings) as engine:
        return job.run(publish)


# --- planning: pure -------------------------------------------------------------------------------------------------


def parse_month(text: str) -> Month:
    """A month from ``2019-01``.

    Raises:
        SettingsError: It is no month.

    >>> parse_month("2019-01")
    (2019, 1)
    """
    match = MONTH.fullmatch(text)
    if match is None:
        raise SettingsError(f"{text!r} is no month; write it as 2019-01")
    return int(match[1]), int(match[2])


def make_request(  # noqa: PLR0913  an option each, by name
    *,
    only: str = "all",
    sources: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    stage: str | None = None,
    reason: str | None = None,
) -> Request:
    """A request from words of the command line.

    Raises:
        SettingsError: It makes no sense.
    """
    if only not in ("all", "outdated", "failed", "missing"):
        raise SettingsError(f"only must be all, outdated, failed or missing, not {only!r}")
    first, last = (parse_month(text) if text else None for text in (since, until))
    if first and last and first > last:
        raise SettingsError(f"no month lies from {since} to {until}")
    return Request(only, tuple(sources), first, last, stage, reason)  # type: ignore[arg-type]  # checked above


def split_needs(needs: Sequence[Need], group_bytes: int) -> Iterator[list[Need]]:
    """Needs in groups of at most so many bytes, or of one partition; their order stays."""
    group: list[Need] = []
    size = 0
    for need in needs:
        if group and size + need.size_bytes > group_bytes:
            yield group
            group, size = [], 0
        group.append(need)
        size += need.size_bytes
    if group:
        yield group


def split_by_file(wanted: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Rows sorted by place, one file after the other."""
    start = 0
    for uri, run in groupby(value.as_py() for value in wanted["raw_uri"]):
        count = sum(1 for _ in run)
        yield uri, wanted.slice(start, count)
        start += count


def cut_wanted(piece: Slice, rows: pa.Table, batch_bytes: int) -> Iterator[tuple[Slice, int]]:
    """The wanted records of a file as slices with their bytes; several where they are more than a batch.

    Each slice reads its file from the start and stops at its last record.
    """
    lengths = rows["raw_length"].to_pylist()
    wanted = Wanted.of(zip(rows["raw_offset"].to_pylist(), rows["raw_sha256"].to_pylist(), strict=True))
    parts = max(1, min(MAX_PARTS, len(wanted), -(-sum(lengths) // batch_bytes)))
    for part in range(parts):
        start, stop = (len(wanted) * at // parts for at in (part, part + 1))
        yield replace(piece, wanted=wanted.part(start, stop), limit=stop - start), sum(lengths[start:stop])


def count_wanted(wanted: pa.Table) -> list[Count]:
    """What is wanted by source, month and reason, in order."""
    keys = ["source", "year", "month", "why"]
    counts = wanted.group_by(keys).aggregate([([], "count_all"), ("raw_length", "sum"), ("raw_uri", "count_distinct")])
    names = [*keys, "count_all", "raw_length_sum", "raw_uri_count_distinct"]
    rows: list[dict[str, Any]] = counts.sort_by([(key, "ascending") for key in keys]).to_pylist()
    return [Count(*(row[name] for name in names)) for row in rows]
