"""What a word alone tells of the noun phrase around it, so that `speakers` weighs the context of few words."""

from newsetl.stages.quotes.classes import is_adverb
from newsetl.stages.quotes.lexicon import load_cue_words, load_speaker_words
from newsetl.stages.quotes.memo import remember

ANSWERS = frozenset(("فان", "فانه", "فانها", "فقد"))  # after وفقا لفلان
REFUSALS = frozenset(("رفض", "رفضت", "فضل", "فضلت", "طلب", "طلبت", "اشترط", "اشترطت"))
THESE = frozenset(("هذا", "هذه"))
PLACING = frozenset(("في", "عبر", "خلال", "ضمن", "على", "عن", "لدى", "من"))


@remember
def may_be_adjunct(key: str) -> bool:
    """Can the word stand between a cue and its subject at all? Most subjects follow at once."""
    words = load_speaker_words()
    return (
        key.startswith("ل")
        or key in ("،", "-", "–", "/", "من", "امام")
        or key in THESE
        or key in words.turns
        or key in words.times
        or key in words.pronouns
        or key in words.prepositions
        or key in words.boundaries
        or is_adverb(key)
    )


@remember
def may_head(key: str) -> bool:
    """Can the word stand at the head of a speaker's phrase at all?"""
    words = load_speaker_words()
    is_other = key in words.relatives or key in words.function_words or key in words.asides
    return key[:1].isalpha() and not is_other and key not in load_cue_words().bare and not is_adverb(key)


@remember
def may_end_phrase(key: str) -> bool:
    """Can a noun phrase end before the word at all? Of most words no: `_ends_phrase` need not weigh them."""
    words, cues = load_speaker_words(), load_cue_words()
    return (
        not key[:1].isalnum()
        or key.startswith(("ل", "بال"))
        or key in ("امام", "عام")
        or key in PLACING
        or key in REFUSALS
        or key in words.outlets
        or key in words.boundaries
        or key in words.pronouns
        or key in cues.forms
        or is_clause_word(key)
    )


@remember
def is_clause_word(key: str) -> bool:
    """Does the word begin a clause, or is it an adverb: nothing that a noun phrase holds?"""
    words, cues = load_speaker_words(), load_cue_words()
    if key.removeprefix("و") in words.relatives or key in words.asides or key in words.turns or is_adverb(key):
        return True
    return key in cues.bare or key in cues.suffixed or key in ANSWERS
