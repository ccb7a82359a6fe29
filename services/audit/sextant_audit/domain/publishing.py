"""The head that the world sees: it moves forward only, and at most once in a while.

Responsible for `/checkpoint`. Receipts do not wait for it: each batch is signed at once, but the
heads that witnesses, monitors and caches meet are few and the same for all (C2SP tlog-tiles wants
partial tiles for each of them).

Durable step: a head is stored before it is served (`audit.before_publish`). If we stop before, the
next start publishes the newest head; if we stop after, it finds it stored.
"""

import asyncio
from collections.abc import Callable

from sextant_audit.domain.ports import CrashPoint, Head, Ledger, WritableRows
from sextant_shared.errors import Code, PlatformError


class Publisher:
    """Holds the published head. Owned by the event loop."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        interval_s: float,
        crash_point: CrashPoint,
        stored_size: int,
        on_published: Callable[[Head], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._interval_s = interval_s
        self._crash_point = crash_point
        self._stored_size = stored_size
        self._on_published = on_published
        self._doubted_size = 0  # of a commit that was not answered: it may stand already
        self._newest: Head | None = None
        self._published: Head | None = None
        self._offered = asyncio.Event()
        self.fault: PlatformError | None = None  # why the newest head could not be stored

    @property
    def head(self) -> Head | None:
        """The published head; None until the first was stored."""
        return self._published

    @property
    def size(self) -> int:
        """Size of the published tree."""
        return self._published.size if self._published else 0

    @property
    def signed_size(self) -> int:
        """Size of the newest signed tree: receipts bear its head before it is published."""
        return self._newest.size if self._newest else self.size

    def offer(self, head: Head) -> None:
        """Propose a newer head; it is published when its turn comes."""
        self._newest = head
        self._offered.set()

    async def publish(self) -> None:
        """Store and serve the newest head offered, if it is not the one already served."""
        self._offered.clear()
        head = self._newest
        if head is None or head == self._published:
            return
        if head.size > self._stored_size:
            await self._store(head)
        self._published = head
        self._on_published(head)

    async def _store(self, head: Head) -> None:
        self._crash_point("audit.before_publish")

        def store(rows: WritableRows) -> None:
            is_ours = head.size == self._doubted_size
            if not (is_ours and rows.checkpoints(head.size - 1, head.size)):
                rows.add_checkpoint(head.size, head.root, head.checkpoint)

        try:
            await self._ledger.write(store)
        except PlatformError as error:
            self._offered.set()  # its turn comes again
            if error.code is Code.UNAVAILABLE:
                self._doubted_size = head.size
            raise
        self._stored_size = head.size

    async def run(self) -> None:
        """Publish for ever, with a pause of the interval after each head or failure."""
        while True:
            await self._offered.wait()
            try:
                await self.publish()
                self.fault = None
            except PlatformError as error:
                self.fault = error
            await asyncio.sleep(self._interval_s)
