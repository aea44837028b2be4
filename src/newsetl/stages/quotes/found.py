"""A quote before its speaker is resolved."""

from typing import NamedTuple

from newsetl.stages.quotes.content import Content
from newsetl.stages.quotes.lexicon import Form
from newsetl.stages.quotes.names import Phrase


class Found(NamedTuple):
    """A quote before its speaker is known.

    Attributes:
        cue: Token range of the cue, None when there is none.
        phrase: The speaker's words at the quote; None when left out.
        stop: Where the search goes on.
    """

    content: Content
    cue: tuple[int, int] | None
    form: Form | None
    phrase: Phrase | None
    stop: int
    relayed_by: Phrase | None = None
