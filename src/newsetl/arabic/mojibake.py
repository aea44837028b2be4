"""Arabic text again, where UTF-8 bytes were read with the wrong codec, once or more often."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

MAX_LAYERS: Final = 3  # wrong readings one on top of the other; real archives have one or two

_COMMON_SIGNS: Final = "،؛؟«»“”‘’–—…\u00a0"  # of Arabic texts that are as they should be


@dataclass(frozen=True, slots=True)
class _Reading:
    """One wrong codec: how its characters become bytes again, and what shows that it was used."""

    codec: dict[int, int]
    trace: re.Pattern[str]  # signs that no Arabic text needs; every garbled one has some, so most texts stop here
    proof: re.Pattern[str]  # no writing has this by chance
    hint: re.Pattern[str]  # enough on a line when the proof stands on another
    run: re.Pattern[str]  # what is read again then
    certain: re.Pattern[str]  # what a run must hold: some sequences of windows-1256 spell words (عکس, آپ) too


def repair_mojibake(text: str) -> str:
    """Arabic text again, where UTF-8 bytes were read as windows-1252, latin-1 or windows-1256, once or twice.

    A text without proof stays: four letters in a row that are two bytes of an Arabic letter each, or a quote mark, dash
    or ellipsis in its three bytes. Letters written as they should be on the same line stay too, and so do bytes that
    were cut off from their letter.

    >>> repair_mojibake("العربية".encode().decode("cp1256") + " / " + "سلام".encode().decode("latin-1"))
    'العربية / سلام'
    >>> repair_mojibake("قال الوزير".encode().decode("latin-1").encode().decode("latin-1"))
    'قال الوزير'
    >>> repair_mojibake("قال: â€œنعمâ€\\x9d، وضبط، Ø 5 mm")
    'قال: “نعم”، وضبط، Ø 5 mm'
    """
    for _ in range(MAX_LAYERS):
        before = text
        for reading in _load_readings():
            if reading.trace.search(text) and reading.proof.search(text):
                lines = text.split("\n")
                text = "\n".join(_reread(line, reading) if reading.hint.search(line) else line for line in lines)
        if text == before:
            break
    return text


def _reread(line: str, reading: _Reading) -> str:
    def again(match: re.Match[str]) -> str:
        if reading.certain.search(match[0]) is None:
            return match[0]
        try:
            return bytes(reading.codec[ord(c)] for c in match[0]).decode("utf-8")
        except UnicodeDecodeError:  # an overlong form or a surrogate: leave what we cannot read
            return match[0]

    return reading.run.sub(again, line)


@cache
def _load_readings() -> tuple[_Reading, ...]:
    # windows-1256 first: windows-1252 would take single bytes out of its letters. latin-1 needs no reading
    # of its own: it differs from windows-1252 in the C1 controls, which that table holds too
    return tuple(_make_reading(_sloppy_codec(name)) for name in ("cp1256", "cp1252"))


def _sloppy_codec(name: str) -> dict[int, int]:
    """Code point -> byte for a Windows code page; in windows-1252 C1 controls are the byte of their number too."""
    table = {byte: byte for byte in range(0x80, 0x100)} if name == "cp1252" else {}
    for byte in range(0x80, 0x100):
        try:
            table[ord(bytes([byte]).decode(name))] = byte
        except UnicodeDecodeError:
            table[byte] = byte
    return table


def _is_foreign(point: int) -> bool:
    return not 0x0600 <= point <= 0x06FF and chr(point) not in _COMMON_SIGNS


def _make_reading(codec: dict[int, int]) -> _Reading:
    def members(low: int, high: int) -> str:
        return "[" + "".join(re.escape(chr(p)) for p, b in sorted(codec.items()) if low <= b <= high) + "]"

    more = members(0x80, 0xBF)
    sequence = (
        f"(?:{members(0xC2, 0xDF)}{more}|{members(0xE0, 0xEF)}{more}{more}|{members(0xF0, 0xF4)}{more}{more}{more})"
    )
    arabic = f"{members(0xD8, 0xDB)}{more}"
    # the first byte of an Arabic letter, garbled once already: U+00D8-00DB by windows-1252, U+0637-063A by windows-1256
    twice = f"(?:{members(0xC3, 0xC3)}{members(0x98, 0x9B)}|{members(0xD8, 0xD8)}{members(0xB7, 0xBA)}){sequence}"
    mark = f"{members(0xE2, 0xE2)}{members(0x80, 0x80)}{members(0x93, 0xA6)}"  # – … “ ” ‘ ’ • …
    trace = "[" + "".join(re.escape(chr(p)) for p, b in codec.items() if 0x80 <= b <= 0xBF and _is_foreign(p)) + "]"
    is_arabic_page = 0x0637 in codec
    return _Reading(
        codec,
        trace=re.compile(trace),
        proof=re.compile(f"(?:{arabic}){{4}}|(?:{twice}){{3}}|{mark}"),
        hint=re.compile(f"{sequence}{{2}}|{mark}"),
        run=re.compile(f"{sequence}+"),
        certain=re.compile(f"{trace}|(?:{arabic}){{2}}|(?:{twice}){{2}}" if is_arabic_page else ""),
    )
