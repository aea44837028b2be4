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
from newsetl.fetch.warc_notes import Note, find_files, read_notes, salvage

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
