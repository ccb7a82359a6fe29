"""Last year's declaration rolled on: the year's figures move, nothing is guessed, all is marked."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from sextant_client.prepare.checking import compact
from sextant_client.prepare.rolling import Rolled, roll
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.models.declaration import CATALOGUE, KINDS
from sextant_shared.rules import check

KIND_EXAMPLES = Path(__file__).resolve().parents[4] / "examples/kinds"
YEARLY = [kind for kind in KINDS if CATALOGUE[kind].about.period in {"past", "ahead"}]


def example(kind: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((KIND_EXAMPLES / f"{kind}.json").read_bytes())
    return document


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in YEARLY])
def test_what_is_not_of_a_year_is_not_copied_into_the_next(kind: str) -> None:
    with pytest.raises(PlatformError) as caught:
        roll(example(kind))
    assert caught.value.code is Code.STATE


@pytest.mark.parametrize("kind", YEARLY)
def test_each_yearly_kind_rolls_on_and_its_model_finds_only_what_is_marked(kind: str) -> None:
    document = example(kind)
    before = copy.deepcopy(document)
    rolled = roll(document)
    assert document == before
    new = rolled.document
    assert new["reporting_year"] == document["reporting_year"] + 1
    assert new["version"] == 1
    assert new["declaration_id"] != document["declaration_id"]
    assert not new.get("attachments")
    for finding in check(compact(new)).findings:
        if finding.rule == "S0":
            assert is_marked(rolled, finding.pointer), finding


def test_amounts_become_the_look_back_and_the_oldest_year_falls_out() -> None:
    document = example("S2_SITE_ADPA")
    old = document["plants"][0]["chemicals"][0]
    rolled = roll(document)
    new = rolled.document["plants"][0]["chemicals"][0]
    year = document["reporting_year"]
    assert [row["year"] for row in new["earlier"]] == [year, year - 1]
    latest, before = new["earlier"]
    for name in ("produced", "processed", "consumed"):
        assert latest[name] == old[name]
        assert new[name] is None
        assert f"/plants/0/chemicals/0/{name}" in rolled.marks
    assert before == next(row for row in old["earlier"] if row["year"] == year - 1)
    assert new["capacity"] == old["capacity"]
    assert new["purposes"] == old["purposes"]


def test_a_copy_into_a_later_year_leaves_years_that_nobody_declared_open() -> None:
    document = example("S2_SITE_ADPA")
    year = document["reporting_year"]
    new = roll(document, year + 2).document
    assert [row["year"] for row in new["plants"][0]["chemicals"][0]["earlier"]] == [year]


def test_partners_stay_and_their_amounts_are_blank() -> None:
    document = example("S2_AND")
    rolled = roll(document)
    for old, new in zip(document["records"], rolled.document["records"], strict=True):
        assert [row["state_code"] for row in new.get("exports", [])] == [
            row["state_code"] for row in old.get("exports", [])
        ]
        assert all(row["quantity"] is None for row in new.get("exports", []))
    marked = [mark for mark in rolled.marks if mark.endswith("/quantity")]
    assert marked


def test_ranges_are_said_anew_and_what_happened_on_a_day_is_gone() -> None:
    site = roll(example("S3_SITE_ADPA"))
    assert site.document["plants"][0]["chemicals"][0]["production_range"] is None
    assert "/plants/0/chemicals/0/production_range" in site.marks
    transfers = roll(example("S1_TRANSFER_ANNUAL"))
    assert all(not record.get("transfers") for record in transfers.document["records"])


def test_a_number_with_the_year_in_it_moves_on_and_another_is_proposed_anew() -> None:
    document = {**example("S2_AND"), "declaration_id": "XAL-2025-trade"}
    assert roll(document).document["declaration_id"] == "XAL-2026-trade"
    document["declaration_id"] = "our-number-7"
    assert roll(document).document["declaration_id"] == "XAL-2026-S2-AND"


def test_a_copy_into_the_same_or_an_earlier_year_is_refused() -> None:
    with pytest.raises(PlatformError) as caught:
        roll(example("S2_AND"), 2025)
    assert "later year" in caught.value.detail


def test_a_rolled_declaration_needs_only_what_is_marked() -> None:
    rolled = roll(example("S2_SITE_ADPA"))
    must = [f for f in check(compact(rolled.document)).findings if f.severity is Severity.MUST_FIX]
    assert must
    assert all(is_marked(rolled, finding.pointer) for finding in must)


def is_marked(rolled: Rolled, pointer: str) -> bool:
    return any(
        pointer == mark or pointer.startswith(f"{mark}/") or mark.startswith(f"{pointer}/")
        for mark in rolled.marks
    )
