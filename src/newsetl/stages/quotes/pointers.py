"""Short descriptions that stand for something named before: البيان, الكلية, the guest of an interview."""

from newsetl.stages.quotes.classes import base_word, is_definite_role
from newsetl.stages.quotes.mentions import Mentions
from newsetl.stages.quotes.names import Phrase, read_phrase
from newsetl.stages.quotes.runs import name_stop
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_GENERIC = "التواصل"  # (social) media have no name of their own
_FAR = 200  # tokens read in search of an institution or a person


def issuer_before(mentions: Mentions, phrase: Phrase) -> Phrase | None:
    """The institution behind البيان: named in a sentence before that speaks of one, else first in the text."""
    scene = mentions.scene
    heads = (phrase.head, phrase.head + "ا", "ب" + phrase.head, "ال" + phrase.head)
    places = [p for head in heads for p in mentions.places_before(head, phrase.first)]
    for place in sorted(places, reverse=True)[:8]:
        body = _first_issuer(scene, scene.sentence_start[place], min(scene.sentence_stop[place], phrase.first))
        if body is not None:
            return body
    return _first_issuer(scene, 0, phrase.first)


def _first_issuer(scene: Scene, start: int, stop: int) -> Phrase | None:
    """The first institution with a name of two words or more between two tokens; no outlet, no text."""
    for at in range(start, min(stop, start + _FAR)):
        if scene.span_at[at] < 0 <= scene.paragraph[at] and _is_issuer(scene, scene.keys[at]):
            body = find_phrase(scene, at, min(stop, scene.sentence_stop[at]))
            if body is not None and body.first == at and body.stop > at + 1 and body.kind == "organisation":
                return body
    return None


def _is_issuer(scene: Scene, key: str) -> bool:
    words, base = scene.words, base_word(key)
    return base in words.organisations and base not in words.texts and base not in words.outlets


def full_description(mentions: Mentions, phrase: Phrase) -> Phrase | None:
    """The longer phrase that a short definite one stands for: الكلية for كلية الآداب, المصدر for مصدر مطلع.

    The nearest one before the short phrase, else the first one after it.
    """
    scene = mentions.scene
    keys = scene.keys[phrase.first : phrase.stop]
    places = mentions.near(phrase.head, phrase.first)
    if len(keys) == 1 and phrase.kind == "organisation":
        places += [p for p in mentions.near(keys[0], phrase.first) if scene.key(p + 1) != "في"]
    before = sorted((p for p in places if p < phrase.first), reverse=True)
    for place in before + sorted(p for p in places if p > phrase.first):
        if scene.span_at[place] >= 0 or scene.paragraph[place] < 0 or scene.key(place + 1) == _GENERIC:
            continue  # منصة التواصل الاجتماعي is no name
        full = find_phrase(scene, place, scene.sentence_stop[place])
        if full is None or full.first != place or full.kind != phrase.kind:
            continue
        stretch = full.name or (full.first, full.stop)
        words = {base_word(k) for k in scene.keys[stretch[0] : stretch[1]]}
        if stretch[1] - stretch[0] > len(keys) and {base_word(k) for k in keys} <= words:
            return full
    return None


def find_guest(scene: Scene, stop: int) -> Phrase | None:
    """The guest of an interview whose answers begin at a token: حوار مع ..., else the first person described there."""
    for at in range(min(stop, _FAR)):
        if scene.keys[at] == "مع" and any(scene.key(at - back) in scene.words.interviews for back in (1, 2, 3)):
            phrase = find_phrase(scene, at + 1, min(stop, scene.sentence_stop[at]))
            if phrase is not None and phrase.first == at + 1 and phrase.name is not None and phrase.kind == "person":
                return phrase
    return _find_first_person(scene, stop)


def _find_first_person(scene: Scene, stop: int) -> Phrase | None:
    """The first person before a token with a definite description and a name: الشاعر سليم حداد."""
    for at in range(min(stop, _FAR)):
        if scene.paragraph[at] >= 0 > scene.span_at[at] and is_definite_role(scene.keys[at]):
            phrase = find_phrase(scene, at, min(stop, scene.sentence_stop[at]))
            if phrase is not None and phrase.first == at and phrase.name is not None and phrase.kind == "person":
                return phrase
    return None


def only_person(scene: Scene, stop: int) -> Phrase | None:
    """The person named before a token, when all personal names there are one person's; the longest name."""
    best: tuple[int, int] | None = None
    at = 0
    while at < min(stop, 2 * _FAR):
        end = at + 1
        if scene.keys[at] in scene.words.given and scene.paragraph[at] >= 0:
            end = name_stop(scene, at, min(stop, scene.sentence_stop[at]))
            if best is not None and not set(scene.keys[at:end]) & set(scene.keys[best[0] : best[1]]):
                return None
            if best is None or end - at > best[1] - best[0]:
                best = (at, end)
        at = max(end, at + 1)
    return read_phrase(scene, *best) if best is not None and best[1] > best[0] + 1 else None
