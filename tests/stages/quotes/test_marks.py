"""Pairing of quote marks by the document's evidence."""

import pytest

from newsetl.records import Document, Paragraph
from newsetl.stages.quotes.marks import find_marks


def marked(text):
    paragraphs, start = [], 0
    for index, line in enumerate(text.split("\n")):
        paragraphs.append(Paragraph(index, "body", start, start + len(line)))
        start += len(line) + 1
    spans, _ = find_marks(Document(text, tuple(paragraphs), ()))
    return [text[s.inner_start : s.inner_end] for s in spans]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ('"', '"'), ("“", "”"), ("”", "“"), ("„", "“"), ("”", "”"), ("«", "»"), ("»", "«"), ("‹", "›"),
        ("'", "'"), ("‘", "’"), ("''", "''"), ("((", "))"),
    ],
)  # fmt: skip
def test_marks_of_every_kind_are_paired(opening, closing):
    text = f"قال {opening}نعم لقد وصلنا{closing} ثم جلس. وقال {opening}لا تنتظر{closing}."
    assert marked(text) == ["نعم لقد وصلنا", "لا تنتظر"]


def test_only_the_outermost_span_is_given():
    assert marked('قال «قرأت كتاب "النهر" مرتين» ثم جلس.') == ['قرأت كتاب "النهر" مرتين']


def test_marks_do_not_pair_across_paragraphs():
    assert marked('قال: "وصلنا معا\nثم جلس.') == ["وصلنا معا"]


def test_an_apostrophe_is_no_mark():
    assert marked("مقهى L'Orient في المدينة القديمة، وشارع d'Or.") == []


def test_a_prefix_may_be_glued_to_the_marks():
    assert marked('وصفه بـ"الطويل" ولـ"الأفق" قال ذلك.') == ["الطويل", "الأفق"]


def test_headings_have_no_marks():
    text = "«عنوان»"
    assert find_marks(Document(text, (Paragraph(0, "heading", 0, len(text)),), ())) == ([], [])
