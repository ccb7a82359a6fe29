"""The start-up test that the tables refuse to change: every forbidden statement is tried.

Responsible for noticing a database whose triggers were dropped, a build of SQLite that treats them
otherwise, and a role on a server that may do more than it should. It runs in a savepoint that is
always rolled back, on rows of its own beside the real ones, as the role that will write, and the
service does not start if one statement succeeds. What is tried stands in `forbidden_sqlite` and
`forbidden_postgresql`.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sextant_audit.storage import forbidden_postgresql, forbidden_sqlite
from sextant_audit.storage.tables import GROWING
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.faults import is_fault
from sextant_shared.errors import Code, PlatformError

_READERS_ATTEMPT = "INSERT INTO refused SELECT coalesce(max(seq) + 1, 0), 1, '', 0, 0, 0, '', ''"


async def require_refusals(database: Database) -> None:
    """Return if every forbidden statement is refused, and readers write nothing.

    Raises:
        PlatformError: `E_INTEGRITY` naming the statements that succeeded.
    """
    accepted = await database.write(_accepted)
    accepted += await database.read(_accepted_of_readers)
    if accepted:
        raise PlatformError(
            Code.INTEGRITY,
            f"the ledger lets itself be changed: {len(accepted)} forbidden statement(s) succeeded",
            expected="a refusal of each",
            received="; ".join(accepted),
            fix="Triggers were dropped or never made, or this role may do more than read and add."
            " Treat the ledger as evidence, restore it.",
        )


def _accepted(connection: Connection) -> list[str]:
    """Return the forbidden statements that the tables accepted; nothing of it remains."""
    is_server = connection.dialect.name == "postgresql"
    tried = forbidden_postgresql if is_server else forbidden_sqlite
    everything = connection.begin_nested()
    try:
        _insert_samples(connection, tried.SAMPLES)
        forbidden = [*_statements(tried.FORBIDDEN), *tried.FORBIDDEN_ON_SCHEMA]
        if connection.execute(text("SELECT count(*) FROM tile")).scalar_one() > 0:
            forbidden += _statements(tried.FORBIDDEN_WITH_TILES)
        accepted = [statement for statement in forbidden if _executes(connection, statement)]
        return accepted + (_lacking_on_server(connection) if is_server else [])
    finally:
        everything.rollback()


def _insert_samples(connection: Connection, samples: str) -> None:
    """Insert rows to attack; tables that take no row are damaged, however they say it."""
    try:
        for statement in _statements(samples):
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


def _accepted_of_readers(connection: Connection) -> list[str]:
    statement = f"{_READERS_ATTEMPT} FROM refused"
    return [f"as reader: {statement}"] if _executes(connection, statement) else []


def _lacking_on_server(connection: Connection) -> list[str]:
    """Return what a server lets pass that no plain statement shows: copies, idle triggers."""
    firing = set(connection.execute(text(forbidden_postgresql.ALWAYS_FIRING)).scalars())
    lacking = [
        f"the trigger {table}_{name} is gone or does not always fire"
        for table in GROWING
        for name in forbidden_postgresql.TRIGGERS
        if f"{table}_{name}" not in firing
    ]
    copied = _succeeds(connection, lambda: _copy(connection))
    return [*lacking, *([forbidden_postgresql.COPY] if copied else [])]


def _copy(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection  # copies are psycopg's own
    with driver.cursor() as cursor, cursor.copy(forbidden_postgresql.COPY) as copy:
        copy.write_row(forbidden_postgresql.COPIED_ROW)


def _statements(script: str) -> list[str]:
    return [" ".join(statement.split()) for statement in script.split(";")]


def _executes(connection: Connection, statement: str) -> bool:
    def attempt() -> None:
        connection.exec_driver_sql(statement)

    return _succeeds(connection, attempt)


def _succeeds(connection: Connection, attempt: Callable[[], None]) -> bool:
    savepoint = connection.begin_nested()
    try:
        attempt()
    except (DBAPIError, connection.dialect.loaded_dbapi.Error):
        return False
    finally:
        savepoint.rollback()
    return True
