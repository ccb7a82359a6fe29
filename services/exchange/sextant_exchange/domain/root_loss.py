"""Takes in recoveries of a lost root: announced in the log first, in force only after their wait.

A  The document and the `party.recovery` entry that it owes to the log are stored as pending.
B  The log appends the entry: from here on everybody sees it, and the wait runs.
C  The place in the log is stored.
D  After the wait a registrar gives the same bytes again, now as the next version of the party's
   document: that is `registration`, which asks here whether they waited.

Nothing cancels an announcement but another version that takes force in between: it then no longer
follows the version in force.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from sextant_exchange.domain.ports import Announcements, Log, LoggedLeaf, PartyVersion
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyRecoveryEntry, format_entry, parse_entry
from sextant_shared.models.party import Possession, RecoveryNotice
from sextant_shared.protocol.parties import (
    RegistrarSet,
    Registry,
    read_party_document,
    verify_possession,
)
from sextant_shared.protocol.recovery import Announcement, check_waited, verify_recovery


class Registered(Protocol):
    """What is asked of the registry: the documents in force."""

    @property
    def registry(self) -> Registry:
        """The snapshot."""
        ...


class Announced:
    """The announcements that stand in the log, and those that still owe their entry."""

    def __init__(self, store: Announcements, log: Log) -> None:
        self._store = store
        self._log = log
        self._lock = asyncio.Lock()
        self._logged: dict[bytes, tuple[PartyVersion, LoggedLeaf]] = {}

    async def load(self) -> list[PartyVersion]:
        """Read what is stored; return what still owes its entry."""
        owing = []
        for version, leaf in await self._store.announcements():
            if leaf is None:
                owing.append(version)
            else:
                self._logged[sha256(version.raw)] = (version, leaf)
        return owing

    async def settle(self) -> None:
        """Give pending entries to the log.

        Raises:
            PlatformError: `E_UNAVAILABLE` while the log is away.
        """
        async with self._lock:
            for version in await self.load():
                (leaf,) = await self._log.append([version.entry], [None])
                await self._store.place(version, leaf)
                self._logged[sha256(version.raw)] = (version, leaf)

    async def add(self, version: PartyVersion) -> None:
        """Store an announcement and give it to the log, once.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        await self._store.hold(version)
        await self.settle()

    def find(self, digest: bytes) -> tuple[PartyVersion, LoggedLeaf] | None:
        """Return the announcement of the document with this digest, once it is in the log."""
        return self._logged.get(digest)

    def announcement(self, raw: bytes) -> Announcement | None:
        """Return what the log says of a document, None when it was not announced."""
        found = self.find(sha256(raw))
        return _announcement(*found) if found else None

    def waited(self, raw: bytes, now: float, registrars: RegistrarSet) -> dict[bytes, Announcement]:
        """Return the announcement of `raw`, by its digest, once its wait is over.

        Raises:
            PlatformError: `E_STATE` while it waits.
        """
        announcement = self.announcement(raw)
        if announcement is None:
            return {}
        check_waited(announcement, now, registrars)
        return {announcement.digest: announcement}

    def following(self, digest: bytes) -> list[tuple[PartyVersion, LoggedLeaf]]:
        """Return the announcements that follow the document with this digest, oldest first."""
        return [
            (version, leaf)
            for version, leaf in self._logged.values()
            if read_party_document(version.raw)[1].prev == b64u(digest)
        ]


class RootLoss:
    """The use case."""

    def __init__(
        self, announced: Announced, registered: Registered, registrars: RegistrarSet, clock: Clock
    ) -> None:
        self._announced = announced
        self._registered = registered
        self._registrars = registrars
        self._clock = clock

    async def announce(
        self, party: str, raw: bytes, proofs: Sequence[Possession]
    ) -> RecoveryNotice:
        """Announce a recovery in the log; the same bytes twice are one.

        Raises:
            PlatformError: what `verify_recovery` and `verify_possession` raise; `E_STATE` for
                another party's document; `E_UNAVAILABLE` while the log is away.
        """
        found = self._announced.find(sha256(raw))
        if found is None:
            current = self._registered.registry.party(party, code=Code.NOT_FOUND)
            verified = verify_recovery(raw, self._registrars, current)
            verify_possession(verified, current, proofs)
            document = verified.document
            entry = format_entry(
                PartyRecoveryEntry(
                    v=1,
                    type="party.recovery",
                    id=b64u(random_bytes(16)),
                    t=timestamp_ms(self._clock()),
                    nonce=b64u(random_bytes(16)),
                    party=party,
                    ver=document.ver,
                    doc=b64u(verified.digest),
                    wait_s=self._registrars.recovery_wait_s,
                )
            )
            await self._announced.add(PartyVersion(party, document.ver, raw, entry))
            found = self._announced.find(verified.digest)
        if found is None:
            raise PlatformError(Code.UNAVAILABLE, "the announcement waits for the log")
        return _notice(*found)

    def notice(self, party: str) -> RecoveryNotice:
        """Return the newest recovery that could still take force.

        Raises:
            PlatformError: `E_NOT_FOUND` when none stands in the log or another version came since.
        """
        current = self._registered.registry.party(party, code=Code.NOT_FOUND)
        waiting = self._announced.following(current.digest)
        if not waiting:
            raise PlatformError(Code.NOT_FOUND, f"no recovery of {party} is announced")
        return _notice(*waiting[-1])


def _announcement(version: PartyVersion, leaf: LoggedLeaf) -> Announcement:
    entry = parse_entry(version.entry)
    if not isinstance(entry, PartyRecoveryEntry):
        raise PlatformError(Code.INTEGRITY, "a stored announcement holds another entry")
    return Announcement.of_entry(entry, leaf.index)


def _notice(version: PartyVersion, leaf: LoggedLeaf) -> RecoveryNotice:
    announcement = _announcement(version, leaf)
    return RecoveryNotice(
        party=version.party,
        ver=version.ver,
        digest=b64u(announcement.digest),
        index=leaf.index,
        announced=timestamp_ms(announcement.t),
        not_before=timestamp_ms(announcement.not_before),
        entry=b64u(version.entry),
        proof=leaf.proof,
    )
