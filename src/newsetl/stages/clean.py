"""A draft without the traces of machines and without what does not belong to its body.

First the characters (`newsetl.arabic.characters`), then the lines (`newsetl.arabic.boilerplate` and what position and
repetition tell). Everything taken out stands in `removed` with the name of its rule; bylines and datelines go to
the clues for metadata too. Cleaning a cleaned draft changes nothing.
"""

import re
from dataclasses import replace
from typing import Final

from newsetl.arabic.boilerplate import Rule, Teasers, find_rule, find_tail, fold_line, is_byline, load_boilerplate
from newsetl.arabic.characters import REPAIRS, repair_text, unify_line_breaks
from newsetl.records import Block, Draft, Reject, Removed
from newsetl.stages.segment import is_list_item, is_short_line

MAX_ROUNDS: Final = 8  # taking out a line may uncover another at the edge; real articles need two rounds
MAX_BYLINES: Final = 2  # taken from the head by shape alone
LONG_LINE_WORDS: Final = 12  # a line of so many words is a paragraph and no name, prompt or heading
REPEAT_WORDS: Final = 8  # a paragraph of so many words does not stand twice in an article on purpose
MAX_LINKS: Final = 8  # more lines without a stop are a poem, a table or a list of names
MIN_LINK_WORDS: Final = 8  # of the longest in a run: headlines have 6 to 14 words, verses up to 7
MIN_LINKS: Final = 2  # headings do not follow each other; links to other articles do

_AGENCIES: Final = (
    "رويترز|واس|د ?ب ?أ|أ ?ف ?ب|ا ?ف ?ب|أ ?ب|فرانس برس|الأناضول|بترا|وام|كونا|قنا|سانا|وكالات|CNN|سي إن إن"
)
_DATELINE = re.compile(
    r"(?:[\w .،/'-]{2,45}? ?)?(?:\([^()]{2,40}\) ?[-–—ـ:]+"  # القاهرة (وكالة كذا) -
    rf"|\((?:{_AGENCIES})\))"  # (CNN) without a dash
    r"|[\w .]{2,25} ?[-–—ـ/،] ?[\w .]{2,30} ?(?:[:–—ـ]|-{1,2})(?=[ \w])"  # الرياض – واس: / مكة - فلان:
    rf"|\w{{2,15}}(?: \w{{2,12}})? ?[-–—ـ] ?(?:العربية\.نت|سبق|{_AGENCIES})\b"
)
_YEAR = re.compile(r"\d{4}")
_LETTER = re.compile(r"[^\W\d_]")
_FIRST_WORDS: Final = 120  # characters in which a dateline ends


def clean_article(draft: Draft) -> Draft | Reject:
    """The draft with repaired characters and a body of its own lines only.

    Returns:
        A `Draft` whose blocks are single lines; `removed`, `bylines`, `datelines` and `fixes` are longer by what was
        found. Or a `Reject` "no-text" when no line with a letter is left.
    """
    draft = _repair_draft(draft)
    for _ in range(MAX_ROUNDS):
        cleaned = _take_out(draft)
        if cleaned == draft:
            break
        draft = cleaned
    if not any(_LETTER.search(block.text) for block in draft.blocks):
        return Reject(
            draft.record.place, "clean", "no-text", "no line with letters is left", draft.record.fields.external_id
        )
    return _copy_dateline(draft)


def clean_text(text: str) -> str:
    """The text after all character repairs; lines and their order stay.

    >>> clean_text("مـــرحبا  بكم&nbsp;")
    'مرحبا بكم '
    """
    return repair_text(text)[0]


def _repair_draft(draft: Draft) -> Draft:
    blocks, fixes = _repair_blocks(draft.blocks)
    title, title_fixes = _repair_line(draft.title)
    subtitle, subtitle_fixes = _repair_line(draft.subtitle)
    found = {*draft.fixes, *fixes, *title_fixes, *subtitle_fixes}
    ordered = (*(f for f in draft.fixes if f not in REPAIRS), *(name for name in REPAIRS if name in found))
    return replace(draft, blocks=blocks, title=title, subtitle=subtitle, fixes=tuple(dict.fromkeys(ordered)))


def _repair_line(text: str | None) -> tuple[str | None, tuple[str, ...]]:
    """A title on one line, repaired; None when nothing is left of it."""
    if text is None:
        return None, ()
    repaired, fixes = repair_text(text)
    return " ".join(repaired.split()) or None, fixes


def _repair_blocks(blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], tuple[str, ...]]:
    """All lines repaired at once (one pass over the body costs a tenth of one for each line), empty ones left out."""
    lines = [
        Block(line, block.role)
        for block in blocks
        for line in (unify_line_breaks(block.text).split("\n") if not block.text.isprintable() else [block.text])
    ]
    repaired, fixes = repair_text("\n".join(line.text for line in lines))
    texts = repaired.split("\n")
    if len(texts) != len(lines):  # a reference or garbled bytes hid a line break: the roles need each line alone
        pieces = [(piece, line.role) for line in lines for piece in repair_text(line.text)[0].split("\n")]
    else:
        pieces = [(text, line.role) for text, line in zip(texts, lines, strict=True)]
    return tuple(Block(text.strip(), role) for text, role in pieces if text.strip()), fixes


def _take_out(draft: Draft) -> Draft:
    """One round: tails of lines, lines that rules name, repetitions, then what position tells."""
    blocks, cut = _cut_tails(draft.blocks)
    verdicts = _judge_lines(blocks, draft.title)
    if draft.extractor != "lines":
        _judge_page_edges(blocks, verdicts)
    _judge_head(blocks, verdicts, len(draft.bylines))
    _judge_links(blocks, verdicts)
    _judge_teasers(blocks, verdicts)
    gone = [(rule, block.text) for rule, block in zip(verdicts, blocks, strict=True) if rule]
    if not gone and not cut and len(blocks) == len(draft.blocks):
        return draft
    headline = next((text for rule, text in gone if rule is _REPEATED_TITLE), None)
    return replace(
        draft,
        title=headline or draft.title,  # as the page shows it: without the outlet's name around it
        blocks=tuple(block for rule, block in zip(verdicts, blocks, strict=True) if not rule),
        removed=(*draft.removed, *cut, *(Removed(rule.name, text) for rule, text in gone)),
        bylines=(*draft.bylines, *(text for rule, text in gone if rule.moves == "byline")),
        datelines=(*draft.datelines, *(text for rule, text in gone if rule.moves == "dateline")),
    )


def _cut_tails(blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], list[Removed]]:
    """The last three lines without their tails (link of the news, …); a tail to keep becomes a caption of its own."""
    kept, removed = list(blocks[:-3]), []
    for block in blocks[-3:]:
        tail = find_tail(block.text) if block.role != "caption" else None
        text = block.text[: tail[0]].rstrip() if tail else ""
        if tail is None or not text:
            kept.append(block)
            continue
        kept.append(Block(text, block.role))
        if tail[1].keep:
            kept.append(Block(block.text[tail[0] :], "caption"))
        else:
            removed.append(Removed(tail[1].name, block.text[tail[0] :]))
    return tuple(kept), removed


_SEPARATOR: Final = Rule("separator", "line")
_REPEATED_TITLE: Final = Rule("repeated-title", "line")
_REPEATED: Final = Rule("repeated-paragraph", "line")
_BYLINE: Final = Rule("byline", "line", moves="byline")
_PLACE_AND_DAY: Final = Rule("dateline", "line", moves="dateline")
_PAGE_EDGE: Final = Rule("page-edge", "block")
_LINKS: Final = Rule("related-links", "block")


def _judge_lines(blocks: tuple[Block, ...], title: str | None) -> list[Rule | None]:
    """For each line the rule that takes it out by its own words or because it stood before."""
    long_ones = [i for i, block in enumerate(blocks) if _is_long(block.text)]
    first, last = (long_ones[0], long_ones[-1]) if long_ones else (0, len(blocks))
    title_key = fold_line(title) if title else ""
    verdicts: list[Rule | None] = []
    seen: set[str] = set()
    in_block = None
    for i, block in enumerate(blocks):
        rule = None if block.role == "caption" else _judge_line(block, seen, at_edge=i < first or i > last)
        if rule is None and i <= first and title_key and len(blocks) > 1 and _is_title(block.text, title_key):
            rule = _REPEATED_TITLE
        if rule is not None:
            in_block = rule if rule.kind == "block" else in_block
        elif in_block is not None and block.role not in ("caption", "heading") and is_short_line(block.text):
            rule = in_block
        else:
            in_block = None
        verdicts.append(rule)
    return verdicts


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


def _judge_line(block: Block, seen: set[str], *, at_edge: bool) -> Rule | None:
    text = block.text
    if not any(map(str.isalnum, text)):
        return _SEPARATOR
    if text in seen and text.count(" ") >= REPEAT_WORDS - 1:
        return _REPEATED
    seen.add(text)
    return find_rule(text, at_edge=at_edge)


def _is_long(text: str) -> bool:
    return text.count(" ") >= LONG_LINE_WORDS - 1


def _judge_page_edges(blocks: tuple[Block, ...], verdicts: list[Rule | None]) -> None:
    """Mark menus and boxes of an HTML page: short lines above its title, and two or more below its last paragraph."""
    titles = [i for i, rule in enumerate(verdicts) if rule is _REPEATED_TITLE]
    kept = [i for i, rule in enumerate(verdicts) if rule is None]
    above = [i for i in kept if titles and i < titles[0]]
    below: list[int] = []
    for i in reversed(kept):
        if not is_short_line(blocks[i].text) or blocks[i].role not in (None, "body"):
            break
        below.append(i)
    if any(_is_long(blocks[i].text) for i in above):
        above = []
    for i in above + (below if 2 <= len(below) < len(kept) else []):
        verdicts[i] = _PAGE_EDGE


def _judge_head(blocks: tuple[Block, ...], verdicts: list[Rule | None], taken: int) -> None:
    """Mark the first line when it is a name, an outlet, or a name and a place above the first paragraph."""
    kept = [i for i, rule in enumerate(verdicts) if rule is None]
    if len(kept) < 2 or taken >= MAX_BYLINES:
        return
    first, following = blocks[kept[0]], [blocks[i].text for i in kept[1:3]]
    if first.role not in (None, "body") or not is_byline(first.text) or not any(map(_is_long, following)):
        return
    if _YEAR.search(first.text):
        verdicts[kept[0]] = _PLACE_AND_DAY  # "سرت – ٣ شباط ٢٠١٨"
    elif not any(map(str.isdigit, first.text)):
        verdicts[kept[0]] = _BYLINE


def _judge_links(blocks: tuple[Block, ...], verdicts: list[Rule | None]) -> None:
    """Mark runs of short lines between paragraphs: titles of other articles, glued in from a box of links."""
    run: list[int] = []
    seen_paragraph = False
    for i, block in enumerate(blocks):
        if verdicts[i] is not None:
            continue
        if (
            seen_paragraph
            and block.role in (None, "body")
            and is_short_line(block.text)
            and not is_list_item(block.text)
        ):
            run.append(i)
            continue
        if _is_long(block.text) and _are_links([blocks[k].text for k in run]):
            for k in run:
                verdicts[k] = _LINKS
        run = []
        seen_paragraph = not is_short_line(block.text) and not block.text.rstrip('"” ').endswith(":")


def _are_links(lines: list[str]) -> bool:
    """Are lines between paragraphs headlines? Verses stand so too, but have fewer words."""
    if any(line.startswith("و") and line.endswith("؟") for line in lines):
        return False  # the writer's own questions, one after the other
    spaces = [line.count(" ") for line in lines]
    return MIN_LINKS <= len(lines) <= MAX_LINKS and min(spaces) >= 2 and max(spaces) >= MIN_LINK_WORDS - 1


def _judge_teasers(blocks: tuple[Block, ...], verdicts: list[Rule | None]) -> None:
    """Mark the teasers that a known layout glues to the end of the body."""
    kept = [i for i, rule in enumerate(verdicts) if rule is None]
    for layout in load_boilerplate().teasers:
        last = kept[-layout.count :]
        if (
            len(kept) >= layout.count + layout.min_body
            and layout.first_line in blocks[kept[0]].text[:_FIRST_WORDS]
            and all(_is_teaser(blocks[i].text, layout) for i in last)
        ):
            for i in last:
                verdicts[i] = Rule(layout.name, "block")


def _is_teaser(text: str, layout: Teasers) -> bool:
    return not text.startswith(layout.starts) and text.count(" ") >= layout.min_words - 1


def _copy_dateline(draft: Draft) -> Draft:
    """Place and agency that open the first paragraph, as a clue to the metadata too; the body keeps them."""
    first = next((block.text for block in draft.blocks if _is_long(block.text)), "")
    found = _DATELINE.match(first[:_FIRST_WORDS])
    if found is None or (dateline := found[0].strip()) in draft.datelines:
        return draft
    return replace(draft, datelines=(*draft.datelines, dateline))
