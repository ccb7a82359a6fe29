from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from sextant_audit.domain.checking import LogReport, check_log
from sextant_audit.domain.ports import Rows
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.checkpoints import sign_checkpoint
from tests.support.logs import NOW, ORIGIN, log_keys, log_signers
from tests.unit.audit.memory import MemoryRows, TestLog, new_entry

pytestmark = pytest.mark.anyio

T = TypeVar("T")
SIZE = 600


async def grown_log() -> TestLog:
    log = await TestLog().start()
    for start in (1, 200, 400):
        await log.sequencer.flush([[new_entry(n) for n in range(start, start + 200)]])
        await log.publisher.publish()
    return log


async def checked(log: TestLog) -> LogReport:
    return await check_log(log.ledger, log.signer.keys, (log.signer.size, log.signer.root))


def lose_last_entry(rows: MemoryRows) -> None:
    rows.stored.pop()


def skip_an_index(rows: MemoryRows) -> None:
    rows.stored[5] = replace(rows.stored[5], index=4)


def change_an_entry(rows: MemoryRows) -> None:
    rows.stored[5] = replace(rows.stored[5], data=new_entry(9001).data)


def change_an_entry_and_its_hash(rows: MemoryRows) -> None:
    other = new_entry(9001)
    rows.stored[5] = replace(rows.stored[5], id=other.id, data=other.data, hash=other.hash)


def change_an_id(rows: MemoryRows) -> None:
    rows.stored[5] = replace(rows.stored[5], id=rows.stored[6].id)


def swap_entries(rows: MemoryRows) -> None:
    a, b = rows.stored[5], rows.stored[6]
    rows.stored[5], rows.stored[6] = replace(b, index=5), replace(a, index=6)


def begin_twice(rows: MemoryRows) -> None:
    rows.stored[5] = replace(rows.stored[0], index=5)


def begin_without_genesis(rows: MemoryRows) -> None:
    rows.stored[0] = replace(rows.stored[1], index=0)


def lose_a_tile(rows: MemoryRows) -> None:
    del rows.tiles[0, 1]


def change_a_tile(rows: MemoryRows) -> None:
    rows.tiles[0, 0] = rows.tiles[0, 1]


def add_a_tile(rows: MemoryRows) -> None:
    rows.tiles[0, 2] = rows.tiles[0, 1]


def add_a_checkpoint_beyond(rows: MemoryRows) -> None:
    note = sign_checkpoint(ORIGIN, SIZE + 9, bytes(32), log_signers(), NOW)
    rows.add_checkpoint(SIZE + 9, bytes(32), note)


def add_a_checkpoint_of_a_fork(rows: MemoryRows) -> None:
    rows.notes[300] = sign_checkpoint(ORIGIN, 300, bytes(32), log_signers(), NOW)
    rows.roots[300] = bytes(32)


def add_a_checkpoint_of_another_size(rows: MemoryRows) -> None:
    rows.add_checkpoint(SIZE + 1, rows.roots[400], rows.notes[400])
    rows.stored.append(replace(rows.stored[9], index=SIZE))


def change_the_root_of_a_row(rows: MemoryRows) -> None:
    rows.roots[400] = bytes(32)


def change_the_newest_checkpoint(rows: MemoryRows) -> None:
    rows.notes[SIZE] = sign_checkpoint(ORIGIN, SIZE, bytes(32), log_signers(), NOW)


DAMAGES = [
    lose_last_entry,
    skip_an_index,
    change_an_entry,
    change_an_entry_and_its_hash,
    change_an_id,
    swap_entries,
    begin_twice,
    begin_without_genesis,
    lose_a_tile,
    change_a_tile,
    add_a_tile,
    add_a_checkpoint_beyond,
    add_a_checkpoint_of_a_fork,
    add_a_checkpoint_of_another_size,
    change_the_root_of_a_row,
    change_the_newest_checkpoint,
]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_the_check_finds_each_damage(damage: Callable[[MemoryRows], None]) -> None:
    log = await grown_log()
    damage(log.ledger.rows)
    with pytest.raises(PlatformError) as caught:
        await checked(log)
    assert caught.value.code is Code.INTEGRITY


async def test_a_checkpoint_by_other_keys_is_found() -> None:
    log = await grown_log()
    impostor = log_signers("impostor")
    log.ledger.rows.notes[300] = sign_checkpoint(ORIGIN, 300, bytes(32), impostor, NOW)
    log.ledger.rows.roots[300] = bytes(32)
    with pytest.raises(PlatformError, match="E_KEY"):
        await checked(log)


async def test_a_log_under_another_origin_is_found() -> None:
    log = await grown_log()
    with pytest.raises(PlatformError, match="E_"):
        await check_log(log.ledger, log_keys("log.example/other"), (0, bytes(32)))


async def test_a_sound_log_is_counted() -> None:
    log = await grown_log()
    assert await checked(log) == LogReport(size=SIZE, root=log.signer.root, tiles=2, checkpoints=4)


async def test_a_log_that_grows_while_it_is_checked_is_sound() -> None:
    log = await grown_log()
    read, numbers = log.ledger.read, iter(range(9000, 9999))

    class Growing:
        async def read(self, work: Callable[[Rows], T]) -> T:
            await log.sequencer.flush([[new_entry(next(numbers)) for _ in range(200)]])
            await log.publisher.publish()
            return await read(work)

    signed = log.signer.size, log.signer.root
    report = await check_log(Growing(), log.signer.keys, signed)
    assert report.size == SIZE + 200 < log.signer.size
