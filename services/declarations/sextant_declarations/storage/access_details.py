"""Where the details of accesses and their salts are kept: sealed in the sidecar, opened from it.

The log holds commitments to them alone. Rows of before the sidecar are moved into it at a start;
`access_details` stays empty from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from sextant_declarations.domain.accesses import NewAccess
from sextant_declarations.domain.records import Record
from sextant_declarations.storage.access_tables import ACCESS_DETAILS, ACCESS_ITEMS, ACCESSES
from sextant_declarations.storage.tables import INBOX
from sextant_shared.chassis.sidecar.shredding import Found
from sextant_shared.chassis.sidecar.store import Detail, Sidecar
from sextant_shared.errors import Code, PlatformError

OWNER = "accesses"  # whose key wraps theirs: they are the Secretariat's own record of itself
_MOVED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Opening:
    """Detail and salt of an access, empty when they are damaged or destroyed."""

    detail: bytes
    salt: bytes
    is_shredded: bool = False


def detail_of(access: NewAccess) -> Detail:
    """Return what opens the commitment of an access, for the sidecar to keep."""
    entry = access.entry
    return Detail(entry.leaf, OWNER, entry.detail, entry.salt)


def details_of(record: Record) -> list[Detail]:
    """Return what opens the commitments of all entries that a record owes."""
    sender = record.submission.examined.sender
    own = [Detail(one.leaf, sender, one.detail, one.salt) for one in record.entries]
    return own if record.access is None else [*own, detail_of(record.access)]


def openings_of(connection: Connection, sidecar: Sidecar, leaves: Sequence[bytes]) -> list[Opening]:
    """Return what opens each entry; one that is damaged hides no other."""
    try:
        found = sidecar.opened(connection, leaves)
    except PlatformError as error:
        if error.code is not Code.INTEGRITY or len(leaves) == 1:
            raise
        return [_opening_alone(connection, sidecar, leaf) for leaf in leaves]
    return [
        Opening(*opened)
        if opened
        else Opening(b"", b"", is_shredded=sidecar.is_kept(connection, leaf) is False)
        for leaf, opened in zip(leaves, found, strict=True)
    ]


def found_access(connection: Connection, index: int) -> Found | None:
    """Return the access whose entry stands at an index of the log, for its detail to be destroyed.

    Its class is the highest of the envelopes that it is about.
    """
    leaf = connection.execute(select(ACCESSES.c.leaf).where(ACCESSES.c.log_index == index)).scalar()
    of_items = (
        select(func.max(INBOX.c.classification))
        .join(ACCESS_ITEMS, ACCESS_ITEMS.c.inbox == INBOX.c.id)
        .join(ACCESSES, ACCESSES.c.id == ACCESS_ITEMS.c.access)
        .where(ACCESSES.c.log_index == index)
    )
    return None if leaf is None else Found(leaf, connection.execute(of_items).scalar())


def forget_access(connection: Connection, index: int) -> None:
    """Blank who read and why in the row that finds an access, once its detail is destroyed."""
    blank = {"client": "", "role": "", "purpose": "", "gives": ""}
    connection.execute(update(ACCESSES).where(ACCESSES.c.log_index == index).values(**blank))


def take_in_accesses(connection: Connection, sidecar: Sidecar) -> int:
    """Move a page of details that stand open into the sidecar; return how many were moved."""
    open_ = ACCESS_DETAILS
    wanted = (
        select(open_.c.access, ACCESSES.c.leaf, open_.c.detail, open_.c.salt)
        .join(ACCESSES, ACCESSES.c.id == open_.c.access)
        .order_by(open_.c.access)
        .limit(_MOVED_AT_ONCE)
    )
    rows = connection.execute(wanted).all()
    sidecar.keep(connection, [Detail(row.leaf, OWNER, row.detail, row.salt) for row in rows])
    moved = [row.access for row in rows]
    if moved:
        connection.execute(delete(open_).where(open_.c.access.in_(moved)))
    return len(moved)


def _opening_alone(connection: Connection, sidecar: Sidecar, leaf: bytes) -> Opening:
    try:
        (opening,) = openings_of(connection, sidecar, [leaf])
    except PlatformError:
        return Opening(b"", b"")
    return opening
