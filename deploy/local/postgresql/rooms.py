"""What each room needs on a PostgreSQL server: roles, tables, and what comes after them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

import sextant_audit.app.ledgers
import sextant_audit.storage.roles
import sextant_declarations.app.migrating
import sextant_declarations.storage.roles
import sextant_declarations.storage.row_security
import sextant_exchange.app
import sextant_exchange.storage.roles
from sextant_shared.chassis.roles import Roles


@dataclass(frozen=True)
class Room:
    """What a room needs on a server: its roles, the package of its migrations, what comes after.

    `narrowed` is the role of reads for callers who may not know of everything.
    """

    roles: Roles
    migrations: str
    after: Callable[[Connection], None] | None = None
    narrowed: str | None = None

    @property
    def template(self) -> str:
        """The database with the room's tables and no row, which others are copies of."""
        return f"template_{self.roles.database}"


AUDIT = Room(sextant_audit.storage.roles.ROLES, sextant_audit.app.ledgers.MIGRATIONS)
DECLARATIONS = Room(
    sextant_declarations.storage.roles.ROLES,
    sextant_declarations.app.migrating.MIGRATIONS,
    after=sextant_declarations.storage.row_security.protect,
    narrowed=sextant_declarations.storage.roles.ROLES.officer,
)
EXCHANGE = Room(sextant_exchange.storage.roles.ROLES, sextant_exchange.app.MIGRATIONS)
ROOMS: Mapping[str, Room] = {"audit": AUDIT, "exchange": EXCHANGE, "declarations": DECLARATIONS}
