"""Selections: what is stored can be drawn again, and whatever was changed since is seen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sextant_declarations.analysis.selection.model import Done
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.draws import Draws, SelectionOrder, StoredSelection
from sextant_declarations.domain.identities import NewWord, StoredWord, joined, newest_code
from sextant_declarations.domain.sited import Sited, SitedFiling, SiteFinding
from sextant_shared.encoding import canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.protocol.notes import MadeNote
from tests.unit.shared.rules.filed import ocpf, site

pytestmark = pytest.mark.anyio
PLANNER = Reader("planner", "planner", "inspection-preparation")
ORDER = SelectionOrder(year=2026, wanted={"S2": 2, "OCPF": 3})
ID = "01a20d50-1f15-7e86-8062-be7380b0609"
NOW = 1_795_000_000.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Rows:
    """Filings of one State, without a register."""

    documents: list[dict[str, Any]] = field(default_factory=lambda: [site(), ocpf()])
    found: list[SiteFinding] = field(default_factory=list)

    async def of_kinds(
        self, kinds: Collection[str], _first: int, _last: int, _known_by: str
    ) -> list[SitedFiling]:
        return [_filing(n, d) for n, d in enumerate(self.documents) if d["kind"] in kinds]

    async def findings(self, _inboxes: Collection[int], _access: Any) -> list[SiteFinding]:
        return self.found


def _filing(n: int, document: dict[str, Any]) -> SitedFiling:
    filed = FiledVersion(
        declaration_id=document["declaration_id"], version=1, kind=document["kind"], year=2025,
        digest=b"", content_digest=b"", size=1, manifest_digest=b"",
    )  # fmt: skip
    return SitedFiling(
        inbox=n, owner="XAL", declaration=str(n), revises=None, n=1, registration=f"SEC-{n}",
        known="2026", filed=filed,
    )  # fmt: skip


@dataclass(frozen=True)
class Filed(Sited):
    """Reads these filings; `given` counts the accesses."""

    rows: Any = field(default_factory=Rows)
    files: Any = None
    gate: Any = None
    max_bytes: int = 0
    given: list[Gives] = field(default_factory=list)

    async def admit(self, _filings: Sequence[SitedFiling], _reader: Reader, gives: Gives) -> Any:
        self.given.append(gives)

    async def read(
        self, filings: Sequence[SitedFiling], _access: Any
    ) -> list[tuple[SitedFiling, DeclarationBase]]:
        return [(one, read_declaration(self.rows.documents[one.inbox])) for one in filings]


@dataclass
class Kept:
    """Selections and words in a list."""

    found: list[StoredSelection] = field(default_factory=list)
    inspected: list[Done] = field(default_factory=list)
    said: list[StoredWord] = field(default_factory=list)

    async def add(self, selection: StoredSelection, _note: MadeNote) -> None:
        self.found.append(selection)

    async def selections(self) -> list[StoredSelection]:
        return self.found[::-1]

    async def selection(self, id_: str) -> StoredSelection | None:
        return next((one for one in self.found if one.id == id_), None)

    async def done(self, _by: str) -> list[Done]:
        return self.inspected

    async def words(self, _state: str) -> list[StoredWord]:
        return self.said

    async def say(self, word: NewWord) -> None:
        raise NotImplementedError


@dataclass
class Desk:
    sited: Filed = field(default_factory=Filed)
    kept: Kept = field(default_factory=Kept)

    def __post_init__(self) -> None:
        sources = Sources(lambda: NOW, lambda: f"{ID}{len(self.kept.found)}", lambda n: b"\x5e" * n)
        self.draws = Draws(self.kept, self.sited, self.kept, sources, lambda: None)

    async def holds(self) -> tuple[bool, bool]:
        found = await self.draws.verify(f"{ID}0", PLANNER)
        assert found.holds is (found.inputs_hold and found.draw_holds)
        return found.inputs_hold, found.draw_holds

    def change(self, member: str, **changes: Any) -> None:
        """Change what is stored, as somebody with the database in hand could."""
        (one,) = self.kept.found
        held = parse_json(getattr(one, member), max_bytes=1 << 24, max_depth=12)
        changed: dict[str, Any] = {member: canonical_json({**held, **changes})}
        self.kept.found[:] = [replace(one, **changed)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_selection_that_is_unknown_is_not_found(desk: Desk) -> None:
    with pytest.raises(PlatformError) as caught:
        await desk.draws.verify("nothing", PLANNER)
    assert caught.value.code is Code.NOT_FOUND
    assert desk.sited.given == []


async def test_a_seed_that_was_changed_is_seen(desk: Desk) -> None:
    await desk.draws.draw(ORDER, PLANNER)
    desk.change("document", seed="00" * 32)
    assert await desk.holds() == (True, False)


async def test_a_site_that_was_put_on_the_list_is_seen(desk: Desk) -> None:
    made = await desk.draws.draw(ORDER, PLANNER)
    picks = [pick.model_dump() for pick in made.selection.picks]
    desk.change("document", picks=[{**picks[0], "code": "ANOTHER"}, *picks[1:]])
    assert await desk.holds() == (True, False)


async def test_inputs_that_are_not_those_of_the_register_are_seen(desk: Desk) -> None:
    await desk.draws.draw(ORDER, PLANNER)
    desk.sited.rows.documents.pop()
    assert await desk.holds() == (False, True)


async def test_weights_that_were_changed_are_seen(desk: Desk) -> None:
    await desk.draws.draw(ORDER, PLANNER)
    desk.change("policy", random_share={"percent": 0, "mark": "P", "why": "none"})
    assert (await desk.holds())[1] is False


async def test_what_was_drawn_is_drawn_again_and_every_reading_is_an_access(desk: Desk) -> None:
    made = await desk.draws.draw(ORDER, PLANNER)
    assert len(made.selection.picks) == 4
    assert await desk.holds() == (True, True)
    assert desk.sited.given == [Gives.SELECTION] * 2
    page = await desk.draws.page()
    assert [line.digest for line in page.selections] == [made.digest]
    assert "XAL-PS-0007" not in page.model_dump_json()


async def test_a_site_under_two_confirmed_codes_is_one_site_with_one_history(desk: Desk) -> None:
    renamed = site(declaration_id="NEW", plant_site_code="XAL-PS-0099", reporting_year=2026)
    desk.sited.rows.documents.append(renamed)
    desk.kept.inspected += [Done(regime="S2", state="XAL", code="XAL-PS-0007", year=2026)] * 2
    assert len((await desk.draws.draw(ORDER, PLANNER)).selection.picks) == 4
    word = StoredWord(older="XAL-PS-0007", newer="XAL-PS-0099", word="CONFIRMED", reason="Told.",
                      client="officer", t="2026", index=None)  # fmt: skip
    desk.kept.said.append(word)
    made = (await desk.draws.draw(ORDER, PLANNER)).selection
    assert {pick.regime for pick in made.picks} == {"OCPF"}
    assert (made.lists[0].declared, made.lists[0].at_site_cap) == (1, 1)


async def test_what_the_state_has_not_explained_weighs_at_the_site_that_it_is_about(
    desk: Desk,
) -> None:
    asks = str(Severity.EXPLAIN_OR_FIX)
    desk.sited.rows.found += [
        SiteFinding(0, "X4", asks, "/plants/0", ""),
        SiteFinding(0, "X5", asks, "/plants/0", "The plant was rebuilt."),
        SiteFinding(1, "D2", asks, "/sites/1/product_groups", ""),
        SiteFinding(1, "D3", str(Severity.INFORMATION), "/sites/1", ""),
    ]
    await desk.draws.draw(ORDER, PLANNER)
    snapshot = desk.kept.found[0].snapshot
    assert {one.code: one.features["open-findings"] for one in snapshot.candidates} == {
        "XAL-PS-0007": 1, "XAL-OC-001": 0, "XAL-OC-002": 1, "XAL-OC-003": 0,
    }  # fmt: skip
    assert await desk.holds() == (True, True)


def test_codes_are_joined_over_any_number_of_steps_and_in_circles() -> None:
    pairs = [("A", "B"), ("B", "C"), ("X", "Y")]
    assert joined("B", pairs) == {"A", "B", "C"}
    assert newest_code("A", pairs) == "C"
    assert newest_code("A", [("A", "B"), ("B", "A")]) in {"A", "B"}
