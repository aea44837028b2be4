"""The search for quotes: one walk over the places of a document where a quote can be recognised."""

from bisect import bisect_left, bisect_right

from newsetl.records import Quote, Resolution
from newsetl.stages.quotes.according import find_according
from newsetl.stages.quotes.attribution import make_quote, resolve_speaker
from newsetl.stages.quotes.cue_quotes import find_cue_quote
from newsetl.stages.quotes.descriptions import describe_speakers
from newsetl.stages.quotes.entities import Cast, Entity
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.interviews import find_answers
from newsetl.stages.quotes.marked_quotes import find_marked_quote
from newsetl.stages.quotes.openers import is_inscribed
from newsetl.stages.quotes.scene import Scene


def search_quotes(scene: Scene) -> tuple[Quote, ...]:
    """All quotes of the scene in the order of the text, with their speakers resolved."""
    cast = Cast(scene)
    resolved: list[tuple[Found, Entity | None, Resolution]] = []
    last: Found | None = None
    resume = 0
    answers = find_answers(scene)
    written = [at for at in scene.candidates if (form := scene.forms[at]) is not None and is_inscribed(scene, at, form)]
    for at in sorted({*scene.candidates, *answers}) if answers else scene.candidates:
        found = (answers.get(at) or _find_at(scene, at, last)) if at >= resume else None
        if found is not None:
            resolved.append((found, *resolve_speaker(scene, cast, found, last)))
            inside = written[bisect_right(written, at) : bisect_left(written, found.content.segments[0][0])]
            resolved += [
                (inner, *resolve_speaker(scene, cast, inner, found)) for inner in _find_inscribed(scene, inside, found)
            ]
            last, resume = found, found.stop
    describe_speakers(cast)
    resolved.sort(key=lambda row: row[0].content.segments[0][0])
    return tuple(make_quote(scene, *row, index) for index, row in enumerate(resolved))


def _find_at(scene: Scene, at: int, last: Found | None) -> Found | None:
    """The quote whose cue or marks begin at a token, if any."""
    number = scene.span_at[at]
    if number >= 0:
        return find_marked_quote(scene, scene.spans[number], last)
    form = scene.forms[at]
    if form is not None:
        return find_cue_quote(scene, at, form, last)
    found = find_according(scene, at, last)
    return found and (_find_relayed(scene, found, last) or found)


def _find_inscribed(scene: Scene, places: list[int], found: Found) -> list[Found]:
    """Quotes inside the speaker's description: قالت سلمى التي حملت لافتة كتب عليها "..." إن."""
    inscribed = []
    for place in places:
        form = scene.forms[place]
        inner = find_cue_quote(scene, place, form, found) if form is not None else None
        if inner is not None and inner.stop <= found.content.segments[0][0]:
            inscribed.append(inner)
    return inscribed


def _find_relayed(scene: Scene, source: Found, last: Found | None) -> Found | None:
    """The quote inside a clause that a source speaks for: بحسب الوكالة، قال المدير إن ... was said by the director."""
    first, stop = source.content.segments[0]
    inner = first + (scene.keys[first] in ("فقد", "قد"))
    form = scene.forms[inner] if inner < stop else None
    if form is None or form.kind != "verb" or source.cue is None or first < source.cue[0]:
        return None
    found = find_cue_quote(scene, inner, form, last)
    return found._replace(relayed_by=source.phrase) if found is not None and found.phrase is not None else None
