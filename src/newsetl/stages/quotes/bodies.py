"""The names of institutions, outlets and texts: how much of a noun phrase is the name."""

from newsetl.stages.quotes.classes import base_word, is_anonymous, is_body, is_role
from newsetl.stages.quotes.runs import is_known_name, is_plain
from newsetl.stages.quotes.scene import Scene

_NAMED_BY = 4  # marks among the first tokens of an institution hold its name
_ARTICLES = ("ال", "لل", "بال", "وال")
AGENCY = frozenset(("الانباء", "انباء", "اعلام", "الاعلام", "التواصل"))


def body_name(scene: Scene, first: int, stop: int) -> tuple[int, int]:
    """The name of an institution in a phrase: of outlets and companies what follows their kind, else the whole.

    صحيفة «الأفق» is الأفق, but جمعية «الأفق» keeps its kind; بيانات وزارة الصحة is the ministry.
    """
    first = _skip_text(scene, first, stop)
    key = scene.keys[first]
    is_outlet = key in scene.words.outlets or key == "شركة"
    for at in range(first, min(stop, first + _NAMED_BY)):
        number = scene.span_at[at]
        if number >= 0 and scene.spans[number].words:
            span = scene.spans[number]
            is_named = key in scene.words.named_kinds and not scene.key(span.last + 1).startswith("ال")
            if is_outlet or base_word(key) in scene.words.outlets or is_named or at == first:
                return span.inner_first, span.inner_stop
            return first, _body_stop(scene, first, stop)
        if scene.keys[at] in ("،", "("):
            return first, max(at, first + 1)
    comma = scene.keys.index("،", first, stop) if "،" in scene.keys[first:stop] else stop
    if key in scene.words.proper_bodies and key not in scene.words.long_names and comma > first + 1:
        return first, first + 1
    after = scene.key(first + 1)
    is_named = is_outlet and after not in AGENCY
    if is_named and comma > first + 1 and (after.startswith("ال") or not after.endswith("ة")):
        return first + 1, outlet_stop(scene, first + 1, comma)
    return first, _body_stop(scene, first, comma)


def _skip_text(scene: Scene, first: int, stop: int) -> int:
    """بيان وزارة، أرقام الهيئة، بيان صادر عن المكتب: the institution behind a text that only carries its word."""
    carries = scene.keys[first] in scene.words.carriers
    if not carries and base_word(scene.keys[first]) not in scene.words.texts:
        return first
    at = first + 1
    while at < stop and scene.keys[at] in ("صادر", "صادرة", "عن", "من", "ل"):
        at += 1
    if at >= stop or scene.span_at[at] >= 0:
        return first
    key = scene.keys[at]
    for body in (key, key.removeprefix("ل"), "ا" + key[1:] if key.startswith("لل") else key):
        is_source = carries or (body == key and body in scene.words.outlets)  # تقارير صحيفة, not تقرير لصحيفة
        if is_source and is_body(body) and base_word(body) not in scene.words.texts:
            return at
    return first


def outlet_stop(scene: Scene, first: int, stop: int) -> int:
    """The end of an outlet's name: before الفرنسية in صحيفة لوموند الفرنسية."""
    at = first + 1
    if not scene.keys[first].startswith("ال"):
        while (
            at < stop
            and (is_known_name(scene, at) or not scene.keys[at].startswith(("ال", "في", "لل")))
            and scene.keys[at][:1].isalnum()
        ):
            at += 1
        return at
    while at < stop and (scene.keys[at].startswith("ال") or is_plain(scene, at)):
        at += 1
    return at


def _body_stop(scene: Scene, first: int, stop: int) -> int:
    """Where the name of an institution ends: a definite noun takes adjectives and complements, no second noun."""
    closed = scene.keys[first].startswith("ال") or scene.keys[first] in scene.words.proper_bodies
    at = first + 1
    while at < stop:
        number = scene.span_at[at]
        if number >= 0:
            at, closed = scene.spans[number].last + 1, True
            continue
        key = scene.keys[at]
        if not key[:1].isalnum() or _is_verb(scene, at) or (closed and not _goes_on(scene, first, at)):
            break
        closed = key.startswith(_ARTICLES) or key in scene.words.proper_bodies or is_known_name(scene, at)
        at += 1
    while at > first + 1 and (scene.keys[at - 1] in scene.words.prepositions or not scene.keys[at - 1][:1].isalnum()):
        at -= 1 if scene.span_at[at - 1] < 0 else 0
        if scene.span_at[at - 1] >= 0:
            break
    return at


def _is_verb(scene: Scene, at: int) -> bool:
    """Does a relative clause without الذي begin: دراسة نشرتها, تقرير يعود?"""
    key = scene.keys[at]
    if is_known_name(scene, at) or scene.keys[at - 1].startswith("ال"):
        return False
    return len(key) > 3 and (key[0] == "ي" or key.endswith(("تها", "ته"))) and not key.endswith(("ي", "ية"))


def _goes_on(scene: Scene, first: int, at: int) -> bool:
    """After a word that can close the name: is the next one an adjective or a complement of it?"""
    key, before = scene.keys[at], scene.keys[at - 1]
    if key.startswith("ال"):
        is_noun = (is_body(key) or is_role(key)) and not key.endswith(("ي", "ية"))
        if is_noun and before.startswith("ال"):
            return False
        if key.endswith("ين") and (is_anonymous(key) or before.endswith(("ة", "ات"))):
            return False  # people: an object, no adjective
        return not before.endswith(("ية", "ي")) or key.endswith(("ة", "ي")) or not before.startswith("ال")
    if key.startswith(("لل", "وال", "بال")) or key == "في":
        return True
    if key == "من":
        return scene.key(at + 1) == "اجل"
    if key.isascii():
        return False
    if key.startswith("ل"):
        return len(key) > 3 and key[1:] not in scene.words.outlets
    return is_known_name(scene, at) and (
        before in scene.words.titles or is_known_name(scene, at - 1) or at == first + 1
    )
