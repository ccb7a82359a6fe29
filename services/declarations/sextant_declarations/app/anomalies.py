"""Joins the parts of anomalies: the analysis with its runs, and what officers see of them."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from sextant_declarations.analysis.anomalies.policy import policy
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


def anomaly_runs(
    settings: DeclarationsSettings,
    database: Database,
    gate: Gate,
    sources: Sources,
    stack: AsyncExitStack,
) -> AnomalyRuns:
    """Return the analysis and its runs; `stack` ends a run that goes on."""
    analyst: ProcessAnalyst | ThreadAnalyst = ThreadAnalyst()
    if settings.isolation != "thread":
        analyst = ProcessAnalyst(settings.anomalies_timeout_s)
        stack.callback(analyst.close)
    return AnomalyRuns(
        rows=SqlAnomalyRuns(database),
        analyst=analyst,
        gate=gate,
        policy=policy(),
        clock=sources.clock,
        quiet_s=settings.anomalies_quiet_s,
        latest_s=settings.anomalies_latest_s,
    )


def anomalies(
    database: Database, notes: Notes, gate: Gate, sources: Sources, stored: Callable[[], None]
) -> Anomalies:
    """Return what officers see of cards."""
    return Anomalies(SqlAnomalies(database, notes), gate, policy(), sources, stored)
