"""What kind of word a key is: a role, a body, an adverb, a piece of a name."""

from newsetl.stages.quotes.scene import Scene

_SHORTEST_PLURAL = 5  # letters of a plural in ون


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
    """Is this a noun for people without names (مصادر، شهود), or their plural (مزارعون، أصدقاؤه)?"""
    base = base_word(key)
    if key in scene.words.anonymous or base in scene.words.anonymous:
        return True
    return is_people(scene, base) or _owned_people(key) in scene.words.anonymous


def is_people(scene: Scene, base: str) -> bool:
    """Is a word without ال the sound plural of people: of a role (مزارعون) or of a belonging (سلفيون)?"""
    stem = base[:-2]
    if len(base) < _SHORTEST_PLURAL or not base.endswith(("ون", "ين")) or base in scene.words.given:
        return False
    return stem in scene.words.roles or (stem.endswith("ي") and base.endswith("ون") and not is_body(scene, base))


def _owned_people(key: str) -> str:
    """أصدقاؤه → أصدقاء, معارضوها → معارضون; "" for a word without an owner.

    >>> _owned_people("اصدقاؤه"), _owned_people("معارضوها"), _owned_people("كتابه")
    ('اصدقاء', 'معارضون', '')
    """
    stem = key.removesuffix("ه") if key.endswith("ه") else key.removesuffix("ها") if key.endswith("ها") else ""
    if stem.endswith(("ؤ", "ئ")):
        return stem[:-1] + "ء"
    return stem + "ن" if stem.endswith("و") else ""


def is_name_like(scene: Scene, key: str) -> bool:
    """May the word be part of a personal name: no word that the tables know as something else?"""
    words = scene.words
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
    return len(key) == 5 and key[2:3] in "اي" and key[-1] == "ا" and not key.startswith("ال")


def is_imam(scene: Scene, at: int) -> bool:
    """Is the word إمام, which has the key of أمام (in front of)?"""
    return scene.keys[at] == "امام" and scene.tokens.text[scene.tokens.starts[at]] == "إ"


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
