"""The lock on a store: one writer, or many that only look."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from newsetl.errors import NewsetlError
from newsetl.io.holders import taken, this_process
from newsetl.io.lease import leased, refuse_taken
from newsetl.io.paths import StorePath
from newsetl.io.publication import Held, still_held

LOCK_FILE = "_lock"
ASK_AGAIN_SECONDS = 0.2
# A holder leaves its name right after it has the lock; who comes in between looks so many times.
NAME_LOOKS = 5


@contextlib.contextmanager
def locked(root: StorePath, wait_seconds: float = 0.0) -> Iterator[Held]:
    """Hold a store's lock for writing, so that two runs cannot publish into it at once.

    On an object store it is a lease (`io.lease`). In a directory the lock (`flock`) belongs to the open file and ends
    with the process, so none is ever stale on a local disk. On NFS 4 the server keeps it, and gives it back when the
    dead client's lease ends (90 s by default); on NFS mounted with `nolock`, and on many FUSE file systems, it binds
    the processes of one machine only. The file tells people who holds it; nothing depends on what it says.

    Args:
        root: The store; made when it is not there.
        wait_seconds: How long to wait for another holder; 0 fails at once.

    Returns:
        A check that raises when the lock was lost, for before each step that cannot be taken back.

    Raises:
        NewsetlError: Another process holds it, or the file cannot be written.
    """
    if not isinstance(root, Path):
        with leased(root, wait_seconds) as lease:
            yield lease.held
        return
    with _opened(root) as handle:
        _acquire(handle, fcntl.LOCK_EX, root, wait_seconds)
        _note(handle, this_process())
        try:
            yield still_held
        finally:
            _note(handle, "")


@contextlib.contextmanager
def looked_at(root: StorePath, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold a store's lock for reading: no run publishes meanwhile. Writes nothing; free where no run ever was.

    An object store cannot be held without writing: there a run may begin while it is looked at.

    Raises:
        NewsetlError: A run holds it.
    """
    if not isinstance(root, Path):
        refuse_taken(root)
        yield
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(FileNotFoundError):
            handle = stack.enter_context((root / LOCK_FILE).open(encoding="utf-8"))
            _acquire(handle, fcntl.LOCK_SH, root, wait_seconds)
        yield


def _opened(root: Path) -> IO[str]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        return (root / LOCK_FILE).open("a+", encoding="utf-8")
    except OSError as error:
        raise NewsetlError(f"{root}: cannot be written to: {error.strerror}") from error


def _acquire(handle: IO[str], kind: int, root: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    is_nameless = False
    while True:
        try:
            return fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                note = _left_note(handle)
                if note or is_nameless:
                    raise taken(root, note, wait_seconds) from error
                is_nameless = True  # on its way in or out: once more
        except OSError as error:
            raise NewsetlError(f"{root / LOCK_FILE}: cannot be locked: {error.strerror}") from error
        time.sleep(ASK_AGAIN_SECONDS)


def _note(handle: IO[str], text: str) -> None:
    """Note who holds the lock. A full disk is no reason to fail: the note is for people."""
    with contextlib.suppress(OSError):
        os.ftruncate(handle.fileno(), 0)
        os.write(handle.fileno(), text.encode())


def _left_note(handle: IO[str]) -> str:
    note = ""
    for look in range(NAME_LOOKS):
        time.sleep(ASK_AGAIN_SECONDS if look else 0)
        handle.seek(0)
        if note := handle.read():
            break
    return note
