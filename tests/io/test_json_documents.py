"""JSON and JSON Lines: shapes of files, and going on after damage."""

import hashlib
import json
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def ids(items):
    return [getattr(item, "reason", None) or item.fields.external_id for item in items]


def article(number, **more):
    return json.dumps({"id": str(number), "title": "عنوان", "text": f"متن {number}", **more}, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        "[{0},{1},{2}]",
        "[\n{0},\n{1},\n{2}\n]\n",
        "{0}\n{1}\n{2}",
        "{0}{1}{2}",
        "{0},\n{1},\n{2},\n",
        '{{"articles": [{0},{1},{2}]}}',
        '{{"status": "ok", "count": 3, "articles": [{0},{1},{2}], "next": {{"page": [2, 3]}}}}\n',
        '{{"took": 3, "hits": {{"total": 3, "hits": [{0},{1},{2}]}}, "aggs": {{}}}}',
        '{{"data":\n {{"items": [{0}, {1}]}}}}\n{2}',
        "\ufeff[{0},,{1}\n{2}]",
    ],
)
def test_shapes_of_files_of_objects(files, text):
    data = text.format(article(1), article(2), article(3)).encode()
    items = files.read("a.json", data)
    assert ids(items) == ["1", "2", "3"]
    for item in items:
        raw = data[item.place.offset : item.place.offset + item.place.length]
        assert json.loads(raw)["id"] == item.fields.external_id


def test_a_single_object_is_one_record_though_it_holds_lists_of_objects(files):
    whole = article(1, related=[{"title": "آخر", "url": "https://x.example/2"}])
    assert ids(files.read("a.json", whole.encode())) == ["1"]


def test_an_object_pretty_printed_is_one_record(files):
    assert ids(files.read("a.json", json.dumps(json.loads(article(1)), indent=4).encode())) == ["1"]


def test_elements_that_are_no_objects_are_rejects(files):
    items = files.read("a.json", f'[{article(1)}, 7, "متن", null, [1], {article(2)}]'.encode())
    assert ids(items) == ["1", *["not-an-object"] * 4, "2"]


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": "2", "text": }',
        '{"id": "2" "text": "متن"}',
        '{"id": "2", "text": "he said "no" twice"}',
        '{"id": "2", "text": "متن", "authors": [{"name": "هدى"}, {"name": "سالم"}], bad}',
        '{"id": "2", "text": "\\x"}',
        '{"id": "2", "text": ' + "9" * 5000 + "}",
        '{"id": "2", "text": ' + "[" * 100_000 + "}",
    ],
)
@pytest.mark.parametrize("text", ["[{0},{broken},{1},{2}]", '{{"articles": [{0},{broken},{1},{2}], "n": 3}}'])
def test_a_broken_element_is_one_reject_and_the_reading_goes_on(files, text, broken):
    data = text.format(article(1), article(3), article(4), broken=broken).encode()
    items = files.read("a.json", data)
    assert ids(items) == ["1", "bad-json", "3", "4"]
    place = items[1].place
    raw = data[place.offset : place.offset + place.length]
    assert broken.encode() in raw
    assert hashlib.sha256(raw).hexdigest() == place.sha256


def test_a_broken_first_element_costs_itself_only(files):
    data = f'[{{"id": "1", bad}},{article(2)},{article(3)}]'.encode()
    assert ids(files.read("a.json", data)) == ["bad-json", "2", "3"]


def test_a_file_cut_within_a_record_is_one_reject(files):
    data = f"[{article(1)},{article(2)}".encode()
    assert ids(files.read("a.json", data[:-5])) == ["1", "bad-json"]


def test_an_array_that_never_closes_is_told(files):
    assert ids(files.read("a.json", f"[{article(1)},{article(2)},".encode())) == ["1", "2", "truncated-file"]


def test_an_empty_array_holds_no_records(files):
    assert files.read("a.json", b"[]\n") == []


def test_records_too_large_are_rejects_and_the_others_stand(files):
    large = article(2, text="م" * 5000)
    for data in (f"[{article(1)},{large},{article(3)}]", f"{article(1)}\n{large}\n{article(3)}\n"):
        items = files.read("a.json", data.encode(), max_record_bytes=4000)
        assert ids(items) == ["1", "too-large", "3"]
        place = items[1].place
        assert large.encode() in data.encode()[place.offset : place.offset + place.length]


def test_an_envelope_larger_than_a_record_may_be_is_streamed(files):
    articles = ",".join(article(n, body="متن " * 100) for n in range(200))
    data = f'{{"status": "ok", "response": {{"docs": [{articles}]}}, "end": true}}'.encode()
    assert ids(files.read("a.json", data, max_record_bytes=4000)) == [str(n) for n in range(200)]


def test_a_long_array_is_read_in_pieces_with_true_offsets(files):
    articles = [json.loads(article(n, text="متن " * (n % 700))) for n in range(400)]
    data = json.dumps(articles, ensure_ascii=False).encode()
    items = files.read("a.json", data)
    assert len(items) == 400
    for item in items:
        raw = data[item.place.offset : item.place.offset + item.place.length]
        assert hashlib.sha256(raw).hexdigest() == item.place.sha256


def test_bad_lines_do_not_stop_json_lines(files):
    lines = [article(1), "{bad", "[1, 2]", "", "   ", "7", article(2), '{"id": "3", "text": NaN}']
    items = files.read("a.jsonl", "\n".join(lines).encode())
    assert ids(items) == ["1", "bad-json", "not-an-object", "not-an-object", "2", "3"]
    assert items[1].detail == "Expecting property name enclosed in double quotes at character 1"


def test_lone_surrogates_stay_for_the_decode_stage(files):
    [item] = files.read("a.jsonl", b'{"text": "a\\ud800b"}')
    assert item.fields.text == "a\ud800b"


def test_line_breaks_and_tabs_within_strings_are_no_damage(files):
    [item] = files.read("a.json", '[{"text": "أول\nثان\tثالث"}]'.encode())
    assert item.fields.text == "أول\nثان\tثالث"


def test_lines_of_two_encodings_are_each_read_right(files):
    data = article(1).encode() + b"\n" + article(2).encode("cp1256") + b"\n"
    for name, joined in (("a.jsonl", data), ("b.json", b"[" + data.strip().replace(b"\n", b",") + b"]")):
        assert [item.fields.text for item in files.read(name, joined)] == ["متن 1", "متن 2"]


def test_a_damaged_letter_does_not_turn_the_encoding_over(files):
    data = '{"text": "ذهب الفريق إلى الميناء القديم"}'.encode().replace("م".encode(), b"\xd9", 1)
    [item] = files.read("a.jsonl", data)
    assert item.fields.text.count("\ufffd") == 1
    assert item.fields.text.startswith("ذهب الفريق")


@pytest.mark.parametrize(
    "text",
    [
        "[" + '{"a":[' * 30_000,
        "[" + "},{" * 300_000,
        '[{"text": "' + " " * 1_000_000,
        '[{"a":1' + '},{"b":1' * 100_000 + "bad",
        "[" + '{"a":[{},' * 20_000,
        '[{"x": "' + '"},{"' * 200_000,
        "[" + "}" + " , " * 300_000 + "}",
        '{"text": "' + '\\"' * 300_000,
        '{"id": 1, "text": bad}' + "}, " * 300_000,
    ],
)
def test_hostile_json_is_read_in_linear_time(files, text):
    started = time.perf_counter()
    items = files.read("a.json", text.encode())
    assert items
    assert time.perf_counter() - started < 5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9), n_cuts=st.integers(1, 3))
def test_damage_loses_no_more_than_it_touches(session_files, seed, n_cuts):
    """Bytes are dropped out of an array; whole records far from them must come out."""
    rng = random.Random(seed)  # noqa: S311  for tests
    data = json.dumps([json.loads(article(n)) for n in range(30)], ensure_ascii=False).encode()
    hit = sorted(rng.sample(range(5, len(data) - 5), n_cuts))
    for at in reversed(hit):
        data = data[:at] + data[at + 1 :]
    items = session_files.read("a.json", data)
    assert len(session_files.good(items)) >= 30 - 2 * n_cuts
    covered = sum(item.place.length for item in items)
    assert len(data) - covered <= 2 * 30 + 2
