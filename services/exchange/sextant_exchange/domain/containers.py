"""Whether the bytes of a container are those its sender signed, as they pass.

A container describes itself: the digest of its manifest stands in our row and in the log, the
digest of its body in the manifest. So no digest of ours has to be kept beside it.
"""

from hashlib import sha256

from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.manifest import PREFIX_SIZE, parse_manifest, parse_prefix


class WholeContainer:
    """The check of one container: its manifest by digest, then its body by the manifest."""

    def __init__(self, manifest_digest: bytes) -> None:
        self._manifest_digest = manifest_digest
        self._head = bytearray()
        self._body = sha256()
        self._left: int | None = None  # bytes of the body to come; None inside the head
        self._expected = b""

    def add(self, block: bytes) -> None:
        """Take the next bytes.

        Raises:
            PlatformError: `E_INTEGRITY` as soon as they cannot be its own.
        """
        if self._left is None:
            self._head += block
            if (size := self._head_size()) is None:
                return
            block = bytes(self._head[size:])
            self._begin_body(bytes(self._head[PREFIX_SIZE:size]))
        self._left = (self._left or 0) - len(block)
        if self._left < 0:
            raise _altered("it is longer than its manifest says")
        self._body.update(block)

    def end(self) -> None:
        """Return if it was whole.

        Raises:
            PlatformError: `E_INTEGRITY`.
        """
        if self._left != 0:
            raise _altered("it ends too early")
        if self._body.digest() != self._expected:
            raise _altered("its body has another digest")

    def _head_size(self) -> int | None:
        """Return how long prefix and manifest are, None before they are whole."""
        if len(self._head) < PREFIX_SIZE:
            return None
        try:
            size = PREFIX_SIZE + parse_prefix(bytes(self._head[:PREFIX_SIZE]))
        except PlatformError as error:
            raise _altered("it does not begin like one") from error
        return size if len(self._head) >= size else None

    def _begin_body(self, raw: bytes) -> None:
        if sha256(raw).digest() != self._manifest_digest:
            raise _altered("its manifest has another digest")
        manifest = parse_manifest(raw)
        self._left, self._expected = manifest.body_len, manifest.body_sha256


def _altered(how: str) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        f"a stored container is not the one that was deposited: {how}",
        fix="Restore it from a backup or another copy; nothing but its own bytes will do.",
    )
