"""Metadata of whole drafts: outlet, date, agency, title, language, identity."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from newsetl.records import DateClue, Document, Draft, Fields, Metadata, Paragraph, Place, RawRecord, Removed
from newsetl.stages.identity import article_id
from newsetl.stages.metadata import find_metadata
from newsetl.stages.publication import find_path_day
from newsetl.stages.titles import strip_outlet

BODY = "أعلنت بلدية الوادي الأخضر أن الجسر الجديد سيفتح أمام المارة في الربيع.\nوأضافت أن العمل يجري وفق الجدول."


def make_draft(fields=None, *, uri="data/raw/x.jsonl", offset=0, **parts):
    record = RawRecord(Place(uri, offset, 1, "0" * 64), "text", fields=fields or Fields())
    return Draft(record, "test", (), **parts)


def make_document(text=BODY, title=None):
    paragraphs, start = [], 0
    for index, line in enumerate(text.split("\n")):
        paragraphs.append(Paragraph(index, "body", start, start + len(line)))
        start += len(line) + 1
    return Document(text, tuple(paragraphs), (), title)


def find(fields=None, text=BODY, **parts) -> Metadata:
    found = find_metadata(make_draft(fields, **parts), make_document(text))
    assert isinstance(found, Metadata)
    return found


def test_a_bare_text_has_no_outlet_no_day_and_a_language():
    found = find()
    assert (found.source, found.source_name) == ("unknown", "unknown")
    assert (found.published_on, found.published_at, found.date_precision) == (None, None, None)
    assert found.flags == ("undated",)
    assert found.lang == "ar"
    assert found.lang_score > 0.8


def test_a_byline_that_is_an_outlet_names_the_source():
    assert find(bylines=("ترك برس",)).source == "turkpress"
    assert find(bylines=("بيروت - سلمى الراوي",)).source == "unknown"


def test_a_byline_of_an_unknown_newspaper_names_the_source():
    found = find(bylines=("صحيفة الضفاف", "سلمى الراوي"))
    assert (found.source_name, found.authors) == ("صحيفة الضفاف", ("سلمى الراوي",))
    assert find(bylines=("أطلال برس - سلمى الراوي",)).source_name == "أطلال برس"


def test_an_unknown_site_has_its_slug_from_the_address_and_its_name_from_the_page():
    found = find(Fields(url="https://diffa.example/1"), site_name="الضفاف")
    assert (found.source, found.source_name) == ("diffa-example", "الضفاف")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # newsetl fetch: the sources file goes before what the index knows, and before the page
        (Fields(source="diffa", source_name="الضفاف", zone="Asia/Beirut"), ("diffa", "الضفاف", "18:00")),
        (Fields(source="turkpress", source_name="ترك  برس "), ("turkpress", "ترك برس", "17:00")),
        (Fields(source="turkpress", zone="Asia/Dubai"), ("turkpress", "ترك برس", "16:00")),
        (Fields(source="turkpress", source_name=" ", zone=" "), ("turkpress", "ترك برس", "17:00")),
        (Fields(source="turkpress", zone="../../etc/passwd"), ("turkpress", "ترك برس", "17:00")),
        # without a source they say nothing
        (Fields(source_name="الضفاف", zone="Asia/Dubai"), ("unknown", "unknown", "20:00")),
    ],
)
def test_what_a_record_says_of_its_outlet_goes_before_all_else(fields, expected):
    found = find(replace(fields, date="2021-01-10 20:00"))
    at = found.published_at.strftime("%H:%M") if found.published_at else None
    assert (found.source, found.source_name, at) == expected


def test_the_own_outlet_is_no_author():
    found = find(Fields(source="أفق الوادي"), authors=("بيروت - أفق الوادي",))
    assert (found.authors, found.dateline_place) == ((), "بيروت")


def test_a_dateline_in_the_first_paragraph_is_read():
    found = find(text="القاهرة (رويترز) - " + BODY)
    assert (found.dateline_place, found.agency) == ("القاهرة", "رويترز")
    assert find(text="الجسر الجديد - كما يقولون - طويل. " + BODY).dateline_place is None


def test_the_record_names_the_source_before_site_and_address():
    found = find(Fields(source="هسبريس", url="https://www.okaz.com.sa/1"), site_name="ترك برس")
    assert found.source == "hespress"
    assert find(Fields(url="https://www.okaz.com.sa/1"), site_name="ترك برس").source == "turkpress"
    assert find(Fields(url="https://www.okaz.com.sa/1")).source == "okaz"
    assert find(Fields(url="https://nasim.example/1")).source == "nasim-example"


@pytest.mark.parametrize(
    ("source", "raw", "on", "at"),
    [
        (None, "2022-10-06T00:00:00Z", date(2022, 10, 6), datetime(2022, 10, 6, tzinfo=UTC)),
        ("albayan", "2022-10-06T00:00:00Z", date(2022, 10, 6), datetime(2022, 10, 6, tzinfo=UTC)),
        ("okaz", "2022-10-06T22:30:00Z", date(2022, 10, 7), datetime(2022, 10, 6, 22, 30, tzinfo=UTC)),
        (None, "2022-10-06T22:30:00Z", date(2022, 10, 6), datetime(2022, 10, 6, 22, 30, tzinfo=UTC)),
        ("okaz", "2022-10-06 01:30", date(2022, 10, 6), datetime(2022, 10, 5, 22, 30, tzinfo=UTC)),
        (None, "2022-10-06 01:30", date(2022, 10, 6), datetime(2022, 10, 6, 1, 30, tzinfo=UTC)),
        ("okaz", "٦ تشرين الأول ٢٠٢٢", date(2022, 10, 6), None),
        ("hespress", "2022-10-06 01:30", date(2022, 10, 6), datetime(2022, 10, 6, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_the_zone_of_its_outlet(source, raw, on, at):
    found = find(Fields(source=source, date=raw))
    assert (found.published_on, found.published_at) == (on, at)
    assert (found.date_origin, found.date_raw) == ("record", raw)


def test_a_month_alone_is_kept_as_a_precision_without_a_day():
    found = find(Fields(date="آذار 2021"))
    assert (found.published_on, found.date_precision, found.date_raw) == (None, "month", "آذار 2021")
    assert "undated" in found.flags


def test_a_date_after_the_fetch_is_not_believed():
    found = find(Fields(date="2021-03-09", fetched="2021-03-05 10:00:00"))
    assert found.published_on is None
    assert found.flags == ("date-after-fetch", "undated")
    assert found.fetched_at == datetime(2021, 3, 5, 10, tzinfo=UTC)


def test_figures_that_would_lie_after_the_fetch_are_read_the_other_way():
    assert find(Fields(date="05/12/2021", fetched="2021-06-01T00:00:00Z")).published_on == date(2021, 5, 12)
    assert find(Fields(date="05/12/2021", fetched="2022-06-01T00:00:00Z")).published_on == date(2021, 12, 5)


def test_another_clue_settles_the_order_of_day_and_month():
    found = find(dates=(DateClue("record", "05/12/2021"), DateClue("meta", "2021-05-12T10:00:00+03:00")))
    assert (found.published_on, found.date_origin) == (date(2021, 5, 12), "meta")


def test_a_clue_with_a_time_completes_one_of_the_same_day():
    found = find(dates=(DateClue("json-ld", "2021-05-12"), DateClue("meta", "2021-05-12T10:00:00Z")))
    assert found.published_at == datetime(2021, 5, 12, 10, tzinfo=UTC)
    assert found.flags == ()


def test_clues_that_contradict_are_flagged_and_the_first_is_kept():
    found = find(dates=(DateClue("json-ld", "2021-05-12"), DateClue("meta", "2019-01-01")))
    assert found.published_on == date(2021, 5, 12)
    assert "date-conflict" in found.flags


def test_a_date_line_counts_and_a_date_in_prose_does_not():
    line = find(text=f"الجمعة 5 مارس 2021\n{BODY}")
    assert (line.published_on, line.date_origin) == (date(2021, 3, 5), "text")
    prose = find(text=f"وقعت الحادثة القديمة في قرية الوادي يوم 5 مارس 2021 وسط ذهول الأهالي.\n{BODY}")
    assert prose.published_on is None


def test_a_dateline_with_a_date_names_day_place_and_agency():
    found = find(datelines=("بيروت في 3 شباط 2015 (وطنية) -",))
    assert (found.published_on, found.date_origin) == (date(2015, 2, 3), "dateline")
    assert (found.dateline_place, found.agency) == ("بيروت", "وطنية")


def test_an_update_in_a_page_head_is_no_publication():
    assert find(datelines=("آخر تحديث: 28 آب 2013",)).published_on is None


def test_an_address_that_names_a_day_beats_a_lone_line():
    url = "http://news.example/2013/middle_east/8/3/x/index.html"
    found = find(Fields(url=url), dates=(DateClue("text", "الأربعاء 28 آب 2013"),))
    assert (found.published_on, found.date_origin) == (date(2013, 8, 3), "url")


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("n.example/ar/2018/06/22/x.html", "2018-06-22"),
        ("n.example/2018/6/2/x", "2018-06-02"),
        ("n.example/new/Issues/20150727/Con20150727785973.htm", "2015-07-27"),
        ("n.example/news/2020-06-03-1.3874341", "2020-06-03"),
        ("/2021-03-05_x.txt", "2021-03-05"),
        ("/BB-middleEast-1079-20181009.txt", "2018-10-09"),
        ("n.example/article/164913", None),
        ("n.example/2018/06/", None),
        ("n.example/id/1234567890", None),
        ("n.example/20189999/x", None),
        ("n.example/18120312/x", None),
        ("/000_1a97961f7f7f0c07.txt", None),
    ],
)
def test_a_day_is_read_from_an_address_only_when_it_is_one(path, day):
    assert find_path_day(path) == day


def test_a_file_name_counts_for_a_file_of_one_article_only():
    assert find(uri="a/2021-03-05_x.txt", offset=None).date_origin == "file-name"
    assert find(uri="a/2021-03-05.jsonl", offset=0).published_on is None


def test_a_relative_date_needs_the_fetch_time():
    assert find(Fields(date="منذ 3 ساعات")).published_on is None
    found = find(Fields(date="أمس", fetched="2021-03-05T22:30:00Z", source="okaz"))
    assert found.published_on == date(2021, 3, 5)  # in Riyadh it is the 6th already
    assert "relative-date" in found.flags


def test_modified_time_is_read_and_not_taken_for_publication():
    found = find(Fields(modified="2021-03-05T10:00:00+03:00"))
    assert found.modified_at == datetime(2021, 3, 5, 7, tzinfo=UTC)
    assert found.published_on is None


@pytest.mark.parametrize(
    ("parts", "text", "agency"),
    [
        ({"authors": ("واشنطن - رويترز",)}, BODY, "رويترز"),
        ({"datelines": ("القاهرة (د ب أ) -",)}, BODY, "د ب أ"),
        ({"authors": ("وكالات", "أ ف ب")}, BODY, "أ ف ب"),
        ({"authors": ("الوكالات",)}, BODY, "وكالات"),
        ({"removed": (Removed("credit", "المصدر: الأناضول"),)}, BODY, "الأناضول"),
        ({}, BODY + " (رويترز)", "رويترز"),
        ({}, "ذكر تقرير مطول نشرته صحيفة نيويورك تايمز أن الجسر قديم.\n" + BODY, "نيويورك تايمز"),
        ({}, "ويرى تحليل لموقع ميدل إيست آي أن الجسر قديم.\n" + BODY, "ميدل إيست آي"),
        ({}, "قرأ الطلاب تقريرا عن الجسور في صحيفة حائطية.\n" + BODY, None),
        ({}, BODY + " (انتهى)", None),
        ({}, BODY, None),
    ],
)
def test_the_agency_is_the_one_that_the_article_names_as_its_origin(parts, text, agency):
    assert find(text=text, **parts).agency == agency


def test_an_agency_that_publishes_itself_is_not_its_own_origin():
    assert find(Fields(source="was"), authors=("الرياض - واس",)).agency is None


@pytest.mark.parametrize(
    ("title", "site", "section", "expected"),
    [
        ("جسر جديد في الوادي | النسيم", "النسيم", None, "جسر جديد في الوادي"),
        ("جسر جديد في الوادي - صحيفة النسيم", "النسيم", None, "جسر جديد في الوادي"),
        ("النسيم | جسر جديد في الوادي", "النسيم", None, "جسر جديد في الوادي"),
        ("جسر جديد في الوادي | محليات | النسيم", "النسيم", "محليات", "جسر جديد في الوادي"),
        ("جسر جديد في الوادي - BBC News عربي", None, None, "جسر جديد في الوادي"),
        ("جسر جديد في الوادي | صحيفة ما لا نعرفها", None, None, "جسر جديد في الوادي"),
        ("الوادي - جسر جديد يفتح غدا", "النسيم", None, "الوادي - جسر جديد يفتح غدا"),
        ("ماذا قالت النسيم", "النسيم", None, "ماذا قالت النسيم"),
        ("النسيم", "النسيم", None, "النسيم"),
    ],
)
def test_a_title_loses_its_outlet_and_nothing_else(title, site, section, expected):
    found = find(Fields(source="BBC" if site is None else site), title=title, site_name=site, section=section)
    assert found.title == expected


def test_a_long_run_of_separators_in_a_title_takes_no_time():
    outlet_title = " | " * 30_000 + "x"
    assert strip_outlet(outlet_title, find_outlet_of("okaz")) is not None


def find_outlet_of(name):
    from newsetl.sources.lookup import outlet_of_name

    return outlet_of_name(name)


def test_an_article_keeps_its_identity_over_scheme_www_and_tracking():
    one = find(Fields(url="https://www.news.example/a/?utm_source=x"))
    other = find(Fields(url="http://news.example/a#top"))
    assert article_id(one, make_document()) == article_id(other, make_document("نص آخر"))


def test_without_an_address_the_folded_text_makes_the_identity():
    one = article_id(find(Fields(source="okaz", title="أخبار")), make_document())
    same = article_id(find(Fields(source="okaz", title="اخبار")), make_document(BODY.replace("أ", "ا") + " "))
    other = article_id(find(Fields(source="sabq", title="أخبار")), make_document())
    assert one == same
    assert one != other
    assert len(one) == 32
    assert int(one, 16) >= 0


def test_the_front_page_address_names_no_article():
    found = find(Fields(url="https://news.example/"))
    assert article_id(found, make_document("نص")) != article_id(found, make_document("نص آخر"))


def test_a_foreign_text_is_kept_and_told():
    found = find(text="The town council said that the new bridge will open in spring for all of the people.")
    assert found.lang == "en"
