"""A clock that is wrong: nothing is written by it, readiness says why, callers hear what to do."""

import pytest

from tests.integration.exchange.containers import XAL, sealed
from tests.integration.exchange.refusals import code_of
from tests.integration.exchange.world import World

pytestmark = pytest.mark.anyio


async def test_no_deposit_is_dated_before_one_that_stands_and_all_is_well_once_it_is_set(
    world: World,
) -> None:
    world.clock.now += 40  # the service has run for a while
    caller = world.caller(XAL)
    assert (await caller.deposit(sealed(1))).status_code == 201
    world.clock.now -= 30  # callers' clocks went back with it: their proofs still hold
    answer = await caller.deposit(sealed(2))
    assert (answer.status_code, code_of(answer)) == (503, "E_UNAVAILABLE")
    assert "30 s behind" in answer.json()["detail"]
    assert answer.headers["retry-after"]
    ready = await world.send("GET", "/readyz")
    assert (ready.status_code, "behind" in ready.json()["checks"]["clock"]) == (503, True)
    world.clock.now += 30
    assert (await caller.deposit(sealed(2))).status_code == 201


async def test_a_service_that_starts_with_an_old_clock_says_so(world: World) -> None:
    assert (await world.caller(XAL).deposit(sealed(1))).status_code == 201
    await world.stop()
    world.clock.now -= 86_400
    await world.start()
    ready = await world.send("GET", "/readyz")
    assert (ready.status_code, "86400 s behind" in ready.json()["checks"]["clock"]) == (503, True)


async def test_a_caller_whose_clock_is_off_hears_by_how_much(world: World) -> None:
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    world.clock.now += 90
    proof = caller._proof("GET", "/v1/parties")
    world.clock.now -= 90
    headers = {"Authorization": f"DPoP {caller.token}", "DPoP": proof}
    answer = await world.send("GET", "/v1/parties", headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "E_AUTH")
    assert "90 s ahead of the service's" in answer.json()["fix"]
