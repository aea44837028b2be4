"""The inside of a speaker's phrase: which words are the name, which the role, and what kind of speaker it is."""

from typing import NamedTuple

from newsetl.records import SpeakerKind
from newsetl.stages.quotes.bodies import AGENCY, body_name, outlet_stop
from newsetl.stages.quotes.classes import base_word, is_body, is_name_like, is_role
from newsetl.stages.quotes.kinds import is_institution, tell_kind
from newsetl.stages.quotes.runs import (
    CALLED,
    JOINING,
    has_article,
    is_bound,
    is_closed,
    is_joined,
    is_known_name,
    is_nisba,
    is_plain,
    name_stop,
    opens_feminine,
)
from newsetl.stages.quotes.scene import Scene

_KUNYA = frozenset(("ابو", "ابا", "ابي", "بو", "ام", "عبد"))
KING = "الملك"
_BRACKET = 10  # tokens


class Phrase(NamedTuple):  # half a dozen are made for each quote, and a frozen dataclass is slow to make
    """A speaker's noun phrase: token range, and what it says.

    Attributes:
        name: Token range of the name, None when it only describes (الوزير).
        roles: Token ranges of titles and descriptions.
        head: The first word without ال: what kind of speaker it is.
        definite: Does it start with ال or a name?
    """

    first: int
    stop: int
    name: tuple[int, int] | None
    roles: tuple[tuple[int, int], ...]
    head: str
    definite: bool
    kind: SpeakerKind


def read_phrase(scene: Scene, first: int, stop: int) -> Phrase:
    """Split a noun phrase into name and roles and tell its kind."""
    key = scene.keys[first]
    marked = scene.span_at[first] >= 0
    head_key = key if not marked else scene.key(scene.spans[scene.span_at[first]].inner_first)
    name = _find_name(scene, first, stop)
    kind = tell_kind(scene, first, stop, name, marked=marked)
    if kind == "organisation":
        name = _without_issue(scene, *body_name(scene, first, stop))
    elif kind == "anonymous":
        name = None
    if name is not None and not marked:
        stop = _cut_after_name(scene, name[1], stop)
    elif name is None:
        stop = _cut_description(scene, first, stop)
    roles = _find_roles(scene, first, stop, name)
    definite = key.startswith("ال") or (name is not None and name[0] == first) or (kind == "person" and is_role(key))
    return Phrase(first, stop, name, roles, base_word(head_key), definite, kind)


def _without_issue(scene: Scene, first: int, stop: int) -> tuple[int, int]:
    """The name of a text without the word that tells its issue: بيان + صدر, التقرير + الصادر."""
    while stop > first + 1 and scene.keys[stop - 1] in scene.words.issued:
        stop -= 1
    return first, stop


def _cut_after_name(scene: Scene, at: int, stop: int) -> int:
    """The end of a phrase whose name ends at a token: what follows without a comma must be a role or a place."""
    if at >= stop or not scene.keys[at][:1].isalpha() or scene.span_at[at] >= 0:
        return stop
    key = scene.keys[at]
    goes_on = is_role(key) or key in scene.words.titles or key in ("في", "من", "عن")
    return stop if goes_on or key.startswith(("بال", "ب")) else at


def _cut_description(scene: Scene, first: int, stop: int) -> int:
    """The end of a description: a definite noun takes no bare one, so الرئيس التنفيذي مذكرة has an object."""
    for at in range(first + 1, stop):
        key = scene.keys[at]
        if not scene.keys[at - 1].startswith(("ال", "لل", "بال")) or not key[:1].isalpha() or scene.span_at[at] >= 0:
            continue
        if is_known_name(scene, at) or is_role(key):
            continue
        if key[0] == "ب" and key != "باسم" and is_joined(scene, at) and key[1:] not in scene.words.organisations:
            return at  # قام الأمير بإصدار, أشاد النائب بمشروع القانون
        if key[0] not in "البوك" and key not in scene.words.prepositions and key not in scene.words.emphasis:
            return at
    return stop


def _find_name(scene: Scene, first: int, stop: int) -> tuple[int, int] | None:
    """The personal name in the phrase: the first run of words that stands where a name can."""
    if scene.span_at[first] >= 0:
        span = scene.spans[scene.span_at[first]]
        return (span.inner_first, span.inner_stop) if span.words else None
    if is_institution(scene, first, stop) and not is_known_name(scene, first):
        return None
    at = first
    while at < stop:
        number = scene.span_at[at]
        if number >= 0:
            span = scene.spans[number]
            if _is_marked_name(scene, span.inner_first, span.inner_stop, at):
                return span.inner_first, span.inner_stop
            at = span.last + 1
        elif scene.keys[at] == "(":
            at = next((i + 1 for i in range(at, min(at + _BRACKET, stop)) if scene.keys[i] == ")"), stop)
        else:
            start = _name_start(scene, at, first, stop)
            is_other = start is None and scene.keys[at] in scene.words.given  # a name that belongs to something else
            end = name_stop(scene, at if start is None else start, stop) if start is not None or is_other else at + 1
            if is_other and scene.keys[at - 1] == KING and scene.key(at + 1) not in JOINING:
                end = at + 1  # جامعة الملك سعود سليم حداد: a king has one name
            if start is not None and _is_name(scene, (start, end), first, stop):
                return start, end
            at = max(end, at + 1)
    return None


def _is_marked_name(scene: Scene, first: int, stop: int, at: int) -> bool:
    """Do marks inside a description hold a person's name: مدير المركز "سالم حداد"? Not after جمعية."""
    if first >= stop or is_body(scene.key(at - 1)):
        return False
    if is_known_name(scene, first) and name_stop(scene, first, stop) == stop:
        return True
    return all(is_known_name(scene, i) or (i > first and is_name_like(scene.keys[i])) for i in range(first, stop))


def _name_start(scene: Scene, at: int, first: int, stop: int) -> int | None:
    """Where a name begins if one can begin at this token: after a title, or by its own word and place."""
    key, words = scene.keys[at], scene.words
    if key in words.titles and at + 1 < stop and not _is_second_role(scene, at + 1):
        start = at + 1
        while start < stop and (scene.keys[start] in "./" or scene.keys[start] in words.ranks):
            start += 1
        if start < stop and not is_governed(scene, at, first) and _follows_title(scene, start):
            return start
    if key in words.titles and key not in words.given:
        return None
    if key in words.given or key in _KUNYA:
        return at if _opens_name(scene, at) and not is_governed(scene, at, first) else None
    before = scene.key(at - 1)
    stands_free = (
        at == first or before in ("،", ",", ")") or before in CALLED or before.startswith(("ال", "لل", "بال", "وال"))
    )
    stands_free = stands_free or scene.span_at[at - 1] >= 0
    if not stands_free or is_governed(scene, at, first) or (at == first + 1 and _is_object(scene, at)):
        return None
    return at if _opens_name(scene, at) else None


def _is_object(scene: Scene, at: int) -> bool:
    """Is an unknown word after a surname what its bearer acts on, and no name: وصف السعدي مسار ...?"""
    before = scene.keys[at - 1]
    is_surname_like = before.endswith("ي") and not is_role(before) and not is_body(before)
    return is_surname_like and not is_known_name(scene, at) and scene.key(at + 1) in scene.words.given


def _is_second_role(scene: Scene, at: int) -> bool:
    """Is the word after a title a role too, and not the name أمين or مختار?"""
    key = scene.keys[at]
    return is_role(key) and not (at + 1 < len(scene.keys) and is_plain(scene, at + 1))


def _opens_name(scene: Scene, at: int) -> bool:
    """Can the word be the first one of a name? A definite one needs بن or the like after it."""
    key, following = scene.keys[at], scene.key(at + 1)
    if has_article(scene, at):
        if following in JOINING:
            return not is_role(key)
        if key not in scene.words.given:
            return key in scene.words.family and scene.key(at - 1) in scene.words.titles
        is_last = following.startswith("ال") and is_bound(scene, at + 2, len(scene.keys))
        is_whole = at + 2 < len(scene.keys) and is_plain(scene, at + 1) and is_closed(scene, at + 2, len(scene.keys))
        return is_last or is_whole or (at + 1 < len(scene.keys) and is_known_name(scene, at + 1))
    if opens_feminine(scene, at) and not is_role(key):
        return True
    is_place = key[0] == "ب" and following in scene.words.given and not is_known_name(scene, at)  # بجدة عمر
    return is_plain(scene, at) and not is_place


def _follows_title(scene: Scene, at: int) -> bool:
    """Can the word after a title begin the name? Even one that looks like another word: الدكتور يعرب الكندي."""
    if _opens_name(scene, at):
        return True
    key, following = scene.keys[at], scene.key(at + 1)
    is_surname_next = following.startswith("ال") and not is_body(following) and not is_role(following)
    is_name_next = is_surname_next or (at + 1 < len(scene.keys) and is_plain(scene, at + 1))
    is_word = key[:1].isalpha() and not key.startswith(("ال", "لل", "بال")) and not is_body(key)
    return is_word and is_name_next and key not in scene.words.boundaries and key not in scene.words.prepositions


def is_governed(scene: Scene, at: int, first: int) -> bool:
    """Does the name belong to the noun before it (مؤسسة محمد، محامي سعيد), so that it is not the speaker's?"""
    if at <= first:
        return False
    before = scene.keys[at - 1]
    if before in scene.words.titles:
        return scene.keys[at] not in scene.words.titles and is_governed(scene, at - 1, first)
    if before.startswith(("ال", "لل", "بال", "وال")) or scene.span_at[at - 1] >= 0:
        return False
    if before in scene.words.proper_bodies:
        return False
    return is_body(before.lstrip("بل")) or is_body(before) or is_role(before)


def _is_name(scene: Scene, name: tuple[int, int], first: int, stop: int) -> bool:
    """Is a run of words likely enough a name where it stands?"""
    start, end = name
    last = scene.keys[end - 1]
    if (
        is_role(scene.keys[start])
        and end - start == 2
        and last.startswith("ال")
        and last.endswith("ة")
        and not is_nisba(last)
    ):
        return False  # مختار القرية is no Mukhtar
    if is_role(scene.keys[start]) and end - start == 1 < stop - start:
        return False
    if start == first or any(is_known_name(scene, i) for i in range(start, end)):
        return True
    if scene.keys[start - 1] in scene.words.titles or scene.keys[start - 1] in "./":
        return True
    if end - start == 1:
        return scene.keys[first].startswith("ال") and scene.key(start - 1) != "،" and is_bound(scene, end, stop)
    return is_bound(scene, end, stop) or (last.startswith("ال") and last.endswith("ي"))


def _find_roles(scene: Scene, first: int, stop: int, name: tuple[int, int] | None) -> tuple[tuple[int, int], ...]:
    """What is left of the phrase before and after the name, without titles and commas."""
    if name is None:
        return ((first, stop),)
    stretches = (_trim_role(scene, first, name[0]), _trim_role(scene, name[1], stop))
    return tuple((a, b) for a, b in stretches if b > a)


def _trim_role(scene: Scene, first: int, stop: int) -> tuple[int, int]:
    while first < stop and not scene.keys[first][:1].isalnum():
        first += 1
    while stop > first and (not scene.keys[stop - 1][:1].isalnum() or scene.keys[stop - 1] in scene.words.titles):
        key = scene.keys[stop - 1]
        if stop - first == 1 and key.startswith("ال") and is_role(key):
            break  # الرئيس alone is a role, not only a title
        stop -= 1
    return first, stop


def read_named_body(scene: Scene, at: int) -> Phrase | None:
    """The institution named after its kind at a token: شركة نجمة, لصحيفة الأفق."""
    if at + 1 >= len(scene.keys) or scene.paragraph[at] != scene.paragraph[at + 1]:
        return None
    number = scene.span_at[at + 1]
    if number >= 0 and scene.spans[number].words:
        span = scene.spans[number]
        return Phrase(
            at, span.last + 1, (span.inner_first, span.inner_stop), (), "", definite=True, kind="organisation"
        )
    key = scene.keys[at + 1]
    if key in AGENCY or not is_name_like(key) or key.endswith(("ة", "ات")):
        return None
    if not (is_plain(scene, at + 1) or key.startswith("ال")):
        return None
    stop = outlet_stop(scene, at + 1, min(at + 4, scene.sentence_stop[at]))
    is_apart = base_word(scene.keys[at].lstrip("لبو")) in scene.words.outlets or scene.keys[at].endswith("شركة")
    return Phrase(at, stop, (at + is_apart, stop), (), "", definite=True, kind="organisation")
