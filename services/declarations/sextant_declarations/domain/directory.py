"""Looks up registry proofs, and the address a reply is sealed to.

Responsible for asking the exchange seldom: the state of a party at one log position never changes.
Not responsible for believing what comes back: that is `registry.Trust`.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from sextant_declarations.domain.owed import Address
from sextant_declarations.domain.ports import Parties
from sextant_declarations.domain.registry import Trust
from sextant_shared.clock import Clock
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse

CACHED_PROOFS = 256  # about 50 kB each
NEWEST_TTL_S = 60.0  # how long a reply may still be sealed to a key that was just retired


@dataclass
class Directory:
    """Proofs by party and log position, fetched once."""

    parties: Parties
    trust: Trust
    clock: Clock
    _at: OrderedDict[tuple[str, int], bytes] = field(default_factory=OrderedDict)
    _newest: dict[str, tuple[float, int, bytes]] = field(default_factory=dict)

    async def proof_at(self, party: str, at: int) -> bytes:
        """Return the proof of the party's state at log index `at`, unverified."""
        key = (party, at)
        found = self._at.get(key)
        if found is None:
            found = await self.parties.proof(party, at)
            self._at[key] = found
            if len(self._at) > CACHED_PROOFS:
                self._at.popitem(last=False)
        return found

    def forget(self, *parties: str) -> None:
        """Drop what was fetched about these parties, because it did not hold."""
        for key in [key for key in self._at if key[0] in parties]:
            del self._at[key]
        for party in parties:
            self._newest.pop(party, None)

    async def address(self, party: str, *, since: int, classification: str) -> Address:
        """Return where replies to the party are sealed, by its newest document.

        Raises:
            PlatformError: `E_INTEGRITY` for a proof that does not hold or is older than log index
                `since`; `E_RECIPIENT` when the party has no key fit for the class.
        """
        document = self.trust.party_since(await self._newest_proof(party, since), party, since)
        keys = document.active(KeyUse.SEAL)
        fit = [key for key in keys if classification != "C3" or key.jwk.get("alg") == Alg.K2]
        if not fit:
            raise PlatformError(
                Code.RECIPIENT,
                f"{party} has no active sealing key fit for class {classification}",
                fix="The party enrols one; then replay the delivery.",
            )
        return Address(party=party, jwk=fit[0].jwk)

    async def _newest_proof(self, party: str, since: int) -> bytes:
        """Return the newest proof, unverified; asked again after a while or for a later state."""
        now = self.clock()
        fetched, of, proof = self._newest.get(party, (0.0, -1, b""))
        if now - fetched > NEWEST_TTL_S or of < since:
            proof = await self.parties.proof(party, None)
            self._newest[party] = (now, since, proof)
        return proof
