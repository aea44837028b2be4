"""The identity of an article: the same on every machine and in every run."""

import hashlib

from newsetl.arabic.folding import fold_text
from newsetl.records import Document, Metadata
from newsetl.stages.urls import names_article, url_key

ID_LENGTH = 32


def article_id(metadata: Metadata, document: Document) -> str:
    """32 hex digits: from the canonical URL, else from source, folded title and folded text.

    http and https, with and without ``www.``, are one article; the bare address of a site names none.

    >>> page = Document("نص", (), ())
    >>> one = article_id(Metadata("a", "a", canonical_url="https://www.news.example/1"), page)
    >>> one == article_id(Metadata("b", "b", canonical_url="http://news.example/1"), page), len(one)
    (True, 32)
    """
    url = metadata.canonical_url
    parts = ("url", url_key(url)) if url and names_article(url) else _describe(metadata, document)
    # No part can hold the separator: it is a control character, and cleaning takes those out.
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()[:ID_LENGTH]


def _describe(metadata: Metadata, document: Document) -> tuple[str, ...]:
    return ("text", metadata.source, fold_text(metadata.title or ""), fold_text(document.text))
