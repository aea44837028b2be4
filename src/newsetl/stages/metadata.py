"""Who published an article, when, where and in which language: every clue weighed in one place."""

import re
from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from newsetl.arabic.bylines import load_bylines
from newsetl.records import Document, Draft, Metadata, Reject
from newsetl.sources.lookup import OutletIndex, load_index, name_key, outlet_keys
from newsetl.sources.outlets import Outlet
from newsetl.stages.authors import Byline, find_agency, find_bylines, find_head, find_origin
from newsetl.stages.language import find_language, is_mixed
from newsetl.stages.outlets import find_outlet
from newsetl.stages.publication import FETCH_TOLERANCE, find_publication, parse_moment
from newsetl.stages.titles import strip_outlet
from newsetl.stages.urls import canonicalize_url, is_same_site, names_article

# Where an article says what it retells: its first paragraphs. Characters.
ORIGIN_SPAN = 1800
# A dateline at the beginning of a body is shorter. Characters.
HEAD_SPAN = 80
GENERIC_AGENCY = "وكالات"
_TRAILER = re.compile(r"[(\[]([^()\[\]\n]{2,30})[)\]] ?\.?$")
_WORDS_LEFT = 4  # a name of an outlet has at most so many words


def find_metadata(draft: Draft, document: Document, outlets: OutletIndex | None = None) -> Metadata | Reject:
    """The metadata of an article; what is not known stays None, and ``flags`` says what is doubtful.

    A text in another language than Arabic is no reject: `lang` tells it. Nothing here reads a clock or a file.
    None for `outlets` takes those that come with newsetl.
    """
    fields = draft.record.fields
    outlet = find_outlet(draft, outlets)
    zone = _load_zone(outlet.zone)
    fetched = parse_moment(fields.fetched, None)
    publication = find_publication(draft, document, zone, fetched)
    own = outlet_keys(outlet) | {name_key(name) for name in (draft.site_name, fields.source) if name}
    datelines = (*draft.datelines, *_find_datelines(document, own))
    byline = find_bylines(draft.authors or fields.authors, draft.bylines, datelines, own)
    url = draft.url or fields.url
    title = document.title or draft.title
    lang, score = find_language(document.text, title)
    mixed = ("mixed-language",) if is_mixed(document.text, lang) else ()
    return Metadata(
        source=outlet.slug,
        source_name=outlet.name,
        url=url,
        canonical_url=choose_canonical(url, draft.canonical_url),
        title=strip_outlet(title, outlet, draft.site_name, draft.section) if title else None,
        subtitle=draft.subtitle,
        authors=byline.persons(),
        agency=_choose_agency(byline, draft, document, outlet, outlets),
        dateline_place=byline.places[0] if byline.places else None,
        published_at=publication.at,
        published_on=publication.on,
        date_precision=publication.precision,
        date_origin=publication.origin,
        date_raw=publication.raw,
        modified_at=_find_modified(draft, zone, fetched),
        fetched_at=fetched,
        section=draft.section or fields.section,
        tags=draft.tags or fields.tags,
        lang=lang,
        lang_score=score,
        flags=(*publication.flags, *mixed),
    )


def _find_datelines(document: Document, own: frozenset[str]) -> tuple[str, ...]:
    """The dateline at the beginning of the body."""
    head = find_head(document.text[:HEAD_SPAN], own)
    return (head,) if head else ()


@cache
def _load_zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # a record may name any; OSError: the name of a folder of zones
        return None


def choose_canonical(url: str | None, declared: str | None) -> str | None:
    """The canonical URL: what the page declares, when that is an article of the same site; else its own address.

    >>> choose_canonical("https://m.news.example/a?x=1", "https://news.example/a")
    'https://news.example/a'
    >>> choose_canonical("https://news.example/a", "https://other.example/a")
    'https://news.example/a'
    """
    own = canonicalize_url(url) if url else None
    said = canonicalize_url(declared) if declared else None
    if said is None or (own is not None and not is_same_site(own, said)):
        return own
    # Broken templates declare the front page for every article.
    return own if own is not None and names_article(own) and not names_article(said) else said


def _find_modified(draft: Draft, zone: tzinfo | None, fetched: datetime | None) -> datetime | None:
    moment = parse_moment(draft.modified or draft.record.fields.modified, zone)
    if moment is None or (fetched is not None and moment > fetched + FETCH_TOLERANCE):
        return None
    return moment


def _choose_agency(
    byline: Byline, draft: Draft, document: Document, outlet: Outlet, outlets: OutletIndex | None
) -> str | None:
    """The agency or outlet that the article names as its origin; its own outlet is none."""
    named = [*byline.agencies, *_find_in_text(draft, document)]
    index = outlets or load_index()
    foreign = [
        name for name in named if (known := index.by_name.get(name_key(name))) is None or known.slug != outlet.slug
    ]
    return next((name for name in foreign if name != GENERIC_AGENCY), foreign[0] if foreign else None)


def _find_in_text(draft: Draft, document: Document) -> list[str]:
    """Agencies named in a trailer "(رويترز)", in a line "المصدر: …", or as the origin of a report that is retold."""
    table = load_bylines()
    found = []
    trailer = _TRAILER.search(document.text[-60:].rstrip())
    if trailer:
        found.append(find_agency(trailer[1]))
    last_line = document.text[-80:].rpartition("\n")[2]
    found.extend(map(find_origin, (*draft.bylines, *(removed.text for removed in draft.removed), last_line)))
    match = table.origin.search(document.text[:ORIGIN_SPAN])
    if match:
        words = match["name"].split()
        found.append(
            next((name for n in range(_WORDS_LEFT, 0, -1) if (name := find_agency(" ".join(words[:n])))), None)
        )
    return [name for name in found if name]
