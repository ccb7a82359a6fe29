"""Mailboxes through the HTTP API: order, leases, dead letters, waiting."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.integration.exchange.containers import SEC, XAL, XBO, sealed, sealing_key
from tests.integration.exchange.world import Caller, World, counted_statements
from tests.support.logs import envelope_id

pytestmark = pytest.mark.anyio
LIST_BUDGET = 1  # statements for a page, however long
POLL_BUDGET = 2  # what is available, and what lapsed
LEASE_S = 60


async def fill(world: World, count: int, start: int = 1) -> None:
    for number in range(start, start + count):
        answer = await world.caller(XAL).deposit(sealed(number))
        assert answer.status_code == 201


async def items(caller: Caller, **params: Any) -> list[Any]:
    found: list[Any] = (await caller.get("/v1/mailbox", **params)).json()["items"]
    return found


async def act(caller: Caller, lease: dict[str, Any], name: str, body: Any = None) -> httpx.Response:
    return await caller.post(f"/v1/mailbox/leases/{lease['lease']}/{name}", body)


async def state_of(caller: Caller, seq: int = 1) -> tuple[str, int, str]:
    (item,) = await items(caller, after=seq - 1, limit=1)
    return item["state"], item["attempts"], item["last_error"]


def stale(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (409, "E_STATE")


# --- order and pages ------------------------------------------------------------------------------


async def test_numbers_are_contiguous_per_mailbox_in_the_order_of_acceptance(world: World) -> None:
    await fill(world, 2)
    both = [(XBO, sealing_key(XBO)), (SEC, sealing_key(SEC))]
    to_both = sealed(3, type="transfer.notice", recipients=both)
    await world.caller(XAL).deposit(to_both)
    await fill(world, 1, start=4)
    assert [(i["seq"], i["id"]) for i in await items(world.caller(SEC))] == [
        (n, envelope_id(n)) for n in (1, 2, 3, 4)
    ]
    assert [(i["seq"], i["id"]) for i in await items(world.caller(XBO))] == [(1, envelope_id(3))]


async def test_a_cursor_walks_through_every_delivery_once(world: World) -> None:
    await fill(world, 5)
    caller, after, seen = world.caller(SEC), 0, []
    while page := (await caller.get("/v1/mailbox", after=after, limit=2)).json():
        seen += [item["seq"] for item in page["items"]]
        if not page["items"]:
            assert page["next"] == after
            break
        after = page["next"]
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 501}, {"after": -1}, {"after": 2**53}, {"wait": 61}, {"state": "x"}],
    ids=str,
)
async def test_a_page_beyond_the_bounds_is_refused(world: World, params: dict[str, Any]) -> None:
    answer = await world.caller(SEC).get("/v1/mailbox", **params)
    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")


async def test_a_mailbox_can_be_read_by_state(world: World) -> None:
    await fill(world, 3)
    caller = world.caller(SEC)
    (lease,) = await caller.lease()
    assert [i["seq"] for i in await items(caller, state="leased")] == [1]
    await act(caller, lease, "acknowledge")
    assert [i["seq"] for i in await items(caller, state="acknowledged")] == [1]
    assert [i["seq"] for i in await items(caller, state="available")] == [2, 3]


async def test_a_page_takes_the_same_few_statements_however_long_it_is(world: World) -> None:
    await fill(world, 6)
    caller = world.caller(SEC)
    await caller.get("/v1/parties")
    for path in ("/v1/mailbox", "/v1/mailbox/dead-letters"):
        with counted_statements() as statements:
            await caller.get(path, limit=6)
        assert len(statements) <= LIST_BUDGET


async def test_a_poll_that_finds_nothing_writes_nothing(world: World) -> None:
    caller = world.caller(SEC)
    await caller.get("/v1/parties")
    with counted_statements() as statements:
        assert await caller.lease() == []
    assert len(statements) <= POLL_BUDGET


# --- leases ---------------------------------------------------------------------------------------


async def test_a_leased_delivery_is_nobody_elses(world: World) -> None:
    await fill(world, 3)
    caller = world.caller(SEC)
    first, second = await caller.lease(limit=2), await caller.lease(limit=9)
    assert [lease["seq"] for lease in first + second] == [1, 2, 3]
    assert await caller.lease() == []
    assert len({lease["lease"] for lease in first + second}) == 3


async def test_workers_that_lease_at_once_share_nothing(world: World) -> None:
    await fill(world, 12)
    caller = world.caller(SEC)
    await caller.get("/v1/parties")
    taken = await asyncio.gather(*(caller.lease(limit=3) for _ in range(6)))
    assert sorted(lease["seq"] for leases in taken for lease in leases) == list(range(1, 13))


async def test_an_acknowledged_delivery_does_not_come_again(world: World) -> None:
    await fill(world, 1)
    caller = world.caller(SEC)
    (lease,) = await caller.lease()
    assert (await act(caller, lease, "acknowledge")).status_code == 204
    world.clock.now += 100 * LEASE_S
    caller.token = ""
    assert await caller.lease() == []
    assert await state_of(caller) == ("acknowledged", 1, "")


async def test_a_lease_that_ran_out_comes_again_and_fences_out_the_late_worker(
    world: World,
) -> None:
    await fill(world, 1)
    caller = world.caller(SEC)
    (late,) = await caller.lease(lease_s=LEASE_S)
    world.clock.now += LEASE_S
    assert stale(await act(caller, late, "acknowledge"))  # even before anybody else has it
    (again,) = await caller.lease(lease_s=LEASE_S)
    assert (again["seq"], again["attempts"]) == (late["seq"], 2)
    for name, body in (
        ("acknowledge", None),
        ("extend", {"lease_s": 9}),
        ("release", {"error": ""}),
    ):
        assert stale(await act(caller, late, name, body))
    assert (await act(caller, again, "acknowledge")).status_code == 204


async def test_an_extended_lease_goes_on_from_now(world: World) -> None:
    await fill(world, 1)
    caller = world.caller(SEC)
    (lease,) = await caller.lease(lease_s=LEASE_S)
    world.clock.now += LEASE_S - 1
    answer = await act(caller, lease, "extend", {"lease_s": LEASE_S})
    assert answer.status_code == 200
    assert answer.json()["until"] > lease["until"]
    world.clock.now += LEASE_S - 1
    assert await caller.lease() == []
    assert (await act(caller, lease, "acknowledge")).status_code == 204


async def test_a_lease_of_another_mailbox_is_stale_for_everybody_else(world: World) -> None:
    await fill(world, 1)
    (lease,) = await world.caller(SEC).lease()
    for name, body in (("acknowledge", None), ("release", {"error": "mine"})):
        assert stale(await act(world.caller(XBO), lease, name, body))
    assert (await act(world.caller(SEC), lease, "acknowledge")).status_code == 204


@pytest.mark.parametrize(
    "body",
    [{"max": 0}, {"max": 65}, {"lease_s": 0}, {"lease_s": 3601}, {"wait_s": 61}, {"max": "1"}],
    ids=str,
)
async def test_an_order_beyond_the_bounds_is_refused(world: World, body: dict[str, Any]) -> None:
    answer = await world.caller(SEC).post("/v1/mailbox/leases", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")


# --- release, dead letters, replay ----------------------------------------------------------------


async def test_a_released_delivery_comes_back_after_the_pause_asked_for(world: World) -> None:
    await fill(world, 1)
    caller = world.caller(SEC)
    (lease,) = await caller.lease()
    released = {"error": "store away", "delay_s": 30}
    assert (await act(caller, lease, "release", released)).status_code == 204
    assert await caller.lease() == []
    world.clock.now += 29
    assert await caller.lease() == []
    world.clock.now += 1
    (again,) = await caller.lease()
    assert (again["attempts"], again["last_error"]) == (2, "store away")


async def test_pauses_grow_with_each_attempt_until_the_delivery_is_a_dead_letter(
    stopped: World,
) -> None:
    await stopped.start(max_attempts=4, backoff_s=10.0, backoff_cap_s=25.0)
    await fill(stopped, 1)
    caller = stopped.caller(SEC)
    for longest in (10, 20, 25):
        (lease,) = await caller.lease()
        await act(caller, lease, "release", {"error": "broken"})
        stopped.clock.now += longest / 2 - 0.001
        assert await caller.lease() == []
        stopped.clock.now += longest / 2 + 0.001
    (lease,) = await caller.lease()
    await act(caller, lease, "release", {"error": "broken for good"})
    assert await state_of(caller) == ("dead", 4, "broken for good")
    (dead,) = (await caller.get("/v1/mailbox/dead-letters")).json()["items"]
    assert (dead["seq"], dead["last_error"]) == (1, "broken for good")


async def test_a_worker_may_bury_a_delivery_at_once(world: World) -> None:
    await fill(world, 1)
    caller = world.caller(SEC)
    (lease,) = await caller.lease()
    await act(caller, lease, "release", {"error": "poison", "dead": True})
    assert await state_of(caller) == ("dead", 1, "poison")


async def test_leases_that_always_run_out_end_as_a_dead_letter(stopped: World) -> None:
    await stopped.start(max_attempts=2)
    await fill(stopped, 1)
    caller = stopped.caller(SEC)
    for _ in range(2):
        assert len(await caller.lease(lease_s=LEASE_S)) == 1
        stopped.clock.now += LEASE_S
    assert await caller.lease() == []
    state, attempts, error = await state_of(caller)
    assert (state, attempts) == ("dead", 2)
    assert "ran out" in error


async def test_a_lease_in_which_a_delivery_was_not_even_tried_is_no_attempt(
    stopped: World,
) -> None:
    await stopped.start(max_attempts=2)
    await fill(stopped, 1)
    caller = stopped.caller(SEC)
    waits = {"error": "an earlier one comes first", "delay_s": 1, "untried": True}
    for _ in range(4):
        (lease,) = await caller.lease()
        assert lease["attempts"] == 1
        await act(caller, lease, "release", waits)
        assert await state_of(caller) == ("available", 0, "an earlier one comes first")
        assert await caller.lease() == []
        stopped.clock.now += 1
    for _ in range(2):
        (lease,) = await caller.lease()
        await act(caller, lease, "release", {"error": "broken", "delay_s": 0})
    assert await state_of(caller) == ("dead", 2, "broken")


async def test_a_dead_letter_that_is_replayed_starts_afresh(world: World) -> None:
    await fill(world, 2)
    caller = world.caller(SEC)
    (lease,) = await caller.lease()
    await act(caller, lease, "release", {"error": "poison", "dead": True})
    assert (await caller.post("/v1/mailbox/dead-letters/1/replay")).status_code == 200
    assert stale(await caller.post("/v1/mailbox/dead-letters/1/replay"))
    (again,) = await caller.lease()
    assert (again["seq"], again["attempts"]) == (1, 1)


@pytest.mark.parametrize(("seq", "status"), [(1, 409), (99, 409), (0, 400), (2**53, 400)])
async def test_only_a_dead_letter_can_be_replayed(world: World, seq: int, status: int) -> None:
    await fill(world, 1)
    answer = await world.caller(SEC).post(f"/v1/mailbox/dead-letters/{seq}/replay")
    assert answer.status_code == status


async def test_nobody_replays_the_dead_letters_of_others(world: World) -> None:
    await fill(world, 1)
    (lease,) = await world.caller(SEC).lease()
    await act(world.caller(SEC), lease, "release", {"error": "poison", "dead": True})
    assert stale(await world.caller(XBO).post("/v1/mailbox/dead-letters/1/replay"))
    assert (await world.caller(XBO).get("/v1/mailbox/dead-letters")).json()["items"] == []


async def test_a_lease_goes_on_in_the_trace_of_its_deposit(world: World) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await world.restart(trace_file=world.folder / "spans.jsonl")
    await world.caller(XAL).deposit(sealed(), traceparent=trace)
    (lease,) = await world.caller(SEC).lease()
    assert lease["traceparent"].split("-")[1] == trace.split("-")[1]
