"""The functions for texts of one's own: on a string and on a Series alike."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import newsetl
from newsetl import clean, find_language, search_text, split_sentences
from newsetl.arabic.characters import REPAIRS
from newsetl.records import Fields, Place, RawRecord
from newsetl.stages.clean import clean_article
from newsetl.stages.decode import decode
from newsetl.stages.extract import extract_article
from newsetl.stages.segment import split_document

FUNCTIONS = [clean, split_sentences, search_text, find_language]
ARTICLE = (
    "الوادي الأخضر - سالم القاضي\r\n"
    "افتتحت رئيسة البلدية هدى المرزوقي أمس سوق الخضار الجديد في حيّ الميناء بعد عامين من العمل&nbsp;المتواصل.\n"
    "شارك الخبر\n\n"
    "وقالت المرزوقي: «هذا السوق لكــل أهل الحيّ»، وشكرت د. ناصر الخالدي على رسم المخططات في ڤيينا.\n"
    "اقرأ أيضا: إغلاق الجسر القديم شهرا"
)
WORDS = [
    *("قال", "الوزير", "سالم", "د.", "33", ".1", "٢٠١٥", "www.example.com", "CNN", "(CNN)", "اقرأ", "شارك", "كتب:"),
    *("تصوير:", "رويترز", "&amp;quot;", "&#1548;", "ط§ظ„ط®ط¨ط±", "Ù‚Ø§Ù„", "ﻣﺼﺮ", "مـــد", "؟", "!", "..", "…", "،"),
    *("“", "”", "«", "»", "|", "اقرأ أيضا:", "Next Previous", "رابط الخبر بصحيفة كذا:", "(يتبع)", "– بيروت", '"'),
    *("\n", "\n", "\r\n", "\u200f", "\u200c", "\u00a0", "وصلت القافلة إلى القرية قبل المغيب بساعة ثم عادت من حيث أتت."),
]
TEXT = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join) | st.text(max_size=200)


def test_clean_gives_the_body_of_the_pipeline():
    record = RawRecord(Place("x", None, 1, ""), "text", fields=Fields(text=ARTICLE, title="سوق جديد"))
    document = split_document(clean_article(extract_article(decode(record))))
    assert clean(ARTICLE) == document.text
    assert clean(ARTICLE).split("\n") == [
        "افتتحت رئيسة البلدية هدى المرزوقي أمس سوق الخضار الجديد في حيّ الميناء بعد عامين من العمل المتواصل.",
        "وقالت المرزوقي: «هذا السوق لكل أهل الحيّ»، وشكرت د. ناصر الخالدي على رسم المخططات في ڤيينا.",
    ]


def test_clean_keeps_a_headline_and_what_needs_no_cleaning():
    text = (
        "جسر القرية يعود إلى الخدمة\nعبر أول القطارات جسر القرية صباح أمس بعد ثلاثة أشهر من الإصلاح والانتظار الطويل."
    )
    assert clean(text) == text


@pytest.mark.parametrize("text", ["", " \n\t ", "***\n12", "شارك الخبر"])
def test_clean_of_a_text_without_a_body_is_empty(text):
    assert clean(text) == ""


def test_sentences_are_those_of_the_pipeline():
    assert split_sentences("ألقى د. سالم كلمة.\nثم غادر! إلى أين؟") == ["ألقى د. سالم كلمة.", "ثم غادر!", "إلى أين؟"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("إلى", "الي"),
        ("أُمَّة", "امه"),
        ("مـكـة", "مكه"),
        ("٣۴", "34"),
        ("ﻣﺼﺮ", "مصر"),
        ("کتاب یک", "كتاب يك"),
        ("BBC", "bbc"),
    ],
)
def test_spellings_of_one_word_have_one_key(one, other):
    assert search_text(one) == search_text(other) == other


def test_different_words_have_different_keys():
    assert len({search_text(word) for word in ("ڤيينا", "فيينا", "گاز", "غاز", "سأل", "سئل")}) == 6


def test_language_is_a_code():
    assert find_language("افتتح الوزير المعرض الذي يستمر حتى نهاية الشهر") == "ar"
    assert find_language("12") == "und"


@settings(max_examples=150, deadline=None)
@given(TEXT)
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_a_key_of_a_key_is_the_key(text):
    assert search_text(search_text(text)) == search_text(text)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT.filter(lambda text: text.isprintable() or "\n" in text) | st.none(), max_size=6))
def test_a_string_and_a_series_agree(texts):
    series = pd.Series(texts, dtype=object)
    for function in FUNCTIONS:
        assert function(series).tolist() == [text if text is None else function(text) for text in texts]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["str", "string", "object", "category"])
def test_a_series_keeps_index_name_and_what_is_missing(function, dtype):
    series = pd.Series([ARTICLE, None, "نعم.", ARTICLE], index=[7, 7, 3, 1], name="body", dtype=dtype)
    found = function(series)
    assert found.index.tolist() == [7, 7, 3, 1]
    assert found.name == "body"
    assert found.isna().tolist() == [False, True, False, False]
    assert found.iloc[0] == function(ARTICLE)
    if dtype in ("str", "string"):
        assert found.dtype == (object if function is split_sentences else series.dtype)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["str", "object"])
def test_an_empty_series_gives_an_empty_series(function, dtype):
    assert function(pd.Series([], dtype=dtype)).tolist() == []


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("value", [None, 3, b"text", ["text"], pd.DataFrame({"a": ["text"]})])
def test_other_types_are_a_type_error(function, value):
    with pytest.raises(TypeError, match="a str or a pandas Series of str is needed"):
        function(value)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_series_of_other_things_is_a_type_error_that_names_the_place(function):
    with pytest.raises(TypeError, match="at 'second' it holds int"):
        function(pd.Series(["نعم", 3], index=["first", "second"]))


def test_the_public_names_are_there():
    assert set(newsetl.__all__) <= set(dir(newsetl))
    with pytest.raises(AttributeError, match="nothing_such"):
        newsetl.nothing_such  # noqa: B018  the access is the test


def test_text_functions_import_neither_frames_nor_flows():
    code = (
        "import sys, newsetl; newsetl.clean('نعم'); newsetl.split_sentences('نعم.'); newsetl.find_language('نعم');"
        "print(*{'pandas', 'pyarrow', 'prefect', 'rich', 'trafilatura'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


ROW = re.compile(r"\| (\d+) \| `([\w-]+)` \| (.+) \| (.+) \|")
ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\([rn])")


def cell(text):
    """What a cell of the page shows between back quotes, its escapes read; None for a cell of words."""
    if not text.startswith("`"):
        return None
    return ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else {"r": "\r", "n": "\n"}[m[2]], text.strip("`"))


def test_the_repairs_on_the_page_are_those_of_the_code():
    page = (Path(__file__).parents[1] / "docs" / "cleaning.md").read_text(encoding="utf-8")
    rows = ROW.findall(page)
    assert [name for _, name, _, _ in rows] == list(REPAIRS)
    for _, name, before, after in rows:
        if cell(before) is not None:
            assert REPAIRS[name](cell(before)) == cell(after), name
