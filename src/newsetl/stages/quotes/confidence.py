"""How sure the engine is of a quote: a cautious share that says how often one like it is right in words and speaker.

A logistic model over plain features of the finished quote; its weights lie in `confidence.toml` and are learned from
the training gold set by ``tools/train_confidence.py``. What the model says is then lowered to what held-out outlets
bore out (`steps`), so that a confidence of 0.9 is a promise and not a hope.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import repeat

from newsetl.records import Document, Quote, QuoteType, Resolution, SpeakerKind

SHORT_WORDS = 6  # shorter marked stretches are often names or terms
LONG_WORDS = 60  # longer indirect speech has often run past its edge
LONG_NAME = 5  # words; a person's name is shorter
FAR = 80  # code points between a cue and its content: more than a speaker with a title
STOPS = frozenset(".!؟?…")
PAUSES = frozenset("،,؛;")
MARKS = frozenset("\"”“«»„‹›'’‘)(")


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights by feature name, and the steps (model's share -> share borne out), both ascending."""

    weights: Mapping[str, float]
    steps: tuple[tuple[float, float], ...]


@cache
def load_calibration() -> Calibration:
    """The learned table."""
    text = resources.files(__package__).joinpath("confidence.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Calibration(table["weights"], tuple((low, share) for low, share in table["steps"]))


def tell_confidence(document: Document, quotes: Sequence[Quote], position: int, table: Calibration) -> float:
    """The share of quotes like ``quotes[position]`` that are right in content and speaker, 0 to 1.

    Args:
        document: What the quotes were found in.
        quotes: All quotes of the document, in order.
        position: The one to judge.
        table: From `load_calibration`.
    """
    share = model_share(features(document, quotes, position), table.weights)
    return next((borne_out for low, borne_out in reversed(table.steps) if share >= low), 0.0)


def model_share(names: Sequence[str], weights: Mapping[str, float]) -> float:
    """The logistic model: features that it does not know weigh nothing."""
    return 1 / (1 + math.exp(-sum(map(weights.get, names, repeat(0.0)))))


def features(document: Document, quotes: Sequence[Quote], position: int) -> list[str]:
    """What can be seen of a finished quote, as names of features that are present."""
    quote, text = quotes[position], document.text
    before = quotes[position - 1] if position else None
    return [
        *_class_features(quote.type, quote.resolution, quote.speaker_kind, quote.cue_class, quote.cue_lemma),
        *(f"flag={flag}" for flag in quote.flags),
        *_content_features(text, quote),
        *_cue_features(text, quote),
        *_speaker_features(text, quote),
        *_company_features(text, quote, before),
    ]


@lru_cache(maxsize=10_000)
def _class_features(
    kind: QuoteType, resolution: Resolution, speaker: SpeakerKind, cue_class: str | None, lemma: str | None
) -> tuple[str, ...]:
    return (
        "bias",
        f"type={kind}",
        f"resolution={resolution}",
        f"type={kind} resolution={resolution}",
        f"kind={speaker}",
        f"class={cue_class}",
        f"lemma={lemma}",
    )


def _content_features(text: str, quote: Quote) -> list[str]:
    words = sum(text.count(" ", s.start, s.end) + 1 for s in quote.segments)
    size = "short" if words < SHORT_WORDS else "long" if words > LONG_WORDS else "middle"
    return [
        f"type={quote.type} words={size}",
        f"type={quote.type} ends={_what_follows(text, quote.end)}",
        f"segments={min(3, len(quote.segments))}",
    ]


def _what_follows(text: str, end: int) -> str:
    rest = text[end : end + 2].lstrip(" ")
    if text[end - 1] in STOPS or not rest or rest[0] in STOPS or rest[0] == "\n":
        return "stop"
    return "mark" if rest[0] in MARKS else "pause" if rest[0] in PAUSES else "word"


def _cue_features(text: str, quote: Quote) -> list[str]:
    if quote.cue_start is None or quote.cue_end is None:
        return ["cue=none"]
    if quote.cue_start >= quote.end:
        return ["cue=behind"]
    between = text[quote.cue_end : quote.start]
    layout = "colon" if ":" in between else "pause" if not PAUSES.isdisjoint(between) else "plain"
    return [f"cue={layout}", f"type={quote.type} cue={layout}", f"gap={'far' if len(between) > FAR else 'near'}"]


def _speaker_features(text: str, quote: Quote) -> list[str]:
    name = (quote.speaker_name or "").split()
    size = "none" if not name else "one" if len(name) == 1 else "long" if len(name) > LONG_NAME else "some"
    found = [f"kind={quote.speaker_kind} name={size}", f"resolution={quote.resolution} name={size}"]
    found.append(f"role={'yes' if quote.speaker_role else 'no'}")
    if name and name[0].startswith("ال"):
        found.append("name=definite")
    if quote.speaker is not None and quote.speaker_end is not None:
        found.append(f"kind={quote.speaker_kind} phrase={_compare(quote.speaker, name)}")
        found.append(f"resolution={quote.resolution} phrase={'bare' if quote.speaker.startswith('ال') else 'full'}")
        found.append(f"phrase ends={_what_follows(text, quote.speaker_end)}")
    return found


def _compare(phrase: str, name: Sequence[str]) -> str:
    """How the words at the quote relate to the speaker's name: the name itself, part of it, around it, or another."""
    words = phrase.split()
    if words == list(name):
        return "name"
    if set(words) <= set(name):
        return "part"
    return "around" if set(name) <= set(words) else "other"


def _company_features(text: str, quote: Quote, before: Quote | None) -> list[str]:
    if before is None:
        return ["first"]
    same = before.speaker_name == quote.speaker_name
    between = text[before.end : quote.start]
    gap = "paragraph" if "\n" in between else "sentence" if not STOPS.isdisjoint(between) else "clause"
    return [f"resolution={quote.resolution} gap={gap}", f"same={same} resolution={quote.resolution}"]
