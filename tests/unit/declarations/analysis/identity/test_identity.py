"""Which codes may be one site: what is compared, how it is weighed, and what is never proposed."""

from math import log2
from typing import Any

import pytest

from sextant_declarations.analysis.identity.comparing import (
    LEVELS,
    Levels,
    blocked,
    compare,
    distance_km,
)
from sextant_declarations.analysis.identity.records import SiteRecord, records_of
from sextant_declarations.analysis.identity.weighing import fit, propose, weigh, weights
from sextant_shared.models.declaration import read_declaration
from sextant_shared.models.declaration.site import Address
from tests.unit.shared.rules.filed import site

WEIGHTS, _ = weights()


def record(code: str, first: int, last: int, **changes: Any) -> SiteRecord:
    place = {"street": "84 Harbour Road", "city": "Alstadt", "country": "XAL",
             "postal_code": "30665", "latitude": "19.4606", "longitude": "120.4662"}  # fmt: skip
    place |= {name: changes.pop(name) for name in list(changes) if name in place}
    regime = changes.pop("regime", "S2")
    name, operator = changes.pop("name", f"Site {code}"), changes.pop("operator", "Alba Works")
    return SiteRecord(
        "XAL", code, name, operator, Address.model_validate(place), last,
        names={name: first}, operators={operator.casefold()},
        seen={(regime, year) for year in range(first, last + 1)},
        kinds=changes.pop("kinds", {"111-48-8"}),
    )  # fmt: skip


def by_code(*records: SiteRecord) -> dict[str, SiteRecord]:
    return {one.code: one for one in records}


OLD = record("XAL-PS-0001", 2015, 2019, name="Rosum Plant")
NEW = record("XAL-PS-0009", 2020, 2025, name="Rosum Site")


def test_a_site_under_a_new_code_and_name_is_proposed_with_the_weight_of_each_answer() -> None:
    (found,) = propose(by_code(NEW, OLD), WEIGHTS)
    assert (found.older.code, found.newer.code) == ("XAL-PS-0001", "XAL-PS-0009")
    assert found.probability > 0.99
    levels = {part.question: part.level for part in found.parts}
    assert levels == {"place": "same", "name": "alike", "operator": "same", "products": "same",
                      "years": "follows"}  # fmt: skip
    total = found.prior + sum(part.weight for part in found.parts)
    assert found.probability == pytest.approx(1 / (1 + 2**-total))
    assert all(part.weight == pytest.approx(log2(part.m / part.u)) for part in found.parts)


def test_two_sites_declared_side_by_side_at_one_place_are_not_proposed() -> None:
    beside = record("XAL-PS-0009", 2016, 2025, name="Ulmi Works", operator="Ulmi",
                    street="3 Mill Way", latitude="19.4700", kinds={"67-56-1"})  # fmt: skip
    assert propose(by_code(OLD, beside), WEIGHTS) == []


def test_a_neighbour_that_begins_when_another_ends_is_not_enough() -> None:
    new = record("XAL-PS-0009", 2020, 2025, name="Ulmi Works", operator="Ulmi",
                 street="3 Mill Way", postal_code="41111", latitude="21.0000",
                 kinds={"67-56-1"})  # fmt: skip
    assert propose(by_code(OLD, new), WEIGHTS) == []


def test_an_address_as_another_clerk_writes_it_is_still_the_same_place() -> None:
    new = record("XAL-PS-0009", 2020, 2025, name="Rosum Site", street="84 Harbour Rd",
                 postal_code=None, latitude="19.4610")  # fmt: skip
    assert compare(OLD, new)["place"] == "same"
    assert propose(by_code(OLD, new), WEIGHTS)


def test_records_that_share_no_place_and_no_operator_are_not_compared() -> None:
    far = record("XAL-PS-0009", 2020, 2025, operator="Ulmi", city="Berg", postal_code="1",
                 latitude="-5")  # fmt: skip
    assert list(blocked(by_code(OLD, far))) == []


def test_a_site_without_a_position_is_compared_by_what_it_says() -> None:
    new = record("XAL-PS-0009", 2020, 2025, latitude=None, longitude=None)
    assert distance_km(OLD, new) is None
    assert compare(OLD, new)["place"] == "same"


def test_another_part_beside_is_weighed_otherwise_than_twice_under_one_part() -> None:
    other = record("XAL-OC-0009", 2016, 2025, regime="OCPF")
    twice = record("XAL-PS-0009", 2016, 2025)
    assert compare(OLD, other)["years"] == "beside"
    assert compare(OLD, twice)["years"] == "overlaps"
    assert weigh(OLD, other, WEIGHTS).probability > weigh(OLD, twice, WEIGHTS).probability


def test_weights_are_found_without_being_told_which_pairs_match() -> None:
    same: Levels = {"place": "same", "name": "alike", "operator": "same", "products": "same",
                    "years": "follows"}  # fmt: skip
    other: Levels = {"place": "elsewhere", "name": "alike", "operator": "other",
                     "products": "none", "years": "overlaps"}  # fmt: skip
    found = fit([same] * 10 + [other] * 90, fitted_on="a test")
    assert found.prior == pytest.approx(100_000, rel=0.1)
    assert found.m["place"]["same"] > 900_000
    assert found.u["place"]["same"] < 50_000
    assert all(share > 0 for each in (found.m, found.u) for levels in each.values()
               for share in levels.values())  # fmt: skip


def test_every_level_has_a_weight_in_the_reviewed_file() -> None:
    assert WEIGHTS.mark == "P"
    for shares in (WEIGHTS.m, WEIGHTS.u):
        assert {name: set(each) for name, each in shares.items()} == {
            name: set(levels) for name, levels in LEVELS.items()
        }


def test_a_declared_site_gives_a_record_with_its_names_by_year() -> None:
    later = site(declaration_id="LATER", reporting_year=2026, name="Alba New")
    found = records_of([read_declaration(site()), read_declaration(later)])
    one = found["XAL-PS-0007"]
    assert (one.first, one.last, one.name) == (2025, 2026, "Alba New")
    assert list(one.names.values()) == [2025, 2026]
    assert one.of == {site()["declaration_id"], "LATER"}
