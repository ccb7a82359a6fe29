"""How far a head has come: signed by the log, or also cosigned by a quorum of witnesses.

Responsible for the level of a checkpoint under a policy, and for the second document to a receipt:
a witnessed head with the proof that it continues the receipt's own. Not responsible for which
policy is the right one: that is the reader's choice, never the log's.
"""

from dataclasses import dataclass

from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.proofs import MAX_PATH, verify_consistency
from sextant_shared.models.log import WitnessedHead
from sextant_shared.models.receipts import Level
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from sextant_shared.protocol.policies import NONE, Policy, Quorum

MAX_WITNESSED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Standing:
    """A head that the log signed, and what the policy says about it; None without a policy."""

    checkpoint: Checkpoint
    quorum: Quorum | None
    level: Level

    @property
    def words(self) -> str:
        """The level and why, in one line for people."""
        if self.quorum is None:
            return f"level {self.level}: no witness policy is pinned"
        if self.level is Level.LOGGED:
            return f"level {self.level}: {self.quorum.lacks or 'the policy asks for no witness'}"
        since = timestamp_s(self.quorum.first_time or 0)
        return f"level {self.level}: {', '.join(self.quorum.seen)}, first at {since}"


def standing_of(text: str, keys: LogKeys, policy: Policy | None) -> Standing:
    """Return the level of a checkpoint. A policy that asks for nobody makes nothing witnessed.

    Raises:
        PlatformError: `E_MALFORMED`, `E_KEY`, `E_SIGNATURE`, for the log's signatures and for each
            cosignature of a key of the policy.
    """
    checkpoint = verify_checkpoint(text, keys)
    quorum = policy.judge(text) if policy else None
    met = quorum is not None and quorum.is_met and policy is not None and policy.quorum != NONE
    return Standing(checkpoint, quorum, Level.WITNESSED if met else Level.LOGGED)


def parse_witnessed(data: bytes) -> WitnessedHead:
    """Return a witnessed head as it travels, checked in form only.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`.
    """
    return read_model(WitnessedHead, parse_json(data, max_bytes=MAX_WITNESSED_BYTES))


def verify_witnessed(
    head: WitnessedHead, older: Checkpoint, keys: LogKeys, policy: Policy | None
) -> Standing:
    """Return the standing of a head that continues `older`, whose signatures were verified.

    Raises:
        PlatformError: as `standing_of`; `E_INTEGRITY` when it does not continue it.
    """
    found = standing_of(head.checkpoint, keys, policy)
    if (head.first, head.second) != (older.size, found.checkpoint.size):
        raise PlatformError(
            Code.INTEGRITY,
            "the witnessed head is for another receipt",
            expected=f"a proof from size {older.size} to size {found.checkpoint.size}",
            received=f"from size {head.first} to size {head.second}",
        )
    if len(head.path) > MAX_PATH:
        raise PlatformError(Code.MALFORMED, "the consistency proof is too long")
    path = [b64_decode(node, HASH_SIZE) for node in head.path]
    newest = found.checkpoint
    verify_consistency(older.size, newest.size, path, older.root, newest.root)
    return found
