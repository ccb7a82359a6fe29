"""The SQL register and outbox in one object, as the fakes have it, and a cloned database."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.local.postgresql.rooms import DECLARATIONS
from sextant_declarations.app.migrating import MIGRATIONS
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.storage.filings import SqlFilings
from sextant_declarations.storage.outbox import SqlOutbox
from sextant_declarations.storage.reading import SqlReading
from sextant_declarations.storage.register import SqlRegister
from sextant_declarations.storage.row_security import blinds_anywhere
from sextant_declarations.storage.tables import METADATA, SIDECAR
from sextant_declarations.storage.threads import SqlThreads
from sextant_shared.chassis.database import Database, Place, open_database
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.chassis.sidecar.store import Sidecar
from tests.support.postgresql import SERVER
from tests.unit.declarations.world import SEC


@dataclass(frozen=True)
class SqlStore(SqlRegister, SqlOutbox, SqlFilings, SqlThreads):
    """Register and outbox."""

    @property
    def reading(self) -> SqlReading:
        return SqlReading(self.database)


def place_of(folder: Path) -> Place:
    """Return where a run keeps the database of a folder."""
    server = SERVER.if_wanted()
    if server is None:
        return folder / "declarations.sqlite3"
    return server.place(server.database_of(folder, DECLARATIONS), DECLARATIONS)


def copy_store(template: Path, folder: Path) -> None:
    """Give `folder` what `template` holds; nobody may have it open meanwhile."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    server = SERVER.if_wanted()
    if server is not None:
        held = server.database_of(template, DECLARATIONS)
        server.put(folder, server.copy_of(held, DECLARATIONS), DECLARATIONS)


def open_store(
    folder: Path, place: Place | None = None, sharing: Sharing | None = None
) -> SqlStore:
    database: Database = open_database(
        place or place_of(folder),
        METADATA,
        MIGRATIONS,
        blinds=blinds_anywhere(StatePolicy()),
        sharing=sharing,
    )
    sidecar = Sidecar(SIDECAR, folder / "sidecar")
    return SqlStore(database=database, own_party=SEC, sidecar=sidecar)
