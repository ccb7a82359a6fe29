"""Puts the exchange together: the only module that knows every other."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from sqlmodel import SQLModel

from sextant_exchange.app.keeping import (
    SWEEP_EVERY_S,
    Job,
    Sweeping,
    has_room,
    kept,
    store_answers,
    sweep_uploads,
    tell,
)
from sextant_exchange.app.metrics import Sources, observe
from sextant_exchange.app.noting import Noting
from sextant_exchange.app.opening import (
    Directory,
    audit_client,
    read_pin,
    rereading,
    upload_bounds,
)
from sextant_exchange.app.steps import counted, durable_steps
from sextant_exchange.app.together import Together
from sextant_exchange.clients.audit import HttpLog
from sextant_exchange.domain.acknowledging import Acknowledging
from sextant_exchange.domain.acting import LoggedActs
from sextant_exchange.domain.allowance import Allowance, Bounds
from sextant_exchange.domain.completion import Completion
from sextant_exchange.domain.deposit import Deposits
from sextant_exchange.domain.erasing import Erasing, Heads
from sextant_exchange.domain.following import Following
from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.mailboxes import Bells, Deliveries
from sextant_exchange.domain.policy import DeliveryPolicy, DepositPolicy
from sextant_exchange.domain.ports import Step
from sextant_exchange.domain.quota import Room
from sextant_exchange.domain.recovery import Recovery
from sextant_exchange.domain.refusals import Refusals
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.retention import Retention
from sextant_exchange.domain.root_loss import Announced, RootLoss
from sextant_exchange.domain.statements import Statements
from sextant_exchange.domain.suspicion import Suspicion
from sextant_exchange.domain.threads import Threads
from sextant_exchange.domain.uploads import Uploads
from sextant_exchange.routes.acts import act_routes
from sextant_exchange.routes.arrival import Limits
from sextant_exchange.routes.drills import DrilledIntake, drilled
from sextant_exchange.routes.entries import entry_routes
from sextant_exchange.routes.envelopes import envelope_routes
from sextant_exchange.routes.events import event_routes
from sextant_exchange.routes.examples import EXAMPLES
from sextant_exchange.routes.intake import Intake
from sextant_exchange.routes.mailboxes import mailbox_routes
from sextant_exchange.routes.parties import party_routes
from sextant_exchange.routes.parts import Parts
from sextant_exchange.routes.statements import statement_routes
from sextant_exchange.routes.threads import thread_routes
from sextant_exchange.routes.uploads import upload_routes
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.acknowledgements import SqlAcknowledgements
from sextant_exchange.storage.acts import SqlActs
from sextant_exchange.storage.blobs import WATCH_EVERY_S, BlobStore
from sextant_exchange.storage.entries import SqlEntries
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_exchange.storage.erasable import SqlErasable
from sextant_exchange.storage.identity import SqlAnnouncements, SqlStatements
from sextant_exchange.storage.mailboxes import SqlMailboxes
from sextant_exchange.storage.parties import SqlParties
from sextant_exchange.storage.threads import SqlRelated
from sextant_exchange.storage.uploads import UploadFolder
from sextant_exchange.storage.usage import SqlUsage
from sextant_exchange.storage.waiting import SqlWaiting
from sextant_shared.chassis.application import About, Health, create_application, timekeeper_of
from sextant_shared.chassis.crashpoints import crash_point
from sextant_shared.chassis.database import open_database
from sextant_shared.chassis.identity import Identity, StaticDirectory
from sextant_shared.chassis.objects.opening import open_objects
from sextant_shared.chassis.rates import Rates
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.chassis.sidecar.routes import details_router
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, system_clock
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import RegistrarsFile
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.keyfiles import read_key_file
from sextant_shared.protocol.parties import RegistrarSet

DESCRIPTION = "Takes in, keeps and hands out sealed envelopes; never opens them."
MIGRATIONS = "sextant_exchange.storage.migrations"


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
    registrars = RegistrarSet.from_file(read_pin(settings.registrars_file, RegistrarsFile))
    database = open_database(settings.place, SQLModel.metadata, MIGRATIONS, sharing=Sharing())
    together = Together(database, clock)
    allowance = Allowance(
        Bounds(settings.day_bytes, settings.stored_bytes, settings.untaken_deliveries), clock
    )
    envelopes, mailboxes = (
        SqlEnvelopes(database, allowance.taken, until=together.left_alone(settings.log_wait_s)),
        SqlMailboxes(database),
    )
    blobs = BlobStore(open_objects(settings, "blobs"), settings.data_dir)
    sweeping = Sweeping(blobs, envelopes, settings.sweep_age_s)
    audit = audit_client(settings, clock, telemetry, audit_transport)
    log = HttpLog(
        audit, LogKeys.from_vkeys(read_pin(settings.log_file, LogDiscovery).vkeys), telemetry
    )
    timekeeper = timekeeper_of(settings, clock)
    announced = Announced(SqlAnnouncements(database), log)
    registration = Registration(
        SqlParties(database), log, registrars, timekeeper.stamp, reached, announced
    )
    statements = Statements(SqlStatements(database), log, registration, timekeeper)
    lookup = Lookup(envelopes, Suspicion(registration, statements, envelopes, blobs), clock)
    threads = Threads(lookup, SqlRelated(database))
    bells = Bells(settings.max_pollers, closing=lambda: bool(app.state.draining))
    completion = Completion(log, envelopes, bells.ring, timekeeper, reached=reached, trouble=tell)
    deposits = Deposits(
        durable_steps(
            settings,
            envelopes,
            completion,
            telemetry,
            counted(envelopes, allowance, timekeeper),
            clock,
        ),
        reached,
        log_wait_s=settings.log_wait_s,
    )
    uploads = Uploads(
        UploadFolder(settings.own_folder / "uploads"), upload_bounds(settings), clock, reached
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
            log, lambda: registration.newest_index, clock, tell, wait_s=settings.log_wait_s
        ),
        quota=Rates(settings.deposits_per_s, settings.deposit_burst, clock, "deposits"),
        allowance=allowance,
        room=room,
        limits=Limits(
            settings.max_container_bytes, settings.body_read_timeout_s, settings.min_upload_bytes_s
        ),
        arrivals=settings.own_folder / "arriving",
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
        looks_again=database.is_shared,
    )
    static = StaticDirectory.from_file(settings.clients_file)
    identity = Identity(
        issuer=settings.base_url,
        signer=read_key_file(settings.issuer_key_file).signer,
        directory=Directory(static, registration),
        clock=clock,
        proofs=together.proofs,
        fresh=together.fresh(registration),
    )
    recovery = Recovery(
        envelopes,
        deposits,
        registration,
        batch=settings.log_batch,
        also=(announced.settle, statements.settle),
    )
    noting = Noting(settings, database, log, timekeeper.stamp, tell)
    acts, heads = (
        SqlActs(database, noting.sidecar, allowance.given_back),
        Heads(envelopes, blobs),
    )
    logged_acts = LoggedActs(
        acts,
        log,
        blobs,
        timekeeper,
        reached=reached,
        trouble=tell,
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
        trouble=tell,
        batch=settings.erase_batch,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            timekeeper.not_before(await envelopes.newest_time())
            allowance.load(await SqlUsage(database).all())
            await registration.load()
            await noting.begin(acts)
            await sweeping.begin(alone=not (settings.s3_endpoint or database.is_shared))
            await sweep_uploads(uploads)
            jobs: list[Job] = [
                (together.alone("recovery", recovery), settings.recover_every_s),
                (
                    together.alone(
                        "acknowledging",
                        Acknowledging(
                            SqlAcknowledgements(database, noting.sidecar), logged_acts, timekeeper
                        ),
                    ),
                    settings.recover_every_s,
                ),
                (noting.settle, settings.recover_every_s),
                (together.alone("erasing", erasing), settings.erase_every_s),
                *together.jobs(registration, allowance, mailboxes, bells),
                (lambda: sweep_uploads(uploads), SWEEP_EVERY_S),
                (blobs.watch, WATCH_EVERY_S),
                (sweeping, settings.sweep_every_s),
                *observe(
                    telemetry.metrics,
                    Sources(
                        SqlWaiting(database), registration, room, bells, clock, blobs, sweeping
                    ),
                ),
            ]
            async with kept(jobs, bells):
                yield
            for end in (deposits.drain, logged_acts.drain, together.leave):
                await end()
        finally:
            await audit.close()
            for close in (database.close, noting.sidecar.close, telemetry.shutdown):
                close()

    async def ready() -> dict[str, str]:
        return {
            "store": await store_answers(envelopes),
            "commits": database.commits,
            "room": has_room(room),
        }

    app = create_application(
        "exchange",
        settings,
        about=About(DESCRIPTION, EXAMPLES),
        routers=[
            envelope_routes(
                DrilledIntake(intake) if settings.scenarios else intake, lookup, envelopes, blobs
            ),
            thread_routes(threads),
            act_routes(logged_acts, acts, lookup, heads, registration, bells.ring),
            details_router(noting.shredding()),
            entry_routes(SqlEntries(database), acts),
            upload_routes(Parts(intake, uploads), lookup),
            mailbox_routes(deliveries),
            event_routes(
                Following(mailboxes, bells, settings.events_beat_s, settings.events_max_s)
            ),
            statement_routes(lookup, statements),
            party_routes(
                registration,
                RootLoss(announced, registration, registrars, timekeeper),
                together.fresh(registration),
            ),
        ],
        lifespan=lifespan,
        identity=identity,
        telemetry=telemetry,
        health=Health(ready, timekeeper, blobs.notes),
    )
    app.state.reloading = rereading(settings, static, identity, audit)
    return drilled(app) if settings.scenarios else app
