"""Makes or renews the tables of this room on a server, and what hides rows of them.

The embedded file is migrated when it is opened; a database on a server by the command `migrate`, as
its owner. Not responsible for the tables themselves (`storage`).
"""

from sextant_declarations.storage.roles import ROLES
from sextant_declarations.storage.row_security import protect
from sextant_shared.chassis.database import migrate_server

MIGRATIONS = "sextant_declarations.storage.migrations"


def migrate_register(url: str) -> None:
    """Migrate the database at `url`, whose role may act as the owner; then hide what is hidden.

    Raises:
        PlatformError: `E_STATE` when the login may not act as the owner, `E_UNAVAILABLE`.
    """
    migrate_server(url, ROLES.owner, MIGRATIONS, after=protect)
