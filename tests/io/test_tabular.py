"""CSV and TSV: quoting, damage, and rows that swallow others."""

import time

import pytest


def texts(items):
    return [getattr(item, "reason", None) or item.fields.text for item in items]


def test_quoted_line_breaks_belong_to_the_cell(files):
    data = 'id,text\n1,"أول\nثان, ""ثالث"""\n2,آخر\n'.encode()
    items = files.read("a.csv", data)
    assert texts(items) == ['أول\nثان, "ثالث"', "آخر"]
    assert [item.place.offset for item in items] == [data.index(b"1,"), data.index(b"2,")]


def test_rows_of_another_width_are_rejects(files):
    items = files.read("a.csv", "id,title,text\n1,ع,متن\n2,متن\n3,ع,متن,زائد\n\n4,ع,متن\n".encode())
    assert texts(items) == ["متن", "bad-row", "bad-row", "متن"]
    assert items[1].detail == "2 cells under a header of 3"


def test_a_quote_that_never_closes_does_not_swallow_the_rows_after_it(files):
    rows = "".join(f"{n},متن {n}\n" for n in range(2, 50))
    items = files.read("a.csv", f'id,text\n1,"مفتوح\n{rows}'.encode())
    assert texts(items) == ['"مفتوح', *[f"متن {n}" for n in range(2, 50)]]


def test_a_row_glued_to_the_next_by_a_quote_is_taken_apart(files):
    items = files.read("a.csv", 'id,title,text\n1,"مفتوح,أول\n2,"ع",ثان\n3,ع,ثالث\n'.encode())
    assert texts(items) == ["أول", "ثان", "ثالث"]


def test_a_tsv_with_stray_quotes_is_read_without_quoting(files):
    data = 'id\ttitle\ttext\n1\t"مفتوح\tأول\n2\tع\tثان\n'.encode()
    assert texts(files.read("a.tsv", data)) == ["أول", "ثان"]


def test_a_row_too_large_is_a_reject(files):
    rows = f'id,text\n1,{"م" * 3000}\n2,متن\n3,"{"سطر" * 100}\n{"سطر" * 1000}"\n4,متن\n'
    items = files.read("a.csv", rows.encode(), max_record_bytes=4000)
    assert texts(items)[:2] == ["too-large", "متن"]
    assert texts(items)[-1] == "متن"


def test_of_two_columns_of_one_name_the_filled_one_counts(files):
    assert texts(files.read("a.csv", "id,text,text\n1,,متن\n2,أول,ثان\n".encode())) == ["متن", "أول"]


def test_a_mapping_names_the_columns_of_a_table_without_known_names(files):
    data = "c1,c2\nمتن,1\nآخر,2\n".encode()
    assert texts(files.read("a.csv", data, fields={"text": "c1", "external_id": "c2"})) == ["متن", "آخر"]


@pytest.mark.parametrize("line", ['"', '"x', 'a,"', '""', '"""', ',""', "a\0,b", '"a"b,c'])
def test_hostile_tables_are_read_in_linear_time(files, line):
    started = time.perf_counter()
    assert files.read("a.csv", ("id,text\n1,متن\n2,متن\n" + f"{line}\n" * 30_000).encode())
    assert time.perf_counter() - started < 5
