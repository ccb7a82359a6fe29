"""The adapters to the exchange and the log: what each answer means, and what is never repeated."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from sextant_declarations.clients import exchange as module
from sextant_declarations.clients.exchange import HttpExchange
from sextant_declarations.clients.log import HttpLog
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MEDIA_TYPE
from tests.support.logs import NOW
from tests.support.parties import signer
from tests.unit.declarations.world import SEC, XAL

pytestmark = pytest.mark.anyio
ID = "0193a3c0-0000-7000-8000-000000000001"
Answer = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers tokens itself and everything else as a test says."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []
        self.answer: Answer = lambda _: httpx.Response(200, json={})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        self.seen.append(request)
        return self.answer(request)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[ServiceClient]:
    made = ServiceClient(
        "http://other.example",
        client_id="SEC/worker",
        signer=signer("SEC/api", Alg.ED25519),
        clock=lambda: NOW,
        transport=httpx.MockTransport(server),
    )
    yield made
    await made.close()


@pytest.fixture
def exchange(client: ServiceClient) -> HttpExchange:
    return HttpExchange(client, SEC)


def refuse(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens")


async def test_a_container_larger_than_any_envelope_is_cut_off(
    exchange: HttpExchange, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CONTAINER_BYTES", 1000)
    server.answer = lambda _: httpx.Response(200, content=b"x" * 1001)
    with pytest.raises(PlatformError) as raised:
        await exchange.fetch(XAL, ID, tmp_path / "container")
    assert raised.value.code is Code.INTEGRITY


async def test_a_disk_that_refuses_is_a_reason_to_wait(
    exchange: HttpExchange, server: Server, tmp_path: Path
) -> None:
    server.answer = lambda _: httpx.Response(200, content=b"x")
    with pytest.raises(PlatformError) as raised:
        await exchange.fetch(XAL, ID, tmp_path / "no such folder" / "container")
    assert raised.value.code is Code.UNAVAILABLE


async def test_a_container_arrives_byte_for_byte(
    exchange: HttpExchange, server: Server, tmp_path: Path
) -> None:
    server.answer = lambda _: httpx.Response(200, content=b"DXE1 and more")
    await exchange.fetch(XAL, ID, tmp_path / "container")
    assert (tmp_path / "container").read_bytes() == b"DXE1 and more"
    assert server.seen[0].url.path == f"/v1/envelopes/{XAL}/{ID}/content"


async def test_a_pending_receipt_is_no_receipt(exchange: HttpExchange, server: Server) -> None:
    server.answer = lambda _: httpx.Response(202, json={"state": "pending"})
    assert await exchange.deposit(b"container") is None
    assert await exchange.receipt(ID) is None
    with pytest.raises(PlatformError, match="pending") as raised:
        await exchange.custody_receipt(XAL, ID)
    assert raised.value.code is Code.UNAVAILABLE


@pytest.mark.parametrize("status", [200, 201])
async def test_a_receipt_comes_back_byte_for_byte(
    exchange: HttpExchange, server: Server, status: int
) -> None:
    server.answer = lambda _: httpx.Response(status, content=b'{"a": 1}')
    assert await exchange.deposit(b"container") == b'{"a": 1}'
    assert server.seen[0].headers["content-type"] == MEDIA_TYPE


async def test_what_a_loop_repeats_by_itself_is_sent_once(
    exchange: HttpExchange, client: ServiceClient, server: Server
) -> None:
    server.answer = refuse
    for call in (
        exchange.lease(1, lease_s=1, wait_s=0),
        exchange.deposit(b"container"),
        exchange.waiting(0, 1),
        HttpLog(client).append([b"leaf"]),
        HttpLog(client).consistency(1, 2),
    ):
        with pytest.raises(PlatformError) as raised:
            await call
        assert raised.value.code is Code.UNAVAILABLE
    assert len(server.seen) == 5


async def test_a_lease_is_read_strictly(exchange: HttpExchange, server: Server) -> None:
    server.answer = lambda _: httpx.Response(200, json={"leases": [{"lease": "token"}]})
    with pytest.raises(PlatformError) as raised:
        await exchange.lease(1, lease_s=1, wait_s=0)
    assert raised.value.code is Code.MALFORMED


async def test_a_long_reason_is_cut_to_what_the_exchange_takes(
    exchange: HttpExchange, server: Server
) -> None:
    server.answer = lambda _: httpx.Response(204)
    await exchange.release("token", error="x" * 1000, delay_s=3)
    assert json.loads(server.seen[0].content) == {
        "error": "x" * 500,
        "delay_s": 3,
        "dead": False,
    }


async def test_what_was_not_tried_is_given_back_as_that_also_to_an_exchange_of_before(
    exchange: HttpExchange, server: Server
) -> None:
    problem = {"type": "about:blank", "status": 400, "code": "E_MALFORMED", "detail": "no member"}

    def before(request: httpx.Request) -> httpx.Response:
        knows = "untried" not in json.loads(request.content)
        return httpx.Response(204) if knows else httpx.Response(400, json=problem)

    server.answer = lambda _: httpx.Response(204)
    await exchange.release("token", error="behind", delay_s=1, untried=True)
    server.answer = before
    await exchange.release("token", error="behind", delay_s=1, untried=True)
    sent = [json.loads(request.content) for request in server.seen]
    assert [body.get("untried") for body in sent] == [True, True, None]
    assert {body["delay_s"] for body in sent} == {1}


async def test_the_newest_proof_is_asked_for_without_a_position(
    exchange: HttpExchange, server: Server
) -> None:
    await exchange.proof(XAL, None)
    await exchange.proof(XAL, 7)
    assert [request.url.query for request in server.seen] == [b"", b"at=7"]
