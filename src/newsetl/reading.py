"""Reading the datasets back as pandas frames with stable types. Plain `pd.read_parquet` works as well."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from newsetl.errors import InputError, SettingsError
from newsetl.io.paths import StorePath, store_path
from newsetl.schema import DATASETS, PARTITION_COLUMNS, SCHEMAS, refuse_other_version, version_of
from newsetl.settings import DEFAULT_OUT

if TYPE_CHECKING:
    import pandas as pd

LOOKS_AT_ONCE = 8  # files whose footers are read at the same time
PARTITIONING = ds.partitioning(pa.schema([(c.name, c.type) for c in PARTITION_COLUMNS]), flavor="hive")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are wanted; None means all."""

    sources: list[str] | None
    since: date | None
    until: date | None

    def months(self) -> pc.Expression:
        """The partitions that can hold the rows."""
        month = ds.field("year") * 12 + ds.field("month")
        condition = pc.scalar(True)  # noqa: FBT003  the value itself
        if self.sources is not None:
            condition &= ds.field("source").isin(self.sources)
        if self.since:
            condition &= month >= self.since.year * 12 + self.since.month
        if self.until:
            condition &= (month <= self.until.year * 12 + self.until.month) & (ds.field("year") > 0)
        return condition

    def days(self, dataset: str, root: StorePath) -> pc.Expression:
        """The days within these partitions: by the row's own day, or by that of its article."""
        names = [c.name for c in DATASETS[dataset]]
        if "published_on" in names:
            day = ds.field("published_on")
            return (day >= (self.since or date.min)) & (day <= (self.until or date.max))
        if "article_id" in names:
            articles = _read("articles", root, self, ["article_id"])
            return ds.field("article_id").isin(articles["article_id"].combine_chunks())
        raise SettingsError(f"{dataset} have no day of publication: leave out since and until")


def read(  # noqa: PLR0913  a filter each, by name
    dataset: str,
    root: str | Path = DEFAULT_OUT,
    *,
    source: str | Sequence[str] | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
    columns: Sequence[str] | None = None,
) -> "pd.DataFrame":
    """Rows of a dataset as a frame, with the partition columns `source` (string), `year`, `month` (integers).

    Only the partitions and columns that are asked for are read. Days are `datetime64`, instants too (UTC), integers
    that may be null are `Int32` / `Int64`.

    Args:
        dataset: articles, paragraphs, sentences, quotes, revisions, rejects or records.
        root: Where the datasets lie.
        source: Slug or slugs of outlets; None means all.
        since: First day of publication, a date or "2020-01-31". Undated articles are left out.
        until: Last day of publication, included.
        columns: Names of columns, in the order wanted; None means all.

    Raises:
        InputError: There is no such dataset at the root.
        SchemaVersionError: It was written with another schema version.
        SettingsError: A name or a day that makes no sense.
    """
    if dataset not in DATASETS:
        raise SettingsError(f"no dataset {dataset!r}; there are {', '.join(DATASETS)}")
    return _to_frame(
        _read(dataset, store_path(str(root)), Selection(_slugs(source), _day(since), _day(until)), columns)
    )


def _read(dataset: str, root: StorePath, selection: Selection, columns: Sequence[str] | None) -> pa.Table:
    names = [c.name for c in DATASETS[dataset]] + [c.name for c in PARTITION_COLUMNS]
    if unknown := [name for name in columns or () if name not in names]:
        raise SettingsError(f"{dataset} has no column {unknown[0]!r}; it has {', '.join(names)}")
    data = open_dataset(dataset, root, selection.months())
    condition = selection.months()
    if selection.since or selection.until:
        condition &= selection.days(dataset, root)
    return data.to_table(columns=list(columns) if columns else names, filter=condition)


def open_dataset(dataset: str, root: StorePath, months: pc.Expression | None = None) -> ds.Dataset:
    """A dataset for pyarrow, its partitions in `months` known to be of this schema version.

    Looking costs little: what it reads of the files, reading their rows does not read again.

    Raises:
        InputError: There is no such dataset at the root.
        SchemaVersionError: A file has another schema version.
    """
    if not (root / dataset).is_dir():
        if dataset != "records" and (root / "records").is_dir():
            open_dataset("records", root)  # a store of an older version may well lack it
        raise InputError(f"{root / dataset}: no such dataset; has a run written here?")
    folder = root / dataset
    where, files = (folder, None) if isinstance(folder, Path) else (folder.path, folder.fs)
    schema = _full_schema(dataset)
    data = ds.dataset(where, schema=schema, filesystem=files, format="parquet", partitioning=PARTITIONING)
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as threads:
        for _ in threads.map(lambda file: _refuse_other_version(file, root), data.get_fragments(filter=months)):
            pass
    return data


def _refuse_other_version(file: ds.ParquetFileFragment, root: StorePath) -> None:
    refuse_other_version(version_of(file.metadata.metadata), root, file.path)


def _full_schema(dataset: str) -> pa.Schema:
    return pa.schema([*SCHEMAS[dataset], *((c.name, c.type) for c in PARTITION_COLUMNS)])


def _to_frame(table: pa.Table) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415  half a second that worker processes and --help need not spend

    integers = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    for column in (column for columns in DATASETS.values() for column in columns):
        if column.null and column.type in integers and column.name in table.column_names:
            frame[column.name] = table[column.name].to_pandas(types_mapper=integers.get)
    return frame


def _slugs(source: str | Sequence[str] | None) -> list[str] | None:
    return [source] if isinstance(source, str) else None if source is None else list(source)


def _day(day: Any) -> date | None:
    if day is None or type(day) is date:
        return day
    try:
        return date.fromisoformat(str(day)[:10])
    except ValueError as error:
        raise SettingsError(f"{day!r} is no day; write it as 2020-01-31") from error
