"""Inspections in this room's database: steps that only grow, leave to read, and their threads."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from sextant_declarations.domain.exchanged import Due
from sextant_declarations.domain.inspecting import (
    Correspondence,
    NewGrant,
    NewInspection,
    NewInspectionStep,
    StoredGrant,
    StoredInspection,
    StoredStep,
)
from sextant_declarations.domain.records import Nature
from sextant_declarations.storage.case_work import follow_inspection
from sextant_declarations.storage.exchanges import SqlExchanges
from sextant_declarations.storage.inspection_tables import (
    INSPECTION_STEPS,
    INSPECTIONS,
    MANDATE_GRANTS,
)
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.tables import INBOX, SIDECAR
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import OutcomeVerdict

COMMENTS = "inspection.comments"


@dataclass(frozen=True)
class SqlInspections:
    """Where inspections stand, and how they came there."""

    database: Database
    notes: Notes
    own_party: str

    async def plan(self, new: NewInspection) -> str:
        """Store an inspection with its first step; return its number."""

        def store(connection: Connection) -> str:
            count = select(func.count()).where(INSPECTIONS.c.year == new.year)
            number = f"INS-{new.year}-{connection.execute(count).scalar_one() + 1:04d}"
            connection.execute(
                insert(INSPECTIONS).values(
                    id=new.id,
                    number=number,
                    state=new.state,
                    code=new.code,
                    regime=new.regime,
                    kind=new.kind,
                    year=new.year,
                    known_on=new.known_on,
                    selection=new.selection,
                    status=new.step.target,
                    since=new.step.t,
                    steps=0,
                )
            )
            self._append(connection, new.step)
            return number

        return await self.database.write(store)

    async def take(self, step: NewInspectionStep) -> None:
        """Store a step.

        Raises:
            PlatformError: `E_PRECONDITION` when the inspection moved on since.
        """
        await self.database.write(lambda connection: self._append(connection, step))

    async def grant(self, grant: NewGrant) -> None:
        """Store leave to read."""

        def store(connection: Connection) -> None:
            connection.execute(
                insert(MANDATE_GRANTS).values(
                    inspection=grant.inspection,
                    client=grant.client,
                    until=grant.until,
                    by=grant.officer.client,
                    t=grant.t,
                    entry=self.notes.add(connection, grant.note),
                )
            )

        await self.database.write(store)

    async def inspection(self, number: str) -> StoredInspection | None:
        """Return one, None for an unknown number."""
        wanted = select(INSPECTIONS).where(INSPECTIONS.c.number == number)
        row = await self.database.read(lambda c: c.execute(wanted).mappings().one_or_none())
        return StoredInspection(**row) if row else None

    async def of_sites(self, state: str, codes: list[str]) -> list[StoredInspection]:
        """Return the inspections of sites of a State, the oldest first."""
        row = INSPECTIONS.c
        wanted = (
            select(INSPECTIONS)
            .where(row.state == state, row.code.in_(codes))
            .order_by(row.position)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [StoredInspection(**found) for found in rows]

    async def page(
        self, hidden: list[str], state: str | None, before: int | None, limit: int
    ) -> list[StoredInspection]:
        """Return up to `limit` below a position, but those in `hidden` states; newest first."""
        row = INSPECTIONS.c
        wanted = select(INSPECTIONS).where(row.status.not_in(hidden))
        if state is not None:
            wanted = wanted.where(row.state == state)
        if before is not None:
            wanted = wanted.where(row.position < before)
        wanted = wanted.order_by(row.position.desc()).limit(limit)
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [StoredInspection(**found) for found in rows]

    async def steps(self, inspection: str) -> list[StoredStep]:
        """Return its steps, the oldest first."""
        wanted = (
            select(*_STEP, SIDECAR.note.c.log_index.label("index"))
            .outerjoin(SIDECAR.note, SIDECAR.note.c.position == INSPECTION_STEPS.c.entry)
            .where(INSPECTION_STEPS.c.inspection == inspection)
            .order_by(INSPECTION_STEPS.c.position)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [_step(row) for row in rows]

    async def grants(self, inspection: str) -> list[StoredGrant]:
        """Return the leave that was given, the newest of each client."""
        row = MANDATE_GRANTS.c
        wanted = (
            select(row.client, row.until, row.by, row.t)
            .where(row.inspection == inspection)
            .order_by(row.id)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        newest = {found["client"]: StoredGrant(**found) for found in rows}
        return [newest[client] for client in sorted(newest)]

    async def correspondence(self, message: str, now: float) -> Correspondence:
        """Return the thread that a message of ours began."""
        named = select(SENT.c.thread).where(SENT.c.message_id == message)
        thread = await self.database.read(lambda c: c.execute(named).scalar_one())
        comments = (
            select(INBOX.c.envelope_id, INBOX.c.manifest_digest)
            .where(
                INBOX.c.thread == thread,
                INBOX.c.type == COMMENTS,
                INBOX.c.nature != Nature.REFUSED,
                func.coalesce(INBOX.c.verdict, "") != OutcomeVerdict.RETURNED,
            )
            .order_by(INBOX.c.id.desc())
            .limit(1)
        )
        owed = await self._exchanges.owed_in(thread, now)
        newest = await self.database.read(lambda c: c.execute(comments).one_or_none())
        if newest is None:
            return Correspondence(owed=tuple(owed))
        id_, digest = newest
        return Correspondence(owed=tuple(owed), comments=id_, comments_digest=digest)

    async def demanded(self, message: str, now: float) -> list[Due]:
        """Return what one message of ours demands, answered or not."""
        named = select(SENT.c.id).where(SENT.c.message_id == message)
        row = await self.database.read(lambda c: c.execute(named).scalar_one())
        return await self._exchanges.owed_for_sent(row, now)

    @property
    def _exchanges(self) -> SqlExchanges:
        return SqlExchanges(self.database, self.own_party)

    def _append(self, connection: Connection, step: NewInspectionStep) -> None:
        moved = connection.execute(
            update(INSPECTIONS)
            .where(INSPECTIONS.c.id == step.inspection, INSPECTIONS.c.steps == step.after)
            .values(status=step.target, since=step.t, steps=step.after + 1)
        )
        if moved.rowcount != 1:
            raise PlatformError(
                Code.PRECONDITION, "it moved on since it was read", expected=str(step.after)
            )
        connection.execute(
            insert(INSPECTION_STEPS).values(
                inspection=step.inspection,
                position=step.after + 1,
                step=step.step,
                target=step.target,
                client=step.officer.client,
                role=step.officer.role,
                reason=step.reason,
                t=step.t,
                message=step.message,
                facts=json.dumps(step.facts),
                requests=json.dumps(step.requests),
                entry=self.notes.add(connection, step.note),
            )
        )
        follow_inspection(connection, step)


def _step(row: RowMapping) -> StoredStep:
    return StoredStep(
        **{**row, "facts": json.loads(row["facts"]), "requests": json.loads(row["requests"])}
    )


_STEP = (
    INSPECTION_STEPS.c.position,
    INSPECTION_STEPS.c.step,
    INSPECTION_STEPS.c.target,
    INSPECTION_STEPS.c.client,
    INSPECTION_STEPS.c.role,
    INSPECTION_STEPS.c.reason,
    INSPECTION_STEPS.c.t,
    INSPECTION_STEPS.c.message,
    INSPECTION_STEPS.c.facts,
    INSPECTION_STEPS.c.requests,
)
