"""What the retention policy looks at, in SQL: envelopes whose ciphertext is kept, oldest first."""

from sqlalchemy import Connection, Select, select

from sextant_exchange.domain.retention import Candidate
from sextant_exchange.storage.acts import closed_at
from sextant_exchange.storage.tables import EnvelopeRow
from sextant_shared.chassis.database import Database

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]


class SqlErasable:
    """The port `Erasable` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept(self, after: int, limit: int, accepted_by: float) -> list[Candidate]:
        """Return what is kept of what was accepted by then, by number, those after `after`."""
        return await self._database.read(lambda c: kept(c, after, limit, accepted_by))


def kept(connection: Connection, after: int, limit: int, accepted_by: float) -> list[Candidate]:
    """Return a page of envelopes whose ciphertext is kept, each with when it was closed."""
    rows = connection.execute(_page(after, limit)).all()
    return [
        Candidate(
            number=row.number,
            env=row.id,
            ref=row.log_index,
            manifest_digest=row.manifest,
            type=row.type,
            classification=row.classification,
            size=row.size,
            blob=row.blob,
            closed=closed_at(connection, row.number),
        )
        for row in rows
        # Numbers follow the time of arrival; what came later than this, or is owed, is not due.
        if row.accepted is not None and row.accepted <= accepted_by
    ]


def _page(after: int, limit: int) -> Select[tuple[object, ...]]:
    return (
        select(
            _E.c.number,
            _E.c.id,
            _E.c.manifest,
            _E.c.type,
            _E.c.classification,
            _E.c.size,
            _E.c.blob,
            _E.c.accepted,
            _E.c.log_index,
        )
        .where(_E.c.erased.is_(None), _E.c.number > after)
        .order_by(_E.c.number)
        .limit(limit)
    )
