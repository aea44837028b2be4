"""From a found quote to a row: its speaker resolved, its offsets in the text."""

from newsetl.records import Quote, Resolution, Segment
from newsetl.stages.quotes.elided import guess_person, guess_subject
from newsetl.stages.quotes.entities import Cast, Entity
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.names import Phrase
from newsetl.stages.quotes.scene import Scene


def make_quote(scene: Scene, found: Found, entity: Entity | None, resolution: Resolution, index: int) -> Quote:
    """The row of a quote whose speaker is known as well as it will be."""
    tokens = scene.tokens
    segments = tuple(Segment(tokens.starts[a], tokens.ends[b - 1]) for a, b in found.content.segments)
    cue = found.cue
    phrase = found.phrase
    cue_first = tokens.starts[cue[0]] if cue else None
    if cue and cue_first is not None and _is_joined(scene, cue[0], found.form):
        cue_first += 1
    first = found.content.segments[0][0]
    return Quote(
        index=index,
        type=found.content.type,
        segments=segments,
        paragraph_index=scene.paragraph[first],
        cue=tokens.text[cue_first : tokens.ends[cue[1] - 1]] if cue and cue_first is not None else None,
        cue_start=cue_first,
        cue_end=tokens.ends[cue[1] - 1] if cue else None,
        cue_lemma=found.form.lemma if found.form else None,
        cue_class=found.form.cue_class if found.form else ("according" if cue else None),
        speaker=tokens.slice_text(phrase.first, phrase.stop) if phrase else None,
        speaker_start=tokens.starts[phrase.first] if phrase else None,
        speaker_end=tokens.ends[phrase.stop - 1] if phrase else None,
        speaker_name=entity.name if entity else None,
        speaker_role=entity.role if entity else None,
        speaker_kind=entity.kind if entity else "unknown",
        resolution=resolution,
        relayed_by=tokens.slice_text(found.relayed_by.first, found.relayed_by.stop) if found.relayed_by else None,
        flags=found.content.flags,
    )


def resolve_speaker(scene: Scene, cast: Cast, found: Found, last: Found | None) -> tuple[Entity | None, Resolution]:
    """Who said the quote: by the words at it, else by what stands before it; and how that was told."""
    gender, number = (found.form.gender, found.form.number) if found.form else ("", "")
    if found.phrase is not None:
        return cast.meet(found.phrase, gender, number)
    if found.form is not None and found.cue is not None:
        floor = last.stop if last is not None else 0
        guess = guess_subject(scene, found.cue[0], floor, cast, strict=not cast.is_empty())
        if guess is not None and _agrees(scene, guess, gender):
            return cast.meet(guess, gender, number)[0], "elided"
    if "interview" in found.content.flags:
        guest = cast.find_guest(found.content.segments[0][0])
        if guest is not None:
            return guest, "elided"
    entity = cast.recall(gender, number)
    if entity is None and found.cue is not None:
        guess = guess_person(scene, found.cue[0], gender)
        if guess is not None:
            return cast.meet(guess, gender, number)[0], "elided"
    if entity is None:
        return None, "none"
    is_pronoun = found.form is not None and found.form.kind == "noun"
    return entity, "pronoun" if is_pronoun else "elided"


def _agrees(scene: Scene, phrase: Phrase, gender: str) -> bool:
    """May the phrase be the subject of a verb of that gender, as far as its head shows?"""
    key = scene.keys[phrase.first]
    if phrase.kind == "person" and phrase.name is not None and phrase.name[0] == phrase.first:
        return True
    if phrase.kind == "anonymous" or key in scene.words.proper_bodies:
        return True
    return not gender or (gender == "f") == key.endswith(("ة", "ات"))


def _is_joined(scene: Scene, cue: int, form: Form | None) -> bool:
    """Is a و or ف written at the front of the cue that is no part of it?"""
    if scene.forms[cue] is not None and form is not None and scene.forms[cue] is form:
        return form.joined
    return scene.keys[cue].startswith("و") and scene.keys[cue] not in scene.cues.according
