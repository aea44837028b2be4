"""The shipped layouts on the real pages in ../shared: their selectors find title, byline, day and body.

The pages are other people's and stay where they are: see test_gold.py.
"""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from newsetl.pipeline import process_record
from newsetl.records import Article, Fields, Page, Place, RawRecord
from newsetl.sources.lookup import load_index
from newsetl.stages.decode import decode
from newsetl.stages.outline import outline_events
from newsetl.stages.profiles import apply_layout, body_events, choose_layout, find_layouts, parse_page

PAGES = Path(__file__).parents[2] / "shared" / "pages"
# Their date on the page is not that of publication, or their byline stands in the body.
NO_DATE, NO_AUTHOR = {"cnn"}, {"assabah"}


def load_pages() -> list[dict]:
    if not PAGES.is_dir():
        return []
    urls = dict(line.split("\t") for line in (PAGES / "urls.tsv").read_text("utf-8").splitlines())
    gold = json.loads((PAGES / "pages.gold.json").read_text("utf-8"))
    return [page | {"address": urls[f"{page['id']}.html"]} for page in gold if "paragraphs" in page]


GOLD = load_pages()


def test_the_pages_are_there_where_they_must_be():
    if not GOLD and os.environ.get("CI") == "true":
        pytest.fail(f"CI must check the profiles, and {PAGES} is not there")


@pytest.fixture(params=GOLD, ids=lambda page: page["id"])
def page(request):
    return request.param


@pytest.fixture
def record(page):
    content = (PAGES / "html" / f"{page['id']}.html").read_bytes()
    return RawRecord(
        Place(page["id"], None, len(content), "0" * 64), "html", content, fields=Fields(url=page["address"])
    )


@pytest.fixture(scope="session")
def script():
    spec = importlib.util.spec_from_file_location("score_pages", PAGES / "score_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_selectors_find_every_part(page, record, script):
    decoded = decode(record)
    assert isinstance(decoded, Page)
    elements = parse_page(decoded.text)
    layout = choose_layout(find_layouts(page["address"], load_index()), None, elements)
    selected = apply_layout(elements, layout)
    slug = next(outlet.slug for outlet in load_index().outlets if layout in outlet.layouts)
    assert script.words(selected.title) == script.words(page["title"])
    assert bool(selected.dates) == (slug not in NO_DATE)
    assert bool(selected.authors) == bool(page["authors"] and slug not in NO_AUTHOR)
    text = "\n".join(line.text for line in outline_events(body_events(selected)).lines)
    assert script.body_f1(text, page["paragraphs"])[1] > 0.9


def test_the_pipeline_takes_the_body_of_the_profile(page, record, script):
    article = process_record(record)
    assert isinstance(article, Article)
    assert article.extractor == "profile"
    assert script.body_f1(article.document.text, page["paragraphs"])[2] >= 0.97
    assert script.words(article.metadata.title) == script.words(page["title"])
    assert str(article.metadata.published_on) == page["published_on"]
    assert sorted(map(script.words, article.metadata.authors)) == sorted(map(script.words, page["authors"]))
