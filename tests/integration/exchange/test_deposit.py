"""A deposit, its repeats, and what comes back, through the HTTP API."""

import asyncio

import pytest

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import Opener, SealingKey
from sextant_shared.encoding import b64u
from sextant_shared.models.entries import EnvelopeAcceptedEntry
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.parties import sign_party_document, verify_party_document
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.exchange.containers import (
    KEYS,
    SEC,
    XAL,
    XBO,
    Container,
    sealed,
    sealing_key,
)
from tests.integration.exchange.world import REGISTRAR, World
from tests.support.logs import NOW
from tests.support.parties import (
    next_version,
    opener,
    party_key,
    registrar_pairs,
    registrars,
)

pytestmark = pytest.mark.anyio
SMALL, LARGE = b"small", b"x" * 300_000


def about(world: World, container: Container) -> list[int]:
    """Return where the log speaks of this envelope."""
    return [
        index
        for index, entry in enumerate(world.audit.entries)
        if isinstance(entry, EnvelopeAcceptedEntry) and entry.env == container.id
    ]


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in a row", "in a blob"])
async def test_a_deposit_is_answered_with_a_receipt_that_verifies(
    world: World, content: bytes
) -> None:
    container = sealed(content=content)
    answer = await world.caller(XAL).deposit(container)
    assert answer.status_code == 201
    assert answer.headers["location"] == container.path
    receipt = verify_custody(answer.content, container.digest, container.id, world.audit.log.keys)
    assert [receipt.index] == about(world, container)
    assert receipt.reg == 3  # the newest of three party entries, which follow the first leaf
    fetched = await world.caller(SEC).get(f"{container.path}/content")
    assert (fetched.status_code, fetched.content) == (200, container.data)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in a row", "in a blob"])
async def test_a_repeat_gives_the_same_receipt_byte_for_byte(world: World, content: bytes) -> None:
    container = sealed(content=content)
    caller = world.caller(XAL)
    first = await caller.deposit(container)
    files = world.files()
    world.clock.now += 100
    again = await caller.deposit(container)
    assert (again.status_code, again.content) == (200, first.content)
    assert (await caller.get(f"{container.path}/receipt")).content == first.content
    assert len(about(world, container)) == 1
    assert world.files() == files


async def test_the_receipt_is_the_same_after_a_restart(world: World) -> None:
    container = sealed()
    first = await world.caller(XAL).deposit(container)
    await world.restart()
    world.clock.now += 1
    again = await world.caller(XAL).deposit(container)
    assert (again.status_code, again.content) == (200, first.content)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in a row", "in a blob"])
async def test_the_same_id_with_another_manifest_is_a_conflict(
    world: World, content: bytes
) -> None:
    caller = world.caller(XAL)
    first = await caller.deposit(sealed(content=content))
    files = world.files()
    answer = await caller.deposit(sealed(content=content))  # sealed anew: other bytes
    assert (answer.status_code, answer.json()["code"]) == (409, "E_DUPLICATE")
    assert world.files() == files
    assert first.status_code == 201


async def test_two_parties_may_use_the_same_id(world: World) -> None:
    for party in (XAL, XBO):
        answer = await world.caller(party).deposit(sealed(1, sender=party))
        assert answer.status_code == 201


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in a row", "in a blob"])
async def test_repeats_at_the_same_time_are_one_deposit(world: World, content: bytes) -> None:
    container = sealed(content=content)
    caller = world.caller(XAL)
    await caller.get("/v1/parties")  # the token is there
    answers = await asyncio.gather(*(caller.deposit(container) for _ in range(8)))
    assert {answer.content for answer in answers} == {answers[0].content}
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] * 7 + [201]
    assert len(about(world, container)) == 1
    assert len((await world.caller(SEC).get("/v1/mailbox")).json()["items"]) == 1
    assert len(world.files()) == (content == LARGE)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in a row", "in a blob"])
async def test_of_rival_manifests_under_one_id_one_wins(world: World, content: bytes) -> None:
    rivals = [sealed(content=content) for _ in range(4)]
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    answers = await asyncio.gather(*(caller.deposit(rival) for rival in rivals))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(about(world, rivals[0])) == 1
    assert len(world.files()) == (content == LARGE)


async def test_many_deposits_at_once_share_calls_to_the_log(world: World) -> None:
    containers = [sealed(number) for number in range(24)]
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    calls = len(world.audit.calls)
    answers = await asyncio.gather(*(caller.deposit(container) for container in containers))
    assert {answer.status_code for answer in answers} == {201}
    assert len(world.audit.calls) - calls < 12
    indexes = [about(world, container) for container in containers]
    assert sorted(index for found in indexes for index in found) == list(range(4, 28))
    items = (await world.caller(SEC).get("/v1/mailbox")).json()["items"]
    assert [item["seq"] for item in items] == list(range(1, 25))
    assert [item["index"] for item in items] == sorted(item["index"] for item in items)


async def test_each_recipient_gets_its_own_copy(world: World) -> None:
    both = [(SEC, sealing_key(SEC)), (XBO, sealing_key(XBO))]
    container = sealed(1, type="transfer.notice", recipients=both)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    for party in (SEC, XBO):
        (item,) = (await world.caller(party).get("/v1/mailbox")).json()["items"]
        assert (item["seq"], item["id"], item["type"]) == (1, container.id, "transfer.notice")
        assert item["manifest"] == b64u(container.digest)
    status = (await world.caller(XAL).get(container.path)).json()
    assert {copy["party"]: copy["state"] for copy in status["recipients"]} == {
        SEC: "available",
        XBO: "available",
    }


async def test_the_highest_class_is_carried_between_stronger_keys(world: World) -> None:
    strong = opener("SEC/strong", Alg.K2)
    await _register(world, SEC, strong)
    container = sealed(classification="C3", recipients=[(SEC, SealingKey.from_jwk(strong.jwk))])
    refused = await world.caller(XAL).deposit(container)  # no answer could be sealed to it
    assert (refused.status_code, refused.json()["code"]) == (422, "E_POLICY")
    await _register(world, XAL, opener("XAL/strong", Alg.K2))
    answer = await world.caller(XAL).deposit(container)
    assert answer.status_code == 201
    receipt = verify_custody(answer.content, container.digest, container.id, world.audit.log.keys)
    assert receipt.reg == 6  # after both documents and the entry of the refusal between them


async def _register(world: World, party: str, strong: Opener) -> None:
    """Bring a document into force that has one more sealing key."""
    held = await world.caller(REGISTRAR).get(f"/v1/parties/{party}")
    before = verify_party_document(held.content, registrars(), None)
    keys = [*before.document.keys, party_key(KeyUse.SEAL, strong)]
    signers = KEYS[party].signers(registrar_pairs()[:2])
    raw = sign_party_document(next_version(before, keys=keys), signers)
    assert (await world.give_document(party, raw, [])).status_code == 201


async def test_an_access_token_outlives_neither_its_time_nor_its_service(world: World) -> None:
    caller = world.caller(XAL)
    assert (await caller.deposit(sealed(1))).status_code == 201
    world.clock.now += 301
    late = sealed(2, created=timestamp_s(NOW + 300))
    assert (await caller.deposit(late)).status_code == 401
    caller.token = ""
    assert (await caller.deposit(late)).status_code == 201
