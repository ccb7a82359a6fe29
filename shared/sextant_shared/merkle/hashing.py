"""The hashes of an RFC 6962 tree. Not responsible for its shape (`merkle.proofs`, `merkle.tree`).

leaf hash = SHA-256(0x00 || data)          RFC 6962 §2.1
node hash = SHA-256(0x01 || left || right)
empty     = SHA-256("")
"""

import hashlib

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()
