"""What SQL alone promises: migrations, uniqueness, the append-only access log, the vault."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError

from sextant_declarations.domain.accesses import Gives, Item, Reader, compose
from sextant_declarations.domain.accounting import AccessFilters
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deliveries import LogHead
from sextant_declarations.domain.exchanged import DueFilter, DueState
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.reading import Act, Filters
from sextant_declarations.domain.records import Base
from sextant_declarations.storage.access_details import take_in_accesses
from sextant_declarations.storage.access_tables import ACCESS_DETAILS
from sextant_declarations.storage.accesses import SqlAccesses
from sextant_declarations.storage.evidence import SqlEvidence
from sextant_declarations.storage.exchanges import SqlExchanges
from sextant_declarations.storage.heads import SqlHeadLedger
from sextant_declarations.storage.tables import METADATA
from sextant_declarations.storage.vault import FileVault
from sextant_shared.clock import random_bytes
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.stores import SqlStore, open_store
from tests.support.logs import NOW, envelope_id
from tests.support.postgresql import embedded
from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import SEC

pytestmark = pytest.mark.anyio
_ALL = Filters()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.database.close()


@embedded  # test_row_security compares those of a server
async def test_migrations_end_at_the_declared_tables(store: SqlStore) -> None:
    importlib.import_module("sextant_declarations.app.opening")  # which knows all tables

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    assert await store.database.read(differences) == []


@pytest.mark.parametrize(
    "statement", ["DELETE FROM access_log", "UPDATE access_log SET client = 'nobody'"]
)
async def test_the_access_log_only_grows(store: SqlStore, statement: str) -> None:
    act = Act(t="t", client="officer-1", role="officer", action="replay", subject="s")
    await store.reading.note_act(act)

    def tamper(connection: Connection) -> None:
        connection.execute(text(statement))

    with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
        await store.database.write(tamper)


async def test_a_version_that_arrives_after_leave_was_given_is_not_shown(
    store: SqlStore, tmp_path: Path
) -> None:
    memory = Secretariat(tmp_path / "memory")
    memory.deliver(memory.world.declare())
    await memory.take_in()
    (record,) = memory.records
    assert record.filed
    sources = Sources(lambda: NOW, lambda: "", random_bytes)
    rows = SqlAccesses(store.database, SEC, store.sidecar)
    gate = Gate(rows, sources, lambda: None, lambda: None, 10)
    reader = Reader(client="officer-1", role="officer", purpose="support")
    id_ = record.filed.declaration
    before = await gate.declaration(reader, Gives.FINDINGS, id_)
    await store.commit([record], Base(year=2026, last_number=0, held={}))
    assert await store.reading.versions(id_, before) == []
    evidence = SqlEvidence(store.database, store.sidecar)
    assert await evidence.entries(1, before) == []
    assert await evidence.replies(1, before) == []
    now = await gate.declaration(reader, Gives.FINDINGS, id_)
    assert [version.n for version in await store.reading.versions(id_, now)] == [1]
    assert len(await evidence.entries(1, now)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accesses",
        "UPDATE accesses SET client = 'nobody'",
        "UPDATE accesses SET leaf = ''",
        "UPDATE accesses SET client = '', role = '', purpose = '', gives = ''",
        "DELETE FROM access_items",
        "UPDATE access_items SET sender = 'NA-XBO'",
    ],
)
async def test_what_was_given_to_whom_is_never_changed(store: SqlStore, statement: str) -> None:
    reader = Reader(client="officer-1", role="officer", purpose="support")
    sources = Sources(lambda: NOW, lambda: "", random_bytes)
    message = Item(sender=SEC, envelope=envelope_id(1))
    accesses = SqlAccesses(store.database, SEC, store.sidecar)
    await accesses.add(compose(reader, Gives.MESSAGE, [message], sources), 1)

    def tamper(connection: Connection) -> None:
        connection.execute(text(statement))

    with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
        await store.database.write(tamper)
    (found,) = await accesses.accesses(AccessFilters(officer="officer-1"), None, 10)
    assert b'"client":"officer-1"' in found.detail


async def test_details_in_the_open_of_before_are_taken_into_the_sidecar(store: SqlStore) -> None:
    sources = Sources(lambda: NOW, lambda: "", random_bytes)
    reader = Reader(client="officer-1", role="officer", purpose="support")
    accesses = SqlAccesses(store.database, SEC, store.sidecar)
    made = [compose(reader, Gives.MESSAGE, [], sources) for _ in range(2)]
    for access in made:
        await accesses.add(access, None)

    def in_the_open(connection: Connection) -> None:
        connection.execute(text("DELETE FROM detail"))
        for id_, access in enumerate(made, start=1):
            row = {"access": id_, "detail": access.entry.detail, "salt": access.entry.salt}
            connection.execute(insert(ACCESS_DETAILS).values(**row))

    await store.database.write(in_the_open)
    found = await accesses.accesses(AccessFilters(), None, 10)
    assert [one.detail for one in found] == [b"", b""]
    assert await store.database.write(lambda c: take_in_accesses(c, store.sidecar)) == 2
    assert await store.database.write(lambda c: take_in_accesses(c, store.sidecar)) == 0
    found = await accesses.accesses(AccessFilters(), None, 10)
    assert [one.detail for one in found] == [one.entry.detail for one in reversed(made)]


async def test_a_batch_with_one_envelope_that_is_stored_already_stores_nothing(
    store: SqlStore, tmp_path: Path
) -> None:
    memory = Secretariat(tmp_path / "memory")
    memory.deliver(memory.world.declare(), memory.world.declare(version=2))
    await memory.take_in()
    first, second = memory.records
    empty = Base(year=2026, last_number=0, held={})
    await store.commit([first], empty)
    with pytest.raises(PlatformError) as raised:
        await store.commit([second, first], Base(year=2026, last_number=1, held={}))
    assert raised.value.code is Code.STATE
    assert (
        await store.held(second.submission.examined.sender, second.submission.examined.id) is None
    )


async def test_two_processes_that_register_at_once_leave_no_gap_and_no_double(
    store: SqlStore, tmp_path: Path
) -> None:
    one = Secretariat(tmp_path / "both", store=store)
    other = Secretariat(tmp_path / "both", world=one.world, store=store)
    for number in range(6):
        side = (one, other)[number % 2]
        side.deliver(one.world.declare(declaration_id=f"XAL-{number}"))
    tasks = [side.intake(lease) for side in (one, other) for lease in side.exchange.leases()]
    await asyncio.gather(*tasks)
    found = await store.reading.page(_ALL, None, 10)
    numbers = sorted(summary.registration or "" for _, summary in found)
    assert numbers == [f"SEC-2026-{n:06d}" for n in range(1, 7)]


async def test_receipts_on_their_way_are_owed_by_us_and_late_after_their_time(
    store: SqlStore, tmp_path: Path
) -> None:
    secretariat = Secretariat(tmp_path / "vault", store=store)
    secretariat.deliver(secretariat.world.declare())
    await secretariat.take_in()
    rows, now = SqlExchanges(store.database, SEC), secretariat.now
    page = await rows.owed(DueFilter(), now, 1)
    assert ([due.answer for due in page.owed], page.total) == (["receipt.opened"], 2)
    assert (await rows.owed(DueFilter(state=DueState.OVERDUE), now, 9)).total == 0
    late = await rows.owed(DueFilter(state=DueState.OVERDUE), now + 2 * 86_400, 9)
    assert [(due.answer, due.by, due.is_late) for due in late.owed] == [
        ("receipt.opened", SEC, True)
    ]
    await secretariat.relay()
    assert (await rows.owed(DueFilter(by=SEC), now, 9)).total == 0


async def test_the_newest_head_never_moves_back(store: SqlStore) -> None:
    ledger = SqlHeadLedger(store.database)
    assert await ledger.newest() is None
    newer, older = LogHead(9, b"9" * 32, "nine"), LogHead(3, b"3" * 32, "three")
    assert await ledger.keep(newer, over=None)
    assert not await ledger.keep(older, over=None)  # what it was compared with is not the newest
    await ledger.keep(older, over=newer)
    assert await ledger.newest() == newer
    await ledger.alarm("t", "a header", (5, b"5" * 32), newer, "does not fit")
    assert [
        alarm.source for alarm in await SqlEvidence(store.database, store.sidecar).alarms(5)
    ] == ["a header"]


async def test_what_a_stopped_process_left_half_done_is_removed_at_start(tmp_path: Path) -> None:
    left = tmp_path / "staging" / "of a process that died"
    left.mkdir(parents=True)
    (left / "content").write_bytes(b"plaintext")
    with closing(FileVault(tmp_path)):
        assert not left.exists()


async def test_a_vault_leaves_alone_what_another_process_has_under_way(tmp_path: Path) -> None:
    with closing(FileVault(tmp_path)) as vault, vault.stage() as stage:
        stage.content.write_bytes(b"plaintext")
        with closing(FileVault(tmp_path)):
            assert stage.content.exists()
        assert stage.content.exists()


async def test_keeping_twice_changes_nothing(tmp_path: Path) -> None:
    vault = FileVault(tmp_path)
    for _ in range(2):
        with vault.stage() as stage:
            stage.container.write_bytes(b"container")
            stage.content.write_bytes(b"content")
            await vault.keep(stage, bytes(32), with_content=True)
    assert vault.container(bytes(32), Access.of_examination()).read_bytes() == b"container"
    assert vault.content(bytes(32), Access.of_examination()).read_bytes() == b"content"


async def test_a_full_disk_is_a_reason_to_wait(tmp_path: Path) -> None:
    vault = FileVault(tmp_path)
    with vault.stage() as stage, pytest.raises(PlatformError) as raised:
        await vault.keep(stage, bytes(32), with_content=False)
    assert raised.value.code is Code.UNAVAILABLE


async def test_a_row_that_speaks_of_a_missing_file_is_an_integrity_fault(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as raised:
        FileVault(tmp_path).container(bytes(32), Access.of_examination())
    assert raised.value.code is Code.INTEGRITY
