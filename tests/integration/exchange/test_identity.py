"""Identity over years through the HTTP API: revocation, statements, histories, a lost root."""

from typing import Any

import httpx
import pytest

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.models.entries import PartyRecoveryEntry, PartyStatementEntry
from sextant_shared.models.party import (
    EnrolmentRequest,
    KeyStatus,
    KeyUse,
    PartyDocument,
    PartyHistory,
    PartyKey,
    RegistryProof,
)
from sextant_shared.models.statements import LoggedStatement, Says, Statement
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from sextant_shared.protocol.keyhistory import verify_history
from sextant_shared.protocol.parties import (
    VerifiedParty,
    prove_possession,
    sign_party_document,
)
from sextant_shared.protocol.registry_state import verify_registry_proof
from sextant_shared.protocol.statements import sign_statement, verify_statement
from tests.integration.exchange.containers import KEYS, SEC, XAL, XBO, Container, sealed
from tests.integration.exchange.world import REGISTRAR, World, static_signer
from tests.support.logs import NOW
from tests.support.parties import next_version, pair, party_key, registrar_pairs, registrars
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
HOUR = 3600.0
ALL = [half for both in registrar_pairs() for half in both]
SIG = [half.kid for half in KEYS[XAL].sig]
FRESH = pair("NA-XAL/sig-2")


async def in_force(world: World, party: str = XAL) -> VerifiedParty:
    """Return the document in force; only for parties that changed nothing but by one side."""
    answer = await world.caller(SEC).get(f"/v1/parties/{party}/proof")
    proof = RegistryProof.model_validate_json(answer.content)
    return verify_registry_proof(proof, registrars(), world.audit.log.keys).party


def with_status(before: VerifiedParty, kids: list[str], **change: Any) -> list[PartyKey]:
    change = {"changed": timestamp_s(NOW), "reason": "stolen", **change}
    return [
        key.model_copy(update=change) if key.kid in kids else key for key in before.document.keys
    ]


async def give(
    world: World,
    document: PartyDocument,
    signers: list[Signer],
    proved: list[Signer] | None = None,
    *,
    by: str = REGISTRAR,
    place: str = "documents",
) -> httpx.Response:
    raw = sign_party_document(document, signers)
    request = EnrolmentRequest(
        document=raw.decode(), possession=prove_possession(raw, proved or [])
    )
    path = f"/v1/parties/{document.party}/{place}"
    return await world.caller(by).post(path, request.model_dump(mode="json"))


async def rotate(world: World) -> None:
    """Give NA-XAL a second signing pair beside the first."""
    before = await in_force(world)
    keys = [*before.document.keys, *(party_key(KeyUse.SIG, half) for half in FRESH)]
    signers = KEYS[XAL].signers(registrar_pairs()[:2])
    answer = await give(world, next_version(before, keys=keys), signers, list(FRESH))
    assert answer.status_code == 201, answer.text


async def revoke(world: World, suspect_from: float | None, *, by: str = XAL) -> httpx.Response:
    before = await in_force(world)
    suspect = None if suspect_from is None else timestamp_s(suspect_from)
    keys = with_status(before, SIG, status=KeyStatus.REVOKED, suspect_from=suspect)
    return await give(world, next_version(before, keys=keys), list(KEYS[XAL].root), by=by)


async def test_a_party_revokes_its_own_keys_at_once_and_nobody_elses(world: World) -> None:
    answer = await revoke(world, None, by=XBO)
    assert (answer.status_code, answer.json()["code"]) == (403, "E_FORBIDDEN")
    assert (await revoke(world, None)).status_code == 201
    refused = await world.caller(XAL).deposit(sealed())
    assert (refused.status_code, refused.json()["code"]) == (422, "E_KEY")
    assert "revoked" in refused.json()["detail"]


async def test_a_party_cannot_add_a_key_to_its_own_document_without_registrars(
    world: World,
) -> None:
    before = await in_force(world)
    keys = [*before.document.keys, *(party_key(KeyUse.SIG, half) for half in FRESH)]
    document = next_version(before, keys=keys)
    answer = await give(world, document, list(KEYS[XAL].root), list(FRESH), by=XAL)
    assert (answer.status_code, answer.json()["code"]) == (422, "E_POLICY")


async def test_a_body_that_arrives_after_the_revocation_is_refused(world: World) -> None:
    container = sealed(7)

    async def slowly() -> Any:
        yield container.data[:-10]
        assert (await revoke(world, None, by=REGISTRAR)).status_code == 201
        yield container.data[-10:]

    headers = {
        "Content-Type": "application/vnd.dxe.v1",
        "Content-Length": str(len(container.data)),
    }
    answer = await world.caller(XAL).send(
        "POST", "/v1/envelopes", content=slowly(), headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "E_KEY")
    assert world.rows("SELECT 1 FROM envelope") == []


async def test_what_was_logged_before_the_revocation_is_flagged_and_not_erased(
    world: World,
) -> None:
    early, late = sealed(1), sealed(2)
    assert (await world.caller(XAL).deposit(early)).status_code == 201
    world.clock.now += 2 * HOUR
    await world.restart()
    assert (await world.caller(XAL).deposit(late)).status_code == 201
    assert (await status(world, late))["flag"] == ""
    await rotate(world)
    await revoke(world, NOW + HOUR)
    assert (await status(world, early))["flag"] == ""
    found = await status(world, late)
    assert "revoked, suspected from" in found["flag"]
    assert found["state"] == "accepted"
    content = await world.caller(SEC).get(f"{late.path}/content")
    assert content.content == late.data


async def test_the_flag_is_found_in_a_large_container_too(world: World) -> None:
    large = sealed(3, content=bytes(200_000))
    assert (await world.caller(XAL).deposit(large)).status_code == 201
    await revoke(world, NOW - HOUR)
    assert "suspected from" in (await status(world, large))["flag"]


async def status(world: World, container: Container, by: str = SEC) -> dict[str, Any]:
    answer = await world.caller(by).get(container.path)
    found: dict[str, Any] = answer.json()
    return found


def statement(container: Container, says: Says, signers: tuple[Signer, Signer]) -> bytes:
    made = Statement(
        v=1,
        party=XAL,
        t=timestamp_s(NOW),
        env=container.id,
        man=b64u(container.digest),
        says=says,
        reason="",
    )
    return sign_statement(made, signers)


async def say(world: World, container: Container, raw: bytes, *, by: str = XAL) -> httpx.Response:
    body = {"statement": raw.decode()}
    return await world.caller(by).post(f"{container.path}/statements", body)


async def test_a_sender_repudiates_and_whoever_may_see_the_envelope_sees_it(world: World) -> None:
    container = sealed(1)
    await world.caller(XAL).deposit(container)
    await rotate(world)
    await revoke(world, NOW - HOUR)
    raw = statement(container, Says.REPUDIATED, FRESH)
    first, again = await say(world, container, raw), await say(world, container, raw)
    assert (first.status_code, first.json()) == (201, again.json())
    assert (await status(world, container))["said"] == "repudiated"
    assert sum(isinstance(e, PartyStatementEntry) for e in world.audit.entries) == 1
    listed = (await world.caller(SEC).get(f"{container.path}/statements")).json()["statements"]
    answer = await world.caller(SEC).get(f"/v1/parties/{XAL}/history")
    keys = world.audit.log.keys
    history = verify_history(
        PartyHistory.model_validate_json(answer.content), XAL, registrars(), keys
    )
    proved = verify_statement(LoggedStatement.model_validate(listed[0]), history, keys)
    assert proved.signed.statement.says is Says.REPUDIATED
    assert (await world.caller(XBO).get(f"{container.path}/statements")).status_code == 404


async def test_the_newest_word_counts(world: World) -> None:
    container = sealed(1)
    await world.caller(XAL).deposit(container)
    for says in (Says.REPUDIATED, Says.AFFIRMED):
        await say(world, container, statement(container, says, KEYS[XAL].sig))
        assert (await status(world, container))["said"] == says


@pytest.mark.parametrize(
    ("by", "signer", "about", "code"),
    [
        (SEC, XAL, 1, "E_FORBIDDEN"),
        (XAL, XBO, 1, "E_KEY"),
        (XAL, XAL, 2, "E_DIGEST"),
    ],
)
async def test_only_the_senders_word_on_this_envelope_is_taken(
    world: World, by: str, signer: str, about: int, code: str
) -> None:
    container = sealed(1)
    await world.caller(XAL).deposit(container)
    raw = statement(sealed(about) if about > 1 else container, Says.AFFIRMED, KEYS[signer].sig)
    answer = await say(world, container, raw, by=by)
    assert answer.json()["code"] == code
    assert world.rows("SELECT 1 FROM statement") == []


async def test_a_statement_that_the_log_missed_is_logged_later(stopped: World) -> None:
    await stopped.start(recover_every_s=0.05)
    container = sealed(1)
    await stopped.caller(XAL).deposit(container)
    stopped.audit.is_cut = True
    answer = await say(stopped, container, statement(container, Says.AFFIRMED, KEYS[XAL].sig))
    assert (answer.status_code, answer.json()["code"]) == (503, "E_UNAVAILABLE")
    assert (await status(stopped, container))["said"] is None
    stopped.audit.is_cut = False

    async def look() -> bool:
        return bool((await status(stopped, container))["said"] == "affirmed")

    await until(look, "the statement was logged")


# --- a lost root ----------------------------------------------------------------------------------


def recovery(before: VerifiedParty, label: str = "NA-XAL/root-2") -> PartyDocument:
    lost = [key.kid for key in before.document.keys if key.use is KeyUse.ROOT]
    keys = with_status(before, lost, status=KeyStatus.REVOKED)
    return next_version(
        before, keys=[*(party_key(KeyUse.ROOT, half) for half in pair(label)), *keys]
    )


async def announced(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """Announce a recovery; return its request and the notice."""
    fresh = list(pair("NA-XAL/root-2"))
    raw = sign_party_document(recovery(await in_force(world)), [*fresh, *ALL])
    request = EnrolmentRequest(document=raw.decode(), possession=prove_possession(raw, fresh))
    body = request.model_dump(mode="json")
    answer = await world.caller(REGISTRAR).post(f"/v1/parties/{XAL}/recovery", body)
    assert answer.status_code == 202, answer.text
    return body, answer.json()


async def enforce(world: World, body: dict[str, Any]) -> httpx.Response:
    return await world.caller(REGISTRAR).post(f"/v1/parties/{XAL}/documents", body)


async def test_a_lost_root_is_replaced_after_three_days_in_the_open(world: World) -> None:
    body, notice = await announced(world)
    seen = (await world.caller(XBO).get(f"/v1/parties/{XAL}/recovery")).json()
    assert seen == notice
    early = await enforce(world, body)
    assert (early.status_code, early.json()["code"]) == (409, "E_STATE")
    assert (await world.caller(XAL).deposit(sealed())).status_code == 201  # life goes on
    world.clock.now += 73 * HOUR
    await world.restart()
    answer = await enforce(world, body)
    assert (answer.status_code, answer.json()["ver"]) == (201, 2)
    roots = [k.kid for k in (await in_force(world)).active(KeyUse.ROOT)]
    assert roots == [half.kid for half in pair("NA-XAL/root-2")]
    gone = await world.caller(XBO).get(f"/v1/parties/{XAL}/recovery")
    assert gone.status_code == 404
    history = await world.caller(SEC).get(f"/v1/parties/{XAL}/history")
    verify_history(
        PartyHistory.model_validate_json(history.content), XAL, registrars(), world.audit.log.keys
    )
    await world.restart()  # what is stored verifies again
    assert len((await in_force(world)).active(KeyUse.ROOT)) == 2


async def test_the_old_root_cancels_a_recovery_in_the_meantime(world: World) -> None:
    body, _ = await announced(world)
    same = next_version(await in_force(world))
    assert (await give(world, same, list(KEYS[XAL].root), by=XAL)).status_code == 201
    assert (await world.caller(XBO).get(f"/v1/parties/{XAL}/recovery")).status_code == 404
    world.clock.now += 100 * HOUR
    await world.restart()
    answer = await enforce(world, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "E_STATE")


async def test_a_recovery_that_was_not_announced_does_not_take_force(world: World) -> None:
    document = recovery(await in_force(world))
    signers = [*pair("NA-XAL/root-2"), *ALL]
    answer = await give(world, document, signers, list(pair("NA-XAL/root-2")))
    assert (answer.status_code, answer.json()["code"]) == (422, "E_KEY")


async def test_a_recovery_by_two_registrars_is_not_even_announced(world: World) -> None:
    document = recovery(await in_force(world))
    fresh = list(pair("NA-XAL/root-2"))
    answer = await give(world, document, [*fresh, *ALL[:4]], fresh, place="recovery")
    assert (answer.status_code, answer.json()["code"]) == (422, "E_POLICY")
    assert not any(isinstance(entry, PartyRecoveryEntry) for entry in world.audit.entries)


async def test_a_party_does_not_announce_its_own_recovery(world: World) -> None:
    document = recovery(await in_force(world))
    fresh = list(pair("NA-XAL/root-2"))
    answer = await give(world, document, [*fresh, *ALL], fresh, by=XAL, place="recovery")
    assert (answer.status_code, answer.json()["code"]) == (403, "E_FORBIDDEN")


async def test_a_new_issuer_key_is_taken_while_the_exchange_runs_and_tokens_of_before_hold(
    world: World,
) -> None:
    before, file = world.caller(XAL), world.folder / "issuer.json"
    assert (await before.get("/v1/parties")).status_code == 200
    held = file.read_bytes()
    assert world.app is not None
    reloading = world.app.state.reloading
    file.write_text("no key")
    reloading.reload()
    ready = (await world.send("GET", "/readyz")).json()
    assert (ready["ready"], list(ready["notes"])) == (True, ["issuer_key_file"])
    file.unlink()
    write_key_file(file, PrivateKey("api", static_signer("issuer-2")))
    reloading.reload()
    assert (await world.send("GET", "/readyz")).json()["notes"] == {}
    assert (await before.get("/v1/parties")).status_code == 200
    fresh = await world.caller(XBO)._token()
    assert static_signer("issuer-2").kid in b64u_decode(fresh.partition(".")[0]).decode()
    assert (await world.caller(XBO).get("/v1/parties")).status_code == 200
    file.write_bytes(held)
