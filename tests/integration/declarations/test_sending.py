"""Messages that officers send: once each, refused or stored, late but never lost."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sextant_shared.encoding import b64u_decode, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DecisionEntry
from sextant_shared.protocol.envelope import verify_content
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.declarations.accessing import given
from tests.integration.declarations.exchanging import (
    answer,
    content,
    dues,
    get,
    letters,
    owed,
    send,
)
from tests.support.platform import XAL, XBO, Platform, open_platform
from tests.support.platform_files import SEC

pytestmark = pytest.mark.anyio
HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """One platform for all; each test begins a thread of its own and looks at that."""
    async with open_platform(tmp_path_factory.mktemp("sending")) as opened:
        yield opened
        await opened.settled()
        await opened.check()


# --- sending --------------------------------------------------------------------------------------


async def test_the_same_order_under_the_same_key_is_one_message(platform: Platform) -> None:
    first = await send(platform, "inspection.notification", key="the-same-order")
    again = await send(platform, "inspection.notification", key="the-same-order")
    assert again == first
    await platform.settled()
    decisions = [e for e in await platform.entries() if isinstance(e, DecisionEntry)]
    assert [(e.env, e.ref) for e in decisions if e.env == first["id"]] == [(first["id"], None)]
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
    before = len(given(platform))
    response = await platform.officer("GET", f"/v1/messages/{sent['message']}/content")
    assert response.json() == content("correspondence")
    await get(platform, f"/v1/threads/{SEC}/{sent['id']}")
    await get(platform, "/v1/owed")
    assert given(platform, before - 1) == [
        ("sending", sent["message"]),
        ("message", sent["id"]),
        ("thread", sent["id"]),
    ]


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
