"""Which layout of a source holds for a page, and what its selectors find."""

import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from newsetl.records import Block, DateClue, Draft, Fields, Page, Place, RawRecord
from newsetl.sources.lookup import index_outlets, load_index
from newsetl.sources.outlets import merge_outlets, parse_outlet
from newsetl.stages.clean import clean_article
from newsetl.stages.extract import extract_article
from newsetl.stages.profiles import (
    apply_layout,
    body_events,
    choose_layout,
    find_layouts,
    find_page_day,
    find_site_rules,
    parse_page,
    select_parts,
)

PAGES = Path(__file__).parents[1] / "pages"
NEW, OLD = ((PAGES / f"nasim_{year}.html").read_text(encoding="utf-8") for year in (2019, 2008))
URL = "https://www.nasim.example/news/7"
NASIM = parse_outlet((PAGES / "nasim.toml").read_text(encoding="utf-8"), "nasim.toml")
OUTLETS = index_outlets(merge_outlets(load_index().outlets, [NASIM]))
NEW_LAYOUT, OLD_LAYOUT = NASIM.layouts


def outlets(toml: str):
    return index_outlets([parse_outlet('name = "النسيم"\ndomains = ["nasim.example"]\n' + toml, "nasim.toml")])


def body_html(selected) -> str:
    """The body's events as HTML without attributes."""
    html, opened = "", []
    for event in body_events(selected):
        if event is None:
            html += f"</{opened.pop()}>"
        elif isinstance(event, str):
            html += event
        else:
            opened.append(event[0])
            html += f"<{event[0]}>"
    return html


def select(html: str, toml: str):
    return select_parts(html, URL, None, outlets("[[layout]]\n" + toml))


def test_a_layout_is_found_by_the_host_and_the_day():
    assert choose_layout(find_layouts(URL, OUTLETS), date(2015, 5, 1)) == NEW_LAYOUT
    assert choose_layout(find_layouts(URL, OUTLETS), date(2005, 5, 1)) == OLD_LAYOUT
    assert choose_layout(find_layouts(URL, OUTLETS), None) == NEW_LAYOUT
    assert choose_layout(find_layouts("https://other.example/7", OUTLETS), None) is None
    assert choose_layout(find_layouts("https://www.okaz.com.sa/7", OUTLETS), None) is None
    assert choose_layout(find_layouts(None, OUTLETS), None) is None


@pytest.mark.parametrize("day", [None, date(2005, 5, 1), date(2015, 5, 1)])
def test_the_page_decides_whatever_the_day_says(day):
    assert choose_layout(find_layouts(URL, OUTLETS), day, parse_page(OLD)) == OLD_LAYOUT
    assert choose_layout(find_layouts(URL, OUTLETS), day, parse_page(NEW)) == NEW_LAYOUT


def test_where_no_layout_finds_a_body_the_one_of_the_day_holds():
    tree = parse_page("<p>صفحة أخرى</p>")
    assert choose_layout(find_layouts(URL, OUTLETS), date(2005, 5, 1), tree) == OLD_LAYOUT
    assert not apply_layout(tree, OLD_LAYOUT).body


def test_the_day_of_a_page_is_that_of_its_fetch_then_of_its_article_then_in_its_address():
    dated = "https://nasim.example/2013/03/04/x"
    assert find_page_day(Fields(fetched="2020-01-02T03:04:05Z", date="2013-01-01")) == date(2020, 1, 2)
    assert find_page_day(Fields(date="١ كانون الثاني ٢٠١٣", url=dated)) == date(2013, 1, 1)
    assert find_page_day(Fields(date="غدا", url=dated)) == date(2013, 3, 4)
    assert find_page_day(Fields(url=URL)) is None


def test_a_layout_selects_title_byline_date_and_body():
    selected = select_parts(NEW, URL, None, OUTLETS)
    assert selected.title == "افتتاح مرصد للطيور على ضفاف البحيرة"
    assert selected.subtitle == "يعمل فيه عشرون متطوعا من القرى القريبة"
    assert selected.authors == ("كتبت: هالة السنديان",)
    assert selected.dates == (DateClue("dateline", "نشر في: 14 مايو 2019 - 10:30 صباحا"),)
    assert "اللقلق" in body_html(selected)


def test_what_a_layout_drops_is_emptied_and_the_text_behind_it_stays():
    selected = select("<div><p>أول</p>ثان<b>إعلان</b>ثالث<i>إعلان</i></div>", 'body = ["div"]\ndrop = ["b", "i"]')
    assert body_html(selected) == "<html><body><div><p>أول</p>ثان<b></b>ثالث<i></i></div></body></html>"


def test_dropping_never_takes_the_body_along():
    selected = select("<div class=x><p>أول</p></div>", 'body = ["p"]\ndrop = [".x"]')
    assert "أول" in body_html(selected)


def test_body_elements_stand_in_the_order_of_the_page_and_none_in_another():
    html = "<h2>عنوان</h2><div><p>أول</p></div><p>ثان</p>"
    selected = select(html, 'body = ["p", "h2", "div"]')
    assert [element.tag for element in selected.body] == ["h2", "div", "p"]


def test_the_first_selector_with_words_gives_the_title():
    html = '<head><meta property="og:title" content="من الوسم"></head><h1> </h1><h2>من  العنوان</h2>'
    assert select(html, 'title = ["h1", "h2", "meta[property=\'og:title\']"]').title == "من العنوان"
    assert select(html, 'title = ["h1", "meta[property=\'og:title\']"]').title == "من الوسم"
    assert select(html, 'title = ["h3"]').title is None


def test_dates_keep_their_origin():
    html = '<head><meta name=day content="2020-01-02"></head><time datetime="2020-01-03">أمس</time><i>2020/1/4</i>'
    found = [select(html, f'date = ["{css}"]').dates for css in ("meta[name=day]", "time", "i")]
    assert [(clue.origin, clue.raw) for (clue,) in found] == [
        ("meta", "2020-01-02"),
        ("time-tag", "2020-01-03"),
        ("dateline", "2020/1/4"),
    ]


def test_a_whole_page_is_no_title():
    assert select(f"<h1>{'كلمة ' * 200}</h1>", 'title = ["h1"]').title is None


@pytest.mark.parametrize("html", ["", " ", "<!-- -->", "<<<>>>", "\x00", "<p" * 1000])
def test_broken_pages_give_nothing_and_no_error(html):
    selected = select_parts(html, URL, None, OUTLETS)
    assert selected is None or not selected.body


def test_pages_of_sources_without_a_profile_are_not_parsed(monkeypatch):
    monkeypatch.setattr("newsetl.stages.profiles.parse_page", None)
    assert select_parts(NEW, "https://www.okaz.com.sa/7", None, OUTLETS) is None


STORY = (
    "<p>" + "قالت رئيسة الجمعية إن المرصد الجديد سيفتح أبوابه للمدارس والزوار في أول أيام الربيع المقبل. " * 3 + "</p>"
)
SUBTITLED = f"<h1>مرصد للطيور على البحيرة</h1><p class=sub-title>يعمل فيه عشرون متطوعا</p><div class=x>{STORY}</div>"


def extract(html: str, url: str | None = URL):
    page = Page(RawRecord(Place("x", None, 1, ""), "html", fields=Fields(url=url)), html, "html", "str")
    return extract_article(page, outlets('[[layout]]\nbody = [".x"]\ntitle = ["h1"]'))


def test_a_subtitle_that_no_selector_names_is_found_in_the_general_way():
    draft = extract(SUBTITLED)
    assert (draft.extractor, draft.title) == ("profile", "مرصد للطيور على البحيرة")
    assert draft.subtitle == "يعمل فيه عشرون متطوعا"
    assert extract(SUBTITLED.replace("sub-title", "x-title")).subtitle is None


def test_the_address_in_a_page_tells_its_profile_too():
    draft = extract(f"<link rel=canonical href='{URL}'>{SUBTITLED}", url=None)
    assert draft == replace(extract(SUBTITLED), record=draft.record, url=None, canonical_url=URL)
    assert extract(SUBTITLED, url=None).extractor == "content"


MOTTO = "نسيم البلاد في كل بيت"
FIRST = "قالت رئيسة الجمعية إن المرصد الجديد سيفتح أبوابه للمدارس والزوار في أول أيام الربيع المقبل."


def clean(*lines: str, source: str | None = "النسيم", day: str | None = None):
    record = RawRecord(Place("x", None, 1, ""), "text", fields=Fields(source=source, date=day))
    draft = clean_article(Draft(record, "lines", tuple(map(Block, lines))), OUTLETS)
    return [block.text for block in draft.blocks], [removed.rule for removed in draft.removed]


def test_lines_of_a_layout_go_from_the_articles_of_its_source_and_days_only():
    assert clean(FIRST, MOTTO) == ([FIRST], ["site-line"])
    assert clean(FIRST, f"«{MOTTO}»:", day="2015-01-01") == ([FIRST], ["site-line"])
    assert clean(FIRST, MOTTO, day="2009-01-01") == ([FIRST, MOTTO], [])
    assert clean(FIRST, MOTTO, source="عكاظ") == ([FIRST, MOTTO], [])
    assert clean(FIRST, MOTTO, source=None) == ([FIRST, MOTTO], [])


def test_rules_of_a_source_have_the_form_of_the_general_ones():
    index = outlets(
        '[[layout]]\n[[layout.rule]]\nname = "motto"\nkind = "prefix"\nmax_words = 5\nphrases = ["نسيم البلاد"]'
    )
    record = RawRecord(Place("x", None, 1, ""), "text", fields=Fields(source="النسيم"))
    blocks = (Block(FIRST), Block("نسيم البلاد 2020"), Block("نسيم البلاد يهب على القرى والسهول كلها"))
    draft = clean_article(Draft(record, "lines", blocks), index)
    assert [removed.rule for removed in draft.removed] == ["motto"]


def test_a_byline_is_no_evidence_of_the_source_of_lines():
    record = RawRecord(Place("x", None, 1, ""), "text")
    draft = Draft(record, "lines", (Block(FIRST),), bylines=("النسيم",))
    assert find_site_rules(draft, OUTLETS) == ()


@pytest.mark.parametrize(
    "html",
    [
        "<div class='story-text story-more story-head'>" * 500 + "<h1 class='story-more story-text'>x</h1>" * 20_000,
        "<div class=story-text>" + "<b class=story-more>x</b>y" * 20_000,
        "<i class=story-by>" * 500 + "<time class=story-day>z</time>" * 20_000,
    ],
)
def test_hostile_pages_cost_linear_time(html):
    started = time.process_time()
    body_html(select_parts(html, URL, None, OUTLETS))
    assert time.process_time() - started < 5  # 0.2 s on one core of 2020s hardware; quadratic: minutes
