"""The sources file: what it means, and one clear line for each mistake."""

import pytest

from newsetl.errors import SettingsError
from newsetl.fetch.source import Credentials, Limits, Section
from newsetl.fetch.sources_file import parse_sources, read_sources

GENERAL = '[fetch]\ncontact = "mailto:desk@archive.example"\n'
NASIM = '[[source]]\nslug = "nasim"\nfeeds = ["https://nasim.example/rss.xml"]\n'


def parse(text):
    return parse_sources(text, "sources.toml")


def test_a_short_file_has_defaults():
    sources = parse(GENERAL + NASIM)
    assert sources.hosts_at_once == 8
    assert sources.user_agent.startswith("newsetl/")
    assert sources.user_agent.endswith(" (+mailto:desk@archive.example)")
    [nasim] = sources.sources
    assert (nasim.slug, nasim.name, nasim.timezone, nasim.schedule, nasim.limits) == (
        "nasim",
        "nasim",
        None,
        None,
        Limits(),
    )


def test_every_key_is_understood():
    text = (
        GENERAL
        + """hosts_at_once = 3
[[source]]
slug = "manara"
name = "المنارة"
timezone = "Africa/Cairo"
sitemaps = ["https://manara.example/sitemap.xml"]
urls = ["https://manara.example/special"]
schedule = "15 */6 * * 1-5"
expect = 20
insecure_hosts = ["Old.manara.example"]
limits = { delay = 2, max_pages = 5, tries = 1 }
[[source.sections]]
url = "https://manara.example/{yyyy}/{mm}/{dd}"
links = "ul.list > a[href]"
match = "/news/*"
[[source.credentials]]
origin = "https://api.manara.example"
header = "X-Key"
env = "MANARA_KEY"
"""
    )
    sources = parse(text)
    [manara] = sources.sources
    assert sources.hosts_at_once == 3
    assert (manara.name, manara.timezone, manara.schedule, manara.expect) == (
        "المنارة",
        "Africa/Cairo",
        "15 */6 * * 1-5",
        20,
    )
    assert manara.sections == (Section("https://manara.example/{yyyy}/{mm}/{dd}", "ul.list > a[href]", "/news/*"),)
    assert manara.limits == Limits(delay=2.0, max_pages=5, tries=1)
    assert manara.credentials == (Credentials("https://api.manara.example", "X-Key", "MANARA_KEY"),)
    assert manara.insecure_hosts == ("old.manara.example",)
    assert manara.hosts == ("manara.example",)


MISTAKES = [
    ("[[source]", "sources.toml: "),
    (NASIM, "contact must be an address or URL"),
    ('[fetch]\ncontact = "mailto:مكتب@archive.example"\n' + NASIM, "contact must be an address or URL"),
    ('[fetch]\ncontact = "me"\n' + NASIM, "contact must be an address or URL"),
    (GENERAL, r"no \[\[source\]\]"),
    (GENERAL + "source = 3\n", "unknown key 'source'"),
    (GENERAL + "colour = 3\n" + NASIM, r"\[fetch\]: unknown key 'colour'; known are contact, hosts_at_once"),
    (GENERAL + "hosts_at_once = 0\n" + NASIM, "hosts_at_once must be from 1 to 256, not 0"),
    (GENERAL + NASIM + NASIM, "source 'nasim' is there twice"),
    (GENERAL + '[[source]]\nslug = "../x"\n', r"\[\[source\]\] number 1: slug must be letters"),
    (GENERAL + '[[source]]\nslug = "unknown"\n', "slug must be letters"),
    (GENERAL + '[[source]]\nslug = "nasim"\n', "source 'nasim': nothing to fetch"),
    (GENERAL + NASIM + "feed = []\n", "source 'nasim': unknown key 'feed'; known are"),
    (GENERAL + NASIM + 'sitemaps = "x"\n', "source 'nasim': sitemaps must be a list, not 'x'"),
    (GENERAL + NASIM + 'sitemaps = ["ftp://x.example/a"]\n', "sitemaps: 'ftp://x.example/a' is no http"),
    (GENERAL + NASIM + 'sitemaps = ["https://u:p@x.example/a"]\n', "is no http"),
    (GENERAL + NASIM + "urls = [3]\n", "urls must be a text, not 3"),
    (GENERAL + NASIM + 'timezone = "Beirut"\n', "timezone: 'Beirut' is no IANA zone"),
    (GENERAL + NASIM + 'timezone = "../../etc/passwd"\n', "is no IANA zone"),
    (GENERAL + NASIM + 'schedule = "daily"\n', "schedule: 'daily' is no cron expression"),
    (GENERAL + NASIM + "expect = -1\n", "expect must be from 0"),
    (GENERAL + NASIM + "expect = true\n", "expect must be a whole number, not True"),
    (GENERAL + NASIM + "limits = { delay = -1 }\n", "limits.delay must be from 0 to 3600, not -1"),
    (GENERAL + NASIM + 'limits = { tries = "3" }\n', "limits.tries must be a whole number, not '3'"),
    (GENERAL + NASIM + "limits = { tries = 1.5 }\n", "limits.tries must be a whole number, not 1.5"),
    (GENERAL + NASIM + "limits = { speed = 1 }\n", "limits: unknown key 'speed'"),
    (GENERAL + NASIM + 'sections = [{ url = "https://x.example/{y}" }]\n', "sections.url: '{y}' is no place for a day"),
    (GENERAL + NASIM + 'sections = [{ url = "https://x.example/", links = "a[" }]\n', "is no CSS selector"),
    (GENERAL + NASIM + 'sections = [{ links = "a" }]\n', "sections.url must be a text, not None"),
    (
        GENERAL + NASIM + 'credentials = [{ origin = "https://x.example/a", header = "A", env = "B" }]\n',
        "credentials.origin: https://x.example/a must end after its host",
    ),
    (
        GENERAL + NASIM + 'credentials = [{ origin = "https://x.example", header = "A: b", env = "B" }]\n',
        "'A: b' is no name of a header",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_clear_line(text, message):
    with pytest.raises(SettingsError, match=message) as error:
        parse(text)
    assert str(error.value).startswith("sources.toml: ")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        read_sources(tmp_path / "missing.toml")
    (tmp_path / "sources.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="decode"):
        read_sources(tmp_path / "sources.toml")


def test_the_example_of_the_project_is_right():
    from pathlib import Path

    assert [one.slug for one in read_sources(Path(__file__).parents[2] / "sources.toml").sources] == ["nasim", "manara"]
