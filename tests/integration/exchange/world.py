"""The exchange over a real database and real keys, beside an audit service in memory.

Callers speak HTTP with real tokens and proofs. `stop` and `start` restart the service over its
files; `reached` are told each durable step, and one that raises stops what reached it.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import SQLModel

from deploy.local.postgresql.rooms import EXCHANGE
from deploy.local.postgresql.server import PostgresqlServer
from sextant_exchange.app import MIGRATIONS, create_app
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.application import gated
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Signer, SoftwareSigner
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.party import EnrolmentRequest, RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from sextant_shared.protocol.parties import prove_possession, sign_party_document
from sextant_shared.protocol.tokens import ASSERTION_TYPE, make_client_assertion, make_dpop_proof
from tests.integration.exchange.audits import MemoryAudit
from tests.integration.exchange.containers import KEYS, Container, recall_of
from tests.support.logs import NOW
from tests.support.objects import S3
from tests.support.parties import PartyKeys, registrar_pairs, signer
from tests.support.postgresql import SERVER

BASE_URL = "http://exchange.example"
REGISTRAR, OPERATOR = "registrar-1", "operator-1"
PATIENCE_S = 10.0
LOG_WAIT_S = 4.0  # a deposit is not answered 202 because the machine is slow
_READ = "sqlite:///file:{}?mode=ro&uri=true"


class Stopped(Exception):  # noqa: N818 -- not an error: a process that ends
    """The process ended here."""


@dataclass
class Time:
    """A clock that stands still until it is moved."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def static_signer(client_id: str) -> SoftwareSigner:
    return signer(f"client/{client_id}", Alg.ED25519)


@dataclass
class Caller:
    """One client of the exchange: a party's or a static one."""

    world: "World"
    client_id: str
    key: Signer
    token: str = ""

    async def send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send one request with a fresh proof; whatever comes back comes back."""
        if not self.token:
            self.token = await self._token()
        sent = {"Authorization": f"DPoP {self.token}", "DPoP": self._proof(method, path)}
        return await self.world.send(method, path, headers={**sent, **(headers or {})}, **options)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.send("GET", path, params=params)

    async def post(self, path: str, json: Any = None) -> httpx.Response:
        return await self.send("POST", path, json=json)

    async def deposit(self, container: Container | bytes, **headers: str) -> httpx.Response:
        data = container.data if isinstance(container, Container) else container
        return await self.send(
            "POST", "/v1/envelopes", content=data, headers={"Content-Type": MEDIA_TYPE, **headers}
        )

    async def recall(self, container: Container, **changes: Any) -> httpx.Response:
        """Recall by a fresh statement, with what a test names changed."""
        statement = recall_of(container, now=self.world.clock(), **changes)
        return await self.post(f"{container.path}/recall", {"statement": statement})

    async def lease(self, *, limit: int = 1, lease_s: int = 60, wait_s: int = 0) -> list[Any]:
        body = {"max": limit, "lease_s": lease_s, "wait_s": wait_s}
        answer = await self.post("/v1/mailbox/leases", body)
        leases: list[Any] = answer.json()["leases"]
        return leases

    def _proof(self, method: str, path: str) -> str:
        url = f"{BASE_URL}{path}"
        return make_dpop_proof(method, url, self.key, self.world.clock(), self.token or None)

    async def _token(self) -> str:
        now = self.world.clock()
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": make_client_assertion(self.client_id, BASE_URL, self.key, now),
        }
        proof = self._proof("POST", "/oauth/token")
        answer = await self.world.send("POST", "/oauth/token", data=form, headers={"DPoP": proof})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


@dataclass
class World:
    """The service, its surroundings and what it keeps."""

    folder: Path
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    clock: Time = field(default_factory=Time)
    settings: dict[str, Any] = field(default_factory=dict)
    audit_transport: httpx.AsyncBaseTransport | None = None
    telemetry: Callable[[], Telemetry] | None = None
    reached: list[Callable[[str], None]] = field(default_factory=list)
    app: FastAPI | None = None
    server: PostgresqlServer | None = field(default_factory=SERVER.if_wanted)

    def __post_init__(self) -> None:
        self._life = AsyncExitStack()
        self._callers: dict[str, Caller] = {}
        self._documents: dict[str, bytes] = {}  # signatures are hedged: no two are the same

    async def start(self, **settings: Any) -> None:
        """Start the service over its files, with changed settings."""
        self.settings |= settings
        app = create_app(
            self._settings(),
            clock=self.clock,
            audit_transport=self.audit_transport or self.audit,
            telemetry=self.telemetry() if self.telemetry else None,
            reached=self._reached,
        )
        await self._life.enter_async_context(app.router.lifespan_context(app))
        self.app = app

    async def stop(self) -> None:
        """Stop the service in order."""
        self.app = None
        self._callers = {}
        await self._life.aclose()

    async def restart(self, **settings: Any) -> None:
        await self.stop()
        self.reached.clear()
        await self.start(**settings)

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as it is, without token or proof."""
        assert self.app is not None
        transport = httpx.ASGITransport(gated(self.app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            return await client.request(method, path, timeout=PATIENCE_S, **options)

    def caller(self, client_id: str) -> Caller:
        """Return a party's client (`NA-XAL`) or a static one (`registrar-1`)."""
        if client_id not in self._callers:
            known = KEYS.get(client_id)
            name = f"{client_id}/test" if known else client_id
            key = known.api if known else static_signer(client_id)
            self._callers[client_id] = Caller(self, name, key)
        return self._callers[client_id]

    async def enrol(self, keys: PartyKeys) -> httpx.Response:
        """Ask for a party's first document to be put in force: the same bytes each time."""
        raw = self._documents.get(keys.party)
        if raw is None:
            raw = sign_party_document(keys.document(), keys.signers(registrar_pairs()[:2]))
            self._documents[keys.party] = raw
        return await self.give_document(keys.party, raw, [*keys.sig, keys.api])

    async def give_document(
        self, party: str, raw: bytes, proved: list[Signer], *, by: str = REGISTRAR
    ) -> httpx.Response:
        request = EnrolmentRequest(document=raw.decode(), possession=prove_possession(raw, proved))
        body = request.model_dump(mode="json")
        return await self.caller(by).post(f"/v1/parties/{party}/documents", body)

    def stop_at(self, name: str) -> None:
        """Let whatever reaches this step end there."""

        def step(reached: str) -> None:
            if reached == name:
                raise Stopped(name)

        self.reached.append(step)

    def rows(self, statement: str) -> list[Any]:
        """Return rows of the exchange's database."""
        engine = create_engine(self._url() or _READ.format(self.folder / "exchange.db"))
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(statement)).all())
        finally:
            engine.dispose()

    def change(self, statement: str, **values: Any) -> None:
        """Change rows of the stopped service's database."""
        engine = create_engine(self._url() or f"sqlite:///{self.folder / 'exchange.db'}")
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()

    def files(self) -> list[str]:
        """Return what lies in the folders of blobs and of arrivals, and behind S3 if it is used."""
        folders = (self.folder / "blobs", self.folder / "arriving")
        found = [path.name for folder in folders if folder.exists() for path in folder.iterdir()]
        return sorted(found + S3.names_of(self.folder))

    def copy_database_of(self, folder: Path) -> None:
        """Have what another folder's database has, where it lies on a server and not in a file."""
        if self.server is not None:
            copy = self.server.copy_of(self.server.database_of(folder, EXCHANGE), EXCHANGE)
            self.server.put(self.folder, copy, EXCHANGE)

    def database(self) -> Database:
        """Open the stopped service's database, as it does."""
        place = self._settings().place
        return open_database(place, SQLModel.metadata, MIGRATIONS, sharing=Sharing())

    def _url(self) -> str | None:
        """Return where an administrator finds the database on a server."""
        if self.server is None:
            return None
        return self.server.url("postgres", self.server.database_of(self.folder, EXCHANGE))

    def _server_settings(self) -> dict[str, Any]:
        if self.server is None:
            return {}
        database = self.server.database_of(self.folder, EXCHANGE)
        return self.server.settings(database, room=EXCHANGE)

    def _reached(self, name: str) -> None:
        for step in self.reached:
            step(name)

    def _settings(self) -> ExchangeSettings:
        folder = self.folder
        return ExchangeSettings(
            **{
                "data_dir": folder,
                "port": 1,
                "base_url": BASE_URL,
                "clients_file": folder / "clients.json",
                "issuer_key_file": folder / "issuer.json",
                "registrars_file": folder / "registrars.json",
                "audit_url": "http://audit.example",
                "audit_key_file": folder / "audit.json",
                "log_file": folder / "log.json",
                "disk_reserve_bytes": 0,
                "trace_parent": "accept",
                "note_after_s": 3600,  # indexes are those of envelopes and parties alone
                **S3.settings_of(folder),
                **self._server_settings(),
                **self.settings,
            }
        )


def write_pins(folder: Path, vkeys: tuple[str, str], origin: str) -> None:
    """Write what an operator gives the exchange: keys, clients, registrars, the log's keys."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("issuer", "audit"):
        write_key_file(folder / f"{name}.json", PrivateKey("api", static_signer(name)))
    roles = {REGISTRAR: "registrar", OPERATOR: "operator"}
    clients = [
        {"client_id": id_, "role": role, "party": None, "jwk": static_signer(id_).jwk}
        for id_, role in roles.items()
    ]
    registrars = [
        RegistrarKeys(name=f"REG-{n}", keys=[dict(half.jwk) for half in both])
        for n, both in enumerate(registrar_pairs(), start=1)
    ]
    pinned = RegistrarsFile(threshold=2, registrars=registrars).model_dump(mode="json")
    documents = {
        "clients": clients,
        "registrars": pinned,
        "log": {"origin": origin, "vkeys": list(vkeys)},
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))


@asynccontextmanager
async def open_world(
    folder: Path, server: PostgresqlServer | None = None, **settings: Any
) -> AsyncIterator[World]:
    """Yield a running exchange that knows nobody yet; on a server when there is one."""
    world = World(folder, server=server or SERVER.if_wanted())
    write_pins(folder, world.audit.log.keys.vkeys, world.audit.log.origin)
    await world.start(**settings)
    try:
        yield world
    finally:
        await world.stop()


OWN = (
    *("log_index IS NULL", "act_position IS NULL", "party_recovery"),  # recovery
    *("max(party_document.log_index)", "FROM party_use", "erased IS NULL AND"),  # each second
    *("set_config(", "pg_logical_emit_message("),
)


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect every SELECT in the block that finds rows for a caller.

    Not what a service looks for by itself meanwhile, nor what tells a server who asks.
    """
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT") and not any(what in statement for what in OWN):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
