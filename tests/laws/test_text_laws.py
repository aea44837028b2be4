"""Laws that hold for every text: cleaning twice is cleaning once, offsets slice back, nothing escapes."""

import unicodedata
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from newsetl.arabic.characters import repair_text
from newsetl.records import Block, Draft, Page, Place, RawRecord, Reject
from newsetl.stages.clean import clean_article
from newsetl.stages.decode import decode
from newsetl.stages.extract import extract_article
from newsetl.stages.segment import split_document, split_sentences

WORDS = [
    *(
        [
            "قال",
            "الوزير",
            "إن",
            "المدينة",
            "د.",
            "و",
            "سالم",
            "33",
            ".1",
            "٢٠١٥",
            "السلام",
            "www.example.com",
            "CNN",
            "(CNN)",
            "اقرأ",
            "شارك",
            "كتب:",
            "تصوير:",
            "رويترز",
            "انتهى.وقال",
            "الاجتماع.  وأضاف",
            "وصل الوفد إلى المدينة القديمة قبل ظهر اليوم واستقبله الأهالي عند المدخل الشرقي للسوق.  ثم",
            "عاد القارب إلى المرفأ بعد غياب طويل واحتفل به الصيادون جميعا على الرصيف الكبير حتى المساء.ثم قال",
            "Next Previous",
            "جانب من",
            "كتب- سالم",
        ]
    ),
    *(
        [
            "***",
            "&amp;quot;",
            "&#1548;",
            "ط§ظ„ط®ط¨ط±",
            "Ù‚Ø§Ù„",
            "ﻣﺼﺮ",
            "مـــد",
            "؟",
            "!",
            "..",
            "…",
            "،",
            "“",
            "”",
            "«",
            "»",
            "|",
        ]
    ),
    *(
        "اقرأ أيضا:",
        "مواضيع ذات صلة",
        "رابط الخبر:",
        "– بيروت",
        "\n",
        "\n\n",
        "\r\n",
        "\u200f",
        "\u200c",
        "\u00a0",
        '"',
    ),
]
TEXT = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join) | st.text(max_size=200)
LINES = st.lists(TEXT, min_size=1, max_size=8)
ROLES = st.sampled_from([None, "body", "heading", "list", "caption"])


def draft_of(lines, roles, title, extractor="lines") -> Draft:
    record = RawRecord(Place("x", None, 1, ""), "text")
    return Draft(record, extractor, tuple(map(Block, lines, roles)), title=title)


@settings(max_examples=150, deadline=None)
@given(LINES, st.lists(ROLES, min_size=8, max_size=8), st.none() | TEXT, st.sampled_from(["lines", "trafilatura"]))
def test_cleaning_twice_is_cleaning_once(lines, roles, title, extractor):
    once = clean_article(draft_of(lines, roles, title, extractor))
    if isinstance(once, Draft):
        assert clean_article(once) == once


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_a_repaired_text_needs_no_repair(text):
    repaired, _ = repair_text(text)
    assert repair_text(repaired) == (repaired, ())


SOUND = st.text(
    alphabet="ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهويىپچڤگژکی\u064b\u064e\u0650\u0651\u0652\u0670"
    " 0123٠١٢۳۴٪٫«»“”،؛؟!-():abcXYZ"
)


@settings(max_examples=200, deadline=None)
@given(SOUND)
def test_a_text_without_suspects_stays_byte_for_byte(text):
    text = " ".join(text.split())
    assert repair_text(text) == (text, ())


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_a_text_changes_only_by_repairs_that_are_listed(text):
    repaired, fixes = repair_text(text)
    assert (repaired != text) == bool(fixes)


def letters(*texts: str) -> Counter:
    """The letters of texts; presentation forms and hamzas written apart count as the letters they show."""
    return Counter(c for text in texts for c in unicodedata.normalize("NFKC", text) if c.isalpha() and c != "\u0640")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), min_size=1, max_size=8), st.none() | TEXT)
def test_every_letter_is_kept_or_listed(lines, title):
    once = clean_article(draft_of(lines, [None] * 8, title))
    if isinstance(once, Draft) and not {"mojibake", "html-entities"} & set(once.fixes):
        found = letters(*(block.text for block in once.blocks), *(removed.text for removed in once.removed))
        assert found == letters(*lines)


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_sentences_and_the_white_space_between_them_are_the_text(text):
    at = 0
    for sentence in split_sentences(text):
        found = text.index(sentence, at)
        assert text[at:found].strip() == ""
        assert sentence == sentence.strip() != ""
        at = found + len(sentence)
    assert text[at:].strip() == ""


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_paragraphs_and_sentences_slice_back(lines):
    draft = clean_article(draft_of(lines, [None] * 8, None))
    if isinstance(draft, Reject):
        return
    document = split_document(draft)
    assert "\n".join(document.text[p.start : p.end] for p in document.paragraphs) == document.text
    for sentence in document.sentences:
        paragraph = document.paragraphs[sentence.paragraph_index]
        assert paragraph.start <= sentence.start < sentence.end <= paragraph.end


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400) | TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(["text", "html"]),
    st.none() | st.text(max_size=12),
)
def test_no_bytes_make_decoding_or_extracting_raise(content, form, charset):
    page = decode(RawRecord(Place("x", None, len(content), ""), form, content, charset))
    if isinstance(page, Page):
        page.text.encode()
        assert isinstance(extract_article(page), Draft | Reject)
