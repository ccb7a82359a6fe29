"""Joins the analyses: the task that feeds them, and what officers read of each.

Another analysis is one more line in `registered`.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from sextant_declarations.analysis.membership import StatedTerms
from sextant_declarations.analysis.transfers.comparing import Comparing
from sextant_declarations.analysis.transfers.policy import (
    MatchingPolicy,
    Profiles,
    read_policy,
    read_profiles,
)
from sextant_declarations.domain.analysing import Analysing, Analysis
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.matching import TransferMatching
from sextant_declarations.domain.ports import Files
from sextant_declarations.domain.transfers import Transfers
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.analysing import SqlAnalysing
from sextant_declarations.storage.transfers import SqlTransfers
from sextant_shared.chassis.database import Database
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True)
class Analyses:
    """All analyses of this service; `due` wakes their task."""

    settings: DeclarationsSettings
    database: Database
    clock: Clock
    terms: StatedTerms = field(default_factory=StatedTerms)
    due: asyncio.Event = field(default_factory=asyncio.Event)

    def registered(self) -> tuple[Analysis, ...]:
        """Return every analysis.

        Raises:
            PlatformError: `E_MALFORMED` for a policy or profiles that do not fit.
        """
        rows = SqlTransfers(self.database)
        comparing = Comparing(self._policy(), self._profiles(), self.terms.membership)
        return (TransferMatching(rows, comparing, self.clock),)

    def task(self, gate: Gate, files: Files, *more: Analysis) -> Analysing:
        """Return the task that feeds them, and `more`."""
        return Analysing(
            rows=SqlAnalysing(self.database),
            gate=gate,
            files=files,
            analyses=(*self.registered(), *more),
            max_bytes=self.settings.max_filings_bytes,
            pause_s=self.settings.analysis_pause_s,
            wake=self.due,
        )

    def transfers(self, gate: Gate) -> Transfers:
        """Return what officers read of transfers."""
        return Transfers(SqlTransfers(self.database), gate, self._policy())

    def _policy(self) -> MatchingPolicy:
        file = self.settings.matching_file
        return MatchingPolicy() if file is None else read_policy(_read(file))

    def _profiles(self) -> Profiles:
        file = self.settings.profiles_file
        return {} if file is None else read_profiles(_read(file))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED,
            f"{file.name} of transfer matching cannot be read: {error.strerror}",
            fix="Correct the setting, or leave it out.",
        ) from error
