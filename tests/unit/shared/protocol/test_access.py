"""The decision table, cell by cell, against a committed matrix that a person can read."""

import csv
from pathlib import Path

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Action, Role, Subject, decide, require

MATRIX = Path(__file__).with_name("access_matrix.csv")
OWN, OTHER = "NA-XAL", "NA-XBO"


def subject(role: Role) -> Subject:
    return Subject("client", role, OWN if role is Role.PARTY else None)


def rows() -> list[list[str]]:
    """Return one line per action and role: what is said of own, others' and unnamed things."""
    found = []
    for action in Action:
        for role in Role:
            said = [
                "allow" if decide(subject(role), action, owners).allow else "deny"
                for owners in ([OWN], [OTHER], None)
            ]
            found.append([str(action), str(role), *said])
    return found


def test_the_table_says_what_the_committed_matrix_says() -> None:
    with MATRIX.open() as file:
        committed = list(csv.reader(file))
    assert committed[0] == ["action", "role", "own", "others", "unnamed"]
    assert committed[1:] == rows()


def test_a_party_without_a_name_owns_nothing() -> None:
    nobody = Subject("client", Role.PARTY, None)
    assert not any(decide(nobody, action, [OWN]).allow for action in (Action.ENVELOPE_READ,))


def test_a_denial_names_the_rule() -> None:
    with pytest.raises(PlatformError, match="another party") as caught:
        require(subject(Role.PARTY), Action.ENVELOPE_READ, [OTHER])
    assert caught.value.code is Code.FORBIDDEN
    assert "envelope.read/party" in caught.value.received


def test_what_no_cell_allows_is_denied_by_default() -> None:
    decision = decide(subject(Role.AUDITOR), Action.DECLARATION_READ)
    assert (decision.allow, decision.rule_id) == (False, "default-deny")
