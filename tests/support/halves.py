"""The P-384 half of a split sealing key in software, in place of a token."""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sextant_shared.crypto.split import LATTICE_SEED_SIZE, SplitOpener


@dataclass(frozen=True)
class SoftwareHalf:
    """A scalar in memory; agrees by the library."""

    key: ec.EllipticCurvePrivateKey
    place: str = "pkcs11:token=NA-XBO;id=%01;type=private"

    @property
    def public(self) -> bytes:
        """Its public point."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def agree(self, point: bytes) -> bytes:
        """Return the shared x-coordinate."""
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), point)
        return self.key.exchange(ec.ECDH(), peer)


def split_of_seed(seed: bytes) -> SplitOpener:
    """Return the split opener of a whole key's seed: the same key in two halves."""
    expanded = hashlib.shake_256(seed).digest(LATTICE_SEED_SIZE + 48)
    scalar = int.from_bytes(expanded[LATTICE_SEED_SIZE:], "big")
    half = SoftwareHalf(ec.derive_private_key(scalar, ec.SECP384R1()))
    return SplitOpener(expanded[:LATTICE_SEED_SIZE], half)
