"""Takes in party documents, one at a time, and keeps the registry's snapshot in memory.

A  The version and the party entry it owes to the log are stored as pending.
   If we stop here, `settle` appends the entry and puts the version in force.
B  The log appends the entry, which carries the state root of the registry after it.
   If we stop here, `settle` appends the same bytes again and gets the same index.
C  The place in the log is stored; the version is in force, and the snapshot is swapped.
   If we stop here, the answer is lost; the same bytes again give the same answer.

At most one version is pending: the next one is looked at only when it is in force. The store keeps
that among several processes, each of which has a snapshot of its own: `refresh` takes in what came
into force elsewhere, and nothing is stored that was judged by an older snapshot.
"""

import asyncio
from collections.abc import Sequence

from sextant_exchange.domain.key_states import InForce, party_history, registry_proof
from sextant_exchange.domain.ports import Log, LoggedLeaf, Parties, PartyVersion, Step
from sextant_exchange.domain.root_loss import Announced
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyDocumentEntry, format_entry
from sextant_shared.models.party import PartyHistory, PartySummary, Possession, RegistryProof
from sextant_shared.protocol.parties import (
    RegistrarSet,
    Registry,
    VerifiedParty,
    read_party_document,
    verify_possession,
)
from sextant_shared.protocol.recovery import verify_succession
from sextant_shared.protocol.registry_state import state_root

NONE = -1  # before the first party entry
TRIES = 5  # documents that come at the same moment elsewhere are let past


class Registration:
    """The use case and the snapshot: `registry` and `newest_index` never change halfway."""

    def __init__(
        self,
        parties: Parties,
        log: Log,
        registrars: RegistrarSet,
        clock: Clock,
        reached: Step,
        announced: Announced,
    ) -> None:
        self._parties = parties
        self._log = log
        self._registrars = registrars
        self._clock = clock
        self._reached = reached
        self._announced = announced
        self._lock = asyncio.Lock()
        self._history: list[InForce] = []  # in order of the log
        self.registry = Registry({})
        self.newest_index = 0  # before the first party entry: the genesis entry

    async def load(self) -> None:
        """Read and verify what is in force; what is pending waits for `settle`.

        Raises:
            PlatformError: what `verify_succession` raises when a stored row was tampered with.
        """
        await self._announced.load()
        await self._take_in()

    async def refresh(self) -> None:
        """Take in what came into force elsewhere, if anything did.

        Raises:
            PlatformError: as `load`, and `E_UNAVAILABLE`.
        """
        if await self._parties.newest() != self._seen:
            await self._take_in()

    async def settle(self) -> None:
        """Put a pending version in force, if there is one.

        Raises:
            PlatformError: `E_UNAVAILABLE` while the log is away.
        """
        async with self._lock:
            await self._settle()

    async def enrol(self, party: str, raw: bytes, proofs: Sequence[Possession]) -> PartySummary:
        """Put the next version of a party's document in force; the same bytes twice are one.

        Raises:
            PlatformError: what `verify_succession` and `verify_possession` raise; `E_STATE` when
                the document is for another party, or a recovery that still waits in the log;
                `E_UNAVAILABLE` while the log is away.
        """
        async with self._lock:
            for _ in range(TRIES):
                await self._settle()
                version = self._next(party, raw, proofs)
                if version is None:
                    return self.summary(party)
                if await self._parties.hold(version, self._seen):
                    self._reached("exchange.after_party_held")
                    await self._settle()
                    return self.summary(party)
        raise PlatformError(Code.UNAVAILABLE, "many documents take force now", retry_after_s=2)

    def summaries(self, after: str = "", limit: int | None = None) -> list[PartySummary]:
        """Return one line per party in force, sorted, those after `after`."""
        chosen = [party for party in sorted(self.registry.parties) if party > after]
        return [self.summary(party) for party in chosen[:limit]]

    def summary(self, party: str) -> PartySummary:
        """Return one party's line.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = self._find(party, None)
        return PartySummary(
            party=party,
            name=found.verified.document.name,
            ver=found.version.ver,
            index=found.leaf.index,
            digest=b64u(found.verified.digest),
        )

    def document(self, party: str, ver: int | None) -> bytes:
        """Return the JWS of one version, the newest by default.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        return self._find(party, ver).version.raw

    def proof(self, party: str, at: int | None) -> RegistryProof:
        """Prove a party's key state at the newest party entry not after log position `at`.

        Raises:
            PlatformError: `E_NOT_FOUND` when the party was not enrolled then.
        """
        return registry_proof(self._history, self._announced.find, party, at)

    def history(self, party: str) -> PartyHistory:
        """Prove where each version of a party's document stands in the log.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        return party_history(self._history, self._announced.find, party)

    def _next(self, party: str, raw: bytes, proofs: Sequence[Possession]) -> PartyVersion | None:
        """Judge a document by the snapshot; None when it is in force already."""
        current = self.registry.parties.get(party)
        if current is not None and current.raw == raw:
            return None
        _, document = read_party_document(raw)
        if document.party != party:
            raise PlatformError(
                Code.STATE,
                "the document is for another party than the address",
                expected=party,
                received=document.party,
            )
        now = self._clock()
        waited = self._announced.waited(raw, now, self._registrars)
        verified = verify_succession(raw, self._registrars, current, waited)
        verify_possession(verified, current, proofs)
        return PartyVersion(party, document.ver, raw, self._entry(verified, now))

    @property
    def _seen(self) -> int:
        return self._history[-1].leaf.index if self._history else NONE

    async def _take_in(self) -> list[PartyVersion]:
        """Take in what is new in the store; return what waits for the log."""
        found = await self._parties.since(self._seen)
        if found:
            await self._announced.load()
        waiting = []
        for version, leaf in found:
            if leaf is None:
                waiting.append(version)
            else:
                self._enforce(version, leaf)
        return waiting

    def _entry(self, verified: VerifiedParty, now: float) -> bytes:
        document = verified.document
        after = {**self.registry.parties, document.party: verified}
        return format_entry(
            PartyDocumentEntry(
                v=1,
                type="party.document",
                id=b64u(random_bytes(16)),
                t=timestamp_ms(now),
                nonce=b64u(random_bytes(16)),
                party=document.party,
                ver=document.ver,
                doc=b64u(verified.digest),
                state=b64u(state_root(after)),
            )
        )

    async def _settle(self) -> None:
        """Steps B and C of the pending version, if there is one; the lock is held."""
        for version in await self._take_in():
            (leaf,) = await self._log.append([version.entry], [None])
            self._reached("exchange.after_party_logged")
            await self._parties.enforce(version, leaf)
            self._enforce(version, leaf)

    def _enforce(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        if leaf.index <= self._seen:
            return  # another look was faster
        current = self.registry.parties.get(version.party)
        # Whether it waited was judged when it was taken in, by the wait that was pinned then.
        announcement = self._announced.announcement(version.raw)
        waited = {announcement.digest: announcement} if announcement else {}
        verified = verify_succession(version.raw, self._registrars, current, waited)
        self._history.append(InForce(version, leaf, verified))
        self.registry = Registry({**self.registry.parties, version.party: verified})
        self.newest_index = leaf.index

    def _find(self, party: str, ver: int | None) -> InForce:
        for item in reversed(self._history):
            if item.version.party == party and ver in {None, item.version.ver}:
                return item
        raise PlatformError(Code.NOT_FOUND, f"no version {ver or ''} of party {party}")
