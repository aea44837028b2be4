"""Where the content of a cue begins: after أن, a colon, or at marks that hold what was said."""

from typing import Literal, NamedTuple

from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.scene import Scene, Span

# How many tokens may stand between a cue and its content; a speaker with a long title takes about 30.
_REACH = 45
_WEAK_REACH = 12
_CLOSE_REACH = 9  # participles and nouns have no subject after them
_INSIDE = frozenset(("في", "فيه", "فيها", "ضمن", "على"))
_SPEAKING = frozenset(("neutral", "continue", "narrate", "write", "answer", "text"))
_DOTS = (".", "…")
_NAME_WORDS = 4  # a marked span of this many words or fewer may be a name inside the speaker's phrase


class Opener(NamedTuple):
    """Where content begins: `at` is the first token that is not the speaker's, `first` the first of the content."""

    kind: Literal["span", "clause", "colon"]
    at: int
    first: int


def find_opener(scene: Scene, cue: int, form: Form) -> Opener | None:
    """The first thing after a cue that can open its content, inside the sentence."""
    weak = is_weak(scene, cue, form)
    reach = _CLOSE_REACH if form.kind != "verb" else _WEAK_REACH if weak else _REACH
    keys, span_at, forms, stop = scene.keys, scene.span_at, scene.forms, scene.sentence_stop[cue]
    opening = scene.cues.opening
    last = min(cue + reach, len(keys))
    at = cue
    while (at := at + 1) < last:
        key = keys[at]
        if key not in opening and forms[at] is None and span_at[at] < 0 and at < stop:
            continue  # nearly all words: nothing below would be true of them
        if key == ":" and not key_is_time(scene, at):
            return _open_colon(scene, cue, at, form)
        if at >= stop:
            return _open_after_dots(scene, cue, at, form)
        if span_at[at] >= 0:
            span = scene.spans[span_at[at]]
            if is_content_span(scene, cue, span, form):
                return Opener("span", at, at)
            at = span.last
            continue
        if is_complementizer(scene, at, form):
            keep = key in scene.cues.suffixed
            opener = at - 1 if scene.key(at - 1) in scene.cues.prepositions else at
            return Opener("clause", opener, at if keep else at + 1)
        if (weak and key == "،") or key in scene.cues.breaks:
            return None
        other = forms[at]
        if other is not None and _is_rival(scene, at, other):
            return None
    return None


def _open_after_dots(scene: Scene, cue: int, at: int, form: Form) -> Opener | None:
    """Marks after a few dots that only hold the breath: وقال ... "نعم"."""
    first = at
    while scene.key(first) in _DOTS and first < at + 4:
        first += 1
    if first - at < 2 and scene.key(at) != "…":
        return None
    number = scene.span_at[first] if first < len(scene.keys) else -1
    if number < 0 or not is_content_span(scene, cue, scene.spans[number], form):
        return None
    return Opener("span", at, first)


def is_weak(scene: Scene, cue: int, form: Form) -> bool:
    """Must the content stand close by? Not after جاء في البيان."""
    if "weak" not in form.frames or (form.cue_class == "text" and scene.key(cue + 1) in _INSIDE):
        return False
    doubled = "\u0651" in scene.tokens.slice_text(cue, cue + 1)  # بيّن is no preposition
    return not (doubled and form.lemma == "بين")


def key_is_time(scene: Scene, at: int) -> bool:
    """Is the colon inside a time of day such as 10:30?"""
    return scene.key(at - 1)[-1:].isdigit() and scene.key(at + 1)[:1].isdigit()


def _open_colon(scene: Scene, cue: int, at: int, form: Form) -> Opener | None:
    if scene.key(at - 1) in scene.cues.labels and at - 1 > cue:
        return None  # بعنوان: "..."
    first = at + 1
    while scene.key(first) in (":", "-", "–", "\n") and first < at + 4 and first < len(scene.keys):
        first += 1
    if first >= len(scene.keys):
        return None
    is_below = scene.paragraph[first] != scene.paragraph[at] and scene.span_at[first] < 0
    if is_below and not _is_spoken_below(scene, at, first, form):
        return None
    if scene.keys[first] in scene.cues.bare and scene.span_at[first] < 0:
        return Opener("clause", at, first + 1)
    if scene.span_at[first] < 0 and (is_weak(scene, cue, form) or form.kind == "noun"):
        return None
    return Opener("colon", at, first)


def _is_spoken_below(scene: Scene, at: int, first: int, form: Form) -> bool:
    """Does a colon at the end of a line open unmarked speech in the next one, and no list?"""
    if form.kind != "verb" or form.cue_class not in _SPEAKING or scene.key(first - 1) in ("-", "–"):
        return False
    return scene.keys[first][0].isalpha() and all(scene.keys[i] == "\n" for i in range(at + 1, first))


def _is_rival(scene: Scene, at: int, form: Form) -> bool:
    """Does another cue take over here, so that the first one has no content of its own?"""
    if form.kind == "noun":
        return False
    if form.kind == "participle":
        is_noun = at + 1 < len(scene.forms) and scene.forms[at + 1] is not None  # لافتة كتب عليها
        return "weak" not in form.frames and not is_noun and _opens_at_once(scene, at, form)
    if scene.key(at - 1) in scene.words.relative_openings or scene.key(at - 1) in scene.cues.negations:
        return False
    return "weak" not in form.frames and not form.suffixed and not is_inscribed(scene, at, form)


def is_inscribed(scene: Scene, cue: int, form: Form) -> bool:
    """لافتة كتب عليها: words on a thing, inside a clause about somebody else."""
    return form.cue_class == "write" and scene.key(cue + 1) in scene.cues.resumptives


def _opens_at_once(scene: Scene, at: int, form: Form) -> bool:
    """Does the content of a participle follow within three tokens? Else it is an aside: مخاطبا الحضور."""
    for near in range(at + 1, min(at + 4, len(scene.keys))):
        if scene.keys[near] == ":" or scene.span_at[near] >= 0 or is_complementizer(scene, near, form):
            return True
    return False


def is_complementizer(scene: Scene, at: int, form: Form) -> bool:
    """Does the token open a clause that this cue governs?"""
    key = scene.keys[at]
    cues = scene.cues
    if key not in cues.bare and key not in cues.suffixed:
        return False
    before = scene.key(at - 1)
    if before in cues.blockers or (key == "ان" and scene.key(at + 1) == "لم"):  # إن لم: if not
        return False
    preposition = cues.prepositions.get(before)
    if preposition is not None:
        is_object = preposition == "min" and form.suffixed  # ما ذكرته الصحيفة من أن
        return preposition in form.frames or ("an" in form.frames and (before == "عن" or is_object))
    return "an" in form.frames


def is_content_span(scene: Scene, cue: int, span: Span, form: Form) -> bool:
    """Are these marks around what the cue's subject said, and not around a name on the way?"""
    if not span.words or not form.frames & {"d", "q"}:
        return False
    near = span.first == cue + 1 or scene.key(span.first - 1) == ":"
    before = scene.key(span.first - 1)
    stands_for = before in scene.cues.resumptives or is_inscribed(scene, cue, form)
    if (stands_for and span.first <= cue + 4) or (before == "ب" and "q" in form.frames):
        return True
    if span.words < (_NAME_WORDS if near else 3 * _NAME_WORDS) and _content_follows(
        scene, span.last + 1, cue, form, near=near
    ):
        return False
    governed = before == "ب" or scene.cues.prepositions.get(before) in form.frames
    if governed and span.words > 2 and "d" in form.frames:
        return True
    if "d" not in form.frames:
        return form.suffixed and "q" in form.frames and span.first == cue + 1
    return _is_next(scene, cue, span, form) if span.first == cue + 1 else _is_said(scene, cue, span, form)


def _is_next(scene: Scene, cue: int, span: Span, form: Form) -> bool:
    """Do marks right after the cue hold speech, and not the speaker's name: قالت "المصلحة" إن?"""
    if "q" in form.frames:
        return True
    if span.words <= 2 and scene.key(span.last + 1)[0].isalpha():
        return is_clause_span(scene, span)
    return span.words > (_NAME_WORDS if is_weak(scene, cue, form) else 1)


def _is_said(scene: Scene, cue: int, span: Span, form: Form) -> bool:
    """Do marks further on hold speech, by their length, by how they begin, or by the comma before them?"""
    before = scene.key(span.first - 1)
    if is_weak(scene, cue, form) or form.kind == "noun" or before in scene.cues.governors:
        return False
    if "q" in form.frames and span.first <= cue + 6 and before not in "،," and span.words > 1:
        return True
    apposed = before not in "،," or scene.key(span.last + 1) in "،,"
    return is_clause_span(scene, span) or span.words > _NAME_WORDS or not apposed


def is_clause_span(scene: Scene, span: Span) -> bool:
    """Is the marked span a sentence and no name: does it begin or end like one?"""
    first = scene.key(span.inner_first)
    return span.words > 1 and (first in scene.cues.clause_words or scene.key(span.inner_stop - 1) in "؟?!")


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
