"""`newsetl verify`: silent on a sound store, one line for each fault, nothing changed without --repair."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsetl.cli import main
from newsetl.errors import NewsetlError
from newsetl.io import publish, store, trees
from newsetl.io.lock import locked
from newsetl.schema import DATASETS, SCHEMA_VERSION, Partition
from newsetl.verify import verify

JANUARY = Partition("example", 2020, 1)


@pytest.fixture
def stored(tmp_path, make_store, make_article, make_reject):
    """A sound store."""
    stored = make_store(tmp_path)
    stored.publish(
        [make_article("a", offset=0), make_article("b", offset=1), make_article("a", offset=2), make_reject(9)]
    )
    return stored


@pytest.fixture
def root(stored):
    return stored.root


def part(root: Path, dataset: str, partition: Partition = JANUARY) -> Path:
    return store.part_path(root, dataset, partition)


def change(path: Path, edit) -> None:
    """Rewrite a file with its rows edited, in the same schema."""
    table = pq.ParquetFile(path).read()
    rows = edit(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def setting(**values):
    """An edit that sets columns of the first row."""
    return lambda rows: [{**rows[0], **values}, *rows[1:]]


def listing(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in root.rglob("*")}


def test_a_sound_store_has_no_problem(root):
    found = verify(root)
    assert found.problems == []
    assert (found.rows["articles"], found.rows["records"], found.rows["rejects"]) == (2, 4, 1)


def test_nothing_is_changed_without_a_repair(root):
    (root / "_staging-dead").mkdir()
    before = listing(root)
    verify(root)
    assert listing(root) == before


def test_a_run_at_work_is_not_looked_at(root):
    with locked(root), pytest.raises(NewsetlError, match="another run is writing here"):
        verify(root)


def test_a_directory_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NewsetlError, match="no such directory"):
        verify(tmp_path / "none")


def test_a_dataset_that_is_missing_is_told(root):
    (root / "quotes").rename(root / "_quotes")
    assert verify(root).problems[0] == "quotes: missing; the next run makes it"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("articles/part-0.parquet", "does not belong here"),
        ("articles/source=example/year=2020/month=1/part-1.parquet", "does not belong here"),
        ("articles/source=Evil/year=2020/month=1/part-0.parquet", "does not belong here"),
        ("articles/source=example/year=2020/month=13/part-0.parquet", "does not belong here"),
        ("articles/source=example/year=2020/month=0/part-0.parquet", "does not belong here"),
        ("articles/source=example/year=02020/month=1/part-0.parquet", "does not belong here"),
        ("articles/source=\u202eexample/year=2020/month=1/part-0.parquet", "does not belong here"),
        ("quotes/.tmp-part", "does not belong here"),
    ],
)
def test_a_stray_file_is_told(root, name, line):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(b"x")
    (problem,) = verify(root).problems
    assert problem.endswith(line)
    assert problem.isprintable()


def test_an_empty_folder_is_told(root):
    (root / "articles" / "source=none").mkdir()
    assert verify(root).problems == ["articles/source=none: an empty folder"]


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("keep", [0, 3, 200])
def test_a_file_that_was_cut_cannot_be_read(root, dataset, keep):
    path = next((root / dataset).rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:keep])
    assert any("cannot be read" in problem for problem in verify(root).problems)


def test_damage_within_a_file_is_found(root):
    path = part(root, "articles")
    content = bytearray(path.read_bytes())
    content[100:140] = b"\xff" * 40
    path.write_bytes(content)
    assert verify(root).problems


def test_other_columns_are_told(root):
    path = part(root, "sentences")
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["text"]), path)
    assert verify(root).problems[0].endswith("columns differ from those of this version of newsetl")


def test_another_schema_version_is_told(root):
    path = part(root, "sentences")
    pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata({"newsetl.schema": "0"}), path)
    assert verify(root).problems == [f"{path.relative_to(root)}: schema version 0, not {SCHEMA_VERSION}"]


@pytest.mark.parametrize(
    ("dataset", "edit", "line"),
    [
        ("articles", setting(text="أخرى"), "n_chars is 14, the text has 4"),
        ("articles", setting(published_on=None), "published on None, but filed under another month"),
        ("articles", lambda rows: rows[::-1], "out of order"),
        ("articles", lambda rows: [rows[0], *rows], "doubled"),
        ("articles", lambda rows: rows[:1], "2 records with outcome article, 1 rows in articles"),
        ("articles", setting(n_quotes=2), "1 rows, n_quotes is 2"),
        ("articles", setting(article_id="../evil"), "is no 32 hex digits"),
        ("paragraphs", setting(start=1), "start and end do not give its text"),
        ("paragraphs", setting(paragraph_index=1), "is number 1, not 0"),
        ("sentences", setting(end=3), "start and end do not give its text"),
        ("sentences", lambda rows: rows[1:], "0 rows, n_sentences is 1"),
        ("sentences", setting(article_id="0" * 32), f"article {'0' * 32}: not in articles"),
        ("quotes", setting(text="لا"), "its segments do not give its text"),
        ("quotes", setting(end=14), "start and end are not those of its segments"),
        ("quotes", setting(cue="أضاف"), "cue_start and cue_end do not give its cue"),
        ("records", lambda rows: rows[1:], "1 records with outcome article, 2 rows in articles"),
        ("records", setting(outcome="lost"), "unknown outcomes ['lost']"),
        ("records", setting(article_id="f" * 32), f"article {'f' * 32}: 0 rows in articles, 1 records say it is one"),
    ],
)
def test_a_row_that_is_wrong_is_told(root, dataset, edit, line):
    change(part(root, dataset), edit)
    assert any(line in problem for problem in verify(root).problems)


def test_an_article_in_two_months_is_told(root):
    other = part(root, "articles", Partition("example", 2020, 2))
    other.parent.mkdir()
    other.write_bytes(part(root, "articles").read_bytes())
    article_id = pd.read_parquet(part(root, "articles"))["article_id"][0]
    assert f"article {article_id}: 2 rows in articles, 1 records say it is one" in verify(root).problems


def test_many_problems_of_one_file_are_counted(root):
    change(part(root, "sentences"), lambda rows: [{**rows[0], "sentence_index": n, "end": 2} for n in range(500)])
    problems = verify(root).problems
    assert len(problems) < 12
    assert any("more" in problem for problem in problems)


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_prints_a_table_and_exits_with_0(root, capsys):
    assert main(["verify", "--out", str(root)]) == 0
    assert "articles" in (printed := capsys.readouterr().out)
    assert printed.endswith("no problem\n")


def test_the_command_tells_each_problem_on_a_line_and_exits_with_1(root, capsys):
    change(part(root, "quotes"), setting(text="لا"))
    assert main(["verify", "--out", str(root)]) == 1
    assert "its segments do not give its text" in capsys.readouterr().out


def test_a_repair_finishes_what_was_decided(root, stored, make_article, capsys, monkeypatch):
    prepared = stored.prepare([make_article("c", offset=5)])
    with monkeypatch.context() as patched:
        patched.setattr(trees, "roll_forward", lambda *_: None)
        patched.setattr(trees, "_clean", lambda _: None)
        publish.commit(root, prepared)
    assert main(["verify", "--out", str(root)]) == 1
    assert "decided but not finished" in capsys.readouterr().out
    assert main(["verify", "--out", str(root), "--repair"]) == 0
    assert "rolled forward" in capsys.readouterr().out
    assert sorted(pd.read_parquet(root / "articles")["external_id"]) == ["a", "b", "c"]


def test_a_repair_undoes_what_was_not(root, stored, make_article, capsys):
    stored.prepare([make_article("c", offset=5)])
    assert main(["verify", "--out", str(root), "--repair"]) == 0
    assert "rolled back" in capsys.readouterr().out
    assert sorted(pd.read_parquet(root / "articles")["external_id"]) == ["a", "b"]
