"""Lines that repeat across the articles of one source: candidates for boilerplate.toml, for a person to confirm.

The articles are read twice. The first time every line is counted in a table of fixed size, by its hash; the second time
only lines that can be frequent enough are held, with exact counts. So memory does not grow with the archive.
"""

import difflib
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from newsetl.arabic.boilerplate import MAX_PROMPT_CHARS, find_rule, fold_line
from newsetl.errors import InputError, SettingsError
from newsetl.io.paths import StorePath
from newsetl.io.store import published_partitions, read_batches
from newsetl.schema import Partition
from newsetl.stages.verdicts import is_long

Position = Literal["head", "body", "tail", "removed"]
Kind = Literal["line", "prefix", "pattern"]

MIN_SHARE: Final = 0.01  # of the articles: rarer lines are hardly worth a rule
MIN_ARTICLES: Final = 3  # of a small source: what stands in two articles can be chance
MIN_OWN_SHARE: Final = (
    0.5  # of a line among all with its beginning: from here on the line is proposed, not the beginning
)
LIMIT: Final = 40  # lines shown
ROWS_AT_ONCE: Final = 500
LABEL_END: Final = ":"
BUCKETS: Final = 1 << 22  # of the first count, 16 MB; when they run full, more lines than needed are held
PREFIX_WORDS: Final = 30  # of a line that a proposed beginning may take out
SHOWN_CHARS: Final = 70  # of a line in the table
ID_CHARS: Final = 12  # of an article id: enough for `newsetl show`
NEAREST: Final = 5  # sources named when one is unknown

_NUMBER = re.compile(r"\d+")
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")
_LABEL = re.compile(r"[^:|]{3,50}?(?= ?[:|])")  # what stands before a colon or a bar: "Tags: …"


@dataclass(frozen=True, slots=True)
class RepeatedLine:
    """A line that many articles of a source have, or its beginning before a colon or bar; numbers count as equal.

    Attributes:
        text: The line, or its beginning, as it stands in the first of them.
        kind: How a rule would take it out: as a line, by its beginning (prefix), or by a pattern: it holds a number.
        articles: Articles that have it, or had it before cleaning.
        kept: Articles whose text has it.
        position: Where it stands in most of these: above the first paragraph, below the last, or between;
            "removed" when cleaning took it out of all.
        article_id: The first article that has it in its text, else the first that had it.
        rule: The rule that takes it out, today or in the run that wrote the store; None when nothing does.
    """

    text: str
    kind: Kind
    articles: int
    kept: int
    position: Position
    article_id: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The repeated lines of a source: first those that no rule takes out, each group by falling number of articles."""

    source: str
    articles: int
    lines: tuple[RepeatedLine, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    position: Position
    rule: str = ""  # that took it out


@dataclass(slots=True)
class _Tally:
    first: tuple[str, str]  # article_id and line
    articles: int = 0
    kept: int = 0
    positions: Counter[Position] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)

    def add(self, article_id: str, line: _Line) -> None:
        self.articles += 1
        if line.rule:
            self.rules[line.rule] += 1
            return
        if not self.kept:
            self.first = (article_id, line.text)
        self.kept += 1
        self.positions[line.position] += 1


def propose_boilerplate(source: str, root: StorePath, *, min_share: float = MIN_SHARE) -> Proposal:
    """The lines that stand in at least this share of a source's articles, and in three of them.

    Raises:
        InputError: There are no articles of that source at the root; the message names the nearest sources.
        SettingsError: The share is not between 0 and 1.
    """
    if not 0 <= min_share <= 1:
        raise SettingsError(f"--min-share is a share between 0 and 1, not {min_share:g}")
    partitions = _partitions(source, root)
    buckets = array("I", bytes(4 * BUCKETS))
    count = 0
    for _, lines in _read_articles(root, partitions):
        count += 1
        for key in lines:
            buckets[hash(key) % BUCKETS] += 1
    enough = max(MIN_ARTICLES, math.ceil(min_share * count))
    tallies: dict[str, _Tally] = {}
    for article_id, lines in _read_articles(root, partitions):
        for key, line in lines.items():
            if buckets[hash(key) % BUCKETS] >= enough:
                tallies.setdefault(key, _Tally((article_id, line.text))).add(article_id, line)
    frequent = {key: tally for key, tally in tallies.items() if tally.articles >= enough}
    found = (_as_line(key, tally) for key, tally in _without_echoes(frequent).items())
    return Proposal(
        source, count, tuple(sorted(found, key=lambda line: (line.rule is not None, -line.articles, line.text)))
    )


def _without_echoes(tallies: dict[str, _Tally]) -> dict[str, _Tally]:
    """Without the beginnings of one repeated line, and those that stand between the paragraphs: "he said:" does too."""
    own = Counter[str]()
    for key, tally in tallies.items():
        if not key.endswith(LABEL_END) and (label := _label_key(tally.first[1])):
            own[label] = max(own[label], tally.articles)
    return {
        key: tally
        for key, tally in tallies.items()
        if not key.endswith(LABEL_END)
        or (own[key] < MIN_OWN_SHARE * tally.articles and tally.positions["body"] <= 0.5 * tally.kept)
    }


def _partitions(source: str, root: StorePath) -> list[Partition]:
    """The partitions of a source.

    Raises:
        InputError: There are none.
    """
    if not (root / "articles").is_dir():
        raise InputError(f"{root / 'articles'}: no such dataset; has a run written here?")
    partitions = published_partitions(root, "articles")
    sources = sorted({partition.source for partition in partitions})
    if source in sources:
        return [partition for partition in partitions if partition.source == source]
    nearest = difflib.get_close_matches(source, sources, NEAREST, cutoff=0.5)
    listed = f"nearest: {', '.join(nearest)}" if nearest else f"there are {', '.join(sources[:NEAREST]) or 'none'}"
    more = "" if nearest or len(sources) <= NEAREST else f" and {len(sources) - NEAREST} more"
    raise InputError(f"no articles of the source {source!r} in {root}; {listed}{more}")


def _read_articles(root: StorePath, partitions: list[Partition]) -> Iterator[tuple[str, dict[str, _Line]]]:
    """The id and the lines of each article, by key, in the order of the store."""
    for partition in partitions:
        for rows in read_batches(root, "articles", partition, ROWS_AT_ONCE, ["article_id", "text", "removed"]):
            for row in rows.to_pylist():
                yield row["article_id"], _lines_of(row)


def _lines_of(row: dict[str, Any]) -> dict[str, _Line]:
    removed = ((part["text"], _Line(part["text"], "removed", part["rule"])) for part in row["removed"])
    kept = ((line.text, line) for line in _placed(row["text"].split("\n")))
    found: dict[str, _Line] = {}
    for text, line in (*removed, *kept):  # a line that is there twice counts as kept
        if len(text) > MAX_PROMPT_CHARS:
            continue
        found[_key(text)] = line
        if not (line.position == "head" and is_long(text)):  # a dateline opens the first paragraph
            found[_label_key(text)] = line
    found.pop("", None)
    return found


def _key(text: str) -> str:
    return _NUMBER.sub("0", fold_line(text))


def _label_key(text: str) -> str:
    """The key of a line's beginning, "" when it has none. No key of a whole line ends so."""
    label = _LABEL.match(text)
    key = _key(label[0]) if label else ""
    return key + LABEL_END if key else ""


def _placed(lines: list[str]) -> Iterator[_Line]:
    paragraphs = [i for i, line in enumerate(lines) if is_long(line)]
    first, last = (paragraphs[0], paragraphs[-1]) if paragraphs else (len(lines), -1)
    for i, line in enumerate(lines):
        yield _Line(line, "head" if i <= first else "body" if i < last else "tail")


def _as_line(key: str, tally: _Tally) -> RepeatedLine:
    article_id, text = tally.first
    position: Position = tally.positions.most_common(1)[0][0] if tally.positions else "removed"
    known = find_rule(text, at_edge=position != "body")
    rule = known.name if known else None
    if not tally.kept:
        rule = tally.rules.most_common(1)[0][0]
    kind: Kind = "pattern" if _NUMBER.search(text) else "line"
    if key.endswith(LABEL_END) and (label := _LABEL.match(text)):
        text, kind = label[0], "prefix"
    return RepeatedLine(text, kind, tally.articles, tally.kept, position, article_id, rule)


def render_proposal(proposal: Proposal, limit: int = LIMIT) -> Iterator[RenderableType]:
    """The parts to print, in order: a table of at most `limit` lines, and rules for those that nothing takes out."""
    shown = proposal.lines[:limit]
    open_ones = [line for line in shown if line.rule is None]
    counts = f"{len(proposal.lines):,} repeated lines, {len(shown):,} shown"
    yield f"{proposal.source}: {proposal.articles:,} articles, {counts}"
    if not shown:
        return
    table = Table(
        "articles", "share", "in the text", "place", "taken out by", "example", "line", box=None, header_style="dim"
    )
    for line in shown:
        table.add_row(
            f"{line.articles:,}",
            f"{line.articles / proposal.articles:.1%}",
            f"{line.kept:,}",
            line.position,
            line.rule or "—",
            line.article_id[:ID_CHARS],
            Text(f"\u2068{_shortened(line)}\u2069"),  # an isolate: the line's direction stays its own
        )
    yield table
    if open_ones:
        yield "\nFor src/newsetl/arabic/boilerplate.toml; leave out what the articles need, name and gloss the rest:"
        yield Text(toml_rules(open_ones, proposal))


def _shortened(line: RepeatedLine) -> str:
    text = line.text + (": …" if line.kind == "prefix" else "")
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"


def toml_rules(lines: Iterable[RepeatedLine], proposal: Proposal) -> str:
    r"""Rules for lines in the format of boilerplate.toml, a phrase a line.

    Lines that stand above or below the paragraphs are taken out only there.

    >>> line = RepeatedLine("تابعونا: 12", "pattern", 40, 40, "tail", "3f0c", None)
    >>> print(toml_rules([line], Proposal("spa", 1000, (line,))), end="")
    <BLANKLINE>
    [[rule]]
    name = "repeated-line"
    kind = "pattern"
    where = "edge"
    phrases = [
      "تابعونا: \\d{1,9}",  # GLOSS; 40 of 1,000 articles of spa, as in 3f0c
    ]
    """
    groups: dict[tuple[Kind, bool], list[str]] = {}
    for line in lines:
        phrase = _quoted(_as_pattern(line.text) if line.kind == "pattern" else line.text)
        counts = f"{line.articles:,} of {proposal.articles:,} articles of {proposal.source}"
        remark = f"GLOSS; {counts}, as in {line.article_id[:ID_CHARS]}"
        groups.setdefault((line.kind, line.position != "body"), []).append(f"  {phrase},  # {remark}\n")
    return "".join(
        f'\n[[rule]]\nname = "repeated-line"\nkind = "{kind}"\n'
        + ('where = "edge"\n' if at_edge else "")
        + (f"sign = true\nmax_words = {PREFIX_WORDS}\n" if kind == "prefix" else "")
        + f"phrases = [\n{''.join(entries)}]\n"
        for (kind, at_edge), entries in sorted(groups.items())
    )


def _as_pattern(text: str) -> str:
    return _NUMBER.sub(r"\\d{1,9}", _SPECIAL.sub(r"\\\g<0>", text))


def _quoted(text: str) -> str:
    """A TOML string: marks, backslashes and controls escaped, all else as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() or c == " " else f"\\U{ord(c):08x}" for c in escaped) + '"'
