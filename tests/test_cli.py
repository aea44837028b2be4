"""The command line as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from newsetl.cli import main
from newsetl.report import markdown_schema
from newsetl.schema import DATASETS

TEXT = (
    "قالت الوزيرة سلمى الحداد في مؤتمر صحفي إن المشروع سيبدأ في الربيع.\n\n"
    "وأضافت: «سنفتح ثلاث مدارس جديدة قبل نهاية العام».\n\n"
    "وتقع المدارس الثلاث في أحياء لم تكن فيها أي مدرسة حتى الآن."
)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    rows = [
        {"id": "r1", "url": "https://one.example/1", "title": "مدارس جديدة", "text": TEXT, "date": "2021-03-05"},
        {"id": "r2", "url": "https://one.example/1", "title": "مدارس جديدة", "text": TEXT, "date": "2021-03-05"},
        {"id": "r3", "url": "https://two.example/9", "title": "بلا نص", "text": ""},
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "rows.jsonl").write_text("\n".join([*lines, "{broken"]), encoding="utf-8")
    (folder / "notes.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    return folder


def test_run_publishes_and_accounts_for_every_record(archive, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", str(archive), "--out", str(out), "--workers", "1"]) == 0
    outcomes = pd.read_parquet(out / "records")["outcome"].value_counts().to_dict()
    assert outcomes == {"article": 1, "duplicate": 1, "rejected": 2}
    reasons = pd.read_parquet(out / "rejects").sort_values("raw_offset")
    assert reasons["reason"].tolist() == ["no-text", "bad-json"]
    printed = capsys.readouterr().out
    assert "4 records = 1 article, 1 duplicate, 0 superseded, 2 rejected" in printed
    assert "1 files of no known format skipped" in printed


def test_run_writes_a_manifest(archive, tmp_path):
    out = tmp_path / "out"
    main(["run", str(archive), "--out", str(out), "--workers", "1"])
    (path,) = (out / "_runs").glob("*.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert manifest["read"] == sum(batch["read"] for batch in manifest["batches"]) == 4
    assert manifest["settings"]["inputs"] == [str(archive)]
    assert not list(out.glob("_staging-*"))


def test_limit_reads_only_the_first_records(archive, tmp_path):
    main(["run", str(archive), "--out", str(tmp_path / "out"), "--limit", "1", "--workers", "1"])
    assert len(pd.read_parquet(tmp_path / "out" / "records")) == 1


def test_source_leaves_other_outlets_out(archive, tmp_path, capsys):
    main(["run", str(archive), "--out", str(tmp_path / "out"), "--source", "nobody", "--workers", "1"])
    assert pd.read_parquet(tmp_path / "out" / "articles").empty
    assert "records of other sources left out" in capsys.readouterr().out


def test_map_names_the_columns(tmp_path):
    (tmp_path / "x.jsonl").write_text(json.dumps({"corpo": TEXT, "quando": "2021-03-05"}, ensure_ascii=False))
    out = tmp_path / "out"
    arguments = ["run", str(tmp_path / "x.jsonl"), "--map", "text=corpo", "--map", "date=quando", "--workers", "1"]
    assert main([*arguments, "--out", str(out)]) == 0
    assert str(pd.read_parquet(out / "articles")["published_on"][0]) == "2021-03-05"


def test_plan_lists_files_and_writes_nothing(archive, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert main(["plan", str(archive), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "jsonl" in printed
    assert "notes.png" in printed
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "missing-folder"], "missing-folder"),
        (["plan", "missing/*.jsonl"], "missing/*.jsonl"),
        (["run", "{archive}", "--map", "speech=content"], "speech"),
        (["run", "{archive}", "--map", "text"], "text"),
        (["run", "{archive}", "--map", "text=contnet"], "no record has a column 'contnet'"),
        (["run", "{archive}", "--urls", "missing.tsv"], "missing.tsv"),
        (["run", "{archive}", "--workers", "0"], "workers must be 1 or more"),
        (["run", "{archive}", "--config", "missing.toml"], "missing.toml"),
        (["show", "abc", "--out", "missing"], "no such dataset"),
        (["boilerplate", "one", "--out", "missing"], "no such dataset"),
        (["boilerplate", "one", "--limit", "0"], "--limit must be 1 or more"),
    ],
)
def test_mistakes_end_with_one_line_and_exit_code_2(archive, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main([argument.format(archive=archive) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("newsetl: ")
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_show_prints_an_article_with_its_quotes(archive, tmp_path, capsys):
    out = tmp_path / "out"
    main(["run", str(archive), "--out", str(out), "--workers", "1"])
    article_id = pd.read_parquet(out / "articles")["article_id"][0]
    capsys.readouterr()
    assert main(["show", article_id[:8], "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "مدارس جديدة" in printed
    assert "direct" in printed
    assert main(["show", "ffffffff0000", "--out", str(out)]) == 2


@pytest.mark.parametrize("command", [[], ["run"], ["plan"], ["schema"], ["show"], ["boilerplate"], ["source"]])
def test_help_has_examples(command):
    done = subprocess.run(
        [sys.executable, "-m", "newsetl.cli", *command, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "newsetl" in done.stdout
    assert not command or "examples:" in done.stdout


def test_a_command_starts_without_what_only_others_need():
    heavy = "'pandas', 'trafilatura', 'prefect', 'distributed', 's3fs'"
    code = f"import sys, newsetl.cli; print([name for name in ({heavy}) if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_schema_lists_every_column(capsys):
    assert main(["schema", "quotes"]) == 0
    assert "speaker_name" in capsys.readouterr().out


def test_the_schema_page_is_what_the_command_writes():
    page = Path(__file__).parents[1] / "docs" / "schema.md"
    assert page.read_text(encoding="utf-8") == markdown_schema(list(DATASETS))
