"""Prepositional cues: وفقا للوزارة، ... before a clause, ...، بحسب الوزارة after one, حسبما ذكرت الوزارة."""

from newsetl.stages.quotes.classes import is_anonymous, is_body, is_role
from newsetl.stages.quotes.content import Content, clause_type, read_spans
from newsetl.stages.quotes.edges import find_clause_stop, trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.names import Phrase, read_phrase
from newsetl.stages.quotes.openers import find_opener
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_HALVES = frozenset(("عن", "في", "الى", "على", "من", "بعد", "منذ", "خلال", "لم", "لن", "قد"))
_GAP = 2  # tokens between a quote and a source that belongs to it
_BOUNDS = frozenset("،,.-–()\n")
_NEWEST = frozenset(("احدث", "اخر"))  # بحسب أحدث التقارير
_LONGEST_NAME = 6  # words in marks that can be a source's name
_LONGEST_CLAUSE = 120  # tokens
_ANSWERS = frozenset(("فان", "فانه", "فانها", "فانهم"))
_REACH = 30  # tokens from a source to فإن
_LINK_WORDS = 5  # from a comma to فإن
_SHORTEST = 3  # words of a clause that can be a quote


def according_key(scene: Scene, at: int) -> str:
    """The prepositional cue at a token, without a joined و; "" when there is none."""
    key = scene.key(at)
    if key in scene.cues.according:
        return key if key != "حد" or scene.key(at - 1) == "على" else ""
    return key[1:] if key.startswith("و") and key[1:] in scene.cues.according else ""


def find_according(scene: Scene, at: int, last: Found | None) -> Found | None:
    """وفقا للوزارة، ... before a clause, or ...، بحسب الوزارة after one."""
    is_whatever = scene.keys[at].removeprefix("و") in scene.cues.whatever
    if scene.key(at + 1) in scene.cues.pronoun_sources:
        return _find_own_words(scene, at, last)
    read = _read_whatever(scene, at) if is_whatever else read_source(scene, at)
    if read is None:
        return None
    cue_stop, phrase = read
    form = scene.forms[at + 1] if is_whatever else None
    start = scene.sentence_start[at]
    if last is not None and last.stop > start:
        if last.stop <= at and at - last.stop <= _GAP:
            return None  # the clause before is a quote already
        start = max(start, last.stop)
    first, end = trim(scene, _after_link(scene, start, at), at)
    rest = _read_rest(scene, phrase.stop) if first < end else None
    if rest is not None or end - first > _SHORTEST:
        segments = ((first, end), rest) if rest is not None else ((first, end),)
        content = Content(clause_type(scene, first, segments[-1][1]), segments, max(phrase.stop, segments[-1][1]))
        return Found(content, (at, cue_stop), form, phrase, content.stop)
    if first < end and scene.keys[first] not in scene.words.openings and scene.keys[first] not in scene.cues.contrasts:
        return None
    if phrase.stop >= scene.sentence_stop[at]:
        return _find_sentence_before(scene, at, cue_stop, phrase, last)
    later = _read_clause_after(scene, phrase.stop, scene.sentence_stop[at])
    return Found(later, (at, cue_stop), form, phrase, later.stop) if later is not None else None


def _after_link(scene: Scene, first: int, stop: int) -> int:
    """Past a clause that is only linked to the one with the source: ...، ومع ذلك فإن ..."""
    comma = first - 1
    for at in range(first, stop):
        if scene.keys[at] in "،؛":
            comma = at
        elif scene.keys[at] == "فان" and 1 < at - comma <= _LINK_WORDS and scene.span_at[at] < 0:
            return at + 1
    return first


def _find_sentence_before(scene: Scene, at: int, cue_stop: int, phrase: Phrase, last: Found | None) -> Found | None:
    """The sentence before a source that stands as a sentence of its own: ... يوم الاثنين. بحسب الوكالة."""
    stop = scene.sentence_start[at] - 1
    if stop <= 0 or scene.keys[stop] != "." or scene.paragraph[stop] != scene.paragraph[at]:
        return None
    first = scene.sentence_start[stop - 1]
    if last is not None and last.stop > first:
        return None
    content = Content(clause_type(scene, first, stop), ((first, stop),), phrase.stop)
    return Found(content, (at, cue_stop), None, phrase, phrase.stop) if stop - first >= _SHORTEST else None


def _read_rest(scene: Scene, at: int) -> tuple[int, int] | None:
    """The second half of a clause that its source breaks in two: أسفرت المعارك، بحسب المصدر، عن مقتل ..."""
    first = at + (scene.key(at) == "،")
    if first >= len(scene.keys) or first >= scene.sentence_stop[at] or scene.keys[first] not in _HALVES:
        return None
    first, stop = trim(scene, first, find_clause_stop(scene, first))
    return (first, stop) if stop - first >= _SHORTEST else None


def _find_own_words(scene: Scene, at: int, last: Found | None) -> Found | None:
    """The clause before وفق تعبيره or على حد قوله, where it is no quote yet; its speaker is left to be resolved."""
    cue = at - (scene.keys[at] == "حد")
    start = scene.sentence_start[at]
    if last is not None and last.stop > start:
        if cue - last.stop <= _GAP:
            return None
        start = last.stop
    first, end = trim(scene, start, cue)
    if not _SHORTEST < end - first <= _LONGEST_CLAUSE:
        return None
    content = Content(clause_type(scene, first, end), ((first, end),), at + 2)
    if any(form is not None and form.kind == "verb" for form in scene.forms[first:end]):
        number = scene.span_at[end - 1]  # the narrator has a verb of his own: only the marked words are theirs
        if number < 0 or scene.spans[number].words <= _SHORTEST:
            return None
        content = read_spans(scene, scene.spans[number])
    return Found(content, (cue, at + 2), None, None, at + 2)


def _read_clause_after(scene: Scene, first: int, stop: int) -> Content | None:
    """The clause that a source at the head of a sentence speaks for: وفقا للوزارة، فإن ..."""
    answer = range(first, min(first + _REACH, stop))
    first = next((at for at in answer if scene.keys[at] in _ANSWERS and scene.span_at[at] < 0), first)
    while first < stop and scene.keys[first] in ("،", "-", "–", "فان", "ان"):
        first += 1
    end = find_clause_stop(scene, first) if first < stop else first
    first, end = trim(scene, first, end)
    return Content(clause_type(scene, first, end), ((first, end),), end) if end - first >= _SHORTEST else None


def _read_whatever(scene: Scene, at: int) -> tuple[int, Phrase] | None:
    """حسبما ذكرت الوزارة: where the cue ends, and who spoke. كما قال is taken only when the verb has no content."""
    form = scene.forms[at + 1] if at + 1 < len(scene.forms) else None
    if form is None or form.kind != "verb":
        return None
    if scene.keys[at].removeprefix("و") in ("كما", "مثلما"):
        also = scene.key(at - 1) not in "،," or find_opener(scene, at + 1, form) is not None
        if also or "weak" in form.frames or form.cue_class == "demand":
            return None
    phrase = find_phrase(scene, at + 2, scene.sentence_stop[at])
    return (at + 2, phrase) if phrase is not None and phrase.first == at + 2 else None


def read_source(scene: Scene, at: int) -> tuple[int, Phrase] | None:
    """The source after a prepositional cue: where the cue ends, and the noun phrase."""
    if not according_key(scene, at) or scene.keys[at] == "حد":
        return None
    first = _source_start(scene, at)
    if not first:
        return None
    stop = scene.sentence_stop[at]
    is_clause = scene.key(first) in ("ما", "لما") and _is_report(scene, first + 1)
    first += 2 if is_clause else scene.key(first) in _NEWEST
    stop = next((i for i in range(first, min(stop, first + _LONGEST_CLAUSE)) if _is_long_span(scene, i)), stop)
    if scene.key(first).removeprefix("ال") in scene.cues.manners or _is_empty(scene, first):
        return None
    opens = at == scene.sentence_start[at] or scene.key(at - 1) in _BOUNDS
    is_known = is_clause or (opens and scene.key(first).removeprefix("ال") in scene.cues.sources)
    phrase = find_phrase(scene, first, stop) or (_read_unknown(scene, first, stop) if is_known else None)
    if phrase is None or phrase.first != first:
        return None
    is_answered = scene.key(phrase.stop) == "،" and scene.key(phrase.stop + 1) in ("فان", "فقد", "فانه", "فانها")
    if not (is_clause or is_answered or _is_source(scene, phrase) or _is_set_off(scene, at, phrase)):
        return None
    return first, phrase


def _source_start(scene: Scene, at: int) -> int:
    """The token after a prepositional cue and the word that must follow it; 0 when that word is missing."""
    needed = scene.cues.according[according_key(scene, at)]
    first = at + 1
    if needed == "ل":
        if first >= len(scene.keys) or scene.tokens.text[scene.tokens.starts[first]] != "ل":
            return 0
        return first + (scene.keys[first] == "ل")
    if needed:
        return first + 1 if scene.key(first) == needed else 0
    return first


def _is_report(scene: Scene, at: int) -> bool:
    """Is the verb of ما ذكرته الصحيفة one of speech? ذكره is no cue elsewhere."""
    return at < len(scene.forms) and (scene.forms[at] is not None or scene.keys[at].startswith("ذكر"))


def _read_unknown(scene: Scene, first: int, stop: int) -> Phrase | None:
    """A speaker whose noun no table knows: a short phrase up to a comma or the sentence's end."""
    end = next((at for at in range(first, min(stop, first + _LONGEST_NAME)) if scene.keys[at] in _BOUNDS), stop)
    is_noun = scene.key(first).startswith("ال") or scene.key(first) in scene.cues.sources
    if not is_noun or not 0 < end - first <= _LONGEST_NAME:
        return None
    return read_phrase(scene, first, end)


def _is_set_off(scene: Scene, at: int, phrase: Phrase) -> bool:
    """Do commas, dashes or stops stand on both sides of a source with a name or a definite noun?"""
    if scene.key(at - 1) not in _BOUNDS or scene.keys[at][:2] == "وو" or phrase.stop - phrase.first > _LONGEST_NAME:
        return False
    return scene.key(phrase.stop) in _BOUNDS or scene.key(phrase.stop) in scene.words.relatives


def _is_empty(scene: Scene, at: int) -> bool:
    """Do marks with no word in them stand here?"""
    number = scene.span_at[at] if at < len(scene.keys) else -1
    return number >= 0 and not scene.spans[number].words


def _is_long_span(scene: Scene, at: int) -> bool:
    number = scene.span_at[at]
    return number >= 0 and scene.spans[number].first == at and scene.spans[number].words > _LONGEST_NAME


def _is_source(scene: Scene, phrase: Phrase) -> bool:
    """Can the noun after بحسب speak: a person, an institution, people? Not a rule or a need."""
    key = scene.keys[phrase.first]
    for form in (key, key.removeprefix("ل"), "ا" + key[1:] if key.startswith("لل") else key):
        if (
            is_role(form)
            or is_body(form)
            or is_anonymous(form)
            or form in scene.words.titles
            or form in scene.words.given
            or form.removeprefix("ال") in scene.cues.sources
        ):
            return True
    return scene.span_at[phrase.first] >= 0
