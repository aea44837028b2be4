"""An article in the terminal: its metadata, its text with quotes, cues and speakers marked, its quotes listed."""

from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds
from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from newsetl.errors import InputError
from newsetl.io.paths import StorePath
from newsetl.reading import open_dataset

QUOTE_STYLES = {"direct": "green", "mixed": "yellow", "indirect": "cyan"}
CUE_STYLE = "bold magenta"
SPEAKER_STYLE = "bold blue"
HEADING_STYLE = "bold underline"
# An isolate keeps the direction of a line from leaking into the next one (Unicode Annex 9).
ISOLATE, POP = "\u2068", "\u2069"
META = ("source_name", "published_on", "published_at", "authors", "agency", "dateline_place", "url", "lang", "flags")


def render_article(article_id: str, root: StorePath) -> Iterator[RenderableType]:
    """The parts to print, in order.

    Raises:
        InputError: No article has that id, or several begin with it.
    """
    article = _find(article_id, root)
    yield Rule(_isolated(article["title"] or article["article_id"]))
    facts = Table.grid(padding=(0, 2))
    for name in META:
        value = article[name]
        if value is not None and value != []:
            facts.add_row(Text(name, "dim"), _isolated(", ".join(value) if isinstance(value, list) else str(value)))
    facts.add_row(Text("article_id", "dim"), article["article_id"])
    yield facts
    quotes = sorted(_rows("quotes", root, ds.field("article_id") == article["article_id"]), key=_position)
    headings = _rows(
        "paragraphs", root, (ds.field("article_id") == article["article_id"]) & (ds.field("role") == "heading")
    )
    yield from _marked_text(article["text"], quotes, headings)
    for removed in article["removed"]:
        yield _isolated(f"removed ({removed['rule']}): {removed['text']}", "dim strike")
    if quotes:
        yield _quote_table(quotes)


def _find(article_id: str, root: StorePath) -> dict[str, Any]:
    found = _rows("articles", root, pc.starts_with(ds.field("article_id"), article_id))
    if not found:
        raise InputError(f"no article with the id {article_id} in {root}")
    if len(found) > 1:
        raise InputError(f"{len(found)} articles begin with {article_id}: give more of the id")
    return found[0]


def _rows(dataset: str, root: StorePath, condition: pc.Expression) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = open_dataset(dataset, root).to_table(filter=condition).to_pylist()
    return rows


def _position(quote: dict[str, Any]) -> int:
    return int(quote["quote_index"])


def _isolated(text: str, style: str = "") -> Text:
    return Text(f"{ISOLATE}{text}{POP}", style)


def _marked_text(text: str, quotes: list[dict[str, Any]], headings: list[dict[str, Any]]) -> Iterator[Text]:
    """Each paragraph with its quotes, cues and speakers in colours, headings underlined."""
    marked = Text(text)
    for heading in headings:
        marked.stylize(HEADING_STYLE, heading["start"], heading["end"])
    for quote in quotes:
        for segment in quote["segments"]:
            marked.stylize(QUOTE_STYLES[quote["type"]], segment["start"], segment["end"])
        if quote["cue_start"] is not None:
            marked.stylize(CUE_STYLE, quote["cue_start"], quote["cue_end"])
        if quote["speaker_start"] is not None:
            marked.stylize(SPEAKER_STYLE, quote["speaker_start"], quote["speaker_end"])
    for line in marked.split("\n"):
        yield Text.assemble("\n", ISOLATE, line, POP)


def _quote_table(quotes: list[dict[str, Any]]) -> Table:
    table = Table("", "type", "speaker", "kind", "found", "cue", "quote", title="quotes", title_justify="left")
    for quote in quotes:
        table.add_row(
            str(quote["quote_index"]),
            Text(quote["type"], QUOTE_STYLES[quote["type"]]),
            _isolated(quote["speaker_name"] or "—", SPEAKER_STYLE),
            quote["speaker_kind"],
            quote["resolution"],
            _isolated(quote["cue"] or "—", CUE_STYLE),
            _isolated(quote["text"]),
        )
    return table
