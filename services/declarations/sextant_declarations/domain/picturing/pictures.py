"""The pictures that officers ask for, by name; each is drawn from what holds now."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sextant_declarations.analysis.pictures.clock import clarification_clock
from sextant_declarations.analysis.pictures.drawing import Picture
from sextant_declarations.analysis.pictures.matrix import transfer_matrix
from sextant_declarations.analysis.pictures.queue_age import Waiting, queue_age
from sextant_declarations.analysis.pictures.scatter import transfer_scatter
from sextant_declarations.analysis.pictures.waterfall import mass_balance
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.clarifications import ClarificationFilter, Clarifications
from sextant_declarations.domain.dossiers import Dossiers
from sextant_declarations.domain.obligations import Obligations, Wanted
from sextant_declarations.domain.picturing.balances import BalanceWanted, Weighed
from sextant_declarations.domain.picturing.transfers import Flows
from sextant_shared import codelists

MAX_THREADS = 60  # more bars than that are no picture; the newest are shown
MAX_WAITING = 100_000  # what a histogram counts; bounds one answer


class WaitingRows(Protocol):
    """What waits for an officer."""

    async def waiting(self, state: str | None, limit: int) -> Sequence[Waiting]:
        """Return it, oldest first."""
        ...


@dataclass(frozen=True)
class Pictures:
    """The use cases of pictures; the last three give declared content, once it is recorded."""

    obligations: Obligations
    waiting: WaitingRows
    clarifications: Clarifications
    transfers: Callable[[str, int, Reader], Awaitable[Flows]]
    balances: Callable[[BalanceWanted, Reader], Awaitable[Weighed]]
    dossiers: Dossiers

    async def timeliness(self, wanted: Wanted) -> Picture:
        """Return what came late or is missing, by State and year."""
        return await self.obligations.picture(wanted)

    async def queue_age(self, state: str | None) -> Picture:
        """Return how long declarations have waited for an officer."""
        found = await self.waiting.waiting(state, MAX_WAITING)
        of = "declarations that wait for an officer" + (f", {state}" if state else "")
        return queue_age(found, of=of, today=self.obligations.board.today)

    async def clarification_clock(self, state: str | None) -> Picture:
        """Return whose turn it is in each clarification."""
        found = await self.clarifications.threads(ClarificationFilter(state=state, is_open=False))
        newest = sorted(found, key=lambda one: (one.turns[0].since, one.name))[-MAX_THREADS:]
        return clarification_clock(newest, today=self.obligations.board.today)

    async def transfer_matrix(self, chemical: str, year: int, reader: Reader) -> Picture:
        """Return what exporters and importers declare of a chemical.

        Raises:
            PlatformError: as the port.
        """
        of = f"{_named(chemical)}, {year}"
        found = await self.transfers(chemical, year, reader)
        return transfer_matrix(found.pairs, of=of, unit=found.unit)

    async def transfer_scatter(self, chemical: str, year: int, reader: Reader) -> Picture:
        """Return both sides of each pair against each other.

        Raises:
            PlatformError: as `transfer_matrix`.
        """
        of = f"{_named(chemical)}, {year}"
        found = await self.transfers(chemical, year, reader)
        return transfer_scatter(found.pairs, of=of, unit=found.unit)

    async def mass_balance(self, wanted: BalanceWanted, reader: Reader) -> Picture:
        """Return the mass balance of a chemical at a place.

        Raises:
            PlatformError: as the port.
        """
        found = await self.balances(wanted, reader)
        return mass_balance(found.balance, of=found.of, unit=found.unit)

    async def dossier(self, state: str, site: str, reader: Reader) -> Picture:
        """Return the years of a site.

        Raises:
            PlatformError: as dossiers.
        """
        return await self.dossiers.picture(state, site, reader, gives=Gives.PICTURE)


def _named(chemical: str) -> str:
    """Return a chemical as it is called; one that no list knows keeps its key."""
    listed = codelists.chemicals_by_cas().get(chemical)
    return f"{listed.name} ({chemical})" if listed else chemical
