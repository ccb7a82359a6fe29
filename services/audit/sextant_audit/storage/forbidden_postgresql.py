"""What nobody may do to the log's tables on PostgreSQL, as statements; `refusals` tries each.

They are tried as the role that serves. It is refused by grants, by triggers, or by both; that the
triggers stand and always fire is looked up besides, because behind a grant that holds nobody would
notice a trigger that is gone.
"""

from sextant_audit.storage.roles import OWNER

# Rows to attack, made in the same savepoint: the tables of a young log may be empty.
SAMPLES = """
INSERT INTO entry
    SELECT coalesce(max(idx) + 1, 0), '-refusal-test-------A0', sha256(''), '{}' FROM entry;
INSERT INTO checkpoint
    SELECT max(idx) + 1, sha256(''), 'refusal test' FROM entry;
INSERT INTO cosig
    SELECT coalesce(max(seq) + 1, 0), (SELECT max(size) FROM checkpoint), 'w', '00000000', 1, ''
    FROM cosig;
INSERT INTO refused
    SELECT coalesce(max(seq) + 1, 0), 1, '', 0, 0, 0, '', '' FROM refused
"""
FORBIDDEN = """
UPDATE entry SET data = '0';
UPDATE entry SET idx = idx + 1000000 WHERE idx = (SELECT max(idx) FROM entry);
DELETE FROM entry;
DELETE FROM entry WHERE idx = (SELECT max(idx) FROM entry);
TRUNCATE entry;
INSERT INTO entry
    SELECT max(idx) + 1, (SELECT id FROM entry WHERE idx = 0), sha256(''), '0' FROM entry;
INSERT INTO entry
    SELECT max(idx) + 2, '-refusal-test-------C0', sha256(''), '0' FROM entry;
INSERT INTO entry
    VALUES (-1, '-refusal-test-------D0', sha256(''), '0');
INSERT INTO entry (id, hash, data)
    VALUES ('-refusal-test-------E0', sha256(''), '0');
INSERT INTO entry
    SELECT max(idx), '-refusal-test-------F0', sha256(''), '0' FROM entry
    ON CONFLICT (idx) DO UPDATE SET data = excluded.data;
INSERT INTO entry
    SELECT max(idx), '-refusal-test-------G0', sha256(''), '0' FROM entry
    ON CONFLICT DO NOTHING;
UPDATE checkpoint SET note = '';
DELETE FROM checkpoint;
TRUNCATE checkpoint;
INSERT INTO checkpoint
    SELECT max(size), sha256(''), 'other' FROM checkpoint
    ON CONFLICT (size) DO UPDATE SET note = excluded.note;
INSERT INTO checkpoint
    SELECT min(size) - 1, sha256(''), 'smaller' FROM checkpoint;
INSERT INTO checkpoint
    SELECT max(idx) + 2, sha256(''), 'beyond' FROM entry;
UPDATE cosig SET line = 'other';
DELETE FROM cosig;
TRUNCATE cosig;
INSERT INTO cosig
    SELECT max(seq) + 2, 1, 'w', '00000000', 1, '' FROM cosig;
INSERT INTO cosig
    SELECT max(seq) + 1, (SELECT max(size) + 1 FROM checkpoint), 'w', '00000000', 1, ''
    FROM cosig;
UPDATE refused SET detail = 'other';
DELETE FROM refused;
TRUNCATE refused;
INSERT INTO tile
    SELECT 0, coalesce(max(idx) + 2, 1), decode(repeat('00', 8192), 'hex')
    FROM tile WHERE level = 0;
INSERT INTO tile
    VALUES (7, 0, decode(repeat('00', 8192), 'hex'));
UPDATE epoch SET taken = 0;
DELETE FROM epoch;
TRUNCATE epoch;
INSERT INTO epoch
    SELECT max(number) + 2, 0 FROM epoch
"""
FORBIDDEN_WITH_TILES = """
UPDATE tile SET hashes = decode(repeat('00', 8192), 'hex');
DELETE FROM tile;
TRUNCATE tile;
INSERT INTO tile
    SELECT level, idx, decode(repeat('00', 8192), 'hex') FROM tile WHERE idx = 0
    ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes
"""
# What would take the guard away, or step round it; each is one statement.
FORBIDDEN_ON_SCHEMA = (
    "DROP TABLE refused",
    "DROP TRIGGER entry_no_update ON entry",
    "ALTER TABLE entry DISABLE TRIGGER ALL",
    "ALTER TABLE entry DISABLE TRIGGER entry_no_update",
    "ALTER TABLE entry RENAME TO other",
    "ALTER TABLE entry OWNER TO CURRENT_USER",
    "ALTER FUNCTION refuses() RENAME TO other",
    "SET LOCAL session_replication_role = replica",
    f"SET LOCAL ROLE {OWNER}",
    "CREATE RULE other AS ON INSERT TO entry DO INSTEAD NOTHING",
    "CREATE TRIGGER other BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION refuses()",
    "CREATE TABLE other (idx bigint REFERENCES entry)",
    "CREATE TEMP TABLE entry (idx bigint)",
    "CREATE FUNCTION other() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "COPY entry FROM PROGRAM 'true'",
    "LOCK TABLE entry IN ACCESS EXCLUSIVE MODE",
    "REINDEX TABLE entry",
    "COMMENT ON TABLE entry IS 'other'",
)
# A copy passes rules by, and must meet the triggers all the same: a row that leaves a gap.
COPY = "COPY entry (idx, id, hash, data) FROM STDIN"
COPIED_ROW = (2**62, "-refusal-test-------H0", bytes(32), b"0")
TRIGGERS = ("only_next", "no_update", "no_delete", "no_truncate")
ALWAYS_FIRING = """
SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'A'
"""
