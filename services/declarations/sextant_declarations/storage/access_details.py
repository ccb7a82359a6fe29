"""Where the details of accesses and their salts are kept: the one module that knows the place.

The log holds commitments to them alone. Whoever comes to keep them elsewhere, encrypted, changes
these two functions.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from sextant_declarations.storage.access_tables import ACCESS_DETAILS


def keep_detail(connection: Connection, access: int, detail: bytes, salt: bytes) -> None:
    """Store what opens the commitment of an access, in the transaction that stores it."""
    connection.execute(insert(ACCESS_DETAILS).values(access=access, detail=detail, salt=salt))


def details_of(connection: Connection, accesses: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    """Return detail and salt of these accesses; those whose detail was destroyed are not in it."""
    row = ACCESS_DETAILS
    wanted = select(row.c.access, row.c.detail, row.c.salt).where(row.c.access.in_(accesses))
    return {found.access: (found.detail, found.salt) for found in connection.execute(wanted)}
