"""Quotes found by their marks: a narrator after them, a name and a colon before them, or a quote that goes on."""

from newsetl.stages.quotes.according import according_key, read_source
from newsetl.stages.quotes.classes import starts_speaker
from newsetl.stages.quotes.content import Content, read_spans
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.openers import find_opener
from newsetl.stages.quotes.scene import Scene, Span
from newsetl.stages.quotes.speakers import find_phrase

_PAUSE = frozenset("،,.-–—؛/")
_TURN = 20  # tokens from the start of a line to the colon after its speaker


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
    turn = _find_turn(scene, span) if span.words > 3 and scene.key(span.first - 1) == ":" else None
    if turn is not None:
        return turn
    if span.words > 3 and opens and according_key(scene, at):
        read = read_source(scene, at)
        if read is not None:
            return Found(read_spans(scene, span), (at, read[0]), None, read[1], read[1].stop)
    if last is not None and last.content.type == "direct" and span.words > 4 and _is_block(scene, span, last):
        content = read_spans(scene, span)
        return Found(content, None, None, None, content.stop)
    return None


def _find_turn(scene: Scene, span: Span) -> Found | None:
    """A line that is a speaker, a colon and marks: مدير المركز: "..."."""
    colon = span.first - 1
    first = next((i for i in range(colon, max(0, colon - _TURN), -1) if scene.keys[i - 1] == "\n"), 0)
    if scene.paragraph[first] != scene.paragraph[span.first] or colon - first > _TURN:
        return None
    phrase = find_phrase(scene, first, colon)
    if phrase is None or (phrase.first, phrase.stop) != (first, colon):
        return None
    if not starts_speaker(scene, first) and not (phrase.kind == "person" and phrase.name is not None):
        return None
    content = read_spans(scene, span)
    return Found(content, None, None, phrase, content.stop)


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
