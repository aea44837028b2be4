"""Feeds, sitemaps and sections: what they list, in all the forms they come in, damaged and hostile ones too."""

import gzip
import json
import tracemalloc
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsetl.fetch.feeds import MAX_ENTRIES, read_feed
from newsetl.fetch.listing import Child, Entry, absolute, parse_moment
from newsetl.fetch.sections import read_section, section_urls
from newsetl.fetch.sitemaps import read_sitemap, url_date
from newsetl.fetch.source import Section

URL = "https://nasim.example/list/feed"
MORNING = datetime(2021, 2, 10, 6, 30, tzinfo=UTC)


def rss(items, head='<?xml version="1.0" encoding="utf-8"?>'):
    return f'{head}<rss version="2.0"><channel><title>النسيم</title><link>/</link>{items}</channel></rss>'.encode()


def atom(entries, attributes=""):
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}>{entries}</feed>'.encode()


def urls(listing):
    return [entry.url for entry in listing.entries]


# --- feeds ----------------------------------------------------------------------------------------------------------


def test_an_rss_item_gives_its_url_title_and_time():
    time = "<pubDate>Wed, 10 Feb 2021 08:30:00 +0200</pubDate>"
    item = f"<item><title> خبر \n اليوم </title><link> /a?x=1 </link>{time}</item>"
    assert read_feed(rss(item), URL).entries == (Entry("https://nasim.example/a?x=1", "خبر اليوم", MORNING),)


LINKS = (
    '<link rel="self" href="/s"/><link rel="alternate" type="application/json" href="/j"/>'
    '<link rel="alternate" type="text/html" href="/a"/>'
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (rss("<item><guid>https://nasim.example/g</guid></item>"), "https://nasim.example/g"),
        (rss('<item><guid isPermaLink="true">https://nasim.example/g</guid></item>'), "https://nasim.example/g"),
        (rss('<item><guid isPermaLink="false">https://nasim.example/g</guid></item>'), None),
        (rss("<item><guid>12345</guid></item>"), None),
        (
            rss(
                '<item xmlns:f="http://rssnamespace.org/feedburner/ext/1.0"><link>https://count.example/1</link>'
                "<f:origLink>https://nasim.example/o</f:origLink></item>"
            ),
            "https://nasim.example/o",
        ),
        (rss('<item xmlns:a="http://www.w3.org/2005/Atom"><a:link href="/h"/></item>'), "https://nasim.example/h"),
        (
            rss("<item><link><![CDATA[https://nasim.example/c?a=1&b=2]]></link></item>"),
            "https://nasim.example/c?a=1&b=2",
        ),
        (rss("<item><link>javascript:alert(1)</link></item>"), None),
        (rss("<item><link>mailto:a@nasim.example</link></item>"), None),
        (rss("<item><link></link><title>x</title></item>"), None),
        (
            (
                b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
                b'<item rdf:about="https://nasim.example/r"><title>x</title></item></rdf:RDF>'
            ),
            "https://nasim.example/r",
        ),
        (atom('<entry><link href="/a"/></entry>'), "https://nasim.example/a"),
        (
            atom(f"<entry>{LINKS}</entry>"),
            "https://nasim.example/a",
        ),
        (atom('<entry><link rel="enclosure" href="/s.mp3"/></entry>'), None),
        (atom("<entry><id>https://nasim.example/i</id></entry>"), "https://nasim.example/i"),
        (
            atom('<entry xml:base="b/"><link href="a"/></entry>', 'xml:base="https://nasim.example/x/"'),
            "https://nasim.example/x/b/a",
        ),
        (rss("<item><link>/a</link></item>", "\n \t"), "https://nasim.example/a"),
        (b"\xef\xbb\xbf" + rss("<item><link>/a</link></item>"), "https://nasim.example/a"),
        (b"<!-- cached --> warning: x\n" + rss("<item><link>/a</link></item>", ""), "https://nasim.example/a"),
    ],
)
def test_the_link_of_an_entry(content, expected):
    assert urls(read_feed(content, URL)) == ([expected] if expected else [])


@pytest.mark.parametrize("codec", ["windows-1256", "utf-16", "utf-8"])
def test_a_feed_says_its_encoding(codec):
    text = f'<?xml version="1.0" encoding="{codec}"?><rss><item><title>أخبار</title><link>/a</link></item></rss>'
    assert read_feed(text.encode(codec), URL).entries[0].title == "أخبار"


def test_a_json_feed():
    items = [
        {
            "url": "/a",
            "title": "خبر",
            "date_published": "2021-02-10T06:30:00Z",
            "date_modified": "2021-02-11T06:30:00Z",
        },
        {"external_url": "https://nasim.example/b"},
        {"id": "https://nasim.example/c"},
        {"id": "12"},
        {"url": 7},
        "no item",
    ]
    listing = read_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode(), URL)
    assert urls(listing) == [f"https://nasim.example/{name}" for name in "abc"]
    assert (listing.entries[0].published, listing.entries[0].updated) == (MORNING, MORNING.replace(day=11))
    assert listing.remarks == ("an entry without a link to a page (3 times)",)


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b"", "not a feed"),
        (b"<rss><item><link>/a\xed\xa0\x80</link><pubDate>\xed\xa0\x80</pubDate></item></rss>", "an unreadable date"),
        (b"<html><body>404</body></html>", "not a feed"),
        (b'{"a": 1}', "not a feed"),
        (b"{broken", "damaged JSON"),
        (b"[" * 100_000, "not a feed"),
        (b'{"items":' + b"[" * 100_000, "damaged JSON"),
        (rss("<item><link>/a</link></item><item><link>/b")[:-20], "damaged XML"),
        (rss("<item><link>/a</link><pubDate>yesterday</pubDate></item>"), "an unreadable date: yesterday"),
    ],
)
def test_what_is_odd_is_remarked(content, remark):
    assert any(line.startswith(remark) for line in read_feed(content, URL).remarks)


def test_damaged_xml_gives_what_stands_before_the_damage():
    content = rss("<item><link>/a</link></item><item><link>/b</link></item><item><link>/c & <<</oops")
    assert urls(read_feed(content, URL))[:2] == ["https://nasim.example/a", "https://nasim.example/b"]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><rss><item><title>&c;</title><link>/a</link></item></rss>'
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><title>&x;</title><link>/a</link></item></rss>',
        '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><rss><item><link>/a</link></item></rss>',
    ],
)
@pytest.mark.parametrize("read", [read_feed, read_sitemap])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_entities_are_refused(text, read, codec):
    listing = read(text.encode(codec), URL)
    assert listing.refused == "xml-entities"
    assert listing.entries == ()


def test_an_external_dtd_is_not_loaded():
    content = b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd"><rss><item><link>/a</link></item></rss>'
    assert urls(read_feed(content, URL)) == ["https://nasim.example/a"]


def test_a_feed_has_a_limit():
    content = rss("".join(f"<item><link>/{n}</link></item>" for n in range(MAX_ENTRIES + 5)))
    listing = read_feed(content, URL)
    assert len(listing.entries) == MAX_ENTRIES
    assert listing.remarks == (f"more than {MAX_ENTRIES} entries",)


@given(st.binary(max_size=400), st.sampled_from([b"", b"<rss>", b"<urlset>", b"<feed><entry>", b"{", b"\x1f\x8b\x08"]))
def test_any_bytes_give_http_urls_or_none(tail, head):
    for read in (read_feed, read_sitemap):
        for entry in read(head + tail, URL).entries:
            assert entry.url.startswith(("http://", "https://"))


# --- sitemaps -------------------------------------------------------------------------------------------------------


def urlset(items):
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{items}</urlset>'
    ).encode()


NEWS = (
    "<url><loc>https://nasim.example/a</loc><lastmod>2021-02-11</lastmod><news:news><news:publication><news:name>النسيم"
    "</news:name></news:publication><news:publication_date>2021-02-10T08:30:00+02:00</news:publication_date>"
    "<news:title>خبر</news:title></news:news></url>"
)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_news_sitemap(pack):
    [entry] = read_sitemap(pack(urlset(NEWS)), "https://nasim.example/s.xml").entries
    assert entry == Entry("https://nasim.example/a", "خبر", MORNING, datetime(2021, 2, 11, tzinfo=UTC))


def test_an_index_names_sitemaps():
    content = (
        b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://nasim.example/1.xml.gz'
        b"</loc><lastmod>2021-02</lastmod></sitemap><sitemap><loc> /2.xml </loc></sitemap></sitemapindex>"
    )
    listing = read_sitemap(content, "https://nasim.example/s.xml")
    assert listing.children == (
        Child("https://nasim.example/1.xml.gz", datetime(2021, 2, 1, tzinfo=UTC)),
        Child("https://nasim.example/2.xml"),
    )


def test_a_text_sitemap():
    content = "\ufeffhttps://nasim.example/a\r\nhttps://nasim.example/b\n\nnot a url\n".encode()
    assert urls(read_sitemap(content, "https://nasim.example/s.txt")) == [
        "https://nasim.example/a",
        "https://nasim.example/b",
    ]


def test_a_feed_may_stand_for_a_sitemap():
    assert urls(read_sitemap(rss("<item><link>/a</link></item>"), URL)) == ["https://nasim.example/a"]


def test_pages_and_sitemaps_of_other_sites_are_left_out():
    items = "<url><loc>https://other.example/a</loc></url><url><loc>https://m.nasim.example/b</loc></url>"
    listing = read_sitemap(urlset(items), "https://www.nasim.example/s.xml")
    assert urls(listing) == ["https://m.nasim.example/b"]
    assert listing.remarks == ("1 pages of other sites",)


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b"<html><body>404</body></html>", "not a sitemap"),
        (gzip.compress(urlset(NEWS))[:-30], "the gzip ends early"),
        (b"\x1f\x8b\x08" + bytes(50), "damaged gzip"),
        (urlset("<url><lastmod>2021</lastmod></url>"), "an entry without a link to a page"),
    ],
)
def test_what_is_odd_about_a_sitemap_is_remarked(content, remark):
    assert read_sitemap(content, "https://nasim.example/s.xml").remarks[0].startswith(remark)


def test_a_bomb_of_a_sitemap_takes_little_memory():
    content = gzip.compress(urlset("<url><loc>https://nasim.example/a</loc></url>") + b" " * 200_000_000)
    tracemalloc.start()
    listing = read_sitemap(content, "https://nasim.example/s.xml.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert urls(listing) == ["https://nasim.example/a"]
    assert peak < 220 * 1024**2


@pytest.mark.parametrize(
    ("url", "first", "last"),
    [
        ("https://n.example/2015/01/07/title", date(2015, 1, 7), date(2015, 1, 7)),
        ("https://n.example/2015-1-7-title.html", date(2015, 1, 7), date(2015, 1, 7)),
        ("https://n.example/news_20150107.html", date(2015, 1, 7), date(2015, 1, 7)),
        ("https://n.example/2015/01/title", date(2015, 1, 1), date(2015, 1, 31)),
        ("https://n.example/sitemap-2016-02.xml.gz", date(2016, 2, 1), date(2016, 2, 29)),
        ("https://n.example/sitemap_201602.xml", date(2016, 2, 1), date(2016, 2, 29)),
        ("https://n.example/sitemap-2016.xml", date(2016, 1, 1), date(2016, 12, 31)),
        ("https://n.example/archive/2016", date(2016, 1, 1), date(2016, 12, 31)),
    ],
)
def test_a_url_names_days(url, first, last):
    assert url_date(url) == (first, last)


@pytest.mark.parametrize(
    "url",
    [
        "https://n.example/news/20151",
        "https://n.example/news/201512",
        "https://n.example/2015123456",
        "https://n.example/news/1850/01/01",
        "https://n.example/201513-45x",
        "https://n.example/?d=2015-01-07",
        "https://2015.example/a",
        "https://n.example/a2015b",
    ],
)
def test_other_numbers_are_no_days(url):
    assert url_date(url) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wed, 10 Feb 2021 08:30:00 +0200", MORNING),
        ("10 Feb 21 06:30 GMT", MORNING),
        ("2021-02-10T06:30:00Z", MORNING),
        ("2021-02-10T06:30:00", MORNING),
        ("2021-02-10T08:30+02:00", MORNING),
        ("2021-02-10", datetime(2021, 2, 10, tzinfo=UTC)),
        ("2021", datetime(2021, 1, 1, tzinfo=UTC)),
        ("", None),
        ("soon", None),
        ("0001-01-01T00:00:00Z", None),
        ("2021-02-31", None),
        ("x" * 500, None),
    ],
)
def test_moments(text, expected):
    assert parse_moment(text) == expected


@given(st.text(max_size=40))
def test_any_text_is_a_moment_in_utc_or_none(text):
    moment = parse_moment(text)
    assert moment is None or moment.tzinfo is UTC


@given(st.text(max_size=40))
def test_any_link_is_absolute_or_none(link):
    found = absolute(link, URL)
    assert found is None or (found.startswith(("http://", "https://")) and "#" not in found)


# --- sections -------------------------------------------------------------------------------------------------------

SECTION = Section("https://nasim.example/archive/{yyyy}/{mm}/{dd}", "ul.list a", "/news/*")


def test_a_section_links_to_its_articles():
    page = (
        "<html><head><base href='/news/'></head><body><a href='/about'>عنا</a><ul class=list>"
        "<li><a href='1'>خبر</a><li><a href='/news/2#comments'>خبر</a><li><a href='2'>مرة أخرى</a>"
        "<li><a href='/tags/x'>وسم</a><li><a href='https://other.example/news/3'>خارج</a><li><a>لا شيء</a></ul>"
    )
    listing = read_section(
        page.encode("windows-1256"), "https://nasim.example/archive/2021/02/10", SECTION, "windows-1256"
    )
    assert urls(listing) == ["https://nasim.example/news/1", "https://nasim.example/news/2"]
    assert listing.remarks == ()


def test_a_section_whose_layout_changed_is_remarked():
    listing = read_section(b"<a href=/news/1>x</a>", "https://nasim.example/a", SECTION, None)
    assert listing.remarks == ("no link matches ul.list a",)


def test_a_section_has_a_url_for_each_day_or_month_or_one():
    days = [date(2021, 2, 1), date(2021, 1, 31), date(2021, 1, 30)]
    assert [url for url, _ in section_urls(SECTION, days)] == [
        f"https://nasim.example/archive/2021/{day}" for day in ("02/01", "01/31", "01/30")
    ]
    assert [day for _, day in section_urls(SECTION, days)] == days
    assert len(list(section_urls(Section("https://nasim.example/{yyyy}-{mm}"), days))) == 2
    assert list(section_urls(Section("https://nasim.example/latest"), days)) == [("https://nasim.example/latest", None)]


@pytest.mark.parametrize("charset", [None, "bad\x01name", "utf-8"])
@pytest.mark.parametrize("head", [b"", b'<?xml version="1.0" encoding="ut\x01f"?>'])
def test_a_page_that_names_no_encoding_there_is_is_read(head, charset):
    page = head + b'<meta charset="utf\x01-8"><a href=/news/1>x</a>'
    listing = read_section(page, "https://nasim.example/a", Section("https://nasim.example/a"), charset)
    assert urls(listing) == ["https://nasim.example/news/1"]


@settings(max_examples=50)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_section(content):
    read_section(content, "https://nasim.example/a", Section("https://nasim.example/a"), "no-such-charset")
