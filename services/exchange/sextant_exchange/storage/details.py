"""The details that this room's entries commit to, found by their place in the log."""

from sqlalchemy import Connection, select

from sextant_exchange.storage.tables import ActRow, EnvelopeRow
from sextant_shared.chassis.sidecar.shredding import Found

_A = ActRow.__table__  # type: ignore[attr-defined]
_E = EnvelopeRow.__table__  # type: ignore[attr-defined]


def found_at(connection: Connection, index: int) -> Found | None:
    """Return the act whose entry stands at an index of the log, for its detail to be destroyed."""
    query = (
        select(_A.c.entry, _E.c.classification)
        .join(_E, _E.c.number == _A.c.number)
        .where(_A.c.log_index == index)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Found(*row)
