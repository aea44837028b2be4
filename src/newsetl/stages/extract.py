"""From a page to the draft of an article: its blocks of body with the markup's roles, and clues to its metadata.

Plain text is split at line breaks. HTML goes through trafilatura; when that finds less than the page holds, the
publisher's own JSON-LD body or the paragraphs that stand together are taken instead. What is boilerplate inside the
body is left for `clean_article` to judge, which records what it takes out.
"""

import re
from collections import defaultdict
from dataclasses import replace
from typing import Final

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from newsetl.arabic.boilerplate import find_rule, is_byline
from newsetl.records import Block, DateClue, Draft, Page, RawRecord, Reject, Role
from newsetl.stages.markup import PageClues, element_text, find_page_clues, parse_page
from newsetl.stages.segment import is_list_item, is_short_line

MAX_CHARS: Final = 10_000_000  # of a page; the largest in newspaper crawls are about 3 million
MAX_DEPTH: Final = 400  # of nested elements; real pages stay below 60, and libraries recurse
SHORT_BODY_CHARS: Final = 250  # below this a second way of finding the body is tried
MIN_HEADLINE_WORDS: Final = 4  # of a first line taken for the title of a plain text
MAX_PRUNED_SHARE: Final = 0.4  # of the text of a page that may be dropped as one box
MIN_PARAGRAPH_CHARS: Final = 40  # of a <p> that counts when paragraphs are collected without trafilatura

# What belongs to pictures, sharing and other articles, by the names that themes give it: taken out before extraction.
_PRUNE: Final = (
    "//figcaption",
    "//*[self::p or self::div or self::span][contains(@class, 'caption')]",
    (
        "//*[self::div or self::section or self::ul or self::aside]"
        "[contains(@class, 'related') or contains(@id, 'related')]"
    ),
    "//*[self::div or self::section][contains(@id, 'comments') or contains(@class, 'comments')]",
    (
        "//div[contains(@class, 'image') or contains(@class, 'photo') or contains(@id, 'image')]"
        "[.//img][string-length(normalize-space(.)) < 250][not(.//h1)]"
    ),
    "//nav | //footer | //form | //aside[not(ancestor::article)]",
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_DEPTH_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
# elements that close by themselves
_VOID: Final = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "option",
    )
)
_INLINE: Final = frozenset(("a", "b", "strong", "i", "em", "span", "font", "u", "abbr"))
_ROLES: Final[dict[str, Role]] = {"head": "heading", "item": "list", "p": "body", "quote": "body", "row": "body"}


def extract_article(page: Page) -> Draft | Reject:
    """The draft of the article on a page.

    Returns:
        A `Draft` with `extractor` "lines" (plain text), "trafilatura", "json-ld" or "paragraphs"; fields of the record
        win over what the page says. Or a `Reject`: "too-large", "extractor-failed" for HTML that the libraries
        cannot read, "no-text" when nothing is left.
    """
    if len(page.text) > MAX_CHARS:
        return _reject(page.record, "too-large", f"{len(page.text)} characters, at most {MAX_CHARS} are read")
    draft = _extract_html(page) if page.form == "html" else _extract_lines(page)
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


def _extract_html(page: Page) -> Draft | Reject:
    if _is_too_deep(page.text):
        return _reject(page.record, "extractor-failed", f"more than {MAX_DEPTH} nested elements")
    try:
        tree = parse_page(page.text)
        if tree is None:
            return _reject(page.record, "no-text", "no element in the page")
        clues = find_page_clues(tree)
        extractor, blocks = _find_body(page, tree, clues)
    except Exception as error:  # noqa: BLE001  any failure of the HTML libraries on hostile markup is one rejected record
        return _reject(page.record, "extractor-failed", f"{type(error).__name__}: {error}")
    return Draft(
        page.record,
        extractor,
        blocks,
        title=clues.title,
        subtitle=clues.subtitle,
        site_name=clues.site_name,
        canonical_url=clues.canonical_url,
        authors=clues.authors,
        dates=clues.dates,
        modified=clues.modified,
        section=clues.section,
        tags=clues.tags,
    )


def _is_too_deep(text: str) -> bool:
    """Does the markup nest deeper than `MAX_DEPTH`? Counts tags; elements that close by themselves are left out."""
    depth = 0
    for match in _DEPTH_TAG.finditer(text):
        if match[2].lower() not in _VOID:
            depth = max(0, depth - 1) if match[1] else depth + 1
            if depth > MAX_DEPTH:
                return True
    return False


def _find_body(page: Page, tree: HtmlElement, clues: PageClues) -> tuple[str, tuple[Block, ...]]:
    """The name of the way that found the body, and its blocks."""
    _prune(tree)
    blocks = _run_trafilatura(tree)
    published = _split_published(clues.article_body or "")
    if _size(blocks) >= max(SHORT_BODY_CHARS, _size(published) / 2):
        return "trafilatura", blocks
    untouched = parse_page(page.text)  # trafilatura empties the tree it is given
    collected = _collect_paragraphs(untouched) if untouched is not None else ()
    ways = {"json-ld": published, "trafilatura": blocks, "paragraphs": collected}
    best = max(ways, key=lambda name: _size(ways[name]))
    return best, ways[best]


def _split_published(text: str) -> tuple[Block, ...]:
    """The lines of a JSON-LD body, which some publishers fill with markup."""
    lines = (" ".join(line.split()) for line in _TAG.sub("\n", text).split("\n"))
    return tuple(Block(line) for line in lines if line)


def _prune(tree: HtmlElement) -> None:
    """Drop what `_PRUNE` names, unless it holds a good part of the page: some sites wrap everything in a form."""
    # without scripts trafilatura cannot take the JSON-LD body as one paragraph: `_find_body` keeps its line breaks
    etree.strip_elements(tree, "script", "style", with_tail=False)
    most = MAX_PRUNED_SHARE * len(tree.text_content())
    for path in _PRUNE:
        for element in tree.xpath(path):
            if element.getparent() is not None and len(element.text_content()) <= most:
                element.drop_tree()


def _size(blocks: tuple[Block, ...]) -> int:
    return sum(len(block.text) for block in blocks)


def _run_trafilatura(tree: HtmlElement) -> tuple[Block, ...]:
    document = trafilatura.bare_extraction(tree, include_comments=False, deduplicate=False, with_metadata=False)
    body = getattr(document, "body", None)
    if body is None:
        return ()
    return tuple(block for element in body for block in _blocks_of(element))


def _blocks_of(element: etree._Element) -> list[Block]:
    """The blocks of one element of trafilatura's tree: list items and table rows apart, line breaks as breaks."""
    if element.tag in ("list", "table"):
        parts = list(element.iter("item")) or list(element.iter("row"))
        return [block for part in parts or [element] for block in _lines_of(part, _ROLES.get(str(part.tag)))]
    return _lines_of(element, _ROLES.get(str(element.tag)))


def _lines_of(element: etree._Element, role: Role | None) -> list[Block]:
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
    lines = [" ".join(line.split()) for line in "".join(parts).split("\n")]
    lines = [line for line in lines if line]
    if role == "heading" and len(lines) == 1 and len(lines[0]) > 160:
        role = "body"  # whole paragraphs set as a heading
    return [Block(line, role) for line in lines]


def _collect_paragraphs(tree: HtmlElement) -> tuple[Block, ...]:
    """The paragraphs of the element that holds most of them: a simple way for pages that trafilatura cannot read."""
    _prune(tree)
    groups: dict[HtmlElement, list[str]] = defaultdict(list)
    for element in tree.iter("p", "div", "td", "font", "span"):
        parent = element.getparent()
        if element.tag == "p" and parent is not None:
            groups[parent].append(element_text(element))
        elif element.tag != "p" and len(element.xpath("./br")) >= 2:
            groups[element].extend(_own_lines(element))
    best = max(groups.values(), key=_paragraph_chars, default=[])
    return tuple(Block(line) for line in best if line)


def _own_lines(element: HtmlElement) -> list[str]:
    """The lines of an element whose text is broken by <br>, with what inline elements in it hold."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == "br":
            parts.append("\n")
        elif child.tag in _INLINE:
            parts.append(element_text(child))
        parts.append(child.tail or "")
    return [" ".join(line.split()) for line in "".join(parts).split("\n")]


def _paragraph_chars(lines: list[str]) -> int:
    return sum(len(line) for line in lines if len(line) >= MIN_PARAGRAPH_CHARS)
