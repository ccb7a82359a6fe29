"""The life of a declaration as officers see and change it: its state, its steps, its marking.

Which step leads where is the table's (`analysis.lifecycle`). Here it is asked for, written down
with its log entry in one transaction, and shown. An officer names what was seen last (a tag): if
the declaration moved on since, nothing is done.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.classification import handling, remarked
from sextant_declarations.analysis.lifecycle import (
    Life,
    Lifecycle,
    Move,
    ReasonCode,
    State,
    StepCode,
    Wanted,
    advance,
    lifecycle,
)
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.paging import page_of
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote

LOWER = "lower-marking"
_DAY_CHARS = 10


class StepOrder(Strict):
    """A step that an officer takes: its code, why, and what the table asks for besides."""

    step: StepCode
    reason: ReasonCode
    reference: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    marking: Annotated[str, Field(max_length=40)] | None = None


class StepView(Strict):
    """One step as it was taken; `index` is the place of its log entry, null until it has one.

    Steps of the service itself have no entry of their own.
    """

    position: int
    version: int
    step: str
    source: str | None
    target: str
    client: str
    role: str
    reason: str
    reference: str | None
    marking: str | None
    t: str
    index: int | None


class StepPage(Strict):
    """One page of steps, newest first; `next` is the cursor of the next page."""

    steps: list[StepView]
    next: str | None


class ClockView(Strict):
    """Until when the declaration should have left its state, what that rests on, what follows."""

    due: dt.date
    overdue: bool
    days: int
    mark: str
    source: str
    then: str


class NextStep(Strict):
    """A step that an officer may take now, with the reasons there are and what it needs."""

    step: str
    target: str
    reasons: dict[str, str]
    needs: list[str]


class HandlingView(Strict):
    """How the content is to be handled: the marking that holds, and what follows from it.

    `raised` is what the Secretariat raised it to, if it did; `default` what declarations of the
    kind are taken to be, and `default_mark` what that rests on.
    """

    marking: str
    raised: str | None
    default: str
    default_mark: str
    who: str
    grant: str
    persons: int


class LifeView(Strict):
    """Where a declaration stands, since when and until when, what may follow, how it is handled."""

    declaration: str
    state: str
    meaning: str
    version: int
    since: str
    reason: str
    carried: bool
    steps: int
    clock: ClockView | None
    next: list[NextStep]
    handling: HandlingView


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLife:
    """Where a declaration stands, and the envelope that brought its newest registered version."""

    declaration: str
    owner: str
    kind: str
    year: int
    version: int
    state: State
    reason: str
    since: str
    marking: str
    raised: str | None
    carried: bool
    steps: int
    inbox: int
    envelope: str
    custody: int

    @property
    def tag(self) -> str:
        """What changes with every step."""
        return f"{self.version}.{self.steps}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step on its way into the register, with the life that it was planned on."""

    life: StoredLife
    move: Move
    officer: Reader
    t: str
    note: MadeNote


class LifeRows(Protocol):
    """What is stored of lives."""

    async def life(self, declaration: str) -> StoredLife | None:
        """Return where a declaration stands, None for one that is not known."""
        ...

    async def steps(self, declaration: str, before: int | None, limit: int) -> list[StepView]:
        """Return up to `limit` steps below the position `before`, newest first."""
        ...

    async def take(self, steps: Sequence[NewStep]) -> None:
        """Store steps with their entries, all or none.

        Raises:
            PlatformError: `E_PRECONDITION` when a declaration moved on since.
        """
        ...

    async def said(self, declaration: str, envelope: str) -> bool:
        """Return whether the State of a declaration wrote us this message, and it was taken."""
        ...


@dataclass(frozen=True)
class Lives:
    """The use cases of one declaration's life."""

    rows: LifeRows
    sources: Sources
    stored: Callable[[], None]

    async def read(self, declaration: str) -> tuple[LifeView, str]:
        """Return where a declaration stands, with its tag. Gives no declared content.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        life = await self._life(declaration)
        today = timestamp_ms(self.sources.clock())[:_DAY_CHARS]
        return shown(lifecycle(), life, dt.date.fromisoformat(today)), life.tag

    async def steps(self, declaration: str, *, cursor: str | None, limit: int) -> StepPage:
        """Return one page of its steps, the newest first.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_MALFORMED` for a cursor that no page gave.
        """
        await self._life(declaration)
        page, more = await page_of(
            partial(self.rows.steps, declaration),
            attrgetter("position"),
            cursor=cursor,
            limit=limit,
        )
        return StepPage(steps=page, next=more)

    async def take(
        self, declaration: str, order: StepOrder, tag: str, officer: Reader
    ) -> tuple[LifeView, str]:
        """Take a step; it is stored with its log entry when this returns.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_PRECONDITION` when `tag` is not the newest; what the
                table refuses; `E_POLICY` for a marking that may not be lowered.
        """
        life = await self._life(declaration)
        require_tag(life.tag, tag)
        wanted = Wanted(
            step=order.step,
            role=officer.role,
            reason=order.reason,
            reference=order.reference,
            marking=order.marking,
        )
        move = advance(lifecycle(), Life(life.version, life.state), wanted)
        if move.marking is not None:
            await self._remark(life, move)
        await self.rows.take([new_step(life, move, officer, self.sources)])
        self.stored()
        return await self.read(declaration)

    async def _remark(self, life: StoredLife, move: Move) -> None:
        consented = move.step == LOWER
        if consented and not await self.rows.said(life.declaration, move.reference or ""):
            raise PlatformError(
                Code.POLICY,
                "the State has not said so in a message that was taken",
                expected=f"the id of an envelope of {life.owner}",
                received=(move.reference or "")[:64],
                fix="Ask the State, and name the envelope in which it agrees.",
            )
        remarked(life.marking, move.marking or "", consented=consented)

    async def _life(self, declaration: str) -> StoredLife:
        life = await self.rows.life(declaration)
        if life is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no declaration {declaration[:64]}",
                fix="Take the id from GET /v1/declarations.",
            )
        return life


def require_tag(current: str, given: str) -> None:
    """Return when the tag is the newest one.

    Raises:
        PlatformError: `E_PRECONDITION`.
    """
    if given != current:
        raise PlatformError(
            Code.PRECONDITION, "it moved on since it was read", expected=current, received=given
        )


def new_step(life: StoredLife, move: Move, officer: Reader, sources: Sources) -> NewStep:
    """Return a step with the log entry that commits to it."""
    now = sources.clock()
    more = {"reference": move.reference, "marking": move.marking, "from": move.source}
    note = decision(
        move.step,
        officer.client,
        life.envelope,
        life.custody,
        now,
        role=officer.role,
        declaration=life.declaration,
        version=move.version,
        to=move.target,
        reason=move.reason,
        **{name: value for name, value in more.items() if value},
    )
    return NewStep(life=life, move=move, officer=officer, t=timestamp_ms(now), note=note)


def shown(table: Lifecycle, life: StoredLife, today: dt.date) -> LifeView:
    """Return a life as officers see it."""
    return LifeView(
        declaration=life.declaration,
        state=life.state,
        meaning=table.states[life.state],
        version=life.version,
        since=life.since,
        reason=life.reason,
        carried=life.carried,
        steps=life.steps,
        clock=_clock(table, life, today),
        next=[
            NextStep(
                step=step.code,
                target=step.to or life.state,
                reasons={code: table.reasons[code] for code in step.reasons},
                needs=list(step.needs),
            )
            for step in table.steps_from(life.state, "officer")
        ],
        handling=_handling(life),
    )


def _clock(table: Lifecycle, life: StoredLife, today: dt.date) -> ClockView | None:
    clock = table.clock(life.state, life.reason)
    due = table.due(life.state, life.reason, dt.date.fromisoformat(life.since[:_DAY_CHARS]))
    if clock is None or due is None:
        return None
    return ClockView(
        due=due,
        overdue=today > due,
        days=clock.days,
        mark=clock.mark,
        source=clock.source,
        then=clock.then,
    )


def _handling(life: StoredLife) -> HandlingView:
    profile, default = handling().profile(life.marking), handling().default(life.kind)
    return HandlingView(
        marking=life.marking,
        raised=life.raised,
        default=default.marking,
        default_mark=default.mark,
        who=profile.who,
        grant=profile.grant,
        persons=profile.persons,
    )
