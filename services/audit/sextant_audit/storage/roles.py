"""The log's roles on a PostgreSQL server, and the statements by which an operator makes them.

    owner      owns the tables, logs in nowhere; migrations act as it
    migrator   logs in for the command `migrate`, and may act as the owner
    writer     the service: SELECT and INSERT
    reader     the service's reading connections, `verify`, whoever looks in: SELECT

The service must never be able to act as the owner: an owner may drop every trigger. It tries this
at each start, with all else that is forbidden (`refusals`), and refuses to serve if it can.
"""

OWNER = "sextant_audit_owner"
MIGRATOR = "sextant_audit_migrator"
WRITER = "sextant_audit_writer"
READER = "sextant_audit_reader"
DATABASE = "sextant_audit"
_LOGINS = (MIGRATOR, WRITER, READER)


def roles_script() -> str:
    """Return what a server's administrator runs once with psql, before `migrate`."""
    return "\n".join((*roles_statements(), *database_statements(DATABASE), ""))


def roles_statements() -> tuple[str, ...]:
    """Return the statements that make the roles; they have no passwords yet."""
    plain = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    return (
        f"CREATE ROLE {OWNER} NOLOGIN {plain};",
        *(f"CREATE ROLE {name} LOGIN NOINHERIT {plain};" for name in _LOGINS),
        f"GRANT {OWNER} TO {MIGRATOR};",
    )


def database_statements(database: str) -> tuple[str, ...]:
    """Return the statements that make the database: nobody but these roles comes in.

    Those after psql's change of database are for the new one itself.
    """
    logins = ", ".join(_LOGINS)
    return (
        f"CREATE DATABASE {database} OWNER {OWNER} ENCODING 'UTF8' TEMPLATE template0;",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {database} TO {logins};",
        f"\\connect {database}",
        f"ALTER SCHEMA public OWNER TO {OWNER};",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
        f"GRANT USAGE ON SCHEMA public TO {logins};",
    )
