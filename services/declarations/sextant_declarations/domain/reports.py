"""What the Secretariat sends in the course of an inspection: composed, held to its times, sent.

Responsible for the notice, the preliminary findings, both versions of the report and the requests
to amend what the report names. The number, the site, versions and comments are put in here, so
that a message cannot speak of another inspection. Not responsible for which step may follow
(`inspections`), nor for sealing (`sending`).
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sextant_declarations.analysis.classification import handling
from sextant_declarations.analysis.inspection.life import inspection_life
from sextant_declarations.domain.accesses import Gives, Item, Reader
from sextant_declarations.domain.exchanged import About, Asked, MessageOrder, MessageView
from sextant_declarations.domain.inspecting import (
    Reported,
    StepOrder,
    StoredStep,
    Taking,
)
from sextant_declarations.domain.register import NATIONAL_AUTHORITY_PREFIX, StatePolicy
from sextant_declarations.domain.sending import Send
from sextant_declarations.domain.sited import Sited, SitedFiling
from sextant_shared.clock import Clock, parse_timestamp, timestamp_s
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.envelope import Classification
from sextant_shared.models.messages import Issue
from sextant_shared.protocol.owing import rules_for
from sextant_shared.rules.filings import effective

NOTICE = "inspection.notification"
NOTIFY, FIND, REPORTING, ANNEX, ASK = "notify", "find", "report", "annex", "request-amendments"
_ALWAYS = "9999"
_HOUR_S = 3600
_ISSUES: TypeAdapter[list[Issue]] = TypeAdapter(list[Issue])
Content = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentStep:
    """What a step sent: the message's id, facts for those who look at the table, requests."""

    message: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    requests: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True)
class Reports:
    """Sends what the steps of an inspection send."""

    sending: Send
    sited: Sited
    states: StatePolicy
    clock: Clock

    async def require_site(self, state: str, code: str) -> None:
        """Return when something is registered about a site.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        if not await self.sited.rows.of_sites(state, [code], _ALWAYS):
            raise PlatformError(
                Code.NOT_FOUND,
                f"nothing is registered about a site {code} of {state}",
                fix="Take State and code from a selection, or from a declaration.",
            )

    async def send(self, taking: Taking) -> SentStep:
        """Send what a step sends; a step that sends nothing takes no content.

        Raises:
            PlatformError: as `Inspections.take` has them.
        """
        life, order = taking.life, taking.order
        writes = life.sends is not None and life.code != ASK
        if not writes or life.code != ANNEX:
            _require_content(order, wanted=writes)
        if life.code == ASK:
            return await self._ask(taking)
        if life.sends is None:
            return SentStep()
        number = taking.one.number
        content = {**(order.content or {}), "v": 1, "type": life.sends, "inspection": number}
        if life.code == ANNEX:
            return await self._annex(taking, content)
        if life.code == NOTIFY:
            return await self._notify(taking, content)
        return await self._report(taking, content)

    async def reported(self, steps: Sequence[StoredStep], planner: Reader) -> Reported:
        """Return the newest report that was sent.

        Raises:
            PlatformError: `E_STATE` before there is one.
        """
        sent = [s.message for s in steps if s.step in (REPORTING, ANNEX) and s.message]
        if not sent:
            raise PlatformError(Code.STATE, "there is no report yet")
        view = await self._sent(sent[-1])
        own = Item(sender=self.sending.own_party, envelope=view.id, custody=view.custody)
        access = await self.sited.gate.admit(planner, Gives.MESSAGE, [own])
        found = await self.sending.messages.content(sent[-1], access)
        content = json.loads(found or b"{}")
        return Reported(view.id, content, tuple(_issues(content)))

    async def _notify(self, taking: Taking, content: Content) -> SentStep:
        one = taking.one
        notice = inspection_life().notice_for(one.regime, one.kind)
        arrival = _time(content, "arrival")
        hours = (arrival - self.clock()) / _HOUR_S
        if hours < notice.hours:
            raise PlatformError(
                Code.POLICY,
                "the notice is too short",
                expected=f"{notice.hours} h before {notice.before} [{notice.law}]",
                received=f"{max(hours, 0):.1f} h before arrival at the point of entry",
                fix="Arrive later.",
            )
        content |= {"kind": one.kind, "site": await self._site(taking)}
        sent = await self._send(taking, content, None)
        facts = {"arrival": timestamp_s(arrival), "notice": f"{int(hours)} h", "law": notice.law}
        return SentStep(message=sent.message, facts=facts)

    async def _report(self, taking: Taking, content: Content) -> SentStep:
        """Send preliminary findings or the first report, in time or with the reason why not."""
        if taking.life.code == FIND:
            ended = _time(content, "ended")
            facts = {}
        else:
            ended = parse_timestamp(_fact(taking.steps, "ended"))
            site = await self._site(taking)
            content |= {"ended": timestamp_s(ended), "site": site, "version": 1, "comments": None}
            content.setdefault("uncertainties", [])
            content.setdefault("issues", [])
            facts = {"issues": _count(content["issues"])}
        self._in_time(str(taking.life.sends), ended, taking.order.reason)
        notice = await self._sent(_message(taking.steps, NOTIFY))
        sent = await self._send(taking, content, notice.id)
        return SentStep(message=sent.message, facts={"ended": timestamp_s(ended), **facts})

    async def _annex(self, taking: Taking, content: Content) -> SentStep:
        """Send the report again with the State's comments; what is not given stays as it was."""
        comments = taking.said.comments
        before = await self.reported(taking.steps, taking.planner)
        given = {**before.content, **content, "version": 2, "comments": comments}
        sent = await self._send(taking, given, comments)
        return SentStep(message=sent.message, facts={"issues": _count(given.get("issues"))})

    async def _ask(self, taking: Taking) -> SentStep:
        """Ask for an amendment of each declaration that the report found wrong, once each issue."""
        one, steps = taking.one, taking.steps
        report = await self.reported(steps, taking.planner)
        asked = {n for step in steps for each in step.requests for n in _numbers(each)}
        left = [issue for issue in report.issues if issue.n not in asked]
        if not left:
            raise PlatformError(Code.STATE, "no issue of the report is left to ask about")
        about: dict[tuple[str, int], list[Issue]] = defaultdict(list)
        for issue in left:
            about[issue.concerns.declaration_id, issue.concerns.version].append(issue)
        found = await self._declared(one.state, left)
        requests: list[dict[str, object]] = []
        first = sum(len(step.requests) for step in steps) + 1
        for n, ((number, version), issues) in enumerate(about.items(), start=first):
            filing = found[number, version]
            request = f"{one.number}-A{n}"
            order = MessageOrder(
                type=str(taking.life.sends),
                class_=_class_of(taking),
                about=About(
                    declaration=filing.declaration,
                    n=filing.n,
                    request=request,
                    questions=[Asked(pointer=i.pointer, text=i.text) for i in issues],
                ),
            )
            sent, _ = await self.sending(order, request, taking.planner)
            requests.append(
                {
                    "request": request,
                    "message": sent.message,
                    "declaration_id": number,
                    "version": version,
                    "issues": [issue.n for issue in issues],
                }
            )
        return SentStep(requests=requests)

    async def _declared(
        self, state: str, issues: Sequence[Issue]
    ) -> dict[tuple[str, int], SitedFiling]:
        """Return the submission of each declaration that issues concern.

        Of a version that an amendment made, the newest submission before it.

        Raises:
            PlatformError: `E_NOT_FOUND`, with a finding for each declaration that is not there.
        """
        named = {(issue.concerns.declaration_id, issue.concerns.version) for issue in issues}
        filings = await self.sited.rows.numbered({(state, number) for number, _ in named})
        found: dict[tuple[str, int], SitedFiling] = {}
        for number, version in sorted(named):
            for filing in filings:
                filed = filing.filed
                if filed.declaration_id == number and filed.version <= version:
                    found[number, version] = filing
        missing = [
            Finding(
                rule="S0",
                severity=Severity.MUST_FIX,
                pointer=f"/issues/{n}/concerns",
                message="no such declaration is registered",
                expected=f"a declaration of {state}",
                received=f"{issue.concerns.declaration_id} version {issue.concerns.version}",
            )
            for n, issue in enumerate(issues)
            if (issue.concerns.declaration_id, issue.concerns.version) not in found
        ]
        if missing:
            raise PlatformError(
                Code.NOT_FOUND,
                "the report names declarations that are not registered; nothing was sent",
                findings=missing,
                fix="Send the report with the comments annexed and the right numbers in it.",
            )
        return found

    def _in_time(self, type_: str, ended: float, reason: str) -> None:
        now = self.clock()
        if ended > now:
            raise PlatformError(
                Code.MALFORMED,
                "the inspection ends later than now",
                expected=f"at most {timestamp_s(now)}",
                received=timestamp_s(ended),
            )
        rule = next(rule for rule in rules_for(NOTICE) if rule.answer == type_)
        until = ended + rule.within.total_seconds()
        wanted = "LATE" if now > until else "IN_TIME"
        if reason != wanted:
            raise PlatformError(
                Code.MALFORMED,
                f"it was due until {timestamp_s(until)} [{rule.law}]",
                expected=wanted,
                received=reason,
            )

    async def _site(self, taking: Taking) -> dict[str, str]:
        """Return the site as the State named it last."""
        one = taking.one
        filings = await self.sited.rows.of_sites(one.state, [one.code], _ALWAYS)
        access = await self.sited.admit(filings, taking.planner, Gives.MANDATE)
        read = [said for _, said in await self.sited.read(filings, access)]
        held = sorted(effective(read).values(), key=lambda said: said.year)
        names = [name for said in held for code, name in named_sites(said) if code == one.code]
        return {"name": names[-1] if names else one.code, "code": one.code}

    async def _sent(self, message: str) -> MessageView:
        found = await self.sending.messages.view(message)
        if found is None:
            raise PlatformError(Code.INTEGRITY, f"message {message} of a step is not there")
        return found

    async def _send(self, taking: Taking, content: Content, reply_to: str | None) -> MessageView:
        one, type_ = taking.one, str(taking.life.sends)
        order = MessageOrder(
            type=type_,
            to=self._party(one.state),
            class_=_class_of(taking),
            content=content,
            reply_to=reply_to,
        )
        view, _ = await self.sending(order, f"{one.number}.{one.steps}.{type_}", taking.planner)
        return view

    def _party(self, state: str) -> str:
        named = (party for party, code in self.states.exceptions.items() if code == state)
        return next(named, f"{NATIONAL_AUTHORITY_PREFIX}{state}")


def named_sites(said: Any) -> list[tuple[str, str]]:
    """Return the codes and names of the sites that a declaration is about."""
    listed = getattr(said, "sites", None) or []
    found = [(site.plant_site_code, site.name) for site in listed if hasattr(site, "name")]
    if hasattr(said, "plant_site_code") and hasattr(said, "name"):
        found.append((said.plant_site_code, said.name))
    facility = getattr(said, "facility", None)
    if facility is not None and hasattr(facility, "facility_code"):
        found.append((facility.facility_code, facility.name))
    return found


def _class_of(taking: Taking) -> Classification:
    marking = taking.order.marking or taking.life.marking
    return Classification(handling().profile(str(marking)).envelope)


def _require_content(order: StepOrder, *, wanted: bool) -> None:
    if (order.content is not None) != wanted:
        raise PlatformError(
            Code.MALFORMED,
            f"{order.step} sends {'a message' if wanted else 'nothing'}",
            expected="a content" if wanted else "no content",
            received="none" if wanted else "a content",
        )


def _time(content: Content, member: str) -> float:
    said = content.get(member)
    if not isinstance(said, str):
        raise PlatformError(
            Code.MALFORMED,
            f"the content has no {member}",
            expected="a time in UTC, such as 2026-11-16T09:30:00Z",
            received="nothing" if said is None else "something else",
        )
    return parse_timestamp(said)


def _fact(steps: Sequence[StoredStep], name: str) -> str:
    return next(step.facts[name] for step in reversed(steps) if name in step.facts)


def _message(steps: Sequence[StoredStep], code: str) -> str:
    return next(str(step.message) for step in steps if step.step == code)


def _numbers(request: dict[str, Any]) -> list[int]:
    return list(request["issues"])


def _issues(content: Content) -> list[Issue]:
    try:
        return _ISSUES.validate_python(content.get("issues", []))
    except ValidationError:
        return []


def _count(items: object) -> str:
    return str(len(items)) if isinstance(items, list) else "0"
