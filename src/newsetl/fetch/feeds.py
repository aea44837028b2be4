"""Feeds: RSS, Atom, JSON Feed, told by content."""

import json
from collections.abc import Iterator
from typing import Any

from newsetl.fetch.listing import Entry, Listing, Remarks, absolute, parse_moment, unique
from newsetl.fetch.xml import EntitiesError, child_text, local_name, read_elements

MAX_ENTRIES = 10_000
ITEMS = frozenset({"item", "entry"})
ROOTS = frozenset({"rss", "rdf", "feed"})
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def read_feed(content: bytes, url: str) -> Listing:
    """What a feed lists.

    Args:
        content: RSS (2.0, 1.0, 0.9x), Atom or JSON Feed; anything else gives no entries and a remark.
        url: Where it came from; relative links begin there.

    >>> [entry.url for entry in read_feed(b"<rss><item><link>/a</link></item></rss>", "https://news.example/rss").entries]
    ['https://news.example/a']
    """
    remarks = Remarks()
    is_json = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    read = _read_json if is_json else _read_xml
    try:
        entries = unique(read(content, url, remarks), MAX_ENTRIES, remarks)
    except EntitiesError as error:
        return Listing(remarks=(str(error),), refused="xml-entities")
    except UnicodeDecodeError as error:  # a name or an attribute
        return Listing(remarks=(f"damaged text: {error.reason}",))
    return Listing(entries, remarks=remarks.lines())


def _read_xml(content: bytes, url: str, remarks: Remarks) -> Iterator[Entry]:
    root = None
    for root, item in read_elements(content, ITEMS, remarks):
        if root not in ROOTS:
            break
        link = _atom_link(item) if local_name(item) == "entry" else _rss_link(item)
        entry = _entry(
            absolute(link, _base(item, url)) if link else None,
            child_text(item, "title"),
            child_text(item, "pubdate", "published", "issued", "date"),
            child_text(item, "updated", "modified"),
            remarks,
        )
        if entry:
            yield entry
    if root is None and not any(f"<{name}".encode() in content[:4096].lower() for name in ("rss", "feed", "rdf:rdf")):
        remarks.add("not a feed")
    elif root is not None and root not in ROOTS:
        remarks.add(f"not a feed: its root is {root[:40]}")


def _entry(
    url: str | None, title: str | None, published: str | None, updated: str | None, remarks: Remarks
) -> Entry | None:
    if url is None:
        remarks.add("an entry without a link to a page")
        return None
    days = [parse_moment(text) for text in (published, updated)]
    for text, moment in zip((published, updated), days, strict=True):
        if text and moment is None:
            remarks.add(f"an unreadable date: {text[:60]}")
    return Entry(url, " ".join(title.split()) if title else None, *days)


def _rss_link(item: Any) -> str | None:
    """The link of an RSS item: that before a counter of clicks, its own, or its id where that is one."""
    link = child_text(item, "origlink", "link")
    if link:
        return link
    for child in item:
        name = local_name(child)
        if name == "guid" and (child.get("isPermaLink") or "true").lower() == "true" and child.text:
            text = str(child.text).strip()
            return text if "://" in text else None
        if name == "link" and child.get("href"):
            return str(child.get("href"))
    return next((str(value) for name, value in item.attrib.items() if str(name).endswith("about")), None)


def _atom_link(entry: Any) -> str | None:
    """The link of an Atom entry to its page."""
    if original := child_text(entry, "origlink"):
        return original
    links = [child for child in entry if local_name(child) == "link" and child.get("href")]
    pages = [link for link in links if (link.get("rel") or "alternate") == "alternate"]
    html = [link for link in pages if "html" in (link.get("type") or "html")]
    chosen = next(iter(html or pages), None)
    if chosen is not None:
        return str(chosen.get("href"))
    identity = child_text(entry, "id") or ""
    return identity if identity.startswith(("http://", "https://")) else None


def _base(element: Any, url: str) -> str:
    """The URL that links of an element are relative to: xml:base, of elements around it too."""
    bases = [str(one.get(_XML_BASE)) for one in (element, *element.iterancestors()) if one.get(_XML_BASE)]
    for base in reversed(bases):
        url = absolute(base, url) or url
    return url


def _read_json(content: bytes, url: str, remarks: Remarks) -> Iterator[Entry]:
    try:
        feed = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        remarks.add(f"damaged JSON: {str(error)[:120]}")
        return
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        remarks.add("not a feed: JSON without items")
        return
    for item in items:
        fields = (
            {name: value for name, value in item.items() if isinstance(value, str)} if isinstance(item, dict) else {}
        )
        link = fields.get("url") or fields.get("external_url") or fields.get("id") or ""
        entry = _entry(
            absolute(link, url) if "/" in link else None,
            fields.get("title"),
            fields.get("date_published"),
            fields.get("date_modified"),
            remarks,
        )
        if entry:
            yield entry
