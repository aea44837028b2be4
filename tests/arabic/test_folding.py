"""Laws of the matching keys."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from newsetl.arabic.folding import fold_digits, fold_name, fold_text


@given(st.text(max_size=200))
def test_folding_twice_equals_folding_once(text):
    assert fold_text(fold_text(text)) == fold_text(text)


@given(st.text(alphabet="أإآاىيةه\u0640\u064e\u064b\u0651\u200f٣3۳ \n", max_size=60))
def test_a_folded_text_has_one_form_of_each_letter(text):
    assert not set(fold_text(text)) & set("أإآىة\u0640\u064e\u064b\u0651\u200f٣۳\n")


def test_every_mark_digit_and_letter_form_is_folded_alone_and_in_a_word():
    dropped = [chr(code) for code in range(0x600, 0x700) if unicodedata.category(chr(code)) == "Mn"]
    for sign in (*dropped, "\u0640", "\u061c", "\u200b", "\u202e", "\u2067", "\ufeff", "\u00ad"):
        assert (fold_text(sign), fold_text(f"ق{sign}لم")) == ("", "قلم"), f"U+{ord(sign):04X}"
    assert fold_text("أإآٱ ى ی ک ة ٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹") == "اااا ي ي ك ه 0123456789 0123456789"


def test_marks_that_a_compatibility_form_brings_are_folded_too():
    assert fold_text("\ufe77") == fold_text("\u0640\u064e") == ""  # a fatha on a tatweel
    assert fold_text("ا\u0653لة") == "اله"


def test_different_words_stay_different():
    assert fold_text("علم") != fold_text("عمل")
    assert fold_text("موسى") == fold_text("موسي")
    assert fold_text("ﻷن") == fold_text("لأن")


@given(st.text(max_size=100))
def test_digits_alone_change_in_fold_digits(text):
    assert len(fold_digits(text)) == len(text)


def test_a_name_has_no_case():
    assert fold_name("BBC News") == fold_name("bbc NEWS")
