"""Joins what takes deliveries in: lease, examination, registration."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sextant_declarations.app.together import COLLECTING, REGISTERING, Together
from sextant_declarations.clients.exchange import HttpExchange
from sextant_declarations.clients.spans import Spans
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.comparing import Comparing
from sextant_declarations.domain.deliveries import Examined
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.intake import Intake, Patience
from sextant_declarations.domain.places import Collecting
from sextant_declarations.domain.ports import Step, Workshop
from sextant_declarations.domain.records import Submission
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.registration import Registrar
from sextant_declarations.domain.worker import Pace, Worker
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.filings import SqlFilings
from sextant_declarations.storage.register import SqlRegister
from sextant_declarations.storage.threads import SqlThreads
from sextant_declarations.storage.vault import FileVault
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.disk import Reserve


@dataclass(frozen=True, kw_only=True)
class Taking:
    """All that the intake stands on; `stored` is told of each registration."""

    settings: DeclarationsSettings
    exchange: HttpExchange
    directory: Directory
    workshop: Workshop
    vault: FileVault
    register: SqlRegister
    threads: SqlThreads
    filed: SqlFilings
    sources: Sources
    policy: StatePolicy
    spans: Spans
    step: Step
    sighted: Callable[[Examined], None]
    stored: Callable[[], None]
    together: Together

    def worker(self, stack: AsyncExitStack) -> Worker:
        """Return the worker; closing the stack waits for what is being registered."""
        settings, places = self.settings, self.together.places
        registrar = Registrar(
            register=self.register,
            threads=self.threads,
            own_party=settings.party,
            workshop=self.workshop,
            sources=self.sources,
            policy=self.policy,
            stored=self.stored,
            alone=self.together.alone(REGISTERING),
        )
        batcher: Batcher[Submission, None] = Batcher(registrar, max_batch=settings.max_leases)
        stack.push_async_callback(batcher.drain)
        intake = Intake(
            mailbox=self.exchange,
            directory=self.directory,
            workshop=self.workshop,
            vault=self.vault,
            register=self.register,
            comparing=Comparing(self.filed, self.vault, self.policy, settings.max_filings),
            submit=batcher.submit,
            sighted=self.sighted,
            trace=self.spans,
            step=self.step,
            patience=Patience(
                settings.lease_s,
                settings.retry_first_s,
                settings.retry_cap_s,
                settings.behind_s,
            ),
            places=places,
        )
        room = Reserve.of(settings).check
        asked = Collecting(
            self.exchange,
            places,
            self.together.alone(COLLECTING),
            self.together.longest_wait_s,
        )
        pace = _pace(settings)
        return Worker(
            asked, intake, self.sources.clock, pace, room, is_asked=lambda: asked.is_asking
        )


def _pace(settings: DeclarationsSettings) -> Pace:
    return Pace(
        max_leases=settings.max_leases,
        lease_s=settings.lease_s,
        wait_s=settings.wait_s,
        pause_first_s=settings.poll_s,
        pause_cap_s=settings.pause_cap_s,
        stop_s=settings.stop_s,
    )
