"""Lines that repeat across the articles of a source, on stores made of invented articles."""

import json
import tomllib

import pytest

from newsetl.arabic import boilerplate
from newsetl.cli import main
from newsetl.errors import InputError, SettingsError
from newsetl.propose import propose_boilerplate, render_proposal, toml_rules

PLACES = ["المرفأ", "السوق", "الجسر", "المصنع", "الملعب", "المتحف", "البستان", "الميناء", "المشفى", "المسرح"]
VERBS = ["زار", "تفقد", "رمم", "أغلق", "افتتح", "وسّع", "باع", "اشترى", "حرس", "نظف"]
SLOGAN = "نلتقي على خير مع نسمات الوادي"
NUMBERED = "مرصد الوادي العدد"


def article(number):
    """A made-up article: two paragraphs that no other has, and lines that all or some have."""
    place, verb = PLACES[number % 10], VERBS[number // 10 % 10]
    lines = [
        f"{verb} المجلس المحلي {place} رقم {number} صباح أمس بعد أشهر من العمل الذي شارك فيه أهالي الحي كلهم.",
        "شارك الخبر",
        f"وقال رئيس المجلس بعد أن {verb} {place} إنه سيبقى مفتوحا وإن الدفعة {number} من الأعمال تبدأ في الربيع.",
        f"بريد القراء: رسالة عن {place} كتبها {verb}",
    ]
    if number % 2 == 0:
        lines.append(SLOGAN)
    if number % 4 == 0:
        lines.append(f"{NUMBERED} {number + 100}")
    return {"url": f"https://wadi.example/{number}", "title": f"{verb} {place} {number}", "text": "\n".join(lines)}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proposals")
    rows = [{**article(number), "date": f"2021-0{1 + number % 3}-05", "source": "wadi"} for number in range(60)]
    rows.append({**article(90), "url": "https://rabwa.example/1", "source": "rabwa", "date": "2021-01-05"})
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert main(["run", str(path), "--out", str(folder / "out"), "--workers", "1"]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def proposal(store):
    return propose_boilerplate("wadi", store)


def find(proposal, text):
    (line,) = [line for line in proposal.lines if line.text.startswith(text)]
    return line


def test_a_repeated_line_has_its_counts_place_and_example(proposal):
    line = find(proposal, SLOGAN)
    assert proposal.articles == 60
    assert (line.articles, line.kept, line.kind, line.position, line.rule) == (30, 30, "line", "tail", None)
    assert len(line.article_id) == 32


def test_lines_that_differ_by_a_number_are_one(proposal):
    line = find(proposal, NUMBERED)
    assert (line.articles, line.kind) == (15, "pattern")


def test_a_beginning_that_many_lines_share_is_proposed(proposal):
    line = find(proposal, "بريد القراء")
    assert (line.text, line.articles, line.kind) == ("بريد القراء", 60, "prefix")


def test_a_line_that_a_rule_takes_out_is_told_with_the_rule(proposal):
    line = find(proposal, "شارك الخبر")
    assert (line.articles, line.kept, line.position, line.rule) == (60, 0, "removed", "share-prompt")
    assert proposal.lines.index(line) == len(proposal.lines) - 1


def test_what_only_one_article_says_is_not_proposed(proposal):
    assert not any("المجلس" in line.text for line in proposal.lines)


def test_min_share_leaves_rarer_lines_out(store):
    lines = propose_boilerplate("wadi", store, min_share=0.4).lines
    assert {line.text for line in lines} == {SLOGAN, "بريد القراء", "شارك الخبر"}


def test_lines_of_two_articles_are_too_few(store):
    assert propose_boilerplate("rabwa", store, min_share=0.0).lines == ()


def test_the_rules_that_are_printed_take_the_lines_out(store, proposal, monkeypatch):
    open_ones = [line for line in proposal.lines if line.rule is None]
    rules = tomllib.loads(toml_rules(open_ones, proposal))
    assert {rule["kind"] for rule in rules["rule"]} == {"line", "pattern", "prefix"}
    monkeypatch.setattr(boilerplate.tomllib, "loads", lambda _: rules)
    boilerplate.load_boilerplate.cache_clear()
    try:
        for line in (SLOGAN, f"{NUMBERED} ٢٢", "بريد القراء: رسالة أخرى"):
            assert boilerplate.find_rule(line, at_edge=True).name == "repeated-line"
            assert boilerplate.find_rule(line, at_edge=False) is None
        assert boilerplate.find_rule("وصل بريد القراء: رسالة أخرى", at_edge=True) is None
    finally:
        boilerplate.load_boilerplate.cache_clear()


def test_marks_and_controls_in_a_line_make_no_broken_toml(proposal):
    text = 'قال "نعم" \\ (لا) [٣]؟ \u200f'
    for kind in ("line", "pattern"):
        line = find(proposal, SLOGAN)
        changed = type(line)(text, kind, 3, 3, "body", "3f0c", None)
        (rule,) = tomllib.loads(toml_rules([changed], proposal))["rule"]
        assert boilerplate.re.fullmatch(rule["phrases"][0], text) if kind == "pattern" else rule["phrases"] == [text]


def test_the_command_prints_a_table_and_rules(store, capsys):
    assert main(["boilerplate", "wadi", "--out", str(store)]) == 0
    printed = capsys.readouterr().out
    assert "wadi: 60 articles, 4 repeated lines, 4 shown" in printed
    assert "share-prompt" in printed
    table, _, rules = printed.partition("[[rule]]")
    assert "50.0%" in table
    assert len(tomllib.loads("[[rule]]" + rules)["rule"]) == 3


def test_limit_shows_fewer_lines(store, capsys):
    assert main(["boilerplate", "wadi", "--out", str(store), "--limit", "1"]) == 0
    assert "4 repeated lines, 1 shown" in capsys.readouterr().out


def test_a_source_without_repeated_lines_says_so(store):
    assert len(list(render_proposal(propose_boilerplate("rabwa", store)))) == 1


def test_an_unknown_source_names_the_nearest(store):
    with pytest.raises(InputError, match=r"'wady'.*nearest: wadi"):
        propose_boilerplate("wady", store)
    with pytest.raises(InputError, match="there are rabwa, wadi"):
        propose_boilerplate("zzzzzz", store)


@pytest.mark.parametrize("source", ["../records", "*", "", "wadi/year=2021"])
def test_a_source_is_no_path(store, source):
    with pytest.raises(InputError):
        propose_boilerplate(source, store)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_is_between_0_and_1(store, share):
    with pytest.raises(SettingsError, match="--min-share"):
        propose_boilerplate("wadi", store, min_share=share)
