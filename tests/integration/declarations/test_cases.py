"""Whole: a difference between two States, from the cut-off to its settlement, and its log.

One platform in one process: the parts of the story depend on each other, as the steps of a case do.
"""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DecisionEntry
from sextant_shared.models.messages import MESSAGE_CTY
from tests.integration.declarations.accessing import given, tamper
from tests.integration.declarations.exchanging import get
from tests.integration.declarations.test_transfers import declared
from tests.support.messages import MESSAGES
from tests.support.platform import XAL, XBO, Platform, Received, open_platform
from tests.support.platform_files import SEC

pytestmark = pytest.mark.anyio
CASES = "/v1/cases"
NUMBER = "TD-2025-000001"
ONE = f"{CASES}/{NUMBER}"
SECRETS = ("12400", "12 400", "12.4", "11160")  # the other's figure, and the difference


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    policy = tmp_path / "cases.json"
    policy.write_text('{"cutoff_month": 12, "cutoff_day": 20, "prematch_asks": 2}')
    quick = {"analysis_pause_s": 0.0, "poll_s": 0.1, "cases_file": policy}
    async with open_platform(tmp_path, declarations=quick) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def stands(platform: Platform, state: str) -> None:
    """Return when the case stands there."""
    wanted = f"SELECT 1 FROM cases WHERE number = '{NUMBER}' AND state = '{state}'"
    await platform.until(lambda: platform.stored(wanted))


async def tag(platform: Platform) -> str:
    found = await platform.officer("GET", ONE, purpose="reconciliation")
    return str(found.headers["etag"])


async def post(
    platform: Platform, path: str, body: dict[str, Any], if_match: str | None = None
) -> dict[str, Any]:
    headers = {"If-Match": if_match or await tag(platform), "Idempotency-Key": "letter-of-case-1"}
    answer = await platform.officer(
        "POST", f"{ONE}{path}", json=body, headers=headers, purpose="clarification"
    )
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


async def step(platform: Platform, code: str, reason: str, **more: Any) -> dict[str, Any]:
    return await post(platform, "/steps", {"step": code, "reason": reason, **more})


async def exported(platform: Platform, **params: str) -> bytes:
    """Return the table of XBO's open cases, for its customs service."""
    params = {"state": "XBO", **params}
    return (await platform.officer("GET", f"{CASES}/export", params=params)).content


async def refused(platform: Platform, path: str, body: dict[str, Any], **more: Any) -> Code:
    with pytest.raises(PlatformError) as caught:
        await post(platform, path, body, **more)
    return caught.value.code


async def messages_of(platform: Platform, party: str, type_: str) -> list[Received]:
    return [one for one in await platform.received(party) if one.manifest.header.type == type_]


async def test_a_difference_becomes_a_case_is_asked_about_answered_amended_and_settled(
    platform: Platform,
) -> None:
    await declared(platform, "XAL", "exports", "12400")
    assert await asks(platform, XAL) == ["partner-silent"]
    await declared(platform, "XBO", "imports", "1240")
    await asked_before_the_cut_off(platform)
    assert platform.stored("SELECT 1 FROM cases") == []
    platform.clock.move(30 * 86_400)
    await stands(platform, "OPENED")
    assert await asks(platform, XBO) == ["too-late"]
    await shown_as_each_may_see_it(platform)
    await triaged_by_one_officer_alone(platform)
    await asked(platform)
    await answered(platform)
    await written_to(platform)
    await settled(platform)
    await reopened(platform)
    await in_the_log(platform)
    never_deleted(platform)


async def asks(
    platform: Platform, party: str, *, partner: str = "", version: int = 1, times: int = 1
) -> list[str]:
    """Ask about the row of TDG, `times` in one pre-match; return what is said of it."""
    own = party.removeprefix("NA-")
    row = {
        "chemical": "111-48-8",
        "direction": "export" if party == XAL else "import",
        "partner": partner or {XAL: "XBO", XBO: "XAL"}[party],
    }
    content = {
        "v": 1,
        "type": "prematch.request",
        "request": "PM-1",
        "concerns": {"declaration_id": f"{own}-2025-S2", "version": version},
        "rows": [{"n": n + 1, **row} for n in range(times)],
    }
    ask = {"type": "prematch.request", "cty": MESSAGE_CTY}
    sent = await platform.declare(party, json.dumps(content).encode(), **ask)

    wanted = f"SELECT 1 FROM sent_messages WHERE irt = '{sent.id}' AND custody IS NOT NULL"
    await platform.until(lambda: platform.stored(wanted))
    found = await messages_of(platform, party, "prematch.reply")
    (reply,) = [one for one in found if one.manifest.header.irt == sent.id]
    assert not [secret for secret in ("1240", "11160") if secret in reply.content.decode()]
    return [one.get("outcome") or one["unanswered"] for one in reply.body["answers"]]


async def asked_before_the_cut_off(platform: Platform) -> None:
    """Three words of own rows, twice a year, and nothing of what is no own row."""
    assert await asks(platform, XBO, times=3) == ["differs", "differs", "asked-too-often"]
    assert await asks(platform, XAL, partner="XCY") == ["not-own-row"]
    assert await asks(platform, XAL, version=2) == ["not-own-row"]
    assert await asks(platform, XAL) == ["differs"]
    assert await asks(platform, XAL) == ["asked-too-often"]
    told = platform.stored("SELECT n, outcome FROM prematches WHERE outcome IS NOT NULL")
    assert len(told) == 4
    read = platform.stored("SELECT DISTINCT purpose FROM accesses WHERE gives = 'message'")
    assert [row["purpose"] for row in read] == ["reconciliation"]
    with pytest.raises(Exception, match="append-only"):
        tamper(platform, "DELETE FROM prematches")


async def shown_as_each_may_see_it(platform: Platform) -> None:
    """Lists hold no figure; the case in full has both; a State's view has its own alone."""
    before = given(platform)
    page = await platform.officer("GET", CASES, purpose="reconciliation")
    (line,) = page.json()["cases"]
    assert (line["number"], line["states"], line["pairs"][0]["class_"]) == (
        NUMBER, ["XAL", "XBO"], "QUANTITY_MISMATCH",
    )  # fmt: skip
    assert "1240" not in page.text
    full = await get(platform, ONE)
    pair = full["case"]["pairs"][0]
    assert (pair["export"]["kg"], pair["import_"]["kg"]) == ("12400", "1240")
    assert ("TYPO", True) in [(one["kind"], one["closes"]) for one in pair["explanations"]]
    assert (full["clock"]["mark"], [n["step"] for n in full["next"]]) == (
        "P", ["triage", "set-priority", "merge"],
    )  # fmt: skip
    seen = (await platform.officer("GET", f"{ONE}/views/XBO")).text
    table = (await exported(platform)).decode()
    book = await exported(platform, format="xlsx")
    cells = load_workbook(io.BytesIO(book)).active
    assert cells is not None
    text = "\n".join(str(cell.value) for row in cells.iter_rows() for cell in row)
    for shown in (seen, table, text):
        assert "1240" in shown
        assert not [secret for secret in SECRETS if secret in shown]
    told = given(platform, len(before))
    assert [gives for gives, _ in told] == ["case"] * 5  # list, case, view, two tables
    assert {len(about.split()) for _, about in told} == {2}
    with pytest.raises(PlatformError) as caught:
        await platform.officer("GET", f"{ONE}/views/XCY")
    assert caught.value.code is Code.NOT_FOUND


async def triaged_by_one_officer_alone(platform: Platform) -> None:
    """Whoever acts on what moved on is told so, and nothing is closed without its cause."""
    old = await tag(platform)
    await step(platform, "triage", "EXPLANATIONS_READ")
    triage = {"step": "triage", "reason": "EXPLANATIONS_READ"}
    assert await refused(platform, "/steps", triage, if_match=old) is Code.PRECONDITION
    assert await refused(platform, "/steps", triage) is Code.STATE
    close = {"step": "resolve-amended", "reason": "AMENDED"}
    assert await refused(platform, "/steps", close) is Code.STATE
    await step(platform, "set-priority", "URGENCY_SEEN_OTHERWISE", priority="HIGH")


async def asked(platform: Platform) -> None:
    """Each State gets a sealed request with its own row; words with a hidden figure go nowhere."""
    words = {"reason": "EXPLANATION_WANTED", "words": "The importer has 1 240 kg."}
    assert await refused(platform, "/requests", words) is Code.POLICY
    assert not await messages_of(platform, XAL, "clarification.request")
    await post(platform, "/requests", {"reason": "EXPLANATION_WANTED"})
    await stands(platform, "REQUESTED")
    await platform.settled()
    await platform.until(
        lambda: len(platform.stored("SELECT 1 FROM sent_messages WHERE custody IS NULL")) == 0
    )
    for party, own, secrets in ((XAL, "12400", ("1240 ", "11160")), (XBO, "1240", SECRETS)):
        (request,) = await messages_of(platform, party, "clarification.request")
        text = json.dumps(request.body, ensure_ascii=False).replace("\u2069", " ")
        assert own in text
        assert not [secret for secret in secrets if secret in text]
        assert request.body["questions"][0]["pointer"].startswith("/records/0/")


async def answered(platform: Platform) -> None:
    """A State's reply moves the case by itself, and stands in its room."""
    await step(platform, "investigate", "STATE_LOOKS_INTO_IT")
    (request,) = await messages_of(platform, XBO, "clarification.request")
    body = {
        **MESSAGES["clarification.reply"],
        "request": request.body["request"],
        "concerns": request.body["concerns"],
        "replies": [{"n": 1, "text": "TYPO: a zero is missing. An amendment follows."}],
    }
    reply = {"type": "clarification.reply", "cty": MESSAGE_CTY, "irt": request.manifest.header.id}
    await platform.declare(XBO, json.dumps(body).encode(), **reply)
    await stands(platform, "ANSWERED")
    room = await get(platform, f"{ONE}/messages")
    said = [(one["type"], one["states"]) for one in room["messages"]]
    assert ("clarification.request", ["XAL"]) in said
    assert ("clarification.reply", ["XBO"]) in said
    of_xal = await get(platform, f"{ONE}/messages", state="XAL")
    assert {tuple(one["states"]) for one in of_xal["messages"]} == {("XAL",)}
    assert "clarification.reply" not in [one["type"] for one in of_xal["messages"]]


async def written_to(platform: Platform) -> None:
    """Letters of all three sides stand in the room; each State knows of its own alone."""
    (request,) = await messages_of(platform, XAL, "clarification.request")
    keys = {one: SealingKey.from_jwk(platform.parties[one].seal.jwk) for one in (SEC, XBO)}
    to_both = {"type": "correspondence", "cty": MESSAGE_CTY, "irt": request.manifest.header.id}
    between = json.dumps(MESSAGES["correspondence"]).encode()
    await platform.declare(XAL, between, recipients=list(keys.items()), **to_both)
    await platform.settled()
    for state in ("XAL", "XBO"):
        known = await get(platform, f"{ONE}/messages", state=state)
        assert "correspondence" in [one["type"] for one in known["messages"]]
    letter = {"subject": NUMBER, "text": "Thank you: an amendment is on its way."}
    sent = (await post(platform, "/messages", letter))["sent"]
    assert [one["to"] for one in sent] == [XAL, XBO]
    room = await get(platform, f"{ONE}/messages")
    letters = [one["states"] for one in room["messages"] if one["type"] == "correspondence"]
    assert letters == [["XAL", "XBO"], ["XAL"], ["XBO"]]


async def settled(platform: Platform) -> None:
    """The amendment is compared by itself; closing needs a cause, and that nothing is left."""
    early = {"step": "resolve-explained", "reason": "EXPLAINED"}
    assert await refused(platform, "/steps", early) is Code.MALFORMED
    await declared(platform, "XBO", "imports", "12400", version=2)
    await stands(platform, "RE_MATCHED")
    await step(platform, "resolve-amended", "AMENDED", cause="TYPO")
    closed = await get(platform, CASES, open="false")
    assert [(one["state"], one["cause"]) for one in closed["cases"]] == [
        ("RESOLVED_AMENDED", "TYPO")
    ]
    assert (await get(platform, CASES, open="true"))["cases"] == []
    assert (await exported(platform)).count(b"\n") == 1


async def reopened(platform: Platform) -> None:
    """The same pair that differs anew is the same case."""
    await declared(platform, "XAL", "exports", "99000", version=2)
    await stands(platform, "OPENED")
    assert len(platform.stored("SELECT 1 FROM cases")) == 1


async def in_the_log(platform: Platform) -> None:
    """Every step, also those of the service, is a decision of the log."""
    await platform.settled()
    page = await get(platform, f"{ONE}/steps", limit=200)
    assert [one["step"] for one in reversed(page["steps"])] == [
        "open", "triage", "set-priority", "request", "investigate", "answer", "match-again",
        "resolve-amended", "reopen",
    ]  # fmt: skip

    async def are_logged() -> bool:
        steps = (await get(platform, f"{ONE}/steps", limit=200))["steps"]
        return all(one["index"] is not None for one in steps)

    await platform.until(are_logged)
    entries = await platform.entries()
    steps = (await get(platform, f"{ONE}/steps", limit=200))["steps"]
    assert all(isinstance(entries[one["index"]], DecisionEntry) for one in steps)


def never_deleted(platform: Platform) -> None:
    for verb in ("DELETE FROM case_steps", "UPDATE case_steps SET step = 'triage'"):
        with pytest.raises(Exception, match="append-only"):
            tamper(platform, verb)
