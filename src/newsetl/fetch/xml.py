"""XML from the net: no entities, no DTD, no network, and memory that does not grow with the document."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from lxml import etree

from newsetl.fetch.listing import Remarks

# Before the first mark-up there may be a byte order mark, blanks, or a line that a server put there.
MAX_JUNK = 1024
_DECLARATION = re.compile(r"<\?xml[^>]{0,200}\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.-]{1,40})")
_START = re.compile(rb"<[?!A-Za-z](?!--)")
_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class EntitiesError(Exception):
    """A document that declares entities: no feed needs any, attacks do (XXE, "billion laughs")."""


def read_elements(content: bytes, names: frozenset[str], remarks: Remarks) -> Iterator[tuple[str, Any]]:
    """The elements of these local names when they are complete, then forgotten, each with the root's local name.

    Damaged XML gives what can be read, and a remark.

    Raises:
        EntitiesError: The document declares entities.
    """
    content = _normalized(content)
    if b"<!DOCTYPE" in content and b"<!ENTITY" in content:
        raise EntitiesError("the document declares entities")
    events = etree.iterparse(
        BytesIO(content),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = ""
    try:
        for event, element in events:
            name = local_name(element)
            root = root or name
            if event == "end" and name in names:
                yield root, element
                _forget(element)
    except etree.XMLSyntaxError as error:
        remarks.add(f"damaged XML: {str(error)[:120]}")
        return
    if events.error_log:
        remarks.add(f"damaged XML: {events.error_log[0].message[:120]}")


def local_name(element: Any) -> str:
    """The name of an element without its namespace, in lower case; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def child_text(element: Any, *names: str) -> str | None:
    """The text of the first child of these local names, the first name before the second; None when there is none."""
    found: dict[str, str] = {}
    for child in element:
        name = local_name(child)
        if name in names and (text := _text(child)):
            found.setdefault(name, text)
    return next((found[name] for name in names if name in found), None)


def _text(element: Any) -> str:
    """All text in an element; empty where it is no text (see `_normalized`: of other encodings too)."""
    try:
        return "".join(element.itertext()).strip()
    except UnicodeDecodeError:
        return ""


def _normalized(content: bytes) -> bytes:
    """The document from its first mark-up on, UTF-16 as UTF-8, and UTF-8 without what is none.

    The parser goes on at bytes that are no UTF-8 (lone surrogates), and fails later, when their text is asked for.
    """
    for mark, codec in _BOMS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(codec, "replace")
            content = _DECLARATION.sub("", text, count=1).encode("utf-8", "replace")
            break
    start = _START.search(content, 0, MAX_JUNK)
    content = content[start.start() :] if start else content
    declared = _ENCODING.search(content, 0, MAX_JUNK)
    if declared is None or declared[1].lower() in {b"utf-8", b"utf8"}:
        content = content.decode("utf-8", "replace").encode()
    return content


def _forget(element: Any) -> None:
    """Free an element and those before it, which the parser would keep."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
