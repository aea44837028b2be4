"""Where a store lies: a directory, or a prefix of an object store (`s3://bucket/prefix`). Both are paths.

An object store is a `UPath` (universal-pathlib): it joins, lists and opens as a `pathlib.Path` does, by way of fsspec.
Endpoint and credentials come from the usual environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, …, or ~/.aws).
"""

import contextlib
import functools
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

from newsetl.errors import NewsetlError, SettingsError

if TYPE_CHECKING:
    from upath import UPath

StorePath: TypeAlias = "Path | UPath"

# Read ahead in an object: a column of a row group; fsspec's own 50 MB would be most of a worker's memory.
BLOCK_BYTES = 1 << 20


def store_path(text: str) -> StorePath:
    """A store, from what the user wrote.

    Raises:
        SettingsError: There is no such kind of store, or the package that reaches it is missing.

    >>> store_path("data/processed")
    PosixPath('data/processed')
    """
    protocol, mark, place = text.partition("://")
    if not mark or protocol == "file":
        return Path(place if mark else text)
    if not place.strip("/"):
        raise SettingsError(f"{text}: name a bucket, such as {protocol}://bucket/news")
    if set(text) & set("*?[]"):
        raise SettingsError(f"{text}: the name of a store must not hold *, ?, [ or ]")  # fsspec takes them for patterns
    from upath import UPath  # noqa: PLC0415  most stores are directories

    try:
        root = UPath(text, use_listings_cache=False)  # others write there too
        root.fs  # noqa: B018  loads the package
    except ImportError as error:
        raise SettingsError(f"{text}: {protocol}:// needs more: pip install 'newsetl[{protocol}]' ({error})") from error
    except ValueError as error:
        raise SettingsError(f"{text}: no such kind of store: {error}") from error
    return root


def opened(path: StorePath) -> Path | IO[bytes]:
    """A file as Arrow opens it best: by name where there is one."""
    return path if isinstance(path, Path) else _stream(path)


def _stream(path: StorePath) -> IO[bytes]:
    return path.open("rb") if isinstance(path, Path) else path.open("rb", block_size=BLOCK_BYTES)


def find_files(root: StorePath) -> Iterator[StorePath]:
    """All files below a folder, in no order; none where there is no folder. One listing of an object store."""
    if isinstance(root, Path):
        yield from (path for path in root.rglob("*") if path.is_file())
    else:
        with contextlib.suppress(FileNotFoundError):
            start = len(root.path.rstrip("/")) + 1
            yield from [root / name[start:] for name in root.fs.find(root.path)]


@contextlib.contextmanager
def at_hand(path: StorePath) -> Iterator[Path]:
    """A file as one on a disk: itself, or a copy for the time of the block."""
    if isinstance(path, Path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="newsetl-") as folder:
        path.fs.get_file(path.path, f"{folder}/{path.name}")
        yield Path(folder, path.name)


def same_bytes(one: Path, other: StorePath) -> bool:
    """True when two files of one size hold the same."""
    with one.open("rb") as a, _stream(other) as b:
        return all(piece == b.read(BLOCK_BYTES) for piece in iter(functools.partial(a.read, BLOCK_BYTES), b""))


# --- stores that fail -----------------------------------------------------------------------------------------------


def store_errors() -> tuple[type[Exception], ...]:
    """What a failing disk or object store raises: fsspec promises OSError, botocore's own errors come through it."""
    botocore = sys.modules.get("botocore.exceptions")
    return (OSError, sqlite3.OperationalError, *((botocore.BotoCoreError,) if botocore else ()))


def unreachable(root: object, error: Exception) -> NewsetlError:
    """What a user is told when the first look at a store fails."""
    told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return NewsetlError(f"{root}: cannot be reached: {told}")
