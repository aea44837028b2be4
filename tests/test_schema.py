"""The contract: every dataset has the columns of the contract, with meanings."""

import pytest

from newsetl.rows import article_rows, count_words, partition_of, reject_partition, to_batch
from newsetl.schema import DATASETS, SCHEMAS

# As the contract lists them, partition columns left out.
CONTRACT = {
    "articles": "article_id external_id source_name url canonical_url title subtitle authors agency dateline_place "
    "published_at published_on date_precision date_origin date_raw modified_at section tags lang lang_score text "
    "n_chars n_words n_paragraphs n_sentences n_quotes removed fixes flags raw_uri raw_offset raw_sha256 fetched_at "
    "extractor pipeline_version",
    "paragraphs": "article_id paragraph_index role start end text",
    "sentences": "article_id paragraph_index sentence_index start end text",
    "quotes": "quote_id article_id quote_index published_on title type text segments start end cue cue_start cue_end "
    "cue_lemma cue_class speaker speaker_start speaker_end speaker_name speaker_role speaker_kind resolution "
    "relayed_by confidence paragraph_index flags",
    "revisions": "article_id version first_seen last_seen title text raw_uri raw_offset changed",
    "rejects": "raw_uri raw_offset raw_sha256 external_id stage reason detail",
    "records": "raw_uri raw_offset raw_length raw_sha256 external_id article_id outcome",
}


@pytest.mark.parametrize("dataset", list(CONTRACT))
def test_columns_are_those_of_the_contract(dataset):
    assert SCHEMAS[dataset].names == CONTRACT[dataset].split()


def test_every_column_says_what_it_means_and_what_null_means():
    for columns in DATASETS.values():
        for column in columns:
            assert column.meaning
            assert column.field().nullable == bool(column.null)


def test_rows_have_a_value_for_each_column(make_article):
    for dataset, dataset_rows in article_rows(make_article()).items():
        batch = to_batch(SCHEMAS[dataset], dataset_rows)
        batch.validate(full=True)
        for field in batch.schema:
            assert field.nullable or batch[field.name].null_count == 0, field.name


def test_stored_spans_are_slices_of_the_text(make_article):
    article = make_article()
    rows = article_rows(article)
    for dataset in ("paragraphs", "sentences", "quotes"):
        table = to_batch(SCHEMAS[dataset], rows[dataset]).to_pylist()
        assert all(article.document.text[row["start"] : row["end"]] == row["text"] for row in table)


def test_an_undated_article_lies_under_year_0(make_article):
    assert partition_of(make_article(day=None)).path() == "source=example/year=0/month=0"


def test_a_reject_lies_under_its_source_when_known(make_reject):
    assert reject_partition(make_reject(source="turkpress")).path() == "source=turkpress/year=0/month=0"
    assert reject_partition(make_reject()).source == "unknown"


def test_marks_alone_are_no_words():
    assert count_words("«نعم» ، — ؟ 33 .1") == 3
