"""Tells the language of a text by its script, the letters that only one language writes, and function words."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate

from newsetl.arabic.languages import Script, load_languages

UNDECIDED = "und"
# The language of news prose shows in its first sentences: where a glance is not enough, the sample is read. Characters.
GLANCE, SAMPLE = 300, 1000
# Arabic is seen at a glance from this score on.
SURE = 0.8
# Below this the title is read too: a caption or a name shows no language. Characters.
SHORT_BODY = 200
# Arabic script is Arabic until the evidence for another language is above this: an archive is Arabic. Points.
HEAD_START = 1.0
# Fewer letters than this prove nothing.
MIN_LETTERS = 4
# Arabic script with no evidence at all is Arabic in an Arabic archive, at this score.
DEFAULT_SCORE = 0.5
# From this share of the Latin letters on, Arabic ones are more than a word or two.
MINOR_SHARE = 0.25
# Letters that Arabic does not write are less of an Arabic text than this, unless some of it is in another language.
FOREIGN_SHARE = 0.003

_EDGES = "#.,;:!?()[]\"'«»“”،؛؟…-–"
# Addresses, accounts and hashtags are in no language.
_NO_PROSE = re.compile(r"(?:https?://|www\.|[@#])\S+")
# A stretch without Arabic letters that is long enough for a sentence.
_LATIN_STRETCH = re.compile("[^\u0620-\u077f\ufb50-\ufefc]{40,}")
_CODE = re.compile(r"[{}<>=;|]")
# A letter (or a number of another kind) outside the ranges that `_count_scripts` takes as Arabic.
_NOT_ARABIC = re.compile("[^\\W\\d_\u0620-\u077f\ufb50-\ufefc]")
_NO_LETTER = re.compile(r"[\W\d_]+")
# In UTF-8: all bytes but Latin letters, and the first bytes of U+0680 to U+06FF, where چ گ ک ی ے ہ ە ې lie.
_NO_LATIN = bytes(code for code in range(256) if code > 127 or not chr(code).isalpha())
_FOREIGN = (b"\xda", b"\xdb")


def find_language(text: str, title: str | None = None) -> tuple[str, float]:
    """The language code of a text and how sure it is, from 0 to 1.

    Args:
        text: The body. Its first sentences are read.
        title: Read as well where the body is shorter than ``SHORT_BODY``.

    Returns:
        ``("und", 0.0)`` for a text with next to no letters. Dialects of Arabic are ``ar``.

    >>> find_language("افتتح الوزير المعرض الذي يستمر حتى نهاية الشهر")[0]
    'ar'
    >>> find_language("این نمایشگاه برای نخستین بار در شهر برگزار می‌شود")[0]
    'fa'
    >>> find_language("مشهد", "نمایشگاه کتاب در مشهد برگزار شد")[0]
    'fa'
    >>> find_language("12345 ...")
    ('und', 0.0)
    """
    sample = text[:SAMPLE]
    if title and len(sample) < SHORT_BODY:
        sample = f"{title}\n{sample}"
    code, score = _look(sample[:GLANCE])
    if len(sample) <= GLANCE or (code == "ar" and score >= SURE):
        return code, score
    return _look(sample)


def _look(sample: str) -> tuple[str, float]:
    """The language of a sample and the score of its script times that of the language within the script."""
    tokens = sample.lower().split()
    words = _strip_words(tokens)
    counts = _count_scripts(words, sample)
    letters = sum(counts.values())
    if letters < MIN_LETTERS:
        return UNDECIDED, 0.0
    script = max(counts, key=counts.__getitem__)
    share = counts[script] / letters
    if script not in ("arabic", "latin"):
        return script, round(share, 3)
    code, score = _decide(script, counts, words, f" {' '.join(tokens)} ")
    return code, round(score * share, 3)


def _decide(script: str, counts: Mapping[str, int], words: list[str], padded: str) -> tuple[str, float]:
    """The language within the larger script, or within the other when that has real words and this one has none.

    An Arabic page may carry film titles, tweets or left-over code in Latin letters: those have few function words.
    """
    languages = load_languages()
    if script == "arabic":
        code, score, _ = _weigh(words, padded, languages.arabic, HEAD_START)
        return code, score
    code, score, known = _weigh(words, padded, languages.latin)
    if counts.get("arabic", 0) >= MINOR_SHARE * counts["latin"]:
        other, other_score, other_known = _weigh(words, padded, languages.arabic, HEAD_START)
        if other_known > known or code == UNDECIDED:
            return other, other_score
    return code, score


def _strip_words(tokens: list[str]) -> list[str]:
    # A letter with a stop is an abbreviation ("د."), not the Pashto word.
    return [word if len(word) <= 2 or word.isalpha() else word.strip(_EDGES) for word in tokens]


def _count_scripts(words: list[str], sample: str) -> dict[str, int]:
    """Letters by script; a word has the script of its first letter, which is right often enough and fast.

    Where all are Arabic, a few are enough.
    """
    if _NOT_ARABIC.search(sample) is None:
        letters = accumulate(len(word) for word in words if word[:1].isalpha())
        return {"arabic": next((number for number in letters if number >= MIN_LETTERS), 0)}
    counts: dict[str, int] = {}
    for word in words:
        first = word[:1]
        if not first.isalpha():
            continue
        if "\u0620" <= first <= "\u077f" or "\ufb50" <= first <= "\ufefc":
            script = "arabic"
        elif first <= "\u024f":
            script = "latin"
        else:
            scripts = load_languages().scripts
            script = next((code for code, (low, high) in scripts.items() if low <= first <= high), "other")
        counts[script] = counts.get(script, 0) + len(word)
    counts.pop("other", None)
    return counts


def _weigh(words: list[str], padded: str, script: Script, head_start: float = 0.0) -> tuple[str, float, float]:
    """The language with the most points, its share of the points of the best two, and the points of its words.

    The first language begins with `head_start` and wins a draw. `padded` is the text with one space around each word.
    """
    known = dict.fromkeys(script.codes, 0.0)
    _add(known, script, Counter(map(script.words.get, words)))
    points = dict(known)
    _add(points, script, _count_signs(padded, script))
    first = script.codes[0]
    if head_start and not any(points.values()):
        return first, DEFAULT_SCORE, 0.0
    points[first] += head_start
    best, second = sorted(points.values(), reverse=True)[:2]
    if best == 0:
        return UNDECIDED, 0.0, 0.0
    code = max(points, key=points.__getitem__)
    return code, best / (best + second), known[code]


def _count_signs(padded: str, script: Script) -> Counter[int | None]:
    """Letters and parts of words, by the numbers of their points."""
    letters = Counter(script.letter.findall(padded))
    signs: Counter[int | None] = Counter()
    for letter, times in letters.items():
        signs[script.letters[letter]] += times
    for letter in ("", *letters):
        for part, number in script.parts.get(letter, {}).items():
            if part in padded:
                signs[number] += padded.count(part)
    return signs


def _add(points: dict[str, float], script: Script, evidence: Counter[int | None]) -> None:
    """Add the points of pieces of evidence, counted by their numbers; None is no evidence."""
    for number, times in evidence.items():
        if number is not None:
            for code, each in script.points[number]:
                points[code] += each * times


def is_mixed(text: str, lang: str) -> bool:
    """Whether a good part of a text in `lang` is in another language, by the shares of ``arabic/languages.toml``.

    Counted are passages of some length in which function words show another language: names, code and a tweet are none.

    >>> report = "قال المدير إن الشركة ستنشر البيان كاملا على موقعها في نهاية الأسبوع.\\n" * 5
    >>> quoted = "The company said that it has not been told about the decision, and that it will wait. "
    >>> is_mixed(report + quoted * 4, "ar"), is_mixed(report, "ar")
    (True, False)
    """
    if not _may_be_mixed(text, lang):
        return False
    mixture = load_languages().mixture
    prose = _NO_PROSE.sub(" ", text)
    other = sum(
        letters
        for passage in _cut_passages(prose)
        if (letters := _count_letters(passage)) >= mixture.passage
        and len(_CODE.findall(passage)) <= mixture.code * letters
        and _is_prose(passage, lang)
    )
    return other >= max(mixture.letters, mixture.share * _count_letters(prose))


def _is_prose(passage: str, lang: str) -> bool:
    """Whether a passage is running text in another language than `lang`."""
    languages = load_languages()
    code, score = find_language(passage)
    if code in (lang, UNDECIDED):
        return False
    latin = languages.latin
    if code not in latin.codes:
        return score >= languages.mixture.score
    words = _strip_words(passage[:SAMPLE].lower().split())
    known = sum(code in dict(latin.points[latin.words[word]]) for word in words if word in latin.words)
    return known >= languages.mixture.words * len(words)


def _may_be_mixed(text: str, lang: str) -> bool:
    """A quick look that spares most Arabic texts the slow one."""
    letters = load_languages().mixture.letters
    if lang != "ar":
        return len(text) >= letters
    data = text.encode("utf-8", "surrogatepass")
    foreign = sum(map(data.count, _FOREIGN))
    return foreign > FOREIGN_SHARE * len(text) or len(data.translate(None, _NO_LATIN)) >= letters


def _count_letters(text: str) -> int:
    return len(_NO_LETTER.sub("", text))


def _cut_passages(text: str) -> Iterator[str]:
    """The lines of a text; long stretches without Arabic letters stand apart from the rest of their line."""
    for line in text.split("\n"):
        yield from _LATIN_STRETCH.findall(line)
        yield _LATIN_STRETCH.sub(" ", line)
