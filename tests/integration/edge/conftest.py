"""An exchange on a port of its own behind each real edge, and what a caller outside can do."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sextant_shared.chassis.application import gated
from tests.integration.exchange.containers import KEYS
from tests.integration.exchange.world import LOG_WAIT_S, PATIENCE_S, World, write_pins
from tests.support.edges import COMMANDS, Papers, Place, free_port, make_papers, running_edge

EXCHANGE, DECLARATIONS, LOG = "exchange.example", "declarations.example", "log.example"


class Server(uvicorn.Server):
    """A server that leaves the signals of the test run alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Recorder:
    """Notes with which headers requests reach the service."""

    app: ASGIApp
    seen: list[list[tuple[str, str]]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/readyz":
            self.seen.append([(n.decode(), v.decode("latin-1")) for n, v in scope["headers"]])
        await self.app(scope, receive, send)

    def last(self, name: str) -> list[str]:
        """Return the values of a header in the newest request."""
        return [value for header, value in self.seen[-1] if header == name]


@dataclass
class Outside(World):
    """The exchange as who stands before the edge reaches it, with `client`'s certificate."""

    papers: Papers = field(default_factory=lambda: Papers(Path()))
    port: int = 0
    client: str = "good"

    @asynccontextmanager
    async def http(
        self, host: str = EXCHANGE, client: str | None = None
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client that speaks to one of the edge's names."""
        context = self.papers.context(self.client if client is None else client)

        async def named(request: httpx.Request) -> None:
            request.extensions["sni_hostname"] = host
            if request.headers["host"].startswith("127.0.0.1"):
                request.headers["host"] = host

        async with httpx.AsyncClient(
            verify=context,
            base_url=f"https://127.0.0.1:{self.port}",
            event_hooks={"request": [named]},
            limits=httpx.Limits(max_connections=8),
            timeout=PATIENCE_S,
            trust_env=False,
        ) as made:
            yield made

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request through the edge, once the world has one."""
        if not self.port:
            return await super().send(method, path, **options)
        async with self.http() as http:
            return await http.request(method, path, **options)


@dataclass
class Edge:
    """One running edge: `name` says which, `service` what arrived behind it."""

    name: str
    place: Place
    world: Outside
    service: Recorder
    silent: socket.socket
    """Behind `declarations.example`: takes connections and never says a word."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=sorted(COMMANDS))
async def edge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """A running edge before an exchange with three parties, which nothing but it reaches."""
    folder = tmp_path_factory.mktemp(request.param)
    async with open_outside(folder) as world:
        assert world.app is not None
        service = Recorder(gated(world.app))
        async with listening(service) as port:
            with socket.create_server(("127.0.0.1", 0)) as silent:
                behind = {
                    "exchange": (port, free_port()),  # the second process of two is away
                    "declarations": (silent.getsockname()[1],),
                    "log": (port,),
                }
                papers = make_papers(folder / "papers")
                place = Place(folder, papers, behind, free_port())
                running = running_edge(request.param, place)
                # In a thread, so that the service answers when it is asked whether it is ready.
                await asyncio.to_thread(running.__enter__)
                try:
                    world.papers, world.port = papers, place.port
                    yield Edge(request.param, place, world, service, silent)
                    world.port = 0
                finally:
                    running.__exit__(None, None, None)


@asynccontextmanager
async def open_outside(folder: Path) -> AsyncIterator[Outside]:
    """Yield a running exchange that trusts an edge on this machine, its parties enrolled."""
    world = Outside(folder / "exchange")
    write_pins(world.folder, world.audit.log.keys.vkeys, world.audit.log.origin)
    await world.start(trusted_proxies=("127.0.0.1",), log_wait_s=LOG_WAIT_S, recover_every_s=0.05)
    try:
        for keys in KEYS.values():
            assert (await world.enrol(keys)).status_code == httpx.codes.CREATED
        yield world
    finally:
        await world.stop()


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an app on a port of loopback."""
    server = Server(uvicorn.Config(app, lifespan="off", log_level="error", proxy_headers=False))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.force_exit = server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await task
