"""Receipts of RFC 9942, read by our own reader; one in another language is in test_interop."""

from base64 import b64decode
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.cbor import Tagged, decode_cbor, encode_cbor
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner, Verifier
from sextant_shared.encoding import b64u_decode, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.cose_receipts import (
    ConsistencyReceipt,
    InclusionReceipt,
    ReceiptKey,
    SignedRoot,
    cose_key,
    format_consistency,
    format_inclusion,
    parse_receipt,
    published_key,
    sign_root,
    verify_consistency_receipt,
    verify_inclusion_receipt,
    verify_signed_root,
)
from tests.support.logs import NOW, ORIGIN, receipt_key, receipt_signer
from tests.support.vectors import load_shared, needs_shared_vectors
from tests.unit.shared.merkle import naive
from tests.unit.shared.protocol.words import load_words

LEAVES = [naive.leaf(n) for n in range(21)]
SIGNER = receipt_signer()
KEY = receipt_key()
WORDS = load_words("cose receipts")
ROOT = naive.root(LEAVES)


@cache
def signed(root: bytes = ROOT, origin: str = ORIGIN) -> SignedRoot:
    return sign_root(origin, root, SIGNER, NOW)


def inclusion(index: int = 7) -> bytes:
    return format_inclusion(signed(), len(LEAVES), index, naive.inclusion(index, LEAVES))


def consistency(first: int = 9) -> bytes:
    return format_consistency(signed(), first, len(LEAVES), naive.consistency(first, LEAVES))


def refused(check: Callable[[], object]) -> Code:
    with pytest.raises(PlatformError) as caught:
        check()
    return caught.value.code


def told(check: Callable[[], object]) -> list[str]:
    with pytest.raises(PlatformError) as caught:
        check()
    error = caught.value
    return [error.code, error.detail, error.expected, error.received, error.fix]


def changed(data: bytes, change: Callable[[list[Any]], None]) -> bytes:
    """Return the receipt with its four parts changed, in a valid encoding again."""
    tagged = decode_cbor(data)
    change(tagged.value)
    return encode_cbor(tagged)


def with_header(**members: Any) -> Callable[[list[Any]], None]:
    """Return the change that sets members of the protected header, `alg=None` takes one out."""
    labels = {"alg": 1, "crit": 2, "kid": 4, "claims": 15, "vds": 395}

    def change(parts: list[Any]) -> None:
        header = decode_cbor(parts[0])
        for name, value in members.items():
            header.pop(labels[name], None)
            if value is not None:
                header[labels[name]] = value
        parts[0] = encode_cbor(header)

    return change


def with_proofs(value: Any) -> Callable[[list[Any]], None]:
    def change(parts: list[Any]) -> None:
        parts[1] = value

    return change


def proofs(*members: Any) -> dict[int, Any]:
    return {396: {-1: [encode_cbor(list(members))]}}


NODE = bytes(32)
FORMS: dict[str, Callable[[list[Any]], None]] = {
    "a root attached": lambda parts: parts.__setitem__(2, ROOT),
    "a part more": lambda parts: parts.append(b""),
    "a part less": lambda parts: parts.pop(),
    "a signature as text": lambda parts: parts.__setitem__(3, "signed"),
    "no protected header": lambda parts: parts.__setitem__(0, b""),
    "no algorithm": with_header(alg=None),
    "another algorithm": with_header(alg=-7),
    "no structure": with_header(vds=None),
    "true for one": with_header(vds=True),
    "another structure": with_header(vds=2),
    "a member that must be understood": with_header(crit=[395]),
    "claims that are none": with_header(claims=[]),
    "no claims": with_header(claims=None),
    "a claim more": with_header(claims={1: ORIGIN, 2: "subject", 6: 1}),
    "an issuer in bytes": with_header(claims={1: b"log", 6: 1}),
    "a time before all": with_header(claims={1: ORIGIN, 6: -1}),
    "true for a time": with_header(claims={1: ORIGIN, 6: True}),
    "a key id as text": with_header(kid="key"),
    "no proofs": with_proofs({}),
    "proofs that are no map": with_proofs([]),
    "proofs under another number": with_proofs({395: {-1: [encode_cbor([21, 7, [NODE]])]}}),
    "proofs that are one": with_proofs({396: encode_cbor([21, 7, [NODE]])}),
    "proofs that are a text": with_proofs({396: {-1: "proof"}}),
    "a second kind of proofs": with_proofs({396: {-2: [b""], -1: [b""]}}),
    "an unknown kind": with_proofs({396: {-3: [encode_cbor([21, 7, [NODE]])]}}),
    "further members": with_proofs({**proofs(21, 7, [NODE]), 397: 0}),
    "two proofs": with_proofs({396: {-1: [encode_cbor([21, 7, [NODE]])] * 2}}),
    "no proof of the kind": with_proofs({396: {-1: []}}),
    "a proof that is no bytes": with_proofs({396: {-1: [[21, 7, [NODE]]]}}),
    "a proof of two members": with_proofs(proofs(21, 7)),
    "a proof that is one number": with_proofs({396: {-1: [encode_cbor(21)]}}),
    "a path that is a hash": with_proofs(proofs(21, 7, NODE)),
    "a hash as text": with_proofs(proofs(21, 7, ["x" * 32])),
    "a path of 63 hashes": with_proofs(proofs(21, 7, [NODE] * 63)),
    "the last size of all": with_proofs(proofs((1 << 63) - 1, 7, [NODE])),
    "a size below nothing": with_proofs(proofs(-1, 7, [NODE])),
    "a size beyond all": with_proofs(proofs(1 << 63, 7, [NODE])),
    "an index as text": with_proofs(proofs(21, "7", [NODE])),
    "no path": with_proofs(proofs(21, 7, [])),
    "a short hash": with_proofs(proofs(21, 7, [bytes(31)])),
    "an endless path": with_proofs(proofs(21, 7, [NODE] * 64)),
}


@pytest.mark.parametrize("form", FORMS)
def test_another_form_is_refused(form: str) -> None:
    data = changed(inclusion(), FORMS[form])
    assert told(lambda: verify_inclusion_receipt(LEAVES[7], data, KEY)) == WORDS[form]


@pytest.mark.parametrize(
    "data", [b"", encode_cbor(Tagged(18, b"")), b"\xf6", b"\x80", encode_cbor([b"", {}, None, b""])]
)
def test_what_is_no_signed_structure_is_refused(data: bytes) -> None:
    assert refused(lambda: parse_receipt(data)) is Code.MALFORMED


def test_a_tree_of_one_entry_has_no_receipt() -> None:
    assert refused(lambda: format_inclusion(signed(), 1, 0, [])) is Code.MALFORMED


def test_a_key_of_another_algorithm_signs_no_receipts() -> None:
    other = SoftwareSigner.from_seed(Alg.ED25519, bytes(32))
    assert told(lambda: sign_root(ORIGIN, ROOT, other, NOW)) == WORDS["another kind of key"]


def test_a_receipt_of_another_log_is_refused_before_its_proof_is_walked() -> None:
    data = changed(inclusion(), with_header(claims={1: "other.example" * 8, 6: 1}))
    assert told(lambda: verify_inclusion_receipt(LEAVES[8], data, KEY)) == WORDS["another log"]


def test_a_receipt_by_another_key_is_refused_by_its_name() -> None:
    other = SoftwareSigner.from_seed(Alg.ES384, sha256(b"another") + bytes(16))
    stranger = ReceiptKey(ORIGIN, Verifier.from_jwk(other.jwk))
    found = told(lambda: verify_inclusion_receipt(LEAVES[7], inclusion(), stranger))
    assert found == WORDS["another key"]
    long = changed(inclusion(), with_header(kid=b"k" * 41))
    assert told(lambda: verify_inclusion_receipt(LEAVES[7], long, KEY)) == WORDS["a long key id"]


@pytest.mark.parametrize(
    ("leaf", "change", "code"),
    [
        pytest.param(8, with_header(), Code.SIGNATURE, id="another entry"),
        pytest.param(7, with_header(claims={1: ORIGIN, 6: 1}), Code.SIGNATURE, id="another time"),
        pytest.param(
            7, with_proofs(proofs(21, 6, naive.inclusion(7, LEAVES))), Code.SIGNATURE, id="index"
        ),
        pytest.param(
            7, with_proofs(proofs(7, 7, naive.inclusion(7, LEAVES))), Code.INTEGRITY, id="outside"
        ),
        pytest.param(
            7, with_proofs(proofs(99, 7, naive.inclusion(7, LEAVES))), Code.INTEGRITY, id="size"
        ),
        pytest.param(
            7, lambda parts: parts.__setitem__(3, bytes(96)), Code.SIGNATURE, id="no signature"
        ),
        pytest.param(
            7, lambda parts: parts.__setitem__(3, parts[3] + b"\0"), Code.SIGNATURE, id="longer"
        ),
    ],
)  # fmt: skip
def test_what_the_log_did_not_sign_is_refused(
    leaf: int, change: Callable[[list[Any]], None], code: Code
) -> None:
    data = changed(inclusion(), change)
    assert refused(lambda: verify_inclusion_receipt(LEAVES[leaf], data, KEY)) is code


def test_a_signed_root_is_believed_by_its_root_key_and_log_alone() -> None:
    verify_signed_root(signed(), ROOT, KEY)
    other = naive.root(LEAVES[:20])
    assert refused(lambda: verify_signed_root(signed(), other, KEY)) is Code.SIGNATURE
    stranger = signed(ROOT, "other.example")
    assert refused(lambda: verify_signed_root(stranger, ROOT, KEY)) is Code.KEY
    bent = SignedRoot(b"", signed().signature)
    assert refused(lambda: verify_signed_root(bent, ROOT, KEY)) is Code.MALFORMED


def test_one_kind_of_receipt_does_not_stand_for_the_other() -> None:
    found = told(lambda: verify_inclusion_receipt(LEAVES[7], consistency(), KEY))
    assert found == WORDS["consistency for inclusion"]
    found = told(lambda: verify_consistency_receipt(ROOT, inclusion(), KEY))
    assert found == WORDS["inclusion for consistency"]


def test_a_tree_that_does_not_continue_the_known_one_is_refused() -> None:
    other = naive.root(LEAVES[1:10])
    found = told(lambda: verify_consistency_receipt(other, consistency(9), KEY))
    assert found == WORDS["another history"]
    # 8 is a power of two: there the known root takes part in the newer one.
    assert refused(lambda: verify_consistency_receipt(other, consistency(8), KEY)) is Code.SIGNATURE


@pytest.mark.parametrize("index", range(len(LEAVES)))
def test_a_receipt_of_inclusion_says_where_the_entry_stands(index: int) -> None:
    receipt = verify_inclusion_receipt(LEAVES[index], inclusion(index), KEY)
    assert (receipt.size, receipt.index) == (len(LEAVES), index)
    assert (receipt.issuer, receipt.issued_at) == (ORIGIN, int(NOW))


@pytest.mark.parametrize("first", range(1, len(LEAVES)))
def test_a_receipt_of_consistency_leads_to_the_newer_root(first: int) -> None:
    older = naive.root(LEAVES[:first])
    assert verify_consistency_receipt(older, consistency(first), KEY) == ROOT
    assert isinstance(parse_receipt(consistency(first)), ConsistencyReceipt)


@given(st.data())
def test_no_changed_byte_makes_a_receipt_say_anything_else(data: st.DataObject) -> None:
    whole = inclusion(7)
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = verify_inclusion_receipt(LEAVES[7], bytes(flipped), KEY)
    except PlatformError:
        return
    # The signature covers the root alone: another size may need the very same path.
    assert (found.index, found.path) == (7, tuple(naive.inclusion(7, LEAVES)))


def test_the_signature_is_over_the_structure_that_the_standard_defines() -> None:
    receipt = parse_receipt(inclusion())
    assert isinstance(receipt, InclusionReceipt)
    # RFC 9052 §4.4, written out: ["Signature1", protected, h'', root].
    protected = receipt.signed.protected
    assert 23 < len(protected) < 256
    message = (
        b"\x84\x6aSignature1\x58" + bytes([len(protected)]) + protected + b"\x40\x58\x20" + ROOT
    )
    x, y = (int.from_bytes(b64u_decode(SIGNER.jwk[name]), "big") for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP384R1()).public_key()
    r, s = (int.from_bytes(receipt.signed.signature[i : i + 48], "big") for i in (0, 48))
    public.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA384()))


def test_the_key_is_published_with_its_id_and_for_one_algorithm() -> None:
    jwk = KEY.verifier.jwk
    assert published_key(KEY) == {
        1: 2,  # a key of an elliptic curve
        2: sha256(cose_key(jwk)),
        3: -35,  # ES384
        -1: 2,  # P-384
        -2: b64u_decode(jwk["x"]),
        -3: b64u_decode(jwk["y"]),
    }


def test_the_key_id_is_the_thumbprint_of_the_cose_key() -> None:
    key = decode_cbor(cose_key(SIGNER.jwk))
    assert list(key) == [1, -1, -2, -3]
    assert KEY.kid == sha256(cose_key(SIGNER.jwk))


@needs_shared_vectors
@pytest.mark.parametrize("name", list(load_shared("merkle/inclusion.json")))
def test_a_published_inclusion_vector_has_the_same_end_as_a_receipt(name: str) -> None:
    case = load_shared("merkle/inclusion.json")[name]
    path = [b64decode(node) for node in case["proof"] or ()]
    root, leaf = b64decode(case["root"]), b64decode(case["leafHash"])
    proof = {396: {-1: [encode_cbor([case["treeSize"], case["leafIdx"], path])]}}
    parts = [signed(root).protected, proof, None, signed(root).signature]
    data = encode_cbor(Tagged(18, parts))
    if case["wantErr"] or not path:  # the standard has no receipt without a path
        refused(lambda: verify_inclusion_receipt(leaf, data, KEY))
    else:
        verify_inclusion_receipt(leaf, data, KEY)


@needs_shared_vectors
@pytest.mark.parametrize("name", list(load_shared("merkle/consistency.json")))
def test_a_published_consistency_vector_has_the_same_end_as_a_receipt(name: str) -> None:
    case = load_shared("merkle/consistency.json")[name]
    path = [b64decode(node) for node in case["proof"] or ()]
    older, newer = b64decode(case["root1"]), b64decode(case["root2"])
    proof = {396: {-2: [encode_cbor([case["size1"], case["size2"], path])]}}
    data = encode_cbor(Tagged(18, [signed(newer).protected, proof, None, signed(newer).signature]))
    if case["wantErr"] or not path:
        refused(lambda: verify_consistency_receipt(older, data, KEY))
    else:
        assert verify_consistency_receipt(older, data, KEY) == newer
