"""The body of a page that scripts draw: it stands as a string in the data that the page brings along.

Next.js (``self.__next_f.push``, ``__NEXT_DATA__``), Nuxt and the like send an article as HTML or plain text inside a
JSON string, sometimes inside another. Other stories stand there too: the body is the longest string that speaks of what
the headline speaks of.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

MIN_CHARS: Final = 300  # of a string that may be a body
MAX_STRINGS: Final = 400  # looked into
MAX_NESTED: Final = 2  # strings inside strings
MIN_SHARED: Final = 0.6  # of the words of the headline
MIN_TITLE_WORDS: Final = 4  # that are long enough to tell stories apart
MIN_WORD_CHARS: Final = 4

_STRING = re.compile(rf'"((?:[^"\\]|\\.){{{MIN_CHARS},}})"', re.DOTALL)
_SCRIPT = re.compile(r"<script[^<>]{0,500}>([^<]*(?:<(?!/script)[^<]*)*)", re.IGNORECASE)
_JSON = re.compile(r'[{,]"\w+":')
_WORD = re.compile(rf"\w{{{MIN_WORD_CHARS},}}")


def find_scripted_body(text: str, title: str) -> str | None:
    """The body in the scripts of a page, HTML or plain text; None when no string is about the headline.

    >>> find_scripted_body("<script>data = {}</script>", "سوق جديدة للسمك في المرفأ القديم")
    """
    wanted = set(_WORD.findall(title))
    if len(wanted) < MIN_TITLE_WORDS:
        return None
    scripts = [script[1] for script in _SCRIPT.finditer(text)]
    if sum(map(len, scripts)) <= MAX_STRINGS * MIN_CHARS:  # else the order of all strings decides which are looked into
        scripts = [script for script in scripts if _may_speak_of(wanted, script)]
    strings = islice((s for script in scripts for s in _strings(script)), MAX_STRINGS)
    fitting = (s for s in strings if len(wanted & set(_WORD.findall(s))) >= MIN_SHARED * len(wanted))
    return max(fitting, key=len, default=None)


def _may_speak_of(wanted: set[str], script: str) -> bool:
    """Does a script show enough of the words, or hide letters in escapes? Else a search of its strings is for nothing.

    Most scripts measure and advertise; to look for the words takes a fiftieth of the time of that search.
    """
    return "\\u" in script or sum(word in script for word in wanted) >= MIN_SHARED * len(wanted)


def _strings(script: str, depth: int = 1) -> Iterator[str]:
    """The long JSON strings of a script, and those in a string that is JSON itself."""
    for match in _STRING.finditer(script):
        try:
            string = json.loads(f'"{match[1]}"', strict=False)
        except ValueError:  # a string of JavaScript that is none of JSON
            continue
        if depth < MAX_NESTED and _JSON.search(string):
            yield from _strings(string, depth + 1)
        else:
            yield string
