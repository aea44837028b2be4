"""Whatever is in a file, reading gives records and rejects with true places, and nothing is raised."""

import gzip
import hashlib
import random
import warnings
from dataclasses import replace

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsetl.io.inputs import find_inputs
from newsetl.io.readers import ReadOptions, read_records
from newsetl.records import Reject

FORMATS = ["text", "html", "jsonl", "json", "csv", "tsv", "warc", "parquet"]
relaxed = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def check(file, data, options=None):
    """Read as planned and check what must hold for any file."""
    items = list(read_records(file, options or ReadOptions(max_record_bytes=2000)))
    for item in items:
        place = item.place
        assert place.uri == file.uri
        if data is not None and place.length and file.compression is None and file.format != "parquet":
            at = place.offset or 0
            assert hashlib.sha256(data[at : at + place.length]).hexdigest() == place.sha256
        if isinstance(item, Reject):
            assert item.stage == "read"
            assert item.reason
    return items


@pytest.mark.parametrize("form", FORMATS)
@relaxed
@given(data=st.binary(max_size=300) | st.text(alphabet='{}[]",:\\\n\r\t اب"<>1WARC/0', max_size=200).map(str.encode))
def test_random_bytes_under_any_format(session_files, form, data):
    path = session_files.write(f"random-{form}", data)
    found = find_inputs([str(path)])
    for file in found:
        check(file, data if file.archive is None else None)
    plain = replace(found[0], format=form, skip_reason=None, archive=None, compression=None) if found else None
    if plain is not None:
        check(plain, data)
        for compression in ("gz", "zst"):
            check(replace(plain, compression=compression), None)


def whole(files, form):
    pages = [files.page(article) for article in files.articles]
    return {
        "text": pages[0],
        "html": pages[0],
        "jsonl": files.as_jsonl(),
        "json": files.as_json(),
        "csv": files.as_csv(),
        "tsv": files.as_csv(delimiter="\t"),
        "parquet": files.as_parquet(),
        "warc": files.as_warc(),
    }[form]


def mutate(rng, data):
    """A few bytes flipped, cut out, doubled or spliced."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out) + 1)
        length = rng.choice([1, 1, 2, 10, 100])
        kind = rng.randrange(5)
        if kind == 0 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 1:
            del out[at : at + length]
        elif kind == 2:
            out[at:at] = out[at : at + length]
        elif kind == 3:
            out[at:at] = rng.randbytes(length)
        else:
            del out[at:]
    return bytes(out)


@pytest.mark.parametrize("packing", ["", "gz", "zst", "zip", "tar", "tar.gz"])
@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**12))
def test_damaged_files_of_any_format_and_packing(session_files, form, packing, seed):
    rng = random.Random(seed)  # noqa: S311  for tests
    data = whole(session_files, form)
    packers = {
        "": lambda data: data,
        "gz": gzip.compress,
        "zst": zstandard.ZstdCompressor().compress,
        "zip": lambda data: session_files.as_zip({"a": data, "b": data}),
        "tar": lambda data: session_files.as_tar({"a": data, "b": data}),
        "tar.gz": lambda data: gzip.compress(session_files.as_tar({"a": data, "b": data})),
    }
    damaged = mutate(rng, packers[packing](data))
    path = session_files.write(f"damaged-{form}-{packing}", damaged)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in find_inputs([str(path)]):
            items = check(file, damaged if file.archive is None else None)
            parts = [check(file, None, ReadOptions(max_record_bytes=2000, part=part, parts=2)) for part in (0, 1)]
            assert sum(map(len, parts)) == len(items)
