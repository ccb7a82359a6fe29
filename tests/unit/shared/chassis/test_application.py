"""The frame around every request: guards, bounds, time-outs, problems, trace gate, docs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_shared.chassis.application import (
    About,
    Health,
    create_application,
    gated,
    timekeeper_of,
)
from sextant_shared.chassis.identity import ClientRecord, Identity
from sextant_shared.chassis.places import Kind
from sextant_shared.chassis.problems import problem_response
from sextant_shared.chassis.routing import action, guarded_router, open_to_all
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import system_clock
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Action
from tests.support.parties import signer

pytestmark = pytest.mark.anyio
URL = "http://room.example"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Kept(BaseModel):
    notes: list[str]


EXAMPLES = {"kept": {"two notes": Kept(notes=["one", "two"])}}


class Nobody:
    """A directory that knows no client."""

    def find(self, client_id: str, kid: str) -> ClientRecord:
        raise PlatformError(Code.AUTH, f"unknown client {client_id} {kid}")


def make_app(tmp_path: Path, *, ready: str = "ok", **changes: object) -> FastAPI:
    settings = ServiceSettings.model_validate(
        {"data_dir": tmp_path, "port": 1, "base_url": URL, **changes}
    )
    router = guarded_router()

    @router.get("/closed", **action(Action.LOG_APPEND))
    async def closed() -> Response:
        return JSONResponse({"reached": True})

    @router.post("/straight", **action(Action.LOG_APPEND, streams=True))
    async def straight(_request: Request) -> Response:
        return JSONResponse({"reached": True})

    @router.post("/echo", **open_to_all("test"))
    async def echo(request: Request) -> Response:
        body = await request.body()
        return JSONResponse({"size": len(body), "trace": request.headers.get("traceparent")})

    @router.get("/broken", **open_to_all("test"))
    async def broken() -> Response:
        raise RuntimeError("secret detail")

    @router.get("/number", **open_to_all("test"))
    async def number(n: int, m: int) -> Response:
        return JSONResponse(n + m)

    @router.post("/kept/{name}", **open_to_all("test"))
    async def kept(name: str, body: Kept) -> Response:
        return JSONResponse({"name": name, "notes": body.notes})

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    async def checks() -> dict[str, str]:
        return {"store": ready}

    return create_application(
        "room",
        settings,
        about=About("a room for tests", EXAMPLES),
        routers=[router],
        lifespan=lifespan,
        identity=Identity(
            issuer=URL,
            signer=signer("room", Alg.ED25519),
            directory=Nobody(),
            clock=system_clock,
        ),
        telemetry=Telemetry("room"),
        health=Health(checks, timekeeper_of(settings, system_clock)),
    )


def client(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(gated(app), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=URL)


def test_a_route_without_an_action_cannot_be_declared() -> None:
    router = guarded_router()
    with pytest.raises(PlatformError, match="names no action"):
        router.get("/forgotten")(lambda: None)


async def test_a_stranger_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        answer = await http.get("/closed")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("DPoP")
    assert "/oauth/token" in answer.json()["fix"]


async def test_a_route_that_streams_is_guarded_and_documented_as_every_other(
    tmp_path: Path,
) -> None:
    async with client(make_app(tmp_path)) as http:
        stranger = await http.post("/straight")
        other = await http.get("/straight")
        api = (await http.get("/openapi.json")).json()
    assert (stranger.status_code, stranger.json()["code"]) == (401, "E_AUTH")
    assert stranger.headers["x-content-type-options"] == "nosniff"
    assert stranger.headers["content-type"] == "application/problem+json"
    assert (other.status_code, other.headers["allow"]) == (405, "POST")
    assert api["paths"]["/straight"]["post"]["security"] == [{"dpop": []}]


async def test_an_unexpected_error_tells_nothing_of_itself(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        answer = await http.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "E_INTERNAL"
    assert "secret" not in answer.text


@pytest.mark.parametrize("code", [Code.RATE, Code.UNAVAILABLE])
def test_whoever_is_told_to_come_back_is_told_when(code: Code) -> None:
    assert problem_response(PlatformError(code, "not now")).headers["retry-after"] == "2"
    later = problem_response(PlatformError(code, "not now", retry_after_s=60))
    assert later.headers["retry-after"] == "60"


async def test_unknown_paths_and_methods_are_problems(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        missing, wrong = await http.get("/nowhere"), await http.put("/echo")
    assert (missing.status_code, missing.json()["code"]) == (404, "E_NOT_FOUND")
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "application/problem+json")


async def test_all_bad_parameters_are_found_at_once(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        answer = await http.get("/number", params={"n": "x"})
    assert answer.status_code == 400
    pointers = {finding["pointer"] for finding in answer.json()["findings"]}
    assert pointers == {"/query/n", "/query/m"}


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        ("/kept/a%00", {"notes": []}, ["/path/name"]),
        ("/kept/a?x=1&x=%00&y=2", {"notes": []}, ["/query/x"]),
        ("/kept/a", {"notes": ["a", "b\0", "\0"]}, ["/body/notes/1", "/body/notes/2"]),
        ("/kept/a", {"notes": [], "\0": 1}, ["/body"]),
    ],
    ids=["address", "parameter", "texts", "name"],
)
async def test_no_request_may_hold_a_nul_wherever(
    tmp_path: Path, path: str, body: dict[str, Any], pointers: list[str]
) -> None:
    for encoding in ("utf-8", "utf-16"):
        async with client(make_app(tmp_path)) as http:
            said = json.dumps(body).encode(encoding)
            headers = {"content-type": "application/json"}
            answer = await http.post(path, content=said, headers=headers)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (400, "E_MALFORMED")
        assert [(f["rule"], f["pointer"]) for f in problem["findings"]] == [
            ("REQUEST", pointer) for pointer in pointers
        ]
        assert all(f["expected"] and f["received"] and f["fix"] for f in problem["findings"])
        assert "\\u0000" not in answer.text


async def test_what_only_looks_like_a_nul_is_kept(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        answer = await http.post("/kept/%2500?x=%2500", json={"notes": ["\\u0000"]})
    assert answer.json() == {"name": "%00", "notes": ["\\u0000"]}


async def test_a_body_beyond_its_bound_is_refused(tmp_path: Path) -> None:
    async with client(make_app(tmp_path, max_json_bytes=1024)) as http:
        fits = await http.post("/echo", content=b"x" * 1024)
        answer = await http.post("/echo", content=b"x" * 1025)
    assert fits.json()["size"] == 1024
    assert (answer.status_code, answer.json()["code"]) == (413, "E_TOO_LARGE")


async def test_a_body_that_falls_silent_is_refused(tmp_path: Path) -> None:
    app = gated(make_app(tmp_path, body_read_timeout_s=0.05))
    sent = []

    async def receive() -> dict[str, object]:
        await asyncio.sleep(5)
        return {"type": "http.request"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/echo",
        "raw_path": b"/echo",
        "query_string": b"",
        "headers": [(b"content-length", b"100")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("room.example", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 422


async def test_too_many_requests_at_once_are_told_when_to_come_back(tmp_path: Path) -> None:
    app = make_app(tmp_path, max_in_flight=1)
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await gate.wait()

    async with client(app) as http:
        first = asyncio.create_task(http.post("/echo", content=slow()))
        await asyncio.sleep(0.05)
        second = await http.get("/number", params={"n": 1, "m": 2})
        alive = await http.get("/healthz")
        gate.set()
        await first
    assert second.status_code == 503
    assert second.headers["retry-after"]
    assert alive.status_code == 200


@pytest.mark.parametrize(("mode", "kept"), [("link", None), ("accept", TRACE)])
async def test_a_callers_trace_is_a_parent_only_where_accepted(
    tmp_path: Path, mode: str, kept: str | None
) -> None:
    async with client(make_app(tmp_path, trace_parent=mode)) as http:
        headers = {"traceparent": TRACE, "baggage": "a=b"}
        answer = (await http.post("/echo", headers=headers)).json()
    assert answer["trace"] == kept


@pytest.mark.parametrize(("address", "kept"), [("10.0.0.7", TRACE), ("10.0.0.70", None)])
async def test_a_trace_of_our_own_services_goes_on_where_callers_are_only_linked(
    tmp_path: Path, address: str, kept: str | None
) -> None:
    app = gated(make_app(tmp_path, trace_peers=("10.0.0.7",)))
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        answer = (await http.post("/echo", headers={"traceparent": TRACE})).json()
    assert answer["trace"] == kept


async def test_readiness_tells_the_truth(tmp_path: Path) -> None:
    async with client(make_app(tmp_path, ready="E_UNAVAILABLE")) as http:
        sick = await http.get("/readyz")
    app = make_app(tmp_path)
    async with client(app) as http:
        well = await http.get("/readyz")
        app.state.draining = True
        stopping = await http.get("/readyz")
        alive = await http.get("/healthz")
    assert [a.status_code for a in (sick, well, stopping, alive)] == [503, 200, 503, 200]
    assert sick.json()["checks"] == {"store": "E_UNAVAILABLE", "clock": "ok"}


async def test_docs_stand_alone(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        page, api = await http.get("/docs"), await http.get("/openapi.json")
    assert "http://" not in page.text.replace(URL, "")
    assert "https://" not in page.text
    closed = api.json()["paths"]["/closed"]["get"]
    assert closed["x-sextant-action"] == "log.append"


async def test_a_body_is_documented_with_what_its_caller_would_send(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        first, second = [(await http.get("/openapi.json")).json() for _ in range(2)]
        content = first["paths"]["/kept/{name}"]["post"]["requestBody"]["content"]
        (shown,) = content["application/json"]["examples"].values()
        kept = await http.post("/kept/mine", json=shown["value"])
    assert second == first
    assert kept.json() == {"name": "mine", "notes": ["one", "two"]}


async def test_the_short_way_past_the_framework_gives_the_same_answer(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    whole = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with client(app) as short, httpx.AsyncClient(transport=whole, base_url=URL) as long:
        for method, path in (("POST", "/straight"), ("GET", "/straight"), ("POST", "/straight/")):
            one, other = await short.request(method, path), await long.request(method, path)
            assert (one.status_code, one.content) == (other.status_code, other.content)
            assert one.headers == other.headers


async def test_the_short_way_past_the_framework_has_no_places_of_its_own(tmp_path: Path) -> None:
    app = make_app(tmp_path, max_in_flight=1)
    async with app.state.places.taken({}, Kind.READ), client(app) as http:
        assert (await http.post("/straight")).status_code == 503


FLOODS = {
    Kind.READ: ("max_reads", "GET", "/number?n=1&m=2"),
    Kind.WRITE: ("max_writes", "POST", "/echo"),
    Kind.UPLOAD: ("max_uploads", "POST", "/straight"),
    Kind.TOKEN: ("max_token_requests", "POST", "/oauth/token"),
}


@pytest.mark.parametrize("flooded", FLOODS)
async def test_a_flood_of_one_kind_leaves_all_others_answering(
    tmp_path: Path, flooded: Kind
) -> None:
    bounds: dict[str, Any] = dict.fromkeys((name for name, *_ in FLOODS.values()), 1)
    app = make_app(tmp_path, place_wait_s=0.001, **bounds)
    async with app.state.places.taken({}, flooded), client(app) as http:
        for kind, (_, method, path) in FLOODS.items():
            answer = await http.request(method, path)
            assert (answer.status_code == 503) == (kind is flooded)
            if kind is flooded:
                assert answer.json()["code"] == "E_UNAVAILABLE"
                assert answer.headers["retry-after"] == "1"
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
    assert app.state.places.refused[flooded] == 1
    assert set(app.state.places.in_use.values()) == {0}
