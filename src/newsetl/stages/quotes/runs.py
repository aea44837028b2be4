"""Runs of words that can be a person's name: where they begin and where they end."""

import re

from newsetl.stages.quotes.classes import base_word, is_adverb, is_body, is_name_like, is_role
from newsetl.stages.quotes.lexicon import load_cue_words, load_speaker_words
from newsetl.stages.quotes.memo import remember
from newsetl.stages.quotes.scene import Scene

_LONGEST_NAME = 7
# Verbal nouns and their plurals, by their shape: اغتيال، استقدام، اعتذارات.
_VERBAL_NOUN = re.compile(r"ا[^اوي]ت.ا.(?:ات)?|است..?ا.(?:ات)?|.{5,}ات")
_SURE = 2  # words of a name that stand without further evidence
_LONGEST_UNKNOWN = 4  # words of a name between clear bounds
_LONG_DUAL = 5  # letters; shorter words in ين are often names
_OBJECTS = ("ها", "هم", "هما", "كم")  # endings of words that govern a pronoun
JOINING = frozenset(("بن", "ابن", "بنت", "ال", "ولد", "ود"))
_SAYYID = "السيد"  # a title, and a name between two others
_DIVINE = ("الدين", "الله", "الرحمن")
_LINKS = frozenset(("لا", "لو", "ام"))  # particles that are common words as well
CALLED = frozenset(("باسمه", "باسمها", "اسمه", "اسمها", "واسمه", "واسمها", "يدعى", "تدعى", "ويدعى", "وتدعى"))
_ARTICLES = ("ال", "لل", "بال", "وال")


def is_known_name(scene: Scene, at: int) -> bool:
    """Do the tables know the word as part of a personal name?"""
    return scene.keys[at] in scene.words.known_names


def has_article(scene: Scene, at: int) -> bool:
    """Does the word begin with the article, not with the أل of أليكسي?"""
    return scene.keys[at].startswith("ال") and scene.tokens.text[scene.tokens.starts[at]] == "ا"


def is_plain(scene: Scene, at: int) -> bool:
    """May a word that no table knows be part of a name, as far as its shape shows?"""
    key = scene.keys[at]
    if is_known_name(scene, at):
        return True
    if not _has_name_shape(key) or has_article(scene, at) or is_joined(scene, at):
        return False
    return "ً" not in scene.tokens.text[scene.tokens.starts[at] : scene.tokens.ends[at]]  # an accusative: an object


@remember
def _has_name_shape(key: str) -> bool:
    words = load_speaker_words()
    if not is_name_like(key) or key.startswith(_ARTICLES[1:]) or key in CALLED:
        return False
    if key in words.emphasis or key in words.openings or is_adverb(key):
        return False
    if key.endswith(_OBJECTS) or (key.endswith("ة") and len(key) > 4) or _VERBAL_NOUN.fullmatch(key):
        return False
    if len(key) > 3 and (key.endswith("اء") or (key[0] == "ي" and key[1] not in "او")):
        return False  # a verbal noun, a verb
    return not (key[0] in "يت" and key.endswith(("ون", "وا", "ين")) and len(key) > 4)


def opens_feminine(scene: Scene, at: int) -> bool:
    """Does a woman's name that no table knows begin here: a word in ة or اء with the rest of a name after it?"""
    key = scene.keys[at]
    if not key.endswith(("ة", "اء")) or has_article(scene, at) or not is_name_like(key):
        return False
    if at + 1 >= len(scene.keys) or key.startswith(_ARTICLES[1:]) or is_joined(scene, at):
        return False
    following = scene.keys[at + 1]
    is_family = has_article(scene, at + 1) and following.endswith(("ي", "ية"))
    if is_known_name(scene, at + 1) or is_family:
        return True
    return is_plain(scene, at + 1) and is_closed(scene, at + 2, len(scene.keys))


def is_joined(scene: Scene, at: int) -> bool:
    """Does the word begin with a preposition or و before a word that the tables know or that takes a hamza?"""
    key = scene.keys[at]
    if key[0] not in "لبكوف" or len(key) < 3:
        return False
    start = scene.tokens.starts[at]
    return scene.tokens.text[start + 1 : start + 2] in ("إ", "أ", "آ") or _has_joined_letter(key)


@remember
def _has_joined_letter(key: str) -> bool:
    """Does a word of three letters or more begin with a joined letter, as far as the letters tell?"""
    words, rest = load_speaker_words(), key[1:]
    if key[0] == "و" and (rest in words.prepositions or (len(key) > 3 and key[1] not in "اي")):
        return True  # foreign names with و go on with a long vowel: وارنر، ويدودو
    if key[0] == "ل" and (rest in words.given or (rest[0] not in "اوي" and len(rest) > 2)):
        return True  # foreign names with ل go on with a long vowel: لافروف، لورنزو
    if key[0] == "ب" and len(rest) > 2 and rest[0] not in "اويرلن":
        return True  # as above: بوتين، برنار, not بحضور
    if key[0] == "ل" and key.endswith(("نا", "ها", "هم")) and len(key) > 5:
        return True  # لوكالتنا
    return (
        (key[0] in "وبك" and rest in words.given and rest[0] not in "ال" and len(rest) > 3)
        or rest in words.proper_bodies
        or (key[0] == "ب" and rest in load_cue_words().forms)
        or rest in ("اسم", "قلم", "قيادة", "رئاسة")
        or is_body(rest)
        or is_role(rest)
        or rest.isascii()
    )


def is_bound(scene: Scene, at: int, stop: int) -> bool:
    """Does a word or sign that cannot go on with a name stand at the token?"""
    return at >= stop or scene.span_at[at] >= 0 or scene.forms[at] is not None or _is_bound_word(scene.keys[at])


@remember
def _is_bound_word(key: str) -> bool:
    words, cues = load_speaker_words(), load_cue_words()
    if not key[:1].isalnum() or key in words.boundaries or key in words.prepositions or key in words.times:
        return True
    if key in cues.bare or key in cues.suffixed or key in words.titles or key in words.asides or key in words.turns:
        return True
    return is_role(key) or is_adverb(key)


def is_closed(scene: Scene, at: int, stop: int) -> bool:
    """Does a name end before the token: at a bound, or at a word joined to a preposition or و?"""
    if is_bound(scene, at, stop) or scene.keys[at].startswith(_ARTICLES[1:]):
        return True
    return not is_known_name(scene, at) and is_joined(scene, at)


def name_stop(scene: Scene, start: int, stop: int) -> int:
    """Where the name that begins at `start` ends.

    Two words are taken on their shape alone; more of them when the tables know them, or when the run has a clear
    end after at most four.
    """
    at, sure = start, min(start + 1, stop)
    limit = min(stop, start + _LONGEST_NAME)
    while at < limit and scene.span_at[at] < 0:
        if at > start and not _goes_on(scene, start, at):
            break
        at += 1
        if at <= start + _SURE or is_known_name(scene, at - 1) or scene.keys[at - 2] in scene.words.name_particles:
            sure = at
    if at - start <= _LONGEST_UNKNOWN and is_closed(scene, at, stop):
        sure = at
    while sure > start + 1 and _is_loose_end(scene, sure - 1):
        sure -= 1
    return sure


def _is_loose_end(scene: Scene, at: int) -> bool:
    """Is the last word of a name no end of one: a sign, a particle?"""
    key = scene.keys[at]
    is_particle = key in scene.words.name_particles and scene.tokens.text[scene.tokens.starts[at]] != "آ"  # آبي
    return not key[:1].isalnum() or (is_particle and key not in scene.words.given)


def _goes_on(scene: Scene, start: int, at: int) -> bool:
    key = scene.keys[at]
    if scene.keys[at - 1] in scene.words.name_particles and scene.keys[at - 1] not in _LINKS and key[:1].isalpha():
        return key not in scene.words.prepositions
    if key in "-#":
        return at + 1 < len(scene.keys) and scene.keys[at + 1][:1].isalpha()
    if is_known_name(scene, at):
        return not _is_link(scene, at)
    if has_article(scene, at):
        return is_surname(scene, start, at)
    if key.endswith("ة") and at == start + 1 and key[:1].isalpha():  # نجلاء حتاملة
        return is_known_name(scene, start) and is_name_like(key) and is_closed(scene, at + 1, len(scene.keys))
    if key[0] == "ب" and at == start + 1 and is_name_like(key) and is_bound(scene, at + 1, len(scene.keys)):
        return not key.startswith("بال") and not key.endswith(_OBJECTS)  # زوران بتكوف
    if at > start + 1 and key.endswith("ين") and len(key) > _LONG_DUAL:
        return False  # قرأ وليد منصور مقطعين
    # تعاطفه after a name is an object
    has_owner = key.endswith("ه") and len(key) > 3 and scene.key(at + 1)[:1].isalnum()
    return is_plain(scene, at) and not has_owner


def _is_link(scene: Scene, at: int) -> bool:
    """Is a particle that is a common word as well (لا، لو) not between two parts of a name?"""
    return scene.keys[at] in _LINKS and not is_plain(scene, min(at + 1, len(scene.keys) - 1))


def is_nisba(key: str) -> bool:
    """Has a definite word the shape of a woman's family name: الرواحية, not القرية?

    >>> is_nisba("الرواحية"), is_nisba("القرية")
    (True, False)
    """
    return key.endswith("ية") and len(key) > 6


def is_surname(scene: Scene, start: int, at: int) -> bool:
    """Is a definite word in a name its last part? الخطيب and الصديقي are, الباحث في and المستشفى are not."""
    key = scene.keys[at]
    following = scene.key(at + 1)
    before = scene.keys[at - 1]
    if before in scene.words.name_particles or key in _DIVINE:
        return True
    if key == _SAYYID and at == start + 1 and following[:1].isalpha():
        return is_known_name(scene, at + 1) or has_article(scene, at + 1)  # رامي السيد اليافعي
    if is_role(key) or is_body(key):
        return not following[:1].isalpha() or following in scene.cues.bare or following in scene.cues.suffixed
    if key in scene.words.boundaries or key in scene.words.prepositions or key in scene.words.relatives:
        return False
    if key in scene.words.asides:
        return False  # البالغ من العمر
    if base_word(key) in scene.words.texts or key in scene.words.times or key in scene.words.nominal:
        return False
    if before.startswith("ال") and before not in scene.words.given and before != _SAYYID:
        return before in _DIVINE or scene.key(at - 2) in scene.words.name_particles
    if at == start + 1:
        after = at + 1 + (at + 1 < len(scene.keys) and is_plain(scene, at + 1))
        return not key.endswith(("ات", "ون", "ة")) or is_nisba(key) or is_bound(scene, after, len(scene.keys))
    if key.endswith(("ات", "ون", "ة")):
        return False
    is_clause = following in scene.cues.bare or following in scene.cues.suffixed
    return key.endswith("ي") or is_clause or not following[:1].isalnum()
