"""What leads to pages: feeds, sitemaps and sections, which to ask for, and what their answers list."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsetl.fetch.exchange import Answer
from newsetl.fetch.feeds import read_feed
from newsetl.fetch.hosts import Request
from newsetl.fetch.listing import Child, Entry, Listing
from newsetl.fetch.sections import read_section, section_urls
from newsetl.fetch.sitemaps import read_sitemap, url_date
from newsetl.fetch.source import Source
from newsetl.fetch.window import Window
from newsetl.io.http_message import parse_content_type

if TYPE_CHECKING:
    from newsetl.fetch.collection import Collection

Listed = Listing | None
IN_SOURCES_FILE = "sources file"
# Indexes of indexes are not allowed by sitemaps.org, but there are some.
MAX_DEPTH = 3


def first_requests(collection: "Collection", window: Window, now: datetime) -> Iterator[Request]:
    """What to ask for first: all feeds, sitemaps and sections of a source. Its own pages are entered as found."""
    source = collection.source
    collection.find([Entry(url) for url in source.urls], IN_SOURCES_FILE)
    for url in source.feeds:
        yield Request(source.slug, "feed", url, url, IN_SOURCES_FILE)
    for url in source.sitemaps:
        yield Request(source.slug, "sitemap", url, url, IN_SOURCES_FILE)
    days = list(window.days(now.astimezone(_zone(source)).date())) if source.sections else []
    for section in source.sections:
        for url, day in section_urls(section, days):
            yield Request(source.slug, "section", url, url, IN_SOURCES_FILE, section=section, day=day)


def read_listing(source: Source, request: Request, answer: Answer) -> Listed:
    """What a feed, sitemap or section lists; None for other answers. Pure, and may take seconds."""
    if answer.outcome != "fetched":
        return None
    if request.kind == "feed":
        return read_feed(answer.content, answer.final_url)
    if request.kind == "sitemap":
        return read_sitemap(answer.content, answer.final_url)
    if request.section is None:
        return None
    _, charset = parse_content_type(answer.exchanges[-1].headers.get("content-type", ""))
    listing = read_section(answer.content, answer.final_url, request.section, charset)
    return _dated(listing, request.day, _zone(source))


def next_requests(collection: "Collection", request: Request, listed: Listed, window: Window) -> Iterator[Request]:
    """Enter what a listing names; gives the sitemaps in it that are worth asking for.

    A sitemap that was not changed since we read it is left out, and in a search by days one that names other days, or
    that was changed last before they began. Of an index that brought nothing new they are those that it named before.
    """
    children: Sequence[Child] = ()
    if listed is not None:
        collection.find(listed.entries, request.url)
        collection.remark(f"{request.url}: {remark}" for remark in listed.remarks)
        collection.find_sitemaps(listed.children, request.listed_url)
        children = listed.children
    elif request.kind == "sitemap":
        children = collection.state.sitemaps_of(request.listed_url)
    if children and request.depth == MAX_DEPTH:
        collection.remark([f"{request.url}: more than {MAX_DEPTH} indexes one in another"])
        return
    for child in children:
        span = url_date(child.url)
        if span is not None and not window.touches(span):
            continue
        if child.modified is not None:
            if window.since is not None and child.modified.date() < window.since:
                continue
            if collection.state.has_read("sitemap", child.url, child.modified):
                continue
        if collection.is_first("sitemap", child.url):
            yield Request(request.source, "sitemap", child.url, child.url, request.url, depth=request.depth + 1)


def _dated(listing: Listing, day: date | None, zone: tzinfo) -> Listing:
    """Entries of a day's section, as of its noon where they say nothing themselves: for searches by days alone."""
    if day is None:
        return listing
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    entries = (entry if entry.published else replace(entry, published=noon) for entry in listing.entries)
    return replace(listing, entries=tuple(entries))


def _zone(source: Source) -> tzinfo:
    return ZoneInfo(source.timezone) if source.timezone else UTC
