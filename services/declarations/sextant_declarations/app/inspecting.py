"""Joins the parts that serve planners of inspections, inspectors, and readers of dossiers."""

from collections.abc import Callable
from dataclasses import dataclass

from sextant_declarations.domain.dossiers import Dossiers
from sextant_declarations.domain.draws import Draws
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.identities import Identities
from sextant_declarations.domain.inspections import Inspections
from sextant_declarations.domain.mandates import Mandates
from sextant_declarations.domain.ports import Files
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.reports import Reports
from sextant_declarations.domain.sending import Send
from sextant_declarations.domain.sited import Sited
from sextant_declarations.storage.anomalies import SqlAnomalies
from sextant_declarations.storage.identities import SqlIdentities
from sextant_declarations.storage.inspections import SqlInspections
from sextant_declarations.storage.selections import SqlSelections
from sextant_declarations.storage.sited import SqlSited
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes


@dataclass(frozen=True)
class Inspecting:
    """The use cases of selections, inspections, mandates, identities and dossiers."""

    draws: Draws
    inspections: Inspections
    mandates: Mandates
    identities: Identities
    dossiers: Dossiers


def inspecting(
    database: Database,
    notes: Notes,
    *,
    files: Files,
    gate: Gate,
    sending: Send,
    states: StatePolicy,
    stored: Callable[[], None],
    max_bytes: int,
) -> Inspecting:
    """Return the parts; of one State at most `max_bytes` are read at once."""
    sited = Sited(SqlSited(database), files, gate, max_bytes)
    sources = gate.sources
    rows, words = SqlInspections(database, notes, sending.own_party), SqlIdentities(database, notes)
    identities = Identities(words, sited, sources, stored)
    draws = Draws(SqlSelections(database, notes), sited, words, sources, stored)
    inspections = Inspections(
        rows=rows,
        draws=draws,
        reports=Reports(sending, sited, states, sources.clock),
        sources=sources,
        stored=stored,
    )
    return Inspecting(
        draws=draws,
        inspections=inspections,
        mandates=Mandates(inspections, identities, sited, sources.clock),
        identities=identities,
        dossiers=Dossiers(identities, rows, SqlAnomalies(database, notes), sited, sources.clock),
    )
