"""What a publication does to a disk, one plain function each.

Everything else that publishes goes through these, so that an object store can take their place, and so that tests can
count them and fail each of them. "Durable" means: there after a loss of power, as far as the disk tells the truth.
All raise OSError.
"""

import contextlib
import ctypes
import errno
import functools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

StrPath = str | Path

# Large pieces: a Parquet writer hands over hundreds of small ones.
BUFFER_BYTES = 1 << 20
NO_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2


# --- files ----------------------------------------------------------------------------------------------------------


def create(path: Path) -> BinaryIO:
    """A file opened for writing, emptied if there was one. Nothing is durable yet."""
    return path.open("wb", buffering=BUFFER_BYTES)


@contextlib.contextmanager
def open_output(path: Path) -> Iterator[BinaryIO]:
    """A file to write into. At the end of the block its content is durable; its name is not: sync its folder."""
    with create(path) as handle:
        yield handle
        handle.flush()
        sync_file(handle)


def write_file(path: Path, content: bytes) -> None:
    """Have a file with this content, or none: it takes its name when it is complete. Content and name are durable."""
    temporary = path.with_name(f".tmp-{path.name}")
    with open_output(temporary) as handle:
        handle.write(content)
    rename(temporary, path)
    sync_folder(path.parent)


def link_or_copy(old: StrPath, new: StrPath) -> None:
    """Have the file `old` under the name `new` too: the same file, or a copy with its times where links cannot be.

    Nothing is durable yet.
    """
    try:
        link(old, new)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        copy(old, new)


def link(old: StrPath, new: StrPath) -> None:
    """A second name for a file: the same bytes, times and inode. Not durable yet."""
    os.link(old, new)


def copy(old: StrPath, new: StrPath) -> None:
    """Another file with the same bytes and times. Not durable yet."""
    with Path(old).open("rb") as source, create(Path(new)) as target:
        shutil.copyfileobj(source, target, BUFFER_BYTES)
    shutil.copystat(old, new)


def remove_file(path: StrPath) -> None:
    """Take a name away. Not durable yet."""
    os.unlink(path)  # noqa: PTH108  a Path for each of 100,000 files takes a second


# --- folders --------------------------------------------------------------------------------------------------------


def make_folder(path: StrPath) -> None:
    """A new folder; its parent must be there. Not durable yet."""
    os.mkdir(path)  # noqa: PTH102  see `remove_file`


def make_folders(path: Path) -> None:
    """A folder with all above it, where they are not there yet. Not durable yet."""
    if not path.is_dir():
        make_folders(path.parent)
        make_folder(path)


def remove_folder(path: StrPath) -> None:
    """Take an empty folder away. Not durable yet."""
    os.rmdir(path)  # noqa: PTH106  see `remove_file`


def remove_tree(path: StrPath) -> None:
    """Take a folder away with all below it; symbolic links are not followed. Not durable yet."""
    with os.scandir(path) as entries:
        found = list(entries)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            remove_tree(entry.path)
        else:
            remove_file(entry.path)
    remove_folder(path)


# --- names ----------------------------------------------------------------------------------------------------------


def rename(old: Path, new: Path) -> None:
    """Give a file or folder another name in one step; a file replaces another one. Not durable yet."""
    old.replace(new)


def exchange(new: Path, place: Path) -> None:
    """Let two folders of one file system change their names. Not durable yet.

    One system call on Linux and macOS, so that `place` is there at every instant. Elsewhere, and where the file system
    knows no exchange (NFS, FAT), three renames: `place` is missing for some microseconds, or, after a crash, until
    `new` is given its name.
    """
    try:
        _exchange()(os.fsencode(new), os.fsencode(place))
    except OSError as error:
        if error.errno not in NO_EXCHANGE:
            raise
        aside = new.with_name(f"{new.name}.old")
        rename(place, aside)
        rename(new, place)
        rename(aside, new)


@functools.cache
def _exchange() -> Callable[[bytes, bytes], None]:
    """The system's own exchange of two names; one that raises ENOSYS where there is none."""
    libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    if renameat2 := getattr(libc, "renameat2", None):  # Linux
        return lambda new, place: _call(renameat2, _AT_FDCWD, new, _AT_FDCWD, place, _RENAME_EXCHANGE)
    if renamex_np := getattr(libc, "renamex_np", None):  # macOS
        return lambda new, place: _call(renamex_np, new, place, _RENAME_SWAP)
    return lambda *_: _fail(errno.ENOSYS)


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        _fail(ctypes.get_errno(), *(os.fsdecode(a) for a in arguments if isinstance(a, bytes)))


def _fail(number: int, *names: str) -> None:
    raise OSError(number, os.strerror(number), *names[:1])


# --- durability -----------------------------------------------------------------------------------------------------


def sync_file(handle: BinaryIO) -> None:
    """Make durable what was written to a file."""
    os.fsync(handle.fileno())


def sync_folder(path: Path) -> None:
    """Make durable the names in a folder: files made, linked, renamed or removed in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(path: Path) -> None:
    """Make durable everything that was written to the file system of a folder.

    One call for a tree of 100,000 folders, each of which would need an fsync of its own (milliseconds each). It waits
    for what other programs have written too. macOS has no such call for one file system, and its `sync` may return
    before it is done.
    """
    syncfs = _syncfs()
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _call(syncfs, descriptor)
    finally:
        os.close(descriptor)


@functools.cache
def _syncfs() -> Callable[[int], int] | None:
    libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    return getattr(libc, "syncfs", None)
