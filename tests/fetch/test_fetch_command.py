"""`newsetl fetch`, `volume` and `serve` as users type them."""

from datetime import date, timedelta

import pytest

from newsetl.cli import main
from tests.fetch.news_site import Manara, Nasim, Sahifa, serving, sources_text, stories


@pytest.fixture
def sources(tmp_path):
    first = date.today() - timedelta(days=3)  # noqa: DTZ011  volume looks at what was published lately
    outlets = (
        Nasim("nasim-test", stories(6, first, 3)),
        Manara("manara-test", stories(3, first, 3)),
        Sahifa("sahifa-test", stories(3, first, 3, "/item/{number}-{day:%Y%m%d}")),
    )
    with serving(*outlets):
        path = tmp_path / "sources.toml"
        path.write_text(sources_text(*outlets, tries=1), encoding="utf-8")
        yield path


def test_fetch_then_run_then_volume(sources, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["fetch", "--allow-loopback", "--source", "nasim-test"]) == 0
    told = capsys.readouterr()
    assert "loopback addresses may be asked: for tests alone" in told.err
    rows = [line.split() for line in told.out.splitlines()]
    assert ["nasim-test", "7", "7", "6", "0", "1", "0", "0", "0.0", "1"] in rows
    assert ["refused", "robots", "1"] in [row[2:] for row in rows]
    assert main(["run", "data/raw", "--workers", "1"]) == 0
    capsys.readouterr()
    assert main(["volume"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[2:6] for row in rows if row and row[0] == "nasim-test"] == [["6", "6", "100%", "0%"]]
    last = (date.today() + timedelta(days=40)).isoformat()  # noqa: DTZ011  any day later
    assert main(["volume", "--day", last, "--strict"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[2:4] for row in rows if row and row[0] == "nasim-test"] == [["0", "0"]] * 29
    assert main(["volume", "--day", "2001-01-01"]) == 0
    assert "no record came from newsetl fetch" in capsys.readouterr().out


def test_without_the_switch_loopback_is_refused(sources, tmp_path, capsys):
    assert main(["fetch", "--sources", str(sources), "--raw", str(tmp_path / "raw"), "--source", "nasim-test"]) == 1
    told = capsys.readouterr()
    assert "private-address" in told.out
    assert told.err == "newsetl: nasim-test: no feed, sitemap or section could be read\n"
    assert list((tmp_path / "raw").rglob("nasim-test-*")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sources", "missing.toml"], "missing.toml: "),
        (
            ["--source", "nobody"],
            "no source 'nobody' in the sources file; there are nasim-test, manara-test, sahifa-test",
        ),
        (["--since", "yesterday"], "--since 'yesterday': name a day, a month or a year"),
        (["--since", "2020", "--until", "2019"], "--since 2020 is after --until 2019"),
        (["--limit", "0"], "limit must be 1 or more, not 0"),
        (["--raw", "sources.toml"], "sources.toml"),
    ],
)
def test_a_mistake_ends_with_one_line(sources, tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["fetch", *arguments]) == 2
    told = capsys.readouterr().err
    assert told.startswith("newsetl: ")
    assert message in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "nowhere"], "nowhere: no datasets"),
        (["--day", "2020-01"], "--day '2020-01': name a day"),
        (["--days", "0"], "--days must be 1 or more"),
    ],
)
def test_a_mistake_of_volume_ends_with_one_line(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["volume", *arguments]) == 2
    assert message in capsys.readouterr().err
