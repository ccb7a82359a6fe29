"""How the commands of identity reach a party's document: over the network, or from a proof file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import Run
from sextant_client.home import Config
from sextant_client.identity.signing import fetch_proof, verified
from sextant_client.keystore import Keystore
from sextant_client.session import Session, transport_of
from sextant_client.trust import Trust
from sextant_client.verify import MAX_REGISTRY_BYTES
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import RegistryProof
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.parties import VerifiedParty

Exchange = Annotated[str | None, typer.Option(help="Address of the exchange; default: the home's.")]
ClientId = Annotated[str | None, typer.Option(help="Your client id there; default: the home's.")]
TrustPath = Annotated[
    Path | None, typer.Option("--trust", help="Your trust.json; default: the home's.")
]
ProofPath = Annotated[
    Path | None,
    typer.Option("--proof", help="Work offline from this file of `sextant keys proof`."),
]


@dataclass(frozen=True)
class Reach:
    """Where the document in force comes from, and how one gets there."""

    run: Run
    exchange: str | None = None
    client_id: str | None = None
    trust: Path | None = None
    proof: Path | None = None
    keys: Keystore | None = None

    def config(self) -> Config | None:
        """The home's configuration, None for a home that has only keys, as a registrar's may."""
        path = self.run.home.path / "config.json"
        return self.run.home.config() if path.exists() else None

    def party(self, party: str | None) -> str:
        """Return the party that is meant: the one named, or the home's own.

        Raises:
            PlatformError: `E_STATE`.
        """
        config = self.config()
        if party is None and config is None:
            raise PlatformError(
                Code.STATE, "this home belongs to no party", fix="Name it: --party NA-XAL."
            )
        return party or (config.party if config else "")

    def session(self) -> Session:
        """Open a session with the access key of the home.

        Raises:
            PlatformError: `E_STATE` when nobody said where the exchange is.
        """
        config = self.config()
        url = self.exchange or (config.exchange if config else None)
        client_id = self.client_id or (config.client_id if config else None)
        if url is None or client_id is None:
            raise PlatformError(
                Code.STATE,
                "it is not known where the exchange is, or who you are there",
                fix="Give --exchange and --client-id, or work offline with --proof.",
            )
        return Session(
            url,
            client_id=client_id,
            signer=(self.keys or self.run.home.keys).api_signer(),
            transport=transport_of(config) if config else None,
        )

    def pinned(self) -> Trust:
        """Return the trust in use.

        Raises:
            PlatformError: `E_STATE`, `E_MALFORMED`.
        """
        return Trust.load(self.trust) if self.trust else self.run.home.trust

    def current(self, party: str) -> VerifiedParty:
        """Return the party's document in force, proved by the pinned log.

        Raises:
            PlatformError: `E_INTEGRITY` for a proof of another party, and what verifying raises.
        """
        if self.proof is not None:
            proof = read_model(RegistryProof, _proof_in(self.proof))
        else:
            proof = fetch_proof(self.session(), party)
        found = verified(proof, self.pinned())
        if found.document.party != party:
            raise PlatformError(
                Code.INTEGRITY,
                "the proof is about another party",
                expected=party,
                received=found.document.party,
            )
        return found


def _proof_in(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.STATE, f"cannot read {path}", fix="Write it with: sextant keys proof."
        ) from error
    return parse_json(data, max_bytes=MAX_REGISTRY_BYTES)
