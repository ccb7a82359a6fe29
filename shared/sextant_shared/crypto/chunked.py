"""Streaming body encryption: C2SP chunked-encryption, Cobblestone-256 (envelope §2.6).

```
body  = salt(24) ‖ commitment(32) ‖ chunk*
chunk = AES-256-GCM(key, base_nonce XOR be96(i), aad = "", 16384 bytes), the last one shorter
key(32) ‖ base_nonce(12) ‖ commitment(32) = HKDF-Expand-SHA512(CEK, label ‖ 00 ‖ salt ‖ context, 76)
```

The commitment is checked before any chunk: a body opens under one key only. The last chunk is
always shorter than the others, possibly empty, so truncation and extension cannot pass.
"""

import hmac
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sextant_shared.errors import Code, PlatformError

CHUNK_SIZE = 16384
TAG_SIZE = 16
SALT_SIZE = 24
COMMITMENT_SIZE = 32
KEY_SIZE = 32
HEADER_SIZE = SALT_SIZE + COMMITMENT_SIZE
SEALED_CHUNK_SIZE = CHUNK_SIZE + TAG_SIZE
MIN_PADDED_SIZE = 4096
_NONCE_SIZE = 12
_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


def padme(length: int) -> int:
    """Return `length` rounded up so that it tells O(log log n) bits: at least 4096, at most +12 %.

    Above 4 KiB the padding stays below 6.2 % (envelope §2.6).
    """
    length = max(length, MIN_PADDED_SIZE)
    exponent = length.bit_length() - 1
    kept = exponent.bit_length()
    step = 1 << (exponent - kept)
    return (length + step - 1) & ~(step - 1)


def sealed_size(length: int) -> int:
    """Return the size of the body that carries `length` bytes."""
    return HEADER_SIZE + length + TAG_SIZE * (length // CHUNK_SIZE + 1)


class BodyEncryptor:
    """Encrypts one stream; a fresh content key and salt for each, so nonces never repeat."""

    def __init__(self, cek: bytes, context: bytes, salt: bytes) -> None:
        self._aead, self._nonce, commitment = _derive(cek, context, salt)
        self._index = 0
        self._buffer = bytearray()
        self.header = salt + commitment

    def update(self, data: bytes) -> bytes:
        """Return the sealed chunks that `data` completes."""
        self._buffer += data
        whole = len(self._buffer) // CHUNK_SIZE * CHUNK_SIZE
        sealed = b"".join(
            self._seal(bytes(self._buffer[start : start + CHUNK_SIZE]))
            for start in range(0, whole, CHUNK_SIZE)
        )
        del self._buffer[:whole]
        return sealed

    def finish(self) -> bytes:
        """Return the last, shorter chunk."""
        return self._seal(bytes(self._buffer))

    def _seal(self, chunk: bytes) -> bytes:
        nonce = _chunk_nonce(self._nonce, self._index)
        self._index += 1
        return self._aead.encrypt(nonce, chunk, None)


class BodyDecryptor:
    """Decrypts one stream; each chunk is authentic, and `finish` says whether all arrived."""

    def __init__(self, cek: bytes, context: bytes) -> None:
        self._cek = cek
        self._context = context
        self._aead: AESGCM | None = None
        self._nonce = b""
        self._index = 0
        self._buffer = bytearray()

    def update(self, data: bytes) -> Iterator[bytes]:
        """Yield the plaintext of each full chunk that `data` completes.

        Raises:
            PlatformError: `E_KEY_COMMITMENT` for another key, `E_BODY` for an altered chunk.
        """
        self._buffer += data
        if self._aead is None:
            if len(self._buffer) < HEADER_SIZE:
                return
            self._open_header()
        while len(self._buffer) >= SEALED_CHUNK_SIZE:
            chunk = bytes(self._buffer[:SEALED_CHUNK_SIZE])
            del self._buffer[:SEALED_CHUNK_SIZE]
            yield self._open(chunk)

    def finish(self) -> bytes:
        """Return the plaintext of the last chunk; only now is the stream known to be whole.

        Raises:
            PlatformError: `E_BODY` when the stream was cut.
        """
        if self._aead is None:
            raise PlatformError(Code.BODY, "the body is shorter than its header")
        return self._open(bytes(self._buffer))

    def _open_header(self) -> None:
        salt, commitment = self._buffer[:SALT_SIZE], self._buffer[SALT_SIZE:HEADER_SIZE]
        aead, nonce, expected = _derive(self._cek, self._context, bytes(salt))
        if not hmac.compare_digest(expected, commitment):
            raise PlatformError(Code.KEY_COMMITMENT, "the body is committed to another key")
        del self._buffer[:HEADER_SIZE]
        self._aead, self._nonce = aead, nonce

    def _open(self, chunk: bytes) -> bytes:
        nonce = _chunk_nonce(self._nonce, self._index)
        self._index += 1
        if self._aead is None or len(chunk) < TAG_SIZE:
            raise PlatformError(Code.BODY, "the body is truncated")
        try:
            return self._aead.decrypt(nonce, chunk, None)
        except InvalidTag as error:
            raise PlatformError(
                Code.BODY, f"chunk {self._index - 1} of the body does not authenticate"
            ) from error


def hkdf_expand(key: bytes, info: bytes, size: int) -> bytes:
    """Return HKDF-Expand with SHA-512 (RFC 5869 §2.3) over a uniformly random key."""
    return HKDFExpand(hashes.SHA512(), size, info).derive(key)


def _derive(cek: bytes, context: bytes, salt: bytes) -> tuple[AESGCM, bytes, bytes]:
    if len(cek) != KEY_SIZE or len(salt) != SALT_SIZE:
        raise PlatformError(Code.KEY, "a content key has 32 bytes and a salt 24")
    size = KEY_SIZE + _NONCE_SIZE + COMMITMENT_SIZE
    derived = hkdf_expand(cek, _LABEL + salt + context, size)
    commitment = derived[KEY_SIZE + _NONCE_SIZE :]
    return AESGCM(derived[:KEY_SIZE]), derived[KEY_SIZE : KEY_SIZE + _NONCE_SIZE], commitment


def _chunk_nonce(base: bytes, index: int) -> bytes:
    value = int.from_bytes(base, "big") ^ index
    return value.to_bytes(_NONCE_SIZE, "big")
