"""Candidate lists out of what States declared in a small made-up world."""

import json

import pytest

from sextant_client.world import WorldPlan, documents, make_world
from sextant_declarations.analysis.selection.candidates import KINDS, candidates_of, snapshot
from sextant_declarations.analysis.selection.model import Candidate, Done, Snapshot
from sextant_declarations.analysis.selection.policy import selection_policy
from sextant_shared.models.declaration import CATALOGUE, DeclarationBase, read_declaration
from sextant_shared.models.declaration.schedule3 import S3SiteAdpa
from sextant_shared.rules.filings import effective

PLAN = WorldPlan(states=3, years=2, seed=7)
YEAR = PLAN.last_year + 1
Declared = dict[str, list[DeclarationBase]]


@pytest.fixture(scope="module")
def declared() -> Declared:
    filed: Declared = {}
    for one in documents(make_world(PLAN)):
        if one.data is not None:
            read = read_declaration(json.loads(one.data))
            filed.setdefault(read.state_code, []).append(read)
    return {state: list(effective(found).values()) for state, found in filed.items()}


def taken(declared: Declared, *done: Done, year: int = YEAR) -> Snapshot:
    policy, _ = selection_policy()
    found = [
        one
        for filed in declared.values()
        for one in candidates_of(filed, done, year=year, policy=policy)
    ]
    return snapshot(found, done, year=year, known_by="9999")


def test_every_declared_site_of_each_regime_is_listed_once(declared: Declared) -> None:
    found = taken(declared).candidates
    places = [(one.regime, one.state, one.code) for one in found]
    assert len(places) == len(set(places))
    assert {one.regime for one in found} >= {"S2", "S3", "OCPF"}
    wanted = {
        (one.state_code, getattr(one, "plant_site_code", ""))
        for filed in declared.values()
        for one in filed
        if one.kind in {"S2_SITE_ADPA", "S3_SITE_ADPA"}
    }
    assert {(s, c) for r, s, c in places if r in {"S2", "S3"}} >= wanted


def test_the_newest_declaration_on_a_site_counts(declared: Declared) -> None:
    years = {
        (one.state_code, one.plant_site_code): one.year
        for filed in declared.values()
        for one in sorted(filed, key=lambda d: d.year)
        if isinstance(one, S3SiteAdpa)
    }
    for one in taken(declared).candidates:
        if one.regime == "S3" and (one.state, one.code) in years:
            assert one.year >= years[one.state, one.code]


def test_a_site_not_declared_for_years_is_on_no_list(declared: Declared) -> None:
    assert taken(declared, year=YEAR + 10).candidates == []


def test_what_will_be_declared_later_is_on_no_list(declared: Declared) -> None:
    first = taken(declared, year=PLAN.last_year - 1).candidates
    assert all(one.year <= PLAN.last_year - 1 for one in first)


def test_a_site_that_was_inspected_says_how_long_ago(declared: Declared) -> None:
    chosen: Candidate = next(o for o in taken(declared).candidates if o.regime == "OCPF")
    done = Done(regime="OCPF", state=chosen.state, code=chosen.code, year=YEAR - 2)
    found = next(o for o in taken(declared, done).candidates
                 if (o.regime, o.state, o.code) == ("OCPF", chosen.state, chosen.code))  # fmt: skip
    assert found.features["never-inspected"] == ["no"]
    assert found.features["years-since-inspection"] == 2


def test_the_order_of_filing_changes_nothing(declared: Declared) -> None:
    turned = {state: list(reversed(found)) for state, found in reversed(declared.items())}
    assert taken(turned).digest == taken(declared).digest


def test_the_kinds_that_are_read_are_those_that_name_sites() -> None:
    assert set(KINDS) <= set(CATALOGUE)
