"""What kind of word a key is: a role, a body, an adverb, a piece of a name."""

from newsetl.stages.quotes.scene import Scene


def base_word(key: str) -> str:
    """The key without the article.

    >>> base_word("الوزير")
    'وزير'
    """
    return key[2:] if key.startswith("ال") and len(key) > 4 else key


def is_role(scene: Scene, key: str) -> bool:
    """Is this a person's office or work, in any gender, definite or not?"""
    words = scene.words
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


def is_body(scene: Scene, key: str) -> bool:
    """Is this the head of an institution, an outlet or a text?"""
    base = base_word(key)
    return base in scene.words.organisations or base in scene.words.texts or key in scene.words.proper_bodies


def is_anonymous(scene: Scene, key: str) -> bool:
    """Is this a noun for people without names (مصادر، شهود)?"""
    return key in scene.words.anonymous or base_word(key) in scene.words.anonymous


def is_name_like(scene: Scene, key: str) -> bool:
    """May the word be part of a personal name: no word that the tables know as something else?"""
    words = scene.words
    if (
        not key[:1].isalpha()
        or key in words.boundaries
        or key in words.times
        or key in words.media
        or key in scene.words.prepositions
    ):
        return False
    if key in scene.cues.forms or key in scene.cues.bare or key in scene.cues.suffixed:
        return key in words.given
    return (
        not is_role(scene, key)
        and not is_body(scene, key)
        and key not in scene.words.relatives
        and key not in words.anonymous
    )


def is_adverb(scene: Scene, key: str) -> bool:
    """Is this an adverb such as مرارا, or a pronoun with its preposition, that never names a speaker?"""
    words = scene.words
    if key in words.times or key in words.turns or key in scene.words.pronouns:
        return True
    return key.endswith("ا") and key not in words.given and _has_adverb_shape(key)


def _has_adverb_shape(key: str) -> bool:
    """Adverbs of manner have the shape of an accusative: فعالا، مرارا."""
    return len(key) == 5 and key[2:3] in "اي" and key[-1] == "ا"


def is_definite_role(scene: Scene, key: str) -> bool:
    """Is this a person's office or work with ال?"""
    return key.startswith("ال") and is_role(scene, key)


def starts_speaker(scene: Scene, at: int) -> bool:
    """Can the token head a speaker's phrase by what the tables say of it?"""
    key = scene.keys[at]
    words = scene.words
    if key in words.titles or key in words.given:
        return True
    return is_role(scene, key) or is_body(scene, key) or is_anonymous(scene, key)
