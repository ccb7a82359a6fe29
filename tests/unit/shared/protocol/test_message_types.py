"""The catalogue of message types: what does not keep to it is refused, with all that is wrong."""

from typing import Any

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import Header
from sextant_shared.models.exchange import Priority
from sextant_shared.models.messages import MESSAGE_CTY
from sextant_shared.protocol.message_types import (
    DECLARATION_CTY,
    TABLE,
    Presence,
    Side,
    find_type,
)
from sextant_shared.protocol.type_checks import check_header, check_reply

XAL, XBO, SEC = "NA-XAL", "NA-XBO", "SEC"
ANOTHER = "018f0000-0000-7000-8000-000000000002"


def header(type_: str, sender: str, *to: str, **changes: Any) -> Header:
    members = {
        "v": 1,
        "id": "018f0000-0000-7000-8000-000000000001",
        "from": sender,
        "skid": ["k" * 43, "l" * 43],
        "to": [{"party": party, "kid": "m" * 43} for party in to],
        "type": type_,
        "enc": "C1",
        "class": "C1",
        "cty": MESSAGE_CTY,
        "created": "2026-11-14T09:30:00Z",
    }
    return Header.model_validate(members | changes)


def refused(sent: Header) -> list[str]:
    with pytest.raises(PlatformError) as caught:
        check_header(sent)
    assert caught.value.code is Code.POLICY
    return [finding.pointer for finding in caught.value.findings]


def test_an_unknown_type_is_refused_with_all_that_are_known() -> None:
    with pytest.raises(PlatformError) as caught:
        check_header(header("declaration.monthly", XAL, SEC))
    assert (caught.value.code, caught.value.received) == (Code.POLICY, "declaration.monthly")
    assert "declaration.annual" in caught.value.expected


def test_everything_wrong_with_a_header_is_told_at_once() -> None:
    wrong = header("inspection.notification", XAL, SEC, XBO, irt=ANOTHER, cty="text/plain")
    assert refused(wrong) == ["/from", "/to", "/cty", "/irt"]


@pytest.mark.parametrize("to", [(SEC,), (XBO,), (XAL, SEC)])
def test_a_notice_of_a_transfer_that_leaves_a_side_out_is_refused(to: tuple[str, ...]) -> None:
    assert refused(header("transfer.notice", XAL, *to, cty=DECLARATION_CTY)) == ["/to"]


def test_a_notice_of_a_transfer_goes_to_the_other_state_and_the_secretariat() -> None:
    type_ = check_header(header("transfer.notice", XAL, SEC, XBO, cty=DECLARATION_CTY))
    assert type_.priority is Priority.URGENT


@pytest.mark.parametrize("type_", [row for row in TABLE if row.startswith("declaration.")])
def test_a_declaration_is_for_the_secretariat_alone(type_: str) -> None:
    assert refused(header(type_, XAL, SEC, XBO, cty=DECLARATION_CTY)) == ["/to"]
    check_header(header(type_, XAL, SEC, cty=DECLARATION_CTY))


@pytest.mark.parametrize(
    "type_", [row.name for row in TABLE.values() if row.sender is Side.SECRETARIAT]
)
def test_a_state_cannot_speak_for_the_secretariat(type_: str) -> None:
    assert "/from" in refused(header(type_, XAL, XBO))


@pytest.mark.parametrize("type_", [row.name for row in TABLE.values() if row.irt is Presence.MUST])
def test_an_answer_that_answers_nothing_is_refused(type_: str) -> None:
    row = TABLE[type_]
    sender, other = (XAL, SEC) if row.sender is Side.AUTHORITY else (SEC, XAL)
    assert "/irt" in refused(header(type_, sender, other, cty=next(iter(row.content_types))))


def test_a_sender_may_keep_a_copy_and_that_counts_for_nobody() -> None:
    check_header(header("correspondence", XAL, SEC, XAL))
    assert refused(header("correspondence", XAL, XAL)) == ["/to"]


def test_the_secretariat_has_the_name_that_is_set() -> None:
    sent = header("inspection.notification", "TS", XAL)
    check_header(sent, secretariat="TS")
    assert "/from" in refused(sent)


def test_a_reply_to_a_message_of_another_type_is_refused() -> None:
    with pytest.raises(PlatformError) as caught:
        check_reply(find_type("inspection.comments"), "correspondence", "inspection.report")
    assert [finding.pointer for finding in caught.value.findings] == ["/irt", "/sup"]
    check_reply(find_type("inspection.comments"), "inspection.report", "inspection.comments")
    check_reply(find_type("receipt.opened"), "correspondence", None)


def test_every_type_that_is_replied_to_is_in_the_catalogue() -> None:
    named = {name for row in TABLE.values() for name in row.replies_to}
    assert named <= set(TABLE)
    for row in TABLE.values():
        assert row.content_types
        assert not (row.irt is Presence.NO and row.replies_to)
