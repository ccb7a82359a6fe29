"""Root loss: when a document may take force without the old root's signature.

Responsible for what such a document must bear and for the proof that it waited in the open. Not
responsible for storing or announcing it: that is the exchange's.

* It is signed by its own new root pair and by **all** pinned registrars; it revokes the old root.
* It stood announced in the log (`party.recovery`) for the pinned time before its entry.
* It follows the version that was in force all that while. So any version that takes force in
  between cancels it, and that is how the old root pair, or the threshold of registrars, stop it: by
  a next version that removes trust or changes nothing. That nobody cancelled is proved by
  succession.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sextant_shared.clock import parse_timestamp
from sextant_shared.encoding import b64u_decode, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyDocumentEntry, PartyRecoveryEntry, parse_entry
from sextant_shared.models.party import KeyStatus, KeyUse, PartyDocument, RecoveryEvidence
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.parties import (
    RegistrarSet,
    VerifiedParty,
    check_document,
    read_party_document,
    verify_party_document,
    verify_signatures,
)
from sextant_shared.protocol.party_changes import root_pair


@dataclass(frozen=True, slots=True)
class Announcement:
    """A recovery in the log: which document, since when, and how long it had to wait."""

    digest: bytes
    index: int
    t: float
    wait_s: int

    @property
    def not_before(self) -> float:
        """When the document may take force, unix seconds of the log's entries."""
        return self.t + self.wait_s

    @classmethod
    def of_entry(cls, entry: PartyRecoveryEntry, index: int) -> "Announcement":
        """Return what an entry at `index` announces."""
        return cls(b64u_decode(entry.doc, 32), index, parse_timestamp(entry.t), entry.wait_s)


def is_recovery(document: PartyDocument, previous: VerifiedParty | None) -> bool:
    """Return whether a document replaces a root that does not sign it.

    A new root pair that the old one signs in is an ordinary next version; so this asks only
    whether the pair changed, and the caller which signatures are there.
    """
    if previous is None:
        return False
    before = {verifier.kid for verifier in root_pair(previous.document)}
    return not before & {key.kid for key in document.keys if _is_active_root(key.use, key.status)}


def verify_recovery(raw: bytes, registrars: RegistrarSet, previous: VerifiedParty) -> VerifiedParty:
    """Return a recovery document whose signatures hold; it is in force only after its wait.

    Raises:
        PlatformError: `E_MALFORMED`, `E_STATE`, `E_POLICY`, `E_KEY`, `E_SIGNATURE`.
    """
    jws, document = read_party_document(raw)
    gone = check_document(document, previous)
    if not is_recovery(document, previous):
        raise PlatformError(
            Code.POLICY,
            "a recovery brings a new root pair and keeps nothing of the old one active",
            fix="Make it with: sextant keys recover.",
        )
    lost = {verifier.kid for verifier in root_pair(previous.document)}
    for key in document.keys:
        if key.kid in lost and key.status is not KeyStatus.REVOKED:
            raise PlatformError(
                Code.POLICY,
                f"a recovery revokes the lost root key {key.kid}",
                expected=KeyStatus.REVOKED,
                received=key.status,
            )
    signed_by_root, count = verify_signatures(jws, root_pair(document), registrars)
    if not signed_by_root or count < len(registrars.pairs):
        raise PlatformError(
            Code.POLICY,
            "a recovery is signed by its new root pair and by all registrars",
            expected=f"the new root pair and {len(registrars.pairs)} registrars",
            received=f"new root pair: {signed_by_root}, registrars: {count}",
            fix="Have every registrar countersign the same document.",
        )
    return VerifiedParty(document, raw, sha256(raw), gone)


def verify_succession(
    raw: bytes,
    registrars: RegistrarSet,
    previous: VerifiedParty | None,
    waited: Mapping[bytes, Announcement],
) -> VerifiedParty:
    """Return the next version: a recovery when the log shows that it waited, else an ordinary one.

    Raises:
        PlatformError: as `verify_party_document` and `verify_recovery`.
    """
    if previous is not None and sha256(raw) in waited:
        return verify_recovery(raw, registrars, previous)
    return verify_party_document(raw, registrars, previous)


def check_waited(announcement: Announcement, enforced: float, registrars: RegistrarSet) -> None:
    """Check that a document waited long enough before it took force at the log time `enforced`.

    Raises:
        PlatformError: `E_STATE`.
    """
    wait = max(announcement.wait_s, registrars.recovery_wait_s)
    left = announcement.t + wait - enforced
    if left > 0:
        raise PlatformError(
            Code.STATE,
            "the recovery has not waited long enough in the log",
            expected=f"{wait} s after log entry {announcement.index}",
            received=f"{left:.0f} s too early",
            fix="Give the same document again when the time is over.",
        )


def verify_recoveries(
    evidence: Sequence[RecoveryEvidence], registrars: RegistrarSet, log_keys: LogKeys
) -> dict[bytes, Announcement]:
    """Return, by document digest, the recoveries that the log shows to have waited.

    Raises:
        PlatformError: `E_INTEGRITY` for entries that are not in the log or not about one document,
            `E_STATE` for a wait that was too short.
    """
    return dict(_verify_one(item, registrars, log_keys) for item in evidence)


def _verify_one(
    item: RecoveryEvidence, registrars: RegistrarSet, log_keys: LogKeys
) -> tuple[bytes, Announcement]:
    first, second = b64u_decode(item.announced), b64u_decode(item.enforced)
    announced_at = verify_proof(first, item.announced_proof, log_keys).index
    enforced_at = verify_proof(second, item.enforced_proof, log_keys).index
    announced, enforced = parse_entry(first), parse_entry(second)
    if not (
        isinstance(announced, PartyRecoveryEntry)
        and isinstance(enforced, PartyDocumentEntry)
        and (announced.party, announced.ver, announced.doc)
        == (enforced.party, enforced.ver, enforced.doc)
        and announced_at < enforced_at
    ):
        raise PlatformError(
            Code.INTEGRITY,
            "the entries of a recovery are not about one document, or in the wrong order",
            expected="party.recovery, then party.document of the same version",
            received=f"{announced.type} at {announced_at}, {enforced.type} at {enforced_at}",
        )
    announcement = Announcement.of_entry(announced, announced_at)
    check_waited(announcement, parse_timestamp(enforced.t), registrars)
    return announcement.digest, announcement


def _is_active_root(use: KeyUse, status: KeyStatus) -> bool:
    return use is KeyUse.ROOT and status is KeyStatus.ACTIVE
