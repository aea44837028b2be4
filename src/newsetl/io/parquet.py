"""Parquet: one record a row."""

import json
import tempfile
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from newsetl.io.openings import open_input
from newsetl.io.reading import STRIDE_RECORDS, Reading, broken_reason
from newsetl.io.streams import ByteStream
from newsetl.records import RawRecord, Reject

SPOOL_BYTES = 32 << 20  # a Parquet file within an archive is copied to memory up to here, then to a temporary file
MAX_SPOOLED_BYTES = 4 << 30
ARROW_ERRORS = (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, MemoryError, KeyError)


def read_parquet(stream: ByteStream, reading: Reading) -> Iterator[RawRecord | Reject]:
    """A record for each row; `Place.offset` is the row number."""
    if reading.file.archive is None and reading.file.compression is None:
        with open_input(reading.file.path) as handle:
            yield from _read_file(handle, reading)
        return
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
        while data := stream.read_chunk():
            spool.write(data)
            if stream.position > MAX_SPOOLED_BYTES:
                break
        if stream.broken or stream.position > MAX_SPOOLED_BYTES:
            reason = broken_reason(stream, "too-large", f"a packed Parquet file above {MAX_SPOOLED_BYTES} bytes")
            if reading.is_wanted(0):
                yield reading.reject(0, b"", *reason)
            return
        spool.seek(0)
        yield from _read_file(spool, reading)


def _read_file(handle: Any, reading: Reading) -> Iterator[RawRecord | Reject]:
    row = 0
    try:
        for batch in pq.ParquetFile(handle).iter_batches(batch_size=STRIDE_RECORDS):
            for index in range(batch.num_rows):
                if reading.is_wanted(row + index):
                    yield _read_row(batch, index, row + index, reading)
            row += batch.num_rows
    except ARROW_ERRORS as error:
        if reading.is_wanted(row):
            detail = str(error).partition("\n")[0][:200]
            yield reading.reject(row, b"", "truncated-file", f"damaged Parquet file: {detail}")


def _read_row(batch: pa.RecordBatch, index: int, number: int, reading: Reading) -> RawRecord | Reject:
    try:
        row = {name: batch.column(column)[index].as_py() for column, name in enumerate(batch.schema.names)}
        raw = canonical_json(row)
    except ARROW_ERRORS as error:
        return reading.reject(number, b"", "bad-row", str(error)[:200])
    if len(raw) > reading.options.max_record_bytes:
        return reading.reject(number, raw, "too-large", f"{len(raw)} bytes")
    return reading.row(number, raw, row)


def canonical_json(row: dict[str, Any]) -> bytes:
    """A row as bytes that are the same for the same values, for its digest.

    >>> canonical_json({"b": 1, "a": "نص"}).decode()
    '{"a": "نص", "b": 1}'
    """
    return json.dumps(row, sort_keys=True, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
