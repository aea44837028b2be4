"""Whole fetches of a news site on loopback, and what of them becomes datasets."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path
from urllib.parse import urljoin

import pandas as pd
import pytest

from newsetl.errors import NewsetlError
from newsetl.fetch.loading import mark_loaded, new_files
from newsetl.fetch.run_fetch import FetchJob, choose, fetch
from newsetl.fetch.sources_file import parse_sources
from newsetl.fetch.state import State
from newsetl.fetch.warc_notes import find_files, read_notes
from newsetl.fetch.window import parse_window
from newsetl.io.paths import store_path
from newsetl.plan import plan_run
from newsetl.run import run
from newsetl.settings import Settings
from newsetl.stages.urls import canonicalize_url
from newsetl.verify import verify
from tests.fetch.news_site import BEIRUT, Manara, Nasim, Reply, Sahifa, serving, sources_text, stories

LAST = date(2021, 2, 10)
SLUGS = ("nasim-test", "manara-test", "sahifa-test")


@pytest.fixture
def site():
    """Three outlets with 500 pages."""
    outlets = (
        Nasim("nasim-test", stories(220, LAST - timedelta(days=59), 60)),
        Manara("manara-test", stories(140, LAST - timedelta(days=1), 2)),
        Sahifa("sahifa-test", stories(140, LAST - timedelta(days=9), 10, "/item/{number}-{day:%Y%m%d}")),
    )
    with serving(*outlets):
        yield outlets


def job_for(site, raw, **changes):
    sources = parse_sources(sources_text(*site), "sources.toml")
    fast = tuple(replace(one, limits=replace(one.limits, timeout=2.0, max_pages=10_000)) for one in sources.sources)
    return FetchJob(replace(sources, sources=fast), raw, allow_loopback=True, **changes)


def load(inputs, out):
    settings = Settings(inputs=tuple(map(str, inputs)), out=str(out), workers=1)
    return run(settings, plan_run(settings))


def by_slug(results):
    return {one.slug: one for one in results}


def expected_urls(site):
    return {outlet.url + story.path for outlet in site for story in outlet.published}


def forget_requests(site):
    for outlet in site:
        outlet.asked.clear()


def test_one_run_fetches_all_that_is_allowed_and_a_second_one_nothing(site, tmp_path, days):
    raw = tmp_path / "raw"
    results = by_slug(fetch(job_for(site, raw), days.clock))
    nasim, manara, sahifa = (results[slug] for slug in SLUGS)
    assert nasim.pages == {("fetched", ""): 220, ("refused", "robots"): 1}
    assert manara.pages == {("fetched", ""): 140, ("unchanged", "same-page"): 5}
    assert sahifa.pages == {
        ("fetched", ""): 140,
        ("failed", "bad-encoding"): 1,
        ("failed", "cut"): 1,
        ("failed", "http-status"): 1,
        ("refused", "robots"): 1,
    }
    assert "/admin/draft" not in site[0].paths()
    assert "/private/1" not in site[2].paths()

    result = load([raw], tmp_path / "out")
    assert result.outcomes == {"article": 500}
    articles = pd.read_parquet(tmp_path / "out" / "articles")
    assert set(articles["canonical_url"]) == expected_urls(site)
    assert articles["canonical_url"].is_unique
    for outlet, name in zip(site, ("النسيم للاختبار", "المنارة للاختبار", "الصحيفة للاختبار"), strict=True):
        rows = articles[articles["source"] == outlet.slug].set_index("canonical_url")
        assert set(rows["source_name"]) == {name}
        found = {(url, day) for url, day in rows["published_on"].items()}
        assert found == {(outlet.url + story.path, story.day) for story in outlet.published}
        assert dict(rows["title"]) == {outlet.url + story.path: story.title for story in outlet.published}
    quotes = pd.read_parquet(tmp_path / "out" / "quotes")
    assert (quotes.groupby("article_id").size() >= 1).sum() == 500
    assert verify(store_path(str(tmp_path / "out"))).problems == []

    forget_requests(site)
    again = fetch(job_for(site, raw), days.clock)
    assert [one.due for one in again] == [0, 0, 0]
    assert [one.files for one in again] == [(), (), ()]
    assert {status for outlet in site for _, _, status in outlet.asked} == {304}
    assert not [path for outlet in site for path in outlet.paths() if path == "/robots.txt"]
    assert load([raw], tmp_path / "out").files_written == 0


def test_a_page_in_trouble_is_asked_for_again_later_and_given_up_in_the_end(site, tmp_path, days):
    job = job_for(site, tmp_path / "raw")
    sahifa = replace(job, sources=choose(job.sources, ["sahifa-test"]))
    fetch(sahifa, days.clock)
    tried = [site[2].seen["/always-cut"]]
    for _ in range(12):
        days.sleep(2 * 24 * 3600)
        fetch(sahifa, days.clock)
        tried.append(site[2].seen["/always-cut"])
    assert tried[1] > tried[0]
    assert tried[-1] == tried[-2]
    assert site[2].seen["/gone"] == 1


def test_a_host_is_asked_at_its_pace(site, tmp_path, days):
    job = job_for(site, tmp_path / "raw", limit=5)
    slow = tuple(replace(one, limits=replace(one.limits, delay=7.0)) for one in job.sources.sources)
    before = days.now()
    fetch(replace(job, sources=replace(job.sources, sources=slow)), days.clock)
    # robots.txt, two feeds and three or more sitemaps, then five pages: eleven requests to the busiest host, in turn
    assert (days.now() - before).total_seconds() >= 7.0 * 10
    assert [one.count("fetched") for one in fetch(job, days.clock)] == [5, 5, 5]


def test_what_an_edit_changed_is_fetched_again_and_kept_as_a_revision(site, tmp_path, days):
    raw, out = tmp_path / "raw", tmp_path / "out"
    nasim = replace(job_for(site, raw), sources=choose(job_for(site, raw).sources, ["nasim-test"]))
    fetch(nasim, days.clock)
    load([raw], out)
    story = site[0].published[-3]
    site[0].versions[story.path] += 1
    days.sleep(4 * 3600)
    forget_requests(site)
    [again] = fetch(nasim, days.clock)
    assert again.pages == {("fetched", ""): 1}
    assert load(again.files, out).outcomes == {"article": 1}
    revisions = pd.read_parquet(out / "revisions")
    assert len(revisions) == 1
    assert "ملاعب" not in revisions["text"][0]
    assert len(pd.read_parquet(out / "articles")) == 220


def test_days_of_the_past_are_found_by_sitemaps_and_sections(site, tmp_path, days):
    since, until = LAST - timedelta(days=40), LAST - timedelta(days=1)
    window = parse_window(since.isoformat(), until.isoformat())
    results = by_slug(fetch(job_for(site, tmp_path / "raw", window=window), days.clock))
    for outlet in site:
        wanted = [story for story in outlet.published if since <= story.day <= until]
        assert results[outlet.slug].count("fetched") == len(wanted), outlet.slug
    sections = [path for path in site[1].paths() if path.startswith("/archive/")]
    assert len(sections) == 40
    assert not [path for path in site[0].paths() if path.startswith("/sitemap-2020-12")]


def test_an_index_that_did_not_change_leads_to_other_days(site, tmp_path, days):
    job = job_for(site, tmp_path / "raw")
    nasim = replace(job, sources=choose(job.sources, ["nasim-test"]))
    for since, until in ((5, 0), (59, 40), (39, 6)):
        window = parse_window(*((LAST - timedelta(days=back)).isoformat() for back in (since, until)))
        [result] = fetch(replace(nasim, window=window), days.clock)
        wanted = [story for story in site[0].published if window.since <= story.day <= window.until]
        assert result.count("fetched") == len(wanted) > 0


def test_two_fetches_of_one_source_cannot_run_at_once(site, tmp_path, days):
    from newsetl.io.lock import locked

    with (
        locked(tmp_path / "raw" / "nasim-test"),
        pytest.raises(NewsetlError, match="another run is writing here: process"),
    ):
        fetch(job_for(site, tmp_path / "raw"), days.clock)


def pages_in(raw):
    """The URLs of all pages in the raw files that readers see, with how often each is there."""
    from warcio.archiveiterator import ArchiveIterator

    found = Counter()
    for path in raw.rglob("*.warc.gz"):
        if not path.name.startswith("_"):
            with path.open("rb") as handle:
                records = [r for r in ArchiveIterator(handle) if r.rec_type == "response"]
                urls = (record.rec_headers.get_header("WARC-Target-URI") for record in records)
                found.update(canonicalize_url(url) for url in urls)
    return found


@pytest.fixture
def site_of_today():
    """Three outlets that publish now: for runs by the real clock. Pages in trouble cost seconds, so there are few."""
    today = datetime.now(BEIRUT).date()
    outlets = (
        Nasim("nasim-test", stories(150, today - timedelta(days=40), 41)),
        Manara("manara-test", stories(25, today - timedelta(days=1), 2)),
        Sahifa("sahifa-test", stories(20, today - timedelta(days=9), 10, "/item/{number}-{day:%Y%m%d}")),
    )
    with serving(*outlets):
        yield outlets


@pytest.mark.parametrize("answers", [10, 60, 150])
def test_a_killed_run_resumes_with_nothing_lost_or_doubled(site_of_today, tmp_path, answers):
    raw, site = tmp_path / "raw", site_of_today
    (tmp_path / "sources.toml").write_text(sources_text(*site), encoding="utf-8")
    command = [sys.executable, "-m", "newsetl.cli", "fetch", "--sources", str(tmp_path / "sources.toml")]
    command += ["--raw", str(raw), "--allow-loopback"]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while sum(len(outlet.asked) for outlet in site) < answers and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    kept = pages_in(raw)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "loopback addresses may be asked" in done.stderr
    found = pages_in(raw)
    assert set(found) == expected_urls(site)
    assert set(found.values()) == {1}
    assert set(kept) <= set(found)
    assert not [path for path in raw.rglob("*") if path.name.startswith("_open")]


def test_24_days_of_schedule(tmp_path, days):
    first = date(2021, 1, 25)
    outlets = (
        Nasim("nasim-test", stories(96, first, 24)),
        Manara("manara-test", stories(72, first, 24)),
        Sahifa("sahifa-test", stories(48, first, 24, "/item/{number}-{day:%Y%m%d}")),
    )
    raw, out = tmp_path / "raw", tmp_path / "out"
    totals = Counter()
    with serving(*outlets):
        for number in range(24):
            today = first + timedelta(days=number)
            for outlet in outlets:
                outlet.today = today
            if number == 12:
                outlets[0].versions[outlets[0].published[-6].path] += 1
            days.go_to(days.now().replace(year=today.year, month=today.month, day=today.day, hour=22))
            results = fetch(job_for(outlets, raw), days.clock)
            assert [one.slug for one in results if one.count("fetched") == 0] == []
            files = new_files(raw, SLUGS, str(out))
            assert {path.parent.name for path in files} == {today.isoformat()}
            totals.update(load(files, out).outcomes)
            mark_loaded(raw, files, str(out))
        assert new_files(raw, SLUGS, str(out)) == []
        articles = pd.read_parquet(out / "articles")
        assert set(articles["canonical_url"]) == expected_urls(outlets)
    assert len(articles) == 96 + 72 + 48
    assert totals["article"] == 217  # one was edited
    records = pd.read_parquet(out / "records")
    assert len(records) == 217
    assert records["outcome"].value_counts().to_dict() == {"article": 216, "superseded": 1}
    assert len(pd.read_parquet(out / "revisions")) == 1
    partitions = {path.parent.relative_to(out / "articles").as_posix() for path in out.glob("articles/*/*/*/*.parquet")}
    assert partitions == {f"source={slug}/year=2021/month={month}" for slug in SLUGS for month in (1, 2)}
    assert verify(store_path(str(out))).problems == []
    assert Path(raw / "nasim-test").is_dir()


class Hostile(Nasim):
    """An outlet whose feed, sitemap and redirects lead where nobody may go."""

    LINKS = (
        ("http://10.0.0.7/a", "private-address"),
        ("http://169.254.169.254/latest/meta-data/", "private-address"),
        ("http://[fe80::1]/a", "private-address"),
        ("http://[::ffff:10.0.0.1]/a", "private-address"),
        ("http://0x7f.1/a", "bad-host"),
        ("http://2130706433/a", "bad-host"),
        ("http://intranet/a", "bad-host"),
        ("http://user:secret@news.example/a", "userinfo"),
        ("http://news.example:22/a", "bad-port"),
        ("/redirect/private", "private-address"),
        ("/redirect/loop", "redirect-loop"),
        ("/redirect/many/1", "too-many-redirects"),
        ("/bomb", "bomb"),
        ("/nested", "unsupported-encoding"),
        ("/large", "too-large"),
        ("/admin/x", "robots"),
        ("/redirect/admin", "robots"),
    )

    def reply(self, path, headers):
        if path == "/rss.xml":
            items = "".join(f"<item><link>{escape(link)}</link></item>" for link, _ in self.LINKS)
            return Reply(body=f"<rss><channel>{items}</channel></rss>".encode(), type="application/rss+xml")
        if path == "/sitemap.xml":
            bomb = '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><urlset><url><loc>/x&c;</loc></url></urlset>'
            return Reply(body=bomb.encode(), type="text/xml")
        targets = {"private": "http://192.168.0.1/", "loop": "/redirect/loop", "admin": "/admin/y"}
        name = path.removeprefix("/redirect/")
        if path.startswith("/redirect/"):
            return Reply(302, headers={"Location": targets.get(name, f"/redirect/{name}1")})
        if path in {"/bomb", "/nested"}:
            body = gzip.compress(bytes(30_000_000))
            coding = {"/bomb": "gzip", "/nested": "gzip, gzip"}[path]
            return Reply(body=body if path == "/bomb" else gzip.compress(body), headers={"Content-Encoding": coding})
        if path == "/large":
            return Reply(body=b"x" * 17_000_000)
        return super().reply(path, headers)


def test_what_is_refused_stands_in_the_ledger_with_its_reason(tmp_path, days):
    outlet = Hostile("nasim-test", [])
    with serving(outlet):
        job = job_for((outlet, outlet, outlet), tmp_path / "raw")
        [result] = fetch(replace(job, sources=choose(job.sources, ["nasim-test"])), days.clock)
        with State(tmp_path / "raw" / "nasim-test") as state:
            rows = {row[2]: (row[8], row[9]) for row in state.dump() if row[0] == "page"}
    expected = {urljoin(outlet.url, link): ("refused", reason) for link, reason in Hostile.LINKS}
    assert rows == expected
    assert result.listings["refused", "xml-entities"] == 1
    assert result.count("refused") == len(Hostile.LINKS)
    assert result.files == ()
    notes = [note for path in find_files(tmp_path / "raw" / "nasim-test") for note in read_notes(path)]
    assert {note["url"]: (note["outcome"], note["reason"]) for note in notes if note["kind"] == "page"} == expected
    assert not [path for path in outlet.paths() if path.startswith("/admin/")]
