"""What an exchange does besides when it is one of several processes on a server's database.

It keeps what it has in memory as the database has it: the registry, what parties have used, whose
mailboxes got something. None of this decides alone: the transaction that holds an envelope asks
which registry is in force, and a lease is a claim of its row. So a second that is missed makes a
bell ring later and a bound of a share softer, nothing else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sextant_exchange.app.keeping import Job
from sextant_exchange.domain.allowance import Allowance
from sextant_exchange.domain.mailboxes import Bells
from sextant_exchange.domain.ports import Mailboxes
from sextant_exchange.domain.registration import Registration
from sextant_exchange.storage.tables import LEASES, PROOFS_SEEN
from sextant_exchange.storage.usage import SqlUsage
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.leading import Leading, Task
from sextant_shared.chassis.proofs import ProofsSeen
from sextant_shared.clock import Clock
from sextant_shared.errors import PlatformError

LOOK_S = 0.25  # a waiting reader hears of a delivery that another process made this much later
REFRESH_S = 1.0  # the registry and the shares, for whatever asks them without a transaction
FORGET_S = 60.0


@dataclass
class Together:
    """One process among others; on an embedded file, the only one."""

    database: Database
    clock: Clock
    _newest: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name this process for leases."""
        self._leading = Leading(self.database, LEASES)
        self._proofs = ProofsSeen(self.database, PROOFS_SEEN, self.clock)

    def alone(self, name: str, task: Task) -> Task:
        """Return a task that one process at a time does."""
        return self._leading.alone(name, task)

    def left_alone(self, log_wait_s: float) -> Callable[[], float] | None:
        """Return until when what is held is recovered: later ones their own process completes."""
        if not self.database.is_shared:
            return None
        return lambda: self.clock() - 2 * log_wait_s

    @property
    def proofs(self) -> ProofsSeen | None:
        """What all processes remember of used proofs; None when there are no others."""
        return self._proofs if self.database.is_shared else None

    def fresh(self, registration: Registration) -> Callable[[], Awaitable[None]]:
        """Return what brings the registry up to date before keys are asked for a token."""

        async def refresh() -> None:
            if self.database.is_shared:
                await registration.refresh()

        return refresh

    def jobs(
        self, registration: Registration, allowance: Allowance, mailboxes: Mailboxes, bells: Bells
    ) -> list[Job]:
        """Return what is done again and again because there are others."""
        if not self.database.is_shared:
            return []

        async def refresh() -> None:
            await registration.refresh()
            allowance.load(await SqlUsage(self.database).all())

        return [
            (refresh, REFRESH_S),
            (lambda: self.listen(mailboxes, bells), LOOK_S),
            (self.alone("proofs", self._proofs.forget), FORGET_S),
        ]

    async def listen(self, mailboxes: Mailboxes, bells: Bells) -> None:
        """Ring for those mailboxes that got something since the last look.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        parties = bells.parties
        if not parties:
            self._newest = {}
            return
        newest = await mailboxes.newest(parties)
        bells.ring([party for party, seq in newest.items() if seq != self._newest.get(party)])
        self._newest = newest

    async def leave(self) -> None:
        """Let another process have this one's tasks at once; else they time out."""
        try:
            await self._leading.let_go()
        except PlatformError:
            return
