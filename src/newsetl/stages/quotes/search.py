"""The search for quotes: one walk over the document, cue by cue."""

from dataclasses import dataclass

from newsetl.records import Quote, QuoteType, Resolution, Segment
from newsetl.stages.quotes.confidence import tell_confidence
from newsetl.stages.quotes.content import (
    Content, clause_type, find_clause_stop, find_opener, read_content, read_spans, trim,
)  # fmt: skip
from newsetl.stages.quotes.entities import Cast, Entity
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.scene import Scene, Span
from newsetl.stages.quotes.speakers import Phrase, find_phrase
from newsetl.stages.quotes.subjects import find_subject_before

_PAUSE = frozenset("،,.-–—؛/")


@dataclass(frozen=True, slots=True)
class Found:
    """A quote before its speaker is known.

    Attributes:
        cue: Token range of the cue, None when there is none.
        phrase: The speaker's words at the quote; None when left out.
        stop: Where the search goes on.
    """

    content: Content
    cue: tuple[int, int] | None
    form: Form | None
    phrase: Phrase | None
    stop: int


def search_quotes(scene: Scene) -> tuple[Quote, ...]:
    """All quotes of the scene in the order of the text, with their speakers resolved."""
    cast = Cast(scene)
    quotes: list[Quote] = []
    last: Found | None = None
    at = 0
    while at < len(scene.keys):
        found = _find_at(scene, at, last)
        if found is None:
            number = scene.span_at[at]
            at = scene.spans[number].last + 1 if number >= 0 else at + 1
            continue
        quotes.append(_make_quote(scene, cast, found, len(quotes)))
        last = found
        at = max(found.stop, at + 1)
    quotes.sort(key=lambda q: q.start)
    return tuple(_renumber(quotes))


def _renumber(quotes: list[Quote]) -> list[Quote]:
    from dataclasses import replace

    return [q if q.index == i else replace(q, index=i) for i, q in enumerate(quotes)]


def _find_at(scene: Scene, at: int, last: Found | None) -> Found | None:
    """The quote whose cue or marks begin at a token, if any."""
    number = scene.span_at[at]
    if number >= 0 and at == scene.spans[number].first:
        return _find_after_marks(scene, scene.spans[number], last)
    if number >= 0 or scene.paragraph[at] < 0:
        return None
    form = scene.forms[at]
    if form is not None:
        return _find_cue(scene, at, form)
    if scene.keys[at].lstrip("و") in scene.cues.according or scene.keys[at] in scene.cues.whatever:
        return _find_according(scene, at, last)
    return None


def is_silent(scene: Scene, at: int, form: Form) -> bool:
    """Is the cue negated, or the article's own voice?"""
    before = scene.key(at - 1)
    if before in scene.cues.negations and form.kind == "verb":
        return True
    key = scene.keys[at].removeprefix("و")
    if key in scene.cues.author_voice:
        following = scene.key(at + 1)
        if following in ("الى",):
            following = scene.key(at + 2)
        if following in scene.cues.bare or following in scene.cues.suffixed:
            return True
    return key == "يذكر" and scene.key(at + 1).startswith("ان")


def _find_cue(scene: Scene, at: int, form: Form) -> Found | None:
    if is_silent(scene, at, form):
        return None
    opener = find_opener(scene, at, form)
    if opener is None:
        return None
    if form.kind == "noun" and opener.at > at + (1 if form.suffixed else 4):
        return None
    content = read_content(scene, at, opener)
    if content is None:
        return None
    phrase = find_phrase(scene, at + 1, opener.at) if form.kind != "participle" or opener.at > at + 2 else None
    if form.kind == "participle":
        phrase = None
    if phrase is None:
        phrase = find_subject_before(scene, at, form)
    return Found(content, (at, at + 1), form, phrase, content.stop)


def _find_after_marks(scene: Scene, span: Span, last: Found | None) -> Found | None:
    """A marked span that a narrator follows: "...", قال فلان; or one that goes on with the last quote."""
    at = span.last + 1
    while scene.key(at) in _PAUSE and at < span.last + 3:
        at += 1
    form = scene.forms[at] if at < len(scene.forms) else None
    if form is not None and not form.joined and "d" in form.frames and form.kind == "verb" and span.words > 2:
        found = _find_narrator(scene, span, at, form)
        if found is not None:
            return found
    if span.words > 3 and scene.key(at).lstrip("و") in scene.cues.according and scene.key(at) != "وحسب":
        read = _read_source(scene, at)
        if read is not None:
            return Found(read_spans(scene, span), (at, read[0]), None, read[1], read[1].stop)
    if last is not None and last.content.type == "direct" and span.words > 4 and _is_block(scene, span, last):
        content = read_spans(scene, span)
        return Found(content, None, None, None, content.stop)
    return None


def _is_block(scene: Scene, span: Span, last: Found) -> bool:
    """Does the span fill its paragraph right after the last quote's paragraph?"""
    between = scene.keys[last.stop : span.first]
    starts = scene.key(span.first - 1) == "\n"
    return starts and all(k in ".\n،" for k in between) and scene.key(span.last + 1) in ".\n،"


def _find_narrator(scene: Scene, span: Span, at: int, form: Form) -> Found | None:
    stop = scene.sentence_stop[at]
    after = at + 1
    while after < stop and scene.span_at[after] < 0 and scene.keys[after] not in ":،":
        if after > at + 14:
            return None
        after += 1
    opener = find_opener(scene, at, form)
    if opener is not None and opener.kind == "clause":
        return None
    phrase = find_phrase(scene, at + 1, stop if opener is None else min(opener.at, stop))
    content = read_spans(scene, span)
    resume = phrase.stop if phrase else at + 1
    while scene.key(resume) in "،.:":
        resume += 1
    number = scene.span_at[resume] if resume < len(scene.keys) else -1
    if number >= 0 and scene.spans[number].words > 2 and scene.spans[number].first == resume:
        more = read_spans(scene, scene.spans[number])
        content = Content("direct", content.segments + more.segments, more.stop, content.flags + more.flags)
        return Found(content, (at, at + 1), form, phrase, more.stop)
    return Found(content, (at, at + 1), form, phrase, resume)


def _read_source(scene: Scene, at: int) -> tuple[int, Phrase] | None:
    """The source after a prepositional cue: where the cue ends, and the noun phrase."""
    key = scene.keys[at].lstrip("و") if scene.keys[at] not in scene.cues.according else scene.keys[at]
    needed = scene.cues.according.get(key, "")
    first = at + 1
    following = scene.key(first)
    if needed == "ل":
        if not following.startswith("ل"):
            return None
        if following == "ل":
            first += 1
    elif needed:
        if following != needed:
            return None
        first += 1
    stop = scene.sentence_stop[at]
    if scene.key(first) in ("ما", "لما"):
        first += 1
        if first < len(scene.forms) and scene.forms[first] is not None:
            first += 1
    phrase = find_phrase(scene, first, stop)
    return (first, phrase) if phrase is not None else None


def _find_according(scene: Scene, at: int, last: Found | None) -> Found | None:
    """وفقا للوزارة، ... before a clause, or ...، بحسب الوزارة after one."""
    key = scene.keys[at]
    if key in scene.cues.whatever:
        form = scene.forms[at + 1] if at + 1 < len(scene.forms) else None
        if form is None or form.kind != "verb" or "weak" in form.frames:
            return None
        phrase = find_phrase(scene, at + 2, scene.sentence_stop[at])
        read = (at + 2, phrase) if phrase else None
    else:
        form = None
        read = _read_source(scene, at)
    if read is None:
        return None
    cue_stop, phrase = read
    if form is None and not _is_source(scene, phrase):
        return None
    start, stop = scene.sentence_start[at], scene.sentence_stop[at]
    if last is not None and last.stop > start:
        if last.stop <= at and at - last.stop <= 2:
            return None  # the clause before is a quote already
        start = max(start, last.stop)
    first, end = trim(scene, start, at)
    if end - first > 3:
        return Found(Content(clause_type(scene, first, end), ((first, end),), phrase.stop), (at, cue_stop), form, phrase, phrase.stop)
    if first < end and scene.keys[first] not in ("لكن", "ولكن", "و", "كما", "فيما"):
        return None
    begin = phrase.stop
    while begin < stop and scene.keys[begin] in ("،", "فان", "ان", "فقد"):
        begin += 1
    end = find_clause_stop(scene, begin) if begin < stop else begin
    begin, end = trim(scene, begin, end)
    if end - begin < 3:
        return None
    kind: QuoteType = clause_type(scene, begin, end)
    return Found(Content(kind, ((begin, end),), end), (at, cue_stop), form, phrase, end)


def _is_source(scene: Scene, phrase: Phrase) -> bool:
    """Can the noun after بحسب speak: a person, an institution, people? Not a rule or a need."""
    from newsetl.stages.quotes.speakers import is_anonymous, is_body, is_role

    key = scene.keys[phrase.first]
    for form in (key, key[1:] if key.startswith("ل") else key, "ا" + key[1:] if key.startswith("لل") else key):
        if is_role(scene, form) or is_body(scene, form) or is_anonymous(scene, form) or form in scene.words.titles or form in scene.words.given:
            return True
    return scene.span_at[phrase.first] >= 0


def _make_quote(scene: Scene, cast: Cast, found: Found, index: int) -> Quote:
    entity, resolution = _resolve(scene, cast, found)
    tokens = scene.tokens
    segments = tuple(Segment(tokens.starts[a], tokens.ends[b - 1]) for a, b in found.content.segments)
    cue = found.cue
    phrase = found.phrase
    cue_first = tokens.starts[cue[0]] if cue else None
    if cue and cue_first is not None and tokens.text[cue_first] in "وف" and (found.form is None or found.form.joined):
        cue_first += 1
    role = max(entity.roles, key=len, default=None) if entity else None
    first = found.content.segments[0][0]
    return Quote(
        index=index,
        type=found.content.type,
        segments=segments,
        paragraph_index=scene.paragraph[first],
        cue=tokens.text[cue_first : tokens.ends[cue[1] - 1]] if cue and cue_first is not None else None,
        cue_start=cue_first,
        cue_end=tokens.ends[cue[1] - 1] if cue else None,
        cue_lemma=found.form.lemma if found.form else None,
        cue_class=found.form.cue_class if found.form else ("according" if cue else None),
        speaker=tokens.slice_text(phrase.first, phrase.stop) if phrase else None,
        speaker_start=tokens.starts[phrase.first] if phrase else None,
        speaker_end=tokens.ends[phrase.stop - 1] if phrase else None,
        speaker_name=entity.name if entity else None,
        speaker_role=role,
        speaker_kind=entity.kind if entity else "unknown",
        resolution=resolution,
        confidence=tell_confidence(found.content, found.form, entity, resolution),
        flags=found.content.flags,
    )


def _resolve(scene: Scene, cast: Cast, found: Found) -> tuple[Entity | None, Resolution]:
    gender, number = (found.form.gender, found.form.number) if found.form else ("", "")
    if found.phrase is not None:
        return cast.meet(found.phrase, gender, number)
    entity = cast.recall(gender, number)
    if entity is None:
        return None, "none"
    is_pronoun = found.form is not None and found.form.kind == "noun"
    return entity, "pronoun" if is_pronoun else "elided"
