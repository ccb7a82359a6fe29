"""The tables: what migrations build, what queries read, and what is stored only once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event
from sqlmodel import SQLModel

from deploy.local.postgresql.rooms import EXCHANGE
from sextant_exchange.app import MIGRATIONS
from sextant_exchange.domain.acts import (
    ActKind,
    DeadLetterOrder,
    ErasureOrder,
    Place,
    RecallOrder,
)
from sextant_exchange.domain.envelopes import (
    Acceptable,
    Claim,
    HoldResult,
    Links,
    Logged,
    Repeat,
)
from sextant_exchange.domain.ports import LeaseOrder, LoggedLeaf, Release, Wanted
from sextant_exchange.storage import tables
from sextant_exchange.storage.acknowledgements import SqlAcknowledgements
from sextant_exchange.storage.acts import SqlActs
from sextant_exchange.storage.details import found_at
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_exchange.storage.erasable import SqlErasable
from sextant_exchange.storage.mailboxes import SqlMailboxes
from sextant_exchange.storage.threads import SqlRelated
from sextant_exchange.storage.waiting import SqlWaiting
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.models.acts import ReplayDetail
from sextant_shared.models.exchange import DeliveryState, Lease, Priority
from sextant_shared.protocol.notes import InForce
from tests.support.logs import envelope_id
from tests.support.postgresql import EVERYWHERE, SERVER, embedded

pytestmark = pytest.mark.anyio
GROWING = {
    "envelope",
    "content",
    "receipt",
    "delivery",
    "event",
    "act",
    "manifest",
    "note",
    "detail",
}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    place = SERVER.place_of(tmp_path / "exchange.db", EXCHANGE)
    opened = open_database(place, SQLModel.metadata, MIGRATIONS, sharing=Sharing())
    yield opened
    opened.close()


def acceptable(number: int, *, manifest: bytes | None = None, content: bytes = b"c") -> Acceptable:
    claim = Claim("NA-XAL", envelope_id(number), manifest or number.to_bytes(32, "big"))
    entry = f"entry {number}".encode()
    return Acceptable(claim, "t", "C1", 1, ("SEC",), content, None, 0.0, entry, None)


def logged(result: HoldResult, index: int, receipt: bytes) -> Logged:
    assert result.held is not None
    return Logged(result.held, index, receipt, 2.0)


@contextmanager
def plans() -> Iterator[list[tuple[str, str]]]:
    """Collect the query plan of every look-up and update that runs in the block.

    A server scans a table of a few rows whatever its indexes are. Where that is to be avoided and
    it scans all the same, no index serves the statement.
    """
    seen: list[tuple[str, str]] = []

    def explain(_c: Any, cursor: Any, statement: str, given: Any, _x: Any, many: bool) -> None:  # noqa: FBT001
        if statement.startswith(("SELECT", "UPDATE")):
            if EVERYWHERE:
                cursor.connection.execute("SET LOCAL enable_seqscan = off")
            how = "EXPLAIN" if EVERYWHERE else "EXPLAIN QUERY PLAN"
            explained = cursor.connection.execute(f"{how} {statement}", given[0] if many else given)
            seen.extend((statement, str(row[-1])) for row in explained.fetchall())

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


def test_migrations_end_at_the_declared_tables(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    open_database(path, SQLModel.metadata, MIGRATIONS).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        own = {t.__tablename__ for t in vars(tables).values() if hasattr(t, "__tablename__")}
        own |= {"note", "detail", "shred_order", "task_lease", "proof_seen"}
        options = {
            "include_object": lambda thing, name, kind, _reflected, _other: (
                name in own if kind == "table" else thing.table.name in own
            )
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


async def try_acts(database: Database, lease: Lease, folder: Path) -> None:
    """Carry out acts of each kind: on what is available, and on a delivery that is leased."""
    sidecar = Sidecar(tables.SIDECAR, folder)
    acts, mailboxes = SqlActs(database, sidecar), SqlMailboxes(database)
    place = Place(20, envelope_id(19), 19)
    recalled = await acts.recall(RecallOrder(place, "NA-XAL", b"statement", "why", 6.0))
    assert await acts.recall_of(20) == recalled
    await mailboxes.release("SEC", lease.lease, Release("poison", lambda _: 0.0, 9, dead=True), 6.0)
    detail = ReplayDetail(party="SEC", seq=lease.seq, by="SEC/w", reason="")
    await acts.replay(DeadLetterOrder(ActKind.REPLAY, "SEC", lease.seq, detail, "", 6.0))
    leases = await mailboxes.lease("SEC", LeaseOrder(32, 10.0, 7.0, 9))
    (again,) = [one for one in leases if one.seq == lease.seq]
    await mailboxes.release("SEC", again.lease, Release("poison", lambda _: 0.0, 9, dead=True), 7.0)
    assert await SqlAcknowledgements(database, sidecar).hold(10, 7.0) == 1
    for _ in range(2):
        await acts.discard(DeadLetterOrder(ActKind.DISCARD, "SEC", lease.seq, detail, "", 7.0))
    kept, _ = await SqlErasable(database).kept(0, 99, 9.0)
    (candidate,) = [one for one in kept if one.number == 20]
    assert candidate.closed == 6.0
    owed = await acts.owed(0, 10)
    proved = [(act, LoggedLeaf(n, "proof")) for n, act in enumerate(owed)]
    await acts.prove(proved)
    erasure = ErasureOrder(place, b"m", lambda _closed: detail, 8.0)
    erased = await acts.erase(erasure)
    assert erased is not None
    await acts.prove([(erased, LoggedLeaf(9, "proof"))])
    await acts.of(20)
    await database.read(lambda connection: found_at(connection, 9))
    await try_notes(database, sidecar)
    sidecar.close()
    await SqlEnvelopes(database).manifest(20)


async def try_notes(database: Database, sidecar: Sidecar) -> None:
    notes = Notes(database, sidecar)
    assert await notes.changed("exchange", InForce(settings={"a": "1"}), 1.0) == 1
    [owed] = await notes.owed()
    await notes.placed([(owed.position, 10, "proof")])
    assert await database.read(lambda connection: notes.at(connection, 10)) == owed.entry
    await notes.find(owed.position)


async def test_nothing_that_grows_is_ever_scanned(database: Database, tmp_path: Path) -> None:
    envelopes, mailboxes = SqlEnvelopes(database), SqlMailboxes(database)
    related = SqlRelated(database)
    batch = [acceptable(number) for number in range(32)]
    order = LeaseOrder(8, 10.0, 5.0, 3)
    with plans() as seen:
        held = await envelopes.hold(batch, 1.0)
        await envelopes.hold(batch, 1.0)
        await envelopes.known([one.claim for one in batch])
        await envelopes.held(0, 10)
        await envelopes.accept([logged(h, n, b"r") for n, h in enumerate(held)], 3.0)
        await envelopes.find("NA-XAL", envelope_id(1))
        await envelopes.find_by_manifest(bytes(32))
        await envelopes.recipients(1)
        await envelopes.acts(1)
        await envelopes.note_fetched(1, "SEC", 4.0)
        await envelopes.content(1)
        await envelopes.blobs_among(["a", "b"])
        for state in (None, *DeliveryState):
            for priority in (None, *Priority):
                await mailboxes.page("SEC", 3, 10, Wanted(state, priority))
        await related.with_ids(["id-0001", "id-0002"])
        await related.naming(["id-0001", "id-0002"], 10)
        waiting = await SqlWaiting(database).look(["NA-XAL", "SEC"])
        assert (waiting.deliveries["available"], waiting.oldest_delivery) == (32, 3.0)
        leases = await mailboxes.lease("SEC", order)
        await mailboxes.extend("SEC", leases[0].lease, 20.0, 5.0)
        await mailboxes.acknowledge("SEC", leases[0].lease, 5.0)
        await try_acts(database, leases[1], tmp_path / "sidecar")
    scan = "Seq Scan on" if EVERYWHERE else "SCAN"
    scans = [(s, plan) for s, plan in seen if any(f"{scan} {name}" in plan for name in GROWING)]
    assert len(seen) > 20
    assert scans == []


@embedded
async def test_the_urgent_lane_is_searched_by_its_own_index(database: Database) -> None:
    envelopes, mailboxes = SqlEnvelopes(database), SqlMailboxes(database)
    urgent = replace(acceptable(2), links=Links(priority=Priority.URGENT))
    held = await envelopes.hold([acceptable(1), urgent], 1.0)
    await envelopes.accept([logged(h, n, b"r") for n, h in enumerate(held)], 3.0)
    with plans() as seen:
        await mailboxes.page("SEC", 0, 10, Wanted(priority=Priority.URGENT))
        assert [one.seq for one in await mailboxes.lease("SEC", LeaseOrder(1, 10.0, 5.0, 3))] == [2]
    by_lane = [plan for _, plan in seen if "ix_delivery_urgent (party=? AND state=?" in plan]
    assert len(by_lane) == len(DeliveryState) + 2  # each state of the page; available and lapsed


@embedded
async def test_leasing_looks_only_at_what_is_open(database: Database) -> None:
    mailboxes = SqlMailboxes(database)
    with plans() as seen:
        await mailboxes.lease("SEC", LeaseOrder(1, 10.0, 5.0, 3))
    assert [plan for _, plan in seen if "party=? AND state=?" in plan]
    assert not [plan for _, plan in seen if "delivery" in plan and "state=?" not in plan]


async def test_an_id_is_held_once_also_within_one_batch(database: Database) -> None:
    envelopes = SqlEnvelopes(database)
    twin, rival = acceptable(1), acceptable(1, manifest=b"x" * 32)
    results = await envelopes.hold([acceptable(1), twin, rival, acceptable(2)], 1.0)
    assert [r.repeat for r in results] == [Repeat.NEW, Repeat.SAME, Repeat.OTHER, Repeat.NEW]
    assert results[1].held == results[0].held
    again = await envelopes.hold([twin, rival], 1.0)
    assert [r.repeat for r in again] == [Repeat.SAME, Repeat.OTHER]
    assert again[0].held == results[0].held


async def test_a_receipt_is_written_once_and_delivers_once(database: Database) -> None:
    envelopes, mailboxes = SqlEnvelopes(database), SqlMailboxes(database)
    (held,) = await envelopes.hold([acceptable(1)], 1.0)
    first = await envelopes.accept([logged(held, 7, b"first")], 3.0)
    again = await envelopes.accept([logged(held, 7, b"second, with a later proof")], 4.0)
    assert first == again == [b"first"]
    (repeat,) = await envelopes.hold([acceptable(1)], 5.0)
    assert (repeat.repeat, repeat.receipt) == (Repeat.SAME, b"first")
    assert [d.seq for d in await mailboxes.page("SEC", 0, 10)] == [1]
    assert await envelopes.held(0, 10) == []


async def test_a_batch_that_names_an_envelope_twice_accepts_it_once(database: Database) -> None:
    envelopes, mailboxes = SqlEnvelopes(database), SqlMailboxes(database)
    held = await envelopes.hold([acceptable(1), acceptable(2)], 1.0)
    twice = [logged(held[0], 7, b"a"), logged(held[1], 8, b"b"), logged(held[0], 7, b"a")]
    assert await envelopes.accept(twice, 3.0) == [b"a", b"b", b"a"]
    assert [d.index for d in await mailboxes.page("SEC", 0, 10)] == [7, 8]


async def test_the_look_for_what_may_be_erased_passes_over_what_is_owed_and_ends_at_the_young(
    database: Database,
) -> None:
    envelopes, erasable = SqlEnvelopes(database), SqlErasable(database)
    results = await envelopes.hold([acceptable(number) for number in range(6)], 1.0)
    for number, accepted in ((1, 3.0), (3, 3.0), (4, 3.0), (5, 9.0)):  # the first and third owe
        await envelopes.accept([logged(results[number], number, b"r")], accepted)
    first, after = await erasable.kept(0, 3, 5.0)
    assert ([one.number for one in first], after) == ([2], 3)
    rest, after = await erasable.kept(after, 3, 5.0)
    assert ([one.number for one in rest], after) == ([4, 5], 0)


async def test_what_is_held_comes_back_in_pages_with_the_same_entry(database: Database) -> None:
    envelopes = SqlEnvelopes(database)
    results = await envelopes.hold([acceptable(number) for number in range(5)], 1.0)
    page = await envelopes.held(0, 3)
    rest = await envelopes.held(page[-1].number, 3)
    assert [*page, *rest] == [result.held for result in results]
