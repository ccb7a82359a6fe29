"""Joins the parts that serve planners of inspections, inspectors, and readers of dossiers."""

from collections.abc import Callable
from dataclasses import dataclass

from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.inspections import Inspections
from sextant_declarations.domain.mandates import Mandates
from sextant_declarations.domain.ports import Files
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.reports import Reports
from sextant_declarations.domain.selecting import Selecting
from sextant_declarations.domain.sending import Send
from sextant_declarations.domain.sited import Sited
from sextant_declarations.storage.inspections import SqlInspections
from sextant_declarations.storage.selections import SqlSelections
from sextant_declarations.storage.sited import SqlSited
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes


@dataclass(frozen=True)
class Inspecting:
    """The use cases of selections, inspections and mandates."""

    selecting: Selecting
    inspections: Inspections
    mandates: Mandates


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
    selecting = Selecting(SqlSelections(database, notes), sited, sources, stored)
    inspections = Inspections(
        rows=SqlInspections(database, notes, sending.own_party),
        selecting=selecting,
        reports=Reports(sending, sited, states, sources.clock),
        sources=sources,
        stored=stored,
    )
    return Inspecting(selecting, inspections, Mandates(inspections, sited, sources.clock))
