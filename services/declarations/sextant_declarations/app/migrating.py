"""Where this room's database is, how its processes share it, and the commands that make it.

The embedded file is migrated when it is opened; a database on a server by the command `migrate`, as
its owner, which also makes anew what hides rows (`storage.row_security`). Not responsible for the
tables themselves (`storage`).
"""

from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.roles import ROLES
from sextant_declarations.storage.row_security import blinds_anywhere, protect
from sextant_declarations.storage.tables import METADATA
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.chassis.sharing import Sharing

MIGRATIONS = "sextant_declarations.storage.migrations"
SHARING = Sharing(in_turns=True)
"""Every registration takes the next number of its year and its place in the analyses' order: works
collide nearly always, and are short."""


def open_register(settings: DeclarationsSettings, states: StatePolicy) -> Database:
    """Open the database that the settings name, beside other processes if it is on a server.

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
