"""The second site is away: an exchange refuses in time, says so, and goes on without a gap."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sextant_shared.models.entries import EnvelopeAcceptedEntry
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.exchange.containers import KEYS, SEC, XAL, sealed
from tests.integration.exchange.world import World, open_world
from tests.support.postgresql import SERVER
from tests.support.standbys import second_site_away

pytestmark = pytest.mark.anyio
BOUND_S = 1.0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running exchange on the server, whose commits may take a second."""
    async with open_world(
        tmp_path, SERVER.required(), database_statement_s=BOUND_S, recover_every_s=0.1
    ) as one:
        for keys in KEYS.values():
            answer = await one.enrol(keys)
            assert answer.status_code == 201, answer.text
        yield one


async def until(world: World, status: int) -> None:
    async with asyncio.timeout(20):
        while (await world.send("GET", "/readyz")).status_code != status:  # noqa: ASYNC110 -- as a probe
            await asyncio.sleep(0.05)


def receipts(world: World) -> list[str]:
    query = "SELECT envelope.id FROM envelope JOIN receipt USING (number)"
    return [row.id for row in world.rows(query)]


def may_repeat(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and answer.headers["Retry-After"].isdigit()


async def test_a_deposit_is_refused_in_time_and_its_repeat_is_the_one_envelope(
    world: World,
) -> None:
    assert world.server is not None
    given, later = sealed(1), sealed(2)
    logged = len(world.audit.entries)
    caller = world.caller(XAL)
    assert (await caller.deposit(sealed(0))).status_code == 201  # the token is at hand
    with second_site_away(world.server):
        begun = time.monotonic()
        answer = await caller.deposit(given)
        assert may_repeat(answer), answer.text
        assert time.monotonic() - begun < 10 * BOUND_S
        for each in (given, later):
            assert may_repeat(await caller.deposit(each))
        await until(world, 503)
        checks = (await world.send("GET", "/readyz")).json()["checks"]
        assert (checks["store"], checks["commits"][:14]) == ("ok", "a commit waits")
    await until(world, 200)
    first, second = await caller.deposit(given), await caller.deposit(later)
    assert first.status_code in {200, 201}
    assert second.status_code in {200, 201}
    verify_custody(first.content, given.digest, given.id, world.audit.log.keys)
    again = await caller.deposit(given)
    assert (again.status_code, again.content) == (200, first.content)
    items = (await world.caller(SEC).get("/v1/mailbox", limit=100)).json()["items"]
    assert [item["seq"] for item in items] == [1, 2, 3]
    accepted = [e for e in world.audit.entries[logged:] if isinstance(e, EnvelopeAcceptedEntry)]
    assert len({e.env for e in accepted}) == len(accepted) == 3


async def test_no_receipt_is_shown_again_before_the_second_site_has_it(world: World) -> None:
    assert world.server is not None
    caller, given = world.caller(XAL), sealed(1)
    receipt = await caller.deposit(given)
    assert receipt.status_code == 201
    with second_site_away(world.server):
        assert may_repeat(await caller.deposit(given))
    await until(world, 200)
    again = await caller.deposit(given)
    assert (again.status_code, again.content) == (200, receipt.content)


async def test_a_receipt_that_a_crash_left_at_one_site_is_not_shown_before_the_other_has_it(
    world: World,
) -> None:
    server, caller = world.server, world.caller(XAL)
    assert server is not None
    given = sealed(1)
    assert (await caller.deposit(sealed(0))).status_code == 201
    calls = len(world.audit.calls)
    world.audit.gate.clear()
    deposit = asyncio.create_task(caller.deposit(given))
    async with asyncio.timeout(20):
        while len(world.audit.calls) == calls:  # noqa: ASYNC110 -- it is held before
            await asyncio.sleep(0.05)
    with second_site_away(server):
        world.audit.gate.set()
        assert (await deposit).status_code == 202  # it is held at both; its receipt waits
        await until(world, 503)
        server.stop()
        server.start()
        assert given.id in receipts(world)  # at this site alone
        assert may_repeat(await caller.deposit(given))
    await until(world, 200)
    again = await caller.deposit(given)
    assert again.status_code == 200
    verify_custody(again.content, given.digest, given.id, world.audit.log.keys)


async def test_an_exchange_that_is_stopped_meanwhile_stops_and_its_successor_goes_on(
    world: World,
) -> None:
    assert world.server is not None
    caller, given = world.caller(XAL), sealed(1)
    assert (await caller.deposit(sealed(0))).status_code == 201
    with second_site_away(world.server):
        assert may_repeat(await caller.deposit(given))
        async with asyncio.timeout(30):
            await world.stop()
        await world.start()
        await until(world, 503)
    await until(world, 200)
    assert (await world.caller(XAL).deposit(given)).status_code in {200, 201}
