"""Three made-up outlets on loopback, as real HTTP servers: what they list, their pages, and what goes wrong.

`nasim` lists its news in RSS and Atom and in an index of gzipped sitemaps, `manara` in a JSON feed and in sections by
day, in windows-1256 and behind redirects and 429s, `sahifa` in a news sitemap and a text file; it is slow, cuts answers
short and forbids a folder in robots.txt. All publish up to `Site.today`.
"""

import gzip
import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from datetime import time as time_of_day
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEIRUT = timezone(timedelta(hours=2))  # in winter, when all of this happens
CITIES = ("طرابلس", "صيدا", "زحلة", "بعلبك", "جبيل", "النبطية", "صور", "عاليه")
SPEAKERS = ("ليلى الحداد", "سالم العلي", "هدى منصور", "كريم البستاني", "رنا شاهين")


@dataclass(frozen=True)
class Story:
    """An article of an outlet."""

    number: int
    day: date
    path: str

    @property
    def moment(self):
        return datetime(
            self.day.year, self.day.month, self.day.day, 9 + self.number % 9, self.number % 60, tzinfo=BEIRUT
        )

    @property
    def title(self):
        return f"افتتاح الحديقة رقم {self.number} في {CITIES[self.number % len(CITIES)]}"

    def html(self, version=1, charset="utf-8"):
        speaker = SPEAKERS[self.number % len(SPEAKERS)]
        city = CITIES[self.number % len(CITIES)]
        extra = "" if version == 1 else f"<p>وأُضيفت إلى المشروع لاحقا {version} ملاعب للأطفال.</p>"
        head = (
            f'<meta charset="{charset}"><title>{self.title}</title>'
            f'<meta property="article:published_time" content="{self.moment.isoformat()}">'
        )
        return (
            f"<!doctype html><html lang=ar dir=rtl><head>{head}</head><body><nav><a href=/>الرئيسية</a></nav>"
            f"<article><h1>{self.title}</h1>"
            f"<p>افتتحت بلدية {city} صباح اليوم الحديقة العامة رقم {self.number} "
            f"بحضور عشرات العائلات من الأحياء القريبة.</p>"
            f"<p>وقالت المهندسة {speaker} المشرفة على المشروع: «زرعنا {self.number + 40} شجرة زيتون خلال أسبوعين، "
            f"وسنزرع غيرها في الربيع».</p>"
            f"<p>وأضافت أن البلدية خصصت ساعات للمدارس كل صباح، وأن الدخول مجاني لسكان المدينة وزوارها.</p>{extra}"
            f"</article><footer>جميع الحقوق محفوظة</footer></body></html>"
        )


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    headers: dict = field(default_factory=dict)
    cut: bool = False  # the connection ends in the middle of the body
    seconds: float = 0.0  # the body takes so long


class Outlet:
    """A server, what it publishes, and what it was asked."""

    def __init__(self, slug, stories):
        self.slug, self.stories = slug, stories
        self.today = max((story.day for story in stories), default=date(2020, 1, 1))
        self.asked = []  # (time, path, status)
        self.versions = Counter()  # of stories that were edited, by path
        self.lock = threading.Lock()
        self.seen = Counter()
        self.server = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def published(self):
        return [story for story in self.stories if story.day <= self.today]

    def paths(self, status=None):
        """What was asked for, in order; with a status only what was answered so."""
        return [path for _, path, found in self.asked if status is None or found == status]

    def story(self, path):
        return next((story for story in self.published if story.path == path), None)

    def page(self, story):
        return Reply(body=story.html(1 + self.versions[story.path]).encode())

    def reply(self, path, headers):
        """The reply to a path; None: there is nothing."""
        story = self.story(path)
        return self.page(story) if story else None


class Nasim(Outlet):
    """RSS, Atom, an index of gzipped sitemaps with months before; validators on all."""

    def reply(self, path, headers):
        if path == "/robots.txt":
            return Reply(body=b"User-agent: *\nDisallow: /admin/\n", type="text/plain")
        if path == "/rss.xml":
            return self._rss(self.published[-12:])
        if path == "/atom.xml":
            return self._atom(self.published[-12:])
        if path == "/sitemap.xml":
            months = sorted({(s.day.year, s.day.month) for s in self.published})
            items = "".join(
                f"<sitemap><loc>{self.url}/sitemap-{y}-{m:02}.xml.gz</loc>"
                f"<lastmod>{self._last(y, m)}</lastmod></sitemap>"
                for y, m in months
            )
            return Reply(
                body=_xml(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</sitemapindex>'),
                type="application/xml",
            )
        if path.startswith("/sitemap-"):
            year, month = int(path[9:13]), int(path[14:16])
            items = "".join(
                f"<url><loc>{self.url}{s.path}</loc><lastmod>{self._edited(s)}</lastmod></url>"
                for s in self.published
                if (s.day.year, s.day.month) == (year, month)
            )
            body = _xml(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</urlset>')
            return Reply(body=gzip.compress(body, mtime=0), type="application/x-gzip")
        if path == "/admin/draft":
            return Reply(body=b"<p>secret")
        return super().reply(path, headers)

    def _edited(self, story):
        """When a story was changed last: an edit is made late on the last day."""
        late = datetime.combine(self.today, time_of_day(23, 59), BEIRUT)
        return (late if self.versions[story.path] else story.moment).isoformat()

    def _last(self, year, month):
        return max(self._edited(s) for s in self.published if (s.day.year, s.day.month) == (year, month))

    def _rss(self, stories):
        items = "".join(
            f"<item><title>{s.title}</title><link>{self.url}{s.path}?utm_source=rss</link>"
            f"<pubDate>{format_datetime(s.moment)}</pubDate></item>"
            for s in stories
        )
        forbidden = f"<item><title>مسودة</title><link>{self.url}/admin/draft</link></item>"
        return Reply(
            body=_xml(f'<rss version="2.0"><channel><title>النسيم</title>{items}{forbidden}</channel></rss>'),
            type="application/rss+xml",
        )

    def _atom(self, stories):
        items = "".join(
            f'<entry><title>{s.title}</title><link rel="alternate" href="{s.path}"/>'
            f"<published>{s.moment.isoformat()}</published><updated>{self._edited(s)}</updated></entry>"
            for s in stories
        )
        return Reply(
            body=_xml(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>النسيم</title>{items}</feed>'),
            type="application/atom+xml",
        )


class Manara(Outlet):
    """A JSON feed and sections by day; windows-1256, compressed; moved pages; 429 now and then."""

    def reply(self, path, headers):
        if path == "/feed.json":
            items = [
                {"id": s.path, "url": f"{self.url}/old{s.path}", "date_published": s.moment.isoformat()}
                for s in self.published[-5:]
            ]
            body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "المنارة", "items": items})
            return Reply(body=body.encode(), type="application/feed+json")
        if path.startswith("/archive/"):
            day = path.removeprefix("/archive/").strip("/")
            links = "".join(
                f'<li><a href="{s.path}">{s.title}</a></li>'
                for s in self.published
                if s.day.isoformat() == day.replace("/", "-")
            )
            return Reply(
                body=f'<html><body><a href="/about">عن الموقع</a><ul class=list>{links}</ul></body></html>'.encode()
            )
        if path.startswith("/old/"):
            return Reply(301, headers={"Location": path.removeprefix("/old")})
        story = self.story(path)
        if story is None:
            return None
        if story.number % 25 == 0 and self.seen[path] == 1:
            return Reply(429, b"slow down", "text/plain", {"Retry-After": "1"})
        body = story.html(charset="windows-1256").encode("windows-1256", "xmlcharrefreplace")
        return Reply(
            body=gzip.compress(body, mtime=0),
            type="text/html; charset=windows-1256",
            headers={"Content-Encoding": "gzip"},
        )


class Sahifa(Outlet):
    """A news sitemap and a text file; slow, cut, damaged and missing pages; robots.txt with a delay."""

    def reply(self, path, headers):
        if path == "/robots.txt":
            return Reply(body=b"User-agent: newsetl\nCrawl-delay: 0.01\nDisallow: /private\n", type="text/plain")
        if path == "/news.xml":
            items = "".join(
                f"<url><loc>{self.url}{s.path}</loc><news:news><news:publication_date>{s.moment.isoformat()}</news:publication_date>"
                f"<news:title>{s.title}</news:title></news:news></url>"
                for s in self.published
            )
            spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
            return Reply(body=_xml(f"<urlset {spaces}>{items}</urlset>"), type="text/xml")
        if path == "/urls.txt":
            extra = ["/gone", "/damaged", "/private/1", "/always-cut"]
            return Reply(body="\n".join(self.url + p for p in extra).encode(), type="text/plain")
        if path == "/damaged":
            body = gzip.compress(b"<p>" + bytes(range(256)) * 40, mtime=0)
            return Reply(body=body[:200] + bytes(20) + body[220:], headers={"Content-Encoding": "gzip"})
        if path == "/always-cut":
            return Reply(body=b"<p>" + b"x" * 5000, cut=True)
        story = self.story(path)
        if story is None:
            return None
        body = story.html().encode()
        if story.number % 20 == 0 and self.seen[path] == 1:
            return Reply(body=body, cut=True)
        return Reply(body=body, seconds=0.3 if story.number % 30 == 0 else 0.0)


def _xml(text):
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def _handler(outlet):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: the second would wait for the first one's receipt, 40 ms

        def do_GET(self):
            with outlet.lock:
                outlet.seen[self.path] += 1
            reply = outlet.reply(self.path.partition("?")[0], self.headers) or Reply(404, b"nothing here")
            etag = f'"{hash_of(reply.body)}"'
            if reply.status == 200 and not reply.cut and self.headers.get("If-None-Match") == etag:
                reply = Reply(304, b"")
            with outlet.lock:
                outlet.asked.append((time.monotonic(), self.path, reply.status))
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.type, "ETag": etag, **reply.headers}.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            half = len(reply.body) // 2
            self.wfile.write(reply.body[:half])
            if reply.cut:
                self.close_connection = True
                return
            if reply.seconds:
                self.wfile.flush()
                time.sleep(reply.seconds)
            self.wfile.write(reply.body[half:])
            self.wfile.flush()

        def log_message(self, *arguments):
            pass

    return Handler


def hash_of(body):
    import hashlib

    return hashlib.sha256(body).hexdigest()[:16]


@contextmanager
def serving(*outlets):
    """The outlets on ports of 127.0.0.1, until the block ends."""
    for outlet in outlets:
        outlet.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(outlet))
        outlet.server.daemon_threads = True
        threading.Thread(target=outlet.server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield outlets
    finally:
        for outlet in outlets:
            outlet.server.shutdown()
            outlet.server.server_close()


def stories(count, first, days, path="/{day:%Y/%m/%d}/{number}"):
    """Stories spread evenly over days."""
    found = []
    for number in range(count):
        day = first + timedelta(days=number * days // count)
        found.append(Story(number, day, path.format(day=day, number=number)))
    return found


SOURCES = """
[fetch]
contact = "mailto:desk@archive.example"

[[source]]
slug = "nasim-test"
name = "النسيم للاختبار"
timezone = "Asia/Beirut"
feeds = ["{nasim}/rss.xml", "{nasim}/atom.xml"]
sitemaps = ["{nasim}/sitemap.xml"]
limits = {{ delay = {delay}, tries = {tries} }}

[[source]]
slug = "manara-test"
name = "المنارة للاختبار"
timezone = "Asia/Beirut"
feeds = ["{manara}/feed.json"]
sections = [{{ url = "{manara}/archive/{{yyyy}}/{{mm}}/{{dd}}", links = "ul.list a", match = "/*/*" }}]
limits = {{ delay = {delay}, tries = {tries} }}

[[source]]
slug = "sahifa-test"
name = "الصحيفة للاختبار"
timezone = "Asia/Beirut"
sitemaps = ["{sahifa}/news.xml", "{sahifa}/urls.txt"]
limits = {{ delay = {delay}, tries = {tries} }}
"""


def sources_text(nasim, manara, sahifa, delay=0, tries=2):
    """A sources file for the three."""
    return SOURCES.format(nasim=nasim.url, manara=manara.url, sahifa=sahifa.url, delay=delay, tries=tries)
