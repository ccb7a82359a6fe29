"""What nobody may do to the log's SQLite file, as statements; `refusals` tries each of them."""

# Rows to attack, made in the same savepoint: the tables of a young log may be empty.
SAMPLES = """
INSERT INTO entry
    SELECT coalesce(max(idx) + 1, 0), '-refusal-test-------A0', zeroblob(32), x'7b7d' FROM entry;
INSERT INTO checkpoint
    SELECT max(idx) + 1, zeroblob(32), 'refusal test' FROM entry;
INSERT INTO cosig
    SELECT coalesce(max(seq) + 1, 0), (SELECT max(size) FROM checkpoint), 'w', '00000000', 1, ''
    FROM cosig;
INSERT INTO refused
    SELECT coalesce(max(seq) + 1, 0), 1, '', 0, 0, 0, '', '' FROM refused
"""
FORBIDDEN = """
UPDATE entry SET data = x'00';
UPDATE entry SET idx = idx + 1000000 WHERE idx = (SELECT max(idx) FROM entry);
UPDATE OR REPLACE entry SET idx = 0 WHERE idx = (SELECT max(idx) FROM entry);
DELETE FROM entry;
DELETE FROM entry WHERE idx = (SELECT max(idx) FROM entry);
REPLACE INTO entry
    SELECT idx, id, zeroblob(32), x'00' FROM entry WHERE idx = 0;
REPLACE INTO entry
    SELECT max(idx) + 1, (SELECT id FROM entry WHERE idx = 0), zeroblob(32), x'00' FROM entry;
INSERT OR REPLACE INTO entry
    SELECT max(idx), '-refusal-test-------B0', zeroblob(32), x'00' FROM entry;
INSERT INTO entry
    SELECT max(idx) + 2, '-refusal-test-------C0', zeroblob(32), x'00' FROM entry;
INSERT INTO entry
    VALUES (-1, '-refusal-test-------D0', zeroblob(32), x'00');
INSERT INTO entry (id, hash, data)
    VALUES ('-refusal-test-------E0', zeroblob(32), x'00');
INSERT INTO entry
    SELECT max(idx), '-refusal-test-------F0', zeroblob(32), x'00' FROM entry
    WHERE true ON CONFLICT (idx) DO UPDATE SET data = excluded.data;
UPDATE checkpoint SET note = '';
DELETE FROM checkpoint;
REPLACE INTO checkpoint
    SELECT max(size), zeroblob(32), 'other' FROM checkpoint;
INSERT INTO checkpoint
    SELECT min(size) - 1, zeroblob(32), 'smaller' FROM checkpoint;
INSERT INTO checkpoint
    SELECT max(idx) + 2, zeroblob(32), 'beyond' FROM entry;
UPDATE cosig SET line = 'other';
DELETE FROM cosig;
REPLACE INTO cosig
    SELECT seq, size, name, key_id, time, 'other' FROM cosig;
INSERT INTO cosig
    SELECT max(seq) + 2, size, name, key_id, time, line FROM cosig;
INSERT INTO cosig
    SELECT max(seq) + 1, (SELECT max(size) + 1 FROM checkpoint), name, key_id, time, line
    FROM cosig;
UPDATE refused SET detail = 'other';
DELETE FROM refused;
REPLACE INTO refused
    SELECT seq, time, url, status, size, old, 'other', request FROM refused;
INSERT INTO tile
    SELECT 0, coalesce(max(idx) + 2, 1), zeroblob(8192) FROM tile WHERE level = 0;
INSERT INTO tile
    VALUES (7, 0, zeroblob(8192));
UPDATE epoch SET taken = 0;
DELETE FROM epoch;
REPLACE INTO epoch
    SELECT number, 0 FROM epoch;
INSERT INTO epoch
    SELECT max(number) + 2, 0 FROM epoch
"""
FORBIDDEN_WITH_TILES = """
UPDATE tile SET hashes = zeroblob(8192);
DELETE FROM tile;
REPLACE INTO tile
    SELECT level, idx, zeroblob(8192) FROM tile WHERE idx = 0
"""
# What would take the guard away; each is one statement.
FORBIDDEN_ON_SCHEMA = (
    "DROP TABLE refused",
    "DROP TRIGGER entry_no_update",
    "ALTER TABLE entry RENAME TO other",
    "ATTACH ':memory:' AS other",
    "PRAGMA writable_schema = ON",
    "PRAGMA ignore_check_constraints = ON",
    "CREATE TEMP TABLE entry (idx INTEGER)",
    "CREATE TRIGGER other BEFORE INSERT ON entry BEGIN SELECT RAISE(IGNORE); END",
)
