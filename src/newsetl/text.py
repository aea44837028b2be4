"""Cleaning, sentences, folding and language for texts of your own: on a string, or on a pandas Series of strings.

The same functions that the pipeline uses. A Series gives a Series with the same index and name; what is missing in it
stays missing. Anything else is a `TypeError`. pandas is not imported here: who has a Series has it already.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from newsetl.arabic.folding import fold_text
from newsetl.records import Block, Draft, Place, RawRecord, Reject
from newsetl.stages import language, segment
from newsetl.stages.clean import clean_article
from newsetl.stages.verdicts import MAX_BYLINES

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

MAX_ROUNDS: Final = 8  # roles that a line got in one round are not in the text; a second one settles all but oddities

_NO_RECORD: Final = RawRecord(Place("", None, 0, ""), "text")


@overload
def clean(text: str) -> str: ...
@overload
def clean(text: "pd.Series[Any]") -> "pd.Series[Any]": ...
def clean(text: "str | pd.Series[Any]") -> "str | pd.Series[Any]":
    """The body of an article: characters repaired, a line for each paragraph, without the lines that are boilerplate.

    What a headline is only the record tells: a first line without a stop stays. "" when no line with a letter is left.
    Cleaning a cleaned text changes nothing.

    >>> clean("ڤيينا&nbsp;: افتُتح المعرض الكبيـــر أمس.\\r\\nشارك الخبر\\r\\nوقال المدير: «أهلا بكم».")
    'ڤيينا : افتُتح المعرض الكبير أمس.\\nوقال المدير: «أهلا بكم».'
    """
    return _apply(_clean, text, keeps_type=True)


@overload
def split_sentences(text: str) -> list[str]: ...
@overload
def split_sentences(text: "pd.Series[Any]") -> "pd.Series[Any]": ...
def split_sentences(text: "str | pd.Series[Any]") -> "list[str] | pd.Series[Any]":
    """The sentences in order, as written, without the white space between them. A line break ends a sentence.

    >>> split_sentences("ألقى د. سالم كلمة في ص.ب 33 .1 مليون متر. ثم غادر!")
    ['ألقى د. سالم كلمة في ص.ب 33 .1 مليون متر.', 'ثم غادر!']
    """
    return _apply(segment.split_sentences, text)


@overload
def search_text(text: str) -> str: ...
@overload
def search_text(text: "pd.Series[Any]") -> "pd.Series[Any]": ...
def search_text(text: "str | pd.Series[Any]") -> "str | pd.Series[Any]":
    """A key to search and join by, never to show: one alef, yeh, heh and digit, no diacritics, no tatweel, lower case.

    >>> search_text("أحمدُ إلى مكّـة ١٩٩٠ BBC") == search_text("احمد الي مكه 1990 bbc")
    True
    """
    return _apply(_search_text, text, keeps_type=True)


@overload
def find_language(text: str) -> str: ...
@overload
def find_language(text: "pd.Series[Any]") -> "pd.Series[Any]": ...
def find_language(text: "str | pd.Series[Any]") -> "str | pd.Series[Any]":
    """The code of the language that a text is written in: ar, fa, ur, ckb, ps, en …; "und" when nothing tells.

    >>> find_language("این نمایشگاه برای نخستین بار در شهر برگزار می‌شود")
    'fa'
    """
    return _apply(_find_language, text, keeps_type=True)


def _clean(text: str) -> str:
    for _ in range(MAX_ROUNDS):
        blocks = tuple(Block(line) for line in map(str.strip, text.split("\n")) if line)
        draft = clean_article(Draft(_NO_RECORD, "lines", blocks)) if blocks else None
        if draft is None or isinstance(draft, Reject):
            return ""
        cleaned = "\n".join(block.text for block in draft.blocks)
        # captions set apart and how many bylines were taken are remembered by a draft, not by a string
        is_settled = len(draft.bylines) < MAX_BYLINES and not any(block.role for block in draft.blocks)
        if is_settled or cleaned == text:
            return cleaned
        text = cleaned
    return text


def _search_text(text: str) -> str:
    return fold_text(text).casefold()


def _find_language(text: str) -> str:
    return language.find_language(text)[0]


def _apply(function: Callable[[str], T], text: Any, *, keeps_type: bool = False) -> "T | pd.Series[Any]":
    if isinstance(text, str):
        return function(text)
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(text, pandas.Series):
        raise TypeError(f"a str or a pandas Series of str is needed, not {type(text).__name__}")
    missing = text.isna()
    found = [
        value if is_missing else function(_checked(value, label))
        for label, value, is_missing in zip(text.index, text, missing, strict=True)
    ]
    # strings go back into the kind of column they came in; a categorical one lists values that cleaning may change
    is_text = keeps_type and isinstance(text.dtype, pandas.StringDtype)
    mapped: pd.Series[Any] = pandas.Series(
        found, index=text.index, name=text.name, dtype=text.dtype if is_text else object
    )
    return mapped


def _checked(value: object, label: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a Series of str is needed; at {label!r} it holds {type(value).__name__}")
    return value
