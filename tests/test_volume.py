"""Figures by source and day, and what is told of a drop."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsetl.errors import InputError
from newsetl.plan import plan_run
from newsetl.run import run
from newsetl.settings import Settings
from newsetl.volume import Day, find_drops, measure, render_volume

LAST = date(2021, 2, 28)
USUAL = {"records": 20, "articles": 18, "dated": 1.0, "authored": 0.5, "length": 900.0, "rejected": 0.1}
PAGE = (
    "<html><head><title>{title}</title>{date}</head><body><article><h1>{title}</h1>"
    "<p>افتتحت البلدية المكتبة رقم {n} صباح اليوم بحضور عدد كبير من الأهالي والطلاب.</p>"
    "<p>وقال المدير سالم العلي: «جمعنا {n} كتاب خلال سنة واحدة».</p></article></body></html>"
)


def days_before(count, **figures):
    return [Day("nasim", LAST - timedelta(days=n), **{**USUAL, **figures}) for n in range(count, 0, -1)]


def test_a_day_like_the_others_is_no_drop():
    assert find_drops([*days_before(28), Day("nasim", LAST, **USUAL)]) == []


@pytest.mark.parametrize(
    ("figure", "value"), [("articles", 8), ("dated", 0.7), ("authored", 0.2), ("length", 300.0), ("rejected", 0.4)]
)
def test_a_figure_outside_its_range_is_a_drop(figure, value):
    [drop] = find_drops([*days_before(28), replace(Day("nasim", LAST, **USUAL), **{figure: value})])
    assert (drop.source, drop.day, drop.figure, drop.value) == ("nasim", LAST, figure, value)
    assert not drop.is_silence
    assert f"nasim 2021-02-28: {figure}" in str(drop)


@pytest.mark.parametrize(
    ("figure", "value"), [("articles", 10), ("dated", 0.85), ("authored", 0.4), ("length", 600.0), ("rejected", 0.25)]
)
def test_small_changes_are_no_drop(figure, value):
    assert find_drops([*days_before(28), replace(Day("nasim", LAST, **USUAL), **{figure: value})]) == []


def test_a_source_with_ups_and_downs_has_a_wider_range():
    before = [replace(day, articles=18 if n % 2 else 6) for n, day in enumerate(days_before(28))]
    assert find_drops([*before, replace(Day("nasim", LAST, **USUAL), articles=5)]) == []


def test_a_day_without_articles_is_silence_where_there_always_were_some():
    [drop] = find_drops([*days_before(28), Day("nasim", LAST)])
    assert drop.is_silence


def test_a_day_without_articles_is_no_silence_where_there_were_such_days():
    before = [replace(day, articles=0 if n % 7 == 5 else 1) for n, day in enumerate(days_before(28))]
    assert [drop for drop in find_drops([*before, Day("nasim", LAST)]) if drop.is_silence] == []


def test_a_young_source_has_no_range():
    assert find_drops([*days_before(6), Day("nasim", LAST)]) == []


def test_sources_are_told_apart():
    other = [replace(day, source="manara") for day in [*days_before(28), Day("nasim", LAST)]]
    drops = find_drops([*days_before(28), Day("nasim", LAST, **USUAL), *other])
    assert {drop.source for drop in drops} == {"manara"}


def test_figures_are_taken_from_the_days_of_the_raw_folders(tmp_path):
    counts = {date(2021, 2, 25): 2, date(2021, 2, 28): 1}
    for day, count in counts.items():
        folder = tmp_path / "raw" / "nasim" / day.isoformat()
        folder.mkdir(parents=True)
        for n in range(count):
            number = 100 * day.day + n
            published = f'<meta property="article:published_time" content="{day}T08:00:00Z">' if n == 0 else ""
            (folder / f"{n}.html").write_text(PAGE.format(title=f"خبر عن المكتبة {number}", n=number, date=published))
        (folder / "empty.html").write_text("<html><body></body></html>")
    (tmp_path / "raw" / "elsewhere.html").write_text(PAGE.format(title="خبر آخر", n=7, date=""))
    out = tmp_path / "out"
    settings = Settings(inputs=(str(tmp_path / "raw"),), out=str(out), workers=1)
    run(settings, plan_run(settings))
    days = measure(out, LAST)
    assert [(day.day.day, day.records, day.articles) for day in days] == [
        (25, 3, 2),
        (26, 0, 0),
        (27, 0, 0),
        (28, 2, 1),
    ]
    assert (days[0].dated, days[0].rejected) == (0.5, pytest.approx(1 / 3))
    assert days[0].length > 50
    assert days[1].dated is None
    assert len(list(render_volume(days, []))) == 1
    assert measure(out, LAST, sources=["other"]) == []


def test_a_place_without_datasets_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no datasets"):
        measure(tmp_path, LAST)
