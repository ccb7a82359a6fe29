"""nginx and Envoy as `deploy/edge` sets them up, each with three clients: good, none, a stranger's.

What stands behind is a real exchange; what the edge lets through is looked at where it arrives.
"""

import asyncio
import re
import ssl
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.local.debian import run
from sextant_shared.encoding import b64, b64u, b64u_decode, sha256
from sextant_shared.errors import Code
from sextant_shared.protocol.problems import TABLE, error_of
from tests.integration.edge.conftest import (
    DECLARATIONS,
    EXCHANGE,
    LOG,
    Edge,
    Outside,
    listening,
)
from tests.integration.exchange.containers import SEC, XAL, sealed
from tests.integration.exchange.world import PATIENCE_S
from tests.support.edges import CHECKS, COMMANDS, Place, free_port, make_papers, running_edge

pytestmark = [pytest.mark.anyio, pytest.mark.long]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OPEN = "/.well-known/oauth-authorization-server"
EDGE_HEADERS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
# A token request that no service looks at for long, more often than an address may send one.
BURST = 200
AT_ONCE = 50  # requests


def is_problem(answer: httpx.Response, code: Code, *, waits: bool = False) -> bool:
    """Whether an edge's own answer is a document that our clients understand."""
    retry_after = answer.headers.get("retry-after", "")
    error = error_of(answer.status_code, answer.content, int(retry_after or 0) or None)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {name: answer.headers[name] for name in EDGE_HEADERS} == EDGE_HEADERS
    assert answer.json()["title"] == TABLE[code].title
    assert answer.json()["status"] == answer.status_code
    assert error.fix
    assert error.detail
    return (error.code, error.retry_after_s is not None) == (code, waits)


# --- who gets in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [EXCHANGE, DECLARATIONS])
@pytest.mark.parametrize("client", ["", "rogue"])
async def test_none_and_a_strangers_certificate_reach_no_service(
    edge: Edge, host: str, client: str
) -> None:
    before = len(edge.service.seen)
    async with edge.world.http(host, client) as http:
        try:
            answer = await http.get(OPEN)
        except (httpx.TransportError, ssl.SSLError):
            pass  # Envoy refuses in TLS
        else:
            assert answer.status_code == HTTPStatus.FORBIDDEN
            assert is_problem(answer, Code.FORBIDDEN)
    assert len(edge.service.seen) == before


async def test_a_good_certificate_gets_in(edge: Edge) -> None:
    async with edge.world.http() as http:
        answer = await http.get(OPEN)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


async def test_the_log_is_open_to_everybody_and_is_no_way_around(edge: Edge) -> None:
    async with edge.world.http(LOG, "") as http:
        assert (await http.get(OPEN)).status_code == HTTPStatus.OK
        before = len(edge.service.seen)
        aside = await http.get(OPEN, headers={"Host": EXCHANGE})
    assert aside.status_code in {HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.NOT_FOUND}
    assert len(edge.service.seen) == before


@pytest.mark.parametrize("sni", ["other.example", None])
async def test_another_name_or_none_has_no_handshake(edge: Edge, sni: str | None) -> None:
    context = edge.world.papers.context("good")
    context.check_hostname = False
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(
            "127.0.0.1", edge.place.port, ssl=context, server_hostname=sni or ""
        )


async def test_tls_is_1_3_alone_and_speaks_http_2(edge: Edge) -> None:
    modern, old = edge.world.papers.context("good"), edge.world.papers.context("good")
    modern.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await asyncio.open_connection(
        "127.0.0.1", edge.place.port, ssl=modern, server_hostname=EXCHANGE
    )
    spoken: ssl.SSLObject = writer.get_extra_info("ssl_object")
    assert (spoken.selected_alpn_protocol(), spoken.version()) == ("h2", "TLSv1.3")
    writer.close()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection(
            "127.0.0.1", edge.place.port, ssl=old, server_hostname=EXCHANGE
        )


# --- what arrives ---------------------------------------------------------------------------------


async def test_what_a_caller_says_in_the_edges_place_does_not_arrive(edge: Edge) -> None:
    forged = {
        "Client-Cert": f":{b64(edge.world.papers.der('rogue'))}:",
        "Client-Cert-Chain": ":AAAA:",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Host": "elsewhere.example",
        "Forwarded": "for=203.0.113.7",
        "X-Real-IP": "203.0.113.7",
        "traceparent": TRACE,
        "tracestate": "a=b",
        "baggage": "who=me",
    }
    async with edge.world.http(EXCHANGE, "good") as http:
        assert (await http.get(OPEN, headers=forged)).status_code == HTTPStatus.OK
    shown = f":{b64(edge.world.papers.der('good'))}:"
    assert edge.service.last("client-cert") == [shown]
    assert edge.service.last("x-forwarded-for") == ["127.0.0.1"]
    assert edge.service.last("x-forwarded-proto") == ["https"]
    assert edge.service.last("host") == [EXCHANGE]
    assert edge.service.last("traceparent") == [TRACE]
    absent = ("client-cert-chain", "x-forwarded-host", "forwarded", "x-real-ip")
    for name in (*absent, "tracestate", "baggage"):
        assert edge.service.last(name) in ([], [""]), name


async def test_no_certificate_can_be_made_up_where_none_is_asked_for(edge: Edge) -> None:
    forged = {"Client-Cert": f":{b64(edge.world.papers.der('good'))}:"}
    async with edge.world.http(LOG, "") as http:
        assert (await http.get(OPEN, headers=forged)).status_code == HTTPStatus.OK
    assert edge.service.last("client-cert") in ([], [""])


async def test_a_token_is_bound_to_the_certificate_it_was_fetched_with(edge: Edge) -> None:
    caller = edge.world.caller(XAL)
    assert (await caller.get("/v1/mailbox")).status_code == HTTPStatus.OK
    thumbprint = b64u(sha256(edge.world.papers.der("good")))
    assert thumbprint in b64u_decode(caller.token.split(".")[1]).decode()
    proof = {"Authorization": f"DPoP {caller.token}", "DPoP": caller._proof("GET", "/v1/mailbox")}
    async with edge.world.http(LOG, "") as http:  # the same service, and nobody shows a certificate
        stolen = await http.get("/v1/mailbox", headers=proof)
    assert (stolen.status_code, stolen.json()["code"]) == (HTTPStatus.UNAUTHORIZED, "E_AUTH")
    assert "certificate" in stolen.json()["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/%68ealthz", "/v1/../readyz", "//readyz"])
async def test_probes_are_not_shown_outside(edge: Edge, path: str) -> None:
    before = len(edge.service.seen)
    answer = await _raw(edge, f"GET {path} HTTP/1.1\r\nHost: {EXCHANGE}\r\n\r\n")
    assert answer.startswith("HTTP/1.1 404"), answer
    assert "E_NOT_FOUND" in answer
    assert len(edge.service.seen) == before


# --- what goes through ----------------------------------------------------------------------------


async def test_a_deposit_goes_in_and_comes_out_as_the_same_bytes(edge: Edge) -> None:
    container = sealed(1, content=bytes(3 << 20))
    accepted = await edge.world.caller(XAL).deposit(container)
    assert accepted.status_code == HTTPStatus.CREATED
    fetched = await edge.world.caller(SEC).get(f"{container.path}/content")
    assert fetched.content == container.data


async def test_news_of_a_mailbox_come_while_the_stream_is_open(edge: Edge) -> None:
    reader, path = edge.world.caller(SEC), "/v1/mailbox/events"
    await reader.get("/v1/parties")
    sent = {"Authorization": f"DPoP {reader.token}", "DPoP": reader._proof("GET", path)}
    async with (
        edge.world.http() as http,
        http.stream("GET", path, headers=sent) as answer,
        asyncio.timeout(PATIENCE_S),
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        pieces = answer.aiter_text()
        await anext(pieces)  # the stream has begun; what follows was not there yet
        container = sealed(2)
        await edge.world.caller(XAL).deposit(container)
        async for piece in pieces:
            if container.id in piece:
                break


async def test_a_refusal_does_not_wait_for_the_body(edge: Edge) -> None:
    head = f"POST /v1/envelopes HTTP/1.1\r\nHost: {EXCHANGE}\r\nContent-Length: 100000000\r\n\r\n"
    answer = await _raw(edge, f"{head}only the beginning")
    assert answer.startswith("HTTP/1.1 401"), answer
    assert "E_AUTH" in answer


# --- the edge's own answers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "length"), [(EXCHANGE, 117_506_057), (LOG, (2 << 20) + 1)], ids=["exchange", "log"]
)
async def test_a_body_over_the_limit_is_refused_before_it_is_sent(
    edge: Edge, host: str, length: int
) -> None:
    head = f"POST /v1/envelopes HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"
    before = len(edge.service.seen)
    answer = _parsed(await _raw(edge, head, host))
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert is_problem(answer, Code.TOO_LARGE)
    assert len(edge.service.seen) == before


async def test_a_head_over_the_limit_is_refused(edge: Edge) -> None:
    async with edge.world.http() as http:
        answer = await http.get(OPEN, headers={"X-Long": "x" * 40_000})
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert is_problem(answer, Code.TOO_LARGE)


async def test_a_silent_service_is_given_up_and_an_absent_one_told(edge: Edge) -> None:
    async with edge.world.http(DECLARATIONS) as http:
        late = await http.get(OPEN)
        assert late.status_code == HTTPStatus.GATEWAY_TIMEOUT
        assert is_problem(late, Code.UNAVAILABLE, waits=True)
        edge.silent.close()
        absent = await http.get(OPEN)
    assert absent.status_code in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}
    assert is_problem(absent, Code.UNAVAILABLE, waits=True)


async def test_one_address_asks_for_tokens_no_faster_than_its_share(edge: Edge) -> None:
    async with edge.world.http(LOG, "") as http:

        async def ask() -> httpx.Response:
            return await http.post("/oauth/token", content=b"")

        over: list[httpx.Response] = []
        for _ in range(10 * BURST // AT_ONCE):  # on a slow machine its share grows meanwhile
            answers = await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
            over += [a for a in answers if a.status_code == HTTPStatus.TOO_MANY_REQUESTS]
            if over:
                break
        assert (await http.get(OPEN)).status_code == HTTPStatus.OK  # its other requests go on
    assert over
    assert is_problem(over[0], Code.RATE, waits=True)


@pytest.mark.parametrize("name", sorted(COMMANDS))
async def test_all_parts_of_an_upload_reach_one_process_of_two(name: str, tmp_path: Path) -> None:
    reached: dict[str, list[int]] = {"/v1/uploads": [], "/v1/parties/NA-XAL": []}

    def process(number: int) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            for start, numbers in reached.items():
                if scope["path"].startswith(start):
                    numbers.append(number)
            await Response()(scope, receive, send)

        return app

    async with listening(process(1)) as first, listening(process(2)) as second:
        behind = {"exchange": (first, second), "declarations": (first,), "log": (first,)}
        place = Place(tmp_path, make_papers(tmp_path / "papers"), behind, free_port())
        running = running_edge(name, place)
        await asyncio.to_thread(running.__enter__)
        try:
            async with Outside(tmp_path, papers=place.papers, port=place.port).http() as http:
                for number in range(AT_ONCE):
                    assert (await http.post("/v1/uploads")).is_success
                    assert (await http.patch(f"/v1/uploads/{number}")).is_success
                    assert (await http.get("/v1/parties/NA-XAL")).is_success
        finally:
            running.__exit__(None, None, None)
    assert [len(set(reached[start])) for start in reached] == [1, 2]
    assert len(reached["/v1/uploads"]) == 2 * AT_ONCE


# --- helpers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_program_accepts_the_files_it_is_given(name: str, tmp_path: Path) -> None:
    behind = {"exchange": (1, 2), "declarations": (3,), "log": (4,)}
    place = Place(tmp_path, make_papers(tmp_path / "papers"), behind, 5, is_mutual=False)
    run([*COMMANDS[name](place), *CHECKS[name]])


async def _raw(edge: Edge, request: str, host: str = EXCHANGE) -> str:
    """Send bytes as they are and return what comes first."""
    context = edge.world.papers.context("good")
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", edge.place.port, ssl=context, server_hostname=host
    )
    writer.write(request.encode())
    async with asyncio.timeout(PATIENCE_S):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
    writer.close()
    return head + body.decode()


def _parsed(answer: str) -> httpx.Response:
    head, _, body = answer.partition("\r\n\r\n")
    lines = head.split("\r\n")
    pairs = [tuple(line.split(": ", 1)) for line in lines[1:]]
    headers = [(name, value) for name, value in pairs if name.lower() != "content-length"]
    return httpx.Response(int(lines[0].split()[1]), headers=headers, content=body.encode())
