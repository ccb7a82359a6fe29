"""Every State files what it owes, as the truth says, or the key says that it did not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sextant_client.world import World
from sextant_client.world.substances import substances

Key = list[dict[str, Any]]


@pytest.fixture(scope="module")
def missing(key: Key) -> set[tuple[str, int, str, str | None]]:
    return {
        (place["state"], place["year"], place["kind"], line["site"])
        for line in key
        if line["planted"]
        for place in line["places"]
        if place["pointer"] is None and place["received"] is None
    }


@pytest.fixture(scope="module")
def first_codes(key: Key) -> dict[str, str]:
    """Return the first codes of sites that go by another one later."""
    return {
        place["declared"]: place["true"]
        for line in key
        if line["planted"] and line["kind"] == "SITE_RENAMED"
        for place in line["places"]
        if place["pointer"] == "/plant_site_code"
    }


def years(world: World) -> Iterator[tuple[str, int]]:
    for state, profile in world.profiles.items():
        for year in world.plan.reporting_years:
            if profile.is_bound(year):
                yield state, year


def filed(folder: Path, state: str, year: int, kind: str) -> list[dict[str, Any]]:
    paths = sorted((folder / state / str(year)).glob(f"{kind}-*.json"))
    found = [json.loads(path.read_text()) for path in paths]
    # What a State that joins says of the year before lies in the same folder.
    return [document for document in found if document.get("reporting_year", year) == year]


@pytest.mark.parametrize("regime", ["S2", "S3"])
def test_production_above_the_threshold_is_in_the_aggregate_data(
    world: World, folder: Path, missing: set[Any], regime: str
) -> None:
    owed = 0
    for state, year in years(world):
        made = {
            s.cas
            for s in substances()
            if s.regime == regime
            and world.ledger.balance(state, s.index, year).produced > s.threshold
        }
        if not made:
            continue
        owed += 1
        documents = filed(folder, state, year, f"{regime}_AND")
        if not documents:
            assert (state, year, f"{regime}_AND", None) in missing
            continue
        (document,) = documents
        names = {s.cas: s.name for s in substances()}
        declared = {record["chemical"]["name"] for record in document["records"]}
        assert {names[cas] for cas in made} <= declared
    assert owed > 20


@pytest.mark.parametrize("regime", ["S2", "S3"])
def test_each_site_that_produced_above_the_threshold_is_declared(
    world: World,
    folder: Path,
    missing: set[Any],
    first_codes: dict[str, str],
    regime: str,
) -> None:
    owed = 0
    for state, year in years(world):
        due = {
            site.code
            for site, plant in world.industry.plants(state)
            for index, roles in world.ledger.of_plant(plant, year).items()
            if substances()[index].regime == regime
            and roles.get("PRODUCE", 0) > substances()[index].threshold
        }
        kind = f"{regime}_SITE_ADPA"
        codes = [d["plant_site_code"] for d in filed(folder, state, year, kind)]
        declared = {first_codes.get(code, code) for code in codes}
        excused = {site for s, y, k, site in missing if (s, y, k) == (state, year, kind)}
        assert due <= declared | excused
        owed += len(due)
    assert owed > 50


def test_what_was_made_was_planned_or_added_before(
    world: World, folder: Path, missing: set[Any], first_codes: dict[str, str]
) -> None:
    checked = 0
    for state, year in years(world):
        if world.profiles[state].entry_into_force.year >= year:
            continue
        plans = [
            (d["kind"], first_codes.get(d["plant_site_code"], d["plant_site_code"]))
            for kind in ("S2_SITE_ADAA", "S3_SITE_ADAA", "S2_ADDITIONAL", "S3_ADDITIONAL")
            for d in filed(folder, state, year, kind)
        ]
        excused = {site for s, y, k, site in missing if (s, y) == (state, year)}
        for site, plant in world.industry.plants(state):
            for index, roles in world.ledger.of_plant(plant, year).items():
                # Far above, as a plan is only about what will happen.
                if roles.get("PRODUCE", 0) > 2 * substances()[index].threshold:
                    told = any(s == site.code and k[:2] == plant.regime for k, s in plans)
                    assert told or site.code in excused
                    checked += 1
    assert checked > 50


def test_both_sides_notice_each_transfer_of_schedule_1(
    world: World, folder: Path, missing: set[Any]
) -> None:
    seen = 0
    for (state, year), transfers in world.facilities.transfers.items():
        if year not in world.plan.reporting_years or not world.profiles[state].is_bound(year):
            continue
        notices = filed(folder, state, year, "S1_TRANSFER_NOTIF")
        notices += filed(folder, state, year, "S1_TRANSFER_NOTIF_STX")
        one_sided = [m for m in missing if m[:2] == (state, year) and "NOTIF" in m[2]]
        assert len(notices) + len(one_sided) == len(transfers)
        seen += len(notices)
    assert seen > 20


def test_a_state_that_is_not_bound_files_nothing(world: World, folder: Path) -> None:
    outside = [code for code, profile in world.profiles.items() if not profile.is_party]
    assert outside
    assert not any((folder / code).exists() for code in outside)


def test_a_state_with_nothing_to_declare_says_so_if_it_is_one_that_does(
    world: World, folder: Path
) -> None:
    scopes = 0
    for state, year in years(world):
        nil = filed(folder, state, year, "NIL")
        if world.profiles[state].sends_nil and nil:
            (document,) = nil
            assert ("AND_S2" in document["scope"]) <= (not filed(folder, state, year, "S2_AND"))
            scopes += len(document["scope"])
        elif not world.profiles[state].sends_nil:
            assert not nil
    assert scopes > 100
