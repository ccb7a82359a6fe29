import asyncio

import pytest

from sextant_audit.domain.publishing import Publisher
from sextant_audit.domain.reading import Reading
from sextant_audit.domain.tree import TileCache
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.proofs import verify_consistency, verify_inclusion
from sextant_shared.merkle.tiles import Tile, parse_bundle
from tests.unit.audit.memory import Crash, TestLog, new_entry
from tests.unit.shared.merkle import naive

pytestmark = pytest.mark.anyio

PUBLISHED = 600


async def grown_log() -> TestLog:
    """Return a log of 650 entries, 600 of them under the published head."""
    log = await TestLog(cache_size=2).start()
    await log.sequencer.flush([[new_entry(n) for n in range(1, PUBLISHED)]])
    await log.publisher.publish()
    await log.sequencer.flush([[new_entry(n) for n in range(PUBLISHED, 650)]])
    return log


@pytest.mark.parametrize(
    "tile",
    [
        Tile(0, 2),
        Tile(0, 2, 89),
        Tile(0, 3, 1),
        Tile(1, 0, 3),
        Tile(1, 0),
        Tile(2, 0, 1),
        Tile(None, 2),
        Tile(None, 2, 89),
        Tile(63, 0, 1),
        Tile(0, 2**60, 1),
    ],
)
async def test_a_tile_beyond_the_published_tree_is_not_found(tile: Tile) -> None:
    log = await grown_log()
    with pytest.raises(PlatformError) as caught:
        await log.reading.tile(tile)
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (0, 100_000), (600, 600), (-1, 5), (5, 5), (0, -1)]
)
async def test_an_inclusion_proof_outside_the_signed_tree_is_not_found(
    index: int, size: int
) -> None:
    log = await grown_log()
    with pytest.raises(PlatformError, match="E_NOT_FOUND"):
        await log.reading.inclusion(index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5), (5, 100_000), (-1, 5), (0, 0)])
async def test_a_consistency_proof_outside_the_signed_tree_is_not_found(
    first: int, second: int
) -> None:
    log = await grown_log()
    with pytest.raises(PlatformError, match="E_NOT_FOUND"):
        await log.reading.consistency(first, second)


async def test_no_checkpoint_is_served_before_one_is_published() -> None:
    log = await grown_log()
    idle = Publisher(log.ledger, interval_s=1, crash_point=lambda _: None, stored_size=0)
    with pytest.raises(PlatformError, match="E_UNAVAILABLE"):
        Reading(log.ledger, log.prover, idle).checkpoint()


async def test_a_published_tile_the_ledger_lost_is_a_fault_not_an_answer() -> None:
    log = await grown_log()
    del log.ledger.rows.tiles[0, 0]
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        await log.reading.tile(Tile(0, 0))
    log.prover._cache = TileCache(1)
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        await log.reading.inclusion(3, PUBLISHED)


async def test_tiles_are_the_hashes_of_the_tree() -> None:
    log = await grown_log()
    leaves = [entry.hash for entry in log.ledger.rows.stored]
    assert await log.reading.tile(Tile(0, 1)) == b"".join(leaves[256:512])
    assert await log.reading.tile(Tile(0, 0, 7)) == b"".join(leaves[:7])
    assert await log.reading.tile(Tile(0, 2, 88)) == b"".join(leaves[512:600])
    roots = [naive.root(leaves[:256]), naive.root(leaves[256:512])]
    assert await log.reading.tile(Tile(1, 0, 2)) == b"".join(roots)


async def test_bundles_are_the_entries_of_the_tree() -> None:
    log = await grown_log()
    data = [entry.data for entry in log.ledger.rows.stored]
    assert parse_bundle(await log.reading.tile(Tile(None, 0))) == data[:256]
    assert parse_bundle(await log.reading.tile(Tile(None, 2, 88))) == data[512:600]
    assert parse_bundle(await log.reading.tile(Tile(None, 1, 1))) == data[256:257]


async def test_a_tile_that_became_full_after_publication_keeps_its_partial_form() -> None:
    log = await grown_log()
    before = await log.reading.tile(Tile(0, 2, 88))
    await log.sequencer.flush([[new_entry(n) for n in range(650, 900)]])
    assert await log.reading.tile(Tile(0, 2, 88)) == before
    with pytest.raises(PlatformError, match="E_NOT_FOUND"):
        await log.reading.tile(Tile(0, 2))


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 600), (255, 256), (599, 600), (300, 513)])
async def test_each_published_tree_proves_its_entries(index: int, size: int) -> None:
    log = await grown_log()
    leaves = [entry.hash for entry in log.ledger.rows.stored]
    proof = await log.reading.inclusion(index, size)
    path = [b64_decode(node) for node in proof.path]
    verify_inclusion(index, size, leaves[index], path, naive.root(leaves[:size]))


@pytest.mark.parametrize(("first", "second"), [(1, 600), (256, 512), (599, 600), (88, 88), (3, 4)])
async def test_each_published_tree_continues_those_before(first: int, second: int) -> None:
    log = await grown_log()
    leaves = [entry.hash for entry in log.ledger.rows.stored]
    proof = await log.reading.consistency(first, second)
    roots = naive.root(leaves[:first]), naive.root(leaves[:second])
    verify_consistency(first, second, [b64_decode(node) for node in proof.path], *roots)


async def test_the_published_head_moves_at_most_once_an_interval() -> None:
    log = await TestLog().start()
    log.publisher._interval_s = 0.05
    running = asyncio.create_task(log.publisher.run())
    for number in range(1, 30):
        await log.sequencer.flush([[new_entry(number)]])
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.08)
    running.cancel()
    sizes = sorted(log.ledger.rows.notes)
    assert sizes[-1] == 30 == log.publisher.size
    assert 3 <= len(sizes) <= 10
    assert log.reading.checkpoint() == log.ledger.rows.notes[30]


async def test_a_head_is_stored_before_it_is_served() -> None:
    log = await TestLog().start()
    await log.sequencer.flush([[new_entry(1)]])
    log.crash_at = "audit.before_publish"
    with pytest.raises(Crash):
        await log.publisher.publish()
    assert log.publisher.size == 1
    await log.start()
    assert log.publisher.size == 2 == max(log.ledger.rows.notes)


async def test_a_refreshed_head_of_the_same_size_is_served_and_not_stored_again() -> None:
    log = await TestLog().start()
    stored = dict(log.ledger.rows.notes)
    before = log.reading.checkpoint()
    log.clock.now += 601
    log.signer.now = log.clock.now
    await log.sequencer.flush([[]])
    await log.publisher.publish()
    assert log.reading.checkpoint() != before
    assert log.ledger.rows.notes == stored
