"""Subjects that do not stand after their cue: الوزارة قالت إن ..., and who is meant by مؤكدا أن or وأضاف."""

from newsetl.stages.quotes.classes import base_word, is_adverb, is_definite_role, is_name_like, starts_speaker
from newsetl.stages.quotes.entities import Cast
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.names import Phrase, read_phrase
from newsetl.stages.quotes.runs import is_known_name
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_LONGEST = 16  # tokens between the start of a subject and its verb
_SENTENCES_BACK = 3
_VERB_REACH = 6  # tokens from the start of a sentence to its subject
_FAR = 200  # tokens


def find_subject_before(scene: Scene, cue: int, form: Form) -> Phrase | None:
    """The noun phrase right before a cue that is its subject, or None.

    It begins its clause: at the start of the sentence or after إلا أن، لكن، وكان and the like.
    """
    if form.kind in ("noun", "participle") or form.suffixed:
        return None
    start = scene.sentence_start[cue]
    before = scene.key(cue - 1)
    if before in ("التي", "الذي", "الذين"):
        return _head_of_relative(scene, cue - 1, start)
    if form.joined or before in scene.cues.negations:
        return None
    stop = cue - 1 if before == "قد" else cue
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
    if first >= stop or not _can_be_subject(scene, first, stop):
        return None
    phrase = find_phrase(scene, first, stop)
    return phrase if phrase is not None and stop - phrase.stop <= 1 and phrase.first == first else None


def _can_be_subject(scene: Scene, first: int, stop: int) -> bool:
    if starts_speaker(scene, first):
        return True
    keys = scene.keys[first:stop]
    return len(keys) <= 3 and all(is_name_like(scene, k) and not is_adverb(scene, k) for k in keys)


def _head_of_relative(scene: Scene, relative: int, start: int) -> Phrase | None:
    """The noun before الذي: back to the nearest word that can head a speaker phrase."""
    stop = relative - 1 if scene.key(relative - 1) == "،" else relative
    for at in range(stop - 1, max(start, stop - 10) - 1, -1):
        if scene.span_at[at] < 0 and starts_speaker(scene, at) and scene.key(at - 1) not in scene.words.titles:
            return read_phrase(scene, at, stop)
    return None


def guess_subject(scene: Scene, cue: int, floor: int, cast: Cast, *, strict: bool) -> Phrase | None:
    """Who an elided subject may be when nobody has spoken since `floor`: the subject of the nearest sentence.

    The sentence of the cue comes first, then the ones before it, three in all.

    Args:
        cast: Who has spoken, and the names of the article.
        strict: Somebody spoke before, so that only a person named in an earlier sentence can take over.
    """
    stop = cue
    start = scene.sentence_start[cue]
    for _ in range(_SENTENCES_BACK):
        if stop - start > 1 and start >= floor:
            phrase = _find_sentence_subject(scene, start, stop, cast)
            is_here = scene.sentence_start[cue] == start
            spoke = scene.forms[start] is not None
            if phrase is not None and (
                is_here or spoke or not strict or (phrase.kind == "person" and phrase.name is not None)
            ):
                return phrase
        at = start - 1
        while at > 0 and scene.sentence_start[at] == at:
            at -= 1
        if at <= floor:
            return None
        start, stop = scene.sentence_start[at], scene.sentence_stop[at]
    return None


def _is_opening(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    return (
        key in scene.words.openings
        or key.removeprefix("و") in scene.words.openings
        or not key[:1].isalnum()
        or key in scene.words.turns
        or scene.key(at + 1) in scene.words.turns
    )


def _find_sentence_subject(scene: Scene, start: int, stop: int, cast: Cast) -> Phrase | None:
    """The first noun phrase after the opening verb, or the one that begins the sentence."""
    first = start
    while first < stop and scene.span_at[first] < 0 and _is_opening(scene, first):
        first += 1
    form = scene.forms[first] if first < stop else None
    if form is not None and form.kind == "verb" and not form.suffixed:
        after = first + 1 + (scene.key(first + 1) in scene.words.pronouns)
        phrase = _read_subject(scene, after, stop, cast)
        if phrase is not None and phrase.first == after and _is_likely(scene, phrase, cast):
            return phrase
    for at in range(first, min(first + _VERB_REACH, stop)):
        if scene.span_at[at] >= 0 or scene.paragraph[at] < 0:
            return None
        is_noun = scene.forms[at] is None and (starts_speaker(scene, at) or cast.is_name_word(scene.keys[at]))
        if is_noun and not _is_governed(scene, at, first):
            phrase = _read_subject(scene, at, stop, cast)
            return phrase if phrase is not None and phrase.first == at and _is_actor(scene, phrase) else None
    return None


def _read_subject(scene: Scene, at: int, stop: int, cast: Cast) -> Phrase | None:
    """The noun phrase from a token; of an unlisted surname with an object after it (السعدي مخاوفه) the surname."""
    phrase = find_phrase(scene, at, stop)
    is_headed = phrase is not None and phrase.first == at and (phrase.name is None or phrase.name[0] > at)
    if is_headed and not starts_speaker(scene, at) and cast.is_name_word(scene.keys[at]):
        return read_phrase(scene, at, at + 1)
    return phrase


def _is_likely(scene: Scene, phrase: Phrase, cast: Cast) -> bool:
    """Is the noun after a verb a person or body that may speak, and no object (محاضرته، تفاصيل)?"""
    if starts_speaker(scene, phrase.first):
        return True
    if phrase.name is None:
        return cast.is_name_word(scene.keys[phrase.first])
    if any(cast.is_name_word(scene.keys[i]) or is_known_name(scene, i) for i in range(*phrase.name)):
        return True
    return phrase.name[0] == phrase.first and cast.mentions.is_repeated(phrase.name[1] - 1)


def _is_governed(scene: Scene, at: int, first: int) -> bool:
    """Does the noun depend on the word before it (a preposition, a noun), so that it is no subject?"""
    if at <= first + 1:
        return False
    before = scene.keys[at - 1]
    if before in scene.words.boundaries or before in scene.cues.prepositions or before in scene.cues.governors:
        return True
    return before.startswith(("ال", "لل", "بال")) or starts_speaker(scene, at - 1) or not before[:1].isalpha()


def _is_actor(scene: Scene, phrase: Phrase) -> bool:
    """Can the subject of a sentence that is no quote speak later? Texts and bare nouns cannot."""
    key = scene.keys[phrase.first]
    return phrase.kind == "person" or (
        base_word(key) not in scene.words.texts and (phrase.definite or phrase.stop - phrase.first > 1)
    )


def guess_person(scene: Scene, cue: int, gender: str) -> Phrase | None:
    """The nearest person with a title or a known given name before a cue: the last resort.

    For a feminine verb only a feminine description in ة is trusted.
    """
    words = scene.words
    for at in range(cue - 1, max(0, cue - _FAR), -1):
        key = scene.keys[at]
        if (
            scene.paragraph[at] >= 0
            and scene.span_at[at] < 0
            and (key in words.titles or key in words.given or is_definite_role(scene, key))
        ):
            if gender == "f" and not (key.endswith("ة") and key not in words.given):
                continue
            first = at
            while first > 0 and (scene.keys[first - 1] in words.titles or scene.keys[first - 1] in words.given):
                first -= 1
            phrase = read_phrase(scene, first, min(first + 5, cue))
            if phrase.name is not None and phrase.kind == "person":
                return phrase
    return None
