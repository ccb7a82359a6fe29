"""A slot opens with its own key under its own binding; keys that cannot seal are found at once."""

import hashlib

import pytest

from sextant_shared.crypto.keys import Alg, akp_jwk, okp_jwk
from sextant_shared.crypto.sealing import (
    PUBLIC_SIZE,
    SLOT_SIZE,
    SealingKey,
    SoftwareOpener,
    _load_private,
)
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from tests.support.parties import opener

KEMS = (Alg.K1, Alg.K2)
CEK = bytes(range(32))
K1 = b64u_decode(opener("SEC/seal", Alg.K1).jwk["pub"])
K2 = b64u_decode(opener("SEC/seal", Alg.K2).jwk["pub"])
# RFC 7748 §6.1: both give an all-zero shared secret; they parse, and fail only when used.
LOW_ORDER = {"zero": bytes(32), "one": b"\x01" + bytes(31)}


@pytest.mark.parametrize(
    "jwk",
    [
        akp_jwk(Alg.K1, K1[:1184] + LOW_ORDER["zero"]),
        akp_jwk(Alg.K1, K1[:1184] + LOW_ORDER["one"]),
        akp_jwk(Alg.K1, b"\xff" * 1184 + K1[1184:]),
        akp_jwk(Alg.K2, b"\xff" * 1568 + K2[1568:]),
        akp_jwk(Alg.K2, K2[:-1] + bytes([K2[-1] ^ 1])),
        akp_jwk(Alg.K2, K2[:1568] + bytes([6 | K2[-1] & 1]) + K2[1569:]),
        akp_jwk(Alg.K1, K1[:-1]),
        akp_jwk(Alg.K1, K2),
        {**akp_jwk(Alg.K1, K1), "pub": "=="},
        akp_jwk(Alg.ML_DSA_65, bytes(1952)),
        okp_jwk(bytes(32)),
    ],
    ids=[
        "X25519 zero",
        "X25519 of low order",
        "ML-KEM-768 beyond the modulus",
        "ML-KEM-1024 beyond the modulus",
        "a point off the curve",
        "a point in hybrid form",
        "too short",
        "K2 called K1",
        "padded base64",
        "a signing key",
        "a curve alone",
    ],
)
def test_a_key_that_cannot_seal_is_refused_on_import(jwk: dict[str, str]) -> None:
    with pytest.raises(PlatformError) as caught:
        SealingKey.from_jwk(jwk)
    assert caught.value.code is Code.KEY


@pytest.mark.parametrize("alg", KEMS)
def test_a_slot_altered_anywhere_or_meant_for_others_does_not_open(alg: Alg) -> None:
    mine = opener("SEC/seal", alg)
    sealed = SealingKey.from_jwk(mine.jwk).seal(b"info", CEK)
    cases = {
        "other info": (mine, b"other", sealed),
        "other key": (opener("NA-XBO/seal", alg), b"info", sealed),
        "cut": (mine, b"info", sealed[:-1]),
        "extended": (mine, b"info", sealed + b"\x00"),
        "nothing": (mine, b"info", b""),
        "zeros": (mine, b"info", bytes(len(sealed))),
        "ones": (mine, b"info", b"\xff" * len(sealed)),
    }
    for position in range(0, len(sealed), 97):
        altered = bytearray(sealed)
        altered[position] ^= 0x80
        cases[f"byte {position}"] = (mine, b"info", bytes(altered))
    for name, (key, info, slot) in cases.items():
        with pytest.raises(PlatformError) as caught:
            key.open(info, slot)
        assert caught.value.code is Code.DECRYPT, name


@pytest.mark.parametrize(("alg", "size"), [(Alg.K1, 31), (Alg.K2, 33), (Alg.ED25519, 32)])
def test_a_seed_that_makes_no_sealing_key_is_refused(alg: Alg, size: int) -> None:
    with pytest.raises(PlatformError) as caught:
        SoftwareOpener.from_seed(alg, bytes(size))
    assert caught.value.code is Code.KEY


@pytest.mark.parametrize("alg", KEMS)
def test_sizes_are_those_of_the_registry(alg: Alg) -> None:
    fresh = SoftwareOpener.generate(alg)
    key = SealingKey.from_jwk(fresh.jwk)
    sealed = key.seal(b"info", CEK)
    assert len(b64u_decode(fresh.jwk["pub"])) == PUBLIC_SIZE[alg]
    assert len(sealed) == key.slot_size == SLOT_SIZE[alg]
    assert fresh.open(b"info", sealed) == CEK
    assert sealed != key.seal(b"info", CEK)


@pytest.mark.parametrize(
    "first", [bytes(48), b"\xff" * 48], ids=["scalar zero", "scalar beyond the order"]
)
def test_an_unfit_scalar_gives_way_to_the_next_one(
    first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in 2^190 seeds: the next 48 bytes are taken (envelope §2.3)."""
    second = bytes(47) + b"\x02"

    class Expanded:
        def digest(self, size: int) -> bytes:
            return (bytes(64) + first + second)[:size]

    monkeypatch.setattr(hashlib, "shake_256", lambda _seed: Expanded())
    _, public = _load_private(Alg.K2, bytes(32))
    twice_the_base_point = "08d999057ba3d2d969260045c55b97f089025959a6f434d651d207d19fb96e9e"
    assert public[1568 + 1 :].hex().startswith(twice_the_base_point)


def test_the_same_key_is_loaded_and_tried_once() -> None:
    jwk = opener("SEC/seal").jwk
    assert SealingKey.from_jwk(jwk) is SealingKey.from_jwk(dict(jwk))
