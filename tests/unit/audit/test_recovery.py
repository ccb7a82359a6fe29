from collections.abc import Callable
from dataclasses import replace

import pytest

from sextant_audit.domain.checking import check_log
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT
from tests.unit.audit.memory import MemoryLedger, MemoryRows, MemorySigner, TestLog, new_entry
from tests.unit.shared.merkle import naive

pytestmark = pytest.mark.anyio

SIZE = 700


async def grown_log() -> TestLog:
    log = await TestLog().start()
    await log.sequencer.flush([[new_entry(n) for n in range(1, SIZE)]])
    await log.publisher.publish()
    return log


async def refused(log: TestLog) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await log.start()
    assert caught.value.code is Code.INTEGRITY
    return caught.value


async def test_a_restored_backup_is_a_fork_and_is_refused() -> None:
    log = await grown_log()
    backup = log.ledger.rows.copy()
    await log.sequencer.flush([[new_entry(9001)]])
    signatures = log.signer.signatures
    log.ledger.rows = backup
    error = await refused(log)
    assert "second history" in error.detail
    assert error.evidence["signed"].startswith("701\n")
    assert error.evidence["held"].startswith("700\n")
    assert log.signer.signatures == signatures


async def test_a_restored_backup_that_grew_again_is_refused() -> None:
    log = await grown_log()
    backup = log.ledger.rows.copy()
    await log.sequencer.flush([[new_entry(9001)]])
    backup.add_entries(SIZE, [new_entry(9002), new_entry(9003)])
    log.ledger.rows = backup
    error = await refused(log)
    assert "not those that were signed" in error.detail


async def test_a_ledger_without_its_signers_memory_is_refused() -> None:
    log = await grown_log()
    forgetful = TestLog(log.ledger, MemorySigner(0, EMPTY_ROOT))
    error = await refused(forgetful)
    assert "signer signed nothing" in error.detail


async def test_an_empty_ledger_beside_a_signer_that_signed_is_refused() -> None:
    log = await grown_log()
    log.ledger = MemoryLedger()
    assert "second history" in (await refused(log)).detail


async def test_a_published_checkpoint_of_another_history_is_refused() -> None:
    log, other = await grown_log(), await TestLog().start()
    await other.sequencer.flush([[new_entry(n) for n in range(1, SIZE - 1)]])
    await other.sequencer.flush([[new_entry(9001), new_entry(9002)]])
    await other.publisher.publish()
    log.ledger.rows.notes = other.ledger.rows.notes
    assert "published checkpoint" in (await refused(log)).detail


def forget_tile(rows: MemoryRows) -> None:
    del rows.tiles[0, 1]


def change_tile(rows: MemoryRows) -> None:
    rows.tiles[0, 1] = bytes(8192)


def shorten_tile(rows: MemoryRows) -> None:
    rows.tiles[0, 0] = bytes(32)


def change_edge_entry(rows: MemoryRows) -> None:
    rows.stored[SIZE - 1] = replace(rows.stored[SIZE - 1], data=b"{}")


def change_entry_of_last_full_tile(rows: MemoryRows) -> None:
    rows.stored[300] = replace(rows.stored[300], data=b"{}")


def change_edge_entry_with_its_hash(rows: MemoryRows) -> None:
    number = new_entry(9009)
    rows.stored[SIZE - 1] = replace(rows.stored[SIZE - 1], data=number.data, hash=number.hash)


DAMAGES = [
    forget_tile,
    change_tile,
    shorten_tile,
    change_edge_entry,
    change_entry_of_last_full_tile,
    change_edge_entry_with_its_hash,
]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_right_edge_is_refused(damage: Callable[[MemoryRows], None]) -> None:
    log = await grown_log()
    damage(log.ledger.rows)
    await refused(log)


async def test_a_log_goes_on_where_it_stopped() -> None:
    log = await grown_log()
    head = log.sequencer.head
    await log.start()
    assert (log.sequencer.head.size, log.sequencer.head.root) == (head.size, head.root)
    await log.sequencer.flush([[new_entry(9001)]])
    leaves = [entry.hash for entry in log.ledger.rows.stored]
    assert log.sequencer.head.root == naive.root(leaves)
    report = await check_log(log.ledger, log.signer.keys, (log.signer.size, log.signer.root))
    assert (report.size, report.tiles) == (SIZE + 1, 2)


async def test_a_ledger_ahead_of_its_signer_is_signed_after_a_proof() -> None:
    log = await grown_log()
    signed = log.signer.size, log.signer.root
    log.crash_at = "audit.after_commit"
    with pytest.raises(BaseException, match="after_commit"):
        await log.sequencer.flush([[new_entry(n) for n in range(2000, 2600)]])
    assert (log.signer.size, log.signer.root) == signed
    await log.start()
    assert log.signer.size == SIZE + 600
    await log.publisher.publish()
    assert max(log.ledger.rows.notes) == SIZE + 600
