"""Blind pre-matches in this room's database: what was asked, and what was said."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from sextant_declarations.analysis.cases.model import Matched
from sextant_declarations.domain.matching import NAME
from sextant_declarations.domain.prematching import ANSWER, ASK, NewPrematch, PrematchAsk, Told
from sextant_declarations.storage.analysis_tables import (
    ANALYSES,
    FACTS,
    OWED_ANALYSES,
    TRANSFERS,
)
from sextant_declarations.storage.case_tables import PREMATCHES
from sextant_declarations.storage.cases import read_pairs
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.tables import DECLARATIONS, INBOX
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.models.receipts import OutcomeVerdict


@dataclass(frozen=True)
class SqlPrematches:
    """Asks and what was said."""

    database: Database
    notes: Notes

    async def asks(self, limit: int) -> list[PrematchAsk]:
        """Return asks that were taken and have no answer yet, the oldest first."""
        answered = select(SENT.c.irt).where(SENT.c.type == ANSWER, SENT.c.irt.is_not(None))
        wanted = (
            select(
                INBOX.c.id.label("inbox"),
                INBOX.c.sender,
                INBOX.c.envelope_id.label("envelope"),
                INBOX.c.custody_index.label("custody"),
                INBOX.c.manifest_digest,
            )
            .where(
                INBOX.c.type == ASK,
                INBOX.c.refusal_code.is_(None),
                func.coalesce(INBOX.c.verdict, "") != OutcomeVerdict.RETURNED,
                INBOX.c.envelope_id.not_in(answered),
            )
            .order_by(INBOX.c.id)
            .limit(limit)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [PrematchAsk(**row) for row in rows]

    async def is_compared(self, state: str) -> bool:
        """Return whether everything that a State registered is compared with its partners."""
        owed = (
            select(func.count())
            .select_from(OWED_ANALYSES)
            .join(DECLARATIONS, DECLARATIONS.c.id == OWED_ANALYSES.c.declaration)
            .where(DECLARATIONS.c.owner == state)
        )
        known = select(ANALYSES.c.position).where(ANALYSES.c.name == NAME)
        newest = (
            select(func.coalesce(func.max(FACTS.c.position), 0))
            .join(DECLARATIONS, DECLARATIONS.c.id == FACTS.c.declaration)
            .where(FACTS.c.analysis == NAME, DECLARATIONS.c.owner == state)
        )

        def read(connection: Connection) -> bool:
            if connection.execute(owed).scalar_one():
                return False
            position = connection.execute(known).scalar_one_or_none() or 0
            last: int = connection.execute(newest).scalar_one()
            return position >= last

        return await self.database.read(read)

    async def year_of(self, state: str, declaration_id: str) -> int | None:
        """Return the year that a declaration is about, None for an unknown one."""
        row = DECLARATIONS.c
        wanted = select(row.year).where(row.owner == state, row.declaration_id == declaration_id)
        found: int | None = await self.database.read(
            lambda c: c.execute(wanted).scalar_one_or_none()
        )
        return found

    async def pairs(self, ids: Sequence[str]) -> dict[str, Matched]:
        """Return pairs by id."""
        found = await self.database.read(lambda c: read_pairs(c, [TRANSFERS.c.id.in_(ids)]))
        return {id_: matched for id_, (matched, _) in found.items()}

    async def answered(self, state: str, year: int, pairs: Sequence[str]) -> dict[str, int]:
        """Return how often a State was told an outcome of these pairs in a calendar year."""
        row = PREMATCHES.c
        wanted = (
            select(row.pair, func.count())
            .where(
                row.state == state,
                row.year == year,
                row.pair.in_(pairs),
                row.outcome.is_not(None),
            )
            .group_by(row.pair)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).all())
        return dict(rows)

    async def told(self, ask: PrematchAsk) -> list[Told]:
        """Return what was said in answer to an ask already, by number."""
        row = PREMATCHES.c
        wanted = (
            select(row.n, row.pair, row.outcome, row.unanswered)
            .where(row.inbox == ask.inbox)
            .order_by(row.id)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).all())
        return [Told(*one) for one in rows]

    async def keep(self, new: NewPrematch) -> None:
        """Store what is said, with its log entry."""
        values = [
            {
                "inbox": new.ask.inbox,
                "n": one.n,
                "state": new.state,
                "pair": one.pair,
                "year": new.year,
                "outcome": one.outcome,
                "unanswered": one.unanswered,
                "t": new.t,
            }
            for one in new.told
        ]

        def store(connection: Connection) -> None:
            self.notes.add(connection, new.note)
            connection.execute(insert(PREMATCHES), values)

        await self.database.write(store)
