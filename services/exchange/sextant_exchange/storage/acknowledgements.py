"""Acknowledgements in SQL: the event that each leaves is what it owes; entries are made for many.

To end a delivery costs no more than its state and its event. `hold` then writes down the acts of up
to `limit` such events, seals their details under one commit of keys, and names the act in the
event, which ends the debt. If we stop before that commit, nothing is lost: the events still owe.
"""

from sqlalchemy import Connection, bindparam, select, text, update

from sextant_exchange.domain.acts import Acknowledged, Place
from sextant_exchange.storage.acts import write_acts
from sextant_exchange.storage.tables import IS_UNWRITTEN, DeliveryRow, EnvelopeRow, EventRow
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.store import Sidecar

_D = DeliveryRow.__table__  # type: ignore[attr-defined]
_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_EVENT = EventRow.__table__  # type: ignore[attr-defined]

# The bound says nothing; with it it is seen that the partial index is searched.
_OWED = (_EVENT.c.position > 0, text(IS_UNWRITTEN))
_ANY = select(_EVENT.c.position).where(*_OWED).limit(1)
# A page of events first, by their small index alone; then what each is about.
_OLDEST = (
    select(_EVENT.c.position, _EVENT.c.number, _EVENT.c.party, _EVENT.c.happened)
    .where(*_OWED)
    .order_by(_EVENT.c.position)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)  # another process makes the acts of those
    .cte("oldest")
)
_UNWRITTEN = (
    select(_OLDEST, _E.c.id, _E.c.log_index, _D.c.seq)
    .join(_E, _E.c.number == _OLDEST.c.number)
    .join(_D, (_D.c.number == _OLDEST.c.number) & (_D.c.party == _OLDEST.c.party))
    .order_by(_OLDEST.c.position)
)
_WRITTEN = (
    update(_EVENT)
    .where(_EVENT.c.position == bindparam("at"))
    .values(act_position=bindparam("written"))
)


class SqlAcknowledgements:
    """The port `Acknowledgements` on the exchange's database."""

    def __init__(self, database: Database, sidecar: Sidecar) -> None:
        self._database = database
        self._sidecar = sidecar

    async def hold(self, limit: int, now: float) -> int:
        """Write down the acts of the oldest acknowledgements that have none; return how many."""
        if await self._database.read(lambda c: c.execute(_ANY).first()) is None:
            return 0  # the common case costs no write
        return await self._database.write(lambda c: _hold(c, self._sidecar, limit, now))


def _hold(connection: Connection, sidecar: Sidecar, limit: int, now: float) -> int:
    rows = connection.execute(_UNWRITTEN, {"most": limit}).all()
    made = [
        Acknowledged(
            Place(row.number, row.id, row.log_index), row.party, row.seq, row.happened
        ).act(now)
        for row in rows
    ]
    acts = write_acts(connection, sidecar, made)
    if acts:
        written = [
            {"at": row.position, "written": act.position}
            for row, act in zip(rows, acts, strict=True)
        ]
        connection.execute(_WRITTEN, written)
    return len(acts)
