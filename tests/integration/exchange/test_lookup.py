"""Who sees what of an envelope; what is not the caller's does not exist for the caller."""

from typing import Any

import pytest

from sextant_shared.encoding import b64u
from tests.integration.exchange.containers import SEC, XAL, XBO, Container, sealed, sealing_key
from tests.integration.exchange.world import Caller, World, counted_statements
from tests.support.objects import in_a_folder

pytestmark = pytest.mark.anyio
LARGE = b"x" * 300_000
STATUS_BUDGET = 3  # the envelope, its copies, what its sender said of it
EVENTS_BUDGET = 2  # the envelope, its acts


async def deposited(world: World, number: int = 1, **changes: Any) -> Container:
    container = sealed(number, **changes)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    return container


async def lease_and(caller: Caller, name: str, body: Any = None) -> None:
    (lease,) = await caller.lease()
    answer = await caller.post(f"/v1/mailbox/leases/{lease['lease']}/{name}", body)
    assert answer.status_code == 204


async def life(caller: Caller, container: Container) -> list[tuple[str, str]]:
    answer = await caller.get(f"{container.path}/events")
    assert answer.status_code == 200
    return [(event["event"], event["detail"]) for event in answer.json()["events"]]


@pytest.mark.parametrize("tail", ["", "/receipt", "/content", "/events"])
async def test_what_belongs_to_others_is_not_found(world: World, tail: str) -> None:
    container = await deposited(world)
    assert (await world.caller(SEC).get(container.path + tail)).status_code == 200
    others = await world.caller(XBO).get(container.path + tail)
    unknown = await world.caller(XBO).get(sealed(9).path + tail)
    assert (others.status_code, others.json()["code"]) == (404, "E_NOT_FOUND")
    assert others.json()["detail"] == unknown.json()["detail"]  # existence is no news


async def test_a_digest_of_others_is_not_found(world: World) -> None:
    container = await deposited(world)
    digest = b64u(container.digest)
    found = await world.caller(XAL).get("/v1/envelopes", manifest=digest)
    assert found.json()["id"] == container.id
    assert (await world.caller(SEC).get("/v1/envelopes", manifest=digest)).status_code == 200
    assert (await world.caller(XBO).get("/v1/envelopes", manifest=digest)).status_code == 404


@pytest.mark.parametrize("manifest", ["", "AAAA", "=" * 43, "A" * 44])
async def test_a_digest_that_is_none_is_refused(world: World, manifest: str) -> None:
    answer = await world.caller(XAL).get("/v1/envelopes", manifest=manifest)
    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")


@pytest.mark.parametrize("client", ["registrar-1", "operator-1"])
@pytest.mark.parametrize("tail", ["", "/receipt", "/content", "/events"])
async def test_only_parties_look_at_envelopes(world: World, client: str, tail: str) -> None:
    container = await deposited(world)
    answer = await world.caller(client).get(container.path + tail)
    assert (answer.status_code, answer.json()["code"]) == (403, "E_FORBIDDEN")


@pytest.mark.parametrize("tail", ["", "/receipt", "/content", "/events"])
async def test_nobody_looks_without_a_token(world: World, tail: str) -> None:
    container = await deposited(world)
    assert (await world.send("GET", container.path + tail)).status_code == 401


async def test_a_recipient_sees_its_own_copy_and_the_sender_sees_all(world: World) -> None:
    both = [(SEC, sealing_key(SEC)), (XBO, sealing_key(XBO))]
    container = await deposited(world, type="transfer.notice", recipients=both)
    await lease_and(world.caller(SEC), "acknowledge")

    async def copies(party: str) -> dict[str, str]:
        status = (await world.caller(party).get(container.path)).json()
        return {copy["party"]: copy["state"] for copy in status["recipients"]}

    assert await copies(XAL) == {SEC: "acknowledged", XBO: "available"}
    assert await copies(SEC) == {SEC: "acknowledged"}
    assert await copies(XBO) == {XBO: "available"}


async def test_the_life_of_an_envelope_is_told_in_order(world: World) -> None:
    container = await deposited(world)
    await lease_and(world.caller(SEC), "release", {"error": "away", "delay_s": 0})
    await world.caller(SEC).get(f"{container.path}/content")
    await world.caller(SEC).get(f"{container.path}/content")  # the first time counts
    await lease_and(world.caller(SEC), "release", {"error": "poison", "dead": True})
    await world.caller(SEC).post("/v1/mailbox/dead-letters/1/replay")
    await lease_and(world.caller(SEC), "acknowledge")
    assert await life(world.caller(SEC), container) == [
        ("deposited", f"by {XAL}"),
        ("held", ""),
        ("logged", "log index 4"),
        ("accepted", ""),
        ("delivered", f"to the mailbox of {SEC}"),
        ("leased", ""),
        ("released", "away"),
        ("fetched", ""),
        ("leased", ""),
        ("dead", "poison"),
        ("replayed", ""),
        ("leased", ""),
        ("acknowledged", ""),
    ]


async def test_a_recipients_reasons_are_for_nobody_else(world: World) -> None:
    both = [(SEC, sealing_key(SEC)), (XBO, sealing_key(XBO))]
    container = await deposited(world, type="transfer.notice", recipients=both)
    await lease_and(world.caller(SEC), "release", {"error": "E_DECRYPT: slot 0", "dead": True})
    assert ("dead", "E_DECRYPT: slot 0") in await life(world.caller(SEC), container)
    assert ("dead", "") in await life(world.caller(XAL), container)
    seen = await life(world.caller(XBO), container)
    assert "dead" not in [event for event, _ in seen]
    for party in (XAL, XBO):
        for tail in ("", "/events"):
            assert "E_DECRYPT" not in (await world.caller(party).get(container.path + tail)).text


async def test_the_sender_reads_back_what_it_sent(world: World) -> None:
    container = await deposited(world)
    answer = await world.caller(XAL).get(f"{container.path}/content")
    assert answer.content == container.data
    assert answer.headers["content-type"] == "application/vnd.dxe.v1"
    assert "fetched" not in [event for event, _ in await life(world.caller(XAL), container)]


@in_a_folder
async def test_a_lost_blob_is_an_alarm_and_no_short_answer(world: World) -> None:
    container = await deposited(world, content=LARGE)
    for blob in (world.folder / "blobs").iterdir():
        blob.unlink()
    answer = await world.caller(SEC).get(f"{container.path}/content")
    assert (answer.status_code, answer.json()["code"]) == (500, "E_INTEGRITY")


async def test_look_ups_take_the_same_few_statements_however_much_is_stored(world: World) -> None:
    for number in range(1, 5):
        await deposited(world, number)
    container = await deposited(world, 5)
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    for path, budget in (
        (container.path, STATUS_BUDGET),
        (f"/v1/envelopes?manifest={b64u(container.digest)}", STATUS_BUDGET),
        (f"{container.path}/events", EVENTS_BUDGET),
        (f"{container.path}/receipt", 1),
    ):
        path_alone, _, query = path.partition("?")
        with counted_statements() as statements:
            answer = await caller.get(path_alone, **dict([query.split("=")] if query else []))
        assert answer.status_code == 200
        assert len(statements) <= budget
