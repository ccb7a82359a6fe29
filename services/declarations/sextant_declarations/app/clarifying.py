"""Joins what asks States and what shows what they were asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from sextant_declarations.analysis.clarifications.policy import clarification_policy
from sextant_declarations.domain.clarifications import Clarifications
from sextant_declarations.domain.clarifying import Clarify, FiledLanguages
from sextant_declarations.domain.lives import Lives
from sextant_declarations.domain.ports import Reading
from sextant_declarations.domain.sending import Send
from sextant_declarations.storage.clarifications import SqlClarifications
from sextant_declarations.storage.stated import SqlObligations
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes


@dataclass(frozen=True)
class Clarifying:
    """Both sides of clarifications."""

    ask: Clarify
    shown: Clarifications

    @classmethod
    def over(
        cls,
        database: Database,
        notes: Notes,
        reading: Reading,
        send: Send,
        lives: Lives,
        stored: Callable[[], None],
    ) -> Self:
        """Return them over this room's database and what sends messages."""
        policy = clarification_policy()
        languages = FiledLanguages(SqlObligations(database), policy)
        rows = SqlClarifications(database, notes)
        return cls(
            Clarify(reading, send.gate, send, lives, languages, send.sources.clock),
            Clarifications(rows, send, send.gate, send.sources, policy, languages, stored),
        )
