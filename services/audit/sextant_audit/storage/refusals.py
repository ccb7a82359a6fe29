"""The start-up test that the tables refuse to change: every forbidden statement is tried.

Responsible for noticing a file whose triggers were dropped or a build of SQLite that treats them
otherwise. It runs in a savepoint that is always rolled back, on rows of its own beside the real
ones, and the service does not start if one statement succeeds.
"""

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sextant_shared.chassis.database import Database
from sextant_shared.chassis.faults import is_fault
from sextant_shared.errors import Code, PlatformError

# Rows to attack, made in the same savepoint: the tables of a young log may be empty.
_SAMPLES = """
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
_FORBIDDEN = """
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
    VALUES (7, 0, zeroblob(8192))
"""
_FORBIDDEN_WITH_TILES = """
UPDATE tile SET hashes = zeroblob(8192);
DELETE FROM tile;
REPLACE INTO tile
    SELECT level, idx, zeroblob(8192) FROM tile WHERE idx = 0
"""


async def require_refusals(database: Database) -> None:
    """Return if every forbidden statement is refused.

    Raises:
        PlatformError: `E_INTEGRITY` naming the statements that succeeded.
    """
    accepted = await database.write(_accepted)
    if accepted:
        raise PlatformError(
            Code.INTEGRITY,
            f"the ledger lets itself be changed: {len(accepted)} forbidden statement(s) succeeded",
            expected="a refusal of each",
            received="; ".join(accepted),
            fix="The triggers were dropped or never made: treat the file as evidence, restore it.",
        )


def _accepted(connection: Connection) -> list[str]:
    """Return the forbidden statements that the tables accepted; nothing of it remains."""
    everything = connection.begin_nested()
    try:
        _insert_samples(connection)
        with_tiles = connection.execute(text("SELECT count(*) FROM tile")).scalar_one() > 0
        forbidden = _statements(_FORBIDDEN)
        if with_tiles:
            forbidden += _statements(_FORBIDDEN_WITH_TILES)
        return [statement for statement in forbidden if _succeeds(connection, statement)]
    finally:
        everything.rollback()


def _insert_samples(connection: Connection) -> None:
    """Insert rows to attack; tables that take no row are damaged, however they say it."""
    try:
        for statement in _statements(_SAMPLES):
            connection.execute(text(statement))
    except DBAPIError as error:
        if is_fault(error):
            raise
        raise PlatformError(
            Code.INTEGRITY,
            "the ledger's tables do not take the next row",
            received=str(error.orig)[:200],
            fix="The tables are damaged: treat the file as evidence, restore it.",
        ) from error


def _statements(script: str) -> list[str]:
    return [" ".join(statement.split()) for statement in script.split(";")]


def _succeeds(connection: Connection, statement: str) -> bool:
    attempt = connection.begin_nested()
    try:
        connection.execute(text(statement))
    except DBAPIError:
        return False
    finally:
        attempt.rollback()
    return True
