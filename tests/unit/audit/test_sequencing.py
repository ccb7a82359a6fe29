from dataclasses import replace

import pytest

from sextant_audit.domain.ports import NewEntry, StoredEntry
from sextant_audit.domain.sequencing import Answer
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.proofs import verify_inclusion
from sextant_shared.models.log import AppendAnswer
from sextant_shared.protocol.checkpoints import verify_checkpoint
from tests.support.logs import log_keys
from tests.unit.audit.memory import Crash, MemoryRows, TestLog, new_entry

pytestmark = pytest.mark.anyio


def entries(*numbers: int) -> list[NewEntry]:
    return [new_entry(number) for number in numbers]


def other_bytes(entry: NewEntry) -> NewEntry:
    data = entry.data + b" "
    return NewEntry(entry.id, data, leaf_hash(data))


def proved(answer: Answer, batch: list[NewEntry]) -> list[int]:
    """Return the indexes of an answer after checking every proof in it."""
    assert isinstance(answer, AppendAnswer)
    checkpoint = verify_checkpoint(answer.checkpoint, log_keys())
    assert checkpoint.size == answer.size
    for item, entry in zip(answer.items, batch, strict=True):
        path = [b64_decode(node) for node in item.path]
        verify_inclusion(item.index, answer.size, entry.hash, path, checkpoint.root)
    return [item.index for item in answer.items]


def refused(answer: Answer) -> PlatformError:
    assert isinstance(answer, PlatformError)
    assert answer.code is Code.DUPLICATE
    return answer


async def test_an_id_with_other_bytes_is_refused_with_its_whole_request() -> None:
    log = await TestLog().start()
    [first] = entries(1)
    await log.sequencer.flush([[first]])
    [answer] = await log.sequencer.flush([[*entries(2), other_bytes(first), *entries(3)]])
    assert "at index 1" in refused(answer).detail
    assert log.ledger.rows.size() == 2


async def test_an_id_with_two_bodies_in_one_request_is_refused() -> None:
    log = await TestLog().start()
    [first] = entries(1)
    [answer] = await log.sequencer.flush([[first, other_bytes(first)]])
    assert "in this request" in refused(answer).detail
    assert log.ledger.rows.size() == 1


async def test_a_refused_request_does_not_touch_the_others_of_its_batch() -> None:
    log = await TestLog().start()
    [first] = entries(1)
    bad = [*entries(7), other_bytes(first), *entries(8)]
    answers = await log.sequencer.flush([[first], bad, entries(2, 7)])
    assert proved(answers[0], [first]) == [1]
    refused(answers[1])
    assert proved(answers[2], entries(2, 7)) == [2, 3]
    assert [e.id for e in log.ledger.rows.stored[1:]] == [e.id for e in entries(1, 2, 7)]


async def test_a_ledger_that_moved_on_its_own_is_refused() -> None:
    log = await TestLog().start()
    log.ledger.rows.add_entries(1, entries(50))
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*Restart|E_INTEGRITY.*sequenced"):
        await log.sequencer.flush([entries(1)])


async def test_a_ledger_that_reads_back_other_bytes_is_refused() -> None:
    class Forgetful(MemoryRows):
        def copy(self) -> MemoryRows:
            return Forgetful([*self.stored], {**self.tiles}, {**self.notes})

        def entries(self, start: int, end: int) -> list[StoredEntry]:
            return [replace(e, data=e.data + b"!") for e in self.stored[start:end]]

    log = await TestLog().start()
    log.ledger.rows = Forgetful(log.ledger.rows.stored)
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*read back"):
        await log.sequencer.flush([entries(1)])
    assert log.ledger.rows.size() == 1


async def test_a_signer_that_refuses_leaves_no_answer_behind() -> None:
    log = await TestLog().start()
    log.signer.root = bytes(32)
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        await log.sequencer.flush([entries(1)])
    assert log.sequencer.head.size == 1


async def test_repeated_entries_keep_their_index_under_a_later_head() -> None:
    log = await TestLog().start()
    [first] = await log.sequencer.flush([entries(1, 2)])
    [again] = await log.sequencer.flush([entries(3, 2, 1, 2, 4)])
    assert proved(first, entries(1, 2)) == [1, 2]
    assert proved(again, entries(3, 2, 1, 2, 4)) == [3, 2, 1, 2, 4]
    assert log.ledger.rows.size() == 5


async def test_a_batch_of_repeats_costs_no_signature() -> None:
    log = await TestLog().start()
    await log.sequencer.flush([entries(1, 2)])
    signatures = log.signer.signatures
    [again] = await log.sequencer.flush([entries(2, 1)])
    assert proved(again, entries(2, 1)) == [2, 1]
    assert log.signer.signatures == signatures


async def test_requests_flushed_together_share_one_checkpoint() -> None:
    log = await TestLog().start()
    signatures = log.signer.signatures
    requests = [entries(*range(10 * n, 10 * n + 10)) for n in range(1, 9)]
    answers = await log.sequencer.flush([*requests])
    found = [
        index
        for answer, batch in zip(answers, requests, strict=True)
        for index in proved(answer, batch)
    ]
    assert found == list(range(1, 81))
    assert log.signer.signatures == signatures + 1


async def test_an_empty_request_refreshes_a_head_only_when_it_is_old() -> None:
    log = await TestLog().start()
    before = log.sequencer.head
    await log.sequencer.flush([[]])
    assert log.sequencer.head == before
    log.clock.now += 601
    log.signer.now = log.clock.now
    [answer] = await log.sequencer.flush([[]])
    assert isinstance(answer, AppendAnswer)
    assert verify_checkpoint(answer.checkpoint, log_keys()).time == int(log.clock.now)
    assert log.sequencer.head.root == before.root


async def test_old_entries_are_proved_from_tiles_loaded_once() -> None:
    log = await TestLog(cache_size=1).start()
    batch = entries(*range(1, 1200))
    await log.sequencer.flush([batch])
    reads = log.ledger.reads
    wanted = [batch[i] for i in (0, 5, 300, 301, 700, 1100)]
    [answer] = await log.sequencer.flush([wanted])
    assert proved(answer, wanted) == [1, 6, 301, 302, 701, 1101]
    assert log.ledger.reads == reads + 1


@pytest.mark.parametrize(
    ("point", "kept"),
    [("audit.before_commit", 2), ("audit.after_commit", 4), ("audit.after_sign", 4)],
)
async def test_a_batch_killed_between_its_steps_is_finished_by_its_repeat(
    point: str, kept: int
) -> None:
    log = await TestLog().start()
    [first] = await log.sequencer.flush([entries(1)])
    log.crash_at = point
    with pytest.raises(Crash):
        await log.sequencer.flush([entries(2, 3)])
    await log.start()
    assert log.ledger.rows.size() == kept
    assert log.sequencer.head.size == kept
    [answer] = await log.sequencer.flush([entries(2, 3, 1)])
    assert proved(answer, entries(2, 3, 1)) == [2, 3, 1]
    assert proved(first, entries(1)) == [1]
