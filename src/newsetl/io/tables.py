"""Is this text a table with a header, and what separates its cells? Prose must never be taken for one."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsetl.io.fields import fold_name, is_known_name, load_field_names

DELIMITERS = ",\t;|"
SAMPLE_ROWS = 50
MAX_HEADER_CHARS = 64  # of one column's name; sentences are longer
MAX_CELL_CHARS = 1 << 27  # csv refuses longer cells; `ReadOptions.max_record_bytes` is the bound that counts

# Fields that make a row of columns an archive of articles.
TELLING_FIELDS = ("text", "html", "title", "url")
_DATA = re.compile(r"https?://|^[\d\s.:/-]+$")

csv.field_size_limit(MAX_CELL_CHARS)


@dataclass(frozen=True, slots=True)
class Table:
    """How to read a table: what stands between cells, and the names of the columns."""

    delimiter: str
    header: tuple[str, ...]


def sniff_table(text: str, ending: str, *, complete: bool) -> Table | None:
    """How to read a text as a table; None when it is no table with a header.

    A file named .csv or .tsv needs a header with one column that newsetl knows, or a header that looks like one
    above rows of the same width (the user may map its columns). Any other file needs two columns that newsetl knows
    and every row of the same width.

    >>> sniff_table("id;title;text\\n1;عنوان;نص\\n", "txt", complete=True)
    Table(delimiter=';', header=('id', 'title', 'text'))
    >>> sniff_table("قال الوزير، أمس، إن العمل\\nمستمر، رغم كل شيء", "csv", complete=True) is None
    True
    """
    named = ending in ("csv", "tsv", "tab")
    best: tuple[tuple[int, float, int], Table] | None = None
    for delimiter in DELIMITERS:
        rows = _sample_rows(text, delimiter, complete=complete)
        if not rows or (len(rows[0]) < 2 and not (named and delimiter == ",")):
            continue
        header = tuple(cell.strip().lstrip("\ufeff") for cell in rows[0])
        known, same = _known_columns(header), _same_width(rows)
        if _is_header(header, known, same, len(rows), named=named):
            rank = (known, same, len(header))
            if best is None or rank > best[0]:
                best = (rank, Table(delimiter, header))
    return best[1] if best else None


def _sample_rows(text: str, delimiter: str, *, complete: bool) -> list[list[str]]:
    """The first rows; without the last one when the sample cuts it."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) > SAMPLE_ROWS:
                break
        else:
            return rows if complete or len(rows) < 2 else rows[:-1]
    except csv.Error:
        pass  # what came before the damage is the sample
    return rows


def _known_columns(header: Sequence[str]) -> int:
    """How many of the telling fields the header names."""
    names = load_field_names().names
    keys = {fold_name(cell) for cell in header}
    return sum(1 for field in TELLING_FIELDS if keys & set(names[field]))


def _same_width(rows: Sequence[Sequence[str]]) -> float:
    """The share of rows as wide as the header; 0 without rows."""
    if len(rows) < 2:
        return 0.0
    return sum(len(row) == len(rows[0]) for row in rows[1:]) / (len(rows) - 1)


def _is_header(header: Sequence[str], known: int, same: float, n_rows: int, *, named: bool) -> bool:
    filled = [cell for cell in header if cell]
    plain = all(len(cell) <= MAX_HEADER_CHARS and not _DATA.search(cell) for cell in filled)
    if not plain or len(filled) * 2 < len(header):
        return False
    if not named:
        return known >= 1 and same == 1.0 and sum(is_known_name(cell) for cell in header) >= 2
    return known >= 1 or (
        len(header) >= 2 and same == 1.0 and n_rows >= 3 and _has_names(filled) and len(set(filled)) == len(filled)
    )


def _has_names(cells: Sequence[str]) -> bool:
    """True when cells look like column names: one to three words and no stop or comma."""
    return all(len(cell.split()) <= 3 and not re.search(r"[.!؟?،,:]", cell) for cell in cells)
