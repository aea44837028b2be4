"""Headlines without the name of the outlet that pages put before or behind them."""

import re

from newsetl.sources.lookup import load_index, name_key, outlet_keys
from newsetl.sources.outlets import Outlet

# How often a part may be cut off: section and outlet, and one to spare.
MAX_CUTS = 3
# What is left of a title has at least so many words.
MIN_WORDS = 2
_SEPARATOR = re.compile(r"\s+(?:[-–—|»«•·]|::|\|\|)\s+|\s*\|+\s*")
_KIND_NAME = re.compile(r"(?:صحيفة|جريدة|موقع|قناة|وكالة|بوابة|شبكة|مجلة)(?: \S{1,30}){1,4}")


def strip_outlet(title: str, outlet: Outlet, site_name: str | None = None, section: str | None = None) -> str:
    """A title without the parts at its ends that name the outlet, or the section beside it.

    >>> strip_outlet("افتتاح معرض الكتاب | صحيفة النسيم", Outlet("alnsym", "النسيم"))
    'افتتاح معرض الكتاب'
    >>> strip_outlet("لبنان - الحكومة تجتمع غدا", Outlet("alnsym", "النسيم"))
    'لبنان - الحكومة تجتمع غدا'
    """
    own = outlet_keys(outlet) | {name_key(site_name)} if site_name else outlet_keys(outlet)
    section_key = name_key(section) if section else None
    cut = False
    for _ in range(MAX_CUTS):
        ends = list(_SEPARATOR.finditer(title))
        if not ends:
            break
        first, last = ends[0], ends[-1]
        if _is_outlet(title[last.end() :], last[0].strip(), own) or (
            cut and name_key(title[last.end() :]) == section_key
        ):
            rest = title[: last.start()]
        elif _is_outlet(title[: first.start()], first[0].strip(), own):
            rest = title[first.end() :]
        else:
            break
        if len(rest.split()) < MIN_WORDS:
            break
        title, cut = rest.strip(), True
    return title


def _is_outlet(part: str, separator: str, own: frozenset[str]) -> bool:
    """A part is the outlet when it is this one's name; behind a bar, any outlet's will do."""
    key = name_key(part)
    if key in own:
        return True
    return separator.startswith(("|", "::")) and (
        key in load_index().names or _KIND_NAME.fullmatch(part.strip()) is not None
    )
