"""Erases ciphertext by the retention policy, a bounded number of envelopes at a time.

The manifest is read out of the container and kept, the entry is owed, in one commit; the ciphertext
goes when the log has the entry (`acting`). So at every moment there is either the container, or the
manifest and a proof that it was erased. Nothing is erased while a copy waits, is leased or is a
dead letter, nor while anything of the envelope is owed to the log.
"""

from collections.abc import AsyncIterator
from functools import partial

from sextant_exchange.domain.acting import LoggedActs
from sextant_exchange.domain.acts import ErasureOrder, Place, StoredAct
from sextant_exchange.domain.ports import Acts, Blobs, Envelopes, Erasable, Trouble
from sextant_exchange.domain.retention import Candidate, Retention
from sextant_shared.clock import Clock
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.manifest import PREFIX_SIZE, parse_prefix


class Erasing:
    """The use case; `_after` is how far the look through all envelopes has come."""

    def __init__(
        self,
        erasable: Erasable,
        acts: Acts,
        logged: LoggedActs,
        heads: "Heads",
        retention: Retention,
        clock: Clock,
        *,
        trouble: Trouble,
        batch: int,
    ) -> None:
        self._erasable = erasable
        self._acts = acts
        self._logged = logged
        self._heads = heads
        self._retention = retention
        self._clock = clock
        self._trouble = trouble
        self._batch = batch
        self._after = 0

    async def __call__(self) -> int:
        """Look at the next `batch` envelopes old enough; return how many were erased.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store or the log is away; what was begun is
                finished by recovery.
        """
        now, shortest = self._clock(), self._retention.shortest_s
        if shortest is None:
            return 0
        page, self._after = await self._erasable.kept(self._after, self._batch, now - shortest)
        begun = [act for one in page if (act := await self._begin(one, now))]
        if begun:
            await self._logged.finish(begun)
        return len(begun)

    async def _begin(self, candidate: Candidate, now: float) -> StoredAct | None:
        if self._retention.due(candidate, candidate.closed, now) is None:
            return None
        try:
            manifest = await self._heads.of(
                candidate.number, candidate.blob, candidate.manifest_digest
            )
        except PlatformError as error:
            self._trouble(error)  # one damaged container holds up no other
            return None
        order = ErasureOrder(
            Place(candidate.number, candidate.env, candidate.ref),
            manifest,
            partial(self._retention.due, candidate, now=now),
            now,
        )
        return await self._acts.erase(order)


class Heads:
    """Reads the signed head of an envelope: from its container, or from what stays of it."""

    def __init__(self, envelopes: Envelopes, blobs: Blobs) -> None:
        self._envelopes = envelopes
        self._blobs = blobs

    async def of(self, number: int, blob: str | None, digest: bytes) -> bytes:
        """Return the manifest with this digest.

        Raises:
            PlatformError: `E_INTEGRITY` when it is gone or altered, `E_UNAVAILABLE`.
        """
        manifest = await self._envelopes.manifest(number)
        if manifest is None and blob is None:
            manifest = _head(await self._envelopes.content(number) or b"")
        elif manifest is None and blob is not None:
            manifest = await _read_head(await self._blobs.open(blob))
        if manifest is None or sha256(manifest) != digest:
            raise PlatformError(Code.INTEGRITY, "the signed head of a stored container is gone")
        return manifest


async def _read_head(pieces: AsyncIterator[bytes]) -> bytes | None:
    data = b""
    async for piece in pieces:
        data += piece
        if (head := _head(data)) is not None:
            return head
    return None


def _head(data: bytes) -> bytes | None:
    if len(data) < PREFIX_SIZE:
        return None
    end = PREFIX_SIZE + parse_prefix(data[:PREFIX_SIZE])
    return data[PREFIX_SIZE:end] if len(data) >= end else None
