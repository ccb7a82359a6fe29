"""The bytes of HTTP: everything that is not exactly one request ends the connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_client.witness import http as served
from sextant_client.witness.http import HttpAnswer, HttpRequest, HttpServer, Patience

pytestmark = pytest.mark.anyio
SHORT = Patience(idle_s=0.2, head_s=0.2, body_s=0.2, write_s=0.5)


async def echo(request: HttpRequest) -> HttpAnswer:
    text = f"{request.method} {request.path} {len(request.body)}"
    return HttpAnswer(200, "text/plain", text.encode())


@asynccontextmanager
async def listening(
    handler: Callable[[HttpRequest], Awaitable[HttpAnswer]] = echo,
    patience: Patience = SHORT,
) -> AsyncIterator[int]:
    server = HttpServer(handler, patience)
    port = await server.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await server.close()


async def said(port: int, data: bytes) -> bytes:
    """Send bytes and return all that comes until the server closes or is silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    found = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return found


GET = b"GET / HTTP/1.1\r\nHost: w\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: w\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\nHost: w\r\n\r\n", 400),
        (b"GET http://w/ HTTP/1.1\r\nHost: w\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: w\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: w\r\n\r\n", 400),
        (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: w\r\n\r\n", 400),
        (GET + b"Host: w\r\n\r\n", 400),
        (GET + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        (GET + b"Content-Length: +1\r\n\r\nx", 400),
        (GET + b"Content-Length: 01\r\n\r\nx", 400),
        (GET + b"Content-Length: 1, 1\r\n\r\nx", 400),
        (GET + b"Content-Length : 1\r\n\r\nx", 400),
        (GET + b" folded: 1\r\n\r\n", 400),
        (GET + b"no colon\r\n\r\n", 400),
        (GET + b"nul: \x00\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: w\r\n\r\n", 411),
        (GET + b"Content-Length: 65537\r\n\r\n", 413),
        (GET + b"Expect: 100-continue\r\n\r\n", 417),
        (GET + b"x: " + b"y" * 9000 + b"\r\n\r\n", 431),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    ],
)
async def test_what_is_not_one_request_is_refused_and_ends_the_connection(
    data: bytes, status: int
) -> None:
    async with listening() as port:
        answer = await said(port, data)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert b"Connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "data", [b"", b"G", b"GET / HTTP/1.1\r\n", GET + b"Content-Length: 5\r\n\r\nabc"]
)
async def test_a_slow_peer_is_given_up(data: bytes) -> None:
    async with listening() as port:
        assert await said(port, data) == b""


async def test_more_connections_than_bounded_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "MAX_CONNECTIONS", 3)
    async with listening(patience=Patience()) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert (await said(port, GET + b"\r\n")).startswith(b"HTTP/1.1 503 ")
        for _, writer in idle:
            writer.close()


async def test_a_connection_does_not_stay_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "MAX_REQUESTS", 2)
    async with listening() as port:
        answer = await said(port, 3 * (GET + b"\r\n"))
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"Connection: close") == 1


async def test_requests_follow_one_another_on_a_connection() -> None:
    async with (
        listening() as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        for number in range(3):
            answer = await client.post("/add-checkpoint", content=b"x" * number)
            assert answer.text == f"POST /add-checkpoint {number}"
            assert answer.headers["connection"] == "keep-alive"
        answer = await client.head("/")
        assert (answer.content, answer.headers["content-length"]) == (b"", "8")


async def test_an_older_client_is_answered_and_let_go() -> None:
    async with listening() as port:
        answer = await said(port, b"GET / HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answer


async def test_an_answer_under_way_leaves_before_the_server_stops() -> None:
    started = asyncio.Event()

    async def slow(_request: HttpRequest) -> HttpAnswer:
        started.set()
        await asyncio.sleep(0.2)
        return HttpAnswer(200, "text/plain", b"done")

    server = HttpServer(slow)
    port = await server.start("127.0.0.1", 0)
    asking = asyncio.create_task(said(port, GET + b"\r\n"))
    await started.wait()
    await server.close()
    assert (await asking).endswith(b"done")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_answered_or_dropped_without_an_error(data: bytes) -> None:
    async def run() -> bytes:
        async with listening(patience=Patience(0.05, 0.05, 0.05, 0.5)) as port:
            return await said(port, data)

    answer = asyncio.run(run())
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
