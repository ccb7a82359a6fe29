"""A key file says where each half lies, and holds what it says or is refused."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.keyfiles import (
    PrivateKey,
    read_key_file,
    read_public,
    write_key_file,
)
from sextant_shared.protocol.tokenkeys import try_key
from tests.support.halves import split_of_seed
from tests.support.parties import opener, signer

TOKEN = "pkcs11:token=NA-XBO;id=%01;type=private"
CLASSICAL = PrivateKey("sig", signer("NA-XBO/sig", Alg.ES384))
LATTICE = PrivateKey("sig", signer("NA-XBO/sig", Alg.ML_DSA_87))
SPLIT = PrivateKey("seal", split_of_seed(bytes(32)))


def changed(path: Path, key: PrivateKey, change: Mapping[str, Any]) -> Path:
    """Write a key file with members changed; None takes one away."""
    write_key_file(path, key)
    members = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps({name: v for name, v in members.items() if v is not None}))
    return path


@pytest.mark.parametrize(
    ("key", "change", "code", "said"),
    [
        (CLASSICAL, {"token": TOKEN}, Code.MALFORMED, "a seed of a key that lies in a token"),
        (CLASSICAL, {"token": "pkcs11:token=NA-XBO", "seed": None}, Code.MALFORMED, "no key in it"),
        (CLASSICAL, {"token": "/dev/token", "seed": None}, Code.MALFORMED, "no PKCS#11 URI"),
        (CLASSICAL, {"seed": None}, Code.MALFORMED, "neither a seed nor a sealed one"),
        (CLASSICAL, {"token": TOKEN, "seed": None, "kid": LATTICE.kid}, Code.KEY, "does not hold"),
        (CLASSICAL, {"token": TOKEN, "seed": None, "alg": "Ed25519"}, Code.KEY, "does not hold"),
        (LATTICE, {"token": TOKEN, "seed": None}, Code.KEY, "a token cannot hold ML-DSA-87"),
        (SPLIT, {"seed": None}, Code.MALFORMED, "neither a seed nor a sealed one"),
        (SPLIT, {"seed": "AAAA"}, Code.KEY, "does not load"),
        (SPLIT, {"token": None}, Code.KEY, "a sealing seed has 32 bytes"),
        (SPLIT, {"jwk": dict(opener("SEC/seal", Alg.K2).jwk)}, Code.KEY, "does not hold"),
        (SPLIT, {"jwk": dict(opener("SEC/seal", Alg.K1).jwk)}, Code.MALFORMED, "wrong length"),
    ],
)
def test_a_file_whose_halves_do_not_fit_is_refused(
    key: PrivateKey, change: Mapping[str, Any], code: Code, said: str, tmp_path: Path
) -> None:
    path = changed(tmp_path / "key.json", key, change)
    with pytest.raises(PlatformError, match=said) as caught:
        read_key_file(path)
    assert caught.value.code is code


def test_the_half_of_a_split_key_cannot_pass_for_that_of_another(tmp_path: Path) -> None:
    """The sealed half is bound to the key id, and the key id to both public halves."""
    write_key_file(tmp_path / "mine.json", SPLIT, b"x")
    other = PrivateKey("seal", split_of_seed(b"\x01" * 32))
    write_key_file(tmp_path / "other.json", other, b"x")
    mine, theirs = (json.loads((tmp_path / n).read_text()) for n in ("mine.json", "other.json"))
    taken = {name: theirs[name] for name in ("scrypt", "nonce", "ct")}
    (tmp_path / "mixed.json").write_text(json.dumps({**mine, **taken}))
    with pytest.raises(PlatformError, match="passphrase does not open"):
        read_key_file(tmp_path / "mixed.json", b"x")


def test_reading_a_key_in_a_token_reaches_no_token(tmp_path: Path) -> None:
    path = changed(tmp_path / "key.json", CLASSICAL, {"token": TOKEN, "seed": None})
    key = read_key_file(path)
    assert (key.kid, key.token) == (CLASSICAL.kid, TOKEN)
    with pytest.raises(PlatformError, match="no PKCS#11 module is named") as caught:
        key.signer.sign(b"message")
    assert caught.value.code is Code.UNAVAILABLE
    assert "SEXTANT_PKCS11_MODULE" in caught.value.fix


@pytest.mark.parametrize("key", [CLASSICAL, LATTICE, SPLIT], ids=["ES384", "ML-DSA", "split K2"])
@pytest.mark.parametrize("passphrase", [None, b"correct horse"], ids=["open", "sealed"])
def test_what_is_written_is_read_back_and_works(
    key: PrivateKey, passphrase: bytes | None, tmp_path: Path
) -> None:
    try_key(key)
    write_key_file(tmp_path / "key.json", key, passphrase)
    public = read_public(tmp_path / "key.json")
    assert public.secret == ("open" if passphrase is None else "sealed")
    assert public.token == key.token
    again = read_key_file(tmp_path / "key.json", passphrase)
    assert (again.kid, again.use, again.key.seed) == (key.kid, key.use, key.key.seed)
