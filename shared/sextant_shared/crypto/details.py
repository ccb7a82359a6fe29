"""Seals the detail that an entry of the log commits to, under a key of its own.

`sealed = nonce(12) ‖ AES-256-GCM(key, nonce, aad = label ‖ leaf hash, salt(32) ‖ detail)`

The leaf hash binds a sealed detail to its entry. AES-GCM alone would let one ciphertext open to two
stories under two keys; whoever opens one therefore compares it with the entry's commitment.
Keys of details are wrapped under the key of their owner (RFC 3394).
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from sextant_shared.clock import random_bytes
from sextant_shared.errors import Code, PlatformError

KEY_BYTES = 32
SALT_BYTES = 32
_NONCE_BYTES = 12
_LABEL = b"audit-detail/v1"


def seal_detail(key: bytes, leaf: bytes, salt: bytes, detail: bytes) -> bytes:
    """Return the sealed salt and detail of the entry whose leaf hash is `leaf`."""
    nonce = random_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, salt + detail, _LABEL + leaf)


def open_detail(key: bytes, leaf: bytes, sealed: bytes) -> tuple[bytes, bytes]:
    """Return salt and detail.

    Raises:
        PlatformError: `E_INTEGRITY` for another key, another entry or changed bytes.
    """
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        plain = AESGCM(key).decrypt(nonce, text, _LABEL + leaf)
    except (InvalidTag, ValueError) as error:
        raise PlatformError(
            Code.INTEGRITY, "a sealed detail does not open with the key kept for it"
        ) from error
    return plain[:SALT_BYTES], plain[SALT_BYTES:]


def wrap_key(owner_key: bytes, key: bytes) -> bytes:
    """Return the key of a detail under the key of its owner."""
    return aes_key_wrap(owner_key, key)


def unwrap_key(owner_key: bytes, wrapped: bytes) -> bytes:
    """Return the key of a detail.

    Raises:
        PlatformError: `E_INTEGRITY`.
    """
    try:
        return aes_key_unwrap(owner_key, wrapped)
    except (InvalidUnwrap, ValueError) as error:
        raise PlatformError(
            Code.INTEGRITY, "the key of a detail does not open with its owner's key"
        ) from error
