"""Who is who in one article: speakers grouped, named in full, and found where they are left out."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field, replace

from newsetl.records import Resolution, SpeakerKind
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import (
    Phrase,
    base_word,
    find_phrase,
    is_body,
    is_name_like,
    is_role,
    read_named_body,
    read_phrase,
)

_LONGEST_FULL_NAME = 4
_MEMORY = 60  # entities looked back on; keeps the work linear in pages that quote thousands


@dataclass(slots=True)
class Entity:
    """One speaker of the article. `names` are tuples of folded words, fullest known name in `name`."""

    name: str
    kind: SpeakerKind
    names: list[tuple[str, ...]] = field(default_factory=list)
    role: str | None = None  # the longest description met
    words: set[str] = field(default_factory=set)  # folded words of the roles, without ال
    gender: str = ""
    number: str = "s"


class Cast:
    """The speakers met so far, in the order of the text, and who spoke last."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.entities: list[Entity] = []
        self.active: list[Entity] = []  # one entry for each quote or mention, newest last
        self._places: dict[str, list[int]] | None = None

    def meet(self, phrase: Phrase, gender: str, number: str) -> tuple[Entity, Resolution]:
        """The entity that a phrase names: one met before, or a new one; and how it was found."""
        phrase = self._as_surname(phrase)
        found, resolution = self._find(phrase, gender)
        if found is None:
            found = self._introduce(phrase, gender, number)
        self._learn(found, phrase, gender)
        self.active.append(found)
        return found, resolution

    def is_empty(self) -> bool:
        """Has nobody spoken yet?"""
        return not self.active

    def _as_surname(self, phrase: Phrase) -> Phrase:
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

    def recall(self, gender: str, number: str) -> Entity | None:
        """The nearest earlier speaker that agrees with a verb whose subject is left out."""
        for entity in reversed(self.active[-12:]):
            if agrees(entity, gender, number):
                self.active.append(entity)
                return entity
        return None

    def _find(self, phrase: Phrase, gender: str) -> tuple[Entity | None, Resolution]:
        if phrase.name is not None:
            key = self._name_key(phrase)
            return self._find_name(key, phrase), "explicit"
        return self._find_description(phrase, gender)

    def _name_key(self, phrase: Phrase) -> tuple[str, ...]:
        assert phrase.name is not None  # noqa: S101  told by the caller
        keys = self.scene.keys[phrase.name[0] : phrase.name[1]]
        return tuple(k for k in keys if k[:1].isalnum())

    def _find_name(self, key: tuple[str, ...], phrase: Phrase) -> Entity | None:
        wanted = set(key)
        for entity in reversed(self.entities[-_MEMORY:]):
            if (entity.kind == "person") != (phrase.kind == "person"):
                continue
            for known in entity.names:
                have = set(known)
                if wanted and (wanted <= have or have <= wanted):
                    return entity
        if phrase.kind == "organisation" and phrase.definite:
            return self._find_description(phrase, "")[0]
        return None

    def _same_kind(self, phrase: Phrase) -> list[Entity]:
        """Entities that the phrase may point back to, the last active first."""
        is_person = phrase.kind == "person"
        return [e for e in reversed(self._recent()) if (e.kind == "person") == is_person]

    def _find_description(self, phrase: Phrase, gender: str) -> tuple[Entity | None, Resolution]:
        words = self._role_words(phrase)
        head = phrase.head
        same = any(k in self.scene.words.emphasis for k in self.scene.keys[phrase.first : phrase.stop])
        if not phrase.definite and not same:
            for entity in reversed(self.entities[-_MEMORY:]):
                if entity.words and words == entity.words:
                    return entity, "nominal"
            return None, "explicit"
        best = next((e for e in self._same_kind(phrase) if words and words <= e.words), None)
        if best is None:
            named = self._name_elsewhere(phrase)
            best = self._meet_quietly(named, gender) if named is not None else None
        if best is None and phrase.kind == "organisation" and len(words) <= 2:
            named = self._named_before(phrase)
            best = self._meet_quietly(named, gender) if named is not None else None
        if best is None and head not in self.scene.words.offices:
            best = next((e for e in self._same_kind(phrase) if head in e.words and phrase.kind == "person"), None)
        if best is None and (len(words) == 1 or _points_back(self.scene, phrase, words)):
            best = self._follow_pointer(phrase, gender)
        return best, "nominal" if best else "explicit"

    def _meet_quietly(self, phrase: Phrase, gender: str) -> Entity:
        found = self._find_name(self._name_key(phrase), phrase) or self._introduce(phrase, gender, "s")
        self._learn(found, phrase, gender)
        return found

    def _name_elsewhere(self, phrase: Phrase) -> Phrase | None:
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
                or scene.keys[place + 1 : place + 2] != keys[1:2]
                and len(keys) > 1
            ):
                continue
            named = self._name_before(place) if phrase.kind == "person" and len(keys) > 1 else None
            if named is not None and _agree(self._role_words(phrase), self._role_words(named)):
                return named
            other = find_phrase(scene, place, scene.sentence_stop[place])
            if other is None or other.first != place or other.kind != phrase.kind or other.name is None:
                continue
            if len(keys) > 1 and not _agree(self._role_words(phrase), self._role_words(other)):
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

    def _named_before(self, phrase: Phrase) -> Phrase | None:
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

    def _follow_pointer(self, phrase: Phrase, gender: str) -> Entity | None:
        """المتحدث and its like stand for the last speaker; البيان for the last institution."""
        head = phrase.head
        for entity in reversed(self._recent()):
            if head in ("مصدر", "مصادر"):
                if entity.kind in ("anonymous", "organisation"):
                    return entity
            elif head in ("بيان", "بلاغ"):
                if entity.kind == "organisation":
                    return entity
            elif head in self.scene.words.named_kinds or head in ("وزارة", "هيئة", "مؤسسة", "تنظيم"):
                if entity.kind == "organisation" and not entity.words & self.scene.words.text_heads:
                    return entity
            elif (
                phrase.kind in ("person", "anonymous")
                and entity.kind in ("person", "anonymous")
                and agrees(entity, gender, "s")
            ):
                if head not in self.scene.words.offices or not entity.words:
                    return entity
        return None

    def _recent(self) -> list[Entity]:
        seen: dict[int, Entity] = {}
        for entity in self.entities[-_MEMORY:] + self.active[-30:]:
            seen.pop(id(entity), None)
            seen[id(entity)] = entity
        return list(seen.values())

    def _role_words(self, phrase: Phrase) -> set[str]:
        keys = self.scene.keys[phrase.first : phrase.stop] if phrase.name is None else []
        for first, stop in phrase.roles if phrase.name is not None else ():
            keys = keys + self.scene.keys[first:stop]
        return {base_word(k) for k in keys if k[:1].isalpha() and k not in self.scene.words.emphasis and len(k) > 1}

    def _introduce(self, phrase: Phrase, gender: str, number: str) -> Entity:
        if phrase.name is not None:
            first, stop = phrase.name
            if phrase.kind == "person":
                first, stop = self._fullest_name(first, stop)
        else:
            first, stop = phrase.first, phrase.stop
        name = self.scene.name_text(first, stop)
        entity = Entity(name, phrase.kind, gender=gender, number=number)
        if phrase.name is not None:
            entity.names.append(tuple(k for k in self.scene.keys[first:stop] if k[:1].isalnum()))
        self.entities.append(entity)
        return entity

    def _learn(self, entity: Entity, phrase: Phrase, gender: str) -> None:
        if phrase.name is not None and phrase.kind == "person":
            key = self._name_key(phrase)
            longest = max((len(n) for n in entity.names), default=0)
            if key not in entity.names:
                entity.names.append(key)
            if len(key) > longest:
                entity.name = self.scene.name_text(*phrase.name)
        for first, stop in phrase.roles:
            role = self.scene.name_text(first, stop)
            if len(role) > len(entity.role or ""):
                entity.role = role
        entity.words |= self._role_words(phrase)
        if not entity.gender:
            entity.gender = gender

    def _fullest_name(self, first: int, stop: int) -> tuple[int, int]:
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

    def _vouches(self, at: int) -> bool:
        """Does the word before an unknown one show that a name begins: a role, a nationality, a verb of speech?"""
        scene = self.scene
        before = scene.key(at)
        if is_role(scene, before) or (at >= 0 and scene.forms[at] is not None):
            return True
        is_nationality = before.startswith("ال") and before.endswith(("ي", "ية")) and len(before) > 5
        return is_nationality and before not in scene.words.times and not scene.key(at - 1).startswith("الاسبوع")

    def _extend_left(self, begin: int) -> int:
        """Back over the words of a name, when a given name or a title vouches for them."""
        scene = self.scene
        at = begin
        while at > 0 and begin - at < _LONGEST_FULL_NAME and _is_inner_name(scene, scene.keys[at - 1]):
            at -= 1
        for start in range(at, begin):
            if scene.keys[start] in scene.words.given or scene.key(start - 1) in scene.words.titles:
                return start
        for start in range(max(at, begin - 2), begin):
            if self._vouches(start - 1):
                return start
        return begin


def _agree(some: set[str], others: set[str]) -> bool:
    """Does one description say nothing that the other does not?"""
    return some <= others or others <= some


def _points_back(scene: Scene, phrase: Phrase, words: set[str]) -> bool:
    """Is a longer description (المخرج العالمي) still likely to mean a person who has spoken?"""
    if phrase.kind != "person" or phrase.head in scene.words.offices:
        return False
    return len(words) <= (2 if phrase.head in ("متحدث", "ناطق", "متحدثة") else 4)


def _is_inner_name(scene: Scene, key: str) -> bool:
    if key in scene.words.given or key in scene.words.name_particles:
        return True
    return (
        is_name_like(scene, key)
        and not key.startswith(("ال", "لل", "ب", "ل", "و"))
        and len(key) > 2
        and not key[0].isdigit()
    )


def agrees(entity: Entity, gender: str, number: str) -> bool:
    """May this entity be the subject of a verb of that gender and number?"""
    if number == "p":
        return entity.number == "p" or entity.kind == "anonymous"
    return not gender or not entity.gender or entity.gender == gender
