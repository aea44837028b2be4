"""The raw files behind published records: from a uri of the ledger back to a file, and how it was read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from newsetl.errors import InputError
from newsetl.io.inputs import InputFile, find_inputs
from newsetl.io.openings import is_file, is_url, shown, without_file_protocol
from newsetl.io.paths import StorePath, find_files
from newsetl.io.reading import load_urls
from newsetl.io.store import RUNS_FOLDER

ADDRESS_FILE = "urls.tsv"  # beside HTML files: lines of name, tab, URL


class RawFiles:
    """Finds raw files again; remembers the archives and tables of URLs that it has looked into."""

    def __init__(self, root: str | None = None) -> None:
        """Relative uris begin in the current directory; with a root (directory or URL), all uris below it.

        Below a root, URLs stand without their protocol: ``s3://bucket/a.json`` is ``bucket/a.json`` there.
        """
        self._root = root and without_file_protocol(root).rstrip("/")
        self._archives: dict[str, dict[str, InputFile]] = {}
        self._addresses: dict[str, Mapping[str, str]] = {}
        self._tables: dict[str, Mapping[str, str]] = {}

    def find(self, uri: str) -> InputFile | None:
        """The file, or member of an archive, that a record came from; None when it is not there any more.

        Raises:
            InputError: An object store cannot be reached.
        """
        arounds = list(_prefixes(uri, "!"))
        if not self._is_known_object(arounds) and self._is_file(uri):
            return self._examine(uri).get(uri)
        for around in arounds:
            if around not in self._archives and self._is_file(around):
                self._archives[around] = self._examine(around)
            if around in self._archives:
                return self._archives[around].get(uri)
        return None

    def address(self, uri: str) -> str | None:
        """The URL of a page, from a urls.tsv in its folder or in one above it."""
        for folder in _folders(uri):
            table_uri = ADDRESS_FILE if folder is None else f"{folder}/{ADDRESS_FILE}"
            if table_uri not in self._addresses:
                is_there = self._is_file(table_uri, or_closed=True)
                self._addresses[table_uri] = load_urls(self._path(table_uri)) if is_there else {}
            name = uri if folder is None else uri[len(folder) + 1 :]
            if url := self._addresses[table_uri].get(name):
                return url
        return None

    def table(self, path: str) -> Mapping[str, str]:
        """The table of URLs that --urls names.

        Raises:
            InputError: It cannot be read.
        """
        if path not in self._tables:
            self._tables[path] = load_urls(path)
        return self._tables[path]

    def _path(self, uri: str) -> str:
        if self._root is None:
            return uri
        return f"{self._root}/{(uri.partition('://')[2] if is_url(uri) else uri).lstrip('/')}"

    def _is_file(self, uri: str, *, or_closed: bool = False) -> bool:
        """True when there is a file; with `or_closed` False where an object store does not tell."""
        path = self._path(uri)
        try:
            return is_file(path)
        except PermissionError as error:
            if or_closed:  # above what is read, where a key may well have no rights
                return False
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error

    def _is_known_object(self, arounds: list[str]) -> bool:
        """True for a member of an object looked into before: not asked for again, that would be two requests."""
        return any(around in self._archives and is_url(self._path(around)) for around in arounds)

    def _examine(self, uri: str) -> dict[str, InputFile]:
        """A file, or the members of an archive, by their uris in the ledger; without what was never read."""
        path = self._path(uri)
        length = len(shown(path))
        found = (file for file in find_inputs([path]) if file.format or file.is_lost)
        return {file.uri: file for file in (replace(file, uri=uri + file.uri[length:]) for file in found)}


def _folders(uri: str) -> Iterator[str | None]:
    """The folders that a file lies in, innermost first; of an object up to its bucket. None: that of relative uris.

    >>> list(_folders("raw/2015/a.html")), list(_folders("s3://bucket/raw/a.html"))
    (['raw/2015', 'raw', None], ['s3://bucket/raw', 's3://bucket'])
    """
    folders = list(_prefixes(uri, "/"))
    if is_url(uri):
        yield from reversed(folders[2:])
    else:
        yield from reversed(folders)
        yield None


def _prefixes(text: str, mark: str) -> Iterator[str]:
    """What stands before each mark, shortest first.

    >>> list(_prefixes("a.zip!b!c", "!"))
    ['a.zip', 'a.zip!b']
    """
    at = text.find(mark)
    while at >= 0:
        yield text[:at]
        at = text.find(mark, at + 1)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run was told to read a file: its mapping, and the file that --urls named."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    urls: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """What the manifests of a store tell of how it was made.

    Attributes:
        profiles: Folder of profiles that the last run used; None: no such.
        use_profiles: Whether it used profiles at all.
        manners: How each file was read when it was read last, by uri; only where a run was told anything.
    """

    profiles: str | None = None
    use_profiles: bool = True
    manners: Mapping[str, Manner] = field(default_factory=dict)


def read_earlier_runs(root: StorePath) -> EarlierRuns:
    """What the manifests below a store's root tell of its runs, not of migrations, nor of backfills: these follow them.

    Raises:
        InputError: A manifest cannot be read.
    """
    profiles: str | None = None
    use_profiles = True
    manners: dict[str, Manner] = {}
    for path in sorted(find_files(root / RUNS_FOLDER), key=str):  # oldest first: their names begin with the time
        if path.suffix != ".json" or path.name.startswith((".", "_")):
            continue
        manifest = _read_manifest(path)
        if "backfill" in manifest or "migration" in manifest:
            continue
        settings: dict[str, Any] = manifest.get("settings", {})
        profiles, use_profiles = settings.get("profiles"), settings.get("use_profiles", True)
        manner = Manner(settings.get("mapping") or {}, settings.get("urls"))
        if manner == Manner() and not manners:
            continue  # nothing to remember, nothing to forget
        for uri in {piece[0] for batch in manifest.get("batches", ()) for piece in batch.get("slices", ())}:
            if manner == Manner():
                manners.pop(uri, None)
            else:
                manners[uri] = manner
    return EarlierRuns(profiles, use_profiles, manners)


def _read_manifest(path: StorePath) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no manifest that can be read ({error}); move it away to go on without it") from error
    return manifest
