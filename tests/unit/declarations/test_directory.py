"""Registry proofs are fetched once and never believed unverified."""

import pytest

from sextant_declarations.domain.directory import NEWEST_TTL_S, Directory
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse
from sextant_shared.protocol.parties import sign_party_document, verify_party_document
from tests.support.logs import NOW
from tests.support.parties import next_version, opener, party_key, registrar_pairs
from tests.unit.declarations.fakes import FakeExchange
from tests.unit.declarations.world import XAL, World

pytestmark = pytest.mark.anyio


class Hand:
    """A clock to move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def exchange(world: World) -> FakeExchange:
    return FakeExchange(world)


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def directory(world: World, exchange: FakeExchange, clock: Hand) -> Directory:
    return Directory(exchange, world.trust, clock)


def rotate(world: World) -> str:
    """Let NA-XAL retire its sealing key for a new one; return the new key's id."""
    before = world.documents[XAL][-1]
    fresh = party_key(KeyUse.SEAL, opener("the next sealing key"))
    keys = [
        key.model_copy(update={"status": KeyStatus.RETIRED}) if key.use is KeyUse.SEAL else key
        for key in before.document.keys
    ]
    document = next_version(before, keys=[key.model_dump() for key in (*keys, fresh)])
    raw = sign_party_document(document, world.keys[XAL].signers(registrar_pairs()[:2]))
    world.publish(verify_party_document(raw, world.registrars, before))
    return fresh.kid


async def test_an_older_state_than_the_envelopes_is_refused(
    world: World, exchange: FakeExchange, directory: Directory
) -> None:
    exchange.bend_proof = world.proof_bytes(XAL)
    rotate(world)
    with pytest.raises(PlatformError, match="about something else") as raised:
        await directory.address(XAL, since=world.reg, classification="C1")
    assert raised.value.code is Code.INTEGRITY


async def test_class_c3_needs_a_key_fit_for_it(world: World, directory: Directory) -> None:
    with pytest.raises(PlatformError, match="no active sealing key fit for class C3") as raised:
        await directory.address(XAL, since=world.reg, classification="C3")
    assert raised.value.code is Code.RECIPIENT


async def test_a_state_at_one_position_is_fetched_once(
    world: World, exchange: FakeExchange, directory: Directory
) -> None:
    first = await directory.proof_at(XAL, world.reg)
    assert await directory.proof_at(XAL, world.reg) == first
    assert exchange.asked == [(XAL, world.reg)]


async def test_what_did_not_hold_is_fetched_again(
    world: World, exchange: FakeExchange, directory: Directory
) -> None:
    exchange.bend_proof = b"{}"
    await directory.proof_at(XAL, world.reg)
    directory.forget(XAL)
    exchange.bend_proof = None
    proof = await directory.proof_at(XAL, world.reg)
    assert world.trust.party_at(proof, XAL, world.reg) == world.documents[XAL][-1]


async def test_replies_go_to_a_rotated_key_after_a_while(
    world: World, directory: Directory, clock: Hand
) -> None:
    since = world.reg
    before = await directory.address(XAL, since=since, classification="C1")
    kid = rotate(world)
    assert await directory.address(XAL, since=since, classification="C1") == before
    clock.now += NEWEST_TTL_S + 1
    after = await directory.address(XAL, since=since, classification="C1")
    assert after.jwk == opener("the next sealing key").jwk
    assert kid == opener("the next sealing key").kid


async def test_an_envelope_accepted_after_a_rotation_is_answered_to_the_new_key_at_once(
    world: World, directory: Directory
) -> None:
    await directory.address(XAL, since=world.reg, classification="C1")
    rotate(world)
    address = await directory.address(XAL, since=world.reg, classification="C1")
    assert address.jwk == opener("the next sealing key").jwk
