"""The body as the publisher's structured data gives it (JSON-LD articleBody), laid over the lines of the page.

The page has the breaks, the headings and sometimes more than the article; the data has the words, sometimes cut short,
sometimes in one piece. So the data tells which lines of the page are body.
"""

import html
import re
from typing import Final

from newsetl.stages.outline import Line, Outline

GRAM: Final = 4  # words in a row that a line must share with the published body
MIN_SHARED: Final = 0.7  # of a line's grams
MIN_SHOWN: Final = 0.7  # of the published body that the page must show, to be laid over it
MIN_COMPLETE: Final = 0.7  # of the body found on the page; less: the publisher gives a beginning only

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_WORD = re.compile(r"\w+")


def split_published(text: str) -> list[str]:
    """The lines of a published body, which some publishers fill with markup.

    >>> split_published("<p>خبر&nbsp;أول</p><p>وخبر ثان</p>")
    ['خبر أول', 'وخبر ثان']
    """
    lines = (" ".join(line.split()) for line in _TAG.sub("\n", html.unescape(text)).split("\n"))
    return [line for line in lines if line]


def lay_over(published: str, outline: Outline, found: tuple[Line, ...]) -> tuple[Line, ...] | None:
    """The lines of the page that the published body confirms, with the headings and short lines between them.

    Args:
        published: The body in the structured data.
        outline: The page.
        found: The lines that were found without it.

    Returns:
        None when the page does not show the published body, or when that is only a beginning.
    """
    words = [word for line in split_published(published) for word in _WORD.findall(line)]
    grams = _grams(words)
    confirmed = [_is_confirmed(line, grams) for line in outline.lines]
    shown = sum(len(_WORD.findall(line.text)) for line, yes in zip(outline.lines, confirmed, strict=True) if yes)
    in_found = sum(len(_WORD.findall(line.text)) for line in found)
    if shown < MIN_SHOWN * len(words) or len(words) < MIN_COMPLETE * in_found:
        return None
    first, last = confirmed.index(True), len(confirmed) - confirmed[::-1].index(True)
    own = set(found)
    return tuple(
        line
        for line, yes in zip(outline.lines[first:last], confirmed[first:last], strict=True)
        if yes or (line in own and len(_WORD.findall(line.text)) < 2 * GRAM)
    )


def _grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + GRAM]) for i in range(len(words) - GRAM + 1)}


def _is_confirmed(line: Line, grams: set[tuple[str, ...]]) -> bool:
    if 2 * line.link_chars > len(line.text):
        return False
    own = _grams(_WORD.findall(line.text))
    return bool(own) and len(own & grams) >= MIN_SHARED * len(own)
