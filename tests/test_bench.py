"""The table of `make bench`: it runs on any machine, with or without the gold set. No test looks at the clock."""

import importlib.util
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"
TEXT = "ألقى د. سالم كلمة قصيرة. ثم غادر القاعة!\nوقالت سلمى: «نعم». هل عاد؟"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench", TOOLS / "bench.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bench"]


def test_every_tool_takes_a_text(bench):
    for tool in bench.TOOLS:
        assert tool.function(TEXT)


def test_the_expression_knows_no_abbreviations(bench):
    assert bench.split_by_expression(TEXT) == [
        "ألقى د.",
        "سالم كلمة قصيرة.",
        "ثم غادر القاعة!",
        "وقالت سلمى: «نعم».",
        "هل عاد؟",
    ]


def test_a_paragraph_is_lengthened_without_a_break(bench):
    text = bench.lengthen([TEXT, "انتهى."], 1000)
    assert "\n" not in text
    assert 1000 <= len(text.encode()) < 1100


def test_the_texts_are_those_of_the_sample_archive(bench):
    texts = bench.read_texts(bench.SAMPLES)
    assert len(texts) > 30
    assert len(bench.read_texts(bench.SAMPLES, 5)) == -(-len(texts) // 5)


def test_what_would_take_too_long_is_left_out(bench, monkeypatch):
    monkeypatch.setattr(bench, "measure", lambda *_: 0.001)
    assert bench.measure_growth(len, [TEXT], 1.0) == [0.001, None, None]


def test_without_a_gold_set_the_table_says_so(bench, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bench, "BASE_BYTES", 200)
    assert bench.main(["--seconds", "0.001", "--shared", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for name in ("newsetl", "pysbd", "ftfy", "expression", "cleaning + sentences"):
        assert name in printed
    assert "not there" in printed


def test_a_gold_set_is_scored_by_its_own_scorer(bench, tmp_path):
    (tmp_path / "score_sentences.py").write_text(
        "import importlib, sys\n"
        "module, name = sys.argv[2].split(':')\n"
        "found = getattr(importlib.import_module(module), name)('نعم. لا.')\n"
        "print(f'sentences: precision 1  recall 1  F1 {len(found)}.00  (made up)')\n",
        encoding="utf-8",
    )
    for tool in bench.TOOLS:
        if tool.scored:
            assert bench.score(tool.scored, tmp_path) == 2.0


def test_a_scorer_that_fails_gives_no_figure(bench, tmp_path):
    (tmp_path / "score_sentences.py").write_text("raise SystemExit(1)", encoding="utf-8")
    assert bench.score("newsetl:split_sentences", tmp_path) is None
