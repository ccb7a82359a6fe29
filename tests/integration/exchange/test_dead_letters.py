"""What is given up comes again or is discarded: by its owner alone, with a reason, in the log."""

from typing import Any

import pytest

from sextant_shared.encoding import canonical_json
from sextant_shared.models.entries import DeliveryDiscardedEntry, DeliveryReplayedEntry
from sextant_shared.protocol.acts import verify_act
from tests.integration.exchange.containers import SEC, XAL, XBO, Container, sealed
from tests.integration.exchange.world import World
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
PLACE = "/v1/mailbox/dead-letters/1"
WHY = {"reason": "UNREADABLE", "note": "the key was lost"}
NEVER_S = 3600.0


async def buried(world: World) -> Container:
    """Return an envelope whose delivery to the Secretariat is a dead letter."""
    container = sealed()
    await world.caller(XAL).deposit(container)
    (lease,) = await world.caller(SEC).lease()
    released = {"error": "poison", "dead": True}
    await world.caller(SEC).post(f"/v1/mailbox/leases/{lease['lease']}/release", released)
    return container


async def state_of(world: World) -> str:
    (item,) = (await world.caller(SEC).get("/v1/mailbox")).json()["items"]
    return str(item["state"])


async def acts_seen_by(world: World, who: str, container: Container) -> list[Any]:
    found: list[Any] = (await world.caller(who).get(f"{container.path}/acts")).json()["acts"]
    return found


async def test_only_a_dead_letter_is_discarded(world: World) -> None:
    await world.caller(XAL).deposit(sealed())
    for seq in (1, 99):
        answer = await world.caller(SEC).post(f"/v1/mailbox/dead-letters/{seq}/discard", WHY)
        assert (answer.status_code, answer.json()["code"]) == (409, "E_STATE")
    assert await state_of(world) == "available"


async def test_nobody_discards_the_dead_letters_of_others(world: World) -> None:
    await buried(world)
    assert (await world.caller(XBO).post(f"{PLACE}/discard", WHY)).status_code == 409
    assert (await world.caller("operator-1").post(f"{PLACE}/discard", WHY)).status_code == 403
    assert await state_of(world) == "dead"


@pytest.mark.parametrize("body", [{}, {"reason": "BORED"}, {"reason": "OTHER", "note": "x" * 501}])
async def test_a_discard_gives_a_known_reason(world: World, body: dict[str, str]) -> None:
    await buried(world)
    answer = await world.caller(SEC).post(f"{PLACE}/discard", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")
    assert await state_of(world) == "dead"


async def test_a_discarded_delivery_never_comes_again(world: World) -> None:
    await buried(world)
    assert (await world.caller(SEC).post(f"{PLACE}/discard", WHY)).status_code == 200
    assert await state_of(world) == "discarded"
    assert (await world.caller(SEC).post(f"{PLACE}/replay")).status_code == 409
    world.clock.now += 10_000
    world.caller(SEC).token = ""
    assert await world.caller(SEC).lease() == []
    assert (await world.caller(SEC).get("/v1/mailbox/dead-letters")).json()["items"] == []


async def test_a_discard_is_proved_to_its_owner_and_tells_others_no_reason(world: World) -> None:
    container = await buried(world)
    view = (await world.caller(SEC).post(f"{PLACE}/discard", WHY)).json()
    keys = world.audit.log.keys
    act = verify_act(canonical_json(view["receipt"]), container.id, keys)
    assert isinstance(act.entry, DeliveryDiscardedEntry)
    by = {"party": "SEC", "seq": 1, "by": "SEC/test"}
    assert act.detail == {**by, **WHY}
    assert await acts_seen_by(world, SEC, container) == [view]
    (seen,) = await acts_seen_by(world, XAL, container)
    assert (seen["detail"], seen["index"]) == (None, act.index)
    assert verify_act(canonical_json(seen["receipt"]), container.id, keys).detail is None
    for who, words in ((SEC, "UNREADABLE: the key was lost"), (XAL, "")):
        events = (await world.caller(who).get(f"{container.path}/events")).json()["events"]
        last = events[-1]
        assert (last["event"], last["detail"], last["index"]) == ("discarded", words, act.index)


async def test_a_discard_twice_is_one_act(world: World) -> None:
    await buried(world)
    first = await world.caller(SEC).post(f"{PLACE}/discard", WHY)
    again = await world.caller(SEC).post(f"{PLACE}/discard", {"reason": "OTHER"})
    assert (again.status_code, again.json()) == (200, first.json())


async def test_each_replay_is_an_act_of_its_own(world: World) -> None:
    container = await buried(world)
    why = {"reason": "the store is mended"}
    first = (await world.caller(SEC).post(f"{PLACE}/replay", why)).json()
    assert first["detail"]["reason"] == "the store is mended"
    (lease,) = await world.caller(SEC).lease()
    released = {"error": "", "dead": True}
    await world.caller(SEC).post(f"/v1/mailbox/leases/{lease['lease']}/release", released)
    (dead,) = (await world.caller(SEC).get("/v1/mailbox/dead-letters")).json()["items"]
    assert dead["last_error"] != ""  # none is dead without a reason
    await world.caller(SEC).post(f"{PLACE}/replay")
    found = [e for e in world.audit.entries if isinstance(e, DeliveryReplayedEntry)]
    assert [entry.env for entry in found] == [container.id] * 2
    assert len(await acts_seen_by(world, SEC, container)) == 2


@pytest.mark.parametrize("step", ["held", "logged", "stored"])
@pytest.mark.parametrize(("verb", "body"), [("replay", {}), ("discard", WHY)])
async def test_a_stop_after_a_durable_step_loses_and_repeats_nothing(
    stopped: World, verb: str, body: dict[str, str], step: str
) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    container = await buried(stopped)
    stopped.stop_at(f"exchange.after_act_{step}")
    assert (await stopped.caller(SEC).post(f"{PLACE}/{verb}", body)).status_code == 500
    await stopped.restart(recover_every_s=0.05)
    await until(lambda: not stopped.rows("SELECT 1 FROM act WHERE log_index IS NULL"))
    (act,) = await acts_seen_by(stopped, SEC, container)
    verify_act(canonical_json(act["receipt"]), container.id, stopped.audit.log.keys)
    assert [e.type for e in stopped.audit.entries].count(act["type"]) == 1
    assert await state_of(stopped) == {"replay": "available", "discard": "discarded"}[verb]
