"""The promises of the register and the outbox, kept by the fake and by SQL alike."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.domain.owed import LoggedProof, Postponed
from sextant_declarations.domain.records import Base
from sextant_declarations.domain.register import Holding
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.stores import open_store
from tests.unit.declarations.fakes import MemoryStore
from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import XAL

pytestmark = pytest.mark.anyio
KEY = ("XAL", "XAL-2026-1")


@pytest.fixture(params=["memory", "sql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield MemoryStore()
        return
    opened = open_store(tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def secretariat(store: Any, tmp_path: Path) -> Secretariat:
    return Secretariat(tmp_path, store=store)


async def register(secretariat: Secretariat, **declared: Any) -> tuple[str, bytes]:
    """Let one declaration be registered; return its envelope id and manifest digest."""
    accepted = secretariat.world.declare(**declared)
    secretariat.exchange.waiting[:] = [accepted]
    await secretariat.take_in()
    return accepted.id, accepted.manifest.digest


async def test_an_empty_register_holds_nothing(store: Any) -> None:
    standing = await store.standing([(XAL, "unknown")], [KEY], 2026)
    assert (standing.seen, standing.holdings, standing.last_number) == ({}, {}, 0)
    assert await store.held(XAL, "unknown") is None


async def test_what_was_stored_is_held(store: Any, secretariat: Secretariat) -> None:
    id_, digest = await register(secretariat, version=3)
    await register(secretariat, version=2)
    assert await store.held(XAL, id_) == digest
    standing = await store.standing([(XAL, id_), (XAL, "other")], [KEY, ("XBO", KEY[1])], 2026)
    assert standing.seen == {(XAL, id_): digest}
    holding = standing.holdings.pop(KEY)
    assert standing.holdings == {}
    assert holding == Holding(id=holding.id, submissions=2, registered=3, kind="S2_SITE_ADPA")
    assert standing.last_number == 1
    assert (await store.standing([], [], 2027)).last_number == 0


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param({"last_number": 7}, id="numbers moved on"),
        pytest.param({"held": {KEY: (5, 1)}}, id="versions moved on"),
        pytest.param({"held": {KEY: (1, 2)}}, id="amended since"),
    ],
)
async def test_a_batch_planned_on_an_older_standing_is_refused_whole(
    store: Any, secretariat: Secretariat, stale: dict[str, Any]
) -> None:
    await register(secretariat)
    base = Base(**{"year": 2026, "last_number": 1, "held": {KEY: (1, 1)}, **stale})
    with pytest.raises(PlatformError) as raised:
        await store.commit([], base)
    assert raised.value.code is Code.STATE


async def test_entries_are_due_oldest_first_until_they_are_logged(
    store: Any, secretariat: Secretariat
) -> None:
    await register(secretariat)
    await register(secretariat, version=2)
    due = await store.due_entries(3, secretariat.now)
    assert len(due) == 3
    assert [entry.row for entry in due] == sorted(entry.row for entry in due)
    await store.entries_logged([LoggedProof(row=due[0].row, index=9, proof="text")])
    left = await store.due_entries(10, secretariat.now)
    assert due[0] not in left
    assert len(left) == 3


async def test_what_was_postponed_is_due_again_later_with_one_more_attempt(
    store: Any, secretariat: Secretariat
) -> None:
    await register(secretariat)
    entries = await store.due_entries(10, secretariat.now)
    replies = await store.due_replies(10, secretariat.now)
    later = secretariat.now + 60
    await store.postpone_entries([Postponed(row=e.row, error="x", again_at=later) for e in entries])
    await store.postpone_reply(Postponed(row=replies[0].row, error="x", again_at=later))
    assert await store.due_entries(10, secretariat.now) == []
    assert [r.row for r in await store.due_replies(10, secretariat.now)] == [replies[1].row]
    again = await store.due_replies(10, later)
    assert [reply.attempts for reply in again] == [1, 0]
    assert [entry.attempts for entry in await store.due_entries(10, later)] == [1, 1]


async def test_a_reply_is_due_until_its_custody_receipt_is_held(
    store: Any, secretariat: Secretariat
) -> None:
    await register(secretariat)
    first, second = await store.due_replies(10, secretariat.now)
    await store.reply_deposited(first.row, None, secretariat.now + 1)
    await store.reply_deposited(second.row, b"receipt", secretariat.now + 1)
    assert await store.due_replies(10, secretariat.now) == []
    left = await store.due_replies(10, secretariat.now + 1)
    assert [(reply.id, reply.is_deposited) for reply in left] == [(first.id, True)]
    assert left[0].container == first.container


async def test_a_reply_sealed_anew_takes_the_place_of_the_old_one(
    store: Any, secretariat: Secretariat
) -> None:
    await register(secretariat)
    first, second = await store.due_replies(10, secretariat.now)
    reseal = secretariat.relay_replies.reseal
    await store.replace_reply(first.row, await reseal(first))
    now, untouched = await store.due_replies(10, secretariat.now)
    assert untouched == second
    assert now.id != first.id
    assert now.container != first.container
    assert (now.row, now.content, now.irt, now.attempts) == (first.row, first.content, first.irt, 0)


async def test_what_a_state_filed_is_its_newest_registered_versions(
    store: Any, secretariat: Secretariat
) -> None:
    await register(secretariat, declaration_id="one")
    await register(secretariat, declaration_id="two", flaw="no amount")
    await register(secretariat, declaration_id="three")
    revises = {"declaration_id": "three", "version": 1, "withdraws": False}
    await register(secretariat, declaration_id="four", kind="AMENDMENT", revises=revises)
    _, digest = await register(secretariat, declaration_id="one", version=2)
    found = await store.filed_by("XAL", 10)
    assert [(one.declaration_id, one.version, one.revises) for one in found] == [
        ("one", 2, None),
        ("four", 1, "three"),
        ("three", 1, None),
    ]
    assert found[0].manifest_digest == digest
    assert await store.filed_by("XAL", 1) == found[:1]
    assert await store.filed_by("XBO", 10) == []
    standing = await store.standing([], [("XAL", "three")], 2026)
    assert standing.holdings["XAL", "three"].mark == (1, 2)
