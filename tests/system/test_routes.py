"""Every route of every service: guarded by an action, or open for a stated reason."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.routing import GuardedRoute
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import TABLE, Action, Role
from tests.support.platform import XAL, Platform, open_platform
from tests.support.platform_files import client_signer

OPEN = {
    "/healthz",
    "/readyz",
    "/docs",
    "/oauth/token",
    "/.well-known/oauth-authorization-server",
    "/.well-known/sextant-log",
    "/.well-known/scitt-keys",
    "/.well-known/scitt-keys/{kid}",
    "/checkpoint",
    "/tile/{path:path}",
    "/v1/proofs/inclusion",
    "/v1/proofs/consistency",
    "/v1/entries/{index}/proof",
    "/v1/receipts/consistency",
    "/v1/witnessed",
    "/v1/witnesses",
    "/v1/growth",
    "/v1/timestamps",
    "/v1/timestamps/{size}",
    "/",
    "/page/{name}",
    "/v1/schemas",
    "/v1/schemas/{kind}",
    "/v1/rules",
    "/v1/rules/{code}",
    "/v1/codelists/{name}",
}
SERVICES = ("audit", "exchange", "declarations")
pytestmark = pytest.mark.anyio


def as_client(role: Role, client_id: str = "") -> dict[str, Any]:
    """Return a line of a clients file: somebody who is known in that role."""
    client_id = client_id or f"{role}-0"
    return {
        "client_id": client_id,
        "role": str(role),
        "party": XAL if role is Role.PARTY else None,
        "jwk": client_signer(client_id).jwk,
    }


PLATFORMS_OWN = [  # those by whom the services themselves and the support code call
    as_client(Role.EXCHANGE, "exchange"),
    as_client(Role.SECRETARIAT, "secretariat"),
    as_client(Role.REGISTRAR, "registrar-1"),
]


async def code_of(client: ServiceClient, method: str, path: str) -> Code | None:
    """Return what a request without a body is refused with, None when it is answered."""
    try:
        await client.request(method, path, repeatable=False)
    except PlatformError as error:
        return error.code
    return None


def guarded(app: FastAPI) -> Iterator[GuardedRoute]:
    """Yield all guarded routes, also those of included routers."""
    stack: list[Any] = list(app.routes)
    while stack:
        route = stack.pop()
        if isinstance(route, GuardedRoute):
            yield route
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        stack += list(inner or [])


def filled(path: str) -> str:
    """Return a route's path with something in each place."""
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


def check_headers(answer: httpx.Response) -> None:
    """Hold that a browser may do nothing with an answer that it was not made for."""
    policy = answer.headers.get_list("content-security-policy")
    assert len(policy) == 1, answer.url
    assert policy[0].startswith("default-src 'none'; ")
    for directive in ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"):
        assert directive in policy[0], answer.url
    assert "unsafe" not in policy[0], answer.url
    assert "*" not in policy[0], answer.url
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert answer.headers.get_list("cross-origin-resource-policy") == ["same-origin"]


@pytest.fixture
async def platform(tmp_path: Path) -> Any:
    async with open_platform(tmp_path) as opened:
        yield opened


async def test_each_route_refuses_a_stranger_unless_it_is_listed_as_open(
    platform: Platform,
) -> None:
    seen = set()
    for name in SERVICES:
        app = platform.apps[name]
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            for route in guarded(app):
                for method in sorted(route.methods or ()):
                    seen.add((name, route.path, method))
                    answer = await client.request(method, filled(route.path))
                    check_headers(answer)
                    if route.action is None:
                        assert answer.status_code != 401, route.path
                        assert route.path in OPEN or route.path.startswith("/tile/"), route.path
                    else:
                        assert answer.status_code == 401, (name, route.path, answer.text)
                        assert answer.headers["content-type"] == "application/problem+json"
                        if method != "HEAD":  # whose answers have no body
                            assert answer.json()["code"] == "E_AUTH"
            check_headers(await client.get("/nowhere"))
            page = await client.get("/docs")
            check_headers(page)
            assert "script-src 'sha256-" in page.headers["content-security-policy"]
    assert len(seen) > 35


async def test_each_guarded_route_lets_in_the_roles_of_the_table_and_no_other(
    tmp_path: Path,
) -> None:
    everybody = tmp_path / "everybody.json"
    everybody.write_text(json.dumps([as_client(role) for role in Role] + PLATFORMS_OWN))
    settings: dict[str, dict[str, Any]] = {n: {"clients_file": everybody} for n in SERVICES}
    settings["exchange"]["events_max_s"] = 0.1  # a stream is let in too, and ends
    let_in: set[tuple[Action, Role]] = set()
    kept_out: set[tuple[Action, Role]] = set()
    async with open_platform(tmp_path / "platform", **settings) as platform:
        for name in SERVICES:
            for route, role in product(guarded(platform.apps[name]), Role):
                if route.action is None:
                    continue
                client = platform.client(f"{role}-0", name)
                for method in sorted(route.methods or ()):
                    code = await code_of(client, method, filled(route.path))
                    may = (route.action, role) in TABLE
                    assert (code != Code.FORBIDDEN) is may, (name, method, route.path, role, code)
                    assert code not in {Code.AUTH, Code.INTERNAL}, (name, method, route.path, role)
                    (let_in if may else kept_out).add((route.action, role))
    assert let_in == set(TABLE)
    assert kept_out == set(product(Action, Role)) - set(TABLE)
