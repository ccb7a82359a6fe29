"""Whom a declaration goes to: the Secretariat always, the other State of a transfer if it can."""

from typing import Any, cast

import pytest

from sextant_client.addressing import Addressed, address
from sextant_client.parties import PartyView
from sextant_client.visible import TRANSFER_NOTICE, UNREAD, visible_of
from sextant_shared.errors import Code, PlatformError

SEC = "SEC"


class Parties:
    """Knows the party NA-XBO, and fails as told when asked for others."""

    def __init__(self, code: Code = Code.NOT_FOUND) -> None:
        self.asked: list[str] = []
        self._code = code

    def newest(self, party: str) -> str:
        self.asked.append(party)
        if party != "NA-XBO":
            raise PlatformError(self._code, "no such party")
        return party


def addressed(parties: Parties, **members: Any) -> Addressed:
    document = {"kind": "S1_TRANSFER_NOTIF", "state_code": "XAL", **members}
    return address(visible_of(document), cast("PartyView", parties), SEC)


@pytest.mark.parametrize(("sender", "receiver"), [("XAL", "XBO"), ("XBO", "XAL")])
def test_a_notice_goes_to_the_other_side_whichever_that_is(sender: str, receiver: str) -> None:
    found = addressed(Parties(), sending_state=sender, receiving_state=receiver)
    assert found == Addressed(TRANSFER_NOTICE, [SEC, "NA-XBO"])


def test_a_notice_about_a_state_that_is_no_party_reaches_the_secretariat_and_says_so() -> None:
    found = addressed(Parties(), sending_state="XAL", receiving_state="XZZ")
    assert found == Addressed(UNREAD, [SEC], ("NA-XZZ",))


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"sending_state": "XAL", "receiving_state": "XAL"},
        {"sending_state": "XBO", "receiving_state": "XCC"},
        {"sending_state": "../parties", "receiving_state": "XAL"},
        {"sending_state": ["XBO"], "receiving_state": "XAL"},
    ],
)
def test_a_flawed_notice_can_still_be_sent_to_the_secretariat(members: dict[str, Any]) -> None:
    parties = Parties()
    found = addressed(parties, **members)
    assert (found.type, found.to) == (UNREAD, [SEC])
    assert all(len(party) == len("NA-XBO") for party in parties.asked)


def test_an_exchange_that_proves_nothing_stops_the_notice() -> None:
    with pytest.raises(PlatformError) as caught:
        addressed(Parties(Code.INTEGRITY), sending_state="XAL", receiving_state="XZZ")
    assert caught.value.code is Code.INTEGRITY


def test_other_declarations_go_to_the_secretariat_and_ask_for_nobody() -> None:
    parties = Parties()
    found = addressed(parties, kind="S2_AND", sending_state="XBO")
    assert (found, parties.asked) == (Addressed("declaration.annual", [SEC]), [])
