"""A clean draft as one text with paragraphs and sentences, positions in code points.

Lossless: the paragraphs joined by line breaks are the text, and the sentences of a paragraph with the white space
between them are the paragraph. Linear: one pass over the stops, each looking at a few characters around it.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from newsetl.arabic.folding import fold_text
from newsetl.records import Block, Document, Draft, Paragraph, Role, Sentence

MAX_HEADING_WORDS: Final = 14  # headings in the gold set have 1 to 11
MAX_SECTION_WORDS: Final = 6  # of a line that ends in a colon: longer ones announce what somebody said
MAX_LABEL_CHARS: Final = 30  # its first word ends before
MIN_BODY_RATIO: Final = 1.5  # a heading is followed by a paragraph at least so many times longer
LONG_SENTENCE_WORDS: Final = 30  # after so many words two dots end a sentence; before, they are a pause
MAX_LOOK_BACK_CHARS: Final = 1000  # for words and marks before a stop: keeps the work linear
MAX_PIECE_CHARS: Final = 3  # of a spelled-out foreign abbreviation between stops: سي.بي.أس
MAX_WORD_CHARS: Final = 14  # looked at before a stop; abbreviations are shorter

# A run of stops, then quote marks and brackets that close what the sentence opened.
_STOP = re.compile(r"[.!?؟…۔]+(?: [.!?؟…]{1,3}(?=\s|$))?[\"”“»’')\]}]*")
_CLOSERS: Final = "\"”“»’')]}"
_WORD_BEFORE = re.compile(r"[^\s\"«»“”'‘’()\[\]،؛:/\-–—]+\Z")
_WORD = re.compile(r"\w+")
_PIECE_AFTER = re.compile(r"\w{1,3}\.")  # as long as MAX_PIECE_CHARS
_TITLE_LETTERS: Final = "دمأ"  # doctor, engineer, professor: joined to و in "ود. سالم"
_LIST_START = re.compile(r"(?:[-–—•●▪*·]|[0-9٠-٩]{1,2}\s?[-–.)]|\([0-9٠-٩]{1,2}\))\s*\S")
_BULLET = re.compile(r"[-–—•●▪*·ـ>]{1,3}\s?\w")
_NUMBER_ONLY = re.compile(r"\d{1,3}")
_NUMBER_AND_UNIT = re.compile(r"\d{1,3} ?(?:في )?([^\W\d]{2,10}|[%٪])")
_FINAL = re.compile(r"[.!…:،؛,;۔﴾]\W*$")
_INNER_STOP = re.compile(r"(?<!\.)[.!؟?]\s+\w")  # two sentences; two dots are a pause in a headline
_COLON_END = re.compile(r":\W*$")


@cache
def load_abbreviations() -> dict[str, frozenset[str]]:
    """The tables of abbreviations.toml, each as the set of its words."""
    raw = files("newsetl.arabic").joinpath("abbreviations.toml").read_text(encoding="utf-8")
    return {name: frozenset(table) for name, table in tomllib.loads(raw).items()}


def split_document(draft: Draft) -> Document:
    """The document of a cleaned draft: text, paragraphs with roles, sentences.

    Every block must be one line of text with something on it, as `clean_article` leaves them.
    """
    texts = [block.text for block in draft.blocks]
    paragraphs = []
    sentences: list[Sentence] = []
    start = 0
    for index, (text, role) in enumerate(zip(texts, _find_roles(draft.blocks), strict=True)):
        paragraphs.append(Paragraph(index, role, start, start + len(text)))
        for first, last in find_sentences(text):
            sentences.append(Sentence(index, len(sentences), start + first, start + last))
        start += len(text) + 1
    return Document("\n".join(texts), tuple(paragraphs), tuple(sentences), draft.title)


def _find_roles(blocks: tuple[Block, ...]) -> list[Role]:
    """One role for each block: what the markup says, else what its shape and its neighbours say."""
    roles: list[Role] = []
    for i, block in enumerate(blocks):
        if block.role in ("heading", "list", "caption"):
            roles.append(block.role)
        elif is_heading(blocks, i):
            roles.append("heading")
        elif is_list_item(block.text) and not is_question_turn(block.text):
            roles.append("list")
        else:
            roles.append("body" if "lead" in roles else "lead")
    if "lead" not in roles:  # nothing but headings or list items: the first of them leads
        roles[0:1] = ["lead"]
    return roles


def is_heading(blocks: tuple[Block, ...], i: int) -> bool:
    """Does block `i` look like a short title inside an article, with a paragraph after it?

    A line behind a bullet or a number is one too when no list and no answer stands around it: some papers mark their
    headings so. A line that ends in a colon is one when an ordinal (ثانيا:) or the name of a section opens it.
    """
    text = blocks[i].text
    if i + 1 >= len(blocks) or not (is_short_line(text) or _is_section(text)) or _INNER_STOP.search(text):
        return False
    before, following = blocks[i - 1].text if i else "", blocks[i + 1].text
    if is_list_item(text) and (is_list_item(before) or is_list_item(following)):
        return False
    if text.endswith("؟") and _BULLET.match(following):  # a question of an interview and its answer
        return False
    if _COLON_END.search(before[-8:]):  # "as follows:" opens a list or a quotation
        return False
    return len(following) >= MIN_BODY_RATIO * len(text) and not is_short_line(following)


def _is_section(text: str) -> bool:
    """Does a short line that ends in a colon name a section of the article: by an ordinal or by its first word?"""
    if text.count(" ") >= MAX_SECTION_WORDS or not _COLON_END.search(text[-8:]):
        return False
    first = _WORD.search(fold_text(text[:MAX_LABEL_CHARS]))
    return first is not None and first[0] in load_abbreviations()["section_words"]


def is_question_turn(text: str) -> bool:
    """Is a line behind a bullet the question of an interview?

    >>> is_question_turn("• متى بدأت الكتابة؟"), is_question_turn("• موعد الكتابة")
    (True, False)
    """
    return text.endswith("؟") and _BULLET.match(text) is not None


def is_list_item(text: str) -> bool:
    """Does a line begin with a bullet or a number, and is it no longer than a sentence or two?

    >>> is_list_item("- وقف إطلاق النار"), is_list_item("3 قتلى في حادث")
    (True, False)
    """
    return _LIST_START.match(text) is not None and text.count(" ") < LONG_SENTENCE_WORDS


def is_short_line(text: str) -> bool:
    """Is a line short and without the stop that ends a paragraph? A question mark is welcome in headings.

    >>> is_short_line("ماذا بعد القرار؟"), is_short_line("وصل الوفد.")
    (True, False)
    """
    return len(text) <= 12 * MAX_HEADING_WORDS and text.count(" ") < MAX_HEADING_WORDS and not _FINAL.search(text[-8:])


def split_sentences(text: str) -> list[str]:
    """The sentences of a text in order, without the white space between them.

    >>> split_sentences("ألقى د. سالم كلمة. ثم غادر.")
    ['ألقى د. سالم كلمة.', 'ثم غادر.']
    """
    return [part[a:b] for part in text.split("\n") for a, b in find_sentences(part)]


def find_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence in one paragraph. White space around sentences belongs to none."""
    start = _skip_spaces(text, 0)
    last_word = len(text)
    while last_word > start and not text[last_word - 1].isalnum():
        last_word -= 1
    for stop in _STOP.finditer(text):
        if stop.start() >= last_word:  # what follows is marks only and belongs to the last sentence
            break
        end = _end_of(text, start, stop)
        after = _skip_spaces(text, end)
        if start < stop.start() and _is_boundary(text, start, stop, end, after):
            yield start, end
            start = after
    last = len(text.rstrip())
    if start < last:
        yield start, last


def _skip_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _end_of(text: str, start: int, stop: re.Match[str]) -> int:
    """Where a sentence ends: after marks that close something, also behind a space, but before one that opens."""
    end = stop.end()
    following = text[end : end + 3]
    if following[:1].isalnum() and text[end - 1] in "\"“'" and not _is_open(text, start, end - 1):
        return end - 1
    if following[:1] == " " and following[1:2] and following[1:2] in '"”»' and not following[2:3].isalnum():
        return end + 2 if following[1] != '"' or _is_open(text, start, end) else end
    return end


def _is_open(text: str, start: int, at: int) -> bool:
    """Does a straight or opening mark stand unclosed between the start of the sentence and `at`?"""
    part = text[max(start, at - MAX_LOOK_BACK_CHARS) : at]
    return part.count('"') % 2 == 1 or part.count("“") > part.count("”")


def _is_boundary(text: str, start: int, stop: re.Match[str], end: int, after: int) -> bool:
    """Does the sentence end at this run of stops? `end` is behind its closing marks, `after` at the next character."""
    stops = stop[0].rstrip(_CLOSERS)
    if text[after] in "،؛,:.":  # the stop of «…؟» . stands behind its marks
        return False
    if "؟" in stops or "!" in stops or "?" in stops:
        return not _goes_on_after_question(text, stop, end, after)
    if len(stops) > 1 or "…" in stops:
        closed = end > stop.start() + len(stops)
        return after > end and (closed or (stops == ".." and _is_long(text, start, end)))
    return not _is_inner_stop(text, start, stop.start(), end, after)


def _is_long(text: str, start: int, end: int) -> bool:
    return text.count(" ", max(start, end - MAX_LOOK_BACK_CHARS), end) >= LONG_SENTENCE_WORDS


def _goes_on_after_question(text: str, stop: re.Match[str], end: int, after: int) -> bool:
    """(؟) as a remark of the writer, a question in marks with its speaker behind, or the ? of an address."""
    if text[stop.start() - 1] == "(":
        return True
    if stop[0] == "?" and after == end and text[after].isascii() and not text[stop.start() - 1].isspace():
        return True  # example.com/page?number=1
    if end == after or text[end - 1] not in _CLOSERS:
        return False
    return text[after : after + 8].partition(" ")[0] in load_abbreviations()["tells_quoted_question"]


def _is_inner_stop(text: str, start: int, at: int, end: int, after: int) -> bool:
    """A single full stop at `at` that ends no sentence: in a number, an address, an abbreviation, a list number."""
    before, following = text[at - 1], text[at + 1]
    if following.isdigit() and (before.isdigit() or (before == " " and text[at - 2].isdigit())):
        return True  # 3.5, 12.5.2020, 33 .1
    if text[after].isdigit() and after > end and _is_broken_decimal(text, start, at, after):
        return True  # 33. 1 in the hundred
    if following.isascii() and following.isalnum() and before.isascii() and before.isalnum():
        return True  # example.com
    if _NUMBER_ONLY.fullmatch(text, start, at):
        return True  # "1. ..." numbers a paragraph or a list item
    at -= before == " "  # "د . سالم"
    word = _WORD_BEFORE.search(text, max(start, at - MAX_WORD_CHARS), at)
    if word is None or end > at + 1 + (before == " "):
        return False
    name = word[0].lstrip(".")
    if before == " ":
        return name in _TITLE_LETTERS
    return _is_initial(name, text, word.start()) or _is_abbreviated(name, text, at + 1, after)


def _is_broken_decimal(text: str, start: int, at: int, after: int) -> bool:
    """Is a number of up to three digits, a stop, a space and a number with a unit one number that lost its shape?"""
    word = _WORD_BEFORE.search(text, max(start, at - MAX_WORD_CHARS), at - (text[at - 1] == " "))
    found = _NUMBER_AND_UNIT.match(text, after)
    is_number = word is not None and _NUMBER_ONLY.fullmatch(word[0]) is not None
    return is_number and found is not None and found[1] in load_abbreviations()["units_after_decimal"]


def _is_initial(word: str, text: str, at: int) -> bool:
    """Is the word at `at` a letter that stands for a title or name (د. / ود. / J.), not for itself (المجموعة ب.)?"""
    if not word.isalpha() or len(word) > 2 or (len(word) == 2 and not (word[0] == "و" and word[1] in _TITLE_LETTERS)):
        return False
    head = text[max(0, at - MAX_WORD_CHARS) : at].rstrip().rpartition(" ")[2]
    return head.strip('("«“') not in load_abbreviations()["before_letter"]


def _is_abbreviated(word: str, text: str, end: int, after: int) -> bool:
    """Is the word before a stop a known abbreviation, or a piece of one (سي.بي.أس / بي. بي. سي)?"""
    tables = load_abbreviations()
    if word in tables["abbreviations"]:
        return True
    pieces = word.split(".")
    names = tables["letter_names"]
    following = _WORD.match(text, after)
    if following is not None and following[0] in names:
        if pieces[-1] in names and (after == end or text[after - 1] == " "):
            return True
        if after == end and text.startswith(".", following.end()):  # "أودي.أيه.جي"
            return True
    if after > end:
        return False
    if any(len(piece) > MAX_PIECE_CHARS for piece in pieces):
        return False
    return len(pieces) > 1 or _PIECE_AFTER.match(text, end) is not None
