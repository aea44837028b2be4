"""Publication: what is touched and what is not, what a dead run left, disks without links or exchanges, the lock."""

import errno
import json
import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from newsetl.errors import NewsetlError
from newsetl.io import disk, publish, store, trees
from newsetl.io.lock import LOCK_FILE, locked, looked_at
from newsetl.schema import DATASETS, Partition

JANUARY, FEBRUARY = Partition("example", 2020, 1), Partition("example", 2020, 2)


class DiedError(BaseException):
    """Stands for the end of a process."""


@pytest.fixture
def stored(tmp_path, make_store):
    return make_store(tmp_path / "out")


@pytest.fixture
def months(stored, make_article):
    """A store with an article in January and one in February."""
    stored.publish([make_article("a", offset=0), make_article("b", offset=1, day=date(2020, 2, 1))])
    return stored


def identity(path: Path) -> tuple[int, int, bytes]:
    return path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()


def failing(number: int):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail


# --- what is touched ------------------------------------------------------------------------------------------------


def test_files_that_stay_are_the_same_files(months, make_article):
    before = identity(months.file("articles", FEBRUARY))
    months.publish([make_article("c", offset=2)])
    assert months.external_ids() == ["a", "b", "c"]
    assert identity(months.file("articles", FEBRUARY)) == before


def test_a_dataset_in_which_nothing_changes_is_not_touched(months, make_reject):
    folder = months.root / "articles"
    before = folder.stat().st_ino, folder.stat().st_mtime_ns, trees.mark(folder)
    prepared = months.publish([make_reject(9)])
    assert (folder.stat().st_ino, folder.stat().st_mtime_ns, trees.mark(folder)) == before
    assert prepared.datasets.keys() == {"rejects", "records"}


def test_ctrl_c_after_the_decision_comes_too_late(months, make_article, monkeypatch):
    """The command would tell that nothing was published."""
    prepared = months.prepare([make_article("c", offset=2)])
    exchange, calls = disk.exchange, []

    def interrupted(new, place):
        calls.append(new)
        exchange(new, place)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(disk, "exchange", interrupted)
    publish.commit(months.root, prepared)
    assert months.external_ids() == ["a", "b", "c"]
    assert {trees.mark(months.root / dataset) for dataset in prepared.datasets} == {prepared.name}


def test_publishing_the_same_again_touches_no_dataset(months, make_article):
    prepared = months.publish([make_article("a", offset=0), make_article("b", offset=1, day=date(2020, 2, 1))])
    assert prepared.datasets == {}
    assert prepared.written == 0


def test_folders_that_become_empty_go(months, make_article):
    months.publish([make_article("b", offset=1, day=date(2021, 3, 1))])
    assert not (months.root / "articles" / FEBRUARY.path()).exists()
    assert not (months.root / "records" / FEBRUARY.path()).exists()
    assert [p.year for p in store.published_partitions(months.root, "articles")] == [2020, 2021]


def test_a_dataset_holds_nothing_but_parquet_files_and_the_mark_which_is_an_empty_folder(months):
    """Polars takes every file below a folder for data, whatever its name begins with."""
    for dataset in DATASETS:
        assert {path.name for path in (months.root / dataset).rglob("*") if path.is_file()} == {"part-0.parquet"}
        assert len(list((months.root / dataset).glob(f"{trees.MARK}*"))) == 1


def test_files_of_other_people_move_along(months, make_article):
    (months.root / "articles" / "README").write_text("a note", encoding="utf-8")
    (months.root / "articles" / "link").symlink_to("README")
    months.publish([make_article("c", offset=2)])
    assert (months.root / "articles" / "link").read_text(encoding="utf-8") == "a note"
    assert (months.root / "articles" / "link").is_symlink()


def test_nothing_private_is_left(months):
    assert months.private() == []


def test_the_manifest_is_put_in_place(months, make_article):
    prepared = months.prepare([make_article("c", offset=2)])
    publish.commit(months.root, prepared, ("run-1.json", '{"read": 1}'))
    assert json.loads((months.root / "_runs" / "run-1.json").read_text(encoding="utf-8")) == {"read": 1}


# --- disks that know less, or fail ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_where_links_cannot_be_files_are_copied_with_their_times(months, make_article, monkeypatch, number):
    _, before, content = identity(months.file("articles", FEBRUARY))
    monkeypatch.setattr(disk, "link", failing(number))
    months.publish([make_article("c", offset=2)])
    assert identity(months.file("articles", FEBRUARY))[1:] == (before, content)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_where_folders_cannot_be_exchanged_they_are_renamed(months, make_article, monkeypatch, number):
    monkeypatch.setattr(disk, "_exchange", lambda: failing(number))
    months.publish([make_article("c", offset=2)])
    assert months.external_ids() == ["a", "b", "c"]
    assert months.private() == []


@pytest.mark.parametrize("done", [1, 2])
def test_a_crash_between_the_renames_is_rolled_forward(months, make_article, monkeypatch, done):
    monkeypatch.setattr(disk, "_exchange", lambda: failing(errno.EINVAL))
    prepared = months.prepare([make_article("c", offset=2)])
    rename, calls = disk.rename, []

    def dies_later(old, new):
        if new.name.startswith("articles") or old.name.startswith("articles"):
            calls.append(old)
            if len(calls) > done:
                raise DiedError
        rename(old, new)

    with monkeypatch.context() as patched:
        patched.setattr(disk, "rename", dies_later)
        with pytest.raises(DiedError):
            publish.commit(months.root, prepared)
    assert publish.recover(months.root) == [(prepared.staging, True)]
    assert months.external_ids() == ["a", "b", "c"]
    assert months.private() == []


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EROFS, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("operation", ["create", "make_folder", "sync_all"])
def test_a_disk_that_fails_before_the_journal_leaves_everything_old(
    months, make_article, monkeypatch, number, operation
):
    staging = months.root / "_staging-2"
    with monkeypatch.context() as patched:
        patched.setattr(disk, operation, failing(number))
        with pytest.raises(NewsetlError, match="nothing was published"), publish.explained(months.root, staging):
            months.publish([make_article("c", offset=2)])
    assert months.external_ids() == ["a", "b"]
    assert publish.recover(months.root) == [(staging, False)]
    months.publish([make_article("c", offset=2)])
    assert months.external_ids() == ["a", "b", "c"]


def test_a_disk_that_fails_after_the_journal_is_told_so(months, make_article, monkeypatch):
    prepared = months.prepare([make_article("c", offset=2)])
    with monkeypatch.context() as patched:
        patched.setattr(disk, "exchange", failing(errno.EIO))
        with pytest.raises(NewsetlError, match="decided but"), publish.explained(months.root, prepared.staging):
            publish.commit(months.root, prepared)
    publish.discard(prepared.staging)
    assert months.external_ids() == ["a", "b"]
    publish.recover(months.root)
    assert months.external_ids() == ["a", "b", "c"]


def test_a_disk_without_room_is_refused_before_anything_is_merged(months, monkeypatch):
    usage = shutil.disk_usage(months.root)._replace(free=10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NewsetlError, match=r"10 MB free, publishing may need 6\d MB: nothing was published"):
        publish.refuse_without_space(months.root, months.root / "_staging-2", [JANUARY])


# --- what dead runs left --------------------------------------------------------------------------------------------


def test_what_a_killed_run_left_is_cleared(tmp_path):
    (tmp_path / "_staging-dead" / "articles").mkdir(parents=True)
    assert publish.recover(tmp_path) == [(tmp_path / "_staging-dead", False)]
    assert list(tmp_path.iterdir()) == []


def test_a_journal_of_a_publication_before_the_last_is_dropped(months, make_article):
    """A loss of power may bring back a journal that was removed, after another publication was made."""
    prepared = months.prepare([make_article("c", offset=2)])
    shutil.copytree(prepared.staging, months.root / "copy")
    publish.commit(months.root, prepared)
    journal = {"publication": prepared.name, "datasets": prepared.datasets, "manifest": None}
    months.publish([make_article("d", offset=3)])
    (months.root / "copy").rename(prepared.staging.with_name("_staging-back"))
    (months.root / "_staging-back" / publish.JOURNAL).write_text(json.dumps(journal), encoding="utf-8")
    publish.recover(months.root)
    assert months.external_ids() == ["a", "b", "c", "d"]
    assert months.private() == []


@pytest.mark.parametrize("text", ["", "{", '{"publication":'])
def test_a_damaged_journal_stops_the_next_run_with_one_line(months, make_article, text):
    prepared = months.prepare([make_article("c", offset=2)])
    (prepared.staging / publish.JOURNAL).write_text(text, encoding="utf-8")
    with pytest.raises(NewsetlError, match="a damaged journal"):
        publish.recover(months.root)
    assert months.external_ids() == ["a", "b"]


def test_a_journal_whose_tree_is_gone_stops_the_next_run(months, make_article, monkeypatch):
    prepared = months.prepare([make_article("c", offset=2)])
    monkeypatch.setattr(disk, "exchange", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        publish.commit(months.root, prepared)
    shutil.rmtree(prepared.staging / trees.NEXT / "articles")
    with pytest.raises(NewsetlError, match="is not there"):
        publish.recover(months.root)
    assert months.external_ids() == ["a", "b"]


# --- the lock -------------------------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_and_told_who_holds_the_lock(tmp_path):
    with locked(tmp_path / "out"), pytest.raises(NewsetlError, match=f"another run is .* process {os.getpid()} on"):
        locked(tmp_path / "out").__enter__()


def test_a_writer_waits_as_long_as_it_is_told(tmp_path):
    with locked(tmp_path / "out"), pytest.raises(NewsetlError, match=r"\(waited 0.3 s\)"):
        locked(tmp_path / "out", 0.3).__enter__()


def test_the_lock_is_free_afterwards(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "out"):
            pass
    assert (tmp_path / "out" / LOCK_FILE).read_bytes() == b""


def test_readers_of_the_store_keep_writers_out_and_not_each_other(tmp_path):
    with locked(tmp_path / "out"):
        pass
    with looked_at(tmp_path / "out"), looked_at(tmp_path / "out"), pytest.raises(NewsetlError, match="newsetl verify"):
        locked(tmp_path / "out").__enter__()
    with locked(tmp_path / "out"), pytest.raises(NewsetlError, match="another run is writing"):
        looked_at(tmp_path / "out").__enter__()


def test_looking_at_a_store_writes_nothing(tmp_path):
    with looked_at(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_a_file_is_refused_with_one_line(tmp_path):
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(NewsetlError, match="cannot be written to"):
        locked(tmp_path / "out").__enter__()


@pytest.mark.parametrize(
    "note", ["", "{}", "no JSON", '{"pid": 1, "host": "h\\u202e", "started": "s", "command": "x"}']
)
def test_whatever_stands_in_the_lock_file_gives_one_printable_line(tmp_path, note):
    with locked(tmp_path):
        (tmp_path / LOCK_FILE).write_text(note, encoding="utf-8")
        with pytest.raises(NewsetlError) as caught:
            locked(tmp_path).__enter__()
    assert str(caught.value).isprintable()
