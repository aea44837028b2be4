"""A store on a real S3 endpoint: the same datasets as in a directory, written once, readable by anyone."""

import sys
from pathlib import Path

import pandas as pd
import pytest

import newsetl
from newsetl.cli import main
from newsetl.io.paths import store_path
from newsetl.schema import DATASETS
from tests.object_store import told

SAMPLES = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Some of our samples, and a store of them in a directory."""
    folder = tmp_path_factory.mktemp("archive")
    raw = [SAMPLES / "records" / "gulf_2015.json", SAMPLES / "records" / "maghreb.csv"]
    assert main(["run", *map(str, raw), "--out", str(folder / "local"), "--workers", "1"]) == 0
    return [str(path) for path in raw], folder / "local"


def contents(root):
    """The bytes of each Parquet file of a directory or a bucket, by its name below the root."""
    if isinstance(root, Path):
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.parquet"))}
    place = store_path(root)
    names = [name for name in place.fs.find(place.path) if name.endswith(".parquet")]
    return {name[len(place.path) + 1 :]: place.fs.cat_file(name) for name in sorted(names)}


def test_a_run_writes_the_bytes_that_it_writes_into_a_directory_and_nothing_else(archive, bucket, listed, capsys):
    raw, local = archive
    out = f"{bucket}/deep/news"
    assert main(["run", *raw, "--out", out, "--workers", "1"]) == 0
    assert contents(out) == contents(local)
    others = [key for key in listed(bucket) if not key.endswith(".parquet")]
    assert [key.rpartition("/")[0] for key in others] == ["deep/news/_runs"]


def test_a_second_run_writes_no_file_and_verify_finds_no_fault(archive, bucket, listed, capsys):
    raw, _ = archive
    main(["run", *raw, "--out", bucket, "--workers", "1"])
    before = {key: seen for key, seen in listed(bucket).items() if key.endswith(".parquet")}
    assert main(["run", *raw, "--out", bucket, "--workers", "1"]) == 0
    assert {key: seen for key, seen in listed(bucket).items() if key.endswith(".parquet")} == before
    assert main(["verify", "--out", bucket]) == 0
    assert main(["backfill", "--out", bucket, "--workers", "1"]) == 0
    assert {key: seen for key, seen in listed(bucket).items() if key.endswith(".parquet")} == before


def test_plain_pandas_and_newsetl_read_it(archive, bucket):
    raw, local = archive
    main(["run", *raw, "--out", bucket, "--workers", "1"])
    for dataset in DATASETS:
        there = pd.read_parquet(f"{bucket}/{dataset}")
        pd.testing.assert_frame_equal(there, pd.read_parquet(local / dataset))
        pd.testing.assert_frame_equal(newsetl.read(dataset, bucket), newsetl.read(dataset, local))
    source = newsetl.read("articles", local)["source"].iloc[0]
    some = pd.read_parquet(f"{bucket}/quotes", filters=[("source", "==", source)])
    assert len(some) == len(newsetl.read("quotes", local, source=source)) > 0
    assert len(pd.read_parquet(f"{bucket}/articles", storage_options={})) == len(newsetl.read("articles", local))


def test_show_and_boilerplate_read_it(archive, bucket, capsys):
    raw, local = archive
    main(["run", *raw, "--out", bucket, "--workers", "1"])
    article = newsetl.read("articles", local).iloc[0]
    capsys.readouterr()
    assert main(["show", article["article_id"], "--out", bucket]) == 0
    assert article["title"][:10] in capsys.readouterr().out
    assert main(["boilerplate", article["source"], "--out", bucket]) == 0


def test_what_lies_beside_the_store_is_not_touched(archive, bucket, listed):
    raw, _ = archive
    place = store_path(f"{bucket}/newsletter/articles/part-0.parquet")
    place.fs.pipe_file(place.path, b"somebody else's")
    before = listed(f"{bucket}/newsletter")
    main(["run", *raw, "--out", f"{bucket}/news", "--workers", "1"])
    main(["verify", "--out", f"{bucket}/news", "--repair"])
    assert listed(f"{bucket}/newsletter") == before


def test_a_store_of_an_older_schema_is_refused_and_migrated(bucket, listed, capsys):
    old = Path(__file__).parents[1] / "stores" / "schema-1"
    place = store_path(f"{bucket}/news")
    for path in old.rglob("*.parquet"):
        place.fs.put_file(str(path), f"{place.path}/{path.relative_to(old).as_posix()}")
    assert main(["verify", "--out", str(place)]) == 2
    assert "newsetl migrate" in capsys.readouterr().err
    assert main(["migrate", "--out", str(place)]) == 0
    assert main(["verify", "--out", str(place)]) == 0
    assert not [key for key in listed(bucket) if "/_staging-" in key or "/_claims/" in key]


# --- places that cannot be had --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["run", str(SAMPLES)], ["verify"], ["backfill"], ["migrate"]])
def test_a_bucket_that_is_not_there_gives_one_line(endpoint, command):
    code, line = told(*command, "--out", "s3://there-is-no-such-bucket/news")
    assert code == 2
    assert line.startswith("newsetl: s3://there-is-no-such-bucket/news")
    assert "\n" not in line


def test_an_endpoint_that_does_not_answer_gives_one_line(endpoint):
    code, line = told("run", str(SAMPLES), "--out", "s3://any/news", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert code == 2
    assert "cannot be reached" in line
    assert "\n" not in line


def test_an_unknown_kind_of_place_gives_one_line():
    code, line = told("run", str(SAMPLES), "--out", "floppy://a/b")
    assert code == 2
    assert "floppy" in line
    assert "\n" not in line


def test_a_store_that_needs_another_package_says_which(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    from fsspec.registry import _registry

    monkeypatch.delitem(_registry, "s3", raising=False)
    with pytest.raises(newsetl.errors.SettingsError, match=r"pip install 'newsetl\[s3\]'"):
        store_path("s3://bucket/news")
