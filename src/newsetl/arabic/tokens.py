"""Words and signs of a text with their places and matching keys."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

_MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0640"
# A word is letters, digits and the marks on them; a line break and any other visible sign is a token of its own.
_TOKEN = re.compile(rf"([\w{_MARKS}]+|\n|[^\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u061c])")
_DROP_MARKS = re.compile(f"[{_MARKS}]+")
# One code point to one code point, so that places stay the same. ى and ي stay apart: على (on) is not علي (Ali).
_FOLD = (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("\u0671", "ا"), ("ی", "ي"), ("ک", "ك"))


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text cut into tokens: three lists of the same length.

    Attributes:
        keys: The folded form (one alef, no marks, no tatweel); a sign or a line break is its own key.
        starts: Code point offset of the first character of each token in the text.
        ends: Offset after its last character.
    """

    text: str
    keys: list[str]
    starts: list[int]
    ends: list[int]

    def __len__(self) -> int:
        return len(self.keys)

    def slice_text(self, first: int, stop: int) -> str:
        """The text of tokens `first` to `stop`, without the last.

        >>> split_tokens("قالَ الوزيرُ: نعم").slice_text(0, 2)
        'قالَ الوزيرُ'
        """
        return self.text[self.starts[first] : self.ends[stop - 1]] if stop > first else ""


def fold_word(word: str) -> str:
    """The matching key of one word.

    >>> fold_word("أكّــد") == fold_word("اكد")
    True
    """
    return _DROP_MARKS.sub("", _fold_letters(word))


def _fold_letters(text: str) -> str:
    for letter, base in _FOLD:  # six searches in C are faster than str.translate
        text = text.replace(letter, base)
    return text


def split_tokens(text: str) -> Tokens:
    """Cut a text into words, signs and line breaks; spaces and invisible characters are left out.

    >>> split_tokens("قالَ: «نعم»").keys
    ['قال', ':', '«', 'نعم', '»']
    """
    folded = _fold_letters(text)
    pieces = _TOKEN.split(folded)  # gap, token, gap ... token, gap: a third faster than asking matches for their spans
    ends = list(accumulate(map(len, pieces)))
    tokens = Tokens(text, pieces[1::2], ends[:-1:2], ends[1::2])
    _strip_marks(tokens, folded)
    return tokens


def _strip_marks(tokens: Tokens, folded: str) -> None:
    """Take the marks off the keys; only words that have any are touched, since few words of a newspaper do."""
    stripped = -1
    for mark in _DROP_MARKS.finditer(folded):
        at = bisect_right(tokens.starts, mark.start()) - 1
        if at != stripped:
            tokens.keys[at] = _drop_marks(tokens.keys[at])
            stripped = at


def _drop_marks(key: str) -> str:
    """The key without marks; a run of marks or tatweel alone stays one sign, since no key is empty."""
    return _DROP_MARKS.sub("", key) or key[0]
