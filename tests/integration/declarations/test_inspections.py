"""An inspection on a whole platform: drawn, planned, notified, reported, commented, closed.

One platform and one inspection for all tests that only look; what is refused changes nothing.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from sextant_declarations.storage.inspections import SqlInspections
from sextant_shared.clock import timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DecisionEntry
from sextant_shared.models.purposes import PURPOSE_HEADER
from tests.integration.declarations.accessing import given, tamper
from tests.integration.declarations.exchanging import answer, content
from tests.support.platform import XAL, Platform, open_platform

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / XAL
HOUR, DAY = 3600.0, 86_400.0
PLANNER, INSPECTOR, OFFICER = "planner-1", "inspector-1", "officer-1"


async def ask(platform: Platform, who: str, method: str, path: str, **options: Any) -> Any:
    """Return what somebody is answered, and raise what they are refused with."""
    headers = {PURPOSE_HEADER: "inspection-preparation", **options.pop("headers", {})}
    client = platform.client(who, "declarations")
    return await client.request(method, path, headers=headers, **options)


async def refused(platform: Platform, who: str, method: str, path: str, **options: Any) -> Any:
    with pytest.raises(PlatformError) as caught:
        await ask(platform, who, method, path, **options)
    return caught.value


async def _dies(*_: object) -> None:
    raise PlatformError(Code.INTERNAL, "the process ended here")


class Planner:
    """Plans one inspection and takes its steps, on what was seen last."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.number = ""

    async def plan(self, selection: str, site: dict[str, Any]) -> dict[str, Any]:
        body = {"state": site["state"], "code": site["code"], "regime": site["regime"],
                "kind": "routine", "selection": selection}  # fmt: skip
        made = await ask(self.platform, PLANNER, "POST", "/v1/inspections", json=body)
        self.number = made.json()["number"]
        return dict(made.json())

    async def seen(self) -> tuple[dict[str, Any], str]:
        found = await ask(self.platform, PLANNER, "GET", f"/v1/inspections/{self.number}")
        return found.json(), found.headers["etag"]

    async def take(self, step: str, reason: str, **content_: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"step": step, "reason": reason}
        if content_:
            body["content"] = content_
        _, tag = await self.seen()
        taken = await ask(
            self.platform, PLANNER, "POST", f"/v1/inspections/{self.number}/steps",
            json=body, headers={"If-Match": tag},
        )  # fmt: skip
        await self.platform.settled()
        return dict(taken.json())

    async def refused(self, step: str, reason: str, **content_: Any) -> PlatformError:
        with pytest.raises(PlatformError) as caught:
            await self.take(step, reason, **content_)
        return caught.value

    async def envelope(self, step: str) -> str:
        """Return the id of the envelope that a step sent."""
        view, _ = await self.seen()
        message = next(s["message"] for s in reversed(view["steps"]) if s["step"] == step)
        found = await ask(self.platform, PLANNER, "GET", f"/v1/messages/{message}")
        return str(found.json()["id"])


def notice(platform: Platform, hours: float) -> dict[str, Any]:
    members = content("inspection.notification")
    for name in ("v", "type", "inspection", "site", "kind"):
        del members[name]
    return members | {"arrival": timestamp_s(platform.clock() + hours * HOUR)}


def findings(ended: str) -> dict[str, Any]:
    members = content("inspection.preliminary-findings", ended=ended)
    return {n: v for n, v in members.items() if n not in ("v", "type", "inspection")}


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        for name in ("s2-site-2025", "ocpf-2025"):
            await opened.declare(XAL, (EXAMPLES / f"{name}.json").read_bytes())
            await opened.settled()
        opened.clock.move(120)  # what came is settled
        yield opened
        await opened.settled()
        await opened.check()


async def test_an_inspection_goes_its_way_from_the_draw_to_the_closed_file(  # noqa: PLR0915
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only planners draw, see what is drawn, and know of an inspection before it is notified.
    order = {"year": 2026, "wanted": {"S2": 1, "OCPF": 1}}
    for who in (OFFICER, INSPECTOR):
        no = await refused(platform, who, "POST", "/v1/selections", json=order)
        assert no.code is Code.FORBIDDEN
    drawn = (await ask(platform, PLANNER, "POST", "/v1/selections", json=order)).json()
    assert drawn["marking"] == "OPCW_HIGHLY_PROTECTED"
    picks = {pick["regime"]: pick for pick in drawn["selection"]["picks"]}
    assert set(picks) == {"S2", "OCPF"}
    assert picks["S2"]["drawn"] == "random"
    again = f"/v1/selections/{drawn['id']}/verification"
    assert (await ask(platform, PLANNER, "GET", again)).json()["holds"] is True

    planner = Planner(platform)
    planned = await planner.plan(drawn["id"], picks["S2"])
    assert (planned["status"], planned["marking"]) == ("PLANNED", "OPCW_HIGHLY_PROTECTED")
    hidden = await refused(platform, OFFICER, "GET", f"/v1/inspections/{planner.number}")
    assert hidden.code is Code.NOT_FOUND
    listed = (await ask(platform, OFFICER, "GET", "/v1/inspections")).json()
    assert listed["inspections"] == []

    # The mandate package: with leave alone, and for its time.
    mandate = f"/v1/inspections/{planner.number}/mandate"
    assert (await refused(platform, INSPECTOR, "GET", mandate)).code is Code.NOT_FOUND
    until = timestamp_s(platform.clock() + 40 * DAY)[:10]
    grant = {"client": INSPECTOR, "until": until}
    path = f"/v1/inspections/{planner.number}/grants"
    assert (await refused(platform, INSPECTOR, "POST", path, json=grant)).code is Code.FORBIDDEN
    await ask(platform, PLANNER, "POST", path, json=grant)
    package = (await ask(platform, INSPECTOR, "GET", mandate)).json()
    assert {one["kind"] for one in package["documents"]} >= {"S2_SITE_ADPA"}

    # The notice: never too short, then acknowledged within the hour.
    short = await planner.refused("notify", "SELECTED", **notice(platform, 47))
    assert (short.code, "VII.30" in str(short.expected)) == (Code.POLICY, True)
    assert (await planner.refused("find", "IN_TIME")).code is Code.STATE
    view = await planner.take("notify", "SELECTED", **notice(platform, 50))
    assert view["marking"] == "OPCW_PROTECTED"
    said = [one for one in await platform.received(XAL) if one.manifest.header.type
            == "inspection.notification"]  # fmt: skip
    assert said[0].body["site"]["code"] == picks["S2"]["code"]
    assert said[0].body["inspection"] == planner.number
    await answer(platform, "inspection.acknowledgement", said[0].manifest.header.id,
                 inspection=planner.number)  # fmt: skip
    view, _ = await planner.seen()
    clocks = {(c["what"], c["of"]): c for c in view["clocks"]}
    first = clocks["inspection.acknowledgement", "inspection.notification"]
    assert (first["state"], first["is_late"], first["law"]) == ("answered", False, "II.33")

    # Findings, report, comments, report with the comments annexed: each on its clock.
    platform.clock.move(4 * DAY)
    ended = timestamp_s(platform.clock() - 2 * HOUR)
    ahead = findings(timestamp_s(platform.clock() + HOUR))
    assert (await planner.refused("find", "IN_TIME", **ahead)).code is Code.MALFORMED
    assert (await planner.refused("find", "LATE", **findings(ended))).expected == "IN_TIME"
    with monkeypatch.context() as broken:  # the message is stored, and the step is not
        broken.setattr(SqlInspections, "take", _dies)
        assert (await planner.refused("find", "IN_TIME", **findings(ended))).code is Code.INTERNAL
    await platform.settled()
    await planner.take("find", "IN_TIME", **findings(ended))
    told = [one.manifest.header.type for one in await platform.received(XAL)]
    assert told.count("inspection.preliminary-findings") == 1
    await answer(platform, "inspection.acknowledgement", await planner.envelope("find"),
                 inspection=planner.number)  # fmt: skip
    site = json.loads((EXAMPLES / "s2-site-2025.json").read_text())
    wrong = {"declaration_id": site["declaration_id"], "version": site["version"]}
    issue = {"n": 1, "concerns": wrong, "pointer": "/plants/0", "text": "A second reactor."}
    facts = [{"n": 1, "text": "The declared plant was found."}]
    await planner.take("report", "IN_TIME", facts=facts, issues=[issue])
    assert (await planner.refused("annex", "COMMENTED")).code is Code.STATE
    assert (await planner.refused("conclude", "NO_COMMENTS")).code is Code.STATE
    await answer(platform, "inspection.comments", await planner.envelope("report"),
                 inspection=planner.number)  # fmt: skip
    comments = f"/v1/inspections/{planner.number}/comments"
    assert b"Agreed." in (await ask(platform, PLANNER, "GET", comments)).content
    assert (await refused(platform, INSPECTOR, "GET", comments)).code is Code.FORBIDDEN
    final = await planner.take("annex", "COMMENTED")
    assert final["status"] == "FINAL"
    report = [one.body for one in await platform.received(XAL) if one.manifest.header.type
              == "inspection.report"][-1]  # fmt: skip
    assert (report["version"], report["facts"]) == (2, facts)

    # What is open becomes a request to amend, bound to the place; nobody is asked twice.
    assert (await planner.refused("close", "NO_ISSUES")).code is Code.STATE
    asked = await planner.take("request-amendments", "ISSUES_FOUND")
    (request,) = asked["requests"]
    assert (request["request"], request["state"]) == (f"{planner.number}-A1", "open")
    (letter,) = [one.body for one in await platform.received(XAL) if one.manifest.header.type
                 == "clarification.request"]  # fmt: skip
    assert letter["concerns"] == wrong
    assert letter["questions"][0]["pointer"] == "/plants/0"
    assert (await planner.refused("request-amendments", "ISSUES_FOUND")).code is Code.STATE
    assert (await planner.refused("close", "ISSUES_RESOLVED")).code is Code.STATE
    closed = await planner.take("close", "ISSUES_CARRIED")
    assert (closed["status"], closed["next"]) == ("CLOSED", [])
    assert (await refused(platform, INSPECTOR, "GET", mandate)).code is Code.STATE

    # Each step stands in the log; names of sites and people do not.
    steps = [one["step"] for one in closed["steps"]]
    assert steps == ["plan", "notify", "find", "report", "annex", "request-amendments", "close"]
    await platform.settled()
    view, _ = await planner.seen()
    entries = await platform.entries()
    held = [entries[one["index"]] for one in view["steps"]]
    assert all(isinstance(entry, DecisionEntry) for entry in held)
    assert len({entry.env for entry in held if isinstance(entry, DecisionEntry)}) == 1

    # The picture of the site's dossier has its steps.
    place = {"state": "XAL", "site": picks["S2"]["code"]}
    picture = await platform.officer(
        "GET", "/v1/pictures/dossier", params=place, headers={"Accept": "text/csv"}
    )
    assert f"{planner.number} S2: report" in picture.text

    # Every look at what is declared is an access of the planner or the inspector, with its entry.
    looked = {gives for gives, _ in given(platform)}
    assert looked >= {"selection", "mandate", "sending", "message"}

    # What was decided is never changed, also by who has the database in hand.
    for table in ("selections", "inspection_steps", "mandate_grants"):
        with pytest.raises(IntegrityError, match="append-only"):
            tamper(platform, f"DELETE FROM {table}")

    # Drawn from the register as it was then, the selection still holds, and the next knows of it.
    assert (await ask(platform, PLANNER, "GET", again)).json()["holds"] is True
    shown = (await ask(platform, PLANNER, "GET", "/v1/selections")).json()["selections"]
    assert [one["picks"] for one in shown] == [2]


async def test_what_moved_on_or_does_not_exist_is_refused(platform: Platform) -> None:
    unknown = {"state": "XAL", "code": "NOWHERE", "regime": "S2", "kind": "routine"}
    no = await refused(platform, PLANNER, "POST", "/v1/inspections", json=unknown)
    assert no.code is Code.NOT_FOUND
    drawn = await ask(platform, PLANNER, "POST", "/v1/selections",
                      json={"year": 2026, "wanted": {"S2": 1}})  # fmt: skip
    (pick,) = drawn.json()["selection"]["picks"]
    planner = Planner(platform)
    await planner.plan(drawn.json()["id"], pick)
    with pytest.raises(PlatformError) as caught:
        await planner.plan(drawn.json()["id"], {**pick, "regime": "S3"})
    assert caught.value.code is Code.NOT_FOUND
    _, tag = await planner.seen()
    path = f"/v1/inspections/{planner.number}/steps"
    body = {"step": "cancel", "reason": "NOT_POSSIBLE"}
    await ask(platform, PLANNER, "POST", path, json=body, headers={"If-Match": tag})
    late = await refused(platform, PLANNER, "POST", path, json=body, headers={"If-Match": tag})
    assert late.code is Code.PRECONDITION
    grant = {"client": INSPECTOR, "until": "2030-01-01"}
    over = await refused(
        platform, PLANNER, "POST", f"/v1/inspections/{planner.number}/grants", json=grant
    )
    assert over.code is Code.STATE
