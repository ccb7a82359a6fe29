"""Notes of this service as an outbox of entries: the relay delivers them like all others."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sextant_declarations.domain.owed import DueEntry, LoggedProof, Postponed
from sextant_shared.chassis.sidecar.notes import Notes


@dataclass(eq=False)
class NoteOutbox:
    """The port `EntryOutbox` over notes; what could not be delivered waits in memory only."""

    notes: Notes
    _attempts: int = 0
    _again_at: float = field(default=0.0)

    async def due_entries(self, limit: int, now: float) -> list[DueEntry]:
        """Return notes to append, oldest first."""
        if now < self._again_at:
            return []
        return [
            DueEntry(row=note.position, leaf=note.entry, traceparent=None, attempts=self._attempts)
            for note in await self.notes.owed(limit=limit)
        ]

    async def entries_logged(self, proofs: Sequence[LoggedProof]) -> None:
        """Keep where the notes stand and their proofs."""
        self._attempts, self._again_at = 0, 0.0
        await self.notes.placed([(each.row, each.index, each.proof) for each in proofs])

    async def postpone_entries(self, postponed: Sequence[Postponed]) -> None:
        """Come back later."""
        self._attempts += 1
        self._again_at = max(each.again_at for each in postponed)
