"""What comes close to doing nothing: records of JSON Lines passed to Parquet as they are, by three tools.

The practical ceiling of every chain that starts and ends there. Called as a program of its own by chain.py:

    python -m benchmarks.passing pyarrow SOURCE FOLDER
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import trove
from benchmarks.measure import offline

ROWS = 1_000  # of a batch; that of datatrove's writer
BLOCK_BYTES = 1 << 22
COMPRESSION = "zstd"  # newsetl's


def pass_by_pyarrow(source: Path, folder: Path) -> int:
    """pyarrow's own reader of JSON Lines, in blocks."""
    import pyarrow.json as pj  # noqa: PLC0415  only for its row

    pa.set_cpu_count(1)
    options = pj.ReadOptions(use_threads=False, block_size=BLOCK_BYTES)
    with pj.open_json(source, options) as reader, _open(folder, reader.schema) as writer:
        return sum(_write(writer, batch) for batch in reader)


def pass_by_orjson(source: Path, folder: Path) -> int:
    """orjson for each line, columns by pyarrow."""
    import orjson  # noqa: PLC0415  only for its row

    with source.open("rb") as lines:
        schema = pa.RecordBatch.from_pylist([orjson.loads(next(lines))]).schema
        lines.seek(0)
        with _open(folder, schema) as writer:
            count = 0
            while rows := [orjson.loads(line) for line in islice(lines, ROWS)]:
                count += _write(writer, pa.RecordBatch.from_pylist(rows, schema))
    return count


def pass_by_datatrove(source: Path, folder: Path) -> int:
    """datatrove's JsonlReader and ParquetWriter, nothing between them."""
    return trove.pass_lines(source, folder)


def _open(folder: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(folder / "part-0.parquet", schema, compression=COMPRESSION)


def _write(writer: pq.ParquetWriter, batch: pa.RecordBatch) -> int:
    writer.write_batch(batch)
    return len(batch)


TOOLS: dict[str, Callable[[Path, Path], int]] = {
    "pyarrow": pass_by_pyarrow,
    "orjson": pass_by_orjson,
    "datatrove": pass_by_datatrove,
}


def main(name: str, source: Path, folder: Path) -> None:
    """Tell the rows passed, and the seconds of it without start-up."""
    folder.mkdir(parents=True, exist_ok=True)
    with offline():
        if name == "datatrove":
            trove.load()
        started = time.monotonic()
        rows = TOOLS[name](source, folder)
    sys.stdout.write(json.dumps({"rows": rows, "seconds": time.monotonic() - started}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
