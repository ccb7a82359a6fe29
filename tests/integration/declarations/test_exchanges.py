"""Exchanges between a State and the Secretariat, whole: every step receipted, every clock kept."""

import asyncio
import copy
import datetime as dt
import io
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.clock import parse_timestamp, timestamp_s
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.deadlines.timeliness import closes
from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import MESSAGE_CTY
from sextant_shared.protocol.envelope import verify_content
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.declarations.contents import declaration
from tests.support.messages import MESSAGES
from tests.support.platform import XAL, XBO, Deposited, Platform, Received, open_platform
from tests.support.platform_files import SEC

pytestmark = pytest.mark.anyio
HOUR, DAY = 3600.0, 86_400.0


EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "kinds"
KEYS = itertools.count()


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


def content(type_: str, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy(MESSAGES[type_]) | changes


async def send(platform: Platform, type_: str, key: str = "", **order: Any) -> dict[str, Any]:
    """Send a message as an officer and return its view once it is in custody."""
    body = {"type": type_, "to": XAL, **order}
    if not {"content", "document", "about"} & set(order):
        body["content"] = content(type_)
    headers = {"Idempotency-Key": key or f"order-{next(KEYS):04d}"}
    answer = await platform.officer("POST", "/v1/messages", json=body, headers=headers)
    await platform.settled()
    view: dict[str, Any] = await get(platform, f"/v1/messages/{answer.json()['message']}")
    assert view["state"] == "in custody"
    return view


async def answer(platform: Platform, type_: str, irt: str | None, **changes: Any) -> Deposited:
    """Send a message as the State and wait until the Secretariat decided about it."""
    party = changes.pop("party", XAL)
    sent = await platform.declare(
        party, canonical_json(content(type_, **changes)), type=type_, cty=MESSAGE_CTY, irt=irt
    )
    await platform.settled()
    return sent


async def get(platform: Platform, path: str, **params: Any) -> Any:
    return (await platform.officer("GET", path, params=params)).json()


async def dues(platform: Platform, thread: str, **params: Any) -> list[dict[str, Any]]:
    """Return what the list of all that is owed says of the thread that this envelope began."""
    page = await get(platform, "/v1/owed", **params, limit=200)
    return [due for due in page["owed"] if due["thread"]["id"] == thread]


async def owed(platform: Platform, thread: str, **params: Any) -> list[tuple[str, str, str]]:
    """Return what is owed in a thread: by whom, which answer, in which state."""
    found = await dues(platform, thread, **params)
    return [(due["by"], due["answer"], due["state"]) for due in found]


async def letters(platform: Platform, party: str = XAL) -> list[Received]:
    """Return what the party received that is no receipt."""
    found = await platform.received(party)
    return [one for one in found if not one.manifest.header.type.startswith("receipt.")]


async def verdicts(platform: Platform, sent: Deposited, party: str = XAL) -> list[str]:
    return [f"{r['kind']} {r['verdict']}" for r in await platform.replies(party, sent)]


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
    (left,) = platform.stored("SELECT rule, received FROM findings WHERE rule = 'REG-8'")
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
        pytest.param({"inspection": "2026/999"}, "REG-7", "/inspection", id="another inspection"),
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


# --- sending --------------------------------------------------------------------------------------


async def test_the_same_order_under_the_same_key_is_one_message(platform: Platform) -> None:
    first = await send(platform, "inspection.notification", key="the-same-order")
    again = await send(platform, "inspection.notification", key="the-same-order")
    assert again == first
    assert [one.manifest.header.id for one in await letters(platform)].count(first["id"]) == 1
    with pytest.raises(PlatformError) as raised:
        await send(platform, "inspection.notification", key="the-same-order", to=XBO)
    assert raised.value.code is Code.DUPLICATE


async def test_two_orders_under_one_key_at_once_are_one_message(platform: Platform) -> None:
    body = {"type": "correspondence", "to": XAL, "content": content("correspondence")}
    headers = {"Idempotency-Key": "both-at-once"}
    calls = (platform.officer("POST", "/v1/messages", json=body, headers=headers) for _ in range(4))
    answers = await asyncio.gather(*calls)
    assert len({answer.json()["message"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]


async def test_what_was_owed_for_a_superseded_notice_is_owed_for_the_new_one(
    platform: Platform,
) -> None:
    notice = await send(platform, "inspection.notification")
    corrected = await send(platform, "inspection.notification", supersedes=notice["id"])
    due = (XAL, "inspection.acknowledgement", "open")
    assert await owed(platform, notice["id"], by=XAL) == [due]
    (open_, *_) = await dues(platform, notice["id"], by=XAL)
    assert open_["message"]["id"] == corrected["id"]
    left = await owed(platform, notice["id"], by=XAL, state="superseded")
    assert left == [(XAL, "inspection.acknowledgement", "superseded")]


async def test_evidence_proves_what_was_sent(platform: Platform) -> None:
    sent = await send(platform, "correspondence")
    found = await get(platform, f"/v1/messages/{sent['message']}/evidence")
    manifest = read_manifest(io.BytesIO(b64u_decode(found["container"])))
    receipt = verify_custody(
        b64u_decode(found["custody"]), manifest.digest, sent["id"], platform.log_keys
    )
    assert receipt.index == sent["custody"]
    plain = io.BytesIO(canonical_json(content("correspondence")))
    verify_content(plain, b64u_decode(found["kpc"]), manifest)


@pytest.mark.parametrize(
    ("type_", "order", "pointers"),
    [
        pytest.param(
            "inspection.acknowledgement", {}, ["/from", "/to", "/irt"], id="a type of States"
        ),
        pytest.param("inspection.gossip", {"content": {}}, ["/type"], id="no type"),
        pytest.param(
            "inspection.notification",
            {"content": {"v": 1, "type": "inspection.notification"}, "to": SEC},
            ["/to", "/inspection", "/kind", "/point_of_entry", "/arrival", "/means_of_arrival"],
            id="all that is missing at once",
        ),
        pytest.param(
            "inspection.report",
            {"reply_to": "0193a3c0-0000-7000-8000-000000000001"},
            ["/irt"],
            id="an answer to nothing",
        ),
    ],
)
async def test_what_does_not_fit_is_refused_with_every_place_and_not_sent(
    platform: Platform, type_: str, order: dict[str, Any], pointers: list[str]
) -> None:
    before = platform.stored("SELECT id FROM sent_messages")
    with pytest.raises(PlatformError) as raised:
        await send(platform, type_, **order)
    assert raised.value.code is Code.MALFORMED
    assert [f.pointer for f in raised.value.findings][: len(pointers)] == pointers
    assert platform.stored("SELECT id FROM sent_messages") == before


async def test_an_exchange_that_is_down_delays_a_message_and_loses_none(
    platform: Platform,
) -> None:
    await send(platform, "correspondence")  # its address is known from here on
    platform.own_wires["exchange"].is_cut = True
    headers = {"Idempotency-Key": "while-down"}
    body = {"type": "correspondence", "to": XAL, "content": content("correspondence")}
    view = (await platform.officer("POST", "/v1/messages", json=body, headers=headers)).json()
    assert view["state"] == "owed"
    await platform.restart("declarations")
    platform.own_wires["exchange"].is_cut = False
    await platform.settled()
    found = await get(platform, f"/v1/messages/{view['message']}")
    assert (found["state"], found["id"]) == ("in custody", view["id"])
    assert (await letters(platform))[-1].manifest.header.id == view["id"]


async def test_sending_and_reading_leave_their_lines(platform: Platform) -> None:
    sent = await send(platform, "correspondence")
    before = len(platform.stored("SELECT id FROM access_log"))
    response = await platform.officer("GET", f"/v1/messages/{sent['message']}/content")
    assert response.json() == content("correspondence")
    await get(platform, f"/v1/threads/{SEC}/{sent['id']}")
    await get(platform, "/v1/owed")
    rows = platform.stored("SELECT action, subject FROM access_log ORDER BY id")
    assert [row["action"] for row in rows[before - 1 :]] == ["send", "content", "thread"]
    assert rows[before - 1]["subject"] == f"correspondence {sent['message']} to {XAL}"


# --- as time passes -------------------------------------------------------------------------------


async def test_a_late_acknowledgement_is_overdue_until_it_comes_and_late_for_ever(
    platform: Platform,
) -> None:
    notice = await send(platform, "inspection.notification")
    platform.clock.move(HOUR + 60)
    assert await owed(platform, notice["id"], state="overdue", by=XAL) == [
        (XAL, "inspection.acknowledgement", "overdue")
    ]
    await answer(platform, "inspection.acknowledgement", notice["id"])
    assert await owed(platform, notice["id"], state="overdue", by=XAL) == []
    (due,) = await dues(platform, notice["id"], state="answered")
    assert (due["by"], due["is_late"]) == (XAL, True)


async def test_a_message_that_waited_too_long_is_sealed_anew_and_keeps_its_name(
    platform: Platform,
) -> None:
    sent = await answer(platform, "assistance.request", None)
    platform.own_wires["exchange"].is_cut = True
    headers = {"Idempotency-Key": "late-order"}
    body = {
        "type": "assistance.reply",
        "to": XAL,
        "reply_to": sent.id,
        "content": content("assistance.reply"),
    }
    view = (await platform.officer("POST", "/v1/messages", json=body, headers=headers)).json()
    platform.clock.move(3 * DAY)
    platform.own_wires["exchange"].is_cut = False
    await platform.settled()
    found = await get(platform, f"/v1/messages/{view['message']}")
    assert found["id"] != view["id"]
    (due,) = await dues(platform, sent.id, state="answered")
    assert due["answered_by"] == {"sender": SEC, "id": found["id"]}
    assert due["is_late"] is True


def _index(platform: Platform, sent: Deposited) -> int:
    (row,) = platform.stored(f"SELECT custody_index FROM inbox WHERE envelope_id = '{sent.id}'")
    return int(row["custody_index"])
