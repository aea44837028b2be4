"""robots.txt: what it allows, and what follows when it cannot be had."""

from datetime import UTC, datetime

import pytest

from newsetl.fetch.exchange import Answer, Exchange
from newsetl.fetch.robots import LONGEST_DELAY, MAX_BYTES, is_unknown, parse_robots, robots_from, robots_url

URL = "https://nasim.example/news/1"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /admin", True),
        ("User-agent: *\nDisallow: /news\nAllow: /news/1", True),
        ("User-agent: *\nDisallow: /*/1$", False),
        ("User-agent: newsetl\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: NEWSETL\nDisallow:\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: other\nUser-agent: newsetl\nDisallow: /", False),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("<html>not found</html>", True),
        ("User-agent: *\r\nDisallow: /\r\n", False),
        ("disallow: /", True),
    ],
)
def test_rules(text, allowed):
    assert parse_robots(text.encode()).allowed(URL) is allowed


def test_only_its_beginning_is_read():
    content = b"#" * MAX_BYTES + b"\nUser-agent: *\nDisallow: /"
    assert parse_robots(content).allowed(URL)


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("User-agent: *\nDisallow:", None),
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: 100000", LONGEST_DELAY),
        ("User-agent: *\nCrawl-delay: soon", None),
        ("User-agent: *\nRequest-rate: 1/10", 10.0),
        ("User-agent: newsetl\nCrawl-delay: 7\n\nUser-agent: *\nCrawl-delay: 1", 7.0),
    ],
)
def test_the_pace_it_asks_for(text, delay):
    assert parse_robots(text.encode()).delay == delay


def answer(outcome, reason="", status=200, *, may_retry=False, content=b""):
    exchange = Exchange(URL, datetime(2021, 1, 1, tzinfo=UTC), "93.184.215.14", b"", status, b"", {}, b"")
    return Answer(URL, outcome, reason, str(status), (exchange,), content, may_retry=may_retry)


@pytest.mark.parametrize(
    ("found", "unknown"),
    [
        (answer("fetched", content=b"User-agent: *\nDisallow: /"), False),
        (answer("failed", "http-status", 404), False),
        (answer("failed", "http-status", 403), False),
        (answer("failed", "http-status", 429, may_retry=True), True),
        (answer("failed", "http-status", 503, may_retry=True), True),
        (answer("failed", "timeout", may_retry=True), True),
        (answer("failed", "dns", may_retry=True), True),
        (answer("refused", "private-address"), True),
        (answer("refused", "too-large"), True),
    ],
)
def test_without_an_answer_nothing_is_allowed_and_a_client_error_allows_all(found, unknown):
    assert is_unknown(found) is unknown
    if not unknown:
        assert robots_from(found).allowed(URL) is (found.outcome == "failed")


def test_where_it_lies():
    assert robots_url("http://nasim.example:8080/a/b?c") == "http://nasim.example:8080/robots.txt"
