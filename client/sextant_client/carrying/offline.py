"""What a home without a network has: documents that were carried here, and no exchange.

Responsible for keeping party documents that were verified, never an older one in place of a newer,
and for saying how old they are. `OfflineSession` stands where a connection would, and answers from
what `stories` keeps.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx

from sextant_client.carrying.ages import as_of
from sextant_client.carrying.stories import KeptStories
from sextant_client.home import Home, as_json, read_json, write_file
from sextant_client.parties import PartyView, verify_party
from sextant_client.session import Session
from sextant_client.trust import Trust
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import RegistryProof
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.parties import VerifiedParty
from sextant_shared.protocol.registry_state import RegistryState

_TOLD = frozenset({"events", "thread"})  # and the status itself, at the envelope's own address


class KeptDocument(Strict):
    """A registry proof as it was carried here, and the head of the log at that time."""

    v: Version1
    proof: RegistryProof
    head: str


@dataclass(frozen=True)
class Kept:
    """A party's document, verified anew, and since when it is known to be in force."""

    state: RegistryState
    head: Checkpoint

    def told(self, now: float) -> str:
        """Return how old it is, in words."""
        return as_of(self.head, now)


@dataclass(frozen=True)
class KeptDocuments:
    """The folder `parties/` of a home: one file per party."""

    folder: Path
    trust: Trust

    @classmethod
    def of(cls, home: Home, trust: Trust) -> "KeptDocuments":
        """Return those of a home."""
        return cls(home.path / "parties", trust)

    def keep(self, party: str, proof: RegistryProof, head: Checkpoint) -> RegistryState:
        """Verify a proof that was carried here and keep it.

        Raises:
            PlatformError: what of it does not hold; `E_INTEGRITY` when it is older than the one
                kept: keys that were revoked since would come back.
        """
        state = verify_party(proof, party, self.trust)
        path = self._path(party)
        if path.exists():
            known = self.newest(party)
            if (known.state.index, known.state.party.document.ver) > (
                state.index,
                state.party.document.ver,
            ):
                raise PlatformError(
                    Code.INTEGRITY,
                    f"the document of {party} that was carried here is older than the one kept",
                    expected=f"party entry {known.state.index} or later",
                    received=f"party entry {state.index}",
                    fix="Have it delivered again; if it repeats, ask the operator of the exchange.",
                )
        kept = KeptDocument(v=1, proof=proof, head=head.text)
        write_file(path, as_json(kept.model_dump(mode="json")))
        return state

    def newest(self, party: str) -> Kept:
        """Return the document kept of a party; everything about it is verified again.

        Raises:
            PlatformError: `E_STATE` when there is none; what of it does not hold.
        """
        path = self._path(party)
        if not path.exists():
            raise PlatformError(
                Code.STATE,
                f"the document of {party} was never carried here",
                fix=f"Make a trip first: sextant bundle export --about {party}, deliver, accept"
                " (docs/air-gap.md).",
            )
        kept = read_model(KeptDocument, read_json(path))
        head = verify_checkpoint(kept.head, self.trust.log_keys)
        return Kept(verify_party(kept.proof, party, self.trust), head)

    def all(self) -> list[str]:
        """Return the parties whose documents are kept."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def _path(self, party: str) -> Path:
        return self.folder / f"{party}.json"


class KeptParties(PartyView):
    """Party documents for sealing without a network."""

    def __init__(self, session: Session, trust: Trust, kept: KeptDocuments) -> None:
        super().__init__(session, trust)
        self.kept = kept

    def newest(self, party: str) -> VerifiedParty:
        """Return the document kept.

        Raises:
            PlatformError: `E_STATE` when there is none.
        """
        return self.kept.newest(party).state.party


class OfflineSession(Session):
    """Tells of envelopes what was carried here, and for all else what to do without a network."""

    def __init__(self, stories: KeptStories) -> None:
        super().__init__("", client_id="", signer=None, transport=httpx.BaseTransport())
        self.stories = stories

    def request(self, method: str, path: str, **_options: Any) -> httpx.Response:
        """Return what was carried here of an envelope; refuse everything else.

        Raises:
            PlatformError: `E_NOT_FOUND` when nothing of it was; `E_STATE`.
        """
        match (method, *path.strip("/").split("/")):
            case ("GET", "v1", "envelopes", sender, envelope_id, *rest) if not {*rest} - _TOLD:
                story, _ = self.stories.told(sender, envelope_id)
                part = getattr(story, rest[0] if rest else "status")
                return httpx.Response(200, json=part.model_dump(mode="json", by_alias=True))
        raise _offline()

    def stream(self, path: str, **_options: Any) -> NoReturn:
        """Refuse.

        Raises:
            PlatformError: `E_STATE`.
        """
        raise _offline(path)


def _offline(path: str = "") -> PlatformError:
    return PlatformError(
        Code.STATE,
        "this home is offline: it reaches no service",
        received=path,
        fix="Carry it: sextant bundle export, deliver, accept (docs/air-gap.md).",
    )
