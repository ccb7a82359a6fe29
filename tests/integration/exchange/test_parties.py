"""The party registry through the HTTP API: enrolment, succession, proofs, a log that is away."""

import asyncio
from typing import Any

import pytest

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import PlatformError
from sextant_shared.models.entries import PartyDocumentEntry
from sextant_shared.models.party import KeyStatus, RegistryProof
from sextant_shared.protocol.parties import (
    VerifiedParty,
    sign_party_document,
    verify_party_document,
)
from sextant_shared.protocol.registry_state import verify_registry_proof
from tests.integration.exchange.containers import KEYS, SEC, XAL, XBO, sealed
from tests.integration.exchange.world import OPERATOR, REGISTRAR, World
from tests.support.logs import NOW
from tests.support.parties import PartyKeys, next_version, registrar_pairs, registrars
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
XCC = PartyKeys("NA-XCC")
NEVER_S = 3600.0


async def in_force(world: World, party: str) -> VerifiedParty:
    answer = await world.caller(REGISTRAR).get(f"/v1/parties/{party}")
    assert answer.headers["content-type"] == "application/jose+json"
    return verify_party_document(answer.content, registrars(), None)


def renamed(before: VerifiedParty, name: str, signers: list[Signer] | None = None) -> bytes:
    by = signers or KEYS[before.document.party].signers(registrar_pairs()[:2])
    return sign_party_document(next_version(before, name=name), by)


def party_entries(world: World) -> list[tuple[str, int]]:
    return [(e.party, e.ver) for e in world.audit.entries if isinstance(e, PartyDocumentEntry)]


async def proof(world: World, party: str, **params: Any) -> RegistryProof:
    answer = await world.caller(XAL).get(f"/v1/parties/{party}/proof", **params)
    assert answer.status_code == 200, answer.text
    return RegistryProof.model_validate_json(answer.content)


async def test_an_enrolled_party_is_listed_proved_and_may_act(world: World) -> None:
    answer = await world.enrol(XCC)
    assert answer.status_code == 201
    summary = answer.json()
    assert (summary["party"], summary["ver"], summary["index"]) == ("NA-XCC", 1, 4)
    listed = (await world.caller(XAL).get("/v1/parties")).json()["parties"]
    assert [line["party"] for line in listed] == [XAL, XBO, "NA-XCC", SEC]
    assert listed[2] == summary
    state = verify_registry_proof(await proof(world, "NA-XCC"), registrars(), world.audit.log.keys)
    assert (state.index, b64u(state.party.digest)) == (4, summary["digest"])


async def test_the_list_is_read_in_pages(world: World) -> None:
    async def page(**params: Any) -> list[str]:
        answer = await world.caller(XAL).get("/v1/parties", **params)
        return [line["party"] for line in answer.json()["parties"]]

    assert await page(limit=2) == [XAL, XBO]
    assert await page(after=XBO, limit=2) == [SEC]
    answer = await world.caller(XAL).get("/v1/parties", limit=501)
    assert answer.status_code == 400


@pytest.mark.parametrize("client", [XAL, OPERATOR])
async def test_only_registrars_enrol(world: World, client: str) -> None:
    raw = sign_party_document(XCC.document(), XCC.signers(registrar_pairs()[:2]))
    answer = await world.give_document("NA-XCC", raw, [*XCC.sig, XCC.api], by=client)
    assert (answer.status_code, answer.json()["code"]) == (403, "E_FORBIDDEN")


async def test_nobody_reads_the_registry_without_a_token(world: World) -> None:
    for path in ("/v1/parties", f"/v1/parties/{SEC}", f"/v1/parties/{SEC}/proof"):
        assert (await world.send("GET", path)).status_code == 401


async def test_a_document_signed_by_too_few_is_refused_and_not_stored(world: World) -> None:
    raw = sign_party_document(XCC.document(), XCC.signers(registrar_pairs()[:1]))
    answer = await world.give_document("NA-XCC", raw, [*XCC.sig, XCC.api])
    assert (answer.status_code, answer.json()["code"]) == (422, "E_POLICY")
    assert len(world.rows("SELECT 1 FROM party_document")) == 3
    assert (await world.caller(XAL).get("/v1/parties/NA-XCC")).status_code == 404


async def test_a_key_without_proof_of_possession_is_refused(world: World) -> None:
    raw = sign_party_document(XCC.document(), XCC.signers(registrar_pairs()[:2]))
    answer = await world.give_document("NA-XCC", raw, [*XCC.sig])
    assert (answer.status_code, answer.json()["code"]) == (422, "E_POLICY")
    assert "possession" in answer.json()["detail"]


async def test_a_document_at_anothers_address_is_refused(world: World) -> None:
    raw = sign_party_document(XCC.document(), XCC.signers(registrar_pairs()[:2]))
    answer = await world.give_document(XBO, raw, [*XCC.sig, XCC.api])
    assert (answer.status_code, answer.json()["code"]) == (409, "E_STATE")


async def test_bytes_that_are_no_document_are_refused(world: World) -> None:
    body = {"document": "{}", "possession": []}
    answer = await world.caller(REGISTRAR).post("/v1/parties/NA-XCC/documents", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")


async def test_the_same_document_again_is_the_same_answer(world: World) -> None:
    first, again = await world.enrol(XCC), await world.enrol(XCC)
    assert (again.status_code, again.json()) == (201, first.json())
    assert party_entries(world).count(("NA-XCC", 1)) == 1


async def test_a_version_follows_the_one_in_force_and_no_other(world: World) -> None:
    before = await in_force(world, XAL)
    second = renamed(before, "Renamed")
    answer = await world.give_document(XAL, second, [])
    assert (answer.status_code, answer.json()["ver"], answer.json()["name"]) == (201, 2, "Renamed")
    rival = renamed(before, "Rival")
    answer = await world.give_document(XAL, rival, [])
    assert (answer.status_code, answer.json()["code"]) == (409, "E_STATE")
    old = await world.caller(XAL).get(f"/v1/parties/{XAL}", ver=1)
    assert old.content == before.raw
    assert (await world.caller(XAL).get(f"/v1/parties/{XAL}")).content == second


async def test_documents_that_come_at_once_take_force_one_after_the_other(world: World) -> None:
    befores = {party: await in_force(world, party) for party in (XAL, XBO)}
    given = [
        world.give_document(party, renamed(before, f"{party} {n}"), [])
        for party, before in befores.items()
        for n in range(2)
    ]
    codes = sorted(answer.status_code for answer in await asyncio.gather(*given))
    assert codes == [201, 201, 409, 409]
    for party in (XAL, XBO, SEC):
        verify_registry_proof(await proof(world, party), registrars(), world.audit.log.keys)


async def test_a_proof_shows_the_keys_in_force_at_any_position(world: World) -> None:
    before = await in_force(world, XAL)
    await world.enrol(XCC)  # index 4
    await world.give_document(XAL, renamed(before, "Renamed"), [])  # index 5
    keys = world.audit.log.keys
    for at, index, name in (
        (4, 4, before.document.name),
        (5, 5, "Renamed"),
        (99, 5, "Renamed"),
    ):
        state = verify_registry_proof(await proof(world, XAL, at=at), registrars(), keys)
        assert (state.index, state.party.document.name) == (index, name)
    for party, at in (("NA-XCC", 3), (XAL, 0), ("NA-XZZ", 99)):
        answer = await world.caller(XAL).get(f"/v1/parties/{party}/proof", at=at)
        assert (answer.status_code, answer.json()["code"]) == (404, "E_NOT_FOUND")


async def test_a_forged_document_does_not_pass_the_proof(world: World) -> None:
    honest = await proof(world, XAL)
    other = await proof(world, XBO)
    forged = honest.model_copy(update={"documents": other.documents})
    with pytest.raises(PlatformError) as caught:
        verify_registry_proof(forged, registrars(), world.audit.log.keys)
    assert caught.value.code == "E_INTEGRITY"


async def test_a_suspended_access_key_gets_no_token(world: World) -> None:
    before = await in_force(world, XAL)
    suspended = [
        key.model_copy(update={"status": KeyStatus.SUSPENDED, "changed": timestamp_s(NOW)})
        if key.kid == KEYS[XAL].api.kid
        else key
        for key in before.document.keys
    ]
    raw = sign_party_document(next_version(before, keys=suspended), KEYS[XAL].root)
    assert (await world.give_document(XAL, raw, [])).status_code == 201
    with pytest.raises(AssertionError, match="suspended"):
        await world.caller(XAL).get("/v1/mailbox")


async def test_while_the_log_is_away_a_document_waits_and_takes_force_later(
    stopped: World,
) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    stopped.audit.is_cut = True
    away = await stopped.enrol(XCC)
    assert (away.status_code, away.json()["code"]) == (503, "E_UNAVAILABLE")
    assert (await stopped.caller(XAL).get("/v1/parties/NA-XCC")).status_code == 404
    stopped.audit.is_cut = False
    assert (await stopped.enrol(XCC)).json()["index"] == 4
    assert party_entries(stopped)[3:] == [("NA-XCC", 1)]


async def test_another_document_waits_for_the_one_that_is_pending(stopped: World) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    before = await in_force(stopped, XAL)
    stopped.audit.is_cut = True
    await stopped.enrol(XCC)
    stopped.audit.is_cut = False
    answer = await stopped.give_document(XAL, renamed(before, "Renamed"), [])
    assert answer.json()["index"] == 5
    assert party_entries(stopped)[3:] == [("NA-XCC", 1), (XAL, 2)]
    for party in (XAL, "NA-XCC"):
        verify_registry_proof(await proof(stopped, party), registrars(), stopped.audit.log.keys)


async def test_a_service_that_starts_without_its_log_serves_what_is_in_force(
    stopped: World,
) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    stopped.audit.is_cut = True
    await stopped.enrol(XCC)
    await stopped.restart(recover_every_s=0.05, log_wait_s=0.1)
    assert (await stopped.send("GET", "/readyz")).status_code == 200
    assert (await stopped.caller(XAL).deposit(sealed())).status_code == 202
    stopped.audit.is_cut = False

    async def look() -> bool:
        return (await stopped.caller(XAL).get("/v1/parties/NA-XCC")).status_code == 200

    await until(look, "the pending document took force")


@pytest.mark.parametrize("step", ["held", "logged"])
async def test_a_stop_while_a_document_takes_force_puts_it_in_force_once(
    stopped: World, step: str
) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    stopped.stop_at(f"exchange.after_party_{step}")
    assert (await stopped.enrol(XCC)).status_code == 500
    await stopped.restart(recover_every_s=NEVER_S)
    answer = await stopped.enrol(XCC)
    assert (answer.status_code, answer.json()["index"]) == (201, 4)
    assert party_entries(stopped)[3:] == [("NA-XCC", 1)]
    raw = stopped.rows("SELECT raw FROM party_document WHERE party = 'NA-XCC'")[0].raw
    assert answer.json()["digest"] == b64u(sha256(raw))


async def test_a_registry_row_that_was_tampered_with_stops_the_start(stopped: World) -> None:
    ((raw,),) = stopped.rows("SELECT raw FROM party_document WHERE party = 'SEC'")
    tampered = raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:]
    stopped.change("UPDATE party_document SET raw = :raw WHERE party = 'SEC'", raw=tampered)
    with pytest.raises(PlatformError) as caught:
        await stopped.start()
    assert caught.value.code in {"E_SIGNATURE", "E_MALFORMED"}
