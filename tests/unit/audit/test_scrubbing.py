"""The scrubber: one changed byte is one fault, told at once, and given out no more."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest

from sextant_audit.domain.ports import Rows, StoredEntry
from sextant_audit.domain.scrubbing import MAX_FAULTS, Scrubber, ScrubFault
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.tiles import Tile
from tests.unit.audit.memory import MemoryLedger, MemoryRows, TestLog, new_entry

pytestmark = pytest.mark.anyio

T = TypeVar("T")
SIZE = 700


@dataclass
class Scrubbing:
    """A log of `SIZE` entries and its scrubber, which never really sleeps."""

    log: TestLog
    told: list[ScrubFault] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scrubber = Scrubber(
            self.log.ledger,
            lambda: self.log.publisher.head,
            entries_per_s=256,
            pause_s=60,
            clock=lambda: 5.0,
            on_fault=self.told.append,
            sleep=self._sleep,
        )
        self.log.reading.guarded_by(self.scrubber)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @property
    def rows(self) -> MemoryRows:
        return self.log.ledger.rows

    def change_entry(self, index: int, **changes: bytes) -> None:
        self.rows.stored[index] = replace(self.rows.stored[index], **changes)  # type: ignore[arg-type]

    def change_tile(self, level: int, index: int, at: int) -> None:
        data = bytearray(self.rows.tiles[level, index])
        data[at] ^= 1
        self.rows.tiles[level, index] = bytes(data)


async def grown(ledger: MemoryLedger | None = None, size: int = SIZE) -> Scrubbing:
    log = await TestLog(ledger=ledger or MemoryLedger()).start()
    await log.sequencer.flush([[new_entry(n) for n in range(1, size)]])
    await log.publisher.publish()
    return Scrubbing(log)


async def test_a_sound_log_is_scrubbed_to_its_published_head_at_the_set_rate() -> None:
    world = await grown()
    assert (world.scrubber.scrubbed(), world.scrubber.state.word) == (0, "ok")
    await world.scrubber.scrub()
    state = world.scrubber.state
    assert (state.passes, state.through, state.at, state.last_pass) == (1, SIZE, SIZE, 5.0)
    assert (state.word, world.told, world.scrubber.scrubbed()) == ("ok", [], SIZE - 1)
    assert sum(world.slept) == pytest.approx(SIZE / 256)


@pytest.mark.parametrize("index", [0, 7, 255, 256, 600, SIZE - 1])
async def test_a_changed_entry_is_named_once(index: int) -> None:
    world = await grown()
    world.change_entry(index, data=world.rows.stored[index].data + b" ")
    await world.scrubber.scrub()
    [fault] = world.told
    assert (fault.place, fault.detail) == (f"entry {index}", "is not what was hashed")
    assert world.scrubber.state.word.startswith(f"E_INTEGRITY: 1 fault(s), first entry {index}")
    assert (world.scrubber.state.through, world.scrubber.scrubbed()) == (0, 0)


async def test_a_changed_tile_and_a_changed_hash_are_told_from_a_changed_entry() -> None:
    world = await grown()
    world.change_tile(0, 1, 32 * 9)
    world.change_entry(20, hash=bytes(32))
    await world.scrubber.scrub()
    assert [fault.place for fault in world.told] == ["entry 20", "tile/0/001 at 9"]


async def test_a_changed_tile_above_is_named() -> None:
    world = await grown(size=65_536 + 10)
    world.change_tile(1, 0, 32 * 30)
    await world.scrubber.scrub()
    assert [fault.place for fault in world.told] == ["tile/1/000"]


@pytest.mark.parametrize(("row", "places"), [(300, ["entry 300"]), (SIZE - 1, ["entry 699"])])
async def test_a_missing_entry_is_named(row: int, places: list[str]) -> None:
    world = await grown()
    del world.rows.stored[row]  # those after it have indexes that do not fit; only one is missing
    kept = {entry.index: entry for entry in world.rows.stored}

    def entries(start: int, end: int) -> list[StoredEntry]:
        return [kept[index] for index in range(start, end) if index in kept]

    world.rows.entries = entries  # type: ignore[method-assign]
    await world.scrubber.scrub()
    assert [fault.place for fault in world.told] == places


async def test_a_missing_tile_is_named() -> None:
    world = await grown()
    del world.rows.tiles[0, 1]
    await world.scrubber.scrub()
    assert [(fault.place, fault.detail) for fault in world.told] == [("tile/0/001", "is missing")]


async def test_entries_of_another_history_are_not_what_was_signed() -> None:
    world, other = await grown(), await grown()
    entry = other.rows.stored[699]
    changed = new_entry(5000)
    world.rows.stored[699] = replace(entry, data=changed.data, hash=changed.hash)
    await world.scrubber.scrub()
    assert [fault.place for fault in world.told] == ["root"]


async def test_a_fault_is_told_once_and_forgotten_when_a_pass_finds_it_mended() -> None:
    world = await grown()
    sound = world.rows.stored[7]
    world.change_entry(7, data=b"{}")
    await world.scrubber.scrub()
    await world.scrubber.scrub()
    assert (len(world.told), world.scrubber.state.count) == (1, 1)
    world.rows.stored[7] = sound
    await world.scrubber.scrub()
    assert (world.scrubber.state.word, world.scrubber.state.passes) == ("ok", 3)
    assert world.scrubber.scrubbed() == SIZE - 1


async def test_what_changed_is_given_out_no_more_and_the_rest_is() -> None:
    world = await grown()
    world.change_entry(7, data=b"{}")
    world.change_tile(0, 1, 5)
    await world.scrubber.scrub()
    reading = world.log.reading
    for tile in (Tile(None, 0), Tile(None, 0, 9), Tile(0, 1)):
        with pytest.raises(PlatformError, match=r"E_INTEGRITY: not given out") as caught:
            await reading.tile(tile)
        assert "mirror" in caught.value.fix
    for tile in (Tile(0, 0), Tile(None, 1), Tile(None, 2, 188)):
        assert await reading.tile(tile)
    with pytest.raises(PlatformError, match="not given out"):
        await reading.inclusion(300, SIZE)
    with pytest.raises(PlatformError, match="not given out"):
        await reading.consistency(300, SIZE)
    assert (await reading.inclusion(7, SIZE)).index == 7
    assert (await reading.consistency(200, SIZE)).first == 200


async def test_a_fault_never_stops_an_append() -> None:
    world = await grown()
    world.change_entry(7, data=b"{}")
    world.change_tile(0, 1, 5)
    await world.scrubber.scrub()
    [answer] = await world.log.sequencer.flush([[new_entry(9000)]])
    assert not isinstance(answer, Exception)
    assert answer.size == SIZE + 1


@dataclass
class FailingLedger(MemoryLedger):
    """A disk that does not give some entries back."""

    bad: range = range(0)
    code: Code = Code.INTEGRITY
    failures: int = 1_000_000

    async def read(self, work: Callable[[Rows], T]) -> T:
        ledger = self

        class Failing(MemoryRows):
            def entries(self, start: int, end: int) -> list[StoredEntry]:
                if ledger.failures and set(range(start, end)) & set(ledger.bad):
                    ledger.failures -= 1
                    raise PlatformError(ledger.code, "the store's file is damaged")
                return ledger.rows.entries(start, end)

        return work(Failing(self.rows.stored, self.rows.tiles, self.rows.notes))


async def test_entries_that_cannot_be_read_are_a_fault_and_the_others_are_scrubbed() -> None:
    world = await grown(FailingLedger())
    world.change_entry(600, data=b"{}")
    assert isinstance(world.log.ledger, FailingLedger)
    world.log.ledger.bad = range(300, 301)
    await world.scrubber.scrub()
    assert [fault.place for fault in world.told] == ["entries 256 to 511", "entry 600"]
    assert world.scrubber.state.passes == 1


async def test_a_busy_disk_is_no_fault() -> None:
    world = await grown(FailingLedger())
    assert isinstance(world.log.ledger, FailingLedger)
    ledger = world.log.ledger
    ledger.bad, ledger.code, ledger.failures = range(300, 301), Code.UNAVAILABLE, 2
    await world.scrubber.scrub()
    assert (world.told, world.scrubber.state.through) == ([], SIZE)


async def test_a_wrecked_log_is_counted_whole_and_told_in_part() -> None:
    world = await grown()
    for index in range(SIZE):
        world.change_entry(index, data=b"{}")
    await world.scrubber.scrub()
    assert world.scrubber.state.count == SIZE
    assert len(world.scrubber.state.faults) == len(world.told) == MAX_FAULTS


async def test_nothing_is_scrubbed_before_a_head_is_published() -> None:
    world = await grown()
    world.log.publisher._published = None
    await world.scrubber.scrub()
    assert world.scrubber.state.passes == 0
