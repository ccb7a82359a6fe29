"""The officers' queue in a real database: what comes by itself, order, claims, history."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.analysis.work import Act, ItemKind, ItemStatus
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.work import NewItem, WorkFilter, WorkOrder
from sextant_declarations.domain.working import Work
from sextant_declarations.storage.work import SqlWork, close_item
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.clock import random_bytes, timestamp_ms, uuid7
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.stores import SqlStore, open_store
from tests.support.logs import NOW
from tests.unit.declarations.secretariat import Secretariat

pytestmark = pytest.mark.anyio
ANNA, BERT = Reader("anna", "officer"), Reader("bert", "officer")
CLAIM = WorkOrder(act=Act.CLAIM, reason="TAKEN_UP")
SETTLED = WorkOrder(act=Act.DECIDE, reason="EXPLAINED", outcome="settled")


class Clock:
    """A clock that stands until it is moved."""

    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def rows(store: SqlStore) -> SqlWork:
    return SqlWork(store.database, Notes(store.database, store.sidecar))


@pytest.fixture
def work(rows: SqlWork, clock: Clock) -> Work:
    return Work(rows, Sources(clock, lambda: uuid7(clock), random_bytes), lambda: None)


def new(reference: str, at: float = 0, **changes: Any) -> NewItem:
    given: dict[str, Any] = {
        "kind": ItemKind.CASE,
        "owner": "XAL",
        "subject": "S2_AND",
        "marking": "OPCW_RESTRICTED",
        "why": ("DIFFERS",),
        "t": timestamp_ms(NOW + at),
    }
    return NewItem(reference=reference, **(given | changes))


async def listed(work: Work, **wanted: Any) -> list[str]:
    page = await work.page(WorkFilter(**wanted), cursor=None, limit=50)
    return [item.reference for item in page.items]


async def code_of(
    work: Work, id_: str, order: WorkOrder, who: Reader, tag: str = ""
) -> Code | None:
    try:
        await work.act(id_, order, tag or (await work.read(id_)).item.tag, who)
    except PlatformError as error:
        return error.code
    return None


async def test_urgent_items_go_first_then_the_oldest_page_by_page(
    rows: SqlWork, work: Work
) -> None:
    for reference, at, urgent in [
        ("c", 3, False),
        ("a", 1, False),
        ("d", 4, True),
        ("b", 1, False),
    ]:
        await rows.put(new(reference, at, urgent=urgent))
    found: list[str] = []
    cursor = None
    for _ in range(4):
        page = await work.page(WorkFilter(), cursor=cursor, limit=1)
        found += [item.reference for item in page.items]
        cursor = page.next
    assert (found, cursor) == (["d", "a", "b", "c"], None)
    with pytest.raises(PlatformError) as caught:
        await work.page(WorkFilter(), cursor="AAAA", limit=1)
    assert caught.value.code is Code.MALFORMED


async def test_a_claim_ends_with_its_time_and_the_history_says_so(
    rows: SqlWork, work: Work, clock: Clock
) -> None:
    id_ = await rows.put(new("a"))
    first = await work.act(id_, CLAIM, (await work.read(id_)).item.tag, ANNA)
    assert (first.item.status, first.item.holder) == ("claimed", "anna")
    assert await code_of(work, id_, CLAIM, BERT) is Code.STATE
    assert (await work.next(BERT)).item is None
    clock.now += 8 * 3600
    assert await listed(work, status=ItemStatus.OPEN) == ["a"]
    taken = (await work.next(BERT)).item
    assert taken is not None
    assert taken.holder == "bert"
    acts = [(act.act, act.client) for act in (await work.read(id_)).acts]
    assert acts == [
        ("put", "declarations"),
        ("claim", "anna"),
        ("lapse", "declarations"),
        ("claim", "bert"),
    ]
    assert await code_of(work, id_, SETTLED, BERT, first.item.tag) is Code.PRECONDITION


async def test_nobody_holds_more_than_the_capacity(rows: SqlWork, work: Work) -> None:
    for number in range(11):
        await rows.put(new(f"{number:02}", number))
    for _ in range(10):
        assert (await work.next(ANNA)).item is not None
    with pytest.raises(PlatformError) as caught:
        await work.next(ANNA)
    assert caught.value.code is Code.STATE
    assert await listed(work, mine="anna") == [f"{number:02}" for number in range(10)]
    left = (await work.next(BERT)).item
    assert left is not None
    assert left.reference == "10"


async def test_what_is_put_again_is_the_same_item_and_is_decided_about_anew(
    rows: SqlWork, work: Work
) -> None:
    id_ = await rows.put(new("a", marking="OPCW_HIGHLY_PROTECTED"))
    await work.next(ANNA)
    assert await code_of(work, id_, SETTLED, ANNA) is None
    assert (await work.read(id_)).item.decided == 1
    tag = (await work.read(id_)).item.tag
    assert await rows.put(new("a", 9, why=("REPLIED",), marking="OPCW_HIGHLY_PROTECTED")) == id_
    now = (await work.read(id_)).item
    assert (now.decided, now.since, now.why) == (0, timestamp_ms(NOW), ["DIFFERS", "REPLIED"])
    assert await code_of(work, id_, CLAIM, BERT, tag) is Code.PRECONDITION
    for who in (ANNA, BERT):
        assert (await work.next(who)).item is not None
        assert await code_of(work, id_, SETTLED, who) is None
    assert (await work.read(id_)).item.outcome == "settled"
    assert await rows.put(new("a", 10)) != id_  # what was done stays done


async def test_what_needs_nobody_any_more_is_taken_out(rows: SqlWork, work: Work) -> None:
    id_ = await rows.put(new("a"))
    t = timestamp_ms(NOW)
    await rows.database.write(lambda c: close_item(c, ItemKind.CASE, "a", t))
    await rows.database.write(lambda c: close_item(c, ItemKind.CASE, "unknown", t))
    assert (await work.read(id_)).item.status == "done"
    assert await code_of(work, id_, CLAIM, ANNA) is Code.STATE


@pytest.mark.parametrize("change", ["UPDATE work_acts SET reason = 'x'", "DELETE FROM work_acts"])
async def test_the_history_only_grows(rows: SqlWork, change: str) -> None:
    await rows.put(new("a"))
    with pytest.raises(Exception, match=r"append-only|permission denied"):
        await rows.database.write(lambda c: c.exec_driver_sql(change))


async def test_ages_are_those_of_what_waits(rows: SqlWork, work: Work, clock: Clock) -> None:
    for number in range(3):
        await rows.put(new(str(number), number * 86_400, kind=ItemKind.INSPECTION))
    clock.now += 15 * 86_400
    found = await work.ages()
    line = next(one for one in found.kinds if one.kind == "inspection")
    assert (line.waiting, line.overdue, line.p50, line.p95) == (3, 3, 14, 15)
    assert [item.kind for item in found.items] == ["inspection"] * 3
    assert next(one for one in found.kinds if one.kind == "case").p50 is None


async def test_what_is_registered_and_needs_eyes_stands_in_the_queue_at_once(
    store: SqlStore, work: Work, tmp_path: Path
) -> None:
    secretariat = Secretariat(tmp_path, store=store)
    for version in (1, 2, 1):
        secretariat.exchange.waiting[:] = [secretariat.world.declare(version=version)]
        await secretariat.take_in()
    (item,) = (await work.page(WorkFilter(), cursor=None, limit=9)).items
    assert (item.kind, item.state, item.subject, item.why) == (
        "examination",
        "XAL",
        "S2_SITE_ADPA",
        ["FIRST_OF_KIND"],
    )
    detail = await work.read(item.id)
    assert [act.act for act in detail.acts] == ["put", "renew"]  # the third went back


def test_how_many_persons_decide_follows_from_the_marking() -> None:
    assert new("a").persons == 1
    assert new("a", marking="OPCW_HIGHLY_PROTECTED").persons == 2
