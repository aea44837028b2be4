"""The things that travel through newsetl, one frozen dataclass each.

An input item goes this way::

    RawRecord -> decode -> Page -> extract_article -> Draft -> clean_article -> Draft
      -> split_paragraphs, split_sentences -> Document
      -> find_metadata -> Metadata,  find_quotes -> Quotes      -> Article

Wherever it stops on that way it becomes a `Reject`. Positions are half-open code point offsets into the
clean text: ``document.text[quote.start:quote.end]``.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Form = Literal["text", "html"]
Role = Literal["lead", "body", "heading", "caption", "list"]
QuoteType = Literal["direct", "mixed", "indirect"]
SpeakerKind = Literal["person", "organisation", "anonymous", "unknown"]
Resolution = Literal["explicit", "nominal", "pronoun", "elided", "none"]
DatePrecision = Literal["instant", "minute", "day", "month", "year"]
DateOrigin = Literal["json-ld", "meta", "time-tag", "record", "dateline", "text", "url", "file-name"]
Stage = Literal["read", "decode", "extract", "clean", "metadata", "quotes", "write"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a record lie and what they were.

    Attributes:
        uri: The path or URL as the run was told it; members of archives follow a "!": ``a.zip!b.json``.
        offset: Byte offset of the record in the file or member, after decompression; for Parquet the row
            number, for WARC the offset of the record in the file as it lies there. None: the whole file.
        length: Bytes of the record (for Parquet: of its canonical JSON).
        sha256: Hex digest of those bytes.
    """

    uri: str
    offset: int | None
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Fields:
    """What a record says of its article beside the text, as found: strings, not yet understood.

    `source` is the outlet's name or slug; `source_name` and `zone` say more of it, where newsetl fetched the page: its
    name as people write it, the IANA name of its time zone. `flags` go to those of the article.
    """

    external_id: str | None = None
    title: str | None = None
    subtitle: str | None = None
    text: str | None = None
    html: str | None = None
    url: str | None = None
    date: str | None = None
    modified: str | None = None
    fetched: str | None = None
    source: str | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    tags: tuple[str, ...] = ()
    source_name: str | None = None
    zone: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One input item and where it came from.

    Either `content` holds undecoded bytes (a text file, an HTML page) or `fields.text` / `fields.html` holds
    the text that the container (JSON, CSV, Parquet) has decoded already.
    """

    place: Place
    form: Form
    content: bytes | None = None
    charset: str | None = None  # as declared by the transport (HTTP header); never trusted alone
    fields: Fields = Fields()


@dataclass(frozen=True, slots=True)
class Reject:
    """An input record that gave no article, and why. `reason` is a short constant such as ``no-text``."""

    place: Place
    stage: Stage
    reason: str
    detail: str = ""
    external_id: str | None = None
    source: str | None = None  # slug, when known


@dataclass(frozen=True, slots=True)
class Page:
    """A record whose text is a string: plain text or HTML."""

    record: RawRecord
    text: str
    form: Form
    encoding: str  # the name of the codec that read it; "str" when the container gave a string
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a body between two breaks. `role` is what the markup says; None when nothing is known yet."""

    text: str
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class DateClue:
    """A date string and where it stood."""

    origin: DateOrigin
    raw: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A text that cleaning took out of the body, and the name of the rule that did."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An article between extraction and assembly: blocks of body, and clues to its metadata as found."""

    record: RawRecord
    extractor: str
    blocks: tuple[Block, ...]
    title: str | None = None
    subtitle: str | None = None
    site_name: str | None = None
    url: str | None = None
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()  # as found, uncleaned
    dates: tuple[DateClue, ...] = ()  # most trusted first
    modified: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()  # lines taken out of the body: outlet, author ("بيروت - سالم العلي")
    datelines: tuple[str, ...] = ()  # place, agency or date taken out of the body ("القاهرة (رويترز) -")
    removed: tuple[Removed, ...] = ()
    fixes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    index: int
    role: Role
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    paragraph_index: int
    index: int  # within the article
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A clean text with its paragraphs (joined by a line break) and sentences."""

    text: str
    paragraphs: tuple[Paragraph, ...]
    sentences: tuple[Sentence, ...]
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quote:
    """One thing that somebody said. The columns of the `quotes` dataset explain each attribute."""

    index: int
    type: QuoteType
    segments: tuple[Segment, ...]
    paragraph_index: int
    cue: str | None = None
    cue_start: int | None = None
    cue_end: int | None = None
    cue_lemma: str | None = None
    cue_class: str | None = None
    speaker: str | None = None
    speaker_start: int | None = None
    speaker_end: int | None = None
    speaker_name: str | None = None
    speaker_role: str | None = None
    speaker_kind: SpeakerKind = "unknown"
    resolution: Resolution = "none"
    relayed_by: str | None = None
    confidence: float = 0.0
    flags: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        return self.segments[0].start

    @property
    def end(self) -> int:
        return self.segments[-1].end


@dataclass(frozen=True, slots=True)
class Metadata:
    """Who published what, when and where. The columns of the `articles` dataset explain each attribute."""

    source: str
    source_name: str
    url: str | None = None
    canonical_url: str | None = None
    title: str | None = None
    subtitle: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None
    dateline_place: str | None = None
    published_at: datetime | None = None
    published_on: date | None = None
    date_precision: DatePrecision | None = None
    date_origin: DateOrigin | None = None
    date_raw: str | None = None
    modified_at: datetime | None = None
    fetched_at: datetime | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    lang: str = "und"
    lang_score: float = 0.0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """An article that is kept: everything the datasets say of it."""

    article_id: str
    place: Place
    external_id: str | None
    extractor: str
    metadata: Metadata
    document: Document
    quotes: tuple[Quote, ...]
    removed: tuple[Removed, ...] = ()
    fixes: tuple[str, ...] = ()
    flags: tuple[str, ...] = field(default=())
