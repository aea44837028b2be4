"""What the markup of a page says about its article: JSON-LD, meta tags, <time>, <title>, headings. Strings as found.

Nothing is guessed here: `find_metadata` understands the strings. Sources stand in the order of their trust:
JSON-LD, then meta tags, then elements that show it to readers.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from lxml import html as lxml_html
from lxml.html import HtmlElement

from newsetl.records import DateClue
from newsetl.stages.dates import is_date_line

MAX_JSON_LD_CHARS: Final = 2_000_000
MAX_JSON_LD_THINGS: Final = 2_000
MAX_CLUES: Final = 12  # of one kind; pages with hundreds of <time> are lists of other articles
MAX_DATELINE_ELEMENTS: Final = 40  # looked at in each neighbour of the headline
MAX_SHOWN_CHARS: Final = 120  # of a visible date or author line; longer ones are text

_ARTICLE_TYPES: Final = re.compile(r"article|posting|report|review", re.IGNORECASE)
_META_DATES: Final = (
    "article:published_time", "datepublished", "og:published_time", "parsely-pub-date", "sailthru.date", "publishdate",
    "publish-date", "publish_date", "pubdate", "dc.date.issued", "dcterms.created", "dc.date", "dcterms.date", "date",
    "cxenseparse:recs:publishtime", "article.published", "published_time",
)  # fmt: skip
_META_MODIFIED: Final = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
)
_META_AUTHORS: Final = (
    "author",
    "article:author",
    "dc.creator",
    "parsely-author",
    "sailthru.author",
    "twitter:creator",
)
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
_AUTHOR_CLASSES: Final = ("author", "byline", "writer", "writeBy", "editor", "reporter", "journalist", "kateb")
_DATE_CLASSES: Final = ("date", "Date", "time", "Time", "publish")
_SHOWN_AUTHOR: Final = "//*[@rel='author' or @itemprop='author'] | //*[@class][{}]".format(
    " or ".join(f"contains(@class, '{name}')" for name in _AUTHOR_CLASSES)
)
_SHOWN_DATE: Final = "//*[@class][{}]".format(" or ".join(f"contains(@class, '{name}')" for name in _DATE_CLASSES))
MIN_SHARED: Final = 0.6  # of the words of a shown headline that a declared title shares: pages reorder and shorten


@dataclass(frozen=True, slots=True)
class PageClues:
    """What the markup says, as found; None and empty where it says nothing."""

    title: str | None = None
    subtitle: str | None = None
    site_name: str | None = None
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()
    dates: tuple[DateClue, ...] = ()
    modified: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    article_body: str | None = None  # of JSON-LD: plain text, when the publisher gives it


def find_page_clues(tree: HtmlElement) -> PageClues:
    """Title, site, authors, dates, section, tags and addresses that the markup of a parsed page names."""
    article = _find_json_ld(tree)
    meta = _read_meta(tree)
    dates = [DateClue("json-ld", d) for d in _texts(article.get("datePublished"))]
    dates += [DateClue("meta", d) for name in _META_DATES for d in meta.get(name, ())]
    dates += _find_shown_dates(tree)
    dates = dates or _find_dateline(tree)
    authors = _names(article.get("author"), persons=True) or _find_shown_authors(tree)
    # meta tags name the outlet or the builder of the site as often as the writer
    authors = authors or [a for name in _META_AUTHORS for a in meta.get(name, ()) if not a.startswith(("http", "@"))]
    tags = meta.get("article:tag") or _split_keywords(_texts(article.get("keywords")) or meta.get("keywords", []))
    return PageClues(
        title=_find_title(tree, article, meta),
        subtitle=_first(_texts(article.get("alternativeHeadline"))),
        site_name=_first(
            [*_names(article.get("publisher")), *meta.get("og:site_name", ()), *meta.get("application-name", ())]
        ),
        canonical_url=_first([*_attributes(tree, "//link[@rel='canonical']/@href"), *meta.get("og:url", ())]),
        authors=_unique(authors)[:MAX_CLUES],
        dates=tuple(dict.fromkeys(dates)),
        modified=_first([*_texts(article.get("dateModified")), *(m for n in _META_MODIFIED for m in meta.get(n, ()))]),
        section=_first([*_texts(article.get("articleSection")), *meta.get("article:section", ())]),
        tags=_unique(tags),
        article_body=body if isinstance(body := article.get("articleBody"), str) else None,
    )


def _first(values: Iterable[str]) -> str | None:
    return next((v for v in values if v), None)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))


def _squeeze(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def element_text(element: HtmlElement) -> str:
    """The text inside an element on one line."""
    return _squeeze("".join(element.itertext()))


def _attributes(tree: HtmlElement, path: str) -> list[str]:
    return [_squeeze(str(value)) for value in tree.xpath(path)]


def _read_meta(tree: HtmlElement) -> dict[str, list[str]]:
    """Lower-case name, property or itemprop of each meta tag -> its contents in order."""
    found: dict[str, list[str]] = {}
    for tag in tree.iter("meta"):
        name = (tag.get("property") or tag.get("name") or tag.get("itemprop") or "").strip().lower()
        content = _squeeze(tag.get("content") or "")
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def _find_json_ld(tree: HtmlElement) -> dict[str, Any]:
    """The first thing of an article type in the page's JSON-LD; empty without one."""
    for script in tree.xpath("//script[@type='application/ld+json']"):
        raw = (script.text or "").strip().removeprefix("<!--").removesuffix("-->")
        if not raw or len(raw) > MAX_JSON_LD_CHARS:
            continue
        try:
            data = json.loads(raw, strict=False)
        except (ValueError, RecursionError):  # hand-written JSON-LD is often broken; the meta tags remain
            continue
        for thing in _things(data):
            if any(_ARTICLE_TYPES.search(t) for t in _texts(thing.get("@type"))):
                return thing
    return {}


def _things(data: Any) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-LD document, outermost first, those below @graph, mainEntity and lists too."""
    queue, seen = [data], 0
    while queue and seen < MAX_JSON_LD_THINGS:
        item = queue.pop(0)
        seen += 1
        if isinstance(item, list):
            queue.extend(item)
        elif isinstance(item, dict):
            yield item
            queue.extend(item[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in item)


def _texts(value: Any) -> list[str]:
    """The strings in a JSON value that may be a string, a number or a list of them."""
    values = value if isinstance(value, list) else [value]
    return [_squeeze(str(v)) for v in values if isinstance(v, str | int) and not isinstance(v, bool) and str(v).strip()]


def _names(value: Any, *, persons: bool = False) -> list[str]:
    """The names in a JSON-LD person or organisation, or a list of them; with `persons`, organisations left out."""
    names = []
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            names += _texts(item)
        elif not (persons and any("Organization" in t for t in _texts(item.get("@type")))):
            names += _texts(item.get("name"))
    return names


def _split_keywords(keywords: list[str]) -> list[str]:
    return [_squeeze(word) for text in keywords for word in re.split("[,،;؛]", text)]


def _find_title(tree: HtmlElement, article: dict[str, Any], meta: dict[str, list[str]]) -> str | None:
    """The headline as shown (h1) when another source confirms it; they carry the outlet's name more often."""
    said = [*_texts(article.get("headline")), *meta.get("og:title", ()), *meta.get("twitter:title", ())]
    said += [element_text(title) for title in tree.xpath("//head/title | //title")[:1]]
    shown = [text for h1 in tree.xpath("//h1")[:MAX_CLUES] if (text := element_text(h1))]
    for text in shown:
        words = set(_WORD.findall(text))
        if len(words) > 1 and any(len(words & set(_WORD.findall(other))) >= MIN_SHARED * len(words) for other in said):
            return text
    return _first([*said, *shown])


def _find_shown_dates(tree: HtmlElement) -> list[DateClue]:
    """<time> elements, then short lines with digits in elements whose class speaks of dates."""
    clues = []
    for element in tree.iter("time"):
        raw = element.get("datetime") or element_text(element)
        if raw and _DIGIT.search(raw) and len(raw) <= MAX_SHOWN_CHARS:
            clues.append(DateClue("time-tag", _squeeze(raw)))
    clues = clues[:MAX_CLUES]
    for element in tree.xpath(_SHOWN_DATE)[: 4 * MAX_CLUES]:
        if len(raw := element_text(element)) <= MAX_SHOWN_CHARS and sum(c.isdigit() for c in raw) >= 5:
            clues.append(DateClue("text", raw))
    return clues[: 2 * MAX_CLUES]


def _find_dateline(tree: HtmlElement) -> list[DateClue]:
    """The first line behind the headline that is a date and nothing else; above it stands the day of the visit."""
    for element in islice(tree.iterfind(".//h1"), 1):
        for following in islice(element.itersiblings(), MAX_CLUES):
            for part in islice(following.iter(), MAX_DATELINE_ELEMENTS):
                text = _squeeze(part.text or "") if isinstance(part.tag, str) else ""
                if len(text) <= MAX_SHOWN_CHARS and _DIGIT.search(text) and is_date_line(text):
                    return [DateClue("dateline", text)]
    return []


def _find_shown_authors(tree: HtmlElement) -> list[str]:
    texts = (element_text(element) for element in tree.xpath(_SHOWN_AUTHOR)[: 2 * MAX_CLUES])
    return [text for text in texts if 2 < len(text) <= MAX_SHOWN_CHARS and not _DIGIT.search(text)][:2]


def parse_page(text: str) -> HtmlElement | None:
    """The tree of a page, read without network or files; None when there is no element in it.

    The parser's own limits are off, since they cut pages silently: the caller checks size and depth before.
    """
    parser = lxml_html.HTMLParser(
        no_network=True, huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    # bytes, since a string with an encoding declaration is refused; the meta charset no longer tells the truth
    tree = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    return tree if len(tree) else None
