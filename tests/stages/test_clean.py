"""Cleaning: characters repaired by name, lines taken out by rule, nothing lost unlisted."""

import textwrap
import tomllib
import unicodedata
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.arabic.boilerplate import find_first_word, find_rule, load_boilerplate
from newsetl.arabic.characters import REPAIRS, is_sound, load_characters, repair_text
from newsetl.records import Block, Draft, Fields, Place, RawRecord
from newsetl.stages.clean import clean_article

CASES = Path(__file__).parents[1] / "cases"
RECORD = RawRecord(Place("x", None, 1, ""), "text", fields=Fields(external_id="7"))
FIRST = "وصل إلى المرفأ صباح اليوم قارب خشبي قديم يحمل سبعة عشر صيادا بعد رحلة دامت ثلاثة أسابيع كاملة."
SECOND = "وقال أكبرهم سنا إن البحر كان هادئا معظم الوقت وإن الخبز نفد منهم قبل الوصول بيومين اثنين فقط."


def cases(name: str) -> list:
    rows = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    marks = {"fail": pytest.mark.xfail(strict=True), "pass": ()}
    return [pytest.param(row, id=row["label"], marks=marks[row["expect"]]) for row in rows]


def clean(*lines: str, title: str | None = None, extractor: str = "lines") -> Draft:
    return clean_article(Draft(RECORD, extractor, tuple(map(Block, lines)), title=title))


def texts(draft: Draft) -> list[str]:
    return [block.text for block in draft.blocks]


@pytest.mark.parametrize("case", cases("repairs"))
def test_repairs_change_what_the_table_says(case):
    assert repair_text(case["input"]) == (case["expected"], tuple(case["fixes"]))


@given(st.text(alphabet='بلوقم\u064b\u0640. .\n«»”“"،؟', max_size=80))
def test_a_sound_text_is_one_that_no_repair_changes(text):
    assert is_sound(text) == all(repair(text) == text for repair in REPAIRS.values())


def test_a_garbled_text_of_common_signs_is_not_taken_for_a_sound_one():
    assert not is_sound("ظ„ظ„ظ„ظ„ ـ")


def test_a_break_within_a_block_makes_two_lines():
    assert texts(clean(f"{FIRST}\n{SECOND}", "  ", " سطر ")) == [FIRST, SECOND, "سطر"]


@pytest.mark.parametrize(
    "line", ["شارك الخبر", "شَارك الخبر", "شـارك الخبر", "*شارك، الخبر", " شارك\u00a0الخبر", "شارك:"]
)
def test_a_line_is_looked_up_by_its_folded_first_word(line):
    assert find_first_word(line) == "شارك"


@pytest.mark.parametrize("case", cases("boilerplate"))
def test_rules_take_out_what_the_table_says(case):
    rule = find_rule(case["input"], at_edge=case.get("edge", False))
    assert (rule.name if rule else "") == case["expected"]


GARBLED = "خبر قديم".encode().decode("cp1256")
# context -> the text around the letter, and what becomes of it; None: it stays as it is
CONTEXTS = {
    "alone": ("{}", None),
    "start of a word": ("{}اريس مدينة", None),
    "middle of a word": ("في با{}ا كبيرة", None),
    "end of a word": ("شارع را{}", None),
    "with diacritics": ("ا{}\u064e\u0651ا و{}\u0652ن", None),
    "in guillemets": ("«{}ا»، “ا{}”؛", None),
    "beside digits of three kinds": ("12{} {}٣ ۴{}", None),
    "in an address": ("https://example.com/{}ا?q={}", None),
    "with a preposition set apart": ("قال لـ{}اريس", None),
    "with a non-joiner": ("ا{}\u200c{}ا", None),
    "between stretched letters": ("با{}ـــا", "با{}ا"),
    "beside a garbled passage": ("ا{}ا " + GARBLED + " {}", "ا{}ا خبر قديم {}"),
}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("letter", "پچڤگژڭ")
def test_loan_letters_stay_in_every_context(letter, context):
    text, expected = CONTEXTS[context]
    repaired, fixes = repair_text(text.replace("{}", letter))
    assert repaired == (expected or text).replace("{}", letter)
    assert bool(fixes) == (expected is not None)


@pytest.mark.parametrize(
    "context", ["{}", "{}ا", "ا{}", "ا{}ا", "«{}»", "“{}”", "({})", "{}،", "{}؛", "{}؟", "1{}", "-{}"]
)
@pytest.mark.parametrize("letter", [*"کیۀےڕ", "\u064e", "\u0651", "\u0670", "؟", "٣", "۴", "5", "٪", "٫"])
def test_letters_marks_and_digits_stay_in_every_context(letter, context):
    text = context.format(letter)
    assert repair_text(text) == (text, ())


def test_the_names_in_the_character_table_are_those_of_unicode():
    tables = load_characters()
    controls = {"\t": "CHARACTER TABULATION", "\x0b": "LINE TABULATION", "\x0c": "FORM FEED"}
    controls |= {"\r": "CARRIAGE RETURN", "\x85": "NEXT LINE"}
    for group in set(tables) - {"composed"}:
        for character, name in tables[group].items():
            assert unicodedata.name(character, controls.get(character)) == name
    for apart, composed in tables["composed"].items():
        assert unicodedata.normalize("NFC", apart) == composed


def test_no_phrase_of_the_boilerplate_table_holds_presentation_forms_or_stands_twice_in_a_rule():
    raw = files("newsetl.arabic").joinpath("boilerplate.toml").read_text(encoding="utf-8")
    assert not [c for c in raw if "\ufb50" <= c <= "\ufdff" or "\ufe70" <= c <= "\ufefe"]
    for rule in tomllib.loads(raw)["rule"]:
        assert len(rule["phrases"]) == len(set(rule["phrases"])), rule["name"]
    assert load_boilerplate().phrases


def test_a_byline_is_moved_and_listed():
    draft = clean("سالم العلي – بيروت", FIRST, SECOND)
    assert texts(draft) == [FIRST, SECOND]
    assert draft.bylines == ("سالم العلي – بيروت",)
    assert [(r.rule, r.text) for r in draft.removed] == [("byline", "سالم العلي – بيروت")]


def test_a_place_and_a_day_are_a_dateline():
    draft = clean("سرت – ٣ شباط ٢٠١٨", FIRST, SECOND)
    assert draft.datelines == ("سرت – ٣ شباط ٢٠١٨",)


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("القاهرة (وكالة الوادي) - ", "القاهرة (وكالة الوادي) -"),
        ("صور، لبنان (CNN) -- ", "صور، لبنان (CNN) --"),
        ("الرياض – واس: ", "الرياض – واس:"),
        ("طرابلس - سالم العلي - ", "طرابلس - سالم العلي -"),
    ],
)
def test_a_dateline_in_a_paragraph_is_copied_and_stays(prefix, expected):
    draft = clean(prefix + FIRST, SECOND)
    assert draft.datelines == (expected,)
    assert texts(draft)[0] == prefix + FIRST


@pytest.mark.parametrize("first", [FIRST, "زار الوفد النادي (الأهلي) أمس. " + FIRST, "قال الوزير: " + FIRST])
def test_a_paragraph_without_a_dateline_gives_none(first):
    assert clean(first, SECOND).datelines == ()


def test_the_writer_glued_to_the_first_paragraph_is_a_clue_and_stays():
    draft = clean("كتب- سالم العلي:" + FIRST, SECOND)
    assert draft.bylines == ("كتب- سالم العلي",)
    assert texts(draft)[0].startswith("كتب- سالم العلي:")


def test_a_name_above_the_body_is_a_caption_when_the_article_is_about_that_person():
    about = SECOND + " وشكر الربان رضوان السماك من أنقذهم."
    assert clean("رضوان السماك", FIRST, about).blocks[0] == Block("رضوان السماك", "caption")
    assert clean("رضوان السماك", FIRST, SECOND).bylines == ("رضوان السماك",)


def test_a_line_that_names_a_known_author_is_a_byline_below_the_body_too():
    draft = Draft(RECORD, "lines", tuple(map(Block, (FIRST, SECOND, "رضوان السماك"))), authors=("رضوان السماك",))
    assert clean_article(draft).bylines == ("رضوان السماك",)


def test_a_dateline_of_many_words_above_the_body_is_moved():
    line = "المدينة البيضاء 25 شوال 1436 هـ الموافق 10 أغسطس 2015 م واس"
    assert clean(line, FIRST, SECOND).datelines == (line,)


def test_prompts_glued_to_a_paragraph_are_set_apart_as_captions():
    draft = clean("Next Previous " + FIRST, SECOND + " اقرأ أيضًا: مهرجان القوارب يعود")
    assert [(b.text, b.role) for b in draft.blocks] == [
        ("Next Previous", "caption"),
        (FIRST, None),
        (SECOND, None),
        ("اقرأ أيضًا: مهرجان القوارب يعود", "caption"),
    ]
    plain = SECOND + " وهذه من سمات البحر."
    assert texts(clean(FIRST, plain)) == [FIRST, plain]


def test_a_caption_of_a_picture_is_kept_as_one():
    assert clean("جانب من استقبال الصيادين", FIRST, SECOND).blocks[0].role == "caption"


def test_rhyming_verses_between_paragraphs_stay_however_long():
    verses = ["يا مركبا عاد بعد الغيم والريح مشتاقا إلى الساحل", "والموج يحكي لنا عن رحلة طالت بلا مرسى ولا ساحل"]
    assert texts(clean(FIRST, *verses, SECOND)) == [FIRST, *verses, SECOND]


def test_a_garbled_body_is_repaired_on_its_own_lines():
    garbled = FIRST.encode().decode("latin-1")  # holds U+0085, which is a line break elsewhere
    draft = clean(garbled, SECOND)
    assert texts(draft) == [FIRST, SECOND]
    assert draft.fixes == ("mojibake",)


def test_breaks_lost_in_a_body_of_one_line_are_restored_and_listed():
    lines = [f"{FIRST[:-1]} رقم {n}." for n in range(8)]
    draft = clean("   ".join(lines))
    assert texts(draft) == lines
    assert draft.fixes == ("lost-breaks",)


def test_a_prompt_in_one_line_with_the_body_is_set_apart_and_not_taken_out():
    lines = [f"{FIRST[:-1]} رقم {n}." for n in range(8)]
    prompt = "اقرأ أيضا: مهرجان القوارب يعود إلى المرفأ القديم بعد غياب ست سنوات كاملة"
    draft = clean("   ".join([*lines, prompt]))
    assert (draft.blocks[-1].text, draft.blocks[-1].role) == (prompt, "caption")


def test_a_body_wrapped_at_a_fixed_width_is_joined_and_listed():
    body = " ".join([FIRST, SECOND] * 4)
    draft = clean(*textwrap.wrap(body, 70))
    assert texts(draft) == [body]
    assert draft.fixes == ("hard-wraps",)


def test_the_title_repeated_above_the_body_goes():
    draft = clean("قارب قديم يصل إلى المرفأ", FIRST, SECOND, title="قارب قديم يصل إلى المرفأ")
    assert texts(draft) == [FIRST, SECOND]
    assert [r.rule for r in draft.removed] == ["repeated-title"]


def test_the_title_as_the_page_shows_it_replaces_one_with_the_name_of_the_outlet():
    draft = clean("قارب قديم يصل إلى المرفأ", FIRST, SECOND, title="قارب قديم يصل إلى المرفأ | الضفة")
    assert draft.title == "قارب قديم يصل إلى المرفأ"


def test_a_body_that_is_nothing_but_the_title_stays():
    assert texts(clean("قارب قديم يصل إلى المرفأ", title="قارب قديم يصل إلى المرفأ")) == ["قارب قديم يصل إلى المرفأ"]


def test_a_paragraph_that_stands_twice_is_kept_once():
    draft = clean(FIRST, SECOND, FIRST)
    assert texts(draft) == [FIRST, SECOND]
    assert [r.rule for r in draft.removed] == ["repeated-paragraph"]


def test_headlines_of_other_articles_between_paragraphs_go_and_a_single_heading_stays():
    links = ["مهرجان القوارب يعود إلى المرفأ بعد غياب ست سنوات كاملة", "صيادون يطلبون مخزنا للثلج"]
    assert texts(clean(FIRST, *links, SECOND)) == [FIRST, SECOND]
    assert texts(clean(FIRST, links[0], SECOND)) == [FIRST, links[0], SECOND]


def test_short_verses_between_paragraphs_stay():
    verses = ["أيا دار سلمى في الربى", "سقاك من الغيث الندى"]
    assert texts(clean(FIRST, *verses, SECOND)) == [FIRST, *verses, SECOND]


def test_questions_of_the_writer_between_paragraphs_stay():
    questions = ["هل يعود القارب إلى البحر قبل نهاية موسم العواصف المقبل؟", "وهل يجد من يقوده؟"]
    assert texts(clean(FIRST, *questions, SECOND)) == [FIRST, *questions, SECOND]


@pytest.mark.parametrize("line", ["(1)", "* البحر والناس", "1 من 3", "عاد الهدوء إلى المدينة بعد العاصفة"])
def test_a_first_line_of_another_shape_is_no_byline(line):
    assert texts(clean(line, FIRST, SECOND)) == [line, FIRST, SECOND]


def test_a_long_prompt_is_no_first_and_no_last_paragraph():
    prompt = "تابعوا أخبار المرفأ القديم والقوارب والصيادين على صفحة الصحيفة في كل وقت ومن كل مكان"
    assert texts(clean(prompt, FIRST, SECOND, prompt + " أيضا")) == [FIRST, SECOND]


def test_a_block_of_related_articles_goes_to_its_end():
    draft = clean(FIRST, "مواضيع ذات صلة", "قرية تبني مدرستها", "عودة قطار الصمغ", SECOND)
    assert texts(draft) == [FIRST, SECOND]
    assert [r.rule for r in draft.removed] == ["read-also"] * 3


def test_a_link_glued_to_the_last_line_becomes_a_caption():
    draft = clean(FIRST, SECOND + " رابط الخبر بصحيفة الضفة: قارب قديم")
    assert [(b.text, b.role) for b in draft.blocks[1:]] == [
        (SECOND, None),
        ("رابط الخبر بصحيفة الضفة: قارب قديم", "caption"),
    ]


def test_teasers_below_a_body_of_a_known_layout_go():
    teasers = [
        f"أعلن اتحاد الصيادين رقم {n} أنه سيفتتح مدرسة بحرية جديدة للأولاد قبل نهاية العام الحالي." for n in range(5)
    ]
    lines = ("صور، لبنان (CNN) -- " + FIRST, SECOND, *teasers)

    def clean_of(source: str, day: str | None) -> Draft:
        record = replace(RECORD, fields=Fields(source=source, date=day))
        return clean_article(Draft(record, "lines", tuple(map(Block, lines))))

    assert len(clean_of("CNN", "2018-09-01").blocks) == 2
    assert len(clean_of("CNN", None).blocks) == 2
    assert len(clean_of("CNN", "2018-02-01").blocks) == 7
    assert len(clean_of("النسيم", "2018-09-01").blocks) == 7


def test_boxes_around_the_body_of_a_page_go_but_not_from_plain_text():
    lines = ["أخبار متفرقة", "قارب قديم يصل إلى المرفأ", FIRST, SECOND, "الطقس اليوم", "صور 18"]
    assert texts(clean(*lines, title=lines[1], extractor="trafilatura")) == [FIRST, SECOND]
    assert "صور 18" in texts(clean(*lines, title=lines[1]))


def test_roles_of_the_markup_survive_repairs_and_line_breaks():
    draft = clean_article(
        Draft(RECORD, "trafilatura", (Block("عنوان&nbsp;صغير", "heading"), Block(f"{FIRST}\r\n{SECOND}")))
    )
    assert [(b.text, b.role) for b in draft.blocks] == [("عنوان صغير", "heading"), (FIRST, None), (SECOND, None)]
    assert draft.fixes == ("html-entities", "odd-spaces")


@pytest.mark.parametrize("lines", [["***", "...."], ["123 456"], ["هل أعجبك الموضوع؟"], ["\u200f \u00a0"]])
def test_a_body_of_which_nothing_is_left_is_rejected(lines):
    rejected = clean(*lines)
    assert (rejected.stage, rejected.reason, rejected.external_id) == ("clean", "no-text", "7")
