"""Connections over real sockets: slow heads, long heads, too many, and bodies nobody reads."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from sextant_shared.chassis import connections
from sextant_shared.chassis.connections import ConnectionLimits, Door, bounded_http, network_of
from sextant_shared.chassis.serving import limits_of
from sextant_shared.chassis.settings import ServiceSettings

pytestmark = pytest.mark.anyio
HEAD = b"GET / HTTP/1.1\r\nHost: room.example\r\n\r\n"
LIMITS = ConnectionLimits(
    head_timeout_s=0.2, max_head_bytes=4096, max_connections=50, max_per_address=50
)


async def hello(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once; of a body only the first piece is read."""
    await receive()
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


@dataclass
class Caller:
    """One raw connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """Read one answer: status and body."""
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            fields = head.lower().partition(b"content-length:")[2]
            body = await self.reader.readexactly(int(fields.partition(b"\r\n")[0]))
        return int(head.split()[1]), body

    async def closed(self) -> bool:
        """Wait until the other side closes."""
        try:
            async with asyncio.timeout(5):
                return not await self.reader.read()
        except ConnectionResetError:
            return True


Connect = Callable[[], Any]


@asynccontextmanager
async def served(limits: ConnectionLimits) -> AsyncIterator[Connect]:
    """Serve `hello` as a service does; give a function that opens connections to it."""
    protocol = bounded_http(limits)
    config = uvicorn.Config(hello, http=protocol, ws="none", timeout_keep_alive=1, log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}, loop), "127.0.0.1", 0)
    opened: list[Caller] = []

    async def connect() -> Caller:
        address = server.sockets[0].getsockname()
        opened.append(Caller(*await asyncio.open_connection(*address)))
        return opened[-1]

    try:
        yield connect
    finally:
        for caller in opened:
            caller.writer.close()
        server.close()
        await asyncio.sleep(0)


async def send_for_ever(caller: Caller) -> None:
    async with asyncio.timeout(5):
        while True:
            await caller.send(b"x" * 1000)
            await asyncio.sleep(0.02)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_head_that_comes_drop_by_drop_is_cut_off_while_others_are_served() -> None:
    async with served(LIMITS) as connect:
        slow = [await connect() for _ in range(20)]
        begun = asyncio.get_running_loop().time()
        for number in range(8):
            for caller in slow:
                caller.writer.write(HEAD[number : number + 1])
            await asyncio.sleep(0.02)
        quick = await connect()
        await quick.send(HEAD)
        assert await quick.answer() == (200, b"hello")
        assert all([await caller.closed() for caller in slow])
        assert asyncio.get_running_loop().time() - begun < 2


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with served(LIMITS) as connect:
        assert await (await connect()).closed()


async def test_a_second_head_on_a_kept_connection_has_its_time_too() -> None:
    async with served(LIMITS) as connect:
        caller = await connect()
        await caller.send(HEAD)
        assert (await caller.answer())[0] == 200
        await asyncio.sleep(0.3)  # idle is not slow
        await caller.send(HEAD[:9])
        assert await caller.closed()


async def test_a_head_without_end_is_refused_with_its_bound() -> None:
    async with served(LIMITS) as connect:
        caller = await connect()
        await caller.send(HEAD[:-2])
        await caller.send(b"X-A: " + b"a" * 5000)
        status, body = await caller.answer()
        assert (status, json.loads(body)["code"]) == (413, "E_TOO_LARGE")
        assert json.loads(body)["expected"] == "at most 4096 bytes"
        assert await caller.closed()


async def test_too_many_connections_are_told_when_to_come_back_and_places_come_free() -> None:
    limits = ConnectionLimits(
        head_timeout_s=5, max_head_bytes=4096, max_connections=2, max_per_address=50
    )
    async with served(limits) as connect:
        kept = [await connect() for _ in range(2)]
        await kept[1].send(HEAD)
        assert (await kept[1].answer())[0] == 200
        status, body = await (await connect()).answer()
        assert (status, json.loads(body)["code"]) == (503, "E_UNAVAILABLE")
        kept[0].writer.close()
        await asyncio.sleep(0.05)
        again = await connect()
        await again.send(HEAD)
        assert (await again.answer())[0] == 200


async def test_one_address_has_its_own_bound_unless_it_is_named() -> None:
    counted = ConnectionLimits(
        head_timeout_s=5, max_head_bytes=4096, max_connections=50, max_per_address=1
    )
    async with served(counted) as connect:
        await connect()
        assert (await (await connect()).answer())[0] == 503
    named = ConnectionLimits(
        head_timeout_s=5,
        max_head_bytes=4096,
        max_connections=50,
        max_per_address=1,
        uncounted=frozenset({"127.0.0.1"}),
    )
    async with served(named) as connect:
        await connect()
        second = await connect()
        await second.send(HEAD)
        assert (await second.answer())[0] == 200


async def test_a_body_that_nobody_reads_is_not_taken_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "LINGER_S", 0.1)
    async with served(LIMITS) as connect:
        caller = await connect()
        await caller.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10737418240\r\n\r\nx")
        assert await caller.answer() == (200, b"hello")
        with pytest.raises(ConnectionError):
            await send_for_ever(caller)  # the door closes


def test_places_are_counted_by_network_and_never_below_zero() -> None:
    door = Door(
        ConnectionLimits(head_timeout_s=1, max_head_bytes=1, max_connections=9, max_per_address=2)
    )
    assert door.enter("2001:db8::1") is None
    assert door.enter("2001:db8::2") is None
    assert door.enter("2001:db8::3") is not None
    assert door.enter("2001:db8:0:1::3") is None
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::3"):
        door.leave(address)
    assert (door.count, dict(door.by_address)) == (0, {})
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("") == ""


def test_what_an_operator_sets_is_what_the_server_uses() -> None:
    settings = ServiceSettings.model_validate(
        {
            "data_dir": "/x",
            "port": 1,
            "base_url": "http://room.example",
            "head_timeout_s": 3,
            "max_connections": 7,
            "max_connections_per_address": 5,
            "uncounted_addresses": ("192.0.2.1",),
        }
    )
    limits = limits_of(settings)
    assert (limits.head_timeout_s, limits.max_connections, limits.max_per_address) == (3, 7, 5)
    assert limits.uncounted == {"192.0.2.1"}
