"""The whole platform in one process: audit, exchange and declarations, joined without a network.

Real databases, keys and signatures; a clock that runs and can be moved; services that stop and
start again over their files. `wires` join everybody to a service and can be cut, `own_wires` are
those of the declarations service alone. `steps` are told each durable step of that service; one
that raises ends the task that reached it. `check` rebuilds the log from its entries and compares
with it what each service believes.

    async with open_platform(folder) as platform:
        receipt = await platform.declare("NA-XAL", content)
        await platform.settled()
        await platform.check()
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from sqlalchemy import text

import sextant_audit.app
import sextant_declarations.app
import sextant_exchange.app
from sextant_audit.app.opening import begin_log, public_identity, verify_log
from sextant_audit.domain.checking import LogReport
from sextant_audit.storage.ledger import LoneLedger
from sextant_declarations.app.opening import Outside
from sextant_shared.chassis.database import open_reader
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import monotonic, timestamp_s, uuid7
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import b64u, parse_json
from sextant_shared.models.entries import (
    DeclarationOpenedEntry,
    DeclarationOutcomeEntry,
    DeclarationRefusedEntry,
    Entry,
    EnvelopeAcceptedEntry,
    parse_entry,
)
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.party import EnrolmentRequest
from sextant_shared.models.purposes import PURPOSE_HEADER
from sextant_shared.protocol.envelope import SealRequest, open_bytes, seal_bytes
from sextant_shared.protocol.manifest import Manifest, read_manifest, verify_manifest
from sextant_shared.protocol.parties import (
    Registry,
    VerifiedParty,
    prove_possession,
    sign_party_document,
)
from sextant_shared.protocol.receipts import CustodyReceipt, verify_custody
from tests.support.logs import NOW
from tests.support.parties import PartyKeys, registrar_pairs, registrars
from tests.support.platform_files import SEC, URLS, PlatformFiles, client_signer
from tests.support.wires import Wire

XAL, XBO = "NA-XAL", "NA-XBO"
DECLARATION_CTY = "application/vnd.sextant.declaration+json"
PATIENCE_S = 60.0  # real seconds until a test that waits for something fails

ACTS = (DeclarationOpenedEntry, DeclarationOutcomeEntry, DeclarationRefusedEntry)


class MovableClock:
    """A clock that runs, from the same instant in each test, and can be moved."""

    def __init__(self) -> None:
        self._offset = NOW - monotonic()

    def __call__(self) -> float:
        return monotonic() + self._offset

    def move(self, seconds: float) -> None:
        self._offset += seconds


@dataclass(frozen=True)
class Deposited:
    """An envelope that was given to the exchange, and its custody receipt once there is one."""

    manifest: Manifest
    container: bytes
    custody: bytes | None

    @property
    def id(self) -> str:
        return self.manifest.header.id


@dataclass(frozen=True)
class Received:
    """An envelope out of a party's mailbox, verified and opened."""

    manifest: Manifest
    content: bytes
    custody: CustodyReceipt

    @property
    def body(self) -> dict[str, Any]:
        return parse_json(self.content, max_bytes=1 << 24)


@dataclass
class Platform(PlatformFiles):
    """Three services, the parties around them, and everything they were handed."""

    clock: MovableClock = field(default_factory=MovableClock)
    parties: dict[str, PartyKeys] = field(default_factory=dict)
    documents: dict[str, VerifiedParty] = field(default_factory=dict)
    handed: list[Deposited] = field(default_factory=list)
    steps: list[Callable[[str], None]] = field(default_factory=list)
    apps: dict[str, FastAPI] = field(default_factory=dict)
    people: httpx.AsyncBaseTransport | None = None
    is_watched: bool = False
    readers: dict[str, InMemoryMetricReader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lives: dict[str, AsyncExitStack] = {}
        self._clients: dict[str, ServiceClient] = {}
        self.wires = {name: self._wire(name) for name in URLS}
        traced = self.audit_settings() if self.overrides.get("trace") else None
        self.telemetry = Telemetry("parties", traced)
        self.own_wires = {name: self._wire(name) for name in ("exchange", "audit")}

    # --- services -----------------------------------------------------------------------------

    async def open(self) -> None:
        """Begin the log, start the services, enrol the Secretariat and two States."""
        self.write_files()
        self.log_keys = await begin_log(self.audit_settings(), clock=self.clock)
        self.identity = public_identity(self.audit_settings())
        (self.folder / "log.json").write_text(self.identity.model_dump_json())
        self.write_trust()
        for name in URLS:
            await self.start(name)
        for party in (SEC, XAL, XBO):
            await self.enrol(PartyKeys(party))

    async def close(self) -> None:
        """Close clients, then services in the opposite order of starting."""
        for client in self._clients.values():
            await client.close()
        for name in reversed(list(self._lives)):
            await self.stop(name)
        self.telemetry.shutdown()

    async def start(self, name: str) -> None:
        """Start a service over its files."""
        app = self._create(name)
        stack = AsyncExitStack()
        await stack.enter_async_context(app.router.lifespan_context(app))
        self.apps[name], self._lives[name] = app, stack

    async def stop(self, name: str) -> None:
        """Stop a service in order; whoever calls it finds nobody."""
        self.apps.pop(name, None)
        await self._lives.pop(name).aclose()

    async def restart(self, name: str) -> None:
        """Stop and start a service."""
        await self.stop(name)
        await self.start(name)

    def _wire(self, name: str) -> Wire:
        return Wire(lambda: self.apps.get(name))

    def _telemetry(self, name: str, settings: ServiceSettings) -> Telemetry | None:
        """Return telemetry whose metrics `readers` are given, if the platform is watched."""
        if not self.is_watched:
            return None
        self.readers[name] = InMemoryMetricReader()
        return Telemetry(name, settings, [self.readers[name]])

    def _create(self, name: str) -> FastAPI:
        if name == "audit":
            settings = self.audit_settings()
            return sextant_audit.app.create_app(
                settings, clock=self.clock, telemetry=self._telemetry(name, settings)
            )
        if name == "exchange":
            exchange = self.exchange_settings()
            return sextant_exchange.app.create_app(
                exchange,
                clock=self.clock,
                audit_transport=self.wires["audit"],
                telemetry=self._telemetry(name, exchange),
            )
        return sextant_declarations.app.create_app(
            self.declarations_settings(),
            clock=self.clock,
            step=self._step,
            telemetry=self._telemetry(name, self.declarations_settings()),
            outside=Outside(
                exchange=self.own_wires["exchange"],
                audit=self.own_wires["audit"],
                people=self.people,
            ),
        )

    def _step(self, name: str) -> None:
        for step in self.steps:
            step(name)

    # --- parties ------------------------------------------------------------------------------

    def client(self, client_id: str, service: str = "exchange") -> ServiceClient:
        """Return the authenticated client of a party (`NA-XAL/test`) or of a static client."""
        key = f"{service} {client_id}"
        if key not in self._clients:
            party = client_id.partition("/")[0]
            static = client_signer(client_id)
            self._clients[key] = ServiceClient(
                URLS[service],
                client_id=client_id,
                signer=self.parties[party].api if party in self.parties else static,
                clock=self.clock,
                telemetry=self.telemetry,
                transport=self.wires[service],
            )
        return self._clients[key]

    async def officer(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the declarations service as an officer who examines; `purpose` says otherwise."""
        purpose = options.pop("purpose", "examination")
        options["headers"] = {PURPOSE_HEADER: purpose, **options.get("headers", {})}
        return await self.client("officer-1", "declarations").request(method, path, **options)

    async def enrol(self, keys: PartyKeys) -> None:
        """Enrol a party: signed by its root pair and two registrars, logged by the exchange."""
        raw = sign_party_document(keys.document(), keys.signers(registrar_pairs()[:2]))
        possession = prove_possession(raw, [*keys.sig, keys.api])
        request = EnrolmentRequest(document=raw.decode(), possession=possession)
        await self.client("registrar-1").request(
            "POST",
            f"/v1/parties/{keys.party}/documents",
            json=request.model_dump(mode="json"),
        )
        self.parties[keys.party] = keys
        self.documents[keys.party] = keys.enrolled(registrars())

    def seal(self, party: str, content: bytes, **changes: Any) -> tuple[bytes, Manifest]:
        """Return a container from the party to the Secretariat."""
        options: dict[str, Any] = {
            "id": uuid7(self.clock),
            "sender": party,
            "signers": self.parties[party].sig,
            "recipients": [(SEC, SealingKey.from_jwk(self.parties[SEC].seal.jwk))],
            "type": "declaration.annual",
            "cty": DECLARATION_CTY,
            "classification": "C1",
            "created": timestamp_s(self.clock()),
        }
        container, sealed = seal_bytes(content, SealRequest(**{**options, **changes}))
        return container, sealed.manifest

    async def deposit(self, party: str, container: bytes) -> Deposited:
        """Give a container to the exchange."""
        manifest = read_manifest(io.BytesIO(container))
        response = await self.client(f"{party}/test").request(
            "POST", "/v1/envelopes", content=container, headers={"Content-Type": MEDIA_TYPE}
        )
        pending = response.status_code == httpx.codes.ACCEPTED
        handed = Deposited(manifest, container, None if pending else response.content)
        self.handed.append(handed)
        return handed

    async def declare(self, party: str, content: bytes, **changes: Any) -> Deposited:
        """Seal a declaration of the party and deposit it."""
        container, _ = self.seal(party, content, **changes)
        return await self.deposit(party, container)

    async def received(self, party: str) -> list[Received]:
        """Return everything in the party's mailbox, verified and opened, oldest first."""
        client = self.client(f"{party}/test")
        page = (await client.request("GET", "/v1/mailbox", params={"limit": 500})).json()
        return [await self._open(party, item) for item in page["items"]]

    async def replies(self, party: str, to: Deposited | None = None) -> list[dict[str, Any]]:
        """Return the receipts the Secretariat sent the party, oldest first."""
        found = await self.received(party)
        return [r.body for r in found if to is None or r.manifest.header.irt == to.id]

    async def _open(self, party: str, item: Mapping[str, Any]) -> Received:
        client = self.client(f"{party}/test")
        place = f"/v1/envelopes/{item['sender']}/{item['id']}"
        source = io.BytesIO((await client.request("GET", f"{place}/content")).content)
        receipt = (await client.request("GET", f"{place}/receipt")).content
        manifest = read_manifest(source)
        registry = Registry(self.documents)
        sender = manifest.header.from_
        verified = verify_manifest(manifest, registry.signing_pair(sender, manifest.header.skid))
        content, _ = open_bytes(source.read(), verified, self.parties[party].seal, party)
        custody = verify_custody(receipt, manifest.digest, manifest.header.id, self.log_keys)
        return Received(manifest, content, custody)

    # --- waiting and checking -----------------------------------------------------------------

    async def until(self, true: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        """Return when `true`, a function or coroutine function, gives something true."""
        async with asyncio.timeout(patience_s):
            while True:
                result = true()
                if asyncio.iscoroutine(result):
                    result = await result
                if result:
                    return
                await asyncio.sleep(0.02)

    async def settled(self) -> None:
        """Return when nothing waits in the Secretariat's mailbox and nothing is owed."""
        await self.until(self.is_settled)

    async def is_settled(self) -> bool:
        """Whether every delivery is acknowledged or dead and nothing is owed."""
        view = (await self.officer("GET", "/v1/queue", params={"limit": 500})).json()
        open_ = [d for d in view["deliveries"] if d["state"] in ("available", "leased")]
        intake = view["intake"]
        return not (open_ or view["unreachable"] or intake["owed_total"] or intake["in_flight"])

    async def entries(self) -> list[Entry]:
        """Return every entry of the log, in order."""
        ledger = LoneLedger(self.audit_settings().place)
        rows = await ledger.read(lambda rows: rows.entries(0, rows.size()))
        return [parse_entry(row.data) for row in rows]

    async def check(self) -> LogReport:
        """Rebuild the whole log and compare with it what was handed out and stored.

        Every act of the Secretariat stands in the log exactly once, every custody receipt handed
        out verifies, and what the register wrote down about log positions is true.
        """
        report = await verify_log(self.audit_settings())
        entries = await self.entries()
        acts = [(e.type, e.env) for e in entries if isinstance(e, ACTS)]
        assert len(acts) == len(set(acts)), "an act stands twice in the log"
        for handed in self.handed:
            if handed.custody is not None:
                digest = handed.manifest.digest
                receipt = verify_custody(handed.custody, digest, handed.id, self.log_keys)
                assert entries[receipt.index] == receipt.entry
        for row in self.stored("SELECT envelope_id, manifest_digest, custody_index FROM inbox"):
            accepted = entries[row["custody_index"]]
            assert isinstance(accepted, EnvelopeAcceptedEntry)
            held = (row["envelope_id"], b64u(row["manifest_digest"]))
            assert (accepted.env, accepted.man) == held
        alarms = self.stored("SELECT source, detail FROM log_alarms")
        assert not alarms, alarms
        for table in ("owed_entries", "accesses"):
            logged = f"SELECT log_index, leaf FROM {table} WHERE log_index IS NOT NULL"
            for row in self.stored(logged):
                assert entries[row["log_index"]] == parse_entry(row["leaf"])
        return report

    def stored(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Return rows of the declarations service's database."""
        engine = open_reader(self.declarations_settings().place)
        try:
            with engine.connect() as connection:
                rows = connection.execute(text(statement), values)
                return [dict(row) for row in rows.mappings()]
        finally:
            engine.dispose()


@asynccontextmanager
async def open_platform(folder: Path, **overrides: dict[str, Any]) -> AsyncIterator[Platform]:
    """Yield a running platform; `overrides` are settings by service, `trace={…}` records spans."""
    async with running(Platform(folder, overrides=overrides)) as platform:
        yield platform


@asynccontextmanager
async def running(platform: Platform) -> AsyncIterator[Platform]:
    """Yield the platform while it runs."""
    try:
        await platform.open()
        yield platform
    finally:
        await platform.close()
