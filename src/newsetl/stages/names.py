"""Names of persons: what can be one, without titles, and where one list of names is several."""

import re
import unicodedata

from newsetl.arabic.bylines import byline_key, load_bylines
from newsetl.arabic.folding import fold_name
from newsetl.sources.lookup import load_index, name_key

# Given name, father, grandfather, tribe, and a title or two; particles are not counted.
MAX_NAME_WORDS = 6
MIN_NAME_WORDS = 2
MIN_LONGEST = 3  # letters of the longest word of a name
# Signs that may cling to the ends of a piece of a byline.
EDGE = " \t.،,-–—ـ:؛;|/\"'«»“”*…"
# Letters, marks, stops and dashes; a name ends in a letter, its mark or the stop of an initial.
_NAME = re.compile("[^\\W\\d_][\\w .'’\u064b-\u0652\u0670-]{0,78}[^\\W\\d_][\u064b-\u0652]{0,2}\\.?|[^\\W\\d_]")
_DIGIT = re.compile(r"\d")
# A title is a word, or a letter or two with stops ("أ.د."); a single letter needs its stop or a space.
_FIRST_WORD = re.compile(r"((?:[^\W\d_]{1,2}\.){1,3}|[^\W\d_]+)\.?(?:\s+|(?<=\.)|$)")


def split_names(piece: str, *, joined: bool = False) -> list[str]:
    """The names in a piece, joined by و; none when the piece is a phrase or too long for names.

    Cut only where both sides have two words and the second is not وليد or its like. `joined`: the piece follows
    another name, so that a و at its front is a conjunction too.

    >>> split_names("سلمى الراوي وهاني الفاروقي"), split_names("سلمى وديع الراوي"), split_names("جولة في السوق")
    (['سلمى الراوي', 'هاني الفاروقي'], ['سلمى وديع الراوي'], [])
    """
    table = load_bylines()
    words = piece.split()
    if not table.prose_words.isdisjoint(words):
        return []
    names: list[list[str]] = [[]]
    for at, word in enumerate(words):
        joins = word.startswith("و") and fold_name(word) not in table.names_in_waw
        first = joined and at == 0
        enough = len(names[-1]) >= MIN_NAME_WORDS and (len(words) - at >= MIN_NAME_WORDS or word == "و")
        if joins and (first or enough):
            names.append([word[1:]] if word != "و" else [])
        else:
            names[-1].append(word)
    if any(_count_words(name) > MAX_NAME_WORDS for name in names):
        return []
    return [" ".join(name) for name in names if name]


def clean_name(name: str, own: frozenset[str], *, alone: bool) -> tuple[str | None, str | None]:
    """A person's name without titles, or None; and the place that clung to it, or None.

    Args:
        name: One piece of a byline, or a part of it.
        own: Keys of the outlet's own names.
        alone: Whether it is all that a field says: only then may it be of one word.

    >>> clean_name("الرياض خالد بن سعد", frozenset(), alone=False)
    ('خالد بن سعد', 'الرياض')
    """
    words = strip_titles(name).split()
    place = _pop_place(words)
    arabic = [word for word in words if not word.isascii()]
    if len(arabic) >= MIN_NAME_WORDS:
        words = arabic  # "Next Previous فلان الفلاني"
    if len(words) > MIN_NAME_WORDS and name_key(words[-1]) in own:
        words.pop()  # "فلان الفلاني سبق"
    clean = " ".join(words)
    if not words or not _NAME.fullmatch(clean) or _DIGIT.search(clean) or _is_taken(clean, words[0]):
        return None, place
    if max(map(len, words)) < MIN_LONGEST:
        return None, place  # letters of an agency that were cut apart: "ف ب"
    if len(words) == 1 and (not alone or clean.startswith("ال") or not _is_single_name(clean)):
        return None, place
    return clean, place


def strip_titles(name: str) -> str:
    """A name without د., الدكتور and their like at its front, one after the other.

    >>> strip_titles("أ.د. سلمى الراوي"), strip_titles("م سالم"), strip_titles("الدكتور")
    ('سلمى الراوي', 'سالم', '')
    """
    titles = load_bylines().titles
    rest = name.strip(EDGE)
    while rest:
        match = _FIRST_WORD.match(rest)
        if match is None or byline_key(match[1]) not in titles:
            return rest
        rest = rest[match.end() :].strip(EDGE)
    return rest


def is_arabic_word(word: str) -> bool:
    """Whether a word is of Arabic letters only, three at least."""
    return len(word) >= 3 and word.isalpha() and unicodedata.bidirectional(word[0]) == "AL"


def _pop_place(words: list[str]) -> str | None:
    """Take a place off a name: at its front with the article, at its end behind two words or three."""
    places = load_bylines().places
    if len(words) > 2 and words[0].startswith("ال") and byline_key(words[0]) in places:
        return words.pop(0)
    if len(words) > 2 and (words[-1].startswith("ال") or len(words) > 3) and byline_key(words[-1]) in places:
        return words.pop()
    return None


def _is_taken(clean: str, first: str) -> bool:
    """Whether a name is that of an agency, a desk, an organisation or an outlet."""
    table, key = load_bylines(), byline_key(clean)
    if key in table.agencies or key in table.desks or byline_key(first) in table.organisation_heads:
        return True
    return name_key(clean) in load_index().names


def _count_words(words: list[str]) -> int:
    """Words of a name, particles (بن، آل، عبد، أبو) not counted."""
    particles = load_bylines().name_particles
    return sum(fold_name(word) not in particles for word in words)


def _is_single_name(word: str) -> bool:
    """Whether one word may be a person: a capitalised Latin word, or an Arabic one of three letters or more."""
    if word.isascii():
        return word[0].isupper() and word[1:].islower() and len(word) > 2
    return is_arabic_word(word)
