"""The title or description of each speaker: the longest that the article gives beside one of his names."""

from newsetl.arabic.tokens import fold_word
from newsetl.stages.quotes.classes import base_word, is_body, is_role, starts_speaker
from newsetl.stages.quotes.entities import Cast
from newsetl.stages.quotes.mentions import Mentions
from newsetl.stages.quotes.names import Phrase
from newsetl.stages.quotes.runs import is_bound, is_joined
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_LINKS = frozenset(("في", "لدى", "على", "ل", "ب"))
_DEFINITE = ("ال", "لل", "بال", "وال")
_NAME_WORDS = 6  # words in marks that can be the name of a body
_BEFORE, _AFTER = 14, 24  # tokens around a name that can describe its bearer


def describe_speakers(cast: Cast) -> None:
    """Give every person of the cast the longest description in the article; bodies and nameless people have none."""
    for entity in cast.entities:
        if entity.kind != "person":
            entity.role = None
        elif entity.names:
            roles = _find_roles(cast.mentions, max(entity.names, key=len))
            if entity.role and is_role(fold_word(entity.role.split()[0])):
                roles.append(entity.role)
            entity.role = max(roles, key=len, default=None)


def _find_roles(mentions: Mentions, name: tuple[str, ...]) -> list[str]:
    scene = mentions.scene
    roles = []
    for place in mentions.near(name[-1], -1):  # the first mentions: that is where a speaker is introduced
        first = place + 1 - len(name)
        if first >= 0 and tuple(scene.keys[first : place + 1]) == name and scene.paragraph[first] >= 0:
            roles.extend(_read_roles(scene, first, place + 1))
    return roles


def _read_roles(scene: Scene, first: int, stop: int) -> list[str]:
    """The descriptions before and after one mention of a name."""
    end = min(scene.sentence_stop[first], stop + _AFTER)
    phrase = None
    for start in range(max(scene.sentence_start[first], first - _BEFORE), first + 1):
        if scene.span_at[start] < 0 and (start == first or starts_speaker(scene, start)):
            phrase = find_phrase(scene, start, end)
            if phrase is not None and phrase.first == start and _names(phrase, first, stop):
                break
            phrase = None
    if phrase is None:
        return []
    roles = [(a, b) for a, b in phrase.roles if is_role(scene.keys[a]) or scene.keys[a] in scene.words.titles]
    return [scene.name_text(a, _tail_stop(scene, b, end) if b == phrase.stop else b) for a, b in roles]


def _tail_stop(scene: Scene, at: int, stop: int) -> int:
    """The end of a description after a name with its complements: المدير العام + للمركز في بغداد."""
    first = at
    while at < stop:
        key = scene.keys[at]
        if scene.span_at[at] >= 0:
            span = scene.spans[scene.span_at[at]]
            if span.words > _NAME_WORDS or (scene.key(at - 1) not in _LINKS and not is_body(scene.key(at - 1))):
                break
            at = span.last + 1
            continue
        if not key[:1].isalpha() or scene.forms[at] is not None or _is_adjunct(scene, at):
            break
        is_complement = key.startswith(_DEFINITE) or (key[0] in "بل" and is_joined(scene, at))
        if key not in _LINKS and not is_complement and not is_body(key):
            break
        at += 1
        if _is_kind(key) and not is_bound(scene, at, stop):
            at += 1  # the name of the place: بلدة الوادي, بجامعة الوادي
    while at > first and (scene.keys[at - 1] in _LINKS or _is_kind(scene.keys[at - 1])):
        at -= 1
    return at


def _is_kind(key: str) -> bool:
    """Is the word a bare kind of body or place that needs its name after it, with ب or ل before it or not?"""
    return not key.startswith(_DEFINITE) and (is_body(key) or (key[0] in "بل" and is_body(key[1:])))


def _is_adjunct(scene: Scene, at: int) -> bool:
    """Does an occasion, an addressee or a clause begin here: في تصريح, لصحيفة, والذي?"""
    words = scene.words
    key, following = scene.keys[at], scene.key(at + 1)
    if key.removeprefix("و") in words.relatives:
        return True
    if key in _LINKS:
        return following in words.media or base_word(following) in words.media or following in words.times
    return (
        key in words.times or key in words.turns or (key[0] == "ل" and key[1:] in words.outlets | words.proper_bodies)
    )


def _names(phrase: Phrase, first: int, stop: int) -> bool:
    return phrase.name is not None and phrase.name[0] <= first and stop <= phrase.name[1]
