"""Private keys at rest: one JSON file a key, readable by its owner alone.

A file is either open (`seed`) or sealed under a passphrase: scrypt (RFC 7914) to a key, AES-256-GCM
over the seed, with algorithm, use and key id as associated data: no file can pose as another.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import Field

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.keys import Alg, Jwk
from sextant_shared.crypto.sealing import SoftwareOpener
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, Version1, read_model

MAX_KEY_FILE_BYTES = 8192
SCRYPT_N = 2**15  # 32 MiB and about 0.1 s: a person waits, a guesser waits longer
SCRYPT_R = 8
SCRYPT_P = 1
_SEALING = (Alg.K1, Alg.K2)


class ScryptParameters(Strict):
    """Cost and salt of the passphrase hash (RFC 7914 §2)."""

    n: Annotated[int, Field(ge=2**10, le=2**20)]
    r: Annotated[int, Field(ge=1, le=32)]
    p: Annotated[int, Field(ge=1, le=16)]
    salt: str


class KeyFile(Strict):
    """A private key as it lies on disk: `seed` when open; `scrypt`, `nonce`, `ct` when sealed."""

    v: Version1
    kid: str
    alg: Annotated[Alg, Field(strict=False)]
    use: str
    jwk: dict[str, str]
    seed: str | None = None
    scrypt: ScryptParameters | None = None
    nonce: str | None = None
    ct: str | None = None


@dataclass(frozen=True)
class PrivateKey:
    """A loaded private key with what it is for."""

    use: str
    key: SoftwareSigner | SoftwareOpener

    @property
    def kid(self) -> str:
        """Thumbprint of the public half."""
        return self.key.kid

    @property
    def jwk(self) -> Jwk:
        """The public half."""
        return self.key.jwk

    @property
    def signer(self) -> SoftwareSigner:
        """The key as a signer.

        Raises:
            PlatformError: `E_KEY` for a sealing key.
        """
        if isinstance(self.key, SoftwareSigner):
            return self.key
        raise PlatformError(Code.KEY, f"key {self.kid} opens; it does not sign")

    @property
    def opener(self) -> SoftwareOpener:
        """The key as an opener.

        Raises:
            PlatformError: `E_KEY` for a signing key.
        """
        if isinstance(self.key, SoftwareOpener):
            return self.key
        raise PlatformError(Code.KEY, f"key {self.kid} signs; it does not open")


def generate_key(alg: Alg, use: str) -> PrivateKey:
    """Return a fresh private key."""
    maker = SoftwareOpener if alg in _SEALING else SoftwareSigner
    return PrivateKey(use, maker.generate(alg))


def write_key_file(path: Path, key: PrivateKey, passphrase: bytes | None = None) -> None:
    """Write a key file, mode 0600, that did not exist before.

    Raises:
        PlatformError: `E_STATE` when the file exists: keys are never overwritten.
    """
    public = {"v": 1, "kid": key.kid, "alg": str(key.key.alg), "use": key.use, "jwk": key.jwk}
    if passphrase is None:
        members: dict[str, object] = {**public, "seed": b64u(key.key.seed)}
    else:
        salt, nonce = random_bytes(16), random_bytes(12)
        parameters = ScryptParameters(n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, salt=b64u(salt))
        sealed = AESGCM(_stretch(passphrase, parameters)).encrypt(
            nonce, key.key.seed, _associated(key.kid, key.key.alg, key.use)
        )
        members = {
            **public,
            "scrypt": parameters.model_dump(),
            "nonce": b64u(nonce),
            "ct": b64u(sealed),
        }
    write_private_file(path, json.dumps(members, indent=1).encode() + b"\n")


def write_private_file(path: Path, data: bytes) -> None:
    """Write `data` to a new file that only its owner may read, and make it durable.

    Raises:
        PlatformError: `E_STATE` when the file exists.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise PlatformError(
            Code.STATE,
            f"{path} exists and is never overwritten",
            fix="Move the old file away first, or choose another folder.",
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_key_file(path: Path, passphrase: bytes | None = None) -> PrivateKey:
    """Load a key file.

    Raises:
        PlatformError: `E_KEY` when the file is missing, sealed without a passphrase given, opened
            with a wrong one, or does not hold the key it names; `E_MALFORMED` for another shape.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(Code.KEY, f"cannot read the key file {path.name}") from error
    file = read_model(KeyFile, parse_json(data, max_bytes=MAX_KEY_FILE_BYTES))
    maker = SoftwareOpener if file.alg in _SEALING else SoftwareSigner
    key = PrivateKey(file.use, maker.from_seed(file.alg, _seed_of(file, path, passphrase)))
    if key.kid != file.kid:
        raise PlatformError(
            Code.KEY,
            f"{path.name} does not hold the key it names",
            expected=file.kid,
            received=key.kid,
        )
    return key


def _seed_of(file: KeyFile, path: Path, passphrase: bytes | None) -> bytes:
    if file.seed is not None:
        return b64u_decode(file.seed)
    if file.scrypt is None or file.nonce is None or file.ct is None:
        raise PlatformError(Code.MALFORMED, f"{path.name} holds neither a seed nor a sealed one")
    if passphrase is None:
        raise PlatformError(
            Code.KEY,
            f"{path.name} is sealed",
            fix="Give the file that holds the passphrase.",
        )
    try:
        return AESGCM(_stretch(passphrase, file.scrypt)).decrypt(
            b64u_decode(file.nonce, 12),
            b64u_decode(file.ct),
            _associated(file.kid, file.alg, file.use),
        )
    except InvalidTag as error:
        raise PlatformError(Code.KEY, f"the passphrase does not open {path.name}") from error


def _stretch(passphrase: bytes, parameters: ScryptParameters) -> bytes:
    salt = b64u_decode(parameters.salt, 16)
    scrypt = Scrypt(salt=salt, length=32, n=parameters.n, r=parameters.r, p=parameters.p)
    return scrypt.derive(passphrase)


def _associated(kid: str, alg: Alg, use: str) -> bytes:
    return canonical_json({"kid": kid, "alg": str(alg), "use": use})
