"""The life of declarations on a whole platform: steps, history, closing; the log holds each."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DecisionEntry
from tests.integration.declarations.accessing import tamper, today
from tests.integration.declarations.contents import declaration
from tests.integration.declarations.exchanging import answer, content, get, send
from tests.support.platform import XAL, XBO, Platform, open_platform
from tests.unit.shared.rules.filed import amendment, data, site, withdrawal

pytestmark = pytest.mark.anyio
SITE = site()
ID = SITE["declaration_id"]
YEAR = SITE["reporting_year"]


@pytest.fixture
async def platform(tmp_path: Any) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def file(platform: Platform, *documents: dict[str, Any]) -> str:
    """Let XAL file documents, one after another; return the register's id of the plant site."""
    for document in documents:
        await platform.declare(XAL, data(document))
        await platform.settled()
    return await id_of(platform, ID)


async def id_of(platform: Platform, declaration_id: str) -> str:
    listed = (await get(platform, "/v1/declarations"))["declarations"]
    (found,) = [d["id"] for d in listed if d["declaration_id"] == declaration_id]
    return str(found)


async def life(platform: Platform, id_: str) -> tuple[dict[str, Any], str]:
    found = await platform.officer("GET", f"/v1/declarations/{id_}/life")
    return found.json(), found.headers["etag"]


async def step(
    platform: Platform, id_: str, code: str, reason: str, tag: str | None = None, **more: Any
) -> dict[str, Any]:
    """Take a step, on what was seen last unless a tag is given."""
    tag = tag or (await life(platform, id_))[1]
    body = {"step": code, "reason": reason, **more}
    taken = await platform.officer(
        "POST", f"/v1/declarations/{id_}/steps", json=body, headers={"If-Match": tag}
    )
    assert taken.status_code == 201
    found: dict[str, Any] = taken.json()
    return found


async def refused(platform: Platform, *args: Any, **more: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await step(platform, *args, **more)
    return caught.value


async def steps(platform: Platform, id_: str) -> list[str]:
    """Return the steps of a declaration, oldest first."""
    page = await get(platform, f"/v1/declarations/{id_}/steps", limit=200)
    return [f"{one['version']} {one['step']}" for one in reversed(page["steps"])]


async def names(platform: Platform, id_: str, **params: Any) -> str:
    """Return the name of the site that held."""
    path = f"/v1/declarations/{id_}/in-force"
    found: str = (await platform.officer("GET", path, params=params)).json()["name"]
    return found


# --- steps ----------------------------------------------------------------------------------------


async def test_a_declaration_goes_its_way_from_receipt_to_the_closed_year(
    platform: Platform,
) -> None:
    id_ = await file(platform, SITE)
    at, tag = await life(platform, id_)
    assert (at["state"], at["version"], at["handling"]["marking"]) == (
        "EVALUATION",
        1,
        "OPCW_PROTECTED",
    )
    assert (at["clock"]["days"], at["clock"]["mark"]) == (60, "P")
    asked = await send(platform, "clarification.request", content=asking())
    await step(
        platform, id_, "request-clarification", "INSPECTABILITY_OPEN", reference=asked["message"]
    )
    waiting, _ = await life(platform, id_)
    assert (waiting["clock"]["days"], waiting["clock"]["mark"]) == (90, "M/U")
    concerns = {"declaration_id": ID, "version": 1}
    await answer(platform, "clarification.reply", asked["id"], concerns=concerns)
    replied, _ = await life(platform, id_)
    assert (replied["state"], replied["reason"]) == ("CLARIFICATION_RECEIVED", "REPLIED")
    await step(platform, id_, "resume-evaluation", "REPLY_READ")
    await step(platform, id_, "accept", "ISSUES_EXPLAINED")
    closed = await close(platform, XAL, [])
    assert (closed["is_closed"], closed["states"]) == (True, {"CLOSED": 1})
    assert await steps(platform, id_) == [
        "1 receive",
        "1 classify",
        "1 register",
        "1 check",
        "1 evaluate",
        "1 request-clarification",
        "1 receive-clarification",
        "1 resume-evaluation",
        "1 accept",
        "1 close",
    ]
    assert (await refused(platform, id_, "accept", "NO_ISSUES", tag)).code is Code.PRECONDITION


async def test_every_decision_of_an_officer_stands_in_the_log_and_tells_it_nothing(
    platform: Platform,
) -> None:
    id_ = await file(platform, SITE)
    await step(platform, id_, "accept", "NO_ISSUES")
    await step(platform, id_, "reopen", "INSPECTION_RESULT", reference="OPCW/INS/7")
    await platform.settled()
    entries = await platform.entries()
    decided = [entry for entry in entries if isinstance(entry, DecisionEntry)]
    assert {entry.env for entry in decided} == {await envelope_of(platform, id_)}
    page = await get(platform, f"/v1/declarations/{id_}/steps")
    assert [one["index"] for one in page["steps"][:2]] == [
        entries.index(decided[1]),
        entries.index(decided[0]),
    ]
    evidence = (await platform.officer("GET", f"/v1/declarations/{id_}/evidence")).json()
    assert "decision" not in {one["act"] for one in evidence["entries"]}
    assert "officer-1" not in canonical_json(evidence["entries"]).decode()


async def test_a_step_on_what_moved_on_a_step_that_does_not_fit_and_a_missing_tag_do_nothing(
    platform: Platform,
) -> None:
    id_ = await file(platform, SITE)
    _, tag = await life(platform, id_)
    await step(platform, id_, "accept", "NO_ISSUES")
    stale = await refused(platform, id_, "reopen", "NEW_INFORMATION", tag, reference="x")
    assert stale.code is Code.PRECONDITION
    assert (await refused(platform, id_, "accept", "NO_ISSUES")).code is Code.STATE
    assert (await refused(platform, id_, "withdraw", "BY_RULE")).code is Code.FORBIDDEN
    assert (await refused(platform, id_, "accept", "NO_ISSUES", '"*')).code is Code.MALFORMED
    path, body = f"/v1/declarations/{id_}/steps", {"step": "close", "reason": "YEAR_CLOSED"}
    with pytest.raises(PlatformError) as caught:
        await platform.officer("POST", path, json=body)
    assert caught.value.code is Code.MALFORMED
    assert len(await steps(platform, id_)) == 6


async def test_amendments_supersede_and_returned_versions_change_nothing(
    platform: Platform,
) -> None:
    id_ = await file(platform, SITE)
    await step(platform, id_, "accept", "NO_ISSUES")
    await file(platform, {**SITE, "version": 1})  # returned: it is registered already
    at, _ = await life(platform, id_)
    assert (at["state"], at["version"]) == ("ACCEPTED", 1)
    await file(platform, renamed())
    at, _ = await life(platform, id_)
    assert (at["state"], at["version"]) == ("EVALUATION", 2)
    await file(platform, withdrawal({**SITE, "version": 2}))
    at, _ = await life(platform, id_)
    assert (at["state"], at["next"]) == ("WITHDRAWN", [])
    assert (await steps(platform, id_))[6:] == [
        "1 receive",
        "1 return",
        "1 supersede",
        "2 amend",
        "2 evaluate",
        "2 withdraw",
    ]
    about, _ = await life(platform, await id_of(platform, "XAL-A1"))
    assert about["state"] == "REGISTERED"


@pytest.mark.parametrize("change", ["UPDATE steps SET reason = 'x'", "DELETE FROM steps"])
async def test_steps_only_grow(platform: Platform, change: str) -> None:
    await file(platform, SITE)
    with pytest.raises(Exception, match="append-only"):
        tamper(platform, change)


async def envelope_of(platform: Platform, id_: str) -> str:
    view = await get(platform, f"/v1/declarations/{id_}")
    return str(view["versions"][-1]["envelope"])


# --- markings -------------------------------------------------------------------------------------


async def test_we_raise_a_marking_and_only_the_states_word_lowers_it(platform: Platform) -> None:
    id_ = await file(platform, SITE)
    highly, open_ = "OPCW_HIGHLY_PROTECTED", "OPCW_RESTRICTED"
    low = await refused(platform, id_, "raise-marking", "AGGREGATION", marking=open_)
    assert low.code is Code.POLICY
    at = await step(platform, id_, "raise-marking", "AGGREGATION", marking=highly)
    assert (at["state"], at["handling"]["marking"], at["handling"]["raised"]) == (
        "EVALUATION",
        highly,
        highly,
    )
    assert (at["handling"]["grant"], at["handling"]["persons"]) == ("written", 2)
    await file(platform, {**SITE, "version": 2})  # the State marks it as before
    assert (await life(platform, id_))[0]["handling"]["marking"] == highly
    foreign = await answer(platform, "correspondence", None, party=XBO)
    for reference in ("0193a3c0-0000-7000-8000-000000000001", foreign.id):
        lowering = {"marking": open_, "reference": reference}
        error = await refused(platform, id_, "lower-marking", "STATE_CONSENTS", **lowering)
        assert error.code is Code.POLICY
    word = await answer(platform, "correspondence", None)
    at = await step(
        platform, id_, "lower-marking", "STATE_CONSENTS", marking=open_, reference=word.id
    )
    assert (at["handling"]["marking"], at["handling"]["raised"]) == (open_, None)


# --- time -----------------------------------------------------------------------------------------


async def test_what_did_we_know_on_the_day_of_the_inspection(platform: Platform) -> None:
    before = today(platform)
    platform.clock.move(86_400)
    inspected = today(platform)
    id_ = await file(platform, SITE)
    platform.clock.move(86_400)
    await file(platform, renamed())
    assert await names(platform, id_) == "Second"
    assert await names(platform, id_, known_on=inspected) == SITE["name"]
    assert await names(platform, id_, known_on=today(platform)) == "Second"
    assert await names(platform, id_, true_on=f"{YEAR}-07-01") == "Second"
    for nothing in ({"known_on": before}, {"true_on": f"{YEAR + 1}-01-01"}):
        with pytest.raises(PlatformError) as caught:
            await names(platform, id_, **nothing)
        assert caught.value.code is Code.NOT_FOUND
    with pytest.raises(PlatformError) as caught:
        await names(platform, id_, known_on="yesterday")
    assert caught.value.code is Code.MALFORMED


async def test_a_list_shows_what_the_register_knew(platform: Platform) -> None:
    before = today(platform)
    platform.clock.move(86_400)
    first = today(platform)
    await file(platform, SITE)
    platform.clock.move(86_400)
    await file(platform, renamed(), withdrawal({**SITE, "version": 2}))

    async def listed(**params: Any) -> dict[str, int | None]:
        page = await get(platform, "/v1/declarations", **params)
        return {one["declaration_id"]: one["in_force"] for one in page["declarations"]}

    now = await listed()
    assert await listed(known_on=today(platform)) == now
    assert now[ID] is None
    assert await listed(known_on=first) == {ID: 1}
    assert await listed(known_on=before) == {}
    assert await listed(true_on=f"{YEAR}-01-01") == {ID: None}
    assert set(await listed(true_on="2026-12-31")) == {"XAL-A1", "XAL-W1"}
    page = await get(platform, "/v1/declarations", known_on=today(platform), limit=1)
    rest = await get(
        platform, "/v1/declarations", known_on=today(platform), limit=2, cursor=page["next"]
    )
    assert len(rest["declarations"]) == 2


async def test_differences_and_provenance_name_the_filing_and_its_reason(
    platform: Platform,
) -> None:
    id_ = await file(platform, SITE, renamed())
    path = f"/v1/declarations/{id_}/differences"
    found = await get(platform, path)
    (one,) = found["differences"]
    assert (found["older"], found["newer"], found["withdrawn"]) == (1, 2, False)
    assert (one["pointer"], one["old"], one["new"], one["reason"]) == (
        "/name",
        SITE["name"],
        "Second",
        "CLERICAL",
    )
    assert one["by"]["declaration_id"] == "XAL-A1"
    assert (await get(platform, path, **{"from": 1, "to": 1}))["differences"] == []
    said = await get(platform, f"/v1/declarations/{id_}/provenance")
    assert [(o["pointer"], o["version"]) for o in said["origins"]] == [("", 1), ("/name", 2)]
    for params, code in (({"from": 2, "to": 1}, Code.MALFORMED), ({"to": 9}, Code.NOT_FOUND)):
        with pytest.raises(PlatformError) as caught:
            await get(platform, path, **params)
        assert caught.value.code is code


# --- years ----------------------------------------------------------------------------------------


async def close(platform: Platform, state: str, carry_over: list[str]) -> dict[str, Any]:
    path = f"/v1/years/{state.removeprefix('NA-')}/{YEAR}"
    tag = (await platform.officer("GET", path)).headers["etag"]
    body = {"carry_over": carry_over}
    closed = await platform.officer("POST", f"{path}/closing", json=body, headers={"If-Match": tag})
    found: dict[str, Any] = closed.json()
    return found


async def test_a_year_is_closed_when_each_issue_is_closed_or_carried_over(
    platform: Platform,
) -> None:
    id_ = await file(platform, SITE)
    with pytest.raises(PlatformError) as caught:
        await close(platform, XAL, [])
    assert caught.value.code is Code.STATE
    assert [id_ in finding.message for finding in caught.value.findings] == [True]
    with pytest.raises(PlatformError) as caught:
        await close(platform, XAL, [id_, "another"])
    assert caught.value.code is Code.MALFORMED
    closed = await close(platform, XAL, [id_])
    assert (closed["is_closed"], closed["carried_over"], closed["open"]) == (True, 1, 0)
    await file(platform, renamed())  # and what comes late opens it again
    page = await get(platform, "/v1/years", state="XAL", year=YEAR)
    assert [(one["is_closed"], one["open"]) for one in page["years"]] == [(False, 1)]


async def test_years_are_listed_page_by_page(platform: Platform) -> None:
    await file(platform, SITE)
    await platform.declare(XBO, declaration("XBO"))
    await platform.settled()
    page = await get(platform, "/v1/years", limit=1)
    rest = await get(platform, "/v1/years", limit=1, cursor=page["next"])
    assert [one["state"] for one in (*page["years"], *rest["years"])] == ["XAL", "XBO"]
    assert rest["next"] is None
    with pytest.raises(PlatformError) as caught:
        await get(platform, "/v1/years/XZZ/2025")
    assert caught.value.code is Code.NOT_FOUND


def renamed() -> dict[str, Any]:
    return amendment(SITE, ("/name", SITE["name"], "Second"))


def asking() -> dict[str, Any]:
    return content("clarification.request", concerns={"declaration_id": ID, "version": 1})
