"""Every route of every service: guarded by an action, or open for a stated reason."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from sextant_shared.chassis.routing import GuardedRoute
from sextant_shared.protocol.access import TABLE, Role
from tests.support.platform import Platform, open_platform

OPEN = {
    "/healthz",
    "/readyz",
    "/docs",
    "/oauth/token",
    "/.well-known/oauth-authorization-server",
    "/.well-known/sextant-log",
    "/checkpoint",
    "/tile/{path:path}",
    "/v1/proofs/inclusion",
    "/v1/proofs/consistency",
    "/v1/schemas",
    "/v1/schemas/{kind}",
    "/v1/rules",
    "/v1/rules/{code}",
    "/v1/codelists/{name}",
}
SERVICES = ("audit", "exchange", "declarations")
pytestmark = pytest.mark.anyio


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
                    if route.action is None:
                        assert answer.status_code != 401, route.path
                        assert route.path in OPEN or route.path.startswith("/tile/"), route.path
                    else:
                        assert answer.status_code == 401, (name, route.path, answer.text)
                        assert answer.headers["content-type"] == "application/problem+json"
                        assert answer.json()["code"] == "E_AUTH"
    assert len(seen) > 35


async def test_each_guarded_route_refuses_every_role_the_table_does_not_name(
    platform: Platform,
) -> None:
    clients = {
        "exchange": {Role.PARTY: "NA-XAL/test"},
        "declarations": {Role.OFFICER: "officer"},
    }
    checked = 0
    for name, callers in clients.items():
        for role, client_id in callers.items():
            client = platform.client(client_id, name)
            for route in guarded(platform.apps[name]):
                if route.action is None or (route.action, role) in TABLE:
                    continue
                for method in sorted(route.methods or ()):
                    with pytest.raises(Exception, match="E_FORBIDDEN"):
                        await client.request(method, filled(route.path), repeatable=False)
                    checked += 1
    assert checked >= 1
