"""Delivers what is owed: log entries in batches, sealed replies one by one, until it is done.

Durable steps of an entry, in this order:

1. The entry stands in the outbox, written with the act it records.
   If we stop here: the next cycle appends it.
2. The log answers with its place and proof (`declarations.after_entry`).
   If we stop here: it is appended again; its id makes the log answer the same place.
3. Place and verified proof are stored. The row is evidence from then on.

Durable steps of a reply:

1. The sealed bytes stand in the outbox, written with the act they tell of.
   If we stop here: the next cycle deposits them.
2. The exchange accepts them, with or without a custody receipt yet (`declarations.after_reply`).
   If we stop here: the same bytes are deposited again and the same receipt comes back.
3. The verified custody receipt is stored. The row is evidence from then on.

A reply that waited too long may no longer fit: its date is too old, or a key of either side was
changed meanwhile. If the exchange refuses it for that and does not hold it, it is sealed anew
under a new id, which replaces the old bytes in one transaction. If we stop before that, the next
cycle finds the same refusal and does the same.

What cannot be delivered stays owed, with its reason, and is tried again for ever with growing
pauses; nothing is given up. One bad row does not hold up the others.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from sextant_declarations.domain.defects import told
from sextant_declarations.domain.owed import DueEntry, DueReply, LoggedProof, Postponed, SealedReply
from sextant_declarations.domain.ports import Dispatch, EntryOutbox, Log, ReplyOutbox, Step, Trace
from sextant_shared.clock import Clock
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.proofs import verify_inclusion
from sextant_shared.models.log import MAX_BATCH, AppendAnswer
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from sextant_shared.protocol.logproof import format_proof
from sextant_shared.protocol.receipts import verify_custody

PENDING_RECEIPT_S = 1.0  # the exchange answered 202: its receipt follows within about a second
_MAX_DOUBLINGS = 16
_OUTDATED = (Code.CLOCK, Code.KEY, Code.RECIPIENT)  # what time alone makes of a good reply

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between tries: doubling from the first to the cap, shortened by chance."""

    first_s: float
    cap_s: float

    def pause_s(self, attempts: int, error: PlatformError | None = None) -> float:
        """Return the pause after so many failed tries, at least what the other side asks for."""
        asked = (error.retry_after_s if error else None) or 0
        longest = min(self.cap_s, self.first_s * float(1 << min(attempts, _MAX_DOUBLINGS)))
        return max(asked, longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load


@dataclass(frozen=True)
class RelayEntries:
    """One cycle: append what is due in one batch, verify the proofs, keep them."""

    outbox: EntryOutbox
    log: Log
    keys: LogKeys
    trace: Trace
    step: Step
    clock: Clock
    backoff: Backoff

    async def __call__(self) -> bool:
        """Deliver; return whether there was anything to do."""
        due = await self.outbox.due_entries(MAX_BATCH, self.clock())
        if not due:
            return False
        try:
            await self._append(due)
        except PlatformError as error:
            if error.code is Code.UNAVAILABLE or len(due) == 1:
                await self._postpone(due, error)
            else:
                await self._append_each(due)
        return True

    async def _append_each(self, due: Sequence[DueEntry]) -> None:
        """Append one by one: the log refuses a batch as a whole, whichever entry it means."""
        for entry in due:
            try:
                await self._append([entry])
            except PlatformError as error:
                await self._postpone([entry], error)

    async def _append(self, due: Sequence[DueEntry]) -> None:
        with self.trace.delivering("append entries", [entry.origin for entry in due]):
            answer = await self.log.append([entry.leaf for entry in due])
            self.step("declarations.after_entry")
            await self.outbox.entries_logged(self._verified(due, answer))

    def _verified(self, due: Sequence[DueEntry], answer: AppendAnswer) -> list[LoggedProof]:
        checkpoint = verify_checkpoint(answer.checkpoint, self.keys)
        if len(answer.items) != len(due):
            raise PlatformError(
                Code.INTEGRITY,
                "the log answered another number of entries than it was given",
                expected=str(len(due)),
                received=str(len(answer.items)),
            )
        proofs = []
        for entry, item in zip(due, answer.items, strict=True):
            path = [b64_decode(node) for node in item.path]
            verify_inclusion(
                item.index, checkpoint.size, leaf_hash(entry.leaf), path, checkpoint.root
            )
            proof = format_proof(item.index, path, answer.checkpoint)
            proofs.append(LoggedProof(row=entry.row, index=item.index, proof=proof))
        return proofs

    async def _postpone(self, due: Sequence[DueEntry], error: PlatformError) -> None:
        _log.warning("entries.owed", count=len(due), reason=str(error))
        now = self.clock()
        await self.outbox.postpone_entries(
            [
                Postponed(
                    row=entry.row,
                    error=str(error),
                    again_at=now + self.backoff.pause_s(entry.attempts, error),
                )
                for entry in due
            ]
        )


@dataclass(frozen=True)
class RelayReplies:
    """One cycle: deposit what is due, a few at once, and keep the custody receipts."""

    outbox: ReplyOutbox
    dispatch: Dispatch
    keys: LogKeys
    trace: Trace
    step: Step
    clock: Clock
    backoff: Backoff
    reseal: Callable[[DueReply], Awaitable[SealedReply]]
    at_once: int

    async def __call__(self) -> bool:
        """Deliver; return whether there was anything to do."""
        due = await self.outbox.due_replies(self.at_once, self.clock())
        await asyncio.gather(*(self._deliver(reply) for reply in due))
        return bool(due)

    async def _deliver(self, reply: DueReply) -> None:
        try:
            with self.trace.delivering("deposit reply", [reply.origin]):
                custody = await self._hand_over(reply)
                self.step("declarations.after_reply")
                if custody is not None:
                    verify_custody(custody, reply.manifest_digest, reply.id, self.keys)
                await self.outbox.reply_deposited(
                    reply.row, custody, self.clock() + PENDING_RECEIPT_S
                )
        except PlatformError as error:
            await self._failed(reply, error)

    async def _hand_over(self, reply: DueReply) -> bytes | None:
        if reply.is_deposited:
            return await self.dispatch.receipt(reply.id)
        try:
            return await self.dispatch.deposit(reply.container)
        except PlatformError as error:
            if error.code not in _OUTDATED:
                raise
            # An earlier deposit may have been accepted and its answer lost.
            return await self._held_after_all(reply, error)

    async def _held_after_all(self, reply: DueReply, refused: PlatformError) -> bytes | None:
        try:
            return await self.dispatch.receipt(reply.id)
        except PlatformError as error:
            raise refused if error.code is Code.NOT_FOUND else error from error

    async def _failed(self, reply: DueReply, error: PlatformError) -> None:
        _log.warning("reply.owed", id=reply.id, reason=str(error))
        try:
            if error.code in _OUTDATED and not reply.is_deposited:
                await self.outbox.replace_reply(reply.row, await self.reseal(reply))
        except PlatformError as again:
            error = again
        again_at = self.clock() + self.backoff.pause_s(reply.attempts, error)
        await self.outbox.postpone_reply(
            Postponed(row=reply.row, error=str(error), again_at=again_at)
        )


async def repeat(
    cycle: Callable[[], Awaitable[bool]], *, wake: asyncio.Event, poll_s: float
) -> None:
    """Run cycles for ever: at once while there is work, else when woken or after `poll_s`."""
    while True:
        wake.clear()
        try:
            busy = await cycle()
        except Exception as error:  # noqa: BLE001 - the loop outlives every defect; nothing is lost
            _log.error("relay.defect", **told(error))
            busy = False
        if not busy:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), poll_s)
