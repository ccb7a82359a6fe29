"""One letter to sixteen States: one body, sixteen copies, each with a life of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.crypto.sealing import SealingKey
from tests.support.parties import PartyKeys
from tests.support.platform import XAL, XBO, Platform, open_platform
from tests.support.platform_files import SEC

pytestmark = pytest.mark.anyio

STATES = (XAL, XBO, *(f"NA-X{letter}{letter}" for letter in "CDEFGHIJKLMNOP"))


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        for party in STATES[2:]:
            await opened.enrol(PartyKeys(party))
        yield opened


def to(platform: Platform, *parties: str) -> list[tuple[str, SealingKey]]:
    return [(p, SealingKey.from_jwk(platform.parties[p].seal.jwk)) for p in parties]


async def lease(platform: Platform, party: str) -> dict[str, Any]:
    answer = await platform.client(f"{party}/test").request(
        "POST", "/v1/mailbox/leases", json={"max": 1}
    )
    (found,) = answer.json()["leases"]
    return dict(found)


async def end(platform: Platform, party: str, act: str, body: Any = None) -> None:
    token = (await lease(platform, party))["lease"]
    client = platform.client(f"{party}/test")
    await client.request("POST", f"/v1/mailbox/leases/{token}/{act}", json=body)


async def test_sixteen_recipients_have_copies_and_states_of_their_own(platform: Platform) -> None:
    assert len(STATES) == 16
    options = {"type": "correspondence", "cty": "text/plain"}
    letter, _ = platform.seal(SEC, b"To all.", recipients=to(platform, *STATES), **options)
    sent = await platform.deposit(SEC, letter)
    for party in STATES:
        (received,) = await platform.received(party)
        assert received.content == b"To all."
    await end(platform, XAL, "acknowledge")
    await end(platform, XBO, "release", {"error": "unreadable here", "dead": True})
    await lease(platform, STATES[2])

    path = f"/v1/envelopes/{SEC}/{sent.id}"
    status = (await platform.client(f"{SEC}/test").request("GET", path)).json()
    states = {copy["party"]: copy["state"] for copy in status["recipients"]}
    assert states == dict.fromkeys(STATES, "available") | {
        XAL: "acknowledged",
        XBO: "dead",
        STATES[2]: "leased",
    }
    seen = (await platform.client(f"{XBO}/test").request("GET", path)).json()
    assert [copy["party"] for copy in seen["recipients"]] == [XBO]

    answer, _ = platform.seal(
        XAL, b"Understood.", recipients=to(platform, SEC), irt=sent.id, **options
    )
    await platform.deposit(XAL, answer)
    whole = (await platform.client(f"{SEC}/test").request("GET", f"{path}/thread")).json()
    assert len(whole["members"]) == 2
    others = (await platform.client(f"{XBO}/test").request("GET", f"{path}/thread")).json()
    assert len(others["members"]) == 1
    await platform.check()
