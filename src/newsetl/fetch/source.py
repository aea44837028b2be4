"""What is to be fetched, and within which limits: the values that `sources_file` reads from a sources file."""

from dataclasses import dataclass, field

from newsetl.fetch.exchange import host_of

ALL_LINKS = "a[href]"
ANY_PATH = "*"
DEFAULT_HOSTS = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a source is fetched, and how fast.

    Attributes:
        delay: Seconds between two requests to one host, at least; robots.txt may ask for more.
        concurrency: Requests to one host at the same time.
        max_pages: Pages fetched in one run; the others wait for the next.
        max_bytes: Of one body, decoded or not; larger ones are refused.
        max_ratio: Of a decoded body to the bytes received; above it (and 1 MB) it is refused as a bomb.
        timeout: Seconds without a byte, and of connecting.
        max_seconds: Of one response from the first byte to the last.
        max_redirects: For one URL.
        tries: Of one URL in one run, when the network or the server fails.
    """

    delay: float = 1.0
    concurrency: int = 1
    max_pages: int = 1000
    max_bytes: int = 16 * 1024**2
    max_ratio: float = 200.0
    timeout: float = 20.0
    max_seconds: float = 120.0
    max_redirects: int = 5
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Section:
    """A page with links to articles, one for each day or only one.

    Attributes:
        url: Address; ``{yyyy}``, ``{mm}`` and ``{dd}`` stand for a day, ``{yyyy}`` and ``{mm}`` alone for a month.
        links: CSS selector of the links to articles.
        match: Shell pattern that the path of an article's URL matches, such as ``/news/*``.
    """

    url: str
    links: str = ALL_LINKS
    match: str = ANY_PATH


@dataclass(frozen=True, slots=True)
class Credentials:
    """A header that goes to one origin alone, whatever redirects there are.

    Attributes:
        origin: Scheme, host and port: ``https://api.nasim.example``.
        header: Its name, such as ``Authorization``.
        env: Environment variable that holds its value.
    """

    origin: str
    header: str
    env: str


@dataclass(frozen=True, slots=True)
class Source:
    """An outlet and where its articles are found.

    Attributes:
        slug: Its name in paths and datasets, ``[a-z0-9-]{1,64}``.
        name: As people write it; the slug when left out.
        timezone: IANA name of the zone of its dates; None: the outlet's profile knows it, or nobody.
        feeds: URLs of RSS, Atom and JSON feeds.
        sitemaps: URLs of sitemaps and sitemap indexes.
        sections: Pages with links to articles.
        urls: Articles.
        schedule: Cron expression for `newsetl serve`; None: not on its own.
        expect: Pages that a scheduled run brings at least; fewer fail the run.
        limits: How much and how fast.
        credentials: Headers for origins.
        insecure_hosts: Hosts whose TLS certificates are not verified. Each answer of theirs says so.
    """

    slug: str
    name: str
    timezone: str | None = None
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    urls: tuple[str, ...] = ()
    schedule: str | None = None
    expect: int = 0
    limits: Limits = Limits()
    credentials: tuple[Credentials, ...] = ()
    insecure_hosts: tuple[str, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it names, with their ports, each once."""
        urls = (*self.feeds, *self.sitemaps, *(section.url for section in self.sections), *self.urls)
        return tuple(dict.fromkeys(host_of(url) for url in urls))


@dataclass(frozen=True, slots=True)
class Sources:
    """A whole sources file.

    Attributes:
        contact: Address or URL under which a site's owner reaches you; part of the User-Agent.
        sources: In the order of the file.
        hosts_at_once: Hosts that are asked at the same time.
    """

    contact: str
    sources: tuple[Source, ...]
    hosts_at_once: int = DEFAULT_HOSTS
    user_agent: str = field(default="newsetl")
