"""Private keys at rest: one JSON file a key, readable by its owner alone.

A file is either open (`seed`) or sealed under a passphrase: scrypt (RFC 7914) to a key, AES-256-GCM
over the seed, with algorithm, use and key id as associated data: no file can pose as another.

Or the classical half lies in a hardware token, and the file names it (`token`, a PKCS#11 URI):
alone for a key that is all classical, beside the seed of the ML-KEM half for K2.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import Field

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.keys import Alg, Jwk
from sextant_shared.crypto.pkcs11 import TokenAccess, TokenAgreement, TokenSigner, TokenUri
from sextant_shared.crypto.sealing import PUBLIC_SIZE, SoftwareOpener
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.crypto.split import POINT_SIZE, SplitOpener
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, Version1, read_model

MAX_KEY_FILE_BYTES = 8192
SCRYPT_N = 2**15  # 32 MiB and about 0.1 s: a person waits, a guesser waits longer
SCRYPT_R = 8
SCRYPT_P = 1
_SEALING = (Alg.K1, Alg.K2)

SigningKey = SoftwareSigner | TokenSigner
OpeningKey = SoftwareOpener | SplitOpener


class ScryptParameters(Strict):
    """Cost and salt of the passphrase hash (RFC 7914 §2)."""

    n: Annotated[int, Field(ge=2**10, le=2**20)]
    r: Annotated[int, Field(ge=1, le=32)]
    p: Annotated[int, Field(ge=1, le=16)]
    salt: str


class KeyFile(Strict):
    """A private key as it lies on disk: `seed` when open; `scrypt`, `nonce`, `ct` when sealed.

    `token` names the key or half that lies in a hardware token.
    """

    v: Version1
    kid: str
    alg: Annotated[Alg, Field(strict=False)]
    use: str
    jwk: dict[str, str]
    seed: str | None = None
    scrypt: ScryptParameters | None = None
    nonce: str | None = None
    ct: str | None = None
    token: str | None = None

    @property
    def secret(self) -> Literal["open", "sealed", "none"]:
        """How the file holds its secret, if it holds one."""
        if self.seed is not None:
            return "open"
        return "none" if self.ct is None else "sealed"


@dataclass(frozen=True)
class PrivateKey:
    """A loaded private key with what it is for."""

    use: str
    key: SigningKey | OpeningKey

    @property
    def kid(self) -> str:
        """Thumbprint of the public half."""
        return self.key.kid

    @property
    def jwk(self) -> Jwk:
        """The public half."""
        return self.key.jwk

    @property
    def token(self) -> str | None:
        """Where in a token the key or its classical half lies, as a PKCS#11 URI."""
        if isinstance(self.key, TokenSigner):
            return str(self.key.uri)
        return self.key.half.place if isinstance(self.key, SplitOpener) else None

    @property
    def signer(self) -> SigningKey:
        """The key as a signer.

        Raises:
            PlatformError: `E_KEY` for a sealing key.
        """
        if isinstance(self.key, SoftwareSigner | TokenSigner):
            return self.key
        raise PlatformError(Code.KEY, f"key {self.kid} opens; it does not sign")

    @property
    def opener(self) -> OpeningKey:
        """The key as an opener.

        Raises:
            PlatformError: `E_KEY` for a signing key.
        """
        if isinstance(self.key, SoftwareOpener | SplitOpener):
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
    if key.token is not None:
        public["token"] = key.token
    members: dict[str, object] = public
    if key.key.seed is None:
        pass  # the file holds no secret: all of the key lies in the token
    elif passphrase is None:
        members = {**public, "seed": b64u(key.key.seed)}
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


def read_public(path: Path) -> KeyFile:
    """Return what a key file says without its secrets being opened: no passphrase, no token.

    Raises:
        PlatformError: `E_KEY` when the file is missing; `E_MALFORMED` for another shape.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(Code.KEY, f"cannot read the key file {path.name}") from error
    return read_model(KeyFile, parse_json(data, max_bytes=MAX_KEY_FILE_BYTES))


def read_key_file(
    path: Path, passphrase: bytes | None = None, access: TokenAccess | None = None
) -> PrivateKey:
    """Load a key file; a token that it names is reached when the key is used, through `access`.

    Raises:
        PlatformError: `E_KEY` when the file is missing, sealed without a passphrase given, opened
            with a wrong one, or does not hold the key it names; `E_MALFORMED` for another shape.
    """
    file = read_public(path)
    if file.token is not None:
        key = PrivateKey(file.use, _in_token(file, path, passphrase, access or TokenAccess()))
    else:
        maker = SoftwareOpener if file.alg in _SEALING else SoftwareSigner
        key = PrivateKey(file.use, maker.from_seed(file.alg, _seed_of(file, path, passphrase)))
    if (key.kid, key.key.alg) != (file.kid, file.alg):
        raise PlatformError(
            Code.KEY,
            f"{path.name} does not hold the key it names",
            expected=f"{file.alg} {file.kid}",
            received=f"{key.key.alg} {key.kid}",
        )
    return key


def _in_token(
    file: KeyFile, path: Path, passphrase: bytes | None, access: TokenAccess
) -> TokenSigner | SplitOpener:
    """Return the key of which at least the classical half lies in a token."""
    uri = TokenUri.parse(file.token or "")
    if not uri.names_key:
        raise PlatformError(
            Code.MALFORMED, f"{path.name} names a token and no key in it", expected="id= or object="
        )
    if file.alg is Alg.K2:
        public = b64u_decode(file.jwk.get("pub", ""), PUBLIC_SIZE[Alg.K2])
        half = TokenAgreement(public[-POINT_SIZE:], uri, access)
        return SplitOpener(_seed_of(file, path, passphrase), half)
    if file.seed is not None or file.ct is not None:
        raise PlatformError(
            Code.MALFORMED, f"{path.name} holds a seed of a key that lies in a token"
        )
    return TokenSigner(file.jwk, uri, access)


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
