"""Prepositional cues: وفقا للوزارة، ... before a clause, ...، بحسب الوزارة after one, حسبما ذكرت الوزارة."""

from newsetl.records import QuoteType
from newsetl.stages.quotes.content import Content, clause_type
from newsetl.stages.quotes.edges import find_clause_stop, trim
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.names import Phrase
from newsetl.stages.quotes.openers import find_opener
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase


def according_key(scene: Scene, at: int) -> str:
    """The prepositional cue at a token, without a joined و; "" when there is none."""
    key = scene.key(at)
    if key in scene.cues.according:
        return key
    return key[1:] if key.startswith("و") and key[1:] in scene.cues.according else ""


def find_according(scene: Scene, at: int, last: Found | None) -> Found | None:
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
        read = read_source(scene, at)
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


def read_source(scene: Scene, at: int) -> tuple[int, Phrase] | None:
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


def _is_source(scene: Scene, phrase: Phrase) -> bool:
    """Can the noun after بحسب speak: a person, an institution, people? Not a rule or a need."""
    key = scene.keys[phrase.first]
    for form in (key, key.removeprefix("ل"), "ا" + key[1:] if key.startswith("لل") else key):
        if (
            is_role(scene, form)
            or is_body(scene, form)
            or is_anonymous(scene, form)
            or form in scene.words.titles
            or form in scene.words.given
        ):
            return True
    return scene.span_at[phrase.first] >= 0
