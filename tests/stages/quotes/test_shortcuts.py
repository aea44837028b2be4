"""What is passed over for speed is what would have changed nothing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsetl.arabic.tokens import split_tokens
from newsetl.records import Document, Paragraph
from newsetl.stages.quotes import find_quotes
from newsetl.stages.quotes.classes import is_role
from newsetl.stages.quotes.edges import find_clause_stop
from newsetl.stages.quotes.lexicon import load_cue_words, load_speaker_words
from newsetl.stages.quotes.memo import remember
from newsetl.stages.quotes.openers import find_opener
from newsetl.stages.quotes.places import Places
from newsetl.stages.quotes.scene import build_scene
from newsetl.stages.quotes.turning import load_turning_words

PLAIN = ["سامي حداد", "الوزير", "العمل", "انتهى", "في", "من", "على", "الجسر", "المدير", "أمام", "الوقت", "حد", "قول"]
SIGNS = ["،", ".", ":", "؟", "«", "»", '"', "(", ")", "-", "\n"]
CUES = ["قال", "وقال", "وأضاف", "مؤكدا", "يصف", "وصفته", "كتب عليها", "رفض", "إن", "أن", "أنه", "لم", "جهته"]

TURNS = [
    "، وقد أكد المدير أن", "، كما أكد المدير أن", "، حيث أكد أن", "، إذ أكد أن", " لكنه شدد على أن", " ولكنه رفض",
    "، وذلك في", "، ويذكر أن", "، يشار إلى أن", "، في حين أكد المدير أن", "، في الوقت الذي أكد المدير أن",
    "، قبل أن يؤكد المدير أن", "، غير أنه رفض", "، لكن المدير أكد أن", "، من جهته أكد المدير أن",
    "، بدوره أكد المدير أن", "، على حد قول", "، بحسب", " حسبما ذكر", "، التي قال إنها", "، والتي وصفها بأنها",
    "، في إشارة إلى", "، مضيفا أن", "، وأضاف أن",
]  # fmt: skip


def make_document(text):
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:i]) for i in range(len(lines))]
    paragraphs = (Paragraph(i, "body", s, s + len(line)) for i, (s, line) in enumerate(zip(starts, lines, strict=True)))
    return Document(text, tuple(paragraphs), ())


words = st.sampled_from([*PLAIN, *SIGNS, *CUES, *TURNS]) | st.sampled_from(
    sorted({*load_turning_words(), *load_cue_words().opening, *load_speaker_words().turns})
)
texts = st.lists(words, max_size=50).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_a_clause_ends_where_it_would_end_if_every_word_were_weighed(text):
    scene = build_scene(make_document(text))
    dense = replace(scene, turns=list(range(len(scene.keys) + 1)))
    for first in range(len(scene.keys)):
        assert find_clause_stop(scene, first) == find_clause_stop(dense, first)


@pytest.mark.parametrize("turn", TURNS)
def test_a_clause_ends_at_every_turn_of_the_narrator(turn):
    scene = build_scene(make_document(f"قال سامي حداد إن العمل انتهى على الجسر{turn} الطريق مفتوح اليوم."))
    first = scene.keys.index("العمل")
    dense = replace(scene, turns=list(range(len(scene.keys) + 1)))
    assert find_clause_stop(scene, first) == find_clause_stop(dense, first) < scene.sentence_stop[first]


@settings(max_examples=200, deadline=None)
@given(texts)
def test_content_opens_where_it_would_open_if_every_word_were_weighed(text):
    scene = build_scene(make_document(text))
    dense = replace(scene, cues=replace(scene.cues, opening=frozenset(scene.keys)))
    for at, form in enumerate(scene.forms):
        if form is not None:
            assert find_opener(scene, at, form) == find_opener(dense, at, form)


def test_marks_come_off_every_word_that_has_them_and_off_no_other():
    text = "قالَ سامي\u0640\u0640: مُحَمَّدٌ \u0640 \u064e\u0651 نعم"
    assert split_tokens(text).keys == ["قال", "سامي", ":", "محمد", "\u0640", "\u064e", "نعم"]


def test_a_lam_is_taken_off_after_a_preposition_that_was_itself_freed():
    keys = build_scene(make_document("انتهى العمل وفقا لوفقا للوزارة.")).keys
    assert keys == ["انتهى", "العمل", "وفقا", "وفقا", "الوزارة", "."]


def test_a_bracket_is_a_mark_only_after_a_colon():
    assert [q.type for q in find_quotes(make_document("قال سامي حداد: (انتهى العمل اليوم)."))] == ["direct"]
    assert build_scene(make_document("قال سامي حداد (انتهى العمل) < اليوم >.")).spans == []


def test_answers_about_words_are_bounded_in_number_and_length():
    told = []
    ask = remember(lambda word: told.append(word) or len(word))
    assert [ask("نهر"), ask("نهر"), ask("ن" * 1000), ask("ن" * 1000)] == [3, 3, 1000, 1000]
    assert told == ["نهر", "ن" * 1000, "ن" * 1000]
    for number in range(20_000):
        ask(str(number))
    assert ask("نهر") == 3
    assert told[-1] == "نهر"


def test_answers_about_words_are_those_of_the_tables():
    assert all(is_role(word) and is_role("ال" + word) for word in ("وزير", "مدير"))
    assert not is_role("جسر")


def test_words_stand_where_they_stand_however_many_are_looked_for():
    keys = [str(number % 30) for number in range(90)]
    places = Places(keys)
    for _ in range(2):
        for key in [*map(str, range(30)), "نهر"]:
            assert places.find(key) == [at for at, each in enumerate(keys) if each == key]
