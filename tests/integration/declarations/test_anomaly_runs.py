"""When a run is due, what interrupts it, and what it leaves behind."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.keeping import said_of
from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.terms import Terms
from sextant_declarations.analysis.need import Line, Need
from sextant_declarations.analysis.transfers.policy import ListedMembership, Term
from sextant_declarations.analysis.work import ItemKind, Number, work_policy
from sextant_declarations.clients.analyst import ProcessAnalyst, ThreadAnalyst, analyse_said
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.analysing import Fact
from sextant_declarations.domain.anomalies import Anomalies
from sextant_declarations.domain.anomaly_runs import (
    Analyst,
    AnomalyRuns,
    Outcome,
    Progress,
    Said,
    numbered,
)
from sextant_declarations.domain.exporting import tables
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.obligations import Wanted
from sextant_declarations.domain.work import StoredItem, WorkFilter
from sextant_declarations.storage import anomaly_work
from sextant_declarations.storage.anomalies import SqlAnomalies
from sextant_declarations.storage.anomaly_runs import SqlAnomalyRuns
from sextant_declarations.storage.work import SqlWork, close_item
from sextant_shared.chassis.sight import seeing
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import read_declaration
from tests.integration.declarations.stores import open_store
from tests.unit.declarations.analysis.test_anomalies import trading

pytestmark = pytest.mark.anyio
EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples" / "kinds").glob("*.json"))
OFFICER = Reader(client="officer-1", role="officer")
FACT = Fact(
    position=7, declaration="D", state="XAL", declaration_id="XAL-1", version=1, kind="S2_AND",
    year=2024, marking="", known="", said="{}", sources=(),
)  # fmt: skip


NONE: Any = None


def found(*kilos: str) -> Run:
    """Return what a run finds where XAL's exports are a tenth of what each partner declares."""
    partners = [(f"XC{n}", kg) for n, kg in enumerate(kilos)]
    exports = [("XAL", "exports", to, kg, "2024") for to, kg in partners]
    imports = [(to, "imports", "XAL", f"{kg}0", "2024") for to, kg in partners]
    return analyse(trading(*exports, *imports), 2024)


async def store_run(rows: SqlAnomalyRuns, run: Run, day: int) -> None:
    """Store a run as it is stored on a day of January."""
    t = f"2026-01-{day:02}T00:00:00.000Z"
    outcome = Outcome(run=run, cards=tuple(numbered(run)), last_year=2024)
    await rows.finish(await rows.order("officer-1", t), outcome, t)


async def waiting(rows: SqlAnomalyRuns) -> list[StoredItem]:
    """Return the cards that wait in the officers' queue."""
    work = SqlWork(rows.database, NONE)
    return await work.page(WorkFilter(kind=ItemKind.ANOMALY), "2026-02", None, 50)


class Breaking:
    """An analyst that cannot."""

    async def analyse(self, said: Said, last_year: int, progress: Progress) -> Run:
        progress("reading", len(said), last_year)
        raise PlatformError(Code.UNAVAILABLE, "the analyst died")


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[SqlAnomalyRuns]:
    store = open_store(tmp_path)
    yield SqlAnomalyRuns(store.database)
    store.database.close()


async def states(rows: SqlAnomalyRuns) -> list[str]:
    """Return the states of all runs, oldest first."""
    return [one.state for one in reversed(await rows.runs(None, 10))]


def runs_of(
    rows: SqlAnomalyRuns, quiet_s: float = 0.0, analyst: Analyst | None = None
) -> AnomalyRuns:
    return AnomalyRuns(
        rows=rows,
        analyst=analyst or ThreadAnalyst(),
        gate=cast("Gate", None),
        policy=policy(),
        clock=lambda: 1_790_000_000.0,
        quiet_s=quiet_s,
        latest_s=3600.0,
    )


async def test_nothing_runs_before_registrations_have_settled(rows: SqlAnomalyRuns) -> None:
    runs = runs_of(rows, quiet_s=3600.0)
    await runs.heed([FACT], 7)
    assert not await runs()
    assert await states(rows) == []
    runs.quiet_s = 0.0
    assert await runs()
    (done,) = await rows.runs(None, 10)
    assert (done.state, done.client, done.counts["read"]) == ("DONE", "declarations", 0)
    assert not await runs(), "once for what was registered"


async def test_registrations_without_end_do_not_put_a_run_off_for_ever(
    rows: SqlAnomalyRuns,
) -> None:
    runs = runs_of(rows, quiet_s=3600.0)
    runs.latest_s = 0.0
    await runs.heed([FACT], 7)
    assert await runs()


async def test_what_was_registered_while_the_service_was_away_is_due(rows: SqlAnomalyRuns) -> None:
    runs = runs_of(rows)
    await runs.begin([FACT], 7)
    assert await runs()
    await runs.begin([FACT], 0)
    assert not await runs(), "a run read all of it"


async def test_a_run_that_was_interrupted_begins_again(rows: SqlAnomalyRuns) -> None:
    await rows.begin(await rows.order("officer-1", ""), "", 0)
    assert await runs_of(rows)()
    assert await states(rows) == ["DONE"]


async def test_a_run_that_fails_says_so_and_is_tried_again_when_it_was_due(
    rows: SqlAnomalyRuns,
) -> None:
    runs = runs_of(rows, analyst=Breaking())
    ordered = await runs.order(OFFICER)
    assert await runs.order(OFFICER) == ordered, "one run waits at a time"
    await runs()
    failed = await runs.read(ordered.number)
    assert (failed.state, failed.progress) == ("FAILED", None)
    assert failed.error == "E_UNAVAILABLE: the analyst died"
    assert not await runs(), "an ordered run is not repeated"
    await runs.heed([FACT], 8)
    await runs()
    runs.analyst = ThreadAnalyst()
    await asyncio.sleep(0)
    assert await runs()
    assert await states(rows) == ["FAILED", "FAILED", "DONE"]
    with pytest.raises(PlatformError, match="no run 9"):
        await runs.read(9)


def test_no_card_of_a_run_is_lost_under_the_name_of_another() -> None:
    declared = trading(
        ("XAL", "exports", "XBO", "1470", "2024"), ("XBO", "imports", "XAL", "14700", "2024"),
        ("XAL", "exports", "XCO", "1380", "2024"), ("XCO", "imports", "XAL", "13800", "2024"),
    )  # fmt: skip
    run = analyse(declared, 2024)
    assert {card.states for card in run.ranked.cards} == {("XAL", "XBO"), ("XAL", "XCO")}
    cards = run.ranked.cards
    ids = [id_ for id_, _, _ in numbered(run)]
    assert len(set(ids)) == len(ids) == len(cards)


def test_states_without_anything_give_no_card_and_no_crash() -> None:
    told: list[tuple[str, int, int]] = []
    run = analyse_said([], 2024, lambda *reached: told.append(reached))
    assert run.ranked.cards == ()
    assert told == [("analysing", 0, 0)]
    assert analyse([Facts("XAL")], 2024).notes == ()


@pytest.mark.processes
async def test_a_process_of_its_own_gives_the_same_run_and_tells_no_content_when_it_fails() -> None:
    kept = [("XAL", said_of(read_declaration(json.loads(path.read_text())))) for path in EXAMPLES]
    terms = Terms(ListedMembership({"XAL": Term(dt.date(2025, 6, 1))}))
    analyst = ProcessAnalyst(60.0, terms)
    told: list[tuple[str, int, int]] = []
    try:
        found = await analyst.analyse(kept, 2025, lambda *reached: told.append(reached))
        with pytest.raises(PlatformError, match=r"a method failed: PlatformError$"):
            await analyst.analyse([("XAL", '{"secret')], 2025, lambda *_: None)
    finally:
        analyst.close()
    assert found == analyse_said(kept, 2025, lambda *_: None, terms)
    assert "JOINED" in {note.code for note in found.notes}
    assert told[-1] == ("analysing", 1, 1)


async def test_the_best_new_cards_wait_each_once_and_leave_when_they_are_gone(
    rows: SqlAnomalyRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = work_policy().model_copy(update={"anomalies": Number(value=1, mark="P")})
    monkeypatch.setattr(anomaly_work, "work_policy", lambda: one)
    run = found("1470", "1380")
    await store_run(rows, run, 1)
    (first,) = await waiting(rows)
    best, second = (card.id for card in run.ranked.cards)
    assert (first.reference, first.why, first.subject) == (best, ("FLAGGED",), "SLIP")
    assert first.owner.split()[0] == "XAL"
    await store_run(rows, run, 2)
    assert await waiting(rows) == [first]
    await rows.database.write(lambda c: close_item(c, ItemKind.ANOMALY, best, first.since))
    await store_run(rows, run, 3)
    assert [item.reference for item in await waiting(rows)] == [second], "the next one has room"
    moved = found("1480", "1380")
    assert {card.id for card in moved.ranked.cards} == {best, second}
    await store_run(rows, moved, 4)
    assert {item.reference for item in await waiting(rows)} == {best, second}, "its figures moved"
    await store_run(rows, found(), 5)
    assert await waiting(rows) == []


async def test_a_card_waits_for_those_alone_who_may_know_of_all_its_states(
    rows: SqlAnomalyRuns,
) -> None:
    await store_run(rows, found("1470"), 1)
    top: Any = "OPCW_HIGHLY_PROTECTED"
    for states, kinds, seen in (
        (["XAL", "XC0"], ["*"], 1),
        (["XAL"], ["*"], 0),
        (["XAL", "XC0"], ["S2_*"], 0),
    ):
        need = Need((Line(states=states, kinds=kinds, ceiling=top),))
        with seeing(need):
            assert len(await waiting(rows)) == seen


async def test_a_site_has_the_cards_that_were_in_the_list_on_a_day(rows: SqlAnomalyRuns) -> None:
    run = found("1470")
    (card,) = run.ranked.cards
    of_site = replace(card, subject="XAL-PS-1", states=())
    ranked = replace(run.ranked, cards=(of_site,))
    await store_run(rows, replace(run, ranked=ranked), 2)
    await store_run(rows, found(), 4)
    cards = SqlAnomalies(rows.database, NONE)
    for day, expected in ((1, []), (2, [of_site.id]), (3, [of_site.id]), (4, [])):
        known = await cards.of_sites("XAL", ["XAL-PS-1"], [], f"2026-01-{day:02}T23:59:59.999Z")
        assert [one.card for one in known] == expected
        assert all(one.known.startswith("2026-01-02") for one in known)
    assert await cards.of_sites("XBO", ["XAL-PS-1"], [], "2026-01-03") == []
    need = Need((Line(states=["XAL"], kinds=["*"], ceiling="OPCW_HIGHLY_PROTECTED"),))
    with seeing(need):
        assert len(await cards.of_sites("XAL", ["XAL-PS-1"], [], "2026-01-03")) == 1


async def test_a_card_of_a_chemical_is_a_sites_where_it_stands_on_its_declarations_alone(
    rows: SqlAnomalyRuns,
) -> None:
    run = found("1470")
    (card,) = run.ranked.cards
    own = [place for place in card.places if place.state == "XAL"]
    of_site = replace(card, places=tuple(own), states=())
    await store_run(rows, replace(run, ranked=replace(run.ranked, cards=(of_site, card))), 2)
    cards = SqlAnomalies(rows.database, NONE)
    for numbers, expected in (
        ([place.declaration_id for place in card.places], [of_site.id]),
        (["XAL-OTHER"], []),
    ):
        known = await cards.of_sites("XAL", ["XAL-PS-1"], numbers, "2026-01-03")
        assert [one.card for one in known] == expected


async def test_exported_anomalies_are_the_list_in_its_order(rows: SqlAnomalyRuns) -> None:
    run = found("1470", "1380")
    await store_run(rows, run, 1)
    cards = Anomalies(SqlAnomalies(rows.database, NONE), NONE, policy(), NONE, NONE)
    sources: Any = SimpleNamespace(anomalies=cards)
    for wanted, expected in (
        (Wanted(state="XAL"), [card.id for card in run.ranked.cards]),
        (Wanted(year=2020), []),
    ):
        made = await tables.anomalies(sources, wanted, OFFICER, lambda *_: None)
        names = [column.name for column in made.columns]
        lines = [dict(zip(names, row, strict=True)) async for rows in made.batches for row in rows]
        assert [line["id"] for line in lines] == expected
        assert all(line["states"] in {"XAL XC0", "XAL XC1"} for line in lines)
