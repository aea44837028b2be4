"""Repairs of characters: small functions from text to text, in a fixed order, each with a name.

Letters (the loan letters پ چ ڤ گ too), diacritics, digits, «» “” and ، ؛ ؟ stay as they are written. A repair undoes
what machines did to a text: a wrong codec, presentation forms, stretched words, invisible controls, odd spaces.
Characters that no table names pass through. `REPAIRS` gives the order and why it matters:
references and mojibake first, since both hide other characters; spaces last, since removing leaves doubles.
"""

import html
import re
import tomllib
import unicodedata
from collections.abc import Callable
from functools import cache
from html.entities import html5
from importlib.resources import files
from typing import Final

from newsetl.arabic.breaks import join_wrapped_lines, restore_breaks
from newsetl.arabic.mojibake import repair_mojibake

Repair = Callable[[str], str]

MAX_ROUNDS: Final = 6  # repairs uncover each other's work (a reference to a soft hyphen); real text needs two rounds

_ARABIC_LETTERS: Final = (
    "\u0620-\u063f\u0641-\u064a\u066e-\u06d3\u06d5\u06e5\u06e6\u06ee\u06ef\u06fa-\u06fc\u06ff\u0750-\u077f"
)
_ARABIC_MARKS: Final = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
# A text of these characters needs no repair but the few that `is_sound` tries.
_SUSPECT: Final = re.compile(
    r"[^\n !-%'-~،؛؟«»“”„‘’–—…٪٫٬\u0621-\u063a\u0640-\u0652\u0660-\u0669\u0670"
    r"\u067e\u0686\u0698\u06a4\u06a9\u06af\u06cc]"
)
_GLUED: Final = re.compile(r"\.[”»]?[\u0621-\u064a]")  # stands wherever `restore_breaks` finds work without a gap


@cache
def load_characters() -> dict[str, dict[str, str]]:
    """The tables of characters.toml: group -> character -> Unicode name (for `composed`: the letter it becomes)."""
    text = files("newsetl.arabic").joinpath("characters.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, str]] = tomllib.loads(text)
    return tables


def _class_of(group: str) -> str:
    return "[" + "".join(re.escape(c) for c in load_characters()[group]) + "]"


_REFERENCE = re.compile(
    r"&(?:#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};|(?:quot|nbsp|laquo|raquo)(?![\w;=]))"
)
_AMPERSANDS = re.compile(r"&(?:amp;|#0?38;|#[xX]26;)+")


def decode_html_entities(text: str) -> str:
    """Characters in place of HTML references, the doubly escaped too.

    Names need their semicolon, but for a few that old dumps write without; a name that HTML does not know stays.

    >>> decode_html_entities("&amp;quot;نعم&amp;quot;&nbsp;&#1548; AT&T")
    '"نعم"\\xa0، AT&T'
    """
    if "&" not in text:
        return text
    text = _AMPERSANDS.sub("&", text)
    return _REFERENCE.sub(_read_reference, text)


def _read_reference(match: re.Match[str]) -> str:
    reference = match[0]
    is_known = reference[1] == "#" or reference[1:].removesuffix(";") + ";" in html5
    return html.unescape(reference) if is_known else reference


_BREAK = re.compile(r"\r\n|" + _class_of("line_breaks"))


def unify_line_breaks(text: str) -> str:
    """Line feeds in place of every other kind of line break.

    >>> unify_line_breaks("سطر\\r\\nسطر\\u2028سطر")
    'سطر\\nسطر\\nسطر'
    """
    return _BREAK.sub("\n", text)


@cache
def _presentation_table() -> dict[int, str]:
    """Presentation form -> the letters it shows. Marks drawn on a space or a tatweel become the marks alone."""
    kept = load_characters()["kept_presentation_forms"]
    table = {}
    for point in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFF)):
        plain = unicodedata.normalize("NFKC", chr(point))
        if chr(point) not in kept and plain != chr(point):
            table[point] = plain.lstrip(" \u0640")
    return table


_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefe]")


def replace_presentation_forms(text: str) -> str:
    """Letters in place of Arabic presentation forms. Signs such as ﷺ and ﴾ ﴿ stay.

    >>> replace_presentation_forms("\\ufee3\\ufebc\\ufeae \\ufefb \\ufdfa")
    'مصر لا ﷺ'
    """
    return text.translate(_presentation_table()) if _PRESENTATION.search(text) else text


_JOINED_MARK = re.compile("[\u0300-\u036f\u0653-\u0655]")
_COMPOSED = re.compile("|".join((*load_characters()["composed"], "[A-Za-z][\u0300-\u036f]+")))


def compose_letters(text: str) -> str:
    """One letter where a letter and its hamza, madda or Latin accent were written apart; other marks stay as they are.

    >>> compose_letters("ا\\u0654حمد") == "أحمد"
    True
    """
    if _JOINED_MARK.search(text) is None:
        return text
    return _COMPOSED.sub(lambda m: load_characters()["composed"].get(m[0]) or unicodedata.normalize("NFC", m[0]), text)


# Begins with the character that rarely occurs, and looks back behind it: a twentieth of the time of the other order.
_TATWEEL = re.compile(
    f"\u0640(?<=[{_ARABIC_LETTERS}{_ARABIC_MARKS}]\u0640)"
    r"(?:(?<!\b[لب]\u0640)(?<!\b[وف][لب]\u0640)\u0640*|\u0640+)"
    f"(?=[{_ARABIC_LETTERS}{_ARABIC_MARKS}])"
)


def strip_tatweel(text: str) -> str:
    """Words without stretching.

    Kept, as spelling and no ornament: a tatweel that ends a word (لـ"الوطن"، 1436هـ), a single one that sets a
    preposition apart from a name (لـموقع، بـتونس), and one that stands alone as a dash.

    >>> strip_tatweel("الريـــاض ـ لـ«الوطن» ولـموقع 1436هـ")
    'الرياض ـ لـ«الوطن» ولـموقع 1436هـ'
    """
    return _TATWEEL.sub("", text) if "\u0640" in text else text


_BIDI = re.compile(_class_of("bidi"))


def strip_bidi_controls(text: str) -> str:
    """Text without directional controls.

    >>> strip_bidi_controls("\\u200fقال\\u202c")
    'قال'
    """
    return _BIDI.sub("", text)


_WITHOUT_WIDTH = re.compile(f"{_class_of('invisible')}|{_class_of('joiners')}")
_INVISIBLE = re.compile(
    f"{_class_of('invisible')}"
    f"|(?<![{_ARABIC_LETTERS}{_ARABIC_MARKS}])\u200c|\u200c(?![{_ARABIC_LETTERS}])"
    f"|(?<=[{_ARABIC_LETTERS}{_ARABIC_MARKS}\\s])\u200d|\u200d(?=[{_ARABIC_LETTERS}\\s]|$)|^\u200d"
)


def strip_zero_width(text: str) -> str:
    """Text without characters that take no room. A non-joiner between two Arabic letters is spelling and stays.

    >>> strip_zero_width("\\ufeffال\\u00adخبر\\u200c: می\\u200cرود") == "الخبر: می\\u200cرود"
    True
    """
    return _INVISIBLE.sub("", text) if _WITHOUT_WIDTH.search(text) else text


_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def strip_controls(text: str) -> str:
    r"""Text without control characters; line breaks and tabs are other repairs' work.

    >>> strip_controls("خ\x00بر\x7f")
    'خبر'
    """
    return _CONTROL.sub("", text)


_ODD_SPACE = re.compile(_class_of("spaces"))


def unify_spaces(text: str) -> str:
    """Plain spaces in place of every other kind of space and tab.

    >>> unify_spaces("بعد\\u00a0غد")
    'بعد غد'
    """
    return _ODD_SPACE.sub(" ", text)


_SPACES = re.compile(r"  +")


def collapse_spaces(text: str) -> str:
    """One space where several stood.

    >>> collapse_spaces("بعد   غد")
    'بعد غد'
    """
    return _SPACES.sub(" ", text)


# name in `fixes` -> repair, in this order
REPAIRS: Final[dict[str, Repair]] = {
    "html-entities": decode_html_entities,
    "mojibake": repair_mojibake,
    "line-breaks": unify_line_breaks,
    "presentation-forms": replace_presentation_forms,
    "composed-letters": compose_letters,
    "bidi-controls": strip_bidi_controls,
    "zero-width": strip_zero_width,
    "control-characters": strip_controls,
    "tatweel": strip_tatweel,
    "odd-spaces": unify_spaces,
    "hard-wraps": join_wrapped_lines,
    "lost-breaks": restore_breaks,
    "repeated-spaces": collapse_spaces,
}


def is_sound(text: str) -> bool:
    """Would no repair change this text? Most articles stop here, after a few fast searches.

    >>> is_sound("قال: «نعم» ـ ثم غادر."), is_sound("قال:  «نعم»"), is_sound("الريـــاض")
    (True, False, False)
    """
    if _SUSPECT.search(text) is not None or "  " in text or join_wrapped_lines(text) != text:
        return False
    if "\u0640" not in text and _GLUED.search(text) is None:
        return True
    # „ may be a garbled byte: `repair_mojibake` has to see it
    return "„" not in text and strip_tatweel(text) == text and restore_breaks(text) == text


def repair_text(text: str) -> tuple[str, tuple[str, ...]]:
    """The text after all repairs, and the names of those that changed something, in order, each once.

    Repairing a repaired text changes nothing: the repairs are run until none has work left.

    >>> repair_text("الريـاض&amp;nbsp;")
    ('الرياض ', ('html-entities', 'tatweel', 'odd-spaces'))
    """
    done: dict[str, None] = {}
    for _ in range(MAX_ROUNDS):
        before = text
        if is_sound(text):
            break
        for name, repair in REPAIRS.items():
            repaired = repair(text)
            if repaired != text:
                done[name] = None
                text = repaired
        if text == before:
            break
    return text, tuple(name for name in REPAIRS if name in done)
