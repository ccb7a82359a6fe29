"""The details that this room's entries commit to: found by their place in the log, taken in."""

from sqlalchemy import Connection, select, text

from sextant_declarations.storage.access_details import found_access
from sextant_declarations.storage.tables import INBOX, OWED_ENTRIES
from sextant_shared.chassis.sidecar.shredding import Found
from sextant_shared.chassis.sidecar.store import Detail, Sidecar

_OF_ENVELOPE = INBOX.c.id == OWED_ENTRIES.c.inbox


def found_at(connection: Connection, index: int) -> Found | None:
    """Return the entry of an act or access at an index of the log, to destroy its detail."""
    row = OWED_ENTRIES
    wanted = (
        select(row.c.leaf, INBOX.c.classification)
        .join(INBOX, _OF_ENVELOPE)
        .where(row.c.log_index == index)
    )
    found = connection.execute(wanted).one_or_none()
    return found_access(connection, index) if found is None else Found(*found)


def take_in(connection: Connection, sidecar: Sidecar) -> None:
    """Move details that stand open in rows of before the sidecar into it."""
    row = OWED_ENTRIES
    wanted = (
        select(row.c.id, row.c.leaf, INBOX.c.sender, row.c.detail, row.c.salt)
        .join(INBOX, _OF_ENVELOPE)
        .where(text("length(salt) > 0"))
    )
    details = [(each[0], Detail(*each[1:])) for each in connection.execute(wanted)]
    sidecar.take_in(connection, row, "id", details)
