"""The reporting words and speaker words of Arabic, read once from the tables in `newsetl.arabic`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

from newsetl.arabic.tokens import fold_word

FormKind = Literal["verb", "participle", "noun", "passive"]
_PARTICIPLE_ENDINGS = (("ا", "m", "s"), ("ة", "f", "s"), ("ين", "m", "p"), ("ات", "f", "p"), ("تين", "f", "p"))
_SUFFIXES = ("ه", "ها", "هم", "هما")


@dataclass(frozen=True, slots=True)
class Form:
    """One inflected reporting word.

    Attributes:
        gender, number: Of its subject, "m"/"f" and "s"/"p"; "" when the form does not tell.
        joined: Was و or ف written before it?
        suffixed: Does it carry an object (or, for nouns, a possessor) suffix?
    """

    lemma: str
    kind: FormKind
    cue_class: str
    frames: frozenset[str]
    gender: str
    number: str
    joined: bool = False
    suffixed: bool = False
    imperfect: bool = False


@dataclass(frozen=True, slots=True)
class CueWords:
    """The lexicon by folded form."""

    forms: Mapping[str, Form]
    according: Mapping[str, str]  # preposition -> the word that must follow ("" for none)
    whatever: frozenset[str]
    sources: frozenset[str]
    manners: frozenset[str]
    pronoun_sources: frozenset[str]
    prepositional: frozenset[str]  # both, with and without a joined و
    author_voice: frozenset[str]
    bare: frozenset[str]
    suffixed: frozenset[str]
    prepositions: Mapping[str, str]
    blockers: frozenset[str]
    negations: frozenset[str]
    conditions: frozenset[str]
    narrators: frozenset[str]
    narrator_pairs: frozenset[str]
    arguments: frozenset[str]
    contrasts: frozenset[str]
    occasions: frozenset[str]
    breaks: frozenset[str]
    governors: frozenset[str]
    labels: frozenset[str]
    circumstances: frozenset[str]
    asides: frozenset[str]
    clause_words: frozenset[str]
    resumptives: frozenset[str]
    governed: Mapping[str, frozenset[str]]  # class of a verb -> the prepositions before its object
    relays: Mapping[str, frozenset[str]]  # lemma -> the prepositions before who said it first
    opening: frozenset[str]  # what can open the content of a cue, or end the search for it


@dataclass(frozen=True, slots=True)
class SpeakerWords:
    """Folded words that name, describe or accompany speakers."""

    roles: frozenset[str]
    titles: frozenset[str]
    organisations: frozenset[str]
    texts: frozenset[str]
    proper_bodies: frozenset[str]
    anonymous: frozenset[str]
    nominal: frozenset[str]
    turns: frozenset[str]
    media: frozenset[str]
    times: frozenset[str]
    boundaries: frozenset[str]
    interviews: frozenset[str]
    contacts: frozenset[str]
    ranks: frozenset[str]
    directions: frozenset[str]
    descent: frozenset[str]
    name_particles: frozenset[str]
    relatives: frozenset[str]
    relative_openings: frozenset[str]
    asides: frozenset[str]
    emphasis: frozenset[str]
    pronouns: frozenset[str]
    outlets: frozenset[str]
    prepositions: frozenset[str]
    long_names: frozenset[str]
    takes_complement: frozenset[str]
    openings: frozenset[str]
    offices: frozenset[str]
    named_kinds: frozenset[str]
    text_heads: frozenset[str]
    carriers: frozenset[str]
    formulas: frozenset[str]
    issued: frozenset[str]
    function_words: frozenset[str]
    given: frozenset[str]
    family: frozenset[str]
    known_names: frozenset[str]  # all that can be part of a personal name
    formula_heads: frozenset[str]  # the first words of `formulas`


def _read_table(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("newsetl.arabic").joinpath(name).read_text(encoding="utf-8"))


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(fold_word(w) for w in words)


def load_hand_names() -> frozenset[str]:
    """The given names written by hand."""
    return _folded(_read_table("names.toml")["given"])


@cache
def load_speaker_words() -> SpeakerWords:
    """The tables `speakers.toml`, `names.toml` and `mined_names.toml`."""
    table = _read_table("speakers.toml")
    mined = _read_table("mined_names.toml")
    given = load_hand_names() | _folded(mined["given"])
    family = _folded(mined["family"]) | _folded(_read_table("names.toml")["words_too"])
    sections = {section: _folded(words) for section, words in table.items()}
    return SpeakerWords(
        given=given,
        family=family,
        known_names=given | family | sections["name_particles"],
        formula_heads=frozenset(formula.split(" ")[0] for formula in sections["formulas"]),
        **sections,
    )


@cache
def load_cue_words() -> CueWords:
    """The table `cues.toml`, every form spelt out: with و and ف, with the future س, with object suffixes."""
    table = _read_table("cues.toml")
    complementizers = table["complementizers"]
    prepositional = _folded(table["according"]) | _folded(table["whatever"])
    bare = _folded(complementizers["bare"])
    suffixed = _folded(complementizers["suffixed"]) - bare
    breaks = _folded(table["narrators"]["breaks"])
    return CueWords(
        forms=_spell_forms(table),
        according={fold_word(k): fold_word(v["after"]) for k, v in table["according"].items()},
        whatever=_folded(table["whatever"]),
        sources=_folded(table["sources"]["words"]),
        manners=_folded(table["sources"]["manners"]),
        pronoun_sources=_folded(table["sources"]["pronouns"]),
        prepositional=frozenset(p + k for p in ("", "و") for k in prepositional),
        author_voice=_folded(table["author_voice"]),
        bare=bare,
        suffixed=suffixed,
        prepositions={fold_word(k): v for k, v in complementizers["prepositions"].items()},
        blockers=_folded(complementizers["blockers"]),
        negations=_folded(table["negations"]["words"]),
        conditions=_folded(table["negations"]["conditions"]),
        narrators=_folded(table["narrators"]["words"]),
        arguments=_folded(table["narrators"]["arguments"]),
        narrator_pairs=_folded(table["narrators"]["pairs"]),
        contrasts=_folded(table["narrators"]["contrasts"]),
        occasions=_folded(table["narrators"]["occasions"]),
        breaks=breaks,
        opening=bare | suffixed | breaks | {":", "،"},
        governors=_folded(table["narrators"]["governors"]),
        labels=_folded(table["narrators"]["labels"]),
        circumstances=_folded(table["narrators"]["circumstances"]),
        asides=_folded(table["narrators"]["asides"]),
        clause_words=_folded(table["narrators"]["clause_words"]),
        resumptives=_folded(table["narrators"]["resumptives"]),
        governed={cue_class: _folded(words) for cue_class, words in table["governed"].items()},
        relays={fold_word(lemma): _folded(words) for lemma, words in table["relays"].items()},
    )


def _spell_forms(table: Mapping[str, Any]) -> dict[str, Form]:
    plain: dict[str, Form] = {}
    for lemma, row in table["verbs"].items():
        for key, form in _inflect_verb(lemma, row):
            plain.setdefault(key, form)
    for lemma, row in table["passives"].items():
        plain[fold_word(lemma)] = Form(lemma, "passive", row["class"], frozenset(row["frames"]), "", "")
    for lemma, row in table["nouns"].items():
        for key, form in _inflect_noun(lemma, row["class"]):
            plain.setdefault(key, form)
    for word in table["not_cues"]["words"]:
        plain.pop(fold_word(word), None)
    for word in table["strong_forms"]["words"]:
        form = plain[fold_word(word)]
        plain[fold_word(word)] = replace(form, frames=form.frames - {"weak"})
    forms = dict(plain)
    for key, form in plain.items():
        joined = Form(
            form.lemma, form.kind, form.cue_class, form.frames, form.gender, form.number,
            joined=True, suffixed=form.suffixed, imperfect=form.imperfect,
        )  # fmt: skip
        forms.setdefault("و" + key, joined)
        forms.setdefault("ف" + key, joined)
        if form.kind == "verb" and form.imperfect and "weak" not in form.frames:
            forms.setdefault("ل" + key, joined)  # ليضيف أن
    return forms


def _inflect_verb(lemma: str, row: Mapping[str, Any]) -> Iterable[tuple[str, Form]]:
    """All forms of one verb.

    >>> row = {"imperfect": "يدعو", "participle": "داعي", "class": "demand", "frames": ["an"]}
    >>> forms = dict(_inflect_verb("دعا", row))
    >>> forms["دعت"].gender, forms["يدعون"].number, forms["داعية"].kind
    ('f', 'p', 'participle')
    """
    frames = frozenset(row["frames"])

    def form(kind: FormKind, gender: str, number: str, **marks: bool) -> Form:
        return Form(lemma, kind, row["class"], frames, gender, number, **marks)

    weak = lemma[-1] in "اى"
    stem = lemma[:-1] if weak else lemma
    perfect = [(lemma, "m", "s"), (stem + "ت", "f", "s"), (stem + "وا", "m", "p")]
    perfect += [(stem + ("يا" if weak else "ا"), "m", "p"), (stem + "تا", "f", "p")]
    present = row["imperfect"]
    base = present[:-1] if present[-1] in "ويى" else present
    imperfect = [(present, "m", "s"), ("ت" + present[1:], "f", "s"), (base + "ون", "m", "p"), (base + "ان", "m", "p")]
    for words, is_imperfect in ((perfect, False), (imperfect, True)):
        for word, gender, number in words:
            key = fold_word(word)
            yield key, form("verb", gender, number, imperfect=is_imperfect)
            if is_imperfect:
                yield "س" + key, form("verb", gender, number, imperfect=True)
            host = key[:-1] + "ا" if key.endswith("ى") else key
            host = host[:-1] if host.endswith("وا") and number == "p" else host
            for suffix in _SUFFIXES:
                yield host + suffix, form("verb", gender, number, imperfect=is_imperfect, suffixed=True)
    participle = fold_word(row["participle"])
    if not participle:
        return  # a homograph of a common noun (مدينة)
    for ending, gender, number in _PARTICIPLE_ENDINGS:
        stem = participle[:-1] if ending == "ين" and participle.endswith("ي") else participle
        yield stem + ending, form("participle", gender, number)


def _inflect_noun(lemma: str, cue_class: str) -> Iterable[tuple[str, Form]]:
    key = fold_word(lemma)
    frames = frozenset(("d", "an", "ila", "ala", "min", "noun"))
    for stem in (key, "ب" + key, "ل" + key):
        for suffix, gender, number in (("ه", "m", "s"), ("ها", "f", "s"), ("هم", "m", "p")):
            host = stem[:-1] + "ت" if stem.endswith("ة") else stem
            yield host + suffix, Form(lemma, "noun", cue_class, frames, gender, number, suffixed=True)
    for article in ("ال", "بال", "لل", "", "ب", "ل"):
        yield article + key, Form(lemma, "noun", cue_class, frames, "", "")
