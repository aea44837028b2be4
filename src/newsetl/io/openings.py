"""Where an input lies: a path on a disk, or the URL of an object (`s3://bucket/a.zip`). Both are strings.

Everything that opens an input, or asks how large it is, asks here. What concerns objects alone is in `remote`, and no
package that speaks to them is loaded before there is a URL.
"""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import PurePath
from typing import IO, NamedTuple

from newsetl.errors import InputError
from newsetl.io.files import InputFile

_PROTOCOL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


class Seen(NamedTuple):
    """What a look at a file tells.

    Attributes:
        size_bytes: Its size.
        stamp: As in `InputFile.stamp`.
        is_regular: False for a directory, a pipe or a device.
    """

    size_bytes: int
    stamp: str
    is_regular: bool = True


def is_url(path: str) -> bool:
    """True for the URL of an object, or of many.

    >>> is_url("s3://bucket/a.json"), is_url("raw/a.json"), is_url("raw/s3://bucket")
    (True, False, False)
    """
    return "://" in path and _PROTOCOL.fullmatch(path.partition("://")[0]) is not None


def without_file_protocol(text: str) -> str:
    """A path for a ``file://`` URL; everything else as it is."""
    return text.removeprefix("file://")


def shown(path: str) -> str:
    """A path as it stands in uris: "/" between its parts, nothing that is no Unicode. A URL as it is."""
    return path if is_url(path) else os.fsencode(PurePath(path).as_posix()).decode("utf-8", "replace")


def look_at(path: str) -> Seen:
    """Size and stamp of a file.

    Raises:
        OSError: It is not there, or not to be had.
    """
    if is_url(path):
        from newsetl.io import remote  # noqa: PLC0415  most inputs are files

        return remote.look_at(path)
    status = os.stat(path)  # noqa: PTH116  paths stay the strings that the user gave
    return Seen(status.st_size, str(status.st_mtime_ns), stat.S_ISREG(status.st_mode))


def open_input(path: str) -> IO[bytes]:
    """A file for reading; an object reads like one, with seeking. What fails, now or later, raises OSError."""
    if is_url(path):
        from newsetl.io import remote  # noqa: PLC0415  as above

        return remote.open_object(path)
    return open(path, "rb")  # noqa: PTH123  as above


def is_file(path: str) -> bool:
    """True when there is a file; of a disk also False when it cannot be looked at.

    Raises:
        PermissionError: An object store does not tell.
        InputError: An object store cannot be reached.
    """
    if is_url(path):
        from newsetl.io import remote  # noqa: PLC0415  as above

        return remote.is_object(path)
    return os.path.isfile(path)  # noqa: PTH113  as above


def get_ready(files: Iterable[InputFile]) -> None:
    """See that this process reaches what a plan has seen, by one look at each kind of store.

    Loads what that takes, some 70 MB for S3, before memory counts as that of a record. A worker without credentials is
    met here and not as a reject for each file.

    Raises:
        InputError: It does not.
    """
    for url in {
        file.path.partition("://")[0]: file.path for file in files if file.format and is_url(file.path)
    }.values():
        try:
            look_at(url)
        except (ConnectionError, PermissionError) as error:
            raise InputError(f"{url}: cannot be reached: {error.strerror or error}") from error
        except OSError:  # of this object; told of when it is read
            continue
