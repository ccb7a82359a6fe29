"""The proofs of a bundle for others' tools: each entry as bytes, as tlog-proof, as COSE receipt.

Responsible for fetching them under one head, so that few consistency proofs join all of them. Not
responsible for what they say of an envelope: the custody receipt does (`sextant_client.bundle`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sextant_client.log import LogReader
from sextant_client.trust import Trust
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.proofs import root_from_inclusion, verify_consistency, verify_inclusion
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.cose_receipts import (
    InclusionReceipt,
    parse_receipt,
    verify_inclusion_receipt,
)
from sextant_shared.protocol.logproof import format_proof, parse_proof
from sextant_shared.protocol.receipts import parse_custody

ENTRY, PROOF, COSE = "entry.json", "entry.tlog-proof", "entry.cose"


@dataclass(frozen=True)
class CoseReceipts:
    """COSE receipts of entries, all under the head of `size`; empty when the log makes none."""

    size: int
    by_index: Mapping[int, bytes]


def fetch_cose(log: LogReader, custodies: list[bytes]) -> CoseReceipts:
    """Return the COSE receipts of the entries of some custody receipts.

    None while the log publishes no head over them: a bundle is whole without.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    indexes = sorted({index_of(raw) for raw in custodies}, reverse=True)
    try:
        newest = log.cose(indexes[0])  # waits a while until a head over all of them is published
    except PlatformError as error:
        if error.code is not Code.UNAVAILABLE:
            raise
        return CoseReceipts(0, {})
    parsed = parse_receipt(newest) if newest else None
    if newest is None or not isinstance(parsed, InclusionReceipt):
        return CoseReceipts(0, {})
    found = {indexes[0]: newest}
    for index in indexes[1:]:
        receipt = log.cose(index, parsed.size)
        if receipt is not None:
            found[index] = receipt
    return CoseReceipts(parsed.size, found)


def proof_members(
    log: LogReader, folder: str, raw: bytes, newest: Checkpoint, cose: CoseReceipts
) -> dict[str, bytes]:
    """Return the members that prove the entry of one custody receipt under the newest checkpoint.

    Raises:
        PlatformError: `E_UNAVAILABLE`, `E_MALFORMED`.
    """
    index = index_of(raw)
    path = log.inclusion(index, newest.size)
    members = {
        f"{folder}/{ENTRY}": b64u_decode(parse_custody(raw).entry),
        f"{folder}/{PROOF}": format_proof(index, path, newest.text).encode(),
    }
    if index in cose.by_index:
        members[f"{folder}/{COSE}"] = cose.by_index[index]
    return members


@dataclass(frozen=True)
class KeptProof:
    """A proof that was checked, and the verified head that its tree belongs to."""

    data: bytes
    head: Checkpoint


def fetch_proof(
    log: LogReader, trust: Trust, index: int, *, cose: bool, witnessed: bool
) -> KeptProof:
    """Return the proof of an entry as a file, held against the pinned log and the log's tiles.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_UNAVAILABLE`; `E_KEY`, `E_SIGNATURE` or `E_INTEGRITY` for a
            proof that does not hold.
    """
    if not cose:
        text = log.proof(index, witnessed=witnessed)
        parsed = parse_proof(text)
        head = verify_checkpoint(parsed.checkpoint, trust.log_keys)
        leaf = log.leaf_hash(parsed.index, head.size)
        verify_inclusion(index, head.size, leaf, parsed.path, head.root)
        return KeptProof(text.encode(), head)
    key, data = trust.receipt_key, log.cose(index)
    if key is None or data is None:
        whose = "the trust file pins" if key is None else "the log has"
        raise PlatformError(
            Code.NOT_FOUND,
            f"{whose} no key of COSE receipts",
            fix="Fetch the tlog-proof: leave out --cose.",
        )
    head = log.checkpoint(trust.log_keys)
    leaf = log.leaf_hash(index, head.size)
    receipt = verify_inclusion_receipt(leaf, data, key)
    root = root_from_inclusion(receipt.index, receipt.size, leaf, receipt.path)
    path = log.consistency(receipt.size, head.size)
    verify_consistency(receipt.size, head.size, path, root, head.root)
    return KeptProof(data, head)


def index_of(raw: bytes) -> int:
    """Return where the entry of a custody receipt stands, by its own proof."""
    return parse_proof(parse_custody(raw).proof).index
