"""Counts what waits, for metrics: deliveries by state, receipts and acts that are owed.

Through indexes of what is open alone, and once for each party: what is done is never counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, tuple_

from sextant_exchange.storage.tables import ActRow, DeliveryRow, EnvelopeRow
from sextant_shared.chassis.database import Database
from sextant_shared.models.exchange import DeliveryState

_A = ActRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]
_E = EnvelopeRow.__table__  # type: ignore[attr-defined]

OPEN = (DeliveryState.AVAILABLE, DeliveryState.LEASED, DeliveryState.DEAD)
_AT_ONCE = 400  # parties in one question; each has two parameters


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits now; instants are unix seconds, None where nothing waits."""

    deliveries: Mapping[str, int]
    oldest_delivery: float | None
    receipts: int
    oldest_receipt: float | None
    acts: int


class SqlWaiting:
    """Looks at the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, parties: Sequence[str]) -> Waiting:
        """Return what waits now, deliveries for these parties.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        return await self._database.read(lambda connection: _look(connection, parties))


def _look(connection: Connection, parties: Sequence[str]) -> Waiting:
    counts = dict.fromkeys((str(state) for state in OPEN), 0)
    first: list[tuple[str, int]] = []
    for state in OPEN:
        for start in range(0, len(parties), _AT_ONCE):
            query = (
                select(_D.c.party, func.count(), func.min(_D.c.seq))
                .where(_D.c.party.in_(parties[start : start + _AT_ONCE]), _D.c.state == str(state))
                .group_by(_D.c.party)
            )
            for party, number, seq in connection.execute(query):
                counts[str(state)] += number
                if state is not DeliveryState.DEAD:
                    first.append((party, seq))
    # The bounds below say nothing; with them it is seen that the partial indexes are searched.
    is_held = (_E.c.number > 0, _E.c.log_index.is_(None))
    held = select(func.count(), func.min(_E.c.held)).where(*is_held)
    receipts, oldest_receipt = connection.execute(held).one()
    acts = select(func.count()).where(_A.c.position > 0, _A.c.log_index.is_(None))
    return Waiting(
        deliveries=counts,
        oldest_delivery=_oldest(connection, first),
        receipts=receipts,
        oldest_receipt=oldest_receipt,
        acts=connection.execute(acts).scalar_one(),
    )


def _oldest(connection: Connection, deliveries: list[tuple[str, int]]) -> float | None:
    """Return when the oldest of these was accepted."""
    found: list[float] = []
    for start in range(0, len(deliveries), _AT_ONCE):
        keys = deliveries[start : start + _AT_ONCE]
        query = (
            select(func.min(_E.c.accepted))
            .join(_D, _D.c.number == _E.c.number)
            .where(tuple_(_D.c.party, _D.c.seq).in_(keys))
        )
        accepted = connection.execute(query).scalar_one()
        found += [] if accepted is None else [accepted]
    return min(found, default=None)
