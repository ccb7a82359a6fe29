"""What the retention policy looks at, in SQL: envelopes whose ciphertext is kept, oldest first."""

from itertools import takewhile

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

    async def kept(self, after: int, limit: int, accepted_by: float) -> tuple[list[Candidate], int]:
        """Return a page of what is kept of what was accepted by then, and where the next begins."""
        return await self._database.read(lambda c: kept(c, after, limit, accepted_by))


def kept(
    connection: Connection, after: int, limit: int, accepted_by: float
) -> tuple[list[Candidate], int]:
    """Return envelopes after `after` whose ciphertext is kept, each with when it was closed.

    The second is the number to go on after, 0 when all that is old enough was seen: numbers follow
    the time of arrival, so beyond the first that was accepted later there is nothing to look for.
    An envelope that still owes its entry is passed over.
    """
    rows = connection.execute(_page(after, limit)).all()
    old = list(takewhile(lambda row: row.accepted is None or row.accepted <= accepted_by, rows))
    found = [
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
        for row in old
        if row.accepted is not None
    ]
    return found, old[-1].number if len(old) == limit else 0


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
