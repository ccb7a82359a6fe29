"""The audit service's side of a signer in a process of its own: a `HeadSigner` over its socket.

Responsible for the connection (it is made again when the signer comes back), for believing no
answer before it was verified, and for telling a signer that is away, which passes, from one that
contradicts itself, which does not. No private key ever comes here.

What may happen to an ask, and what follows:

* The signer was started anew since: the ask is repeated on a new connection. It is safe to repeat;
  a head that is remembered is signed again.
* It died between remembering and answering: the standing says so, and the same head is asked for
  without a proof. For a later head the caller is told to come back, and then proves from there.
* It remembers less than it signed, or has other keys: its folder was restored. Nothing is asked of
  it any more until somebody looks.
"""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from sextant_audit.domain.ports import Head
from sextant_audit.signer.frames import (
    LENGTH_BYTES,
    Ask,
    AskForRoot,
    AskToSign,
    Standing,
    ask_for_root,
    ask_to_sign,
    format_frame,
    frame_length,
    read_signed,
    read_signed_root,
    read_standing,
)
from sextant_shared.clock import monotonic
from sextant_shared.crypto.signing import Verifier
from sextant_shared.encoding import b64, b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from sextant_shared.protocol.cose_receipts import ReceiptKey, SignedRoot, verify_signed_root

RETRY_AFTER_S = 1
_Memory = tuple[int, bytes]


class RemoteSigner:
    """Holds a signer for this process; made by `connect`. Safe to use from threads."""

    def __init__(self, path: Path, origin: str, timeout_s: float, line: "_Line") -> None:
        self._path = path
        self._origin = origin
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._line: _Line | None = line
        self._keys, self._memory = line.stand("hold", origin)
        self._receipt_key = line.receipt_key

    @classmethod
    def connect(cls, path: Path, origin: str, timeout_s: float) -> Self:
        """Hold the signer that listens at `path`.

        Raises:
            PlatformError: `E_UNAVAILABLE` when none answers, `E_STATE` when another process holds
                it, `E_KEY` when it is another log's, `E_FORBIDDEN` when it knows no such user.
        """
        try:
            line = _Line(path, timeout_s)
            try:
                return cls(path, origin, timeout_s, line)
            except BaseException:
                line.close()
                raise
        except OSError as error:
            raise _away(path, error) from error

    @property
    def keys(self) -> LogKeys:
        """The public identity of the log."""
        return self._keys

    @property
    def size(self) -> int:
        """Size of the newest head it is known to have agreed to; 0 before the first."""
        return self._memory[0]

    @property
    def root(self) -> bytes:
        """Root of that head."""
        return self._memory[1]

    def sign(self, size: int, root: bytes, path: Sequence[bytes]) -> Head:
        """Return the head with both signatures of the log; they were verified.

        Raises:
            PlatformError: `E_INTEGRITY` when the signer refuses the head or contradicts itself;
                `E_UNAVAILABLE` for whatever passes: it is away, or another process holds it.
        """
        with self._lock:
            try:
                text = self._signed(ask_to_sign(self._origin, size, root, path))
            except OSError as error:
                self._hang_up()
                raise _away(self._path, error) from error
            except PlatformError as error:
                if error.code in {Code.INTEGRITY, Code.UNAVAILABLE}:
                    raise
                self._hang_up()  # nothing passes on this connection any more
                raise _not_signing(error) from error
            head = self._verified(size, root, text)
            self._memory = size, root
            return head

    @property
    def receipt_key(self) -> ReceiptKey | None:
        """The public key of the log's COSE receipts, if it has one."""
        return self._receipt_key

    def sign_root(self, size: int, root: bytes, path: Sequence[bytes]) -> SignedRoot:
        """Return a signature for COSE receipts over a root of the past; it was verified.

        Raises:
            PlatformError: `E_NOT_FOUND` without a key of receipts, and as `sign`.
        """
        with self._lock:
            key = self._receipt_key
            if key is None:
                raise PlatformError(
                    Code.NOT_FOUND,
                    "this log has no key of COSE receipts",
                    fix="Its operator makes one: python -m sextant_audit.signer add-receipt-key.",
                )
            try:
                held = self._held()
                key = self._receipt_key or key  # a signer that came back may have another
                signed = held.sign_root(ask_for_root(self._origin, size, root, path))
            except OSError as error:
                self._hang_up()
                raise _away(self._path, error) from error
            except PlatformError as error:
                if error.code in {Code.INTEGRITY, Code.UNAVAILABLE}:
                    raise
                self._hang_up()
                raise _not_signing(error) from error
            try:
                verify_signed_root(signed, root, key)
            except PlatformError as error:
                raise PlatformError(
                    Code.INTEGRITY, f"the signer's root does not verify: {error.detail}"
                ) from error
            return signed

    def check(self) -> None:
        """Ask how the signer stands, without changing what is known of it.

        Raises:
            PlatformError: `E_UNAVAILABLE` when it does not answer, or what it refuses.
        """
        with self._lock:
            try:
                if self._line is not None:
                    self._line.stand("look", self._origin)
                    return
            except OSError:
                self._hang_up()
        look(self._path, self._origin, self._timeout_s)

    def close(self) -> None:
        """Let go of the signer."""
        with self._lock:
            self._hang_up()

    def _signed(self, ask: AskToSign) -> str:
        if self._line is not None:
            try:
                return self._line.sign(ask)
            except ConnectionError:  # it ended since; another may listen already
                self._hang_up()
        line = _Line(self._path, self._timeout_s)
        try:
            proved = self._proved_again(ask, *line.stand("hold", self._origin))
        except BaseException:
            line.close()
            raise
        self._line, self._receipt_key = line, line.receipt_key
        return line.sign(proved)

    def _held(self) -> "_Line":
        """Return the connection, made anew to a signer that stands as it did."""
        if self._line is None:
            line = _Line(self._path, self._timeout_s)
            try:
                self._require_same(*line.stand("hold", self._origin))
            except BaseException:
                line.close()
                raise
            self._line, self._receipt_key = line, line.receipt_key
        return self._line

    def _require_same(self, keys: LogKeys, memory: _Memory) -> None:
        if (keys.vkeys, memory) != (self._keys.vkeys, self._memory):
            raise PlatformError(
                Code.UNAVAILABLE,
                "the signer stands elsewhere than before; the next head settles it",
                retry_after_s=RETRY_AFTER_S,
            )

    def _proved_again(self, ask: AskToSign, keys: LogKeys, memory: _Memory) -> AskToSign:
        """Return the ask as it fits what the signer remembers after a new start."""
        known, size = self._memory, memory[0]
        if keys.vkeys != self._keys.vkeys:
            raise _contradiction("another signer listens than before", known, memory)
        if memory == known:
            return ask
        if size <= known[0]:
            raise _contradiction("the signer forgot what it signed", known, memory)
        if size >= ask.size:  # the same head needs no proof; what is no continuation is refused
            return ask.model_copy(update={"path": []})
        self._memory = memory
        raise PlatformError(
            Code.UNAVAILABLE,
            f"the signer's answer for size {size} was lost; the next proof begins there",
            retry_after_s=RETRY_AFTER_S,
        )

    def _verified(self, size: int, root: bytes, text: str) -> Head:
        try:
            signed = verify_checkpoint(text, self._keys)
        except PlatformError as error:
            raise PlatformError(
                Code.INTEGRITY,
                f"the signer's head does not verify: {error.detail}",
                fix="Look at the signer's keys: they are not those it named.",
                evidence={"signed": text},
            ) from error
        if (signed.size, signed.root) != (size, root):
            raise _contradiction(
                "the signer signed another head than it was asked for",
                (signed.size, signed.root),
                (size, root),
            )
        return Head(size, root, text, float(signed.time))

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class _Line:
    """One connection: a frame out, a frame in, each ask within one time limit."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.receipt_key: ReceiptKey | None = None  # known once it stood
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(timeout_s)
            self._socket.connect(str(path))
        except BaseException:
            self._socket.close()
            raise

    def stand(self, op: str, origin: str) -> tuple[LogKeys, _Memory]:
        """Return keys and memory of the signer, after `hold` or `look`."""
        ask = Ask.model_validate({"v": 1, "op": op, "origin": origin})
        standing = read_standing(self._exchange(ask))
        jwk = standing.receipt_key
        self.receipt_key = ReceiptKey(origin, Verifier.from_jwk(jwk)) if jwk else None
        return _standing_of(standing)

    def sign(self, ask: AskToSign) -> str:
        """Return the checkpoint that was asked for, not yet verified."""
        return read_signed(self._exchange(ask)).checkpoint

    def sign_root(self, ask: AskForRoot) -> SignedRoot:
        """Return the signed root that was asked for, not yet verified."""
        return read_signed_root(self._exchange(ask))

    def close(self) -> None:
        """End the connection: the signer is free for another process."""
        self._socket.close()

    def _exchange(self, ask: Ask | AskToSign | AskForRoot) -> bytes:
        deadline = monotonic() + self._timeout_s
        self._socket.settimeout(self._timeout_s)
        with suppress(ConnectionError):  # who is not admitted is told so, then cut off
            self._socket.sendall(format_frame(ask))
        return self._receive(frame_length(self._receive(LENGTH_BYTES, deadline)), deadline)

    def _receive(self, count: int, deadline: float) -> bytes:
        received = bytearray()
        while len(received) < count:
            self._socket.settimeout(max(deadline - monotonic(), 0.001))
            part = self._socket.recv(count - len(received))
            if not part:
                raise ConnectionResetError("the signer closed the connection")
            received += part
        return bytes(received)


def look(path: Path, origin: str, timeout_s: float) -> tuple[LogKeys, int, bytes]:
    """Return the log's identity and the newest head it agreed to, without holding the signer.

    Raises:
        PlatformError: `E_UNAVAILABLE` when no signer answers, `E_KEY` when it is another log's.
    """
    try:
        line = _Line(path, timeout_s)
        try:
            keys, (size, root) = line.stand("look", origin)
        finally:
            line.close()
    except OSError as error:
        raise _away(path, error) from error
    return keys, size, root


def look_at_keys(path: Path, origin: str, timeout_s: float) -> tuple[LogKeys, ReceiptKey | None]:
    """Return all public keys of the log, without holding the signer.

    Raises:
        PlatformError: as `look`.
    """
    try:
        line = _Line(path, timeout_s)
        try:
            keys, _ = line.stand("look", origin)
        finally:
            line.close()
    except OSError as error:
        raise _away(path, error) from error
    return keys, line.receipt_key


def _standing_of(standing: Standing) -> tuple[LogKeys, _Memory]:
    root = b64_decode(standing.root, HASH_SIZE)
    return LogKeys.from_vkeys(standing.vkeys), (standing.size, root)


def _away(path: Path, error: OSError) -> PlatformError:
    return PlatformError(
        Code.UNAVAILABLE,
        f"the signer at {path} does not answer: {error.strerror or error}",
        fix="Start `python -m sextant_audit.signer serve`; nothing that was recorded is lost.",
        retry_after_s=RETRY_AFTER_S,
    )


def _not_signing(error: PlatformError) -> PlatformError:
    """Return what the refusal means to a caller of the log: come back, the operator has to act."""
    return PlatformError(
        Code.UNAVAILABLE,
        f"the signer does not sign: {error.detail}",
        expected=error.expected,
        received=error.received,
        fix=error.fix,
        retry_after_s=RETRY_AFTER_S,
    )


def _contradiction(detail: str, signed: _Memory, told: _Memory) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        detail,
        expected=f"a signer that remembers size {signed[0]}",
        received=f"one that says size {told[0]}",
        fix="Stop: keep ledger and signer's folder as they are, and restore its newest state.",
        evidence={
            "signed": f"{signed[0]}\n{b64(signed[1])}",
            "told": f"{told[0]}\n{b64(told[1])}",
        },
    )
