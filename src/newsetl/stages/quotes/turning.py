"""Where a reported clause can end at all, told by one look-up per word: `edges` weighs only these places."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from newsetl.stages.quotes.lexicon import CueWords, SpeakerWords, load_cue_words, load_speaker_words

SILENT = frozenset(("لكنه", "لكنها", "لكنهم"))  # لكنه لم يحدد موعدا
LINKS = frozenset(("حيث", "اذ"))  # ، حيث أكد أن
EXCEPT = frozenset(("الا", "غير"))
RELATIVES = frozenset(("التي", "الذي", "الذين"))  # والتي وصفتها بأنها
WHATEVER = frozenset(("حسبما", "وفقما"))
TOLD = frozenset(("يذكر", "يشار"))
# Links of several words that may set the narrator's verb against the clause before: the first word, those after it.
_LINK_PAIRS = {"في": frozenset(("حين", "الوقت", "وقت")), "قبل": frozenset(("ان",)), "على": frozenset(("حد",))}


@cache
def load_turning_words() -> Mapping[str, frozenset[str]]:
    """The words at which a clause can end, each with the words one of which must follow (empty: any)."""
    cues, words = load_cue_words(), load_speaker_words()
    followers: defaultdict[str, frozenset[str]] = defaultdict(frozenset, _LINK_PAIRS)
    for pair in cues.narrator_pairs:
        first, _, second = pair.partition(" ")
        followers[first] |= {second}
    for first in ("من", "ومن"):
        followers[first] |= words.turns
    return {**followers, **dict.fromkeys(_read_single_words(cues, words), frozenset())}


def _read_single_words(cues: CueWords, words: SpeakerWords) -> set[str]:
    """The words at which a clause can end whatever follows."""
    single = {*cues.according, *cues.contrasts, *cues.narrators, *LINKS, *EXCEPT, *WHATEVER, "كما", "وذلك", "وقد"}
    with_and: Iterable[str] = (*SILENT, *RELATIVES, *TOLD, *words.turns)
    return single | {prefix + word for prefix in ("", "و") for word in with_and}


def can_turn(key: str, following: str, turning: Mapping[str, frozenset[str]]) -> bool:
    """Can a clause end at a word, as far as the word and the next one tell?"""
    followers = turning.get(key)
    return followers is not None and (not followers or following in followers)
