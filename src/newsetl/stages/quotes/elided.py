"""Who is meant by مؤكدا أن or وأضاف when nobody is named there: the subject of the clause or sentence before."""

from newsetl.stages.quotes.classes import base_word, is_definite_role, is_name_like, starts_speaker
from newsetl.stages.quotes.entities import Cast
from newsetl.stages.quotes.names import Phrase, read_phrase
from newsetl.stages.quotes.runs import has_article, is_joined, is_known_name
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase
from newsetl.stages.quotes.subjects import find_subject_before, is_lone_object

_SENTENCES_BACK = 3
_VERB_REACH = 6  # tokens from the start of a sentence to its subject
_CLAUSE_REACH = 45  # tokens between a verb and the cue that goes on with its subject
_ADJUNCT = 30  # tokens of a circumstance before the main verb
_CONTACT = 6  # tokens between تواصلت and its مع
_SHORTEST_JOINED = 3  # letters of a verb with و that the lexicon does not know
_FAR = 200  # tokens


def guess_subject(scene: Scene, cue: int, floor: int, cast: Cast, *, strict: bool) -> Phrase | None:
    """Who an elided subject may be when nobody has spoken since `floor`: the subject of the nearest sentence.

    The sentence of the cue comes first, then the ones before it, three in all.

    Args:
        cast: Who has spoken, and the names of the article.
        strict: Somebody spoke before, so that only a person named in an earlier sentence can take over.
    """
    stop = cue
    start = scene.sentence_start[cue]
    near = _find_clause_subject(scene, cue, max(start, floor), cast)
    if near is not None:
        return near
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


def _find_clause_subject(scene: Scene, cue: int, floor: int, cast: Cast) -> Phrase | None:
    """The subject right after the nearest verb in the cue's own sentence: ..., وقرأ الشاعر قصيدة وقال."""
    form = scene.forms[cue]
    wanted = form.gender if form is not None else ""
    for at in range(cue - 1, max(floor, cue - _CLAUSE_REACH) - 1, -1):
        if scene.forms[at] is None and scene.keys[at] != "مع" and scene.keys[at][0] != "و":
            continue  # no verb, as most words
        if scene.forms[at] is not None and scene.key(at - 1) in scene.words.relatives:
            head = _head_of_clause(scene, at, cue)
            if head is not None:
                return head
        if scene.keys[at] == "مع" and not scene.words.contacts.isdisjoint(scene.keys[max(0, at - _CONTACT) : at]):
            return _find_person(scene, at + 1, cue)
        gender = _verb_gender(scene, at)
        if gender is None or (wanted and gender and gender != wanted):
            continue
        phrase = _subject_of(scene, at, cue, cast)
        if phrase is not None:
            return phrase
    return None


def _head_of_clause(scene: Scene, verb: int, cue: int) -> Phrase | None:
    """The person whose relative clause goes on in the cue: المدير الذي أعلن موعد السباق وأكد أن."""
    first, second = scene.forms[verb], scene.forms[cue]
    is_same = (
        first is not None and second is not None and (first.gender, first.number) == (second.gender, second.number)
    )
    if not is_same or first is None or first.kind != "verb" or first.suffixed:
        return None
    head = find_subject_before(scene, verb, first)
    return head if head is not None and head.kind == "person" and head.name is not None else None


def _find_person(scene: Scene, at: int, stop: int) -> Phrase | None:
    """The person named at a token: who answers after تواصلت الصحيفة مع."""
    phrase = find_phrase(scene, at, stop)
    return phrase if phrase is not None and phrase.first == at and phrase.kind == "person" else None


def _verb_gender(scene: Scene, at: int) -> str | None:
    """The gender of the main verb of a clause at a token ("" when it does not tell); None without such a verb."""
    verb, before, key = scene.forms[at], scene.key(at - 1), scene.keys[at]
    if scene.span_at[at] >= 0 or before in scene.words.relative_openings or before in scene.cues.bare:
        return None
    opens = before in "؛\n." or before in scene.words.openings or key[0] == "و"
    if verb is None:
        is_joined = len(key) > _SHORTEST_JOINED and key[0] == "و" and before in "،؛"
        return ("f" if key.endswith("ت") else "m") if is_joined and not starts_speaker(scene, at) else None
    if verb.kind != "verb" or verb.suffixed or before in scene.cues.negations or ("weak" in verb.frames and not opens):
        return None
    return verb.gender


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
    """The noun phrase after the opening verb, the one that begins the sentence, or the one after an opening adjunct."""
    first = start
    while first < stop and scene.span_at[first] < 0 and _is_opening(scene, first):
        first += 1
    form = scene.forms[first] if first < stop else None
    if form is not None and form.kind == "verb" and not form.suffixed:
        phrase = _subject_of(scene, first, stop, cast)
        if phrase is not None or _is_left_out(scene, first, stop):
            return phrase
    if any(_is_adjunct(scene, at) for at in range(start, min(first + 1, stop))):
        phrase = _find_after_adjunct(scene, first, stop, cast)
        if phrase is not None or not cast.is_empty():
            return phrase
    for at in range(first, min(first + _VERB_REACH, stop)):
        if scene.span_at[at] >= 0 or scene.paragraph[at] < 0:
            return None
        is_noun = scene.forms[at] is None and (starts_speaker(scene, at) or cast.is_name_word(scene.keys[at]))
        if is_noun and not _is_governed(scene, at, first):
            phrase = _read_subject(scene, at, stop, cast)
            return phrase if phrase is not None and phrase.first == at and _is_actor(scene, phrase) else None
    return None


def _subject_of(scene: Scene, verb: int, stop: int, cast: Cast) -> Phrase | None:
    """The likely speaker right after a verb, or after its pronoun (عليه)."""
    after = verb + 1 + (scene.key(verb + 1) in scene.words.pronouns)
    phrase = _read_subject(scene, after, stop, cast)
    is_next = phrase is not None and phrase.first == after
    if not is_next or phrase is None or is_lone_object(scene, verb, phrase):
        return None
    return phrase if _is_likely(scene, phrase, cast) else None


def _is_left_out(scene: Scene, verb: int, stop: int) -> bool:
    """Does a complement follow a verb at once, so that its subject is left out too: وشدد على ضرورة ...?"""
    key = scene.key(verb + 1)
    phrase = find_phrase(scene, verb + 1, stop)
    if phrase is not None and is_lone_object(scene, verb, phrase):
        return True
    if key in scene.cues.prepositions or key in scene.words.prepositions or key.startswith(("بال", "لل")):
        return True
    return key[0] == "ب" and is_joined(scene, verb + 1) and not starts_speaker(scene, verb + 1)  # ذكّر بموقف المدير


def _is_adjunct(scene: Scene, at: int) -> bool:
    """Does a circumstance open the sentence: وفي لقاء، بعد ...، بينما ...؟"""
    key = scene.key(at)
    bare = key.removeprefix("و")
    if scene.key(at + 1) in scene.words.turns:
        return False  # من جهته
    return bare in scene.cues.circumstances or bare in scene.words.prepositions or key.startswith(("بال", "وبال"))


def _find_after_adjunct(scene: Scene, first: int, stop: int, cast: Cast) -> Phrase | None:
    """The subject of the main verb behind an opening circumstance and its comma: وفي لقاء أمس، شكر الوزير ..."""
    for at in range(first, min(first + _ADJUNCT, stop - 2)):
        verb = at + 1
        if scene.keys[at] != "،" or scene.span_at[at] >= 0 or scene.span_at[verb] >= 0:
            continue
        is_verb = scene.forms[verb] is not None or is_name_like(scene.keys[verb])
        if is_verb and not has_article(scene, verb) and not starts_speaker(scene, verb):
            phrase = _subject_of(scene, verb, stop, cast)
            if phrase is not None:
                return phrase
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
    if before in scene.cues.bare:
        return False
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
            and (key in words.titles or key in words.given or is_definite_role(key))
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
