"""A refused deposit is evidence: logged, and proved in the problem document."""

from collections.abc import Callable

import pytest

from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeRefusedEntry
from sextant_shared.protocol.refusals import RefusalReceipt, verify_refusal
from tests.integration.exchange.containers import SEC, XAL, XBO, Container, sealed, sealing_key
from tests.integration.exchange.refusals import flip, mutated, signature
from tests.integration.exchange.world import World
from tests.support.logs import NOW, log_keys

pytestmark = pytest.mark.anyio


def refusals(world: World) -> list[EnvelopeRefusedEntry]:
    return [e for e in world.audit.entries if isinstance(e, EnvelopeRefusedEntry)]


async def receipt(world: World, container: Container) -> str:
    answer = await world.caller(XAL).deposit(container)
    assert answer.status_code == 422
    return str(answer.json().get("evidence", {}).get("refusal", ""))


def verified(raw: str, container: Container) -> RefusalReceipt:
    return verify_refusal(raw.encode(), container.digest, container.id, log_keys())


@pytest.mark.parametrize(
    ("container", "code"),
    [
        pytest.param(lambda: sealed(1, type="no.such"), "E_POLICY", id="type"),
        pytest.param(
            lambda: sealed(1, type="transfer.notice"), "E_POLICY", id="recipient left out"
        ),
        pytest.param(
            lambda: sealed(1, recipients=[(SEC, sealing_key(XBO))]), "E_RECIPIENT", id="key"
        ),
        pytest.param(lambda: sealed(1, created="2020-01-01T00:00:00Z"), "E_CLOCK", id="clock"),
    ],
)
async def test_what_a_party_signed_and_is_refused_has_its_proof(
    world: World, container: Callable[[], Container], code: str
) -> None:
    one = container()
    found = verified(await receipt(world, one), one)
    assert (found.code, found.entry.env, found.entry.man) == (code, one.id, b64u(one.digest))
    assert world.audit.entries[found.index] == found.entry
    assert world.rows("SELECT 1 FROM envelope") == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda: sealed(1).data[:-1], id="a body cut short"),
        pytest.param(
            lambda: sealed(1).bent(jws=signature(0, mutated("signature", flip))).data,
            id="a signature that does not hold",
        ),
    ],
)
async def test_faults_of_the_line_or_of_the_caller_leave_the_log_alone(
    world: World, data: Callable[[], bytes]
) -> None:
    answer = await world.caller(XAL).deposit(data())
    assert answer.status_code == 422
    assert "evidence" not in answer.json()
    assert refusals(world) == []


async def test_an_envelope_of_another_sender_is_refused_without_evidence(world: World) -> None:
    foreign = sealed(1, type="no.such")
    answer = await world.caller(XBO).deposit(foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "E_SENDER")
    assert refusals(world) == []


async def test_a_log_that_is_away_costs_the_evidence_and_not_the_answer(stopped: World) -> None:
    await stopped.start(log_wait_s=0.1)
    stopped.audit.is_cut = True
    answer = await stopped.caller(XAL).deposit(sealed(1, type="no.such"))
    assert (answer.status_code, answer.json()["code"]) == (422, "E_POLICY")
    assert "evidence" not in answer.json()


async def test_what_was_refused_can_be_accepted_later(world: World) -> None:
    early = sealed(1, created=timestamp_s(NOW + 86_500))
    first, second = [verified(await receipt(world, early), early) for _ in range(2)]
    assert first.index != second.index
    world.clock.now += 200
    assert (await world.caller(XAL).deposit(early)).status_code == 201


async def test_a_receipt_is_about_one_envelope_only(world: World) -> None:
    one, other = sealed(1, type="no.such"), sealed(2, type="no.such")
    raw = await receipt(world, one)
    with pytest.raises(PlatformError) as caught:
        verified(raw, other)
    assert caught.value.code is Code.INTEGRITY
    accepted = (await world.caller(XAL).deposit(sealed(3))).text
    with pytest.raises(PlatformError):
        verified(accepted, sealed(3))
