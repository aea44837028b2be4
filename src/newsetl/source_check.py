"""A profile of a source beside a page: what its selectors find, and what the general extractor finds without them."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from newsetl.arabic.folding import fold_text
from newsetl.errors import InputError
from newsetl.io.profiles import read_outlet
from newsetl.pipeline import process_record
from newsetl.records import Article, Fields, Page, Place, RawRecord, Reject
from newsetl.sources.elements import Elements
from newsetl.sources.hosts import find_host
from newsetl.sources.layouts import PARTS, Layout, Part
from newsetl.sources.lookup import OutletIndex, find_known_host, index_outlets, load_index
from newsetl.sources.outlets import Outlet, merge_outlets
from newsetl.sources.selectors import compile_selector
from newsetl.stages.decode import decode
from newsetl.stages.profiles import Selected, apply_layout, choose_layout, find_page_day, parse_page, value_of

NEEDED: Final[tuple[Part, ...]] = ("body", "title", "date")  # a layout with selectors for these must find them
SINGLE: Final[tuple[Part, ...]] = ("title", "subtitle")  # several matches are a sign of a selector that is too wide
SHOWN_CHARS: Final = 90
ISOLATE, POP = "\u2068", "\u2069"  # keep the direction of a text from leaking (Unicode Annex 9)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Hits:
    """What one selector matched: `first` is the beginning of the first element's words."""

    part: Part
    selector: str
    count: int
    first: str


@dataclass(frozen=True, slots=True)
class Check:
    """A page read by a profile.

    Attributes:
        outlet: From the profile.
        layout: The layout that holds; None: the profile has none.
        hits: Of each selector of the layout, in the order of the file.
        selected: What the layout found.
        with_profile: What the pipeline makes of the page.
        without: The same, the profile's layouts left out.
    """

    outlet: Outlet
    layout: Layout | None
    hits: tuple[Hits, ...]
    selected: Selected
    with_profile: Article | Reject
    without: Article | Reject

    @property
    def missing(self) -> tuple[Part, ...]:
        """Needed parts that the layout has selectors for, and that none of these found."""
        found = {
            "body": bool(self.selected.body),
            "title": self.selected.title is not None,
            "date": bool(self.selected.dates),
        }
        return tuple(part for part in NEEDED if self.layout and self.layout.selectors(part) and not found[part])

    @property
    def shared(self) -> float:
        """Words that both bodies have, as a share of the words of both, 0 to 1."""
        one, other = (_count_words(result) for result in (self.with_profile, self.without))
        both = sum((one & other).values()) * 2
        return both / total if (total := sum(one.values()) + sum(other.values())) else 0.0


def check_source(profile: Path, page: Path, url: str | None = None) -> Check:
    """Read a saved page with a profile and without it.

    Args:
        profile: TOML file of an outlet.
        page: HTML file, in any encoding.
        url: The page's address; None takes the front page of the outlet's first domain.

    Raises:
        InputError: A file cannot be read, or the address is not of the outlet.
        RuleError: The profile breaks the format.
    """
    outlet = read_outlet(profile)
    index = index_outlets(merge_outlets(load_index().outlets, [outlet]))
    record = _read_page(page, _find_address(outlet, url, index))
    decoded = decode(record)
    elements = parse_page(decoded.text) if isinstance(decoded, Page) else None
    if elements is None or not elements.is_over:
        raise InputError(f"{page}: no HTML in it")
    layout = choose_layout(outlet.layouts, find_page_day(record.fields), elements)
    hits = tuple(_find_hits(elements, layout)) if layout else ()
    selected = apply_layout(elements, layout) if layout else Selected()
    bare = index_outlets(merge_outlets(index.outlets, [replace(outlet, layouts=())]))
    with_profile, without = (process_record(record, outlets=sources) for sources in (index, bare))
    return Check(outlet, layout, hits, selected, with_profile, without)


def _find_address(outlet: Outlet, url: str | None, index: OutletIndex) -> str:
    if url is None:
        if not outlet.domains:
            raise InputError(f"{outlet.slug}: the profile names no domains: give the page's address with --url")
        return f"https://{outlet.domains[0]}/"
    host = find_host(url)
    owner = find_known_host(host, index) if host else None
    if owner is None or owner.slug != outlet.slug:
        raise InputError(
            f"{url}: not an address of {outlet.slug}, whose domains are {', '.join(outlet.domains) or 'none'}"
        )
    return url


def _read_page(path: Path, url: str) -> RawRecord:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error}") from error
    place = Place(str(path), None, len(content), hashlib.sha256(content).hexdigest())
    return RawRecord(place, "html", content=content, fields=Fields(url=url))


def _find_hits(page: Elements, layout: Layout) -> Iterator[Hits]:
    for part in PARTS:
        for selector in layout.selectors(part):
            found = compile_selector(selector)(page)
            first = " ".join(found[0].text.split()) if found else ""
            yield Hits(part, selector, len(found), (value_of(found[0]) or first)[: 2 * SHOWN_CHARS] if found else "")


def _count_words(result: Article | Reject) -> Counter[str]:
    return Counter(_WORD.findall(fold_text(result.document.text))) if isinstance(result, Article) else Counter()


# --- what a person sees ---------------------------------------------------------------------------------------------


def render_check(check: Check) -> Iterator[RenderableType]:
    """The parts to print, in order."""
    outlet, layout = check.outlet, check.layout
    yield Text(f"{outlet.slug}: {outlet.name}, {outlet.country or 'no country'}, {outlet.zone or 'no zone'}")
    if layout is None:
        yield "no layout in the profile: the page is read in the general way"
    else:
        days = f"from {layout.valid_from or 'the beginning'} until {layout.valid_until or 'today'}"
        yield f"layout {days}, {len(outlet.layouts)} in the profile\n"
        yield _hits_table(check)
        yield ""
    yield _facts_table(check)
    if missing := check.missing:
        yield Text(f"\nfound nothing: {', '.join(missing)}", "bold red")


def _hits_table(check: Check) -> Table:
    table = Table("part", "selector", "matches", "", "first", box=None, header_style="dim")
    for hits in check.hits:
        several = hits.part in SINGLE and hits.count > 1
        remark = Text("nothing", "red") if not hits.count else Text("several", "yellow") if several else Text("")
        table.add_row(hits.part, Text(hits.selector), str(hits.count), remark, _shown(hits.first))
    return table


def _facts_table(check: Check) -> Table:
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(check):
        facts.add_row(Text(name, "dim"), _shown(value))
    return facts


def _facts(check: Check) -> Iterator[tuple[str, str]]:
    """Name and value of each line of the report, as found before as read."""
    selected, result = check.selected, check.with_profile
    yield "title found", selected.title or "—"
    yield "subtitle found", selected.subtitle or "—"
    yield "authors found", _joined(selected.authors)
    yield "dates found", _joined(tuple(clue.raw for clue in selected.dates))
    if isinstance(result, Reject):
        yield "no article", f"{result.stage}: {result.reason} {result.detail}"
        return
    metadata = result.metadata
    yield "title", metadata.title or "—"
    yield "subtitle", metadata.subtitle or "—"
    yield "authors", _joined(metadata.authors)
    day = f"{metadata.published_on} ({metadata.date_precision}, from {metadata.date_origin})"
    yield "published_on", day if metadata.published_on else "—"
    yield "published_at", str(metadata.published_at or "—")
    yield from _body_facts(result)
    yield "without profile", _general(check)


def _body_facts(article: Article) -> Iterator[tuple[str, str]]:
    text, paragraphs = article.document.text, article.document.paragraphs
    yield "body", f"{len(paragraphs)} paragraphs, {len(_WORD.findall(text))} words, by {article.extractor}"
    for name, paragraph in (("first", paragraphs[0]), ("last", paragraphs[-1])):
        yield f"{name} paragraph", text[paragraph.start : paragraph.end]
    for removed in article.removed:
        yield f"taken out ({removed.rule})", removed.text


def _general(check: Check) -> str:
    general = check.without
    if isinstance(general, Reject):
        return f"no article: {general.stage}: {general.reason}"
    size = f"{len(general.document.paragraphs)} paragraphs, {len(_WORD.findall(general.document.text))} words"
    return f"{size}, by {general.extractor}; {check.shared:.1%} of the words in common"


def _joined(texts: tuple[str, ...]) -> str:
    return " | ".join(texts) or "—"


def _shown(text: str) -> Text:
    """A text of a page as it is, not as markup of the terminal: shortened, in its own direction."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    if not clean:
        return Text("")
    return Text(f"{ISOLATE}{clean if len(clean) <= SHOWN_CHARS else clean[: SHOWN_CHARS - 1] + '…'}{POP}")


def render_sources(index: OutletIndex) -> Table:
    """All sources: slug, name, country, zone and how many layouts are known."""
    table = Table("slug", "name", "country", "zone", "layouts", box=None, header_style="dim")
    for outlet in index.outlets:
        table.add_row(
            outlet.slug, _shown(outlet.name), outlet.country or "—", outlet.zone or "—", str(len(outlet.layouts) or "—")
        )
    return table
