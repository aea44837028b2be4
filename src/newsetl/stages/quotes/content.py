"""What was said: the reported words after a cue, and where they end."""

from dataclasses import dataclass
from typing import Literal

from newsetl.records import QuoteType
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.scene import Scene, Span

# How many tokens may stand between a cue and its content; a speaker with a long title takes about 30.
_REACH = 45
_WEAK_REACH = 12
_CLOSE_REACH = 9  # participles and nouns have no subject after them
_STRAY_REACH = 300  # tokens after which a lone closing mark no longer belongs to the clause
_SOURCE_WORDS = 14  # a source without a comma before it must be what the sentence ends with
_NAME_WORDS = 4  # a marked span of this many words or fewer may be a name inside the speaker's phrase
_TURNING = frozenset(("continue", "indicate", "explain", "assert", "express"))  # مضيفا, معربا end a clause anywhere
_TRIM = frozenset("،,؛;:.-–—/…(")


@dataclass(frozen=True, slots=True)
class Opener:
    """Where content begins: `at` is the first token that is not the speaker's, `first` the first of the content."""

    kind: Literal["span", "clause", "colon"]
    at: int
    first: int


@dataclass(frozen=True, slots=True)
class Content:
    """Token ranges of what was said; `stop` is where the search for cues goes on."""

    type: QuoteType
    segments: tuple[tuple[int, int], ...]
    stop: int
    flags: tuple[str, ...] = ()


def find_opener(scene: Scene, cue: int, form: Form) -> Opener | None:
    """The first thing after a cue that can open its content, inside the sentence."""
    weak = "weak" in form.frames
    reach = _CLOSE_REACH if form.kind != "verb" else _WEAK_REACH if weak else _REACH
    at = cue + 1
    while at < min(cue + reach, len(scene.keys)):
        key = scene.keys[at]
        if key == ":" and not key_is_time(scene, at):
            return _open_colon(scene, at, form)
        if at >= scene.sentence_stop[cue]:
            return None
        number = scene.span_at[at]
        if number >= 0:
            span = scene.spans[number]
            if is_content_span(scene, cue, span, form):
                return Opener("span", at, at)
            at = span.last + 1
            continue
        if is_complementizer(scene, at, form):
            keep = key in scene.cues.suffixed
            opener = at - 1 if scene.key(at - 1) in scene.cues.prepositions else at
            return Opener("clause", opener, at if keep else at + 1)
        if (weak and key == "،") or key in scene.cues.breaks:
            return None
        other = scene.forms[at]
        if other is not None and _is_rival(scene, at, other):
            return None
        at += 1
    return None


def key_is_time(scene: Scene, at: int) -> bool:
    """Is the colon inside a time of day such as 10:30?"""
    return scene.key(at - 1)[-1:].isdigit() and scene.key(at + 1)[:1].isdigit()


def _open_colon(scene: Scene, at: int, form: Form) -> Opener | None:
    first = at + 1
    while scene.key(first) in (":", "-", "–", "\n") and first < at + 4 and first < len(scene.keys):
        first += 1
    if first >= len(scene.keys) or (scene.paragraph[first] != scene.paragraph[at] and scene.span_at[first] < 0):
        return None
    if scene.keys[first] in scene.cues.bare and scene.span_at[first] < 0:
        return Opener("clause", at, first + 1)
    if scene.span_at[first] < 0 and ("weak" in form.frames or form.kind == "noun"):
        return None
    return Opener("colon", at, first)


def _is_rival(scene: Scene, at: int, form: Form) -> bool:
    """Does another cue take over here, so that the first one has no content of its own?"""
    if form.kind == "noun":
        return False
    if form.kind == "participle":
        return "weak" not in form.frames
    if scene.key(at - 1) in scene.words.relative_openings or scene.key(at - 1) in scene.cues.negations:
        return False
    return "weak" not in form.frames and not form.suffixed


def is_complementizer(scene: Scene, at: int, form: Form) -> bool:
    """Does the token open a clause that this cue governs?"""
    key = scene.keys[at]
    cues = scene.cues
    if key not in cues.bare and key not in cues.suffixed:
        return False
    before = scene.key(at - 1)
    if before in cues.blockers:
        return False
    preposition = cues.prepositions.get(before)
    if preposition is not None:
        return preposition in form.frames or ("an" in form.frames and before == "عن")
    return "an" in form.frames


def is_content_span(scene: Scene, cue: int, span: Span, form: Form) -> bool:
    """Are these marks around what the cue's subject said, and not around a name on the way?"""
    if not span.words or not form.frames & {"d", "q"}:
        return False
    near = span.first == cue + 1 or scene.key(span.first - 1) == ":"
    if span.words < (_NAME_WORDS if near else 3 * _NAME_WORDS) and _content_follows(
        scene, span.last + 1, cue, form, near=near
    ):
        return False
    before = scene.key(span.first - 1)
    if before == "ب" and ("q" in form.frames or (span.words > 2 and "d" in form.frames)):
        return True
    if scene.cues.prepositions.get(before) in form.frames and "d" in form.frames and span.words > 2:
        return True
    if "d" not in form.frames:
        return form.suffixed and "q" in form.frames and span.first == cue + 1
    if span.first == cue + 1:
        return span.words > 1 or "q" in form.frames
    if "weak" in form.frames or form.kind == "noun" or before in scene.cues.governors:
        return False
    if "q" in form.frames and span.first <= cue + 6 and before not in "،,":
        return True
    return span.words > _NAME_WORDS or before in "،,"


def _content_follows(scene: Scene, at: int, cue: int, form: Form, *, near: bool) -> bool:
    stop = min(at + 14, scene.sentence_stop[cue] + 1, len(scene.keys))
    while at < stop:
        number = scene.span_at[at]
        if number >= 0:
            if scene.spans[number].words > _NAME_WORDS or ("q" in form.frames and scene.key(at - 1) == "ب"):
                return True
            at = scene.spans[number].last + 1
            continue
        if scene.keys[at] == ":" or is_complementizer(scene, at, form):
            return True
        if near and scene.keys[at] == "،":
            return False
        other = scene.forms[at]
        if other is not None and _is_rival(scene, at, other):
            return False
        at += 1
    return False


def read_content(scene: Scene, cue: int, opener: Opener) -> Content | None:
    """The content that begins at an opener, or None when nothing is left of it."""
    number = scene.span_at[opener.first] if opener.first < len(scene.keys) else -1
    if number >= 0 and opener.first == scene.spans[number].first:
        span = scene.spans[number]
        if opener.kind == "span" and scene.key(opener.at - 1) in ("ب", "بـ"):
            return _read_described(scene, span)
        if opener.kind != "clause" or _closes_clause(scene, span):
            return read_spans(scene, span)
    if opener.kind == "colon":
        stop = find_speech_stop(scene, opener.first)
        kind: QuoteType = "direct"
    else:
        stop = find_clause_stop(scene, opener.first)
        stray = _stray_close(scene, opener.first)
        if stray is not None:
            return Content("direct", ((opener.first, stray),), stray + 1, ("unopened-mark",))
        is_said = scene.key(opener.at) == ":"
        kind = "direct" if is_said else clause_type(scene, opener.first, stop)
    first, stop = trim(scene, opener.first, stop)
    if stop <= first:
        return None
    return Content(kind, ((first, stop),), stop)


def _read_described(scene: Scene, span: Span) -> Content:
    """What follows وصفه بـ: the marked words, with the rest of their clause when it runs on."""
    after = span.last + 1
    stop = (
        find_clause_stop(scene, after) if after < len(scene.keys) and after < scene.sentence_stop[span.first] else after
    )
    for at in range(after, stop):
        if scene.keys[at] in "،,؛":
            stop = at
            break
    if stop <= after or not scene.span_at[after] < 0 or scene.keys[after] in scene.words.relative_openings:
        return read_spans(scene, span)
    return Content("mixed", ((span.first, stop),), stop)


def _stray_close(scene: Scene, first: int) -> int | None:
    """A closing mark that nothing opened, later in the same paragraph: the opening one was forgotten."""
    if not scene.strays:
        return None
    place = scene.paragraph[first]
    for at in range(first, min(first + _STRAY_REACH, len(scene.keys))):
        if (
            scene.paragraph[at] != place
            or scene.span_at[at] >= 0
            or (scene.keys[at] == ":" and not key_is_time(scene, at))
        ):
            return None
        if at in scene.strays:
            return at
    return None


def _closes_clause(scene: Scene, span: Span) -> bool:
    """After إن "..." does the clause end with the marks, so that every content word stands in them?"""
    after = span.last + 1
    if after >= len(scene.keys) or after >= scene.sentence_stop[span.first]:
        return True
    key = scene.keys[after]
    if key in "،,؛.":
        return span.words > _NAME_WORDS or _cue_at(scene, after + 1)
    return _cue_at(scene, after)


def _cue_at(scene: Scene, at: int) -> bool:
    return at < len(scene.forms) and scene.forms[at] is not None or scene.key(at) in scene.cues.according


def read_spans(scene: Scene, span: Span) -> Content:
    """A marked quote with the marked blocks that continue it: re-opened paragraphs and spans set side by side."""
    segments = [trim_inner(scene, span)]
    flags: list[str] = [] if span.mark.closed else ["unclosed-mark"]
    number = scene.span_at[span.first] + 1
    while number < len(scene.spans) and _continues(scene, span, scene.spans[number]):
        span = scene.spans[number]
        if scene.paragraph[span.first] != scene.paragraph[scene.spans[number - 1].first]:
            flags.append("multi-paragraph")
        segments.append(trim_inner(scene, span))
        number += 1
    return Content("direct", tuple(s for s in segments if s[1] > s[0]), span.last + 1, tuple(dict.fromkeys(flags)))


def _continues(scene: Scene, span: Span, later: Span) -> bool:
    """Does the next span go on with an unclosed one: re-opened at the start of the next paragraph?"""
    between = scene.keys[span.last + 1 : later.first]
    return not span.mark.closed and all(key == "\n" for key in between)


def trim_inner(scene: Scene, span: Span) -> tuple[int, int]:
    return span.inner_first, span.inner_stop


def trim(scene: Scene, first: int, stop: int) -> tuple[int, int]:
    """The range without punctuation at its edges; marks that were opened inside stay."""
    while stop > first and scene.keys[stop - 1] in _TRIM and scene.span_at[stop - 1] < 0:
        stop -= 1
    while first < stop and scene.keys[first] in _TRIM and scene.span_at[first] < 0:
        first += 1
    return first, stop


def find_speech_stop(scene: Scene, first: int) -> int:
    """The end of unmarked speech after a colon: the paragraph, or the sentence before the next cue."""
    place = scene.paragraph[first]
    stop = scene.sentence_stop[first]
    clause = find_clause_stop(scene, first)
    if clause < stop:
        return clause
    while True:
        after = stop
        while after < len(scene.keys) and scene.key(after) in ".؟?!…" and scene.paragraph[after] == place:
            after += 1
        if after >= len(scene.keys) or scene.paragraph[after] != place or scene.key(after) == "\n":
            return stop
        if any(_cue_at(scene, at) for at in range(after, min(after + 4, len(scene.keys)))) or scene.span_at[after] >= 0:
            return stop
        stop = scene.sentence_stop[after]
        if stop <= after:
            return after


def find_clause_stop(scene: Scene, first: int) -> int:
    """The end of a reported clause: the sentence's end, a new cue, or where the article's own voice goes on."""
    at, stop = first, scene.sentence_stop[first] if first < len(scene.keys) else first
    while at < stop:
        number = scene.span_at[at]
        if number >= 0:
            at = scene.spans[number].last + 1
            continue
        if at > first and _is_abrupt_cue(scene, at):
            return _comma_before(scene, at, first)
        if at > first and (
            _is_new_cue(scene, at) or (at > first + 3 and _is_source_phrase(scene, at)) or _is_author_voice(scene, at)
        ):
            return at
        at += 1
    return max(at, first)


def _is_new_cue(scene: Scene, at: int) -> bool:
    form = scene.forms[at]
    if form is None or form.kind == "noun":
        return False
    before = scene.key(at - 1)
    if form.kind == "participle":
        if "weak" in form.frames:
            return before == "،" and find_opener(scene, at, form) is not None
        return before in "،,)" or form.cue_class in _TURNING or find_opener(scene, at, form) is not None
    if form.suffixed or form.kind == "passive" or before in scene.words.relative_openings or before in scene.cues.negations:
        return False
    if not form.joined and (before not in ("،", "فيما", "بينما", "كما", "حين") or "weak" in form.frames):
        return False
    if form.joined and before == "،" and "weak" not in form.frames and not form.imperfect:
        return True
    opener = find_opener(scene, at, form)
    return opener is not None and ("weak" not in form.frames or opener.at <= at + 6)


def _is_abrupt_cue(scene: Scene, at: int) -> bool:
    """A new verb of speech in mid sentence, with a colon or marks of its own: وعن المباريات قال: «...»."""
    form = scene.forms[at]
    if form is None or form.kind != "verb" or form.joined or form.suffixed or "weak" in form.frames:
        return False
    if scene.key(at - 1) in scene.words.relative_openings or scene.key(at - 1) in scene.cues.negations:
        return False
    opener = find_opener(scene, at, form)
    return opener is not None and opener.kind != "clause" and opener.at <= at + 4


def _comma_before(scene: Scene, at: int, first: int) -> int:
    """The last comma shortly before a new cue, where the old clause ended; else the cue itself."""
    return next((i for i in range(at - 1, max(first, at - 9), -1) if scene.keys[i] == "،"), at)


def _is_source_phrase(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    after = scene.cues.according.get(key)
    if after is not None and key != "وحسب":
        closes = scene.key(at - 1) in "،,»)" or scene.sentence_stop[at] - at <= _SOURCE_WORDS
        return closes and (not after or after == "ل" or scene.key(at + 1) == after)
    if key in ("حسبما", "وفقما"):
        return True
    return (
        key == "على"
        and scene.key(at + 1) == "حد"
        and scene.key(at + 2) in ("قول", "قوله", "قولها", "تعبير", "تعبيره", "تعبيرها", "وصفه", "وصفها", "وصف")
    )


def _is_author_voice(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    if scene.key(at - 1) not in "،,؛":
        return False
    return (
        key in scene.cues.narrators
        or (key == "في" and scene.key(at + 1) == "اشارة")
        or (key == "غير" and scene.key(at + 1) == "ان")
        or (key.removeprefix("و") in ("يذكر", "يشار"))
    )


def clause_type(scene: Scene, first: int, stop: int) -> QuoteType:
    """direct, mixed or indirect by which words of the clause stand in marks."""
    kind: QuoteType = "indirect"
    at = first
    while at < stop:
        number = scene.span_at[at]
        if number >= 0:
            span = scene.spans[number]
            if span.first <= first and span.last >= stop - 1:
                return "direct"
            if shows_words(scene, span):
                kind = "mixed"
            at = span.last
        at += 1
    return kind


def shows_words(scene: Scene, span: Span) -> bool:
    """Does a marked span inside a clause show the speaker's words, rather than a name?"""
    return span.words > _NAME_WORDS or (span.words > 1 and not is_name_span(scene, span))


def is_name_span(scene: Scene, span: Span) -> bool:
    """A short span after a noun such as صحيفة، or one that is followed by its spelling in Latin letters."""
    if scene.key(span.last + 1) == "(" and scene.key(span.last + 2).isascii():
        return True
    if all(key.isascii() for key in scene.keys[span.inner_first : span.inner_stop]):
        return True
    before = scene.key(span.first - 1)
    base = before.removeprefix("ال").removeprefix("ل").removeprefix("ب")
    return (
        base in scene.words.organisations
        or base in scene.words.texts
        or before
        in (
            "عنوان",
            "بعنوان",
            "شعار",
            "اسم",
            "باسم",
            "يسمى",
            "المسمى",
            "عملية",
            "فيلم",
            "برنامج",
            "مسلسل",
            "كتاب",
            "رواية",
            "تطبيق",
        )
    )
