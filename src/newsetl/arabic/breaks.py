"""Breaks between paragraphs that machines lost or added: small functions from text to text.

Only clear evidence counts. A dump that wrote paragraphs into one line left a gap of spaces behind the stop of each, or
no space at all; a program that wrapped a text put every break where the next word would not fit.
"""

import re
from itertools import pairwise
from typing import Final

LONG_LINE_CHARS: Final = 600  # what is shorter can be one paragraph: three of four paragraphs of news are
MIN_PIECE_CHARS: Final = 60  # between two restored breaks: less is a saying or an item, no paragraph
MIN_GLUED: Final = 2  # stops without a space in one line; a single one is a slip of the typist
MAX_WRAP_CHARS: Final = 120  # widest column that terminals, mail programs and wire printers wrap at
MIN_WRAP_CHARS: Final = 40
MIN_WRAPPED_LINES: Final = 6
MIN_FULL_SHARE: Final = 0.9  # of the lines that end in mid-sentence: those behind which the next word did not fit
MAX_LINES_A_STOP: Final = 8  # prose has a stop inside at least every eighth line; verses of one length have none

# One class in front, and only then what tells the cases apart: a text without any is left after one fast scan.
_GAP_OR_GLUED = re.compile(
    r"[.!؟?”»](?:(?<![”»])[\"”»)]? {2,}(?=[^\W\d_])"  # "انتهى.  وقال": the spaces go
    r"|(?P<glued>(?:(?:(?<=\w{3}\.)|(?<=\w{3} \.))[”»]?|(?<=\w{3}[”»])\.)"  # "انتهى.وقال", "انتهى .وقال"
    r"(?=[\u0621-\u064a]{3})))"
)
_SENTENCE_END = re.compile(r"[.!؟?…:][\s\"”»)\]]*\Z")
_INNER_STOP = re.compile(r"[.؟!?] ?\w")


def restore_breaks(text: str) -> str:
    """Line breaks where paragraphs were written into one long line.

    A break is restored behind a stop and a gap of spaces, or behind stops without a space when a line has several;
    never inside quote marks.

    >>> first, second = "بدأ العمل في المرفأ القديم صباحا " * 10, "وقال المدير إن القوارب كلها سليمة " * 12
    >>> restore_breaks(f"{first.strip()}.   {second.strip()}.").count("\\n")
    1
    >>> restore_breaks("وصل القارب.  ثم غادر.")
    'وصل القارب.  ثم غادر.'
    """
    if _GAP_OR_GLUED.search(text) is None:
        return text
    return "\n".join(_restore_line(line) if len(line) >= LONG_LINE_CHARS else line for line in text.split("\n"))


def _restore_line(line: str) -> str:
    found: list[tuple[int, bool]] = []  # where a paragraph begins, and whether it is glued to the one before
    counts = dict.fromkeys('"«»“”„', 0)
    counted = start = 0
    for match in _GAP_OR_GLUED.finditer(line):
        piece = line[counted : match.end()]
        counted = match.end()
        for mark in counts:
            counts[mark] += piece.count(mark)
        far = min(match.end() - start, len(line) - match.end()) >= MIN_PIECE_CHARS
        if far and _is_closed(counts):
            start = match.end()
            found.append((start, match["glued"] is not None))
    if sum(glued for _, glued in found) < MIN_GLUED:
        found = [(at, glued) for at, glued in found if not glued]
    starts = [0, *(at for at, _ in found)]
    pieces = [line[a:b].rstrip(" ") for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]
    if not found or len(set(pieces)) < len(pieces):  # what stands twice in one line is no paragraph of its own
        return line
    return "\n".join(pieces)


def _is_closed(counts: dict[str, int]) -> bool:
    """Are all quote marks closed? Curly ones are counted together: many writers use one of them for both sides."""
    return counts['"'] % 2 == 0 and counts["«"] == counts["»"] and (counts["“"] + counts["”"] + counts["„"]) % 2 == 0


def join_wrapped_lines(text: str) -> str:
    """Paragraphs on one line each, where the whole text was wrapped at a fixed width.

    A text of lines that were not all broken for want of room stays as it is.

    >>> wrapped = "عاد قارب الصيد إلى مرفأ المدينة القديمة\\nبعد غياب دام شهرين كاملين.  واستقبله الأهالي\\nبالزغاريد."
    >>> join_wrapped_lines(wrapped) == wrapped  # three lines prove nothing
    True
    """
    lines = text.split("\n")
    width = max(map(len, lines))
    if not MIN_WRAP_CHARS <= width <= MAX_WRAP_CHARS or len(lines) < MIN_WRAPPED_LINES:
        return text
    full = [
        bool(line) and bool(following) and len(line) + 1 + len(following.partition(" ")[0]) > width
        for line, following in pairwise(lines)
    ]
    open_ones = [i for i, line in enumerate(lines[:-1]) if line and not _SENTENCE_END.search(line[-8:])]
    stops = sum(_INNER_STOP.search(line) is not None for line in lines)
    if (
        len(open_ones) < MIN_WRAPPED_LINES - 1
        or sum(full[i] for i in open_ones) < MIN_FULL_SHARE * len(open_ones)
        or stops * MAX_LINES_A_STOP < len(lines)
    ):
        return text
    joints = [" " if is_full else "\n" for is_full in full]
    return "".join(piece for pair in zip(lines, [*joints, ""], strict=True) for piece in pair)
