"""Inputs made of the corpus in ../shared: copies with other addresses, a part of it, the same records as JSON Lines.

Everything is written a day at a time, so that a million records need no more memory than one day.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

FOLDER = "saudinewsnet"
PACKING = 1  # level of deflate: input is written fast rather than small

Row = dict[str, Any]


def has_corpus(shared: Path) -> bool:
    return (shared / "corpus" / FOLDER).is_dir()


def read_days(shared: Path) -> Iterator[tuple[str, list[Row]]]:
    """The corpus, a zip of one JSON array at a time, with its name."""
    for path in sorted((shared / "corpus" / FOLDER).glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            yield path.name, [row for name in archive.namelist() for row in json.loads(archive.read(name))]


def count_records(shared: Path) -> int:
    return sum(len(rows) for _, rows in read_days(shared))


def read_share(shared: Path, records: int | None) -> Iterator[tuple[str, list[Row]]]:
    """About so many records of the corpus, in equal steps through all of it; all of them for None."""
    step = max(1, count_records(shared) // records) if records else 1
    offset = 0
    for name, rows in read_days(shared):
        yield name, rows[-offset % step :: step]
        offset += len(rows)


def write_copies(shared: Path, target: Path, copies: int = 1, records: int | None = None) -> int:
    """The corpus so many times, as zips of JSON arrays as it comes; gives the number of records.

    Every copy but the first has addresses of its own, and so article_ids of its own.
    """
    count = 0
    for name, rows in read_share(shared, records):
        for number in range(copies):
            folder = target / f"copy-{number:03}"
            folder.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=PACKING) as archive:
                copied = [{**row, "url": change_address(row["url"], number)} for row in rows]
                archive.writestr(Path(name).stem + ".json", json.dumps(copied, ensure_ascii=False))
            count += len(rows)
    return count


def change_address(url: str, number: int) -> str:
    """The address with one more folder in front; the first copy keeps its own.

    >>> change_address("https://nasim.example/news/12?page=1", 3)
    'https://nasim.example/k3/news/12?page=1'
    >>> change_address("https://nasim.example/news/12", 0)
    'https://nasim.example/news/12'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/k{number}{parts.path}")) if number else url


def write_lines(shared: Path, target: Path, records: int | None = None) -> int:
    """The same records as one file of JSON Lines, with the keys that datatrove's reader knows: `text` and `id`."""
    count = 0
    with target.open("w", encoding="utf-8") as file:
        for _, rows in read_share(shared, records):
            for row in rows:
                line = {"id": row["url"], "text": row["content"], **{k: row[k] for k in row if k != "content"}}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
    return count


def size_of(path: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
