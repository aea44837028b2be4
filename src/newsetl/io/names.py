"""Which names are those of data, and which match a pattern. The same for directories, object stores and archives."""

import fnmatch
import re
from collections.abc import Sequence

# Files that tell about a data set and are no part of it.
_ABOUT_DATA = re.compile(
    r"(?:readme|licen[cs]e|copying|changelog|contributing|notice|makefile)(?:\.\w+)?", re.IGNORECASE
)


def is_data_name(name: str) -> bool:
    """False for hidden files, unfinished output and files about the data.

    >>> [is_data_name(name) for name in ("a.json", ".gitignore", "_SUCCESS", "README.md")]
    [True, False, False, False]
    """
    return not name.startswith((".", "_")) and not _ABOUT_DATA.fullmatch(name)


def matches(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """True when a relative path matches a glob, part by part; ``**`` stands for any number of parts."""
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return not wanted[1:] or any(matches(parts[start:], wanted[1:]) for start in range(len(parts)))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], wanted[0]) and matches(parts[1:], wanted[1:])
