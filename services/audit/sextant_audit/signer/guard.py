"""Signs tree heads, each one a continuation of the last: witness zero of the log.

Responsible for never signing two histories, whatever the ledger or its operator asks. Not
responsible for the tree itself.

Order within `sign`: check, remember durably (`signer.after_remember`), sign twice, answer. If we
stop before the answer, the head is remembered and nothing was told; asking again for the same head
is allowed.
"""

import threading
from collections.abc import Sequence

from sextant_audit.domain.ports import CrashPoint, Head
from sextant_audit.signer.state import StateFile
from sextant_shared.clock import Clock
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.proofs import verify_consistency
from sextant_shared.protocol.checkpoints import LogKeys, sign_checkpoint
from sextant_shared.protocol.cose_receipts import ReceiptKey, SignedRoot, sign_root


class SignerGuard:
    """Owns the keys of the log and the memory of what they signed. Safe to use from threads."""

    def __init__(
        self,
        keys: LogKeys,
        signers: tuple[Signer, Signer],
        state: StateFile,
        clock: Clock,
        crash_point: CrashPoint = lambda _name: None,
        receipts: Signer | None = None,
    ) -> None:
        self._keys = keys
        self._signers = signers
        self._state = state
        self._clock = clock
        self._crash_point = crash_point
        self._receipts = receipts
        self._lock = threading.Lock()

    @property
    def keys(self) -> LogKeys:
        """The public identity of the log."""
        return self._keys

    @property
    def size(self) -> int:
        """Size of the newest head it agreed to sign; 0 before the first."""
        return self._state.memory.size

    @property
    def root(self) -> bytes:
        """Root of that head."""
        return self._state.memory.root

    def sign(self, size: int, root: bytes, path: Sequence[bytes]) -> Head:
        """Return the head with both signatures, if it continues the one remembered.

        Raises:
            PlatformError: `E_INTEGRITY` for a smaller size, another root of the same size, or a
                consistency proof that does not hold; `E_UNAVAILABLE` when it cannot remember.
        """
        with self._lock:
            self._check(size, root, path)
            if size != self.size:
                self._state.remember(size, root)
            self._crash_point("signer.after_remember")
            now = self._clock()
            text = sign_checkpoint(self._keys.origin, size, root, self._signers, now)
            return Head(size, root, text, now)

    @property
    def receipt_key(self) -> ReceiptKey | None:
        """The public key of the log's COSE receipts, if it has one."""
        if self._receipts is None:
            return None
        return ReceiptKey(self._keys.origin, Verifier.from_jwk(self._receipts.jwk))

    def sign_root(self, size: int, root: bytes, path: Sequence[bytes]) -> SignedRoot:
        """Return a signature for COSE receipts over a root that the head remembered continues.

        `path` is the consistency proof from `size` to `self.size`. Nothing is remembered: this
        root was agreed to before.

        Raises:
            PlatformError: `E_INTEGRITY` for a root outside that history; `E_NOT_FOUND` without a
                key of receipts.
        """
        if self._receipts is None:
            raise PlatformError(
                Code.NOT_FOUND,
                "this log has no key of COSE receipts",
                fix="Its operator makes one: python -m sextant_audit add-receipt-key.",
            )
        with self._lock:
            try:
                verify_consistency(size, self.size, path, root, self.root)
            except PlatformError as error:
                raise self._refused(f"it is no part of it: {error.detail}", size, root) from error
        return sign_root(self._keys.origin, root, self._receipts, self._clock())

    def close(self) -> None:
        """Release the state file."""
        self._state.close()

    def _check(self, size: int, root: bytes, path: Sequence[bytes]) -> None:
        if size < self.size or (size == self.size and root != self.root) or len(root) != HASH_SIZE:
            raise self._refused("it does not continue the head signed before", size, root)
        if self.size == 0 and (size, list(path)) != (1, []):
            raise self._refused("a log begins with its genesis entry alone", size, root)
        if self.size > 0:
            try:
                verify_consistency(self.size, size, path, self.root, root)
            except PlatformError as error:
                raise self._refused(error.detail, size, root) from error

    def _refused(self, why: str, size: int, root: bytes) -> PlatformError:
        return PlatformError(
            Code.INTEGRITY,
            f"the signer refuses a head of size {size}: {why}",
            expected=f"a continuation of size {self.size}",
            received=f"size {size}",
            fix="Stop: ledger and signer hold two histories. Restore the newest ledger.",
            evidence={
                "signed": f"{self.size}\n{b64(self.root)}",
                "asked": f"{size}\n{b64(root)}",
            },
        )
