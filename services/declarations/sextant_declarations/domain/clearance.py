"""Grants: who may know of which State's declarations; asked for by one person, given by another.

Durable steps of an approval, in this order:

1. The State is told, by a sealed letter under a key that follows from the grant.
   If we stop here: the State was told of a grant that is not given; approved again, told once.
2. The approval is stored with its log entry. The grant holds `notice_days` after the exchange took
   the letter into custody; without a receipt it never begins.

What each act rests on, and for how long, is the table's (`analysis.need`). Grants hold no declared
figure; every officer and auditor may see them. Hiding what is not granted is the database's
(`storage.sight`): `Clearance.need_of` says what an officer may know of, at each request anew.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from sextant_declarations.analysis.classification import MARKINGS
from sextant_declarations.analysis.need import (
    GrantAct,
    Need,
    Phase,
    Standing,
    StandingLines,
    line_of,
    need_policy,
)
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.grants import (
    ClearedList,
    ClearedView,
    GrantOrder,
    GrantPage,
    GrantRows,
    GrantStep,
    GrantView,
    NewGrantAct,
    SentList,
    StoredGrant,
)
from sextant_declarations.domain.lives import require_tag
from sextant_declarations.domain.paging import page_of
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.clearances import LIST_SUBJECT, MAX_LINES, NOTICE_SUBJECT, Cleared
from sextant_shared.protocol.access import Role, Subject

_DAY_CHARS = 10
_PHASES = {
    GrantAct.APPROVE: Phase.GRANTED,
    GrantAct.REFUSE: Phase.REFUSED,
    GrantAct.REVOKE: Phase.REVOKED,
}
_FROM = {
    GrantAct.APPROVE: Phase.REQUESTED,
    GrantAct.REFUSE: Phase.REQUESTED,
    GrantAct.REVOKE: Phase.GRANTED,
}
Tell = Callable[[str, str, str, str, Reader], Awaitable[str]]
"""Sends a sealed letter: State, subject, text, key, who sends; returns the message's id."""


@dataclass(frozen=True)
class Clearance:
    """Says what an officer may know of; without `standing` every officer may know of everything."""

    rows: GrantRows
    sources: Sources
    standing: StandingLines | None

    async def need_of(self, subject: Subject) -> Need | None:
        """Return what a caller may know of now; None where nothing is narrowed.

        Others than officers are not narrowed: planners draw from the sites of all States,
        inspectors read by the leave of one mandate, and further roles are given no content.
        """
        if self.standing is None or subject.role is not Role.OFFICER:
            return None
        today, policy = _today(self.sources), need_policy()
        granted = await self.rows.granted(state=None, person=subject.client_id)
        held = [one.line for one in granted if one.standing(policy, today) is Standing.HOLDS]
        own = [s for s in self.standing.standing if s.person in {"*", subject.client_id}]
        return Need((*own, *held))

    def require_grantor(self, person: str) -> None:
        """Return when a person may ask for grants and give them.

        Raises:
            PlatformError: `E_FORBIDDEN`.
        """
        if self.standing is not None and person not in self.standing.grantors:
            raise PlatformError(
                Code.FORBIDDEN,
                "only designated persons give grants",
                expected="a grantor of the file of standing lines",
                received=person[:70],
            )


@dataclass(frozen=True)
class Grants:
    """The use cases of grants."""

    clearance: Clearance
    tell: Tell
    stored: Callable[[], None]

    @property
    def rows(self) -> GrantRows:
        """What is stored of grants."""
        return self.clearance.rows

    @property
    def sources(self) -> Sources:
        """Clock, ids and chance."""
        return self.clearance.sources

    async def page(
        self, state: str | None, person: str | None, *, cursor: str | None, limit: int
    ) -> GrantPage:
        """Return one page, newest first.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        found, more = await page_of(
            partial(self.rows.page, state, person), attrgetter("seq"), cursor=cursor, limit=limit
        )
        return GrantPage(grants=[self._shown(one) for one in found], next=more)

    async def read(self, id_: str) -> GrantView:
        """Return one grant.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        return self._shown(await self._grant(id_))

    async def request(self, order: GrantOrder, officer: Reader) -> GrantView:
        """Ask for a grant; it holds for nobody before another person approves it.

        Raises:
            PlatformError: `E_FORBIDDEN` for who gives no grants, `E_POLICY` for oneself, or for
                what the table does not allow; `E_MALFORMED` for what it does not know.
        """
        self.clearance.require_grantor(officer.client)
        _require_other(order.person, officer.client)
        _check(order, _today(self.sources))
        id_, now = self.sources.new_id(), self.sources.clock()
        note = decision(
            "grant.request",
            officer.client,
            id_,
            None,
            now,
            role=officer.role,
            **order.model_dump(mode="json", exclude_none=True),
        )
        await self.rows.add(id_, order, officer, timestamp_ms(now), note)
        self.stored()
        return await self.read(id_)

    async def act(self, id_: str, step: GrantStep, tag: str, officer: Reader) -> GrantView:
        """Approve, refuse or revoke a grant; it is kept, with its log entry, when this returns.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_FORBIDDEN`, `E_PRECONDITION` when `tag` is not the
                newest, `E_POLICY` for the person who asked or whom it is for, `E_STATE` when it
                does not stand so, `E_MALFORMED` for a reason; what telling the State raises.
        """
        self.clearance.require_grantor(officer.client)
        grant = await self._grant(id_)
        require_tag(grant.tag, tag)
        _require_reason(step.act, step.reason)
        if _FROM.get(step.act) is not grant.phase:
            raise PlatformError(Code.STATE, f"it is {grant.phase} already", received=step.act)
        _require_other(grant.person, officer.client)
        notice = grant.notice
        if step.act is GrantAct.APPROVE:
            _require_other(grant.requested_by, officer.client)
            notice = await self.tell(grant.state, *_noticed(grant), f"grant-{grant.id}", officer)
        now = self.sources.clock()
        note = decision(
            f"grant.{step.act}",
            officer.client,
            grant.id,
            None,
            now,
            role=officer.role,
            reason=step.reason,
            **({"notice": notice} if notice else {}),
        )
        await self.rows.take(
            NewGrantAct(
                grant=grant,
                act=step.act,
                officer=officer,
                reason=step.reason,
                t=timestamp_ms(now),
                phase=_PHASES[step.act],
                notice=notice,
                note=note,
            )
        )
        self.stored()
        return await self.read(id_)

    async def cleared(self, state: str) -> ClearedList:
        """Return who is cleared for a State or is going to be, as that State is told."""
        today, policy = _today(self.sources), need_policy()
        granted = await self.rows.granted(state=state, person=None)
        found = [(one, one.standing(policy, today)) for one in granted]
        return ClearedList(
            state=state,
            day=today,
            cleared=[
                ClearedView(
                    number=one.number,
                    function=one.function,
                    kinds=[*one.kinds],
                    ceiling=one.ceiling,
                    begins=one.begin(policy),
                    until=dt.date.fromisoformat(one.until),
                    standing=standing,
                )
                for one, standing in found
                if standing in {Standing.HOLDS, Standing.PENDING}
            ],
        )

    async def send_cleared(self, state: str, key: str, officer: Reader) -> SentList:
        """Send a State the list of who is cleared for it.

        Raises:
            PlatformError: `E_FORBIDDEN` for who gives no grants; `E_TOO_LARGE` for more persons
                than a letter names; what telling the State raises.
        """
        self.clearance.require_grantor(officer.client)
        found = await self.cleared(state)
        if len(found.cleared) > MAX_LINES:
            raise PlatformError(
                Code.TOO_LARGE,
                "more persons are cleared than one letter names",
                expected=f"at most {MAX_LINES}",
                received=str(len(found.cleared)),
                fix="Revoke what is no longer needed, or write to the State by hand.",
            )
        subject = f"{LIST_SUBJECT}{state}, on {found.day}"
        lines = [_told(one, _begin(one), str(one.until)) for one in found.cleared]
        text = "\n".join(lines) or "Nobody is cleared."
        return SentList(message=await self.tell(state, subject, text, key, officer), sent=found)

    async def _grant(self, id_: str) -> StoredGrant:
        grant = await self.rows.grant(id_)
        if grant is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no grant {id_[:64]}",
                fix="Take the id from GET /v1/grants.",
            )
        return grant

    def _shown(self, grant: StoredGrant) -> GrantView:
        policy = need_policy()
        return GrantView(
            id=grant.id,
            person=grant.person,
            number=grant.number,
            function=grant.function,
            state=grant.state,
            kinds=[*grant.kinds],
            ceiling=grant.ceiling,
            reason=grant.reason,
            reference=grant.reference,
            requested_by=grant.requested_by,
            requested=grant.requested,
            approved_by=grant.approved_by,
            approved=grant.approved,
            notice=grant.notice,
            begins=grant.begin(policy),
            until=dt.date.fromisoformat(grant.until),
            ended=grant.ended,
            standing=grant.standing(policy, _today(self.sources)),
            tag=grant.tag,
        )


def _today(sources: Sources) -> dt.date:
    return dt.date.fromisoformat(timestamp_ms(sources.clock())[:_DAY_CHARS])


def _require_other(person: str, officer: str) -> None:
    if person == officer:
        raise PlatformError(
            Code.POLICY,
            "two persons give a grant, and neither gets it",
            expected="another person than who asked and whom it is for",
            received=officer[:70],
        )


def _require_reason(act: GrantAct, reason: str) -> None:
    expected = need_policy().acts[act]
    if reason not in expected:
        raise PlatformError(
            Code.MALFORMED,
            f"{act} has no such reason",
            expected=", ".join(expected),
            received=reason[:40],
            fix="Take one of these codes.",
        )


def _check(order: GrantOrder, today: dt.date) -> None:
    """Hold what is asked for against the table."""
    policy = need_policy()
    _require_reason(GrantAct.REQUEST, order.reason)
    line_of(policy, order.function, order.state, order.kinds, order.ceiling)
    written = MARKINGS.index(order.ceiling) >= MARKINGS.index(policy.writing.from_)
    if (written or policy.functions[order.function].needs_reference) and not order.reference:
        raise PlatformError(
            Code.POLICY,
            "this grant rests on a writing, for one case",
            expected="reference: the writing, or the mandate of the inspection",
            received="",
        )
    longest = today + dt.timedelta(days=policy.longest_days.value)
    if not today <= order.until <= longest:
        raise PlatformError(
            Code.POLICY,
            "a grant ends, and not in the past",
            expected=f"until {today} to {longest}",
            received=str(order.until),
        )


def _noticed(grant: StoredGrant) -> tuple[str, str]:
    """Return subject and text of the notice to the State; the same whenever it is written."""
    policy = need_policy()
    days = policy.notice_days.value
    words = (
        "We give notice under paragraph 11 of the Confidentiality Annex that a staff member is to"
        f" be cleared for information about {grant.state}, {days} days after the time of this"
        " message's custody receipt. Questions reach us by correspondence."
    )
    name = [f"Name: {grant.person}"] if policy.names.value else []
    line = _told(grant, f"{days} days after receipt", grant.until)
    return f"{NOTICE_SUBJECT}{grant.state}", "\n".join((words, *name, line))


def _told(one: StoredGrant | ClearedView, begins: str, until: str) -> str:
    return Cleared(
        number=one.number,
        function=one.function,
        kinds=[*one.kinds],
        ceiling=one.ceiling,
        begins=begins,
        until=until,
    ).line


def _begin(one: ClearedView) -> str:
    return str(one.begins) if one.begins else "after the notice is received"
