"""The table of pairs: step by step it is what a rebuild gives, and it keeps what pairs said."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from sextant_declarations.analysis.transfers.facts import DocumentFacts
from sextant_declarations.analysis.transfers.keeping import Said, read_said
from sextant_declarations.analysis.transfers.policy import Term
from sextant_declarations.domain.analysing import Fact
from sextant_declarations.domain.matching import NAME, TransferMatching
from sextant_declarations.domain.records import Base
from sextant_declarations.domain.transfers import PairFilter
from sextant_declarations.storage.analysing import SqlAnalysing
from sextant_declarations.storage.analysis_tables import ANALYSES, TRANSFER_STEPS, TRANSFERS
from sextant_declarations.storage.transfers import SqlTransfers
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.stores import SqlStore, open_store
from tests.support.logs import NOW
from tests.unit.declarations.analysis.transfers.stating import comparing, facts, said
from tests.unit.declarations.analysis.transfers.test_properties import HOW, documents
from tests.unit.declarations.secretariat import Secretariat

KEY = ("XAL", "XAL-2025-NIL")
TDG = "111-48-8"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    opened = open_store(tmp_path_factory.mktemp("matching"))
    yield opened
    opened.database.close()


def fact(position: int, one: DocumentFacts | None, number: tuple[str, str]) -> Fact:
    """Return a fact as the feed gives it."""
    return Fact(
        position=position, declaration=f"id-{number[1]}", state=number[0],
        declaration_id=number[1], version=1, kind="S2_AND", year=2025, marking="", known="",
        said=None if one is None else Said(one).to_json(), sources=(),
    )  # fmt: skip


def number_of(one: DocumentFacts) -> tuple[str, str]:
    return one.document.state, one.document.declaration_id


async def emptied(store: SqlStore) -> SqlTransfers:
    """Return an empty table that the analysis has joined."""

    def begin(connection: Any) -> None:
        for table in (TRANSFER_STEPS, TRANSFERS, ANALYSES):
            connection.execute(delete(table))
        row = {"name": NAME, "method": "m", "position": 0, "changes": 0}
        connection.execute(insert(ANALYSES).values(row))

    await store.database.write(begin)
    return SqlTransfers(store.database)


async def table(store: SqlStore) -> list[tuple[Any, ...]]:
    """Return what is in force, but for the time since when."""
    row = TRANSFERS.c
    wanted = select(row.id, row.klass, row.gap, row.span, row.more, row.declarations, row.body)
    in_order = wanted.where(row.in_force).order_by(row.id)
    return [tuple(one) for one in await store.database.read(lambda c: c.execute(in_order).all())]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(documents(), min_size=1, max_size=8), st.data())
def test_pairs_stored_step_by_step_are_those_of_a_rebuild(
    store: SqlStore, given_: list[DocumentFacts], data: st.DataObject
) -> None:
    async def run() -> None:
        rows = await emptied(store)
        matching = TransferMatching(rows, HOW, lambda: NOW)
        await matching.begin([], 0)
        held: dict[tuple[str, str], Fact] = {}
        for n, one in enumerate(given_, start=1):
            number = number_of(one)
            withdrawn = number in held and data.draw(st.booleans())
            held[number] = fact(n, None if withdrawn else one, number)
            await matching.heed([held[number]], n)
        stepwise = await table(store)
        await TransferMatching(rows, HOW, lambda: NOW).begin(list(held.values()), len(given_))
        assert await table(store) == stepwise
        rows = await emptied(store)
        await TransferMatching(rows, HOW, lambda: NOW).begin(list(held.values()), len(given_))
        assert await table(store) == stepwise

    anyio.run(run)


@settings(max_examples=40, deadline=None)
@given(documents())
def test_facts_that_are_kept_come_back_digit_by_digit(one: DocumentFacts) -> None:
    kept = Said(one)
    assert read_said(kept.to_json()) == kept
    assert read_said(kept.to_json()).to_json() == kept.to_json()


def test_kept_facts_of_another_form_are_refused() -> None:
    with pytest.raises(PlatformError) as raised:
        read_said('{"facts": {"rows": 3}}')
    assert raised.value.code is Code.INTEGRITY


async def _listed(rows: SqlTransfers, **wanted: Any) -> list[tuple[str, str, bool]]:
    found = await rows.page(PairFilter(**wanted), None, 10)
    return [(line.id, line.class_, line.in_force) for line, _ in found]


def of(sentences: Sequence[str], start: int = 1) -> list[Fact]:
    made = facts(said(TDG, sentences))
    return [fact(n, one, number_of(one)) for n, one in enumerate(made, start)]


@pytest.mark.anyio
async def test_a_pair_that_nobody_declares_any_more_stays_with_its_history(
    store: SqlStore,
) -> None:
    rows = await emptied(store)
    now = [NOW]
    matching = TransferMatching(rows, comparing(), lambda: now[0])
    await matching.begin(of(["2025 XAL exports to XBO 12400 kg"]), 1)
    now[0] += 1
    await matching.heed(of(["2025 XBO imports from XAL 8000 kg"], 2), 2)
    id_ = f"2025.{TDG}.XAL.XBO"
    assert await _listed(rows, state="XBO") == [(id_, "QUANTITY_MISMATCH", True)]
    assert await _listed(rows, state="XCY") == []
    assert len(await rows.page(PairFilter(), (2026, ""), 10)) == 1
    assert await rows.page(PairFilter(), (2025, id_), 10) == []
    now[0] += 1
    gone = [fact(n, None, (state, f"{state}-2025-S2")) for n, state in ((3, "XAL"), (4, "XBO"))]
    await matching.heed(gone, 4)
    assert await _listed(rows) == []
    assert await _listed(rows, in_force=False) == [(id_, "QUANTITY_MISMATCH", False)]
    found = await rows.pair(id_)
    assert found is not None
    assert [step.class_ for step in found[1]] == [None, "QUANTITY_MISMATCH", "PENDING"]
    assert [len(step.versions) for step in found[1]] == [0, 2, 1]
    assert (await rows.standing()).changes == 3


@pytest.mark.anyio
async def test_a_further_version_that_says_the_same_adds_nothing_to_the_history(
    store: SqlStore,
) -> None:
    rows = await emptied(store)
    matching = TransferMatching(rows, comparing(), lambda: NOW)
    both = ["2025 XAL exports to XBO 12400 kg", "2025 XBO imports from XAL 12400 kg"]
    await matching.begin(of(both), 2)
    (again,) = facts(said(TDG, both[1:], version=2))
    await matching.heed([fact(3, again, number_of(again))], 3)
    found = await rows.pair(f"2025.{TDG}.XAL.XBO")
    assert found is not None
    stored, steps = found
    assert [(one.state, one.version) for one in stored.body.versions] == [("XAL", 1), ("XBO", 2)]
    assert [step.class_ for step in steps] == ["MATCH"]


@pytest.mark.anyio
async def test_other_profiles_at_a_start_leave_no_pair_of_the_ones_before(store: SqlStore) -> None:
    rows = await emptied(store)
    both = of(["2025 XAL exports to XBO 12400 kg", "2025 XBO imports from XAL 12400 kg"])
    await TransferMatching(rows, comparing(), lambda: NOW).begin(both, 2)
    outside = comparing(terms={"XBO": Term(never=True)})
    await TransferMatching(rows, outside, lambda: NOW + 1).begin(both, 2)
    found = await rows.pair(f"2025.{TDG}.XAL.XBO")
    assert found is not None
    assert [step.class_ for step in found[1]] == ["NSP_S2", "MATCH"]


@pytest.mark.anyio
async def test_what_moves_while_it_is_read_stays_owed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    memory = Secretariat(tmp_path / "memory")
    memory.deliver(memory.world.declare(), memory.world.declare(version=2))
    await memory.take_in()
    first, second = memory.records
    feed = SqlAnalysing(store.database)
    await store.commit([first], Base(year=2026, last_number=0, held={}))
    (owed,) = await feed.owed(10)
    assert [one.filed.version for one in owed.versions] == [1]
    await store.commit([second], Base.of(await store.standing([], [KEY], 2026)))
    await feed.keep([owed], [])
    (owed,) = await feed.owed(10)
    assert [one.filed.version for one in owed.versions] == [1, 2]
    await feed.keep([owed], [("a", "1", replace(fact(0, None, KEY), declaration=owed.declaration))])
    assert (await feed.owed(10), await feed.facts("a", "1", None)) == ([], ([], 0))
    await feed.join([("a", "1")])
    assert len(await feed.owed(10)) == 1  # a new analysis is owed what was there before it
    store.database.close()
