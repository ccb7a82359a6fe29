"""A log that shows two faces is found by the heads others show us."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from sextant_declarations.domain.deliveries import Examined, LogHead
from sextant_declarations.domain.logwatch import PUBLISH_S, LogWatch
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of, root_of
from sextant_shared.models.envelope import Beacon
from tests.support.logs import NOW, make_accepted
from tests.unit.declarations.world import World, content_of

pytestmark = pytest.mark.anyio


@dataclass
class Ledger:
    head: LogHead | None = None
    alarms: list[tuple[str, int]] = field(default_factory=list)
    meanwhile: LogHead | None = None

    async def newest(self) -> LogHead | None:
        return self.head

    async def keep(self, head: LogHead, over: LogHead | None) -> bool:
        if self.meanwhile is not None:  # another process moved on since
            self.head, self.meanwhile = self.meanwhile, None
        if self.head != over:
            return False
        self.head = head
        return True

    async def alarm(
        self, t: str, source: str, head: tuple[int, bytes], own: LogHead | None, detail: str
    ) -> None:
        assert t
        assert detail
        assert own is None or (own.size, own.root) != head
        self.alarms.append((source, own.size if own else 0))


@dataclass
class Proofs:
    world: World
    down: bool = False
    refusal: Code | None = None
    published: int = 1_000_000
    asked: int = 0

    async def consistency(self, first: int, second: int) -> list[bytes]:
        if self.down:
            raise PlatformError(Code.UNAVAILABLE, "the log does not answer")
        if self.refusal is not None:
            self.asked += 1
            raise PlatformError(self.refusal, "not this time")
        if second > self.published:
            raise PlatformError(Code.NOT_FOUND, "no such tree is published")
        self.asked += 1
        hashes = [leaf_hash(leaf) for leaf in self.world.log.leaves[:second]]
        return consistency_path_of(hashes, first)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def proofs(world: World) -> Proofs:
    return Proofs(world)


@dataclass
class Hand:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def elapsed() -> Hand:
    return Hand(0.0)


@pytest.fixture
def watch(ledger: Ledger, proofs: Proofs, clock: Hand, elapsed: Hand) -> LogWatch:
    return LogWatch(ledger, proofs, clock, elapsed)


def examined(world: World, folder: Path, beacon: tuple[int, bytes] | None = None) -> Examined:
    claimed = Beacon(size=beacon[0], root=b64u(beacon[1])) if beacon else None
    place = folder / str(world.number())
    place.mkdir()
    accepted = world.accept(content_of(), world.request(log=claimed))
    return world.examine()(world.dossier(accepted, place))


def root_at(world: World, size: int) -> bytes:
    return root_of(leaf_hash(leaf) for leaf in world.log.leaves[:size])


async def test_a_receipt_of_a_forked_log_raises_an_alarm(
    world: World, watch: LogWatch, ledger: Ledger, tmp_path: Path
) -> None:
    honest = examined(world, tmp_path)
    watch.sighted(honest)
    await watch()
    truth = list(world.log.leaves)
    world.log.leaves[0] = b"another history"
    forked = examined(world, tmp_path)
    world.log.leaves[:] = [*truth, *world.log.leaves[len(truth) :]]
    watch.sighted(forked)
    await watch()
    assert [source for source, _ in ledger.alarms] == [
        f"custody receipt of {forked.sender} {forked.id}"
    ]
    assert ledger.head == honest.custody.head


async def test_a_head_must_also_fit_what_another_process_saw_meanwhile(
    world: World, watch: LogWatch, ledger: Ledger, tmp_path: Path
) -> None:
    """Each fits what both began with; kept without asking again, the fork would go unseen."""
    honest = examined(world, tmp_path)
    forked = LogHead(honest.custody.head.size, bytes(32), "another face of the same log")
    ledger.meanwhile = forked
    watch.sighted(honest)
    await watch()
    assert ledger.head == forked
    assert [source for source, _ in ledger.alarms] == [
        f"custody receipt of {honest.sender} {honest.id}"
    ]


async def test_a_senders_head_that_does_not_fit_raises_an_alarm(
    world: World, watch: LogWatch, ledger: Ledger, tmp_path: Path
) -> None:
    watch.sighted(examined(world, tmp_path, beacon=(2, bytes(32))))
    await watch()
    assert [source.split()[0] for source, _ in ledger.alarms] == ["header"]


async def test_a_senders_head_beyond_the_log_raises_an_alarm(
    world: World, watch: LogWatch, ledger: Ledger, tmp_path: Path
) -> None:
    watch.sighted(examined(world, tmp_path, beacon=(10_000, bytes(32))))
    await watch()
    assert len(ledger.alarms) == 1


async def test_heads_that_fit_move_the_newest_forward_and_never_back(
    world: World, watch: LogWatch, ledger: Ledger, proofs: Proofs, tmp_path: Path
) -> None:
    older = examined(world, tmp_path, beacon=(2, root_at(world, 2)))
    newer = examined(world, tmp_path, beacon=(3, root_at(world, 3)))
    watch.sighted(newer)
    await watch()
    watch.sighted(older)
    await watch()
    assert ledger.alarms == []
    assert ledger.head == newer.custody.head
    asked = proofs.asked
    watch.sighted(older)
    await watch()
    assert proofs.asked == asked


async def test_a_log_that_is_down_is_asked_again_later(
    world: World, watch: LogWatch, ledger: Ledger, proofs: Proofs, tmp_path: Path
) -> None:
    proofs.down = True
    watch.sighted(examined(world, tmp_path, beacon=(2, bytes(32))))
    await watch()
    assert ledger.alarms == []
    proofs.down = False
    await watch()
    assert len(ledger.alarms) == 1


async def test_a_head_that_is_published_late_is_waited_for_and_one_never_published_is_not(
    world: World, watch: LogWatch, ledger: Ledger, proofs: Proofs, elapsed: Hand, tmp_path: Path
) -> None:
    first, second = examined(world, tmp_path), examined(world, tmp_path)
    watch.sighted(first)
    await watch()
    proofs.published = first.custody.head.size
    watch.sighted(second)
    await watch()
    elapsed.now += PUBLISH_S
    await watch()
    assert (ledger.head, ledger.alarms) == (first.custody.head, [])
    elapsed.now += 1
    await watch()
    assert len(ledger.alarms) == 1


async def test_neither_an_outage_nor_a_clock_that_is_set_takes_the_time_to_publish_away(
    world: World,
    watch: LogWatch,
    ledger: Ledger,
    proofs: Proofs,
    *,
    clock: Hand,
    elapsed: Hand,
    tmp_path: Path,
) -> None:
    first, second = examined(world, tmp_path), examined(world, tmp_path)
    watch.sighted(first)
    await watch()
    proofs.published, proofs.down = first.custody.head.size, True
    watch.sighted(second)
    await watch()
    elapsed.now += 2 * PUBLISH_S
    proofs.down = False
    await watch()
    clock.now += 2 * PUBLISH_S
    await watch()
    assert ledger.alarms == []
    proofs.published = second.custody.head.size
    await watch()
    assert (ledger.head, ledger.alarms) == (second.custody.head, [])


@pytest.mark.parametrize("refusal", [Code.AUTH, Code.RATE, Code.INTERNAL, Code.CLOCK])
async def test_what_the_log_refuses_for_another_reason_is_no_second_face(
    world: World,
    watch: LogWatch,
    ledger: Ledger,
    proofs: Proofs,
    *,
    elapsed: Hand,
    refusal: Code,
    tmp_path: Path,
) -> None:
    first, second = examined(world, tmp_path), examined(world, tmp_path)
    watch.sighted(first)
    await watch()
    proofs.refusal = refusal
    watch.sighted(second)
    watch.sighted(examined(world, tmp_path))
    before = proofs.asked
    for _ in range(2):
        await watch()
        elapsed.now += 2 * PUBLISH_S
    assert ledger.alarms == []
    assert proofs.asked == before + 2, "a log that refuses is asked once a round"
    proofs.refusal = None
    await watch()
    assert ledger.head is not None
    assert (ledger.head.size > second.custody.head.size, ledger.alarms) == (True, [])


async def test_an_answer_that_is_no_proof_raises_an_alarm(
    world: World, watch: LogWatch, ledger: Ledger, proofs: Proofs, tmp_path: Path
) -> None:
    watch.sighted(examined(world, tmp_path))
    await watch()
    proofs.refusal = Code.MALFORMED
    watch.sighted(examined(world, tmp_path))
    await watch()
    assert len(ledger.alarms) == 1


@pytest.mark.parametrize("is_true", [True, False])
async def test_a_claim_waits_for_a_signed_head_that_is_not_published_yet(
    world: World, watch: LogWatch, ledger: Ledger, proofs: Proofs, tmp_path: Path, *, is_true: bool
) -> None:
    first = examined(world, tmp_path)
    watch.sighted(first)
    await watch()
    size = first.custody.head.size + 1
    world.log.append(make_accepted(77))
    root = root_at(world, size) if is_true else bytes(32)
    second = examined(world, tmp_path, beacon=(size, root))
    proofs.published = first.custody.head.size
    watch.sighted(second)
    await watch()
    assert ledger.alarms == []
    proofs.published = second.custody.head.size
    await watch()
    assert ledger.head == second.custody.head
    assert [source.split()[0] for source, _ in ledger.alarms] == ([] if is_true else ["header"])


async def test_the_same_size_with_another_root_needs_no_proof_to_be_a_fork(
    world: World, watch: LogWatch, ledger: Ledger, proofs: Proofs, tmp_path: Path
) -> None:
    seen = examined(world, tmp_path)
    watch.sighted(seen)
    await watch()
    custody = replace(seen.custody, head=replace(seen.custody.head, root=bytes(32)))
    world.log.append(make_accepted(77))
    proofs.down = True
    watch.sighted(replace(seen, custody=custody))
    await watch()
    assert len(ledger.alarms) == 1
