"""What was said: the reported words after a cue, and whether they are direct, mixed or indirect."""

from typing import NamedTuple

from newsetl.records import QuoteType
from newsetl.stages.quotes.edges import find_clause_stop, find_speech_stop, is_cue_at, trim
from newsetl.stages.quotes.openers import Opener, key_is_time
from newsetl.stages.quotes.scene import Scene, Span

_HEADS = frozenset((":", "الى", "على", "ب", "ان"))  # marks after these hold all that was said
_DESCRIPTION = 80  # tokens of a description that runs on after its marks
_STRAY_REACH = 300  # tokens after which a lone closing mark no longer belongs to the clause
_JOINTS = frozenset(("و", "وب", "وان", "وبان"))  # "..." و"...", وأن "..."
_NAME_WORDS = 4  # a marked span of this many words or fewer may be a name inside the speaker's phrase


class Content(NamedTuple):
    """Token ranges of what was said; `stop` is where the search for cues goes on."""

    type: QuoteType
    segments: tuple[tuple[int, int], ...]
    stop: int
    flags: tuple[str, ...] = ()


def read_content(scene: Scene, opener: Opener) -> Content | None:
    """The content that begins at an opener, or None when nothing is left of it."""
    if opener.first >= len(scene.keys):
        return None
    number = scene.span_at[opener.first]
    if number >= 0 and opener.first == scene.spans[number].first and scene.spans[number].words:
        span = scene.spans[number]
        if opener.kind == "span" and scene.key(opener.at - 1) == "ب":
            return _read_described(scene, span)
        if opener.kind == "span" and scene.key(opener.at - 1) not in _HEADS and _runs_on(scene, span):
            return _read_running(scene, span)
        if opener.kind != "clause" or _closes_clause(scene, span):
            return read_spans(scene, span)
    if opener.kind == "colon" or scene.key(opener.at) == ":":
        stop = find_speech_stop(scene, opener.first)
        kind: QuoteType = "direct"
    else:
        stop = _description_stop(scene, opener.first) or find_clause_stop(scene, opener.first)
        stray = _stray_close(scene, opener.first)
        if stray is not None and stray > opener.first:
            return Content("direct", ((opener.first, stray),), stray + 1, ("unopened-mark",))
        kind = clause_type(scene, opener.first, stop)
    first, stop = trim(scene, opener.first, stop)
    if stop <= first:
        return None
    return Content(kind, ((first, stop),), stop)


def _read_described(scene: Scene, span: Span) -> Content:
    """What follows وصفه بـ: the marked words, with the rest of their clause when it runs on."""
    after = span.last + 1
    runs = after < len(scene.keys) and after < scene.sentence_stop[span.first]
    stop = find_clause_stop(scene, after, _DESCRIPTION) if runs else after
    for at in range(after, stop):
        if scene.keys[at] in "،,؛":
            stop = at
            break
    if scene.key(stop) in "،," and scene.key(stop + 1)[0] == "و" and not is_cue_at(scene, stop + 1):
        joined = _read_joined(scene, stop + 1)
        if joined:
            return Content("mixed", ((span.first, joined),), joined)
    if stop <= after or not scene.span_at[after] < 0 or scene.keys[after] in scene.words.relative_openings:
        return read_spans(scene, span)
    return Content("mixed", ((span.first, stop),), stop)


def _runs_on(scene: Scene, span: Span) -> bool:
    """Does the speaker's sentence go on without marks right after them: "..." في ليبيا، لكن "..."?"""
    after = span.last + 1
    key = scene.key(after)
    if not key[0].isalpha() or key[0] == "و" or is_cue_at(scene, after) or scene.span_at[after] >= 0:
        return False
    if scene.key(span.inner_stop - 1) in ".؟?!…":
        return False
    if key in scene.words.relative_openings or key in scene.words.relatives or key in scene.cues.asides:
        return False
    return scene.key(after + 1) not in ("اشارة", "معرض", "تصريح", "بيان", "حديث") and span.mark.closed


def _read_running(scene: Scene, span: Span) -> Content:
    stop = trim(scene, span.first, find_clause_stop(scene, span.last + 1))[1]
    return Content("mixed", ((span.first, stop),), stop)


def _description_stop(scene: Scene, first: int) -> int:
    """Where بأنه "..." ends: at the comma after its marks, if no joined clause follows; 0 for other clauses."""
    number = scene.span_at[first + 1] if first + 1 < len(scene.keys) else -1
    if number < 0 or not scene.keys[first].startswith("بان") or scene.keys[first] not in scene.cues.suffixed:
        return 0
    after = scene.spans[number].last + 1
    stop = max(after, find_clause_stop(scene, first, _DESCRIPTION))
    comma = next((at for at in range(after, stop) if scene.keys[at] in "،,؛"), stop)
    if comma < stop and _read_joined(scene, comma + 1):
        return 0
    return comma if comma > after + 1 else after  # one word more is the narrator's: أيضا


def _read_joined(scene: Scene, first: int) -> int:
    """Where a clause joined to described words ends: ، وأنه ... or one whose last words are marked; 0 for none."""
    stop = find_clause_stop(scene, first, _DESCRIPTION)
    if scene.keys[first][1:] in scene.cues.bare or scene.keys[first][1:] in scene.cues.suffixed:
        return stop
    return stop if stop > first and scene.span_at[stop - 1] >= 0 else 0


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
        if scene.key(after + 1).removeprefix("و") in scene.cues.bare:
            return after + 2 < len(scene.keys) and scene.span_at[after + 2] >= 0  # ، وأن "..."
        return span.words > _NAME_WORDS or is_cue_at(scene, after + 1)
    return is_cue_at(scene, after) or (span.words > _NAME_WORDS and key == "مع")


def read_spans(scene: Scene, span: Span) -> Content:
    """A marked quote with the marked blocks that continue it: re-opened paragraphs and spans set side by side."""
    segments = [(span.inner_first, span.inner_stop)]
    flags: list[str] = [] if span.mark.closed else ["unclosed-mark"]
    number = scene.span_at[span.first] + 1
    while number < len(scene.spans) and _continues(scene, span, scene.spans[number]):
        span = scene.spans[number]
        if scene.paragraph[span.first] != scene.paragraph[scene.spans[number - 1].first]:
            flags.append("multi-paragraph")
        segments.append((span.inner_first, span.inner_stop))
        number += 1
    return Content("direct", tuple(s for s in segments if s[1] > s[0]), span.last + 1, tuple(dict.fromkeys(flags)))


def _continues(scene: Scene, span: Span, later: Span) -> bool:
    """Does the next span go on with an unclosed one: re-opened at the start of the next paragraph?"""
    between = scene.keys[span.last + 1 : min(later.first, span.last + 4)]
    if span.mark.closed and later.first <= span.last + 4:
        if between in ([], ["،"]):
            return (
                min(span.words, later.words) >= _NAME_WORDS
                and scene.paragraph[span.first] == scene.paragraph[later.first]
            )
        return not _JOINTS.isdisjoint(between) and all(key in _JOINTS or key in ".،" for key in between)
    return not span.mark.closed and all(key in "\n." for key in scene.keys[span.last + 1 : later.first])


def clause_type(scene: Scene, first: int, stop: int) -> QuoteType:
    """direct, mixed or indirect by which words of the clause stand in marks."""
    kind: QuoteType = "indirect"
    at = first if max(scene.span_at[first:stop], default=-1) >= 0 else stop
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
    return base in scene.words.organisations or base in scene.words.texts or before in scene.cues.labels
