"""COSE receipts (RFC 9942): the log's proofs in the form that SCITT tools take.

Responsible for both receipts of verifiable data structure 1, RFC9162_SHA256, over the tree that the
checkpoints sign: of inclusion, and of consistency. Not responsible for witnesses: no receipt
of this form can carry a cosignature, so it proves less than a tlog-proof (`logproof`) with them.

    receipt     = 18([protected, {396: proofs}, null, signature])     ; COSE_Sign1, RFC 9052
    protected   = {1: -35, 4: kid, 15: {1: origin, 6: time}, 395: 1}  ; RFC 9597 claims
    proofs      = {-1: [inclusion]} / {-2: [consistency]}
    inclusion   = bytes of [size, index, [+ hash]]
    consistency = bytes of [first, second, [+ hash]]

The payload is the tree's root and is left out: whoever verifies computes it from the proof, so a
root can never differ from what was signed. The signature therefore says nothing of the entry and is
made once for each root. It covers neither size nor index: the root binds them only as far as the
path does, which is why a path of another length than the size needs is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sextant_shared.cbor import TAG_SIGN1, Tagged, decode_cbor, encode_cbor
from sextant_shared.crypto.keys import Alg, Jwk
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u, b64u_decode, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.notes import MAX_TREE_SIZE
from sextant_shared.merkle.proofs import MAX_PATH, root_from_inclusion, roots_from_consistency

MEDIA_TYPE = 'application/cose; cose-type="cose-sign1"'
MAX_RECEIPT_BYTES = 8192
ES384 = -35
RFC9162_SHA256 = 1
_ALG, _KID, _CLAIMS, _VDS, _PROOFS = 1, 4, 15, 395, 396
_ISSUER, _ISSUED_AT = 1, 6
_INCLUSION, _CONSISTENCY = -1, -2
_SIGN1_PARTS = 4


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """The log's third key, pinned with its other two: signs receipts of this form, nothing else."""

    origin: str
    verifier: Verifier

    def __post_init__(self) -> None:
        """Refuse a key of another algorithm.

        Raises:
            PlatformError: `E_KEY`.
        """
        if self.verifier.alg is not Alg.ES384:
            raise PlatformError(
                Code.KEY,
                "a log signs COSE receipts with an ES384 key",
                expected=Alg.ES384,
                received=self.verifier.alg,
            )

    @property
    def kid(self) -> bytes:
        """The thumbprint of its COSE_Key (RFC 9679)."""
        return sha256(cose_key(self.verifier.jwk))


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """A root that the receipt key signed: all that receipts under it have in common."""

    protected: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class InclusionReceipt:
    """A receipt of inclusion as read; nothing is verified."""

    issuer: str
    issued_at: int
    kid: bytes
    size: int
    index: int
    path: tuple[bytes, ...]
    signed: SignedRoot


@dataclass(frozen=True, slots=True)
class ConsistencyReceipt:
    """A receipt of consistency as read; nothing is verified."""

    issuer: str
    issued_at: int
    kid: bytes
    first: int
    second: int
    path: tuple[bytes, ...]
    signed: SignedRoot


def cose_key(jwk: Jwk) -> bytes:
    """Return the required members of a P-384 key as a COSE_Key (RFC 9053 §7.1.1)."""
    x, y = (b64u_decode(jwk[name]) for name in ("x", "y"))
    return encode_cbor({1: 2, -1: 2, -2: x, -3: y})


def published_key(key: ReceiptKey) -> dict[int, int | bytes]:
    """Return a key as a COSE_Key for others to find: with its `kid`, and for ES384 alone."""
    x, y = (b64u_decode(key.verifier.jwk[name]) for name in ("x", "y"))
    return {1: 2, 2: key.kid, 3: ES384, -1: 2, -2: x, -3: y}


def sign_root(origin: str, root: bytes, signer: Signer, t: float) -> SignedRoot:
    """Return the signature of the log over a root; `t` is now in POSIX seconds.

    Raises:
        PlatformError: `E_KEY` for a key of another algorithm.
    """
    kid = ReceiptKey(origin, Verifier.from_jwk(signer.jwk)).kid
    claims = {_ISSUER: origin, _ISSUED_AT: int(t)}
    protected = encode_cbor({_ALG: ES384, _KID: kid, _CLAIMS: claims, _VDS: RFC9162_SHA256})
    return SignedRoot(protected, signer.sign(_to_be_signed(protected, root)))


def format_inclusion(signed: SignedRoot, size: int, index: int, path: Sequence[bytes]) -> bytes:
    """Return the receipt that the entry at `index` stands under the signed root of `size`.

    Raises:
        PlatformError: `E_MALFORMED` without a path: a tree of one entry has no such receipt.
    """
    return _format(signed, _INCLUSION, [size, index, list(path)])


def format_consistency(signed: SignedRoot, first: int, second: int, path: Sequence[bytes]) -> bytes:
    """Return the receipt that the tree of `second`, whose root is signed, continues `first`.

    Raises:
        PlatformError: `E_MALFORMED` without a path: equal sizes need no proof.
    """
    return _format(signed, _CONSISTENCY, [first, second, list(path)])


def parse_receipt(data: bytes) -> InclusionReceipt | ConsistencyReceipt:
    """Return the receipt in `data`, checked in form only.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`.
    """
    tagged = decode_cbor(data, max_bytes=MAX_RECEIPT_BYTES)
    parts = tagged.value if isinstance(tagged, Tagged) and tagged.tag == TAG_SIGN1 else None
    if not isinstance(parts, list) or len(parts) != _SIGN1_PARTS:
        raise _malformed("it is no COSE_Sign1 of four parts under tag 18")
    protected, unprotected, payload, signature = parts
    if payload is not None:
        raise _malformed("its payload is not detached")
    if not isinstance(protected, bytes) or not isinstance(signature, bytes):
        raise _malformed("its protected header and signature are no byte strings")
    issuer, issued_at, kid = _header(protected)
    kind, size, second, path = _proof(unprotected)
    signed = SignedRoot(protected, signature)
    if kind == _INCLUSION:
        return InclusionReceipt(issuer, issued_at, kid, size, second, path, signed)
    return ConsistencyReceipt(issuer, issued_at, kid, size, second, path, signed)


def verify_inclusion_receipt(leaf: bytes, data: bytes, key: ReceiptKey) -> InclusionReceipt:
    """Return what a receipt proves of the entry with leaf hash `leaf`.

    Raises:
        PlatformError: `E_MALFORMED`; `E_KEY` when it is of another log or key; `E_INTEGRITY` for a
            path that fits no such place; `E_SIGNATURE` when the log did not sign the root that
            the entry and path lead to.
    """
    receipt = parse_receipt(data)
    if not isinstance(receipt, InclusionReceipt):
        raise _malformed("it is a receipt of consistency")
    check_issuer(receipt, key)
    root = root_from_inclusion(receipt.index, receipt.size, leaf, receipt.path)
    _verify_root(receipt.signed, root, key)
    return receipt


def verify_consistency_receipt(root: bytes, data: bytes, key: ReceiptKey) -> bytes:
    """Return the newer root that a receipt proves to continue `root`, that of its first size.

    Raises:
        PlatformError: as `verify_inclusion_receipt`.
    """
    receipt = parse_receipt(data)
    if not isinstance(receipt, ConsistencyReceipt):
        raise _malformed("it is a receipt of inclusion")
    check_issuer(receipt, key)
    older, newer = roots_from_consistency(receipt.first, receipt.second, receipt.path, root)
    _verify_root(receipt.signed, newer, key)
    if older != root:
        raise PlatformError(
            Code.INTEGRITY,
            f"the tree of size {receipt.second} does not continue the root known of size"
            f" {receipt.first}",
            expected=b64u(root),
            received=b64u(older),
        )
    return newer


def check_issuer(receipt: InclusionReceipt | ConsistencyReceipt, key: ReceiptKey) -> None:
    """Check that a receipt names the pinned log and key, before anything is computed for it.

    Raises:
        PlatformError: `E_KEY`.
    """
    _check_signer(receipt.issuer, receipt.kid, key)


def _check_signer(issuer: str, kid: bytes, key: ReceiptKey) -> None:
    if issuer != key.origin:
        raise PlatformError(
            Code.KEY,
            "the receipt is of another log",
            expected=key.origin,
            received=issuer[:80],
        )
    if kid != key.kid:
        raise PlatformError(
            Code.KEY,
            "the receipt is signed by a key that is not the pinned one",
            expected=key.kid.hex(),
            received=kid.hex()[:80],
            fix="Compare the pinned receipt key with the one the log publishes.",
        )


def verify_signed_root(signed: SignedRoot, root: bytes, key: ReceiptKey) -> None:
    """Check that the pinned key signed this root, before receipts are made of it.

    Raises:
        PlatformError: `E_MALFORMED`, `E_KEY`, `E_SIGNATURE`.
    """
    issuer, _, kid = _header(signed.protected)
    _check_signer(issuer, kid, key)
    _verify_root(signed, root, key)


def _verify_root(signed: SignedRoot, root: bytes, key: ReceiptKey) -> None:
    key.verifier.verify(_to_be_signed(signed.protected, root), signed.signature)


def _to_be_signed(protected: bytes, root: bytes) -> bytes:
    """Return the Sig_structure of a COSE_Sign1 without external data (RFC 9052 §4.4)."""
    return encode_cbor(["Signature1", protected, b"", root])


def _format(signed: SignedRoot, kind: int, proof: list[Any]) -> bytes:
    unprotected = {_PROOFS: {kind: [encode_cbor(proof)]}}
    data = encode_cbor(Tagged(TAG_SIGN1, [signed.protected, unprotected, None, signed.signature]))
    parse_receipt(data)
    return data


def _header(protected: bytes) -> tuple[str, int, bytes]:
    header = decode_cbor(protected, max_bytes=MAX_RECEIPT_BYTES)
    if not isinstance(header, dict) or set(header) != {_ALG, _KID, _CLAIMS, _VDS}:
        raise _malformed("its protected header has other members than 1, 4, 15 and 395")
    if header[_ALG] != ES384 or header[_VDS] != RFC9162_SHA256 or header[_VDS] is True:
        raise _malformed("it is not signed with ES384 over RFC9162_SHA256")
    claims, kid = header[_CLAIMS], header[_KID]
    if not isinstance(claims, dict) or set(claims) != {_ISSUER, _ISSUED_AT}:
        raise _malformed("its claims are not issuer and time alone")
    issuer, issued_at = claims[_ISSUER], claims[_ISSUED_AT]
    if not isinstance(issuer, str) or not _is_count(issued_at) or not isinstance(kid, bytes):
        raise _malformed("issuer, time and key id are not a text, a number and bytes")
    return issuer, issued_at, kid


def _proof(unprotected: Any) -> tuple[int, int, int, tuple[bytes, ...]]:
    proofs = unprotected.get(_PROOFS) if isinstance(unprotected, dict) else None
    if not isinstance(proofs, dict) or set(unprotected) != {_PROOFS} or len(proofs) != 1:
        raise _malformed("its unprotected header is not one kind of proofs under 396")
    [(kind, listed)] = proofs.items()
    if kind not in (_INCLUSION, _CONSISTENCY) or not isinstance(listed, list) or len(listed) != 1:
        raise _malformed("it does not hold exactly one proof of inclusion or consistency")
    [encoded] = listed
    if not isinstance(encoded, bytes):
        raise _malformed("its proof is no byte string")
    proof = decode_cbor(encoded, max_bytes=MAX_RECEIPT_BYTES)
    if not isinstance(proof, list) or len(proof) != 3:  # noqa: PLR2004 -- the RFC's three members
        raise _malformed("its proof does not have three members")
    first, second, path = proof
    if not _is_count(first) or not _is_count(second) or not isinstance(path, list):
        raise _malformed("its proof is not two numbers and a path")
    if not 1 <= len(path) <= MAX_PATH or not all(_is_hash(node) for node in path):
        raise _malformed(f"its path is not 1 to {MAX_PATH} hashes of {HASH_SIZE} bytes")
    return kind, first, second, tuple(path)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_TREE_SIZE


def _is_hash(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == HASH_SIZE


def _malformed(why: str) -> PlatformError:
    return PlatformError(
        Code.MALFORMED,
        f"not a COSE receipt of this log: {why}",
        expected="RFC 9942, detached, one proof",
        fix="Keep the receipt byte for byte; fetch it again from the log.",
    )
