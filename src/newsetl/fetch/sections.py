"""Sections: pages of links to articles, one for each day or only one."""

import warnings
from collections.abc import Iterable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

from newsetl.fetch.listing import Entry, Listing, Remarks, absolute, unique
from newsetl.fetch.source import Section
from newsetl.stages.urls import is_same_site

MAX_LINKS = 5_000
# XHTML is read as what browsers take it for; the warning is for those who wanted XML.
warnings.filterwarnings("ignore", category=XMLParsedAsHTMLWarning)


def section_urls(section: Section, days: Iterable[date]) -> Iterator[tuple[str, date | None]]:
    """The URLs of a section on some days, each once, with its day; a section without a day in its URL has one.

    >>> list(section_urls(Section("https://news.example/{yyyy}/{mm}"), [date(2015, 1, 7), date(2015, 1, 8)]))
    [('https://news.example/2015/01', None)]
    """
    seen = set()
    for day in days:
        url = section.url
        for name, value in (("{yyyy}", f"{day:%Y}"), ("{mm}", f"{day:%m}"), ("{dd}", f"{day:%d}")):
            url = url.replace(name, value)
        if url not in seen:
            seen.add(url)
            yield url, day if "{dd}" in section.url else None


def read_section(content: bytes, url: str, section: Section, charset: str | None) -> Listing:
    """The articles that a section links to: of its own site, each once, in order.

    Args:
        content: HTML.
        url: Where it came from.
        section: Which links count.
        charset: As the server declared it.
    """
    remarks = Remarks()
    try:
        page = _parse(content, charset)
        links = [str(tag.get("href") or "") for tag in page.select(section.links, limit=MAX_LINKS)]
        tag = page.find("base", href=True)
        base = (absolute(str(tag["href"]), url) if tag else None) or url
    except (RecursionError, AssertionError, LookupError, ValueError) as error:  # of the parser, on hostile pages
        return Listing(remarks=(f"an unreadable page: {type(error).__name__}",))
    if not links:
        remarks.add(f"no link matches {section.links}")
    found = (absolute(link, base) for link in links)
    entries = (Entry(link) for link in found if link and link != url and _is_article(link, url, section))
    return Listing(unique(entries, MAX_LINKS, remarks), remarks=remarks.lines())


def _parse(content: bytes, charset: str | None) -> BeautifulSoup:
    try:
        return BeautifulSoup(content, "lxml", from_encoding=charset)
    except ValueError:  # an encoding whose name is none
        return BeautifulSoup(content.decode("utf-8", "replace"), "lxml")


def _is_article(link: str, url: str, section: Section) -> bool:
    return is_same_site(link, url) and fnmatchcase(urlsplit(link).path, section.match)
