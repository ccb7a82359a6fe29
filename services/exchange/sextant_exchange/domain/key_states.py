"""What the exchange hands out to prove keys: a state at a log position, and a whole history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sextant_exchange.domain.ports import LoggedLeaf, PartyVersion
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import (
    LoggedVersion,
    PartyHistory,
    RecoveryEvidence,
    RegistryProof,
)
from sextant_shared.protocol.parties import VerifiedParty
from sextant_shared.protocol.registry_state import state_path

Announced = Callable[[bytes], tuple[PartyVersion, LoggedLeaf] | None]
"""Gives a recovery that stands in the log by the digest of its document."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A verified version and where it stands in the log."""

    version: PartyVersion
    leaf: LoggedLeaf
    verified: VerifiedParty


def registry_proof(
    history: Sequence[InForce], announced: Announced, party: str, at: int | None
) -> RegistryProof:
    """Prove a party's key state at the newest party entry not after log position `at`.

    Raises:
        PlatformError: `E_NOT_FOUND` when the party was not enrolled then.
    """
    until = [item for item in history if at is None or item.leaf.index <= at]
    if not until:
        raise PlatformError(Code.NOT_FOUND, f"no party entry at or before {at}")
    newest = until[-1]
    state = {item.version.party: item.verified for item in until}
    position, count, path = state_path(state, party)
    versions = [item for item in until if item.version.party == party]
    return RegistryProof(
        entry=b64u(newest.version.entry),
        proof=newest.leaf.proof,
        documents=[item.version.raw.decode() for item in versions],
        position=position,
        count=count,
        path=path,
        recoveries=_evidence(versions, announced),
    )


def party_history(history: Sequence[InForce], announced: Announced, party: str) -> PartyHistory:
    """Prove where each version of a party's document stands in the log.

    Raises:
        PlatformError: `E_NOT_FOUND` when the party is not enrolled.
    """
    versions = [item for item in history if item.version.party == party]
    if not versions:
        raise PlatformError(Code.NOT_FOUND, f"party {party} is not enrolled")
    return PartyHistory(
        versions=[
            LoggedVersion(
                document=item.version.raw.decode(),
                entry=b64u(item.version.entry),
                proof=item.leaf.proof,
            )
            for item in versions
        ],
        recoveries=_evidence(versions, announced),
    )


def _evidence(versions: Sequence[InForce], announced: Announced) -> list[RecoveryEvidence]:
    found = [(item, announced(item.verified.digest)) for item in versions]
    return [
        RecoveryEvidence(
            announced=b64u(notice[0].entry),
            announced_proof=notice[1].proof,
            enforced=b64u(item.version.entry),
            enforced_proof=item.leaf.proof,
        )
        for item, notice in found
        if notice is not None
    ]
