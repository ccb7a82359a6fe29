"""Makes the next version of a party's document: rotation, retirement, removal, recovery.

Responsible for what the version says. Not responsible for who must sign it (`signing`) nor for
when it counts: that is the registry's.

* A rotation adds the next keys at the end, where they are preferred, and retires what the ones
  before had replaced. So two generations are active for the overlap, never three.
* Access keys belong to machines: only those that this home holds are retired.
* Retired sealing and access keys leave half a year later, sooner when the document runs out of
  room: each version is proved with all before it, so their size is what a proof costs in ten years.
  What signed stays.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sextant_client.keystore import KEMS, Keystore
from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.signing import PROFILES
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import (
    MAX_PARTY_KEYS,
    KeyStatus,
    KeyUse,
    PartyDocument,
    PartyKey,
)
from sextant_shared.protocol.keyfiles import PrivateKey
from sextant_shared.protocol.parties import VerifiedParty

ROOM = 16  # places that stay free for an emergency
LEAVE_AFTER_S = 180 * 86_400  # longer than private halves are kept, so that destruction sees them
MIN_PREFIX = 8
_MAY_LEAVE = (KeyUse.SEAL, KeyUse.API)


@dataclass(frozen=True)
class Removal:
    """Which keys are suspended or revoked, why, and since when they are suspect."""

    status: KeyStatus
    reason: str
    suspect_from: str | None


def rotate(
    before: VerifiedParty,
    use: KeyUse,
    keys: Keystore,
    now: float,
    kinds: Sequence[str] = (),
) -> PartyDocument:
    """Make the next keys of one use in `keys.next`, and the version that adds them.

    Keys that lie there already are taken: a rotation that was broken off goes on. `kinds` are
    profiles or KEMs other than those of today's keys.

    Raises:
        PlatformError: `E_POLICY` for the root, which `recover` replaces; `E_STATE`.
    """
    if use is KeyUse.ROOT:
        raise PlatformError(
            Code.POLICY,
            "the root is not rotated: it signs what rotates",
            fix="A lost root is replaced by all registrars: sextant keys recover.",
        )
    listed = {key.kid for key in before.document.keys}
    held = {key.kid for key in keys.of_use(use)}
    fresh = [key for key in keys.next.of_use(use) if key.kid not in listed]
    if not fresh:
        fresh = [
            k for kind in kinds or _kinds(before, use) for k in _generate(keys.next, use, kind)
        ]
    replaced = superseded(before.document, use, held)
    lines = [_retired(key, now) if key in replaced else key for key in before.document.keys]
    added = [_line(use, key, now, "rotation") for key in _in_order(use, fresh)]
    return _next(before, _lean([*lines, *added], before.document.keys, now))


def retire(before: VerifiedParty, keys: Keystore, now: float) -> PartyDocument:
    """Return the version that retires whatever newer keys have replaced.

    Raises:
        PlatformError: `E_STATE` when nothing was replaced.
    """
    replaced: list[PartyKey] = []
    for use in (KeyUse.SIG, KeyUse.SEAL, KeyUse.API):
        held = {key.kid for key in keys.of_use(use)}
        replaced += superseded(before.document, use, held)
    if not replaced:
        raise PlatformError(
            Code.STATE, "no key was replaced by a newer one", fix="Rotate first: sextant keys due."
        )
    lines = [_retired(key, now) if key in replaced else key for key in before.document.keys]
    return _next(before, lines)


def remove(
    before: VerifiedParty, kids: Sequence[str], removal: Removal, now: float
) -> PartyDocument:
    """Return the version that suspends or revokes keys; either side signs it alone.

    Raises:
        PlatformError: `E_KEY` for an id that names no key or several; `E_STATE` for a key that is
            revoked already, or the root.
    """
    chosen = {find_key(before.document, kid).kid for kid in kids}
    for key in before.document.keys:
        if key.kid in chosen and key.use is KeyUse.ROOT:
            raise PlatformError(
                Code.STATE,
                "a party without a root could not act any more",
                fix="Replace the root with all registrars: sextant keys recover.",
            )
    change = {
        "status": removal.status,
        "changed": timestamp_s(now),
        "reason": removal.reason,
        "suspect_from": removal.suspect_from,
    }
    lines = [
        key.model_copy(update=change) if key.kid in chosen else key for key in before.document.keys
    ]
    return _next(before, lines)


def unchanged(before: VerifiedParty) -> PartyDocument:
    """Return a version that changes nothing: it takes the place that a recovery waits for."""
    return _next(before, before.document.keys)


def recover(before: VerifiedParty, keys: Keystore, now: float, reason: str) -> PartyDocument:
    """Make a new root pair in `keys.next`, and the version that puts it in the old one's place.

    Signing, sealing and access keys that wait in `keys.next` come in with it.
    """
    if not keys.next.of_use(KeyUse.ROOT):
        keys.next.generate(KeyUse.ROOT)
    listed = {key.kid for key in before.document.keys}
    revoked = {
        "status": KeyStatus.REVOKED,
        "changed": timestamp_s(now),
        "reason": reason,
    }
    lost = [
        key.model_copy(update=revoked)
        if key.use is KeyUse.ROOT and key.status is KeyStatus.ACTIVE
        else key
        for key in before.document.keys
    ]
    fresh = [
        _line(use, key, now, "recovery")
        for use in KeyUse
        for key in _in_order(use, keys.next.of_use(use))
        if key.kid not in listed
    ]
    return _next(before, [*lost, *fresh])


def superseded(document: PartyDocument, use: KeyUse, held: Collection[str]) -> list[PartyKey]:
    """Return the active keys of one use that a newer active key of the same kind follows."""
    found: list[PartyKey] = []
    newest: dict[str, PartyKey] = {}
    for key in document.keys:
        is_ours = use is not KeyUse.API or key.kid in held
        if key.use is use and key.status is KeyStatus.ACTIVE and is_ours:
            kind = _kind(key)
            if kind in newest:
                found.append(newest[kind])
            newest[kind] = key
    return found


def find_key(document: PartyDocument, prefix: str) -> PartyKey:
    """Return the key whose id begins with `prefix`.

    Raises:
        PlatformError: `E_KEY`.
    """
    found = [key for key in document.keys if key.kid.startswith(prefix)]
    if len(prefix) < MIN_PREFIX or len(found) != 1:
        raise PlatformError(
            Code.KEY,
            f"{prefix} names {len(found)} keys of {document.party}",
            expected=f"the first {MIN_PREFIX} or more characters of one key id",
            received=prefix[:60],
            fix=f"See them: sextant keys show {document.party}.",
        )
    return found[0]


def _kinds(before: VerifiedParty, use: KeyUse) -> list[str]:
    """Return today's profiles or KEMs of one use, so that the next keys are of the same kinds."""
    algorithms = {_kind(key) for key in before.active(use)}
    if use is KeyUse.API:
        return ["api"]
    if use is KeyUse.SEAL:
        return [name for name, alg in KEMS.items() if alg in algorithms] or ["K1"]
    return [name for name, pair in PROFILES.items() if set(pair) <= algorithms] or ["S1"]


def _generate(store: Keystore, use: KeyUse, kind: str) -> list[PrivateKey]:
    if use is KeyUse.SEAL:
        return store.generate(use, kem=kind)
    return store.generate(use, profile=kind if kind in PROFILES else "S1")


def _in_order(use: KeyUse, keys: Sequence[PrivateKey]) -> Iterator[PrivateKey]:
    """Yield a pair in profile order, whatever its files are called."""
    order = [alg for pair in PROFILES.values() for alg in pair]
    if use in {KeyUse.ROOT, KeyUse.SIG}:
        return iter(sorted(keys, key=lambda key: order.index(key.key.alg)))
    return iter(keys)


def _kind(key: PartyKey) -> str:
    """Return the algorithm of a public key as the registry of algorithms names it."""
    return key.jwk.get("alg") or {"Ed25519": "Ed25519", "P-384": "ES384"}[key.jwk["crv"]]


def _line(use: KeyUse, key: PrivateKey, now: float, reason: str) -> PartyKey:
    return PartyKey(
        kid=key.kid,
        use=use,
        jwk=dict(key.jwk),
        status=KeyStatus.ACTIVE,
        added=timestamp_s(now),
        changed=None,
        reason=reason,
        suspect_from=None,
    )


def _retired(key: PartyKey, now: float) -> PartyKey:
    change = {
        "status": KeyStatus.RETIRED,
        "changed": timestamp_s(now),
        "reason": "replaced",
    }
    return key.model_copy(update=change)


def _lean(lines: Sequence[PartyKey], before: Sequence[PartyKey], now: float) -> list[PartyKey]:
    """Return the lines without the retired keys whose time is over, or for which room is short."""
    retired = {key.kid for key in before if key.status is KeyStatus.RETIRED}
    leaving = sorted(
        (key for key in lines if key.kid in retired and key.use in _MAY_LEAVE),
        key=lambda key: key.changed or "",
    )
    excess = max(0, len(lines) - (MAX_PARTY_KEYS - ROOM))
    limit = timestamp_s(now - LEAVE_AFTER_S)
    gone = [key for n, key in enumerate(leaving) if n < excess or (key.changed or "") < limit]
    return [key for key in lines if key not in gone]


def _next(before: VerifiedParty, keys: Sequence[PartyKey]) -> PartyDocument:
    changes = {"ver": before.document.ver + 1, "prev": b64u(before.digest), "keys": list(keys)}
    return before.document.model_copy(update=changes)
