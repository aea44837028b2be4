"""The same records give the same files, however they are run: our own samples, in the ways of tools/same_bytes.py."""

import importlib.util
from pathlib import Path

import pytest

from newsetl.io.store import published_partitions

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("same_bytes", ROOT / "tools" / "same_bytes.py")
same_bytes = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(same_bytes)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The files of one run in one batch."""
    out = tmp_path_factory.mktemp("same") / "out"
    same_bytes.in_one_batch(same_bytes.find(str(ROOT / "data" / "raw")), out)
    return out


@pytest.mark.parametrize(
    ("way", "seed"), [("seven-batches", 0), ("shuffled", 1), ("increments", 2), ("interrupted", 3)]
)
def test_the_samples_give_the_same_bytes(expected, tmp_path, way, seed):
    same_bytes.WAYS[way](same_bytes.find(str(ROOT / "data" / "raw"), seed), tmp_path / "out")
    assert same_bytes.differences(same_bytes.digests(expected), same_bytes.digests(tmp_path / "out")) == []


def test_what_is_compared_has_earlier_versions_and_rejects(expected):
    for dataset in ("revisions", "_history", "rejects"):
        assert published_partitions(expected, dataset)


def test_a_difference_is_told(expected, tmp_path):
    found = same_bytes.digests(expected)
    changed = dict(list(found.items())[1:]) | {"records/new": "0"}
    assert same_bytes.differences(found, changed) == sorted({next(iter(found)), "records/new"})
