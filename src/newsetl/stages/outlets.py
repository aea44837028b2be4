"""Which outlet an article is of: by its record, its site, its address or its byline."""

import re
from dataclasses import replace

from newsetl.arabic.bylines import is_masthead
from newsetl.records import Draft, Fields
from newsetl.sources.hosts import find_host
from newsetl.sources.lookup import OutletIndex, find_known, find_known_host, outlet_of_host, outlet_of_name
from newsetl.sources.outlets import UNKNOWN, Outlet
from newsetl.sources.slugs import clean_name

# Longer site names are mottoes. Characters.
MAX_SITE_NAME = 40
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,30}(?:/[A-Za-z0-9_+-]{1,30}){0,3}")  # IANA names
_PIECE = re.compile(r"\s+[-–—|]\s+|\s*[:،]\s*")


def find_outlet(draft: Draft, outlets: OutletIndex | None = None, *, by_lines: bool = True) -> Outlet:
    """The outlet of an article, from the most to the least trusted hint; `UNKNOWN` when nothing tells.

    A name in the record decides even when no outlet of the index has it: its slug is made from the name. None for
    `outlets` takes those that come with newsetl. Without `by_lines`, bylines are no hint.
    """
    bylines = draft.bylines if by_lines else ()
    fields = draft.record.fields
    if fields.source and fields.source.strip():
        return _as_recorded(outlet_of_name(fields.source, outlets), fields)
    url = draft.url or fields.url or draft.canonical_url
    host = find_host(url) if url else None
    known = (
        find_known(draft.site_name, outlets)
        or (host and find_known_host(host, outlets))
        or _first_known(bylines, outlets)
    )
    if known:
        return known
    if host:
        # The address gives the slug, the page the name that people write.
        named = outlet_of_host(host)
        return replace(named, name=draft.site_name) if draft.site_name and _is_short(draft.site_name) else named
    name = draft.site_name or next(
        (piece for line in bylines for piece in _PIECE.split(line) if is_masthead(piece)), None
    )
    return outlet_of_name(name, outlets) if name else UNKNOWN


def _as_recorded(outlet: Outlet, fields: Fields) -> Outlet:
    """An outlet with the name and zone that the record gives it."""
    name = clean_name(fields.source_name or "")
    zone = fields.zone if fields.zone and _ZONE.fullmatch(fields.zone) else None
    return replace(outlet, name=name or outlet.name, zone=zone or outlet.zone) if name or zone else outlet


def _is_short(name: str) -> bool:
    """Whether a site name is a name: some sites put their motto there."""
    return len(name) <= MAX_SITE_NAME and "|" not in name


def _first_known(lines: tuple[str, ...], outlets: OutletIndex | None) -> Outlet | None:
    return next((outlet for line in lines if (outlet := find_known(line, outlets))), None)
