"""Stores of every schema version there was: read by pandas, migrated, read by newsetl, run into, backfilled."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import newsetl
from newsetl.cli import main
from newsetl.errors import ConservationError, InputError, SchemaVersionError
from newsetl.io import disk
from newsetl.io.merge import WRITTEN
from newsetl.io.raw import read_earlier_runs
from newsetl.migrate import STEPS, Step, migrate, plan_migration
from newsetl.schema import DATASETS, SCHEMA_VERSION, SCHEMAS, is_older, version_of
from newsetl.verify import verify

STORES = Path(__file__).parent / "stores"
VERSIONS = [str(number) for number in range(1, int(SCHEMA_VERSION) + 1)]
OLDER = "written with schema 1, this newsetl reads"


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with the raw records of the stores, to work in."""
    shutil.copytree(STORES / "raw", tmp_path / "raw")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def store(work):
    """A copy of the store of a schema version."""

    def copy(version: str) -> Path:
        return shutil.copytree(STORES / f"schema-{version}", work / "store")

    return copy


def frames(root: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(root / name) for name in DATASETS if (root / name).is_dir()}


def files(root: Path) -> dict[str, bytes]:
    """The bytes of all files of all datasets."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.glob("*/source=*/*/*/*")}


def traces(root: Path) -> dict[str, tuple[int, int]]:
    """What would show that a file was written, or another one put in its place; the lock aside."""
    found = {path: path.stat() for path in root.rglob("*") if path.is_file() and path.name != "_lock"}
    return {str(path): (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def stamp(path: Path, version: str | None) -> None:
    """Have a file say that it is of another schema version; None: that it is none of newsetl's."""
    table = pq.ParquetFile(path).read()
    pq.write_table(table.replace_schema_metadata(version and {"newsetl.schema": version}), path)


def stamp_all(root: Path, version: str) -> Path:
    for path in root.glob("*/source=*/*/*/*"):
        stamp(path, version)
    return root


def fresh_run() -> dict[str, bytes]:
    """What this newsetl makes of the raw records."""
    assert main(["run", "raw/news.jsonl", "--out", "fresh", "--workers", "1"]) == 0
    return files(Path("fresh"))


# --- the contract ---------------------------------------------------------------------------------------------------


def test_the_newest_store_has_the_columns_of_the_contract():
    """A change of columns asks for three things: SCHEMA_VERSION, a step in `newsetl.migrate`, a store of its own."""
    root = STORES / f"schema-{SCHEMA_VERSION}"
    assert root.is_dir(), "SCHEMA_VERSION was raised: run tools/write_store_fixture.py"
    for dataset, schema in WRITTEN.items():
        for path in (root / dataset).rglob("*.parquet"):
            message = f"{dataset} changed: raise SCHEMA_VERSION, add a step to newsetl.migrate"
            assert pq.read_schema(path).equals(schema), message
        assert any((root / dataset).rglob("*.parquet")), f"no {dataset} in {root}: is it new? raise SCHEMA_VERSION"


def test_every_version_has_a_store_and_a_step():
    assert sorted(path.name for path in STORES.glob("schema-*")) == sorted(f"schema-{version}" for version in VERSIONS)
    assert list(STEPS) == VERSIONS[:-1]


@pytest.mark.parametrize("version", VERSIONS)
def test_stores_are_as_they_were_written(version):
    found = [path for path in (STORES / f"schema-{version}").rglob("*") if path.is_file()]
    assert {version_of(pq.read_schema(p).metadata) for p in found if p.suffix == ".parquet"} == {version}
    assert sum(path.stat().st_size for path in found) < 150_000


@pytest.mark.parametrize(("version", "older"), [("0", False), ("1", True), (SCHEMA_VERSION, False), ("٢", False)])
def test_older_versions_are_numbers_from_1_on(version, older):
    assert is_older(version) == older


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migrated_store_holds_what_it_held(version, store):
    root = store(version)
    before = frames(root)
    migrate(root)
    after = frames(root)
    assert set(after) == set(DATASETS)
    for dataset, frame in before.items():
        pd.testing.assert_frame_equal(after[dataset][frame.columns], frame)
    assert verify(root).problems == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migrated_store_is_read_by_newsetl(version, store):
    root = store(version)
    migrate(root)
    for dataset, schema in SCHEMAS.items():
        frame = newsetl.read(dataset, root)
        assert frame.columns.tolist() == [*schema.names, "source", "year", "month"]
        assert len(frame) == len(pd.read_parquet(root / dataset))
    assert len(newsetl.read("quotes", root, since="2021-03-01", until="2021-03-31")) > 0


def test_a_dataset_without_rows_is_migrated_too(store):
    root = store("1")
    empty = root / "rejects/source=unknown/year=0/month=0/part-0.parquet"
    shutil.rmtree(root / "rejects")
    empty.parent.mkdir(parents=True)
    pq.write_table(SCHEMAS["rejects"].empty_table().replace_schema_metadata({"newsetl.schema": "1"}), empty)
    migrate(root)
    assert pq.read_schema(empty).metadata == SCHEMAS["rejects"].metadata


# --- working on -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migrated_store_run_into_becomes_what_a_fresh_run_makes(version, store):
    root = store(version)
    migrate(root)
    assert main(["run", "raw/news.jsonl", "--out", str(root), "--workers", "1"]) == 0
    assert files(root) == fresh_run()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migrated_store_backfilled_becomes_what_a_fresh_run_makes(version, store, capsys):
    root = store(version)
    migrate(root)
    assert main(["backfill", "--only", "outdated", "--out", str(root), "--plan"]) == 0
    if version != SCHEMA_VERSION:
        assert "7 records" in capsys.readouterr().out
    assert main(["backfill", "--only", "outdated", "--out", str(root), "--workers", "1"]) == 0
    capsys.readouterr()
    assert main(["backfill", "--only", "outdated", "--out", str(root), "--plan"]) == 0
    assert "0 records" in capsys.readouterr().out
    assert files(root) == fresh_run()
    assert len(newsetl.read("revisions", root)) == 1


def test_a_backfill_after_a_migration_reads_files_as_their_run_did(store):
    root = store("1")
    run = next((root / "_runs").iterdir())
    manifest = json.loads(run.read_text())
    manifest["settings"]["profiles"] = "mine"
    run.write_text(json.dumps(manifest))
    migrate(root)
    assert read_earlier_runs(root).profiles == "mine"


# --- other versions -------------------------------------------------------------------------------------------------

COMMANDS = {
    "run": ["run", "raw/news.jsonl"],
    "backfill": ["backfill", "--plan"],
    "retry-rejects": ["retry-rejects"],
    "verify": ["verify"],
    "show": ["show", "a"],
    "boilerplate": ["boilerplate", "waha-alakhbar"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_to_do_with_an_older_store(command, store, capsys):
    root = store("1")
    before = traces(root)
    assert main([*COMMANDS[command], "--out", "store"]) == 2
    assert capsys.readouterr().err == f"newsetl: store: {OLDER} {SCHEMA_VERSION}: newsetl migrate --out store\n"
    assert traces(root) == before


@pytest.mark.parametrize("command", [*COMMANDS, "migrate"])
@pytest.mark.parametrize("version", ["3", "x", "0", "\u202e\n"])
def test_every_command_refuses_the_store_of_a_newer_newsetl(command, version, store, capsys):
    root = stamp_all(store(SCHEMA_VERSION), version)
    before = traces(root)
    assert main([*COMMANDS.get(command, [command]), "--out", "store"]) == 2
    told = "??" if version.startswith("\u202e") else version
    assert (
        f"store: written by a newer newsetl (schema {told}, this one reads {SCHEMA_VERSION})" in capsys.readouterr().err
    )
    assert traces(root) == before


@pytest.mark.parametrize(("version", "message"), [("1", OLDER), ("3", "by a newer newsetl"), (None, "names no schema")])
def test_newsetl_read_meets_other_versions_with_one_line(version, message, store):
    root = store(SCHEMA_VERSION)
    stamp(next(root.glob("quotes/*/year=2021/*/*")), version)
    with pytest.raises(SchemaVersionError, match=message):
        newsetl.read("quotes", root)
    assert len(newsetl.read("quotes", root, until="2021-02-28")) == 0  # reads none of it


def test_a_dataset_that_older_stores_lack_is_asked_for(store):
    with pytest.raises(SchemaVersionError, match=OLDER):
        newsetl.read("revisions", store("1"))


def test_a_run_refuses_before_any_work(store, monkeypatch):
    root = store("1")
    monkeypatch.setattr("newsetl.engine.process_safely", lambda *_: pytest.fail("work was done"))
    assert main(["run", "raw/news.jsonl", "--out", str(root), "--workers", "1"]) == 2


def test_an_up_to_date_store_is_left_alone(store, capsys):
    root = store(SCHEMA_VERSION)
    before = traces(root)
    assert main(["migrate", "--out", str(root)]) == 0
    assert f"up to date: {len(files(root))} files with schema {SCHEMA_VERSION}; nothing" in capsys.readouterr().out
    assert traces(root) == before


def test_a_plan_writes_nothing(store, capsys):
    root = store("1")
    before = traces(root)
    assert main(["migrate", "--plan", "--out", str(root)]) == 0
    assert f"schema 1 to {SCHEMA_VERSION}: 11 files" in capsys.readouterr().out
    assert traces(root) == before
    assert not (root / "_lock").exists()


def test_no_store_is_told(tmp_path):
    for look in (migrate, plan_migration):
        with pytest.raises(InputError, match="no such directory"):
            look(tmp_path / "none")
        with pytest.raises(InputError, match="no datasets"):
            look(tmp_path)


def test_of_a_mixed_store_the_partitions_with_older_files_are_written_anew(store, capsys):
    root = store(SCHEMA_VERSION)
    stamp(root / "records/source=waha-alakhbar/year=0/month=0/part-0.parquet", "1")
    assert main(["run", "raw/news.jsonl", "--out", str(root), "--workers", "1"]) == 2
    assert OLDER in capsys.readouterr().err
    assert main(["verify", "--out", str(root)]) == 1
    assert f"schema version 1, not {SCHEMA_VERSION}: newsetl migrate" in capsys.readouterr().out
    before = traces(root)
    migrate(root)
    assert all(before[path] == now for path, now in traces(root).items() if "year=2021" in path)
    assert verify(root).problems == []
    assert plan_migration(root).files == []


@pytest.mark.parametrize("damage", ["foreign", "broken", "columns"])
def test_a_file_that_is_none_of_newsetls_is_named_and_nothing_is_written(damage, store, capsys):
    root = store("1")
    path = root / "quotes/source=waha-alakhbar/year=0/month=0/part-0.parquet"
    if damage == "foreign":
        stamp(path, None)
    elif damage == "broken":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"newsetl.schema": "1"}), path)
    before = traces(root)
    assert main(["migrate", "--out", str(root)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"{path}" in error
    assert "move it away" in error
    assert traces(root) == before


# --- steps ----------------------------------------------------------------------------------------------------------


def test_a_step_that_loses_a_row_publishes_nothing(store, monkeypatch):
    root = store("1")
    before = traces(root)
    monkeypatch.setitem(STEPS, "1", Step("", lambda dataset, rows: rows.slice(dataset == "quotes")))
    with pytest.raises(ConservationError, match="rows became"):
        migrate(root)
    assert traces(root) == before


def test_a_step_that_says_so_may_take_rows_away(store, monkeypatch):
    root = store("1")
    step = Step("", lambda dataset, rows: rows.slice(dataset == "quotes"), frozenset({"quotes"}))
    quotes = len(pd.read_parquet(root / "quotes"))
    monkeypatch.setitem(STEPS, "1", step)
    migrate(root)
    assert len(newsetl.read("quotes", root)) == quotes - 2  # one in each file


def test_a_step_sees_a_file_by_row_groups(store, monkeypatch):
    root = store("1")
    path = root / "sentences/source=waha-alakhbar/year=2021/month=3/part-0.parquet"
    table = pq.ParquetFile(path).read()
    pq.write_table(table, path, row_group_size=3)
    seen = []

    def turn(dataset, rows):
        seen.extend([rows.num_rows] if dataset == "sentences" else [])
        return rows

    monkeypatch.setitem(STEPS, "1", Step("", turn))
    migrate(root)
    assert max(seen) == 3
    assert pq.ParquetFile(path).read().equals(table)
    assert pq.ParquetFile(path).num_row_groups == 1  # as a run writes it


# --- interruptions --------------------------------------------------------------------------------------------------


@pytest.fixture
def undisturbed(tmp_path):
    root = shutil.copytree(STORES / "schema-1", tmp_path / "undisturbed")
    migrate(root)
    return files(root)


@pytest.mark.parametrize("operation", ["exchange", "sync_all", "create", "link", "sync_file", "write_file"])
def test_a_migration_that_fails_anywhere_is_finished_by_the_next(operation, store, undisturbed, monkeypatch):
    root, calls = store("1"), []
    original = getattr(disk, operation)
    for at in range(100):
        calls.clear()

        def failing(*arguments, at=at):
            calls.append(arguments)
            if len(calls) == at + 1:
                raise OSError(28, "No space left on device")
            return original(*arguments)

        monkeypatch.setattr(disk, operation, failing)
        failed = main(["migrate", "--out", str(root)]) == 2
        monkeypatch.setattr(disk, operation, original)
        assert len(frames(root)["articles"]) == 4
        migrate(root)
        assert files(root) == undisturbed
        if not failed:
            break
        shutil.rmtree(root)
        shutil.copytree(STORES / "schema-1", root)
    assert at > 0 or operation == "link"  # in a migration of everything no file stays


KILLED_AT_THE_THIRD_EXCHANGE = """
import os, pathlib, signal, sys
from newsetl.io import disk
from newsetl.migrate import migrate
exchange, calls = disk.exchange, []
def killing(*arguments):
    calls.append(arguments)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    exchange(*arguments)
disk.exchange = killing
migrate(pathlib.Path(sys.argv[1]))
"""


@pytest.mark.parametrize("next_command", [["migrate"], ["verify", "--repair"]])
def test_a_killed_migration_is_finished_by_the_next_command(next_command, store, undisturbed):
    root = store("1")
    killed = subprocess.run([sys.executable, "-c", KILLED_AT_THE_THIRD_EXCHANGE, str(root)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert len(frames(root)["quotes"]) > 0
    assert main([*next_command, "--out", str(root)]) == 0
    assert files(root) == undisturbed
    assert not list(root.glob("_staging*"))
