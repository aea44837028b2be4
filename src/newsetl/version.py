"""The version that stands in each article: the package's, and a digest of the rules that made the row.

Rules change more often than the package's version does, and `newsetl backfill --only outdated` must see it. So every
file counts on the way from the bytes of a record to its rows: tables and code, comments too. A change of a comment
makes rows outdated that would come out the same; that costs a backfill, the other mistake costs wrong rows.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from newsetl import __version__

# Files and folders of the package. Not counted: what moves bytes and rows without changing them (streams, archives,
# the store, runs), and the profiles of a user's own folder.
RULES = (
    "arabic",
    "io/encodings.py",
    "io/fields.py",
    "io/fields.toml",
    "io/http_message.py",
    "io/json_documents.py",
    "io/json_window.py",
    "io/jsonl.py",
    "io/lines.py",
    "io/parquet.py",
    "io/tables.py",
    "io/tabular.py",
    "io/warc.py",
    "io/whole.py",
    "pipeline.py",
    "records.py",
    "rows.py",
    "schema.py",
    "sources",
    "stages",
)
SUFFIXES = (".py", ".toml")
DIGEST_CHARS = 7  # 28 bits: two versions of the rules with one digest in 16,000 versions


@cache
def pipeline_version() -> str:
    """The package's version and a digest of its rules, such as ``0.1.0+rules.3f2a91c``: equal for equal code.

    The same on every machine, in a checkout and in an installed package. Read once by each process, in some 10 ms.
    """
    return f"{__version__}+rules.{rules_digest()}"


def rules_digest() -> str:
    """Some hex digits that change when a file of `RULES` does."""
    digest = hashlib.sha256()
    for name, content in sorted(_rule_files()):
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:DIGEST_CHARS]


def _rule_files() -> Iterator[tuple[str, bytes]]:
    package = files("newsetl")
    for name in RULES:
        yield from _files(package.joinpath(*name.split("/")), name)


def _files(entry: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """A file with its bytes, or those in a folder, at any depth; line endings as on every machine."""
    if entry.is_dir():
        for inner in entry.iterdir():
            yield from _files(inner, f"{name}/{inner.name}")
    elif name.endswith(SUFFIXES):
        yield name, entry.read_bytes().replace(b"\r\n", b"\n")
