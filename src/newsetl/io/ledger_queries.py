"""The SQL of the ledger: its tables, and how a run is settled against what is published."""

TABLES = """
CREATE TABLE records (
    record_no INTEGER PRIMARY KEY,  -- new ones > 0, published ones < 0
    source TEXT, year INTEGER, month INTEGER,
    uri TEXT, offset INTEGER, length INTEGER, sha256 TEXT, external_id TEXT, article_id TEXT,
    fetched_us INTEGER, fingerprint TEXT, details TEXT,  -- published ones: only where the article is contested
    rank INTEGER,  -- published ones: its place among the records of its article, 1 = newest
    was TEXT,      -- published ones: the outcome as published
    outcome TEXT   -- 'again': a published one that this run read again
);
CREATE TABLE rejects (record_no INTEGER PRIMARY KEY, stage TEXT, reason TEXT, detail TEXT);
CREATE TABLE pieces (
    dataset TEXT, source TEXT, year INTEGER, month INTEGER, path TEXT, number INTEGER,
    first INTEGER, last INTEGER, size_bytes INTEGER
);
"""
INDEXES = """
CREATE INDEX records_by_place ON records (uri, offset, sha256);
CREATE INDEX records_by_article ON records (article_id);
CREATE INDEX records_by_partition ON records (source, year, month);
CREATE INDEX published_by_article ON records (source, year, month, article_id) WHERE record_no < 0;
CREATE INDEX pieces_by_partition ON pieces (source, year, month);
-- articles with more than one record: the records, newest first; where the article lies; what its versions say
CREATE TABLE chain (article_id TEXT, rank INTEGER, record_no INTEGER, fingerprint TEXT, PRIMARY KEY (article_id, rank))
    WITHOUT ROWID;
CREATE TABLE homes (
    source TEXT, year INTEGER, month INTEGER, article_id TEXT UNIQUE, winner INTEGER, fingerprint TEXT,
    PRIMARY KEY (source, year, month, article_id)) WITHOUT ROWID;
CREATE TABLE old_homes (
    source TEXT, year INTEGER, month INTEGER, article_id TEXT UNIQUE,
    PRIMARY KEY (source, year, month, article_id)) WITHOUT ROWID;
CREATE TABLE texts (article_id TEXT, fingerprint TEXT, title TEXT, text TEXT, PRIMARY KEY (article_id, fingerprint));
CREATE TABLE touched (source TEXT, year INTEGER, month INTEGER, UNIQUE (source, year, month));
"""
COLUMNS = "source, year, month, uri, offset, length, sha256, external_id, article_id, fetched_us, fingerprint, details"
INSERT_KEY = f"INSERT INTO records (record_no, {COLUMNS}, outcome) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
ABSORB_PIECES = """
INSERT INTO pieces SELECT dataset, source, year, month, ? || path, number, first, last, size_bytes FROM batch.pieces
"""

# --- published records ---

CAN_MATTER = """
SELECT EXISTS (SELECT 1 FROM records WHERE article_id = ? AND record_no > 0)
OR EXISTS (SELECT 1 FROM records WHERE uri = ? AND offset IS ? AND sha256 = ? AND record_no > 0)
"""
INSERT_PUBLISHED = f"""
INSERT INTO records (record_no, {COLUMNS}, rank, was, outcome)
VALUES (min(0, coalesce((SELECT min(record_no) FROM records), 0)) - 1, ?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
"""
# The same bytes at the same place are the same record: what was published of it gives way to what it gives now.
MARK_READ_AGAIN = """
UPDATE records SET outcome = 'again' WHERE record_no < 0 AND EXISTS (
    SELECT 1 FROM records AS new WHERE new.record_no > 0
    AND new.uri = records.uri AND new.offset IS records.offset AND new.sha256 = records.sha256)
"""
PUBLISHED_AT = "SELECT record_no FROM records WHERE uri = ? AND offset IS ? AND sha256 = ? AND record_no < 0"
COMPLETE = "UPDATE records SET fetched_us = ?, fingerprint = ?, details = ?, rank = ? WHERE record_no = ?"
# Rows of `articles` that must be looked at: the published winner of an article that a record of this run gave too; and
# one that was read again, where it leaves other records of its article behind.
CONTESTED = """
record_no < 0 AND was = 'article' AND (
    (outcome = 'article' AND EXISTS (
        SELECT 1 FROM records AS new WHERE new.article_id = records.article_id AND new.record_no > 0))
    OR (outcome = 'again' AND EXISTS (
        SELECT 1 FROM records AS others WHERE others.article_id = records.article_id
        AND others.record_no < 0 AND others.outcome != 'again')))
"""
KEEP_TEXT = """
INSERT OR IGNORE INTO texts SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (
    SELECT 1 FROM records WHERE article_id = ?1 AND fingerprint != ?2 AND outcome != 'again')
"""

# --- settling ---

# Newest fetch wins; a record without a fetch time is the oldest. Then the order of places decides, so that the order of
# reading does not matter; at one place whose bytes changed, what came last.
FILL_CHAIN = """
INSERT INTO chain SELECT article_id, row_number() OVER (
    PARTITION BY article_id
    ORDER BY fetched_us IS NULL, fetched_us DESC, uri, offset, coalesce(rank, 0), sha256), record_no, fingerprint
FROM records WHERE fingerprint IS NOT NULL AND outcome != 'again' AND article_id IN (
    SELECT article_id FROM records WHERE fingerprint IS NOT NULL AND outcome != 'again'
    GROUP BY article_id HAVING count(*) > 1)
"""
# The newest record that has rows: one of this run, or the winner as published. Without one an article has no row, and
# its versions lie where its newest record does.
FILL_HOMES = """
INSERT INTO homes
SELECT source, year, month, article_id, CASE WHEN has_rows THEN record_no END, CASE WHEN has_rows THEN fingerprint END
FROM (
    SELECT *, row_number() OVER (PARTITION BY article_id ORDER BY NOT has_rows, rank) AS place FROM (
        SELECT chain.*, source, year, month, chain.record_no > 0 OR was = 'article' AS has_rows
        FROM chain JOIN records USING (record_no))) WHERE place = 1
"""
NAME_OUTCOMES = """
UPDATE records SET outcome = CASE
    WHEN records.record_no = homes.winner THEN 'article' WHEN records.fingerprint = homes.fingerprint THEN 'duplicate'
    ELSE 'superseded' END
FROM chain JOIN homes USING (article_id)
WHERE chain.record_no = records.record_no AND homes.winner IS NOT NULL
"""
FILL_TOUCHED = """
INSERT OR IGNORE INTO touched
SELECT source, year, month FROM records WHERE record_no > 0 OR outcome != was
UNION SELECT source, year, month FROM homes UNION SELECT source, year, month FROM old_homes
"""
# A version stands in `revisions` unless it is the winner's own.
FILL_TEXTS = """
INSERT OR IGNORE INTO texts SELECT DISTINCT chain.article_id, chain.fingerprint, NULL, NULL
FROM chain JOIN homes USING (article_id) WHERE chain.fingerprint IS NOT homes.fingerprint OR EXISTS (
    SELECT 1 FROM chain AS newer WHERE newer.article_id = chain.article_id
    AND newer.rank < chain.rank AND newer.fingerprint != chain.fingerprint)
"""
MISSING_IN_REVISIONS = """
FROM texts JOIN old_homes USING (article_id) WHERE texts.text IS NULL
"""
MISSING_IN_PIECES = """
SELECT path, number, record_no, article_id, fingerprint FROM (
    SELECT texts.article_id, texts.fingerprint, max(record_no) AS record_no
    FROM texts JOIN records USING (article_id)
    WHERE texts.text IS NULL AND records.fingerprint = texts.fingerprint AND record_no > 0 GROUP BY 1, 2)
JOIN records USING (record_no, article_id, fingerprint) JOIN pieces USING (source, year, month)
WHERE pieces.dataset = 'articles' AND record_no BETWEEN pieces.first AND pieces.last ORDER BY 1, 2
"""
SET_TEXT = "UPDATE texts SET title = ?, text = ? WHERE article_id = ? AND fingerprint = ? AND text IS NULL"
OF_PARTITION = "source = ? AND year = ? AND month = ?"
