"""A document as the quote rules see it: tokens, marked spans, sentences and cue forms, all by token number."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from newsetl.arabic.tokens import Tokens, split_tokens
from newsetl.records import Document
from newsetl.stages.quotes.lexicon import CueWords, Form, SpeakerWords, load_cue_words, load_speaker_words
from newsetl.stages.quotes.marks import Mark, find_marks
from newsetl.stages.quotes.turning import can_turn, load_turning_words

_FINAL = frozenset(".؟?!…\n")
_PAUSES = _FINAL | {"،"}
_ABBREVIATION = 5  # letters on both sides of its stop
_TURNING = frozenset(("continue", "indicate", "explain", "assert", "express"))  # مضيفا, لافتا


class Span(NamedTuple):
    """A marked span by tokens: `first` and `last` hold the marks, `inner_first:inner_stop` what stands between."""

    first: int
    last: int
    inner_first: int
    inner_stop: int
    words: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the rules look at; every list has one entry for each token.

    Attributes:
        span_at: The number of the marked span around the token, -1 outside.
        forms: The cue form of the token, None inside marks and headings.
        sentence_start, sentence_stop: The token range of its sentence, without the final stop. A stop inside
            marks ends no sentence, but marks that end with one do.
        candidates: Where a quote can be recognised: cue forms, prepositional cues, opening marks; in order.
        paragraph: The number of its paragraph, -1 between paragraphs and in headings.
        turns: The tokens at which a reported clause can end or marks begin; the last entry is the number of tokens.
    """

    document: Document
    tokens: Tokens
    keys: list[str]
    spans: list[Span]
    span_at: list[int]
    forms: list[Form | None]
    sentence_start: list[int]
    sentence_stop: list[int]
    paragraph: list[int]
    candidates: list[int]
    turns: list[int]
    strays: frozenset[int]
    cues: CueWords
    words: SpeakerWords

    def name_text(self, first: int, stop: int) -> str:
        """The text of a name; the ل of وفقا للوزارة is left out (الوزارة)."""
        text = self.tokens.slice_text(first, stop)
        key = self.keys[first]
        if text.startswith("لل") and key.startswith("ال"):
            return "ا" + text[1:]
        return text[1:] if text.startswith("ل") and not key.startswith("ل") else text

    def key(self, at: int) -> str:
        """The key at a token number, "\\n" outside the text."""
        return self.keys[at] if 0 <= at < len(self.keys) else "\n"

    def next_turn(self, at: int) -> int:
        """The next token after this one at which a reported clause can end or marks begin."""
        return self.turns[bisect_right(self.turns, at)]


def build_scene(document: Document) -> Scene:
    """Tokenise a document, pair its marks and bound its sentences."""
    tokens = split_tokens(document.text)
    keys = tokens.keys
    cues, words = load_cue_words(), load_speaker_words()
    notable = _find_notable(tokens)
    marks, strays = find_marks(document)
    marks = [mark if mark.closed else _cut_unclosed(tokens, mark, cues) for mark in marks]
    spans, span_at = _place_spans(tokens, marks)
    paragraph = _place_paragraphs(document, tokens)
    starts, stops = _bound_sentences(tokens, spans, span_at, [at for at in notable if keys[at] in _FINAL])
    running = [at for at in notable if span_at[at] < 0 <= paragraph[at]]
    forms = _find_forms(keys, running, cues, words)
    candidates = [at for at in running if forms[at] is not None or keys[at] in cues.prepositional]
    candidates = sorted(candidates + [span.first for span in spans])
    stray_tokens = frozenset(bisect_left(tokens.starts, place) for place in strays)
    return Scene(
        document, tokens, keys, spans, span_at, forms, starts, stops, paragraph, candidates,
        _find_turns(keys, notable, forms, spans), stray_tokens, cues, words,
    )  # fmt: skip


def _find_notable(tokens: Tokens) -> list[int]:
    """The tokens that some list of the scene is about: one look-up for each token here, and none later on."""
    notable = _load_notable_words()
    places = [at for at, key in enumerate(tokens.keys) if key in notable]
    if _free_sources(tokens, places):
        places = [at for at, key in enumerate(tokens.keys) if key in notable]
    return places


@cache
def _load_notable_words() -> frozenset[str]:
    cues = load_cue_words()
    return frozenset((*cues.forms, *cues.prepositional, *_load_lam_heads(), *load_turning_words(), *_FINAL))


@cache
def _load_lam_heads() -> frozenset[str]:
    """The prepositions with ل after them, with and without a joined و: وفقا."""
    needed = load_cue_words().according.items()
    return frozenset(prefix + key for key, after in needed if after == "ل" for prefix in ("", "و"))


def _free_sources(tokens: Tokens, places: Iterable[int]) -> bool:
    """Take the ل of وفقا للوزارة off the key of its noun (not off the text), so that it is found as a speaker."""
    keys, heads = tokens.keys, _load_lam_heads()
    is_freed = False
    for place in places:
        at = place + 1
        while keys[at - 1] in heads and at < len(keys) and keys[at][0] == "ل" and len(keys[at]) > 2:
            keys[at] = "ا" + keys[at][1:] if keys[at].startswith("لل") else keys[at][1:]
            is_freed, at = True, at + 1  # what was freed may be such a preposition itself
    return is_freed


def _find_forms(keys: list[str], running: list[int], cues: CueWords, words: SpeakerWords) -> list[Form | None]:
    forms: list[Form | None] = [None] * len(keys)
    for at in running:
        form = cues.forms.get(keys[at])
        if form is not None and (at == 0 or keys[at - 1] not in words.descent):
            forms[at] = form
    return forms


def _find_turns(keys: list[str], notable: list[int], forms: list[Form | None], spans: list[Span]) -> list[int]:
    turning = load_turning_words()
    after = [*keys[1:], "\n"]
    turns = [at for at in notable if forms[at] is not None or can_turn(keys[at], after[at], turning)]
    return sorted([*turns, *(span.first for span in spans), len(keys)])


def _cut_unclosed(tokens: Tokens, mark: Mark, cues: CueWords) -> Mark:
    """An unclosed mark that ends before the narrator's next verb of speech: ... . وأضاف; or ...، لافتا إلى."""
    first, stop = bisect_left(tokens.starts, mark.inner_start), bisect_left(tokens.starts, mark.end)
    for at in range(first + 1, stop - 1):
        form = cues.forms.get(tokens.keys[at + 1]) if tokens.keys[at] in _PAUSES else None
        if form is None or "weak" in form.frames or form.suffixed:
            continue
        is_verb = form.kind == "verb" and form.joined and tokens.keys[at] != "،"
        if is_verb or (form.kind == "participle" and form.cue_class in _TURNING):
            end = tokens.ends[at - 1]
            return Mark(mark.start, end, mark.inner_start, end, closed=False)
    return mark


def _place_spans(tokens: Tokens, marks: list[Mark]) -> tuple[list[Span], list[int]]:
    span_at = [-1] * len(tokens)
    spans: list[Span] = []
    for mark in marks:
        first = bisect_left(tokens.starts, mark.start)
        stop = bisect_left(tokens.starts, mark.end)
        inner_first = bisect_left(tokens.starts, mark.inner_start)
        inner_stop = max(inner_first, bisect_left(tokens.starts, mark.inner_end))
        words = sum(key[0].isalnum() for key in tokens.keys[inner_first:inner_stop] if key)
        span_at[first:stop] = [len(spans)] * (stop - first)
        spans.append(Span(first, stop - 1, inner_first, inner_stop, words, mark))
    return spans, span_at


def _place_paragraphs(document: Document, tokens: Tokens) -> list[int]:
    place = [-1] * len(tokens)
    for paragraph in document.paragraphs:
        if paragraph.role != "heading":
            first = bisect_left(tokens.starts, paragraph.start)
            stop = bisect_left(tokens.starts, paragraph.end)
            place[first:stop] = [paragraph.index] * (stop - first)
    return place


def _bound_sentences(
    tokens: Tokens, spans: list[Span], span_at: list[int], finals: list[int]
) -> tuple[list[int], list[int]]:
    """Where the sentence of each token starts and stops, from its marks and from `finals`, its final signs."""
    starts: list[int] = []
    stops: list[int] = []
    resume = 0
    for at in sorted({*finals, *(span.first for span in spans)}):
        if not resume <= at < len(tokens):
            continue  # inside marks
        number = span_at[at]
        if number >= 0 and at == spans[number].first:
            stop = resume = spans[number].last + 1
            ends = not spans[number].mark.closed or _ends_inside(tokens, spans[number])
        else:
            stop, resume = at, at + 1
            ends = tokens.keys[at] in _FINAL and _is_final(tokens, at)
        if ends:
            stops += [stop] * (resume - len(starts))
            starts += [len(starts)] * (resume - len(starts))
    rest = len(tokens) - len(starts)
    return starts + [len(starts)] * rest, stops + [len(tokens)] * rest


def _ends_inside(tokens: Tokens, span: Span) -> bool:
    """Does the span end with a full stop, with a new sentence after the marks?"""
    last, after = span.inner_stop - 1, span.last + 1
    if last <= span.inner_first or tokens.keys[last] not in ".؟?!…":
        return False
    return span.words > 3 and after < len(tokens) and tokens.keys[after][:1] == "و"


def _is_final(tokens: Tokens, at: int) -> bool:
    """Does this stop end a sentence? Not in 3.5, د. or a.com, and not before another stop."""
    if tokens.keys[at] != ".":
        return True
    before, after = at - 1, at + 1
    if before < 0 or after >= len(tokens) or not tokens.keys[after][0].isalnum():
        return True
    left, right = tokens.keys[before], tokens.keys[after]
    if _is_tight(tokens, at) and _is_tight(tokens, before) and left[:1].isalnum():
        if len(left) + len(right) <= _ABBREVIATION:
            return False  # letters of an abbreviation: دي.إيه.إن
        return not (left[-1:].isdigit() and right[0].isdigit()) and not (left.isascii() and right.isascii())
    is_initial = len(left) == 1 and left.isalpha() and (before == 0 or tokens.ends[before - 1] < tokens.starts[before])
    return not (is_initial and right[:1].isalpha())


def _is_tight(tokens: Tokens, at: int) -> bool:
    """Does the next token follow without a space? An invisible sign may stand between, as in 6.\u200f15."""
    gap = tokens.text[tokens.ends[at] : tokens.starts[at + 1]]
    return gap != " " and not any(sign.isspace() for sign in gap)
