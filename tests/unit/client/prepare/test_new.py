"""A new declaration: every kind begins, nothing is invented, and check names what is blank."""

import json
from typing import Any

import pytest

from sextant_client.prepare.new import Beginning, new_document, year_of
from sextant_shared.models.declaration import CATALOGUE, KINDS
from sextant_shared.rules import check


def new(kind: str, **heading: Any) -> dict[str, Any]:
    return new_document(CATALOGUE[kind], Beginning(2026, heading))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_begins_as_itself_and_is_blank_where_a_person_must_decide(kind: str) -> None:
    report = check(json.dumps(new(kind, state_code="XAL", language="en")).encode())
    assert report.verdict == "RETURNED"
    places = {finding.pointer for finding in report.findings}
    assert "/confidentiality" in places
    known = {"/schema", "/kind", "/version", "/state_code", "/language", "/submission_type"}
    assert places.isdisjoint({*known, "/declaration_id"})


@pytest.mark.parametrize("kind", KINDS)
def test_no_blank_place_is_filled_with_a_guess(kind: str) -> None:
    """Beside what the heading knows, the years of the look-back are the only values."""
    document = new(kind)
    for name in ("schema", "kind", "version", "submission_type", "reporting_year"):
        document.pop(name)
    assert set(leaves(document)) <= {2025, 2024}


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [] if value is None else [value]


def test_a_list_of_objects_has_one_empty_item_and_the_look_back_its_years() -> None:
    document = new("S2_SITE_ADPA")
    (plant,) = document["plants"]
    (chemical,) = plant["chemicals"]
    assert chemical["chemical"]["cas"] is None
    assert [row["year"] for row in chemical["earlier"]] == [2025, 2024]
    assert document["attachments"] == document["address"]["maps"] == []


@pytest.mark.parametrize(
    ("kind", "submission", "year"),
    [
        ("S2_SITE_ADPA", "ANNUAL", 2025),
        ("S2_SITE_ADAA", "ANNUAL", 2027),
        ("S2_ADDITIONAL", "ADDITIONAL", 2026),
        ("S1_SSSF_INITIAL", "INITIAL", 2025),
        ("NIL", "NIL", 2025),
        ("AMENDMENT", "AMENDMENT", 2026),
        ("S1_TRANSFER_NOTIF", "NOTIFICATION", 2026),
    ],
)
def test_why_it_is_sent_and_its_year_follow_from_the_kind(
    kind: str, submission: str, year: int
) -> None:
    assert new(kind)["submission_type"] == submission
    assert year_of(CATALOGUE[kind], 2026) == year


def test_the_number_is_proposed_from_state_year_and_kind_unless_given() -> None:
    assert new("S2_AND", state_code="XAL")["declaration_id"] == "XAL-2026-S2-AND"
    assert new("S2_AND", declaration_id="MINE-1")["declaration_id"] == "MINE-1"
    assert new("S2_AND")["declaration_id"] is None
