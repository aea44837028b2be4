"""Which URLs and addresses are refused, and why: the list of RELIABILITY, SSRF."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.fetch.addresses import DnsError, RefusedError, check_url, resolve

PUBLIC = "93.184.215.14"

REFUSED = [
    ("", "bad-scheme"),
    ("news.example/a", "bad-scheme"),
    ("ftp://news.example/a", "bad-scheme"),
    ("file:///etc/passwd", "bad-scheme"),
    ("javascript:alert(1)", "bad-scheme"),
    ("gopher://news.example:70/_x", "bad-scheme"),
    ("http://", "bad-host"),
    ("http:///a", "bad-host"),
    ("http://localhost/", "bad-host"),
    ("http://intranet/", "bad-host"),
    ("http://news.example:22/", "bad-port"),
    ("http://news.example:25/", "bad-port"),
    ("http://news.example:0/", "bad-port"),
    ("http://news.example:99999/", "bad-url"),
    ("http://user@news.example/", "userinfo"),
    ("http://news.example:80@127.0.0.1/", "userinfo"),
    ("http://127.0.0.1#@news.example/", "private-address"),
    ("http://news.example\\@127.0.0.1/", "bad-url"),
    ("http://news.example/a b", "bad-url"),
    ("http://news.example/a\r\nHost: evil.example", "bad-url"),
    ("http://news.example/\x00", "bad-url"),
    ("http://[::1/", "bad-url"),
    ("http://127.0.0.1/", "private-address"),
    ("http://127.1/", "bad-host"),
    ("http://0x7f.1/", "bad-host"),
    ("http://0x7f000001/", "bad-host"),
    ("http://2130706433/", "bad-host"),
    ("http://017700000001/", "bad-host"),
    ("http://0177.0.0.1/", "bad-host"),
    ("http://127.0.0.1.:80/", "private-address"),
    ("http://10.1.2.3/", "private-address"),
    ("http://172.16.0.1/", "private-address"),
    ("http://192.168.1.1/", "private-address"),
    ("http://100.64.0.1/", "private-address"),
    ("http://169.254.169.254/latest/meta-data/", "private-address"),
    ("http://0.0.0.0/", "private-address"),
    ("http://255.255.255.255/", "private-address"),
    ("http://224.0.0.1/", "private-address"),
    ("http://240.0.0.1/", "private-address"),
    ("http://[::1]/", "private-address"),
    ("http://[::]/", "private-address"),
    ("http://[::ffff:127.0.0.1]/", "private-address"),
    ("http://[::ffff:7f00:1]/", "private-address"),
    ("http://[fe80::1]/", "private-address"),
    ("http://[fe80::1%25eth0]/", "bad-host"),
    ("http://[fc00::1]/", "private-address"),
    ("http://[fd00:ec2::254]/", "private-address"),
    ("http://[2002:7f00:1::]/", "private-address"),
    ("http://[64:ff9b::7f00:1]/", "private-address"),
    ("http://[2001:0:7f00:1::1]/", "private-address"),
    ("http://[ff02::1]/", "private-address"),
    ("http://[fec0::1]/", "private-address"),  # site-local; Python calls it global
    ("http://[3fff::1]/", "private-address"),  # documentation, RFC 9637
    ("http://[5f00::1]/", "private-address"),  # segment routing
    ("http://[64:ff9b:1::7f00:1]/", "private-address"),  # NAT64 of a network's own
    ("http://[::127.0.0.1]/", "private-address"),
    ("http://[::ffff:0:7f00:1]/", "private-address"),  # IPv4-translated
    ("http://[2600::5efe:7f00:1]/", "private-address"),  # ISATAP
    ("http://[2600::200:5efe:a00:1]/", "private-address"),
    ("http://[2002:a9fe:a9fe::]/", "private-address"),  # 6to4 of 169.254.169.254
    ("http://news.example/\ud800", "bad-url"),  # JSON can hold half a character
    ("http://\ud800.example/", "bad-url"),
    ("http://１２７.0.0.1/", "private-address"),  # full-width digits
    ("http://127。0。0。1/", "private-address"),  # ideographic full stops
    ("http://" + "a" * 300 + ".example/", "bad-host"),
    ("http://news.example/" + "a" * 9000, "bad-url"),
]


@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_a_url_is_refused_with_its_reason(url, reason):
    with pytest.raises(RefusedError) as refused:
        check_url(url)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://news.example", "http://news.example/"),
        ("HTTP://NEWS.example:80/A", "http://news.example/A"),
        ("https://news.example:443/a?b=c#d", "https://news.example/a?b=c"),
        ("https://news.example:8443/", "https://news.example:8443/"),
        ("https://أخبار.example/سوق?ا=ب", "https://xn--igbicxr.example/%D8%B3%D9%88%D9%82?%D8%A7=%D8%A8"),
        ("https://news.example/%D8%B3%20/..", "https://news.example/"),
        ("https://news.example/a/../b/./c", "https://news.example/b/c"),
        ("https://news.example/../../etc/passwd", "https://news.example/etc/passwd"),
        ("https://news.example//a//b", "https://news.example/a//b"),
        ("https://news.example/%d8%b3?q=%d8%b3", "https://news.example/%D8%B3?q=%D8%B3"),
        ("https://news.example/%7Ea%2e", "https://news.example/%7Ea%2E"),
        ("https://news.example/100%?q=%22a%22&z=5%", "https://news.example/100%25?q=%22a%22&z=5%25"),
        ('https://news.example/a?b[]="c|d', "https://news.example/a?b%5B%5D=%22c%7Cd"),
        ("http://93.184.215.14/", "http://93.184.215.14/"),
        ("http://[2606:2800:21f:cb07::1]/", "http://[2606:2800:21f:cb07::1]/"),
    ],
)
def test_a_public_url_is_asked_for_in_one_form(url, asked):
    assert check_url(url) == asked
    assert check_url(asked) == asked


@pytest.mark.parametrize("url", ["http://127.0.0.1:4321/", "http://[::1]:4321/", "http://localhost:4321/"])
def test_loopback_alone_can_be_allowed(url):
    assert check_url(url, allow_loopback=True) == url
    for private in ("http://10.0.0.1/", "http://169.254.169.254/", "http://[fe80::1]/", "http://0.0.0.0/"):
        with pytest.raises(RefusedError, match="private-address"):
            check_url(private, allow_loopback=True)


def answers(*texts):
    """A name server that gives these addresses."""
    return lambda host, port, **_: [
        (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in texts
    ]


def test_all_addresses_of_a_name_must_be_public():
    assert resolve("news.example", 80, getaddrinfo=answers(PUBLIC, "2606:2800:21f::1")) == [PUBLIC, "2606:2800:21f::1"]
    for bad in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "0.0.0.1"):
        with pytest.raises(RefusedError, match=r"private-address: news\.example is"):
            resolve("news.example", 80, getaddrinfo=answers(PUBLIC, bad))


def test_a_name_without_address_is_a_failure_and_no_refusal():
    def nobody(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(DnsError, match="not known"):
        resolve("news.example", 80, getaddrinfo=nobody)
    with pytest.raises(DnsError, match="no address"):
        resolve("news.example", 80, getaddrinfo=answers())


@given(st.text(st.characters(), max_size=60))  # half characters too
def test_any_text_is_refused_or_becomes_a_url_of_a_public_host(text):
    for url in (text, f"http://{text}", f"https://news.example/{text}"):
        try:
            found = check_url(url)
        except RefusedError:
            continue
        assert found.isascii()
        assert found.startswith(("http://", "https://"))
        assert check_url(found) == found


@given(st.ip_addresses(v=6) | st.ip_addresses(v=4))
def test_an_address_is_allowed_only_when_the_standard_calls_it_global(address):
    try:
        found = resolve("news.example", 80, getaddrinfo=answers(str(address)))
    except RefusedError:
        return
    assert found == [str(address)]
    assert address.is_global
    assert not address.is_multicast
