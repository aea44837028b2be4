"""Raw files read again: their notes, and what killed runs left open. `warc_files` says how they are made."""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from newsetl.errors import NewsetlError
from newsetl.io import disk

SUFFIX = ".warc.gz"
OPEN = "_open-"
# How a record that is a note begins. Nothing that a server sends can stand there.
NOTE_START = b"WARC/1.1\r\nWARC-Type: metadata\r\n"
NOTE_KEYS = frozenset({"kind", "url", "final_url", "at", "outcome", "retry_at"})
CHUNK_BYTES = 1 << 16

Note = Mapping[str, Any]


def find_files(folder: Path) -> list[Path]:
    """The closed files of a source, oldest day first."""
    return sorted(path for path in folder.glob(f"*/*{SUFFIX}") if not path.name.startswith(OPEN))


def read_notes(path: Path) -> Iterator[Note]:
    """The notes in a file, in order, up to where it is damaged. Metadata records of other programs are passed over."""
    for _, head in _members(path):
        if head.startswith(NOTE_START):
            try:
                note = json.loads(head.partition(b"\r\n\r\n")[2])
            except (ValueError, RecursionError):
                continue
            if isinstance(note, dict) and note.keys() >= NOTE_KEYS:
                yield note


def salvage(folder: Path) -> list[Path]:
    """Close what killed runs left open: each file up to its last note; without any it is removed.

    Raises:
        NewsetlError: A file cannot be written.
    """
    found = []
    for path in sorted(folder.glob(f"*/{OPEN}*{SUFFIX}")):
        try:
            whole = max((end for end, head in _members(path) if head.startswith(NOTE_START)), default=0)
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
    """The whole gzip members of a file: where each ends and its content, of all but notes only how that begins.

    Behind damage it does not look for the next member: what a server sent may lie there as if it were one.
    """
    with path.open("rb") as handle:
        position, data = 0, handle.read(CHUNK_BYTES)
        while data:
            inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
            held = b""
            while not inflater.eof:
                if not data and not (data := handle.read(CHUNK_BYTES)):
                    return
                try:
                    piece = inflater.decompress(data, CHUNK_BYTES)
                except zlib.error:
                    return
                if len(held) < len(NOTE_START) or held.startswith(NOTE_START):
                    held += piece
                position += len(data) - len(inflater.unconsumed_tail) - len(inflater.unused_data)
                data = inflater.unconsumed_tail or inflater.unused_data
            yield position, held
            data = data or handle.read(CHUNK_BYTES)
