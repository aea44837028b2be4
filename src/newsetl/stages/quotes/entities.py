"""Who is who in one article: speakers grouped, named in full, and found where they are left out."""

from collections import defaultdict
from dataclasses import dataclass, field

from newsetl.records import Resolution, SpeakerKind
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import Phrase, base_word, is_name_like, is_role

_SAME = frozenset(("ذاته", "نفسه", "عينه", "ذاتها", "نفسها", "المذكور", "المذكورة"))
_POINTERS = frozenset(("مصدر", "متحدث", "متحدثة", "مسؤول", "مسؤولة", "مصادر", "اخير", "اخيرة"))
_TEXTS_OF_BODIES = frozenset(("بيان", "بلاغ", "مصدر", "تقرير", "صحيفة", "وكالة", "دراسة", "وزارة", "شركة", "منظمة", "موقع", "قناة", "مجلة"))
_LONGEST_FULL_NAME = 4


@dataclass(slots=True)
class Entity:
    """One speaker of the article. `names` are tuples of folded words, fullest known name in `name`."""

    name: str
    kind: SpeakerKind
    names: list[tuple[str, ...]] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
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
        found, resolution = self._find(phrase, gender)
        if found is None:
            found = self._introduce(phrase, gender, number)
        self._learn(found, phrase, gender)
        self.active.append(found)
        return found, resolution

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
        for entity in reversed(self.entities):
            if (entity.kind == "person") != (phrase.kind == "person"):
                continue
            for known in entity.names:
                have = set(known)
                if wanted and (wanted <= have or have <= wanted):
                    return entity
        if phrase.kind == "organisation" and phrase.definite:
            return self._find_description(phrase, "")[0]
        return None

    def _find_description(self, phrase: Phrase, gender: str) -> tuple[Entity | None, Resolution]:
        words = self._role_words(phrase)
        head = phrase.head
        same = any(k in _SAME for k in self.scene.keys[phrase.first : phrase.stop])
        if not phrase.definite and not same:
            for entity in reversed(self.entities):
                if entity.words and words == entity.words:
                    return entity, "nominal"
            return None, "explicit"
        short = phrase.stop - phrase.first <= 3
        best = None
        for entity in reversed(self._recent()):
            overlap = len(words & entity.words)
            if head in entity.words and (overlap == len(words) or (short and overlap)):
                best = entity
                break
        if best is None and short:
            best = self._follow_pointer(head, gender)
        return best, "nominal" if best else "explicit"

    def _follow_pointer(self, head: str, gender: str) -> Entity | None:
        """المتحدث and its like stand for the last speaker; البيان for the last institution."""
        for entity in reversed(self._recent()):
            if head in ("مصدر", "مصادر") and entity.kind in ("anonymous", "organisation"):
                return entity
            if head in _TEXTS_OF_BODIES and head not in ("مصدر",) and entity.kind == "organisation":
                return entity if head in ("بيان", "بلاغ") else None
            if head in _POINTERS and entity.kind in ("person", "anonymous") and head not in ("مصادر",):
                return entity
            if is_role(self.scene, head) and entity.kind == "person" and agrees(entity, gender, "s"):
                return entity if not entity.words else None
        return None

    def _recent(self) -> list[Entity]:
        seen: dict[int, Entity] = {}
        for entity in self.entities + self.active[-30:]:
            seen.pop(id(entity), None)
            seen[id(entity)] = entity
        return list(seen.values())

    def _role_words(self, phrase: Phrase) -> set[str]:
        keys = self.scene.keys[phrase.first : phrase.stop] if phrase.name is None else []
        for first, stop in phrase.roles if phrase.name is not None else ():
            keys = keys + self.scene.keys[first:stop]
        return {base_word(k) for k in keys if k[:1].isalpha() and k not in _SAME and len(k) > 1}

    def _introduce(self, phrase: Phrase, gender: str, number: str) -> Entity:
        if phrase.name is not None:
            first, stop = phrase.name
            if phrase.kind == "person":
                first, stop = self._fullest_name(first, stop)
        else:
            first, stop = phrase.first, phrase.stop
        name = self.scene.tokens.slice_text(first, stop)
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
                entity.name = self.scene.tokens.slice_text(*phrase.name)
        for first, stop in phrase.roles:
            entity.roles.append(self.scene.tokens.slice_text(first, stop))
        entity.words |= self._role_words(phrase)
        if not entity.gender:
            entity.gender = gender

    def _fullest_name(self, first: int, stop: int) -> tuple[int, int]:
        """The longest stretch in the article that ends like this name and is a name as well."""
        keys = self.scene.keys
        if self._places is None:
            self._places = defaultdict(list)
            for at, key in enumerate(keys):
                self._places[key].append(at)
        best = (first, stop)
        for end in self._places[keys[stop - 1]][:40]:
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
        while at > 0 and begin - at < _LONGEST_FULL_NAME and _is_inner_name(scene, scene.keys[at - 1]):
            at -= 1
        for start in range(at, begin):
            before = scene.key(start - 1)
            if scene.keys[start] in scene.words.given or before in scene.words.titles:
                return start
            if (before.startswith("ال") and len(before) > 4) and start < begin and begin - start <= 2:
                return start
        return begin


def _is_inner_name(scene: Scene, key: str) -> bool:
    if key in scene.words.given or key in scene.words.name_particles:
        return True
    return is_name_like(scene, key) and not key.startswith(("ال", "لل", "ب", "ل", "و")) and len(key) > 2 and not key[0].isdigit()


def agrees(entity: Entity, gender: str, number: str) -> bool:
    """May this entity be the subject of a verb of that gender and number?"""
    if number == "p":
        return entity.number == "p" or entity.kind == "anonymous"
    return not gender or not entity.gender or entity.gender == gender
