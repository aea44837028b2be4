"""What the profile of a source says of a page: the layout that holds, and what its selectors find.

A layout has days of validity, but a page may have been saved years after its article was written, and is then drawn
in a newer layout. So the days only say which layout is tried first; its body selectors, which layout holds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from newsetl.arabic.boilerplate import Boilerplate
from newsetl.records import DateClue, DateOrigin, Draft, Fields
from newsetl.sources.elements import Element, Elements, Event, Kept, Keys
from newsetl.sources.hosts import find_host
from newsetl.sources.layouts import PARTS, Layout, Part
from newsetl.sources.lookup import OutletIndex, find_known_host, load_index
from newsetl.sources.selectors import Answers, compile_selector, find_keys, stands_in
from newsetl.stages.dates import parse_date
from newsetl.stages.events import Recorder, parse_html, tell
from newsetl.stages.outlets import find_outlet
from newsetl.stages.publication import find_path_day

MAX_VALUES: Final = 12  # of authors or dates; pages with more are lists of other articles
MAX_VALUE_CHARS: Final = 300  # of a title, byline or date; longer ones are text
EVERYTHING: Final = Keys(every=True, siblings=True)
# Where the words of an element are, when not between its tags.
_ATTRIBUTES: Final = {"meta": "content", "time": "datetime"}
_ORIGINS: Final[dict[str, DateOrigin]] = {"meta": "meta", "time": "time-tag"}


@dataclass(frozen=True, slots=True)
class Selected:
    """What the selectors of a layout found on a page; empty and None where they found nothing.

    Attributes:
        body: Elements that hold the body, in the order of the page, none inside another.
        dropped: Elements that are no part of it although they stand in it, likewise.
        title: Headline on one line.
        subtitle: As title.
        authors: Bylines as found.
        dates: Dates as found; origin "meta", "time-tag" or "dateline", by the element.
    """

    body: tuple[Kept, ...] = ()
    dropped: tuple[Kept, ...] = ()
    title: str | None = None
    subtitle: str | None = None
    authors: tuple[str, ...] = ()
    dates: tuple[DateClue, ...] = ()


def expect_page(url: str | None, outlets: OutletIndex | None = None) -> Elements | None:
    """Elements still to be told of the page at that address; None when its source has no selectors."""
    layouts = find_layouts(url, outlets or load_index())
    return Elements(_find_keys(layouts)) if layouts else None


@lru_cache(maxsize=256)
def _find_keys(layouts: tuple[Layout, ...]) -> Keys:
    return find_keys(selector for layout in layouts for part in PARTS for selector in layout.selectors(part))


def select_parts(
    text: str, url: str | None, day: date | None, outlets: OutletIndex | None, page: Elements | None = None
) -> Selected | None:
    """What the profile of the page's source finds on it; None without a profile, and then nothing is parsed.

    Args:
        text: HTML.
        url: The page's address.
        day: As for `choose_layout`; `find_page_day` tells it.
        outlets: The sources; None takes those that come with newsetl.
        page: What `expect_page` gave for that address, when the page has been read already.
    """
    layouts = find_layouts(url, outlets or load_index())
    if not layouts:
        return None
    page = parse_page(text, _find_keys(layouts)) if page is None else page
    layout = choose_layout(layouts, day, page)
    return apply_layout(page, layout) if layout and page.is_over else None


def parse_page(text: str, keys: Keys = EVERYTHING) -> Elements:
    """The elements of a page that keys ask for."""
    page = Elements(keys)
    tell(parse_html(text, Recorder()), page)
    return page


def body_events(selected: Selected) -> Iterator[Event]:
    """What a parser would tell of a page that holds the body elements alone, those dropped from it emptied."""
    yield ("html", {})
    yield ("body", {})
    dropped = {element.start: element for element in selected.dropped}
    for element in selected.body:
        at = element.start
        while at < element.end:
            event = element.events[at]
            if at in dropped:
                yield (dropped[at].tag, {})
                at = dropped[at].end - 1
            else:
                yield event
                at += 1
    yield None
    yield None


def find_layouts(url: str | None, outlets: OutletIndex) -> tuple[Layout, ...]:
    """The layouts of the page's source, newest first; none when nobody knows the source."""
    host = find_host(url) if url else None
    outlet = find_known_host(host, outlets) if host else None
    return outlet.layouts if outlet else ()


def choose_layout(layouts: tuple[Layout, ...], day: date | None, page: Elements | None = None) -> Layout | None:
    """The first layout that finds a body on the page; when none does or without a page, the first one.

    The layout that holds on the day goes first, then the newest. The day is when the page was saved, else when its
    article was published; None: not known.
    """
    if len(layouts) < 2:
        return layouts[0] if layouts else None
    ordered = sorted(layouts, key=lambda layout: day is None or not layout.holds_on(day))
    if page is None:
        return ordered[0]
    return next((layout for layout in ordered if select(page, layout, "body")), ordered[0])


def find_page_day(fields: Fields, url: str | None = None) -> date | None:
    """The day that chooses the layout of a record's page: of its fetch, of its article, or in its address."""
    return _find_day((fields.fetched, fields.date), url or fields.url)


def _find_day(raws: Iterable[str | None], url: str | None) -> date | None:
    in_path = find_path_day(unquote(url.partition("://")[2])) if url else None
    parsed = (parse_date(raw) for raw in (*raws, in_path) if raw)
    return next((found.day for found in parsed if found and found.day), None)


def apply_layout(page: Elements, layout: Layout) -> Selected:
    """What the layout's selectors find.

    Of what its `drop` matches, the text goes; the break that it makes in a line stays. An element that a body element
    stands in is left alone.
    """
    body = _outermost(select(page, layout, "body"))
    kept = _with_all_above(body)
    return Selected(
        body=body,
        dropped=_outermost([element for element in select(page, layout, "drop") if element not in kept]),
        title=next(iter(_values(page, layout, "title")), None),
        subtitle=next(iter(_values(page, layout, "subtitle")), None),
        authors=tuple(dict.fromkeys(_values(page, layout, "author"))),
        dates=tuple(
            DateClue(_ORIGINS.get(element.tag, "dateline"), text)
            for text, element in _first_found(page, layout, "date")
        ),
    )


def select(page: Elements, layout: Layout, part: Part) -> list[Kept]:
    """All elements that any selector of a part matches, in the order of the page."""
    found = [compile_selector(selector)(page) for selector in layout.selectors(part)]
    if len(found) < 2:
        return found[0] if found else []
    return sorted({element for elements in found for element in elements}, key=lambda element: element.start)


def _outermost(elements: list[Kept]) -> tuple[Kept, ...]:
    """The elements that stand in no other of them."""
    chosen: set[Element] = set(elements)
    seen: Answers = {}
    return tuple(element for element in elements if not stands_in(element, chosen.__contains__, seen))


def _with_all_above(elements: Iterable[Element]) -> set[Element]:
    found: set[Element] = set()
    for element in elements:
        above: Element | None = element
        while above is not None and above not in found:
            found.add(above)
            above = above.parent
    return found


def _values(page: Elements, layout: Layout, part: Part) -> list[str]:
    return [text for text, _ in _first_found(page, layout, part)]


def _first_found(page: Elements, layout: Layout, part: Part) -> list[tuple[str, Kept]]:
    """The texts that the first selector with any finds, each with its element."""
    for selector in layout.selectors(part):
        found = [(value_of(element), element) for element in compile_selector(selector)(page)[: 4 * MAX_VALUES]]
        if texts := [(text, element) for text, element in found if text][:MAX_VALUES]:
            return texts
    return []


def value_of(element: Kept) -> str:
    """What an element says on one line: ``content`` of a meta, ``datetime`` of a time, else its words; "" if too long.

    >>> [time] = parse_page('<time datetime="2020-02-03">أمس</time>').find("tag", "time")
    >>> value_of(time)
    '2020-02-03'
    """
    attribute = _ATTRIBUTES.get(element.tag)
    said = element.attributes.get(attribute) if attribute else None
    text = " ".join((said or element.text).split())
    return text if len(text) <= MAX_VALUE_CHARS else ""


def find_site_rules(draft: Draft, outlets: OutletIndex | None) -> tuple[Boilerplate, ...]:
    """The rules of the article's source for lines: of the layouts that held on its day, of all when that is unknown.

    Bylines are no evidence of the source here, so that cleaning a cleaned draft finds the same rules.
    """
    outlet = find_outlet(draft, outlets, by_lines=False)
    ruled = [layout for layout in outlet.layouts if layout.rules]
    if not ruled:
        return ()
    fields = draft.record.fields
    day = _find_day((fields.date, *(clue.raw for clue in draft.dates)), draft.url or fields.url)
    return tuple(layout.rules for layout in ruled if layout.rules and (day is None or layout.holds_on(day)))
