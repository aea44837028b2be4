"""What tags and the names that themes give to elements (class, id) say of what is in them, by markup.toml."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal

Hint = Literal["", "beside", "caption", "body"]

KEY_LETTERS: Final = 3  # of an entry of markup.toml by which it is looked up; none is shorter
MAX_NAME_CHARS: Final = 300  # of a class and an id that are looked at

_HINT_ORDER: Final[tuple[Hint, ...]] = ("caption", "beside", "body")  # the first that a name gives counts
_WORDS = re.compile("[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_AUTHOR_NAMES: Final = ("author", "byline", "writer", "writeby", "editor", "reporter", "journalist", "kateb")
_DATE_NAMES: Final = ("date", "time", "publish")


@dataclass(frozen=True, slots=True)
class Name:
    """What the class and id of an element say."""

    hint: Hint
    is_date: bool
    is_author: bool
    is_clue: bool


@cache
def _load_markup() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("newsetl.stages").joinpath("markup.toml").read_text(encoding="utf-8"))


@cache
def load_kinds() -> dict[str, str]:
    """Tag -> inline, link, break, void or unseen, for elements that are no box of their own."""
    return {tag: kind for kind, tags in _load_markup()["tags"].items() for tag in tags}


@cache
def load_hints() -> dict[str, tuple[tuple[str, Hint], ...]]:
    """First letters of an entry of markup.toml -> such entries with their hint, captions before the rest, body last."""
    found: dict[str, list[tuple[str, Hint]]] = {}
    for kind in _HINT_ORDER:
        for entry in (entry for entries in _load_markup()[kind].values() for entry in entries):
            # "bio." must end a word: the names that are looked up have a space behind each word
            found.setdefault(entry[:KEY_LETTERS], []).append((entry.replace(".", " "), kind))
    return {letters: tuple(entries) for letters, entries in found.items()}


@lru_cache(maxsize=4096)
def read_name(class_: str, id_: str = "") -> Name:
    """What a class and an id say of their element; the same few names come again and again.

    >>> read_name("relatedPosts col-md-4").hint, read_name("entry-content clearfix").hint, read_name("row").hint
    ('beside', 'body', '')
    """
    class_ = class_[:MAX_NAME_CHARS]
    words = " ".join(_WORDS.findall(f"{class_} {id_[:MAX_NAME_CHARS]}")).lower() + " "
    hints, table, at = set(), load_hints(), 0
    while at < len(words):
        for entry, kind in table.get(words[at : at + KEY_LETTERS], ()):
            if words.startswith(entry, at):
                hints.add(kind)
        at = words.find(" ", at) + 1
    hint: Hint = next((kind for kind in _HINT_ORDER if kind in hints), "")
    low = class_.lower()
    is_date, is_author = (any(name in low for name in names) for names in (_DATE_NAMES, _AUTHOR_NAMES))
    return Name(hint, is_date, is_author, is_date or is_author)


NO_NAME: Final = Name("", is_date=False, is_author=False, is_clue=False)
