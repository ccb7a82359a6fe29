"""Several outboxes of log entries as one, so that they share the log's batches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sextant_declarations.domain.owed import DueEntry, LoggedProof, Postponed
from sextant_declarations.domain.ports import EntryOutbox


@dataclass(frozen=True)
class JoinedEntries:
    """Hands out what is due in each part; a row's number says which part it came from."""

    parts: tuple[EntryOutbox, ...]

    async def due_entries(self, limit: int, now: float) -> list[DueEntry]:
        """Return log entries to append: those of the first part first, oldest first in each."""
        found: list[DueEntry] = []
        for part in self.parts:
            due = await part.due_entries(limit - len(found), now) if len(found) < limit else []
            found += [replace(entry, row=self._joined(entry.row, part)) for entry in due]
        return found

    async def entries_logged(self, proofs: Sequence[LoggedProof]) -> None:
        """Keep where the entries stand and their proofs."""
        for part in self.parts:
            own = [replace(p, row=self._own(p.row)) for p in proofs if self._is_of(p.row, part)]
            if own:
                await part.entries_logged(own)

    async def postpone_entries(self, postponed: Sequence[Postponed]) -> None:
        """Keep the reasons and come back later."""
        for part in self.parts:
            own = [replace(p, row=self._own(p.row)) for p in postponed if self._is_of(p.row, part)]
            if own:
                await part.postpone_entries(own)

    def _joined(self, row: int, part: EntryOutbox) -> int:
        return row * len(self.parts) + self.parts.index(part)

    def _own(self, row: int) -> int:
        return row // len(self.parts)

    def _is_of(self, row: int, part: EntryOutbox) -> bool:
        return self.parts[row % len(self.parts)] is part
