"""Puts the declarations service together: the only module that knows all others.

Start, refusing on any doubt: keys and trust file (by setting up the workshop), database, vault.
Then three loops run beside the officers' interface: the worker takes deliveries in, two relays
deliver what is owed, and a watch compares the log's heads. An exchange or a log that is down makes
them wait; the service stays up and officers can read.

Stop, in this order: no new leases, deliveries in flight finish or go back, relays end, workshop,
clients, database.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI

from sextant_declarations.clients.exchange import HttpExchange
from sextant_declarations.clients.log import HttpLog
from sextant_declarations.clients.spans import Spans
from sextant_declarations.clients.workshop import (
    Bench,
    ProcessWorkshop,
    ThreadWorkshop,
    Tools,
    read_passphrase,
)
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.intake import Intake, Patience
from sextant_declarations.domain.logwatch import LogWatch
from sextant_declarations.domain.officers import Officers
from sextant_declarations.domain.ports import Step
from sextant_declarations.domain.queue import VerificationQueue
from sextant_declarations.domain.records import Submission
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.registration import Registrar
from sextant_declarations.domain.registry import read_trust_file
from sextant_declarations.domain.relay import Backoff, RelayEntries, RelayReplies, repeat
from sextant_declarations.domain.resealing import Reseal
from sextant_declarations.domain.worker import Pace, Worker
from sextant_declarations.routes.declarations import declarations_router
from sextant_declarations.routes.envelopes import envelopes_router
from sextant_declarations.routes.queue import queue_router
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.evidence import SqlEvidence
from sextant_declarations.storage.heads import SqlHeadLedger
from sextant_declarations.storage.outbox import SqlOutbox
from sextant_declarations.storage.reading import SqlReading
from sextant_declarations.storage.register import SqlRegister
from sextant_declarations.storage.tables import METADATA
from sextant_declarations.storage.vault import FileVault
from sextant_shared.chassis.application import create_application
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.crashpoints import crash_point
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.identity import Identity, StaticDirectory
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, random_bytes, system_clock, uuid7
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.keyfiles import read_key_file

_MIGRATIONS = "sextant_declarations.storage.migrations"
_DESCRIPTION = (
    "Inside the Secretariat: takes declarations from the verification queue, verifies and opens"
    " them independently of the exchange, checks and registers them, and answers each sender with"
    " signed receipts. Officers read declarations, findings and evidence here."
)


@dataclass(frozen=True)
class Outside:
    """How other services are reached: None is the network, tests join services in one process."""

    exchange: httpx.AsyncBaseTransport | None = None
    audit: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True)
class Service:
    """Everything of the service that is open."""

    database: Database
    worker: Worker
    officers: Officers
    queue: VerificationQueue
    loops: tuple[Callable[[], Coroutine[None, None, None]], ...]


def create_app(
    settings: DeclarationsSettings,
    *,
    clock: Clock = system_clock,
    step: Step = crash_point,
    outside: Outside | None = None,
) -> FastAPI:
    """Return the app; keys, database and loops are opened when it starts.

    Raises:
        PlatformError: `E_MALFORMED` or `E_KEY` for a clients file that does not load.
    """
    telemetry = Telemetry("declarations", settings)
    opened: list[Service] = []

    def service() -> Service:
        if not opened:
            raise PlatformError(Code.UNAVAILABLE, "the service is not open yet", retry_after_s=1)
        return opened[0]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(telemetry.shutdown)
            parts = _Parts(settings, telemetry, clock, step, outside or Outside(), stack)
            opened.append(await parts.open())
            stack.callback(opened.clear)
            tasks = [asyncio.create_task(loop()) for loop in service().loops]
            try:
                yield
            finally:
                for task in tasks:  # the worker first: it lets go of its leases
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)

    return create_application(
        "declarations",
        settings,
        description=_DESCRIPTION,
        routers=[
            declarations_router(lambda: service().officers, settings.max_page),
            envelopes_router(lambda: service().officers, settings.max_page),
            queue_router(lambda: service().queue),
        ],
        lifespan=lifespan,
        identity=Identity(
            issuer=settings.base_url,
            signer=SoftwareSigner.generate(Alg.ED25519),  # its tokens die with the process
            directory=StaticDirectory.from_file(settings.clients_file),
            clock=clock,
        ),
        telemetry=telemetry,
        ready=lambda: _checks(opened),
    )


@dataclass(frozen=True)
class _Parts:
    """Opens the parts in order; `stack` closes them in the opposite order."""

    settings: DeclarationsSettings
    telemetry: Telemetry
    clock: Clock
    step: Step
    outside: Outside
    stack: AsyncExitStack

    async def open(self) -> Service:
        settings = self.settings
        trust = read_trust_file(settings.trust_file, settings.party)
        database = open_database(settings.database, METADATA, _MIGRATIONS)
        self.stack.callback(database.close)
        vault = FileVault(settings.vault)
        exchange = HttpExchange(self._exchange_client(), settings.party)
        log = HttpLog(self._audit_client())
        workshop = await asyncio.to_thread(self._workshop)
        register = SqlRegister(database, settings.party)
        spans = Spans(self.telemetry)
        entries_due, replies_due = asyncio.Event(), asyncio.Event()

        def stored() -> None:
            entries_due.set()
            replies_due.set()

        sources = Sources(self.clock, lambda: uuid7(self.clock), random_bytes)
        heads = SqlHeadLedger(database)
        directory = Directory(exchange, trust, self.clock)
        registrar = Registrar(
            register=register,
            workshop=workshop,
            sources=sources,
            policy=StatePolicy(settings.states),
            stored=stored,
        )
        batcher: Batcher[Submission, None] = Batcher(registrar, max_batch=settings.max_leases)
        watch = LogWatch(heads, log, self.clock)
        intake = Intake(
            mailbox=exchange,
            directory=directory,
            workshop=workshop,
            vault=vault,
            register=register,
            submit=batcher.submit,
            sighted=watch.sighted,
            trace=spans,
            step=self.step,
            patience=Patience(settings.lease_s, settings.retry_first_s, settings.retry_cap_s),
        )
        worker = Worker(exchange, intake, self.clock, _pace(settings))
        backoff = Backoff(settings.poll_s, settings.pause_cap_s)
        outbox = SqlOutbox(database)
        entries = RelayEntries(outbox, log, trust.log, spans, self.step, self.clock, backoff)
        replies = RelayReplies(
            outbox,
            exchange,
            trust.log,
            spans,
            self.step,
            self.clock,
            backoff,
            Reseal(directory, workshop, heads, sources),
            settings.replies_at_once,
        )
        officers = Officers(
            reading=SqlReading(database),
            evidence=SqlEvidence(database),
            files=vault,
            own_party=settings.party,
            clock=self.clock,
            status=lambda: worker.status,
            inline_bytes=settings.evidence_inline_bytes,
        )
        poll_s = settings.poll_s
        return Service(
            database=database,
            worker=worker,
            officers=officers,
            queue=VerificationQueue(exchange, officers),
            loops=(
                worker.run,
                lambda: repeat(entries, wake=entries_due, poll_s=poll_s),
                lambda: repeat(replies, wake=replies_due, poll_s=poll_s),
                lambda: repeat(watch, wake=asyncio.Event(), poll_s=poll_s),
            ),
        )

    def _workshop(self) -> ProcessWorkshop | ThreadWorkshop:
        settings = self.settings
        tools = Tools(
            party=settings.party,
            trust_file=settings.trust_file,
            sealing_key_files=settings.sealing_key_files,
            signing_key_files=settings.signing_key_files,
            passphrase_file=settings.passphrase_file,
            created_tolerance_s=settings.created_tolerance_s,
            max_declaration_bytes=settings.max_declaration_bytes,
            process_memory_bytes=settings.process_memory_bytes,
        )
        workshop: ProcessWorkshop | ThreadWorkshop
        if settings.isolation == "thread":
            workshop = ThreadWorkshop(Bench.set_up(tools))
        else:
            workshop = ProcessWorkshop(
                tools,
                processes=settings.processes,
                jobs_per_process=settings.jobs_per_process,
                job_timeout_s=settings.job_timeout_s,
            )
            workshop.open()
        self.stack.callback(workshop.close)
        return workshop

    def _exchange_client(self) -> ServiceClient:
        settings = self.settings
        return self._client(
            settings.exchange_url,
            settings.exchange_client_id,
            settings.exchange_key_file,
            self.outside.exchange,
        )

    def _audit_client(self) -> ServiceClient:
        settings = self.settings
        return self._client(
            settings.audit_url,
            settings.audit_client_id,
            settings.audit_key_file,
            self.outside.audit,
        )

    def _client(
        self,
        url: str,
        client_id: str,
        key_file: Path,
        transport: httpx.AsyncBaseTransport | None,
    ) -> ServiceClient:
        client = ServiceClient(
            url,
            client_id=client_id,
            signer=read_key_file(key_file, read_passphrase(self.settings.passphrase_file)).signer,
            clock=self.clock,
            telemetry=self.telemetry,
            transport=transport,
        )
        self.stack.push_async_callback(client.close)
        return client


def _pace(settings: DeclarationsSettings) -> Pace:
    return Pace(
        max_leases=settings.max_leases,
        lease_s=settings.lease_s,
        wait_s=settings.wait_s,
        pause_first_s=settings.poll_s,
        pause_cap_s=settings.pause_cap_s,
        stop_s=settings.stop_s,
    )


async def _checks(opened: Sequence[Service]) -> dict[str, str]:
    """Return what this service needs of itself; others being down does not make it unready."""
    if not opened:
        return {"service": "not open"}
    try:
        await opened[0].database.read(lambda c: c.exec_driver_sql("SELECT 1").scalar())
    except PlatformError as error:
        return {"database": str(error.code)}
    return {"database": "ok"}
