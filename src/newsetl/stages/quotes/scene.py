"""A document as the quote rules see it: tokens, marked spans, sentences and cue forms, all by token number."""

from bisect import bisect_left
from dataclasses import dataclass

from newsetl.arabic.tokens import Tokens, split_tokens
from newsetl.records import Document
from newsetl.stages.quotes.lexicon import CueWords, Form, SpeakerWords, load_cue_words, load_speaker_words
from newsetl.stages.quotes.marks import Mark, find_marks

_FINAL = frozenset(".؟?!…\n")
_PAUSES = _FINAL | {"،"}
_ABBREVIATION = 5  # letters on both sides of its stop
_TURNING = frozenset(("continue", "indicate", "explain", "assert", "express"))  # مضيفا, لافتا


@dataclass(frozen=True, slots=True)
class Span:
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


def build_scene(document: Document) -> Scene:
    """Tokenise a document, pair its marks and bound its sentences."""
    tokens = split_tokens(document.text)
    keys = tokens.keys
    cue_words = load_cue_words()
    _free_sources(tokens, cue_words)
    marks, strays = find_marks(document)
    marks = [mark if mark.closed else _cut_unclosed(tokens, mark, cue_words) for mark in marks]
    spans, span_at = _place_spans(tokens, marks)
    paragraph = _place_paragraphs(document, tokens)
    starts, stops = _bound_sentences(tokens, spans, span_at)
    get, descent = cue_words.forms.get, load_speaker_words().descent
    forms = [
        get(key) if around < 0 <= place and before not in descent else None
        for key, before, around, place in zip(keys, ["", *keys], span_at, paragraph, strict=False)
    ]
    prepositional = cue_words.prepositional
    candidates = [
        at
        for at, form in enumerate(forms)
        if form is not None or (keys[at] in prepositional and span_at[at] < 0 <= paragraph[at])
    ]
    candidates = sorted(candidates + [span.first for span in spans])
    stray_tokens = frozenset(bisect_left(tokens.starts, place) for place in strays)
    return Scene(
        document, tokens, keys, spans, span_at, forms, starts, stops, paragraph, candidates, stray_tokens,
        cue_words, load_speaker_words(),
    )  # fmt: skip


def _free_sources(tokens: Tokens, cues: CueWords) -> None:
    """Take the ل of وفقا للوزارة off the key of its noun (not off the text), so that it is found as a speaker."""
    keys = tokens.keys
    for at in range(1, len(keys)):
        key = keys[at]
        if key[0:1] == "ل" and len(key) > 2 and _needs_lam(keys[at - 1], cues):
            keys[at] = "ا" + key[1:] if key.startswith("لل") else key[1:]


def _needs_lam(key: str, cues: CueWords) -> bool:
    return "ل" in (cues.according.get(key), cues.according.get(key.removeprefix("و")))


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


def _bound_sentences(tokens: Tokens, spans: list[Span], span_at: list[int]) -> tuple[list[int], list[int]]:
    n = len(tokens)
    starts, stops = [0] * n, [n] * n
    first = 0
    at = 0
    while at < n:
        number = span_at[at]
        if number >= 0 and at == spans[number].first:
            at = spans[number].last
            ends = not spans[number].mark.closed or _ends_inside(tokens, spans[number])
            stop = at + 1
        else:
            ends = tokens.keys[at] in _FINAL and _is_final(tokens, at)
            stop = at
        if ends or at == n - 1:
            stop = stop if ends else n
            starts[first : at + 1] = [first] * (at + 1 - first)
            stops[first : at + 1] = [stop] * (at + 1 - first)
            first = at + 1
        at += 1
    return starts, stops


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
    if before < 0 or after >= len(tokens):
        return True
    tight_before, tight_after = _is_tight(tokens, before), _is_tight(tokens, at)
    left, right = tokens.keys[before], tokens.keys[after]
    if tight_before and tight_after and left[:1].isalnum() and right[:1].isalnum():
        if len(left) + len(right) <= _ABBREVIATION:
            return False  # letters of an abbreviation: دي.إيه.إن
        return not (left[-1:].isdigit() and right[0].isdigit()) and not (left.isascii() and right.isascii())
    is_initial = len(left) == 1 and left.isalpha() and (before == 0 or tokens.ends[before - 1] < tokens.starts[before])
    return not (is_initial and right[:1].isalpha())


def _is_tight(tokens: Tokens, at: int) -> bool:
    """Does the next token follow without a space? An invisible sign may stand between, as in 6.\u200f15."""
    gap = tokens.text[tokens.ends[at] : tokens.starts[at + 1]]
    return not gap or not any(sign.isspace() for sign in gap)
