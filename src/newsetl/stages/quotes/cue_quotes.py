"""Quotes with a verb, participle or noun of speech before them or after their marks."""

from newsetl.stages.quotes.according import according_key, read_source
from newsetl.stages.quotes.classes import base_word, starts_speaker
from newsetl.stages.quotes.content import Content, clause_type, read_content, read_spans
from newsetl.stages.quotes.edges import find_clause_stop, trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.names import Phrase
from newsetl.stages.quotes.openers import Opener, find_opener
from newsetl.stages.quotes.scene import Scene, Span
from newsetl.stages.quotes.speakers import find_phrase
from newsetl.stages.quotes.subjects import find_subject_before

_RELAYS = frozenset(("نقل", "نسب"))
_SUBJECT_WORDS = 7
_LONGEST_CLAUSE = 120  # tokens
# Verbs that often have an object of their own between them and the marks.
_TRANSITIVE = frozenset(
    ("announce", "demand", "accuse", "describe", "praise", "criticise", "denial", "claim", "commit", "express",
     "threat", "complain", "belief", "wish", "admit", "inform", "advise", "agree", "decree", "text", "show", "relay",
     "repeat")
)  # fmt: skip
_REASONS = frozenset(("اذ", "لان", "لانه", "لانها", "وان", "وانه", "وانها"))
_PAUSE = frozenset("،,.-–—؛/")


def find_cue_quote(scene: Scene, at: int, form: Form, last: Found | None) -> Found | None:
    if is_silent(scene, at, form):
        return None
    opener = find_opener(scene, at, form)
    if opener is None:
        return _find_afterthought(scene, at, form, last)
    if form.kind == "noun" and opener.at > at + _noun_reach(scene, at, form, opener):
        return None
    content = read_content(scene, opener)
    if content is None:
        return None
    if len(content.segments) == 1 and _is_only_subject(scene, content):
        return None  # ذكرت تقارير أن الوزير قال إن: the inner verb has the quote
    if form.lemma in _RELAYS:
        return _find_relay(scene, at, form, opener, content)
    return _attribute(scene, at, form, opener, content)


def _attribute(scene: Scene, at: int, form: Form, opener: Opener, content: Content) -> Found | None:
    """The quote with its speaker's words after or before the cue; None when an object owns the marks."""
    first = at + 2 if form.cue_class == "text" and scene.key(at + 1) == "في" else at + 1  # جاء في البيان
    phrase = None if form.kind == "participle" else find_phrase(scene, first, opener.at)
    if opener.kind == "span" and form.cue_class in _TRANSITIVE and not _reaches(scene, at + 1, phrase, opener.at):
        return None
    is_loose = form.cue_class in ("describe", "accuse", "belief") or "q" in form.frames
    if phrase is not None and is_loose and not _is_strong(scene, phrase):
        phrase = None  # more likely the object: وصف الوضع بأنه
    if form.lemma == "وجد" and not (phrase is not None and _is_research(scene, phrase)):
        return None
    before = find_subject_before(scene, at, form)
    if phrase is None or (before is not None and starts_speaker(scene, before.first)):
        phrase = before or phrase
    return Found(content, (at, at + 1), form, phrase, content.stop)


def _noun_reach(scene: Scene, at: int, form: Form, opener: Opener) -> int:
    """How many tokens after a noun its content may begin: at once, after its owner, or after a blessing."""
    if not form.suffixed:
        owner = find_phrase(scene, at + 1, opener.at)
        is_owned = owner is not None and owner.first == at + 1 and _is_strong(scene, owner)
        return owner.stop - at if owner is not None and is_owned else 1
    return 8 if opener.kind == "colon" else 4


def is_silent(scene: Scene, at: int, form: Form) -> bool:
    """Is the cue negated, or the article's own voice?"""
    before = scene.key(at - 1)
    if before in scene.cues.negations and form.kind == "verb":
        return True
    if before in scene.cues.conditions and form.cue_class in ("belief", "fear"):
        return True
    if (
        form.kind == "verb"
        and form.lemma[0] == "ا"
        and form.cue_class in ("belief", "fear", "wish")
        and scene.tokens.text[scene.tokens.starts[at] + form.joined] == "أ"
    ):
        return True  # first person: أعتقد
    return _is_other_word(scene, at, form) or _is_author_voice(scene, at)


def _is_other_word(scene: Scene, at: int, form: Form) -> bool:
    """Forms that report only in one place: ، متوقعا أن, لافتة إلى (else a banner), not يمكن القول إن."""
    before = scene.key(at - 1)
    if form.kind == "participle":
        if form.lemma == "توقع":
            return before != "،"
        return form.lemma == "لفت" and "الى" not in (scene.key(at + 1), scene.key(at + 2))
    if form.lemma == "قول" and not form.suffixed:
        return before != "الى" and all(near is None for near in scene.forms[max(0, at - 3) : at])
    return form.lemma == "اعتبار" and before == "على"


def _is_author_voice(scene: Scene, at: int) -> bool:
    """يذكر أن and the like; المصدر يرجح أن has its subject before it and is a report."""
    key = scene.keys[at].removeprefix("و")
    if key in scene.cues.author_voice:
        following = scene.key(at + 1) if scene.key(at + 1) != "الى" else scene.key(at + 2)
        if following in scene.cues.bare or following in scene.cues.suffixed:
            return key == "يفترض" or not scene.key(at - 1).startswith("ال")
    return key == "يذكر" and scene.key(at + 1).startswith("ان")


def _find_afterthought(scene: Scene, at: int, form: Form, last: Found | None) -> Found | None:
    """A clause without marks, its verb of speech after it: المشاركة ضعيفة، تقول الصحيفة."""
    if form.kind != "verb" or form.joined or form.suffixed or "weak" in form.frames or "d" not in form.frames:
        return None
    first, stop = _clause_before(scene, at)
    if stop - first < _SUBJECT_WORDS or (last is not None and last.stop > first):
        return None
    phrase = find_phrase(scene, at + 1, scene.sentence_stop[at])
    if phrase is None or phrase.first != at + 1 or scene.keys[first].removeprefix("و") in scene.cues.circumstances:
        return None
    if phrase.stop < scene.sentence_stop[at] and scene.keys[phrase.stop] != "،":
        return None
    segments: tuple[tuple[int, int], ...] = ((first, stop),)
    if scene.key(phrase.stop) == "،" and scene.key(phrase.stop + 1) in _REASONS:
        segments += (trim(scene, phrase.stop + 1, find_clause_stop(scene, phrase.stop + 1)),)
    content = Content(clause_type(scene, first, stop), segments, max(phrase.stop, segments[-1][1]))
    return Found(content, (at, at + 1), form, phrase, content.stop)


def _clause_before(scene: Scene, at: int) -> tuple[int, int]:
    """The clause that a comma closes before a verb of speech; empty when there is none."""
    start = scene.sentence_start[at]
    if scene.key(at - 1) != "،" or at - start > _LONGEST_CLAUSE:
        return at, at
    return trim(scene, next((i + 1 for i in range(at - 1, start, -1) if scene.keys[i] == "؛"), start), at)


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


def _is_research(scene: Scene, phrase: Phrase) -> bool:
    """Is the subject a study or people without names? Only their findings are reports: وجدت الدراسة أن."""
    return base_word(scene.keys[phrase.first]) in scene.words.texts or phrase.kind == "anonymous"


def _reaches(scene: Scene, first: int, phrase: Phrase | None, stop: int) -> bool:
    """Does nothing but the speaker and adjuncts stand between a verb and its marks? An object would own them."""
    at = phrase.stop if phrase is not None else first
    if at >= stop or scene.key(stop - 1) in (":", "ب", "الى"):
        return True
    words = scene.words
    while at < stop - 1 and (scene.keys[at] in words.times or scene.keys[at] == "،"):
        at += 1
    key = scene.keys[at]
    return (
        not words.media.isdisjoint(scene.keys[at:stop])
        or (key in words.boundaries and key != "عن")
        or key in words.times
        or not key[:1].isalnum()
        or key in ("في", "على", "ل")
        or key[0] == "ل"
    )


def _find_relay(scene: Scene, at: int, form: Form, opener: Opener, content: Content) -> Found | None:
    """نقلت رويترز عن مسؤول قوله إن: the speaker is the one after عن, the outlet passed it on."""
    about = next((i for i in range(at + 1, opener.at) if scene.keys[i] in ("عن", "لسان")), None)
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


def find_marked_quote(scene: Scene, span: Span, last: Found | None) -> Found | None:
    """A marked span that a narrator follows: "...", قال فلان; or one that goes on with the last quote."""
    at = span.last + 1
    while scene.key(at) in _PAUSE and at < span.last + 3:
        at += 1
    at = _skip_thus(scene, at)
    form = scene.forms[at] if at < len(scene.forms) else None
    opens = scene.sentence_start[span.first] == span.first or scene.key(span.first - 1) in "\n.:،؛…-–"
    if form is not None and not form.joined and "d" in form.frames and form.kind == "verb" and span.words > 2 and opens:
        found = _find_narrator(scene, span, at, form)
        if found is not None:
            return found
    if span.words > 3 and opens and according_key(scene, at):
        read = read_source(scene, at)
        if read is not None:
            return Found(read_spans(scene, span), (at, read[0]), None, read[1], read[1].stop)
    if last is not None and last.content.type == "direct" and span.words > 4 and _is_block(scene, span, last):
        content = read_spans(scene, span)
        return Found(content, None, None, None, content.stop)
    return None


def _skip_thus(scene: Scene, at: int) -> int:
    """Past هكذا or بهذه الكلمات to the verb that takes up the marked words before it."""
    if scene.key(at) == "هكذا":
        return at + 1
    return at + 2 if scene.key(at) in ("بهذه", "بهذا") else at


def _is_block(scene: Scene, span: Span, last: Found) -> bool:
    """Does the span fill its paragraph right after the last quote's paragraph?"""
    between = scene.keys[last.stop : span.first]
    starts = scene.key(span.first - 1) == "\n" or (last.stop >= span.first - 2 and scene.key(span.first - 1) == ".")
    return starts and all(k in ".\n،" for k in between) and scene.key(span.last + 1) in ".\n،"


def _find_narrator(scene: Scene, span: Span, at: int, form: Form) -> Found | None:
    stop = scene.sentence_stop[at]
    after = at + 1
    while after < stop and scene.span_at[after] < 0 and scene.keys[after] not in ":،":
        if after > at + 14:
            return None
        after += 1
    opener = find_opener(scene, at, form)
    if opener is not None and opener.kind == "clause" and scene.sentence_start[span.first] != span.first:
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
