"""robots.txt by RFC 9309, with protego."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from newsetl.fetch.exchange import Answer

AGENT = "newsetl"
MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: the least that must be read
LONGEST_DELAY = 60.0  # a longer delay would be a refusal; seconds
TOO_MANY = "429"


@dataclass(frozen=True, slots=True)
class Robots:
    """What a host allows us.

    Attributes:
        reason: How that came to be known.
        rules: None where everything is allowed.
    """

    reason: str
    rules: Protego | None = None

    def allowed(self, url: str) -> bool:
        """Whether a URL may be asked for."""
        return self.rules is None or bool(self.rules.can_fetch(url, AGENT))

    @property
    def delay(self) -> float | None:
        """Seconds between two requests, as it asks; at most a minute. None: it does not say."""
        if self.rules is None:
            return None
        delay = self.rules.crawl_delay(AGENT)
        rate = self.rules.request_rate(AGENT)
        asked = [float(delay)] if delay is not None else []
        if rate is not None and rate.requests:
            asked.append(rate.seconds / rate.requests)
        return min(max(asked), LONGEST_DELAY) if asked else None


def parse_robots(content: bytes) -> Robots:
    """What a robots.txt says.

    >>> parse_robots(b"User-agent: *\\nDisallow: /private").allowed("https://news.example/private/a")
    False
    """
    text = content[:MAX_BYTES].decode("utf-8-sig", "replace")
    return Robots("robots.txt", Protego.parse(text))


def is_unknown(answer: Answer) -> bool:
    """True when an answer does not tell what is allowed, so that nothing is: RFC 9309, 2.3.1.4."""
    return answer.outcome != "fetched" and not (answer.reason == "http-status" and not answer.may_retry)


def robots_from(answer: Answer) -> Robots:
    """What the answer to a request for robots.txt says; any client error means that there are no rules (2.3.1.3)."""
    if answer.outcome == "fetched":
        return parse_robots(answer.content)
    return Robots(f"no robots.txt ({answer.detail})")


def robots_url(url: str) -> str:
    """Where the robots.txt for a URL lies.

    >>> robots_url("https://news.example:8443/a?b")
    'https://news.example:8443/robots.txt'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"
