"""Keys for comparing Arabic strings. A folded text is never stored or shown: it only tells whether two are the same."""

import re
import unicodedata

_SAME_LETTER = {
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "\u0671": "ا",  # ARABIC LETTER ALEF WASLA
    "ى": "ي",
    "ی": "ي",  # ARABIC LETTER FARSI YEH
    "ک": "ك",  # ARABIC LETTER KEHEH
    "ة": "ه",
}
# Marks and invisible characters, as inclusive code point ranges.
_DROPPED_RANGES = (
    (0x0610, 0x061A),  # Koranic signs and small letters above
    (0x061C, 0x061C),  # ARABIC LETTER MARK
    (0x0640, 0x0640),  # ARABIC TATWEEL
    (0x064B, 0x065F),  # fathatan … wavy hamza below: the short vowels and their company
    (0x0670, 0x0670),  # ARABIC LETTER SUPERSCRIPT ALEF
    (0x06D6, 0x06DC),  # Koranic annotation signs
    (0x06DF, 0x06E8),
    (0x06EA, 0x06ED),
    (0x00AD, 0x00AD),  # SOFT HYPHEN
    (0x200B, 0x200F),  # zero width space … RIGHT-TO-LEFT MARK
    (0x202A, 0x202E),  # bidi embeddings and overrides
    (0x2060, 0x2069),  # WORD JOINER … POP DIRECTIONAL ISOLATE
    (0xFEFF, 0xFEFF),  # ZERO WIDTH NO-BREAK SPACE
)
_ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_DIGITS = {d: str(i) for digits in (_ARABIC_DIGITS, _PERSIAN_DIGITS) for i, d in enumerate(digits)}
_DIGIT = re.compile(f"[{_ARABIC_DIGITS}{_PERSIAN_DIGITS}]")
_DROPPED = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _DROPPED_RANGES) + "]")


def fold_text(text: str) -> str:
    """A matching key: no marks, tatweel or invisible characters, one alef, yeh, heh and digit, single spaces.

    Letter case stays. Folding twice equals folding once.

    >>> fold_text("  أُمَّــة  إلى ٢٠٢٠ ")
    'امه الي 2020'
    """
    folded = _fold_characters(text)
    if not folded.isascii() and (plain := unicodedata.normalize("NFKC", folded)) != folded:
        # Compatibility forms may bring new marks (U+FE77 holds a tatweel), so fold again, then compose what met.
        folded = unicodedata.normalize("NFC", _fold_characters(plain))
    return " ".join(folded.split())


def _fold_characters(text: str) -> str:
    """One character after the other; str.translate, which asks for each of them, takes ten times as long."""
    if text.isascii():
        return text
    for letter, base in _SAME_LETTER.items():
        text = text.replace(letter, base)
    return fold_digits(_DROPPED.sub("", text))


def fold_name(name: str) -> str:
    """A key for names in tables: like `fold_text`, without letter case.

    >>> fold_name("BBC  عربى") == fold_name("bbc عربي")
    True
    """
    return fold_text(name).casefold()


def fold_digits(text: str) -> str:
    """The text with Arabic-Indic and Persian digits as ASCII digits; nothing else changes.

    >>> fold_digits("٣ شباط ۲۰۱۵")
    '3 شباط 2015'
    """
    return _DIGIT.sub(lambda digit: _DIGITS[digit[0]], text)
