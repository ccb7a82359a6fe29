"""Grants: what the table does not allow is refused, and two other persons give what it allows."""

import datetime as dt
from typing import Any

import pytest

from sextant_declarations.analysis.need import Line, Phase, StandingLine, StandingLines
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.clearance import Clearance, Grants
from sextant_declarations.domain.grants import GrantOrder, GrantStep, NewGrantAct, StoredGrant
from sextant_shared.clock import random_bytes, timestamp_ms, uuid7
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.access import Role, Subject
from sextant_shared.protocol.notes import MadeNote
from tests.support.logs import NOW

pytestmark = pytest.mark.anyio
HIGHEST = "OPCW_HIGHLY_PROTECTED"
UNTIL = dt.datetime.fromtimestamp(NOW, dt.UTC).date() + dt.timedelta(days=300)
LINES = StandingLines(
    grantors=["anna", "bert"],
    standing=[
        StandingLine(person="*", states=["*"], kinds=["NIL"], ceiling="UNCLASSIFIED"),
        StandingLine(person="carl", states=["XBO"], kinds=["*"], ceiling="OPCW_PROTECTED"),
    ],
)


class Rows:
    """Keeps grants in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, StoredGrant] = {}
        self.received: str | None = timestamp_ms(NOW)

    async def page(
        self, state: str | None, person: str | None, before: int | None, limit: int
    ) -> list[StoredGrant]:
        held = await self.granted(state=state, person=person)
        return [one for one in held if before is None or one.seq < before][:limit]

    async def granted(self, *, state: str | None, person: str | None) -> list[StoredGrant]:
        held = [one for one in self.kept.values() if one.phase is Phase.GRANTED]
        return [one for one in held if state in (None, one.state) and person in (None, one.person)]

    async def grant(self, id_: str) -> StoredGrant | None:
        return self.kept.get(id_)

    async def add(self, id_: str, order: GrantOrder, officer: Reader, t: str, n: MadeNote) -> None:
        assert n.type == "decision"
        given: dict[str, Any] = order.model_dump(mode="json") | {"kinds": tuple(order.kinds)}
        given |= dict.fromkeys(("approved_by", "approved", "notice", "received", "ended"))
        given |= {"seq": 1, "id": id_, "number": 1, "acts": 1, "phase": Phase.REQUESTED}
        given |= {"requested_by": officer.client, "requested": t}
        self.kept[id_] = StoredGrant(**given)

    async def take(self, act: NewGrantAct) -> None:
        values = {name: getattr(act.grant, name) for name in StoredGrant.__slots__}
        values |= {"phase": act.phase, "acts": act.grant.acts + 1, "notice": act.notice}
        self.kept[act.grant.id] = StoredGrant(**values | {"received": self.received})


def grants(rows: Rows, told: list[str] | None = None, now: float = NOW) -> Grants:
    async def tell(state: str, subject: str, text: str, key: str, officer: Reader) -> str:
        assert officer.client in LINES.grantors
        (told if told is not None else []).append(f"{state} {key} {subject} {text}")
        return "message-1"

    sources = Sources(lambda: now, lambda: uuid7(lambda: now), random_bytes)
    return Grants(Clearance(rows, sources, LINES), tell, lambda: None)


def order(**changes: Any) -> GrantOrder:
    given = {
        "person": "dora",
        "function": "evaluator",
        "state": "XAL",
        "kinds": ["S2_*"],
        "ceiling": "OPCW_PROTECTED",
        "until": UNTIL.isoformat(),
        "reason": "DUTY",
    }
    return read_model(GrantOrder, given | changes)


async def code_of(asked: Any) -> Code | None:
    try:
        await asked
    except PlatformError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("who", "changes", "code"),
    [
        ("carl", {}, Code.FORBIDDEN),
        ("anna", {"person": "anna"}, Code.POLICY),
        ("anna", {"function": "administrator"}, Code.MALFORMED),
        ("anna", {"function": "transfer-analyst"}, Code.POLICY),
        ("anna", {"function": "inspector", "kinds": ["S2_SITE_ADPA"]}, Code.POLICY),
        ("anna", {"ceiling": HIGHEST}, Code.POLICY),
        ("anna", {"until": "2020-01-01"}, Code.POLICY),
        ("anna", {"until": "2100-01-01"}, Code.POLICY),
        ("anna", {"reason": "LEFT"}, Code.MALFORMED),
    ],
    ids=[
        "no grantor",
        "for oneself",
        "an administrator",
        "kinds beyond the function",
        "an inspector without a mandate",
        "highly protected without a writing",
        "in the past",
        "for ever",
        "no reason for it",
    ],
)
async def test_a_grant_that_the_table_does_not_allow_is_refused(
    who: str, changes: dict[str, Any], code: Code
) -> None:
    rows = Rows()
    asked = grants(rows).request(order(**changes), Reader(who, "officer"))
    assert await code_of(asked) is code
    assert not rows.kept


def test_nobody_asks_for_a_grant_about_all_states() -> None:
    with pytest.raises(PlatformError) as caught:
        order(state="*")
    assert caught.value.code is Code.MALFORMED


async def test_neither_who_asked_nor_who_gets_it_approves_and_nobody_is_told_then() -> None:
    rows, told = Rows(), list[str]()
    view = await grants(rows).request(order(person="bert"), Reader("anna", "officer"))
    step = GrantStep(act="approve", reason="DUTY")  # type: ignore[arg-type]  # as it comes in
    for who, code in (("anna", Code.POLICY), ("bert", Code.POLICY), ("carl", Code.FORBIDDEN)):
        acting = grants(rows, told).act(view.id, step, view.tag, Reader(who, "officer"))
        assert await code_of(acting) is code, who
    assert not told


async def test_a_grant_opens_after_its_days_and_closes_when_it_is_revoked_or_over() -> None:
    rows, told = Rows(), list[str]()
    view = await grants(rows, told).request(order(), Reader("anna", "officer"))
    step = GrantStep(act="approve", reason="DUTY")  # type: ignore[arg-type]  # as it comes in
    view = await grants(rows, told).act(view.id, step, view.tag, Reader("bert", "officer"))
    assert [line.split()[:2] for line in told] == [["XAL", f"grant-{view.id}"]]
    assert "dora" not in told[0]

    async def sees(days: int) -> bool:
        clearance = grants(rows, now=NOW + days * 86_400).clearance
        need = await clearance.need_of(Subject("dora", Role.OFFICER, None))
        assert need is not None
        return need.sees("XAL", "S2_AND", "OPCW_PROTECTED")

    assert [await sees(days) for days in (0, 29, 30, 300, 301)] == [False, False, True, True, False]
    off = GrantStep(act="revoke", reason="LEFT")  # type: ignore[arg-type]  # as it comes in
    stale = grants(rows).act(view.id, off, "1.1", Reader("anna", "officer"))
    assert await code_of(stale) is Code.PRECONDITION
    await grants(rows).act(view.id, off, view.tag, Reader("anna", "officer"))
    assert not await sees(100)


async def test_standing_lines_hold_for_those_they_name_and_auditors_are_not_narrowed() -> None:
    clearance = grants(Rows()).clearance
    carl = await clearance.need_of(Subject("carl", Role.OFFICER, None))
    dora = await clearance.need_of(Subject("dora", Role.OFFICER, None))
    assert carl is not None
    assert dora is not None
    assert carl.sees("XBO", "S2_AND", "OPCW_PROTECTED")
    assert not dora.sees("XBO", "S2_AND", "OPCW_PROTECTED")
    assert dora.sees("XBO", "NIL", "UNCLASSIFIED")
    assert await clearance.need_of(Subject("eve", Role.AUDITOR, None)) is None
    open_ = Clearance(Rows(), clearance.sources, None)
    assert await open_.need_of(Subject("dora", Role.OFFICER, None)) is None
    assert isinstance(carl.lines[0], Line)
