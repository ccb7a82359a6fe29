"""Makes keys whose classical half lies in a hardware token, and tries keys before they count.

Responsible for which half lies where. Not responsible for files (`keyfiles`) nor for the device
(`crypto.pkcs11`).
"""

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.pkcs11 import (
    HELD,
    TokenAccess,
    TokenUri,
    discard,
    generate_agreement,
    generate_signer,
)
from sextant_shared.crypto.sealing import CEK_SIZE, SealingKey
from sextant_shared.crypto.signing import Verifier
from sextant_shared.crypto.split import LATTICE_SEED_SIZE, SplitOpener
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.keyfiles import OpeningKey, PrivateKey, generate_key

_TRIAL = b"dxe/1 trial\x00"


def check_fits_token(alg: Alg) -> None:
    """Say at once that an algorithm has no place in a token: before any key is made.

    Raises:
        PlatformError: `E_KEY` for K1, whose X25519 half no token standard of today holds.
    """
    if alg is Alg.K1:
        raise PlatformError(
            Code.KEY,
            "the X25519 half of K1 is not held in tokens",
            expected="sealing profile K2, whose P-384 half is",
            received="K1",
            fix="Add --kem K2.",
        )


def generate_in_token(alg: Alg, use: str, token: TokenUri, access: TokenAccess) -> PrivateKey:
    """Return a fresh key, made in the token as far as tokens know its algorithm.

    ML-DSA keys and the ML-KEM half of K2 are made here and go into files.

    Raises:
        PlatformError: `E_KEY` for K1; `E_UNAVAILABLE` when the token does not make it.
    """
    check_fits_token(alg)
    if alg not in HELD:
        return generate_key(alg, use)
    if alg is Alg.K2:
        half = generate_agreement(use, token, access)
        return PrivateKey(use, SplitOpener(random_bytes(LATTICE_SEED_SIZE), half))
    return PrivateKey(use, generate_signer(alg, use, token, access))


def discard_from_token(key: PrivateKey, access: TokenAccess) -> None:
    """Take back what `generate_in_token` made in the token, when no key file could be written.

    Raises:
        PlatformError: `E_UNAVAILABLE`.
    """
    if key.token is not None:
        discard(TokenUri.parse(key.token), access)


def try_key(key: PrivateKey) -> None:
    """Sign and verify, or seal and open, once: what fails later fails now.

    Raises:
        PlatformError: `E_UNAVAILABLE` for a token that does not do it, `E_KEY`, `E_SIGNATURE`,
            `E_DECRYPT`.
    """
    if isinstance(key.key, OpeningKey):
        content = random_bytes(CEK_SIZE)
        sealed = SealingKey.from_jwk(key.jwk).seal(_TRIAL, content)
        if key.opener.open(_TRIAL, sealed) != content:
            raise PlatformError(Code.KEY, f"key {key.kid} opens something else than was sealed")
    else:
        Verifier.from_jwk(key.jwk).verify(_TRIAL, key.signer.sign(_TRIAL))
