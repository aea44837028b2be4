"""Which lines of a draft do not belong to its body: a rule for each line, or None for a line that stays.

What a line says is looked up in boilerplate.toml; the rest is told by where it stands, by repetition and by the lines
around it.
"""

import re
from typing import Final

from newsetl.arabic.boilerplate import Boilerplate, Rule, Teasers, find_rule, fold_line, is_byline
from newsetl.arabic.folding import fold_text
from newsetl.records import Block, Draft
from newsetl.stages.dates import is_date_line
from newsetl.stages.segment import is_list_item, is_short_line

MAX_BYLINES: Final = 2  # taken from the head by shape alone
LONG_LINE_WORDS: Final = 12  # a line of so many words is a paragraph and no name, prompt or heading
REPEAT_WORDS: Final = 8  # a paragraph of so many words does not stand twice in an article on purpose
MAX_LINKS: Final = 8  # more lines without a stop are a poem, a table or a list of names
MIN_LINK_WORDS: Final = 8  # of the longest in a run: headlines have 6 to 14 words, verses up to 7
MIN_LINKS: Final = 2  # headings do not follow each other; links to other articles do
MIN_NAME_CHARS: Final = 4  # of the last word of a name: shorter ones stand in any text
FIRST_WORDS_CHARS: Final = 120  # in which a dateline ends
MAX_DATE_LINE: Final = 90  # characters of a line of weekday, date, time and place

_DASH = re.compile(r"[-–—ـ/(]")  # behind it stands the place or the outlet of a byline
_YEAR = re.compile(r"\d{4}")
REPEATED_TITLE: Final = Rule("repeated-title", "line")
_SEPARATOR: Final = Rule("separator", "line")
_REPEATED: Final = Rule("repeated-paragraph", "line")
_BYLINE: Final = Rule("byline", "line", moves="byline")
_CAPTION: Final = Rule("photo-caption", "line", keep=True)
_PLACE_AND_DAY: Final = Rule("dateline", "line", moves="dateline")
_PAGE_EDGE: Final = Rule("page-edge", "block")
_LINKS: Final = Rule("related-links", "block")


def judge_lines(draft: Draft, own: tuple[Boilerplate, ...] = ()) -> list[Rule | None]:
    """For each block the rule that takes it out, or that sets it apart as a caption (`rule.keep`).

    `own` are the rules of the article's source.
    """
    blocks = draft.blocks
    verdicts = _judge_words(blocks, draft.title, frozenset(map(fold_line, draft.authors)), own)
    if draft.extractor != "lines":
        _judge_page_edges(blocks, verdicts)
    _judge_head(blocks, verdicts, len(draft.bylines))
    _judge_links(blocks, verdicts)
    _judge_teasers(blocks, verdicts, own)
    return verdicts


def _judge_words(
    blocks: tuple[Block, ...], title: str | None, authors: frozenset[str], own: tuple[Boilerplate, ...]
) -> list[Rule | None]:
    """For each line the rule that takes it out by its own words or because it stood before."""
    first, last = _find_edges(blocks, own)
    title_key = fold_line(title) if title else ""
    verdicts: list[Rule | None] = []
    seen: set[str] = set()
    in_block = None
    # no rule fits these two even at an edge: `_find_edges` has tried
    free = {first, last} if first < last < len(blocks) else set()
    for i, block in enumerate(blocks):
        at_edge = None if i in free else i < first or i > last
        rule = None if block.role == "caption" else _judge_line(block, seen, own, at_edge=at_edge)
        if rule is None and authors and not first <= i <= last and fold_line(block.text) in authors:
            rule = _BYLINE
        if rule is None and i <= first and title_key and len(blocks) > 1 and _is_title(block.text, title_key):
            rule = REPEATED_TITLE
        if rule is not None:
            in_block = rule if rule.kind == "block" else in_block
        elif in_block is not None and block.role not in ("caption", "heading") and is_short_line(block.text):
            rule = in_block
        else:
            in_block = None
        verdicts.append(rule)
    return verdicts


def _find_edges(blocks: tuple[Block, ...], own: tuple[Boilerplate, ...]) -> tuple[int, int]:
    """The first and the last paragraph, by length; a long dateline or prompt above or below them is none."""
    long_ones = [i for i, block in enumerate(blocks) if is_long(block.text) and block.role != "caption"]
    while len(long_ones) > 1 and find_rule(blocks[long_ones[0]].text, at_edge=True, own=own):
        del long_ones[0]
    while len(long_ones) > 1 and find_rule(blocks[long_ones[-1]].text, at_edge=True, own=own):
        del long_ones[-1]
    return (long_ones[0], long_ones[-1]) if long_ones else (0, len(blocks))


def _is_title(text: str, title_key: str) -> bool:
    """Is a line the title, or the title without the name of the outlet before or after it?"""
    if len(text) > 2 * len(title_key) + 20:
        return False
    key = fold_line(text)
    if key == title_key:
        return True
    return (
        key.count(" ") >= 2 and 2 * len(key) > len(title_key) and (title_key.startswith(key) or title_key.endswith(key))
    )


def _judge_line(block: Block, seen: set[str], own: tuple[Boilerplate, ...], *, at_edge: bool | None) -> Rule | None:
    """The rule for a line by itself and by those seen before; `at_edge` is None when no rule of a table fits it."""
    text = block.text
    if not any(map(str.isalnum, text)):
        return _SEPARATOR
    if text in seen and text.count(" ") >= REPEAT_WORDS - 1:
        return _REPEATED
    seen.add(text)
    if at_edge is None:
        return None
    rule = find_rule(text, at_edge=at_edge, own=own)
    if rule is None and at_edge and len(text) <= MAX_DATE_LINE and any(map(str.isdigit, text)) and is_date_line(text):
        return _PLACE_AND_DAY
    return rule


def is_long(text: str) -> bool:
    """Is a line as long as a paragraph?"""
    return text.count(" ") >= LONG_LINE_WORDS - 1


def _judge_page_edges(blocks: tuple[Block, ...], verdicts: list[Rule | None]) -> None:
    """Mark menus and boxes of an HTML page: short lines above its title, and two or more below its last paragraph."""
    titles = [i for i, rule in enumerate(verdicts) if rule is REPEATED_TITLE]
    kept = [i for i, rule in enumerate(verdicts) if rule is None]
    above = [i for i in kept if titles and i < titles[0]]
    below: list[int] = []
    for i in reversed(kept):
        if not is_short_line(blocks[i].text) or blocks[i].role not in (None, "body"):
            break
        below.append(i)
    if any(is_long(blocks[i].text) for i in above):
        above = []
    for i in above + (below if 2 <= len(below) < len(kept) else []):
        verdicts[i] = _PAGE_EDGE


def _judge_head(blocks: tuple[Block, ...], verdicts: list[Rule | None], taken: int) -> None:
    """Mark the first line when it is a name, an outlet, or a name and a place above the first paragraph."""
    kept = [i for i, rule in enumerate(verdicts) if rule is None and blocks[i].role != "caption"]
    if len(kept) < 2 or taken >= MAX_BYLINES:
        return
    first, following = blocks[kept[0]], [blocks[i].text for i in kept[1:3]]
    if first.role not in (None, "body") or not is_byline(first.text) or not any(map(is_long, following)):
        return
    if _YEAR.search(first.text):
        verdicts[kept[0]] = _PLACE_AND_DAY  # "سرت – ٣ شباط ٢٠١٨"
    elif not any(map(str.isdigit, first.text)):
        verdicts[kept[0]] = _CAPTION if _is_in_the_news(first.text, blocks[kept[0] + 1 :]) else _BYLINE


def _is_in_the_news(name: str, blocks: tuple[Block, ...]) -> bool:
    """Is a name alone above the body that of a person whom the article is about? Then it stood below a picture."""
    last = fold_text(name).split()[-1].strip(".()")
    pattern = re.compile(rf"\b[وبلف]?{re.escape(last)}\b")
    is_place = _DASH.search(name) is not None
    return (
        not is_place and len(last) >= MIN_NAME_CHARS and any(pattern.search(fold_text(block.text)) for block in blocks)
    )


def _judge_links(blocks: tuple[Block, ...], verdicts: list[Rule | None]) -> None:
    """Mark runs of short lines between paragraphs: titles of other articles, glued in from a box of links."""
    run: list[int] = []
    seen_paragraph = False
    for i, block in enumerate(blocks):
        if verdicts[i] is not None:
            continue
        short = is_short_line(block.text)
        if short and seen_paragraph and block.role in (None, "body") and not is_list_item(block.text):
            run.append(i)
            continue
        if run and is_long(block.text) and _are_links([blocks[k].text for k in run]):
            for k in run:
                verdicts[k] = _LINKS
        run = []
        seen_paragraph = not short and not block.text.rstrip('"” ').endswith(":")


_LINE_END: Final = ' .…"”»)*\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652'


def _are_links(lines: list[str]) -> bool:
    """Are lines between paragraphs headlines? Verses stand so too, but have fewer words."""
    if any(line.startswith("و") and line.endswith("؟") for line in lines):
        return False  # the writer's own questions, one after the other
    if len({line.rstrip(_LINE_END)[-2:] for line in lines}) <= len(lines) / 2:
        return False  # verses rhyme
    spaces = [line.count(" ") for line in lines]
    return MIN_LINKS <= len(lines) <= MAX_LINKS and min(spaces) >= 2 and max(spaces) >= MIN_LINK_WORDS - 1


def _judge_teasers(blocks: tuple[Block, ...], verdicts: list[Rule | None], own: tuple[Boilerplate, ...]) -> None:
    """Mark the teasers that the source's layout glues to the end of the body."""
    kept = [i for i, rule in enumerate(verdicts) if rule is None]
    for layout in (teasers for rules in own for teasers in rules.teasers):
        last = kept[-layout.count :]
        if (
            len(kept) >= layout.count + layout.min_body
            and layout.first_line in blocks[kept[0]].text[:FIRST_WORDS_CHARS]
            and all(_is_teaser(blocks[i].text, layout) for i in last)
        ):
            for i in last:
                verdicts[i] = Rule(layout.name, "block")


def _is_teaser(text: str, layout: Teasers) -> bool:
    return not text.startswith(layout.starts) and text.count(" ") >= layout.min_words - 1
