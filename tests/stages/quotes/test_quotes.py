"""The quotes stage against its table of cases."""

import tomllib
from pathlib import Path

import pytest

from newsetl.records import Document, Paragraph
from newsetl.stages.quotes import find_quotes

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "quotes.toml").read_text(encoding="utf-8"))["case"]


def make_document(text, headings=()):
    """A document with one paragraph a line; `headings` are line numbers."""
    paragraphs, start = [], 0
    for index, line in enumerate(text.split("\n")):
        paragraphs.append(Paragraph(index, "heading" if index in headings else "body", start, start + len(line)))
        start += len(line) + 1
    return Document(text, tuple(paragraphs), ())


def as_line(quote, text):
    said = " … ".join(text[s.start : s.end] for s in quote.segments)
    return f"{quote.type} | {quote.cue} | {quote.speaker_name} | {said}"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c["label"], marks=[pytest.mark.xfail(strict=True)] if c["expect"] == "fail" else [])
        for c in CASES
    ],
)
def test_quotes_of_the_case_are_found_with_their_speakers(case):
    document = make_document(case["input"])
    assert [as_line(q, document.text) for q in find_quotes(document)] == case["expected"]


def test_headings_are_not_searched():
    document = make_document("قال سمير: «نعم لقد عدنا اليوم»\nوصل القطار.", headings=(0,))
    assert find_quotes(document) == ()


def test_role_kind_and_class_of_a_person():
    (quote,) = find_quotes(make_document("وحذر خبير المناخ أنور عزيز من أن الجفاف سيطول."))
    assert (quote.speaker_name, quote.speaker_role, quote.speaker_kind) == ("أنور عزيز", "خبير المناخ", "person")
    assert (quote.cue_lemma, quote.cue_class, quote.resolution) == ("حذر", "warn", "explicit")


def test_an_outlet_that_passes_words_on_is_named():
    (quote,) = find_quotes(make_document("ونقلت وكالة الأفق عن سمير حداد قوله إن السفينة وصلت."))
    assert (quote.speaker_name, quote.relayed_by, quote.resolution) == ("سمير حداد", "وكالة الأفق", "explicit")


def test_a_role_is_the_longest_description_of_the_article_and_the_same_at_every_quote():
    text = (
        "قال المهندس سمير حداد إن الجسر جاهز.\nوحضر الحفل سمير حداد، المدير العام لمركز الجسور في الوادي.\n"
        "وأضاف حداد أن العمل انتهى."
    )
    assert [q.speaker_role for q in find_quotes(make_document(text))] == ["المدير العام لمركز الجسور في الوادي"] * 2


def test_bodies_and_nameless_sources_have_no_role():
    text = "وقالت مصادر مطلعة إن الطريق مغلق.\nوأعلنت وزارة النقل أن العمل بدأ."
    assert [q.speaker_role for q in find_quotes(make_document(text))] == [None, None]


def test_sources_without_a_name_are_anonymous_and_ministries_organisations():
    text = "وقال مسؤول رفض الكشف عن اسمه إن الطريق مغلق.\nوأعلنت وزارة النقل أن العمل بدأ."
    assert [q.speaker_kind for q in find_quotes(make_document(text))] == ["anonymous", "organisation"]


def test_an_elided_speaker_has_no_words_at_the_quote():
    _, second = find_quotes(make_document("قال سمير حداد إن الجسر مفتوح.\nوأضاف أن الطريق آمن."))
    assert (second.speaker, second.speaker_start, second.resolution) == (None, None, "elided")


def test_unclosed_marks_are_flagged():
    (quote,) = find_quotes(make_document("وقال سمير حداد: «سنعود غدا إلى القرية ونكمل العمل"))
    assert quote.flags == ("unclosed-mark",)


def test_quotes_are_numbered_in_the_order_of_the_text():
    text = (
        "قال سمير حداد إن الجسر مفتوح، مضيفا أن الطريق آمن، بحسب صحيفة الأفق.\n«سنعود غدا إلى القرية»، قالت هدى منصور."
    )
    quotes = find_quotes(make_document(text))
    assert [q.index for q in quotes] == list(range(len(quotes)))
    assert [q.start for q in quotes] == sorted(q.start for q in quotes)
