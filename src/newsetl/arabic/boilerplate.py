"""Which lines of a body do not belong to it: the engine that reads boilerplate.toml.

A rule looks at one line (and at where it stands); `find_rule` names the first rule that fits. Lines are looked up by
their first word, so a long table costs no time on the paragraphs of an article.
"""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, Literal, cast, get_args

from newsetl.arabic.folding import fold_text
from newsetl.errors import RuleError

Kind = Literal["line", "prefix", "pattern", "tail", "block", "opening"]
Where = Literal["any", "head", "edge"]
Moves = Literal["byline", "dateline", ""]

MAX_LINE_CHARS: Final = 300  # longest line that a phrase or pattern is tried on, beside prefixes of long prompts
FIRST_WORD_CHARS: Final = 40  # the first word of every phrase ends before, whatever marks stand around it
WORD_CACHE: Final = 8192  # first words kept at a time: few words begin most lines
MAX_PROMPT_CHARS: Final = 700  # longest line that a prefix may take out: notices and cookie texts
MAX_NAME_WORDS: Final = 3  # of a first line that is a name alone: "سعد السبيعي"
MAX_BYLINE_WORDS: Final = 8  # of a first line of name and place: "منيف الشهراني – الرياض"
_SIGN = re.compile(r" ?(?:[:/|…\-–—]|\.\.|$)")
_EDGE_MARKS: Final = " \t.,;:!?*#|/\\-–—_=…،؛؟«»“”\"'()[]{}<>→←↓⬇👇•●▪"
_PLACE_DASH = re.compile(r"\w ?(?: [-–—ـ/]|[-–—ـ/] |[-–—/]) ?\w")
_WORD = re.compile(r"\w+")
_PLAIN_WORD = re.compile("([\u0621-\u063a\u0641-\u064a]{1,20}) ")


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
    """Teasers of other stories that the layout of a source glues to the end of the body, without any mark.

    Too like a body to be told by their words alone; only profiles of sources (`newsetl.sources.layouts`) have them.

    Attributes:
        name: Of the rule, as `removed` shows it.
        first_line: Stands in the beginning of the first paragraph.
        count: Teasers at the end.
        min_body: Lines that must be left.
        min_words: Of each teaser.
        starts: No teaser begins so, since these words go on with a story.
    """

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
    return compile_rules(tables["rule"], (), "boilerplate.toml")


def compile_rules(rules: Sequence[dict[str, Any]], teasers: Sequence[dict[str, Any]], file: str) -> Boilerplate:
    """Rules as boilerplate.toml and the profiles of sources write them, ready to be matched.

    Args:
        rules: The tables `rule`.
        teasers: The tables `teasers` (of profiles only).
        file: Named by errors.

    Raises:
        RuleError: A rule breaks the format.
    """
    phrases: dict[str, list[tuple[str, Rule]]] = {}
    patterns, tails, openings = [], [], []
    for table in rules:
        rule, entries = _parse_rule(table, file)
        if rule.kind == "pattern":
            patterns.append((_compile("|".join(entries), rule, file), rule))
        elif rule.kind == "tail":
            ends = "|".join(_spelled(entry) for entry in entries)
            tails.append((_compile(f"{_STOP_BEFORE if rule.sign else ''}(?P<tail>{ends})", rule, file), rule))
        elif rule.kind == "opening":
            openings.append((_compile("|".join(_spelled(entry) for entry in entries), rule, file), rule))
        else:
            for entry in entries:
                key = fold_line(entry)
                phrases.setdefault(_first_word(key), []).append((key, rule))
    # the longest phrase first: "read also" before "read"; a header before the same words as a prefix
    indexed = {
        word: tuple(sorted(found, key=lambda entry: (-len(entry[0]), entry[1].kind != "block")))
        for word, found in phrases.items()
    }
    glued = tuple(_parse_teasers(table, file) for table in teasers)
    return Boilerplate(indexed, tuple(patterns), tuple(tails), tuple(openings), glued)


def _parse_rule(table: dict[str, Any], file: str) -> tuple[Rule, list[str]]:
    rule: Rule = _build(Rule, {key: value for key, value in table.items() if key != "phrases"}, file)
    for key, known in (("kind", Kind), ("where", Where), ("moves", Moves)):
        if getattr(rule, key) not in get_args(known):
            raise RuleError(f"{file}, rule {rule.name}: {key} is {getattr(rule, key)!r}, none of {get_args(known)}")
    return rule, _parse_phrases(table, "phrases", file)


def _parse_teasers(table: dict[str, Any], file: str) -> Teasers:
    return cast("Teasers", _build(Teasers, {**table, "starts": tuple(_parse_phrases(table, "starts", file))}, file))


def _parse_phrases(table: dict[str, Any], key: str, file: str) -> list[str]:
    phrases = table.get(key)
    if not isinstance(phrases, list) or not phrases or not all(isinstance(p, str) and p.strip() for p in phrases):
        raise RuleError(f"{file}, rule {table.get('name')}: {key} must be a list of texts, and not empty")
    return phrases


def _build(kind: type, options: dict[str, Any], file: str) -> Any:
    """A rule from its table: every key known, every value of the type of its attribute."""
    types = {f.name: _TYPES.get(f.type, str) for f in fields(kind)}
    for key, value in options.items():
        if type(value) is not types.get(key, type(value)):
            raise RuleError(f"{file}, rule {options.get('name')}: {key} must be {types[key].__name__}, not {value!r}")
    try:
        return kind(**options)
    except TypeError as error:
        raise RuleError(f"{file}, rule {options.get('name')}: {str(error).partition('__init__() ')[2]}") from None


_TYPES: Final[dict[Any, type]] = {int: int, bool: bool, tuple[str, ...]: tuple}


def _compile(pattern: str, rule: Rule, file: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise RuleError(f"{file}, rule {rule.name}: {error} in {pattern}") from None


_STOP_BEFORE: Final = '[.!؟”»")] '  # no look-behind: a pattern that begins with a few characters is found fast
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


def find_first_word(text: str) -> str:
    """The first word of the key of a line, by which its rules are looked up.

    Most lines begin with plain letters and a space: then that word alone is folded, and remembered.

    >>> find_first_word("وأكّد أن"), find_first_word("إلى ذلك")
    ('واكد', 'الي')
    """
    plain = _PLAIN_WORD.match(text)
    return _fold_first_word(plain[1] if plain else text[:FIRST_WORD_CHARS])


@lru_cache(maxsize=WORD_CACHE)
def _fold_first_word(text: str) -> str:
    return _first_word(fold_line(text))


def find_rule(text: str, *, at_edge: bool, own: tuple[Boilerplate, ...] = ()) -> Rule | None:
    """The rule that takes out this line, or None.

    Args:
        text: The line.
        at_edge: No paragraph stands before it, or none after it.
        own: Rules of the article's source; they go first.

    >>> find_rule("شارك الخبر:", at_edge=False).name
    'share-prompt'
    >>> find_rule("شارك الخبر في إثارة الجدل بين السكان.", at_edge=False)
    """
    if len(text) > MAX_PROMPT_CHARS:
        return None
    first_word, key = find_first_word(text), ""
    for rules in (*own, load_boilerplate()):
        if phrases := rules.phrases.get(first_word):
            key = key or fold_line(text)
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


def find_tail(text: str, own: tuple[Boilerplate, ...] = ()) -> tuple[int, Rule] | None:
    """Where a tail begins that does not belong to the line, and its rule; None without one."""
    for pattern, rule in (entry for rules in (*own, load_boilerplate()) for entry in rules.tails):
        found = pattern.search(text)
        if found and text.count(" ", found.start("tail")) < rule.max_words:
            return found.start("tail"), rule
    return None


def find_opening(text: str, own: tuple[Boilerplate, ...] = ()) -> tuple[int, Rule] | None:
    """Where the prompt ends that stands before a text on the same line, and its rule; None without one.

    >>> find_opening("Next Previous وصل القارب إلى المرفأ صباحا")[0]
    13
    """
    for pattern, rule in (entry for rules in (*own, load_boilerplate()) for entry in rules.openings):
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
