"""Markings: the highest of the parts, raised by us, lowered by the State alone."""

import json
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.analysis.classification import (
    MARKINGS,
    aggregated,
    handling,
    highest,
    marking_of,
    portions,
    read_handling,
    remarked,
)
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.catalogue import CATALOGUE
from tests.unit.shared.rules.filed import site

OPEN, RESTRICTED, PROTECTED, HIGHLY = MARKINGS


def code_of(current: str, wanted: str, *, consented: bool) -> Code | None:
    try:
        remarked(current, wanted, consented=consented)
    except PlatformError as error:
        return error.code
    return None


@pytest.mark.parametrize(("current", "wanted"), list(product(MARKINGS, MARKINGS)))
def test_we_raise_and_never_lower_without_the_states_consent(current: str, wanted: str) -> None:
    rises = MARKINGS.index(wanted) > MARKINGS.index(current)
    expected = Code.STATE if wanted == current else None if rises else Code.POLICY
    assert code_of(current, wanted, consented=False) is expected


@pytest.mark.parametrize(("current", "wanted"), list(product(MARKINGS, MARKINGS)))
def test_consent_lowers_and_does_nothing_else(current: str, wanted: str) -> None:
    falls = MARKINGS.index(wanted) < MARKINGS.index(current)
    expected = Code.STATE if wanted == current else None if falls else Code.POLICY
    assert code_of(current, wanted, consented=True) is expected


def test_an_unknown_marking_is_refused_with_the_list() -> None:
    with pytest.raises(PlatformError) as caught:
        remarked(OPEN, "SECRET", consented=False)
    assert caught.value.expected == ", ".join(MARKINGS)


def test_marks_of_parts_are_found_by_their_place() -> None:
    plan = {"name": "plan.pdf", "sha256": "0" * 64, "classification": HIGHLY}
    marked = portions({**site(), "attachments": [plan]})
    assert marked == {"": PROTECTED, "/attachments/0": HIGHLY}
    assert highest(marked.values()) == HIGHLY


def test_a_word_that_is_no_marking_is_no_mark() -> None:
    assert portions({"classification": "of chemicals"}) == {}
    assert highest([]) == OPEN


@given(st.lists(st.sampled_from(MARKINGS), max_size=60))
def test_a_compilation_is_never_less_sensitive_than_its_parts(parts: list[str]) -> None:
    whole = aggregated(parts)
    assert MARKINGS.index(whole) >= MARKINGS.index(highest(parts))
    assert aggregated([*parts, whole]) == highest([whole, aggregated([*parts, whole])])


def test_many_parts_are_more_sensitive_than_each_but_open_ones_stay_open() -> None:
    assert aggregated([RESTRICTED] * 19) == RESTRICTED
    assert aggregated([RESTRICTED] * 20) == PROTECTED
    assert aggregated([HIGHLY] * 20) == HIGHLY
    assert aggregated([OPEN] * 500) == OPEN


@pytest.mark.parametrize(
    ("kind", "marking"),
    [
        ("S2_AND", RESTRICTED),
        ("S2_SITE_ADPA", PROTECTED),
        ("S1_SSSF_ADPA", PROTECTED),
        ("OCPF_ANNUAL", RESTRICTED),
        ("A3_CW", HIGHLY),
        ("NA_DESIGNATION", OPEN),
        ("AMENDMENT", RESTRICTED),
    ],
)
def test_kinds_have_a_default_with_its_mark(kind: str, marking: str) -> None:
    default = handling().default(kind)
    assert (default.marking, default.mark) == (marking, "P/U")


def test_every_kind_of_the_catalogue_has_a_default_and_every_class_a_profile() -> None:
    assert all(handling().default(kind) for kind in CATALOGUE)
    assert [handling().of_envelope(f"C{n}") for n in range(4)] == list(MARKINGS)
    assert [handling().profile(marking).grant for marking in MARKINGS] == [
        "role",
        "duty",
        "function",
        "written",
    ]


def test_a_policy_without_a_profile_for_each_marking_is_refused() -> None:
    data = (files("sextant_declarations.analysis") / "classification.json").read_bytes()
    policy = json.loads(data)
    del policy["markings"][HIGHLY]
    with pytest.raises(PlatformError) as caught:
        read_handling(json.dumps(policy).encode())
    assert caught.value.expected == ", ".join(MARKINGS)


@pytest.mark.parametrize(
    "changes", ["none to the building", ["a text"], [{"new": "PROTECTED"}], None]
)
def test_what_is_no_list_of_amendments_marks_nothing(changes: object) -> None:
    assert marking_of({"classification": MARKINGS[1], "changes": changes}) == MARKINGS[1]
