"""Opens this room's database where its settings put it, and makes it there.

The embedded file is migrated when it is opened; a database on a server by the command `migrate`, as
its owner, which also makes anew what hides rows (`storage.row_security`). Not responsible for the
tables themselves (`storage`).
"""

from sextant_declarations.app.together import SHARING
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.roles import ROLES
from sextant_declarations.storage.row_security import blinds_anywhere, protect
from sextant_declarations.storage.tables import METADATA
from sextant_shared.chassis.database import Database, open_database

MIGRATIONS = "sextant_declarations.storage.migrations"


def open_register(settings: DeclarationsSettings, states: StatePolicy) -> Database:
    """Open the database that the settings name: a file for this process alone, or beside others.

    Raises:
        PlatformError: `E_UNAVAILABLE`, `E_INTEGRITY`; `E_STATE` for a server's database that was
            not migrated by this version.
    """
    blinds = blinds_anywhere(states)
    return open_database(settings.place, METADATA, MIGRATIONS, blinds=blinds, sharing=SHARING)


def migrate_register(settings: DeclarationsSettings) -> None:
    """Make or renew the tables of a server's database, and what hides rows of them.

    Raises:
        PlatformError: `E_STATE` when there is no address of one who may act as the owner, or it may
            not; `E_UNAVAILABLE`.
    """
    settings.migrate(ROLES.owner, MIGRATIONS, after=protect)
