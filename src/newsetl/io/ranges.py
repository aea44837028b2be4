"""Rows cut into ranges of article_id, so that a partition larger than memory is merged range by range.

Article_ids are hashes: a range of them holds a like share of the rows.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from newsetl.io.staging import IPC_OPTIONS

# Rows of a dataset merged at a time, in bytes of memory; merging takes some three times as much. The bytes written do
# not depend on it.
RANGE_BYTES = 16 * 1024**2
# Ranges that rows are cut into at a time. More at once would make the pieces too small to be worth a write each.
FAN_OUT = 16


def split_ids(count: int) -> list[str]:
    """Where ranges of ids of equal width end; the last one has no end.

    >>> split_ids(4)[:3], split_ids(0) == split_ids(1) == split_ids(4)[3:]
    (['40000000', '80000000', 'c0000000'], True)
    """
    return [*(f"{number * 16**8 // count:08x}" for number in range(1, count)), "\U0010ffff"]


def ranges_of(size_bytes: int) -> list[str]:
    """Where the ranges of so many bytes of rows end."""
    return split_ids(-(-size_bytes // RANGE_BYTES))


class PublishedRows:
    """Published rows in the order of article_id, taken range by range."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._rest: pa.Table | None = None

    def below(self, bound: str) -> Iterator[pa.Table]:
        """The rows below an id that were not taken before."""
        while (table := self._rest or next(self._tables, None)) is not None:
            count = bisect_left(table["article_id"].to_pylist(), bound)
            yield table.slice(0, count)
            self._rest = table.slice(count) if count < table.num_rows else None
            if self._rest is not None:
                return


def sort_into_ranges(tables: Iterable[pa.Table], bounds: list[str], spill: Path) -> Iterator[list[pa.Table]]:
    """Rows that come in no order, as lists of tables, one list a range.

    They go by way of a file unless there is one range; and where there are many ranges, by way of a file for each
    sixteenth of them, so that the time grows with the rows alone.

    Args:
        tables: The rows, with a column `article_id`.
        bounds: Where the ranges end, from `ranges_of`.
        spill: A file to write; removed at the end.
    """
    if len(bounds) == 1:
        yield list(tables)
        return
    step = -(-len(bounds) // FAN_OUT)
    shares = [bounds[start : start + step] for start in range(0, len(bounds), step)]
    numbers = _spill(tables, [share[-1] for share in shares], spill)
    for number, (share, found) in enumerate(zip(shares, numbers, strict=True)):
        yield from sort_into_ranges(_spilled(spill, found), share, spill.with_name(f"{spill.name}-{number}"))
    spill.unlink(missing_ok=True)


def _spill(tables: Iterable[pa.Table], bounds: list[str], path: Path) -> list[list[int]]:
    """Write rows cut at the bounds; no file without rows. Gives, for each range, the numbers of its record batches."""
    numbers: list[list[int]] = [[] for _ in bounds]
    written = 0
    with ExitStack() as stack:
        writer: pa.ipc.RecordBatchFileWriter | None = None
        for run in _gathered(tables):
            table = run.sort_by("article_id").combine_chunks()
            writer = writer or stack.enter_context(_new_file(path, table.schema))
            ids = table["article_id"].to_pylist()
            start = 0
            for share, bound in zip(numbers, bounds, strict=True):
                end = bisect_left(ids, bound)
                for batch in table.slice(start, end - start).to_batches():
                    writer.write_batch(batch)
                    share.append(written)
                    written += 1
                start = end
    return numbers


def _gathered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of `RANGE_BYTES` and up to one table more."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(t.nbytes for t in waiting) >= RANGE_BYTES:
            yield pa.concat_tables(waiting)
            waiting.clear()
    if waiting:
        yield pa.concat_tables(waiting)


def _new_file(path: Path, schema: pa.Schema) -> pa.ipc.RecordBatchFileWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return pa.ipc.new_file(str(path), schema, options=IPC_OPTIONS)


def _spilled(path: Path, numbers: list[int]) -> Iterator[pa.Table]:
    if numbers:
        with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
            for number in numbers:
                yield pa.Table.from_batches([reader.get_batch(number)])
