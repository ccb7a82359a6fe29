"""Inspections in the officers' queue: from the notice on, one item for the step that is next."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.analysis.need import Line, Need
from sextant_declarations.analysis.work import ItemKind
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.inspecting import NewInspection, NewInspectionStep
from sextant_declarations.domain.work import StoredItem, WorkFilter
from sextant_declarations.storage.inspections import SqlInspections
from sextant_declarations.storage.work import SqlWork
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.chassis.sight import seeing
from sextant_shared.clock import timestamp_ms
from tests.integration.declarations.stores import open_store
from tests.support.logs import NOW

pytestmark = pytest.mark.anyio
ID = "0193a3c0-0000-7000-8000-000000000001"
PLANNER = Reader("planner-1", "planner")
WAY = ("plan", "PLANNED"), ("notify", "NOTIFIED"), ("find", "FOUND"), ("report", "REPORTED")


def step(after: int, code: str, target: str) -> NewInspectionStep:
    return NewInspectionStep(
        inspection=ID,
        after=after,
        step=code,
        target=target,
        officer=PLANNER,
        reason="IN_TIME",
        t=timestamp_ms(NOW + after),
        note=decision(f"inspection-{code}", "planner-1", ID, None, NOW + after),
    )


@pytest.fixture
async def rows(tmp_path: Path) -> AsyncIterator[SqlInspections]:
    """Return inspections, one of which is planned."""
    store = open_store(tmp_path)
    inspections = SqlInspections(store.database, Notes(store.database, store.sidecar), "SEC")
    new = NewInspection(
        id=ID,
        state="XAL",
        code="XAL-PS-1",
        regime="S2",
        kind="routine",
        year=2026,
        known_on="2026-11-24",
        selection=None,
        step=step(0, *WAY[0]),
    )
    await inspections.plan(new)
    yield inspections
    store.database.close()


async def waiting(rows: SqlInspections) -> list[StoredItem]:
    work = SqlWork(rows.database, rows.notes)
    wanted = WorkFilter(kind=ItemKind.INSPECTION)
    return await work.page(wanted, timestamp_ms(NOW + 99), None, 50)


async def test_what_is_told_to_nobody_is_not_in_the_queue_and_each_step_replaces_the_one_before(
    rows: SqlInspections,
) -> None:
    assert await waiting(rows) == []
    ids = set()
    for after, (code, target) in enumerate(WAY[1:], start=1):
        await rows.take(step(after, code, target))
        (item,) = await waiting(rows)
        assert (item.reference, item.why, item.owner) == ("INS-2026-0001", ("STEP_DUE",), "XAL")
        assert item.since == timestamp_ms(NOW + after)
        ids.add(item.id)
    assert len(ids) == len(WAY) - 1
    await rows.take(step(4, "conclude", "FINAL"))
    await rows.take(step(5, "close", "CLOSED"))
    assert await waiting(rows) == []


async def test_an_inspection_that_is_cancelled_waits_for_nobody(rows: SqlInspections) -> None:
    await rows.take(step(1, "notify", "NOTIFIED"))
    await rows.take(step(2, "cancel", "CANCELLED"))
    assert await waiting(rows) == []


async def test_it_waits_for_those_alone_who_may_know_of_the_site(rows: SqlInspections) -> None:
    await rows.take(step(1, "notify", "NOTIFIED"))
    top: Any = "OPCW_HIGHLY_PROTECTED"
    for states, kinds, seen in (
        (["XAL"], ["S2_*"], 1),
        (["XAL"], ["S3_*"], 0),
        (["XBO"], ["*"], 0),
    ):
        need = Need((Line(states=states, kinds=kinds, ceiling=top),))
        with seeing(need):
            assert len(await waiting(rows)) == seen
