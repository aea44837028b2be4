"""The noun phrase that names a speaker: where it begins and ends beside its cue."""

from newsetl.stages.quotes.classes import (
    base_word,
    is_adverb,
    is_anonymous,
    is_body,
    is_imam,
    is_name_like,
    is_role,
    starts_speaker,
)
from newsetl.stages.quotes.names import Phrase, is_governed, read_phrase
from newsetl.stages.quotes.phrase_words import (
    PLACING,
    REFUSALS,
    THESE,
    is_clause_word,
    may_be_adjunct,
    may_end_phrase,
    may_head,
)
from newsetl.stages.quotes.runs import CALLED, is_closed, is_joined, is_known_name, is_plain, name_stop, opens_feminine
from newsetl.stages.quotes.scene import Scene

_LONGEST = 32  # tokens of a speaker phrase with its appositions
_FORMULA_WORDS = 4
_BRACKET = 10  # tokens of a bracket inside a phrase: (45 عاما)


def find_phrase(scene: Scene, first: int, stop: int) -> Phrase | None:
    """The first noun phrase in a stretch after a cue that can be its speaker, or None."""
    stop = min(stop, first + 2 * _LONGEST)
    formula = _formula_stop(scene, first, stop)
    if formula:
        return Phrase(first, formula, (first, formula), (), "", definite=True, kind="person")
    at = _skip_adjuncts(scene, first, stop)
    if at >= stop or not (_can_start(scene, at) or (at == first and _is_foreign(scene, at))):
        return None
    end = _phrase_stop(scene, at, stop)
    return read_phrase(scene, at, end) if end > at else None


def _formula_stop(scene: Scene, first: int, stop: int) -> int:
    """The end of words of praise that stand for a speaker (قال تعالى), the longest first; 0 for none."""
    if first >= stop or scene.keys[first] not in scene.words.formula_heads:
        return 0
    ends = range(min(stop, first + _FORMULA_WORDS), first, -1)
    return next((end for end in ends if " ".join(scene.keys[first:end]) in scene.words.formulas), 0)


def _skip_adjuncts(scene: Scene, at: int, stop: int) -> int:
    """Past time words, addressees and phrases such as في تصريح لصحيفة, to where a speaker can begin."""
    words = scene.words
    while at < stop and may_be_adjunct(scene.keys[at]):
        key = scene.keys[at]
        if (
            key in words.turns
            or key in words.times
            or key in scene.words.pronouns
            or key in ("،", "-", "–", "/")
            or is_adverb(key)
        ):
            at += 1
        elif key == "من" and scene.key(at + 1) in words.turns:
            at += 2
        elif is_imam(scene, at) or (key in THESE and is_body(scene.key(at + 1))):
            return at + (key in THESE)  # تشير هذه الدراسة
        elif (
            key in scene.words.prepositions
            or (key in words.boundaries and key not in scene.words.relatives)
            or key[:2] == "لل"
            or _is_addressee(scene, at)
        ):
            at = _skip_prepositional(scene, at, stop)
        else:
            break
    return at


def _is_addressee(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    if key == "ل":
        return True
    return (
        key.startswith("ل")
        and len(key) > 3
        and (key[1:] in scene.words.outlets or key[1:] in scene.words.proper_bodies or key[1:] in scene.words.given)
    )


def _skip_prepositional(scene: Scene, at: int, stop: int) -> int:
    """Past a prepositional phrase: to the next comma, or to a title or definite role that can be the subject."""
    start = at
    at += 1
    if scene.key(start) == "ل" and at < stop and scene.span_at[at] >= 0:
        return scene.spans[scene.span_at[at]].last + 1  # صرح لـ"الأفق" مصدر
    is_met = False  # a person inside the phrase: مع الدكتور سامي حداد، وزير الصحة، ...
    while at < stop:
        key = scene.keys[at]
        is_met = is_met or (scene.keys[at - 1] == "مع" and starts_speaker(scene, at))
        if key == "،" and not (is_met and is_role(scene.key(at + 1))):
            return at + 1
        if (at > start + 1 and scene.keys[at - 1] not in scene.cues.governors) and (
            key in scene.words.titles or (key.startswith("ال") and base_word(key) in scene.words.roles)
        ):
            return at
        number = scene.span_at[at]
        at = scene.spans[number].last + 1 if number >= 0 else at + 1
    return stop


def _can_start(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    if scene.span_at[at] >= 0:
        return True
    if not may_head(key):
        return False
    if key.startswith("بال") or (key[0] == "ب" and is_joined(scene, at) and not starts_speaker(scene, at)):
        return False
    if key in scene.words.boundaries and not is_imam(scene, at):
        return False
    if (
        not starts_speaker(scene, at)
        and not opens_feminine(scene, at)
        and (key.startswith("و") or (not key.startswith("ال") and key.endswith(("ه", "ها", "ات", "ة"))))
    ):
        return False  # a joined word, an object with its owner (تفاؤله), a common noun (محاولات)
    return key not in scene.cues.forms or key in scene.words.given or is_role(key) or is_body(key)


def _is_foreign(scene: Scene, at: int) -> bool:
    """Is a word with و right after its verb a name (وينفري، واتسون), and not joined: no second verb, no article?"""
    key = scene.keys[at]
    return key[0] == "و" and is_plain(scene, at) and not is_adverb(key) and scene.forms[at] is None


def _phrase_stop(scene: Scene, first: int, stop: int) -> int:
    """Where the noun phrase ends: at an adjunct, a relative clause, or a comma that no apposition follows."""
    at = first
    has_name = False
    other_stop = first  # the end of a name inside the description: مركز الأمير سلمان
    stop = min(stop, first + _LONGEST)
    while at < stop:
        key = scene.keys[at]
        number = scene.span_at[at]
        if number >= 0:
            if at > first and is_anonymous(scene.keys[first]):
                break  # the addressee: مصدر مطلع "..."
            at = scene.spans[number].last + 1
            continue
        if key == "(":
            at = _close_bracket(scene, at, stop)
            continue
        if key in "،,-–" and not _is_hyphen(scene, at):
            if not _apposition_follows(scene, at + 1, first, stop, has_name=has_name):
                break
        elif at > first and may_end_phrase(key) and _ends_phrase(scene, at, first, has_name=has_name):
            break
        if key in scene.words.given and not is_role(key) and at >= other_stop:
            is_other = is_governed(scene, at, first)
            other_stop = name_stop(scene, at, stop) if is_other else other_stop
            has_name = has_name or not is_other
        at += 1
    at = min(at, stop)
    while (
        at > first and scene.span_at[at - 1] < 0 and not scene.keys[at - 1][:1].isalnum() and scene.keys[at - 1] != ")"
    ):
        at -= 1
    return at


def _is_hyphen(scene: Scene, at: int) -> bool:
    """Does a hyphen join two parts of a name without a space?"""
    if scene.keys[at] not in "-–":
        return False
    starts, ends = scene.tokens.starts, scene.tokens.ends
    return at + 1 < len(starts) and ends[at - 1] == starts[at] and ends[at] == starts[at + 1]


def _close_bracket(scene: Scene, at: int, stop: int) -> int:
    """The token after a short bracket; the end of the stretch when it does not close."""
    for close in range(at + 1, min(at + _BRACKET, stop)):
        if scene.keys[close] == ")":
            return close + 1
    return stop


def _ends_phrase(scene: Scene, at: int, first: int, *, has_name: bool) -> bool:
    """Does the phrase that began at `first` end before this token?"""
    key, words, head = scene.keys[at], scene.words, scene.keys[first]
    if not key[:1].isalnum():
        return key not in "/.#" and not _is_hyphen(scene, at)
    if _is_break(scene, at):
        return True
    if key in words.outlets and scene.keys[at - 1].startswith("ال") and not is_role(head):
        return True  # a second noun: أبلغ الاتحاد صحيفة
    if is_imam(scene, at):
        return False
    if key in PLACING:
        return _preposition_ends(scene, at, first, has_name=has_name)
    if key == "عام":
        return scene.key(at + 1)[:1].isdigit()
    if key in words.boundaries:
        return not (at == first + 1 and head in ("احد", "احدى"))  # أحد تلك المصادر
    form = scene.forms[at]
    if form is not None and form.kind != "noun" and "weak" not in form.frames:
        is_noun = key in words.given or is_role(key) or is_body(key)
        return not (is_noun or scene.keys[at - 1] in words.titles)
    is_of_text = at == first + 1 and head in words.texts and head not in words.anonymous  # تقرير لصحيفة
    return not is_of_text and _is_addressed(scene, at, has_name=has_name)


def _is_break(scene: Scene, at: int) -> bool:
    """Does a clause or an adverb begin at the token, which no noun phrase holds?"""
    key = scene.keys[at]
    if is_clause_word(key):
        return True
    return key in REFUSALS and scene.key(at + 1).startswith(("ال", "عدم"))  # مسؤول رفض الكشف عن اسمه


def _preposition_ends(scene: Scene, at: int, first: int, *, has_name: bool) -> bool:
    """Is a prepositional phrase an adjunct (في تصريح) and not part of a title (الباحث في مركز)?"""
    key, words, head = scene.keys[at], scene.words, scene.keys[first]
    following = scene.key(at + 1)
    if key in ("على", "عن") and at <= first + 2 and head in words.takes_complement and not has_name:
        return False
    if following in words.media or base_word(following) in words.media or following in words.times:
        return True
    if following in scene.cues.bare or following in scene.cues.suffixed:
        return True
    if key in ("على", "عن"):
        governs = head.startswith("ال") and at <= first + 2
        is_role_of = key == "عن" and at == first + 1 and is_role(head)
        is_issued = key == "عن" and scene.keys[at - 1] in ("صادر", "صادرة", "الصادر", "الصادرة")
        return not is_issued and not (governs and (head in words.takes_complement or is_role_of))
    if key == "لدى":
        return not (is_role(head) and following.startswith("ال"))
    if key == "من":
        return following in words.turns or has_name
    if key == "في":
        return has_name and is_name_like(scene.key(at - 1)) and following not in words.organisations
    return True


def _is_addressed(scene: Scene, at: int, *, has_name: bool) -> bool:
    """Is the word somebody spoken to (لصحيفة، للجزيرة، لنا), so that the speaker's phrase is over?"""
    key, words = scene.keys[at], scene.words
    if key == "ل" or key in words.pronouns or key in ("للجزيرة", "للعربية", "للاناضول"):
        return True
    if key.startswith("ل") and (key[1:] in words.outlets or key[1:].isascii()):
        return True
    after_name = has_name and not is_role(scene.key(at - 1))
    if after_name and key.startswith(("بال", "لل")):
        return key != "للامم"
    return after_name and key.startswith("ل") and key[1:] in words.proper_bodies


def _apposition_follows(scene: Scene, at: int, first: int, stop: int, *, has_name: bool) -> bool:
    """After a comma: does a second description or the name of the same speaker follow?"""
    if at >= stop:
        return False
    key, words, head = scene.keys[at], scene.words, scene.keys[first]
    if key in CALLED:
        return True
    if key in words.times or key in words.turns or key in words.boundaries or key in words.prepositions:
        return False
    if key in words.titles or key in words.given:
        return not has_name or key in words.titles
    is_person = is_role(head) or head in words.titles
    is_nationality = key.startswith("ال") and key.endswith(("ي", "ية"))
    if is_person and not has_name and _name_run(scene, at + is_nationality, stop):
        return True
    return is_role(key) or (key.startswith("ال") and is_role(scene.key(at - 2)))


def _name_run(scene: Scene, at: int, stop: int) -> bool:
    """Do two to four words that no table knows stand here between commas, as a name after a title does?"""
    key = scene.keys[at]
    end = at
    while end < min(stop, at + 5) and (
        is_known_name(scene, end) or (is_name_like(scene.keys[end]) and not is_adverb(scene.keys[end]))
    ):
        end += 1
    opens = key in scene.words.given or is_plain(scene, at) or opens_feminine(scene, at)
    return opens and 2 <= end - at <= 4 and is_closed(scene, end, stop)
