"""What holds for the quotes of any text whatever."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsetl.records import Document, Paragraph
from newsetl.stages.quotes import find_quotes

PIECES = [
    "قال", "وقالت", "وأضاف", "مشيرا إلى", "إن", "أن", "بأن", "أنه", "سمير حداد", "الوزير", "وزارة النقل", "مصادر",
    "بحسب", "وفقا", "للوزارة", "حسبما", "ذكرت", "نقلت", "عن", "قوله", "من جهته", "العمل", "بدأ", "في", "التي",
    '"', "«", "»", "“", "”", "„", "'", "((", "))", "''", "‹", "›", "(", ")", ":", "،", ".", "؟", "…",
    "\n", "-", "\u0640", "لم", "\u200f", "\u064b", "د.", "3.5", "10:30", "\x00", "\u2028", "a", "ب\u0640", "و", "ل",
    "ل\u0640",
]  # fmt: skip
arabic_text = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=60).map(" ".join)
glued_text = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
RUNS = [
    '"', '" ', "« ", "» ", "'", "(( ", " ", "\u0640", "\u200f", "\n", ". ", ": ", "، ",
    "قال ", "أن ", "قال إن ", "مضيفا أن ", "وقال في ", "حسب قوله ", "؟ - ",
    'وصفه ب "كذا كذا"، وكذا ', "« « كذا» ",
]  # fmt: skip


def make_document(text):
    paragraphs, start = [], 0
    for index, line in enumerate(text.split("\n")):
        paragraphs.append(Paragraph(index, "body", start, start + len(line)))
        start += len(line) + 1
    return Document(text, tuple(paragraphs), ())


@settings(max_examples=150, deadline=None)
@given(st.one_of(arabic_text, glued_text))
def test_every_offset_slices_to_what_the_row_says(text):
    for quote in find_quotes(make_document(text)):
        assert quote.segments
        places = [p for s in quote.segments for p in (s.start, s.end)]
        assert places[0] >= 0
        assert places[-1] <= len(text)
        assert places == sorted(places)
        assert all(s.start < s.end for s in quote.segments)
        if quote.cue is not None:
            assert text[quote.cue_start : quote.cue_end] == quote.cue
        if quote.speaker is not None:
            assert text[quote.speaker_start : quote.speaker_end] == quote.speaker
        assert 0 <= quote.confidence <= 1


@settings(max_examples=60, deadline=None)
@given(st.one_of(arabic_text, glued_text))
def test_the_same_text_gives_the_same_quotes(text):
    assert find_quotes(make_document(text)) == find_quotes(make_document(text))


@settings(max_examples=60, deadline=None)
@given(st.one_of(arabic_text, glued_text))
def test_quotes_stand_in_order_under_running_numbers(text):
    quotes = find_quotes(make_document(text))
    assert [q.index for q in quotes] == list(range(len(quotes)))
    assert [q.start for q in quotes] == sorted(q.start for q in quotes)


@pytest.mark.parametrize("unit", RUNS)
def test_a_hundred_thousand_signs_in_a_row_take_less_than_three_seconds(unit):
    document = make_document(unit * (100_000 // len(unit)))
    start = time.process_time()
    find_quotes(document)
    assert time.process_time() - start < 3  # about 0.3 s on a free core; the rest is room for a busy one


def test_time_grows_with_the_length_and_not_faster():
    line = (
        "وأكد الوزير أن العمل بدأ، مضيفا: «سنكمل الجسر قبل الصيف». وقال سمير حداد إن الطريق مغلق، بحسب وزارة النقل.\n"
    )

    def seconds(times):
        document = make_document(line * times)
        start = time.process_time()
        find_quotes(document)
        return time.process_time() - start

    seconds(10)
    assert seconds(1600) < 16 * max(seconds(100), 0.005) * 3
