"""Party documents as the SDK uses them: proved to be in force by the log, never just believed."""

from dataclasses import dataclass, field

from sextant_client.session import Session
from sextant_client.trust import Trust
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import Classification
from sextant_shared.models.party import KeyUse, PartyHistory, RegistryProof
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.keyhistory import KeyHistory, verify_history
from sextant_shared.protocol.parties import VerifiedParty
from sextant_shared.protocol.registry_state import RegistryState, verify_registry_proof


@dataclass
class PartyView:
    """Fetches registry proofs and verifies each once."""

    session: Session
    trust: Trust
    _known: dict[tuple[str, int], tuple[RegistryProof, RegistryState]] = field(default_factory=dict)

    def newest(self, party: str) -> VerifiedParty:
        """Return a party's document in force now.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_INTEGRITY`, and what verifying a document raises.
        """
        return self._fetch(party, None)[1].party

    def proof(self, party: str) -> tuple[RegistryProof, RegistryState]:
        """Return the proof of the document in force now, and what it says.

        Raises:
            PlatformError: as `newest`.
        """
        return self._fetch(party, None)

    def at(self, party: str, index: int) -> tuple[RegistryProof, VerifiedParty]:
        """Return the proof and the document in force at the party entry `index` of the log.

        Raises:
            PlatformError: as `newest`; `E_INTEGRITY` when the exchange proves another position.
        """
        known = self._known.get((party, index))
        if known is None:
            known = self._fetch(party, index)
            if known[1].index != index:
                raise PlatformError(
                    Code.INTEGRITY,
                    "the registry proof is for another position of the log",
                    expected=str(index),
                    received=str(known[1].index),
                )
            self._known[party, index] = known
        return known[0], known[1].party

    def history(self, party: str) -> tuple[PartyHistory, KeyHistory]:
        """Return every version of a party's document with its place in the log, none withheld.

        Raises:
            PlatformError: as `newest`; `E_INTEGRITY` when the newest version is missing.
        """
        answer = self.session.request("GET", f"/v1/parties/{party}/history")
        history = read_model(PartyHistory, answer.json())
        known = verify_history(history, party, self.trust.registrars, self.trust.log_keys)
        newest = self.newest(party)
        if known.newest.party.document.ver < newest.document.ver:
            raise PlatformError(
                Code.INTEGRITY,
                "the exchange withholds versions of a party's document",
                expected=f"version {newest.document.ver}",
                received=f"version {known.newest.party.document.ver}",
            )
        return history, known

    def sealing_key(self, party: str, classification: str) -> SealingKey:
        """Return the party's newest active sealing key that the class allows.

        Raises:
            PlatformError: `E_RECIPIENT` when there is none.
        """
        keys = fit_keys(self.newest(party), classification)
        if not keys:
            raise PlatformError(
                Code.RECIPIENT, f"{party} has no active sealing key for class {classification}"
            )
        return keys[-1]

    def _fetch(self, party: str, at: int | None) -> tuple[RegistryProof, RegistryState]:
        params: dict[str, str | int] = {} if at is None else {"at": at}
        answer = self.session.request("GET", f"/v1/parties/{party}/proof", params=params)
        proof = read_model(RegistryProof, answer.json())
        return proof, verify_party(proof, party, self.trust)


def fit_keys(party: VerifiedParty, classification: str) -> list[SealingKey]:
    """Return the party's active sealing keys that the class allows, in document order."""
    keys = [SealingKey.from_jwk(key.jwk) for key in party.active(KeyUse.SEAL)]
    return [key for key in keys if classification != Classification.C3 or key.alg is Alg.K2]


def require_answerable(own: VerifiedParty, classification: str) -> None:
    """Return when answers of that class could be sealed to us; they have the class of what we send.

    Raises:
        PlatformError: `E_KEY`.
    """
    if not fit_keys(own, classification):
        raise PlatformError(
            Code.KEY,
            f"what answers class {classification} could not be sealed to you",
            expected=f"an active sealing key {Alg.K2} of {own.document.party}",
            received=", ".join(str(key.jwk.get("alg")) for key in own.active(KeyUse.SEAL))
            or "none",
            fix="Make one and register it: sextant keys rotate seal --kind K2.",
        )


def verify_party(proof: RegistryProof, party: str, trust: Trust) -> RegistryState:
    """Return what a registry proof says of `party`.

    Raises:
        PlatformError: `E_INTEGRITY`, and what verifying a document raises.
    """
    state = verify_registry_proof(proof, trust.registrars, trust.log_keys)
    if state.party.document.party != party:
        raise PlatformError(
            Code.INTEGRITY,
            "the registry answered for another party",
            expected=party,
            received=state.party.document.party,
        )
    return state
