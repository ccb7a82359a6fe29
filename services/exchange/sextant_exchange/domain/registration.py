"""Takes in party documents, one at a time, and keeps the registry's snapshot in memory.

A  The version and the party entry it owes to the log are stored as pending.
   If we stop here, recovery appends the entry and puts the version in force.
B  The log appends the entry, which carries the state root of the registry after it.
C  The place in the log is stored; the version is in force, and the snapshot is swapped.
"""

import asyncio
from collections.abc import Sequence

from sextant_exchange.domain.ports import Log, Parties, PartyVersion, Step
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyDocumentEntry, format_entry
from sextant_shared.models.party import PartySummary, Possession, RegistryProof
from sextant_shared.protocol.parties import (
    RegistrarSet,
    Registry,
    VerifiedParty,
    read_party_document,
    verify_party_document,
    verify_possession,
)
from sextant_shared.protocol.registry_state import state_path, state_root


class Registration:
    """The use case and the snapshot: `registry` and `newest_index` never change halfway."""

    def __init__(
        self, parties: Parties, log: Log, registrars: RegistrarSet, clock: Clock, reached: Step
    ) -> None:
        self._parties = parties
        self._log = log
        self._registrars = registrars
        self._clock = clock
        self._reached = reached
        self._lock = asyncio.Lock()
        self._versions: list[PartyVersion] = []
        self.registry = Registry({})
        self.newest_index = 0

    async def load(self) -> None:
        """Read what is in force and finish what a stop left pending."""
        stored = await self._parties.versions()
        for version in stored:
            if version.index is not None:
                self._enforce(version)
        for version in stored:
            if version.index is None:
                await self._log_and_enforce(version)

    async def enrol(self, party: str, raw: bytes, proofs: Sequence[Possession]) -> PartySummary:
        """Put the next version of a party's document in force; the same bytes twice are one.

        Raises:
            PlatformError: what `verify_party_document` and `verify_possession` raise; `E_STATE`
                when the document is for another party; `E_UNAVAILABLE` while the log is away.
        """
        async with self._lock:
            current = self.registry.parties.get(party)
            if current is not None and current.raw == raw:
                return self.summary(party)
            _, document = read_party_document(raw)
            if document.party != party:
                raise PlatformError(
                    Code.STATE,
                    "the document is for another party than the address",
                    expected=party,
                    received=document.party,
                )
            verified = verify_party_document(raw, self._registrars, current)
            verify_possession(verified, current, proofs)
            version = PartyVersion(
                party, verified.document.ver, raw, self._entry(verified), None, None
            )
            await self._parties.hold(version)
            self._reached("exchange.after_party_held")
            await self._log_and_enforce(version)
            return self.summary(party)

    def summaries(self) -> list[PartySummary]:
        """Return one line per party in force, sorted."""
        return [self.summary(party) for party in sorted(self.registry.parties)]

    def summary(self, party: str) -> PartySummary:
        """Return one party's line.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        verified = self.registry.party(party, code=Code.NOT_FOUND)
        version = self._newest(party)
        return PartySummary(
            party=party,
            name=verified.document.name,
            ver=verified.document.ver,
            index=version.index or 0,
            digest=b64u(verified.digest),
        )

    def document(self, party: str, ver: int | None) -> bytes:
        """Return the JWS of one version, the newest by default.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        for version in reversed(self._versions):
            if version.party == party and ver in {None, version.ver}:
                return version.raw
        raise PlatformError(Code.NOT_FOUND, f"no version {ver or ''} of party {party}")

    def proof(self, party: str, at: int | None) -> RegistryProof:
        """Prove a party's key state at the newest party entry not after log position `at`.

        Raises:
            PlatformError: `E_NOT_FOUND` when the party was not enrolled then.
        """
        upto = [v for v in self._versions if at is None or (v.index or 0) <= at]
        if not upto or upto[-1].proof is None:
            raise PlatformError(Code.NOT_FOUND, f"no party entry at or before {at}")
        history = [v for v in upto if v.party == party]
        snapshot = _verified_at(upto, self._registrars)
        position, count, path = state_path(snapshot, party)
        return RegistryProof(
            entry=b64u(upto[-1].entry),
            proof=upto[-1].proof,
            documents=[version.raw.decode() for version in history],
            position=position,
            count=count,
            path=path,
        )

    def _entry(self, verified: VerifiedParty) -> bytes:
        document = verified.document
        after = {**self.registry.parties, document.party: verified}
        return format_entry(
            PartyDocumentEntry(
                v=1,
                type="party.document",
                id=b64u(random_bytes(16)),
                t=timestamp_ms(self._clock()),
                nonce=b64u(random_bytes(16)),
                party=document.party,
                ver=document.ver,
                doc=b64u(verified.digest),
                state=b64u(state_root(after)),
            )
        )

    async def _log_and_enforce(self, version: PartyVersion) -> None:
        (leaf,) = await self._log.append([version.entry], [None])
        self._reached("exchange.after_party_logged")
        logged = PartyVersion(
            version.party, version.ver, version.raw, version.entry, leaf.index, leaf.proof
        )
        await self._parties.enforce(logged)
        self._enforce(logged)

    def _enforce(self, version: PartyVersion) -> None:
        current = self.registry.parties.get(version.party)
        verified = verify_party_document(version.raw, self._registrars, current)
        self._versions.append(version)
        self.registry = Registry({**self.registry.parties, version.party: verified})
        self.newest_index = version.index or 0

    def _newest(self, party: str) -> PartyVersion:
        return next(v for v in reversed(self._versions) if v.party == party)


def _verified_at(
    versions: Sequence[PartyVersion], registrars: RegistrarSet
) -> dict[str, VerifiedParty]:
    """Return the documents in force after `versions`; verified once more, so nothing is assumed."""
    state: dict[str, VerifiedParty] = {}
    for version in versions:
        state[version.party] = verify_party_document(
            version.raw, registrars, state.get(version.party)
        )
    return state
