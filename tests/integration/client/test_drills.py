"""The SDK in a sandbox: each drill against the real exchange, and what is stored afterwards."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sextant_client.client import Client, Deposit
from sextant_client.retrying import MAX_ATTEMPTS
from sextant_client.sent import SentEnvelope
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.scenarios import TABLE, Scenario
from tests.integration.declarations.contents import declaration
from tests.support.platform import DECLARATION_CTY, XAL, open_platform
from tests.support.sdk import Desk

pytestmark = pytest.mark.anyio
DEPOSIT = ("POST", "/v1/envelopes")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the SDK would have slept, each time."""
    slept: list[float] = []
    monkeypatch.setattr("sextant_client.session.time.sleep", slept.append)
    return slept


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_platform(tmp_path / "platform", exchange={"scenarios": True}) as platform:
        yield Desk.of(platform, platform.parties[XAL], tmp_path / "home")
        await platform.settled()
        await platform.check()


async def seal(desk: Desk) -> SentEnvelope:
    path = desk.home.path / "declaration.json"
    path.write_bytes(declaration())

    def work(client: Client) -> SentEnvelope:
        return client.seal(
            path, type_="declaration.annual", cty=DECLARATION_CTY, classification="C1"
        )

    return await desk.do(work)


async def deposit(desk: Desk, envelope: SentEnvelope, scenario: str | None = None) -> Deposit:
    return await desk.do(lambda client: client.deposit(envelope), scenario)


def deposits(desk: Desk) -> int:
    return desk.platform.wires["exchange"].calls.count(DEPOSIT)


@pytest.mark.parametrize("scenario", [s for s in Scenario if TABLE[s].is_stored])
async def test_an_envelope_that_is_taken_in_is_one_with_one_receipt_and_one_delivery(
    desk: Desk, scenario: Scenario, pauses: list[float]
) -> None:
    envelope = await seal(desk)
    drilled = await deposit(desk, envelope, scenario)
    assert deposits(desk) == (2 if scenario is Scenario.LOST_ANSWER else 1)
    assert drilled.is_repeat is (scenario is not Scenario.SLOW_LOG)
    assert len(pauses) == (1 if scenario is Scenario.LOST_ANSWER else 0)
    plain = await deposit(desk, envelope)
    assert (plain.raw, plain.is_repeat) == (drilled.raw, True)
    accepted = [
        entry
        for entry in await desk.platform.entries()
        if entry.type == "envelope.accepted" and entry.env == envelope.id
    ]
    assert len(accepted) == 1
    await desk.platform.settled()
    received = desk.platform.stored("SELECT envelope_id FROM inbox")
    assert [row["envelope_id"] for row in received] == [envelope.id]


async def refused(desk: Desk, envelope: SentEnvelope, scenario: str) -> PlatformError:
    def work(client: Client) -> PlatformError:
        with pytest.raises(PlatformError) as caught:
            client.deposit(envelope)
        return caught.value

    return await desk.do(work, scenario)


async def test_what_a_drill_refuses_is_not_stored_and_not_repeated_in_vain(
    desk: Desk, pauses: list[float]
) -> None:
    envelope = await seal(desk)
    expected = {
        Scenario.PARTNER_MISSING: (Code.RECIPIENT, 1),
        Scenario.REFUSED_SIGNATURE: (Code.SIGNATURE, 1),
        Scenario.CLOCK_SKEW: (Code.CLOCK, 1),
        Scenario.OUTAGE: (Code.UNAVAILABLE, MAX_ATTEMPTS),
        Scenario.RATE: (Code.RATE, MAX_ATTEMPTS),
    }
    assert set(expected) == {s for s in Scenario if not TABLE[s].is_stored}
    for scenario, (code, tries) in expected.items():
        before = deposits(desk)
        pauses.clear()
        error = await refused(desk, envelope, scenario)
        assert (error.code, deposits(desk) - before) == (code, tries), scenario
        assert error.detail.startswith("drill: ")
        assert len(pauses) == tries - 1
        if tries > 1:
            assert all(pause >= 1 for pause in pauses)  # as Retry-After says
            assert "submit --resume" in error.fix
    assert "envelope.accepted" not in {entry.type for entry in await desk.platform.entries()}
    assert not envelope.receipt.exists()
    assert not (await deposit(desk, envelope)).is_repeat
