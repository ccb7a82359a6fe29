"""How a table that only grows is spelt on each engine: for migrations alone.

The migrations are written once, in SQLite's words; what PostgreSQL calls otherwise is replaced
here. There the owner of the tables is another role than the one that writes them, and its grants
end at SELECT and INSERT. Triggers fire ALWAYS, so that `session_replication_role` does not pass
them by; a statement trigger refuses TRUNCATE, which row triggers never see; and their functions
look names up in `public` before the temporary schema, so that no temporary table stands in for a
real one.

A released migration does not change: what it made stands in databases. Whoever changes this module
leaves the statements of released migrations as they are.
"""

from alembic import op

from sextant_audit.storage.roles import READER, WRITER

_WORDS = (
    (" BLOB ", " BYTEA "),
    (" INTEGER ", " BIGINT "),
    (") STRICT", ")"),
    (" IS NOT (", " IS DISTINCT FROM ("),
)
_REFUSES = """
CREATE OR REPLACE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
        MESSAGE = TG_TABLE_NAME || ' refuses ' || TG_OP;
END $$
"""


def create(*statements: str) -> None:
    """Create tables and indexes, spelt for the engine at hand."""
    for statement in statements:
        op.execute(_spelt(statement) if _is_postgresql() else statement)


def only_grows(table: str, wrong: str) -> None:
    """Let `table` take rows of which `wrong` does not hold, and nothing else."""
    if _is_postgresql():
        _only_grows_on_postgresql(table, _spelt(wrong))
    else:
        _only_grows_on_sqlite(table, wrong)


def grant(*tables: str) -> None:
    """Let the writer add and read rows of `tables`, the reader read; SQLite knows no roles."""
    if not _is_postgresql():
        return
    for table in tables:
        op.execute(f"REVOKE ALL ON {table} FROM PUBLIC, {WRITER}, {READER}")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {WRITER}")
        op.execute(f"GRANT SELECT ON {table} TO {READER}")


def grant_changing(table: str, *columns: str) -> None:
    """Let the writer add rows of a table beside the log, and change these columns of them."""
    if _is_postgresql():
        grant(table)
        op.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {WRITER}")


def grant_numbers(sequence: str) -> None:
    """Let the writer take numbers, for a table whose key the database counts."""
    if _is_postgresql():
        op.execute(f"GRANT USAGE ON SEQUENCE {sequence} TO {WRITER}")


def grant_version() -> None:
    """Let writer and reader see which version of the schema stands."""
    if _is_postgresql():
        op.execute(f"GRANT SELECT ON alembic_version TO {WRITER}, {READER}")


def _only_grows_on_sqlite(table: str, wrong: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_only_next BEFORE INSERT ON {table} WHEN {wrong}"
        f" BEGIN SELECT RAISE(ABORT, '{table} takes only the next row'); END"
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} refuses {act}'); END"
        )


def _only_grows_on_postgresql(table: str, wrong: str) -> None:
    op.execute(_REFUSES)
    op.execute(
        f"CREATE FUNCTION {table}_only_next() RETURNS trigger LANGUAGE plpgsql"
        " SET search_path = public, pg_temp AS $$ BEGIN"
        f" IF {wrong} THEN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',"
        f" MESSAGE = '{table} takes only the next row'; END IF; RETURN NEW; END $$"
    )
    triggers = {
        "only_next": f"BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_only_next()",
        "no_update": f"BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuses()",
        "no_delete": f"BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuses()",
        "no_truncate": f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuses()",
    }
    for name, rest in triggers.items():
        op.execute(f"CREATE TRIGGER {table}_{name} {rest}")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")


def _spelt(statement: str) -> str:
    for here, there in _WORDS:
        statement = statement.replace(here, there)
    return statement


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
