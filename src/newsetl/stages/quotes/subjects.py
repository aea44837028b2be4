"""Subjects that stand before their cue: الوزارة قالت إن ..., الوزير الذي يزور المدينة أكد أن ..."""

from newsetl.stages.quotes.classes import base_word, is_adverb, is_anonymous, is_name_like, starts_speaker
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.names import Phrase, read_phrase
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_LONGEST = 28  # tokens between the start of a subject and its verb, with a relative clause
_SHORT = 3  # words of a subject that no table knows
# Relative pronouns and the gender of the noun before them.
_HEADS = {"الذي": "m", "التي": "f", "الذين": "", "اللذان": "", "اللذين": "", "اللتان": "", "اللواتي": ""}
_BETWEEN = frozenset(("من", "جهته", "جهتها", "جانبه", "جانبها", "بدوره", "بدورها", "امس", "اليوم", "،", "ايضا"))
_DATELINE_ENDS = frozenset("-–—:/")  # القاهرة (وكالة الأنباء) - أعلنت
_TWO_OBJECTS = frozenset(("describe", "accuse"))
_BEFORE_CONTENT = frozenset(("على", "الى", "من", "ان", ":"))


def find_subject_before(scene: Scene, cue: int, form: Form) -> Phrase | None:
    """The noun phrase before a cue that is its subject, or None.

    It begins its clause: at the start of the sentence or after إلا أن، لكن، وكان and the like. It stands right before
    the cue, or a relative clause stands between.
    """
    if form.kind in ("noun", "participle") or form.suffixed:
        return None
    before = scene.key(cue - 1)
    if before in _HEADS:
        is_object = form.gender and _HEADS[before] and form.gender != _HEADS[before]  # المدينة التي قال إنها
        return None if is_object else _head_of_relative(scene, cue - 1)
    if form.joined or before in scene.cues.negations:
        return None
    stop = cue - 1 if before == "قد" else cue
    first = _clause_start(scene, cue, stop)
    if first is None or scene.key(stop - 1) in _DATELINE_ENDS:
        return None
    if scene.span_at[first] >= 0:
        return _marked_subject(scene, first, stop)
    if not _can_be_subject(scene, first, stop):
        return None
    phrase = find_phrase(scene, first, stop)
    if phrase is None or phrase.first != first:
        return None
    is_next = stop - phrase.stop <= 1 or all(scene.keys[i] in _BETWEEN for i in range(phrase.stop, stop))
    return phrase if is_next or _is_resumed(scene, phrase, cue, form) else None


def is_lone_object(scene: Scene, verb: int, phrase: Phrase) -> bool:
    """Is the one noun phrase between وصف or اتهم and its ب the object, the subject being left out: ووصف القرار بأنه?"""
    form = scene.forms[verb]
    if form is None or not form.joined or form.cue_class not in _TWO_OBJECTS or phrase.first != verb + 1:
        return False
    after = scene.key(phrase.stop)
    if after[0] != "ب" or (phrase.name is not None and phrase.kind == "person"):
        return False
    heads = [k for k in scene.keys[phrase.first : phrase.stop] if k.startswith("ال") and not k.endswith(("ي", "ية"))]
    return len(heads) <= 1


def _clause_start(scene: Scene, cue: int, stop: int) -> int | None:
    """The first token of the clause that ends in a cue, when its start is near; None else."""
    start = scene.sentence_start[cue]
    first = stop
    while first > max(start, cue - _LONGEST) and (
        scene.span_at[first - 1] >= 0
        or scene.keys[first - 1] not in scene.words.openings
        or scene.keys[first - 1] == "،"
    ):
        first -= 1
    if first > start and scene.keys[first - 1] not in scene.words.openings:
        return None
    while first < stop and not scene.keys[first][:1].isalnum() and scene.span_at[first] < 0:
        first += 1
    return first if first < stop else None


def _can_be_subject(scene: Scene, first: int, stop: int) -> bool:
    if starts_speaker(scene, first):
        return True
    keys = scene.keys[first:stop]
    return (len(keys) <= _SHORT or keys[1] in _HEADS) and all(
        is_name_like(k) and not is_adverb(k) for k in keys[: 1 if len(keys) > _SHORT else _SHORT]
    )


def _marked_subject(scene: Scene, first: int, stop: int) -> Phrase | None:
    """A name in marks right before its verb: «الأفق» ترى."""
    span = scene.spans[scene.span_at[first]]
    is_name = span.last + 1 == stop and span.words <= _SHORT and span.first == first
    return read_phrase(scene, first, stop) if is_name else None


def _is_resumed(scene: Scene, phrase: Phrase, cue: int, form: Form) -> bool:
    """Does the verb come after a relative clause on its subject: الوزير الذي يزور المدينة أكد?

    The content must follow at once, since a subject of the verb's own would stand there.
    """
    tail, following = scene.keys[phrase.stop : phrase.stop + 2], scene.key(cue + 1)
    is_relative = tail[0] in _HEADS or (tail[0] == "،" and tail[-1] in _HEADS)
    is_bare = not phrase.definite and phrase.kind != "person" and tail[0].endswith(("ها", "ه"))
    has_own = not (following in scene.cues.bare or following in scene.cues.suffixed or following in _BEFORE_CONTENT)
    has_own = has_own and (cue + 1 >= len(scene.keys) or scene.span_at[cue + 1] < 0)
    return (is_relative or is_bare) and not has_own and head_fits(scene, phrase.first, form.gender)


def head_fits(scene: Scene, at: int, gender: str) -> bool:
    """May the noun at a token be meant by a form of that gender, as far as its shape tells?"""
    key = scene.keys[at]
    if not gender or key in scene.words.proper_bodies or not starts_speaker(scene, at) or key in scene.words.given:
        return True
    if is_anonymous(key):
        return True
    return (gender == "f") == key.endswith(("ة", "ات"))


def _head_of_relative(scene: Scene, relative: int) -> Phrase | None:
    """The noun phrase before الذي that agrees with it: the longest one that reaches up to it."""
    gender = _HEADS[scene.keys[relative]]
    stop = relative
    while stop > 0 and scene.keys[stop - 1] in ("،", "\n"):
        stop -= 1
    start = scene.sentence_start[stop - 1] if stop else 0
    best = None
    for at in range(stop - 1, max(start, stop - _LONGEST) - 1, -1):
        is_head = scene.span_at[at] < 0 and starts_speaker(scene, at) and scene.key(at - 1) not in scene.words.titles
        if is_head and head_fits(scene, at, gender):
            phrase = find_phrase(scene, at, stop)
            is_text = best is not None and base_word(scene.keys[at]) in scene.words.texts
            if phrase is not None and phrase.first == at and phrase.stop >= stop and not is_text:
                best = phrase
    return best
