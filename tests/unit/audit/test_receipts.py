"""Proofs as documents: under which head, refused when, and signed how often."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from sextant_audit.domain import receipts
from sextant_audit.domain.ports import HeadSigner
from sextant_audit.domain.receipts import EntryProofs
from sextant_audit.domain.witnessing import CosignedHead, Witnessing
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import root_of
from sextant_shared.protocol.cose_receipts import (
    SignedRoot,
    verify_consistency_receipt,
    verify_inclusion_receipt,
)
from sextant_shared.protocol.logproof import parse_proof, verify_proof
from tests.support.logs import log_keys, receipt_key
from tests.unit.audit.memory import MemorySigner, TestLog, new_entry

pytestmark = pytest.mark.anyio


async def grown_log() -> TestLog:
    """Return a log whose heads of 1, 300 and 600 entries are published, and 650 are signed."""
    log = await TestLog().start()
    for start, end in ((1, 300), (300, 600)):
        await log.sequencer.flush([[new_entry(n) for n in range(start, end)]])
        await log.publisher.publish()
    await log.sequencer.flush([[new_entry(n) for n in range(600, 650)]])
    return log


def leaf(log: TestLog, index: int) -> bytes:
    return log.ledger.rows.stored[index].data


async def refused(work: object) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await work  # type: ignore[misc]  # whichever proof was asked for
    return caught.value


async def test_an_entry_under_no_published_head_has_to_wait() -> None:
    log = await grown_log()
    for proof in (log.proofs.text(600), log.proofs.inclusion(649)):
        error = await refused(proof)
        assert (error.code, error.retry_after_s) == (Code.UNAVAILABLE, 1)


async def test_an_entry_beyond_the_log_is_not_found() -> None:
    log = await grown_log()
    for proof in (
        log.proofs.text(650),
        log.proofs.inclusion(650),
        log.proofs.inclusion(300, 300),
        log.proofs.text(0, witnessed=True),
    ):
        assert (await refused(proof)).code is Code.NOT_FOUND


@pytest.mark.parametrize("size", [2, 299, 301, 650, 651, 2**62])
async def test_a_size_that_was_never_published_has_no_receipt(size: int) -> None:
    log = await grown_log()
    assert (await refused(log.proofs.inclusion(0, size))).code is Code.NOT_FOUND
    assert (await refused(log.proofs.consistency(1, size))).code is Code.NOT_FOUND
    assert log.signer.roots == 0


@pytest.mark.parametrize(("first", "second"), [(0, 600), (600, 600), (600, 300)])
async def test_sizes_without_a_proof_have_no_receipt(first: int, second: int) -> None:
    log = await grown_log()
    assert (await refused(log.proofs.consistency(first, second))).code is Code.NOT_FOUND


async def test_a_log_of_one_entry_has_no_receipt_that_the_standard_knows() -> None:
    log = await TestLog().start()
    assert "empty path" in (await refused(log.proofs.inclusion(0))).detail
    assert parse_proof(await log.proofs.text(0)).path == ()


async def test_a_text_proves_the_entry_under_the_published_head() -> None:
    log = await grown_log()
    for index in (0, 255, 256, 599):
        found = verify_proof(leaf(log, index), await log.proofs.text(index), log_keys())
        assert (found.index, found.checkpoint.size) == (index, 600)


async def test_a_witnessed_text_is_under_the_newest_head_with_a_quorum() -> None:
    log = await grown_log()
    [note] = log.ledger.rows.checkpoints(299, 300)

    class Witnesses:
        witnessed = CosignedHead(300, note)

    witnessing = cast(Witnessing, Witnesses())
    proofs = EntryProofs(log.ledger, log.prover, log.publisher, log.signer, witnessing)
    found = verify_proof(leaf(log, 7), await proofs.text(7, witnessed=True), log_keys())
    assert found.checkpoint.size == 300
    error = await refused(proofs.text(300, witnessed=True))
    assert (error.code, error.expected) == (Code.NOT_FOUND, "an entry from 0 to 299")


async def test_receipts_are_signed_once_for_each_head() -> None:
    log = await grown_log()
    found = await asyncio.gather(*(log.proofs.inclusion(index) for index in range(0, 600, 40)))
    for number, receipt in enumerate(found):
        hashed = leaf_hash(leaf(log, 40 * number))
        assert verify_inclusion_receipt(hashed, receipt, receipt_key()).size == 600
    assert log.signer.roots == 1
    older = await log.proofs.inclusion(5, 300)
    assert verify_inclusion_receipt(leaf_hash(leaf(log, 5)), older, receipt_key()).size == 300
    first = root_of(leaf_hash(leaf(log, index)) for index in range(300))
    continued = await log.proofs.consistency(300, 600)
    verify_consistency_receipt(first, continued, receipt_key())
    assert log.signer.roots == 2


async def test_signed_roots_are_forgotten_from_the_oldest_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receipts, "MAX_SIGNED_ROOTS", 1)
    log = await grown_log()
    for size in (600, 300, 300, 600):
        await log.proofs.inclusion(0, size)
    assert log.signer.roots == 3


class OvertakingSigner:
    """Agrees to the next of `sizes` just before it looks at a proof, as long as there is one."""

    def __init__(self, signer: MemorySigner, sizes: list[int]) -> None:
        self._signer = signer
        self._sizes = sizes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._signer, name)

    @property
    def size(self) -> int:
        return self._sizes[0]

    def sign_root(self, size: int, root: bytes, path: Sequence[bytes]) -> SignedRoot:
        if len(self._sizes) > 1:
            self._sizes.pop(0)
            raise PlatformError(Code.INTEGRITY, "the proof leads to an older head")
        return self._signer.sign_root(size, root, path)


async def test_a_proof_that_the_growing_log_overtook_is_made_again() -> None:
    log = await grown_log()
    signer = OvertakingSigner(log.signer, [600, 620, 650])
    proofs = EntryProofs(log.ledger, log.prover, log.publisher, cast(HeadSigner, signer))
    assert await proofs.inclusion(0)
    never = OvertakingSigner(log.signer, list(range(601, 612)))
    proofs = EntryProofs(log.ledger, log.prover, log.publisher, cast(HeadSigner, never))
    assert (await refused(proofs.inclusion(0))).code is Code.UNAVAILABLE
