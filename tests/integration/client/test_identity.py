"""A National Authority lives with its keys: rotation, theft, a strange version, destruction."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sextant_client.bundle import create_bundle
from sextant_client.client import Client
from sextant_client.enrolment import countersign, write_request
from sextant_client.home import KeyPolicy
from sextant_client.identity import changing, upkeep
from sextant_client.identity.rehearsal import Rehearsal
from sextant_client.identity.saying import say
from sextant_client.identity.signing import make_request
from sextant_client.identity.watching import REQUEST, Seen
from sextant_client.sent import SentEnvelope
from sextant_client.verify import Verified, verify_bundle
from sextant_shared.clock import timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import EnrolmentRequest, KeyStatus, KeyUse, PartyDocument
from sextant_shared.models.statements import Says
from sextant_shared.protocol.parties import VerifiedParty
from tests.integration.declarations.contents import declaration
from tests.support.parties import registrar_pairs, registrars
from tests.support.platform import DECLARATION_CTY, XAL, open_platform
from tests.support.sdk import Desk

pytestmark = pytest.mark.anyio
HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_platform(tmp_path / "platform") as platform:
        yield Desk.of(platform, platform.parties[XAL], tmp_path / "home")
        await platform.settled()
        await platform.check()


async def send(desk: Desk, content: bytes | None = None) -> SentEnvelope:
    """Seal and deposit a declaration with the SDK."""
    path = desk.home.path / "declaration.json"
    path.write_bytes(content or declaration())

    def work(client: Client) -> SentEnvelope:
        sealed = client.seal(
            path, type_="declaration.annual", cty=DECLARATION_CTY, classification="C1"
        )
        client.deposit(sealed)
        return sealed

    return await desk.do(work)


async def current(desk: Desk) -> VerifiedParty:
    return await desk.do(lambda client: client.parties.newest(XAL))


def proposed(desk: Desk, document: PartyDocument) -> EnrolmentRequest:
    """Return the request, signed by the root, as it lies beside the keys that wait."""
    waiting = [key for use in KeyUse for key in desk.home.keys.next.of_use(use)]
    request = make_request(document, waiting, desk.home.keys.pair(KeyUse.ROOT))
    write_request(desk.home.keys.next.folder / REQUEST, request)
    return request


async def enrolled(desk: Desk, request: EnrolmentRequest) -> None:
    """Have two registrars countersign, and one give it to the exchange."""
    for pair in registrar_pairs()[:2]:
        request = countersign(request, pair)
    await desk.platform.client("registrar-1").request(
        "POST", f"/v1/parties/{XAL}/documents", json=request.model_dump(mode="json")
    )


async def rotated(desk: Desk, use: KeyUse) -> list[str]:
    """Rotate keys of one use, whole; return the ids of the new ones."""
    document = changing.rotate(await current(desk), use, desk.home.keys, desk.platform.clock())
    fresh = [key.kid for key in desk.home.keys.next.of_use(use)]
    await enrolled(desk, proposed(desk, document))
    return fresh


async def revoked(desk: Desk, kids: list[str], suspect_from: float) -> None:
    """Revoke keys by the root alone, given by the party itself."""
    removal = changing.Removal(KeyStatus.REVOKED, "stolen", timestamp_s(suspect_from))
    document = changing.remove(await current(desk), kids, removal, desk.platform.clock())
    request = make_request(document, [], desk.home.keys.pair(KeyUse.ROOT))
    await desk.platform.client(f"{XAL}/desk").request(
        "POST", f"/v1/parties/{XAL}/documents", json=request.model_dump(mode="json")
    )


async def test_rotation_goes_on_under_traffic_and_old_keys_still_open(desk: Desk) -> None:
    first = await send(desk)
    assert desk.known_version() == 1
    old = {key.kid for key in desk.home.keys.of_use(KeyUse.SEAL)}
    sig, seal = await rotated(desk, KeyUse.SIG), await rotated(desk, KeyUse.SEAL)
    api = await rotated(desk, KeyUse.API)
    second = await send(desk)
    assert desk.known_version() == 4
    assert "version 4, made here, is in force" in desk.told
    third = await send(desk)
    assert set(second.header.skid) | set(third.header.skid) == set(sig)
    assert desk.home.keys.api_signer().kid == api[0]
    await desk.platform.settled()
    got = await desk.do(lambda client: list(client.collect()))
    sealed_to = {to.kid for received in got for to in received.header.to}
    assert {r.header.irt for r in got} == {first.id, second.id, third.id}
    assert sealed_to <= old | set(seal)
    assert not any("ALERT" in words or "did not make" in words for words in desk.told)


async def test_a_rehearsal_changes_nothing_and_a_version_made_elsewhere_is_shouted(
    desk: Desk,
) -> None:
    await desk.do(lambda client: client.own.newest())
    before = await current(desk)
    document = changing.rotate(before, KeyUse.SIG, desk.home.keys, desk.platform.clock())
    request = proposed(desk, document)
    rehearsal = Rehearsal(desk.home.keys, before, registrars(), desk.platform.clock)
    lines = {line.name: line for line in rehearsal.lines()}
    assert [name for name, line in lines.items() if not line.ok] == ["signatures"]
    assert (
        "registrars: 0" in lines["signatures"].found or "2 registrar" in lines["signatures"].found
    )
    for pair in registrar_pairs()[:2]:
        request = countersign(request, pair)
    write_request(desk.home.keys.next.folder / REQUEST, request)
    assert all(line.ok for line in rehearsal.lines())
    assert (await current(desk)).document.ver == 1  # a rehearsal changes nothing
    await enrolled(desk, proposed(desk, document))
    late = Rehearsal(desk.home.keys, await current(desk), registrars(), desk.platform.clock)
    assert [line.name for line in late.lines() if not line.ok] == ["document", "signatures"]
    # Now as somebody would who has our root and two registrars, on another machine.
    (desk.home.keys.next.folder / REQUEST).unlink()
    seen = await desk.do(lambda client: client.own.newest())
    assert (seen.seen, seen.ver) == (Seen.STRANGE, 2)
    assert "did not make" in desk.told[-1]
    assert desk.known_version() == 1


async def test_a_theft_is_flagged_in_status_and_bundle_until_the_party_speaks(
    desk: Desk, tmp_path: Path
) -> None:
    stolen = [key.kid for key in desk.home.keys.of_use(KeyUse.SIG)]
    honest, doubtful = await send(desk), await send(desk)
    await rotated(desk, KeyUse.SIG)
    await send(desk)
    await revoked(desk, stolen, desk.platform.clock() - HOUR)
    with pytest.raises(PlatformError) as caught:
        await desk.platform.declare(XAL, declaration())  # still signs with what was stolen
    assert caught.value.code is Code.KEY
    await desk.platform.settled()
    await desk.do(lambda client: list(client.collect()))
    await desk.do(lambda client: client.own.newest())
    assert any("revokes keys of ours" in words for words in desk.told)
    status = await desk.do(lambda client: client.status(doubtful.id))
    assert "suspected from" in status.flag

    def judged(client: Client) -> list[Verified]:
        now = desk.platform.clock()
        say(client, honest.id, Says.AFFIRMED, "", now)
        say(client, doubtful.id, Says.REPUDIATED, "not sent by us", now)
        paths = [tmp_path / f"{envelope.id}.zip" for envelope in (honest, doubtful)]
        for envelope, path in zip((honest, doubtful), paths, strict=True):
            create_bundle(client, envelope.id, path, with_content=False)
        return [verify_bundle(path, client.trust) for path in paths]

    found = await desk.do(judged)
    assert [len(one.flags) for one in found] == [2, 2]
    assert [one.said for one in found] == [Says.AFFIRMED, Says.REPUDIATED]
    assert [one.is_doubtful for one in found] == [False, True]


async def test_a_sealing_key_is_destroyed_after_its_time_and_not_while_it_is_needed(
    desk: Desk,
) -> None:
    await send(desk)  # its answers will be sealed to the first key
    await desk.platform.settled()
    (active,) = (await current(desk)).active(KeyUse.SEAL)
    old = active.kid
    with pytest.raises(PlatformError) as caught:
        await desk.do(lambda c: upkeep.destroy(desk.home, active, c, desk.platform.clock()))
    assert caught.value.code is Code.STATE
    await rotated(desk, KeyUse.SEAL)
    await desk.do(lambda client: client.own.newest())
    document = changing.retire(await current(desk), desk.home.keys, desk.platform.clock())
    await enrolled(desk, proposed(desk, document))
    held = {key.kid for key in desk.home.keys.of_use(KeyUse.SEAL)}
    party = await current(desk)
    due = [d for d in upkeep.find_due(party, held, KeyPolicy()) if d.act == "destroy"]
    assert [d.key.kid for d in due] == [old]
    assert not due[0].is_due(desk.platform.clock() + 89 * DAY)
    assert due[0].is_due(desk.platform.clock() + 90 * DAY)
    assert await desk.do(lambda c: upkeep.undelivered_to(c, {old})) == {old}
    await desk.do(lambda client: list(client.collect()))
    assert await desk.do(lambda c: upkeep.undelivered_to(c, {old})) == set()
    assert old in upkeep.last_used(desk.home)
    record = await desk.do(
        lambda c: upkeep.destroy(desk.home, due[0].key, c, desk.platform.clock())
    )
    assert old not in {key.kid for key in desk.home.keys.of_use(KeyUse.SEAL)}
    assert b"signatures" in record.read_bytes()
    await send(desk)
    await desk.platform.settled()
    assert len(await desk.do(lambda client: list(client.collect()))) == 2  # opened and outcome
