"""Which raw files have not been loaded into a store yet."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from newsetl.fetch.rebuild import open_state
from newsetl.fetch.state import State
from newsetl.io.lock import locked

# A fetch of the same source may be under way. Seconds.
WAIT_FOR_FETCH = 600.0


def new_files(raw: Path, slugs: Sequence[str], out: str) -> list[Path]:
    """The closed WARC files of some sources that were not loaded into a store, oldest first.

    Args:
        raw: Folder of the raw files.
        slugs: The sources.
        out: The store, as its user names it.

    Raises:
        NewsetlError: A fetch of a source goes on for too long.
    """
    found: list[Path] = []
    for slug in slugs:
        with _opened(raw / slug) as state:
            found += state.unloaded(_store_name(out))
    return found


def mark_loaded(raw: Path, files: Iterable[Path], out: str) -> None:
    """Remember that files were loaded into a store. Forgetting it costs time alone: loading twice changes nothing."""
    for slug, group in groupby(sorted(files), lambda path: path.relative_to(raw).parts[0]):
        with _opened(raw / slug) as state:
            state.loaded(_store_name(out), list(group))
            state.commit()


def _store_name(out: str) -> str:
    """One name for a store: a directory may be named from anywhere."""
    return out if "://" in out else str(Path(out).resolve())


@contextmanager
def _opened(folder: Path) -> Iterator[State]:
    with locked(folder, WAIT_FOR_FETCH), open_state(folder) as state:
        yield state
