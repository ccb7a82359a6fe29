"""A room's roles on a PostgreSQL server, and the statements by which an operator makes them.

    owner      owns the tables, logs in nowhere; migrations act as it
    migrator   logs in for the command `migrate`, and may act as the owner
    writer     the service
    reader     the service's reading connections, commands that only look, whoever looks in: SELECT

Responsible for who there is and who comes in. What the writer may do with a table is granted by the
room's own migrations (`grant`), which know what the table is for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

_PLAIN = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of one room; `database` is what its database is called, and begins their names."""

    database: str

    @property
    def owner(self) -> str:
        """Who owns the tables; logs in nowhere."""
        return f"{self.database}_owner"

    @property
    def migrator(self) -> str:
        """Who may act as the owner."""
        return f"{self.database}_migrator"

    @property
    def writer(self) -> str:
        """The service."""
        return f"{self.database}_writer"

    @property
    def reader(self) -> str:
        """The service's reading connections."""
        return f"{self.database}_reader"

    @property
    def logins(self) -> tuple[str, ...]:
        """Those that come in."""
        return (self.migrator, self.writer, self.reader)

    def script(self) -> str:
        """Return what a server's administrator runs once with psql, before `migrate`."""
        return "\n".join((*self.statements(), *self.database_statements(self.database), ""))

    def statements(self) -> tuple[str, ...]:
        """Return the statements that make the roles; they have no passwords yet."""
        return (
            f"CREATE ROLE {self.owner} NOLOGIN {_PLAIN};",
            *(f"CREATE ROLE {name} LOGIN NOINHERIT {_PLAIN};" for name in self.logins),
            f"GRANT {self.owner} TO {self.migrator};",
        )

    def database_statements(self, database: str) -> tuple[str, ...]:
        """Return the statements that make the database: nobody but these roles comes in.

        Those after psql's change of database are for the new one itself.
        """
        logins = ", ".join(self.logins)
        form = "ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"  # orders of texts as SQLite has them
        return (
            f"CREATE DATABASE {database} OWNER {self.owner} {form};",
            f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
            f"GRANT CONNECT ON DATABASE {database} TO {logins};",
            f"\\connect {database}",
            f"ALTER SCHEMA public OWNER TO {self.owner};",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
            f"GRANT USAGE ON SCHEMA public TO {logins};",
        )

    def grant(self, execute: Callable[[str], object], may: Mapping[str, str]) -> None:
        """Let the writer do with each table what `may` says, the reader read it; nothing else.

        `execute` runs a statement as the owner, on PostgreSQL. A table's own sequence comes along.
        """
        for table, rights in may.items():
            execute(f'REVOKE ALL ON "{table}" FROM PUBLIC, {self.writer}, {self.reader}')
            execute(f'GRANT {rights} ON "{table}" TO {self.writer}')
            execute(f'GRANT SELECT ON "{table}" TO {self.reader}')
        execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {self.writer}")
