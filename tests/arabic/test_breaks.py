"""Breaks between paragraphs: restored and joined on clear evidence only."""

import pytest

from newsetl.arabic.breaks import join_wrapped_lines, restore_breaks

PIECE = "وصل إلى المرفأ صباح اليوم قارب خشبي قديم يحمل سبعة عشر صيادا بعد رحلة طويلة رقم {} في عرض البحر"
PIECES = [PIECE.format(n) for n in range(10)]


@pytest.mark.parametrize(
    ("joint", "left"),
    [(".   ", "."), ("، “نعم.”  ", "، “نعم.”"), ("؟  ", "؟"), (".", "."), (" .", " ."), (" “نعم”.", " “نعم”.")],
)
def test_breaks_come_back_behind_gaps_and_glued_stops(joint, left):
    assert restore_breaks(joint.join(PIECES)).split("\n") == [*(piece + left for piece in PIECES[:-1]), PIECES[-1]]


@pytest.mark.parametrize(
    "text",
    [
        ".   ".join(PIECES[:3]),  # short: one paragraph
        ". ".join(PIECES),
        f"{PIECES[0]}." + ". ".join(PIECES),  # a single glued stop is a slip
        "قال: «" + ".   ".join(PIECES) + ".»",  # inside marks
        "قال: “" + ".   ".join(PIECES),  # marks that never close
        ".   ".join([*PIECES[:-1], PIECES[0]]) + ".",  # one stands twice
        " سي.بي.أس د.سالم ".join(PIECES),
        "نعم.  " * 200,
    ],
)
def test_without_clear_evidence_a_line_stays(text):
    assert restore_breaks(text) == text


def wrap(text: str, width: int) -> str:
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + 1 + len(word) > width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


@pytest.mark.parametrize("width", [50, 72, 100])
def test_wrapped_lines_become_paragraphs_again(width):
    paragraphs = [". ".join(PIECES[:4]) + ".", ". ".join(PIECES[4:]) + "."]
    assert join_wrapped_lines("\n".join(wrap(p, width) for p in paragraphs)).split("\n") == paragraphs


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(PIECES),  # sentences without stops: lists, headlines
        "\n".join(["يا مركبا عاد بعد الغيم مشتاقا إلى الساحل", "والموج يحكي لنا عن رحلة طالت بلا ساحل"] * 4),
        wrap(". ".join(PIECES), 300),
        wrap(". ".join(PIECES[:2]), 60),
    ],
)
def test_lines_that_nothing_wrapped_stay(text):
    assert join_wrapped_lines(text) == text
