"""Has an outside authority time-stamp the published head, about once a day.

Responsible for when to ask, for believing a reply, and for asking ever more rarely while it fails.
Nothing waits for it: entries, heads and witnesses go on whatever the authority does.

Durable step: a time-stamp is stored before it is shown. If we stop before, the authority is asked
again; a second time-stamp over the same head would say nothing new, and is never stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from cryptography.x509 import Certificate

from sextant_audit.domain.ports import Head
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.encoding import b64, b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import StampedHead, StampedHeads
from sextant_shared.protocol.timestamps import (
    MAX_REPLY_BYTES,
    Timestamp,
    make_query,
    require_sane_time,
    verify_timestamp,
)

LOOK_EVERY_S = 10.0
FIRST_WAIT_S = 60.0  # after a failure; then twice as long each time
MAX_WAIT_S = 3600.0
PAGE = 30
Ask = Callable[[bytes], Awaitable[bytes]]
"""Sends a query to the authority and returns its reply, whatever it is."""
_log = structlog.get_logger("sextant.audit")


class Stamps(Protocol):
    """Where time-stamps are kept: each written once, by the size of its head."""

    def newest(self) -> StampedHead | None:
        """Return the time-stamp of the largest head."""
        ...

    def after(self, size: int, limit: int) -> list[StampedHead]:
        """Return up to `limit` time-stamps of heads larger than `size`, smallest first."""
        ...

    def find(self, size: int) -> StampedHead | None:
        """Return the time-stamp of the head of one size."""
        ...

    def add(self, stamped: StampedHead) -> None:
        """Keep a time-stamp; it is durable on return."""
        ...


@dataclass(frozen=True)
class Authority:
    """Who is asked, how often, and the roots it must lead to."""

    ask: Ask
    roots: Sequence[Certificate]
    interval_s: float


class Timestamping:
    """The time-stamps of a log. Owned by the event loop; without an authority it only reads."""

    def __init__(
        self,
        stamps: Stamps,
        head: Callable[[], Head | None],
        clock: Clock,
        authority: Authority | None = None,
    ) -> None:
        self._stamps = stamps
        self._head = head
        self._clock = clock
        self._authority = authority
        self._newest: tuple[int, Timestamp] | None = None
        self._failures = 0
        self._next_try = 0.0
        self.fault = ""

    async def run(self) -> None:
        """Ask for ever, when it is time."""
        if self._authority is None:
            return
        await self.recover()
        while True:
            await self.round()
            await asyncio.sleep(LOOK_EVERY_S)

    async def recover(self) -> None:
        """Read the newest time-stamp kept; one that does not hold is told, and replaces nothing."""
        try:
            self._newest = await asyncio.to_thread(self._read_newest)
        except PlatformError as error:
            self._tell(f"the newest time-stamp kept does not hold: {error.detail}")

    async def round(self) -> None:
        """Have the published head time-stamped, if it is larger than the last and it is time."""
        head, authority = self._head(), self._authority
        if head is None or authority is None or not self._is_due(head, authority):
            return
        try:
            stamp = await self._stamp(head, authority)
        except PlatformError as error:
            wait_s = min(MAX_WAIT_S, FIRST_WAIT_S * 2 ** min(self._failures, 16))
            self._failures += 1
            self._next_try = self._clock() + wait_s
            self._tell(error.detail if not error.received else f"{error.detail}: {error.received}")
            return
        self._newest = head.size, stamp
        self.fault, self._failures, self._next_try = "", 0, 0.0
        _log.info("time-stamped", size=head.size, time=timestamp_s(stamp.time))

    async def list(self, after: int) -> StampedHeads:
        """Return a page of time-stamps of heads larger than `after`."""
        found = await asyncio.to_thread(self._stamps.after, after, PAGE + 1)
        return StampedHeads(
            v=1,
            kind="timestamps",
            items=found[:PAGE],
            more=len(found) > PAGE,
            fault=self.fault,
        )

    async def reply(self, size: int) -> bytes:
        """Return the authority's reply over the head of `size`, as it was sent.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await asyncio.to_thread(self._stamps.find, size)
        if found is None:
            raise PlatformError(Code.NOT_FOUND, f"no head of size {size} was time-stamped")
        return b64_decode(found.reply)

    def newest_timestamp(self) -> bytes | None:
        """Return the newest token; an entry of the log may quote its SHA-256."""
        return self._newest[1].token if self._newest else None

    def age_s(self) -> float | None:
        """Return how old the newest time-stamp is; None before the first."""
        return self._clock() - self._newest[1].time if self._newest else None

    def failures(self) -> float | None:
        """Return how many times in a row the authority gave none; None when nobody is asked."""
        return None if self._authority is None else float(self._failures)

    def _is_due(self, head: Head, authority: Authority) -> bool:
        now = self._clock()
        if now < self._next_try:
            return False
        if self._newest is None:
            return True
        size, stamp = self._newest
        return head.size > size and now - stamp.time >= authority.interval_s

    async def _stamp(self, head: Head, authority: Authority) -> Timestamp:
        data = head.checkpoint.encode()
        query = make_query(data)
        reply = await authority.ask(query.body)
        return await asyncio.to_thread(self._keep, head, authority, reply, query.nonce)

    def _keep(self, head: Head, authority: Authority, reply: bytes, nonce: int) -> Timestamp:
        """Verify a reply and store it; runs in a worker thread."""
        stamp = verify_timestamp(reply, head.checkpoint.encode(), authority.roots, nonce)
        require_sane_time(stamp, head.time, self._clock())
        stamped = StampedHead(
            v=1,
            kind="timestamp",
            size=head.size,
            t=timestamp_s(stamp.time),
            checkpoint=head.checkpoint,
            reply=b64(reply),
        )
        self._stamps.add(stamped)
        return stamp

    def _read_newest(self) -> tuple[int, Timestamp] | None:
        found = self._stamps.newest()
        if found is None or self._authority is None:
            return None
        reply = b64_decode(found.reply)[: MAX_REPLY_BYTES + 1]
        stamp = verify_timestamp(reply, found.checkpoint.encode(), self._authority.roots)
        return found.size, stamp

    def _tell(self, fault: str) -> None:
        if fault != self.fault:
            _log.warning("no time-stamp", reason=fault, failures=self._failures)
        self.fault = fault
