"""`newsetl source check` and the options of `run` about profiles, as a user meets them."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from newsetl.cli import main
from newsetl.io.profiles import read_outlets
from newsetl.sources.outlets import load_outlets

PAGES = Path(__file__).parent / "pages"
PROFILE, NEW, OLD = PAGES / "nasim.toml", PAGES / "nasim_2019.html", PAGES / "nasim_2008.html"


def check(*arguments: object) -> int:
    return main(["source", "check", *map(str, arguments)])


def test_check_shows_what_the_profile_finds(capsys):
    assert check(PROFILE, NEW) == 0
    printed = capsys.readouterr().out
    for said in (
        "افتتاح مرصد للطيور على ضفاف البحيرة",
        "كتبت: هالة السنديان",
        "2019-05-14 07:30:00+00:00",
        "3 paragraphs",
        "by profile",
        "site-line",
        "of the words in common",
    ):
        assert said in printed
    assert "nothing" not in printed


def test_check_chooses_the_layout_by_the_page(capsys):
    assert check(PROFILE, OLD, "--url", "https://www.nasim.example/x") == 0
    assert "until 2011-12-31" in capsys.readouterr().out


def test_check_of_another_page_ends_with_exit_code_1(tmp_path, capsys):
    page = tmp_path / "page.html"
    page.write_text(NEW.read_text(encoding="utf-8").replace("story-", "post-"), encoding="utf-8")
    assert check(PROFILE, page) == 1
    assert "found nothing: body, title, date" in capsys.readouterr().out


def test_check_names_a_selector_that_matches_several_times(tmp_path, capsys):
    profile = tmp_path / "nasim.toml"
    profile.write_text(PROFILE.read_text(encoding="utf-8").replace(".story-head h1", "h3"), encoding="utf-8")
    assert check(profile, NEW) == 0
    assert "several" in capsys.readouterr().out


def test_markup_of_the_terminal_in_a_page_is_shown_as_it_is(tmp_path, capsys):
    page = tmp_path / "page.html"
    hostile = "[red]مرصد[/nothing] [link=x]\x1b[2J للطيور على ضفاف البحيرة"
    page.write_text(NEW.read_text(encoding="utf-8").replace("<h1>افتتاح مرصد", f"<h1>{hostile}"), encoding="utf-8")
    assert check(PROFILE, page) == 0
    printed = capsys.readouterr().out
    assert "[red]مرصد[/nothing]" in printed
    assert "\x1b[2J" not in printed


@pytest.mark.parametrize(
    ("profile", "page", "more", "message"),
    [
        ("missing.toml", NEW, (), "missing.toml"),
        (PROFILE, "missing.html", (), "missing.html"),
        (NEW, NEW, (), "slug"),
        (PROFILE, "{tmp}/empty.html", (), "no HTML in it"),
        (PROFILE, NEW, ("--url", "https://www.okaz.com.sa/1"), "not an address of nasim"),
        ("{tmp}/broken.toml", NEW, (), "unknown key 'titel'"),
        ("{tmp}/nowhere.toml", NEW, (), "--url"),
    ],
)
def test_mistakes_end_with_one_line_and_exit_code_2(tmp_path, capsys, profile, page, more, message):
    (tmp_path / "empty.html").write_text("")
    (tmp_path / "broken.toml").write_text('name = "x"\n[[layout]]\ntitel = ["h1"]')
    (tmp_path / "nowhere.toml").write_text('name = "x"\n[[layout]]\ntitle = ["h1"]')
    assert check(str(profile).format(tmp=tmp_path), str(page).format(tmp=tmp_path), *more) == 2
    error = capsys.readouterr().err
    assert error.startswith("newsetl: ")
    assert message in error
    assert error.count("\n") == 1


def test_list_shows_every_source(capsys):
    assert main(["source", "list"]) == 0
    printed = capsys.readouterr().out
    assert all(outlet.slug in printed for outlet in load_outlets())


@pytest.fixture
def run(tmp_path):
    """The one article that a run over the invented outlet's page publishes."""
    folder = tmp_path / "pages"
    folder.mkdir()
    shutil.copy(NEW, folder)
    (tmp_path / "urls.tsv").write_text("nasim_2019.html\thttps://nasim.example/news/7\n")
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    shutil.copy(PROFILE, profiles)

    def run(*options: str) -> dict:
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        arguments = ["run", folder, "--urls", tmp_path / "urls.tsv", "--out", out, "--workers", 1, *options]
        assert main([str(argument).replace("PROFILES", str(profiles)) for argument in arguments]) == 0
        (article,) = pd.read_parquet(out / "articles").to_dict("records")
        return article

    return run


def test_a_run_uses_the_profiles_of_a_folder(run):
    article = run("--profiles", "PROFILES")
    assert (article["source"], article["source_name"], article["extractor"]) == ("nasim", "النسيم", "profile")
    assert str(article["published_at"]) == "2019-05-14 07:30:00+00:00"
    assert [removed["rule"] for removed in article["removed"]] == ["site-line"]


def test_without_profiles_names_and_zones_stay(run):
    article = run("--profiles", "PROFILES", "--no-profiles")
    assert (article["source"], article["source_name"]) == ("nasim", "النسيم")
    assert article["extractor"] != "profile"
    assert str(article["published_on"]) == "2019-05-14"


def test_a_run_ends_before_it_begins_when_a_profile_is_broken(tmp_path, capsys):
    (tmp_path / "nasim.toml").write_text("nmae = 1")
    assert main(["run", str(PAGES), "--profiles", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "unknown key 'nmae'" in capsys.readouterr().err
    assert main(["run", str(PAGES), "--profiles", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


def test_outlets_are_read_once_for_each_folder(tmp_path):
    shutil.copy(PROFILE, tmp_path)
    assert read_outlets(str(tmp_path)) is read_outlets(str(tmp_path))
    assert len(read_outlets(str(tmp_path)).outlets) == len(read_outlets().outlets) + 1
    assert not any(outlet.layouts for outlet in read_outlets(str(tmp_path), use_profiles=False).outlets)
