"""Entries of several outboxes share batches, and each row finds its way back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from sextant_declarations.domain.joined import JoinedEntries
from sextant_declarations.domain.owed import DueEntry, LoggedProof, Postponed

pytestmark = pytest.mark.anyio


@dataclass(eq=False)
class Part:
    rows: list[int]
    logged: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)

    async def due_entries(self, limit: int, now: float) -> list[DueEntry]:
        del now
        shown = self.rows[:limit]
        return [DueEntry(row=row, leaf=b"", traceparent=None, attempts=0) for row in shown]

    async def entries_logged(self, proofs: Sequence[LoggedProof]) -> None:
        self.logged += [proof.row for proof in proofs]

    async def postpone_entries(self, postponed: Sequence[Postponed]) -> None:
        self.later += [one.row for one in postponed]


async def test_each_row_goes_back_to_the_outbox_that_it_came_from() -> None:
    first, second = Part([1, 2]), Part([1, 2, 3])
    joined = JoinedEntries((first, second))
    due = await joined.due_entries(4, 0.0)
    assert len({entry.row for entry in due}) == len(due) == 4
    done, later = due[::2], due[1::2]
    await joined.entries_logged([LoggedProof(row=e.row, index=0, proof="") for e in done])
    await joined.postpone_entries([Postponed(row=e.row, error="", again_at=0.0) for e in later])
    assert (first.logged, first.later) == ([1], [2])
    assert (second.logged, second.later) == ([1], [2])


async def test_a_full_batch_of_the_first_leaves_no_room_and_asks_the_second_nothing() -> None:
    joined = JoinedEntries((Part([1, 2, 3]), Part([1])))
    assert len(await joined.due_entries(2, 0.0)) == 2
