"""Finding input files and telling what they are."""

import gzip
import os
import tomllib
import zipfile
from pathlib import Path

import pytest

from newsetl.errors import InputError
from newsetl.io.inputs import find_inputs
from newsetl.io.reading import load_urls
from newsetl.io.sniff import sniff_format

CASES = tomllib.loads((Path(__file__).parents[1] / "cases/formats.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_content_tells_the_format(case, encoding):
    if encoding == "utf-16" and case["expected"] == "warc":
        pytest.skip("WARC is bytes")
    if encoding == "utf-8-sig" and case["expected"] == "warc":
        pytest.skip("WARC is bytes")
    verdict = sniff_format(case["input"].encode(encoding), case["name"], complete=True)
    assert (verdict.format or "") == case["expected"], verdict


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"%PDF-1.7 ...", "not-text: PDF"),
        (b"\x89PNG\r\n\x1a\n", "not-text: PNG image"),
        (b"\xff\xd8\xff\xe0", "not-text: JPEG image"),
        (b"\xfd7zXZ\x00...", "unsupported-compression: xz"),
        (bytes(range(256)) * 4, "unknown-format: binary data"),
    ],
)
def test_binary_files_are_skipped_with_their_kind(files, head, reason):
    assert [file.skip_reason for file in files.find("a.txt", head)] == [reason]


def test_directories_are_walked_in_order_without_hidden_and_about_files(files):
    for name in (
        "b/2.txt",
        "a.txt",
        "b/1.txt",
        ".hidden",
        "_SUCCESS",
        "README.md",
        "b/.git/x.txt",
        "_tmp/y.txt",
        "LICENSE",
    ):
        files.write(name, b"text")
    found = [Path(file.uri).relative_to(files.folder).as_posix() for file in find_inputs([str(files.folder)])]
    assert found == ["a.txt", "b/1.txt", "b/2.txt"]


def test_the_uri_is_the_path_as_given(files, monkeypatch):
    files.write("raw/a.txt", b"text")
    monkeypatch.chdir(files.folder)
    assert [file.uri for file in find_inputs(["./raw/"])] == ["raw/a.txt"]
    assert [file.uri for file in find_inputs(["raw/../raw/a.txt"])] == ["raw/../raw/a.txt"]


def test_a_file_mentioned_twice_counts_once(files):
    path = files.write("a.txt", b"text")
    (files.folder / "link.txt").symlink_to(path)
    assert len(find_inputs([str(path), str(files.folder), f"{files.folder}/*.txt"])) == 1


def test_links_that_form_loops_end(files):
    files.write("a/x.txt", b"text")
    (files.folder / "a/loop").symlink_to(files.folder)
    (files.folder / "a/loop2").symlink_to(files.folder / "a")
    assert len(find_inputs([str(files.folder)])) == 1
    assert len(find_inputs([f"{files.folder}/**/*.txt"])) == 1


def test_globs_reach_down(files):
    for name in ("a/b/x.txt", "a/y.txt", "z.txt", "a/b/x.json"):
        files.write(name, b"text")
    found = find_inputs([f"{files.folder}/**/*.txt"])
    assert [file.name for file in found] == ["y.txt", "x.txt", "z.txt"] or len(found) == 3
    assert [file.name for file in find_inputs([f"{files.folder}/*.txt"])] == ["z.txt"]
    assert [file.name for file in find_inputs([f"{files.folder}/a/**"])] == ["x.json", "x.txt", "y.txt"]


def test_a_file_whose_name_looks_like_a_glob_is_found(files):
    assert [file.name for file in files.find("a[1].txt", b"text")] == ["a[1].txt"]


@pytest.mark.parametrize("pattern", ["nowhere", "nowhere/*.json", "**/nowhere-*.json"])
def test_what_does_not_exist_is_one_clear_error(files, pattern, monkeypatch):
    monkeypatch.chdir(files.folder)
    with pytest.raises(InputError, match="nowhere") as caught:
        find_inputs([pattern])
    assert "\n" not in str(caught.value)


def test_an_unreadable_file_is_lost_and_not_foreign(files):
    (files.folder / "gone.txt").symlink_to(files.folder / "nowhere")
    [file] = find_inputs([str(files.folder)])
    assert file.is_lost
    assert file.skip_reason.startswith("unreadable: ")


def test_a_pipe_is_not_opened(files):
    os.mkfifo(files.folder / "pipe")
    [file] = find_inputs([str(files.folder)])
    assert file.skip_reason == "unknown-format: no regular file"


def test_names_that_are_no_unicode_give_a_uri_that_is(files):
    (Path(os.fsdecode(os.fsencode(files.folder) + b"/\xc7\xe1.txt"))).write_bytes(b"text")
    [file] = find_inputs([str(files.folder)])
    assert file.uri.encode().endswith("\ufffd\ufffd.txt".encode())
    assert Path(file.path).exists()


def test_members_of_a_zip_are_inputs_of_their_own(files):
    members = {
        "x/a.json": files.as_json(),
        "x/": b"",
        "b.csv.gz": files.as_gz(files.as_csv()),
        "__MACOSX/._a": b"x",
        "c.pdf": b"%PDF-1",
    }
    found = files.find("a.zip", files.as_zip(members))
    assert [(file.uri.rpartition("!")[2], file.format, file.compression) for file in found] == [
        ("x/a.json", "json", None),
        ("b.csv.gz", "csv", "gz"),
        ("c.pdf", None, None),
    ]
    assert found[0].size_bytes == len(files.as_json())


@pytest.mark.parametrize(
    "pack", [lambda data: data, gzip.compress, lambda data: __import__("zstandard").compress(data)]
)
def test_members_of_a_tar_are_inputs_however_it_is_packed(files, pack):
    long_name = "م" * 90 + "/" + "a" * 120 + ".jsonl"
    found = files.find("a.tar.x", pack(files.as_tar({"a.txt": b"text", long_name: files.as_jsonl()})))
    assert [(file.member, file.format, file.archive) for file in found] == [
        ("a.txt", "text", "tar"),
        (long_name, "jsonl", "tar"),
    ]


def test_archives_in_archives_are_skipped(files):
    inner = files.as_zip({"a.txt": b"text"})
    nested = [
        *files.find("a.zip", files.as_zip({"b.zip": inner, "c.tar": files.as_tar({"a.txt": b"text"})})),
        *files.find("d.gz", files.as_gz(inner)),
        *files.find("e.gz", files.as_gz(files.as_gz(b"text"))),
    ]
    assert [file.skip_reason.partition(":")[0] for file in nested] == ["nested-archive"] * 4


def test_encrypted_members_are_skipped(files):
    data = bytearray(files.as_zip({"a.txt": b"text"}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    assert [file.skip_reason for file in files.find("a.zip", bytes(data))] == ["encrypted"]


def test_other_zip_methods_are_skipped(files):
    with zipfile.ZipFile(files.folder / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", b"text")
    [file] = find_inputs([str(files.folder)])
    assert file.skip_reason.startswith("unsupported-compression")


def test_office_documents_are_skipped(files):
    found = files.find("a.docx", files.as_zip({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}))
    assert [file.skip_reason for file in found] == ["not-text: Office document or package"]


def test_broken_archives_are_lost(files):
    archive = files.as_zip({"a.txt": b"text" * 100})
    tar = files.as_tar({"a.txt": b"text" * 1000, "b.txt": b"text" * 1000})
    assert [file.is_lost for file in files.find("a.zip", archive[:-30])] == [True]
    found = files.find("a.tar", tar[:6000])
    assert [(file.member, file.is_lost) for file in found] == [("a.txt", False), ("b.txt", False), ("?", True)]


def test_two_members_of_one_name_have_two_uris(files):
    with zipfile.ZipFile(files.folder / "a.zip", "w") as archive:
        archive.writestr("a.txt", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", b"two")
    assert [file.uri.rpartition("!")[2] for file in find_inputs([str(files.folder)])] == ["a.txt", "a.txt#2"]


def test_urls_are_loaded(files):
    path = files.write("urls", "\ufeff# names\na.html\thttps://x.example/1\n\nb.html \t http://x.example/2\n".encode())
    assert load_urls(path) == {"a.html": "https://x.example/1", "b.html": "http://x.example/2"}


@pytest.mark.parametrize(
    "text", ["a.html https://x.example/", "a.html\t", "\thttps://x.example/", "a\tftp://x", "a\thttp://1\na\thttp://2"]
)
def test_bad_lines_among_urls_are_named(files, text):
    path = files.write("urls", text.encode())
    with pytest.raises(InputError, match=r"line [12]"):
        load_urls(path)


def test_urls_that_cannot_be_read_are_an_input_error(files):
    with pytest.raises(InputError, match="cannot read"):
        load_urls(files.folder / "nowhere")
    with pytest.raises(InputError, match="cannot read"):
        load_urls(files.write("urls", b"\xff\xfe\x00"))
