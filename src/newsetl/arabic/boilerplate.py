"""Which lines of a body do not belong to it: the engine that reads boilerplate.toml.

A rule looks at one line (and at where it stands); `find_rule` names the first rule that fits. Lines are looked up by
their first word, so a long table costs no time on the paragraphs of an article.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

from newsetl.arabic.folding import fold_text
from newsetl.errors import RuleError

Kind = Literal["line", "prefix", "pattern", "tail", "block", "opening"]
Where = Literal["any", "head", "edge"]
Moves = Literal["byline", "dateline", ""]

MAX_LINE_CHARS: Final = 300  # longest line that a phrase or pattern is tried on, beside prefixes of long prompts
FIRST_WORD_CHARS: Final = 40  # the first word of every phrase ends before, whatever marks stand around it
MAX_PROMPT_CHARS: Final = 700  # longest line that a prefix may take out: notices and cookie texts
MAX_NAME_WORDS: Final = 3  # of a first line that is a name alone: "سعد السبيعي"
MAX_BYLINE_WORDS: Final = 8  # of a first line of name and place: "منيف الشهراني – الرياض"
_SIGN = re.compile(r" ?(?:[:/|…\-–—]|\.\.|$)")
_EDGE_MARKS: Final = " \t.,;:!?*#|/\\-–—_=…،؛؟«»“”\"'()[]{}<>→←↓⬇👇•●▪"
_PLACE_DASH = re.compile(r"\w ?(?: [-–—ـ/]|[-–—ـ/] |[-–—/]) ?\w")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for one line; `boilerplate.toml` explains the attributes."""

    name: str
    kind: Kind
    where: Where = "any"
    moves: Moves = ""
    max_words: int = 0
    sign: bool = False
    keep: bool = False
    unstopped: bool = False


@dataclass(frozen=True, slots=True)
class Teasers:
    """A layout that glues teasers of other stories to the end of the body."""

    name: str
    first_line: str
    count: int
    min_body: int
    min_words: int
    starts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """All rules, indexed: by folded first word, as patterns for short lines, as patterns for ends and openings."""

    phrases: dict[str, tuple[tuple[str, Rule], ...]]
    patterns: tuple[tuple[re.Pattern[str], Rule], ...]
    tails: tuple[tuple[re.Pattern[str], Rule], ...]
    openings: tuple[tuple[re.Pattern[str], Rule], ...]
    teasers: tuple[Teasers, ...] = field(default=())


@cache
def load_boilerplate() -> Boilerplate:
    """The rules of boilerplate.toml, compiled. Raises `RuleError` for a rule that breaks the format."""
    tables = tomllib.loads(files("newsetl.arabic").joinpath("boilerplate.toml").read_text(encoding="utf-8"))
    phrases: dict[str, list[tuple[str, Rule]]] = {}
    patterns, tails, openings = [], [], []
    for table in tables["rule"]:
        rule, entries = _parse_rule(table)
        if rule.kind == "pattern":
            patterns.append((_compile("|".join(entries), rule), rule))
        elif rule.kind == "tail":
            ends = "|".join(_spelled(entry) for entry in entries)
            tails.append((_compile(f"{_AFTER_STOP}(?:{ends})" if rule.sign else ends, rule), rule))
        elif rule.kind == "opening":
            openings.append((_compile("|".join(_spelled(entry) for entry in entries), rule), rule))
        else:
            for entry in entries:
                key = fold_line(entry)
                phrases.setdefault(_first_word(key), []).append((key, rule))
    # the longest phrase first: "read also" before "read"; a header before the same words as a prefix
    indexed = {
        word: tuple(sorted(found, key=lambda entry: (-len(entry[0]), entry[1].kind != "block")))
        for word, found in phrases.items()
    }
    teasers = tuple(Teasers(**{**t, "starts": tuple(t["starts"])}) for t in tables.get("teasers", ()))
    return Boilerplate(indexed, tuple(patterns), tuple(tails), tuple(openings), teasers)


def _parse_rule(table: dict[str, Any]) -> tuple[Rule, list[str]]:
    options = {key: value for key, value in table.items() if key != "phrases"}
    try:
        rule = Rule(**options)
    except TypeError as error:
        raise RuleError(f"boilerplate.toml, rule {table.get('name')}: {error}") from None
    if rule.kind not in get_args(Kind) or not table.get("phrases"):
        raise RuleError(f"boilerplate.toml, rule {rule.name}: unknown kind {rule.kind!r} or no phrases")
    return rule, table["phrases"]


def _compile(pattern: str, rule: Rule) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise RuleError(f"boilerplate.toml, rule {rule.name}: {error} in {pattern}") from None


_AFTER_STOP: Final = r"(?<=[.!؟”»\")] )"
_SPELLINGS: Final = {"ا": "[اأإآ]", "أ": "[اأإآ]", "إ": "[اأإآ]", "ى": "[ىي]", "ي": "[ىي]", "ة": "[ةه]", "ه": "[ةه]"}


def _spelled(phrase: str) -> str:
    """A pattern for a phrase in unfolded text: lines are cut by offset, so the text cannot be folded."""
    return "".join(_SPELLINGS.get(c, re.escape(c)) + ("[\u064b-\u0652]?" if c.isalpha() else "") for c in phrase)


def fold_line(text: str) -> str:
    """The key of a line: folded, lower case, without the marks around it.

    >>> fold_line("» اقرأ أيضًا:")
    'اقرا ايضا'
    """
    return fold_text(text).strip(_EDGE_MARKS).lower()


def _first_word(key: str) -> str:
    found = _WORD.search(key)
    return found[0] if found else ""


def find_rule(text: str, *, at_edge: bool) -> Rule | None:
    """The rule that takes out this line, or None. `at_edge`: no paragraph stands before it, or none after it.

    >>> find_rule("شارك الخبر:", at_edge=False).name
    'share-prompt'
    >>> find_rule("شارك الخبر في إثارة الجدل بين السكان.", at_edge=False)
    """
    if len(text) > MAX_PROMPT_CHARS:
        return None
    rules = load_boilerplate()
    # folding a paragraph costs more than all else here, and its first word decides most often
    phrases = rules.phrases.get(_first_word(fold_line(text[:FIRST_WORD_CHARS])), ())
    key = fold_line(text) if phrases else ""
    for phrase, rule in phrases:
        if (at_edge or rule.where == "any") and _FITS[rule.kind](key, phrase, rule, text):
            return rule
    if len(text) <= MAX_LINE_CHARS:
        for pattern, rule in rules.patterns:
            if (at_edge or rule.where == "any") and pattern.fullmatch(text):
                return rule
    return None


def _fits_line(key: str, phrase: str, _rule: Rule, _text: str) -> bool:
    return key == phrase


def _fits_prefix(key: str, phrase: str, rule: Rule, text: str) -> bool:
    if not key.startswith(phrase) or key[len(phrase) : len(phrase) + 1].isalnum():
        return False
    if rule.sign and not _SIGN.match(key, len(phrase)):
        return False
    if (rule.moves or rule.unstopped) and text.rstrip()[-1:] in ".؟!":
        return False
    return key.count(" ") < rule.max_words


_FITS: Final[dict[str, Callable[[str, str, Rule, str], bool]]] = {
    "line": _fits_line,
    "block": _fits_line,
    "prefix": _fits_prefix,
}


def find_tail(text: str) -> tuple[int, Rule] | None:
    """Where a tail begins that does not belong to the line, and its rule; None without one."""
    for pattern, rule in load_boilerplate().tails:
        found = pattern.search(text)
        if found and text.count(" ", found.start()) < rule.max_words:
            return found.start(), rule
    return None


def find_opening(text: str) -> tuple[int, Rule] | None:
    """Where the prompt ends that stands before a text on the same line, and its rule; None without one.

    >>> find_opening("Next Previous وصل القارب إلى المرفأ صباحا")[0]
    13
    """
    for pattern, rule in load_boilerplate().openings:
        if found := pattern.match(text):
            return found.end(), rule
    return None


def is_byline(text: str) -> bool:
    """Has a line the shape of a byline: a name of up to three words, or a name and a place with a dash between?

    >>> is_byline("سالم العلي – بيروت"), is_byline("عاد الهدوء إلى المدينة أمس")
    (True, False)
    """
    words = text.split()
    if (
        not text
        or not (text[0].isalpha() or text[0] in "([")
        or len(words) > MAX_BYLINE_WORDS
        or text[-1] in ".؟!:،…"
        or any(c in text for c in '"«“؟!:')
    ):
        return False
    return len(words) <= MAX_NAME_WORDS or _PLACE_DASH.search(text) is not None
