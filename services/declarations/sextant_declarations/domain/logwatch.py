"""Watches that every log head shown to us belongs to one and the same log.

Custody receipts and the heads that senders sign into their envelopes come from all sides. If the
log showed two faces, two of these heads would not fit; each is therefore proved consistent with
the newest one we hold. Gossip inside signed messages finds a split view without any further
infrastructure (envelope §7, attack 4).

Responsible for comparing and for raising an alarm that stays. Not responsible for stopping
anything: intake never waits for the log, and a false claim by one sender must not stop the others.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

import structlog

from sextant_declarations.domain.deliveries import Examined, LogHead
from sextant_declarations.domain.ports import HeadLedger, HeadProofs
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.proofs import verify_consistency

MAX_PENDING = 1024  # heads seen and not compared; beyond it the oldest is dropped, more will come
MAX_KNOWN = 4096  # heads compared already: senders repeat theirs

# A receipt may be under a head that the log publishes a little later; a head it signed for one
# reader and never publishes is what a split view looks like.
PUBLISH_S = 120.0

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A head and who showed it. `text` is the signed checkpoint, None for a sender's claim."""

    source: str
    size: int
    root: bytes
    text: str | None
    seen_at: float


@dataclass
class LogWatch:
    """Compares sightings with the newest head that fits everything seen before."""

    ledger: HeadLedger
    proofs: HeadProofs
    clock: Clock
    _pending: OrderedDict[tuple[int, bytes], Sighting] = field(default_factory=OrderedDict)
    _known: OrderedDict[tuple[int, bytes], None] = field(default_factory=OrderedDict)

    def sighted(self, examined: Examined) -> None:
        """Remember the heads that an examined envelope shows, to be compared soon."""
        name = f"{examined.sender} {examined.id}"
        head = examined.custody.head
        now = self.clock()
        self._add(Sighting(f"custody receipt of {name}", head.size, head.root, head.text, now))
        if examined.head and examined.head.beacon:
            size, root = examined.head.beacon
            self._add(Sighting(f"header of {name}", size, root, None, now))

    def pinned(self, head: LogHead) -> None:
        """Remember the head that the trust file pins."""
        self._add(Sighting("trust file", head.size, head.root, head.text, self.clock()))

    async def __call__(self) -> bool:
        """Compare what is pending; return False: there is never more to do at once.

        Signed heads come first and the largest first, so that claims meet the newest head we have.
        """
        newest = await self.ledger.newest()
        for sighting in sorted(
            self._pending.values(), key=lambda seen: (seen.text is None, -seen.size)
        ):
            try:
                newest = await self._compare(sighting, newest)
            except PlatformError as error:
                if error.code is Code.UNAVAILABLE:
                    return False
                if error.code is Code.NOT_FOUND and self.clock() < sighting.seen_at + PUBLISH_S:
                    continue
                await self._alarm(sighting, newest, error)
            self._settle(sighting)
        return False

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
        key = (seen.size, seen.root)
        if key in self._known or key in self._pending:
            return
        self._pending[key] = seen
        if len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)

    def _settle(self, seen: Sighting) -> None:
        key = (seen.size, seen.root)
        self._pending.pop(key, None)
        self._known[key] = None
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
