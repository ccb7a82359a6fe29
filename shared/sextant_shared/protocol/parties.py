"""Decides whether a party document may take force, and which keys it then grants.

Responsible for: the signatures a version needs, what may change between two versions, proofs of
possession, and look-ups in a set of documents in force. Not responsible for when a document took
force: that is its position in the log (`sextant_shared.protocol.registry_state`).

Rules:

* Adding trust needs both sides: the party's root pair and `threshold` registrars.
* Removing trust needs either side: alone, it may only suspend or revoke keys, and widen what is
  suspected of them; to narrow or clear a suspicion takes both.
* A key never changes its use, and a revoked key stays revoked. Keys that sign stay listed for ever;
  a retired sealing or access key may leave the document, and then never comes back.
* Every key added for signing or access proves that the party holds its private half; a sealing
  key passes a trial encapsulation when it is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Signer, Verifier, profile_of
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import (
    MAX_PARTY_DOCUMENT_BYTES,
    PARTY_DOCUMENT_TYP,
    RECOVERY_WAIT_S,
    KeyStatus,
    KeyUse,
    PartyDocument,
    PartyKey,
    Possession,
    RegistrarsFile,
)
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.jws import Jws, parse_jws, sign_jws
from sextant_shared.protocol.party_changes import (
    check_keys,
    check_succession,
    load_key,
    only_removes,
    root_pair,
    signing_pair_of,
)

POSSESSION_LABEL = b"dxe/1 possession\x00"


@dataclass(frozen=True)
class RegistrarSet:
    """The pinned registrars, by name, and how many of them must sign to add trust.

    `recovery_wait_s` is how long a recovery without the old root stands in the log before it
    counts.
    """

    threshold: int
    pairs: Mapping[str, tuple[Verifier, Verifier]]
    recovery_wait_s: int = RECOVERY_WAIT_S

    @classmethod
    def from_file(cls, file: RegistrarsFile) -> "RegistrarSet":
        """Load the pinned keys.

        Raises:
            PlatformError: `E_KEY` for keys that are not a signing pair, `E_POLICY` for a threshold
                that can never be met or a name or key that stands twice.
        """
        pairs = {registrar.name: signing_pair_of(registrar.keys) for registrar in file.registrars}
        kids = {verifier.kid for pair in pairs.values() for verifier in pair}
        if len(pairs) != len(file.registrars) or len(kids) != 2 * len(pairs):
            raise PlatformError(Code.POLICY, "a registrar's name or key stands twice")
        if file.threshold > len(pairs):
            raise PlatformError(
                Code.POLICY,
                "the registrar threshold can never be met",
                expected=f"at most {len(pairs)}",
                received=str(file.threshold),
            )
        return cls(file.threshold, pairs, file.recovery_wait_s)


@dataclass(frozen=True)
class VerifiedParty:
    """A party document whose signatures and history were checked; `digest` is of the JWS bytes.

    `gone` are the ids of keys that earlier versions listed and this one does not.
    """

    document: PartyDocument
    raw: bytes
    digest: bytes
    gone: frozenset[str] = frozenset()

    @cached_property
    def loaded(self) -> Mapping[str, Verifier | SealingKey]:
        """The public keys by key id, each loaded once for the life of this version."""
        return {key.kid: load_key(key) for key in self.document.keys}

    @cached_property
    def _by_use(self) -> Mapping[tuple[str, KeyUse], PartyKey]:
        return {(key.kid, key.use): key for key in self.document.keys}

    def key(self, kid: str, use: KeyUse, *, code: Code = Code.KEY) -> PartyKey:
        """Return the active key `kid` of that use.

        Raises:
            PlatformError: `code` when the party has no such key or it is not active.
        """
        key = self._by_use.get((kid, use))
        if key is None:
            raise PlatformError(
                code,
                f"{self.document.party} has no {use} key {kid}",
                fix="Fetch the newest party document and use a key it lists as active.",
            )
        if key.status is not KeyStatus.ACTIVE:
            raise PlatformError(
                code,
                f"key {kid} of {self.document.party} is {key.status}",
                expected="an active key",
                received=f"{key.status} since {key.changed}: {key.reason}",
                fix="Use a key that the newest party document lists as active.",
            )
        return key

    def active(self, use: KeyUse) -> list[PartyKey]:
        """Return the active keys of that use, in document order."""
        return [k for k in self.document.keys if k.use is use and k.status is KeyStatus.ACTIVE]


@dataclass(frozen=True)
class Registry:
    """The party documents in force at one moment: an immutable snapshot."""

    parties: Mapping[str, VerifiedParty]

    def party(self, party: str, *, code: Code = Code.KEY) -> VerifiedParty:
        """Return the document in force.

        Raises:
            PlatformError: `code` when the party is not enrolled.
        """
        found = self.parties.get(party)
        if found is None:
            raise PlatformError(code, f"party {party} is not enrolled")
        return found

    def signing_pair(self, party: str, skid: Sequence[str]) -> tuple[Verifier, Verifier]:
        """Return the verifiers of an active signing pair, in profile order (S1 or S2).

        Raises:
            PlatformError: `E_KEY` when a key is missing, not active, or the two are no profile.
        """
        document = self.party(party)
        first, second = (document.loaded[document.key(kid, KeyUse.SIG).kid] for kid in skid)
        if not (isinstance(first, Verifier) and isinstance(second, Verifier)):
            raise PlatformError(Code.KEY, "the keys make no signing pair")
        profile_of([first.alg, second.alg])
        return first, second

    def sealing_key(self, party: str, kid: str) -> SealingKey:
        """Return an active sealing key.

        Raises:
            PlatformError: `E_RECIPIENT` when the party or an active key of that id is missing.
        """
        document = self.party(party, code=Code.RECIPIENT)
        key = document.loaded[document.key(kid, KeyUse.SEAL, code=Code.RECIPIENT).kid]
        if not isinstance(key, SealingKey):
            raise PlatformError(Code.RECIPIENT, "the key seals nothing")
        return key

    def api_key(self, party: str, kid: str) -> Verifier:
        """Return an active key for machine access.

        Raises:
            PlatformError: `E_AUTH` when the party or an active key of that id is missing.
        """
        document = self.party(party, code=Code.AUTH)
        return Verifier.from_jwk(document.key(kid, KeyUse.API, code=Code.AUTH).jwk)


def verify_party_document(
    raw: bytes, registrars: RegistrarSet, previous: VerifiedParty | None
) -> VerifiedParty:
    """Return the document, checked against the version it replaces and the pinned registrars.

    Raises:
        PlatformError: `E_MALFORMED` (shape), `E_STATE` (not the next version), `E_POLICY` (a
            change that is not allowed, or signatures of too few sides), `E_KEY` (a key that does
            not load), `E_SIGNATURE`.
    """
    jws, document = read_party_document(raw)
    gone = check_document(document, previous)
    roots = root_pair(previous.document if previous else document)
    signed_by_root, registrar_count = verify_signatures(jws, roots, registrars)
    enough = registrar_count >= registrars.threshold
    if previous is not None and only_removes(previous.document, document):
        allowed = signed_by_root or enough
    else:
        allowed = signed_by_root and enough
    if not allowed:
        raise PlatformError(
            Code.POLICY,
            "the document is signed by too few sides",
            expected=f"the root pair and {registrars.threshold} registrar(s);"
            " either side alone may only suspend or revoke",
            received=f"root pair: {signed_by_root}, registrars: {registrar_count}",
            fix="Have the missing side countersign the same document.",
        )
    return VerifiedParty(document, raw, sha256(raw), gone)


def check_document(document: PartyDocument, previous: VerifiedParty | None) -> frozenset[str]:
    """Check everything but signatures; return the ids of keys that left the document.

    Raises:
        PlatformError: `E_STATE`, `E_POLICY`, `E_KEY`, as `verify_party_document`.
    """
    check_keys(document)
    before = previous.document if previous else None
    check_succession(document, before, previous.digest if previous else b"")
    if previous is None:
        return frozenset()
    listed = {key.kid for key in document.keys}
    if back := previous.gone & listed:
        raise PlatformError(
            Code.POLICY,
            f"key {min(back)} left the document before; what left does not come back",
            fix="Generate a new key.",
        )
    return previous.gone | {key.kid for key in previous.document.keys if key.kid not in listed}


def read_party_document(raw: bytes) -> tuple[Jws, PartyDocument]:
    """Parse without verifying anything but the shape.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    jws = parse_jws(raw, PARTY_DOCUMENT_TYP, MAX_PARTY_DOCUMENT_BYTES)
    parsed = parse_json(jws.payload, max_bytes=MAX_PARTY_DOCUMENT_BYTES)
    return jws, read_model(PartyDocument, parsed)


def sign_party_document(document: PartyDocument, signers: Sequence[Signer]) -> bytes:
    """Return the JWS of `document` with one signature per signer, in order (root pair first)."""
    payload = canonical_json(document.model_dump(mode="json"))
    return sign_jws(payload, PARTY_DOCUMENT_TYP, signers)


def possession_message(payload: bytes) -> bytes:
    """Return what each added key signs: a label and the hash of the document's payload."""
    return POSSESSION_LABEL + sha256(payload)


def verify_possession(
    party: VerifiedParty, previous: VerifiedParty | None, proofs: Sequence[Possession]
) -> None:
    """Check that each signing and access key that is new proved its private half.

    Raises:
        PlatformError: `E_POLICY` when a proof is missing, `E_SIGNATURE` when one is wrong.
    """
    known = {key.kid for key in previous.document.keys} if previous else set()
    message = possession_message(read_party_document(party.raw)[0].payload)
    by_kid = {proof.kid: proof.signature for proof in proofs}
    for key in party.document.keys:
        if key.kid in known or key.use is KeyUse.SEAL:
            continue
        if key.use is KeyUse.ROOT and previous is None:
            continue  # the root pair signed the document itself
        signature = by_kid.get(key.kid)
        if signature is None:
            raise PlatformError(
                Code.POLICY,
                f"no proof of possession for the new {key.use} key {key.kid}",
                fix="Sign the document's hash with each new key.",
            )
        Verifier.from_jwk(key.jwk).verify(message, b64u_decode(signature))


def prove_possession(raw: bytes, signers: Sequence[Signer]) -> list[Possession]:
    """Return one proof per signer over the document `raw`."""
    return prove_payload(read_party_document(raw)[0].payload, signers)


def prove_payload(payload: bytes, signers: Sequence[Signer]) -> list[Possession]:
    """Return one proof per signer over a document's payload, which need not be signed yet."""
    message = possession_message(payload)
    return [Possession(kid=s.kid, signature=b64u(s.sign(message))) for s in signers]


def verify_signatures(
    jws: Jws, roots: tuple[Verifier, Verifier], registrars: RegistrarSet
) -> tuple[bool, int]:
    """Verify every signature; return whether the root pair signed, and how many registrars.

    Raises:
        PlatformError: `E_KEY` for a signer who is neither, `E_SIGNATURE`.
    """
    known = {
        verifier.kid: verifier for pair in (roots, *registrars.pairs.values()) for verifier in pair
    }
    signed: list[str] = []
    for signature in jws.signatures:
        verifier = known.get(signature.kid)
        if verifier is None or verifier.alg != signature.alg or signature.kid in signed:
            raise PlatformError(
                Code.KEY,
                f"signature by {signature.kid} is by no root or registrar, or stands twice",
            )
        verifier.verify(signature.signing_input, signature.signature)
        signed.append(signature.kid)
    complete = [all(v.kid in signed for v in pair) for pair in registrars.pairs.values()]
    if len(signed) != 2 * (sum(complete) + all(v.kid in signed for v in roots)):
        raise PlatformError(Code.SIGNATURE, "one half of a pair signed without the other")
    return all(v.kid in signed for v in roots), sum(complete)
