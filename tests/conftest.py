"""Fixtures that more than one test file uses."""

import hashlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsetl.records import (
    Article,
    Document,
    Metadata,
    Paragraph,
    Place,
    Quote,
    Reject,
    Segment,
    Sentence,
)

SHARED = Path(__file__).parents[2] / "shared"  # texts of other people: read there, never copied


@pytest.fixture(scope="session")
def shared():
    if not SHARED.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must hold the floors, and {SHARED} is not there")
        pytest.skip(f"the gold sets are not on this machine ({SHARED})")
    return SHARED


def build_place(uri: str, offset: int | None) -> Place:
    return Place(uri, offset, 10, hashlib.sha256(f"{uri}:{offset}".encode()).hexdigest())


def build_article(
    key: str = "a",
    *,
    text: str = "قال سالم: نعم.",
    day: date | None = date(2020, 1, 31),
    source: str = "example",
    **more,
) -> Article:
    document = Document(
        text, (Paragraph(0, "lead", 0, len(text)),), (Sentence(0, 0, 0, len(text)),), title=more.get("title")
    )
    fetched = more.get("fetched")
    return Article(
        article_id=hashlib.sha256(key.encode()).hexdigest()[:32],
        place=build_place(more.get("uri", "in.jsonl"), more.get("offset", 0)),
        external_id=key,
        extractor="text",
        metadata=Metadata(
            source=source,
            source_name=source,
            title=more.get("title"),
            published_on=day,
            fetched_at=datetime(2020, 2, fetched, tzinfo=UTC) if fetched else None,
        ),
        document=document,
        quotes=(Quote(0, "direct", (Segment(10, 13),), 0, cue="قال", cue_start=0, cue_end=3, speaker_name="سالم"),),
    )


def build_reject(offset: int = 0, *, uri: str = "in.jsonl", source: str | None = None) -> Reject:
    return Reject(build_place(uri, offset), "read", "bad-json", "expected a value", source=source)


@pytest.fixture
def make_article():
    return build_article


@pytest.fixture
def make_reject():
    return build_reject
