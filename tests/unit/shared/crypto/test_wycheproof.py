"""Published vectors of C2SP Wycheproof through our own functions, every case of every file."""

import hashlib
import hmac
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sextant_shared.crypto.chunked import BodyDecryptor, hkdf_expand
from sextant_shared.crypto.keys import Alg, akp_jwk, ec_jwk, okp_jwk
from sextant_shared.crypto.signing import Verifier
from sextant_shared.errors import PlatformError
from tests.support.vectors import load_shared, needs_shared_vectors

pytestmark = needs_shared_vectors


def groups(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load_shared(f"wycheproof/{name}").get("testGroups", [])
    return found


def verifies(jwk: dict[str, str], message: str, signature: bytes) -> bool:
    try:
        Verifier.from_jwk(jwk).verify(bytes.fromhex(message), signature)
    except PlatformError:
        return False
    return True


def opened(case: dict[str, Any]) -> bytes | None:
    try:
        decryptor = BodyDecryptor(bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"]))
        sealed = zlib.decompress(bytes.fromhex(case["ct"]))
        return b"".join(decryptor.update(sealed)) + decryptor.finish()
    except PlatformError:
        return None


def test_chunked_encryption() -> None:
    cases = [c for g in groups("c2sp_chunked_encryption_aes_256_gcm_test.json") for c in g["tests"]]
    assert len(cases) == 35
    for case in cases:
        content = opened(case)
        assert (content is not None) == (case["result"] == "valid"), case["comment"]
        if content is not None:
            assert hashlib.sha512(content).hexdigest() == case["msgSha512"]


def test_ed25519() -> None:
    count = 0
    for group in groups("ed25519_test.json"):
        jwk = okp_jwk(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            count += 1
            valid = verifies(jwk, case["msg"], bytes.fromhex(case["sig"]))
            assert valid == (case["result"] == "valid"), case
    assert count == 151


@pytest.mark.parametrize(
    ("name", "alg", "expected"),
    [
        ("mldsa_44_verify_test.json", Alg.ML_DSA_44, 180),
        ("mldsa_65_verify_test.json", Alg.ML_DSA_65, 210),
        ("mldsa_87_verify_test.json", Alg.ML_DSA_87, 241),
    ],
)
def test_ml_dsa(name: str, alg: Alg, expected: int) -> None:
    count = 0
    for group in groups(name):
        jwk = akp_jwk(alg, bytes.fromhex(group["publicKey"]))
        for case in group["tests"]:
            count += 1
            if case.get("ctx"):
                continue  # we sign with an empty context only, so such a case cannot arise
            valid = verifies(jwk, case["msg"], bytes.fromhex(case["sig"]))
            assert valid == (case["result"] == "valid"), case["comment"]
    assert count == expected


def test_ecdsa_p384() -> None:
    """Cases whose DER signature has 48-byte halves; ours is r‖s, so other DER cannot arise."""
    checked = 0
    for group in groups("ecdsa_secp384r1_sha384_test.json"):
        point = bytes.fromhex(group["publicKey"]["uncompressed"])[1:]
        jwk = ec_jwk(point[:48], point[48:])
        for case in group["tests"]:
            try:
                r, s = decode_dss_signature(bytes.fromhex(case["sig"]))
                signature = r.to_bytes(48, "big") + s.to_bytes(48, "big")
            except (ValueError, OverflowError):
                continue
            encodings = {"BerEncodedSignature", "InvalidEncoding", "MissingZero"}
            if case["result"] != "valid" and encodings & set(case["flags"]):
                continue
            checked += 1
            assert verifies(jwk, case["msg"], signature) == (case["result"] == "valid"), case
    assert checked > 260


def test_hkdf_sha512_expand() -> None:
    """Cases whose extract step we can repeat with HMAC; ours takes a uniform key and expands."""
    checked = 0
    for group in groups("hkdf_sha512_test.json"):
        for case in group["tests"]:
            if case["result"] != "valid":
                continue
            salt = bytes.fromhex(case["salt"]) or bytes(64)
            prk = hmac.new(salt, bytes.fromhex(case["ikm"]), "sha512").digest()
            okm = hkdf_expand(prk, bytes.fromhex(case["info"]), case["size"])
            assert okm.hex() == case["okm"]
            checked += 1
    assert checked > 60
