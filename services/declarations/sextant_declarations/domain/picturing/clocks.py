"""The clarifications as threads of turns: who wrote last, until when, and when it was settled."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sextant_declarations.analysis.pictures.clock import Side, Thread, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarification:
    """One thread as rows have it: messages of ours and theirs by their times, in unix seconds.

    `settled` is when an officer took the declaration on after the last reply.
    """

    party: str
    reference: str
    asked: Sequence[float]
    answered: Sequence[float]
    due: float | None
    settled: float | None


class ClarificationRows(Protocol):
    """The threads that a clarification request began."""

    async def clarifications(self, party: str | None, limit: int) -> list[Clarification]:
        """Return the newest of them, of one party or of all."""
        ...


def threads(rows: Iterable[Clarification]) -> list[Thread]:
    """Return the threads as they are drawn: a message hands the turn to the other side."""
    drawn = []
    for one in rows:
        told = sorted(
            [(at, Side.STATE) for at in one.asked] + [(at, Side.SECRETARIAT) for at in one.answered]
        )
        turns: list[Turn] = []
        for at, side in told:
            if not turns or turns[-1].side is not side:
                turns.append(Turn(side, _day(at)))
        name = f"{one.reference} {one.party}"
        due = None if one.due is None else _day(one.due)
        ended = one.settled if one.answered and not _is_open(one) else None
        drawn.append(Thread(name, tuple(turns), due, None if ended is None else _day(ended)))
    return drawn


def _is_open(one: Clarification) -> bool:
    return one.settled is None or max([*one.asked, *one.answered]) > one.settled


def _day(at: float) -> dt.date:
    return dt.datetime.fromtimestamp(at, dt.UTC).date()
