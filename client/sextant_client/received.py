"""What we received: verified like any recipient must (envelope §2.8), opened, and stored.

One folder per delivery: the container and its custody receipt, the registry proof of the sender,
the content and the key that proves it; of a package, its documents in `parts`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sextant_client.answers import MAX_RECEIPT_BYTES, RECEIPT_CTY, Answer, read_answer
from sextant_client.home import Config, Home, as_json, read_json, write_file
from sextant_client.packing import unpack_apart
from sextant_client.stored import StoredEnvelope
from sextant_client.transfer import Progress, untold
from sextant_client.trust import Trust
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import MESSAGE_CTY, read_message
from sextant_shared.models.package import PACKAGE_CTY
from sextant_shared.models.party import RegistryProof
from sextant_shared.models.receipts import OpenedReceipt
from sextant_shared.protocol.envelope import open_to_path
from sextant_shared.protocol.manifest import read_manifest, verify_manifest
from sextant_shared.protocol.parties import Registry, VerifiedParty
from sextant_shared.protocol.receipts import CustodyReceipt, parse_custody

if TYPE_CHECKING:
    from sextant_client.session import Session


class Received(StoredEnvelope):
    """One received envelope on disk."""

    @property
    def seq(self) -> int:
        """Its number in our mailbox."""
        return int(self.folder.name)

    @property
    def registry(self) -> dict[str, Any]:
        """The registry proof of the sender, as it came."""
        return read_json(self.folder / "registry.json")

    def documents(self) -> list[str]:
        """Return the names of the documents in `parts`, the message among them."""
        return sorted(path.name for path in self.parts.glob("*"))

    def answer(self) -> Answer | None:
        """Return the Secretariat's answer when the content is one.

        Raises:
            PlatformError: `E_CONTENT` when it says it is one and does not fit.
        """
        if self.header.cty != RECEIPT_CTY:
            return None
        with self.content.open("rb") as file:  # it says it is a receipt: it may be anything
            return read_answer(file.read(MAX_RECEIPT_BYTES + 1))

    def flaw(self) -> str:
        """Say in what a message does not fit its type, empty when it fits or is none.

        It is kept all the same: it was signed and delivered, and its sender can be told.
        """
        header = self.header
        if header.cty != MESSAGE_CTY:
            return ""
        try:
            read_message(header.type, self.content.read_bytes())
        except PlatformError as error:
            return error.detail
        return ""

    @property
    def is_refusal(self) -> bool:
        """Whether the Secretariat could not open the envelope: then nothing more comes."""
        answer = self.answer()
        return isinstance(answer, OpenedReceipt) and answer.reason is not None


def stored_replies(inbox: Path) -> Iterator[Received]:
    """Yield what is stored, oldest first."""
    folders = [path for path in inbox.glob("[0-9]*") if path.name.isdigit()]
    return (Received(path) for path in sorted(folders, key=lambda path: int(path.name)))


class Listed(Protocol):
    """One delivery as a mailbox lists it."""

    @property
    def seq(self) -> int:
        """Its number in our mailbox."""
        ...

    @property
    def sender(self) -> str:
        """Who sent it, as the exchange says."""
        ...

    @property
    def id(self) -> str:
        """Its envelope's id, as the exchange says."""
        ...


class Registries(Protocol):
    """Where registry proofs come from."""

    def at(self, party: str, index: int) -> tuple[RegistryProof, VerifiedParty]:
        """Return the proof and the document in force at the party entry `index` of the log."""
        ...


class Recipient(Protocol):
    """Whoever receives: over the network, or from what was carried here."""

    home: Home
    config: Config
    trust: Trust

    @property
    def parties(self) -> Registries:
        """Where the senders' documents come from."""
        ...

    def check_receipt(self, raw: bytes, digest: bytes, envelope_id: str) -> CustodyReceipt:
        """Verify a custody receipt and that its log continues the one we know."""
        ...


Fetch = Callable[[Listed, Path], None]
"""Puts `container.dxe` and `custody.json` of a delivery into a folder."""


def is_received(inbox: Path, delivery: Listed) -> bool:
    """Whether a delivery is stored already."""
    return (inbox / str(delivery.seq)).exists()


def receive(recipient: Recipient, delivery: Listed, fetch: Fetch) -> Received:
    """Fetch, verify, open and store one delivery; the folder appears whole or not at all.

    Raises:
        PlatformError: whatever of the evidence does not hold.
    """
    inbox = recipient.home.inbox
    target = inbox / str(delivery.seq)
    if target.exists():
        return Received(target)
    partial = inbox / f".{delivery.seq}.new"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    fetch(delivery, partial)
    _verify_and_open(recipient, delivery, Received(partial))
    partial.rename(target)
    return Received(target)


def fetch_over(
    session: "Session", delivery: Listed, folder: Path, *, progress: Progress = untold
) -> None:
    """Fetch a delivery from the exchange; `progress` is told how many bytes of how many came.

    Raises:
        PlatformError: what the exchange refuses with; `E_UNAVAILABLE`.
    """
    path = f"/v1/envelopes/{delivery.sender}/{delivery.id}"
    with (
        session.stream(f"{path}/content") as response,
        (folder / "container.dxe").open("wb") as out,
    ):
        done, size = 0, int(response.headers.get("Content-Length", "0"))
        for block in response.iter_bytes():
            out.write(block)
            done += len(block)
            progress(done, max(done, size))
        out.flush()
        os.fsync(out.fileno())
    write_file(folder / "custody.json", session.request("GET", f"{path}/receipt").content)


def _verify_and_open(recipient: Recipient, delivery: Listed, received: Received) -> None:
    raw = received.receipt.read_bytes()
    with received.container.open("rb") as source:
        manifest = read_manifest(source)
        header = manifest.header
        if (header.from_, header.id) != (delivery.sender, delivery.id):
            raise PlatformError(
                Code.INTEGRITY,
                "the exchange delivered another envelope than it listed",
                expected=f"{delivery.sender} {delivery.id}",
                received=f"{header.from_} {header.id}",
            )
        entry = recipient.check_receipt(raw, manifest.digest, header.id)
        proof, sender = recipient.parties.at(header.from_, entry.reg)
        pair = Registry({header.from_: sender}).signing_pair(header.from_, header.skid)
        verified = verify_manifest(manifest, pair)
        party = recipient.config.party
        kid = next((to.kid for to in header.to if to.party == party), "")
        opener = recipient.home.keys.opener(kid)
        opened = open_to_path(source, verified, opener, party, received.content)
    if header.cty == PACKAGE_CTY:
        unpack_apart(received.content, received.parts)
    write_file(received.folder / "registry.json", as_json(proof.model_dump(mode="json")))
    write_file(received.proof, as_json({"kpc": b64u(opened.kpc)}))
    received.answer()  # what says it is a receipt must be one
    parse_custody(raw)
