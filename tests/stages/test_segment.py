"""Paragraphs with roles and sentences without loss."""

import time
import tomllib
from pathlib import Path

import pytest

from newsetl.records import Block, Draft, Place, RawRecord
from newsetl.stages.clean import clean_article
from newsetl.stages.segment import split_document, split_sentences

CASES = Path(__file__).parents[1] / "cases"
RECORD = RawRecord(Place("x", None, 1, ""), "text")
LONG = (
    "تجمع عشرات الصيادين عند مدخل المرفأ القديم منذ ساعات الفجر الأولى "
    "لاستقبال القارب العائد من رحلة طويلة في عرض البحر."
)


def cases(name: str) -> list:
    rows = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    marks = {"fail": pytest.mark.xfail(strict=True), "pass": ()}
    return [pytest.param(row, id=row["label"], marks=marks[row["expect"]]) for row in rows]


def document(*lines: str):
    return split_document(Draft(RECORD, "lines", tuple(map(Block, lines)), title="عنوان"))


@pytest.mark.parametrize("case", cases("sentences"))
def test_sentences_end_where_the_table_says(case):
    assert split_sentences(case["input"]) == case["expected"]


@pytest.mark.parametrize("case", cases("paragraphs"))
def test_lines_have_the_roles_of_the_table(case):
    found = document(*(line.replace("LONG", LONG) for line in case["input"]))
    assert [paragraph.role for paragraph in found.paragraphs] == case["expected"]


def test_the_role_of_the_markup_is_kept():
    found = split_document(
        Draft(RECORD, "trafilatura", (Block(LONG), Block("قوارب وأسماك.", "heading"), Block(LONG, "body")))
    )
    assert [p.role for p in found.paragraphs] == ["lead", "heading", "body"]


def test_offsets_slice_back_to_paragraphs_and_sentences():
    found = document(f"{LONG} ثم غادروا.", "سوق السمك", LONG)
    assert found.text.split("\n") == [found.text[p.start : p.end] for p in found.paragraphs]
    assert [found.text[s.start : s.end] for s in found.sentences] == [LONG, "ثم غادروا.", "سوق السمك", LONG]
    assert [(s.paragraph_index, s.index) for s in found.sentences] == [(0, 0), (0, 1), (1, 2), (2, 3)]
    assert found.title == "عنوان"


PATTERNS = [
    '"',
    "«",
    "“",
    " ",
    "\u0640",
    "0",
    ".",
    "…",
    ". ",
    ".“",
    "د.",
    "؟",
    "&amp;",
    "ط§",
    "|ا",
    "-",
    "(",
    "\u200c",
    "\n",
    "أ\n",
    "انتهى.وقال ",
    "انتهى.  وقال ",
    "خمسة. 5 ",
    "كلمة ",
    "Ã",
    "â€",
    "&quot ",
    "e\u0301",
    "- س؟\n",
    "عاد القارب إلى المرفأ القديم.\n",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_long_runs_take_linear_time(pattern):
    def seconds(count: int) -> float:
        text = "قال " + pattern * (count // len(pattern)) + " نعم."
        start = time.process_time()
        draft = clean_article(Draft(RECORD, "lines", (Block(text), Block(LONG))))
        split_document(draft)
        return time.process_time() - start

    seconds(1_000)
    assert seconds(100_000) < 3
