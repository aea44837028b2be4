"""The search for quotes: one walk over the document, cue by cue."""

from dataclasses import dataclass

from newsetl.records import Quote, QuoteType, Resolution, Segment
from newsetl.stages.quotes.confidence import tell_confidence
from newsetl.stages.quotes.content import (
    Content, Opener, clause_type, find_clause_stop, find_opener, read_content, read_spans, trim,
)  # fmt: skip
from newsetl.stages.quotes.entities import Cast, Entity
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.scene import Scene, Span
from newsetl.stages.quotes.speakers import Phrase, find_phrase, starts_speaker
from newsetl.stages.quotes.subjects import find_subject_before, guess_person, guess_subject

_RELAYS = frozenset(("نقل", "نسب"))
_SUBJECT_WORDS = 7
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
    relayed_by: Phrase | None = None


def search_quotes(scene: Scene) -> tuple[Quote, ...]:
    """All quotes of the scene in the order of the text, with their speakers resolved."""
    cast = Cast(scene)
    quotes: list[Quote] = []
    last: Found | None = None
    resume = 0
    for at in scene.candidates:
        found = _find_at(scene, at, last) if at >= resume else None
        if found is not None:
            quotes.append(_make_quote(scene, cast, found, last, len(quotes)))
            last, resume = found, found.stop
    quotes.sort(key=lambda q: q.start)
    return tuple(_renumber(quotes))


def _renumber(quotes: list[Quote]) -> list[Quote]:
    from dataclasses import replace

    return [q if q.index == i else replace(q, index=i) for i, q in enumerate(quotes)]


def _find_at(scene: Scene, at: int, last: Found | None) -> Found | None:
    """The quote whose cue or marks begin at a token, if any."""
    number = scene.span_at[at]
    if number >= 0:
        return _find_after_marks(scene, scene.spans[number], last)
    form = scene.forms[at]
    return _find_cue(scene, at, form) if form is not None else _find_according(scene, at, last)


def according_key(scene: Scene, at: int) -> str:
    """The prepositional cue at a token, without a joined و; "" when there is none."""
    key = scene.key(at)
    if key in scene.cues.according:
        return key
    return key[1:] if key.startswith("و") and key[1:] in scene.cues.according else ""


def is_silent(scene: Scene, at: int, form: Form) -> bool:
    """Is the cue negated, or the article's own voice?"""
    before = scene.key(at - 1)
    if before in scene.cues.negations and form.kind == "verb":
        return True
    if before in scene.cues.conditions and form.cue_class in ("belief", "fear"):
        return True
    if form.kind == "verb" and form.lemma[0] == "ا" and scene.tokens.text[scene.tokens.starts[at] + form.joined] == "أ":
        return True  # first person: أعتقد
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
    if form.kind == "noun" and opener.at > at + (4 if form.suffixed else 1):
        return None
    content = read_content(scene, at, opener)
    if content is None:
        return None
    if len(content.segments) == 1 and _is_only_subject(scene, content):
        return None  # ذكرت تقارير أن الوزير قال إن: the inner verb has the quote
    if form.lemma in _RELAYS:
        return _find_relay(scene, at, form, opener, content)
    phrase = None if form.kind == "participle" else find_phrase(scene, at + 1, opener.at)
    if opener.kind == "span" and not _reaches(scene, at + 1, phrase, opener.at):
        return None
    if (
        phrase is not None
        and (form.cue_class in ("describe", "accuse", "belief") or "q" in form.frames)
        and not _is_strong(scene, phrase)
    ):
        phrase = None  # more likely the object: وصف الوضع بأنه
    before = find_subject_before(scene, at, form)
    if phrase is None or (before is not None and starts_speaker(scene, before.first)):
        phrase = before or phrase
    return Found(content, (at, at + 1), form, phrase, content.stop)


def _is_only_subject(scene: Scene, content: Content) -> bool:
    """Is the content no more than the subject of another verb of speech that follows?"""
    first, stop = content.segments[0]
    at = content.stop + (scene.key(content.stop) == "،")
    form = scene.forms[at] if at < len(scene.forms) else None
    return (
        form is not None
        and form.kind == "verb"
        and not form.joined
        and stop - first <= _SUBJECT_WORDS
        and content.type == "indirect"
    )


def _is_strong(scene: Scene, phrase: Phrase) -> bool:
    """Is the phrase headed by a word that the tables know as a speaker, or a name?"""
    return starts_speaker(scene, phrase.first) or (phrase.name is not None and phrase.kind == "person")


def _reaches(scene: Scene, first: int, phrase: Phrase | None, stop: int) -> bool:
    """Does nothing but the speaker and adjuncts stand between a verb and its marks? An object would own them."""
    at = phrase.stop if phrase is not None else first
    if at >= stop or scene.key(stop - 1) in (":", "ب", "بـ"):
        return True
    key = scene.keys[at]
    words = scene.words
    return (
        key in words.boundaries
        or key in words.times
        or not key[:1].isalnum()
        or key in ("في", "على", "ل")
        or key[0] == "ل"
    )


def _find_relay(scene: Scene, at: int, form: Form, opener: Opener, content: Content) -> Found | None:
    """نقلت رويترز عن مسؤول قوله إن: the speaker is the one after عن, the outlet passed it on."""
    about = next((i for i in range(at + 1, opener.at) if scene.keys[i] == "عن"), None)
    if about is None:
        phrase = find_phrase(scene, at + 1, opener.at) if opener.kind != "span" else None
        return Found(content, (at, at + 1), form, phrase, content.stop) if phrase is not None else None
    stop = next((i for i in range(about + 1, opener.at) if _is_saying(scene, i)), opener.at)
    phrase = find_phrase(scene, about + 1, stop)
    cue = (stop, stop + 1) if stop < opener.at else (at, at + 1)
    outlet = find_phrase(scene, at + 1, about)
    return Found(content, cue, scene.forms[cue[0]], phrase, content.stop, outlet)


def _is_saying(scene: Scene, at: int) -> bool:
    form = scene.forms[at]
    return form is not None and form.kind == "noun" and form.suffixed


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
    if span.words > 3 and according_key(scene, at):
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
    needed = scene.cues.according.get(according_key(scene, at), "")
    first = at + 1
    following = scene.key(first)
    if needed == "ل":
        if first >= len(scene.keys) or scene.tokens.text[scene.tokens.starts[first]] != "ل":
            return None
        if following == "ل":
            first += 1
    elif needed:
        if following != needed:
            return None
        first += 1
    stop = scene.sentence_stop[at]
    is_clause = (
        scene.key(first) in ("ما", "لما") and first + 1 < len(scene.forms) and scene.forms[first + 1] is not None
    )
    first += 2 if is_clause else 0
    phrase = find_phrase(scene, first, stop)
    if phrase is None or phrase.first != first:
        return None
    is_answered = scene.key(phrase.stop) == "،" and scene.key(phrase.stop + 1) in ("فان", "فقد", "فانه", "فانها")
    if not (is_clause or is_answered or _is_source(scene, phrase)):
        return None
    return first, phrase


def _find_according(scene: Scene, at: int, last: Found | None) -> Found | None:
    """وفقا للوزارة، ... before a clause, or ...، بحسب الوزارة after one."""
    key = scene.keys[at].removeprefix("و")
    if key in scene.cues.whatever:
        form = scene.forms[at + 1] if at + 1 < len(scene.forms) else None
        if form is None or form.kind != "verb":
            return None
        if key in ("كما", "مثلما") and (
            "weak" in form.frames or scene.key(at - 1) not in "،," or find_opener(scene, at + 1, form) is not None
        ):
            return None  # "he also said"
        phrase = find_phrase(scene, at + 2, scene.sentence_stop[at])
        read = (at + 2, phrase) if phrase else None
    else:
        form = None
        read = _read_source(scene, at)
    if read is None:
        return None
    cue_stop, phrase = read
    start, stop = scene.sentence_start[at], scene.sentence_stop[at]
    if last is not None and last.stop > start:
        if last.stop <= at and at - last.stop <= 2:
            return None  # the clause before is a quote already
        start = max(start, last.stop)
    first, end = trim(scene, start, at)
    if end - first > 3:
        return Found(
            Content(clause_type(scene, first, end), ((first, end),), phrase.stop),
            (at, cue_stop),
            form,
            phrase,
            phrase.stop,
        )
    if first < end and scene.keys[first] not in ("لكن", "ولكن", "و", "كما", "فيما"):
        return None
    begin = phrase.stop
    while begin < stop and scene.keys[begin] in ("،", "فان", "ان"):
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
        if (
            is_role(scene, form)
            or is_body(scene, form)
            or is_anonymous(scene, form)
            or form in scene.words.titles
            or form in scene.words.given
        ):
            return True
    return scene.span_at[phrase.first] >= 0


def _is_joined(scene: Scene, cue: int, form: Form | None) -> bool:
    """Is a و or ف written at the front of the cue that is no part of it?"""
    if scene.forms[cue] is not None and form is not None and scene.forms[cue] is form:
        return form.joined
    return scene.keys[cue].startswith("و") and scene.keys[cue] not in scene.cues.according


def _agrees(scene: Scene, phrase: Phrase, gender: str) -> bool:
    """May the phrase be the subject of a verb of that gender, as far as its head shows?"""
    key = scene.keys[phrase.first]
    if phrase.kind == "person" and phrase.name is not None and phrase.name[0] == phrase.first:
        return True
    if phrase.kind == "anonymous" or key in scene.words.proper_bodies:
        return True
    return not gender or (gender == "f") == key.endswith(("ة", "ات"))


def _make_quote(scene: Scene, cast: Cast, found: Found, last: Found | None, index: int) -> Quote:
    entity, resolution = _resolve(scene, cast, found, last)
    tokens = scene.tokens
    segments = tuple(Segment(tokens.starts[a], tokens.ends[b - 1]) for a, b in found.content.segments)
    cue = found.cue
    phrase = found.phrase
    cue_first = tokens.starts[cue[0]] if cue else None
    if cue and cue_first is not None and _is_joined(scene, cue[0], found.form):
        cue_first += 1
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
        speaker_role=entity.role if entity else None,
        speaker_kind=entity.kind if entity else "unknown",
        resolution=resolution,
        relayed_by=tokens.slice_text(found.relayed_by.first, found.relayed_by.stop) if found.relayed_by else None,
        confidence=tell_confidence(found.content, found.form, entity, resolution),
        flags=found.content.flags,
    )


def _resolve(scene: Scene, cast: Cast, found: Found, last: Found | None) -> tuple[Entity | None, Resolution]:
    gender, number = (found.form.gender, found.form.number) if found.form else ("", "")
    if found.phrase is not None:
        return cast.meet(found.phrase, gender, number)
    if found.form is not None and found.cue is not None:
        guess = guess_subject(scene, found.cue[0], last.stop if last is not None else 0, strict=not cast.is_empty())
        if guess is not None and _agrees(scene, guess, gender):
            return cast.meet(guess, gender, number)[0], "elided"
    entity = cast.recall(gender, number)
    if entity is None and found.cue is not None:
        guess = guess_person(scene, found.cue[0], gender)
        if guess is not None:
            return cast.meet(guess, gender, number)[0], "elided"
    if entity is None:
        return None, "none"
    is_pronoun = found.form is not None and found.form.kind == "noun"
    return entity, "pronoun" if is_pronoun else "elided"
