"""Sitemaps: indexes, lists of URLs, of news, plain text; also compressed. And the days that URLs name."""

import re
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

from newsetl.fetch.feeds import read_feed
from newsetl.fetch.listing import YEARS, Child, Entry, Listing, Remarks, absolute, parse_moment, unique
from newsetl.fetch.xml import EntitiesError, child_text, local_name, read_elements
from newsetl.stages.urls import is_same_site

# sitemaps.org: of one sitemap.
MAX_ENTRIES = 50_000
MAX_BYTES = 52_428_800
GZIP_MAGIC = b"\x1f\x8b"
ITEMS = frozenset({"url", "sitemap"})
FEEDS = frozenset({"rss", "feed", "rdf"})

_DAY = re.compile(r"(?<![0-9])([12][0-9]{3})([/_-])([0-9]{1,2})(?:\2([0-9]{1,2}))?(?![0-9])")
_CLOSE_DAY = re.compile(r"(?<![0-9])([12][0-9]{3})([01][0-9])([0-3][0-9])(?![0-9])")
_CLOSE_MONTH = re.compile(r"(?<![0-9])([12][0-9]{3})([01][0-9])(?![0-9])")
_YEAR = re.compile(r"(?<=[/_-])([12][0-9]{3})(?=[/_.-]|$)")


def read_sitemap(content: bytes, url: str) -> Listing:
    """What a sitemap lists: pages and sitemaps of its own site.

    Args:
        content: XML, text, or one of these as gzip; a feed is read as one.
        url: Where it came from.
    """
    remarks = Remarks()
    content = _unpacked(content, remarks)
    if len(content) > MAX_BYTES:
        content = content[:MAX_BYTES]
        remarks.add(f"more than {MAX_BYTES} bytes")
    if b"<" not in content[:1024]:
        found = [
            Entry(link) for line in content.splitlines() if (link := absolute(_text(line), url)) and b"://" in line
        ]
        return _own(found, [], url, remarks)
    if any(f"<{name}".encode() in content[:2048].lower() for name in ("rss", "feed", "rdf:rdf")):
        return read_feed(content, url)
    entries: list[Entry] = []
    children: list[Child] = []
    try:
        for one in _items(content, url, remarks):
            if isinstance(one, Child):
                children.append(one)
            else:
                entries.append(one)
            if len(entries) > MAX_ENTRIES or len(children) > MAX_ENTRIES:
                break
    except EntitiesError as error:
        return Listing(remarks=(str(error),), refused="xml-entities")
    except UnicodeDecodeError as error:  # a name or an attribute
        remarks.add(f"damaged text: {error.reason}")
    if (
        not entries
        and not children
        and not remarks.lines()
        and b"<urlset" not in content
        and b"<sitemapindex" not in content
    ):
        remarks.add("not a sitemap")
    return _own(entries, children, url, remarks)


def _items(content: bytes, url: str, remarks: Remarks) -> Iterator[Entry | Child]:
    for _, item in read_elements(content, ITEMS, remarks):
        link = absolute(child_text(item, "loc") or "", url)
        if link is None:
            remarks.add("an entry without a link to a page")
            continue
        changed = parse_moment(child_text(item, "lastmod"))
        if local_name(item) == "sitemap":
            yield Child(link, changed)
            continue
        news = next((child for child in item if local_name(child) == "news"), None)
        title = published = None
        if news is not None:
            title, published = child_text(news, "title"), parse_moment(child_text(news, "publication_date"))
        yield Entry(link, title, published, changed)


def _own(entries: list[Entry], children: list[Child], url: str, remarks: Remarks) -> Listing:
    """A listing without what is of other sites: anyone can name those."""
    own = [entry for entry in entries if is_same_site(entry.url, url)]
    inside = [child for child in children if is_same_site(child.url, url)]
    for count, what in ((len(entries) - len(own), "pages"), (len(children) - len(inside), "sitemaps")):
        if count:
            remarks.add(f"{count} {what} of other sites")
    return Listing(unique(own, MAX_ENTRIES, remarks), tuple(inside[:MAX_ENTRIES]), remarks.lines())


def _unpacked(content: bytes, remarks: Remarks) -> bytes:
    """The sitemap without gzip, up to `MAX_BYTES` and a byte; what can be read of a damaged one."""
    if not content.startswith(GZIP_MAGIC):
        return content
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        found = inflater.decompress(content, MAX_BYTES + 1)
    except zlib.error as error:
        remarks.add(f"damaged gzip: {error}")
        return b""
    if not inflater.eof and len(found) <= MAX_BYTES:
        remarks.add("the gzip ends early")
    return found


def _text(line: bytes) -> str:
    return line.decode("utf-8-sig", "replace").strip()


def url_date(url: str) -> tuple[date, date] | None:
    """The first and last day that a URL names; None when it names none.

    A month without a day, and a year alone, count where they are unlikely to be something else: between slashes, or in
    the name of a sitemap.

    >>> url_date("https://news.example/2015/1/7/title")
    (datetime.date(2015, 1, 7), datetime.date(2015, 1, 7))
    >>> url_date("https://news.example/sitemap-2015-02.xml")
    (datetime.date(2015, 2, 1), datetime.date(2015, 2, 28))
    >>> url_date("https://news.example/news/201512")
    """
    path = urlsplit(url).path
    is_sitemap = "sitemap" in path.lower()
    for pattern in (_DAY, _CLOSE_DAY, *((_CLOSE_MONTH,) if is_sitemap else ()), _YEAR):
        for match in pattern.finditer(path):
            numbers = [int(part) for part in match.groups() if part and part.isdigit()]
            if found := _span(*numbers):
                return found
    return None


def _span(year: int, month: int | None = None, day: int | None = None) -> tuple[date, date] | None:
    if year not in YEARS:
        return None
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return first, first
    last_month = date(year, month or 12, 28)
    return first, (last_month + timedelta(days=4)).replace(day=1) - timedelta(days=1)
