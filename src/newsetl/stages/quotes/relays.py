"""Words passed on: نقلت رويترز عن مسؤول قوله إن was said by the official and relayed by Reuters."""

from newsetl.stages.quotes.content import Content
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.openers import Opener
from newsetl.stages.quotes.scene import Scene
from newsetl.stages.quotes.speakers import find_phrase


def find_relay(scene: Scene, at: int, form: Form, opener: Opener, content: Content) -> Found | None:
    """The speaker after the preposition of a verb that passes words on; the subject of the verb relayed them.

    Without an origin the subject is the speaker, but of علم (came to know) only sources without names.
    """
    origin = _find_origin(scene, at, form, opener.at)
    if origin is None:
        phrase = find_phrase(scene, at + 1, opener.at) if opener.kind != "span" else None
        if phrase is None or (form.cue_class == "hearsay" and phrase.kind != "anonymous"):
            return None
        return Found(content, (at, at + 1), form, phrase, content.stop)
    outlet, first = origin
    stop = next((i for i in range(first, opener.at) if _is_saying(scene, i)), opener.at)
    phrase = find_phrase(scene, first, stop)
    cue = (stop, stop + 1) if stop < opener.at else (at, at + 1)
    return Found(content, cue, scene.forms[cue[0]], phrase, content.stop, find_phrase(scene, at + 1, outlet))


def _find_origin(scene: Scene, at: int, form: Form, stop: int) -> tuple[int, int] | None:
    """Where the outlet ends and the origin begins: after عن or على لسان, or in one word as in نسبت لمسؤول."""
    prepositions = scene.cues.relays[form.lemma]
    for place in range(at + 1, stop):
        key = scene.keys[place]
        if key in prepositions:
            return place, place + 1
        if key[0] in prepositions and len(key) > 2:
            return place, place
    return None


def _is_saying(scene: Scene, at: int) -> bool:
    form = scene.forms[at]
    return form is not None and form.kind == "noun" and form.suffixed
