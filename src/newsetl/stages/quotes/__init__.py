"""Who said what, directly or indirectly: the quotes of an article with their cues and speakers."""

from newsetl.records import Document, Quote
from newsetl.stages.quotes.confidence import load_calibration, tell_confidence
from newsetl.stages.quotes.scene import build_scene
from newsetl.stages.quotes.search import search_quotes

__all__ = ["find_quotes"]


def find_quotes(document: Document) -> tuple[Quote, ...]:
    """All quotes of a document in the order of the text.

    The whole document is read at once, since speakers left out are found in earlier paragraphs. Headings are
    not searched. Offsets are code points into ``document.text``; nothing is changed and nothing is raised,
    whatever the text holds.

    >>> from newsetl.records import Paragraph
    >>> text = "قال سامي حداد: «انتهى العمل في الجسر». وأضاف أن الطريق مفتوح."
    >>> quotes = find_quotes(Document(text, (Paragraph(0, "body", 0, len(text)),), ()))
    >>> [(q.type, q.cue, q.speaker_name, text[q.start : q.end]) for q in quotes]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('direct', 'قال', 'سامي حداد', 'انتهى العمل في الجسر'),
     ('indirect', 'أضاف', 'سامي حداد', 'الطريق مفتوح')]
    """
    quotes = search_quotes(build_scene(document))
    table = load_calibration()
    for position, quote in enumerate(quotes):  # nobody has seen them yet; `replace` takes forty times as long
        object.__setattr__(quote, "confidence", tell_confidence(document, quotes, position, table))
    return quotes
