"""The tables behind the quotes stage, and the forms made from them."""

import tomllib
import unicodedata
from importlib import resources

import pytest

from newsetl.arabic.tokens import fold_word
from newsetl.stages.quotes.lexicon import load_cue_words, load_speaker_words

FORMS = load_cue_words().forms


@pytest.mark.parametrize(
    ("word", "lemma", "gender", "number"),
    [
        ("قال", "قال", "m", "s"),
        ("قالت", "قال", "f", "s"),
        ("يقولون", "قال", "m", "p"),
        ("وأكّدت", "أكد", "f", "s"),
        ("سيعلن", "أعلن", "m", "s"),
        ("دعت", "دعا", "f", "s"),
        ("ترى", "رأى", "f", "s"),
        ("مشيرةً", "أشار", "f", "s"),
        ("لافتين", "لفت", "m", "p"),
        ("اعتبرته", "اعتبر", "f", "s"),
    ],
)
def test_inflected_forms_are_known(word, lemma, gender, number):
    form = FORMS[fold_word(word)]
    assert (form.lemma, form.gender, form.number) == (lemma, gender, number)


@pytest.mark.parametrize("word", ["مدينة", "بالتأكيد", "بينهم", "كاتبا"])
def test_common_words_of_the_same_shape_are_no_cues(word):
    assert fold_word(word) not in FORMS


def test_every_verb_has_a_class_and_known_frames():
    table = tomllib.loads(resources.files("newsetl.arabic").joinpath("cues.toml").read_text(encoding="utf-8"))
    for lemma, row in table["verbs"].items():
        assert row["class"], lemma
        assert set(row["frames"]) <= {"d", "an", "ila", "ala", "min", "fi", "q", "o", "weak"}, lemma


def test_word_lists_hold_no_presentation_forms_or_marks():
    words = load_speaker_words()
    lists = [getattr(words, name) for name in words.__slots__]
    for word in (w for words in lists for w in words):
        assert unicodedata.normalize("NFKC", word) == word
        assert not any(unicodedata.combining(c) for c in word)
