"""The language of a text: case tables, the floor of the short samples, mixed texts, and laws."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.arabic.languages import load_languages
from newsetl.pipeline import process_record
from newsetl.records import Article, Place, RawRecord
from newsetl.stages.language import find_language, is_mixed

TABLE = tomllib.loads((Path(__file__).parents[1] / "cases" / "languages.toml").read_text(encoding="utf-8"))
# Of 60 samples 58 are to be right: the floor of the whole table and of the half that was kept apart.
FLOOR = 58 / 60
ARABIC = (
    "قال مدير الميناء إن القوارب الثلاثة عادت إلى الرصيف قبل منتصف الليل، وإن الفنيين يفحصون المحركات منذ الصباح. "
    "وأضاف أن الشركة ستنشر نتائج الفحص حين تنتهي منه."
)


def read_cases(kind):
    """The cases of a kind, known weaknesses as strict xfail."""
    return [
        pytest.param(
            case,
            id=case["label"],
            marks=[pytest.mark.xfail(strict=True, reason="known weakness")] if case["expect"] == "fail" else [],
        )
        for case in TABLE[kind]
    ]


@pytest.mark.parametrize("case", [*read_cases("case"), *read_cases("sample")])
def test_a_text_is_in_the_language_of_its_case(case):
    assert find_language(case["input"])[0] == case["lang"]


@pytest.mark.parametrize("apart", [False, True])
def test_of_sixty_short_samples_fifty_eight_are_right(apart):
    samples = [sample for sample in TABLE["sample"] if sample["apart"] or not apart]
    right = sum(find_language(sample["input"])[0] == sample["lang"] for sample in samples)
    assert len(samples) >= 58
    assert right >= FLOOR * len(samples), f"{right} of {len(samples)}"


@pytest.mark.parametrize("case", read_cases("titled"))
def test_a_title_speaks_for_a_short_body(case):
    assert find_language(case["input"], case["title"])[0] == case["lang"]


@pytest.mark.parametrize("case", read_cases("mixed"))
def test_a_text_is_mixed_as_its_case_says(case):
    text = "\n".join([*[ARABIC] * case["times"], case["input"]])
    assert find_language(text)[0] == case["lang"]
    assert is_mixed(text, case["lang"]) is case["mixed"]


@pytest.mark.parametrize("label", ["Persian paragraphs", "Latin names"])
def test_a_mixed_article_has_the_flag(label):
    case = next(case for case in TABLE["mixed"] if case["label"] == label)
    # numbered, since cleaning takes out paragraphs that are repeated
    paragraphs = [f"{ARABIC} هذا هو البيان رقم {number}." for number in range(1, case["times"] + 1)]
    body = "\n".join([*paragraphs, case["input"]]).encode()
    article = process_record(RawRecord(Place("in.txt", 0, len(body), "0" * 64), "text", body))
    assert isinstance(article, Article)
    assert article.metadata.lang == "ar"
    assert ("mixed-language" in article.flags) is case["mixed"]


@given(st.text(max_size=200), st.none() | st.text(max_size=50))
def test_the_score_is_a_share_and_nothing_raises(text, title):
    code, score = find_language(text, title)
    assert 0.0 <= score <= 1.0
    assert (code == "und") == (score == 0.0)
    is_mixed(text, code)


def test_short_words_are_letters_enough():
    assert find_language("هو هي")[0] == "ar"
    assert find_language("12 هو.") == ("und", 0.0)


def test_every_part_of_a_word_stands_under_a_letter_of_its_own():
    for script in (load_languages().arabic, load_languages().latin):
        for letter, parts in script.parts.items():
            assert all(letter in part for part in parts)
            assert letter or not any(set(part) & set(script.letters) for part in parts)


def test_a_text_in_one_language_is_not_mixed():
    assert not is_mixed(ARABIC * 20, "ar")
    assert not is_mixed("The boats were back in the harbour before the storm. " * 20, "en")


@pytest.mark.parametrize("unit", ["سلام ", "the boats of the town\n", "a", "{", "چ", "https://", '"'])
def test_a_long_text_costs_linear_time(unit):
    started = time.process_time()
    find_language(unit * 200_000)
    assert time.process_time() - started < 0.1
    is_mixed(unit * (200_000 // len(unit)), "ar")
    assert time.process_time() - started < 3
