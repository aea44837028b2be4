"""What a URL names, and an object that reads like a file: without a server, in fsspec's memory."""

import io
import os
import subprocess
import sys
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsetl.errors import InputError
from newsetl.io import remote
from newsetl.io.inputs import find_inputs
from newsetl.io.reading import load_urls
from newsetl.io.remote import ObjectFile, told_as_os_error

NAMES = [
    "a.txt",
    "z.txt",
    "a/x.txt",
    "a/y.json",
    "a/b/x.txt",
    "a-b/x.txt",
    "a.b/x.json",
    "README.md",
    "a/README.txt",
    "_done",
    ".hidden/x.txt",
    "_tmp/x.txt",
    "a/_old/x.txt",
    "a/.git/x.txt",
    "b[1]/x.txt",
    "b[1]/y?.txt",
    "c/d/e/f.txt",
    "2015-01/news.jsonl",
    "2015-02/news.jsonl",
]
PATTERNS = [
    "",
    "/",
    "a",
    "a/",
    "a.txt",
    "a/README.txt",
    "_tmp",
    "_tmp/x.txt",
    "*",
    "*.txt",
    "*/x.txt",
    "a*",
    "*/*",
    "*/*/x.txt",
    "**",
    "**/*.txt",
    "**/x.txt",
    "a/**",
    "a/**/x.txt",
    "*/b/**",
    "**/b/*",
    "2015-0?/news.jsonl",
    "2015-0[2-9]",
    "b[1]",
    "b[1]/y?.txt",
    ".hidden/*",
    ".*/*.txt",
    "_*/x.txt",
    "c/*/e",
]


@pytest.fixture
def place():
    """A bucket in the memory of this process."""
    from upath import UPath

    url = f"memory://{uuid.uuid4().hex}"
    yield url
    UPath(url).fs.rm(url, recursive=True)


def put(url, data):
    from upath import UPath

    UPath(url).fs.pipe_file(url, data)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_url_names_what_the_same_path_names_and_in_the_same_order(tmp_path, place, pattern):
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"text")
        put(f"{place}/{name}", b"text")
    here = [file.uri.removeprefix(f"{tmp_path}") for file in find_inputs([f"{tmp_path}/{pattern}"])]
    assert [file.uri.removeprefix(place) for file in find_inputs([f"{place}/{pattern}"])] == here
    assert here


@pytest.mark.parametrize("pattern", ["nowhere", "nowhere/", "nowhere*", "a/**/*.pdf", "a.txt/", "a.txt/*"])
def test_what_is_not_there_is_one_clear_error(place, pattern):
    put(f"{place}/a.txt", b"text")
    with pytest.raises(InputError) as caught:
        find_inputs([f"{place}/{pattern}"])
    assert f"{place}/{pattern}".rstrip("/") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://x.example/a.json", "newsetl fetch"),
        ("HTTP://x.example/a.json", "newsetl fetch"),
        ("floppy://a/b", "floppy"),
        ("zip://a.zip", "no place that inputs are read from"),
        ("github://a/b", "no place that inputs are read from"),
        ("hf://a/b", "needs more"),
        ("s3://", "name a bucket"),
        ("s3:///", "name a bucket"),
    ],
)
def test_other_kinds_of_places_are_refused_with_a_hint(url, told):
    with pytest.raises(InputError, match=told) as caught:
        find_inputs([url])
    assert "\n" not in str(caught.value)


def test_a_store_that_needs_another_package_says_which(monkeypatch):
    from fsspec.registry import _registry

    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)
    with pytest.raises(InputError, match=r"pip install 'newsetl\[s3\]'"):
        find_inputs(["s3://bucket/a.json"])


def test_a_url_of_a_file_is_its_path(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"text")
    assert [file.uri for file in find_inputs([f"file://{tmp_path}/a.txt", str(tmp_path)])] == [f"{tmp_path}/a.txt"]


def test_an_object_mentioned_twice_counts_once(place):
    put(f"{place}/a.txt", b"text")
    assert len(find_inputs([f"{place}/a.txt", place, f"{place}/*.txt"])) == 1


def test_the_stamp_of_a_file_is_the_time_of_its_last_change(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"text")
    for time_ns in (1_000_000_007, 1_000_000_008):
        os.utime(path, ns=(0, time_ns))
        assert [file.stamp for file in find_inputs([str(path)])] == [str(time_ns)]


def test_tables_of_urls_are_read_from_anywhere(place):
    put(f"{place}/urls.tsv", "a.html\thttps://x.example/1\r\n".encode("utf-8-sig"))
    assert load_urls(f"{place}/urls.tsv") == {"a.html": "https://x.example/1"}
    with pytest.raises(InputError, match="cannot read the URLs"):
        load_urls(f"{place}/nowhere")


def test_paths_load_nothing_that_objects_need(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"text")
    code = (
        "import sys; from newsetl.io.inputs import find_inputs; from newsetl.io.readers import read_records;"
        f"print(sum(1 for file in find_inputs([{str(tmp_path)!r}]) for _ in read_records(file)));"
        "print([name for name in ('fsspec', 'upath', 's3fs', 'newsetl.io.remote') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1", "[]"]


# --- reading --------------------------------------------------------------------------------------------------------


class Asked(io.BytesIO):
    """A file that notes what it is asked for."""

    def __init__(self, data):
        super().__init__(data)
        self.sizes = []

    def read(self, size=-1):
        self.sizes.append(size)
        return super().read(size)


@given(
    size=st.integers(0, 300),
    steps=st.lists(
        st.one_of(
            st.integers(-1, 120),
            st.tuples(st.integers(-50, 350), st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])),
        ),
        max_size=30,
    ),
)
def test_an_object_reads_as_a_file_does(size, steps):
    data = bytes(at % 251 for at in range(size))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(remote, "FIRST_BYTES", 8)
        patched.setattr(remote, "MOST_BYTES", 32)
        plain, handle = io.BytesIO(data), ObjectFile(io.BytesIO(data))
        for step in steps:
            if isinstance(step, int):
                assert handle.read(step) == plain.read(step)
            else:
                offset, whence = step
                if whence == io.SEEK_SET and offset < 0:
                    with pytest.raises(OSError, match="before the first"):
                        handle.seek(offset)
                    continue
                if plain.tell() + offset < 0 and whence == io.SEEK_CUR:
                    continue
                if len(data) + offset < 0 and whence == io.SEEK_END:
                    continue
                assert handle.seek(*step) == plain.seek(*step)
            assert handle.tell() == plain.tell()
            assert len(handle._held) <= 32


def test_reading_in_order_asks_for_each_byte_once_and_for_more_each_time():
    asked = Asked(bytes(20_000_000))
    handle = ObjectFile(asked)
    while handle.read(1 << 16):
        pass
    assert sum(asked.sizes) == 20_000_000
    assert asked.sizes[:8] == [1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 21, 1 << 22, 1 << 22]


def test_a_look_at_the_first_bytes_asks_for_no_more():
    asked = Asked(bytes(20_000_000))
    handle = ObjectFile(asked)
    handle.read(512)
    handle.seek(0)
    handle.read(1 << 16)
    assert asked.sizes == [1 << 16]


def test_an_object_that_gives_less_than_it_says_fails():
    handle = ObjectFile(Asked(bytes(1000)))
    handle._handle.truncate(900)
    with pytest.raises(OSError, match="ends at byte 900 of 1000"):
        handle.read()


def test_what_a_library_raises_is_told_as_an_error_of_the_system():
    class LibraryError(Exception):
        pass

    with pytest.raises(ConnectionError, match="no route to it") as caught, told_as_os_error():
        raise LibraryError("no route\n to it")
    assert "\n" not in str(caught.value)
    for error in (PermissionError("no"), MemoryError()):
        with pytest.raises(type(error)) as caught, told_as_os_error():
            raise error
        assert caught.value is error
