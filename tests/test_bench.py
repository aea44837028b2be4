"""The tables of `make bench`: they run on any machine, with or without gold sets and peers. No test looks at the clock.

A test that needs a peer is skipped where `make bench` has not installed it.
"""

import json
import shutil
import socket
import subprocess
import textwrap
from datetime import date
from pathlib import Path

import pytest

from benchmarks import __main__, dates, extractors, measure, pages, text
from newsetl.records import Fields, Place, RawRecord

ROOT = Path(__file__).parents[1]
TEXT = "ألقى د. سالم كلمة قصيرة. ثم غادر القاعة!\nوقالت سلمى: «نعم». هل عاد؟"
PARAGRAPHS = [
    "افتتحت بلدية الوادي الأخضر أمس سوقا جديدة للعسل والتمور، وحضر الافتتاح مئات من أهالي القرى المجاورة.",
    "وقال رئيس البلدية إن السوق تضم ستين دكانا، وإن أصحابها من مزارعي المنطقة الذين انتظروها سنوات طويلة.",
    "وتفتح السوق أبوابها كل يوم ما عدا الجمعة، من الثامنة صباحا حتى السادسة مساء، على مدار فصول السنة.",
]
TITLE = "سوق جديدة للعسل والتمور في الوادي الأخضر"
PAGE = f"""<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>{TITLE}</title>
<meta property="article:published_time" content="2019-03-14T09:30:00+02:00"></head>
<body><nav><a href="/">الرئيسية</a> <a href="/s">رياضة</a></nav><article><h1>{TITLE}</h1>
{"".join(f"<p>{line}</p>" for line in PARAGRAPHS)}</article></body></html>"""
GOLD = {
    "id": "market",
    "title": TITLE,
    "authors": [],
    "published_on": "2019-03-14",
    "paragraphs": PARAGRAPHS,
    "not_in_body": ["الرئيسية رياضة"],
}
# A scorer with the two functions and the meaning of the real one: words in the order of the text instead of a bag.
SCORER = """
    def words(text):
        return (text or "").split()

    def body_f1(text, paragraphs):
        same = words(text) == words(" ".join(paragraphs))
        return same, same, float(same)

    def leaks(text, strings):
        return sum(string in text for string in strings)
"""


def needs(package: str) -> None:
    if package and measure.find_version(package) is None:
        pytest.skip(f"{package} is not installed: make bench")


@pytest.fixture
def folder(tmp_path):
    """A folder like ../shared with one page and one date."""
    (tmp_path / "pages" / "html").mkdir(parents=True)
    (tmp_path / "pages" / "html" / "market.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "pages" / "urls.tsv").write_text("market.html\thttps://wadi.example/2019/market\n", encoding="utf-8")
    (tmp_path / "pages" / "pages.gold.json").write_text(json.dumps([GOLD, {"id": "x", "lang": "fa"}]), encoding="utf-8")
    (tmp_path / "pages" / "score_pages.py").write_text(textwrap.dedent(SCORER), encoding="utf-8")
    return tmp_path


def cells(table) -> dict[str, list[str]]:
    """The rows of a table by their first cell."""
    rows = zip(*(column.cells for column in table.columns), strict=True)
    return {row[0]: list(row[1:]) for row in rows}


def page_record() -> RawRecord:
    content = PAGE.encode()
    return RawRecord(Place("market.html", None, len(content), ""), "html", content, fields=Fields())


@pytest.mark.parametrize("tool", text.TOOLS, ids=lambda tool: f"{tool.task}, {tool.name}")
def test_every_tool_takes_a_text(tool):
    needs(tool.name if tool.name in text.PEERS else "")
    assert tool.function(TEXT)


def test_the_expression_knows_no_abbreviations():
    assert text.split_by_expression(TEXT) == [
        "ألقى د.",
        "سالم كلمة قصيرة.",
        "ثم غادر القاعة!",
        "وقالت سلمى: «نعم».",
        "هل عاد؟",
    ]


def test_a_paragraph_is_lengthened_without_a_break():
    longer = text.lengthen([TEXT, "انتهى."], 1000)
    assert "\n" not in longer
    assert 1000 <= len(longer.encode()) < 1100


def test_the_texts_are_those_of_the_sample_archive():
    texts = text.read_texts(measure.SAMPLES)
    assert len(texts) > 30
    assert len(text.read_texts(measure.SAMPLES, 5)) == -(-len(texts) // 5)


def test_what_would_take_too_long_is_left_out(monkeypatch):
    monkeypatch.setattr(text, "measure_rate", lambda *_: 0.001)
    assert text.measure_growth(len, [TEXT], 1.0) == [0.001, None, None]


def test_a_gold_set_is_scored_by_its_own_scorer(tmp_path):
    (tmp_path / "score_sentences.py").write_text(
        "import importlib, sys\n"
        "module, name = sys.argv[2].split(':')\n"
        "found = getattr(importlib.import_module(module), name)('نعم. لا.')\n"
        "print(f'sentences: precision 1  recall 1  F1 {len(found)}.00  (made up)')\n",
        encoding="utf-8",
    )
    for tool in filter(text.Tool.is_there, text.TOOLS):
        if tool.scored:
            assert text.score(tool.scored, tmp_path) == 2.0


def test_a_scorer_that_fails_gives_no_figure(tmp_path):
    (tmp_path / "score_sentences.py").write_text("raise SystemExit(1)", encoding="utf-8")
    assert text.score("newsetl:split_sentences", tmp_path) is None


@pytest.mark.parametrize("extractor", extractors.EXTRACTORS, ids=lambda extractor: extractor.name)
def test_every_extractor_takes_a_page(extractor):
    needs(extractor.package)
    with measure.offline() as asked:
        found = extractor.load()(page_record())
    assert asked == []
    if extractor.is_scored:
        assert all(line in found.text for line in PARAGRAPHS)
        assert found.title == TITLE
    if extractor.is_scored and "day" in extractor.gives:
        assert found.day == "2019-03-14"


def test_a_page_that_is_no_article_scores_nothing(folder):
    extractor = extractors.Extractor("broken", lambda: lambda _: 1 / 0)
    scorer = pages.load_scorer(folder / "pages")
    gold = [pages.GoldPage(page_record(), GOLD)]
    row = cells(pages.build_table([extractor], gold, scorer, 1))["broken"]
    assert row[:5] == ["0.0000", "0", "0", "1", "0"]  # no authors are the right authors


def test_the_pages_are_scored_by_their_own_scorer(folder):
    table = next(part for part in pages.compare(measure.Options(0.001, 1, folder)) if not isinstance(part, str))
    rows = cells(table)
    assert "1, 0.00 MB" in table.title
    for name in ("newsetl --no-profiles, article", "newsetl --no-profiles, whole chain", "newsetl, whole chain"):
        assert rows[name][:5] == ["1.0000", "0", "1", "1", "1"]
    assert rows["newsetl, extract"][:5] == ["—"] * 5
    assert rows["newsetl, extract"][-1] == "1.00"
    assert rows["trafilatura"][-2] == "1.00"


def test_a_peer_that_is_not_installed_has_no_row(folder, monkeypatch):
    monkeypatch.setattr(extractors, "find_version", lambda _: None)
    table = next(part for part in pages.compare(measure.Options(0.001, 1, folder)) if not isinstance(part, str))
    assert all(name.startswith("newsetl") for name in cells(table))


def test_a_tool_that_gives_no_days_has_a_dash():
    extractor = extractors.Extractor("plain", lambda: lambda _: None, gives=frozenset({"title"}))
    found = extractors.Found("\n".join(PARAGRAPHS), TITLE)
    scorer = type("scorer", (), {"words": str.split, "body_f1": lambda *_: (1, 1, 1.0), "leaks": lambda *_: 2})
    assert pages.score(extractor, [found], [pages.GoldPage(page_record(), GOLD)], scorer) == [
        "1.0000",
        "2",
        "1",
        "—",
        "—",
    ]


def test_readers_of_dates_are_judged_as_the_scorer_does():
    strings = [
        dates.DateString("14 آذار 2019", "2019-03-14"),
        dates.DateString("1/2/2020 09:00", "2020-02-01", has_time=True),
        dates.DateString("قريبا", "2020-02-02"),
    ]
    readings = [
        dates.Reading(date(2019, 3, 14)),
        dates.Reading(date(2020, 1, 2), has_time=True),
        dates.Reading(),
    ]
    assert dates.score(strings, readings) == ["1", "1", "1", "1 of 1"]


def test_every_reader_of_dates_reads_a_plain_one():
    for read in dates.load_readers().values():
        assert read(dates.DateString("2019-03-14 10:20")) == dates.Reading(date(2019, 3, 14), has_time=True)
        assert read(dates.DateString("لا تاريخ هنا")) == dates.Reading()


def test_a_run_on_dates_is_the_whole_chain(tmp_path):
    rows = [
        {"id": "1", "source": "dates", "title": TITLE, "text": "\n".join(PARAGRAPHS), "date": "14 آذار 2019"},
        {"id": "2", "source": "dates", "title": TITLE, "text": "", "date": "14 آذار 2019"},
    ]
    path = tmp_path / dates.NAME
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert dates.read_run(path) == [dates.Reading(date(2019, 3, 14)), dates.Reading()]


def test_the_best_round_counts(monkeypatch):
    ticks = iter([0.0, 4.0, 10.0, 11.0, 20.0, 22.0, 30.0, 35.0])
    monkeypatch.setattr(measure.time, "process_time", lambda: next(ticks))
    rates = measure.measure_rounds({"first": len, "second": len}, lambda _: ["a", "b"], 2)
    assert rates == {"first": 1.0, "second": 2.0}


def test_no_tool_reaches_the_network():
    with measure.offline() as asked, pytest.raises(OSError, match="offline"):
        socket.create_connection(("peer.example", 80), timeout=1)
    assert asked == ["peer.example"]
    assert socket.getaddrinfo.__module__ == "socket"


def test_without_gold_sets_the_tables_say_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(text, "BASE_BYTES", 200)
    assert __main__.main(["--seconds", "0.001", "--rounds", "1", "--shared", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for name in ("newsetl", "expression", "cleaning + sentences", "trafilatura", "parse_date", "Python 3"):
        assert name in printed
    assert printed.count("not there") == 6
    for peer in (*text.PEERS, *pages.PEERS, *dates.PEERS):
        assert peer in printed  # with its version, or as not installed


def test_an_unknown_subject_is_named(capsys):
    with pytest.raises(SystemExit):
        __main__.main(["speed"])
    assert (
        "no subject 'speed'; there are text, pages, dates, chain, archive, readback, growth, prefect, million"
        in capsys.readouterr().err
    )


def test_make_bench_installs_the_peers_and_runs_the_named_subject():
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    # "make test" runs this test inside another make, whose folder make would tell
    command = [make, "--dry-run", "--always-make", "--no-print-directory", "bench", "SUITE=pages"]
    recipe = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "--require-hashes --requirement benchmarks/requirements.lock" in recipe
    assert recipe.rstrip().endswith("python -m benchmarks pages")


def test_shared_packages_have_the_same_versions_in_both_locks():
    def pins(path):
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        return dict(line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith(" "))

    ours, bench = pins("requirements.lock"), pins("benchmarks/requirements.lock")
    peers = {peer for subject in __main__.SUBJECTS.values() for peer in subject.PEERS}
    assert peers <= {*bench, *ours}
    assert {name: bench[name] for name in ours.keys() & bench.keys()} == {
        name: ours[name] for name in ours.keys() & bench.keys()
    }


def test_letters_are_exchanged_and_markup_stays():
    page = "<p class='نص'>قال سالم إن السوق فتحت.</p>".encode()
    record = RawRecord(Place("x", None, len(page), ""), "html", page)
    one, two = (pages.exchange_letters(record, number).content for number in (1, 2))
    assert one != two
    assert len(one) == len(page)
    assert one.startswith(b"<p class='")
