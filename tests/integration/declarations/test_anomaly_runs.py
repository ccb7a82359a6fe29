"""When a run is due, what interrupts it, and what it leaves behind."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.keeping import said_of
from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.terms import Terms
from sextant_declarations.analysis.transfers.policy import ListedMembership, Term
from sextant_declarations.clients.analyst import ProcessAnalyst, ThreadAnalyst, analyse_said
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.analysing import Fact
from sextant_declarations.domain.anomaly_runs import Analyst, AnomalyRuns, Progress, Said, numbered
from sextant_declarations.domain.gate import Gate
from sextant_declarations.storage.anomaly_runs import SqlAnomalyRuns
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
