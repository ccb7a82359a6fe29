"""Joins what is about cases: officers' use cases, rooms, and the tasks that no person begins."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from sextant_declarations.analysis.cases.policy import CasePolicy, read_policy
from sextant_declarations.analysis.cases.workflow import workflow
from sextant_declarations.app.together import Together
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.cases import Cases
from sextant_declarations.domain.casework import Casework
from sextant_declarations.domain.exchanges import ExchangeRows
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.ports import Files
from sextant_declarations.domain.prematching import Prematching
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.relay import repeat
from sextant_declarations.domain.rooms import Rooms
from sextant_declarations.domain.sending import Send
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.casework import SqlCasework
from sextant_declarations.storage.prematching import SqlPrematches
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.errors import Code, PlatformError

Loop = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Casing:
    """All that is about cases; `stored` wakes the relay of log entries."""

    settings: DeclarationsSettings
    database: Database
    notes: Notes
    gate: Gate
    sources: Sources
    stored: Callable[[], None]
    sending: Send
    threads: ExchangeRows
    states: StatePolicy
    files: Files

    @cached_property
    def cases(self) -> Cases:
        """The use cases of officers."""
        return Cases(self._rows, self.gate, self.sources, self.stored, self._policy)

    @cached_property
    def rooms(self) -> Rooms:
        """The use cases of rooms."""
        return Rooms(
            cases=self.cases,
            rows=self._rows,
            send=self.sending,
            threads=self.threads,
            accesses=self.gate.rows,
            states=self.states,
        )

    def loops(self, together: Together) -> Sequence[Loop]:
        """Return the tasks that run for ever: moving cases, and answering pre-matches.

        Raises:
            PlatformError: `E_MALFORMED` for a policy or a table that does not fit.
        """
        workflow()
        moving = Casework(self._rows, self.sources, self.stored, self._policy)
        answering = Prematching(
            rows=SqlPrematches(self.database, self.notes),
            gate=self.gate,
            files=self.files,
            send=self.sending,
            sources=self.sources,
            states=self.states,
            stored=self.stored,
            policy=self._policy,
        )
        return (
            together.led("cases", self._repeated(moving), moving.anew),
            together.led("prematching", self._repeated(answering)),
        )

    def _repeated(self, task: Callable[[], Awaitable[bool]]) -> Loop:
        return partial(repeat, task, wake=asyncio.Event(), poll_s=self.settings.poll_s)

    @cached_property
    def _rows(self) -> SqlCasework:
        return SqlCasework(self.database, self.notes)

    @cached_property
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
