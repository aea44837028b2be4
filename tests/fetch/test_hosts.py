"""Whom to ask next and when: the pace of a host, its troubles, its pauses."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsetl.fetch.exchange import Answer, Exchange
from newsetl.fetch.hosts import LONGEST_PAUSE, MAX_TROUBLES, Host, Hosts, Request, settle
from newsetl.fetch.robots import parse_robots
from newsetl.fetch.source import Limits

NOW = datetime(2021, 2, 10, 12, tzinfo=UTC)
ALL = parse_robots(b"")


def request(url="https://nasim.example/1", **more):
    return Request("nasim", "page", url, url, "feed", **more)


def host(*requests, limits=None, robots=ALL, name="nasim.example"):
    found = Host(name, limits or Limits(delay=2.0), NOW, robots=robots)
    found.waiting.extend(requests)
    return found


def hosts(*several):
    found = Hosts()
    for one in several:
        found.add(one)
    return found


def fine():
    return Answer("u", "fetched", exchanges=(Exchange("u", NOW, "", b"", 200, b"", {}, b""),))


def trouble(reason="timeout", retry_after=None):
    return Answer("u", "failed", reason, may_retry=True, retry_after=retry_after)


def test_between_two_requests_lies_the_delay():
    one = host(request(), request())
    found = hosts(one)
    taken, first = found.take(NOW)
    assert (taken, first.tries) == (one, 1)
    settle(one, first, fine(), NOW)
    assert found.take(NOW + timedelta(seconds=1.9)) is None
    assert found.next_time() == NOW + timedelta(seconds=2)
    assert found.take(NOW + timedelta(seconds=2)) is not None
    assert found.next_time() is None


def test_robots_txt_may_ask_for_a_longer_delay_and_never_for_a_shorter_one():
    slow, fast = parse_robots(b"User-agent: *\nCrawl-delay: 9"), parse_robots(b"User-agent: *\nCrawl-delay: 0.1")
    assert host(robots=slow).delay == timedelta(seconds=9)
    assert host(robots=fast).delay == timedelta(seconds=2)


def test_a_host_gets_so_many_requests_at_once_as_its_source_says():
    one = host(request(), request(), request(), limits=Limits(delay=0, concurrency=2))
    found = hosts(one)
    assert found.take(NOW)
    assert found.take(NOW)
    assert found.take(NOW) is None
    settle(one, request(), fine(), NOW)
    assert found.take(NOW)


def test_robots_txt_is_asked_for_alone():
    one = host(request(), request(), limits=Limits(delay=0, concurrency=5), robots=None)
    found = hosts(one)
    assert found.take(NOW)
    assert found.take(NOW) is None


def test_the_host_that_waits_longest_comes_first():
    one = host(request(), request(), name="a.example")
    other = host(request("https://b.example/"), name="b.example")
    found = hosts(one, other)
    assert [found.take(NOW)[0].name, found.take(NOW)[0].name] == ["a.example", "b.example"]


def test_a_retry_after_is_obeyed():
    one = host()
    assert settle(one, request(tries=1), trouble("http-status", 60.0), NOW)
    assert one.ready_at == NOW + timedelta(seconds=60)
    assert hosts(one).take(NOW + timedelta(seconds=59)) is None


def test_a_host_that_asks_for_a_long_pause_is_left():
    one = host(request())
    settle(one, request(tries=1), trouble("http-status", LONGEST_PAUSE + 1), NOW)
    found = hosts(one)
    assert found.next_time() is None
    assert len(list(found.leftovers())) == 2
    assert "asks for a pause of 301 s" in one.left


def test_pauses_double_and_a_host_in_trouble_is_left():
    one, pauses = host(), []
    for _ in range(MAX_TROUBLES):
        one.ready_at = NOW
        settle(one, request(tries=3), trouble(), NOW)
        pauses.append((one.ready_at - NOW).total_seconds())
    for number, pause in enumerate(pauses):
        assert 0.75 * 2 * 2**number <= pause <= 1.25 * 2 * 2**number
    assert "6 failures one after the other, the last: timeout" in one.left


def test_an_answer_ends_the_count_of_troubles():
    one = host()
    for _ in range(MAX_TROUBLES - 1):
        settle(one, request(tries=3), trouble(), NOW)
    settle(one, request(), fine(), NOW)
    settle(one, request(tries=3), trouble(), NOW)
    assert one.left is None


@pytest.mark.parametrize("reason", ["cut", "bad-encoding", "bad-http"])
def test_a_broken_page_is_no_trouble_of_its_host(reason):
    one = host(request("https://nasim.example/2"))
    for _ in range(MAX_TROUBLES + 1):
        settle(one, request(tries=3), trouble(reason), NOW)
    assert (one.troubles, one.left, one.ready_at) == (0, None, NOW)
    assert settle(one, request(tries=1), trouble(reason), NOW)
    assert one.waiting[-1].url == "https://nasim.example/1"  # behind the others


def test_a_url_is_tried_so_often_and_no_more():
    one = host(limits=Limits(tries=2))
    assert settle(one, request(tries=1), trouble(), NOW)
    assert not settle(one, request(tries=2), trouble(), NOW)
    assert not settle(one, request(tries=1), Answer("u", "refused", "bomb"), NOW)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["fine", "timeout", "cut"])), max_size=40),
    st.integers(1, 3),
)
def test_every_request_ends_and_no_host_is_asked_faster_than_it_may(plan, concurrency):
    found, fate = Hosts(), {}
    for number, (name, end) in enumerate(plan):
        url = f"https://{name}.example/{number}"
        fate[url] = end
        one = found.find(f"{name}.example")
        if one is None:
            one = host(limits=Limits(delay=1.0, concurrency=concurrency), name=f"{name}.example")
            found.add(one)
        one.waiting.append(request(url))
    now, ended, starts = NOW, [], {}
    while (then := found.next_time()) is not None:
        now = max(now, then)
        one, taken = found.take(now)
        starts.setdefault(one.name, []).append(now)
        if not settle(one, taken, fine() if fate[taken.url] == "fine" else trouble(fate[taken.url]), now):
            ended.append(taken.url)
    ended += [left.url for _, left in found.leftovers()]
    assert sorted(ended) == sorted(fate)
    for times in starts.values():
        assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(times))
