"""Inputs on object stores (`s3://bucket/archive/`), by way of fsspec: listed, looked at, read ahead.

Endpoint and credentials come from the usual environment, as for stores: `paths`.
"""

import contextlib
import errno
import glob
import io
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, cast

from newsetl.errors import InputError
from newsetl.io.names import is_data_name, matches
from newsetl.io.openings import Seen

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

# Read ahead: so much after a jump (all that telling a format needs, in one request), then twice as much for each
# request in order. At 4 MB a request to a store in the same region waits as long as it transfers.
FIRST_BYTES = 1 << 16
MOST_BYTES = 1 << 22
# Where a store says that an object is another one now; the first that it has.
STAMPS = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "updated", "mtime")


# --- what is there --------------------------------------------------------------------------------------------------


def file_system(url: str) -> "AbstractFileSystem":
    """What reaches the objects of a URL.

    Raises:
        InputError: No such kind of place, or the package that reaches it is missing.
    """
    protocol, _, place = url.partition("://")
    if protocol.lower() in ("http", "https"):
        raise InputError(f"{url}: pages of the web are no input; `newsetl fetch` brings them into raw files")
    if not place.strip("/"):
        raise InputError(f"{url}: name a bucket, such as {protocol}://bucket/archive/")
    from upath import UPath  # noqa: PLC0415  a tenth of a second, and s3fs half a one

    try:
        # Of the bucket alone: "::" in a name would chain file systems. No cache: others write there.
        return UPath(f"{protocol}://{place.partition('/')[0]}", use_listings_cache=False).fs
    except ImportError as error:
        needed = "pip install 'newsetl[s3]'" if protocol in ("s3", "s3a") else "a package"
        raise InputError(f"{url}: {protocol}:// needs more: {needed} ({one_line(error)})") from error
    except Exception as error:  # what a class of fsspec's makes of an address that lacks what it needs
        raise InputError(f"{url}: no place that inputs are read from: {one_line(error)}") from error


def look_at(url: str) -> Seen:
    """Size and stamp of an object; one request.

    Raises:
        OSError: It is not there, or not to be had.
    """
    system = file_system(url)
    with told_as_os_error():
        return _as_seen(system.info(_place(system, url)))


def is_object(url: str) -> bool:
    """True when there is an object of this name.

    Raises:
        PermissionError: The store does not tell.
        InputError: The store cannot be reached.
    """
    try:
        return look_at(url).is_regular
    except FileNotFoundError:
        return False
    except PermissionError:
        raise
    except OSError as error:
        raise out_of_reach(url, error) from error


def find_objects(pattern: str) -> list[tuple[str, Seen]]:
    """The objects that a URL names: the one of this name, those below it, or those that match it as a glob.

    In the order, and without the names, that a directory of the same files would be read in and without.

    Raises:
        InputError: There are none, or the store cannot be reached.
    """
    system = file_system(pattern)
    try:
        with told_as_os_error():
            return _find(system, pattern)
    except FileNotFoundError as error:
        raise InputError(f"there is no bucket, object or prefix {pattern!r}: {one_line(error)}") from error
    except OSError as error:
        raise out_of_reach(pattern, error) from error


def _find(system: "AbstractFileSystem", pattern: str) -> list[tuple[str, Seen]]:
    root = pattern.rstrip("/")
    is_bucket = "/" not in root.partition("://")[2]
    if pattern == root and not is_bucket:
        with contextlib.suppress(FileNotFoundError, PermissionError):  # who may list may not ask for single names
            seen = _as_seen(system.info(_place(system, root)))
            if seen.is_regular:
                return [(pattern, seen)]
    below = _list(system, root)
    if not below and not is_bucket:
        return _match(system, root)
    ordered = sorted((parts for parts in below if all(map(is_data_name, parts))), key=_walking_order)
    return [(f"{root}/{'/'.join(parts)}", below[parts]) for parts in ordered]


def _match(system: "AbstractFileSystem", pattern: str) -> list[tuple[str, Seen]]:
    """What matches a glob, or lies below what does.

    Raises:
        InputError: Nothing, or it is no glob.
    """
    if not glob.has_magic(pattern):
        raise InputError(f"there is no object or prefix {pattern!r}")
    parts = pattern.split("/")
    fixed = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    base, wanted = "/".join(parts[:fixed]), parts[fixed:]
    found = {parts: seen for parts, seen in _list(system, base).items() if _is_wanted(parts, wanted)}
    if not found:
        raise InputError(f"no object matches {pattern!r}")
    depth = len(wanted) if "**" not in wanted else None
    ordered = sorted(found, key=lambda parts: ("/".join(parts[:depth]), _walking_order(parts[depth:] if depth else ())))
    return [(f"{base}/{'/'.join(parts)}", found[parts]) for parts in ordered]


def _is_wanted(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """True when a name, or what it lies below, matches a glob and it is one of data, as `inputs` has it for a disk."""
    if "**" in wanted:
        walked = parts[wanted.index("**") :]
    else:
        parts, walked = parts[: len(wanted)], parts[len(wanted) - 1 :]
    hidden = any(part.startswith(".") and not want.startswith(".") for part, want in zip(parts, wanted, strict=False))
    return matches(parts, wanted) and not hidden and all(map(is_data_name, walked))


def _walking_order(parts: Sequence[str]) -> list[tuple[bool, str]]:
    """Sorts as a walk does: the files of a folder before those of the folders in it."""
    return [(at < len(parts) - 1, part) for at, part in enumerate(parts)]


def _list(system: "AbstractFileSystem", root: str) -> dict[tuple[str, ...], Seen]:
    """All objects below a name; a request for a thousand."""
    start = f"{_place(system, root)}/"
    found: dict[str, dict[str, Any]] = system.find(start[:-1], detail=True)
    names = (name for name in found if name.startswith(start) and not name.endswith("/"))
    return {tuple(name[len(start) :].split("/")): seen for name in names if (seen := _as_seen(found[name])).is_regular}


def _place(system: "AbstractFileSystem", url: str) -> str:
    return cast("str", system._strip_protocol(url))  # noqa: SLF001  what every method of its own calls


def _as_seen(told: dict[str, Any]) -> Seen:
    stamp = next((str(told[name]).strip('"') for name in STAMPS if told.get(name)), "")
    return Seen(int(told.get("size") or 0), stamp, told["type"] == "file")


# --- reading --------------------------------------------------------------------------------------------------------


def open_object(url: str) -> IO[bytes]:
    """An object that reads like a file. Should it be replaced meanwhile, S3 says so and reading fails.

    Raises:
        OSError: It is not there, or not to be had.
    """
    system = file_system(url)
    with told_as_os_error():
        return cast("IO[bytes]", ObjectFile(system.open(_place(system, url), "rb", cache_type="none")))


class ObjectFile(io.RawIOBase):
    """An object, read ahead. Holds no more than `MOST_BYTES`."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._size: int = handle.seek(0, io.SEEK_END)
        self._at = 0
        self._start = 0  # of what is held
        self._held = b""
        self._ahead = FIRST_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise OSError(errno.EINVAL, "a place before the first byte")
        self._at = at
        return at

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, or all; fewer only at the end.

        Raises:
            OSError: They are not to be had.
        """
        left = max(0, self._size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        begin = self._at - self._start
        data = self._held[begin : begin + wanted] if begin >= 0 else b""
        if len(data) < wanted:
            data += self._fetch(self._at + len(data), wanted - len(data))
        self._at += wanted
        return data

    def _fetch(self, start: int, n_bytes: int) -> bytes:
        in_order = start == self._start + len(self._held)
        self._ahead = min(2 * self._ahead, MOST_BYTES) if in_order and start else FIRST_BYTES
        size = min(max(n_bytes, self._ahead), self._size - start)
        with told_as_os_error():
            self._handle.seek(start)
            data: bytes = self._handle.read(size)
        if len(data) < size:
            raise OSError(errno.EIO, f"the object ends at byte {start + len(data)} of {self._size}")
        kept = data if size <= MOST_BYTES else b""  # more was asked for at once; it goes as it came
        self._start, self._held = start + len(data) - len(kept), kept
        return data[:n_bytes]

    def close(self) -> None:
        if not self.closed:
            self._handle.close()
            self._held = b""
        super().close()


# --- what fails -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def told_as_os_error() -> Iterator[None]:
    """Have a failing store raise OSError, as a disk does; a ConnectionError where no answer of the store's is known.

    fsspec promises OSError, but the errors of the libraries below it come through: those of botocore, aiohttp, ….
    """
    try:
        yield
    except (OSError, MemoryError, InputError):
        raise
    except Exception as error:
        raise ConnectionError(errno.EIO, one_line(error)) from error


def out_of_reach(url: str, error: OSError) -> InputError:
    """What a user is told when a store does not answer, or refuses."""
    return InputError(f"{url}: cannot be reached: {error.strerror or one_line(error)}")


def one_line(error: BaseException) -> str:
    """The message of an error on one line, or its name."""
    return " ".join(str(error).split()) or type(error).__name__
