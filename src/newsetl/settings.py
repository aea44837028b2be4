"""One frozen value with everything a run can be told: built-in values, then `newsetl.toml`, then the arguments."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from newsetl.errors import SettingsError

DEFAULT_INPUTS = ("data/raw",)
DEFAULT_OUT = "data/processed"
SETTINGS_FILE = "newsetl.toml"

# Work of some 3 s on one core of 2020s hardware: 8 MB of UTF-8 text is about 2,000 news articles. What an interruption
# costs, and how long one worker may be alone at the end.
BATCH_BYTES = 8_000_000
# Every part of a split file reads the whole file again (`io.readers`), which costs 1 % of the work of the whole; of
# pages, mostly for unpacking them, 7 %: they are cut into fewer and larger parts.
MAX_PARTS = 16
MAX_PARTS_OF_PAGES = 4
# A batch of small records needs some 50 MB: rows on their way to disk, and what the libraries hold.
MIN_MEMORY = 128 * 1024**2
ENGINES = ("local", "dask")


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Settings:
    """What to read, where to write, and how.

    Attributes:
        inputs: Files, directories and glob patterns, or URLs of such on an object store.
        out: Directory of the datasets.
        sources: Slugs to keep; empty means all.
        limit: Read at most so many records; None means all.
        workers: Worker processes, at least 1.
        mapping: Field of newsetl -> column or key of the input, such as {"text": "content"}.
        profiles: Folder with profiles of sources of your own, laid over the built-in ones.
        use_profiles: Whether the selectors and lines of profiles are used; names, slugs and zones always are.
        urls: File with lines "name, tab, URL" that gives HTML files their addresses.
        max_record_bytes: Records above this size become rejects.
        batch_bytes: Bytes of text that make a batch; twenty times as many of pages.
        max_document_seconds: Processor time of one record; above it, or after four times as long of waiting, it becomes
            a reject. One of 16 MB takes 13 s on the hardware above.
        max_document_memory: Bytes that a worker may take while at a batch, above what it holds before. A record of
            16 MB takes 0.4 GB.
        wait_seconds: How long to wait for another run that writes to `out`; 0 fails at once.
        engine: Who does the work: "local" (worker processes of this machine) or "dask" (a cluster; docs/cluster.md).
        scheduler: Address of the cluster's scheduler, such as "tcp://head:8786".
    """

    inputs: tuple[str, ...] = DEFAULT_INPUTS
    out: str = DEFAULT_OUT
    sources: tuple[str, ...] = ()
    limit: int | None = None
    workers: int = field(default_factory=available_cores)
    mapping: Mapping[str, str] = field(default_factory=dict)
    urls: str | None = None
    profiles: str | None = None
    use_profiles: bool = True
    max_record_bytes: int = 16 * 1024 * 1024
    batch_bytes: int = BATCH_BYTES
    max_document_seconds: float = 30.0
    max_document_memory: int = 2 * 1024**3
    wait_seconds: float = 0.0
    engine: str = "local"
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise SettingsError(f"workers must be 1 or more, not {self.workers}")
        if self.limit is not None and self.limit < 1:
            raise SettingsError(f"limit must be 1 or more, not {self.limit}")
        if self.max_document_seconds <= 0:
            raise SettingsError(f"max_document_seconds must be above 0, not {self.max_document_seconds}")
        if self.max_document_memory < MIN_MEMORY:
            raise SettingsError(f"max_document_memory must be {MIN_MEMORY} or more, not {self.max_document_memory}")
        if not self.wait_seconds >= 0:
            raise SettingsError(f"wait_seconds must be 0 or more, not {self.wait_seconds}")
        if self.engine not in ENGINES:
            raise SettingsError(f"engine must be {' or '.join(ENGINES)}, not {self.engine!r}")
        if (self.engine == "dask") != bool(self.scheduler):
            raise SettingsError("engine = dask needs scheduler, the address of its scheduler, and nothing else does")
        if not self.inputs:
            raise SettingsError("no inputs given: name a file, a directory or a pattern")


def load_settings(path: Path | None = None, **arguments: Any) -> Settings:
    """Settings from a TOML file with the arguments laid over it.

    Args:
        path: The file; None takes `newsetl.toml` in the current directory if there is one.
        arguments: Attributes of `Settings`; None means "not given". A mapping is merged key by key.

    Raises:
        SettingsError: The file is missing or no TOML, or names something that is no setting.
    """
    from_file = _read_file(path)
    mapping = {**from_file.pop("map", {}), **(arguments.pop("mapping", None) or {})}
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        return replace(Settings(), **{**from_file, **given, "mapping": mapping})
    except TypeError as error:
        raise SettingsError(f"unusable settings: {error}") from error


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        path = Path(SETTINGS_FILE)
        if not path.is_file():
            return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    known = {f.name for f in fields(Settings)} - {"mapping"} | {"map"}
    if unknown := sorted(table.keys() - known):
        raise SettingsError(f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}")
    several = {name: [table[name]] for name in ("inputs", "sources") if isinstance(table.get(name), str)}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in (table | several).items()}
