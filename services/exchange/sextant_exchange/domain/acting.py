"""Carries out logged acts: three durable steps, then the answer, as for a deposit.

A  What the act does and the entry it owes to the log: one commit. It holds from here on.
   If we stop here, recovery gives the log the same entry bytes.
B  The log appends the entry and proves it. Appending is idempotent on the entry's id.
   If we stop here, recovery appends again and gets the same index.
C  The place in the log and the proof are stored; an erasure removes the ciphertext in this commit.
   If we stop here, the answer is lost; a repeat, or the list of acts, gives the same receipt.

An acknowledgement alone is answered before its entry is made: see `acknowledging`.
The answer follows C. When the log is late the answer says that the act is done and its proof owed.
Races between a recall and a lease or a fetch are decided in step A: whoever commits first has it.
"""

import asyncio
from collections.abc import Sequence

from sextant_exchange.domain.acts import ActKind, DeadLetterOrder, Place, RecallOrder, StoredAct
from sextant_exchange.domain.appending import append_apart
from sextant_exchange.domain.envelopes import Stored
from sextant_exchange.domain.ports import Acts, Blobs, Log, LoggedLeaf, Step, Trouble
from sextant_shared.clock import Clock, parse_timestamp
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import DiscardDetail, DiscardRequest, ReplayDetail, ReplayRequest
from sextant_shared.protocol.access import Subject
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.recalls import read_recall, verify_recall

BATCH = 256  # acts in one call to the log


class LoggedActs:
    """The use cases; `settle` is recovery's."""

    def __init__(
        self,
        acts: Acts,
        log: Log,
        blobs: Blobs,
        clock: Clock,
        *,
        reached: Step,
        trouble: Trouble,
        log_wait_s: float,
        created_skew_s: float,
    ) -> None:
        self._acts = acts
        self._log = log
        self._blobs = blobs
        self._clock = clock
        self._reached = reached
        self._trouble = trouble
        self._log_wait_s = log_wait_s
        self._created_skew_s = created_skew_s
        self._finishing: set[asyncio.Task[list[StoredAct]]] = set()

    async def recall(self, stored: Stored, raw: bytes, registry: Registry) -> StoredAct:
        """Recall an envelope of the caller's by a statement; the same statement twice is one act.

        Raises:
            PlatformError: `E_MALFORMED`, `E_KEY`, `E_SIGNATURE`, `E_DIGEST`, `E_CLOCK` for the
                statement; `E_STATE` while the envelope is pending, when another statement
                recalled it, or when all recipients have it.
        """
        recall = read_recall(raw)
        made_before = await self._acts.recall_of(stored.number)
        if made_before is None or made_before.made.statement != raw:
            statement = verify_recall(
                recall, registry.signing_pair(stored.claim.sender, recall.kids)
            )
            _check_subject(stored, statement.env, statement.man)
            self._check_created(statement.created)
        reason = recall.statement.reason
        order = RecallOrder(_place(stored), stored.claim.sender, raw, reason, self._clock())
        return await self._finished(await self._acts.recall(order))

    async def replay(self, subject: Subject, seq: int, request: ReplayRequest) -> StoredAct:
        """Make a dead letter of the caller's available again.

        Raises:
            PlatformError: `E_STATE` when it is none.
        """
        party = _owner(subject)
        detail = ReplayDetail(party=party, seq=seq, by=subject.client_id, reason=request.reason)
        order = DeadLetterOrder(ActKind.REPLAY, party, seq, detail, request.reason, self._clock())
        return await self._finished(await self._acts.replay(order))

    async def discard(self, subject: Subject, seq: int, request: DiscardRequest) -> StoredAct:
        """Give up a dead letter of the caller's for good; twice is one act.

        Raises:
            PlatformError: `E_STATE` when it is none.
        """
        party = _owner(subject)
        detail = DiscardDetail(
            party=party, seq=seq, by=subject.client_id, reason=request.reason, note=request.note
        )
        said = ": ".join(part for part in (str(request.reason), request.note) if part)
        order = DeadLetterOrder(ActKind.DISCARD, party, seq, detail, said, self._clock())
        return await self._finished(await self._acts.discard(order))

    async def settle(self) -> None:
        """Finish all acts that are owed, oldest first; stop early when the log takes none.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store or the log is away.
        """
        after = 0
        while batch := await self._acts.owed(after, BATCH):
            finished = await self.finish(batch)
            if len(batch) < BATCH or not any(act.proof for act in finished):
                return
            after = batch[-1].position

    async def finish(self, batch: Sequence[StoredAct]) -> list[StoredAct]:
        """Steps B and C; an act whose entry the log refuses comes back as it was.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_INTEGRITY`, when all stay owed.
        """
        self._reached("exchange.after_act_held")
        try:
            leaves = await append_apart(
                self._log, [(act.made.entry, None) for act in batch], self._trouble
            )
        except PlatformError as error:
            self._trouble(error)
            raise
        self._reached("exchange.after_act_logged")
        proved = [
            (act, leaf)
            for act, leaf in zip(batch, leaves, strict=True)
            if isinstance(leaf, LoggedLeaf)
        ]
        stored, blobs = await self._acts.prove(proved)
        self._reached("exchange.after_act_stored")
        if blobs:  # if we stop before this, or the store is away, they are swept later
            await self._blobs.delete(blobs)
        by_position = {act.position: act for act in stored}
        return [by_position.get(act.position, act) for act in batch]

    async def drain(self) -> None:
        """Give what is under way the time of one answer; it is written down in any case."""
        if self._finishing:
            await asyncio.wait(list(self._finishing), timeout=self._log_wait_s)

    async def _finished(self, act: StoredAct) -> StoredAct:
        if act.proof is not None:
            return act
        task = asyncio.create_task(self._try(act))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        done, _ = await asyncio.wait([task], timeout=self._log_wait_s)
        return task.result()[0] if done else act

    async def _try(self, act: StoredAct) -> list[StoredAct]:
        try:
            return await self.finish([act])
        except PlatformError:
            return [act]  # told to the operator; recovery comes again

    def _check_created(self, created: str) -> None:
        offset = parse_timestamp(created) - self._clock()
        if abs(offset) > self._created_skew_s:
            raise PlatformError(
                Code.CLOCK,
                "the recall was signed too long ago, or by a clock that is off",
                expected=f"within {self._created_skew_s:g} s of now",
                received=f"{created}, {offset:+.0f} s",
                fix="Set the clock, then sign again.",
            )


def _owner(subject: Subject) -> str:
    """Return whose mailbox a caller acts on; an officer has none here."""
    if subject.party is None:
        raise PlatformError(
            Code.STATE,
            "this client acts for no party, so it has no dead letters here",
            fix="Officers mend the verification queue at the declarations service.",
        )
    return subject.party


def _place(stored: Stored) -> Place:
    if stored.index is None:
        raise PlatformError(
            Code.STATE,
            "the envelope is not in the log yet",
            fix="Recall it once its custody receipt is there.",
            retry_after_s=2,
        )
    return Place(stored.number, stored.claim.id, stored.index)


def _check_subject(stored: Stored, env: str, man: str) -> None:
    expected = (stored.claim.id, b64u(stored.claim.manifest_digest))
    if (env, man) != expected:
        raise PlatformError(
            Code.DIGEST,
            "the recall is about another envelope than the address, or another manifest",
            expected=" ".join(expected),
            received=f"{env} {man}",
            fix="Sign a statement about this envelope's manifest.",
        )
