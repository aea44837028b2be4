"""Whole pages through the whole chain: other encodings give the same article, broken ones an article or a reject."""

import hashlib
import importlib.util
import os
import re
from pathlib import Path

import pytest

from newsetl.pipeline import process_record
from newsetl.records import Article, Place, RawRecord
from newsetl.stages.decode import decode

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "data" / "raw" / "html").glob("*.html"))
SHARED_PAGES = sorted((ROOT.parent / "shared" / "pages" / "html").glob("*.html"))
MUTANTS = 400  # in CI; `tools/fuzz_pages.py --count 100000` by hand


def process(content: bytes, charset: str | None = None):
    place = Place("page.html", None, len(content), hashlib.sha256(content).hexdigest())
    return process_record(RawRecord(place, "html", content, charset=charset))


def read_page(path: Path) -> str:
    """The page as a string, its declaration of an encoding taken out."""
    content = path.read_bytes()
    page = decode(RawRecord(Place("page.html", None, len(content), ""), "html", content))
    return re.sub("(?i)charset *= *[\"']?(?:utf-8|windows-1256|iso-8859-6)", "", page.text)


# How a copy is encoded, the encoding that its meta tag names, and the one that the server names.
COPIES = {
    "windows-1256": ("cp1256", "windows-1256", None),
    "windows-1256, undeclared": ("cp1256", "", None),
    "windows-1256, declared as UTF-8": ("cp1256", "utf-8", "utf-8"),
    "ISO 8859-6": ("iso8859-6", "iso-8859-6", None),
    "ISO 8859-6, declared as windows-1256": ("iso8859-6", "windows-1256", None),
    "UTF-16 with a mark": ("utf-16", "", None),
    "UTF-16 LE without a mark, declared as UTF-8": ("utf-16-le", "utf-8", None),
    "UTF-16 BE without a mark": ("utf-16-be", "", None),
    "UTF-8, declared as windows-1256": ("utf-8", "windows-1256", "windows-1256"),
    "UTF-8 with a mark, declared as ISO 8859-1": ("utf-8-sig", "iso-8859-1", "iso-8859-1"),
}


def check_copy(path: Path, copy: str) -> None:
    codec, declared, charset = COPIES[copy]
    text = read_page(path)
    head = f'<meta charset="{declared}">' if declared else ""
    original = process(text.encode())
    changed = process((head + text).encode(codec, "xmlcharrefreplace"), charset)
    assert isinstance(original, Article), original
    assert isinstance(changed, Article), changed
    assert changed.document.text == original.document.text
    assert changed.metadata.title == original.metadata.title
    assert changed.metadata.published_on == original.metadata.published_on


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_in_another_encoding_is_the_same_article(path, copy):
    check_copy(path, copy)


@pytest.mark.parametrize("copy", COPIES)
def test_real_pages_in_another_encoding_are_the_same_articles(shared, copy):
    pages = sorted((shared / "pages" / "html").glob("*.html"))
    assert pages
    for path in pages:
        check_copy(path, copy)


def test_mutants_of_pages_give_articles_or_rejects():
    spec = importlib.util.spec_from_file_location("fuzz_pages", ROOT / "tools" / "fuzz_pages.py")
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    pages = [path.read_bytes() for path in SAMPLES + SHARED_PAGES]
    first = int(os.environ.get("NEWSETL_FIRST_MUTANT", "0"))
    verdicts = [fuzz.try_mutant(pages, number) for number in range(first, first + MUTANTS)]
    assert [verdict for verdict in verdicts if verdict.fault] == []
    assert len({verdict.outcome for verdict in verdicts}) > 4  # they reach far into the chain
