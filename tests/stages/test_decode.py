"""Bytes to text: encodings told by evidence, broken input repaired or rejected by name."""

import pytest

from newsetl.records import Fields, Page, Place, RawRecord, Reject
from newsetl.stages.decode import decode, find_declared_charset, repair_code_points

ARABIC = "أعلنت بلدية الميناء أن سوق السمك سيفتح أبوابه بعد العيد، وقال رئيسها إن الرسوم لن ترتفع هذا العام.\n"
PERSIAN = "شهردار گفت که این پل تازه تا پایان سال به دست مردم می‌رسد و هزینه آن از بودجه شهر است.\n"
OLD_PERSIAN = PERSIAN.replace("ی", "ي")  # as written before Unicode: windows-1256 has no Farsi yeh
FRENCH = "Le maire a déclaré que le marché aux poissons rouvrira après l'été, et que la redevance n'augmentera pas.\n"


def read(content: bytes, charset: str | None = None, form: str = "text") -> Page | Reject:
    return decode(RawRecord(Place("x", None, len(content), ""), form, content, charset))


@pytest.mark.parametrize("declared", [None, "utf-8", "iso-8859-1", "windows-1252", "windows-1256", "no-such-thing"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1256", "iso8859-6", "utf-16", "utf-16-le", "utf-16-be"])
def test_arabic_text_is_read_whatever_was_declared(encoding, declared):
    page = read(ARABIC.encode(encoding), declared)
    assert page.text == ARABIC


@pytest.mark.parametrize("encoding", ["cp1256", "iso8859-6", "utf-8"])
def test_a_wrong_meta_tag_is_overruled_by_the_letters(encoding):
    head = b"<html><head><meta charset='iso-8859-1'></head><body><div class='menu'>menu</div>" * 40
    page = read(head + ARABIC.encode(encoding) + b"</body>", None, "html")
    assert ARABIC in page.text
    assert page.encoding == encoding
    assert page.fixes == ("misdeclared-charset",)


@pytest.mark.parametrize(("text", "encoding"), [(OLD_PERSIAN, "cp1256"), (PERSIAN, "utf-8"), (FRENCH, "cp1252")])
def test_other_languages_are_read_too(text, encoding):
    assert read(text.encode(encoding)).text == text


def test_a_text_cut_inside_a_character_keeps_the_rest():
    page = read(ARABIC.strip().encode()[1:])
    assert page.text.endswith(ARABIC.strip()[1:])
    assert page.fixes == ("broken-bytes",)


def test_a_right_declaration_is_no_fix():
    assert read(ARABIC.encode("cp1256"), "windows-1256").fixes == ()


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\x00\x00\x00", b"\xef\xbb\xbf", "\ufeff".encode("utf-16-le")])
def test_nothing_but_white_space_is_no_text(content):
    assert read(content).reason == "no-text"


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, bytes(range(256)) * 9])
def test_binary_data_is_not_text(content):
    rejected = read(content)
    assert (rejected.stage, rejected.reason) == ("decode", "not-text")


def test_nuls_and_lone_surrogates_are_repaired_by_name():
    fields = Fields(text="خبر\x00 \ud83d\ude00 \udc00")
    page = decode(RawRecord(Place("x", None, 1, ""), "text", fields=fields))
    assert page.text == "خبر 😀 \ufffd"
    assert page.fixes == ("nul-characters", "lone-surrogates")
    assert page.encoding == "str"


def test_html_fields_give_an_html_page():
    page = decode(RawRecord(Place("x", None, 1, ""), "text", fields=Fields(text=" ", html="<p>خبر</p>")))
    assert page.form == "html"


def test_a_record_without_text_keeps_its_id_in_the_reject():
    rejected = decode(RawRecord(Place("x", None, 1, ""), "text", fields=Fields(external_id="7")))
    assert (rejected.reason, rejected.external_id) == ("no-text", "7")


def test_repaired_text_can_always_be_written():
    assert repair_code_points("\ud800a\udfff")[0].encode() == "\ufffda\ufffd".encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'<meta charset="utf-8">', "utf-8"),
        (b'<?xml version="1.0" encoding="ISO-8859-6"?>', "iso8859-6"),
        (b"<meta content='text/html; charset=windows-1256'>", "cp1256"),
        (b'<meta charset="base64">', None),
        (b"<p>charset=utf-8</p>", None),
    ],
)
def test_declarations_are_found_and_unknown_ones_left(content, expected):
    assert find_declared_charset(content) == expected
