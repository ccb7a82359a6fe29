"""The checks that every proof of the log comes down to, each failure under its own class.

Responsible for telling apart what the protocol refuses with one code: another log, a key that is
not pinned, a signature that does not verify, an entry that is not there, a history that was forked,
witnesses that are missing. Not responsible for what an entry means.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sextant_client import errors as exits
from sextant_client.trust import Trust
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.notes import parse_checkpoint_body, parse_note
from sextant_shared.merkle.proofs import root_from_inclusion, verify_consistency, verify_inclusion
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from sextant_shared.protocol.cose_receipts import (
    InclusionReceipt,
    ReceiptKey,
    parse_receipt,
    verify_inclusion_receipt,
)
from sextant_shared.protocol.levels import Standing, standing_of
from sextant_shared.protocol.logproof import LoggedEntry, parse_proof

T = TypeVar("T")


def classed(status: int, work: Callable[[], T]) -> T:
    """Return what `work` returns; a refusal that has no class yet gets this one.

    Raises:
        VerificationError: what was refused.
    """
    try:
        return work()
    except exits.VerificationError:
        raise
    except PlatformError as error:
        raise exits.VerificationError(status, error) from error


def trusted_keys(trust: Trust) -> LogKeys:
    """Return the pinned keys of the log.

    Raises:
        VerificationError: class `TRUST`.
    """
    return classed(exits.TRUST, lambda: trust.log_keys)


def head_of(text: str, keys: LogKeys) -> Checkpoint:
    """Return a checkpoint that the pinned log signed with both keys.

    Raises:
        VerificationError: `BUNDLE_MALFORMED`, `OTHER_LOG`, `UNKNOWN_KEY` or `LOG_SIGNATURE`.
    """
    body = classed(exits.BUNDLE_MALFORMED, lambda: parse_checkpoint_body(parse_note(text).text))
    if body.origin != keys.origin:
        raise exits.VerificationError(
            exits.OTHER_LOG,
            PlatformError(
                Code.KEY,
                "the checkpoint is of another log",
                expected=keys.origin,
                received=body.origin[:80],
            ),
        )
    try:
        return verify_checkpoint(text, keys)
    except PlatformError as error:
        classes = {Code.KEY: exits.UNKNOWN_KEY, Code.SIGNATURE: exits.LOG_SIGNATURE}
        status = classes.get(error.code, exits.BUNDLE_MALFORMED)
        raise exits.VerificationError(status, error) from error


def logged_entry(leaf: bytes, proof: str, keys: LogKeys) -> LoggedEntry:
    """Return where the bytes of an entry stand in the pinned log, by a tlog-proof.

    Raises:
        VerificationError: as `head_of`; `BUNDLE_LOG` when they do not stand under it.
    """
    parsed = classed(exits.BUNDLE_MALFORMED, lambda: parse_proof(proof))
    head = head_of(parsed.checkpoint, keys)
    hashed = leaf_hash(leaf)
    classed(
        exits.BUNDLE_LOG,
        lambda: verify_inclusion(parsed.index, head.size, hashed, parsed.path, head.root),
    )
    return LoggedEntry(parsed.index, leaf, head)


def require_continued(older: Checkpoint, newer: Checkpoint, path: Sequence[bytes]) -> None:
    """Check that one verified head continues another.

    Raises:
        VerificationError: `CONSISTENCY`.
    """
    classed(
        exits.CONSISTENCY,
        lambda: verify_consistency(older.size, newer.size, path, older.root, newer.root),
    )


def standing(head: Checkpoint, trust: Trust, level: Level) -> Standing:
    """Return how far a verified head has come; with `level` witnessed, it must have come so far.

    Raises:
        VerificationError: `TRUST` for a policy that cannot be used; `BUNDLE_WITNESSES` for too few
            witnesses, or a cosignature of a pinned one that does not verify.
    """
    keys = trusted_keys(trust)
    policy = classed(exits.TRUST, lambda: trust.policy)
    found = classed(exits.BUNDLE_WITNESSES, lambda: standing_of(head.text, keys, policy))
    if level is Level.WITNESSED and found.level is not level:
        raise exits.VerificationError(
            exits.BUNDLE_WITNESSES,
            PlatformError(
                Code.POLICY,
                "the newest checkpoint is not witnessed by the pinned policy",
                expected=Level.WITNESSED,
                received=found.words,
                fix="Pin a policy, or fetch the proof again when the witnesses have signed.",
            ),
        )
    return found


def pinned_receipt_key(trust: Trust) -> ReceiptKey:
    """Return the pinned key of COSE receipts.

    Raises:
        VerificationError: `TRUST` when none is pinned, or none that can be used.
    """
    key = classed(exits.TRUST, lambda: trust.receipt_key)
    if key is None:
        raise exits.VerificationError(
            exits.TRUST,
            PlatformError(
                Code.KEY,
                "the trust file pins no key of COSE receipts",
                fix="Get a trust file that has log.receipt_key; compare it with"
                " /.well-known/sextant-log.",
            ),
        )
    return key


def cose_entry(leaf: bytes, data: bytes, key: ReceiptKey) -> tuple[InclusionReceipt, bytes]:
    """Return the COSE receipt of an entry's bytes and the root that was signed.

    Raises:
        VerificationError: `BUNDLE_MALFORMED`, `OTHER_LOG`, `UNKNOWN_KEY`; `BUNDLE_LOG` for a path
            that fits no such place; `LOG_SIGNATURE` when the root it leads to is not the signed
            one: with a detached root, another entry and another signature look the same.
    """
    parsed = classed(exits.BUNDLE_MALFORMED, lambda: parse_receipt(data))
    if parsed.issuer != key.origin:
        unlike = PlatformError(
            Code.KEY,
            "the receipt is of another log",
            expected=key.origin,
            received=parsed.issuer[:80],
        )
        raise exits.VerificationError(exits.OTHER_LOG, unlike)
    hashed = leaf_hash(leaf)
    try:
        receipt = verify_inclusion_receipt(hashed, data, key)
    except PlatformError as error:
        classes = {
            Code.KEY: exits.UNKNOWN_KEY,
            Code.INTEGRITY: exits.BUNDLE_LOG,
            Code.SIGNATURE: exits.LOG_SIGNATURE,
        }
        status = classes.get(error.code, exits.BUNDLE_MALFORMED)
        raise exits.VerificationError(status, error) from error
    return receipt, root_from_inclusion(receipt.index, receipt.size, hashed, receipt.path)
