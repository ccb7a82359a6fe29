"""What two processes have in one PostgreSQL database: places of deliveries, replies each claims."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.postgresql.rooms import DECLARATIONS
from deploy.local.postgresql.server import PostgresqlServer
from sextant_declarations.app.together import SHARING
from sextant_declarations.domain.deliveries import Lease
from sextant_declarations.domain.owed import DueReply, Postponed
from sextant_declarations.domain.places import Ahead, Collecting, come
from sextant_declarations.storage.claims import CLAIM_S, ClaimedReplies
from sextant_declarations.storage.places import SqlPlaces
from sextant_declarations.storage.tables import OWED_REPLIES
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.stores import SqlStore, open_store
from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import XAL, XBO

pytestmark = pytest.mark.anyio
Two = tuple[SqlStore, SqlStore]
CUSTODY = b"a receipt"


@pytest.fixture
def two(postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[Two]:
    """Two processes' stores over one database."""
    place = postgresql.place(postgresql.database(DECLARATIONS), DECLARATIONS)
    both = open_store(tmp_path, place, SHARING), open_store(tmp_path, place, SHARING)
    yield both
    for store in both:
        store.sidecar.close()
        store.database.close()


def delivery(seq: int, sender: str = XAL) -> Lease:
    return Lease(
        token=f"token {seq}", seq=seq, sender=sender, id=f"id {seq}", type="declaration.annual",
        size=1, manifest="m", attempts=1, traceparent=None,
    )  # fmt: skip


async def test_a_delivery_waits_for_an_earlier_one_of_its_sender_in_another_process(
    two: Two,
) -> None:
    one, other = (SqlPlaces(store.database, 30) for store in two)
    await one.hold([delivery(1), delivery(2, XBO)])
    await other.hold([delivery(3)])
    assert await other.ahead(XAL, 3) is Ahead.UNDER_WAY
    assert await one.ahead(XAL, 1) is Ahead.NOTHING
    assert await one.ahead(XBO, 2) is Ahead.NOTHING
    waiting = asyncio.create_task(come(other, delivery(3)))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await other.leave(1)  # not its own to give up
    assert await other.ahead(XAL, 3) is Ahead.UNDER_WAY
    await one.leave(1)
    async with asyncio.timeout(5):
        await waiting


async def test_who_waits_behind_a_place_that_was_left_behind_gives_its_delivery_back(
    two: Two,
) -> None:
    dead, other = SqlPlaces(two[0].database, -5), SqlPlaces(two[1].database, 30)
    await dead.hold([delivery(1)])
    with pytest.raises(PlatformError) as given_back:
        await come(other, delivery(2))
    assert given_back.value.code is Code.STATE
    await other.hold([delivery(1)])  # the exchange handed it out again
    assert await other.ahead(XAL, 2) is Ahead.UNDER_WAY
    await dead.extend(1)  # it was not dead, but is late: the place is another's
    await dead.leave(1)
    assert await other.ahead(XAL, 2) is Ahead.UNDER_WAY
    await other.leave(1)
    assert await other.ahead(XAL, 2) is Ahead.NOTHING


async def test_a_place_that_nobody_takes_over_holds_others_back_for_three_leases(
    two: Two,
) -> None:
    dead = SqlPlaces(two[0].database, -5)
    await dead.hold([delivery(1)])  # four seconds ago
    assert await SqlPlaces(two[1].database, 2).ahead(XAL, 2) is Ahead.LEFT_BEHIND
    assert await SqlPlaces(two[1].database, 1).ahead(XAL, 2) is Ahead.NOTHING


async def test_a_process_that_ends_leaves_its_places_to_whoever_comes_next_and_no_others(
    two: Two,
) -> None:
    """Without them a later delivery would be decided before those it gave back."""
    one, other = (SqlPlaces(store.database, 30) for store in two)
    await one.hold([delivery(1), delivery(2), delivery(5, XBO)])
    await other.hold([delivery(3), delivery(4, XBO)])
    await one.put_all_down()
    assert await other.ahead(XAL, 3) is Ahead.LEFT_BEHIND
    assert await other.ahead(XBO, 5) is Ahead.UNDER_WAY
    for seq in (1, 2):
        await other.hold([delivery(seq)])  # the exchange handed it out again
        await other.leave(seq)
    assert await other.ahead(XAL, 3) is Ahead.NOTHING
    assert await other.ahead(XAL, 4) is Ahead.UNDER_WAY


async def test_a_place_that_is_put_down_is_another_process_s_once_it_took_it_over(two: Two) -> None:
    one, other = (SqlPlaces(store.database, 30) for store in two)
    await one.hold([delivery(1), delivery(2)])
    await one.put_down(1)
    assert await other.ahead(XAL, 2) is Ahead.LEFT_BEHIND
    await other.hold([delivery(1)])
    await one.put_down(1)  # too late: it is not its own any more
    assert await other.ahead(XAL, 2) is Ahead.UNDER_WAY


async def test_what_was_leased_while_the_database_was_away_is_given_back(
    two: Two, tmp_path: Path
) -> None:
    secretariat = Secretariat(tmp_path / "work")
    secretariat.deliver(secretariat.world.declare())

    class Away(SqlPlaces):
        async def hold(self, _leases: object) -> None:
            raise PlatformError(Code.UNAVAILABLE, "the store cannot answer now")

    asked = Collecting(secretariat.exchange, Away(two[0].database, 30))
    with pytest.raises(PlatformError):
        await asked.lease(5, lease_s=30, wait_s=0)
    assert len(secretariat.exchange.released) == 1


@pytest.fixture
async def owed(two: Two, tmp_path: Path) -> Secretariat:
    """A register with four replies to deliver."""
    secretariat = Secretariat(tmp_path / "work", store=two[0])
    secretariat.deliver(secretariat.world.declare(version=1), secretariat.world.declare(version=2))
    await secretariat.take_in()
    return secretariat


def claiming(store: SqlStore) -> ClaimedReplies:
    return ClaimedReplies(store.database, store, OWED_REPLIES)


def rows(due: list[DueReply]) -> list[int]:
    return [reply.row for reply in due]


async def test_a_reply_is_claimed_by_one_process_and_comes_again_when_that_one_is_gone(
    two: Two, owed: Secretariat
) -> None:
    one, other = (claiming(store) for store in two)
    claimed = await asyncio.gather(*(c.due_replies(1, owed.now) for c in (one, other, one, other)))
    assert sorted(rows([reply for some in claimed for reply in some])) == [1, 2, 3, 4]
    assert await other.due_replies(9, owed.now) == []
    assert len(await other.due_replies(9, owed.now + CLAIM_S)) == 4


async def test_a_process_that_is_late_writes_nothing_over_what_another_one_does(
    two: Two, owed: Secretariat
) -> None:
    late, other = (claiming(store) for store in two)
    (reply,) = await late.due_replies(1, owed.now)
    now = owed.now + CLAIM_S
    (again,) = await other.due_replies(1, now)
    assert again == reply
    await late.replace_reply(reply.row, await owed.relay_replies.reseal(reply))
    await late.reply_deposited(reply.row, b"late", now)
    await late.postpone_reply(Postponed(row=reply.row, error="late", again_at=0.0))
    assert (await two[1].due_replies(9, now + CLAIM_S))[0] == again
    await other.reply_deposited(reply.row, CUSTODY, now)
    assert reply.row not in rows(await two[0].due_replies(9, now + CLAIM_S))


async def test_two_relays_deposit_each_reply_once(two: Two, owed: Secretariat) -> None:
    given: list[bytes] = []

    class Counting:
        async def deposit(self, container: bytes) -> bytes | None:
            given.append(container)
            await asyncio.sleep(0.01)
            return await owed.exchange.deposit(container)

        receipt = staticmethod(owed.exchange.receipt)

    relays = [
        replace(owed.relay_replies, outbox=claiming(store), dispatch=Counting(), at_once=1)
        for store in two
    ]
    await asyncio.gather(*(relay() for relay in relays for _ in range(3)))
    assert len(given) == len(set(given)) == len(owed.exchange.deposited) == 4
