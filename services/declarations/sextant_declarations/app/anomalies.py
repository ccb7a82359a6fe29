"""Joins the parts of anomalies: the analysis with its runs, and what officers see of them."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.anomalies.terms import Terms
from sextant_declarations.analysis.membership import StatedTerms
from sextant_declarations.clients.analyst import ProcessAnalyst, ThreadAnalyst
from sextant_declarations.domain.anomalies import Anomalies
from sextant_declarations.domain.anomaly_runs import AnomalyRuns
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.gate import Gate
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.anomalies import SqlAnomalies
from sextant_declarations.storage.anomaly_runs import SqlAnomalyRuns
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes


@dataclass(frozen=True)
class AnomalyParts:
    """Cards as officers see them, and runs."""

    cards: Anomalies
    runs: AnomalyRuns

    @classmethod
    def over(  # noqa: PLR0917 - what the service has opened by then
        cls,
        stack: AsyncExitStack,
        settings: DeclarationsSettings,
        database: Database,
        notes: Notes,
        gate: Gate,
        sources: Sources,
        stored: Callable[[], None],
        terms: StatedTerms,
    ) -> "AnomalyParts":
        """Return the parts; `stack` ends a run that goes on, `stored` is told of entries."""
        bounds = Terms(terms.membership)
        analyst: ProcessAnalyst | ThreadAnalyst = ThreadAnalyst(bounds)
        if settings.isolation != "thread":
            analyst = ProcessAnalyst(settings.anomalies_timeout_s, bounds)
            stack.callback(analyst.close)
        runs = AnomalyRuns(
            rows=SqlAnomalyRuns(database),
            analyst=analyst,
            gate=gate,
            policy=policy(),
            clock=sources.clock,
            quiet_s=settings.anomalies_quiet_s,
            latest_s=settings.anomalies_latest_s,
        )
        cards = Anomalies(SqlAnomalies(database, notes), gate, policy(), sources, stored)
        return cls(cards, runs)
