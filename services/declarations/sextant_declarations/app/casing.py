"""Joins what is about cases: officers' use cases, rooms, and the tasks that no person begins."""

from collections.abc import Callable
from dataclasses import dataclass

from sextant_declarations.analysis.cases.policy import CasePolicy, read_policy
from sextant_declarations.analysis.cases.workflow import workflow
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.cases import Cases
from sextant_declarations.domain.casework import Casework
from sextant_declarations.domain.exchanges import Exchanges
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.ports import Files
from sextant_declarations.domain.prematching import Prematching
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.rooms import Rooms
from sextant_declarations.domain.sending import Send
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.casework import SqlCasework
from sextant_declarations.storage.prematching import SqlPrematches
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True)
class Casing:
    """All that is about cases; `stored` wakes the relay of log entries."""

    settings: DeclarationsSettings
    database: Database
    notes: Notes
    gate: Gate
    sources: Sources
    stored: Callable[[], None]

    def cases(self) -> Cases:
        """Return the use cases of officers.

        Raises:
            PlatformError: `E_MALFORMED` for a policy or a table that does not fit.
        """
        workflow()
        return Cases(self._rows, self.gate, self.sources, self.stored, self._policy())

    def rooms(self, exchanges: Exchanges, states: StatePolicy) -> Rooms:
        """Return the use cases of rooms."""
        return Rooms(
            cases=self.cases(),
            rows=self._rows,
            send=exchanges.sending,
            threads=exchanges.rows,
            accesses=self.gate.rows,
            states=states,
        )

    def task(self) -> Casework:
        """Return the task that moves cases by itself."""
        return Casework(self._rows, self.sources, self.stored, self._policy())

    def prematching(self, send: Send, files: Files, states: StatePolicy) -> Prematching:
        """Return the task that answers blind pre-matches."""
        return Prematching(
            rows=SqlPrematches(self.database, self.notes),
            gate=self.gate,
            files=files,
            send=send,
            sources=self.sources,
            states=states,
            stored=self.stored,
            policy=self._policy(),
        )

    @property
    def _rows(self) -> SqlCasework:
        return SqlCasework(self.database, self.notes)

    def _policy(self) -> CasePolicy:
        file = self.settings.cases_file
        if file is None:
            return CasePolicy()
        try:
            return read_policy(file.read_bytes())
        except OSError as error:
            raise PlatformError(
                Code.MALFORMED,
                f"{file.name} of cases cannot be read: {error.strerror}",
                fix="Correct the setting, or leave it out.",
            ) from error
