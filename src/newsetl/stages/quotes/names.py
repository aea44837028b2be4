"""The inside of a speaker's phrase: which words are the name, which the role, and what kind of speaker it is."""

from dataclasses import dataclass

from newsetl.records import SpeakerKind
from newsetl.stages.quotes.classes import base_word, is_adverb, is_anonymous, is_body, is_name_like, is_role
from newsetl.stages.quotes.scene import Scene

_LONGEST_NAME = 7
_NAMED_BY = 4  # marks among the first tokens of an institution hold its name


@dataclass(frozen=True, slots=True)
class Phrase:
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
    kind = _tell_kind(scene, first, stop, name, marked=marked)
    if kind == "organisation":
        name = _body_name(scene, first, stop)
    roles = _find_roles(scene, first, stop, name)
    definite = (
        key.startswith("ال") or (name is not None and name[0] == first) or (kind == "person" and is_role(scene, key))
    )
    return Phrase(first, stop, name, roles, base_word(head_key), definite, kind)


def _tell_kind(scene: Scene, first: int, stop: int, name: tuple[int, int] | None, *, marked: bool) -> SpeakerKind:
    key = scene.keys[first]
    words = scene.words
    if key in words.titles:
        return "person"
    if is_anonymous(scene, key) and not (is_role(scene, key) and name):
        return "anonymous"
    if is_role(scene, key):
        definite = key.startswith("ال") or name is not None or (stop > first + 1 and _makes_definite(scene, first))
        return "person" if definite else "anonymous"
    if is_body(scene, key) and key not in words.given:
        return "organisation"
    if name is not None or marked:
        return "person"
    return "organisation" if key.endswith(("ة", "ات")) else "person"


def _makes_definite(scene: Scene, first: int) -> bool:
    """وزير الخارجية is one office, متحدث باسم الخارجية is nobody in particular."""
    after = scene.key(first + 1)
    return (after.startswith("ال") or is_body(scene, after)) and not after.startswith("ب")


def _body_name(scene: Scene, first: int, stop: int) -> tuple[int, int] | None:
    """The name of an institution: what stands in marks, else the phrase to its first comma."""
    for at in range(first, min(stop, first + _NAMED_BY)):
        number = scene.span_at[at]
        if number >= 0:
            return scene.spans[number].inner_first, scene.spans[number].inner_stop
        if scene.keys[at] in ("،", "("):
            return first, at
    comma = scene.keys.index("،", first, stop) if "،" in scene.keys[first:stop] else stop
    key = scene.keys[first]
    if key in scene.words.proper_bodies and key not in scene.words.long_names and comma > first + 1:
        return first, first + 1
    if (
        (key in scene.words.outlets or key == "شركة")
        and comma > first + 1
        and scene.keys[first + 1] not in ("الانباء", "انباء", "اعلام")
    ):
        return first + 1, _outlet_stop(scene, first + 1, comma)
    return first, comma


def read_named_body(scene: Scene, at: int) -> Phrase | None:
    """The institution named after its kind at a token: شركة نجمة, لصحيفة الأفق."""
    if at + 1 >= len(scene.keys) or scene.paragraph[at] != scene.paragraph[at + 1]:
        return None
    number = scene.span_at[at + 1]
    if number >= 0:
        span = scene.spans[number]
        return Phrase(
            at, span.last + 1, (span.inner_first, span.inner_stop), (), "", definite=True, kind="organisation"
        )
    key = scene.keys[at + 1]
    if not is_name_like(scene, key) or is_adverb(scene, key) or key.endswith("ة"):
        return None
    stop = _outlet_stop(scene, at + 1, min(at + 4, scene.sentence_stop[at]))
    return Phrase(at, stop, (at + 1, stop), (), "", definite=True, kind="organisation")


def _outlet_stop(scene: Scene, first: int, stop: int) -> int:
    """The end of an outlet's name: before الفرنسية in صحيفة لوموند الفرنسية."""
    at = first + 1
    if not scene.keys[first].startswith("ال"):
        while at < stop and not scene.keys[at].startswith(("ال", "في", "لل")) and scene.keys[at][:1].isalnum():
            at += 1
        return at
    return stop


def _find_name(scene: Scene, first: int, stop: int) -> tuple[int, int] | None:
    """The personal name in the phrase: after the last title, from the first given name, or a lone foreign tail."""
    words = scene.words
    if scene.span_at[first] >= 0:
        span = scene.spans[scene.span_at[first]]
        return span.inner_first, span.inner_stop
    start = None
    for at in range(first, stop):
        key = scene.keys[at]
        if scene.span_at[at] >= 0:
            continue
        if key in words.titles and at + 1 < stop and _is_after_title(scene, at + 1):
            start = at + 1
        elif key in words.given and not _names_a_body(scene, at, first):
            start = start if start is not None and start <= at and start + _LONGEST_NAME > at else at
            break
    if start is None:
        start = _foreign_tail(scene, first, stop)
    if start is None:
        return None
    while start < stop and scene.keys[start] in (".", "/"):
        start += 1
    return start, _name_stop(scene, start, stop) if start < stop else start + 1


def _names_a_body(scene: Scene, at: int, first: int) -> bool:
    """Does the given name belong to an institution: مؤسسة محمد ...؟ Not after a definite noun."""
    before = scene.keys[at - 1] if at > first else ""
    return bool(before) and is_body(scene, before) and not before.startswith("ال")


def _is_after_title(scene: Scene, at: int) -> bool:
    key = scene.keys[at]
    return key in (".", "/") or (
        is_name_like(scene, key) and not key.startswith("ال") and key not in scene.words.titles
    )


def _foreign_tail(scene: Scene, first: int, stop: int) -> int | None:
    """Where a name begins that no table knows: the whole first part, or what follows a definite description."""
    part = first
    while part < stop and scene.keys[part] not in ("،", ",", "("):
        part += 1
    if not (
        is_role(scene, scene.keys[first]) or is_body(scene, scene.keys[first]) or is_anonymous(scene, scene.keys[first])
    ):
        return first if is_name_like(scene, scene.keys[first]) and not scene.keys[first].startswith("ال") else None
    at = part
    if scene.keys[first].startswith("ال"):
        bare = next((i for i in range(first + 1, part) if not scene.keys[i].startswith("ال")), part)
        # A definite noun governs no other noun: after الباحثة الشابة a bare word begins the name.
        return bare if bare < part and _is_tail_word(scene, bare) else _name_after_comma(scene, part, stop)
    while at > first and _is_tail_word(scene, at - 1):
        at -= 1
    if at == part:
        return _name_after_comma(scene, part, stop)
    return at if at > first and scene.keys[at - 1].startswith("ال") and part - at <= 4 else None


def _name_after_comma(scene: Scene, part: int, stop: int) -> int | None:
    """مدير المدرسة، سليم ...: the name in an apposition after the description."""
    if part + 1 < stop and is_name_like(scene, scene.keys[part + 1]) and not scene.keys[part + 1].startswith("ال"):
        return part + 1
    return None


def _is_tail_word(scene: Scene, at: int) -> bool:
    """May the word belong to an unknown name that closes a description?"""
    key = scene.keys[at]
    if (
        not is_name_like(scene, key)
        or key.startswith(("ال", "لل", "وال", "بال"))
        or key in scene.words.emphasis
        or is_adverb(scene, key)
    ):
        return False
    if key[:1] in "لبكو" and scene.tokens.text[scene.tokens.starts[at] + 1 : scene.tokens.starts[at] + 2] in ("إ", "أ"):
        return False  # a preposition before a noun: بإصدار
    if key[:1] in "لب" and (is_body(scene, key[1:]) or is_role(scene, key[1:]) or key[1:] in ("اسم", "جامعة")):
        return False
    return not (key.endswith("ة") and len(key) > 5)


def _name_stop(scene: Scene, start: int, stop: int) -> int:
    at = start
    while at < min(stop, start + _LONGEST_NAME):
        key = scene.keys[at]
        if at > start and key.startswith("ال") and (is_role(scene, key) or at > start + 1):
            return at + _is_surname(scene, start, at)
        if at > start and not (
            is_name_like(scene, key) or key in scene.words.given or key in scene.words.name_particles or key == "-"
        ):
            break
        if at > start and (
            key.startswith(("بال", "لل", "وال")) or (key[0] in "لب" and key.isascii() != key[1:].isascii())
        ):
            break
        if (
            at > start
            and key.startswith("و")
            and key not in scene.words.given
            and len(key) > 4
            and is_role(scene, key[1:])
        ):
            break
        at += 1
    while at > start + 1 and not scene.keys[at - 1][:1].isalnum():
        at -= 1
    return at


def _is_surname(scene: Scene, start: int, at: int) -> bool:
    """Is a definite word at the end of a name its last part? الخطيب and الصديقي are, الباحث في and المستشفى are not."""
    key = scene.keys[at]
    following = scene.key(at + 1)
    if is_role(scene, key):
        return not following[:1].isalpha() or following in scene.cues.bare or following in scene.cues.suffixed
    is_joined = any(k in scene.words.name_particles for k in scene.keys[start:at])
    return is_joined or key.endswith("ي") or key == "الدين"


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
        if stop - first == 1 and key.startswith("ال") and is_role(scene, key):
            break  # الرئيس alone is a role, not only a title
        stop -= 1
    return first, stop
