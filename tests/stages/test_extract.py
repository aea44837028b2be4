"""From pages to drafts: bodies with roles, clues to the metadata, hostile markup rejected by name."""

import json

import pytest

from newsetl.records import DateClue, Draft, Fields, Page, Place, RawRecord, Reject
from newsetl.stages.clean import clean_article
from newsetl.stages.extract import MAX_CHARS, extract_article

FIRST = "افتتحت بلدية المرفأ صباح اليوم سوقا جديدة للسمك تضم أربعين بسطة وبرادا كبيرا يعمل على الطاقة الشمسية."
SECOND = "وقال رئيس البلدية سامي الدقر إن السوق ستعمل طوال أيام الأسبوع، وإن الصيادين لن يدفعوا رسوما في سنتها الأولى."
THIRD = "وأضاف أن المرحلة الثانية تشمل مطعما صغيرا على الرصيف، وأن العمل فيها يبدأ بعد انتهاء موسم العواصف."
MENU = "".join(f"<li><a href='/{n}'>قسم {n}</a></li>" for n in range(12))


def page(text: str, form: str = "html", **fields) -> Page:
    record = RawRecord(Place("x", None, 1, ""), form, fields=Fields(**fields))
    return Page(record, text, form, "utf-8")


def html(body: str, head: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang='ar'><head><title>سوق السمك - الضفة</title>{head}</head><body>"
        f"<nav><ul>{MENU}</ul></nav>{body}<footer><p>جميع الحقوق محفوظة</p></footer></body></html>"
    )


ARTICLE = f"<article><h1>سوق السمك</h1><p>{FIRST}</p><h2>من دون رسوم</h2><p>{SECOND}</p><p>{THIRD}</p></article>"
LINKED = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebSite", "name": "الضفة"},
        {
            "@type": "NewsArticle",
            "headline": "سوق السمك",
            "datePublished": "2021-03-04T08:00:00+02:00",
            "dateModified": "2021-03-05",
            "author": [{"@type": "Person", "name": "رنا الحايك"}, {"@type": "Organization", "name": "الضفة"}],
            "publisher": {"name": "الضفة"},
            "articleSection": "محليات",
            "keywords": "سمك، مرفأ",
            "articleBody": f"{FIRST}\n{SECOND}",
        },
    ],
}


def script(data: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps(data, ensure_ascii=False)}</script>"


def texts(draft: Draft) -> list[str]:
    return [block.text for block in draft.blocks]


def test_each_line_of_a_plain_text_is_a_block():
    draft = extract_article(page(f"\ufeffالضفة\n\n {FIRST}\n{SECOND}\r\n", "text"))
    assert texts(draft) == ["الضفة", FIRST, SECOND]
    assert (draft.extractor, draft.title) == ("lines", None)


def test_a_first_line_that_is_clearly_a_headline_is_the_title():
    draft = extract_article(page(f"سوق جديدة للسمك في المرفأ\n\n{FIRST}\n{SECOND}", "text"))
    assert draft.title == "سوق جديدة للسمك في المرفأ"
    assert texts(clean_article(draft)) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "line", ["الضفة", "رنا الحايك – بيروت القديمة", "ثم غادروا القاعة كلهم.", "- سوق جديدة للسمك في المرفأ"]
)
def test_other_first_lines_are_no_titles(line):
    assert extract_article(page(f"{line}\n{FIRST}\n{SECOND}", "text")).title is None


def test_the_fields_of_the_record_win_over_the_page():
    draft = extract_article(
        page(html(ARTICLE, script(LINKED)), title="عنوان السجل", date="2021-03-01", authors=("سالم",))
    )
    assert (draft.title, draft.authors) == ("عنوان السجل", ("سالم",))
    assert draft.dates[:2] == (DateClue("record", "2021-03-01"), DateClue("json-ld", "2021-03-04T08:00:00+02:00"))


def test_the_body_of_a_page_has_its_paragraphs_and_headings_and_no_menu():
    draft = clean_article(extract_article(page(html(ARTICLE))))
    assert [(b.text, b.role) for b in draft.blocks] == [
        (FIRST, "body"),
        ("من دون رسوم", "heading"),
        (SECOND, "body"),
        (THIRD, "body"),
    ]
    assert draft.title == "سوق السمك"


def test_json_ld_gives_the_clues():
    draft = extract_article(page(html(ARTICLE, script(LINKED))))
    assert draft.dates == (DateClue("json-ld", "2021-03-04T08:00:00+02:00"),)
    assert (draft.modified, draft.section, draft.site_name) == ("2021-03-05", "محليات", "الضفة")
    assert (draft.authors, draft.tags) == (("رنا الحايك",), ("سمك", "مرفأ"))


def test_meta_tags_and_shown_elements_give_the_clues_without_json_ld():
    head = (
        "<meta property='article:published_time' content='2020-01-02T03:04:05Z'>"
        "<meta property='og:site_name' content='الضفة'>"
        "<link rel='canonical' href='https://diffa.example/a/1'><meta name='author' content='http://diffa.example'>"
    )
    shown = "<span class='post-author'>كتبت رنا الحايك</span><time datetime='2020-01-02'>اليوم</time>"
    draft = extract_article(page(html(shown + ARTICLE, head)))
    assert draft.dates == (DateClue("meta", "2020-01-02T03:04:05Z"), DateClue("time-tag", "2020-01-02"))
    assert (draft.canonical_url, draft.site_name) == ("https://diffa.example/a/1", "الضفة")
    assert draft.authors == ("كتبت رنا الحايك",)


def test_broken_json_ld_is_passed_over():
    head = (
        "<script type='application/ld+json'>{\"@type\": \"Article\", </script><meta name='date' content='2020-01-02'>"
    )
    assert extract_article(page(html(ARTICLE, head))).dates == (DateClue("meta", "2020-01-02"),)


def test_an_old_page_of_tables_and_line_breaks_gives_its_lines():
    body = f"<table><tr><td>{FIRST}<br><br>{SECOND}<br><br>{THIRD}</td></tr></table>"
    draft = clean_article(extract_article(page(html(body))))
    assert texts(draft) == [FIRST, SECOND, THIRD]


def test_the_publishers_own_text_stands_in_for_a_page_drawn_by_scripts():
    draft = extract_article(page(html("<div id='app'></div>", script(LINKED))))
    assert (draft.extractor, texts(draft)) == ("json-ld", [FIRST, SECOND])


def test_a_page_wrapped_in_a_form_keeps_its_body():
    draft = clean_article(extract_article(page(html(f"<form id='aspnetForm'>{ARTICLE}</form>"))))
    assert FIRST in texts(draft)


def test_captions_of_pictures_stay_out():
    figure = "<figure><img src='a.jpg'><figcaption>منظر عام للسوق الجديدة عند الفجر</figcaption></figure>"
    draft = extract_article(page(html(ARTICLE.replace("<h2>", figure + "<h2>"))))
    assert not [text for text in texts(draft) if "منظر عام" in text]


@pytest.mark.parametrize(
    "text", ["<", "<html>", "<html><body></body></html>", "<p> </p>", "<!-- -->", "<?xml version='1.0'?>"]
)
def test_a_page_without_text_is_rejected(text):
    rejected = extract_article(page(text))
    assert isinstance(rejected, Reject)
    assert rejected.stage == "extract"


def test_deep_nesting_is_rejected():
    rejected = extract_article(page("<div>" * 20_000 + FIRST))
    assert rejected.reason == "too-large"


def test_a_page_beyond_the_cap_is_rejected():
    assert extract_article(page("خ" * (MAX_CHARS + 1), "text")).reason == "too-large"


def test_entities_and_foreign_files_are_not_read():
    bomb = (
        "<!DOCTYPE html [<!ENTITY a 'ااااا'><!ENTITY b '&a;&a;&a;'><!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        f"<html><body><p>{FIRST} &b; &x;</p><p>{SECOND}</p></body></html>"
    )
    draft = extract_article(page(bomb))
    assert "root:" not in " ".join(texts(draft))


def test_a_declaration_in_the_text_does_not_matter_any_more():
    text = "<?xml version='1.0' encoding='windows-1256'?>" + html(ARTICLE, "<meta charset='iso-8859-1'>")
    assert FIRST in texts(extract_article(page(text)))


def drawn_page(data: object) -> str:
    """A page as Next.js sends it: its beginning as HTML, the rest inside a string of a script."""
    chunk = json.dumps(data) if isinstance(data, str) else json.dumps(json.dumps(data))
    return html(
        f"<main><h1>بلدية المرفأ تفتتح سوقا جديدة للسمك</h1><p>{FIRST}</p></main>"
        f"<script>self.__next_f.push([1,{chunk}])</script>",
        "<meta property='og:title' content='بلدية المرفأ تفتتح سوقا جديدة للسمك'>",
    )


REST = f"<p>{SECOND}</p><h2>سوق وبلدية</h2><p>{THIRD} وقالت بلدية المرفأ إنها تفتتح سوقا أخرى جديدة للسمك.</p>"
OTHER_STORY = f"<p>{'خبر آخر عن ناد رياضي تعاقد مع مدرب جديد لموسمين. ' * 20}</p>"


@pytest.mark.parametrize("data", [REST, {"post": {"other": OTHER_STORY, "content": REST}}], ids=["string", "nested"])
def test_the_data_of_scripts_stands_in_for_what_the_page_does_not_show(data):
    draft = extract_article(page(drawn_page(data)))
    assert draft.extractor == "script"
    assert texts(draft)[:3] == [FIRST, SECOND, "سوق وبلدية"]


def test_scripts_may_write_their_letters_as_they_are():
    text = drawn_page("@").replace('"@"', json.dumps(REST * 3, ensure_ascii=False))
    draft = extract_article(page(text))
    assert (draft.extractor, texts(draft)[1]) == ("script", SECOND)


def test_other_stories_in_scripts_are_left_alone():
    draft = extract_article(page(drawn_page(OTHER_STORY)))
    assert (draft.extractor, texts(draft)) == ("content", [FIRST])


@pytest.mark.parametrize(
    ("head", "flags"),
    [
        (script({"@type": "NewsArticle", "isAccessibleForFree": False}), ("paywall",)),
        (script({"@type": "NewsArticle", "isAccessibleForFree": "False"}), ("paywall",)),
        ("<meta property='article:content_tier' content='locked'>", ("paywall",)),
        (script({"@type": "NewsArticle", "isAccessibleForFree": True}), ()),
        ("", ()),
    ],
)
def test_a_page_that_its_publisher_locks_is_flagged(head, flags):
    assert extract_article(page(html(ARTICLE, head))).flags == flags
