"""What kind of word a key is: a role, a body, an adverb, a piece of a name."""

from newsetl.stages.quotes.lexicon import load_cue_words, load_speaker_words
from newsetl.stages.quotes.memo import remember
from newsetl.stages.quotes.scene import Scene

_SHORTEST_PLURAL = 5  # letters of a plural in ون


def base_word(key: str) -> str:
    """The key without the article.

    >>> base_word("الوزير")
    'وزير'
    """
    return key[2:] if key.startswith("ال") and len(key) > 4 else key


@remember
def is_role(key: str) -> bool:
    """Is this a person's office or work, in any gender, definite or not?"""
    words = load_speaker_words()
    base = base_word(key)
    if base in words.organisations:
        return base in words.roles
    if base in words.roles or (base.endswith("ة") and base[:-1] in words.roles):
        return True
    return _owned_role(key) in words.roles


def _owned_role(key: str) -> str:
    """محاميها → محامي, زميلتها → زميل; "" for a word without an owner.

    >>> _owned_role("زميلتها")
    'زميل'
    """
    for owner in ("ها", "هم", "ه"):
        if key.endswith(owner) and len(key) > len(owner) + 2:
            return key.removesuffix(owner).removesuffix("ت")
    return ""


@remember
def is_body(key: str) -> bool:
    """Is this the head of an institution, an outlet or a text?"""
    base, words = base_word(key), load_speaker_words()
    return base in words.organisations or base in words.texts or key in words.proper_bodies


@remember
def is_anonymous(key: str) -> bool:
    """Is this a noun for people without names (مصادر، شهود), or their plural (مزارعون، أصدقاؤه)?"""
    base, anonymous = base_word(key), load_speaker_words().anonymous
    return key in anonymous or base in anonymous or is_people(base) or _owned_people(key) in anonymous


def is_people(base: str) -> bool:
    """Is a word without ال the sound plural of people: of a role (مزارعون) or of a belonging (سلفيون)?"""
    stem, words = base[:-2], load_speaker_words()
    if len(base) < _SHORTEST_PLURAL or not base.endswith(("ون", "ين")) or base in words.given:
        return False
    return stem in words.roles or (stem.endswith("ي") and base.endswith("ون") and not is_body(base))


def _owned_people(key: str) -> str:
    """أصدقاؤه → أصدقاء, معارضوها → معارضون; "" for a word without an owner.

    >>> _owned_people("اصدقاؤه"), _owned_people("معارضوها"), _owned_people("كتابه")
    ('اصدقاء', 'معارضون', '')
    """
    stem = key.removesuffix("ه") if key.endswith("ه") else key.removesuffix("ها") if key.endswith("ها") else ""
    if stem.endswith(("ؤ", "ئ")):
        return stem[:-1] + "ء"
    return stem + "ن" if stem.endswith("و") else ""


@remember
def is_name_like(key: str) -> bool:
    """May the word be part of a personal name: no word that the tables know as something else?"""
    words, cues = load_speaker_words(), load_cue_words()
    if (
        not key[:1].isalpha()
        or key in words.boundaries
        or key in words.function_words
        or key in words.times
        or key in words.media
        or key in words.directions
        or key in words.prepositions
    ):
        return False
    if key in cues.forms or key in cues.bare or key in cues.suffixed:
        return key in words.given
    return not is_role(key) and not is_body(key) and key not in words.relatives and key not in words.anonymous


@remember
def is_adverb(key: str) -> bool:
    """Is this an adverb such as مرارا, or a pronoun with its preposition, that never names a speaker?"""
    words = load_speaker_words()
    if key in words.times or key in words.turns or key in words.pronouns:
        return True
    return key.endswith("ا") and key not in words.given and _has_adverb_shape(key)


def _has_adverb_shape(key: str) -> bool:
    """Adverbs of manner have the shape of an accusative: فعالا، مرارا."""
    return len(key) == 5 and key[2:3] in "اي" and key[-1] == "ا" and not key.startswith("ال")


def is_imam(scene: Scene, at: int) -> bool:
    """Is the word إمام, which has the key of أمام (in front of)?"""
    return scene.keys[at] == "امام" and scene.tokens.text[scene.tokens.starts[at]] == "إ"


def is_definite_role(key: str) -> bool:
    """Is this a person's office or work with ال?"""
    return key.startswith("ال") and is_role(key)


def starts_speaker(scene: Scene, at: int) -> bool:
    """Can the token head a speaker's phrase by what the tables say of it?"""
    return heads_speaker(scene.keys[at])


@remember
def heads_speaker(key: str) -> bool:
    """Can the word head a speaker's phrase?"""
    words = load_speaker_words()
    return key in words.titles or key in words.given or is_role(key) or is_body(key) or is_anonymous(key)
