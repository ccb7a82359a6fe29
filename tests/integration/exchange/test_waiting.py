"""Long polls: who waits at a mailbox, what wakes them, and who is not served any more."""

import asyncio
from typing import Any

import pytest

from sextant_shared.chassis.application import gated
from tests.integration.exchange.containers import SEC
from tests.integration.exchange.test_mailboxes import act, fill, items, state_of
from tests.integration.exchange.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def bells_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits looks again when a bell rings, and for no other reason."""
    monkeypatch.setattr("sextant_exchange.domain.mailboxes.RECHECK_S", 60.0)


@pytest.mark.usefixtures("bells_only")
async def test_a_waiting_reader_is_woken_by_an_acceptance(world: World) -> None:
    caller = world.caller(SEC)
    await caller.get("/v1/parties")
    waiting = asyncio.create_task(items(caller, wait=30))
    await asyncio.sleep(0.05)
    await fill(world, 1)
    async with asyncio.timeout(10):
        (item,) = await waiting
    assert item["seq"] == 1


@pytest.mark.usefixtures("bells_only")
async def test_a_waiting_worker_is_woken_by_a_release_and_by_a_replay(world: World) -> None:
    await fill(world, 1)
    caller = world.caller(SEC)
    (lease,) = await caller.lease()
    waiting = asyncio.create_task(caller.lease(wait_s=30))
    await asyncio.sleep(0.05)
    await act(caller, lease, "release", {"error": "later", "delay_s": 0})
    async with asyncio.timeout(10):
        (lease,) = await waiting
    await act(caller, lease, "release", {"error": "poison", "dead": True})
    waiting = asyncio.create_task(caller.lease(wait_s=30))
    await asyncio.sleep(0.05)
    await caller.post("/v1/mailbox/dead-letters/1/replay")
    async with asyncio.timeout(10):
        (again,) = await waiting
    assert again["seq"] == 1


async def test_a_reader_that_waits_in_vain_is_answered_in_time(world: World) -> None:
    async with asyncio.timeout(3):
        assert await items(world.caller(SEC), wait=1) == []


async def test_too_many_who_wait_are_told_to_come_again(stopped: World) -> None:
    await stopped.start(max_pollers=1)
    caller = stopped.caller(SEC)
    await caller.get("/v1/parties")
    waiting = asyncio.create_task(caller.get("/v1/mailbox", wait=30))
    await asyncio.sleep(0.05)
    answer = await caller.get("/v1/mailbox", wait=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "E_UNAVAILABLE")
    assert answer.headers["retry-after"]
    assert (await caller.get("/v1/mailbox")).status_code == 200  # who does not wait is served
    waiting.cancel()


@pytest.mark.usefixtures("bells_only")
async def test_a_worker_that_died_while_waiting_is_given_no_lease(world: World) -> None:
    caller = world.caller(SEC)
    await caller.get("/v1/parties")
    path, body = "/v1/mailbox/leases", b'{"wait_s": 30}'
    headers = {"authorization": f"DPoP {caller.token}", "dpop": caller._proof("POST", path)}
    died = asyncio.Event()
    asked = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await died.wait()
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        return

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("exchange.example", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    assert world.app is not None
    ghost = asyncio.ensure_future(gated(world.app)(scope, receive, send))
    await asyncio.sleep(0.1)
    died.set()
    await fill(world, 1)
    async with asyncio.timeout(10):
        await ghost
    assert await state_of(caller) == ("available", 0, "")
