"""Rows that pictures are drawn from: what waits."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from sextant_declarations.analysis.lifecycle import State, lifecycle
from sextant_declarations.analysis.pictures.queue_age import Waiting
from sextant_declarations.storage.life_tables import LIVES
from sextant_declarations.storage.tables import DECLARATIONS
from sextant_shared.chassis.database import Database

_DAY_CHARS = 10


@dataclass(frozen=True)
class SqlPicturing:
    """Reads this room's database."""

    database: Database

    async def waiting(self, state: str | None, limit: int) -> list[Waiting]:
        """Return the declarations that wait for an officer, oldest first."""
        row = DECLARATIONS
        wanted = (
            select(row.c.owner, row.c.declaration_id, row.c.kind, LIVES.c.state, LIVES.c.since)
            .join(row, row.c.id == LIVES.c.declaration)
            .where(LIVES.c.state.in_(_waiting_states()))
            .order_by(LIVES.c.since, LIVES.c.declaration)
            .limit(limit)
        )
        if state is not None:
            wanted = wanted.where(row.c.owner == state)
        found = await self.database.read(lambda c: c.execute(wanted).all())
        return [
            Waiting(
                f"{one.owner} {one.kind} {one.declaration_id}",
                dt.date.fromisoformat(one.since[:_DAY_CHARS]),
            )
            for one in found
        ]


def _waiting_states() -> list[str]:
    """Return the states of the table in which the next step is an officer's."""
    return [str(one) for one in lifecycle().open if one is not State.CLARIFICATION_REQUESTED]
