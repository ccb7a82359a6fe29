"""Envelopes by what others name, in SQL: each look-up is a search of one index."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from sextant_exchange.domain.envelopes import Stored
from sextant_exchange.storage.envelopes import stored_of
from sextant_exchange.storage.tables import EnvelopeRow, ReceiptRow
from sextant_shared.chassis.database import Database

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_R = ReceiptRow.__table__  # type: ignore[attr-defined]
_ALL = select(_E, _R.c.data.label("receipt")).outerjoin(_R, _R.c.number == _E.c.number)


class SqlRelated:
    """The port `Related` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def with_ids(self, ids: Sequence[str]) -> list[Stored]:
        """Return the envelopes with these ids, of any sender, by number."""
        return await self._found([_ALL.where(_E.c.id.in_(ids))])

    async def naming(self, ids: Sequence[str], limit: int) -> list[Stored]:
        """Return up to `limit` envelopes that answer or supersede these ids, by number."""
        named = (_E.c.irt.in_(ids), _E.c.sup.in_(ids))
        found = await self._found(
            [_ALL.where(one).order_by(_E.c.number).limit(limit) for one in named]
        )
        return found[:limit]

    async def _found(self, queries: Sequence[Any]) -> list[Stored]:
        rows = await self._database.read(
            lambda connection: [row for query in queries for row in connection.execute(query)]
        )
        found = {row.number: stored_of(row) for row in rows}
        return [found[number] for number in sorted(found)]
