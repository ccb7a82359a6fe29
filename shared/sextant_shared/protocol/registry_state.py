"""The state tree of the registry: which party documents are in force, under one root in the log.

Each party entry of the log carries the Merkle root over all documents in force, sorted by party
id. So one path proves the complete key state of a party at a log position: no revocation list, no
status service, no replay. Identity design: registry state, historical verification.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sextant_shared.encoding import b64, b64_decode, b64u, b64u_decode, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.proofs import verify_inclusion
from sextant_shared.merkle.tree import inclusion_path_of, root_of
from sextant_shared.models.entries import PartyDocumentEntry, parse_entry
from sextant_shared.models.party import RegistryProof
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.parties import RegistrarSet, VerifiedParty
from sextant_shared.protocol.recovery import verify_recoveries, verify_succession


@dataclass(frozen=True)
class RegistryState:
    """A party's key state, proved to be in force from log position `index` on."""

    index: int
    party: VerifiedParty
    checkpoint: Checkpoint


def state_root(parties: Mapping[str, VerifiedParty]) -> bytes:
    """Return the root over the documents in force, sorted by party id."""
    return root_of(_leaves(parties))


def state_path(parties: Mapping[str, VerifiedParty], party: str) -> tuple[int, int, list[str]]:
    """Return (position, count, base64 path) of one party's document in the state tree.

    Raises:
        PlatformError: `E_NOT_FOUND` when the party has no document in force.
    """
    order = sorted(parties)
    if party not in parties:
        raise PlatformError(Code.NOT_FOUND, f"party {party} is not enrolled")
    position = order.index(party)
    path = inclusion_path_of(_leaves(parties), position)
    return position, len(order), [b64(node) for node in path]


def verify_registry_proof(
    proof: RegistryProof, registrars: RegistrarSet, log_keys: LogKeys
) -> RegistryState:
    """Check the entry, the state path and every succession of the party's documents.

    Raises:
        PlatformError: `E_INTEGRITY` when the log or the state tree does not contain what is
            claimed, else what `verify_succession` raises.
    """
    leaf = b64u_decode(proof.entry)
    logged = verify_proof(leaf, proof.proof, log_keys)
    entry = parse_entry(leaf)
    if not isinstance(entry, PartyDocumentEntry):
        raise PlatformError(
            Code.INTEGRITY,
            "the entry is no party entry",
            expected="party.document",
            received=entry.type,
        )
    waited = verify_recoveries(proof.recoveries, registrars, log_keys)
    party: VerifiedParty | None = None
    for text in proof.documents:
        party = verify_succession(text.encode(), registrars, party, waited)
    if party is None:
        raise PlatformError(Code.INTEGRITY, "the proof carries no document")
    verify_inclusion(
        proof.position,
        proof.count,
        leaf_hash(_leaf(party)),
        [b64_decode(node) for node in proof.path],
        b64u_decode(entry.state, 32),
    )
    return RegistryState(logged.index, party, logged.checkpoint)


def _leaves(parties: Mapping[str, VerifiedParty]) -> list[bytes]:
    return [leaf_hash(_leaf(parties[party])) for party in sorted(parties)]


def _leaf(party: VerifiedParty) -> bytes:
    document = party.document
    return canonical_json({"party": document.party, "ver": document.ver, "doc": b64u(party.digest)})
