"""Profiles of sources from a folder of the user's, laid over those that come with newsetl."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from newsetl.errors import InputError
from newsetl.sources.lookup import OutletIndex, index_outlets, load_index
from newsetl.sources.outlets import SUFFIX, Outlet, merge_outlets, parse_outlet


@cache
def read_outlets(folder: str | None = None, *, use_profiles: bool = True) -> OutletIndex:
    """The sources of a run; read once by each process.

    Args:
        folder: Holds files ``<slug>.toml``; one of a known slug takes the place of the built-in one. None: no folder.
        use_profiles: False leaves out the selectors and lines of all; names, slugs and zones stay.

    Raises:
        InputError: The folder or a file in it cannot be read.
        RuleError: A file breaks the format.
    """
    index = load_index()
    if folder is None and use_profiles:
        return index
    outlets = index.outlets
    if folder is not None:
        outlets = merge_outlets(outlets, map(read_outlet, _list_files(Path(folder))))
    if not use_profiles:
        outlets = tuple(replace(outlet, layouts=()) for outlet in outlets)
    return index_outlets(outlets)


def _list_files(folder: Path) -> list[Path]:
    files = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not files:
        raise InputError(f"{folder}: no folder with files <slug>{SUFFIX}")
    return files


def read_outlet(path: Path) -> Outlet:
    """The outlet of one file.

    Raises:
        InputError: It cannot be read.
        RuleError: It breaks the format.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
    return parse_outlet(text, str(path))
