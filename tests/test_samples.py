"""The sample archive end to end: what `make run` publishes, against what its author expects of each article."""

import ast
import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from newsetl.arabic.folding import fold_text
from newsetl.cli import main

ROOT = Path(__file__).parents[1]
EXPECTED = json.loads((Path(__file__).parent / "samples" / "expected.json").read_text(encoding="utf-8"))
FIELDS = ("title", "source", "lang", "agency", "dateline_place", "published_on", "date_origin", "section")
# Share of the quotes that its author wrote into the samples, found with type and speaker's name; it only goes up.
QUOTES_FOUND = 0.925


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples") / "out"
    assert main(["run", str(ROOT / "data" / "raw"), "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def articles(out):
    """Rows of articles by every name that the expectations use."""
    found = {}
    for row in json.loads(pd.read_parquet(out / "articles").to_json(orient="records", date_format="iso")):
        for name in (row["url"], Path(row["raw_uri"]).name, row["external_id"]):
            found[name] = row
    return found


def plain(value: object) -> object:
    return value[:10] if isinstance(value, str) and value[4:5] == "-" and "T" in value else value


def test_every_record_is_accounted_for(out):
    outcomes = pd.read_parquet(out / "records")["outcome"].value_counts().to_dict()
    assert outcomes == {"article": 33, "duplicate": 1, "superseded": 1, "rejected": 5}
    reasons = sorted(pd.read_parquet(out / "rejects")["reason"])
    assert reasons == sorted(reject["reason"] for reject in EXPECTED["outcomes"]["rejects"])


@pytest.mark.parametrize("name", EXPECTED["articles"])
def test_metadata_is_what_the_author_expects(articles, name):
    expected, row = EXPECTED["articles"][name], articles[name]
    found = {field: plain(row[field]) for field in FIELDS if field in expected}
    assert found == {field: plain(expected[field]) for field in FIELDS if field in expected}
    for field in ("authors", "tags", "fixes"):
        if field in expected:
            assert row[field] == expected[field], field
    assert set(expected.get("flags", ())) <= set(row["flags"])


@pytest.mark.parametrize("name", EXPECTED["articles"])
def test_headings_are_marked_and_boilerplate_is_gone(out, articles, name):
    expected, row = EXPECTED["articles"][name], articles[name]
    paragraphs = pd.read_parquet(out / "paragraphs", filters=[("article_id", "==", row["article_id"])])
    if "headings" in expected:
        assert paragraphs[paragraphs["role"] == "heading"]["text"].tolist() == expected["headings"]
    for text in expected.get("removed", ()):
        assert text not in row["text"]


def folded(text: str | None) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in fold_text(text or "")).split()


def test_quotes_are_those_the_author_wrote(out, articles):
    quotes = json.loads(pd.read_parquet(out / "quotes").to_json(orient="records"))
    wanted = hits = 0
    missed = []
    for name, expected in EXPECTED["articles"].items():
        rows = [row for row in quotes if row["article_id"] == articles[name]["article_id"]]
        found = {(row["type"], *folded(row["text"]), "/", *folded(row["speaker_name"])) for row in rows}
        for quote in expected.get("quotes", ()):
            wanted += 1
            key = (quote["type"], *folded(quote["text"]), "/", *folded(quote["speaker_name"]))
            hits += key in found
            if key not in found:
                missed.append((name, quote["type"], quote["speaker_name"], quote["text"][:60]))
    assert hits / wanted >= QUOTES_FOUND, "\n".join(map(str, missed))


def readme_blocks(language: str) -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return [block.partition("```")[0] for block in readme.split(f"```{language}\n")[1:]]


def test_the_row_in_the_readme_is_a_row_that_make_run_writes(out):
    (block,) = readme_blocks("json")
    shown = json.loads(block)
    quotes = json.loads(pd.read_parquet(out / "quotes").to_json(orient="records", date_format="iso"))
    (row,) = (row for row in quotes if row["quote_id"] == shown["quote_id"])
    assert shown == {name: round(v, 2) if isinstance(v := plain(row[name]), float) else v for name in shown}


@pytest.mark.parametrize("block", readme_blocks("python"))
def test_the_python_of_the_readme_runs_on_what_make_run_writes(out, block, monkeypatch):
    monkeypatch.chdir(out.parent)
    (out.parent / "data").mkdir(exist_ok=True)
    link = out.parent / "data" / "processed"
    if not link.exists():
        link.symlink_to(out)
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102  our own page
    shown = ast.parse(block).body[-1]
    assert len(eval(ast.unparse(shown), names)) > 0, "a block ends with what it shows"  # noqa: S307  as above


def test_the_sql_of_the_readme_runs_on_what_make_run_writes(out):
    (block,) = readme_blocks("sql")
    rows = duckdb.sql(block.replace("data/processed", str(out))).fetchall()
    assert sum(count for _, count in rows) == len(pd.read_parquet(out / "quotes"))
