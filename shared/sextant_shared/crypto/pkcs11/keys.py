"""Keys in a token: Ed25519 and P-384 that sign, P-384 that agrees as half of a K2 key.

A key is made in the token and never leaves it. What the token answers is checked against the
public half that the key file names: a token with another key is told at once, as such.
"""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.keys import Alg, Jwk, ec_jwk, okp_jwk
from sextant_shared.crypto.pkcs11.device import MissingError, TokenAccess, load_library
from sextant_shared.crypto.pkcs11.uri import TokenUri
from sextant_shared.crypto.signing import Verifier
from sextant_shared.errors import Code, PlatformError

HELD = (Alg.ED25519, Alg.ES384, Alg.K2)
"""Algorithms whose classical half, or whole, a token can hold today."""

_COORDINATE = 48
_POINT_SIZE = {Alg.ED25519: 32, Alg.ES384: 2 * _COORDINATE + 1, Alg.K2: 2 * _COORDINATE + 1}
_CURVE = {  # CKA_EC_PARAMS: the curve's name (PKCS#11 3.0 §2.3.3), or its OID in DER
    Alg.ED25519: b"\x13\x0cedwards25519",
    Alg.ES384: bytes.fromhex("06052b81040022"),
    Alg.K2: bytes.fromhex("06052b81040022"),
}
_ID_SIZE = 16
_WRONG_KEY_FIX = "Use the token that the key was made in, or make new keys and register them."


class TokenSigner:
    """A signer whose private key is in a token; the token is reached when it signs."""

    __slots__ = ("_access", "_verifier", "alg", "jwk", "kid", "seed", "uri")

    def __init__(self, jwk: Jwk, uri: TokenUri, access: TokenAccess) -> None:
        self._verifier = Verifier.from_jwk(jwk)
        self._access = access
        self.uri = uri
        self.alg = self._verifier.alg
        self.jwk = self._verifier.jwk
        self.kid = self._verifier.kid
        self.seed: bytes | None = None
        if self.alg not in (Alg.ED25519, Alg.ES384):
            raise PlatformError(Code.KEY, f"a token cannot hold {self.alg}")

    def sign(self, message: bytes) -> bytes:
        """Return a signature over `message`; ES384 is r‖s.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the token does not sign, or not with this key.
        """
        signature: bytes = self._access.use(self.uri, lambda session: self._sign(session, message))
        try:
            self._verifier.verify(message, signature)
        except PlatformError as error:
            raise _wrong_key(self.uri) from error
        return signature

    def _sign(self, session: Any, message: bytes) -> Any:
        library, key = load_library(), _private_key(session, self.uri)
        if self.alg is Alg.ED25519:
            return key.sign(message, mechanism=library.Mechanism.EDDSA)
        # Few tokens hash and sign in one step (SoftHSM 2.6 does not); all sign a digest.
        digest = hashlib.sha384(message).digest()
        return key.sign(digest, mechanism=library.Mechanism.ECDSA)


class TokenAgreement:
    """The P-384 half of a split sealing key, in a token."""

    __slots__ = ("_access", "_proven", "public", "uri")

    def __init__(self, public: bytes, uri: TokenUri, access: TokenAccess) -> None:
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), public)
        except ValueError as error:
            raise PlatformError(Code.KEY, "a token's half of a sealing key is no point") from error
        self.public = public
        self.uri = uri
        self._access = access
        self._proven = False

    @property
    def place(self) -> str:
        """Where it lies, as a PKCS#11 URI."""
        return str(self.uri)

    def agree(self, point: bytes) -> bytes:
        """Return the x-coordinate shared with `point`.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the token does not agree, or not with this key.
        """
        if not self._proven:
            self._prove()
        return self._derive(point)

    def _prove(self) -> None:
        """Agree with a fresh key of our own: a wrong key must not look like a damaged slot."""
        mine = ec.generate_private_key(ec.SECP384R1())
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), self.public)
        point = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        if self._derive(point) != mine.exchange(ec.ECDH(), public):
            raise _wrong_key(self.uri)
        self._proven = True

    def _derive(self, point: bytes) -> bytes:
        return self._access.use(self.uri, lambda session: _agree(session, self.uri, point))


def generate_signer(alg: Alg, use: str, token: TokenUri, access: TokenAccess) -> TokenSigner:
    """Return a signer whose key was just made in the token.

    Raises:
        PlatformError: `E_UNAVAILABLE`.
    """
    point, uri = _generate(alg, use, token, access)
    jwk = okp_jwk(point) if alg is Alg.ED25519 else ec_jwk(point[1:49], point[49:])
    return TokenSigner(jwk, uri, access)


def generate_agreement(use: str, token: TokenUri, access: TokenAccess) -> TokenAgreement:
    """Return the P-384 half of a K2 key that was just made in the token.

    Raises:
        PlatformError: `E_UNAVAILABLE`.
    """
    point, uri = _generate(Alg.K2, use, token, access)
    return TokenAgreement(point, uri, access)


def discard(uri: TokenUri, access: TokenAccess) -> None:
    """Remove a key pair that was just made and that no key file names.

    Raises:
        PlatformError: `E_UNAVAILABLE`.
    """

    def destroy(session: Any) -> None:
        for found in list(session.get_objects({load_library().Attribute.ID: uri.id})):
            found.destroy()

    access.use(uri, destroy, write=True)


def _generate(alg: Alg, use: str, token: TokenUri, access: TokenAccess) -> tuple[bytes, TokenUri]:
    """Make a pair in the token: sensitive, never extractable, good for one thing."""
    uri = token.key(random_bytes(_ID_SIZE), f"sextant-{use}-{alg}")
    point = access.use(uri, lambda session: _make(session, alg, uri), write=True)
    return point, uri


def _make(session: Any, alg: Alg, uri: TokenUri) -> bytes:
    library = load_library()
    attribute, flag, mechanism = library.Attribute, library.MechanismFlag, library.Mechanism
    edwards = alg is Alg.ED25519
    kind = library.KeyType.EC_EDWARDS if edwards else library.KeyType.EC
    curve = session.create_domain_parameters(kind, {attribute.EC_PARAMS: _CURVE[alg]}, local=True)
    public, _ = curve.generate_keypair(
        id=uri.id,
        label=uri.object,
        store=True,
        capabilities=flag.DERIVE if alg is Alg.K2 else flag.SIGN | flag.VERIFY,
        mechanism=(mechanism.EC_EDWARDS_KEY_PAIR_GEN if edwards else mechanism.EC_KEY_PAIR_GEN),
        private_template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False},
    )
    # DER wraps the point in an OCTET STRING of less than 128 bytes; some tokens leave it bare.
    return bytes(public[attribute.EC_POINT])[-_POINT_SIZE[alg] :]


def _agree(session: Any, uri: TokenUri, point: bytes) -> bytes:
    library, key = load_library(), _private_key(session, uri)
    attribute = library.Attribute
    shared = key.derive_key(
        library.KeyType.GENERIC_SECRET,
        8 * _COORDINATE,
        mechanism=library.Mechanism.ECDH1_DERIVE,
        mechanism_param=(library.KDF.NULL, None, point),
        template={attribute.SENSITIVE: False, attribute.EXTRACTABLE: True, attribute.TOKEN: False},
    )
    try:
        return bytes(shared[attribute.VALUE])
    finally:
        shared.destroy()


def _private_key(session: Any, uri: TokenUri) -> Any:
    library = load_library()
    attribute = library.Attribute
    asked = {attribute.CLASS: library.ObjectClass.PRIVATE_KEY}
    asked |= {attribute.ID: uri.id} if uri.id is not None else {}
    asked |= {attribute.LABEL: uri.object} if uri.object is not None else {}
    found = list(session.get_objects(asked))
    if len(found) == 1:
        return found[0]
    held = f"{len(found)} keys" if found else "no key"
    raise MissingError(f"{uri.shown} holds {held} of this name", _WRONG_KEY_FIX, expected=str(uri))


def _wrong_key(uri: TokenUri) -> PlatformError:
    return PlatformError(
        Code.UNAVAILABLE,
        f"{uri.shown} holds another key than the key file names",
        expected=str(uri),
        fix=_WRONG_KEY_FIX,
    )
