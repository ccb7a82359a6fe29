"""What cases and inspections put into the officers' queue, in the transaction of the step.

Which steps of a case do is the table's (`analysis.work`). An inspection has an item from its notice
on, while a step of ours may follow; before that it is told to planners alone, so not to the queue.
"""

from sqlalchemy import Connection, select

from sextant_declarations.analysis.cases.workflow import workflow
from sextant_declarations.analysis.classification import aggregated
from sextant_declarations.analysis.inspection.life import inspection_life
from sextant_declarations.analysis.work import ItemKind, work_policy
from sextant_declarations.domain.casebook import NewCaseStep
from sextant_declarations.domain.inspecting import NewInspectionStep
from sextant_declarations.domain.inspection_views import marking_of
from sextant_declarations.domain.work import NewItem
from sextant_declarations.storage.inspection_tables import INSPECTIONS
from sextant_declarations.storage.sight import site_kind
from sextant_declarations.storage.tables import DECLARATIONS
from sextant_declarations.storage.work import close_item, put_item, urge_item


def follow_case(connection: Connection, step: NewCaseStep, priority: str) -> None:
    """Let the queue follow a step of a case, which has this priority now."""
    one, move, table = step.case, step.move, work_policy().cases
    is_urgent = priority in table.urgent
    if move.target in workflow().closed:
        close_item(connection, ItemKind.CASE, one.number, step.t)
    elif move.step in table.steps:
        row = DECLARATIONS.c
        kinds = select(row.kind).where(row.id.in_(one.declarations)).distinct().order_by(row.kind)
        item = NewItem(
            kind=ItemKind.CASE,
            reference=one.number,
            owner=" ".join(one.case.states),
            subject=" ".join(connection.execute(kinds).scalars()),
            year=min((each.pair.key.year for each in one.pairs), default=None),
            marking=aggregated(m for each in one.pairs for m in each.markings.values()),
            why=(table.steps[move.step],),
            urgent=is_urgent,
            t=step.t,
            envelope=one.envelope or None,
            custody=one.custody if one.envelope else None,
        )
        put_item(connection, item)
    elif is_urgent:
        urge_item(connection, ItemKind.CASE, one.number, step.t)


def follow_inspection(connection: Connection, step: NewInspectionStep) -> None:
    """Take the step that was taken out of the queue, and put in that the next one is due."""
    row = INSPECTIONS.c
    named = select(row.number, row.state, row.regime, row.year).where(row.id == step.inspection)
    one = connection.execute(named).one()
    close_item(connection, ItemKind.INSPECTION, one.number, step.t)
    life = inspection_life()
    if step.target in life.hidden or not life.steps_from(step.target):
        return
    item = NewItem(
        kind=ItemKind.INSPECTION,
        reference=one.number,
        owner=one.state,
        subject=site_kind(one.regime),
        year=one.year,
        marking=marking_of(step.target),
        why=("STEP_DUE",),
        t=step.t,
    )
    put_item(connection, item)
