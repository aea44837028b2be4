"""The subject that stands before its cue: الوزارة قالت إن ..., and the subject of the sentence for مؤكدا أن."""

from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import Phrase, find_phrase, is_anonymous, is_body, is_role, read_phrase

_OPENING = frozenset(("و", "لكن", "ولكن", "اما", "فيما", "بينما", "كما", "غير", "ان", "وكان", "كان", "وكانت", "كانت", "وقد", "قد"))
_LONGEST = 14


def find_subject_before(scene: Scene, cue: int, form: Form) -> Phrase | None:
    """The noun phrase before a cue that is its subject, or None."""
    if form.kind == "noun" or form.suffixed:
        return None
    start = scene.sentence_start[cue]
    before = scene.key(cue - 1)
    if before in ("التي", "الذي", "الذين"):
        return _head_of_relative(scene, cue - 1, start)
    if form.joined:
        return None
    if form.kind == "participle":
        return None
    first = start
    while first < cue and (scene.keys[first] in _OPENING or not scene.keys[first][:1].isalnum()):
        first += 1
    if first >= cue or cue - first > _LONGEST or not _starts_subject(scene, first):
        return None
    phrase = find_phrase(scene, first, cue)
    if phrase is None or cue - phrase.stop > 1:
        return None
    return phrase


def _starts_subject(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    words = scene.words
    return is_role(scene, key) or is_body(scene, key) or is_anonymous(scene, key) or key in words.titles or key in words.given


def _head_of_relative(scene: Scene, relative: int, start: int) -> Phrase | None:
    """The noun before الذي: back to the nearest word that can head a speaker phrase."""
    stop = relative - 1 if scene.key(relative - 1) == "،" else relative
    for at in range(stop - 1, max(start, stop - 10) - 1, -1):
        if scene.span_at[at] < 0 and _starts_subject(scene, at):
            return read_phrase(scene, at, stop)
    return None
