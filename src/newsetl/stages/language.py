"""Tells the language of a text by its script, the letters that only one language writes, and function words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from newsetl.arabic.tables import load_table

UNDECIDED = "und"
# The language of news prose shows in its first sentences. Characters.
SAMPLE = 1000
# A function word weighs as much as this many tell-tale letters: one foreign name (پوتین) makes no Persian.
WORD_WEIGHT = 2.0
# Fewer letters than this prove nothing.
MIN_LETTERS = 4
# Arabic script with no evidence at all is Arabic in an Arabic archive, at this score.
DEFAULT_SCORE = 0.5
# From this share of the Latin letters on, Arabic ones are more than a word or two.
MINOR_SHARE = 0.25

_EDGES = ".,;:!?()[]\"'«»“”،؛؟…-–"
# Ways to write one letter: a function word counts in each of them ("كه" and "که", "الى" and "إلى").
_VARIANTS = (str.maketrans("یک", "يك"), str.maketrans("یى", "ىي"), str.maketrans("أإآ", "ااا"))


@dataclass(frozen=True, slots=True)
class _Profile:
    words: frozenset[str]
    letters: str


@dataclass(frozen=True, slots=True)
class Languages:
    """Profiles of the Arabic and the Latin script, and the ranges of scripts that one language stands for."""

    arabic: Mapping[str, _Profile]
    latin: Mapping[str, _Profile]
    scripts: Mapping[str, tuple[str, str]]


@cache
def load_languages() -> Languages:
    """The evidence of ``arabic/languages.toml``."""
    table = load_table("languages.toml")
    profiles = {
        script: {code: _Profile(frozenset(_spell(row["words"])), row["letters"]) for code, row in table[script].items()}
        for script in ("arabic_script", "latin")
    }
    scripts = {code: (chr(first), chr(last)) for code, (first, last) in table["scripts"].items()}
    return Languages(
        MappingProxyType(profiles["arabic_script"]), MappingProxyType(profiles["latin"]), MappingProxyType(scripts)
    )


def find_language(text: str) -> tuple[str, float]:
    """The language code of a text and how sure it is, from 0 to 1.

    Returns:
        ``("und", 0.0)`` for a text with next to no letters. Dialects of Arabic are ``ar``.

    >>> find_language("افتتح الوزير المعرض الذي يستمر حتى نهاية الشهر")[0]
    'ar'
    >>> find_language("این نمایشگاه برای نخستین بار در شهر برگزار می‌شود")[0]
    'fa'
    >>> find_language("12345 ...")
    ('und', 0.0)
    """
    languages = load_languages()
    sample = text[:SAMPLE]
    words = _count_words(sample)
    counts = _count_scripts(words, languages)
    letters = sum(counts.values())
    if letters < MIN_LETTERS:
        return UNDECIDED, 0.0
    script = max(counts, key=lambda name: counts[name])
    share = counts[script] / letters
    if script not in ("arabic", "latin"):
        return script, round(share, 3)
    code, score = _decide(script, counts, words, sample)
    return code, round(score * share, 3)


def _decide(script: str, counts: Counter[str], words: Counter[str], sample: str) -> tuple[str, float]:
    """The language within the larger script, or within the other when that has real words and this one has none.

    An Arabic page may carry film titles, tweets or left-over code in Latin letters: those have few function words.
    """
    languages = load_languages()
    code, score, weight = _weigh(words, sample, languages.arabic if script == "arabic" else languages.latin)
    if script == "latin" and counts["arabic"] >= MINOR_SHARE * counts["latin"]:
        other, other_score, other_weight = _weigh(words, sample, languages.arabic)
        if other_weight > weight:
            return other, other_score
    if weight == 0:
        return ("ar", DEFAULT_SCORE) if script == "arabic" else (UNDECIDED, 0.0)
    return code, score


def _spell(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield word
        yield from (word.translate(variant) for variant in _VARIANTS)


def _count_words(sample: str) -> Counter[str]:
    # A letter with a stop is an abbreviation ("د."), not the Pashto word.
    return Counter(word.strip(_EDGES) if len(word) > 2 else word for word in sample.lower().split())


def _count_scripts(words: Counter[str], languages: Languages) -> Counter[str]:
    """Letters by script; a word has the script of its first letter, which is right often enough and fast."""
    counts: Counter[str] = Counter()
    for word, times in words.items():
        first = word[:1]
        if not first.isalpha():
            continue
        if "\u0620" <= first <= "\u077f" or "\ufb50" <= first <= "\ufefc":
            script = "arabic"
        elif first <= "\u024f":
            script = "latin"
        else:
            script = next((code for code, (low, high) in languages.scripts.items() if low <= first <= high), "other")
        counts[script] += times * len(word)
    del counts["other"]
    return counts


def _weigh(words: Counter[str], sample: str, profiles: Mapping[str, _Profile]) -> tuple[str, float, float]:
    """The profile with the most evidence, its share of the evidence of the best two, and that evidence."""
    seen = words.keys()
    evidence = {
        code: WORD_WEIGHT * sum(words[word] for word in seen & profile.words) + sum(map(sample.count, profile.letters))
        for code, profile in profiles.items()
    }
    best, second = sorted(evidence.values(), reverse=True)[:2]
    if best == 0:
        return UNDECIDED, 0.0, 0.0
    return max(evidence, key=lambda code: evidence[code]), best / (best + second), best
