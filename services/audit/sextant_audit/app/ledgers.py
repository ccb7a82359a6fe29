"""Opens the log's ledger where its settings put it, and tells whether one is there.

Responsible for the difference between a file, which opening would create, and a database on a
server, which only its owner creates. Not responsible for what the ledger holds.
"""

import asyncio

from sextant_audit.app.signing import remembers_log
from sextant_audit.settings import AuditSettings
from sextant_audit.signer.folder import has_state
from sextant_audit.storage.ledger import LoneLedger
from sextant_audit.storage.roles import OWNER
from sextant_audit.storage.tables import EPOCH, METADATA
from sextant_shared.chassis.database import (
    Database,
    Place,
    open_database,
    require_migrated,
)
from sextant_shared.chassis.postgresql import Server
from sextant_shared.errors import Code, PlatformError

MIGRATIONS = "sextant_audit.storage.migrations"


def open_ledger(place: Place) -> Database:
    """Open the ledger for this process alone, in an epoch of its own.

    Raises:
        PlatformError: as `open_database`.
    """
    return open_database(place, METADATA, MIGRATIONS, fence=EPOCH)


def migrate_ledger(settings: AuditSettings) -> None:
    """Make or renew the tables of a ledger on a server.

    Raises:
        PlatformError: `E_STATE` when the ledger is a file or the owner's address is not set,
            `E_UNAVAILABLE`.
    """
    settings.migrate(OWNER, MIGRATIONS)


async def require_ledger(settings: AuditSettings) -> None:
    """Never let a missing ledger become an empty second history.

    Raises:
        PlatformError: `E_INTEGRITY` when the signer remembers a log, else `E_STATE`; `E_STATE` as
            well when a server's database was not migrated.
    """
    if await _has_ledger(settings):
        return
    begun = remembers_log(settings)
    raise PlatformError(
        Code.INTEGRITY if begun else Code.STATE,
        f"the ledger {_name(settings)} is missing",
        received="a signer that remembers a log" if begun else "no log at all",
        fix="Restore the newest ledger." if begun else "Run `python -m sextant_audit init` once.",
    )


async def require_no_lost_signer(settings: AuditSettings) -> None:
    """Never let new keys be made for a ledger that has a signer elsewhere.

    Raises:
        PlatformError: `E_STATE` when a ledger is there and the signer's folder remembers no log.
    """
    if settings.signer_socket is not None or has_state(settings.signer_folder):
        return  # a signer elsewhere has its keys already, and tells what it remembers
    if await _has_ledger(settings):
        raise PlatformError(
            Code.STATE,
            f"{_name(settings)} exists, and {settings.signer_folder} remembers no log",
            fix="Restore the signer's folder that belongs to this ledger; never begin beside it.",
        )


async def _has_ledger(settings: AuditSettings) -> bool:
    """Whether there is a file; or, as tables there are made beforehand, an entry on the server."""
    place = settings.place
    if not isinstance(place, Server):
        return settings.database.exists()
    await asyncio.to_thread(require_migrated, place, MIGRATIONS)
    return await LoneLedger(place).read(lambda rows: rows.size()) > 0


def _name(settings: AuditSettings) -> str:
    place = settings.place
    return place.name if isinstance(place, Server) else str(settings.database)
