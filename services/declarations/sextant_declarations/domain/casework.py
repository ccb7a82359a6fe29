"""What happens to cases by itself: opened after the cut-off, compared again, answered by a reply.

Runs beside intake, after the pairs of transfers (or the inbox, or the day) moved on. Each step it
takes is written down with its log entry in one transaction, as an officer's is. It sends nothing.

Durable steps: each case is its own transaction. If we stop between two, the rest is found again at
the next run, because what is to be done follows from what is stored:

* a pair to be explained that has no case gets one;
* a case remembers what its pairs said when it was looked at last, and moves when they say another;
* a case that waits for an answer moves when a reply came after it began to wait.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sextant_declarations.analysis.cases.model import Matched
from sextant_declarations.analysis.cases.opening import becomes_case, open_years, priority
from sextant_declarations.analysis.cases.policy import CasePolicy
from sextant_declarations.analysis.cases.workflow import (
    SERVICE,
    CaseState,
    Move,
    Priority,
    Standing,
    Wanted,
    advance,
    workflow,
)
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.casebook import NewCaseStep, StoredCase, new_case_step
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import CLARIFICATION

BATCH = 100  # cases that one run of the query gives
OWN = Reader(client="declarations", role=SERVICE, purpose=CLARIFICATION)
_DAY_CHARS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair that may become a case; `earlier` counts the years before it that had one."""

    matched: Matched
    earlier: int
    declarations: tuple[str, ...]
    envelope: str
    custody: int


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply that came while a case waits for it: sender and id of its envelope."""

    case: StoredCase
    reference: str


class CaseworkRows(Protocol):
    """What the task asks of storage."""

    async def marks(self) -> tuple[int, int]:
        """Return what grows with every change of pairs, and with every envelope that came."""
        ...

    async def candidates(self, until_year: int, limit: int) -> list[Candidate]:
        """Return pairs to be explained that have no case.

        Differences of years up to this one; trade with States that are no party, of any year.
        """
        ...

    async def last_position(self) -> int:
        """Return the position of the newest case, 0 before the first."""
        ...

    async def open(self, step: NewCaseStep) -> None:
        """Store a new case with its first step.

        Raises:
            PlatformError: `E_PRECONDITION` when its number or its pair was taken meanwhile.
        """
        ...

    async def moved(self, limit: int) -> list[StoredCase]:
        """Return cases of which a pair says something else than when they were looked at last."""
        ...

    async def seen(self, number: str, step: NewCaseStep | None, new: Priority) -> None:
        """Keep what its pairs say now, and the step that follows from it, if one does."""
        ...

    async def earlier(self, pairs: Sequence[str]) -> int:
        """Return in how many years before it a flow of these had a case, at most."""
        ...

    async def replied(self, limit: int) -> list[Replied]:
        """Return cases that wait for an answer, with the first reply that came since."""
        ...

    async def take(self, steps: Sequence[NewCaseStep]) -> None:
        """Store steps with their entries, all or none."""
        ...


@dataclass
class Casework:
    """The task; one in a process."""

    rows: CaseworkRows
    sources: Sources
    stored: Callable[[], None]
    policy: CasePolicy
    _last: tuple[int, int, str] | None = field(default=None)

    def anew(self) -> None:
        """Forget what was seen: another process may have moved cases since."""
        self._last = None

    async def __call__(self) -> bool:
        """Do all that follows from what is stored; return False: nothing is left to do at once.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store cannot be had.
        """
        now = (*await self.rows.marks(), self._today.isoformat())
        if now == self._last:
            return False
        await self._open()
        await self._match_again()
        await self._answer()
        self._last = now
        return False

    @property
    def _today(self) -> dt.date:
        return dt.date.fromisoformat(timestamp_ms(self.sources.clock())[:_DAY_CHARS])

    async def _open(self) -> None:
        today = self._today
        while found := await self.rows.candidates(open_years(today, self.policy), BATCH):
            fitting = [c for c in found if becomes_case(c.matched.pair, today, self.policy)]
            for one in fitting:
                await self._open_one(one)
            self.stored()
            if len(fitting) < len(found):
                return  # what does not fit would be found for ever

    async def _open_one(self, one: Candidate) -> None:
        pair = one.matched.pair
        position = await self.rows.last_position() + 1
        urgency = priority([pair], one.earlier, self.policy)
        restricted = pair.klass.is_restricted
        move = _by_itself(Standing(state=None, restricted=restricted), "open", "BY_RULE")
        t = timestamp_ms(self.sources.clock())
        new = StoredCase(
            number=f"TD-{pair.key.year}-{position:06d}",
            position=position,
            state=CaseState.OPENED,
            since=t,
            opened=t,
            reason=move.reason,
            cause=None,
            priority=urgency,
            priority_is_set=False,
            restricted=restricted,
            merged_into=None,
            steps=0,
            pairs=(one.matched,),
            declarations=one.declarations,
            envelope=one.envelope,
            custody=one.custody,
        )
        await self.rows.open(new_case_step(new, move, OWN, self.sources))

    async def _match_again(self) -> None:
        while found := await self.rows.moved(BATCH):
            for one in found:
                await _unless_moved_on(self._match_one(one))
            self.stored()

    async def _match_one(self, one: StoredCase) -> None:
        """A closed case opens anew if there is something to explain, and else only takes note."""
        is_closed = one.state in workflow().closed
        step = None
        if not is_closed:
            move = _by_itself(one.standing, "match-again", "FIGURES_CHANGED")
            step = new_case_step(one, move, OWN, self.sources)
        elif not one.case.is_settled:
            move = _by_itself(one.standing, "reopen", "DIFFERS_AGAIN")
            step = new_case_step(one, move, OWN, self.sources)
        urgency = one.priority
        if not one.priority_is_set and not one.case.is_settled:
            pairs = [each.pair for each in one.pairs]
            earlier = await self.rows.earlier([pair.id for pair in pairs])
            urgency = priority(pairs, earlier, self.policy)
        await self.rows.seen(one.number, step, urgency)

    async def _answer(self) -> None:
        for one in await self.rows.replied(BATCH):
            move = _by_itself(one.case.standing, "answer", "REPLIED", one.reference)
            step = new_case_step(one.case, move, OWN, self.sources)
            await _unless_moved_on(self.rows.take([step]))
            self.stored()


async def _unless_moved_on(work: Awaitable[None]) -> None:
    """Do the work, unless an officer was quicker: then the case is looked at again."""
    try:
        await work
    except PlatformError as error:
        if error.code is not Code.PRECONDITION:
            raise


def _by_itself(standing: Standing, step: str, reason: str, reference: str | None = None) -> Move:
    wanted = Wanted(step=step, role=SERVICE, reason=reason, reference=reference)
    return advance(workflow(), standing, wanted)
