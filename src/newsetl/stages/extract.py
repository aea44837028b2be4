"""From a page to the draft of an article: its blocks of body with the markup's roles, and clues to its metadata.

Plain text is split at line breaks. An HTML page is parsed once and outlined once (`newsetl.stages.outline`); the body
is what a site profile points at, else the lines that the publisher's own JSON-LD confirms, else what `find_body` finds
by the shape of the page. Where that is unsure, trafilatura is asked. What is boilerplate inside the body is left for
`clean_article` to judge, which records what it takes out.
"""

from dataclasses import replace
from typing import Final

from lxml import etree

from newsetl.arabic.boilerplate import find_rule, is_byline
from newsetl.records import Block, DateClue, Draft, Page, RawRecord, Reject, Role
from newsetl.sources.lookup import OutletIndex
from newsetl.stages.body import Body, find_body, may_have_subtitle
from newsetl.stages.dates import is_date_line
from newsetl.stages.markup import MIN_DATE_DIGITS, PageClues, find_canonical_url, find_page_clues
from newsetl.stages.outline import HEADINGS, Line, Outline, PageTooLargeError, outline_events, outline_page
from newsetl.stages.profiles import Selected, body_events, expect_page, find_page_day, select_parts
from newsetl.stages.published import lay_over, split_published
from newsetl.stages.scripted import find_scripted_body
from newsetl.stages.segment import is_list_item, is_short_line

MAX_CHARS: Final = 10_000_000  # of a page; the largest in newspaper crawls are about 3 million
SHORT_BODY_CHARS: Final = 600  # below this the data of the page's scripts is looked into
MIN_SURENESS: Final = 0.3  # of a body; below it trafilatura is asked too
MIN_HEADLINE_WORDS: Final = 4  # of a first line taken for the title of a plain text
MAX_HEAD_LINES: Final = 12  # between headline and body, where writer, place and day stand
MAX_CLUE_CHARS: Final = 120  # of such a line; longer ones are text
MAX_TAIL_LINES: Final = 3  # behind the body, where they stand in other papers
MAX_HEADING_CHARS: Final = 160  # whole paragraphs are set as headings, too

_ROLES: Final[dict[str, Role]] = {**dict.fromkeys(HEADINGS, "heading"), "li": "list", "dd": "list", "dt": "list"}
_NO_BODY: Final = Body((), 0.0)
_TRAFILATURA_ROLES: Final[dict[str, Role]] = {"head": "heading", "item": "list"}


def extract_article(page: Page, outlets: OutletIndex | None = None) -> Draft | Reject:
    """The draft of the article on a page.

    Args:
        page: HTML or plain text.
        outlets: The sources with their profiles; None takes those that come with newsetl.

    Returns:
        A `Draft` with `extractor` "lines" (plain text), "profile", "json-ld", "script", "content" or "trafilatura";
        fields of the record win over what the page says. Or a `Reject`: "too-large", "extractor-failed" for HTML that
        the libraries cannot read, "no-text" when nothing is left.
    """
    if len(page.text) > MAX_CHARS:
        return _reject(page.record, "too-large", f"{len(page.text)} characters, at most {MAX_CHARS} are read")
    draft = _extract_html(page, outlets) if page.form == "html" else _extract_lines(page)
    if isinstance(draft, Reject):
        return draft
    if not any(block.text.strip() for block in draft.blocks):
        return _reject(page.record, "no-text", "no paragraph found")
    return _with_fields(draft, page)


def _reject(record: RawRecord, reason: str, detail: str) -> Reject:
    return Reject(record.place, "extract", reason, detail[:200], record.fields.external_id)


def _with_fields(draft: Draft, page: Page) -> Draft:
    """What the container says of the article stands before what the page says."""
    fields = page.record.fields
    dates = ((DateClue("record", fields.date),) if fields.date else ()) + draft.dates
    return replace(
        draft,
        title=fields.title or draft.title,
        subtitle=fields.subtitle or draft.subtitle,
        url=fields.url or draft.url,
        authors=fields.authors or draft.authors,
        dates=dates,
        modified=fields.modified or draft.modified,
        section=fields.section or draft.section,
        tags=fields.tags or draft.tags,
        fixes=page.fixes,
    )


def _extract_lines(page: Page) -> Draft:
    """Each line with something on it is a block; a first line that is clearly a headline is the title too."""
    lines = (line.strip() for line in page.text.removeprefix("\ufeff").split("\n"))
    blocks = tuple(Block(line) for line in lines if line)
    return Draft(page.record, "lines", blocks, title=_find_headline(blocks))


def _find_headline(blocks: tuple[Block, ...]) -> str | None:
    """The first line when it can only be a headline: short, no stop, no byline, date or prompt, then a paragraph.

    `clean_article` takes it out of the body as a repeated title.
    """
    if len(blocks) < 2:
        return None
    first = blocks[0].text
    if not is_short_line(first) or first.count(" ") < MIN_HEADLINE_WORDS - 1 or is_list_item(first) or is_byline(first):
        return None
    if find_rule(first, at_edge=True) is not None:
        return None
    following = next((block.text for block in blocks[1:4] if not is_short_line(block.text)), "")
    return first if len(following) > 2 * len(first) else None


def _extract_html(page: Page, outlets: OutletIndex | None) -> Draft | Reject:
    try:
        return _read_html(page, outlets)
    except PageTooLargeError as error:
        return _reject(page.record, "too-large", str(error))
    except MemoryError:  # the worker's guard has a name for it
        raise
    except Exception as error:  # noqa: BLE001  any failure of the HTML libraries on hostile markup is one rejected record
        return _reject(page.record, "extractor-failed", f"{type(error).__name__}: {error}")


def _read_html(page: Page, outlets: OutletIndex | None) -> Draft:
    fields = page.record.fields
    # without a record's address only the page's own tells whether selectors will look for its elements
    elements = expect_page(fields.url, outlets)
    outline = outline_page(_utf8(page) or page.text, elements)
    url = fields.url or find_canonical_url(outline)
    selected = select_parts(page.text, url, find_page_day(fields, url), outlets, elements) or Selected()
    found = _select_blocks(selected)
    body = _NO_BODY if found and _is_all(selected, outline) else find_body(outline)
    if body.subtitle and is_byline(body.subtitle):
        body = replace(body, subtitle=None)
    clues = find_page_clues(outline, body.headline, [line.text for line in body.above])
    extractor, blocks = found or _find_blocks(page, outline, body, clues)
    return Draft(
        page.record,
        extractor,
        blocks,
        title=selected.title or clues.title,
        subtitle=selected.subtitle or clues.subtitle or body.subtitle,
        site_name=clues.site_name,
        canonical_url=clues.canonical_url,
        authors=selected.authors or clues.authors,
        dates=(*selected.dates, *clues.dates),
        modified=clues.modified,
        section=clues.section,
        tags=clues.tags,
        flags=clues.flags,
    )


def _is_all(selected: Selected, outline: Outline) -> bool:
    """Has a profile found all that the lines around the body could tell too, beside the body: title and subtitle?"""
    return bool(selected.title and (selected.subtitle or not may_have_subtitle(outline)))


def _utf8(page: Page) -> bytes | None:
    """The bytes of a page that are its text in UTF-8 already."""
    return page.record.content if page.encoding == "utf-8" and not page.fixes else None


def _select_blocks(selected: Selected) -> tuple[str, tuple[Block, ...]] | None:
    """The blocks of the body that a profile points at, without captions; None when there are no words in it."""
    if not selected.body:
        return None
    outline = outline_events(body_events(selected))
    captions = {i for box in outline.boxes if box.hint == "caption" for i in range(box.start, box.end)}
    lines = [line for i, line in enumerate(outline.lines) if i not in captions]
    return ("profile", tuple(_block(line.text, _ROLES.get(line.box.tag, "body")) for line in lines)) if lines else None


def _find_blocks(page: Page, outline: Outline, body: Body, clues: PageClues) -> tuple[str, tuple[Block, ...]]:
    """The name of the way that found the body, and its blocks."""
    own = _blocks_of_lines(body.lines, outline)
    if clues.article_body:
        confirmed = lay_over(clues.article_body, outline, body.lines)
        if confirmed is not None:
            return "json-ld", _blocks_of_lines(confirmed, outline)
        published = tuple(Block(line) for line in split_published(clues.article_body))
        if _size(published) > 2 * _size(own):
            return "json-ld", published  # a page drawn by scripts
    if _size(own) < SHORT_BODY_CHARS:
        drawn = _blocks_of_markup(find_scripted_body(page.text, clues.title or "") or "")
        if _size(drawn) > 2 * _size(own):  # what the page shows without scripts is the beginning
            shown = {block.text for block in drawn}
            return "script", (*(block for block in own if block.text not in shown), *drawn)
    if body.sureness < MIN_SURENESS:
        other = _run_trafilatura(page.text)
        if _size(other) > _size(own):
            return "trafilatura", other
    return "content", own


def _blocks_of_markup(text: str) -> tuple[Block, ...]:
    """The blocks of a piece of HTML that is all body, or of plain text with line breaks."""
    lines = outline_page(text.replace("\n", "<br>") if "<p" not in text else text).lines
    return tuple(_block(line.text, _ROLES.get(line.box.tag, "body")) for line in lines)


def _blocks_of_lines(lines: tuple[Line, ...], outline: Outline) -> tuple[Block, ...]:
    """The lines as blocks, and before and behind them what names writer, place and day: cleaning keeps it as a clue."""
    if not lines:
        return ()
    first, last = outline.lines.index(lines[0]), outline.lines.index(lines[-1])
    above = max((h.start for h in outline.boxes if h.tag == "h1" and h.end <= first), default=0)
    head = (line for line in outline.lines[max(above, first - MAX_HEAD_LINES) : first] if _is_clue(line))
    tail = (line for line in outline.lines[last + 1 : last + 1 + MAX_TAIL_LINES] if _is_clue(line))
    return tuple(_block(line.text, _ROLES.get(line.box.tag, "body")) for line in (*head, *lines, *tail))


def _is_clue(line: Line) -> bool:
    if len(line.text) > MAX_CLUE_CHARS:
        return False
    rule = find_rule(line.text, at_edge=True)
    if rule is not None:
        return bool(rule.moves)
    return sum(map(str.isdigit, line.text)) >= MIN_DATE_DIGITS and is_date_line(line.text)


def _block(text: str, role: Role) -> Block:
    return Block(text, "body" if role == "heading" and len(text) > MAX_HEADING_CHARS else role)


def _size(blocks: tuple[Block, ...]) -> int:
    return sum(len(block.text) for block in blocks)


def _run_trafilatura(text: str) -> tuple[Block, ...]:
    import trafilatura  # noqa: PLC0415  half a second, and few pages need it

    document = trafilatura.bare_extraction(text, include_comments=False, deduplicate=False, with_metadata=False)
    body = getattr(document, "body", None)
    if body is None:
        return ()
    return tuple(block for element in body for block in _blocks_of(element))


def _blocks_of(element: etree._Element) -> list[Block]:
    """The blocks of one element of trafilatura's tree: list items and table rows apart, line breaks as breaks."""
    parts = list(element.iter("item", "row")) if element.tag in ("list", "table") else []
    return [
        _block(line, _TRAFILATURA_ROLES.get(str(part.tag), "body"))
        for part in parts or [element]
        for line in _lines_of(part)
    ]


def _lines_of(element: etree._Element) -> list[str]:
    parts: list[str] = []
    for node in element.iter():
        if node.tag == "lb":
            parts.append("\n")
        elif node.text:
            parts.append(node.text)
        if node.tag in ("p", "cell", "quote") and node is not element:
            parts.append("\n")
        if node is not element and node.tail:
            parts.append(node.tail)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return [line for line in lines if line]
