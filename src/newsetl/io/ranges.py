"""Rows cut into ranges of article_id, so that a partition larger than memory is merged range by range.

Article_ids are hashes: a range of them holds a like share of the rows.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from newsetl.io.staging import IPC_OPTIONS


def split_ids(count: int) -> list[str]:
    """Where ranges of ids of equal width end; the last one has no end.

    >>> split_ids(4)[:3], split_ids(0) == split_ids(1) == split_ids(4)[3:]
    (['40000000', '80000000', 'c0000000'], True)
    """
    return [*(f"{number * 16**8 // count:08x}" for number in range(1, count)), "\U0010ffff"]


class PublishedRows:
    """Published rows in the order of article_id, taken range by range."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._rest: pa.Table | None = None

    def below(self, bound: str) -> Iterator[pa.Table]:
        """The rows below an id that were not taken before."""
        while (table := self._rest or next(self._tables, None)) is not None:
            count = _count_below(table, bound)
            yield table.slice(0, count)
            self._rest = table.slice(count) if count < table.num_rows else None
            if self._rest is not None:
                return


def _count_below(table: pa.Table, bound: str) -> int:
    count: int = pc.sum(pc.less(table["article_id"], bound)).as_py() or 0
    return count


def sort_into_ranges(runs: Iterator[pa.Table], bounds: list[str], spill: Path) -> Iterator[list[pa.Table]]:
    """Rows that come in no order, as lists of tables, one list a range; by way of a file unless there is one range."""
    if len(bounds) == 1:
        yield list(runs)
        return
    numbers = _spill(runs, bounds, spill)
    if any(numbers):
        with pa.OSFile(str(spill)) as file, pa.ipc.open_file(file) as reader:
            for share in numbers:
                yield [pa.Table.from_batches([reader.get_batch(number)]) for number in share]
        spill.unlink()
    else:
        yield from numbers


def _spill(runs: Iterator[pa.Table], bounds: list[str], path: Path) -> list[list[int]]:
    """Sort each run and write it cut at the bounds. Gives, for each range, the numbers of its record batches."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers: list[list[int]] = [[] for _ in bounds]
    written = 0
    with ExitStack() as stack:
        writer: pa.ipc.RecordBatchFileWriter | None = None
        for run in runs:
            table = run.sort_by("article_id")
            writer = writer or stack.enter_context(pa.ipc.new_file(str(path), table.schema, options=IPC_OPTIONS))
            start = 0
            for share, bound in zip(numbers, bounds, strict=True):
                end = _count_below(table, bound)
                for batch in table.slice(start, end - start).to_batches():
                    writer.write_batch(batch)
                    share.append(written)
                    written += 1
                start = end
    return numbers
