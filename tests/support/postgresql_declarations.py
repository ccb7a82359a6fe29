"""Databases of the declarations room on the throw-away server of a test run (`postgresql`)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sextant_declarations.app.migrating import migrate_register
from sextant_declarations.storage.roles import ROLES
from sextant_shared.chassis.database import Place
from sextant_shared.chassis.postgresql import Server
from tests.support.postgresql import EVERYWHERE, SERVER, PostgresqlServer

FILE = "declarations.sqlite3"
_TEMPLATE = "template_of_registers"


@dataclass
class Registers:
    """Databases with the room's tables and no row, copied from one that was migrated."""

    _server: PostgresqlServer | None = None
    _databases: dict[Path, str] = field(default_factory=dict)

    def of(self, folder: Path) -> str:
        """Return the database that belongs to a folder."""
        if folder not in self._databases:
            self._databases[folder] = self.fresh()
        return self._databases[folder]

    def fresh(self) -> str:
        """Return the name of a database of its own."""
        server = self._prepared()
        name = f"register_{len(self._databases)}_{id(self) % 1000}"
        while name in self._databases.values():
            name += "_"
        server.execute(
            "postgres",
            f"CREATE DATABASE {name} OWNER {ROLES.owner} TEMPLATE {_TEMPLATE}",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {', '.join(ROLES.logins)}",
        )
        return name

    def url(self, role: str, database: str) -> str:
        """Return the address that a setting takes."""
        return self._prepared().url(role, database)

    def place(self, database: str) -> Server:
        """Return the place that the settings of the service lead to."""
        return Server(
            self.url(ROLES.writer, database),
            self.url(ROLES.reader, database),
            must_be_durable=False,
            narrowed_url=self.url(ROLES.officer, database),
        )

    def settings(self, database: str) -> dict[str, Any]:
        """Return the settings of a service in a database."""
        return {
            "database_url": self.url(ROLES.writer, database),
            "database_reader_url": self.url(ROLES.reader, database),
            "database_officer_url": self.url(ROLES.officer, database),
        }

    def _prepared(self) -> PostgresqlServer:
        """Return the server, with the room's roles and the database that others are copies of."""
        server = SERVER.started()
        if self._server is not server:
            server.execute("postgres", *ROLES.statements())
            made = ROLES.database_statements(_TEMPLATE)
            inside = made.index(f"\\connect {_TEMPLATE}")
            server.execute("postgres", *made[:inside])
            server.execute(_TEMPLATE, *made[inside + 1 :])
            migrate_register(server.url(ROLES.migrator, _TEMPLATE))
            self._server = server
        return server


REGISTERS = Registers()


def place_of(folder: Path) -> Place:
    """Return where the tests of a run keep the register of a folder."""
    return REGISTERS.place(REGISTERS.of(folder)) if EVERYWHERE else folder / FILE


def settings_of(folder: Path) -> dict[str, Any]:
    """Return the settings that put the register of a folder on the server, if the run wants it."""
    return REGISTERS.settings(REGISTERS.of(folder)) if EVERYWHERE else {}
