"""Places of deliveries that several processes take in, in the database they share.

The server's clock decides, so processes need not agree on the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update
from sqlalchemy.sql import func

from sextant_declarations.domain.deliveries import Lease
from sextant_declarations.domain.places import Ahead
from sextant_declarations.storage.together_tables import PLACES
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert
from sextant_shared.clock import random_bytes
from sextant_shared.encoding import b64u

MARGIN_S = 1.0  # beyond the lease at the exchange, so that the delivery is to be had again by then
KEPT_LEASES = 3  # so many leases long a place that was left behind holds others back
_NAME_BYTES = 9
_NOW = func.extract("epoch", func.clock_timestamp())


@dataclass(frozen=True)
class SqlPlaces:
    """The places of one process among those of others."""

    database: Database
    lease_s: float
    holder: str = field(default_factory=lambda: b64u(random_bytes(_NAME_BYTES)))

    async def hold(self, leases: Sequence[Lease]) -> None:
        """Take the places of what was leased, also those that another process left behind."""
        if not leases:
            return
        until = _NOW + self.lease_s + MARGIN_S
        adding = upsert(PLACES)
        mine = {name: adding.excluded[name] for name in ("sender", "holder", "until")}
        adding = adding.on_conflict_do_update(index_elements=["seq"], set_=mine)

        def work(connection: Connection) -> None:
            for lease in leases:
                named = {"seq": lease.seq, "sender": lease.sender, "holder": self.holder}
                connection.execute(adding.values(**named, until=until))

        await self.database.write(work)

    async def extend(self, seq: int) -> None:
        """Keep a place for as long as a lease lasts from now."""
        longer = update(PLACES).where(self._own(seq)).values(until=_NOW + self.lease_s + MARGIN_S)
        await self.database.write(lambda connection: connection.execute(longer).rowcount)

    async def leave(self, seq: int) -> None:
        """Give a place up: whoever waits behind it comes next."""
        gone = delete(PLACES).where(self._own(seq))
        await self.database.write(lambda connection: connection.execute(gone).rowcount)

    async def put_down(self, seq: int) -> None:
        """Leave a place behind for whoever gets the delivery next; later ones wait for that."""
        await self._put_down(self._own(seq))

    async def put_all_down(self) -> None:
        """Leave what this process holds behind: it ends."""
        await self._put_down(PLACES.c.holder == self.holder)

    async def _put_down(self, which: ColumnElement[bool]) -> None:
        now = update(PLACES).where(which, PLACES.c.until > _NOW).values(until=_NOW)
        await self.database.write(lambda connection: connection.execute(now).rowcount)

    async def ahead(self, sender: str, seq: int) -> Ahead:
        """Return what stands before a delivery among those of the same sender."""
        row, forgotten = PLACES.c, _NOW - KEPT_LEASES * self.lease_s
        is_live = func.bool_and(row.until >= _NOW)
        earlier = select(is_live).where(row.sender == sender, row.seq < seq, row.until >= forgotten)
        live = await self.database.read(lambda c: c.execute(earlier).scalar())
        if live is None:
            return Ahead.NOTHING
        return Ahead.UNDER_WAY if live else Ahead.LEFT_BEHIND

    def _own(self, seq: int) -> ColumnElement[bool]:
        return and_(PLACES.c.seq == seq, PLACES.c.holder == self.holder)
