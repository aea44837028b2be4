"""Fixtures that more than one test file uses."""

import hashlib
import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from newsetl.io import merge, publish, store
from newsetl.io.ledger import Ledger
from newsetl.io.site import Site
from newsetl.io.staging import StagingWriter
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
from newsetl.schema import Partition
from tests.object_store import bucket, endpoint, listed  # noqa: F401  fixtures; one endpoint for all who ask

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


class Store:
    """A store in a folder, and runs of made-up results into it: what `newsetl.run` does from staging on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = 0
        self.merged: list[Partition] = []  # by the last run

    def merge(self, results: Iterable[Article | Reject], batches: int = 1, lost: int = 0) -> list[merge.Merged]:
        """Stage and merge. The results are dealt out to batches, which claim to have read `lost` more."""
        self.runs += 1
        staging = self.staging
        staging.mkdir(parents=True)
        path, read = staging / "ledger.sqlite", {}
        ledger, results = Ledger(path, create=True), list(results)
        for number in range(1, batches + 1):
            share = results[number - 1 :: batches]
            with StagingWriter(staging, f"batch-{number:06}") as writer:
                for count, result in enumerate(share, 1):
                    add = writer.add_article if isinstance(result, Article) else writer.add_reject
                    add((number << 32) + count, result)
            ledger.absorb(staging / f"batch-{number:06}.sqlite")
            read[number] = len(share) + lost
        merge.settle(ledger, self.root, staging, read)
        site = Site(self.root, staging, staging)
        merged = [merge.merge_partition(path, site, partition) for partition in ledger.touched()]
        ledger.close()
        self.merged = [m.partition for m in merged]
        return merged

    def prepare(self, results: Iterable[Article | Reject], batches: int = 1, lost: int = 0) -> publish.Prepared:
        """One run up to the decision."""
        merged = self.merge(results, batches, lost)
        return publish.prepare(self.root, self.staging, merged)

    def publish(self, results: Iterable[Article | Reject], batches: int = 1, lost: int = 0) -> publish.Prepared:
        """One run."""
        prepared = self.prepare(results, batches, lost)
        publish.commit(self.root, prepared)
        publish.discard(prepared.staging)
        return prepared

    @property
    def staging(self) -> Path:
        """Of the last run."""
        return self.root / f"_staging-{self.runs}"

    def file(self, dataset: str, partition: Partition) -> Path:
        return store.part_path(self.root, dataset, partition)

    def frame(self, dataset: str) -> pd.DataFrame:
        return pd.read_parquet(self.root / dataset)

    def external_ids(self) -> list[str]:
        return sorted(self.frame("articles")["external_id"])

    def outcomes(self) -> list[str]:
        """What became of each record, by place."""
        return self.frame("records").sort_values(["raw_uri", "raw_offset"])["outcome"].tolist()

    def files(self) -> list[Path]:
        """The files of all datasets, private ones too."""
        return sorted(path for path in self.root.glob("*/source=*/**/*") if path.is_file())

    def digests(self) -> dict[str, str]:
        return {str(p.relative_to(self.root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in self.files()}

    def private(self) -> list[str]:
        """What runs left behind."""
        return sorted(path.name for path in self.root.iterdir() if path.name.startswith(("_staging", ".tmp")))


@pytest.fixture
def make_store():
    return Store


@pytest.fixture
def make_article():
    return build_article


@pytest.fixture
def make_reject():
    return build_reject
