"""The extractors of pages.py: newsetl and its peers, each from the bytes of a page to a text, title, authors and day.

Each peer is called as its documentation advises for news, with its rules for Arabic where it has some, its metadata,
the page's address where it takes one, and no images. A tool that takes text and no bytes is given what newsetl's
`decode` makes of them, within its time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import find_version
from newsetl.io.profiles import read_outlets
from newsetl.pipeline import assemble, process_record
from newsetl.records import Article, Page, RawRecord, Reject
from newsetl.sources.lookup import OutletIndex
from newsetl.stages.clean import clean_article
from newsetl.stages.decode import decode
from newsetl.stages.extract import extract_article
from newsetl.stages.metadata import find_metadata
from newsetl.stages.segment import split_document

NO_AUTHOR = "[no-author]"  # what readability says of a page without one
# Ends of lines in the HTML that readability gives; elements within a line must not part its words.
BREAKS = ("p", "div", "li", "br", "tr", "td", "h1", "h2", "h3", "h4", "blockquote", "figcaption")


@dataclass(frozen=True)
class Found:
    """What a tool found on a page. `day` as "2020-10-27"; None where it found nothing."""

    text: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    day: str | None = None


Extract = Callable[[RawRecord], Found | Reject | None]


@dataclass(frozen=True)
class Extractor:
    """A row of the table.

    Attributes:
        name: As the table shows it.
        load: Gives the function; imports the tool.
        gives: What it gives beside the text; a dash stands for the rest.
        call: How it is called, for the note.
        package: The distribution that must be installed; "" for newsetl.
        is_scored: Whether what it gives is an article: newsetl's first steps alone are timed only.
    """

    name: str
    load: Callable[[], Extract]
    gives: frozenset[str] = frozenset({"title", "authors", "day"})
    call: str = ""
    package: str = ""
    is_scored: bool = True

    def is_there(self) -> bool:
        """Whether the package is installed."""
        return not self.package or find_version(self.package) is not None


def decode_text(record: RawRecord) -> str:
    """The text of a page, "" when no encoding gives one."""
    page = decode(record)
    return page.text if isinstance(page, Page) else ""


def load_newsetl_extract(*, use_profiles: bool) -> Extract:
    """Decoding and extraction: the body and the clues to the rest, as found."""
    outlets = read_outlets(use_profiles=use_profiles)

    def extract(record: RawRecord) -> Reject | None:
        page = decode(record)
        draft = extract_article(page, outlets) if isinstance(page, Page) else page
        return draft if isinstance(draft, Reject) else None

    return extract


def load_newsetl_article(*, use_profiles: bool) -> Extract:
    """All that the peers give: clean body, title, authors, day; paragraphs, sentences and language too, no quotes."""
    outlets = read_outlets(use_profiles=use_profiles)

    def extract(record: RawRecord) -> Found | Reject:
        page = decode(record)
        found = page if isinstance(page, Reject) else extract_article(page, outlets)
        draft = found if isinstance(found, Reject) else clean_article(found, outlets)
        if isinstance(draft, Reject):
            return draft
        document = split_document(draft)
        metadata = find_metadata(draft, document, outlets)
        return metadata if isinstance(metadata, Reject) else describe(assemble(draft, document, metadata, ()))

    return extract


def load_newsetl_chain(*, use_profiles: bool) -> Extract:
    """The whole chain, quotes and all, as `newsetl run` calls it for each record."""
    outlets: OutletIndex = read_outlets(use_profiles=use_profiles)

    def extract(record: RawRecord) -> Found | Reject:
        article = process_record(record, outlets=outlets)
        return describe(article) if isinstance(article, Article) else article

    return extract


def describe(article: Article) -> Found:
    """An article of newsetl as the peers give it."""
    metadata = article.metadata
    day = metadata.published_on.isoformat() if metadata.published_on else None
    return Found(article.document.text, metadata.title, metadata.authors, day)


def load_trafilatura(**choices: Any) -> Extract:
    import trafilatura  # noqa: PLC0415  only for its rows

    def extract(record: RawRecord) -> Found | None:
        content, url = record.content or b"", record.fields.url
        found: Any = trafilatura.bare_extraction(content, url=url, with_metadata=True, **choices)
        if found is None:
            return None
        authors = tuple(name.strip() for name in (found.author or "").split(";") if name.strip())
        return Found(found.text or "", found.title, authors, found.date)

    return extract


def load_newspaper() -> Extract:
    import newspaper  # noqa: PLC0415  only for its row

    def extract(record: RawRecord) -> Found:
        url = record.fields.url or ""
        article = newspaper.Article(url, language="ar", fetch_images=False, memorize_articles=False)
        article.download(input_html=decode_text(record))
        article.parse()
        day = article.publish_date.date().isoformat() if article.publish_date else None
        return Found(article.text, article.title, tuple(article.authors), day)

    return extract


def load_readability() -> Extract:
    import lxml.html  # noqa: PLC0415  only for its row
    import readability  # noqa: PLC0415  only for its row

    def extract(record: RawRecord) -> Found:
        document = readability.Document(decode_text(record), url=record.fields.url)
        tree = lxml.html.fromstring(document.summary(html_partial=True))
        for element in tree.iter(*BREAKS):
            element.tail = "\n" + (element.tail or "")
        author = document.author()
        return Found(tree.text_content(), document.short_title(), (author,) if author != NO_AUTHOR else ())

    return extract


def load_goose() -> Extract:
    import goose3  # noqa: PLC0415  only for its row
    from goose3.text import StopWordsArabic  # noqa: PLC0415  only for its row

    goose = goose3.Goose({"stopwords_class": StopWordsArabic, "enable_image_fetching": False})

    def extract(record: RawRecord) -> Found:
        article = goose.extract(url=record.fields.url, raw_html=decode_text(record))
        return Found(
            article.cleaned_text, article.title, tuple(article.authors or ()), (article.publish_date or "")[:10] or None
        )

    return extract


def load_resiliparse() -> Extract:
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415  only for its row
    from resiliparse.parse.encoding import detect_encoding  # noqa: PLC0415  only for its row
    from resiliparse.parse.html import HTMLTree  # noqa: PLC0415  only for its row

    def extract(record: RawRecord) -> Found:
        content = record.content or b""
        tree = HTMLTree.parse_from_bytes(content, detect_encoding(content))
        return Found(extract_plain_text(tree, main_content=True, alt_texts=False), tree.title)

    return extract


EXTRACTORS = (
    Extractor("newsetl --no-profiles, extract", lambda: load_newsetl_extract(use_profiles=False), is_scored=False),
    Extractor("newsetl --no-profiles, article", lambda: load_newsetl_article(use_profiles=False)),
    Extractor("newsetl --no-profiles, whole chain", lambda: load_newsetl_chain(use_profiles=False)),
    Extractor("newsetl, extract", lambda: load_newsetl_extract(use_profiles=True), is_scored=False),
    Extractor("newsetl, article", lambda: load_newsetl_article(use_profiles=True)),
    Extractor("newsetl, whole chain", lambda: load_newsetl_chain(use_profiles=True)),
    Extractor(
        "trafilatura",
        load_trafilatura,
        call="bare_extraction(bytes, url, with_metadata=True)",
        package="trafilatura",
    ),
    Extractor(
        "trafilatura, precise",
        lambda: load_trafilatura(favor_precision=True, include_comments=False),
        call="bare_extraction(…, favor_precision=True, include_comments=False)",
        package="trafilatura",
    ),
    Extractor(
        "newspaper4k",
        load_newspaper,
        call='Article(url, language="ar", fetch_images=False), download(input_html=text), parse()',
        package="newspaper4k",
    ),
    Extractor(
        "readability-lxml",
        load_readability,
        gives=frozenset({"title", "authors"}),
        call="Document(text, url): summary(), short_title(), author(); lxml for the text of the summary",
        package="readability-lxml",
    ),
    Extractor(
        "goose3",
        load_goose,
        call="Goose(stopwords_class=StopWordsArabic).extract(url, raw_html=text)",
        package="goose3",
    ),
    Extractor(
        "resiliparse",
        load_resiliparse,
        gives=frozenset({"title"}),
        call="HTMLTree.parse_from_bytes(bytes), extract_plain_text(main_content=True, alt_texts=False), title",
        package="resiliparse",
    ),
)
