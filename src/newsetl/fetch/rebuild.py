"""Opens the state of a source so that it agrees with the raw files, whatever killed the run before."""

import heapq
import logging
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from newsetl.errors import NewsetlError
from newsetl.fetch.state import FILE, State
from newsetl.fetch.warc_files import Note, find_files, read_notes, salvage

_log = logging.getLogger(__name__)


def open_state(folder: Path) -> State:
    """The state of a source. The caller holds the lock on its folder.

    Raw files that a killed run left open are closed, notes that the state does not know are entered. A state that is
    missing or damaged is made anew from all raw files; the damaged one is kept beside it.

    Raises:
        NewsetlError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        salvage(folder)
        try:
            state = State(folder)
        except sqlite3.DatabaseError as error:
            _log.warning("%s: %s; it is made anew from the raw files", folder / FILE, error)
            _put_aside(folder / FILE)
            state = State(folder)
    except (OSError, sqlite3.OperationalError) as error:
        raise NewsetlError(f"{folder}: {getattr(error, 'strerror', None) or error}") from error
    _take_in(state, folder)
    state.commit()
    return state


def _take_in(state: State, folder: Path) -> None:
    """Enter what became of the pages in the raw files that the state does not know, in the order in which it did.

    Not what became of listings: pages that one named and that were not asked for yet are in no raw file, so it must be
    read anew.
    """
    known = state.known_files()
    files = [path for path in find_files(folder) if path not in known]
    for _, day in groupby(files, lambda path: path.parent):
        for note, path in heapq.merge(*map(_notes, day), key=lambda one: str(one[0]["at"])):
            if note["kind"] == "page":
                state.apply(note, path.relative_to(folder).as_posix())
    state.closed(files)


def _notes(path: Path) -> Iterator[tuple[Note, Path]]:
    return ((note, path) for note in read_notes(path))


def _put_aside(path: Path) -> None:
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    path.rename(aside)
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)


# --- reading raw files -------------------------------------------------------------------------------------------------


def find_files(folder: Path) -> list[Path]:
    """The closed files of a source, oldest day first."""
    return sorted(path for path in folder.glob(f"*/*{SUFFIX}") if not path.name.startswith(OPEN))


def read_notes(path: Path) -> Iterator[Note]:
    """The notes in a file, in order, up to where it is damaged."""
    for _, head in _members(path):
        if _NOTE in head[:1024]:
            try:
                note = json.loads(head.partition(b"\r\n\r\n")[2])
            except ValueError:
                continue
            if isinstance(note, dict):
                yield note


def salvage(folder: Path) -> list[Path]:
    """Close what killed runs left open: each file up to its last note; without any it is removed.

    Raises:
        NewsetlError: A file cannot be written.
    """
    found = []
    for path in sorted(folder.glob(f"*/{OPEN}*{SUFFIX}")):
        try:
            whole = max((end for end, head in _members(path) if _NOTE in head[:1024]), default=0)
            if whole:
                os.truncate(path, whole)
                with path.open("rb+") as handle:
                    disk.sync_file(handle)
                final = path.with_name(path.name.removeprefix(OPEN))
                disk.rename(path, final)
                found.append(final)
            else:
                path.unlink()
            disk.sync_folder(path.parent)
        except OSError as error:
            raise NewsetlError(f"{path}: {error.strerror}") from error
    return found


def _members(path: Path) -> Iterator[tuple[int, bytes]]:
    """The whole gzip members of a file: where each ends, and how its content begins."""
    with path.open("rb") as handle:
        position, data = 0, handle.read(CHUNK_BYTES)
        while data:
            inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
            held: list[bytes] = []
            size = 0
            while not inflater.eof:
                if not data and not (data := handle.read(CHUNK_BYTES)):
                    return
                try:
                    piece = inflater.decompress(data, CHUNK_BYTES)
                except zlib.error:
                    return
                if size < HELD_BYTES:
                    held.append(piece)
                    size += len(piece)
                position += len(data) - len(inflater.unconsumed_tail) - len(inflater.unused_data)
                data = inflater.unconsumed_tail or inflater.unused_data
            yield position, b"".join(held)
            data = data or handle.read(CHUNK_BYTES)
