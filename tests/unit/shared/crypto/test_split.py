"""A key in two halves opens what is sealed to it whole, and refuses what the whole key refuses."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SLOT_SIZE, SealingKey, SoftwareOpener
from sextant_shared.crypto.split import SplitOpener, schedule
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.manifest import read_manifest
from tests.support.halves import SoftwareHalf, split_of_seed
from tests.support.vectors import ROOT

CEK = bytes(range(32))
SEED = bytes(range(32))
PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "vectors" / "hpke-pq-04-a6.json").read_text()
)
VECTORS = ROOT / "docs" / "integrators" / "vectors"
GOLDEN: list[dict[str, Any]] = json.loads((VECTORS / "containers.json").read_text())


@dataclass(frozen=True)
class GoneHalf(SoftwareHalf):
    """A half whose token is out."""

    def agree(self, point: bytes) -> bytes:
        raise PlatformError(Code.UNAVAILABLE, f"no token for {len(point)} bytes")


def published(name: str) -> bytes:
    value = PUBLISHED[name]
    return bytes.fromhex("".join(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("size", [0, 32, 63, 65])
def test_a_seed_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(PlatformError, match="does not load") as caught:
        SplitOpener(bytes(size), split_of_seed(SEED).half)
    assert caught.value.code is Code.KEY


def test_a_slot_altered_anywhere_or_meant_for_others_does_not_open() -> None:
    mine = split_of_seed(SEED)
    sealed = SealingKey.from_jwk(mine.jwk).seal(b"info", CEK)
    cases = {
        "other info": (mine, b"other", sealed),
        "other key": (split_of_seed(CEK[::-1]), b"info", sealed),
        "cut": (mine, b"info", sealed[:-1]),
        "extended": (mine, b"info", sealed + b"\x00"),
        "nothing": (mine, b"info", b""),
        "zeros": (mine, b"info", bytes(len(sealed))),
        "ones": (mine, b"info", b"\xff" * len(sealed)),
    }
    for position in [*range(0, len(sealed), 97), 1567, 1568, 1569, 1664, 1665, 1712]:
        altered = bytearray(sealed)
        altered[position] ^= 0x80
        cases[f"byte {position}"] = (mine, b"info", bytes(altered))
    for name, (key, info, slot) in cases.items():
        with pytest.raises(PlatformError) as caught:
            key.open(info, slot)
        assert caught.value.code is Code.DECRYPT, name
        assert caught.value.detail == "the slot does not open with this key", name


def test_a_half_that_is_out_is_told_from_a_slot_that_does_not_open() -> None:
    whole = split_of_seed(SEED)
    half = GoneHalf(ec.generate_private_key(ec.SECP384R1()))
    sealed = SealingKey.from_jwk(whole.jwk).seal(b"info", CEK)
    with pytest.raises(PlatformError) as caught:
        SplitOpener(whole.seed, half).open(b"info", sealed)
    assert caught.value.code is Code.UNAVAILABLE


def test_a_point_off_the_curve_never_reaches_the_half() -> None:
    half = GoneHalf(ec.generate_private_key(ec.SECP384R1()))
    sealed = bytearray(SealingKey.from_jwk(split_of_seed(SEED).jwk).seal(b"info", CEK))
    sealed[1664] ^= 1
    with pytest.raises(PlatformError) as caught:
        SplitOpener(bytes(64), half).open(b"info", bytes(sealed))
    assert caught.value.code is Code.DECRYPT


@settings(max_examples=25, deadline=None)
@given(
    seed=st.binary(min_size=32, max_size=32),
    info=st.binary(max_size=200),
    cek=st.binary(min_size=32, max_size=32),
)
def test_the_halves_open_what_is_sealed_to_the_whole_key(
    seed: bytes, info: bytes, cek: bytes
) -> None:
    whole, halves = SoftwareOpener.from_seed(Alg.K2, seed), split_of_seed(seed)
    assert (halves.kid, halves.jwk, halves.alg) == (whole.kid, whole.jwk, Alg.K2)
    sealed = SealingKey.from_jwk(whole.jwk).seal(info, cek)
    assert len(sealed) == SLOT_SIZE[Alg.K2]
    assert halves.open(info, sealed) == whole.open(info, sealed) == cek


def test_the_published_vector_of_the_suite_holds() -> None:
    opener = split_of_seed(published("skRm"))
    secret = opener._decapsulate(published("enc"))
    assert secret == published("shared_secret")
    key, nonce = schedule(secret, published("info"))
    assert (key, nonce) == (published("key"), published("base_nonce"))
    opened = AESGCM(key).decrypt(nonce, published("ct"), published("aad"))
    assert opened == published("pt")


@pytest.mark.parametrize("file", [each["file"] for each in GOLDEN if "-k2-" in each["file"]])
def test_the_golden_containers_open_with_halves(file: str) -> None:
    (expected,) = (each for each in GOLDEN if each["file"] == file)
    keys = json.loads((VECTORS / "keys.json").read_text())["seal"]
    opener = split_of_seed(bytes.fromhex(keys["SEC/K2"]["seed"]))
    manifest = read_manifest(io.BytesIO((VECTORS / "containers" / file).read_bytes()))
    info = b"dxe/1 slot\x00" + manifest.header_hash + b64u_decode(opener.kid)
    assert opener.open(info, b64u_decode(manifest.slots[0].ct)).hex() == expected["cek"]


def test_the_frozen_key_is_the_same_in_halves() -> None:
    assert split_of_seed(CEK).kid == "UAgisAeRSldDj0Npn6NZyEKi9eOBm-gJehXLwJOlpTQ"
