"""Writes the life of one party into a log in memory: rotations, theft, root loss, envelopes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sextant_shared.clock import timestamp_ms, timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, sha256
from sextant_shared.models.entries import PartyDocumentEntry, PartyRecoveryEntry, format_entry
from sextant_shared.models.party import (
    RECOVERY_WAIT_S,
    KeyStatus,
    KeyUse,
    LoggedVersion,
    PartyHistory,
    PartyKey,
    RecoveryEvidence,
    RegistryProof,
)
from sextant_shared.protocol.parties import RegistrarSet, VerifiedParty, sign_party_document
from sextant_shared.protocol.recovery import (
    Announcement,
    check_waited,
    verify_recovery,
    verify_succession,
)
from sextant_shared.protocol.registry_state import state_path, state_root
from tests.support.logs import NOW, MemoryLog, make_accepted, random128
from tests.support.parties import (
    PartyKeys,
    next_version,
    pair,
    party_key,
    registrar_pairs,
    registrars,
)


@dataclass
class Life:
    """One party, its log and a clock that the test moves."""

    keys: PartyKeys = field(default_factory=lambda: PartyKeys("NA-XAL"))
    log: MemoryLog = field(default_factory=MemoryLog)
    pinned: RegistrarSet = field(default_factory=registrars)
    now: float = NOW
    current: VerifiedParty | None = None
    waited: dict[bytes, Announcement] = field(default_factory=dict)
    logged: list[tuple[str, int]] = field(default_factory=list)
    recoveries: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log.append(make_accepted(2**40))  # index 0 is nobody's
        raw = sign_party_document(self.keys.document(), self.keys.signers(registrar_pairs()[:2]))
        self.put(raw)

    @property
    def document(self) -> VerifiedParty:
        assert self.current is not None
        return self.current

    def put(self, raw: bytes) -> int:
        """Put the next version in force, as an honest exchange does."""
        self.current = verify_succession(raw, self.pinned, self.current, self.waited)
        document = self.current.document
        index = self.log.append(
            PartyDocumentEntry(
                v=1,
                type="party.document",
                id=random128(len(self.log.leaves)),
                t=timestamp_ms(self.now),
                nonce=random128(7),
                party=document.party,
                ver=document.ver,
                doc=b64u(self.current.digest),
                state=b64u(state_root({document.party: self.current})),
            )
        )
        self.logged.append((raw.decode(), index))
        return index

    def change(self, keys: Sequence[PartyKey], signers: Sequence[Signer] | None = None) -> int:
        """Put a version with these keys in force, signed by both sides unless told otherwise."""
        by = signers or self.keys.signers(registrar_pairs()[:2])
        return self.put(sign_party_document(next_version(self.document, keys=list(keys)), by))

    def rotate(self, label: str) -> int:
        """Add a new signing pair, retire what signed before."""
        fresh = pair(label)
        kept = [
            self.marked(key, KeyStatus.RETIRED, KeyUse.SIG) for key in self.document.document.keys
        ]
        index = self.change([*kept, *(party_key(KeyUse.SIG, half) for half in fresh)])
        self.keys.sig = fresh
        return index

    def marked(self, key: PartyKey, status: KeyStatus, use: KeyUse) -> PartyKey:
        if key.use is not use or key.status is not KeyStatus.ACTIVE:
            return key
        return key.model_copy(update={"status": status, "changed": timestamp_s(self.now)})

    def revoke(
        self, kids: Sequence[str], suspect_from: float | None, *, by_root: bool = True
    ) -> int:
        """Revoke keys by one side alone."""
        change = {
            "status": KeyStatus.REVOKED,
            "changed": timestamp_s(self.now),
            "reason": "stolen",
            "suspect_from": None if suspect_from is None else timestamp_s(suspect_from),
        }
        keys = [
            key.model_copy(update=change) if key.kid in kids else key
            for key in self.document.document.keys
        ]
        alone = self.keys.root if by_root else [h for both in registrar_pairs()[:2] for h in both]
        return self.change(keys, alone)

    def recovery(self, label: str = "new root") -> bytes:
        """Return a document with a new root pair, signed by it and by all registrars."""
        fresh = pair(label)
        lost = [
            self.marked(key, KeyStatus.REVOKED, KeyUse.ROOT) for key in self.document.document.keys
        ]
        document = next_version(
            self.document, keys=[*(party_key(KeyUse.ROOT, half) for half in fresh), *lost]
        )
        return sign_party_document(
            document, [*fresh, *(h for both in registrar_pairs() for h in both)]
        )

    def announce(self, raw: bytes, wait_s: int = RECOVERY_WAIT_S) -> Announcement:
        """Let a recovery stand in the log."""
        verified = verify_recovery(raw, self.pinned, self.document)
        entry = PartyRecoveryEntry(
            v=1,
            type="party.recovery",
            id=random128(len(self.log.leaves)),
            t=timestamp_ms(self.now),
            nonce=random128(7),
            party=verified.document.party,
            ver=verified.document.ver,
            doc=b64u(sha256(raw)),
            wait_s=wait_s,
        )
        return Announcement.of_entry(entry, self.log.append(format_entry(entry)))

    def recover(self, raw: bytes, announcement: Announcement, label: str = "new root") -> int:
        """Put an announced recovery in force, if it has waited."""
        check_waited(announcement, self.now, self.pinned)
        self.waited[announcement.digest] = announcement
        index = self.put(raw)
        self.recoveries.append((announcement.index, index))
        self.keys.root = pair(label)
        return index

    def accept(self, reg: int | None = None) -> tuple[int, int, str]:
        """Let the log hold an envelope; return the party entry it names, its index, its time."""
        named = self.logged[-1][1] if reg is None else reg
        number = len(self.log.leaves)
        entry = make_accepted(number, reg=named).model_copy(update={"t": timestamp_ms(self.now)})
        return named, self.log.append(entry), entry.t

    def proof(self) -> RegistryProof:
        """Return the proof of the state now, as it travels to machines without network."""
        party = self.document.document.party
        position, count, path = state_path({party: self.document}, party)
        index = self.logged[-1][1]
        return RegistryProof(
            entry=b64u(self.log.leaves[index]),
            proof=self.log.proof(index),
            documents=[raw for raw, _ in self.logged],
            position=position,
            count=count,
            path=path,
            recoveries=self.history().recoveries,
        )

    def history(self) -> PartyHistory:
        """Return what the exchange hands out."""

        def proved(index: int) -> tuple[str, str]:
            return b64u(self.log.leaves[index]), self.log.proof(index)

        return PartyHistory(
            versions=[
                LoggedVersion(document=raw, entry=proved(index)[0], proof=proved(index)[1])
                for raw, index in self.logged
            ],
            recoveries=[
                RecoveryEvidence(
                    announced=proved(first)[0],
                    announced_proof=proved(first)[1],
                    enforced=proved(second)[0],
                    enforced_proof=proved(second)[1],
                )
                for first, second in self.recoveries
            ],
        )
