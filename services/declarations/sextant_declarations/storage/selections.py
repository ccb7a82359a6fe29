"""Selections in this room's database: stored with all they were drawn from, never changed."""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, insert, select

from sextant_declarations.analysis.inspection.life import inspection_life
from sextant_declarations.analysis.selection.model import Done
from sextant_declarations.domain.draws import StoredSelection
from sextant_declarations.storage.inspection_tables import (
    INSPECTION_STEPS,
    INSPECTIONS,
    SELECTIONS,
)
from sextant_declarations.storage.tables import SIDECAR
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.protocol.notes import MadeNote

CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class SqlSelections:
    """What was drawn, and which inspections count towards the caps."""

    database: Database
    notes: Notes

    async def add(self, selection: StoredSelection, note: MadeNote) -> None:
        """Store a selection with the entry of the decision to draw."""

        def store(connection: Connection) -> None:
            values = {
                "id": selection.id,
                "t": selection.t,
                "client": selection.client,
                "inputs": selection.inputs,
                "policy": selection.policy,
                "document": selection.document,
                "digest": selection.digest,
                "entry": self.notes.add(connection, note),
            }
            connection.execute(insert(SELECTIONS).values(values))

        await self.database.write(store)

    async def selections(self) -> list[StoredSelection]:
        """Return all, the newest first."""
        wanted = _STORED.order_by(SELECTIONS.c.position.desc())
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [_stored(row) for row in rows]

    async def selection(self, id_: str) -> StoredSelection | None:
        """Return one, None for an unknown id."""
        wanted = _STORED.where(SELECTIONS.c.id == id_)
        row = await self.database.read(lambda c: c.execute(wanted).mappings().one_or_none())
        return _stored(row) if row else None

    async def done(self, by: str) -> list[Done]:
        """Return the inspections that were planned by then, and not cancelled by then."""
        then = INSPECTION_STEPS.c.t <= by
        cancelled = select(INSPECTION_STEPS.c.inspection).where(
            then, INSPECTION_STEPS.c.target == CANCELLED
        )
        planned = select(INSPECTION_STEPS.c.inspection).where(
            then, INSPECTION_STEPS.c.target == inspection_life().first
        )
        row = INSPECTIONS.c
        wanted = (
            select(row.regime, row.state, row.code, row.year)
            .where(row.id.in_(planned), row.id.not_in(cancelled))
            .order_by(row.position)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [Done(**found) for found in rows]


def _stored(row: RowMapping) -> StoredSelection:
    return StoredSelection(**row)


_STORED = select(
    SELECTIONS.c.id,
    SELECTIONS.c.t,
    SELECTIONS.c.client,
    SELECTIONS.c.inputs,
    SELECTIONS.c.policy,
    SELECTIONS.c.document,
    SELECTIONS.c.digest,
    SIDECAR.note.c.log_index.label("index"),
).outerjoin(SIDECAR.note, SIDECAR.note.c.position == SELECTIONS.c.entry)
