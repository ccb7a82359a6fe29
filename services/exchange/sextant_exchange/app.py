"""Puts the exchange together: the only module that knows every other."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import structlog
from fastapi import FastAPI
from sqlmodel import SQLModel

from sextant_exchange.clients.audit import HttpLog, is_sampled
from sextant_exchange.domain.acting import LoggedActs
from sextant_exchange.domain.allowance import Allowance, Bounds
from sextant_exchange.domain.completion import Completion
from sextant_exchange.domain.deposit import Deposits, DurableSteps
from sextant_exchange.domain.directory import PartyClients
from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult
from sextant_exchange.domain.erasing import Erasing, Heads
from sextant_exchange.domain.following import Following
from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.mailboxes import Bells, Deliveries
from sextant_exchange.domain.policy import DeliveryPolicy, DepositPolicy
from sextant_exchange.domain.ports import Step
from sextant_exchange.domain.quota import Room
from sextant_exchange.domain.recovery import Recovery, sweep
from sextant_exchange.domain.refusals import Refusals
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.retention import Retention
from sextant_exchange.domain.threads import Threads
from sextant_exchange.domain.uploads import UploadBounds, Uploads
from sextant_exchange.routes.acts import act_routes
from sextant_exchange.routes.arrival import Limits
from sextant_exchange.routes.envelopes import envelope_routes
from sextant_exchange.routes.events import event_routes
from sextant_exchange.routes.intake import Intake
from sextant_exchange.routes.mailboxes import mailbox_routes
from sextant_exchange.routes.parties import party_routes
from sextant_exchange.routes.parts import Parts
from sextant_exchange.routes.threads import thread_routes
from sextant_exchange.routes.uploads import upload_routes
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.acts import SqlActs
from sextant_exchange.storage.blobs import BlobStore
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_exchange.storage.erasable import SqlErasable
from sextant_exchange.storage.mailboxes import SqlMailboxes
from sextant_exchange.storage.parties import SqlParties
from sextant_exchange.storage.threads import SqlRelated
from sextant_exchange.storage.uploads import UploadFolder
from sextant_exchange.storage.usage import SqlUsage
from sextant_shared.chassis.application import Health, create_application, timekeeper_of
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.crashpoints import crash_point
from sextant_shared.chassis.database import open_database
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.identity import ClientRecord, Identity, StaticDirectory
from sextant_shared.chassis.rates import Rates
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
DRAIN_LOOK_S = 0.1
Hold = Callable[[Sequence[Acceptable]], Awaitable[list[HoldResult]]]
SWEEP_EVERY_S = 60.0
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
    database = open_database(settings.database, SQLModel.metadata, MIGRATIONS)
    bounds = Bounds(settings.day_bytes, settings.stored_bytes, settings.untaken_deliveries)
    allowance = Allowance(bounds, clock)
    envelopes, mailboxes = SqlEnvelopes(database, allowance.taken), SqlMailboxes(database)
    lookup = Lookup(envelopes, clock)
    threads = Threads(lookup, SqlRelated(database))
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
    timekeeper = timekeeper_of(settings, clock)
    registration = Registration(SqlParties(database), log, registrars, timekeeper.stamp, reached)
    bells = Bells(settings.max_pollers, closing=lambda: bool(app.state.draining))
    completion = Completion(log, envelopes, bells.ring, timekeeper, reached=reached, trouble=_tell)
    deposits = Deposits(
        _durable_steps(
            settings, envelopes, completion, telemetry, _counted(envelopes, allowance, timekeeper)
        ),
        reached,
        log_wait_s=settings.log_wait_s,
    )
    uploads = Uploads(
        UploadFolder(settings.data_dir / "uploads"), _upload_bounds(settings), clock, reached
    )
    # What uploads under way may still bring is promised: nobody else gets that room.
    room = Room(lambda: blobs.free_bytes() - uploads.owed_bytes(), settings.disk_reserve_bytes)
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
        quota=Rates(settings.deposits_per_s, settings.deposit_burst, clock, "deposits"),
        allowance=allowance,
        room=room,
        limits=Limits(
            settings.max_container_bytes, settings.body_read_timeout_s, settings.min_upload_bytes_s
        ),
        arrivals=settings.data_dir / "arriving",
        small_bytes=settings.small_container_bytes,
        clock=timekeeper.stamp,
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
    recovery = Recovery(envelopes, deposits, registration, batch=settings.log_batch)
    acts, heads = SqlActs(database, allowance.given_back), Heads(envelopes, blobs)
    logged_acts = LoggedActs(
        acts,
        log,
        blobs,
        timekeeper,
        reached=reached,
        trouble=_tell,
        log_wait_s=settings.log_wait_s,
        created_skew_s=settings.created_skew_s,
    )
    erasing = Erasing(
        SqlErasable(database),
        acts,
        logged_acts,
        heads,
        Retention(settings.retention),
        timekeeper,
        trouble=_tell,
        batch=settings.erase_batch,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            timekeeper.not_before(await envelopes.newest_time())
            allowance.load(await SqlUsage(database).all())
            await registration.load()
            if orphans := await sweep(blobs, envelopes):
                _log.info("orphaned blobs removed", count=orphans)
            await _sweep(uploads)
            repeated: list[tuple[Callable[[], Awaitable[object]], float]] = [
                (recovery, settings.recover_every_s),
                (logged_acts.settle, settings.recover_every_s),
                (erasing, settings.erase_every_s),
                (lambda: _sweep(uploads), SWEEP_EVERY_S),
            ]
            keeping = [asyncio.create_task(_keep(job, every_s)) for job, every_s in repeated]
            keeping.append(asyncio.create_task(_let_go(bells)))
            yield
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await deposits.drain()
            await logged_acts.drain()
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
            act_routes(logged_acts, acts, lookup, heads, registration, bells.ring),
            upload_routes(Parts(intake, uploads), lookup),
            mailbox_routes(deliveries),
            event_routes(
                Following(mailboxes, bells, settings.events_beat_s, settings.events_max_s)
            ),
            party_routes(registration),
        ],
        lifespan=lifespan,
        identity=identity,
        telemetry=telemetry,
        health=Health(ready, timekeeper),
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


def _counted(envelopes: SqlEnvelopes, allowance: Allowance, clock: Clock) -> Hold:
    """Return step A, which counts what each sender has used."""

    async def hold(batch: Sequence[Acceptable]) -> list[HoldResult]:
        now = clock()
        results = await envelopes.hold(batch, now)
        allowance.held(batch, results, now)
        return results

    return hold


def _durable_steps(
    settings: ExchangeSettings,
    envelopes: SqlEnvelopes,
    completion: Completion,
    telemetry: Telemetry,
    hold: Hold,
) -> DurableSteps:
    """Join each step with natural batching: one commit, one call, one commit for many."""
    limits = {"max_batch": settings.log_batch, "max_waiting": settings.max_waiting}
    knowing: Batcher[Claim, HoldResult | None] = Batcher(envelopes.known, **limits)
    holding: Batcher[Acceptable, HoldResult] = Batcher(hold, **limits)
    completing: Batcher[Held, bytes] = Batcher(completion, **limits)

    async def complete(held: Held) -> bytes:
        if not is_sampled(held.traceparent):
            return await completing.submit(held)
        # The batch's call to the log becomes a child of its first deposit's span, and links the
        # others: so each deposit's own trace shows how long the log took for it.
        with telemetry.span("exchange.log", parent=held.traceparent):
            return await completing.submit(replace(held, traceparent=current_traceparent()))

    return DurableSteps(knowing.submit, holding.submit, complete)


async def _keep(job: Callable[[], Awaitable[object]], every_s: float) -> None:
    """Do what is owed or due, now and again and again."""
    while True:
        try:
            await job()
        except PlatformError as error:
            _tell(error)
        except Exception as error:  # noqa: BLE001 -- logged; what is owed outlives a fault
            _log.error("recovery failed", kind=type(error).__name__, exc_info=error)
        await asyncio.sleep(every_s)


async def _let_go(bells: Bells) -> None:
    """Wake whoever waits once the service stops: one look at the flag for all of them."""
    while True:
        await asyncio.sleep(DRAIN_LOOK_S)
        if bells.is_closing:
            bells.ring_all()
            return


async def _sweep(uploads: Uploads) -> None:
    if ended := await uploads.sweep():
        _log.info("uploads expired", count=ended)


def _upload_bounds(settings: ExchangeSettings) -> UploadBounds:
    return UploadBounds(
        per_party=settings.uploads_per_party,
        lifetime_s=settings.upload_lifetime_s,
        keep_bytes=settings.upload_keep_bytes,
    )


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
