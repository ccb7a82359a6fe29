"""What may stand in a party document, and what may change from one version to the next.

Pure: documents in, nothing or a refusal out. Not responsible for signatures nor for possession:
those are `sextant_shared.protocol.parties`.
"""

from collections.abc import Mapping, Sequence

from sextant_shared.clock import parse_timestamp
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Verifier, profile_of
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse, PartyDocument, PartyKey

_REMOVED = (KeyStatus.SUSPENDED, KeyStatus.REVOKED)
_MAY_LEAVE = (KeyUse.SEAL, KeyUse.API)  # what once signed is judged for ever, so it stays listed
_ALLOWED_CHANGES = {
    KeyStatus.ACTIVE: set(KeyStatus),
    KeyStatus.SUSPENDED: set(KeyStatus),
    KeyStatus.RETIRED: {KeyStatus.RETIRED, KeyStatus.REVOKED},
    KeyStatus.REVOKED: {KeyStatus.REVOKED},
}


def load_key(key: PartyKey) -> Verifier | SealingKey:
    """Load a key of a document.

    Raises:
        PlatformError: `E_KEY`.
    """
    return SealingKey.from_jwk(key.jwk) if key.use is KeyUse.SEAL else Verifier.from_jwk(key.jwk)


def signing_pair_of(jwks: Sequence[Mapping[str, str]]) -> tuple[Verifier, Verifier]:
    """Load two keys that make a signing pair, in profile order.

    Raises:
        PlatformError: `E_KEY` when they make none.
    """
    verifiers = [Verifier.from_jwk(dict(jwk)) for jwk in jwks]
    profile_of([verifier.alg for verifier in verifiers])
    return verifiers[0], verifiers[1]


def root_pair(document: PartyDocument) -> tuple[Verifier, Verifier]:
    """Return the verifiers of the active root pair.

    Raises:
        PlatformError: `E_KEY` when the active root keys are no pair.
    """
    active = [k for k in document.keys if k.use is KeyUse.ROOT and k.status is KeyStatus.ACTIVE]
    return signing_pair_of([key.jwk for key in active])


def check_keys(document: PartyDocument) -> None:
    """Check each key alone, then that the document leaves its party able to act.

    Raises:
        PlatformError: `E_POLICY`, `E_KEY`, `E_MALFORMED` for a time that is none.
    """
    kids = [key.kid for key in document.keys]
    if len(set(kids)) != len(kids):
        raise PlatformError(Code.POLICY, "a key stands twice in the document")
    for key in document.keys:
        loaded = load_key(key)
        if loaded.kid != key.kid:
            raise PlatformError(
                Code.KEY,
                "a kid is not the thumbprint of its key",
                expected=loaded.kid,
                received=key.kid,
            )
        if key.use is KeyUse.API and loaded.alg is not Alg.ED25519:
            raise PlatformError(Code.KEY, "access keys are Ed25519", received=str(loaded.alg))
        for instant in (key.added, key.changed, key.suspect_from):
            parse_timestamp(instant or key.added)  # a day that is none would trouble every reader
    root_pair(document)


def check_succession(
    document: PartyDocument, before: PartyDocument | None, before_digest: bytes
) -> None:
    """Check that a document follows `before`, whose JWS has that digest; None for version 1.

    Raises:
        PlatformError: `E_STATE` when it does not follow, `E_POLICY` for a change not allowed.
    """
    expected_ver = before.ver + 1 if before else 1
    expected_prev = b64u(before_digest) if before else None
    if document.ver != expected_ver or document.prev != expected_prev:
        raise PlatformError(
            Code.STATE,
            "the document does not follow the version in force",
            expected=f"ver {expected_ver}, prev {expected_prev}",
            received=f"ver {document.ver}, prev {document.prev}",
            fix="Fetch the version in force and build the next one on it.",
        )
    if before is None:
        return
    if document.party != before.party:
        raise PlatformError(Code.POLICY, "a document cannot change its party")
    after = {key.kid: key for key in document.keys}
    for key in before.keys:
        _check_key_change(key, after.get(key.kid))


def _check_key_change(before: PartyKey, after: PartyKey | None) -> None:
    if after is None:
        if before.status is KeyStatus.RETIRED and before.use in _MAY_LEAVE:
            return
        raise PlatformError(
            Code.POLICY,
            f"key {before.kid} disappeared; keys are retired, not removed",
            expected="only sealing and access keys leave, and only after they were retired",
            received=f"a {before.use} key that was {before.status}",
        )
    if (after.use, after.added) != (before.use, before.added):
        raise PlatformError(
            Code.POLICY, f"key {before.kid} changed its use or its date of addition"
        )
    if after.status not in _ALLOWED_CHANGES[before.status]:
        raise PlatformError(
            Code.POLICY,
            f"key {before.kid} cannot become {after.status}",
            received=str(before.status),
        )


def only_removes(before: PartyDocument, after: PartyDocument) -> bool:
    """Return whether `after` differs from `before` only in keys suspended or revoked."""
    if {key.kid for key in before.keys} != {key.kid for key in after.keys}:
        return False
    if (before.name, before.contacts_hash) != (after.name, after.contacts_hash):
        return False
    old = {key.kid: key for key in before.keys}
    changed = [key for key in after.keys if key != old.get(key.kid)]
    return all(
        key.kid in old and key.status in _REMOVED and _suspects_no_less(old[key.kid], key)
        for key in changed
    )


def _suspects_no_less(before: PartyKey, after: PartyKey) -> bool:
    """Return whether a suspicion stays or reaches further back: to clear one takes both sides."""
    if before.suspect_from is None:
        return True
    return after.suspect_from is not None and after.suspect_from <= before.suspect_from
