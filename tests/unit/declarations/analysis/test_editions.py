"""Who said what when: editions, differences with reasons, origins, both questions of time."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.analysis.editions import (
    Edition,
    Filing,
    Source,
    editions,
    explained,
    known_by,
    origin_of,
    origins,
    speaks_of,
)
from sextant_shared.models.declaration import read_declaration
from sextant_shared.rules.filings import Filings, document_of
from tests.unit.shared.rules.filed import amendment, national, site, withdrawal

SITE = site()
ID = SITE["declaration_id"]
STATE = SITE["state_code"]


def filings(*documents: dict[str, Any]) -> list[Filing]:
    """Return documents as filed one each day, from 1 January 2026 on."""
    found = []
    for position, document in enumerate(documents):
        read = read_declaration(document)
        known = f"2026-01-{position + 1:02d}T12:00:00.000Z"
        number = f"SEC-2026-{position + 1:06d}"
        source = Source(read.declaration_id, read.version, number, known)
        found.append(Filing(source, read))
    return found


def made(*documents: dict[str, Any]) -> list[Edition]:
    return editions(ID, filings(*documents))


def amends(version: int, number: str, *changes: tuple[str, Any, Any]) -> dict[str, Any]:
    return amendment({**SITE, "version": version}, *changes, number=number)


RENAMED = amends(1, "XAL-A1", ("/name", SITE["name"], "Second"))
AGAIN = amends(2, "XAL-A2", ("/name", "Second", "Third"))
OWNER = amends(2, "XAL-A2", ("/owner_operator", SITE["owner_operator"], "Another owner"))


# --- editions -------------------------------------------------------------------------------------


def test_amendments_give_editions_one_after_another() -> None:
    found = made(SITE, RENAMED, AGAIN)
    assert [(e.version, e.source.declaration_id) for e in found] == [
        (1, ID),
        (2, "XAL-A1"),
        (3, "XAL-A2"),
    ]
    assert [e.declaration.name for e in found if e.declaration] == [  # type: ignore[attr-defined]
        SITE["name"],
        "Second",
        "Third",
    ]


def test_an_amendment_that_contradicts_what_holds_changes_nothing() -> None:
    wrong = amends(1, "XAL-A1", ("/name", "what never stood there", "Second"))
    assert [e.version for e in made(SITE, wrong)] == [1]


def test_an_amendment_of_another_version_changes_nothing() -> None:
    assert [e.version for e in made(SITE, AGAIN)] == [1]


def test_after_a_withdrawal_nothing_holds_until_it_is_filed_again() -> None:
    found = made(SITE, withdrawal(SITE), {**SITE, "version": 2})
    assert [e.declaration is None for e in found] == [False, True, False]


def test_an_amendment_of_a_withdrawn_version_makes_it_hold_again() -> None:
    found = made(SITE, withdrawal(SITE), RENAMED)
    assert [e.version for e in found if e.declaration] == [1, 2]


def test_what_is_filed_about_another_declaration_does_not_count() -> None:
    other = national()
    about_other = amendment(other, ("/language", "en", "fr"))
    assert len(made(SITE, other, about_other)) == 1


# --- differences ----------------------------------------------------------------------------------


def test_a_difference_names_the_amendment_that_made_it_last_and_its_reason() -> None:
    (one,) = explained(made(SITE, RENAMED, AGAIN), 0, 2)
    assert (one.difference.old, one.difference.new) == (SITE["name"], "Third")
    assert (one.source.declaration_id, one.reason) == ("XAL-A2", "CLERICAL")


def test_places_that_were_changed_at_different_times_have_their_own_source() -> None:
    found = explained(made(SITE, RENAMED, OWNER), 0, 2)
    by_pointer = {one.difference.pointer: one.source.declaration_id for one in found}
    assert by_pointer == {"/name": "XAL-A1", "/owner_operator": "XAL-A2"}


def test_a_whole_new_version_gives_no_reason() -> None:
    (one,) = explained(made(SITE, {**SITE, "version": 2, "name": "Second"}), 0, 1)
    assert (one.reason, one.source.version) == (None, 2)


def test_a_withdrawal_is_the_reason_for_all_that_is_gone() -> None:
    found = explained(made(SITE, withdrawal(SITE)), 0, 1)
    assert {one.reason for one in found} == {"OTHER"}
    assert {one.difference.new for one in found} == {None}


# --- origins --------------------------------------------------------------------------------------


def test_each_place_says_which_version_said_it() -> None:
    found = origins(made(SITE, RENAMED, OWNER))
    versions = {
        pointer: one.version
        for pointer in ("/name", "/owner_operator", "/address/street", "/plants/0/plant_code")
        if (one := origin_of(found, pointer)) is not None
    }
    assert versions == {
        "/name": 2,
        "/owner_operator": 3,
        "/address/street": 1,
        "/plants/0/plant_code": 1,
    }


def test_what_is_withdrawn_has_no_origin() -> None:
    assert origins(made(SITE, withdrawal(SITE))) == []
    assert origins([]) == []
    assert origin_of([], "/name") is None


# --- time -----------------------------------------------------------------------------------------

HISTORY = filings(SITE, RENAMED, OWNER)


@pytest.mark.parametrize(
    ("known_on", "name", "owner"),
    [
        ("2026-01-01T12:00:00.000Z", SITE["name"], SITE["owner_operator"]),
        ("2026-01-02T11:59:59.999Z", SITE["name"], SITE["owner_operator"]),
        ("2026-01-02T12:00:00.000Z", "Second", SITE["owner_operator"]),
        ("2026-01-03T12:00:00.000Z", "Second", "Another owner"),
    ],
)
def test_what_was_known_on_the_day_of_the_inspection(known_on: str, name: str, owner: str) -> None:
    held = editions(ID, known_by(HISTORY, known_on))[-1].declaration
    assert held is not None
    assert (held.name, held.owner_operator) == (name, owner)  # type: ignore[attr-defined]


def test_before_the_first_filing_nothing_was_known() -> None:
    assert editions(ID, known_by(HISTORY, "2026-01-01T11:59:59.999Z")) == []


@given(st.lists(st.sampled_from(["amend", "wrong", "whole", "withdraw"]), max_size=7))
def test_known_now_is_what_the_rules_say_is_in_force(acts: list[str]) -> None:
    history = filings(*_acted(acts))
    held = editions(ID, known_by(history, "9999"))[-1].declaration
    in_force = Filings(one.declaration for one in history).holding(STATE, ID)
    assert (held and document_of(held)) == (in_force and document_of(in_force))


@given(
    st.lists(st.sampled_from(["amend", "wrong", "whole", "withdraw"]), max_size=7),
    st.integers(0, 9),
)
def test_what_was_known_only_grows(acts: list[str], day: int) -> None:
    history = filings(*_acted(acts))
    until = f"2026-01-{day:02d}T23:59:59.999Z"
    earlier, later = editions(ID, known_by(history, until)), editions(ID, history)
    assert later[: len(earlier)] == earlier


def _acted(acts: list[str]) -> list[dict[str, Any]]:
    """Return a history in which each filing names the version that holds, as the register asks."""
    documents, version, name, gone = [SITE], 1, SITE["name"], False
    for n, act in enumerate(acts):
        if act == "whole" or (gone and act != "amend"):
            version, name, gone = version + 1, f"Whole {n}", False
            documents.append({**SITE, "version": version, "name": name})
        elif act == "amend":
            documents.append(amends(version, f"XAL-N{n}", ("/name", name, f"Name {n}")))
            version, name, gone = version + 1, f"Name {n}", False
        elif act == "wrong":
            documents.append(amends(version, f"XAL-N{n}", ("/name", f"not {name}", "Wrong")))
        else:
            gone = True
            documents.append(
                {**withdrawal({**SITE, "version": version}), "declaration_id": f"W{n}00"}
            )
    return documents


def test_a_yearly_declaration_speaks_of_its_year_and_an_event_of_the_time_since() -> None:
    yearly, event = read_declaration(SITE), read_declaration(RENAMED)
    year = SITE["reporting_year"]
    assert speaks_of(yearly, dt.date(year, 12, 31))
    assert not speaks_of(yearly, dt.date(year + 1, 1, 1))
    assert speaks_of(event, dt.date(2026, 6, 15))
    assert not speaks_of(event, dt.date(2026, 6, 14))
