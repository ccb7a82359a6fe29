"""The gate: nobody is given declared content before the access is stored, with its log entry.

Responsible for the order «stored first, given then», and for `Access`, without which no part of
storage gives out content. Not responsible for what an access says (`accesses`), for who may ask at
all (`sextant_shared.protocol.access`), nor for appending to the log (`relay`). What the reader may
not know of, the rows do not show (`storage.sight`): the gate opens nothing that is not among them.

Durable steps of a read, in this order:

1. The access stands in the outbox: who, why, which envelopes, with the bytes of its entry.
   If we stop here: the log says that something was given, and nobody has seen it.
2. The content is given. It is read by the `Access` of step 1, which covers no other envelope.
3. The relay appends the entry and keeps its proof, as it does with every entry.

The log may be away: a read is recorded all the same. How many may wait is bounded, because until
its entry is logged an access stands in this service's own database alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sextant_declarations.domain.accesses import Gives, Item, NewAccess, Reader, compose
from sextant_declarations.domain.answers import Sources
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import PURPOSES

UNLOGGED_RETRY_S = 30
_KEY = object()


class Access:
    """Leave to read the content of certain envelopes: whoever holds one, its access is stored.

    Storage gives content for one of these alone, and of the envelopes that it covers alone. Only
    the gate makes them; a test looks over the code for others who try.
    """

    __slots__ = ("_all", "_digests", "envelopes", "inboxes")

    def __init__(self, key: object, items: Sequence[Item] | None) -> None:
        if key is not _KEY:
            raise PlatformError(Code.INTERNAL, "an access is made by the gate alone")
        self._all = items is None
        self._digests = frozenset(item.manifest_digest for item in items or ())
        self.envelopes = frozenset(item.envelope for item in items or ())
        self.inboxes = frozenset(item.inbox for item in items or () if item.inbox is not None)

    def covers(self, manifest_digest: bytes) -> None:
        """Return when the content under this digest may be read.

        Raises:
            PlatformError: `E_INTERNAL`: a defect, and nothing is given.
        """
        if not self._all and manifest_digest not in self._digests:
            raise PlatformError(Code.INTERNAL, "content was asked for that no access covers")

    @classmethod
    def of_examination(cls) -> "Access":
        """Return the leave of the service's own examination, before a person can see anything.

        Its row is stored with the decision, in one transaction (`examined`): if that fails, so
        does the examination, and what it read leads nowhere.
        """
        return cls(_KEY, None)


class AccessRows(Protocol):
    """What the gate asks of storage."""

    async def of_declaration(self, id_: str) -> list[Item]:
        """Return all envelopes that brought versions, amendments and withdrawals of it."""
        ...

    async def of_envelopes(self, manifest_digests: Sequence[bytes]) -> list[Item]:
        """Return these envelopes, in order of acceptance."""
        ...

    async def of_thread(self, name: str) -> list[Item]:
        """Return all envelopes of a thread that came, then the messages of ours."""
        ...

    async def add(self, access: NewAccess, max_unlogged: int | None) -> None:
        """Store an access; done when it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when `max_unlogged` accesses wait for the log already.
        """
        ...


@dataclass(frozen=True)
class Gate:
    """Gives leave to read, once the access is stored."""

    rows: AccessRows
    sources: Sources
    current: Callable[[], str | None]
    stored: Callable[[], None]
    max_unlogged: int

    async def declaration(self, reader: Reader, gives: Gives, id_: str) -> Access:
        """Return leave to read all versions of a declaration that are there for the reader now."""
        return await self.admit(reader, gives, await self.rows.of_declaration(id_))

    async def envelopes(
        self, reader: Reader, gives: Gives, *digests: bytes, part: int | None = None
    ) -> Access:
        """Return leave to read envelopes, named by their manifest digests.

        Raises:
            PlatformError: `E_NOT_FOUND` when the reader may not know of one of them.
        """
        items = await self.rows.of_envelopes(digests)
        if len(items) < len(set(digests)):
            raise PlatformError(Code.NOT_FOUND, "not all of it is there to read")
        return await self.admit(reader, gives, items, part)

    async def thread(self, reader: Reader, name: str) -> Access:
        """Return leave to read a thread as it stands now."""
        return await self.admit(reader, Gives.THREAD, await self.rows.of_thread(name))

    async def admit(
        self, reader: Reader, gives: Gives, items: Sequence[Item], part: int | None = None
    ) -> Access:
        """Return leave to read these envelopes; the access is durable then.

        Raises:
            PlatformError: `E_MALFORMED` without a purpose, `E_UNAVAILABLE` when it cannot be
                stored, or too many wait for the log.
        """
        if reader.purpose not in PURPOSES:
            raise PlatformError(
                Code.MALFORMED,
                "nothing is given out without a purpose",
                expected=", ".join(PURPOSES),
                received=reader.purpose[:64],
                fix="Say why, with one of these codes.",
            )
        access = compose(reader, gives, items, self.sources, part=part)
        await self.rows.add(replace(access, traceparent=self.current()), self.max_unlogged)
        self.stored()
        return Access(_KEY, items)
