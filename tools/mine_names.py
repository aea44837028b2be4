"""Mine the words of personal names from a folder of Arabic news, and write them to arabic/mined_names.toml.

    python tools/mine_names.py ../shared/corpus/saudinewsnet

A word counts as a given name when it often follows a form of address (الدكتور، السيد), as a family name when it
often follows a given name of the hand-written list in arabic/names.toml. Only single words are kept, never texts.
"""

import argparse
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from newsetl.arabic.tokens import split_tokens
from newsetl.stages.quotes.lexicon import CueWords, SpeakerWords, load_cue_words, load_hand_names, load_speaker_words

TABLE = Path(__file__).parents[1] / "src" / "newsetl" / "arabic" / "mined_names.toml"
HEAD = "# Words of personal names. Written by tools/mine_names.py from Saudi news of 2015; not edited by hand.\n"
# Forms of address that are common nouns as well, and tell nothing of the next word.
UNCLEAR = frozenset(("الرئيس", "الملك", "ا", "م", "دولة", "الفريق", "الراحل", "الشهيد", "سمو", "معالي", "سعادة"))
SHORTEST = 3  # letters
GIVEN_SEEN, GIVEN_SHARE, NAME_SHARE = 3, 0.08, 0.2  # times after a title; share of all its places; with given names
FAMILY_SEEN, FAMILY_SHARE = 5, 0.25
ARTICLE_SEEN = 4  # for words with ال
JOINED_SHARE = 0.6  # a word is a joined و or ب and another word when that word is so common


def read_texts(folder: Path) -> Iterator[str]:
    """Each different text in the zipped JSON arrays of a folder."""
    seen: set[str] = set()
    for path in sorted(folder.glob("*.zip")):
        archive = zipfile.ZipFile(path)
        for name in archive.namelist():
            for row in json.loads(archive.read(name).decode("utf-8-sig")):
                text = row.get("content") or ""
                if text not in seen:
                    seen.add(text)
                    yield text


def count_places(texts: Iterator[str], words: SpeakerWords) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each word stands anywhere, after a title, and after a given name of the hand-written list."""
    given = load_hand_names()
    titles = words.titles - UNCLEAR
    total: Counter[str] = Counter()
    after_title: Counter[str] = Counter()
    after_given: Counter[str] = Counter()
    for text in texts:
        keys = split_tokens(text).keys
        total.update(keys)
        for before, key, after in zip(keys, keys[1:], [*keys[2:], ""], strict=False):
            if before in titles:
                after_title[after if key in "./" else key] += 1
            elif before in given:
                after_given[key] += 1
    return total, after_title, after_given


def is_joined(key: str, total: Counter[str]) -> bool:
    """Is the word a particle and another word: والمدير, للبيت, وعمر?"""
    if key.startswith(("لل", "بال", "وال", "فال", "كال")):
        return True
    return key[0] in "وبلفك" and len(key) > SHORTEST and total[key[1:]] > JOINED_SHARE * total[key]


def pick_names(
    counts: tuple[Counter[str], Counter[str], Counter[str]], words: SpeakerWords, cues: CueWords
) -> tuple[list[str], list[str]]:
    """The given names and the family names that no other table holds, sorted."""
    total, after_title, after_given = counts
    common = words.titles | words.roles | words.organisations | words.texts | words.anonymous
    common |= words.boundaries | words.media | words.times | words.prepositions | words.name_particles
    known = common | load_hand_names()
    given, family = [], []
    for key, times in total.items():
        if not key.isalpha() or key.isascii() or len(key) < SHORTEST or key in known or key in cues.forms:
            continue
        titled, named = after_title[key], after_title[key] + after_given[key]
        if is_joined(key, total) or key.removeprefix("ال") in common:
            continue
        if key.startswith("ال"):
            if named >= ARTICLE_SEEN and named / times >= FAMILY_SHARE:
                family.append(key)
        elif titled >= GIVEN_SEEN and titled / times >= GIVEN_SHARE and named / times >= NAME_SHARE:
            given.append(key)
        elif named >= FAMILY_SEEN and named / times >= FAMILY_SHARE:
            family.append(key)
    return sorted(given), sorted(family)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    words = load_speaker_words()
    given, family = pick_names(count_places(read_texts(folder), words), words, load_cue_words())
    rows = [HEAD]
    for section, names in (("given", given), ("family", family)):
        rows += [f"{section} = [\n", *(f'  "{name}",\n' for name in names), "]\n"]
    TABLE.write_text("".join(rows), encoding="utf-8")
    print(f"{len(given)} given names and {len(family)} family names in {TABLE}")


if __name__ == "__main__":
    main()
