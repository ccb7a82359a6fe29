"""Watches that every log head shown to us belongs to one and the same log.

Custody receipts and the heads that senders sign into their envelopes come from all sides. If the
log showed two faces, two of these heads would not fit; each is therefore proved consistent with
the newest one we hold. Gossip inside signed messages finds a split view without any further
infrastructure (envelope §7, attack 4).

Responsible for comparing and for raising an alarm that stays. Not responsible for stopping
anything: intake never waits for the log, and a false claim by one sender must not stop the others.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace

import structlog

from sextant_declarations.domain.deliveries import Examined, LogHead
from sextant_declarations.domain.ports import HeadLedger, HeadProofs
from sextant_shared.clock import Clock, monotonic, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.proofs import verify_consistency

MAX_PENDING = 1024  # heads seen and not compared; beyond it the oldest is dropped, more will come
MAX_KNOWN = 4096  # heads compared already: senders repeat theirs

# A receipt may be under a head that the log publishes a little later; a head it signed for one
# reader and never publishes is what a split view looks like. It runs from the log's first answer
# that there is no such head, by a clock that nobody sets: a log that was away, or a machine that
# was, has its time all the same.
PUBLISH_S = 120.0

# What may say that a head does not fit. Any other refusal (the log is away, it is asked too often,
# a token ended with its restart) says nothing of its history: all wait until it gives proofs again.
_EVIDENCE = (Code.INTEGRITY, Code.MALFORMED, Code.NOT_FOUND)

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A head and who showed it. `text` is the signed checkpoint, None for a sender's claim.

    `denied_at` is when the log first said that it has published no such head.
    """

    source: str
    size: int
    root: bytes
    text: str | None
    denied_at: float | None = None

    @property
    def key(self) -> tuple[int, bytes]:
        """What makes two sightings the same."""
        return self.size, self.root


@dataclass
class LogWatch:
    """Compares sightings with the newest head that fits everything seen before."""

    ledger: HeadLedger
    proofs: HeadProofs
    clock: Clock
    elapsed: Clock = monotonic
    _pending: OrderedDict[tuple[int, bytes], Sighting] = field(default_factory=OrderedDict)
    _known: OrderedDict[tuple[int, bytes], None] = field(default_factory=OrderedDict)

    def sighted(self, examined: Examined) -> None:
        """Remember the heads that an examined envelope shows, to be compared soon."""
        name = f"{examined.sender} {examined.id}"
        head = examined.custody.head
        self._add(Sighting(f"custody receipt of {name}", head.size, head.root, head.text))
        if examined.head and examined.head.beacon:
            size, root = examined.head.beacon
            self._add(Sighting(f"header of {name}", size, root, None))

    def pinned(self, head: LogHead) -> None:
        """Remember the head that the trust file pins."""
        self._add(Sighting("trust file", head.size, head.root, head.text))

    async def __call__(self) -> bool:
        """Compare what is pending; return False: there is never more to do at once.

        Signed heads come first and the largest first, so that claims meet the newest head we have;
        a claim that none has reached waits as long as a larger signed head does.
        """
        newest = await self.ledger.newest()
        waited_for = 0
        for seen in sorted(self._pending.values(), key=lambda one: (one.text is None, -one.size)):
            reached = newest.size if newest else 0
            if seen.text is None and reached < seen.size <= waited_for:
                continue
            try:
                newest = await self._compare(seen, newest)
            except PlatformError as error:
                if error.code is Code.UNAVAILABLE:
                    return False
                if error.code not in _EVIDENCE:
                    _log.warning("log.no_proof", size=seen.size, code=str(error.code))
                    return False
                if error.code is Code.NOT_FOUND and self._may_be_published_yet(seen):
                    waited_for = max(waited_for, seen.size)
                    continue
                await self._alarm(seen, newest, error)
            self._settle(seen)
        return False

    def _may_be_published_yet(self, seen: Sighting) -> bool:
        """Whether the log still has time to publish a head that it says there is none of."""
        denied_at = self.elapsed() if seen.denied_at is None else seen.denied_at
        self._pending[seen.key] = replace(seen, denied_at=denied_at)
        return self.elapsed() <= denied_at + PUBLISH_S

    async def _compare(self, seen: Sighting, newest: LogHead | None) -> LogHead | None:
        """Return the newest head after this one, or raise what does not fit."""
        if newest is None or seen.size > newest.size:
            if seen.text is None:
                raise PlatformError(
                    Code.INTEGRITY, "a sender claims a head beyond any the log has signed for us"
                )
            if newest is not None:
                await self._prove(newest.size, newest.root, seen.size, seen.root)
            head = LogHead(seen.size, seen.root, seen.text)
            if not await self.ledger.keep(head, over=newest):
                # Another process moved on: what it saw must fit this one as well.
                return await self._compare(seen, await self.ledger.newest())
            return head
        await self._prove(seen.size, seen.root, newest.size, newest.root)
        return newest

    async def _prove(self, size: int, root: bytes, larger: int, larger_root: bytes) -> None:
        path = [] if size == larger else await self.proofs.consistency(size, larger)
        verify_consistency(size, larger, path, root, larger_root)

    async def _alarm(self, seen: Sighting, newest: LogHead | None, error: PlatformError) -> None:
        _log.critical(
            "log.two_faces",
            source=seen.source,
            size=seen.size,
            root=b64u(seen.root),
            detail=error.detail,
        )
        t = timestamp_ms(self.clock())
        await self.ledger.alarm(t, seen.source, (seen.size, seen.root), newest, error.detail)

    def _add(self, seen: Sighting) -> None:
        if seen.key in self._known or seen.key in self._pending:
            return
        self._pending[seen.key] = seen
        while len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)

    def _settle(self, seen: Sighting) -> None:
        self._pending.pop(seen.key, None)
        self._known[seen.key] = None
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
