"""Deposits that arrive in parts: whose they are, how many, for how long, and whose turn it is.

An upload is the container of one claim (sender, id, manifest) on its way. What it promises is its
offset: so many bytes are durable and are never asked for again, also after the process was killed.
It is a promise of a day, not a record: when it ends, whole or not, nothing of it is left.

The newest request has the turn: a connection that broke may look alive from here for as long as a
silence is allowed, and its sender, who knows better, must not wait for that. So whoever comes
interrupts the reading before it; what had arrived is kept.

Not responsible for what a manifest may say nor for HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sextant_exchange.domain.envelopes import Claim
from sextant_exchange.domain.ports import Step
from sextant_exchange.domain.quota import Room
from sextant_shared.clock import Clock, random_bytes
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError

TOKEN_BYTES = 18
RETRY_S = 5  # of a party whose places are taken: they free up as uploads end


@dataclass(frozen=True, slots=True)
class Kept:
    """An upload as it lies in the store; `opened` is in unix seconds, whole ones."""

    token: str
    claim: Claim
    length: int
    opened: int
    offset: int


class Tail(Protocol):
    """The end of an upload's bytes, where more are added."""

    def write(self, block: bytes) -> None:
        """Add bytes. Raises `E_UNAVAILABLE`."""
        ...

    async def keep(self) -> int:
        """Make all that was added durable; return the offset. Raises `E_UNAVAILABLE`."""
        ...


class Partials(Protocol):
    """The store of uploads under way."""

    def kept(self) -> Sequence[Kept]:
        """Return what is left from before, cut to what is durable; the rest is removed."""
        ...

    async def begin(self, kept: Kept, head: bytes) -> None:
        """Store a new upload that begins with `head`. Raises `E_UNAVAILABLE`."""
        ...

    def tail(self, token: str, offset: int) -> AbstractContextManager[Tail]:
        """Open an upload for adding after its first `offset` bytes."""
        ...

    def path(self, token: str) -> Path:
        """Return where the container lies."""
        ...

    async def remove(self, token: str) -> None:
        """Remove an upload; one that is gone already is no error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadBounds:
    """What uploads may take; `keep_bytes` is how much may be lost when the process is killed."""

    per_party: int
    lifetime_s: int
    keep_bytes: int


@dataclass(eq=False, slots=True)
class Upload:
    """One upload under way."""

    token: str
    claim: Claim
    length: int
    opened: int
    offset: int
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    reading: asyncio.Timeout | None = None

    @asynccontextmanager
    async def taken_over(self) -> AsyncIterator[None]:
        """Take the turn; a reading that is under way ends."""
        self.waiting += 1
        if self.reading is not None:
            self.reading.reschedule(asyncio.get_running_loop().time())
            self.reading = None
        try:
            await self.lock.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self.lock.release()

    async def read(self, blocks: AsyncIterator[bytes]) -> bytes:
        """Return the next block, empty at the end; leave as soon as another wants the turn.

        Raises:
            PlatformError: `E_STATE`, and what the reading raises.
        """
        if self.waiting:
            raise _taken_over()
        try:
            async with asyncio.timeout(None) as self.reading:
                return await anext(blocks, b"")
        except TimeoutError as error:
            raise _taken_over() from error
        finally:
            self.reading = None


class Uploads:
    """All uploads under way, by token. One process holds the store, so this is the whole truth."""

    def __init__(
        self, partials: Partials, bounds: UploadBounds, clock: Clock, reached: Step
    ) -> None:
        self._partials = partials
        self._bounds = bounds
        self._clock = clock
        self._reached = reached
        self._open = {kept.token: _live(kept) for kept in partials.kept()}
        self._beginning = asyncio.Lock()

    def owed_bytes(self) -> int:
        """Return how many bytes uploads under way may still bring: room that is promised."""
        return sum(upload.length - upload.offset for upload in self._open.values())

    def expires(self, upload: Upload) -> int:
        """Return when the upload ends by itself, in unix seconds."""
        return upload.opened + self._bounds.lifetime_s

    def seconds_left(self, upload: Upload) -> int:
        """Return for how long the upload may still go on."""
        return max(0, int(self.expires(upload) - self._clock()))

    def offset(self, party: str | None, token: str) -> int:
        """Return how much of a party's upload is durable, without taking the turn.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        return self._find(party, token).offset

    def path(self, upload: Upload) -> Path:
        """Return where the container lies."""
        return self._partials.path(upload.token)

    async def begin(self, claim: Claim, length: int, head: bytes, room: Room) -> Upload:
        """Return the upload of this claim: the one that is under way, else a new one.

        Raises:
            PlatformError: `E_RATE` when the party's places are taken, `E_UNAVAILABLE` when there is
                no room for all of it.
        """
        async with self._beginning:
            await self.sweep()
            found = [u for u in self._open.values() if u.claim == claim]
            if found:
                return found[0]
            self._require_place(claim.sender)
            room.check(length)
            kept = Kept(
                b64u(random_bytes(TOKEN_BYTES)), claim, length, int(self._clock()), len(head)
            )
            await self._partials.begin(kept, head)
            upload = self._open[kept.token] = _live(kept)
            return upload

    @asynccontextmanager
    async def turn(self, party: str | None, token: str) -> AsyncIterator[Upload]:
        """Take the turn at a party's upload; what was reading for it is interrupted.

        Raises:
            PlatformError: `E_NOT_FOUND`: ended, expired, or another party's.
        """
        async with self._find(party, token).taken_over():
            yield self._find(party, token)  # whoever was before may have ended it

    async def append(self, upload: Upload, blocks: AsyncIterator[bytes]) -> None:
        """Add bytes, in the upload's turn. Whatever ends it, what arrived is kept.

        Raises:
            PlatformError: `E_STATE` when another request took over, `E_UNAVAILABLE`, and what the
                reading raises.
        """
        with self._partials.tail(upload.token, upload.offset) as tail:
            try:
                since = 0
                while block := await upload.read(blocks):
                    tail.write(block)
                    since += len(block)
                    if since >= self._bounds.keep_bytes:
                        upload.offset = await tail.keep()
                        self._reached("exchange.after_kept")
                        since = 0
            finally:
                upload.offset = await tail.keep()

    async def end(self, upload: Upload) -> None:
        """Forget an upload, in its turn: it is whole and taken, refused, or not wanted any more."""
        self._open.pop(upload.token, None)
        await self._partials.remove(upload.token)

    async def sweep(self) -> int:
        """End what is too old; return how many."""
        old = [u for u in self._open.values() if self.seconds_left(u) == 0]
        for upload in old:
            async with upload.taken_over():
                await self.end(upload)
        return len(old)

    def _find(self, party: str | None, token: str) -> Upload:
        upload = self._open.get(token)
        if upload is None or upload.claim.sender != party or self.seconds_left(upload) == 0:
            raise PlatformError(
                Code.NOT_FOUND,
                "there is no such upload",
                fix="Begin it again with the head of the container: POST /v1/uploads. What was"
                " deposited meanwhile is answered with its receipt.",
            )
        return upload

    def _require_place(self, party: str) -> None:
        count = sum(upload.claim.sender == party for upload in self._open.values())
        if count >= self._bounds.per_party:
            raise PlatformError(
                Code.RATE,
                f"{party} has {count} uploads under way",
                expected=f"at most {self._bounds.per_party} at once",
                fix="Finish one, or cancel it with DELETE; each ends by itself in the end.",
                retry_after_s=RETRY_S,
            )


def _live(kept: Kept) -> Upload:
    return Upload(kept.token, kept.claim, kept.length, kept.opened, kept.offset)


def _taken_over() -> PlatformError:
    return PlatformError(
        Code.STATE,
        "another request goes on with this upload",
        fix="Ask for the offset with HEAD; send one part at a time.",
    )
