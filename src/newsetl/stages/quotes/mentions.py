"""The names of an article wherever they stand: full names of surnames, names of descriptions."""

from bisect import bisect_left, bisect_right

from newsetl.stages.quotes.classes import base_word, is_body, is_role, starts_speaker
from newsetl.stages.quotes.names import KING, Phrase, read_named_body, read_phrase
from newsetl.stages.quotes.places import Places
from newsetl.stages.quotes.runs import CALLED, is_bound, is_known_name, is_plain, name_stop
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase

_LONGEST_FULL_NAME = 4
_SHORT_LAM = 4  # letters of a word whose لل may be its own
_UNKNOWN = 2  # words that no table knows, before a known part of a name


class Mentions:
    """The names and descriptions of an article, found by where their words stand."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._places = Places(scene.keys)
        self._name_words: frozenset[str] | None = None

    def name_words(self) -> frozenset[str]:
        """The words of every personal name in the article that begins with a known given name and has a second word."""
        if self._name_words is None:
            scene, given = self.scene, self.scene.words.given
            found: set[str] = set()
            stop = 0
            for at in [at for at, key in enumerate(scene.keys) if key in given]:
                if at >= stop and scene.paragraph[at] >= 0:
                    stop = name_stop(scene, at, scene.sentence_stop[at])
                    if stop > at + 1:
                        found.update(k for k in scene.keys[at:stop] if k not in scene.words.name_particles)
            self._name_words = frozenset(found)
        return self._name_words

    def is_repeated(self, at: int) -> bool:
        """Does the word of a token stand in the article more than once?"""
        return len(self._places.find(self.scene.keys[at])) > 1

    def role_words(self, phrase: Phrase) -> set[str]:
        keys = self.scene.keys[phrase.first : phrase.stop] if phrase.name is None else []
        for first, stop in phrase.roles if phrase.name is not None else ():
            keys = keys + self.scene.keys[first:stop]
        words = {
            base_word(_without_lam(k))
            for k in keys
            if k[:1].isalpha() and k not in self.scene.words.emphasis and len(k) > 1
        }
        return {w[:-1] if w.endswith("ية") else w for w in words}  # one nationality in both genders

    def name_elsewhere(self, phrase: Phrase) -> Phrase | None:
        """The same description with a name after it, somewhere in the article: الوزير ... وزير الصحة سمير حداد."""
        scene = self.scene
        keys = scene.keys[phrase.first : phrase.stop]
        if "،" in keys:
            keys = keys[: keys.index("،")]
        starts = self._places.find(keys[0])
        if len(keys) == 1:
            starts = self.places_before(base_word(keys[0]), phrase.first) + starts[:40]
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
        places = [p for prefix in ("", "ل", "ب", "و") for p in self.places_before(prefix + phrase.head, phrase.first)]
        for place in sorted(places, reverse=True)[:8]:
            named = read_named_body(self.scene, place)
            if named is not None:
                return named
        return None

    def places_before(self, key: str, stop: int) -> list[int]:
        """The last eight places of a key before a token, the nearest first."""
        places = self._places.find(key)
        end = bisect_left(places, stop)
        return places[max(0, end - 8) : end][::-1]

    def near(self, key: str, at: int) -> list[int]:
        """The last eight places of a key before a token and the next four after it."""
        places = self._places.find(key)
        after = bisect_right(places, at)
        return self.places_before(key, at) + places[after : after + 4]

    def fullest_name(self, first: int, stop: int) -> tuple[int, int]:
        """The longest stretch in the article that ends, or for a lone given name begins, like this name."""
        keys = self.scene.keys
        best = (first, stop)
        for end in self._places.find(keys[stop - 1])[:40]:
            begin = end + 1 - (stop - first)
            if begin < 0 or keys[begin : end + 1] != keys[first:stop]:
                continue
            begin = self._extend_left(begin, end + 1)
            if end + 1 - begin > best[1] - best[0]:
                best = (begin, end + 1)
        return self._extend_right(first, stop) if best == (first, stop) and stop > first else best

    def _extend_right(self, first: int, stop: int) -> tuple[int, int]:
        """The longest name in the article that begins with these words: ربى ... ربى الحاج."""
        scene = self.scene
        best, keys = (first, stop), scene.keys[first:stop]
        for place in self._places.find(keys[0])[:40]:
            if scene.keys[place : place + len(keys)] != keys or (place > 0 and is_plain(scene, place - 1)):
                continue
            end = name_stop(scene, place, scene.sentence_stop[place])
            if end - place <= best[1] - best[0]:
                continue
            rest = place + len(keys)
            if self._is_sure(rest, end) if len(keys) == 1 else self._is_often(rest, end):
                best = (place, end)
        return best

    def _is_often(self, first: int, stop: int) -> bool:
        """Are the words known names, does each stand behind the same word twice, or does a verb of speech follow?"""
        keys, forms = self.scene.keys, self.scene.forms
        if stop < len(keys) and (keys[stop] in "،.:" or forms[stop] is not None):
            return stop > first and not any(self._is_noun(i) for i in range(first, stop))
        return all(
            (keys[at] in self.scene.words.given and not is_role(keys[at]))
            or sum(keys[place - 1] == keys[at - 1] for place in self._places.find(keys[at])[:40]) > 1
            for at in range(first, stop)
        )

    def _is_sure(self, first: int, stop: int) -> bool:
        """Are the words after a lone name the rest of it: known ones, or a run with a clear end?"""
        scene = self.scene
        if is_known_name(scene, first):
            return True
        return is_bound(scene, stop, len(scene.keys)) and not any(self._is_noun(i) for i in range(first, stop))

    def _extend_left(self, begin: int, stop: int) -> int:
        """Back over the words of a name, when a given name, a title or the place of the first one vouches for them."""
        scene = self.scene
        at = begin
        while at > 0 and begin - at < _LONGEST_FULL_NAME and _is_inner_name(scene, at - 1, begin):
            at -= 1
        for start in range(at, begin):
            is_kings = scene.key(start - 1) == KING and is_body(scene.key(start - 2))  # جامعة الملك سعود
            if not is_kings and (scene.keys[start] in scene.words.given or scene.key(start - 1) in scene.words.titles):
                return start
        if stop - begin > 1 or scene.keys[begin] in scene.words.given:
            return begin
        if 0 < begin - at <= _UNKNOWN and self._vouches(at - 1, stop) and not self._is_noun(at):
            return at
        for start in range(max(at, begin - _UNKNOWN), begin):
            if self._is_after_speech(start - 1):
                return start
        return begin

    def _is_noun(self, at: int) -> bool:
        """Is the word a common noun here: does it stand with ال elsewhere in the article?"""
        return bool(self._places.find("ال" + self.scene.keys[at]))

    def _vouches(self, at: int, stop: int) -> bool:
        """Can a name begin after this token: after a definite word, or at the start of a line before a role?"""
        scene = self.scene
        key = scene.key(at)
        if key in scene.words.times or scene.key(at - 1).startswith("الاسبوع"):
            return False
        if key in "\n،":
            return is_role(scene.key(stop))
        return key.startswith("ال") or key in CALLED or self._is_after_speech(at)

    def _is_after_speech(self, at: int) -> bool:
        """Is the word a role or a word of speech, after which a name may stand?"""
        return is_role(self.scene.key(at)) or (at >= 0 and self.scene.forms[at] is not None)

    def with_tail_name(self, phrase: Phrase) -> Phrase:
        """مدرب سلوان هرمان كوستا, when كوستا stands in the article without هرمان: the name that ends a description.

        A bare noun before the name belongs to the description, so that three words are needed, and the first goes.
        """
        scene = self.scene
        if phrase.name is not None or not is_role(scene.keys[phrase.first]):
            return phrase
        first = phrase.stop
        while first > phrase.first + 1 and scene.span_at[first - 1] < 0 and is_plain(scene, first - 1):
            first -= 1
        last = phrase.stop - 1
        alone = any(scene.keys[p - 1] != scene.keys[last - 1] for p in self._places.find(scene.keys[last])[:20])
        is_parted = last - first == 1 and scene.keys[first - 1].startswith(("ل", "ب"))  # لمنطقة نوفا هرمان كوستا
        if (last - first < _UNKNOWN and not is_parted) or not alone:
            return phrase
        name = (first if is_parted else max(first + 1, phrase.stop - _UNKNOWN - 1), phrase.stop)
        return phrase._replace(name=name, roles=((phrase.first, name[0]),), kind="person", definite=True)

    def cut_object(self, phrase: Phrase) -> Phrase:
        """The surname alone of one that swallowed what it acts on: السعدي + مسار سلمى حداد."""
        key = self.scene.keys[phrase.first]
        is_swallowed = phrase.name is not None and phrase.name[0] > phrase.first + 1 and key.startswith("ال")
        if not is_swallowed or starts_speaker(self.scene, phrase.first) or key not in self.name_words():
            return phrase
        return read_phrase(self.scene, phrase.first, phrase.first + 1)

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
        if phrase.stop != phrase.first + 1 or is_role(key) or is_body(key) or scene.span_at[phrase.first] >= 0:
            return phrase
        for place in self._places.find(key)[:40]:
            before = scene.key(place - 1)
            if base_word(before).removeprefix("ل") in scene.words.organisations and not key.startswith("ال"):
                return phrase._replace(name=(phrase.first, phrase.stop), roles=(), kind="organisation", definite=True)
            if (
                before in scene.words.given
                or before in scene.words.titles
                or before in scene.words.name_particles
                or before == "الدين"
            ):
                return phrase._replace(name=(phrase.first, phrase.stop), roles=(), kind="person", definite=True)
        if phrase.kind == "person" and phrase.name is None and key.startswith("ال") and key not in scene.words.nominal:
            return phrase._replace(name=(phrase.first, phrase.stop), roles=(), definite=True)
        return phrase


def _without_lam(key: str) -> str:
    """The complement of a title without its preposition: للحلف → حلف, لحلف → حلف."""
    if key.startswith("لل") and len(key) > _SHORT_LAM:
        return key[2:]
    return key[1:] if key.startswith("ل") and is_body(key[1:]) else key


def _agree(some: set[str], others: set[str]) -> bool:
    """Does one description say nothing that the other does not?"""
    return some <= others or others <= some


def _is_inner_name(scene: Scene, at: int, begin: int) -> bool:
    """May the word be a part of the name that goes on at `begin`? In عبد الله, نور الدين a second half has ال."""
    key = scene.keys[at]
    if scene.span_at[at] != scene.span_at[begin] or key in '"«»':
        return False
    if key == "الدين" or (key.startswith("ال") and scene.key(at - 1) in ("عبد", "بن", "ال")):
        return True
    return is_plain(scene, at) and len(key) > 1 and not key[0].isdigit()
