"""Beside the log on PostgreSQL: notes are placed, details destroyed, and nothing else changes."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from deploy.local.postgresql.server import PostgresqlServer
from sextant_audit.app.ledgers import open_ledger
from sextant_audit.storage.tables import SIDECAR
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.details import ShredOrder
from sextant_shared.models.entries import DeliveryAcknowledgedEntry
from sextant_shared.models.service_entries import ShredReason
from sextant_shared.protocol.notes import make_note
from tests.integration.audit.logs import AuditLog, place_of
from tests.integration.declarations.contents import declaration
from tests.support.platform import XAL, open_platform

pytestmark = pytest.mark.anyio
FORBIDDEN = [
    "DELETE FROM note",
    "UPDATE note SET entry = '0'",
    "DELETE FROM detail",
    "UPDATE detail SET owner = 'other'",
    "DELETE FROM shred_order",
    "UPDATE shred_order SET client = 'other'",
    "TRUNCATE note",
]


async def test_a_detail_is_destroyed_by_order_and_nothing_else_changes(
    log: AuditLog, tmp_path: Path
) -> None:
    database, sidecar = open_ledger(place_of(log)), Sidecar(SIDECAR, tmp_path / "keys")
    notes = Notes(database, sidecar)
    members = {"of": "exchange", "size": 1}
    note = make_note("backup", members, 1.0, owner="audit", detail={"note": "why"})
    position = await notes.write(note)
    assert [each.position for each in await notes.owed()] == [position]
    await notes.placed([(position, 7, "proof")])
    assert (await notes.owed(), (await notes.find(position)).index) == ([], 7)

    async def settle() -> None:
        pass

    shred = Shredding(
        service="audit",
        database=database,
        sidecar=sidecar,
        notes=notes,
        find=lambda _connection, _index: None,
        two_persons=(),
        clock=lambda: 2.0,
        settle=settle,
    )
    order = ShredOrder(authority="SECRETARIAT-1", reason=ShredReason.COURT_ORDER, note="as ordered")
    assert (await shred(7, order, "officer")).state == "shredded"
    opened = await database.read(lambda connection: sidecar.opened(connection, [note.entry]))
    assert opened == [None]
    with pytest.raises(PlatformError) as caught:
        await shred(7, order, "officer")
    assert caught.value.code is Code.STATE
    for statement in FORBIDDEN:

        def attempt(connection: Connection, statement: str = statement) -> None:
            connection.execute(text(statement))

        with pytest.raises(DBAPIError, match="permission denied"):
            await database.write(attempt)
    sidecar.close()
    database.close()


async def test_the_whole_platform_runs_with_its_log_on_a_server(
    tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    on_server = postgresql.settings(postgresql.database_of(tmp_path))
    exchange = {"recover_every_s": 0.05}
    async with open_platform(tmp_path, audit=on_server, exchange=exchange) as platform:
        await platform.declare(XAL, declaration())
        await platform.settled()
        replies = await platform.replies(XAL)
        assert [one["kind"] for one in replies] == ["opened", "outcome"]
        await platform.restart("audit")

        async def is_logged() -> bool:
            return any(
                isinstance(entry, DeliveryAcknowledgedEntry) for entry in await platform.entries()
            )

        await platform.until(is_logged)
        assert not (tmp_path / "audit" / "log.sqlite3").exists()
        await platform.check()
