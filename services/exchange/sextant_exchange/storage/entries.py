"""Entries of the log that concern one party, by their place: a window of the log at a time.

A window bounds the work of a request, however large the log and however quiet the party.
"""

import json

from sqlalchemy import ColumnElement, Connection, or_, select

from sextant_exchange.storage.tables import (
    ActRow,
    DeliveryRow,
    EnvelopeRow,
    PartyRow,
    ReceiptRow,
    StatementRow,
)
from sextant_shared.chassis.database import Database
from sextant_shared.encoding import b64u
from sextant_shared.models.exchange import PartyEntry

_A = ActRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]
_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_P = PartyRow.__table__  # type: ignore[attr-defined]
_R = ReceiptRow.__table__  # type: ignore[attr-defined]
_S = StatementRow.__table__  # type: ignore[attr-defined]


class SqlEntries:
    """Reads custody entries, statements and documents; acts have their own reader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self) -> int:
        """Return the largest index of an envelope, a party document, a statement or an act."""

        def work(connection: Connection) -> int:
            found = [
                connection.execute(
                    select(row.c.log_index).order_by(row.c.log_index.desc()).limit(1)
                ).scalar()
                for row in (_E, _P, _S, _A)
            ]
            return max((index for index in found if index is not None), default=0)

        return await self._database.overlook(work)  # how far the log has come is no secret

    async def of(self, party: str, after: int, until: int) -> list[PartyEntry]:
        """Return what concerns a party at indexes `after < index <= until`."""

        def work(connection: Connection) -> list[PartyEntry]:
            return [
                *_accepted(connection, party, after, until),
                *_stated(connection, party, after, until),
                *_documents(connection, party, after, until),
            ]

        return await self._database.read(work)


def _is_for(party: str) -> ColumnElement[bool]:
    copy = select(_D.c.number).where(_D.c.number == _E.c.number, _D.c.party == party)
    return or_(_E.c.sender == party, copy.exists())


def _accepted(connection: Connection, party: str, after: int, until: int) -> list[PartyEntry]:
    query = (
        select(_E.c.log_index, _R.c.data)
        .join(_R, _R.c.number == _E.c.number)
        .where(_E.c.log_index > after, _E.c.log_index <= until, _is_for(party))
    )
    found = []
    for row in connection.execute(query):
        receipt = json.loads(row.data)
        found.append(
            PartyEntry(index=row.log_index, entry=receipt["entry"], proof=receipt["proof"])
        )
    return found


def _stated(connection: Connection, party: str, after: int, until: int) -> list[PartyEntry]:
    query = (
        select(_S.c.log_index, _S.c.entry, _S.c.proof)
        .join(_E, _E.c.number == _S.c.number)
        .where(_S.c.log_index > after, _S.c.log_index <= until, _is_for(party))
    )
    return [_entry(*row) for row in connection.execute(query)]


def _documents(connection: Connection, party: str, after: int, until: int) -> list[PartyEntry]:
    query = select(_P.c.log_index, _P.c.entry, _P.c.proof).where(
        _P.c.log_index > after, _P.c.log_index <= until, _P.c.party == party
    )
    return [_entry(*row) for row in connection.execute(query)]


def _entry(index: int, entry: bytes, proof: str) -> PartyEntry:
    return PartyEntry(index=index, entry=b64u(entry), proof=proof)
