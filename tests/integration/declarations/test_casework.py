"""Cases over a real database, without a platform: opened, merged, moved by what is matched."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from sqlalchemy import insert, select

from sextant_declarations.analysis.cases.policy import CasePolicy
from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.analysis.need import Line, Need
from sextant_declarations.analysis.work import ItemKind
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.casebook import CaseFilter
from sextant_declarations.domain.cases import CaseOrder, Cases
from sextant_declarations.domain.casework import Casework
from sextant_declarations.domain.exchanged import MessageOrder
from sextant_declarations.domain.exporting import tables
from sextant_declarations.domain.matching import NAME
from sextant_declarations.domain.obligations import Wanted
from sextant_declarations.domain.pairs import body_of, line_of
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.rooms import LetterOrder, RequestOrder, Rooms
from sextant_declarations.domain.transfers import StoredPair
from sextant_declarations.domain.work import StoredItem, WorkFilter, shown
from sextant_declarations.storage.analysis_tables import ANALYSES
from sextant_declarations.storage.casework import SqlCasework
from sextant_declarations.storage.tables import DECLARATIONS
from sextant_declarations.storage.transfers import SqlTransfers
from sextant_declarations.storage.work import SqlWork
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.chassis.sight import seeing
from sextant_shared.clock import parse_timestamp, random_bytes, timestamp_ms
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.stores import copy_store, open_store
from tests.unit.declarations.analysis.transfers.stating import matched, said
from tests.unit.declarations.secretariat import Secretariat

pytestmark = pytest.mark.anyio
TDG, THIONYL = "111-48-8", "7719-09-7"
OFFICER = Reader(client="officer-1", role="officer", purpose="reconciliation")
BEFORE, AFTER = (parse_timestamp(f"2026-{day}T12:00:00Z") for day in ("04-30", "05-01"))
TRIANGLE = (
    "2025 XAL exports to XBO 90 t",
    "2025 XBO files S3",
    "2025 XCY imports from XAL 90 t",
)


class OpenGate:
    """Lets everybody read; what it is asked for is no matter of these tests."""

    async def envelopes(self, *_: Any) -> None:
        return None


@dataclass
class Office:
    """A register with one declaration, the table of pairs, and the use cases over them."""

    transfers: SqlTransfers
    rows: SqlCasework
    declaration: str
    now: list[float] = field(default_factory=lambda: [AFTER])

    @property
    def cases(self) -> Cases:
        gate: Any = OpenGate()
        return Cases(self.rows, gate, self._sources, lambda: None, CasePolicy())

    async def match(self, cas: str, *sentences: str, gone: tuple[str, ...] = ()) -> None:
        """Store the pairs of these sentences, and let cases follow them."""
        pairs = matched(said(cas, sentences)).values()
        stored = [
            StoredPair(line_of(one, "2026-01-01T00:00:00.000Z"), body_of(one), (self.declaration,))
            for one in pairs
        ]
        await self.transfers.change(stored, gone, 1, "2026-01-02T00:00:00.000Z")
        await self.follow()

    async def follow(self) -> None:
        await Casework(self.rows, self._sources, lambda: None, CasePolicy())()

    async def take(self, number: str, step: str, reason: str, **more: Any) -> None:
        tag = (await self.cases.stored_case(number)).tag
        await self.cases.take(number, CaseOrder(step=step, reason=reason, **more), tag, OFFICER)

    async def states(self) -> list[tuple[str, str]]:
        found = await self.rows.page(CaseFilter(), None, 50)
        return [(one.number, str(one.state)) for one in reversed(found)]

    async def waiting(self, **wanted: Any) -> list[StoredItem]:
        """Return what waits in the officers' queue of cases."""
        work = SqlWork(self.rows.database, self.rows.notes)
        now = timestamp_ms(self.now[0])
        return await work.page(WorkFilter(kind=ItemKind.CASE, **wanted), now, None, 50)

    @property
    def _sources(self) -> Sources:
        return Sources(lambda: self.now[0], lambda: "id", random_bytes)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a register that has one declaration; each test copies it."""
    folder = tmp_path_factory.mktemp("register")

    async def make() -> None:
        store = open_store(folder)
        secretariat = Secretariat(folder, store=store)
        secretariat.exchange.waiting[:] = [secretariat.world.declare()]
        await secretariat.take_in()
        row = {"name": NAME, "method": "m", "position": 0, "changes": 0}
        await store.database.write(lambda c: c.execute(insert(ANALYSES).values(row)))
        store.database.close()

    anyio.run(make)
    return folder


@pytest.fixture
async def office(template: Path, tmp_path: Path) -> AsyncIterator[Office]:
    copy_store(template, tmp_path)
    store = open_store(tmp_path)
    found = await store.database.read(lambda c: c.execute(select(DECLARATIONS.c.id)).scalar_one())
    notes = Notes(store.database, store.sidecar)
    yield Office(SqlTransfers(store.database), SqlCasework(store.database, notes), found)
    store.database.close()


async def test_differences_wait_for_the_cut_off_and_trade_with_no_state_party_does_not(
    office: Office,
) -> None:
    office.now[0] = BEFORE
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    assert await office.states() == []
    await office.match(TDG, "2025 XAL exports to XDR 5 t")
    (outside,) = await office.rows.page(CaseFilter(), None, 50)
    assert (outside.restricted, outside.priority) == (True, Priority.HIGH)
    office.now[0] = AFTER
    await office.follow()
    assert [number for number, _ in await office.states()] == ["TD-2025-000001", "TD-2025-000002"]


async def test_a_triangle_of_transit_becomes_one_case_of_three_states(office: Office) -> None:
    await office.match(THIONYL, *TRIANGLE)
    one, other = (number for number, _ in await office.states())
    view, _ = await office.cases.read(one, OFFICER)
    assert {(link.kind, link.third, link.case) for link in view.together} == {
        ("TRANSIT", "XBO", other)
    }
    await office.take(other, "merge", "SAME_GOODS", reference=one)
    assert await office.states() == [(one, "OPENED"), (other, "MERGED")]
    kept, taken = [await office.cases.stored_case(number) for number in (one, other)]
    assert (kept.case.states, taken.pairs, taken.merged_into) == (("XAL", "XBO", "XCY"), (), one)
    assert [step.step for step in await office.rows.steps(one, None, 9)] == ["take-over", "open"]
    seen = await office.cases.seen_by(one, "XBO", OFFICER)
    assert (seen.states, len(seen.pairs)) == (["XAL", "XBO"], 1)
    await office.follow()
    assert await office.states() == [(one, "OPENED"), (other, "MERGED")]


async def test_a_case_is_not_merged_into_itself_nor_into_one_that_is_handled_otherwise(
    office: Office,
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    await office.match(TDG, "2025 XAL exports to XDR 5 t")
    numbers = {one.restricted: one.number for one in await office.rows.page(CaseFilter(), None, 9)}
    for reference, code in (
        (numbers[False], Code.MALFORMED),
        (numbers[True], Code.POLICY),
        ("TD-2025-999999", Code.NOT_FOUND),
    ):
        with pytest.raises(PlatformError) as caught:
            await office.take(numbers[False], "merge", "SAME_GOODS", reference=reference)
        assert caught.value.code is code


async def test_of_two_officers_who_act_at_once_one_is_told_that_it_moved_on(
    office: Office,
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    ((number, _),) = await office.states()
    tag = (await office.cases.stored_case(number)).tag
    order = CaseOrder(step="triage", reason="EXPLANATIONS_READ")
    await office.cases.take(number, order, tag, OFFICER)
    with pytest.raises(PlatformError) as caught:
        await office.cases.take(number, order, tag, OFFICER)
    assert caught.value.code is Code.PRECONDITION


async def test_what_changes_is_compared_again_and_a_closed_case_opens_only_for_a_difference(
    office: Office,
) -> None:
    exports = "2025 XAL exports to XCY 8000 kg"
    await office.match(TDG, exports, "2025 XCY imports from XAL 10 kg")
    ((number, _),) = await office.states()
    await office.match(TDG, exports, "2025 XCY imports from XAL 8000 kg")
    assert await office.states() == [(number, "RE_MATCHED")]
    await office.take(number, "close-within-threshold", "NO_DIFFERENCE_LEFT", cause="TYPO")
    await office.match(TDG, exports, "2025 XCY imports from XAL 7500 kg")
    assert await office.states() == [(number, "WITHIN_THRESHOLD")]
    await office.match(TDG, exports, "2025 XCY imports from XAL 1 kg")
    assert await office.states() == [(number, "OPENED")]
    assert (await office.cases.stored_case(number)).cause is None


async def test_a_pair_that_nobody_declares_any_more_can_be_closed_as_settled(
    office: Office,
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    ((number, _),) = await office.states()
    await office.match(TDG, gone=(f"2025.{TDG}.XAL.XCY",))
    await office.take(number, "resolve-amended", "AMENDED", cause="WRONG_CHEMICAL")
    assert await office.states() == [(number, "RESOLVED_AMENDED")]


async def test_a_flow_with_a_case_in_earlier_years_is_more_urgent(office: Office) -> None:
    for year in (2023, 2024, 2025):
        rows = (f"{year} XAL exports to XCY 8000 kg", f"{year} XCY imports from XAL 6900 kg")
        await office.match(TDG, *rows)
    found = await office.rows.page(CaseFilter(), None, 9)
    assert [str(one.priority) for one in reversed(found)] == ["LOW", "MEDIUM", "MEDIUM"]
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 6800 kg")
    assert str((await office.rows.page(CaseFilter(), None, 1))[0].priority) == "MEDIUM"
    years = (await office.cases.statistics()).years
    assert [(one.year, one.opened, one.again) for one in years] == [
        (2025, 1, 1), (2024, 1, 1), (2023, 1, 0),
    ]  # fmt: skip


async def test_lists_are_narrowed_and_the_table_of_a_state_has_no_restricted_case(
    office: Office,
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    await office.match(TDG, "2024 XBO exports to XCY 8000 kg", "2024 XCY imports from XBO 10 kg")
    await office.match(TDG, "2025 XAL exports to XDR 5 t")
    for wanted, expected in (
        (CaseFilter(state="XAL"), 2),
        (CaseFilter(state="XAL", year=2024), 0),
        (CaseFilter(status=CaseState.OPENED, priority=Priority.HIGH), 1),
        (CaseFilter(is_open=False), 0),
    ):
        assert len(await office.rows.page(wanted, None, 9)) == expected
    first = await office.cases.page(CaseFilter(), OFFICER, cursor=None, limit=2)
    rest = await office.cases.page(CaseFilter(), OFFICER, cursor=first.next, limit=2)
    assert (len(first.cases), len(rest.cases), rest.next) == (2, 1, None)
    table = (await office.cases.export("XAL", "csv", OFFICER)).decode()
    assert (table.count("\n"), "XDR" in table, "8000" in table) == (2, False, True)


async def test_a_case_of_which_a_declaration_is_out_of_sight_is_not_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    ((number, _),) = await office.states()

    async def nothing(*_: Any) -> dict[str, list[bytes]]:
        return {}

    monkeypatch.setattr(SqlCasework, "sources", nothing)
    assert (await office.cases.page(CaseFilter(), OFFICER, cursor=None, limit=9)).cases == []
    assert (await office.cases.export("XAL", "csv", OFFICER)).count(b"\n") == 1
    for refused in (
        office.cases.read(number, OFFICER),
        office.cases.steps(number, cursor=None, limit=9),
        office.cases.seen_by(number, "XAL", OFFICER),
        office.take(number, "triage", "EXPLANATIONS_READ"),
    ):
        with pytest.raises(PlatformError) as caught:
            await refused
        assert caught.value.code is Code.NOT_FOUND


async def test_a_request_that_was_cut_short_is_repeated_with_the_same_keys_and_words(
    office: Office,
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    ((number, _),) = await office.states()
    await office.take(number, "triage", "EXPLANATIONS_READ")
    tried: list[tuple[str, MessageOrder]] = []

    async def send(order: MessageOrder, key: str, _reader: Reader) -> Any:
        tried.append((key, order))
        if order.to == "NA-XCY":
            raise PlatformError(Code.UNAVAILABLE, "the recipient's keys cannot be asked for")
        return SimpleNamespace(to=order.to, message="m"), True

    none: Any = None
    sending: Any = send
    rooms = Rooms(office.cases, office.rows, sending, none, none, StatePolicy({}))
    tag = (await office.cases.stored_case(number)).tag
    for _ in range(2):
        with pytest.raises(PlatformError) as caught:
            await rooms.request(number, RequestOrder(reason="EXPLANATION_WANTED"), tag, OFFICER)
        assert caught.value.code is Code.UNAVAILABLE
    assert await office.states() == [(number, "TRIAGED")]
    assert tried[:2] == tried[2:]
    assert [order.to for _, order in tried[:2]] == ["NA-XAL", "NA-XCY"]


async def test_a_restricted_case_is_asked_about_by_no_message_and_written_to_nobody(
    office: Office,
) -> None:
    await office.match(TDG, "2025 XAL exports to XDR 5 t")
    ((number, _),) = await office.states()
    await office.take(number, "triage", "EXPLANATIONS_READ")
    none: Any = None
    rooms = Rooms(office.cases, office.rows, none, none, none, StatePolicy({}))
    tag = (await office.cases.stored_case(number)).tag
    with pytest.raises(PlatformError) as caught:
        await rooms.request(number, RequestOrder(reason="EXPLANATION_WANTED"), tag, OFFICER)
    assert caught.value.code is Code.POLICY
    letter = LetterOrder(subject="A case", text="Please explain.", to=["XAL"])
    with pytest.raises(PlatformError) as caught:
        await rooms.write(number, letter, "letter-0001", OFFICER)
    assert caught.value.code is Code.NOT_FOUND


async def test_a_case_waits_for_an_officer_once_until_it_is_closed_and_anew_when_it_opens(
    office: Office,
) -> None:
    exports = "2025 XAL exports to XCY 8000 kg"
    await office.match(TDG, exports, "2025 XCY imports from XAL 6900 kg")
    ((number, _),) = await office.states()
    (first,) = await office.waiting()
    assert (first.reference, first.why, first.year) == (number, ("DIFFERS",), 2025)
    assert (first.envelope is not None, first.standing.urgent) == (True, False)
    more = {"priority": Priority.HIGH}
    await office.take(number, "set-priority", "URGENCY_SEEN_OTHERWISE", **more)
    await office.match(TDG, exports, "2025 XCY imports from XAL 8000 kg")
    (same,) = await office.waiting()
    assert (same.id, same.standing.urgent) == (first.id, True)
    await office.take(number, "close-within-threshold", "NO_DIFFERENCE_LEFT", cause="TYPO")
    assert await office.waiting() == []
    await office.match(TDG, exports, "2025 XCY imports from XAL 1 kg")
    (again,) = await office.waiting()
    assert (again.id != first.id, again.reference, again.standing.urgent) == (True, number, True)


async def test_a_merged_case_waits_no_more_and_the_one_that_took_it_over_does(
    office: Office,
) -> None:
    await office.match(THIONYL, *TRIANGLE)
    one, other = (number for number, _ in await office.states())
    assert [item.reference for item in await office.waiting()] == [one, other]
    await office.take(other, "merge", "SAME_GOODS", reference=one)
    assert [item.reference for item in await office.waiting()] == [one]


async def test_the_queue_names_no_states_of_a_case_and_shows_it_to_whom_the_case_is_shown(
    office: Office,
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    (item,) = await office.waiting()
    assert (item.owner, shown(item, item.since).state) == ("XAL XCY", "")
    assert await office.waiting(state="XAL") == []
    marking: Any = "OPCW_HIGHLY_PROTECTED"
    for states, kinds, seen in (
        (["XAL"], ["S2_*"], 1),
        (["XAL"], ["S3_*"], 0),
        (["XCY"], ["*"], 0),
    ):
        need = Need((Line(states=states, kinds=kinds, ceiling=marking),))
        with seeing(need):
            assert len(await office.waiting()) == len(await office.states()) == seen


async def test_exported_cases_have_a_row_for_each_pair_with_both_figures_by_one_access(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.match(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY imports from XAL 10 kg")
    await office.match(TDG, "2024 XBO exports to XCY 8000 kg", "2024 XCY imports from XBO 10 kg")
    asked: list[Any] = []

    async def envelopes(_self: OpenGate, _reader: Reader, gives: Gives, *_: bytes) -> None:
        asked.append(gives)

    monkeypatch.setattr(OpenGate, "envelopes", envelopes)
    sources: Any = SimpleNamespace(cases=office.cases)
    made = await tables.cases(sources, Wanted(state="XAL"), OFFICER, lambda *_: None)
    names = [column.name for column in made.columns]
    (row,) = [dict(zip(names, row, strict=True)) async for rows in made.batches for row in rows]
    assert (row["exporter"], row["importer"], row["class"]) == ("XAL", "XCY", "QUANTITY_MISMATCH")
    assert (row["exported_kg"], row["imported_kg"]) == (8000, 10)
    assert asked == [Gives.EXPORT]
