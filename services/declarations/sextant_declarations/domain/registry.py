"""Our own view of who takes part: party documents, proved by the pinned log and registrars.

Responsible for turning a registry proof, as the exchange hands it out, into a party document that
may be believed. Not responsible for fetching one.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import RegistrarsFile, RegistryProof
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from sextant_shared.protocol.parties import RegistrarSet, VerifiedParty
from sextant_shared.protocol.registry_state import RegistryState, verify_registry_proof

MAX_PROOF_BYTES = 32 * 1024 * 1024  # two hundred versions of a large document: some decades
MAX_TRUST_BYTES = 1024 * 1024
_CACHED_PROOFS = 256  # verifying one costs a few milliseconds, and senders repeat


@dataclass(frozen=True)
class Trust:
    """Whom this Secretariat believes: its own party id, the pinned registrars, the pinned log.

    `checkpoint` is the newest head of the log that was verified when the trust was set up.
    """

    party: str
    registrars: RegistrarSet
    log: LogKeys
    checkpoint: Checkpoint | None = None
    _verified: "_Verified" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Attach the memory of proofs already verified under this trust."""
        object.__setattr__(self, "_verified", _Verified(self.registrars, self.log))

    def party_at(self, proof: bytes, party: str, at: int) -> VerifiedParty:
        """Return the party's document in force at log index `at`, the newest party entry then.

        Raises:
            PlatformError: `E_INTEGRITY`: the exchange handed out something that does not hold.
        """
        state = self._state(proof, party)
        if state.index != at:
            raise _other(f"{party} at index {at}", f"{party} at index {state.index}")
        return state.party

    def party_since(self, proof: bytes, party: str, at: int) -> VerifiedParty:
        """Return the party's newest document, no older than log index `at`.

        Raises:
            PlatformError: `E_INTEGRITY`.
        """
        state = self._state(proof, party)
        if state.index < at:
            raise _other(f"{party} at index {at} or later", f"{party} at index {state.index}")
        return state.party

    def _state(self, proof: bytes, party: str) -> RegistryState:
        try:
            state = self._verified.state(proof)
        except PlatformError as error:
            raise PlatformError(
                Code.INTEGRITY,
                f"the registry proof of {party} does not hold: {error.detail}",
                expected=error.expected,
                received=error.received,
                fix="Ask the operator of the exchange; compare the pinned keys.",
            ) from error
        if state.party.document.party != party:
            raise _other(party, state.party.document.party)
        return state


class _Verified:
    """Verifies each proof once."""

    def __init__(self, registrars: RegistrarSet, log: LogKeys) -> None:
        def verify(proof: bytes) -> RegistryState:
            value = parse_json(proof, max_bytes=MAX_PROOF_BYTES)
            return verify_registry_proof(read_model(RegistryProof, value), registrars, log)

        self.state = lru_cache(maxsize=_CACHED_PROOFS)(verify)


def _other(expected: str, received: str) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        "the registry proof is about something else",
        expected=expected,
        received=received,
    )


class PinnedLog(Strict):
    """The pinned log: its origin and both verifier keys."""

    origin: str
    vkeys: list[str]
    receipt_key: dict[str, str] | None = None  # its COSE receipts are for others to read


class TrustFile(Strict):
    """What a participant pins: registrars, log keys, the newest checkpoint it verified."""

    v: Version1
    registrars: RegistrarsFile
    log: PinnedLog
    checkpoint: str | None
    policy: str | None = None  # witnesses are asked for where receipts are shown to others


def read_trust_file(path: Path, party: str) -> Trust:
    """Return the trust that the file pins, for the participant `party`.

    Raises:
        PlatformError: `E_MALFORMED`, `E_KEY`, `E_SIGNATURE` or `E_POLICY` for a file that does not
            fit.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(Code.MALFORMED, f"cannot read the trust file {path.name}") from error
    file = read_model(TrustFile, parse_json(data, max_bytes=MAX_TRUST_BYTES, max_depth=8))
    keys = LogKeys.from_vkeys(file.log.vkeys)
    if keys.origin != file.log.origin:
        raise PlatformError(
            Code.KEY,
            "the log keys are of another log",
            expected=file.log.origin,
            received=keys.origin,
        )
    pinned = verify_checkpoint(file.checkpoint, keys) if file.checkpoint else None
    return Trust(party, RegistrarSet.from_file(file.registrars), keys, pinned)
