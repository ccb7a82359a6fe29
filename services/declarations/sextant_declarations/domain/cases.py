"""Cases of differences, for officers: lists, one case in full, and the steps that officers take.

Which step leads where is the table's, who is shown what the disclosure's (`analysis.cases`). Here
it is asked for, written down with its log entry in one transaction, and shown. That two States have
a case says that something moved between them: every list and every case is an access. Not
responsible for what follows from new facts by itself (`casework`), nor for messages (`rooms`).
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.cases.counting import CaseYear, Counted, counted
from sextant_declarations.analysis.cases.disclosure import (
    ShownCase,
    Viewer,
    shown,
    shown_all,
)
from sextant_declarations.analysis.cases.listing import TABLE, csv_of, xlsx_of
from sextant_declarations.analysis.cases.opening import Link, require_mergeable, together
from sextant_declarations.analysis.cases.policy import CasePolicy
from sextant_declarations.analysis.cases.workflow import (
    SERVICE,
    CauseCode,
    Priority,
    ReasonCode,
    StepCode,
    Wanted,
    advance,
    workflow,
)
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.casebook import (
    CaseFilter,
    NewCaseStep,
    StoredCase,
    new_case_step,
)
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.lives import ClockView, NextStep, require_tag
from sextant_declarations.domain.paging import page_of
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict

MERGE, TAKE_OVER = "merge", "take-over"
_DAY_CHARS = 10


class CaseOrder(Strict):
    """A step that an officer takes: its code, why, and what the table asks for besides."""

    step: StepCode
    reason: ReasonCode
    reference: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    cause: CauseCode | None = None
    priority: Annotated[Priority | None, Field(strict=False)] = None


class CaseStepView(Strict):
    """One step as it was taken; `index` is the place of its log entry, null until it has one."""

    position: int
    step: str
    source: str | None
    target: str
    client: str
    role: str
    reason: str
    reference: str | None
    cause: str | None
    priority: str | None
    t: str
    index: int | None


class CaseStepPage(Strict):
    """One page of steps, newest first; `next` is the cursor of the next page."""

    steps: list[CaseStepView]
    next: str | None


class LinkView(Strict):
    """An explanation that ties a pair of the case to another one, and the case of that one."""

    kind: str
    pair: str
    other: str
    third: str | None
    case: str | None


class CaseView(Strict):
    """One case in full: what is declared, until when it should move on, and what may follow.

    `together` are pairs that may be about the same goods: an officer merges their cases, or not.
    """

    case: ShownCase
    meaning: str
    reason: str
    opened: str
    steps: int
    merged_into: str | None
    clock: ClockView | None
    next: list[NextStep]
    causes: dict[str, str]
    together: list[LinkView]


class CasePage(Strict):
    """One page of cases, the newest first, without figures."""

    cases: list[ShownCase]
    next: str | None


class CaseStatistics(Strict):
    """Counts by year of the transfers, newest first."""

    years: list[CaseYear]


class CaseRows(Protocol):
    """What is stored of cases."""

    async def counted(self) -> list[Counted]:
        """Return all cases as far as they are counted."""
        ...

    async def case(self, number: str) -> StoredCase | None:
        """Return a case, None for an unknown number."""
        ...

    async def page(self, wanted: CaseFilter, before: int | None, limit: int) -> list[StoredCase]:
        """Return up to `limit` cases below the position `before`, newest first."""
        ...

    async def case_of(self, pairs: Collection[str]) -> dict[str, str]:
        """Return the numbers of the cases that these pairs belong to, by pair."""
        ...

    async def steps(self, number: str, before: int | None, limit: int) -> list[CaseStepView]:
        """Return up to `limit` steps below the position `before`, newest first."""
        ...

    async def take(self, steps: Sequence[NewCaseStep]) -> None:
        """Store steps with their entries, all or none; a merged case gives its pairs away.

        Raises:
            PlatformError: `E_PRECONDITION` when a case moved on since.
        """
        ...

    async def sources(self, declarations: Collection[str]) -> dict[str, list[bytes]]:
        """Return the manifest digests of all that was registered of these, by declaration.

        A declaration that is not there for the reader is left out.
        """
        ...


@dataclass(frozen=True)
class Cases:
    """The use cases of officers."""

    rows: CaseRows
    gate: Gate
    sources: Sources
    stored: Callable[[], None]
    policy: CasePolicy

    async def page(
        self, wanted: CaseFilter, reader: Reader, *, cursor: str | None, limit: int
    ) -> CasePage:
        """Return one page, newest first, once the access to what it stands on is stored.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        page, more = await page_of(
            partial(self.rows.page, wanted), attrgetter("position"), cursor=cursor, limit=limit
        )
        known = await self._known(page)
        await self.admit(reader, *known)
        views = [shown(one.case, Viewer(None), self.policy) for one in known]
        return CasePage(cases=[view for view in views if view is not None], next=more)

    async def read(self, number: str, reader: Reader) -> tuple[CaseView, str]:
        """Return one case with its figures, and its tag, once the access is stored.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        stored = await self.stored_case(number)
        await self.admit(reader, stored)
        return await self._view(stored), stored.tag

    async def statistics(self) -> CaseStatistics:
        """Return counts for the Secretariat itself. Gives no declared content."""
        found = await self.rows.counted()
        return CaseStatistics(years=counted(found, self._today))

    async def steps(self, number: str, *, cursor: str | None, limit: int) -> CaseStepPage:
        """Return one page of its steps, the newest first. Gives no declared content.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_MALFORMED` for a cursor that no page gave.
        """
        await self.stored_case(number)
        page, more = await page_of(
            partial(self.rows.steps, number), attrgetter("position"), cursor=cursor, limit=limit
        )
        return CaseStepPage(steps=page, next=more)

    async def take(self, number: str, order: CaseOrder, tag: str, officer: Reader) -> str:
        """Take a step; it is stored with its log entry when this returns the new tag.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_PRECONDITION` when `tag` is not the newest; what the
                table refuses.
        """
        stored = await self.stored_case(number)
        require_tag(stored.tag, tag)
        wanted = Wanted(
            step=order.step,
            role=officer.role,
            reason=order.reason,
            reference=order.reference,
            cause=order.cause,
            priority=order.priority,
        )
        move = advance(workflow(), stored.standing, wanted)
        steps = [new_case_step(stored, move, officer, self.sources)]
        if move.step == MERGE:
            steps.append(await self._kept(stored, move.reference or "", officer))
        await self.rows.take(steps)
        self.stored()
        return (await self.stored_case(number)).tag

    async def seen_by(self, number: str, state: str, reader: Reader) -> ShownCase:
        """Return what a State would be shown of a case: for whoever is about to write to it.

        Raises:
            PlatformError: `E_NOT_FOUND`, also where the State may not know of the case.
        """
        stored = await self.stored_case(number)
        await self.admit(reader, stored)
        return self.view_of(stored, state)

    async def export(self, state: str, kind: str, reader: Reader) -> bytes:
        """Return the open cases of a State as it may see them, as CSV or XLSX.

        For its customs service: order and number of lines follow from what it is shown alone.
        """
        known = await self._known(await self._all(CaseFilter(state=state, is_open=True)))
        visible = [one for one in known if shown(one.case, Viewer(state), self.policy)]
        await self.admit(reader, *visible)
        views = shown_all((one.case for one in visible), Viewer(state), self.policy)
        return xlsx_of(views, state) if kind == "xlsx" else csv_of(views, state)

    def view_of(self, stored: StoredCase, state: str) -> ShownCase:
        """Return what a State is shown of a case.

        Raises:
            PlatformError: `E_NOT_FOUND` where it may not know of it.
        """
        view = shown(stored.case, Viewer(state), self.policy)
        if view is None:
            raise _unknown(f"case {stored.number} for {state[:32]}")
        return view

    async def stored_case(self, number: str) -> StoredCase:
        """Return a case as it is stored; nothing of it is given yet.

        Raises:
            PlatformError: `E_NOT_FOUND`, also where not all that it stands on is there for the
                reader: half a case would give the other half away.
        """
        stored = await self.rows.case(number)
        if stored is None or not await self._known([stored]):
            raise _unknown(f"case {number[:64]}")
        return stored

    async def listed(self, wanted: CaseFilter, reader: Reader, gives: Gives) -> list[ShownCase]:
        """Return all cases with their figures, newest first, by one access to all of them."""
        known = await self._known(await self._all(wanted))
        await self.admit(reader, *known, gives=gives)
        views = [shown(one.case, Viewer(None, figures=True), self.policy) for one in known]
        return [view for view in views if view is not None]

    async def admit(self, reader: Reader, *cases: StoredCase, gives: Gives = Gives.CASE) -> None:
        """Return when the access to all that these cases stand on is stored."""
        found = await self.rows.sources({name for one in cases for name in one.declarations})
        digests = sorted({digest for digests in found.values() for digest in digests})
        await self.gate.envelopes(reader, gives, *digests)

    async def _all(self, wanted: CaseFilter) -> list[StoredCase]:
        found: list[StoredCase] = []
        before: int | None = None
        while page := await self.rows.page(wanted, before, TABLE):
            found += page
            before = page[-1].position
        return found

    async def _known(self, cases: Sequence[StoredCase]) -> list[StoredCase]:
        """Return those of which every declaration is there for the reader."""
        found = await self.rows.sources({name for one in cases for name in one.declarations})
        return [one for one in cases if found.keys() >= set(one.declarations)]

    async def _kept(self, taken: StoredCase, number: str, officer: Reader) -> NewCaseStep:
        if number == taken.number:
            raise PlatformError(
                Code.MALFORMED,
                "a case is not merged into itself",
                expected="the number of another case",
                received=number,
            )
        kept = await self.stored_case(number)
        require_mergeable(
            (taken.state, [one.pair for one in taken.pairs], taken.restricted),
            (kept.state, [one.pair for one in kept.pairs], kept.restricted),
        )
        follows = Wanted(step=TAKE_OVER, role=SERVICE, reason="SAME_GOODS", reference=taken.number)
        move = advance(workflow(), kept.standing, follows)
        return new_case_step(kept, move, officer, self.sources)

    @property
    def _today(self) -> dt.date:
        return dt.date.fromisoformat(timestamp_ms(self.sources.clock())[:_DAY_CHARS])

    async def _view(self, stored: StoredCase) -> CaseView:
        view = shown(stored.case, Viewer(None, figures=True), self.policy)
        if view is None:
            raise PlatformError(Code.INTERNAL, "the Secretariat is shown every case")
        links = together(one.pair for one in stored.pairs)
        cases = await self.rows.case_of({link.other for link in links})
        table = workflow()
        return CaseView(
            case=view,
            meaning=table.states[stored.state],
            reason=stored.reason,
            opened=stored.opened,
            steps=stored.steps,
            merged_into=stored.merged_into,
            clock=_clock(stored, self._today),
            next=[
                NextStep(
                    step=step.code,
                    target=step.to or stored.state,
                    reasons={code: table.reasons[code] for code in step.reasons},
                    needs=list(step.needs),
                )
                for step in table.steps_from(stored.state, "officer", restricted=stored.restricted)
            ],
            causes={code: cause.meaning for code, cause in table.causes.items()},
            together=[_link(link, cases) for link in links],
        )


def _clock(stored: StoredCase, today: dt.date) -> ClockView | None:
    clock = workflow().clock(stored.state)
    due = workflow().due(stored.state, stored.case.since)
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


def _link(link: Link, cases: dict[str, str]) -> LinkView:
    return LinkView(
        kind=str(link.kind),
        pair=link.pair,
        other=link.other,
        third=link.third,
        case=cases.get(link.other),
    )


def _unknown(what: str) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND, f"there is no {what}", fix="Take the number from GET /v1/cases."
    )
