"""Which published records a backfill reads again: asked of the ledger, one partition at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from newsetl.errors import InputError
from newsetl.io.paths import StorePath
from newsetl.io.reading import WHOLE_FILE
from newsetl.io.store import ARROW_ERRORS, open_part, part_path, published_partitions, unreadable
from newsetl.schema import SCHEMAS, Partition
from newsetl.version import pipeline_version

Only = Literal["all", "outdated", "failed", "missing"]
Month = tuple[int, int]  # year, month

PLACE = ["raw_uri", "raw_offset", "raw_sha256"]
LEDGER = [*PLACE, "raw_length", "article_id", "outcome"]
# Rows of an article in another dataset, and the column of `articles` that counts them.
COUNTED = {"paragraphs": "n_paragraphs", "sentences": "n_sentences", "quotes": "n_quotes"}
SELECTED = pa.schema(
    [
        *(SCHEMAS["records"].field(name).remove_metadata() for name in [*PLACE, "raw_length", "article_id"]),
        pa.field("why", pa.string()),
        pa.field("source", pa.string()),
        pa.field("year", pa.int32()),
        pa.field("month", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a backfill is asked to read again.

    Attributes:
        only: "all" records; those of "outdated" articles, made by another pipeline_version, and the rejects of their
            time; "failed" ones, the rejects; those whose rows are "missing".
        sources: Slugs; empty means all.
        since, until: First and last month, both included. Undated articles and rejects lie in no month: they are asked
            for without these two. "failed" has no use for them.
        stage, reason: Only rejects of this stage, for this reason; with "failed".
    """

    only: Only = "all"
    sources: tuple[str, ...] = ()
    since: Month | None = None
    until: Month | None = None
    stage: str | None = None
    reason: str | None = None

    def asks_for(self, partition: Partition) -> bool:
        """True when records of a partition may be wanted for their own sake.

        >>> Request(since=(2020, 3)).asks_for(Partition("one", 2020, 2))
        False
        """
        if self.sources and partition.source not in self.sources:
            return False
        month = (partition.year, partition.month)
        if self.only == "failed" or partition.year == 0:
            return partition.year == 0 and (self.only == "failed" or self.since is self.until is None)
        return (self.since or month) <= month <= (self.until or month)


@dataclass(frozen=True, slots=True)
class Need:
    """What of a partition is to be read again.

    Attributes:
        rejects: Whether its rejects are, when the others are chosen by their article's version.
    """

    partition: Partition
    records: int
    size_bytes: int
    rejects: bool = False


def find_needs(root: StorePath, request: Request) -> list[Need]:
    """The partitions that hold records to be read again: undated ones, where rejects lie, then the others, in order.

    A reject does not tell which version rejected it. So rejects are outdated while any article asked for is, and come
    first: a backfill that is interrupted must not leave rejects behind with no outdated article to tell of them.

    Raises:
        InputError: There is no store, or nothing of a source.
        NewsetlError: A file of the store cannot be read.
    """
    known = published_partitions(root, "records")
    if not known:
        raise InputError(f"{root}: no datasets; has a run written here?")
    if unknown := sorted(set(request.sources) - {partition.source for partition in known}):
        raise InputError(f"{root}: no records of source {unknown[0]!r}")
    asked = [partition for partition in known if request.asks_for(partition)]
    needs = [_need(root, partition, request, rejects=False) for partition in asked]
    if request.only == "outdated" and any(need.records for need in needs):
        needs = [need if need.partition.year else _need(root, need.partition, request, rejects=True) for need in needs]
    return sorted((need for need in needs if need.records), key=lambda need: (need.partition.year > 0, need.partition))


def _need(root: StorePath, partition: Partition, request: Request, *, rejects: bool) -> Need:
    rows = select_records(root, partition, request, rejects=rejects)
    return Need(partition, rows.num_rows, pc.sum(rows["raw_length"]).as_py() or 0, rejects)


def select_wanted(root: StorePath, request: Request, needs: list[Need]) -> pa.Table:
    """The records to be read again for some partitions: columns `SELECTED`, sorted by place, each record once.

    `raw_offset` is `WHOLE_FILE` where a record has none.

    Records of the same articles in other partitions come along: a duplicate of an article that is gone, or has become
    another, must have its say again.
    """
    tables = [select_records(root, need.partition, request, rejects=need.rejects) for need in needs]
    ids = pc.unique(pc.drop_null(pa.concat_tables(tables)["article_id"]))
    if len(ids):
        tables.extend(_kin(root, ids))
    columns = [name for name in SELECTED.names if name not in PLACE]
    found = pa.concat_tables(tables).group_by(PLACE, use_threads=False).aggregate([(name, "first") for name in columns])
    found = found.rename_columns([*PLACE, *columns])
    order = [(name, "ascending") for name in PLACE]
    return found.select(SELECTED.names).cast(SELECTED).sort_by(order)


def _kin(root: StorePath, ids: pa.Array) -> Iterator[pa.Table]:
    """All records of some articles, wherever they lie."""
    for partition in published_partitions(root, "records"):
        with open_part(root, part_path(root, "records", partition)) as file:
            for number in range(file.num_row_groups):
                if pc.any(pc.is_in(file.read_row_group(number, ["article_id"])["article_id"], value_set=ids)).as_py():
                    rows = file.read_row_group(number, LEDGER)
                    chosen = rows.filter(pc.is_in(rows["article_id"], value_set=ids))
                    yield _selected(chosen, partition, "same article")


def select_records(root: StorePath, partition: Partition, request: Request, *, rejects: bool) -> pa.Table:
    """The records of one partition that are asked for: columns `SELECTED`.

    Args:
        root: The store.
        partition: Where to look.
        request: What is asked for.
        rejects: With "outdated": the rejects too.
    """
    rows = _read(root, "records", partition, LEDGER)
    if request.only == "all":
        return _selected(rows, partition, "all")
    rejected = rows.filter(pc.equal(rows["outcome"], "rejected"))
    if request.only == "failed":
        return _selected(_because(root, partition, request, rejected), partition, "rejected")
    if request.only == "outdated":
        ids = _outdated(root, partition)
        rejected = rejected if rejects else rejected.slice(0, 0)
        parts = [(rejected, "rejected")]
    else:
        ids = _lost(root, partition, rows)
        parts = [(_without(rejected, _read(root, "rejects", partition, PLACE)), "missing")]
    parts.append((rows.filter(pc.is_in(rows["article_id"], value_set=ids)), request.only))
    return pa.concat_tables([_selected(part, partition, why) for part, why in parts])


def _because(root: StorePath, partition: Partition, request: Request, rejected: pa.Table) -> pa.Table:
    """Rejects of the stage and for the reason that are asked for."""
    asked = {name: value for name, value in (("stage", request.stage), ("reason", request.reason)) if value}
    if not asked:
        return rejected
    known = _read(root, "rejects", partition, [*PLACE, *asked])
    for name, value in asked.items():
        known = known.filter(pc.equal(known[name], value))
    return _filled(rejected).join(_filled(known.select(PLACE)), PLACE, join_type="left semi")


def _without(rows: pa.Table, others: pa.Table) -> pa.Table:
    return _filled(rows).join(_filled(others), PLACE, join_type="left anti")


def _filled(rows: pa.Table) -> pa.Table:
    """With `WHOLE_FILE` for no offset: a null is equal to nothing in a join."""
    offsets = pc.fill_null(rows["raw_offset"], WHOLE_FILE)
    return rows.set_column(rows.column_names.index("raw_offset"), "raw_offset", offsets)


def _outdated(root: StorePath, partition: Partition) -> pa.Array:
    """article_ids whose rows another version made."""
    articles = _read(root, "articles", partition, ["article_id", "pipeline_version"])
    others = articles.filter(pc.not_equal(articles["pipeline_version"], pipeline_version()))
    return others["article_id"].combine_chunks()


def _lost(root: StorePath, partition: Partition, records: pa.Table) -> pa.Array:
    """article_ids that the ledger lists and whose rows are not all there."""
    articles = _read(root, "articles", partition, ["article_id", *COUNTED.values()])
    listed = records.filter(pc.equal(records["outcome"], "article"))["article_id"]
    lost = [listed.filter(pc.invert(pc.is_in(listed, value_set=articles["article_id"].combine_chunks())))]
    for dataset, column in COUNTED.items():
        rows = _read(root, dataset, partition, ["article_id"]).group_by("article_id").aggregate([([], "count_all")])
        told = articles.select(["article_id", column]).join(rows, "article_id")
        lost.append(
            told.filter(pc.not_equal(told[column].cast(pa.int64()), pc.fill_null(told["count_all"], 0)))["article_id"]
        )
    return pc.unique(pa.chunked_array([chunk for column in lost for chunk in column.chunks], pa.string()))


def _selected(rows: pa.Table, partition: Partition, why: str) -> pa.Table:
    values = {"why": why, "source": partition.source, "year": partition.year, "month": partition.month}
    columns = {name: _filled(rows)[name] for name in SELECTED.names if name in LEDGER}
    constants = {
        name: pa.repeat(pa.scalar(value, SELECTED.field(name).type), len(rows)) for name, value in values.items()
    }
    return pa.table(columns | constants).select(SELECTED.names).cast(SELECTED)


def _read(root: StorePath, dataset: str, partition: Partition, columns: list[str]) -> pa.Table:
    path = part_path(root, dataset, partition)
    if not path.exists():
        return SCHEMAS[dataset].empty_table().select(columns)
    with open_part(root, path) as file:
        try:
            return file.read(columns)
        except ARROW_ERRORS as error:
            raise unreadable(path, error) from error
