"""Opens the parts of the service in order, and joins them.

Refusing on any doubt: trust file, database, vault, clients, keys (by setting up the workshop). The
stack that is handed in closes them in the opposite order.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from sextant_declarations.app.noting import Noting
from sextant_declarations.clients.bench import FreshBench, Tools, read_passphrase
from sextant_declarations.clients.exchange import HttpExchange
from sextant_declarations.clients.log import HttpLog
from sextant_declarations.clients.spans import Spans
from sextant_declarations.clients.workshop import ProcessWorkshop, ThreadWorkshop
from sextant_declarations.domain.accounting import Accounting
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.attached import Attached
from sextant_declarations.domain.comparing import Comparing
from sextant_declarations.domain.deliveries import LogHead
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.effective import Effective
from sextant_declarations.domain.exchanges import Exchanges
from sextant_declarations.domain.forbidding import Refusals
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.history import History
from sextant_declarations.domain.intake import Intake, Patience
from sextant_declarations.domain.joined import JoinedEntries
from sextant_declarations.domain.lives import Lives
from sextant_declarations.domain.logwatch import LogWatch
from sextant_declarations.domain.obligations import Board, Obligations
from sextant_declarations.domain.officers import Officers
from sextant_declarations.domain.packages import Unpack
from sextant_declarations.domain.ports import Step
from sextant_declarations.domain.queue import VerificationQueue
from sextant_declarations.domain.records import Submission
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.registration import Registrar
from sextant_declarations.domain.registry import read_trust_file
from sextant_declarations.domain.relay import Backoff, RelayEntries, RelayReplies, repeat
from sextant_declarations.domain.reminding import Reminding
from sextant_declarations.domain.resealing import Reseal
from sextant_declarations.domain.sending import Send
from sextant_declarations.domain.worker import Pace, Worker
from sextant_declarations.domain.years import Years
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.access_tables import ACCESSES
from sextant_declarations.storage.accesses import SqlAccesses
from sextant_declarations.storage.attachments import SqlAttachments
from sextant_declarations.storage.evidence import SqlEvidence
from sextant_declarations.storage.exchanges import SqlExchanges
from sextant_declarations.storage.filings import SqlFilings
from sextant_declarations.storage.heads import SqlHeadLedger
from sextant_declarations.storage.history import SqlHistory
from sextant_declarations.storage.lives import SqlLives
from sextant_declarations.storage.notes import NoteOutbox
from sextant_declarations.storage.outbox import SqlOutbox
from sextant_declarations.storage.reading import SqlReading
from sextant_declarations.storage.register import SqlRegister
from sextant_declarations.storage.sent import SqlSent
from sextant_declarations.storage.stated import SqlObligations
from sextant_declarations.storage.tables import METADATA, SIDECAR
from sextant_declarations.storage.threads import SqlThreads
from sextant_declarations.storage.vault import FileVault
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, random_bytes, uuid7
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.archives import ArchiveLimits
from sextant_shared.protocol.keyfiles import read_key_file
from sextant_shared.protocol.package import PackageLimits

PRIVATE = 0o700  # findings and plaintext are nobody else's
_MIGRATIONS = "sextant_declarations.storage.migrations"


@dataclass(frozen=True)
class Outside:
    """How other services are reached: None is the network, tests join services in one process."""

    exchange: httpx.AsyncBaseTransport | None = None
    audit: httpx.AsyncBaseTransport | None = None
    people: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True)
class Service:
    """Everything of the service that is open."""

    database: Database
    worker: Worker
    officers: Officers
    attached: Attached
    queue: VerificationQueue
    exchanges: Exchanges
    accounting: Accounting
    lives: Lives
    history: History
    years: Years
    obligations: Obligations
    reminding: Reminding
    refusals: Refusals
    shredding: Shredding
    loops: tuple[Callable[[], Coroutine[None, None, None]], ...]


@dataclass(frozen=True)
class Parts:
    """Opens the parts in order; `stack` closes them in the opposite order."""

    settings: DeclarationsSettings
    telemetry: Telemetry
    clock: Clock
    step: Step
    outside: Outside
    stack: AsyncExitStack

    async def open(self) -> Service:
        """Return the open service; its loops do not run yet.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`, `E_POLICY` or `E_INTEGRITY` for files that do not
                fit, `E_UNAVAILABLE` when the database cannot be opened.
        """
        settings = self.settings
        trust = read_trust_file(settings.trust_file, settings.party)
        settings.data_dir.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        database = open_database(settings.database, METADATA, _MIGRATIONS)
        self.stack.callback(database.close)
        vault = FileVault(settings.vault)
        exchange = HttpExchange(self._exchange_client(), settings.party)
        log = HttpLog(self._audit_client())
        workshop = await asyncio.to_thread(self._workshop)
        sidecar = Sidecar(SIDECAR, settings.sidecar_folder)
        self.stack.callback(sidecar.close)
        notes = Notes(database, sidecar)
        noting = Noting(settings, database, sidecar, notes, self.clock)
        register = SqlRegister(database, settings.party, sidecar=sidecar)
        await noting.begin()
        threads = SqlThreads(database, settings.party)
        sent = SqlSent(database=database, own_party=settings.party, clock=self.clock, notes=notes)
        spans = Spans(self.telemetry)
        entries_due, replies_due, messages_due = (asyncio.Event() for _ in range(3))

        def stored() -> None:
            entries_due.set()
            replies_due.set()

        sources = Sources(self.clock, lambda: uuid7(self.clock), random_bytes)
        heads = SqlHeadLedger(database)
        directory = Directory(exchange, trust, self.clock)
        policy = StatePolicy(settings.states)
        filed = SqlFilings(database)
        registrar = Registrar(
            register=register,
            threads=threads,
            own_party=settings.party,
            workshop=workshop,
            sources=sources,
            policy=policy,
            stored=stored,
        )
        batcher: Batcher[Submission, None] = Batcher(registrar, max_batch=settings.max_leases)
        self.stack.push_async_callback(batcher.drain)
        watch = LogWatch(heads, log, self.clock)
        if point := trust.checkpoint:
            watch.pinned(LogHead(point.size, point.root, point.text))
        intake = Intake(
            mailbox=exchange,
            directory=directory,
            workshop=workshop,
            vault=vault,
            register=register,
            comparing=Comparing(filed, vault, policy, settings.max_filings),
            submit=batcher.submit,
            sighted=watch.sighted,
            trace=spans,
            step=self.step,
            patience=Patience(settings.lease_s, settings.retry_first_s, settings.retry_cap_s),
        )
        worker = Worker(exchange, intake, self.clock, _pace(settings))
        backoff = Backoff(settings.poll_s, settings.pause_cap_s)
        outbox = SqlOutbox(database)
        owed_entries = JoinedEntries(
            (SqlOutbox(database, entries=ACCESSES), outbox, NoteOutbox(notes))
        )
        entries = RelayEntries(owed_entries, log, trust.log, spans, self.step, self.clock, backoff)
        replies, messages = (
            RelayReplies(
                owed,
                exchange,
                trust.log,
                spans,
                self.step,
                self.clock,
                backoff,
                Reseal(directory, workshop, heads, sources),
                settings.replies_at_once,
            )
            for owed in (outbox, sent)
        )
        reading = SqlReading(database)
        accesses = SqlAccesses(database, settings.party, sidecar)
        gate = Gate(
            accesses, sources, spans.current, entries_due.set, settings.max_unlogged_accesses
        )
        officers = Officers(
            gate=gate,
            reading=reading,
            evidence=SqlEvidence(database, sidecar),
            files=vault,
            effective=Effective(filed, vault, settings.max_filings, settings.max_filings_bytes),
            own_party=settings.party,
            clock=self.clock,
            status=lambda: worker.status,
            inline_bytes=settings.evidence_inline_bytes,
        )
        sending = Send(
            messages=sent,
            threads=threads,
            reading=reading,
            directory=directory,
            workshop=workshop,
            heads=heads,
            sources=sources,
            trace=spans,
            gate=gate,
            stored=messages_due.set,
            own_party=settings.party,
            default_class=settings.default_class,
        )
        rows = SqlExchanges(database, settings.party)
        board = Board(SqlObligations(database), self.clock)
        poll_s = settings.poll_s
        return Service(
            database=database,
            worker=worker,
            officers=officers,
            attached=Attached(officers, SqlAttachments(database), vault),
            queue=VerificationQueue(exchange, officers, notes.write),
            exchanges=Exchanges(sending, rows, gate, self.clock),
            accounting=Accounting(accesses, trust.log),
            lives=Lives(SqlLives(database, notes), sources, entries_due.set),
            history=History(SqlHistory(database), reading, vault, gate, settings.max_filings_bytes),
            years=Years(SqlLives(database, notes), sources, entries_due.set),
            obligations=Obligations(board, gate),
            reminding=Reminding(board, sending, policy),
            refusals=Refusals(
                accesses,
                sources,
                entries_due.set,
                settings.refusals_at_once,
                settings.refusals_pause_s,
            ),
            shredding=noting.shredding(),
            loops=(
                worker.run,
                lambda: repeat(entries, wake=entries_due, poll_s=poll_s),
                lambda: repeat(noting, wake=asyncio.Event(), poll_s=noting.look_s),
                lambda: repeat(replies, wake=replies_due, poll_s=poll_s),
                lambda: repeat(messages, wake=messages_due, poll_s=poll_s),
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
            key_folder=settings.key_folder,
            passphrase_file=settings.passphrase_file,
            created_tolerance_s=settings.created_tolerance_s,
            max_declaration_bytes=settings.max_declaration_bytes,
            max_declaration_values=settings.max_declaration_values,
            max_filings_bytes=settings.max_filings_bytes,
            process_memory_bytes=settings.process_memory_bytes,
            token=settings.token,
            unpack=Unpack(
                PackageLimits(parts=settings.max_package_parts),
                ArchiveLimits(
                    ratio=settings.max_archive_ratio,
                    bytes_=settings.max_archive_bytes,
                    entries=settings.max_archive_entries,
                ),
            ),
        )
        if settings.isolation == "thread":
            here = ThreadWorkshop(FreshBench(tools))
            self.stack.callback(here.close)
            return here
        workshop = ProcessWorkshop(
            tools,
            processes=settings.processes,
            jobs_per_process=settings.jobs_per_process,
            job_timeout_s=settings.job_timeout_s,
        )
        self.stack.callback(workshop.close)
        workshop.open()
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
        key = read_key_file(key_file, read_passphrase(self.settings.passphrase_file))
        if key.token is not None:
            # Who is logged in to a token may use every key in it, and this process listens.
            raise PlatformError(
                Code.KEY,
                f"{key_file.name}: an access key of this service lies in a token",
                fix="Give it a key file: only the workshop's processes log in to the token.",
            )
        client = ServiceClient(
            url,
            client_id=client_id,
            signer=key.signer,
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
