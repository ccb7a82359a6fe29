"""Exchanges between a State and the Secretariat, whole: each step receipted, each clock kept."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.clock import parse_timestamp, timestamp_s
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.deadlines.timeliness import closes
from sextant_shared.encoding import b64u, canonical_json
from tests.integration.declarations.contents import declaration
from tests.integration.declarations.exchanging import (
    answer,
    content,
    dues,
    get,
    letters,
    owed,
    send,
    verdicts,
)
from tests.support.platform import XAL, XBO, Deposited, Platform, open_platform
from tests.support.platform_files import SEC

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "kinds"
HOUR = 3600.0


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """One platform for all; each test begins a thread of its own and looks at that."""
    async with open_platform(tmp_path_factory.mktemp("exchanges")) as opened:
        yield opened
        await opened.settled()
        await opened.check()


# --- an inspection, from its notice to the report with comments -----------------------------------


async def test_an_inspection_is_notified_acknowledged_reported_and_commented(
    platform: Platform,
) -> None:
    notice = await send(platform, "inspection.notification")
    assert await owed(platform, notice["id"]) == [
        (XAL, "inspection.acknowledgement", "open"),
        (SEC, "inspection.preliminary-findings", "open"),
        (SEC, "inspection.report", "open"),
    ]
    (due, *_) = await dues(platform, notice["id"])
    assert due["until"] == timestamp_s(parse_timestamp(notice["accepted"]) + HOUR)

    received = (await letters(platform))[-1]
    assert received.body == content("inspection.notification")
    assert (received.manifest.header.id, received.custody.index) == (
        notice["id"],
        notice["custody"],
    )

    taken = await answer(platform, "inspection.acknowledgement", notice["id"])
    assert await verdicts(platform, taken) == ["opened OPENED"]
    (closed,) = (await get(platform, f"/v1/messages/{notice['message']}"))["owed"][:1]
    assert (closed["state"], closed["is_late"]) == ("answered", False)
    assert closed["answered_by"] == {"sender": XAL, "id": taken.id}

    findings = await send(platform, "inspection.preliminary-findings", reply_to=notice["id"])
    noticed = await answer(platform, "inspection.acknowledgement", findings["id"])
    report = await send(platform, "inspection.report", reply_to=notice["id"])
    assert await owed(platform, notice["id"]) == [(XAL, "inspection.comments", "open")]
    comments = await answer(platform, "inspection.comments", report["id"])
    annexed = content("inspection.report", version=2, comments=comments.id)
    last = await send(platform, "inspection.report", reply_to=comments.id, content=annexed)
    assert await owed(platform, notice["id"]) == []

    thread = await get(platform, f"/v1/threads/{SEC}/{last['id']}")
    assert thread["is_open"] is False
    assert thread["thread"] == {"sender": SEC, "id": notice["id"]}
    said = [m["id"] for m in thread["messages"] if not m["type"].startswith("receipt.")]
    assert said == [
        notice["id"],
        taken.id,
        findings["id"],
        noticed.id,
        report["id"],
        comments.id,
        last["id"],
    ]
    assert all(m["custody"] is not None for m in thread["messages"])
    opened = {m["irt"] for m in thread["messages"] if m["type"] == "receipt.opened"}
    assert opened == {taken.id, noticed.id, comments.id}
    assert await get(platform, f"/v1/threads/{XAL}/{comments.id}") == thread


async def test_the_clocks_of_the_reports_start_with_the_end_of_the_inspection(
    platform: Platform,
) -> None:
    notice = await send(platform, "inspection.notification")
    before = await dues(platform, notice["id"], by=SEC)
    assert [due["until"] for due in before] == [None, None]
    await send(platform, "inspection.preliminary-findings", reply_to=notice["id"])
    until = {
        (due["answer"], due["by"]): due["until"]
        for due in (await get(platform, f"/v1/threads/{SEC}/{notice['id']}"))["owed"]
    }
    assert until["inspection.report", SEC] == "2026-11-30T15:00:00Z"
    assert until["inspection.preliminary-findings", SEC] == "2026-11-21T15:00:00Z"
    assert until["inspection.acknowledgement", XAL] == "2026-11-21T15:00:00Z"


# --- clarification --------------------------------------------------------------------------------


async def test_a_question_about_a_finding_is_asked_and_replied_to_and_closed(
    platform: Platform,
) -> None:
    declared = await platform.declare(XAL, declaration("XBO"))
    await platform.settled()
    (line,) = (await get(platform, "/v1/declarations"))["declarations"]
    about = {
        "declaration": line["id"],
        "request": "CR-1",
        "questions": [
            {"pointer": "/state_code", "rule": "REG-1"},
            {"pointer": "", "text": "Why so late?"},
        ],
    }
    asked = await send(platform, "clarification.request", to=None, about=about)
    received = (await letters(platform))[-1]
    assert received.manifest.header.irt == declared.id
    questions = received.body["questions"]
    assert questions[0]["text"].startswith("NA-XAL does not declare for XBO")
    assert received.body["concerns"] == {"declaration_id": "XBO-2025-NIL", "version": 1}
    assert await owed(platform, declared.id) == [(XAL, "clarification.reply", "open")]

    members = {"request": "CR-1", "concerns": received.body["concerns"]}
    part = [{"n": 1, "text": "A slip."}]
    reply = await answer(platform, "clarification.reply", asked["id"], **members, replies=part)
    assert await owed(platform, declared.id) == []
    thread = await get(platform, f"/v1/threads/{XAL}/{declared.id}")
    assert thread["is_open"] is False
    kinds = [m["type"] for m in thread["messages"]]
    assert kinds == [
        "declaration.annual",
        "receipt.opened",
        "receipt.outcome",
        "clarification.request",
        "clarification.reply",
        "receipt.opened",
    ]
    (left,) = platform.stored("SELECT rule, received FROM findings WHERE rule = 'M3'")
    assert left["received"] == "none to 2"
    assert thread["messages"][-2]["id"] == reply.id


async def test_a_reply_that_names_the_request_by_its_number_alone_is_bound_to_it(
    platform: Platform,
) -> None:
    asked = await send(platform, "clarification.request")
    (open_,) = await dues(platform, asked["id"])
    assert open_["until"] == timestamp_s(closes(dt.date(2027, 1, 15)))  # before the 90 days end
    reply = await answer(platform, "clarification.reply", None)
    (due,) = await dues(platform, asked["id"], state="answered")
    assert due["answered_by"] == {"sender": XAL, "id": reply.id}
    assert due["message"] == {"sender": SEC, "id": asked["id"]}


# --- what does not fit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "rule", "pointer"),
    [
        pytest.param({"inspection": "2026/999"}, "M2", "/inspection", id="another inspection"),
        pytest.param({"received": "yesterday"}, "S0", "/received", id="no time"),
    ],
)
async def test_a_flawed_acknowledgement_is_returned_and_the_answer_stays_owed(
    platform: Platform, changes: dict[str, Any], rule: str, pointer: str
) -> None:
    notice = await send(platform, "inspection.notification")
    sent = await answer(platform, "inspection.acknowledgement", notice["id"], **changes)
    opened, outcome = await platform.replies(XAL, sent)
    assert (opened["verdict"], outcome["verdict"]) == ("OPENED", "RETURNED")
    assert [(f["rule"], f["pointer"]) for f in outcome["findings"]] == [(rule, pointer)]
    assert await owed(platform, notice["id"], by=XAL) == [
        (XAL, "inspection.acknowledgement", "open")
    ]
    line = (await get(platform, "/v1/envelopes", nature="message"))["envelopes"][0]
    assert (line["id"], line["verdict"]) == (sent.id, "RETURNED")


# --- messages of States to others and to us -------------------------------------------------------


async def test_a_transfer_notice_is_read_by_both_states_and_registered(platform: Platform) -> None:
    notified = json.loads((EXAMPLES / "S1_TRANSFER_NOTIF.json").read_text())
    both = [(party, SealingKey.from_jwk(platform.parties[party].seal.jwk)) for party in (SEC, XBO)]
    sent = await platform.declare(
        XAL, canonical_json(notified), type="transfer.notice", recipients=both
    )
    await platform.settled()
    assert await verdicts(platform, sent) == ["opened OPENED", "outcome REGISTERED"]
    (read,) = await letters(platform, XBO)
    assert (read.body, read.custody.index) == (notified, _index(platform, sent))
    thread = await get(platform, f"/v1/threads/{XAL}/{sent.id}")
    assert thread["messages"][0]["to"] == [SEC, XBO]


async def test_a_request_for_assistance_makes_the_secretariat_owe_a_reply(
    platform: Platform,
) -> None:
    sent = await answer(platform, "assistance.request", None)
    assert await owed(platform, sent.id) == [(SEC, "assistance.reply", "open")]
    reply = await send(platform, "assistance.reply", reply_to=sent.id)
    (due,) = await dues(platform, sent.id, state="answered")
    assert due["answered_by"] == {"sender": SEC, "id": reply["id"]}
    assert (due["answered"], due["is_late"]) == (reply["accepted"][:-5] + "Z", False)


async def test_a_letter_with_a_scan_is_filed_as_correspondence(platform: Platform) -> None:
    scan = b"%PDF-1.7 made up"
    sent = await platform.declare(XAL, scan, type="correspondence", cty="application/pdf")
    await platform.settled()
    assert await verdicts(platform, sent) == ["opened OPENED"]
    document = {"cty": "application/pdf", "data": b64u(scan)}
    await send(platform, "correspondence", reply_to=sent.id, document=document)
    assert (await letters(platform))[-1].content == scan
    assert await owed(platform, sent.id) == []


def _index(platform: Platform, sent: Deposited) -> int:
    (row,) = platform.stored(f"SELECT custody_index FROM inbox WHERE envelope_id = '{sent.id}'")
    return int(row["custody_index"])
