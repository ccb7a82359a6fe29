"""Puts the exchange together: the only module that knows every other."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import structlog
from fastapi import FastAPI
from sqlmodel import SQLModel

from sextant_exchange.clients.audit import HttpLog, is_sampled
from sextant_exchange.domain.completion import Completion
from sextant_exchange.domain.deposit import Deposits, DurableSteps
from sextant_exchange.domain.directory import PartyClients
from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult
from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.mailboxes import Bells, Deliveries
from sextant_exchange.domain.policy import DeliveryPolicy, DepositPolicy
from sextant_exchange.domain.ports import Step
from sextant_exchange.domain.quota import Quota, Room
from sextant_exchange.domain.recovery import Recovery, sweep
from sextant_exchange.domain.refusals import Refusals
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.root_loss import Announced, RootLoss
from sextant_exchange.domain.statements import Statements
from sextant_exchange.domain.suspicion import Suspicion
from sextant_exchange.domain.threads import Threads
from sextant_exchange.routes.arrival import Limits
from sextant_exchange.routes.envelopes import envelope_routes
from sextant_exchange.routes.intake import Intake
from sextant_exchange.routes.mailboxes import mailbox_routes
from sextant_exchange.routes.parties import party_routes
from sextant_exchange.routes.statements import statement_routes
from sextant_exchange.routes.threads import thread_routes
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.blobs import BlobStore
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_exchange.storage.identity import SqlAnnouncements, SqlStatements
from sextant_exchange.storage.mailboxes import SqlMailboxes
from sextant_exchange.storage.parties import SqlParties
from sextant_exchange.storage.threads import SqlRelated
from sextant_shared.chassis.application import create_application
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.crashpoints import crash_point
from sextant_shared.chassis.database import open_database
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.identity import ClientRecord, Identity, StaticDirectory
from sextant_shared.chassis.telemetry import Telemetry, current_traceparent
from sextant_shared.clock import Clock, system_clock
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import RegistrarsFile
from sextant_shared.models.strict import Model, read_model
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
    reached: Step = crash_point,
) -> FastAPI:
    """Return the exchange's app; `audit_transport` joins services within one process.

    Raises:
        PlatformError: when a pinned file or a key does not load, or the store does not open.
    """
    telemetry = telemetry or Telemetry("exchange", settings)
    log_keys = LogKeys.from_vkeys(_read_pin(settings.log_file, LogDiscovery).vkeys)
    registrars = RegistrarSet.from_file(_read_pin(settings.registrars_file, RegistrarsFile))
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
    log = HttpLog(audit, log_keys, telemetry)
    announced = Announced(SqlAnnouncements(database), log)
    registration = Registration(SqlParties(database), log, registrars, clock, reached, announced)
    statements = Statements(SqlStatements(database), log, registration, clock)
    lookup = Lookup(envelopes, Suspicion(registration, statements, envelopes, blobs), clock)
    threads = Threads(lookup, SqlRelated(database))
    bells = Bells(settings.max_pollers, closing=lambda: bool(app.state.draining))
    completion = Completion(log, envelopes, bells.ring, clock, reached=reached, trouble=_tell)
    deposits = Deposits(
        _durable_steps(settings, envelopes, completion, telemetry, clock),
        reached,
        log_wait_s=settings.log_wait_s,
    )
    room = Room(blobs.free_bytes, settings.disk_reserve_bytes)
    intake = Intake(
        registration=registration,
        deposits=deposits,
        blobs=blobs,
        policy=DepositPolicy(
            max_body_bytes=settings.max_body_bytes,
            created_skew_s=settings.created_skew_s,
            secretariat=settings.secretariat,
        ),
        threads=threads,
        refusals=Refusals(
            log, lambda: registration.newest_index, clock, _tell, wait_s=settings.log_wait_s
        ),
        quota=Quota(settings.deposits_per_s, settings.deposit_burst, clock),
        room=room,
        limits=Limits(
            settings.max_container_bytes, settings.body_read_timeout_s, settings.min_upload_bytes_s
        ),
        arrivals=settings.data_dir / "arriving",
        small_bytes=settings.small_container_bytes,
        clock=clock,
        reached=reached,
    )
    deliveries = Deliveries(
        mailboxes,
        bells,
        DeliveryPolicy(settings.max_attempts, settings.backoff_s, settings.backoff_cap_s),
        clock,
        random.random,
    )
    identity = Identity(
        issuer=settings.base_url,
        signer=read_key_file(settings.issuer_key_file).signer,
        directory=_Directory(StaticDirectory.from_file(settings.clients_file), registration),
        clock=clock,
    )
    recovery = Recovery(
        envelopes,
        deposits,
        registration,
        batch=settings.log_batch,
        also=(announced.settle, statements.settle),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            await registration.load()
            if orphans := await sweep(blobs, envelopes):
                _log.info("orphaned blobs removed", count=orphans)
            recovering = asyncio.create_task(_keep_recovering(recovery, settings.recover_every_s))
            yield
            recovering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await recovering
            await deposits.drain()
        finally:
            await audit.close()
            database.close()
            telemetry.shutdown()

    async def ready() -> dict[str, str]:
        return {"store": await _store_answers(envelopes), "room": _has_room(room)}

    app = create_application(
        "exchange",
        settings,
        description=DESCRIPTION,
        routers=[
            envelope_routes(intake, lookup, envelopes, blobs),
            thread_routes(threads),
            statement_routes(lookup, statements),
            mailbox_routes(deliveries),
            party_routes(registration, RootLoss(announced, registration, registrars, clock)),
        ],
        lifespan=lifespan,
        identity=identity,
        telemetry=telemetry,
        ready=ready,
    )
    return app


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
    settings: ExchangeSettings,
    envelopes: SqlEnvelopes,
    completion: Completion,
    telemetry: Telemetry,
    clock: Clock,
) -> DurableSteps:
    """Join each step with natural batching: one commit, one call, one commit for many."""
    limits = {"max_batch": settings.log_batch, "max_waiting": settings.max_waiting}
    knowing: Batcher[Claim, HoldResult | None] = Batcher(envelopes.known, **limits)
    holding: Batcher[Acceptable, HoldResult] = Batcher(
        lambda batch: envelopes.hold(batch, clock()), **limits
    )
    completing: Batcher[Held, bytes] = Batcher(completion, **limits)

    async def complete(held: Held) -> bytes:
        if not is_sampled(held.traceparent):
            return await completing.submit(held)
        # The batch's call to the log becomes a child of its first deposit's span, and links the
        # others: so each deposit's own trace shows how long the log took for it.
        with telemetry.span("exchange.log", parent=held.traceparent):
            return await completing.submit(replace(held, traceparent=current_traceparent()))

    return DurableSteps(knowing.submit, holding.submit, complete)


async def _keep_recovering(recovery: Recovery, every_s: float) -> None:
    """Finish what is owed, now and again and again."""
    while True:
        try:
            await recovery()
        except PlatformError as error:
            _tell(error)
        except Exception as error:  # noqa: BLE001 -- logged; what is owed outlives a fault
            _log.error("recovery failed", kind=type(error).__name__, exc_info=error)
        await asyncio.sleep(every_s)


def _tell(error: PlatformError) -> None:
    """Tell the operator why entries are still owed: a late log is a warning, else an alarm."""
    tell = _log.warning if error.code is Code.UNAVAILABLE else _log.error
    tell("entries are owed to the log", code=str(error.code), detail=error.detail, **error.evidence)


async def _store_answers(envelopes: SqlEnvelopes) -> str:
    try:
        await envelopes.find("", "")
    except PlatformError as error:
        return str(error.code)
    return "ok"


def _has_room(room: Room) -> str:
    try:
        room.check()
    except PlatformError as error:
        return error.detail
    return "ok"


def _read_pin(path: Path, model: type[Model]) -> Model:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED, f"the pinned file {path} does not open: {error.strerror}"
        ) from error
    return read_model(model, parse_json(data, max_bytes=MAX_PINS_BYTES))
