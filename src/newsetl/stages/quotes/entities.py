"""Who is who in one article: speakers grouped, named in full, and found where they are left out."""

from dataclasses import dataclass, field

from newsetl.records import Resolution, SpeakerKind
from newsetl.stages.quotes.classes import base_word, is_body, is_role
from newsetl.stages.quotes.mentions import Mentions
from newsetl.stages.quotes.names import Phrase
from newsetl.stages.quotes.pointers import find_guest, full_description, issuer_before, only_person
from newsetl.stages.quotes.scene import Scene

_LONG_WORD = 5  # letters; shorter names that differ are different people
_STATEMENTS = ("بيان", "بلاغ")
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
        self.mentions = Mentions(scene)
        self._guest: Entity | None = None

    def meet(self, phrase: Phrase, gender: str, number: str) -> tuple[Entity, Resolution]:
        """The entity that a phrase names: one met before, or a new one; and how it was found."""
        phrase = self.mentions.as_surname(self.mentions.with_tail_name(self.mentions.cut_object(phrase)))
        found, resolution = self._find(phrase, gender)
        if found is None:
            found = self._introduce(phrase, gender, number)
        self._learn(found, phrase, gender)
        self.active.append(found)
        return found, resolution

    def is_empty(self) -> bool:
        """Has nobody spoken yet?"""
        return not self.active

    def find_guest(self, first_answer: int) -> Entity | None:
        """Who answers in an interview: the first person whom the article describes and names before the answers."""
        if self._guest is None:
            phrase = find_guest(self.scene, first_answer)
            self._guest = self._meet_quietly(phrase, "") if phrase is not None else None
        return self._guest

    def is_name_word(self, key: str) -> bool:
        """Is the word part of the name of a person in the article, as far as names are known so far?"""
        if key in self.mentions.name_words():
            return True
        return any(key in name for e in self.entities[-_MEMORY:] if e.kind == "person" for name in e.names)

    def recall(self, gender: str, number: str) -> Entity | None:
        """The nearest earlier speaker that agrees with a verb whose subject is left out."""
        for entity in reversed(self.active[-12:]):
            if agrees(entity, gender, number):
                self.active.append(entity)
                return entity
        last = self.active[-1] if self.active else None
        return (
            last if last is not None and last.kind == "organisation" and number != "p" else None
        )  # البيان is masculine

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
        wanted = set(join_names(key))
        for entity in reversed(self.entities[-_MEMORY:]):
            if (entity.kind == "person") != (phrase.kind == "person"):
                continue
            if self._is_namesake(key, entity):
                continue
            for known in entity.names:
                have = set(join_names(known))
                if wanted and (wanted <= have or have <= wanted):
                    return entity
                if len(key) == 1 and len(known) > 1 and is_spelling_of(key[0], known[-1]):
                    return entity
        if phrase.kind == "organisation" and phrase.definite:
            return self._find_description(phrase, "")[0]
        return None

    def _is_namesake(self, key: tuple[str, ...], entity: Entity) -> bool:
        """Is the entity another person of the same family: another given name before the surname?"""
        given = self.scene.words.given
        name, longest = join_names(key), join_names(max(entity.names, key=len, default=()))
        both = len(name) > 1 and len(longest) > 1 and name[0] in given and longest[0] in given
        return both and name[0] not in longest and longest[0] not in name

    def _same_kind(self, phrase: Phrase) -> list[Entity]:
        """Entities that the phrase may point back to, the last active first."""
        is_person = phrase.kind == "person"
        return [e for e in reversed(self._recent()) if (e.kind == "person") == is_person]

    def _find_description(self, phrase: Phrase, gender: str) -> tuple[Entity | None, Resolution]:
        words = self.mentions.role_words(phrase)
        same = any(k in self.scene.words.emphasis for k in self.scene.keys[phrase.first : phrase.stop])
        best: Entity | None
        if same or phrase.definite:
            best = self._follow_pointer(phrase, gender) if same else None
            best = best or self._find_by_words(phrase, words) or self._find_in_text(phrase, words, gender)
            best = best or self._find_by_head(phrase, words, gender) or self._find_only_person(phrase)
        else:
            best = next((e for e in reversed(self.entities[-_MEMORY:]) if e.words and words == e.words), None)
        return best, "nominal" if best else "explicit"

    def _find_by_words(self, phrase: Phrase, words: set[str]) -> Entity | None:
        """Somebody whose known description says all that the phrase says; also one who was nobody in particular."""
        if not words:
            return None
        people = self._same_kind(phrase)
        if phrase.kind == "person":
            people += [e for e in reversed(self.entities[-_MEMORY:]) if e.kind == "anonymous"]
        return next((e for e in people if words <= e.words), None)

    def _find_in_text(self, phrase: Phrase, words: set[str], gender: str) -> Entity | None:
        """Somebody whom the article calls by the same description somewhere, with a name or in more words."""
        named = self.mentions.name_elsewhere(phrase)
        if named is None and phrase.kind == "organisation" and len(words) <= 2:
            named = self.mentions.named_before(phrase)
        if named is None and phrase.kind != "person" and phrase.stop - phrase.first <= 2:
            named = full_description(self.mentions, phrase)
        return self._meet_quietly(named, gender) if named is not None else None

    def _find_by_head(self, phrase: Phrase, words: set[str], gender: str) -> Entity | None:
        """Somebody of the same kind: the issuer of البيان, the last one with the same head, the last one at all."""
        head = phrase.head
        if head in _STATEMENTS and phrase.stop == phrase.first + 1:
            best = self._follow_pointer(phrase, gender)
            issuer = issuer_before(self.mentions, phrase) if best is None else None
            return self._meet_quietly(issuer, gender) if issuer is not None else best
        if phrase.kind == "person" and head not in self.scene.words.offices:
            best = next((e for e in self._same_kind(phrase) if head in e.words), None)
            if best is not None:
                return best
        is_short = len(words) == 1 or phrase.stop == phrase.first + 1 or _points_back(self.scene, phrase, words)
        return self._follow_pointer(phrase, gender) if is_short else None

    def _find_only_person(self, phrase: Phrase) -> Entity | None:
        """The one person whom the article has named before a description by a profession: الفنان، الكاتبة المكرمة."""
        is_profession = phrase.kind == "person" and self.scene.keys[phrase.first].startswith("ال")
        if not is_profession or phrase.head in self.scene.words.offices or phrase.stop > phrase.first + 2:
            return None
        only = only_person(self.scene, phrase.first)
        return self._meet_quietly(only, "") if only is not None else None

    def _meet_quietly(self, phrase: Phrase, gender: str) -> Entity:
        known = self._find_name(self._name_key(phrase), phrase) if phrase.name is not None else None
        found = known or self._introduce(phrase, gender, "s")
        self._learn(found, phrase, gender)
        return found

    def _follow_pointer(self, phrase: Phrase, gender: str) -> Entity | None:
        """المتحدث and its like stand for the last speaker; البيان for the last institution."""
        return next((e for e in reversed(self._recent()) if self._can_point_to(phrase, e, gender)), None)

    def _can_point_to(self, phrase: Phrase, entity: Entity, gender: str) -> bool:
        head, words = phrase.head, self.scene.words
        if head in ("مصدر", "مصادر"):
            return entity.kind in ("anonymous", "organisation")
        if phrase.kind == "anonymous":
            return entity.kind == "anonymous"
        if head in _STATEMENTS:
            return entity.kind == "organisation" and not self._is_outlet(entity)
        if head in words.named_kinds or head in ("وزارة", "هيئة", "مؤسسة", "تنظيم"):
            return entity.kind == "organisation" and not entity.words & words.text_heads and self._is_real(entity)
        if "organisation" in (phrase.kind, entity.kind) or not agrees(entity, gender, "s"):
            return False
        return head not in words.offices or not entity.words

    def _is_real(self, entity: Entity) -> bool:
        """Is the entity a body, and no text (تقارير) or thing that was taken for one (مدفوعات)?"""
        words = self.scene.words
        heads = {base_word(name[0]) for name in entity.names if name}
        return not any(h in words.texts or (h.endswith("ات") and h not in words.organisations) for h in heads)

    def _is_outlet(self, entity: Entity) -> bool:
        """Does the entity's name begin with a kind of outlet or text: وكالة الأنباء، تقرير ...?"""
        words = self.scene.words
        heads = {base_word(name[0]) for name in entity.names if name} | entity.words
        return bool(heads & (words.outlets | words.texts)) or any(
            n[0] in words.proper_bodies for n in entity.names if n
        )

    def _recent(self) -> list[Entity]:
        seen: dict[int, Entity] = {}
        for entity in self.entities[-_MEMORY:] + self.active[-30:]:
            seen.pop(id(entity), None)
            seen[id(entity)] = entity
        return list(seen.values())

    def _bare_description(self, phrase: Phrase) -> tuple[int, int]:
        """A description that stands for a name, without forms of address: معالي + وزير الخارجية."""
        first = phrase.first
        while first < phrase.stop - 1 and self.scene.keys[first] in self.scene.words.titles:
            first += 1
        return (first, phrase.stop) if is_role(self.scene.keys[first]) else (phrase.first, phrase.stop)

    def _introduce(self, phrase: Phrase, gender: str, number: str) -> Entity:
        if phrase.name is not None:
            first, stop = phrase.name
            if phrase.kind == "person":
                first, stop = self.mentions.fullest_name(first, stop)
        else:
            first, stop = self._bare_description(phrase)
        name = self.scene.name_text(first, stop)
        key = self.scene.keys[first]
        if (
            phrase.kind == "organisation"
            and key.startswith("ل")
            and is_body(key[1:].replace("ل", "ال", key.startswith("لل")))
        ):
            name = "ا" + name[1:] if key.startswith("لل") else name[1:]
        entity = Entity(name, phrase.kind, gender=gender, number=number)
        if phrase.name is not None:
            entity.names.append(tuple(k for k in self.scene.keys[first:stop] if k[:1].isalnum()))
        self.entities.append(entity)
        return entity

    def _learn(self, entity: Entity, phrase: Phrase, gender: str) -> None:
        if phrase.name is not None and phrase.kind == "person":
            key = self._name_key(phrase)
            longest = max((len(join_names(n)) for n in entity.names), default=0)
            if key not in entity.names:
                entity.names.append(key)
            if len(join_names(key)) > longest:
                entity.name = self.scene.name_text(*phrase.name)
        for first, stop in phrase.roles:
            role = self.scene.name_text(first, stop)
            if len(role) > len(entity.role or ""):
                entity.role = role
        entity.words |= self.mentions.role_words(phrase)
        if not entity.gender:
            entity.gender = gender


def _points_back(scene: Scene, phrase: Phrase, words: set[str]) -> bool:
    """Is a longer description (المخرج العالمي) still likely to mean a person who has spoken?"""
    if phrase.kind != "person" or phrase.head in scene.words.offices:
        return False
    return len(words) <= (2 if phrase.head in ("متحدث", "ناطق", "متحدثة") else 4)


def join_names(keys: tuple[str, ...]) -> list[str]:
    """The words of a name with عبد written to its second half, as it is as often as not.

    >>> join_names(("عبد", "العزيز", "حداد"))
    ['عبدالعزيز', 'حداد']
    """
    words: list[str] = []
    for key in keys:
        if words and words[-1] == "عبد":
            words[-1] += key
        else:
            words.append(key)
    return words


def is_spelling_of(word: str, other: str) -> bool:
    """Are two words one foreign name: letters swapped, one long vowel more or less, one letter another?

    >>> is_spelling_of("دوستينوف", "دوتسينوف"), is_spelling_of("القادري", "القاسمي")
    (True, False)
    >>> is_spelling_of("كارلتش", "كارليتش")
    True
    """
    if min(len(word), len(other)) < _LONG_WORD or word[:2] != other[:2] or word.startswith("ال"):
        return False
    if len(word) == len(other):
        return sorted(word) == sorted(other) or (
            len(word) > _LONG_WORD + 2 and sum(a != b for a, b in zip(word, other, strict=True)) == 1
        )
    longer, shorter = sorted((word, other), key=len, reverse=True)
    cuts = (i for i in range(len(longer)) if len(shorter) > _LONG_WORD or longer[i] in "اوي")
    return any(longer[:i] + longer[i + 1 :] == shorter for i in cuts)


def agrees(entity: Entity, gender: str, number: str) -> bool:
    """May this entity be the subject of a verb of that gender and number?"""
    if number == "p":
        return entity.number == "p" or entity.kind == "anonymous"
    return not gender or not entity.gender or entity.gender == gender
