"""Proofs of one entry as documents: tlog-proof texts and COSE receipts, under published heads.

Responsible for which head an entry is proved under, and for asking the signer once for each head
and never for each entry. Not responsible for the hashes (`proving`).
"""

import asyncio
from collections import OrderedDict

from sextant_audit.domain.ports import HeadSigner, Ledger
from sextant_audit.domain.proving import Prover
from sextant_audit.domain.publishing import Publisher
from sextant_audit.domain.witnessing import CosignedHead, Witnessing
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.cose_receipts import (
    SignedRoot,
    format_consistency,
    format_inclusion,
)
from sextant_shared.protocol.logproof import format_proof

MAX_SIGNED_ROOTS = 256
_TRIES = 4  # the signer may agree to a larger head between our proof and its look at it


class EntryProofs:
    """Proves entries to strangers. Owned by the event loop."""

    def __init__(
        self,
        ledger: Ledger,
        prover: Prover,
        publisher: Publisher,
        signer: HeadSigner,
        witnessing: Witnessing | None = None,
    ) -> None:
        self._ledger = ledger
        self._prover = prover
        self._publisher = publisher
        self._signer = signer
        self._witnessing = witnessing
        self._signed: OrderedDict[int, SignedRoot] = OrderedDict()
        self._signing = asyncio.Lock()

    async def text(self, index: int, *, witnessed: bool = False) -> str:
        """Return the tlog-proof of an entry under the published head, or the newest witnessed one.

        Raises:
            PlatformError: `E_NOT_FOUND` beyond the log or that head; `E_UNAVAILABLE` for an entry
                whose head is not published yet.
        """
        head = self._witnessed(index) if witnessed else self._published(index)
        [path] = await self._prover.inclusion([index], head.size)
        return format_proof(index, path, head.checkpoint)

    async def inclusion(self, index: int, size: int | None = None) -> bytes:
        """Return the COSE receipt of an entry under the published head, or that of `size`.

        Raises:
            PlatformError: as `text`; `E_NOT_FOUND` for a size that was never published, or
                without a key of receipts.
        """
        if size is None:
            size = self._published(index).size
        elif not index < size:
            raise _no_entry(index, size)
        if size == 1:
            raise PlatformError(
                Code.NOT_FOUND,
                "a log of one entry has no receipt: RFC 9942 has none with an empty path",
                fix="Ask again when a further entry stands in the log.",
            )
        signed = await self._signed_root(size)
        [path] = await self._prover.inclusion([index], size)
        return format_inclusion(signed, size, index, path)

    async def consistency(self, first: int, second: int) -> bytes:
        """Return the COSE receipt that the published tree of `second` continues that of `first`.

        Raises:
            PlatformError: as `inclusion`; `E_NOT_FOUND` unless `first < second`.
        """
        if not 0 < first < second:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no receipt from size {first} to size {second}",
                expected=f"a first size from 1 to {second - 1}",
                received=str(first),
            )
        signed = await self._signed_root(second)
        path = await self._prover.consistency(first, second)
        return format_consistency(signed, first, second, path)

    def _published(self, index: int) -> CosignedHead:
        head = self._publisher.head
        size = self._publisher.size
        if head is None or size <= index < self._publisher.signed_size:
            raise PlatformError(
                Code.UNAVAILABLE, f"no head over entry {index} is published yet", retry_after_s=1
            )
        if not index < size:
            raise _no_entry(index, size)
        note = self._witnessing.cosigned(head) if self._witnessing else head.checkpoint
        return CosignedHead(size, note)

    def _witnessed(self, index: int) -> CosignedHead:
        head = self._witnessing.witnessed if self._witnessing else None
        if head is None or not index < head.size:
            raise PlatformError(
                Code.NOT_FOUND,
                f"no head over entry {index} has been witnessed yet",
                expected=f"an entry from 0 to {head.size - 1}" if head else "a quorum of witnesses",
                received=str(index),
                fix="Ask again later, or for the proof under the published head.",
            )
        return head

    async def _signed_root(self, size: int) -> SignedRoot:
        async with self._signing:
            found = self._signed.get(size)
            if found is None:
                found = await self._sign(size)
                self._signed[size] = found
                if len(self._signed) > MAX_SIGNED_ROOTS:
                    self._signed.popitem(last=False)
            return found

    async def _sign(self, size: int) -> SignedRoot:
        """Have the root of a published head signed: a root nobody was shown gets no receipt."""
        published = size == self._publisher.size or await self._ledger.read(
            lambda rows: bool(rows.checkpoints(size - 1, size))
        )
        if not published:
            raise PlatformError(
                Code.NOT_FOUND,
                f"no head of size {size} was published",
                expected=f"a published size, the newest is {self._publisher.size}",
                received=str(size),
            )
        root = await self._prover.root(size)
        for _ in range(_TRIES):
            agreed = self._signer.size
            path = await self._prover.consistency(size, agreed)
            try:
                return await asyncio.to_thread(self._signer.sign_root, size, root, path)
            except PlatformError:
                if self._signer.size == agreed:
                    raise
        raise PlatformError(
            Code.UNAVAILABLE, "the log grows too fast for a receipt now", retry_after_s=1
        )


def _no_entry(index: int, size: int) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        f"a tree of {size} entries has no entry {index}",
        expected=f"0 to {size - 1}",
        received=str(index),
    )
