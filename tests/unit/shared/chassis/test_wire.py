"""The short wire between services, against real sockets that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from sextant_shared.chassis import wire
from sextant_shared.chassis.wire import WireTransport

pytestmark = pytest.mark.anyio
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[tuple[WireTransport, str]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    transport = WireTransport(max_connections=2)
    try:
        yield transport, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x"
    finally:
        await transport.aclose()
        server.close()


def saying(*pieces: bytes, pause_s: float = 0.0) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return talk


async def call(
    transport: WireTransport, url: str, *, silence_s: float = 5.0, **given: object
) -> httpx.Response:
    times = {"timeout": {"connect": 1.0, "read": silence_s}}
    request = httpx.Request("POST", url, extensions=times, **given)  # type: ignore[arg-type]
    return await transport.handle_async_request(request)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((), id="the connection ends without an answer"),
        pytest.param((OK[:-1],), id="the connection ends inside the body"),
        pytest.param((OK[:20],), id="the connection ends inside the head"),
        pytest.param((b"SSH-2.0-nothing\r\n\r\n",), id="what comes is no HTTP"),
        pytest.param((b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",), id="no length"),
        pytest.param((b"HTTP/1.1 200 OK\r\n\r\nok",), id="an answer that names no end"),
    ],
)
async def test_an_answer_that_is_not_whole_is_an_error(pieces: tuple[bytes, ...]) -> None:
    async with serving(saying(*pieces)) as (transport, url):
        with pytest.raises(httpx.RequestError):
            await call(transport, url)


async def test_silence_inside_an_answer_ends_the_call() -> None:
    async with serving(saying(OK[:-1], pause_s=1.0)) as (transport, url):
        with pytest.raises(httpx.ReadTimeout):
            await call(transport, url, silence_s=0.02)


async def test_an_answer_may_take_long_as_long_as_something_comes() -> None:
    pieces = [OK[n : n + 6] for n in range(0, len(OK), 6)]
    async with serving(saying(*pieces, pause_s=0.015)) as (transport, url):
        assert (await call(transport, url, silence_s=0.08)).content == b"ok"


async def test_nobody_there_is_an_error_of_connecting() -> None:
    async with serving(saying()) as (_, url):
        pass
    with pytest.raises(httpx.ConnectError):
        await call(WireTransport(max_connections=1), url)


async def test_chunks_and_announcements_make_one_answer() -> None:
    chunked = b"HTTP/1.1 201 Created\r\nX-Kind: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = (b"HTTP/1.1 100 Continue\r\n\r\n", chunked, b"2\r\nok\r\n", b"1\r\n!\r\n0\r\n\r\n")
    async with serving(saying(*pieces, pause_s=0.001)) as (transport, url):
        response = await call(transport, url)
    assert (response.status_code, response.content) == (201, b"ok!")
    assert response.headers["x-kind"] == "a"


async def test_a_header_cannot_end_its_line() -> None:
    async with serving(saying(OK)) as (transport, url):
        with pytest.raises(httpx.LocalProtocolError):
            await call(transport, url, headers={"X-Kind": "a\r\nX-Other: b"})


class Counting:
    """Echoes bodies over connections that it counts; closes each after `lasting` answers."""

    def __init__(self, lasting: int = 100) -> None:
        self.connections = 0
        self.lasting = lasting

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for left in reversed(range(self.lasting)):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            last = b"" if left else b"Connection: close\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n" % (last, length) + body)


async def test_one_connection_carries_call_after_call() -> None:
    server = Counting()
    async with serving(server) as (transport, url):
        for number in range(5):
            assert (await call(transport, url, json={"n": number})).json() == {"n": number}
    assert server.connections == 1


async def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    server = Counting(lasting=1)
    async with serving(server) as (transport, url):
        for number in range(3):
            assert (await call(transport, url, json={"n": number})).json() == {"n": number}
    assert server.connections == 3


async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Counting()
    async with serving(server) as (transport, url):
        await call(transport, url, content=b"a")
        monkeypatch.setattr(wire, "IDLE_S", 0.0)
        await call(transport, url, content=b"b")
    assert server.connections == 2


async def test_calls_at_once_get_their_own_answers_over_few_connections() -> None:
    server = Counting()
    async with serving(server) as (transport, url):
        calls = [call(transport, url, content=b"%d" % n * 5000) for n in range(10)]
        answers = [response.content for response in await asyncio.gather(*calls)]
    assert answers == [b"%d" % n * 5000 for n in range(10)]
    assert server.connections == 2


async def test_a_call_that_is_given_up_leaves_its_answer_to_nobody_else() -> None:
    server = Counting()
    async with serving(server) as (transport, url):
        given_up = asyncio.ensure_future(call(transport, url, content=b"first"))
        await asyncio.sleep(0.01)
        given_up.cancel()
        assert (await call(transport, url, content=b"second")).content == b"second"


@pytest.mark.parametrize("more", [OK, b"HTTP/1.1 2", b"\0"])
@pytest.mark.parametrize("pause_s", [0.0, 0.01])
async def test_bytes_after_an_answer_reach_no_other_call(more: bytes, pause_s: float) -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK.replace(b"ok", b"%02d" % connections))
        await asyncio.sleep(pause_s)
        writer.write(more)
        await reader.read()

    async with serving(talk) as (transport, url):
        assert (await call(transport, url)).content == b"01"
        await asyncio.sleep(0.03)
        assert (await call(transport, url)).content == b"02"
