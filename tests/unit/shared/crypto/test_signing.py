"""One key verifies what it signed, and nothing else."""

import pytest

from sextant_shared.crypto.keys import P384_ORDER, Alg, akp_jwk, ec_jwk, okp_jwk
from sextant_shared.crypto.signing import (
    PROFILES,
    SIGNATURE_SIZE,
    SoftwareSigner,
    Verifier,
    profile_of,
)
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from tests.support.parties import signer

MESSAGE = b"the bytes that are sent"
SIGNING = tuple(SIGNATURE_SIZE)


def code_of(alg: Alg, message: bytes, signature: bytes) -> Code:
    with pytest.raises(PlatformError) as caught:
        Verifier.from_jwk(signer("sender", alg).jwk).verify(message, signature)
    return caught.value.code


@pytest.mark.parametrize("alg", SIGNING)
def test_a_signature_over_other_bytes_or_altered_is_refused(alg: Alg) -> None:
    signature = signer("sender", alg).sign(MESSAGE)
    altered = bytes([signature[0] ^ 1]) + signature[1:]
    assert code_of(alg, MESSAGE + b".", signature) is Code.SIGNATURE
    assert code_of(alg, MESSAGE, altered) is Code.SIGNATURE
    assert code_of(alg, MESSAGE, signer("another", alg).sign(MESSAGE)) is Code.SIGNATURE


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("alg", SIGNING)
def test_a_signature_of_another_length_is_refused(alg: Alg, change: int) -> None:
    signature = signer("sender", alg).sign(MESSAGE) + b"\x00"
    assert code_of(alg, MESSAGE, signature[: SIGNATURE_SIZE[alg] + change]) is Code.SIGNATURE


@pytest.mark.parametrize("half", [0, P384_ORDER, 2**384 - 1], ids=["zero", "order", "largest"])
def test_ecdsa_halves_outside_their_range_are_refused(half: int) -> None:
    good = signer("sender", Alg.ES384).sign(MESSAGE)
    bad = half.to_bytes(48, "big")
    for signature in (bad + good[48:], good[:48] + bad, bad + bad):
        assert code_of(Alg.ES384, MESSAGE, signature) is Code.SIGNATURE


@pytest.mark.parametrize(
    "jwk",
    [
        okp_jwk(bytes(31)),
        okp_jwk(bytes(33)),
        {**okp_jwk(bytes(32)), "x": b64u(bytes(32)) + "="},
        ec_jwk(bytes(48), bytes(48)),
        ec_jwk(bytes(47), bytes(49)),
        akp_jwk(Alg.ML_DSA_65, bytes(1951)),
        akp_jwk(Alg.ML_DSA_65, bytes(2592)),
        akp_jwk(Alg.K1, bytes(1216)),
    ],
    ids=[
        "short Ed25519",
        "long Ed25519",
        "padded base64",
        "a point off the curve",
        "coordinates of other lengths",
        "short ML-DSA-65",
        "ML-DSA-87 called ML-DSA-65",
        "a sealing key",
    ],
)
def test_a_public_key_that_does_not_load_is_refused(jwk: dict[str, str]) -> None:
    with pytest.raises(PlatformError) as caught:
        Verifier.from_jwk(jwk)
    assert caught.value.code is Code.KEY


@pytest.mark.parametrize(
    ("alg", "seed"),
    [
        (Alg.ED25519, bytes(31)),
        (Alg.ML_DSA_65, bytes(48)),
        (Alg.ES384, bytes(32)),
        (Alg.ES384, bytes(48)),
        (Alg.ES384, P384_ORDER.to_bytes(48, "big")),
        (Alg.K1, bytes(32)),
    ],
    ids=["short", "long", "short scalar", "scalar zero", "scalar too large", "a sealing key"],
)
def test_a_seed_that_makes_no_key_is_refused(alg: Alg, seed: bytes) -> None:
    with pytest.raises(PlatformError) as caught:
        SoftwareSigner.from_seed(alg, seed)
    assert caught.value.code is Code.KEY


@pytest.mark.parametrize(
    "algorithms",
    [
        (),
        (Alg.ED25519,),
        (Alg.ML_DSA_65, Alg.ED25519),
        (Alg.ED25519, Alg.ED25519),
        (Alg.ED25519, Alg.ML_DSA_87),
        (Alg.ED25519, Alg.ML_DSA_44),
        (Alg.ES384, Alg.ML_DSA_65),
        (Alg.ED25519, Alg.ML_DSA_65, Alg.ML_DSA_87),
    ],
)
def test_keys_that_make_no_pair_are_refused(algorithms: tuple[Alg, ...]) -> None:
    with pytest.raises(PlatformError) as caught:
        profile_of(algorithms)
    assert caught.value.code is Code.KEY


def test_the_two_profiles_are_known() -> None:
    assert [profile_of(profile) for profile in PROFILES.values()] == list(PROFILES.values())


@pytest.mark.parametrize("alg", SIGNING)
def test_a_fresh_key_signs_and_comes_back_from_its_seed(alg: Alg) -> None:
    fresh = SoftwareSigner.generate(alg)
    signature = SoftwareSigner.from_seed(alg, fresh.seed).sign(MESSAGE)
    assert len(signature) == SIGNATURE_SIZE[alg]
    Verifier.from_jwk(fresh.jwk).verify(MESSAGE, signature)
    assert fresh.kid == Verifier.from_jwk(fresh.jwk).kid != SoftwareSigner.generate(alg).kid


def test_the_same_key_is_loaded_once() -> None:
    jwk = signer("sender", Alg.ML_DSA_65).jwk
    assert Verifier.from_jwk(jwk) is Verifier.from_jwk(dict(reversed(jwk.items())))
