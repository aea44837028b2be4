"""The datasets that newsetl writes: their columns, and the version of this contract.

Each dataset is Hive-partitioned by `source`, `year` and `month`; these three stand in the folder names and not in
the files. Everything else is a `Column` here, and its description travels in the Parquet field metadata.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from newsetl import __version__
from newsetl.errors import SchemaVersionError

# It stands in every file. Raise it when a column, a type or a meaning changes, with a step in `newsetl.migrate` and a
# store in tests/stores/ (tools/write_store_fixture.py). A new dataset is a change too.
#
#   2  `revisions` (and the private `_history`); `articles.pipeline_version` names the rules beside the version;
#      `articles.flags` may name update-time, short-body and paywall. Columns and types of the others stay.
#   1  articles, paragraphs, sentences, quotes, rejects, records
SCHEMA_VERSION = "2"
VERSION_KEY = b"newsetl.schema"

UNKNOWN_SOURCE = "unknown"
UTC_TIME = pa.timestamp("us", tz="UTC")
STRINGS = pa.list_(pa.string())
SEGMENT = pa.struct([pa.field("start", pa.int32(), nullable=False), pa.field("end", pa.int32(), nullable=False)])
REMOVED = pa.struct([pa.field("rule", pa.string(), nullable=False), pa.field("text", pa.string(), nullable=False)])


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type, what it says (with the unit), and what a null in it means ("" = never null)."""

    name: str
    type: pa.DataType
    meaning: str
    null: str = ""

    def field(self) -> pa.Field:
        metadata = {"meaning": self.meaning}
        if self.null:
            metadata["null"] = self.null
        return pa.field(self.name, self.type, nullable=bool(self.null), metadata=metadata)


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """The unit of publication: an outlet and a month. Undated articles lie under year 0, month 0."""

    source: str
    year: int
    month: int

    def path(self) -> str:
        """The partition's folder below a dataset.

        >>> Partition("turkpress", 2020, 2).path()
        'source=turkpress/year=2020/month=2'
        """
        return f"source={self.source}/year={self.year}/month={self.month}"


PARTITION_COLUMNS = (
    Column("source", pa.string(), "slug of the outlet, [a-z0-9-]{1,64}; 'unknown' when nothing names it"),
    Column("year", pa.int32(), "year of published_on; 0 when undated"),
    Column("month", pa.int32(), "month of published_on, 1-12; 0 when undated"),
)

ARTICLE_ID = Column(
    "article_id", pa.string(), "32 hex digits: from the canonical URL, else from source, title and folded text"
)
PUBLISHED_ON = Column(
    "published_on", pa.date32(), "day of publication in the outlet's time zone", "no evidence of the day"
)
TITLE = Column("title", pa.string(), "headline, cleaned, without the outlet's name", "none found")
START = Column("start", pa.int32(), "first code point in articles.text")
END = Column("end", pa.int32(), "code point after the last one in articles.text")
PARAGRAPH_INDEX = Column("paragraph_index", pa.int32(), "paragraph of the text, from 0")
PLACE_COLUMNS = (
    Column("raw_uri", pa.string(), "file the record came from, as the run was told it; archive members after '!'"),
    Column(
        "raw_offset",
        pa.int64(),
        "byte offset of the record in the decompressed file or member (Parquet: row number; WARC: as the file lies)",
        "the record is the whole file",
    ),
    Column("raw_sha256", pa.string(), "SHA-256 of the record's bytes, hex"),
)

DATASETS: dict[str, tuple[Column, ...]] = {
    "articles": (
        ARTICLE_ID,
        Column("external_id", pa.string(), "the input record's own id, as found", "it has none"),
        Column("source_name", pa.string(), "the outlet's name as people write it"),
        Column("url", pa.string(), "address, as found", "none found"),
        Column("canonical_url", pa.string(), "address in canonical form", "none found"),
        TITLE,
        Column("subtitle", pa.string(), "second headline, cleaned", "none found"),
        Column("authors", STRINGS, "persons only, without titles and 'كتب:'; empty when none is named"),
        Column("agency", pa.string(), "wire agency or outlet that the article names as its origin", "none named"),
        Column("dateline_place", pa.string(), "place in the dateline", "no dateline, or one without a place"),
        Column("published_at", UTC_TIME, "instant of publication, UTC", "no time of day known"),
        PUBLISHED_ON,
        Column("date_precision", pa.string(), "instant, minute, day, month or year", "undated"),
        Column(
            "date_origin", pa.string(), "json-ld, meta, time-tag, record, dateline, text, url or file-name", "undated"
        ),
        Column("date_raw", pa.string(), "the string that the date was read from", "undated"),
        Column("modified_at", UTC_TIME, "instant of the last change, as the page states it, UTC", "not stated"),
        Column("section", pa.string(), "section of the outlet, as found", "none found"),
        Column("tags", STRINGS, "keywords, as found; empty when there are none"),
        Column("lang", pa.string(), "language of the text itself, ISO 639 code; 'und' when undecided"),
        Column("lang_score", pa.float32(), "how sure `lang` is, 0-1"),
        Column("text", pa.string(), "clean body; paragraphs joined by a line break"),
        Column("n_chars", pa.int32(), "code points of the text"),
        Column("n_words", pa.int32(), "runs of letters and digits in the text"),
        Column("n_paragraphs", pa.int32(), "paragraphs of the text"),
        Column("n_sentences", pa.int32(), "sentences of the text"),
        Column("n_quotes", pa.int32(), "quotes of the text"),
        Column("removed", pa.list_(REMOVED), "what cleaning took out of the body, in order: rule and text"),
        Column("fixes", STRINGS, "names of the character repairs made"),
        Column(
            "flags",
            STRINGS,
            "remarks: undated, date-conflict, weekday-mismatch, mixed-language, short-body, paywall, unclosed-quote",
        ),
        *PLACE_COLUMNS,
        Column("fetched_at", UTC_TIME, "instant of the download, UTC", "not stated by the input"),
        Column("extractor", pa.string(), "way of finding the body that won"),
        Column("pipeline_version", pa.string(), "version of newsetl, and digest of its rules, that made the row"),
    ),
    "paragraphs": (
        ARTICLE_ID,
        PARAGRAPH_INDEX,
        Column("role", pa.string(), "lead, body, heading, caption or list"),
        START,
        END,
        Column("text", pa.string(), "the paragraph: articles.text[start:end]"),
    ),
    "sentences": (
        ARTICLE_ID,
        PARAGRAPH_INDEX,
        Column("sentence_index", pa.int32(), "sentence of the article, from 0"),
        START,
        END,
        Column("text", pa.string(), "the sentence: articles.text[start:end]"),
    ),
    "quotes": (
        Column("quote_id", pa.string(), "article_id, a dash, quote_index"),
        ARTICLE_ID,
        Column("quote_index", pa.int32(), "quote of the article, from 0, in the order of the text"),
        PUBLISHED_ON,
        TITLE,
        Column("type", pa.string(), "direct, mixed or indirect"),
        Column("text", pa.string(), "the segments' text, joined by one space; outer quote marks left out"),
        Column("segments", pa.list_(SEGMENT), "where each segment stands in articles.text"),
        Column("start", pa.int32(), "start of the first segment in articles.text"),
        Column("end", pa.int32(), "end of the last segment in articles.text"),
        Column("cue", pa.string(), "the reporting word as written", "no cue"),
        Column("cue_start", pa.int32(), "first code point of the cue in articles.text", "no cue"),
        Column("cue_end", pa.int32(), "code point after the cue in articles.text", "no cue"),
        Column("cue_lemma", pa.string(), "dictionary form of the cue", "no cue"),
        Column(
            "cue_class",
            pa.string(),
            "neutral, assertive, addition, denial, demand, warning, criticism, belief, ...",
            "no cue",
        ),
        Column("speaker", pa.string(), "the words naming the speaker at this quote", "elided or a pronoun"),
        Column("speaker_start", pa.int32(), "first code point of these words in articles.text", "elided or a pronoun"),
        Column("speaker_end", pa.int32(), "code point after these words in articles.text", "elided or a pronoun"),
        Column(
            "speaker_name",
            pa.string(),
            "the fullest name of the speaker in the article, without titles",
            "speaker not known",
        ),
        Column("speaker_role", pa.string(), "title or description of the speaker", "none given"),
        Column("speaker_kind", pa.string(), "person, organisation, anonymous or unknown"),
        Column("resolution", pa.string(), "how the speaker was found: explicit, nominal, pronoun, elided or none"),
        Column("relayed_by", pa.string(), "who passed the words on", "nobody named"),
        Column("confidence", pa.float32(), "probability that content and speaker are right, 0-1"),
        PARAGRAPH_INDEX,
        Column("flags", STRINGS, "remarks on the quote: unclosed-mark, multi-paragraph, ..."),
    ),
    "revisions": (
        ARTICLE_ID,
        Column("version", pa.int32(), "version of the article, 1 = oldest; the newest stands in articles only"),
        Column("first_seen", UTC_TIME, "first download of this version, UTC", "no download of it states its instant"),
        Column("last_seen", UTC_TIME, "last download of this version, UTC", "no download of it states its instant"),
        TITLE,
        Column("text", pa.string(), "clean body of this version; paragraphs joined by a line break"),
        *PLACE_COLUMNS[:2],
        Column(
            "changed",
            STRINGS,
            "what the version after it has otherwise: title, subtitle, text, authors, published_on, section, tags",
        ),
    ),
    "rejects": (
        *PLACE_COLUMNS,
        Column(
            "external_id", pa.string(), "the input record's own id, as found", "it has none, or it could not be read"
        ),
        Column("stage", pa.string(), "read, decode, extract, clean, metadata, quotes or write"),
        Column("reason", pa.string(), "short constant: no-text, bad-json, truncated-record, too-large, ..."),
        Column("detail", pa.string(), "what exactly was wrong"),
    ),
    "records": (
        *PLACE_COLUMNS[:2],
        Column("raw_length", pa.int64(), "bytes of the record"),
        PLACE_COLUMNS[2],
        Column(
            "external_id", pa.string(), "the input record's own id, as found", "it has none, or it could not be read"
        ),
        Column("article_id", pa.string(), "article that the record gave or would have given", "rejected"),
        Column("outcome", pa.string(), "article, duplicate, superseded or rejected"),
    ),
}


def arrow_schema(dataset: str) -> pa.Schema:
    """The exact schema of a dataset's files, with meanings and versions in the metadata.

    >>> arrow_schema("paragraphs").names
    ['article_id', 'paragraph_index', 'role', 'start', 'end', 'text']
    """
    fields = [column.field() for column in DATASETS[dataset]]
    return pa.schema(fields, metadata={VERSION_KEY: SCHEMA_VERSION, "newsetl.version": __version__})


SCHEMAS = {name: arrow_schema(name) for name in DATASETS}


# --- versions of files ----------------------------------------------------------------------------------------------


def version_of(metadata: Mapping[bytes, bytes] | None) -> str | None:
    """The schema version that the metadata of a file names; None where newsetl did not write it.

    >>> version_of({b"newsetl.schema": b"1"})
    '1'
    """
    value = (metadata or {}).get(VERSION_KEY)
    text = value.decode(errors="replace")[:20] if value is not None else None
    return text and "".join(c if c.isprintable() else "?" for c in text)


def is_older(version: str) -> bool:
    """True for a version that `newsetl migrate` brings up to this one."""
    return version.isascii() and version.isdigit() and 0 < int(version) < int(SCHEMA_VERSION)


def refuse_other_version(version: str | None, root: object, path: object) -> None:
    """Let a file of this version pass.

    Args:
        version: From `version_of`.
        root, path: The store that it lies in, and the file: any kind of path, told to users.

    Raises:
        SchemaVersionError: It has another version; the message says what to do.
    """
    if version == SCHEMA_VERSION:
        return
    if version is None:
        raise SchemaVersionError(f"{path}: names no schema version, so newsetl did not write it: move it away")
    if is_older(version):
        out = shlex.quote(str(root))
        raise SchemaVersionError(
            f"{root}: written with schema {version}, this newsetl reads {SCHEMA_VERSION}: newsetl migrate --out {out}"
        )
    raise SchemaVersionError(
        f"{root}: written by a newer newsetl (schema {version}, this one reads {SCHEMA_VERSION}): update newsetl"
    )
