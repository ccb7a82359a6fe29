"""The exchange beside the real audit service: both databases, no network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from sextant_shared.clock import system_clock, timestamp_s
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.audit.logs import BASE_URL, AuditLog, client_signer
from tests.integration.exchange.containers import KEYS, SEC, XAL, Container, sealed
from tests.integration.exchange.world import World, write_pins
from tests.support.logs import ORIGIN
from tests.support.waiting import found

pytestmark = pytest.mark.anyio


class Wire(httpx.AsyncBaseTransport):
    """To whichever audit service runs now; to nobody while none does."""

    def __init__(self) -> None:
        self.transport: httpx.AsyncBaseTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.transport is None:
            raise httpx.ConnectError("nobody listens")
        return await self.transport.handle_async_request(request)


@asynccontextmanager
async def beside_audit(folder: Path) -> AsyncIterator[tuple[World, AuditLog, LogKeys, Wire]]:
    (folder / "audit").mkdir()
    files, wire = AuditLog(folder / "audit"), Wire()
    keys = await files.begin()
    write_pins(folder / "exchange", keys.vkeys, ORIGIN)
    access = folder / "exchange" / "audit-access.json"
    write_key_file(access, PrivateKey("api", client_signer("exchange")))
    world = World(folder / "exchange", audit_transport=wire)
    world.clock.now = system_clock()  # the audit service has no other
    await world.start(audit_url=BASE_URL, audit_key_file=access, recover_every_s=0.1)
    try:
        yield world, files, keys, wire
    finally:
        await world.stop()


def fresh(world: World, number: int) -> Container:
    return sealed(number, created=timestamp_s(world.clock.now))


async def test_every_receipt_holds_against_the_rebuilt_log(tmp_path: Path) -> None:
    async with beside_audit(tmp_path) as (world, files, keys, wire):
        async with files.serve() as audit:
            wire.transport = audit.transport
            world.clock.now = system_clock()  # a proof older than audit's process is refused
            for party in KEYS.values():
                assert (await world.enrol(party)).status_code == 201
            containers = [fresh(world, number) for number in range(8)]
            caller = world.caller(XAL)
            await caller.get("/v1/parties")
            answers = await asyncio.gather(*(caller.deposit(one) for one in containers))
            wire.transport = None
        indexes = set()
        for container, answer in zip(containers, answers, strict=True):
            receipt = verify_custody(answer.content, container.digest, container.id, keys)
            indexes.add(receipt.index)
        assert indexes == set(range(4, 12))  # after the genesis and three party entries
        assert (await files.check()).size == 12


async def test_a_deposit_while_audit_restarts_is_finished_afterwards(tmp_path: Path) -> None:
    async with beside_audit(tmp_path) as (world, files, keys, wire):
        async with files.serve() as audit:
            wire.transport = audit.transport
            world.clock.now = system_clock()  # a proof older than audit's process is refused
            for party in KEYS.values():
                await world.enrol(party)
            wire.transport = None
        container = fresh(world, 1)
        await world.restart(log_wait_s=0.1)
        assert (await world.caller(XAL).deposit(container)).status_code == 202
        async with files.serve() as audit:
            wire.transport = audit.transport
            world.clock.now = system_clock()  # a proof older than audit's process is refused
            receipt = await _receipt(world, container)
            wire.transport = None
        verify_custody(receipt, container.digest, container.id, keys)
        items = (await world.caller(SEC).get("/v1/mailbox")).json()["items"]
        assert [item["id"] for item in items] == [container.id]
        assert (await files.check()).size == 5


async def _receipt(world: World, container: Container) -> bytes:
    async def look() -> bytes | None:
        answer = await world.caller(XAL).get(f"{container.path}/receipt")
        return answer.content if answer.status_code == 200 else None

    return await found(look, "a receipt came")
