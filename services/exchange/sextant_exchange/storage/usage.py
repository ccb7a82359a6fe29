"""What each party has used, one row each: found by key, written with the envelopes themselves."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from sextant_exchange.domain.allowance import Use, added
from sextant_exchange.domain.envelopes import Acceptable, HoldResult, Repeat
from sextant_exchange.storage.tables import EnvelopeRow, PartyUseRow
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_U = PartyUseRow.__table__  # type: ignore[attr-defined]
# Made once: to build such a statement anew takes longer than it runs.
_BEGIN = upsert(_U).on_conflict_do_nothing(index_elements=["party"])
_LOCKED = (
    select(_U)
    .where(_U.c.party.in_(bindparam("parties", expanding=True)))
    .order_by(_U.c.party)
    .with_for_update()
)
_COUNT = (
    update(_U)
    .where(_U.c.party == bindparam("who"))
    .values({column: bindparam(column.name) for column in _U.c if not column.primary_key})
)


class SqlUsage:
    """Reads all rows: once at start, and again where other processes count as well."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Use]:
        """Return what every party has used; there are as many as parties."""
        rows = await self._database.read(lambda c: c.execute(select(_U)).all())
        return [_use(row) for row in rows]


def count(
    connection: Connection, batch: Sequence[Acceptable], results: Sequence[HoldResult], now: float
) -> None:
    """Count what is new of a batch, in the transaction that holds it."""
    senders = {
        envelope.claim.sender
        for envelope, result in zip(batch, results, strict=True)
        if result.repeat is Repeat.NEW
    }
    if not senders:
        return
    used = _locked(connection, senders)
    if missing := sorted(senders - used.keys()):
        connection.execute(_BEGIN, [asdict(Use(party)) for party in missing])
        used |= _locked(connection, set(missing))
    counted = [asdict(use) for use in added(used, batch, results, now)]
    connection.execute(_COUNT, [{"who": use.pop("party"), **use} for use in counted])


def _locked(connection: Connection, parties: set[str]) -> dict[str, Use]:
    """Return what parties have used; nobody else counts for them until the commit."""
    rows = connection.execute(_LOCKED, {"parties": sorted(parties)})
    return {row.party: _use(row) for row in rows}


def take(connection: Connection, number: int) -> str:
    """Count one delivery of an envelope as fetched; return whose envelope it is."""
    sender: str = connection.execute(select(_E.c.sender).where(_E.c.number == number)).scalar_one()
    statement = update(_U).where(_U.c.party == sender, _U.c.untaken > 0)
    connection.execute(statement.values(untaken=_U.c.untaken - 1))
    return sender


def forget(connection: Connection, sender: str, size: int) -> None:
    """Count a stored container as erased."""
    statement = update(_U).where(_U.c.party == sender, _U.c.stored_bytes >= size)
    connection.execute(statement.values(stored_bytes=_U.c.stored_bytes - size))


def _use(row: Any) -> Use:
    return Use(row.party, row.day, row.day_bytes, row.stored_bytes, row.untaken)
