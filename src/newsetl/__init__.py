"""ETL for Arabic news archives: clean articles, metadata and quotes with speakers, as partitioned Parquet."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

__version__ = version("newsetl")

if TYPE_CHECKING:
    from newsetl.reading import read
    from newsetl.text import clean, find_language, search_text, split_sentences

__all__ = ["__version__", "clean", "find_language", "read", "search_text", "split_sentences"]

_HOMES = {name: "newsetl.reading" if name == "read" else "newsetl.text" for name in __all__[1:]}


def __getattr__(name: str) -> Any:
    """A public function, imported when it is asked for: text functions need no Arrow, `read` no tables of Arabic."""
    if name not in _HOMES:
        raise AttributeError(f"module 'newsetl' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
