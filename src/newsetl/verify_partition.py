"""Checks of one partition of a store: each file by itself, then the datasets against each other."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from newsetl.io.merge import SORT_KEYS
from newsetl.io.paths import StorePath, opened
from newsetl.io.store import part_path
from newsetl.schema import DATASETS, SCHEMA_VERSION, SCHEMAS, Partition, is_older, version_of

# Rows held at a time: some MB of articles.
ROWS = 500
# Problems told of one file; the others are counted.
TOLD = 5
ARTICLE_ID = re.compile(r"[0-9a-f]{32}")
# Keys of these datasets stand in a file once; places may stand there again, when a file was overwritten.
UNIQUE = {"articles", "paragraphs", "sentences", "quotes", "revisions"}
CHILDREN = {"paragraphs": "n_paragraphs", "sentences": "n_sentences", "quotes": "n_quotes"}
INDEX = {"paragraphs": "paragraph_index", "sentences": "sentence_index", "quotes": "quote_index"}
SPANS = (("cue", "cue_start", "cue_end"), ("speaker", "speaker_start", "speaker_end"))
QUOTE_COLUMNS = ["text", "start", "end", "segments", "paragraph_index", *(name for span in SPANS for name in span)]
OUTCOMES = {"article", "duplicate", "superseded", "rejected"}

Row = dict[str, Any]


@dataclass(slots=True)
class Verification:
    """What was found. `problems` holds one line each; `repaired` what a repair did."""

    root: StorePath
    files: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)  # by dataset
    problems: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)


class _File:
    """The problems of one file, of which a few are told and the others counted. Use it as a context manager."""

    def __init__(self, found: Verification, dataset: str, partition: Partition) -> None:
        self._found, self._dataset, self._count = found, dataset, 0
        self._path = part_path(Path(), dataset, partition)

    def problem(self, text: str) -> None:
        self._count += 1
        self._found.faults[self._dataset] += 1
        if self._count <= TOLD:
            self._found.problems.append(f"{self._path}: {text}")

    def close(self) -> None:
        if self._count > TOLD:
            self._found.problems.append(f"{self._path}: and {self._count - TOLD:,} more")


def check_partition(found: Verification, ids: sqlite3.Connection, partition: Partition) -> None:
    """Check the files of a partition, each by itself and then against the others."""
    readable = {name for name in DATASETS if _check_file(found, name, partition)}
    if "articles" in readable:
        _check_articles(found, ids, partition)
    for dataset in CHILDREN:
        if {"articles", dataset} <= readable:
            _check_children(found, dataset, partition)
    if "records" in readable:
        _check_ledger(found, ids, partition, readable)


def _check_file(found: Verification, dataset: str, partition: Partition) -> bool:
    """Check that a file can be read to its end, has the columns of this version, and is sorted."""
    path = part_path(found.root, dataset, partition)
    file = _File(found, dataset, partition)
    try:
        if not path.exists():
            return True  # no rows
        found.files[dataset] += 1
        schema = pq.read_schema(opened(path))
        version = version_of(schema.metadata)
        if version != SCHEMA_VERSION:
            todo = ": newsetl migrate" if version and is_older(version) else ""
            file.problem(f"schema version {version or 'none'}, not {SCHEMA_VERSION}{todo}")
        if not schema.equals(SCHEMAS[dataset]):
            file.problem("columns differ from those of this version of newsetl")
            return False
        found.rows[dataset] += _check_order(file, path, dataset)
    except (OSError, ValueError, pa.ArrowException) as error:
        file.problem(f"cannot be read: {str(error).splitlines()[0]}")
        return False
    else:
        return True
    finally:
        file.close()


def _check_order(file: _File, path: StorePath, dataset: str) -> int:
    """Read the whole file once; tell rows out of order or doubled. Gives the number of rows."""
    keys, count = SORT_KEYS[dataset], 0
    before: tuple[Any, ...] | None = None
    with pq.ParquetFile(opened(path)) as parquet:
        for batch in parquet.iter_batches(ROWS * 10):
            batch.validate(full=True)
            count += batch.num_rows
            columns = [batch.column(name).to_pylist() for name in keys]
            for values in zip(*columns, strict=True):
                key = tuple((value is None, value) for value in values)  # nulls last, as Arrow sorts
                if before is not None and key <= before and (key < before or dataset in UNIQUE):
                    file.problem(f"row {values}: {'doubled' if key == before else 'out of order'}")
                before = key
    return count


def _rows(root: StorePath, dataset: str, partition: Partition, columns: list[str]) -> Iterator[Row]:
    """The rows of a file, a few at a time; none when there is no file."""
    path = part_path(root, dataset, partition)
    if path.exists():
        with pq.ParquetFile(opened(path)) as parquet:
            for batch in parquet.iter_batches(ROWS, columns=columns):
                yield from batch.to_pylist()


def _check_articles(found: Verification, ids: sqlite3.Connection, partition: Partition) -> None:
    file = _File(found, "articles", partition)

    def checked() -> Iterator[tuple[str, int, int]]:
        for row in _rows(found.root, "articles", partition, ["article_id", "text", "n_chars", "published_on"]):
            if problem := _article_problem(row, partition):
                file.problem(f"article {row['article_id']!r}: {problem}")
            yield row["article_id"], 1, 0

    ids.executemany("INSERT INTO ids VALUES (?, ?, ?)", checked())
    file.close()


def _article_problem(row: Row, partition: Partition) -> str | None:
    day = row["published_on"]
    if not ARTICLE_ID.fullmatch(row["article_id"]):
        return "its id is no 32 hex digits"
    if len(row["text"]) != row["n_chars"]:
        return f"n_chars is {row['n_chars']}, the text has {len(row['text'])}"
    if ((day.year, day.month) if day else (0, 0)) != (partition.year, partition.month):
        return f"published on {day}, but filed under another month"
    return None


def _check_children(found: Verification, dataset: str, partition: Partition) -> None:
    """Check that rows slice out of their article's text, and that each article has as many as it says.

    Both files are sorted by article_id, so one pass over each is enough.
    """
    file = _File(found, dataset, partition)
    index, check = INDEX[dataset], _quote_problem if dataset == "quotes" else _slice_problem
    columns = ["article_id", index, *(QUOTE_COLUMNS if dataset == "quotes" else ["text", "start", "end"])]
    columns = list(dict.fromkeys(columns))
    children = _rows(found.root, dataset, partition, columns)
    child = next(children, None)
    for article in _rows(found.root, "articles", partition, ["article_id", "text", CHILDREN[dataset]]):
        key, count = article["article_id"], 0
        while child and child["article_id"] < key:
            file.problem(f"article {child['article_id']}: not in articles")
            child = next(children, None)
        while child and child["article_id"] == key:
            problem = f"is number {child[index]}, not {count}" if child[index] != count else None
            problem = problem or check(article["text"], child)
            if problem:
                file.problem(f"article {key}, {index} {child[index]}: {problem}")
            count += 1
            child = next(children, None)
        if count != article[CHILDREN[dataset]]:
            file.problem(f"article {key}: {count} rows, {CHILDREN[dataset]} is {article[CHILDREN[dataset]]}")
    while child:
        file.problem(f"article {child['article_id']}: not in articles")
        child = next(children, None)
    file.close()


def _slice_problem(text: str, row: Row) -> str | None:
    return None if text[row["start"] : row["end"]] == row["text"] else "start and end do not give its text"


def _quote_problem(text: str, row: Row) -> str | None:
    segments = row["segments"]
    if not segments or (segments[0]["start"], segments[-1]["end"]) != (row["start"], row["end"]):
        return "start and end are not those of its segments"
    if " ".join(text[s["start"] : s["end"]] for s in segments) != row["text"]:
        return "its segments do not give its text"
    for name, start, end in SPANS:
        if row[start] is not None and text[row[start] : row[end]] != row[name]:
            return f"{start} and {end} do not give its {name}"
    return None


# --- conservation ---------------------------------------------------------------------------------------------------


def _check_ledger(found: Verification, ids: sqlite3.Connection, partition: Partition, readable: set[str]) -> None:
    """Check a partition's tables against its ledger, by count; article_ids are compared at the end."""
    file = _File(found, "records", partition)
    outcomes: Counter[str] = Counter()

    def told() -> Iterator[tuple[str, int, int]]:
        for row in _rows(found.root, "records", partition, ["article_id", "outcome"]):
            outcomes[row["outcome"]] += 1
            if row["outcome"] == "article":
                yield row["article_id"], 0, 1

    ids.executemany("INSERT INTO ids VALUES (?, ?, ?)", told())
    for dataset, outcome in (("articles", "article"), ("rejects", "rejected")):
        rows = _count(found.root, dataset, partition) if dataset in readable else None
        if rows is not None and rows != outcomes[outcome]:
            file.problem(f"{outcomes[outcome]} records with outcome {outcome}, {rows} rows in {dataset}")
    if unknown := sorted(outcomes.keys() - OUTCOMES):
        file.problem(f"unknown outcomes {unknown}")
    file.close()


def _count(root: StorePath, dataset: str, partition: Partition) -> int:
    path = part_path(root, dataset, partition)
    return int(pq.read_metadata(opened(path)).num_rows) if path.exists() else 0
