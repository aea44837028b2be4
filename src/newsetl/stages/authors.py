"""Persons, agencies and places of a byline: "بيروت - سالم العلي", "فلان (جدة)", "كتبت فلانة", "لندن: رويترز".

A byline is cut at its signs into pieces; each piece is an agency, an outlet, a desk, a role, a place or a person.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape

from newsetl.arabic.bylines import byline_key, is_masthead, load_bylines
from newsetl.arabic.calendars import load_calendar
from newsetl.arabic.folding import fold_name
from newsetl.sources.lookup import find_known, load_index, name_key
from newsetl.stages.names import EDGE, clean_name, is_arabic_word, split_names

# A longer string is a sentence that landed in the author field. Characters.
MAX_BYLINE = 160
# Writers and agencies come back: two of three articles have a byline that one of so many before them had.
BYLINE_CACHE = 4096
MAX_PLACE_WORDS = 3
MAX_AUTHORS = 20
# A string with a full stop and so many spaces is a sentence.
PROSE_SPACES = 6
_AGENCY_NOUN = "وكاله "  # folded

_DROPPED = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]"
)
_TATWEEL_IN_WORD = re.compile("(?<=[\u0620-\u064a])\u0640+(?=[\u0620-\u064a])")
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")
_SPACES = re.compile(r"\s+")
_NO_NAME = re.compile(r"https?://|www\.|@|\.(?:com|net|org)\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
# A spaced or one-sided dash, a tatweel standing alone as one, a slash, a colon, a bar, a comma, a lone quote mark.
_CUT = re.compile(r"\s+[-–—ـ]+\s*|[-–—ـ]+\s+|\s*[/\\|:؛;،,&•·_\n\t]\s*|(?<=\w)[\"«»“”](?=\w)")
_TIGHT_DASH = re.compile(r"[-–—ـ]")
_HEAD = re.compile(r"([^\n:–—-]{2,60}?)\s*(?:[-–—]{1,3}|:)\s")
_PARENTHESIS = re.compile(r"[(\[]([^()\[\]]{0,60})[)\]]")
_QUOTED = re.compile("[\"'«»“”‘’]")
_FROM = re.compile(r"^(.{3,60}) من ([^ ].{1,30})$")


@dataclass(slots=True)
class Byline:
    """What the bylines of an article name, in order, without doubles."""

    authors: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)  # translators and editors: authors when there is no other
    agencies: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    own: frozenset[str] = frozenset()  # keys of the outlet's own names: no persons

    def persons(self) -> tuple[str, ...]:
        return tuple((self.authors or self.second)[:MAX_AUTHORS])


def find_bylines(
    fields: Iterable[str], lines: Iterable[str] = (), datelines: Iterable[str] = (), own: frozenset[str] = frozenset()
) -> Byline:
    """Everything that author fields, byline lines and datelines name.

    Args:
        fields: Values that a record or page gives as its author.
        lines: Lines of the body that are bylines; their persons count when the fields name none.
        datelines: Beginnings of a body ("القاهرة (رويترز)"); a person there needs a place, agency or role beside.
        own: Keys of the names of the article's own outlet (`newsetl.sources.lookup.outlet_keys`).

    Returns:
        To be read only: articles with the same bylines share one.

    >>> found = find_bylines(["لندن: سلمى الراوي ووليد حداد", "رويترز"])
    >>> found.authors, found.agencies, found.places
    (['سلمى الراوي', 'وليد حداد'], ['رويترز'], ['لندن'])
    """
    said = (tuple(fields), tuple(lines), tuple(datelines))
    size = sum(len(text) for texts in said for text in texts)
    return (_find_bylines if size <= MAX_BYLINE else _find_bylines.__wrapped__)(*said, own)


@lru_cache(maxsize=BYLINE_CACHE)
def _find_bylines(
    fields: tuple[str, ...], lines: tuple[str, ...], datelines: tuple[str, ...], own: frozenset[str]
) -> Byline:
    found, below = Byline(own=own), Byline(own=own)
    for text in fields:
        _read(text, found, single=True)
    for text in lines:
        if find_origin(text) is None:
            _read(text, below, single=False)
    for text in datelines:
        _read_dateline(text, below)
    if not found.persons():
        found.authors, found.second = below.authors, below.second
    for name in below.agencies:
        _add(found.agencies, name)
    for name in below.places:
        _add(found.places, name)
    return found


def find_head(line: str, own: frozenset[str] = frozenset()) -> str | None:
    """The dateline that a first paragraph begins with, when each piece of it is a known place, agency or outlet.

    >>> find_head("القاهرة (رويترز) - أعلنت الهيئة أن الجسر سيفتح"), find_head("الجسر - كما قيل - قديم")
    ('القاهرة (رويترز)', None)
    """
    match = _HEAD.match(line)
    if match is None:
        return None
    pieces = _cut(_tidy(match[1]))
    known = all(_is_known(piece) or is_masthead(piece) or name_key(piece) in own for piece in pieces)
    return match[1].strip() if pieces and known else None


def find_origin(line: str) -> str | None:
    """The outlet or agency that a line such as "المصدر: …" or "نقلا عن …" names; "" when it names none we know.

    Returns:
        None for a line that does not begin with such a label.

    >>> find_origin("المصدر: رويترز"), find_origin("*نقلاً عن «عكاظ»"), find_origin("سلمى الراوي")
    ('رويترز', 'عكاظ', None)
    """
    key, labels = byline_key(line[:MAX_BYLINE]), load_bylines().source_labels
    if not key.startswith(labels):
        return None
    label = next(label for label in labels if key.startswith(label))
    # "عن" alone begins many a sentence: it is a label only with a colon or bracket of its own.
    if label == "عن " and ":" not in line[:6]:
        return None
    rest = key[len(label) :]
    known = find_known(rest)
    return load_bylines().agencies.get(rest) or (known.name if known else "")


def find_agency(text: str) -> str | None:
    """The canonical name of an agency that the whole string names, else None.

    >>> find_agency("(أ.ف.ب)"), find_agency("فرانس برس"), find_agency("سلمى")
    ('أ ف ب', 'أ ف ب', None)
    """
    return load_bylines().agencies.get(byline_key(text))


def is_place(text: str) -> bool:
    """Whether the table of places has the string."""
    return byline_key(text) in load_bylines().places


def _tidy(text: str) -> str:
    """A byline as people read it: entities resolved, no invisible characters or tatweel, letters composed."""
    if len(text) > 4 * MAX_BYLINE:
        return ""
    text = _SPACES.sub(lambda m: "\n" if "\n" in m[0] else "  " if len(m[0]) > 1 else " ", unescape(text))
    return _TATWEEL_IN_WORD.sub("", _PRESENTATION.sub(_compose, _DROPPED.sub("", text))).strip()


def _read_dateline(text: str, found: Byline) -> None:
    """A dateline names persons only beside a place, agency or role, and none before an agency in parentheses."""
    clean = _tidy(text)
    known = any(map(_is_known, _cut(clean))) or _strip_role(clean)[1] is not None
    if not known and not any(map(is_masthead, _cut(clean))):
        return
    read = Byline(own=found.own)
    _read(text, read, single=False)
    closing = _PARENTHESIS.search(clean)
    if closing is None or not (_is_known(closing[1]) or is_masthead(closing[1])):
        found.authors.extend(name for name in read.authors if name not in found.authors)
    elif places := _cut(clean[: closing.start()]):
        first = places[0]  # "سيؤول، كوريا الجنوبية (رويترز)": the town stands first, in the table or not
        if not _is_known(first) and first.count(" ") <= 1 and all(map(is_arabic_word, first.split())):
            _add(found.places, first)
    for name in read.agencies:
        _add(found.agencies, name)
    for name in read.places:
        _add(found.places, name)


def _read(text: str, found: Byline, *, single: bool) -> None:
    """Add what one byline names to `found`."""
    text = _tidy(text)
    if not text or len(text) > MAX_BYLINE or (text[-1] in ".!؟" and text.count(" ") >= PROSE_SPACES):
        return
    pieces = _cut(text)
    alone = single and len(pieces) == 1
    role = "author"
    unknown: list[str] = []
    if len(pieces) == 2 and (place := _find_place_before(text, pieces, found)):
        _add(found.places, place)
        pieces = pieces[1:]
    for piece in pieces:
        rest, new_role = _strip_role(piece)
        role = new_role or role
        if rest and not _add_piece(rest, role, found, alone=alone and new_role is None, many=len(pieces) > 1):
            unknown.append(rest)
    # "بينتونفيل: فلان الفلاني": a single word beside a person or an agency is the place, though no table has it.
    if not found.places and (found.authors or found.agencies) and len(unknown) == 1 and _is_town(unknown[0]):
        _add(found.places, unknown[0])


def _find_place_before(text: str, pieces: list[str], found: Byline) -> str | None:
    """The first of two pieces when the other is an agency, or an outlet behind a colon: a town, known or not."""
    first, second = pieces
    agency = find_agency(second) is not None
    outlet = _is_outlet(second, found) and ":" in text[: text.find(second)]
    if not (agency or outlet) or _is_known(first) or _strip_role(first)[1] or first.count(" ") >= MAX_PLACE_WORDS:
        return None
    return first if all(word.isalpha() and not word.isascii() for word in first.split()) else None


def _cut(text: str) -> list[str]:
    """The pieces of a byline between its signs; what stands in parentheses is a piece of its own."""
    text = _PARENTHESIS.sub(r" | \1 | ", text)
    pieces: list[str] = []
    for piece in _CUT.split(text):
        for part in _cut_wide(piece):
            pieces.extend(_cut_tight(part) if _TIGHT_DASH.search(part) else [part])
    cleaned = (_QUOTED.sub("", piece).strip(EDGE) for piece in pieces)
    return [piece for piece in cleaned if piece]


def _cut_wide(piece: str) -> list[str]:
    """Cut at a double space only between two names of two words: elsewhere it is a slip of the finger."""
    parts = piece.split("  ")
    return parts if all(" " in part.strip() or _is_known(part) for part in parts) else [" ".join(piece.split())]


def _cut_tight(piece: str) -> list[str]:
    """Cut at a dash without spaces only where a side is known: "الرياض-واس", but not "كيم جونغ-أون"."""
    parts = _TIGHT_DASH.split(piece)
    known = any(_is_known(part) for part in parts)
    return parts if known else [piece]


def _is_known(part: str) -> bool:
    words, key = load_bylines(), byline_key(part)
    tables = (words.places, words.agencies, words.desks, words.roles)
    return any(key in table for table in tables) or name_key(part) in load_index().names


def _strip_role(piece: str) -> tuple[str, str | None]:
    """The piece without the role word at its front, and what that word says of who follows."""
    table = load_bylines()
    words = piece.split()
    for length in range(min(table.longest_role, len(words)), 0, -1):
        role = table.roles.get(byline_key(" ".join(words[:length])))
        if role is not None:
            return " ".join(words[length:]).strip(EDGE), role
    return piece, None


def _add_piece(piece: str, role: str, found: Byline, *, alone: bool, many: bool) -> bool:
    """Add one piece to what it names; False when it is one word that says nothing by itself."""
    if _add_known(piece, role, found, placed=many or not alone):
        return True
    if match := _FROM.match(piece):
        _add_piece(match[1], role, found, alone=False, many=True)
        if _is_place_like(match[2]):
            _add(found.places, match[2])
        return True
    if _NO_NAME.search(piece) or role == "photo" or _is_all_known(piece.split()):
        return True
    return _add_names(piece, role, found, alone=alone)


def _add_known(piece: str, role: str, found: Byline, *, placed: bool) -> bool:
    """Add a piece that tables know: agency, place (when `placed`), outlet, desk, date; False for others."""
    table, key = load_bylines(), byline_key(piece)
    agency = table.agencies.get(key)
    if agency:
        if role != "photo":
            _add(found.agencies, agency)
    elif placed and (key in table.places or key.partition(" ")[0] in table.place_heads):
        _add(found.places, piece)
    elif _DIGIT.search(piece):
        place = _before_date(piece)
        if byline_key(place) in table.places:
            _add(found.places, place)
    elif _is_outlet(piece, found):
        if key.startswith(_AGENCY_NOUN) and name_key(piece) not in found.own:
            _add(found.agencies, piece)  # an agency that no table has: "وكالة أنباء الوادي"
    else:
        return not key or key in table.places or key in table.desks
    return True


def _is_outlet(piece: str, found: Byline) -> bool:
    return name_key(piece) in found.own or name_key(piece) in load_index().names or is_masthead(piece)


def _is_all_known(words: list[str]) -> bool:
    """Whether a piece is put together of known names without a sign between: "سبق الطائف", "لندن الشرق الأوسط"."""
    if all(map(_is_known, words)):
        return True
    return any(is_place(end) for end in (words[0], words[-1])) and any(
        _is_known(" ".join(words[:at])) and _is_known(" ".join(words[at:])) for at in range(1, len(words))
    )


def _before_date(piece: str) -> str:
    """The words before a date: "بيروت" of "بيروت في الثلاثاء 3 شباط 2015"."""
    words = re.split(r"\d", piece, maxsplit=1)[0].split()
    known = load_calendar().words
    while words and (byline_key(words[-1]) in known):
        words.pop()
    return " ".join(words).strip(EDGE)


def _add_names(piece: str, role: str, found: Byline, *, alone: bool) -> bool:
    persons = found.authors if role == "author" else found.second
    before = len(persons)
    for part in split_names(piece, joined=bool(persons)):
        name, place = clean_name(part, found.own, alone=alone)
        if place:
            _add(found.places, place)
        if name:
            _add(persons, name)
    return " " in piece or len(persons) > before


def _is_place_like(text: str) -> bool:
    return (
        find_agency(text) is None and not _DIGIT.search(text) and text.count(" ") < MAX_PLACE_WORDS and " و" not in text
    )


def _is_town(word: str) -> bool:
    """Whether one unknown word may be a town: Arabic, and no word of dates."""
    return is_arabic_word(word) and byline_key(word) not in load_calendar().words


def _compose(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


def _add(items: list[str], item: str) -> None:
    if not items or fold_name(item) not in map(fold_name, items):
        items.append(item)
