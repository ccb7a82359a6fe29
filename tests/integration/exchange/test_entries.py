"""A party reads its own part of the log, whole and with proof, and nothing of others."""

import pytest

from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.exchange import PartyEntry
from sextant_shared.protocol.acts import commitment
from sextant_shared.protocol.logproof import verify_proof
from tests.integration.exchange.containers import SEC, XAL, XBO, recall_of, sealed
from tests.integration.exchange.world import OPERATOR, REGISTRAR, World

pytestmark = pytest.mark.anyio


async def entries_of(world: World, party: str, after: int = 0) -> list[PartyEntry]:
    """Return the entries of a party, each verified against the log."""
    page = (await world.caller(party).get("/v1/entries", after=after)).json()
    found = [PartyEntry.model_validate(one) for one in page["entries"]]
    for one in found:
        logged = verify_proof(b64u_decode(one.entry), one.proof, world.audit.log.keys)
        assert logged.index == one.index
    assert page["next"] is None
    return found


def kinds(found: list[PartyEntry]) -> list[str]:
    return [parse_entry(b64u_decode(one.entry)).type for one in found]


@pytest.mark.parametrize("who", [REGISTRAR, OPERATOR])
async def test_others_than_parties_have_no_entries_of_their_own(world: World, who: str) -> None:
    assert (await world.caller(who).get("/v1/entries")).status_code == 403


async def test_each_party_sees_what_concerns_it_and_only_who_acted_sees_the_detail(
    world: World,
) -> None:
    container = sealed()
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    body = {"statement": recall_of(container)}
    assert (await world.caller(XAL).post(f"{container.path}/recall", body)).status_code == 200
    own = await entries_of(world, XAL)
    assert kinds(own) == ["party.document", "envelope.accepted", "envelope.recalled"]
    assert [one.index for one in own] == sorted(one.index for one in own)
    recall = own[-1]
    assert recall.detail is not None
    assert recall.salt is not None
    opened = commitment(b64u_decode(recall.salt), b64u_decode(recall.detail))
    assert b64u(opened) in b64u_decode(recall.entry).decode()
    theirs = await entries_of(world, SEC)
    assert kinds(theirs) == ["party.document", "envelope.accepted", "envelope.recalled"]
    assert (theirs[-1].entry, theirs[-1].detail, theirs[-1].salt) == (recall.entry, None, None)
    assert kinds(await entries_of(world, XBO)) == ["party.document"]
    assert [one.index for one in await entries_of(world, XAL, recall.index - 1)] == [recall.index]
