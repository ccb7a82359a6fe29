"""What the SDK trusts: pinned registrars and log keys, and the newest checkpoint it verified.

The checkpoint only moves forward. Two checkpoints that contradict each other are evidence against
the log, and are kept in a file of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sextant_shared.crypto.signing import Verifier
from sextant_shared.encoding import b64u, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import format_vkey
from sextant_shared.merkle.proofs import verify_consistency
from sextant_shared.models.envelope import Beacon
from sextant_shared.models.party import RegistrarsFile
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from sextant_shared.protocol.cose_receipts import ReceiptKey
from sextant_shared.protocol.parties import RegistrarSet
from sextant_shared.protocol.policies import Policy, parse_policy

MAX_TRUST_BYTES = 1 << 20
Consistency = Callable[[int, int], list[bytes]]
"""Gives the consistency path between two tree sizes, asking the log."""


class PinnedLog(Strict):
    """The log's origin and its two keys; and the key of its COSE receipts, where it is pinned."""

    origin: str
    vkeys: Annotated[list[str], Field(min_length=2, max_length=2)]
    receipt_key: dict[str, str] | None = None


class TrustFile(Strict):
    """`trust.json`."""

    v: Version1
    registrars: RegistrarsFile
    log: PinnedLog
    checkpoint: str | None
    policy: str | None = None


@dataclass
class Trust:
    """A trust file in use."""

    file: TrustFile
    path: Path | None = None

    @classmethod
    def load(cls, path: Path) -> "Trust":
        """Read a trust file.

        Raises:
            PlatformError: `E_STATE` when it is missing, `E_MALFORMED`.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise PlatformError(
                Code.STATE,
                f"no trust file at {path}",
                fix="Get trust.json from your registrar, then: sextant init --trust FILE.",
            ) from error
        try:
            members = parse_json(data, max_bytes=MAX_TRUST_BYTES)
        except PlatformError as error:
            raise PlatformError(
                error.code,
                f"the trust file {path} cannot be used: {error.detail}",
                expected=error.expected,
                received=error.received,
                fix="Get trust.json from your registrar again.",
            ) from error
        return cls(read_model(TrustFile, members), path)

    @property
    def registrars(self) -> RegistrarSet:
        """The pinned registrars."""
        return RegistrarSet.from_file(self.file.registrars)

    @property
    def log_keys(self) -> LogKeys:
        """The pinned keys of the log.

        Raises:
            PlatformError: `E_POLICY` when the keys are not of the pinned origin.
        """
        keys = LogKeys.from_vkeys(self.file.log.vkeys)
        if keys.origin != self.file.log.origin:
            raise PlatformError(Code.POLICY, "the log keys are of another origin than pinned")
        return keys

    @property
    def receipt_key(self) -> ReceiptKey | None:
        """The pinned key of the log's COSE receipts, if any.

        Raises:
            PlatformError: `E_KEY`.
        """
        pinned = self.file.log.receipt_key
        return ReceiptKey(self.file.log.origin, Verifier.from_jwk(pinned)) if pinned else None

    @property
    def policy(self) -> Policy | None:
        """The pinned witness policy, if any.

        Raises:
            PlatformError: `E_MALFORMED` with each line at fault, `E_POLICY` when it is for other
                logs than the pinned one.
        """
        if self.file.policy is None:
            return None
        return parse_policy_for(self.file.policy.encode(), self.log_keys)

    def checkpoint(self) -> Checkpoint | None:
        """Return the newest verified checkpoint."""
        if self.file.checkpoint is None:
            return None
        return verify_checkpoint(self.file.checkpoint, self.log_keys)

    def beacon(self) -> Beacon | None:
        """Return the newest checkpoint as it goes into signed headers."""
        newest = self.checkpoint()
        return Beacon(size=newest.size, root=b64u(newest.root)) if newest else None

    def accept(self, seen: Checkpoint, consistency: Consistency) -> bool:
        """Check `seen`, whose signatures verified, against the newest known; return if it moved.

        Raises:
            PlatformError: `E_INTEGRITY` with both checkpoints as evidence when no history can hold
                both; what `consistency` raises.
        """
        known = self.checkpoint()
        if known is not None:
            try:
                _check_history(known, seen, consistency)
            except PlatformError as error:
                if error.code is not Code.INTEGRITY:
                    raise
                raise _contradiction(known, seen, error) from error
            if seen.size <= known.size:
                return False
        self.file = self.file.model_copy(update={"checkpoint": seen.text})
        return True


def parse_policy_for(data: bytes, keys: LogKeys) -> Policy:
    """Return a witness policy that may judge the pinned log.

    Raises:
        PlatformError: `E_MALFORMED`, `E_POLICY` when its log lines name other logs only.
    """
    policy = parse_policy(data)
    named = [format_vkey(log.key) for log in policy.logs]
    if named and not set(named) & set(keys.vkeys):
        raise PlatformError(
            Code.POLICY,
            "the witness policy is for other logs than the pinned one",
            expected=keys.vkeys[0],
            received=named[0][:120],
        )
    return policy


def policy_text(data: bytes, keys: LogKeys) -> str:
    """Return a witness policy as it is pinned: the file's text, once it was read.

    Raises:
        PlatformError: as `parse_policy_for`; `E_MALFORMED` for a file that is not UTF-8, which
            JSON cannot hold.
    """
    parse_policy_for(data, keys)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PlatformError(
            Code.MALFORMED, "the policy is not UTF-8", fix="Write its names in UTF-8."
        ) from error


def _check_history(known: Checkpoint, seen: Checkpoint, consistency: Consistency) -> None:
    older, newer = sorted((known, seen), key=lambda checkpoint: checkpoint.size)
    if older.size == newer.size:
        path: list[bytes] = []
    else:
        path = consistency(older.size, newer.size)
    verify_consistency(older.size, newer.size, path, older.root, newer.root)


def _contradiction(known: Checkpoint, seen: Checkpoint, error: PlatformError) -> PlatformError:
    path = error.evidence.get("path", "")
    return PlatformError(
        Code.INTEGRITY,
        f"the log contradicts itself: {error.detail}",
        expected=f"one history with size {known.size}",
        received=f"size {seen.size} of another history",
        fix="Keep the evidence file and show it to the other parties and the auditors.",
        evidence={"known": known.text, "seen": seen.text, "path": path},
    )
