"""Puts the exchange together: the only module that knows every other."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import structlog
from fastapi import FastAPI
from sqlmodel import SQLModel

from sextant_exchange.clients.audit import HttpLog
from sextant_exchange.domain.deposit import Deposits, DurableSteps
from sextant_exchange.domain.directory import PartyClients
from sextant_exchange.domain.envelopes import Acceptable, Held, HoldResult, Logged
from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.mailboxes import Bells, Deliveries
from sextant_exchange.domain.policy import DeliveryPolicy, DepositPolicy
from sextant_exchange.domain.ports import Envelopes, Log, LoggedLeaf
from sextant_exchange.domain.registration import Registration
from sextant_exchange.routes.envelopes import envelope_routes
from sextant_exchange.routes.intake import Intake
from sextant_exchange.routes.mailboxes import mailbox_routes
from sextant_exchange.routes.parties import party_routes
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.blobs import BlobStore
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_exchange.storage.mailboxes import SqlMailboxes
from sextant_exchange.storage.parties import SqlParties
from sextant_shared.chassis.application import create_application
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.crashpoints import crash_point
from sextant_shared.chassis.database import open_database
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.identity import ClientRecord, Identity, StaticDirectory
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, system_clock
from sextant_shared.encoding import parse_json
from sextant_shared.errors import PlatformError
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import RegistrarsFile
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.keyfiles import read_key_file
from sextant_shared.protocol.parties import RegistrarSet

DESCRIPTION = "Takes in, keeps and hands out sealed envelopes; never opens them."
MIGRATIONS = "sextant_exchange.storage.migrations"
MAX_PINS_BYTES = 1 << 20
_log = structlog.get_logger("sextant.exchange")


def create_app(
    settings: ExchangeSettings,
    *,
    clock: Clock = system_clock,
    audit_transport: httpx.AsyncBaseTransport | None = None,
    telemetry: Telemetry | None = None,
) -> FastAPI:
    """Return the exchange's app; `audit_transport` joins services within one process."""
    telemetry = telemetry or Telemetry("exchange", settings)
    database = open_database(settings.data_dir / "exchange.db", SQLModel.metadata, MIGRATIONS)
    envelopes, mailboxes = SqlEnvelopes(database), SqlMailboxes(database)
    blobs = BlobStore(settings.data_dir / "blobs")
    audit = ServiceClient(
        settings.audit_url,
        client_id=settings.audit_client_id,
        signer=read_key_file(settings.audit_key_file).signer,
        clock=clock,
        telemetry=telemetry,
        transport=audit_transport,
    )
    log = HttpLog(audit, _log_keys(settings), telemetry)
    registration = Registration(
        SqlParties(database), log, _registrars(settings), clock, crash_point
    )
    bells = Bells(settings.max_pollers)
    deposits = Deposits(
        _durable_steps(settings, envelopes, log, clock),
        bells.ring,
        crash_point,
        log_wait_s=settings.log_wait_s,
    )
    intake = Intake(
        registration=registration,
        deposits=deposits,
        blobs=blobs,
        policy=DepositPolicy(
            max_body_bytes=settings.max_body_bytes, created_skew_s=settings.created_skew_s
        ),
        arrivals=settings.data_dir / "arriving",
        small_bytes=settings.small_container_bytes,
        clock=clock,
        reached=crash_point,
    )
    deliveries = Deliveries(
        mailboxes,
        bells,
        DeliveryPolicy(max_attempts=settings.max_attempts, backoff_s=settings.backoff_s),
        clock,
        random.random,
    )
    identity = Identity(
        issuer=settings.base_url,
        signer=read_key_file(settings.issuer_key_file).signer,
        directory=_Directory(StaticDirectory.from_file(settings.clients_file), registration),
        clock=clock,
    )
    state = {"registry": "loading"}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        recovery = asyncio.create_task(
            _recover(registration, envelopes, deposits, blobs, state), name="recovery"
        )
        yield
        recovery.cancel()
        await deposits.drain()
        await audit.close()
        database.close()
        telemetry.shutdown()

    async def ready() -> dict[str, str]:
        return {"registry": state["registry"], "store": await _store_answers(envelopes)}

    return create_application(
        "exchange",
        settings,
        description=DESCRIPTION,
        routers=[
            envelope_routes(intake, Lookup(envelopes), envelopes, blobs),
            mailbox_routes(deliveries),
            party_routes(registration),
        ],
        lifespan=lifespan,
        identity=identity,
        telemetry=telemetry,
        ready=ready,
    )


class _Directory:
    """Static clients first, then parties by their documents."""

    def __init__(self, static: StaticDirectory, registration: Registration) -> None:
        self._static = static
        self._parties = PartyClients(registration)

    def find(self, client_id: str, kid: str) -> ClientRecord:
        """Return the client, or raise `E_AUTH`."""
        if self._static.knows(client_id):
            return self._static.find(client_id, kid)
        return ClientRecord(*self._parties.find(client_id, kid))


def _durable_steps(
    settings: ExchangeSettings, envelopes: Envelopes, log: Log, clock: Clock
) -> DurableSteps:
    """Join each step with natural batching: one commit, one call, one commit for many."""

    async def append(batch: list[Held]) -> Sequence[LoggedLeaf | Exception]:
        return await log.append([h.entry for h in batch], [h.traceparent for h in batch])

    async def accept(batch: list[Logged]) -> Sequence[Exception | None]:
        await envelopes.accept(batch, clock())
        return [None] * len(batch)

    limits = {"max_batch": settings.log_batch, "max_waiting": settings.max_waiting}
    hold: Batcher[Acceptable, HoldResult] = Batcher(envelopes.hold, **limits)
    appending: Batcher[Held, LoggedLeaf] = Batcher(append, **limits)
    accepting: Batcher[Logged, None] = Batcher(accept, **limits)
    return DurableSteps(hold.submit, appending.submit, accepting.submit)


async def _recover(
    registration: Registration,
    envelopes: Envelopes,
    deposits: Deposits,
    blobs: BlobStore,
    state: dict[str, str],
) -> None:
    """Finish what a stop left behind; the service is ready once the registry is."""
    while True:
        try:
            await registration.load()
            break
        except PlatformError as error:
            state["registry"] = f"waiting: {error.code}"
            await asyncio.sleep(1)
    state["registry"] = "ok"
    for held in await envelopes.held():
        deposits.finish(held)
    orphans = await blobs.delete_orphans(await envelopes.blobs())
    if orphans:
        _log.info("orphaned blobs removed", count=orphans)


async def _store_answers(envelopes: Envelopes) -> str:
    try:
        await envelopes.find("", "")
    except PlatformError as error:
        return str(error.code)
    return "ok"


def _log_keys(settings: ExchangeSettings) -> LogKeys:
    pins = parse_json(settings.log_file.read_bytes(), max_bytes=MAX_PINS_BYTES)
    return LogKeys.from_vkeys(read_model(LogDiscovery, pins).vkeys)


def _registrars(settings: ExchangeSettings) -> RegistrarSet:
    pins = parse_json(settings.registrars_file.read_bytes(), max_bytes=MAX_PINS_BYTES)
    return RegistrarSet.from_file(read_model(RegistrarsFile, pins))
