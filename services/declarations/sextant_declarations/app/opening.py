"""Opens the parts of the service in order, and joins them.

Refusing on any doubt: trust file, database, vault, clients, keys (by setting up the workshop). The
stack that is handed in closes them in the opposite order.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import httpx

from sextant_declarations.app.analyses import Analyses
from sextant_declarations.app.anomalies import AnomalyParts
from sextant_declarations.app.casing import Casing
from sextant_declarations.app.clarifying import Clarifying
from sextant_declarations.app.clearing import Letters, Seen, standing_of
from sextant_declarations.app.inspecting import Inspecting, inspecting
from sextant_declarations.app.migrating import open_register
from sextant_declarations.app.noting import Noting
from sextant_declarations.app.relaying import Relaying, Wakes
from sextant_declarations.app.showing import Showing
from sextant_declarations.app.taking import Taking
from sextant_declarations.app.terms import terms_of
from sextant_declarations.app.together import Together, side_by_side
from sextant_declarations.app.workshops import open_workshop
from sextant_declarations.clients.bench import read_passphrase
from sextant_declarations.clients.exchange import HttpExchange
from sextant_declarations.clients.log import HttpLog
from sextant_declarations.clients.spans import Spans
from sextant_declarations.domain.accounting import Accounting
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.attached import Attached
from sextant_declarations.domain.clearance import Clearance, Grants
from sextant_declarations.domain.deliveries import LogHead
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.effective import Effective
from sextant_declarations.domain.exchanges import Exchanges
from sextant_declarations.domain.exporting.orders import Exports
from sextant_declarations.domain.forbidding import Refusals
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.history import History
from sextant_declarations.domain.lives import Lives
from sextant_declarations.domain.logwatch import LogWatch
from sextant_declarations.domain.obligations import Board, Obligations
from sextant_declarations.domain.officers import Officers
from sextant_declarations.domain.picturing.pictures import Pictures
from sextant_declarations.domain.ports import Step
from sextant_declarations.domain.queue import VerificationQueue
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.registry import read_trust_file
from sextant_declarations.domain.relay import repeat
from sextant_declarations.domain.reminding import Reminding
from sextant_declarations.domain.sending import Send
from sextant_declarations.domain.transfers import Transfers
from sextant_declarations.domain.worker import Worker
from sextant_declarations.domain.working import Work
from sextant_declarations.domain.years import Years
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.accesses import SqlAccesses
from sextant_declarations.storage.attachments import SqlAttachments
from sextant_declarations.storage.evidence import SqlEvidence
from sextant_declarations.storage.exchanges import SqlExchanges
from sextant_declarations.storage.filings import SqlFilings
from sextant_declarations.storage.grants import SqlGrants
from sextant_declarations.storage.heads import SqlHeadLedger
from sextant_declarations.storage.history import SqlHistory
from sextant_declarations.storage.lives import SqlLives
from sextant_declarations.storage.reading import SqlReading
from sextant_declarations.storage.register import SqlRegister
from sextant_declarations.storage.sent import SqlSent
from sextant_declarations.storage.stated import SqlObligations
from sextant_declarations.storage.tables import SIDECAR
from sextant_declarations.storage.threads import SqlThreads
from sextant_declarations.storage.vault import FileVault
from sextant_declarations.storage.work import SqlWork
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.reloading import Reloading
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, random_bytes, uuid7
from sextant_shared.crypto.signing import Signer
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.channel import open_channel
from sextant_shared.protocol.keyfiles import read_key_file

PRIVATE = 0o700  # findings and plaintext are nobody else's


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
    together: Together
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
    work: Work
    grants: Grants
    pictures: Pictures
    exports: Exports
    inspecting: Inspecting
    refusals: Refusals
    shredding: Shredding
    transfers: Transfers
    casing: Casing
    anomalies: AnomalyParts
    clarifying: Clarifying
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
    reloading: Reloading

    async def open(self) -> Service:
        """Return the open service; its loops do not run yet.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`, `E_POLICY` or `E_INTEGRITY` for files that do not
                fit, `E_UNAVAILABLE` when the database cannot be opened.
        """
        settings = self.settings
        trust = read_trust_file(settings.trust_file, settings.party)
        settings.data_dir.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        policy = StatePolicy(settings.states)
        terms = terms_of(settings)
        seen = Seen(policy)
        database = open_register(settings, policy)
        self.stack.callback(database.close)
        together = await self.stack.enter_async_context(
            Together(settings, database, self.clock).present()
        )
        vault = self.stack.enter_context(closing(FileVault(settings.vault)))
        exchange = HttpExchange(self._exchange_client(), settings.party)
        log = HttpLog(self._audit_client())
        workshop = await asyncio.to_thread(open_workshop, settings, self.stack)
        sidecar = Sidecar(SIDECAR, settings.sidecar_folder)
        self.stack.callback(sidecar.close)
        notes = Notes(database, sidecar)
        noting = Noting(settings, database, sidecar, notes, self.clock, {"terms": terms.digest})
        register = SqlRegister(database, settings.party, sidecar=sidecar)
        await noting.begin()
        threads = SqlThreads(database, settings.party)
        sent = SqlSent(database=database, own_party=settings.party, clock=self.clock, notes=notes)
        spans = Spans(self.telemetry, self.clock)
        wakes = Wakes()

        analyses = Analyses(settings, database, self.clock, terms)
        stored = _setting(wakes.entries, wakes.replies, analyses.due)
        sources = Sources(self.clock, lambda: uuid7(self.clock), random_bytes)
        heads = SqlHeadLedger(database)
        directory = Directory(exchange, trust, self.clock)
        filed = SqlFilings(database)
        watch = LogWatch(heads, log, self.clock)
        if point := trust.checkpoint:
            watch.pinned(LogHead(point.size, point.root, point.text))
        worker = Taking(
            settings=settings,
            exchange=exchange,
            directory=directory,
            workshop=workshop,
            vault=vault,
            register=register,
            threads=threads,
            filed=filed,
            sources=sources,
            policy=policy,
            spans=spans,
            step=self.step,
            sighted=watch.sighted,
            stored=stored,
            together=together,
        ).worker(self.stack)
        relaying = Relaying(
            settings=settings,
            exchange=exchange,
            log=log,
            log_keys=trust.log,
            directory=directory,
            workshop=workshop,
            heads=heads,
            sources=sources,
            spans=spans,
            step=self.step,
        )
        reading = SqlReading(database)
        accesses = SqlAccesses(database, settings.party, sidecar)
        gate = Gate(
            accesses, sources, spans.current, wakes.entries.set, settings.max_unlogged_accesses
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
            stored=wakes.messages.set,
            own_party=settings.party,
            default_class=settings.default_class,
            may_write=seen.message,
        )
        rows = SqlExchanges(database, settings.party)
        lives = Lives(SqlLives(database, notes), sources, wakes.entries.set)
        board = Board(SqlObligations(database), self.clock, shows=seen.duty, terms=terms)
        asking = Clarifying.over(database, notes, reading, sending, lives, wakes.entries.set)
        clearance = Clearance(SqlGrants(database, notes), sources, standing_of(settings))
        casing = Casing(
            settings,
            database,
            notes,
            gate,
            sources,
            wakes.entries.set,
            sending,
            rows,
            policy,
            vault,
        )
        anomalies = AnomalyParts.over(
            self.stack, settings, database, notes, gate, sources, wakes.entries.set, terms
        )
        inspected = inspecting(
            database,
            notes,
            files=vault,
            gate=gate,
            sending=sending,
            states=policy,
            stored=wakes.entries.set,
            max_bytes=settings.max_filings_bytes,
        )
        shown = Showing(
            settings,
            database,
            board,
            reading,
            vault,
            gate,
            sources,
            asking.shown,
            clearance,
            inspected.dossiers,
            casing.cases,
            anomalies.cards,
        ).open()
        analysing = analyses.task(gate, vault, anomalies.runs)
        return Service(
            database=database,
            together=together,
            worker=worker,
            officers=officers,
            attached=Attached(officers, SqlAttachments(database), vault),
            queue=VerificationQueue(exchange, officers, notes.write, seen.delivery),
            exchanges=Exchanges(sending, rows, gate, self.clock),
            accounting=Accounting(accesses, trust.log),
            lives=lives,
            history=History(SqlHistory(database), reading, vault, gate, settings.max_filings_bytes),
            years=Years(SqlLives(database, notes), sources, wakes.entries.set),
            obligations=Obligations(board, gate),
            reminding=Reminding(board, sending, policy),
            work=Work(SqlWork(database, notes), sources, wakes.entries.set),
            grants=Grants(clearance, Letters(sending, policy), wakes.entries.set),
            pictures=shown.pictures,
            exports=shown.exports,
            inspecting=inspected,
            refusals=Refusals(
                accesses,
                sources,
                wakes.entries.set,
                settings.refusals_at_once,
                settings.refusals_pause_s,
            ),
            shredding=noting.shredding(),
            transfers=analyses.transfers(gate),
            casing=casing,
            anomalies=anomalies,
            clarifying=asking,
            loops=(
                worker.run,
                together.led(
                    "analyses", side_by_side(analysing.run, anomalies.runs.run), analysing.anew
                ),
                *casing.loops(together),
                *relaying.loops(together, notes, sent, wakes),
                lambda: repeat(noting, wake=asyncio.Event(), poll_s=noting.look_s),
                together.led("exports", shown.making, shown.anew),
                *together.loops(analyses.due.set, anomalies.runs.look),
                lambda: repeat(watch, wake=asyncio.Event(), poll_s=settings.poll_s),
            ),
        )

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
            signer=self._access_key(key_file),
            clock=self.clock,
            telemetry=self.telemetry,
            transport=transport,
            tls=open_channel(self.settings.tls_ca_file, self.settings.tls_certificate_file),
        )
        self.stack.push_async_callback(client.close)
        # Two clients may share one file: the address tells them apart.
        self.reloading.add(f"access key at {url}", lambda: client.renew(self._access_key(key_file)))
        return client

    def _access_key(self, key_file: Path) -> Signer:
        key = read_key_file(key_file, read_passphrase(self.settings.passphrase_file))
        if key.token is not None:
            # Who is logged in to a token may use every key in it, and this process listens.
            raise PlatformError(
                Code.KEY,
                f"{key_file.name}: an access key of this service lies in a token",
                fix="Give it a key file: only the workshop's processes log in to the token.",
            )
        return key.signer


def _setting(*events: asyncio.Event) -> Callable[[], None]:
    """Return what wakes all who wait for these."""

    def set_all() -> None:
        for event in events:
            event.set()

    return set_all
