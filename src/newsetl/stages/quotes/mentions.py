"""The names of an article wherever they stand: full names of surnames, names of descriptions."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace

from newsetl.stages.quotes.classes import base_word, is_body, is_name_like, is_role
from newsetl.stages.quotes.names import Phrase, read_named_body, read_phrase
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_LONGEST_FULL_NAME = 4


class Mentions:
    """Where each word of an article stands; the index is made when it is first asked for."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._places: dict[str, list[int]] | None = None

    def role_words(self, phrase: Phrase) -> set[str]:
        keys = self.scene.keys[phrase.first : phrase.stop] if phrase.name is None else []
        for first, stop in phrase.roles if phrase.name is not None else ():
            keys = keys + self.scene.keys[first:stop]
        return {base_word(k) for k in keys if k[:1].isalpha() and k not in self.scene.words.emphasis and len(k) > 1}

    def name_elsewhere(self, phrase: Phrase) -> Phrase | None:
        """The same description with a name after it, somewhere in the article: الوزير ... وزير الصحة سمير حداد."""
        scene = self.scene
        keys = scene.keys[phrase.first : phrase.stop]
        if "،" in keys:
            keys = keys[: keys.index("،")]
        starts = self._find_places(keys[0])
        if len(keys) == 1:
            starts = self._places_before(base_word(keys[0]), phrase.first) + starts[:40]
        for place in starts[:40]:
            if (
                place == phrase.first
                or scene.span_at[place] >= 0
                or (scene.keys[place + 1 : place + 2] != keys[1:2] and len(keys) > 1)
            ):
                continue
            named = self._name_before(place) if phrase.kind == "person" and len(keys) > 1 else None
            if named is not None and _agree(self.role_words(phrase), self.role_words(named)):
                return named
            other = find_phrase(scene, place, scene.sentence_stop[place])
            if other is None or other.first != place or other.kind != phrase.kind or other.name is None:
                continue
            if len(keys) > 1 and not _agree(self.role_words(phrase), self.role_words(other)):
                continue
            if other.kind == "organisation" and (
                other.stop - other.first > 5 or other.name == (other.first, other.stop)
            ):
                continue
            if other.stop - other.first > len(keys) and other.name != (other.first, other.first + len(keys)):
                return other
        return None

    def _name_before(self, place: int) -> Phrase | None:
        """The person whose description begins at `place`: سليم حداد، وزير الزراعة."""
        scene = self.scene
        stop = place - 1 if scene.key(place - 1) == "،" else place
        for first in range(max(scene.sentence_start[place], stop - 5), stop - 1):
            key = scene.keys[first]
            if key in scene.words.given and scene.span_at[first] < 0:
                end = min(scene.sentence_stop[place], place + 8)
                phrase = read_phrase(scene, first, end)
                return phrase if phrase.name is not None and phrase.name[1] == stop else None
        return None

    def named_before(self, phrase: Phrase) -> Phrase | None:
        """The name that stood after the same kind of body before: شركة س ... الشركة."""
        if phrase.head not in self.scene.words.named_kinds:
            return None
        places = [p for prefix in ("", "ل", "ب", "و") for p in self._places_before(prefix + phrase.head, phrase.first)]
        for place in sorted(places, reverse=True)[:8]:
            named = read_named_body(self.scene, place)
            if named is not None:
                return named
        return None

    def _places_before(self, key: str, stop: int) -> list[int]:
        """The last eight places of a key before a token, the nearest first."""
        places = self._find_places(key)
        end = bisect_left(places, stop)
        return places[max(0, end - 8) : end][::-1]

    def _find_places(self, key: str) -> list[int]:
        if self._places is None:
            self._places = defaultdict(list)
            for at, each in enumerate(self.scene.keys):
                self._places[each].append(at)
        return self._places.get(key, [])

    def fullest_name(self, first: int, stop: int) -> tuple[int, int]:
        """The longest stretch in the article that ends like this name and is a name as well."""
        keys = self.scene.keys
        best = (first, stop)
        for end in self._find_places(keys[stop - 1])[:40]:
            begin = end + 1 - (stop - first)
            if begin < 0 or keys[begin : end + 1] != keys[first:stop]:
                continue
            begin = self._extend_left(begin)
            if end + 1 - begin > best[1] - best[0]:
                best = (begin, end + 1)
        return best

    def _extend_left(self, begin: int) -> int:
        """Back over the words of a name, when a given name or a title vouches for them."""
        scene = self.scene
        at = begin
        while at > 0 and begin - at < _LONGEST_FULL_NAME and _is_inner_name(scene, at - 1):
            at -= 1
        for start in range(at, begin):
            if scene.keys[start] in scene.words.given or scene.key(start - 1) in scene.words.titles:
                return start
        for start in range(max(at, begin - 2), begin):
            if self._vouches(start - 1):
                return start
        return begin

    def _vouches(self, at: int) -> bool:
        """Does the word before an unknown one show that a name begins: a role, a nationality, a verb of speech?"""
        scene = self.scene
        before = scene.key(at)
        if is_role(scene, before) or (at >= 0 and scene.forms[at] is not None):
            return True
        is_nationality = before.startswith("ال") and before.endswith(("ي", "ية")) and len(before) > 5
        return is_nationality and before not in scene.words.times and not scene.key(at - 1).startswith("الاسبوع")

    def as_surname(self, phrase: Phrase) -> Phrase:
        """A lone definite word (الصديقي) as a person's name, when a given name stands before it in the article."""
        scene = self.scene
        key = scene.keys[phrase.first]
        if (
            phrase.name is not None
            and phrase.kind == "person"
            and (phrase.stop > phrase.first + 1 or key in scene.words.given)
        ):
            return phrase
        if (
            phrase.stop != phrase.first + 1
            or is_role(scene, key)
            or is_body(scene, key)
            or scene.span_at[phrase.first] >= 0
        ):
            return phrase
        for place in self._find_places(key)[:40]:
            before = scene.key(place - 1)
            if base_word(before).removeprefix("ل") in scene.words.organisations and not key.startswith("ال"):
                return replace(phrase, name=(phrase.first, phrase.stop), roles=(), kind="organisation", definite=True)
            if (
                before in scene.words.given
                or before in scene.words.titles
                or before in scene.words.name_particles
                or before == "الدين"
            ):
                return replace(phrase, name=(phrase.first, phrase.stop), roles=(), kind="person", definite=True)
        if phrase.kind == "person" and phrase.name is None and key.startswith("ال") and key not in scene.words.nominal:
            return replace(phrase, name=(phrase.first, phrase.stop), roles=(), definite=True)
        return phrase


def _agree(some: set[str], others: set[str]) -> bool:
    """Does one description say nothing that the other does not?"""
    return some <= others or others <= some


def _is_inner_name(scene: Scene, at: int) -> bool:
    """May the word be a part of a name before its last word? عبد الله and نور الدين have a definite second half."""
    key = scene.keys[at]
    if key == "الدين" or (key.startswith("ال") and scene.key(at - 1) == "عبد"):
        return True
    if key in scene.words.given or key in scene.words.name_particles:
        return True
    return (
        is_name_like(scene, key)
        and not key.startswith(("ال", "لل", "ب", "ل", "و"))
        and len(key) > 2
        and not key[0].isdigit()
    )
