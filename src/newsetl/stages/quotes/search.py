"""The search for quotes: one walk over the places of a document where a quote can be recognised."""

from dataclasses import replace

from newsetl.records import Quote
from newsetl.stages.quotes.according import find_according
from newsetl.stages.quotes.attribution import make_quote
from newsetl.stages.quotes.cue_quotes import find_cue_quote, find_marked_quote
from newsetl.stages.quotes.entities import Cast
from newsetl.stages.quotes.found import Found
from newsetl.stages.quotes.interviews import find_answers
from newsetl.stages.quotes.scene import Scene


def search_quotes(scene: Scene) -> tuple[Quote, ...]:
    """All quotes of the scene in the order of the text, with their speakers resolved."""
    cast = Cast(scene)
    quotes: list[Quote] = []
    last: Found | None = None
    resume = 0
    answers = find_answers(scene)
    for at in sorted({*scene.candidates, *answers}) if answers else scene.candidates:
        found = (answers.get(at) or _find_at(scene, at, last)) if at >= resume else None
        if found is not None:
            quotes.append(make_quote(scene, cast, found, last, len(quotes)))
            last, resume = found, found.stop
    quotes.sort(key=lambda q: q.start)
    return tuple(q if q.index == i else replace(q, index=i) for i, q in enumerate(quotes))


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


def _find_relayed(scene: Scene, source: Found, last: Found | None) -> Found | None:
    """The quote inside a clause that a source speaks for: بحسب الوكالة، قال المدير إن ... was said by the director."""
    first, stop = source.content.segments[0]
    inner = first + (scene.keys[first] in ("فقد", "قد"))
    form = scene.forms[inner] if inner < stop else None
    if form is None or form.kind != "verb" or source.cue is None or first < source.cue[0]:
        return None
    found = find_cue_quote(scene, inner, form, last)
    return replace(found, relayed_by=source.phrase) if found is not None and found.phrase is not None else None
