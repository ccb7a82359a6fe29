"""What tables and migrations spell otherwise on each engine, in one place.

Migrations are written once. On PostgreSQL a table that only grows has triggers that fire ALWAYS, so
that `session_replication_role` does not pass them by, and one more that refuses TRUNCATE, which row
triggers never see. Not responsible for roles and for what they may (`roles`, `row_security`).

A released migration does not change: what it made stands in files. Whoever changes this module
leaves what it says to SQLite as it is.
"""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Integer, text
from sqlalchemy.types import TypeEngine

BIG: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""Sizes, and places in the log: beyond two milliards. SQLite has one integer for all."""

_REFUSES = """
CREATE OR REPLACE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END $$
"""


def partial(where: str) -> dict[str, Any]:
    """Return the arguments by which an index is of those rows alone, on either engine."""
    return {"sqlite_where": text(where), "postgresql_where": text(where)}


def grows_only(
    table: str,
    message: str,
    *acts: str,
    when: str | None = None,
) -> None:
    """Have `table` refuse `acts`, by default UPDATE and DELETE; `when` narrows what is refused."""
    for act in acts or ("UPDATE", "DELETE"):
        name = f"{table}_no_{act.split()[0].lower()}"
        if is_server(op):
            _refuse(table, name, f"BEFORE {act}", message, when)
        else:
            condition = f" WHEN {when}" if when else ""
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table}{condition}"
                f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )


def grow_again(table: str, act: str) -> None:
    """Drop the trigger of `grows_only` that refuses an act, for another in its place."""
    on = f" ON {table}" if is_server(op) else ""
    op.execute(f"DROP TRIGGER {table}_no_{act.lower()}{on}")


def is_server(operations: Any) -> bool:
    """Whether a migration runs on PostgreSQL."""
    return bool(operations.get_bind().dialect.name == "postgresql")


def _refuse(table: str, name: str, when_fired: str, message: str, when: str | None) -> None:
    op.execute(_REFUSES)
    condition = f" WHEN ({when})" if when else ""
    firing = f"{when_fired} ON {table} FOR EACH ROW{condition}"
    op.execute(f"CREATE TRIGGER {name} {firing} EXECUTE FUNCTION refuses('{message}')")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    truncate = f"{table}_no_truncate"
    op.execute(
        f"CREATE OR REPLACE TRIGGER {truncate} BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION refuses('{message}')"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {truncate}")
