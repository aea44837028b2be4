"""What the client refuses, survives and never sends, against servers on loopback that answer byte by byte.

Names get public addresses from a name server of the test, and connections to these addresses go to the test's servers:
so the policy is the one that users get, with real sockets.
"""

import contextlib
import gc
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from urllib3.util.connection import create_connection

from newsetl.errors import SettingsError
from newsetl.fetch.client import Client
from newsetl.fetch.source import Credentials, Limits

NOW = datetime(2021, 2, 10, 12, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


class Web:
    """Hosts with public addresses, each a server on loopback that answers as a function says."""

    def __init__(self):
        self.hosts = {}  # name -> list of addresses, one for each look-up, the last for all that follow
        self.ports = {}  # (public address, port) -> port on loopback
        self.requests = []  # (name, the whole request)
        self.lookups = []
        self.connected = []
        self._stack = contextlib.ExitStack()

    def serve(self, name, address, answer, *, port=80, context=None):
        """A host: `answer(path, socket)` writes to the socket; it is closed then."""
        self.hosts.setdefault(name, [[address]])
        listener = socket.create_server(("127.0.0.1", 0))
        self._stack.callback(listener.close)
        self.ports[address, port] = listener.getsockname()[1]

        def loop():
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=self._serve_one, args=(name, sock, answer, context), daemon=True).start()

        threading.Thread(target=loop, daemon=True).start()

    def _serve_one(self, name, sock, answer, context):
        with contextlib.suppress(OSError), contextlib.closing(sock):
            sock.settimeout(20)
            if context is not None:
                sock = context.wrap_socket(sock, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                piece = sock.recv(65536)
                if not piece:
                    return
                request += piece
            self.requests.append((name, request))
            answer(request.split(b" ")[1].decode(), sock)
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
                sock.recv(1)
            sock.close()

    def getaddrinfo(self, host, port, **_):
        self.lookups.append(host)
        if host not in self.hosts:
            raise socket.gaierror(-2, "Name or service not known")
        answers = self.hosts[host]
        texts = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in texts]

    def connect(self, address, *arguments, **options):
        self.connected.append(address)
        if address not in self.ports:
            raise ConnectionRefusedError(111, f"nobody is at {address}")
        return create_connection(("127.0.0.1", self.ports[address]), *arguments, **options)

    def client(self, limits=None, **options):
        limits = limits or Limits(timeout=3.0, max_seconds=10.0)
        client = Client(
            limits,
            user_agent="newsetl/test (+mailto:desk@archive.example)",
            clock=lambda: NOW,
            getaddrinfo=self.getaddrinfo,
            connect=self.connect,
            **options,
        )
        return self._stack.enter_context(client)

    def headers(self, name):
        """The headers of each request to a host, as sent, names in lower case."""
        return [
            dict(line.decode().lower().split(": ", 1) for line in request.split(b"\r\n")[1:] if b": " in line)
            for found, request in self.requests
            if found == name
        ]

    def close(self):
        self._stack.close()


@pytest.fixture
def web():
    found = Web()
    yield found
    found.close()


def says(*pieces, pause=0.0):
    """An answer of these bytes, with a pause between them."""

    def answer(_, sock):
        for number, piece in enumerate(pieces):
            time.sleep(pause if number else 0)
            sock.sendall(piece)

    return answer


def page(body=b"<p>hello", *headers):
    lines = b"".join(header + b"\r\n" for header in headers)
    return OK + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


def redirect(location, status=302):
    return b"HTTP/1.1 %d Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, location.encode())


def outcome(answer):
    return answer.outcome, answer.reason


NEWS, OTHER = "93.184.215.14", "93.184.215.15"


# --- the usual ------------------------------------------------------------------------------------------------------


def test_a_page_comes_with_its_exchange(web):
    web.serve("news.example", NEWS, says(page(b"<p>hello", b'ETag: "1"', b"X-Twice: a", b"X-Twice: b")))
    answer = web.client().get("http://news.example/a?b=c#d")
    assert (answer.outcome, answer.content, answer.final_url) == ("fetched", b"<p>hello", "http://news.example/a?b=c")
    [exchange] = answer.exchanges
    assert (exchange.status, exchange.address, exchange.at, exchange.tls_verified) == (200, NEWS, NOW, None)
    assert exchange.headers["etag"] == '"1"'
    assert exchange.head.endswith(b'ETag: "1"\r\nX-Twice: a\r\nX-Twice: b\r\nContent-Length: 8\r\n\r\n')
    assert exchange.request.startswith(
        b"GET /a?b=c HTTP/1.1\r\nHost: news.example\r\nUser-Agent: newsetl/test (+mailto:"
    )
    [sent] = web.headers("news.example")
    assert sent.keys() == {"host", "user-agent", "accept", "accept-encoding", "connection"}


def test_the_request_in_the_exchange_is_what_went_over_the_wire(web):
    web.serve("news.example", NEWS, says(page()))
    asked = "http://news.example/%7Ea/%2e/100%?q=%22x%22&b[]=سوق"
    [exchange] = web.client().get(asked, etag='"1"').exchanges
    [(_, sent)] = web.requests
    assert sorted(exchange.request.split(b"\r\n")) == sorted(sent.split(b"\r\n"))
    assert exchange.request.split(b"\r\n")[0] == sent.split(b"\r\n")[0]
    assert sent.startswith(b"GET " + exchange.url.removeprefix("http://news.example").encode() + b" HTTP/1.1\r\n")


def test_the_bytes_of_headers_stay_and_those_of_one_name_are_joined(web):
    place = "/مقام".encode()  # the byte 85 of the first letter is a space to Python
    web.serve(
        "news.example", NEWS, says(page(b"x", b"X-Place: " + place, b"Vary: a", b"X-Folded: a\r\n  b", b"vary: c"))
    )
    [exchange] = web.client().get("http://news.example/").exchanges
    assert b"\r\nX-Place: " + place + b"\r\n" in exchange.head
    assert b"\r\nX-Folded: a b\r\n" in exchange.head
    assert exchange.headers["vary"] == "a, c"
    assert exchange.headers["x-folded"] == "a b"


@pytest.mark.parametrize("value", ['"a\r\n b"', '"a\nCookie: b"', ' "a"', '\x85"a"', '"\x00"', '"سوق"', "\ud800"])
def test_a_validator_that_is_no_header_is_not_sent(web, value):
    web.serve("news.example", NEWS, says(page()))
    assert outcome(web.client().get("http://news.example/", etag=value, modified=value)) == ("fetched", "")
    [sent] = web.headers("news.example")
    assert not sent.keys() & {"if-none-match", "if-modified-since", "cookie"}


def test_validators_are_sent_and_304_is_unchanged(web):
    web.serve("news.example", NEWS, says(b"HTTP/1.1 304 Not Modified\r\n\r\n"))
    answer = web.client().get("http://news.example/", etag='"1"', modified="Mon, 01 Feb 2021 10:00:00 GMT")
    assert outcome(answer) == ("unchanged", "")
    [sent] = web.headers("news.example")
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', "mon, 01 feb 2021 10:00:00 gmt")
    assert outcome(web.client().get("http://news.example/")) == ("failed", "http-status")


@pytest.mark.parametrize(
    ("status", "header", "may_retry", "wait"),
    [
        (404, b"", False, None),
        (410, b"Retry-After: 5", False, None),
        (403, b"", False, None),
        (429, b"Retry-After: 7", True, 7.0),
        (503, b"Retry-After: Wed, 10 Feb 2021 12:01:00 GMT", True, 60.0),
        (503, b"Retry-After: Wed, 10 Feb 2021 11:00:00 GMT", True, 0.0),
        (429, b"Retry-After: 99999999999", True, 86400.0),
        (429, b"Retry-After: soon", True, None),
        (429, b"Retry-After: Wed, 10 Feb 99999 11:00:00 GMT", True, None),
        (425, b"Retry-After: 1\r\nRetry-After: 2", True, None),
        (429, b"Retry-After: -5", True, None),
        (500, b"", True, None),
        (408, b"", True, None),
    ],
)
def test_a_status_tells_whether_and_when_to_try_again(web, status, header, may_retry, wait):
    web.serve("news.example", NEWS, says(b"HTTP/1.1 %d X\r\n%b\r\nContent-Length: 0\r\n\r\n" % (status, header)))
    answer = web.client().get("http://news.example/")
    assert (*outcome(answer), answer.detail) == ("failed", "http-status", str(status))
    assert (answer.may_retry, answer.retry_after) == (may_retry, wait)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate", "identity"])
def test_bodies_are_decoded(web, coding):
    text = b"<p>hello " * 100
    raw = zlib.compressobj(wbits=-15)
    bodies = {
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "raw-deflate": raw.compress(text) + raw.flush(),
        "identity": text,
    }
    name = coding.removeprefix("raw-").encode()
    web.serve("news.example", NEWS, says(page(bodies[coding], b"Content-Encoding: " + name)))
    answer = web.client().get("http://news.example/")
    assert answer.content == text
    assert answer.exchanges[0].body == bodies[coding]


def test_a_chunked_body_is_kept_without_chunks_and_says_so(web):
    web.serve(
        "news.example", NEWS, says(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\n wo\r\n0\r\n\r\n")
    )
    answer = web.client().get("http://news.example/")
    assert answer.content == b"hello wo"
    assert b"\r\nX-Archive-Orig-Transfer-Encoding: chunked\r\n" in answer.exchanges[0].head


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://127.0.0.1/", "private-address"),
        ("http://169.254.169.254/latest/meta-data/", "private-address"),
        ("http://[::1]/", "private-address"),
        ("http://[::ffff:127.0.0.1]/", "private-address"),
        ("//10.0.0.1/", "private-address"),
        ("http://0x7f.1/", "bad-host"),
        ("http://2130706433/", "bad-host"),
        ("http://017700000001/", "bad-host"),
        ("http://user:secret@other.example/", "userinfo"),
        ("http://inside.example/", "private-address"),
        ("http://mixed.example/", "private-address"),
        ("http://other.example:22/", "bad-port"),
        ("file:///etc/passwd", "bad-scheme"),
        ("ftp://other.example/", "bad-scheme"),
        ("http://[::1", "bad-url"),
    ],
)
def test_a_redirect_is_checked_as_the_first_url(web, target, reason):
    web.serve("news.example", NEWS, says(redirect(target)))
    web.hosts |= {"inside.example": [["10.0.0.7"]], "mixed.example": [[OTHER, "127.0.0.1"]]}
    answer = web.client().get("http://news.example/")
    assert outcome(answer) == ("refused", reason)
    assert [exchange.status for exchange in answer.exchanges] == [302]
    assert {address for address, _ in web.connected} == {NEWS}


def test_the_connection_goes_to_the_address_that_was_checked(web):
    """DNS rebinding: the second answer of the name server is private; it is never asked a second time."""
    web.serve("news.example", NEWS, says(page()))
    web.hosts["news.example"] = [[NEWS], ["127.0.0.1"]]
    answer = web.client().get("http://news.example/")
    assert outcome(answer) == ("fetched", "")
    assert web.lookups == ["news.example"]
    assert web.connected == [(NEWS, 80)]
    # the next connection looks it up again, and is refused
    again = web.client().get("http://news.example/")
    assert outcome(again) == ("refused", "private-address")
    assert web.connected == [(NEWS, 80)]


def test_a_second_address_is_tried_when_the_first_does_not_answer(web):
    web.serve("news.example", OTHER, says(page()))
    web.hosts["news.example"] = [[NEWS, OTHER]]
    answer = web.client().get("http://news.example/")
    assert answer.exchanges[0].address == OTHER


def test_loopback_is_refused_without_the_switch(web):
    client = Client(Limits(), user_agent="x")
    assert outcome(client.get("http://127.0.0.1:1/")) == ("refused", "private-address")
    with Client(Limits(), user_agent="x", allow_loopback=True) as allowed:
        assert outcome(allowed.get("http://127.0.0.1:1/")) == ("failed", "connect")
        assert outcome(allowed.get("http://192.168.0.1/")) == ("refused", "private-address")


# --- redirects ------------------------------------------------------------------------------------------------------


def test_redirects_are_followed_to_the_end(web):
    web.serve("news.example", NEWS, lambda path, sock: sock.sendall(redirect("/b") if path == "/a" else page()))
    answer = web.client().get("http://news.example/a")
    assert (answer.outcome, answer.url, answer.final_url) == (
        "fetched",
        "http://news.example/a",
        "http://news.example/b",
    )
    assert [exchange.status for exchange in answer.exchanges] == [302, 200]


def test_redirects_that_do_not_end_are_refused(web):
    web.serve("news.example", NEWS, lambda path, sock: sock.sendall(redirect(path + "x")))
    answer = web.client(Limits(max_redirects=3)).get("http://news.example/")
    assert outcome(answer) == ("refused", "too-many-redirects")
    assert len(answer.exchanges) == 4
    web.serve("other.example", OTHER, says(redirect("/")))
    assert outcome(web.client().get("http://other.example/")) == ("refused", "redirect-loop")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (b"/a b", b"/a%20b"),
        ("/خبر".encode("cp1256"), b"/%CE%C8%D1"),
        ("/مقام".encode(), b"/%D9%85%D9%82%D8%A7%D9%85"),
        (b"?page=2", b"/?page=2"),
        (b"  /x\t", b"/x"),
    ],
)
def test_a_location_is_read_as_browsers_read_it(web, location, path):
    raw = b"HTTP/1.1 301 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location
    web.serve("news.example", NEWS, lambda asked, sock: sock.sendall(raw if asked == "/" else page()))
    assert outcome(web.client().get("http://news.example/")) == ("fetched", "")
    assert web.requests[-1][1].split(b" ")[1] == path


def test_the_caller_decides_which_redirects_are_followed(web):
    web.serve("news.example", NEWS, says(redirect("http://other.example/x")))
    answer = web.client().get("http://news.example/", follow=lambda url: "other" not in url)
    assert (answer.outcome, answer.moved_to) == ("refused", "http://other.example/x")


def test_a_redirect_with_letters_in_it_is_followed(web):
    web.serve("news.example", NEWS, lambda path, sock: sock.sendall(redirect("/خبر") if path == "/" else page()))
    assert web.client().get("http://news.example/").final_url == "http://news.example/%D8%AE%D8%A8%D8%B1"


# --- credentials ----------------------------------------------------------------------------------------------------


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("NASIM_TOKEN", "Bearer s3cret")
    return Credentials("http://news.example", "Authorization", "NASIM_TOKEN")


def test_a_credential_goes_to_its_origin_alone(web, secret):
    web.serve("news.example", NEWS, lambda path, sock: sock.sendall(page() if path == "/end" else redirect(path[1:])))
    web.serve("news.example", NEWS, says(page()), port=8080)
    web.serve("other.example", OTHER, says(redirect("http://news.example/end")))
    client = web.client(credentials=[secret])
    for target in ("http://other.example/", "http://news.example:8080/"):
        web.requests.clear()
        assert outcome(client.get(f"http://news.example/{target}")) == ("fetched", "")
        sent = [(name, b"s3cret" in request) for name, request in web.requests]
        assert sent[0] == ("news.example", True)
        if "other" in target:
            assert sent == [("news.example", True), ("other.example", False), ("news.example", True)]
        else:
            assert sent == [("news.example", True), ("news.example", False)]


def test_a_credential_does_not_go_to_another_scheme(web, secret, authority):
    ca, ca_file = authority
    context = context_of(ca, "news.example")
    web.serve("news.example", NEWS, says(page()))
    web.serve("news.example", NEWS, says(redirect("http://news.example/plain")), port=443, context=context)
    own = Credentials("https://news.example", "X-Key", secret.env)
    client = web.client(credentials=[own], ca_file=ca_file)
    assert outcome(client.get("https://news.example/")) == ("fetched", "")
    assert [b"s3cret" in request for _, request in web.requests] == [True, False]
    web.requests.clear()
    assert outcome(web.client(credentials=[secret], ca_file=ca_file).get("https://news.example/")) == ("fetched", "")
    assert [b"s3cret" in request for _, request in web.requests] == [False, True]


def test_an_origin_may_have_two_credentials(web, secret, monkeypatch):
    monkeypatch.setenv("NASIM_KEY", "k3y")
    web.serve("news.example", NEWS, says(page()))
    two = [secret, Credentials("http://news.example", "X-Key", "NASIM_KEY")]
    [exchange] = web.client(credentials=two).get("http://news.example/").exchanges
    [sent] = web.headers("news.example")
    assert (sent["authorization"], sent["x-key"]) == ("bearer s3cret", "k3y")
    assert exchange.request.count(b"(left out)") == 2


@pytest.mark.parametrize("value", ["s3cret\n", "s3cret\r\nX: y", " s3cret", "s3cretس"])
def test_a_credential_that_cannot_be_sent_is_an_error_that_does_not_tell_it(web, monkeypatch, value):
    monkeypatch.setenv("NASIM_TOKEN", value)
    with pytest.raises(SettingsError, match="NASIM_TOKEN cannot be sent") as error:
        web.client(credentials=[Credentials("http://news.example", "Authorization", "NASIM_TOKEN")])
    assert "s3cret" not in str(error.value)


def test_a_user_agent_that_cannot_be_sent_is_an_error_at_once():
    with pytest.raises(SettingsError, match="user agent"):
        Client(Limits(), user_agent="newsetl (+بريد)")


def test_a_credential_is_not_kept_in_the_exchange(web, secret):
    web.serve("news.example", NEWS, says(page()))
    answer = web.client(credentials=[secret]).get("http://news.example/")
    assert b"s3cret" in web.requests[0][1]
    assert b"s3cret" not in answer.exchanges[0].request
    assert b"Authorization: (left out)" in answer.exchanges[0].request


def test_a_credential_that_is_not_set_is_an_error_at_once(web, monkeypatch):
    monkeypatch.delenv("NASIM_TOKEN", raising=False)
    with pytest.raises(SettingsError, match="NASIM_TOKEN is not set"):
        web.client(credentials=[Credentials("http://news.example", "Authorization", "NASIM_TOKEN")])


def test_no_cookie_is_kept_and_nothing_is_taken_from_the_environment(web, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine news.example login me password s3cret\ndefault login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://93.184.215.99:8080")
    web.serve("news.example", NEWS, says(page(b"x", b"Set-Cookie: id=1; Path=/; Domain=news.example")))
    client = web.client()
    for _ in range(2):
        assert outcome(client.get("http://news.example/")) == ("fetched", "")
    assert {address for address, _ in web.connected} == {NEWS}
    for sent in web.headers("news.example"):
        assert not sent.keys() & {"cookie", "authorization", "referer", "proxy-authorization"}


# --- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path):
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "ca.pem")
    return found, str(tmp_path / "ca.pem")


def context_of(authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_tls_is_verified_by_name(web, authority):
    ca, ca_file = authority
    web.serve("news.example", NEWS, says(page()), port=443, context=context_of(ca, "news.example"))
    web.serve("other.example", OTHER, says(page()), port=443, context=context_of(ca, "news.example"))
    client = web.client(ca_file=ca_file)
    answer = client.get("https://news.example/")
    assert outcome(answer) == ("fetched", "")
    assert answer.exchanges[0].tls_verified is True
    assert outcome(client.get("https://other.example/")) == ("failed", "tls")
    assert outcome(web.client().get("https://news.example/")) == ("failed", "tls")  # an authority nobody trusts


def test_nothing_of_the_environment_changes_who_is_trusted(web, authority, monkeypatch):
    ca, ca_file = authority
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, ca_file)
    monkeypatch.setenv("HTTPS_PROXY", "http://93.184.215.99:8080")
    web.serve("news.example", NEWS, says(page()), port=443, context=context_of(ca, "news.example"))
    assert outcome(web.client().get("https://news.example/")) == ("failed", "tls")
    assert {address for address, _ in web.connected} == {NEWS}


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
def test_a_certificate_out_of_its_time_is_refused(web, authority, days):
    ca, ca_file = authority
    now = datetime.now(UTC)
    begins, ends = (now + timedelta(days=number) for number in days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("news.example", not_before=begins, not_after=ends).configure_cert(context)
    web.serve("news.example", NEWS, says(page()), port=443, context=context)
    answer = web.client(ca_file=ca_file).get("https://news.example/")
    assert outcome(answer) == ("failed", "tls")
    assert web.requests == []


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_an_exception_for_a_host_is_used_for_it_alone_and_told(web, authority):
    ca, _ = authority
    web.serve("old.example", NEWS, says(page()), port=443, context=context_of(ca, "x.example"))
    web.serve("other.example", OTHER, says(page()), port=443, context=context_of(ca, "other.example"))
    client = web.client(insecure_hosts=["old.example"])
    answer = client.get("https://old.example/")
    assert outcome(answer) == ("fetched", "")
    assert answer.exchanges[0].tls_verified is False
    assert outcome(client.get("https://other.example/")) == ("failed", "tls")


# --- bodies that are too much ---------------------------------------------------------------------------------------


SMALL = Limits(max_bytes=4 * 1024**2, timeout=2.0, max_seconds=5.0)
QUICK = Limits(timeout=2.0, max_seconds=0.5)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_refused_and_takes_little_memory(web, coding):
    """About 1000:1, 100 MB if it were let."""
    pack = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    bomb = b"".join(pack.compress(bytes(1024**2)) for _ in range(100)) + pack.flush()
    assert len(bomb) < 110_000
    web.serve("news.example", NEWS, says(page(bomb, b"Content-Encoding: " + coding.encode())))
    client = web.client(Limits(max_ratio=50))
    tracemalloc.start()
    answer = client.get("http://news.example/")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome(answer) == ("refused", "bomb")
    assert peak < 30 * 1024**2
    assert answer.exchanges[0].body == bomb


def test_a_small_body_may_expand_much_and_a_large_one_little(web):
    text = b" " * 900_000  # 1000:1, below a megabyte
    web.serve("news.example", NEWS, says(page(gzip.compress(text), b"Content-Encoding: gzip")))
    assert web.client(Limits(max_ratio=50)).get("http://news.example/").content == text
    more = bytes(range(256)) * 8000  # 2 MB
    web.serve("other.example", OTHER, says(page(gzip.compress(more), b"Content-Encoding: gzip")))
    assert outcome(web.client(Limits(max_bytes=1024**2)).get("http://other.example/")) == ("refused", "too-large")


def test_an_encoding_in_another_is_refused(web):
    twice = gzip.compress(gzip.compress(b"x" * 1000))
    web.serve("news.example", NEWS, says(page(twice, b"Content-Encoding: gzip, gzip")))
    assert outcome(web.client().get("http://news.example/")) == ("refused", "unsupported-encoding")


@pytest.mark.parametrize(
    "headers",
    [
        (b"Content-Encoding: gzip", b"Content-Encoding: gzip"),
        (b"Transfer-Encoding: gzip, chunked",),
        (b"Transfer-Encoding: gzip",),
    ],
)
def test_an_encoding_in_another_is_refused_wherever_it_is_told(web, headers):
    twice = gzip.compress(gzip.compress(b"x" * 1000))
    web.serve("news.example", NEWS, says(page(twice, *headers)))
    assert outcome(web.client().get("http://news.example/")) == ("refused", "unsupported-encoding")


@pytest.mark.parametrize("coding", [b"br", b"compress", b"exotic"])
def test_an_encoding_that_was_not_asked_for_is_refused(web, coding):
    web.serve("news.example", NEWS, says(page(b"\x8b\x00\x80abc", b"Content-Encoding: " + coding)))
    assert outcome(web.client().get("http://news.example/")) == ("refused", "unsupported-encoding")


def test_a_body_that_is_too_large_is_cut_off(web):
    def endless(_, sock):
        sock.sendall(OK + b"\r\n")
        while True:
            sock.sendall(b"x" * 65536)

    web.serve("news.example", NEWS, endless)
    answer = web.client(SMALL).get("http://news.example/")
    assert outcome(answer) == ("refused", "too-large")
    assert len(answer.exchanges[0].body) == SMALL.max_bytes


def test_the_body_of_a_redirect_is_capped_too(web):
    def endless(_, sock):
        sock.sendall(b"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n")
        while True:
            sock.sendall(b"x" * 65536)

    web.serve("news.example", NEWS, endless)
    answer = web.client(SMALL).get("http://news.example/")
    assert outcome(answer) == ("refused", "too-large")
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    "where", ["body", "chunked body", "head", "header value", "body to the end", "closing body", "trailer"]
)
def test_an_answer_that_drips_is_ended(web, where):
    begins = {
        "body": OK + b"Content-Length: 1000\r\n\r\n",
        "chunked body": OK + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n",
        "head": b"HTTP/1.1 200 ",
        "header value": OK + b"X-Long: ",
        # http.client closes these connections at once, and reads on
        "body to the end": b"HTTP/1.0 200 OK\r\n\r\n",
        "closing body": OK + b"Connection: close\r\nContent-Length: 1000\r\n\r\n",
        "trailer": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
    }
    web.serve("news.example", NEWS, says(begins[where], *[b"x"] * 100, pause=0.05))
    began = time.monotonic()
    answer = web.client(QUICK).get("http://news.example/")
    assert outcome(answer) == ("refused", "too-slow")
    assert time.monotonic() - began < 2


def test_a_handshake_that_drips_is_ended(web):
    def nothing(_, sock):
        raise AssertionError

    class Dripping:
        def wrap_socket(self, sock, server_side):
            sock.recv(65536)
            for byte in b"\x16\x03\x03\x3f\xff" + b"\x02" * 100:
                sock.sendall(bytes([byte]))
                time.sleep(0.05)
            raise OSError

    web.serve("news.example", NEWS, nothing, port=443, context=Dripping())
    began = time.monotonic()
    assert outcome(web.client(QUICK).get("https://news.example/")) == ("refused", "too-slow")
    assert time.monotonic() - began < 2


def test_a_name_with_many_addresses_does_not_take_all_day(web):
    web.hosts["news.example"] = [[f"93.184.{number}.1" for number in range(200)]]
    assert outcome(web.client().get("http://news.example/")) == ("failed", "connect")
    assert len(web.connected) == 4


@pytest.mark.filterwarnings("always::ResourceWarning")
def test_every_socket_is_closed_when_the_client_is(web, recwarn):
    """Python closes forgotten sockets itself, and says so."""
    web.serve("news.example", NEWS, says(OK + b"Connection: close\r\nContent-Length: 1\r\n\r\nx"))
    web.serve("other.example", OTHER, says(OK + b"Content-Length: 9\r\n\r\nx"))
    web.serve("third.example", "93.184.215.16", lambda _, sock: (sock.sendall(page()), sock.recv(1)))
    with web.client() as client:
        for name in ("news", "other", "third", "third", "news"):
            client.get(f"http://{name}.example/")
    del client
    gc.collect()
    own = [warning for warning in recwarn if any(f", {port})" in str(warning.message) for port in web.ports.values())]
    assert [str(warning.message) for warning in own] == []


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (OK + b"Content-Length: 100\r\n\r\nhalf", "cut"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nhalf", "cut"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "cut"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n", "cut"),
        (b"", "cut"),
        (b"HTTP/1.1 200 OK\r\nContent-", "cut"),
        (b"220 mail.example ESMTP\r\n", "bad-http"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "bad-http"),
        (OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n", "bad-http"),
        (OK + b"X: y\r\n" * 200 + b"\r\n", "bad-http"),
        (page(gzip.compress(b"<p>" * 1000)[:-20], b"Content-Encoding: gzip"), "bad-encoding"),
        (page(gzip.compress(b"<p>" * 1000)[:20] + bytes(40), b"Content-Encoding: gzip"), "bad-encoding"),
    ],
)
def test_a_damaged_answer_is_a_failure_that_may_pass(web, raw, reason):
    web.serve("news.example", NEWS, says(raw))
    answer = web.client().get("http://news.example/")
    assert outcome(answer) == ("failed", reason)
    assert answer.may_retry
    assert answer.content == b""


def test_what_came_of_a_cut_body_is_kept(web):
    web.serve("news.example", NEWS, says(OK + b"Content-Length: 100\r\n\r\nhalf"))
    assert web.client().get("http://news.example/").exchanges[0].body == b"half"


@pytest.mark.parametrize("status", [101, 103, 199])
def test_a_response_that_comes_late_is_not_taken_for_that_to_another_request(web, status):
    """After 103 the response proper follows. It must not become the page of the URL that is asked for next."""

    def answer(path, sock):
        sock.sendall(b"HTTP/1.1 %d Early\r\n\r\n" % status)
        time.sleep(0.02)
        sock.sendall(page(path.encode()))
        if sock.recv(65536):
            sock.sendall(page(b"the second"))

    web.serve("news.example", NEWS, answer)
    client = web.client()
    for path in ("/a", "/b"):
        found = client.get(f"http://news.example{path}")
        assert (*outcome(found), found.may_retry) == ("failed", "bad-http", True)
        time.sleep(0.05)


def test_a_connection_is_used_again_and_replaced_when_it_was_closed(web):
    def answer(path, sock):
        sock.sendall(page(path.encode()))
        if sock.recv(65536):  # a second request; then it is closed without an answer to the third
            sock.sendall(page(b"again"))
            sock.recv(65536)

    web.serve("news.example", NEWS, answer)
    client = web.client()
    assert [client.get(f"http://news.example/{name}").content for name in "abc"] == [b"/a", b"again", b"/c"]
    assert len(web.connected) == 2


def test_what_a_server_says_is_told_without_its_control_characters(web):
    web.serve("news.example", NEWS, says(b"\x1b[31m\x9b2J evil\r\n\r\n"))
    answer = web.client().get("http://news.example/")
    assert outcome(answer) == ("failed", "bad-http")
    assert answer.detail.isprintable()
    assert "evil" in answer.detail


SEEDS = [
    page(b"<p>hello", b'ETag: "1"'),
    page(gzip.compress(b"<p>hello"), b"Content-Encoding: gzip"),
    OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    redirect("/b?c=d"),
    b"HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n",
]
ADDED = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b":", b"\x00", b"\x85", b"\xff", b"[", b"@", b"%", b"-1", b"9" * 30, b"//"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 3), ADDED | st.binary(max_size=4)), max_size=4),
)
def test_no_answer_however_damaged_raises(web, seed, changes):
    for at, gone, added in changes:
        seed = seed[:at] + added + seed[at + gone :]
    sent = iter([seed])
    web.hosts.clear()
    web.serve("news.example", NEWS, lambda _, sock: sock.sendall(next(sent, page(b"end"))))
    with web.client(Limits(timeout=0.5, max_seconds=1.0)) as client:
        answer = client.get("http://news.example/a")
    assert answer.outcome in {"fetched", "refused", "failed"}
    assert bool(answer.reason) == (answer.outcome != "fetched")
    assert answer.detail.isprintable()
    for exchange in answer.exchanges:
        assert exchange.head.endswith(b"\r\n\r\n")
        assert exchange.head.count(b"\r\n\r\n") == 1
        assert not set(b"\r\n") & set(exchange.head.replace(b"\r\n", b""))


def test_nobody_there(web):
    web.hosts["news.example"] = [[NEWS]]
    assert outcome(web.client().get("http://news.example/")) == ("failed", "connect")
    assert outcome(web.client().get("http://nobody.example/")) == ("failed", "dns")


def test_several_threads_ask_several_hosts(web):
    for number in range(6):
        web.serve(f"h{number}.example", f"93.184.215.{100 + number}", says(page(b"%d" % number)))
    client = web.client()
    found = {}

    def ask(number):
        found[number] = [client.get(f"http://h{number}.example/").content for _ in range(5)]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [b"%d" % number] * 5 for number in range(6)}
