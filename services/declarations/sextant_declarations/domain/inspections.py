"""The life of inspections: planned, notified, reported, commented, closed.

Which step follows on which is the table's (`analysis.inspection.life`); which message of a State
may come when is the catalogue's. The State's own steps (it acknowledges, takes notice, comments)
are not stored here: they are read from the thread that the notification began.

Durable steps of a step that sends, in this order:

1. The message is stored with its entry, under a key made of inspection and step (`sending`).
   If we stop here: taken again with the same content, the step finds the message by its key.
2. The step is stored with its own entry, if the inspection did not move on since it was read.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from sextant_declarations.analysis.inspection.life import PLAN, LifeStep, inspection_life
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.draws import Draws
from sextant_declarations.domain.inspecting import (
    AmendmentRequest,
    Correspondence,
    Grant,
    GrantOrder,
    InspectionLine,
    InspectionPage,
    InspectionRows,
    InspectionView,
    NewGrant,
    NewInspection,
    NewInspectionStep,
    NextStep,
    PlanOrder,
    SiteName,
    StepOrder,
    StoredInspection,
    StoredStep,
    Taking,
)
from sextant_declarations.domain.inspection_views import (
    clocks_of,
    issues_of,
    marking_of,
    tag_of,
    taken,
)
from sextant_declarations.domain.lives import require_tag
from sextant_declarations.domain.paging import page_of
from sextant_declarations.domain.reports import Reports
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError

PLANNER = "planner"
END_OF_DAY = "T23:59:59.999Z"
_DAY_CHARS = 10


@dataclass(frozen=True)
class Inspections:
    """The use cases of inspections."""

    rows: InspectionRows
    draws: Draws
    reports: Reports
    sources: Sources
    stored: Callable[[], None]

    async def plan(self, order: PlanOrder, planner: Reader) -> tuple[InspectionView, str]:
        """Plan an inspection; it is told to nobody until it is notified.

        Raises:
            PlatformError: `E_NOT_FOUND` for a selection that there is none of or that does not name
                the site, or a site that nothing is registered about.
        """
        await self._chosen(order)
        await self.reports.require_site(order.state, order.code)
        now, id_ = self.sources.clock(), self.sources.new_id()
        today = timestamp_ms(now)[:_DAY_CHARS]
        known_on = order.known_on.isoformat() if order.known_on else today
        year = int(today[:4])
        reason = "SELECTED" if order.selection else order.kind.upper()
        facts = {"regime": order.regime, "kind": order.kind, "known_on": known_on}
        step = self._step(id_, 0, PLAN, inspection_life().first, reason, planner, facts=facts)
        new = NewInspection(
            id=id_,
            state=order.state,
            code=order.code,
            regime=order.regime,
            kind=order.kind,
            year=year,
            known_on=known_on,
            selection=order.selection,
            step=step,
        )
        number = await self.rows.plan(new)
        self.stored()
        return await self.read(number, planner)

    async def page(
        self, state: str | None, reader: Reader, *, cursor: str | None, limit: int
    ) -> InspectionPage:
        """Return one page; what is not notified yet is shown to planners alone."""
        hidden = [] if reader.role == PLANNER else inspection_life().hidden
        found, more = await page_of(
            partial(self.rows.page, hidden, state),
            attrgetter("position"),
            cursor=cursor,
            limit=limit,
        )
        lines = [await self._line(one) for one in found]
        return InspectionPage(inspections=lines, next=more)

    async def read(self, number: str, reader: Reader) -> tuple[InspectionView, str]:
        """Return where an inspection stands, with its tag. Gives no declared content.

        Raises:
            PlatformError: `E_NOT_FOUND`, also for one that the reader may not know of.
        """
        one = await self.known(number, reader)
        steps = await self.rows.steps(one.id)
        said = await self._correspondence(steps)
        requests = [await self._request(each) for step in steps for each in step.requests]
        return await self._view(one, steps, said, requests), tag_of(one, said)

    async def take(
        self, number: str, order: StepOrder, tag: str, planner: Reader
    ) -> tuple[InspectionView, str]:
        """Take a step; what it sends is sealed and stored, and the step too, when this returns.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_PRECONDITION` when `tag` is not the newest; what the
                table refuses; `E_POLICY` for too short a notice; `E_STATE` while what must come
                before is not there; `E_MALFORMED` with every finding of a content.
        """
        one = await self.known(number, planner)
        steps = await self.rows.steps(one.id)
        said = await self._correspondence(steps)
        require_tag(tag_of(one, said), tag)
        life = inspection_life().step(one.status, order.step, order.reason)
        await self._require(life, order, steps, said)
        sent = await self.reports.send(Taking(one, life, order, steps, said, planner))
        step = self._step(
            one.id, one.steps, life.code, life.to or one.status, order.reason, planner,
            message=sent.message, facts=sent.facts, requests=sent.requests,
        )  # fmt: skip
        await self.rows.take(step)
        self.stored()
        return await self.read(number, planner)

    async def grant(self, number: str, order: GrantOrder, planner: Reader) -> InspectionView:
        """Let an inspector read the mandate package until a day; a day that is over ends it."""
        one = await self.known(number, planner)
        if one.status in inspection_life().final:
            raise PlatformError(
                Code.STATE, f"{number} is {one.status}: its package is read by nobody any more"
            )
        now = self.sources.clock()
        note = decision(
            "grant-mandate", planner.client, one.id, None, now,
            role=planner.role, to=order.client, until=order.until.isoformat(),
        )  # fmt: skip
        until, t = f"{order.until.isoformat()}{END_OF_DAY}", timestamp_ms(now)
        await self.rows.grant(
            NewGrant(
                inspection=one.id,
                client=order.client,
                until=until,
                officer=planner,
                t=t,
                note=note,
            )
        )
        self.stored()
        return (await self.read(number, planner))[0]

    async def comments(self, number: str, reader: Reader) -> Path:
        """Return where the State's newest comments stand, once the access is stored.

        Raises:
            PlatformError: `E_NOT_FOUND` for an inspection that the reader may not know of, or that
                the State has not commented.
        """
        one = await self.known(number, reader)
        said = await self._correspondence(await self.rows.steps(one.id))
        if said.comments is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"the State has not commented on {number}",
                fix="Look again later: `sextant officer inspection show` has its time.",
            )
        sited = self.reports.sited
        access = await sited.gate.envelopes(reader, Gives.MESSAGE, said.comments_digest)
        return sited.files.content(said.comments_digest, access)

    async def known(self, number: str, reader: Reader) -> StoredInspection:
        """Return an inspection that the reader may know of.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await self.rows.inspection(number)
        is_hidden = found is not None and found.status in inspection_life().hidden
        if found is None or (is_hidden and reader.role != PLANNER):
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no inspection {number[:64]}",
                fix="Take the number from GET /v1/inspections.",
            )
        return found

    async def _chosen(self, order: PlanOrder) -> None:
        if order.selection is None:
            return
        drawn = (await self.draws.stored(order.selection)).selection.picks
        named = {(pick.regime, pick.state, pick.code) for pick in drawn}
        if (order.regime, order.state, order.code) not in named:
            raise PlatformError(
                Code.NOT_FOUND,
                "the selection does not name this site under this regime",
                fix="Plan it without the selection, or take a site that it names.",
            )

    async def _require(
        self, life: LifeStep, order: StepOrder, steps: Sequence[StoredStep], said: Correspondence
    ) -> None:
        """Return when what must come before is there.

        Raises:
            PlatformError: `E_STATE`.
        """
        comments = [due for due in said.owed if due.answer == "inspection.comments"]
        if life.code == "annex" and said.comments is None:
            raise _not_yet("the State has not commented", "its comments, or conclude without")
        if life.code == "conclude" and (said.comments or not all(due.is_late for due in comments)):
            until = comments[-1].until if comments else None
            raise _not_yet("the State may still comment, or has", f"no comments by {until}")
        if life.code == "close":
            await self._require_closable(order.reason, steps)

    async def _require_closable(self, reason: str, steps: Sequence[StoredStep]) -> None:
        issues = issues_of(steps)
        asked = [each for step in steps for each in step.requests]
        views = [await self._request(each) for each in asked]
        open_ = [view for view in views if view.state not in ("answered", "superseded")]
        left = issues - sum(len(view.issues) for view in views)
        if reason == "NO_ISSUES" and issues:
            raise _not_yet(f"the report names {issues} issues", "another reason")
        if reason != "NO_ISSUES" and not issues:
            raise _not_yet("the report names no issue", "NO_ISSUES")
        if reason == "ISSUES_RESOLVED" and (open_ or left):
            raise _not_yet(
                f"{len(open_)} requests are open, {left} issues were asked of nobody",
                "answers to all of them, or ISSUES_CARRIED",
            )

    async def _correspondence(self, steps: Sequence[StoredStep]) -> Correspondence:
        notice = next((step.message for step in steps if step.step == "notify"), None)
        if notice is None:
            return Correspondence()
        return await self.rows.correspondence(notice, self.sources.clock())

    async def _request(self, stored: dict[str, Any]) -> AmendmentRequest:
        owed = await self.rows.demanded(stored["message"], self.sources.clock())
        return AmendmentRequest(**stored, state=str(owed[0].state) if owed else "sent")

    async def _line(self, one: StoredInspection) -> InspectionLine:
        said = await self._correspondence(await self.rows.steps(one.id))
        return InspectionLine(
            number=one.number,
            site=SiteName(state=one.state, code=one.code),
            regime=one.regime,
            kind=one.kind,
            year=one.year,
            status=one.status,
            since=one.since,
            overdue=sum(due.state == "overdue" for due in said.owed),
            marking=marking_of(one.status),
        )

    async def _view(
        self,
        one: StoredInspection,
        steps: Sequence[StoredStep],
        said: Correspondence,
        requests: list[AmendmentRequest],
    ) -> InspectionView:
        table = inspection_life()
        now, is_over = timestamp_ms(self.sources.clock()), one.status in table.final
        return InspectionView(
            number=one.number,
            site=SiteName(state=one.state, code=one.code),
            regime=one.regime,
            kind=one.kind,
            year=one.year,
            status=one.status,
            meaning=table.states[one.status],
            marking=marking_of(one.status),
            selection=one.selection,
            known_on=dt.date.fromisoformat(one.known_on),
            steps=[taken(step) for step in steps],
            clocks=clocks_of(said),
            requests=requests,
            next=[
                NextStep(
                    step=step.code,
                    reasons={code: table.reasons[code] for code in step.reasons},
                    sends=step.sends,
                    law=step.law,
                )
                for step in table.steps_from(one.status)
            ],
            grants=[
                Grant(
                    client=g.client,
                    until=g.until,
                    by=g.by,
                    t=g.t,
                    holds=g.until >= now and not is_over,
                )
                for g in await self.rows.grants(one.id)
            ],
        )

    def _step(  # noqa: PLR0913 - a step says as much
        self,
        id_: str,
        after: int,
        code: str,
        target: str,
        reason: str,
        planner: Reader,
        *,
        message: str | None = None,
        facts: dict[str, str] | None = None,
        requests: list[dict[str, object]] | None = None,
    ) -> NewInspectionStep:
        now = self.sources.clock()
        more = {"message": message} if message else {}
        note = decision(
            f"inspection-{code}", planner.client, id_, None, now,
            role=planner.role, to=target, reason=reason, after=after, **(facts or {}), **more,
        )  # fmt: skip
        return NewInspectionStep(
            inspection=id_,
            after=after,
            step=code,
            target=target,
            officer=planner,
            reason=reason,
            t=timestamp_ms(now),
            note=note,
            message=message,
            facts=facts or {},
            requests=requests or [],
        )


def _not_yet(why: str, expected: str) -> PlatformError:
    return PlatformError(Code.STATE, why, expected=expected)
