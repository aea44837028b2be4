"""A draft without the traces of machines and without what does not belong to its body.

First the characters (`newsetl.arabic.characters`), then the lines (`newsetl.arabic.boilerplate` and what position and
repetition tell). Everything taken out stands in `removed` with the name of its rule; bylines and datelines go to
the clues for metadata too. Cleaning a cleaned draft changes nothing.
"""

import re
from dataclasses import replace
from typing import Final

from newsetl.arabic.boilerplate import Boilerplate, find_opening, find_rule, find_tail
from newsetl.arabic.characters import REPAIRS, is_sound, repair_text, unify_line_breaks
from newsetl.arabic.mojibake import repair_mojibake
from newsetl.records import Block, Draft, Reject, Removed
from newsetl.sources.lookup import OutletIndex
from newsetl.stages.profiles import find_site_rules
from newsetl.stages.verdicts import FIRST_WORDS_CHARS, REPEATED_TITLE, is_long, judge_lines

MAX_ROUNDS: Final = 8  # taking out a line may uncover another at the edge; real articles need two rounds

_AGENCIES: Final = (
    "رويترز|واس|د ?ب ?أ|أ ?ف ?ب|ا ?ف ?ب|أ ?ب|فرانس برس|الأناضول|بترا|وام|كونا|قنا|سانا|وكالات|CNN|سي إن إن"
)
_DATELINE = re.compile(
    r"(?:[\w .،/'-]{2,45}? ?)?(?:\([^()]{2,40}\) ?[-–—ـ:]+"  # القاهرة (وكالة كذا) -
    rf"|\((?:{_AGENCIES})\))"  # (CNN) without a dash
    r"|[\w .]{2,25} ?[-–—ـ/،] ?[\w .]{2,30} ?(?:[:–—ـ]|-{1,2})(?=[ \w])"  # الرياض – واس: / مكة - فلان:
    rf"|\w{{2,15}}(?: \w{{2,12}})? ?[-–—ـ] ?(?:العربية\.نت|سبق|{_AGENCIES})\b"
)
# "كتب- سالم العلي:قدم": by a word that only a byline begins with, at most four names, and a sign
_WRITER = re.compile(r"(?:كتبت?|بقلم|تقرير|متابعة|تغطية|حوار|أجرى الحوار)(?: ?[-–—:/] ?| )\w+(?: \w+){1,3} ?[:–—-]")
_LETTER = re.compile(r"[^\W\d_]")


def clean_article(draft: Draft, outlets: OutletIndex | None = None) -> Draft | Reject:
    """The draft with repaired characters and a body of its own lines only.

    Args:
        draft: From `extract_article`.
        outlets: The sources, whose profiles may hold rules of their own; None takes the built-in ones.

    Returns:
        A `Draft` whose blocks are single lines; `removed`, `bylines`, `datelines` and `fixes` are longer by what was
        found. Or a `Reject` "no-text" when no line with a letter is left.
    """
    draft = _repair_draft(draft)
    own = find_site_rules(draft, outlets)
    for _ in range(MAX_ROUNDS):
        cleaned = _take_out(draft, own)
        if cleaned == draft:
            break
        draft = cleaned
    if not any(_LETTER.search(block.text) for block in draft.blocks):
        return Reject(
            draft.record.place, "clean", "no-text", "no line with letters is left", draft.record.fields.external_id
        )
    return _copy_clues(draft)


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
    if not found and (blocks, title, subtitle) == (draft.blocks, draft.title, draft.subtitle):
        return draft
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
    text = "\n".join([block.text for block in blocks])
    if text.count("\n") < len(blocks) and is_sound(text):  # each block is one line, as it should be
        return tuple(filter(None, map(_strip_block, blocks))), ()
    lines = [Block(line, block.role) for block in blocks for line in _split_lines(block.text)]
    repaired, fixes = repair_text("\n".join(line.text for line in lines))
    texts = repaired.split("\n")
    if len(texts) == len(lines):
        pieces = [Block(text, line.role) for text, line in zip(texts, lines, strict=True)]
    elif "hard-wraps" in fixes and not any(line.role for line in lines):
        pieces = [Block(text) for text in texts]
    else:  # a reference, garbled bytes or lost breaks held a line break: the roles need each line alone
        pieces = [piece for line in lines for piece in _repair_alone(line)]
    return tuple(filter(None, map(_strip_block, pieces))), fixes


def _strip_block(block: Block) -> Block | None:
    """The block without space around its text; None when nothing is left."""
    text = block.text.strip()
    if text == block.text:
        return block if text else None
    return Block(text, block.role) if text else None


def _split_lines(text: str) -> list[str]:
    """The lines of a block; a garbled one is left whole, since its bytes look like line breaks (U+0085)."""
    if text.isprintable() or repair_mojibake(text) != text:
        return [text]
    return unify_line_breaks(text).split("\n")


def _repair_alone(line: Block) -> list[Block]:
    """One line repaired. A prompt that stood in one line with a paragraph is set apart from it, not taken out."""
    repaired, fixes = repair_text(line.text)
    first, *others = repaired.split("\n")
    if "lost-breaks" not in fixes or line.role not in (None, "body"):
        return [Block(text, line.role) for text in (first, *others)]
    kept = [Block(text, "caption" if find_rule(text, at_edge=True) else line.role) for text in others]
    return [Block(first, line.role), *kept]


def _take_out(draft: Draft, own: tuple[Boilerplate, ...]) -> Draft:
    """One round: openings and tails of lines, then the lines that have a verdict."""
    blocks, cut = _cut_tails(_cut_opening(draft.blocks, own), own)
    verdicts = judge_lines(draft if blocks is draft.blocks else replace(draft, blocks=blocks), own)
    if blocks is draft.blocks and not any(verdicts):
        return draft
    judged = list(zip(verdicts, blocks, strict=True))
    gone = [(rule, block.text) for rule, block in judged if rule and not rule.keep]
    kept = tuple(Block(block.text, "caption") if rule else block for rule, block in judged if not rule or rule.keep)
    if not gone and not cut and kept == draft.blocks:
        return draft
    headline = next((text for rule, text in gone if rule is REPEATED_TITLE), None)
    return replace(
        draft,
        title=headline or draft.title,  # as the page shows it: without the outlet's name around it
        blocks=kept,
        removed=(*draft.removed, *cut, *(Removed(rule.name, text) for rule, text in gone)),
        bylines=(*draft.bylines, *(text for rule, text in gone if rule.moves == "byline")),
        datelines=(*draft.datelines, *(text for rule, text in gone if rule.moves == "dateline")),
    )


def _cut_opening(blocks: tuple[Block, ...], own: tuple[Boilerplate, ...]) -> tuple[Block, ...]:
    """The first line without the prompt that is glued to its beginning, which becomes a caption of its own."""
    found = find_opening(blocks[0].text, own) if blocks and blocks[0].role in (None, "body") else None
    text = blocks[0].text[found[0] :].strip() if found else ""
    if not found or not is_long(text):
        return blocks
    return (Block(blocks[0].text[: found[0]].strip(), "caption"), Block(text, blocks[0].role), *blocks[1:])


def _cut_tails(blocks: tuple[Block, ...], own: tuple[Boilerplate, ...]) -> tuple[tuple[Block, ...], list[Removed]]:
    """The last three lines without their tails (link of the news, …); a tail to keep becomes a caption of its own."""
    kept, removed = list(blocks[:-3]), []
    tails = [find_tail(block.text, own) if block.role != "caption" else None for block in blocks[-3:]]
    if not any(tails):
        return blocks, []
    for block, tail in zip(blocks[-3:], tails, strict=True):
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


def _copy_clues(draft: Draft) -> Draft:
    """Place, agency or writer that open the first paragraph, as clues to the metadata too; the body keeps them."""
    first = next((block.text for block in draft.blocks if is_long(block.text)), "")
    writer = _WRITER.match(first[:FIRST_WORDS_CHARS])
    if writer is not None:
        byline = writer[0].strip(" :-–—")
        return draft if byline in draft.bylines else replace(draft, bylines=(*draft.bylines, byline))
    found = _DATELINE.match(first[:FIRST_WORDS_CHARS])
    if found is None or (dateline := found[0].strip()) in draft.datelines:
        return draft
    return replace(draft, datelines=(*draft.datelines, dateline))
