"""The whole chain for one record, on one screen. Pure: no disk, network, clock or logging."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from newsetl.records import Article, Document, Draft, Metadata, Page, Quote, RawRecord, Reject, Stage
from newsetl.sources import source_slug
from newsetl.sources.lookup import OutletIndex
from newsetl.stages.clean import clean_article
from newsetl.stages.decode import decode
from newsetl.stages.extract import extract_article
from newsetl.stages.identity import article_id
from newsetl.stages.metadata import find_metadata
from newsetl.stages.quotes import find_quotes
from newsetl.stages.segment import split_document

# A shorter text is a caption, a teaser or what a paywall lets through as often as a piece of news. Characters.
SHORT_BODY = 200

T = TypeVar("T")


class _RejectedError(Exception):
    """Carries a Reject out of the chain."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.reason)
        self.reject = reject


def process_record(
    record: RawRecord, enter: Callable[[Stage], object] = lambda _: None, outlets: OutletIndex | None = None
) -> Article | Reject:
    """An input record as an article with its quotes, or the reason why it gave none.

    Args:
        record: What a reader gave.
        enter: Told of each stage before it begins.
        outlets: The sources and their profiles; None takes those that come with newsetl.

    Raises:
        MemoryError: The record needs more memory than there is.
    """

    def step(stage: Stage, function: Callable[..., T | Reject], *inputs: object) -> T:
        enter(stage)
        try:
            result = function(*inputs)
        except MemoryError:  # the batch has a better answer than the record: see `newsetl.workers`
            raise
        except Exception as error:  # one hostile document must not take its batch along
            detail = f"{type(error).__name__}: {error}"[:500]
            raise _RejectedError(Reject(record.place, stage, "stage-failed", detail)) from error
        if isinstance(result, Reject):
            raise _RejectedError(result)
        return result

    try:
        page: Page = step("decode", decode, record)
        found: Draft = step("extract", extract_article, page, outlets)
        draft: Draft = step("clean", clean_article, found, outlets)
        document: Document = step("clean", split_document, draft)
        metadata: Metadata = step("metadata", find_metadata, draft, document, outlets)
        quotes: tuple[Quote, ...] = step("quotes", find_quotes, document)
    except _RejectedError as stop:
        return _with_identity(stop.reject, record, outlets)
    return assemble(draft, document, metadata, quotes)


def assemble(draft: Draft, document: Document, metadata: Metadata, quotes: tuple[Quote, ...]) -> Article:
    """Everything found about one record, as the article that is kept."""
    unclosed = ("unclosed-quote",) if any("unclosed-mark" in quote.flags for quote in quotes) else ()
    short = ("short-body",) if len(document.text) < SHORT_BODY else ()
    return Article(
        article_id=article_id(metadata, document),
        place=draft.record.place,
        external_id=draft.record.fields.external_id,
        extractor=draft.extractor,
        metadata=metadata,
        document=document,
        quotes=quotes,
        removed=draft.removed,
        fixes=draft.fixes,
        flags=tuple(dict.fromkeys((*draft.record.fields.flags, *draft.flags, *metadata.flags, *unclosed, *short))),
    )


def rejected(record: RawRecord, reject: Reject, outlets: OutletIndex | None = None) -> Reject:
    """The reject of a record that must not go through the chain again."""
    return _with_identity(reject, record, outlets)


def _with_identity(reject: Reject, record: RawRecord, outlets: OutletIndex | None = None) -> Reject:
    """The reject, with the record's own id and its outlet's slug filled in where the stage left them out."""
    return replace(
        reject,
        external_id=reject.external_id or record.fields.external_id,
        source=reject.source or source_slug(record.fields.source, record.fields.url, outlets),
    )
