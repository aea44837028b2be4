"""What the markup of a page says about its article: JSON-LD, meta tags, <time>, <title>, headings. Strings as found.

Nothing is guessed here: `find_metadata` understands the strings. Sources stand in the order of their trust:
JSON-LD, then meta tags, then elements that show it to readers.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from newsetl.records import DateClue
from newsetl.stages.dates import is_date_line
from newsetl.stages.outline import Outline

MAX_JSON_LD_CHARS: Final = 2_000_000
MAX_JSON_LD_THINGS: Final = 2_000
MAX_CLUES: Final = 12  # of one kind; pages with hundreds of <time> are lists of other articles
MAX_DATELINES: Final = 40  # lines behind the headline that are looked at
MIN_DATE_DIGITS: Final = 5  # of a year and a day
MAX_SECTION_CHARS: Final = 40  # of the name of a section; longer links of a breadcrumb trail are headlines
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
_WORD = re.compile(r"\w+")
MIN_TITLE_WORDS: Final = 3  # of a line without a mark of a title that is taken for one
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
    flags: tuple[str, ...] = ()  # "paywall"
    article_body: str | None = None  # of JSON-LD: plain text, when the publisher gives it


def find_page_clues(outline: Outline, headline: str | None = None, above: Sequence[str] = ()) -> PageClues:
    """Title, site, authors, dates, section, tags and addresses that the markup of a page names.

    Args:
        outline: The page.
        headline: What stands above the body in an element named after a title.
        above: The lines above the body; on pages without such an element, one of them may be the headline.
    """
    article = _find_json_ld(script.text for script in outline.json_ld)
    meta = _read_meta(outline.metas)
    dates = [DateClue("json-ld", d) for d in _texts(article.get("datePublished"))]
    dates += [DateClue("meta", d) for name in _META_DATES for d in meta.get(name, ())]
    dates += _find_shown_dates(outline)
    dates = dates or _find_dateline(outline)
    authors = _names(article.get("author"), persons=True) or _find_shown_authors(outline)
    # meta tags name the outlet or the builder of the site as often as the writer
    authors = authors or [a for name in _META_AUTHORS for a in meta.get(name, ()) if not a.startswith(("http", "@"))]
    tags = meta.get("article:tag") or _split_keywords(_texts(article.get("keywords")) or meta.get("keywords", []))
    tags = tags or [mark.text for mark in outline.tags if mark.text]
    return PageClues(
        title=_find_title(outline, article, meta, headline, above),
        subtitle=_first(_texts(article.get("alternativeHeadline"))),
        site_name=_first(
            [*_names(article.get("publisher")), *meta.get("og:site_name", ()), *meta.get("application-name", ())]
        ),
        canonical_url=find_canonical_url(outline, meta),
        authors=_unique(authors)[:MAX_CLUES],
        dates=tuple(dict.fromkeys(dates)),
        modified=_first([*_texts(article.get("dateModified")), *(m for n in _META_MODIFIED for m in meta.get(n, ()))]),
        section=_first(
            [*_texts(article.get("articleSection")), *meta.get("article:section", ()), *_find_breadcrumb(outline)]
        ),
        tags=_unique(tags),
        flags=("paywall",) if _is_locked(article, meta) else (),
        article_body=body if isinstance(body := article.get("articleBody"), str) else None,
    )


def find_canonical_url(outline: Outline, meta: dict[str, list[str]] | None = None) -> str | None:
    """The address that a page gives for itself; `meta` is what its tags say, when they have been read."""
    canonical = _first(_squeeze(link.get("href", "")) for link in outline.links if link.get("rel") == "canonical")
    return canonical or _first((_read_meta(outline.metas) if meta is None else meta).get("og:url", ()))


def _is_locked(article: dict[str, Any], meta: dict[str, list[str]]) -> bool:
    """Does the publisher say that not everybody may read the article? Its text here may be a beginning only."""
    free = [text.lower() for text in _texts(article.get("isAccessibleForFree"))]
    return (
        article.get("isAccessibleForFree") is False
        or "false" in free
        or "locked" in meta.get("article:content_tier", ())
    )


def _first(values: Iterable[str]) -> str | None:
    return next((v for v in values if v), None)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _read_meta(tags: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """Lower-case name, property or itemprop of each meta tag -> its contents in order."""
    found: dict[str, list[str]] = {}
    for tag in tags:
        name = (tag.get("property") or tag.get("name") or tag.get("itemprop") or "").strip().lower()
        content = _squeeze(tag.get("content", ""))
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def _find_json_ld(scripts: Iterable[str]) -> dict[str, Any]:
    """The first thing of an article type in the page's JSON-LD; empty without one."""
    for script in scripts:
        raw = script.strip().removeprefix("<!--").removesuffix("-->")
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
    strings = (str(v) for v in values if isinstance(v, str | int) and not isinstance(v, bool))
    # escaped twice in many templates: "&quot;" inside a JSON string
    return [_squeeze(unescape(string)) for string in strings if string.strip()]


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


def _find_title(
    outline: Outline,
    article: dict[str, Any],
    meta: dict[str, list[str]],
    headline: str | None,
    above: Sequence[str],
) -> str | None:
    """The headline as shown when another source confirms it; they carry the outlet's name more often."""
    declared = [*_texts(article.get("headline")), *meta.get("og:title", ()), *meta.get("twitter:title", ())]
    said = [*declared, *(title.text for title in outline.titles[:1])]
    shown = [h1.text for h1 in outline.headlines[:MAX_CLUES] if h1.text]
    said_words = [set(_WORD.findall(text)) for text in said]
    for text in (*shown, *filter(None, [headline])):
        words = set(_WORD.findall(text))
        if len(words) > 1 and any(len(words & other) >= MIN_SHARED * len(words) for other in said_words):
            return text
    for text in above:
        words = set(_WORD.findall(text))
        if len(words) >= MIN_TITLE_WORDS and any(words <= other for other in said_words):
            return text
    # a <title> unlike the headline names the section or the outlet
    return _first([*declared, headline or "", *said, *shown])


def _find_breadcrumb(outline: Outline) -> list[str]:
    """The last link of the breadcrumb trail: the section, when the trail begins with the front page."""
    trail = next((box for box in outline.boxes if box.end > box.start and "breadcrumb" in box.names.lower()), None)
    if trail is None:
        return []
    texts = [line.text for line in outline.lines[trail.start : trail.end] if 2 * line.link_chars > len(line.text)]
    return [text for text in texts[1:] if len(text) <= MAX_SECTION_CHARS][-1:]


def _find_shown_dates(outline: Outline) -> list[DateClue]:
    """<time> elements, then short lines with digits in elements whose class speaks of dates."""
    clues = []
    for element in outline.times[: 4 * MAX_CLUES]:
        raw = element.attributes.get("datetime") or element.attributes.get("content") or element.text
        if raw and _DIGIT.search(raw) and len(raw) <= MAX_SHOWN_CHARS:
            clues.append(DateClue("time-tag", _squeeze(raw)))
    clues = clues[:MAX_CLUES]
    for element in outline.dated[: 4 * MAX_CLUES]:
        if len(raw := element.text) <= MAX_SHOWN_CHARS and _has_digits(raw):
            clues.append(DateClue("text", raw))
    return clues[: 2 * MAX_CLUES]


def _find_dateline(outline: Outline) -> list[DateClue]:
    """The first line behind the headline that is a date and nothing else; above it stands the day of the visit."""
    headline = next((box for box in outline.boxes if box.tag == "h1" and box.end > box.start), None)
    if headline is None:
        return []
    for line in outline.lines[headline.end : headline.end + MAX_DATELINES]:
        text = line.text
        if len(text) <= MAX_SHOWN_CHARS and _has_digits(text) and is_date_line(text):
            return [DateClue("dateline", text)]
    return []


def _has_digits(text: str) -> bool:
    """Has a line the digits of a year and a day?"""
    return sum(map(str.isdigit, text)) >= MIN_DATE_DIGITS


def _find_shown_authors(outline: Outline) -> list[str]:
    texts = (mark.text for mark in outline.signed[: 2 * MAX_CLUES])
    return [text for text in texts if 2 < len(text) <= MAX_SHOWN_CHARS and not _DIGIT.search(text)][:2]
