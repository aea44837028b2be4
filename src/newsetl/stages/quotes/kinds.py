"""What kind of speaker a phrase names: a person, an institution, or people without names."""

from newsetl.records import SpeakerKind
from newsetl.stages.quotes.classes import is_anonymous, is_body, is_role
from newsetl.stages.quotes.runs import CALLED, is_plain
from newsetl.stages.quotes.scene import Scene

_CONSTRUCT = 5  # tokens of a chain of offices: نائب مدير عام الشركة


def tell_kind(scene: Scene, first: int, stop: int, name: tuple[int, int] | None, *, marked: bool) -> SpeakerKind:
    key = scene.keys[first]
    words = scene.words
    if key in words.titles:
        return "person"
    if is_anonymous(key) and not (name and (is_role(key) or scene.key(name[0] - 1) in CALLED)):
        return "anonymous"
    if is_role(key):
        is_owned = key.endswith(("ها", "هم")) and not is_body(key)
        definite = (
            key.startswith("ال") or name is not None or is_owned or (stop > first + 1 and _makes_definite(scene, first))
        )
        return "person" if definite else "anonymous"
    if is_institution(scene, first, stop) and key not in words.given:
        return "organisation"
    if name is not None or marked:
        return "person"
    return "organisation" if key.endswith(("ة", "ات")) else "person"


def is_institution(scene: Scene, first: int, stop: int) -> bool:
    """Is the head an institution? مؤسسة المتحف، الدكتورة ... is a founder."""
    if not is_body(scene.keys[first]) or is_role(scene.keys[first]):
        return False
    comma = scene.keys.index("،", first, stop) if "،" in scene.keys[first:stop] else stop
    return comma + 2 >= stop or not (scene.keys[first].endswith("ة") and scene.keys[comma + 1] in scene.words.titles)


def _makes_definite(scene: Scene, first: int) -> bool:
    """وزير الخارجية and نائب مدير الشركة are one office, متحدث باسم الخارجية is nobody in particular."""
    after = scene.key(first + 1)
    if scene.keys[first] in scene.words.offices and first + 1 < len(scene.keys) and is_plain(scene, first + 1):
        return not after.endswith("ي") and scene.forms[first + 1] is None  # محافظ عدن, not قاض محلي
    for at in range(first + 1, min(first + _CONSTRUCT, len(scene.keys))):
        key = scene.keys[at]
        if key.startswith("ال") or is_body(key):
            return True
        if not is_role(key.removeprefix("و")):
            return False
    return False
