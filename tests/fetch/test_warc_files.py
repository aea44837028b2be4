"""The raw files against what servers, disks and other programs do to them. Their plain ways are in `test_raw_files`."""

import gzip
import json
from datetime import UTC, datetime
from itertools import accumulate

import pytest
from warcio.warcwriter import WARCWriter

from newsetl.errors import NewsetlError
from newsetl.fetch.collection import make_note
from newsetl.fetch.exchange import Answer, Exchange
from newsetl.fetch.rebuild import open_state
from newsetl.fetch.source import Source
from newsetl.fetch.warc_files import WarcFiles
from newsetl.fetch.warc_notes import OPEN, find_files, read_notes, salvage
from newsetl.io import disk
from newsetl.io.inputs import find_inputs
from newsetl.io.readers import read_records

NOW = datetime(2021, 2, 10, 12, tzinfo=UTC)
URL = "https://nasim.example/"
OUTLET = Source("nasim", "النسيم", "Asia/Beirut")
FORGED = {"kind": "page", "url": URL + "forged", "final_url": URL + "forged", "outcome": "fetched", "retry_at": None}
FORGED |= {"at": "2021-02-10T12:00:00.000000+00:00"}


def fetched(number, body=None, **headers):
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    request = b"GET / HTTP/1.1\r\nHost: nasim.example\r\n\r\n"
    content = body or f"<p>page {number}".encode()
    known = {name.lower(): value for name, value in headers.items()}
    parts = (URL + str(number), NOW, "93.184.215.14", request, 200, head.encode(), known, content)
    return Answer(URL + str(number), "fetched", exchanges=(Exchange(*parts),), content=content)


def write(files, *answers):
    for answer in answers:
        files.write(answer, make_note(answer, "page", NOW, None))


def files_in(folder):
    return WarcFiles(folder, OUTLET, "newsetl 0", lambda: NOW)


def members(path):
    """Where each gzip member of a file ends."""
    data = path.read_bytes()
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"\x1f\x8b\x08\x00"]
    sizes = (end - start for start, end in zip(starts, [*starts[1:], len(data)], strict=True))
    return list(accumulate(sizes))


def urls(folder):
    """The pages that readers see; a reject has no place among them."""
    return [record.fields.url for one in find_inputs([str(folder)]) for record in read_records(one)]


def notes(folder):
    return [note["url"] for path in find_files(folder) for note in read_notes(path)]


# --- servers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        fetched(2, **{"WARC-Type": "metadata"}),
        fetched(2, b"WARC/1.1\r\nWARC-Type: metadata\r\n\r\n" + json.dumps(FORGED).encode()),
        fetched(2, b"\r\n\r\nWARC/1.1\r\nWARC-Type: metadata\r\n\r\n" + json.dumps(FORGED).encode()),
        fetched(2, gzip.compress(b"WARC/1.1\r\nWARC-Type: metadata\r\n\r\n" + json.dumps(FORGED).encode())),
    ],
    ids=["header", "body", "body after a gap", "packed body"],
)
def test_what_a_server_sends_is_never_taken_for_a_note(tmp_path, answer):
    with files_in(tmp_path) as files:
        write(files, fetched(1), answer)
    assert notes(tmp_path) == [URL + "1", URL + "2"]
    [path] = files.closed
    whole = path.read_bytes()
    for end in members(path)[4:-1]:  # the response, then the request of the second page is the last thing in it
        path.with_name(OPEN + path.name).write_bytes(whole[:end])
        path.unlink(missing_ok=True)
        assert salvage(tmp_path) == [path]
        assert (notes(tmp_path), urls(tmp_path)) == ([URL + "1"], [URL + "1"])


def test_behind_damage_nothing_is_taken_for_a_note(tmp_path):
    packed = gzip.compress(b"WARC/1.1\r\nWARC-Type: metadata\r\n\r\n" + json.dumps(FORGED).encode(), 9, mtime=0)
    with files_in(tmp_path) as files:
        write(files, fetched(1), fetched(2, packed), fetched(3))
    [path] = files.closed
    data = bytearray(path.read_bytes())
    second = members(path)[3]
    data[second + 20] ^= 255
    path.write_bytes(data)
    assert notes(tmp_path) == [URL + "1"]


def test_a_long_note_is_read_again(tmp_path):
    with files_in(tmp_path) as files:
        write(files, fetched(1, ETag="x" * 2_000_000), fetched(2))
    with open_state(tmp_path) as state:
        assert state.counts() == {("page", "fetched", ""): 2}
        assert state.validators("page", URL + "1") == (None, None)


def test_lines_in_a_url_begin_no_header_of_their_own(tmp_path):
    answer = Answer(f"{URL}\r\nWARC-Type: warcinfo\r\n\r\nx", "refused", "bad-url")
    with files_in(tmp_path) as files:
        write(files, answer)
        [path] = files.close()
    assert [note["url"] for note in read_notes(path)] == [answer.url]
    assert b"WARC-Target-URI: https://nasim.example/ WARC-Type: warcinfo x\r\n" in gzip.decompress(path.read_bytes())


def test_half_a_character_can_be_written(tmp_path):
    answer = Answer(URL + "\ud800", "refused", "bad-url", "\udfff")
    with files_in(tmp_path) as files:
        write(files, answer)
        [path] = files.close()
    [note] = read_notes(path)
    assert (note["outcome"], note["reason"]) == ("refused", "bad-url")


# --- disks and other programs ---------------------------------------------------------------------------------------


def fail_at(monkeypatch, owner, name, number, error):
    """Let a function raise at its so-manieth call and ever after."""
    function, calls = getattr(owner, name), []

    def step(*arguments):
        calls.append(name)
        if len(calls) >= number:
            raise error
        return function(*arguments)

    monkeypatch.setattr(owner, name, step)


@pytest.mark.parametrize("record", [1, 2, 3])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
def test_a_run_that_ends_in_the_midst_of_an_answer_leaves_what_is_whole(tmp_path, monkeypatch, record, error):
    def run():
        with files_in(tmp_path) as files, monkeypatch.context() as patch:
            write(files, fetched(1))
            fail_at(patch, WARCWriter, "write_record", record, error)
            write(files, fetched(2))

    with pytest.raises(NewsetlError if isinstance(error, OSError) else KeyboardInterrupt) as raised:
        run()
    if isinstance(error, OSError):
        assert str(raised.value) == f"{tmp_path}: No space left on device; what was fetched before is kept"
    assert urls(tmp_path) == []  # nobody sees a file that may be torn
    with open_state(tmp_path) as state:
        assert state.counts() == {("page", "fetched", ""): 1}
        assert len(state.unloaded("out")) == 1
    assert (notes(tmp_path), urls(tmp_path)) == ([URL + "1"], [URL + "1"])


def test_a_run_that_ends_between_answers_closes_its_files(tmp_path):
    def run():
        with files_in(tmp_path) as files:
            write(files, fetched(1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert urls(tmp_path) == [URL + "1"]


@pytest.mark.parametrize("step", ["sync_file", "sync_folder", "rename"])
@pytest.mark.parametrize("method", ["sync", "close"])
def test_a_disk_that_fails_is_told_in_one_line_and_nothing_is_lost(tmp_path, monkeypatch, step, method):
    def run(patch):
        with files_in(tmp_path) as files:
            write(files, fetched(1))
            fail_at(patch, disk, step, 1, OSError(5, "Input/output error"))
            getattr(files, method)()

    with monkeypatch.context() as patch, pytest.raises(NewsetlError, match="Input/output error; what was fetched"):
        run(patch)
    with open_state(tmp_path) as state:
        assert state.counts() == {("page", "fetched", ""): 1}
    assert (notes(tmp_path), urls(tmp_path)) == ([URL + "1"], [URL + "1"])


@pytest.mark.parametrize(
    ("content_type", "block"),
    [
        ("application/json", b'{"pages": 3}'),
        ("application/json", b"[" * 100_000),
        ("application/json", b"[1]"),
        ("application/json", b"\xff"),
        ("application/warc-fields", b"fetchTimeMs: 3\r\n"),
    ],
)
def test_files_of_other_programs_do_no_harm(tmp_path, content_type, block):
    path = tmp_path / "2021-02-10" / "crawl.warc.gz"
    path.parent.mkdir()
    head = f"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    path.write_bytes(gzip.compress(head.encode() + block + b"\r\n\r\n"))
    with files_in(tmp_path) as files:
        write(files, fetched(1))
    with open_state(tmp_path) as state:
        assert state.counts() == {("page", "fetched", ""): 1}
    assert notes(tmp_path) == [URL + "1"]


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"no WARC", bytes(4096)])
def test_an_open_file_without_a_note_is_removed(tmp_path, content):
    path = tmp_path / "2021-02-10" / f"{OPEN}nasim-20210210T120000Z-0001.warc.gz"
    path.parent.mkdir()
    path.write_bytes(content)
    assert salvage(tmp_path) == []
    assert list(path.parent.iterdir()) == []


def test_zeros_at_the_end_are_taken_off(tmp_path):
    with files_in(tmp_path) as files:
        write(files, fetched(1))
    [path] = files.closed
    whole = path.read_bytes()
    path.rename(path.with_name(OPEN + path.name)).write_bytes(whole + bytes(10_000))  # as after a loss of power
    assert salvage(tmp_path) == [path]
    assert path.read_bytes() == whole
