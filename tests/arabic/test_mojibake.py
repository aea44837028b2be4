"""UTF-8 read with the wrong codec, once and twice."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsetl.arabic.characters import repair_text
from newsetl.arabic.mojibake import repair_mojibake

TEXT = "قال الوزير إنّ «الأسعار» ارتفعت، گوگل وپاريس ڤيينا ژوئن ڭ چاد ٢٠١٥ ۴"
CODECS = ("latin-1", "cp1252", "cp1256")


def garble(text: str, codec: str) -> str:
    """The text as a program shows it that reads its UTF-8 bytes with `codec`, undefined bytes as C1 controls."""
    return "".join(bytes([b]).decode(codec) if codec != "cp1252" else sloppy(b) for b in text.encode())


def sloppy(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize("codec", CODECS)
def test_garbled_once(codec):
    assert repair_text(garble(TEXT, codec)) == (TEXT, ("mojibake",))


@pytest.mark.parametrize(("first", "second"), list(itertools.product(CODECS, CODECS)))
def test_garbled_twice(first, second):
    assert repair_text(garble(garble(TEXT, first), second)) == (TEXT, ("mojibake",))


@pytest.mark.parametrize("codec", CODECS)
def test_a_line_of_garbled_and_sound_words(codec):
    text = f"ضبط، حفظ؛ لا تضغط؟ {garble('قال الوزير أمس', codec)} (بيان) چاپ، 12"
    assert repair_mojibake(text) == "ضبط، حفظ؛ لا تضغط؟ قال الوزير أمس (بيان) چاپ، 12"


@pytest.mark.parametrize("codec", CODECS)
def test_a_short_line_is_repaired_when_another_proves_it(codec):
    assert repair_mojibake(garble("قال الوزير\nلا", codec)) == "قال الوزير\nلا"
    assert repair_mojibake(garble("لا", codec)) == garble("لا", codec)


def test_a_letter_cut_in_two_is_left_and_the_rest_repaired():
    garbled = garble("القرار نهائي", "cp1252")
    assert repair_mojibake(garbled[:-1]) == "القرار نهائÙ"


def test_quote_marks_and_dashes_garbled_alone():
    assert repair_mojibake("قال: â€œنعمâ€\x9d â€“ ثم مضى") == "قال: “نعم” – ثم مضى"


@pytest.mark.parametrize(
    "text",
    [
        "Ünal Özdemir à Besançon",
        "طظ، Ø 5 mm",
        "ضبط، وحفظ؛ ولفظ؟",
        "پاکستان کی حکومت",
        "À côté: ÄÖÜ «naïve»",
        "عگچظ",
        "عکس آپ",
    ],
)
def test_sound_text_stays(text):
    assert repair_mojibake(text) == text


WORDS = st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهويءأؤئةىپچڤگژ", min_size=4, max_size=9)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, min_size=2, max_size=12).map(" ".join), st.sampled_from(CODECS), st.sampled_from(CODECS))
def test_any_arabic_text_comes_back(text, first, second):
    text = f"قال {text}"  # a text of rare letters alone may hold no sign that is foreign to Arabic
    assert repair_mojibake(garble(text, first)) == text
    assert repair_mojibake(garble(garble(text, first), second)) == text
