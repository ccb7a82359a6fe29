"""What a message shows by itself: its head, its content, and what becomes of it in the register."""

import json
from pathlib import Path
from typing import Any

import pytest

from sextant_client.visible import visible_of
from sextant_declarations.domain.deliveries import DECLARATION_CTY, Content, Examined
from sextant_shared.encoding import canonical_json, sha256
from sextant_shared.models.declaration import KINDS
from sextant_shared.models.messages import MESSAGE_CTY, MODELS
from sextant_shared.models.receipts import OPENED_TYPE, OUTCOME_TYPE, RECEIPT_CTY, OutcomeReceipt
from sextant_shared.protocol.message_types import TABLE, Presence, Side
from tests.support.messages import MESSAGES
from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import XAL, World, content_of

pytestmark = pytest.mark.anyio
FROM_STATES = sorted(name for name in MODELS if TABLE[name].sender is not Side.SECRETARIAT)


@pytest.fixture
def world() -> World:
    return World()


def examine(world: World, folder: Path, type_: str, cty: str, content: bytes) -> Content:
    accepted = world.accept(content, world.request(type=type_, cty=cty, irt=irt_of(type_)))
    examined: Examined = world.examine()(world.dossier(accepted, folder))
    assert isinstance(examined.result, Content)
    return examined.result


def irt_of(type_: str) -> str | None:
    """Return something to answer, where the type answers something."""
    row = TABLE.get(type_)
    return f"0193a3c0-0000-7000-8000-{7:012x}" if row and row.irt == "must" else None


def places(found: Content) -> list[tuple[str, str]]:
    message = found.message
    assert message is not None
    return [(finding.rule, finding.pointer) for finding in message.findings]


@pytest.mark.parametrize("type_", FROM_STATES)
def test_every_message_of_a_state_is_read_by_the_model_of_its_type(
    world: World, tmp_path: Path, type_: str
) -> None:
    data = canonical_json(MESSAGES[type_])
    found = examine(world, tmp_path, type_, MESSAGE_CTY, data)
    assert found.check is None
    wrong = places(found)
    if TABLE[type_].reach.authorities[0]:  # it goes to another State; this one came to us alone
        assert wrong == [("M0", "/to")]
        return
    assert wrong == []
    assert found.message is not None
    assert found.message.canonical_digest == sha256(data)
    bare = examine(world, tmp_path, type_, MESSAGE_CTY, canonical_json({"v": 1, "type": type_}))
    assert places(bare)
    assert {rule for rule, _ in places(bare)} == {"S0"}


@pytest.mark.parametrize(
    ("type_", "cty", "expected"),
    [
        ("inspection.acknowledgement", DECLARATION_CTY, [("M0", "/cty")]),
        ("declaration.annual", MESSAGE_CTY, [("M0", "/cty"), ("M0", "")]),
        ("inspection.notification", MESSAGE_CTY, [("M0", "/from"), ("M0", "/to")]),
        ("clarification.hint", DECLARATION_CTY, [("M0", "/type")]),
        ("correspondence", "application/pdf", []),
    ],
)
def test_nothing_is_treated_as_a_declaration_that_is_none(
    world: World, tmp_path: Path, type_: str, cty: str, expected: list[tuple[str, str]]
) -> None:
    content = canonical_json(MESSAGES.get(type_, {"v": 1}))
    found = examine(world, tmp_path, type_, cty, content)
    assert found.check is None
    assert places(found) == expected


def test_a_reply_may_be_a_declaration_and_is_checked_as_one(world: World, tmp_path: Path) -> None:
    found = examine(world, tmp_path, "clarification.reply", DECLARATION_CTY, content_of())
    assert (found.message, found.check is not None) == (None, True)


def test_a_notice_that_left_out_the_other_state_is_returned(world: World, tmp_path: Path) -> None:
    found = examine(world, tmp_path, "transfer.notice", DECLARATION_CTY, content_of())
    assert found.check is not None
    assert [(f.rule, f.pointer) for f in found.check.findings] == [("M0", "/to")]


@pytest.mark.parametrize("data", [b"[", b'{"v":1,"v":1}', b"\xff", b"[" * 60_000])
def test_what_is_no_json_of_ours_is_told_and_not_raised(
    world: World, tmp_path: Path, data: bytes
) -> None:
    found = examine(world, tmp_path, "correspondence", MESSAGE_CTY, data)
    assert [pointer for _, pointer in places(found)] == [""]


async def test_a_flawed_message_is_returned_with_all_findings(tmp_path: Path) -> None:
    secretariat = Secretariat(tmp_path)
    world = secretariat.world
    content: dict[str, Any] = {"v": 1, "type": "correspondence", "subject": 7, "extra": True}
    accepted = world.accept(
        json.dumps(content).encode(), world.request(type="correspondence", cty=MESSAGE_CTY)
    )
    secretariat.deliver(accepted)
    await secretariat.take_in()
    await secretariat.relay()
    opened, outcome = sorted(secretariat.replies_to(XAL), key=lambda reply: reply.kind)
    assert opened.verdict == "OPENED"
    assert isinstance(outcome, OutcomeReceipt)
    assert (outcome.verdict, outcome.env) == ("RETURNED", accepted.id)
    assert {f.pointer for f in outcome.findings} == {"/subject", "/text", "/extra"}
    (record,) = secretariat.records
    assert (record.filed, record.noted.demands, record.noted.answers) == (None, (), None)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_declarations_of_all_kinds_amendments_too_fit_the_catalogue(kind: str) -> None:
    type_ = TABLE[visible_of({"kind": kind}).type]
    assert DECLARATION_CTY in type_.content_types
    assert type_.sender is Side.AUTHORITY


@pytest.mark.parametrize("type_", [OPENED_TYPE, OUTCOME_TYPE])
def test_validation_results_fit_the_catalogue(type_: str) -> None:
    row = TABLE[type_]
    assert row.sender is Side.SECRETARIAT
    assert set(row.content_types) == {RECEIPT_CTY}
    assert row.irt is Presence.MUST
