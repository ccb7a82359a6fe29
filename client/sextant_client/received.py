"""What we received: verified like any recipient must (envelope §2.8), opened, and stored.

One folder per delivery: the container and its custody receipt, the registry proof of the sender,
the content and the key that proves it; of a package, its documents in `parts`.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sextant_client.answers import RECEIPT_CTY, Answer, read_answer
from sextant_client.home import as_json, read_json, write_file
from sextant_client.packing import unpack_apart
from sextant_client.stored import StoredEnvelope
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import Delivery
from sextant_shared.models.messages import MESSAGE_CTY, read_message
from sextant_shared.models.package import PACKAGE_CTY
from sextant_shared.models.receipts import OpenedReceipt
from sextant_shared.protocol.envelope import open_to_path
from sextant_shared.protocol.manifest import read_manifest, verify_manifest
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.receipts import parse_custody, verify_custody

if TYPE_CHECKING:
    from sextant_client.client import Client


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
        return read_answer(self.content.read_bytes())

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


def is_received(inbox: Path, delivery: Delivery) -> bool:
    """Whether a delivery is stored already."""
    return (inbox / str(delivery.seq)).exists()


def receive(client: "Client", delivery: Delivery) -> Received:
    """Fetch, verify, open and store one delivery; the folder appears whole or not at all.

    Raises:
        PlatformError: whatever of the evidence does not hold.
    """
    target = client.home.inbox / str(delivery.seq)
    if target.exists():
        return Received(target)
    partial = client.home.inbox / f".{delivery.seq}.new"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _fetch(client, delivery, partial)
    _verify_and_open(client, delivery, Received(partial))
    partial.rename(target)
    return Received(target)


def _fetch(client: "Client", delivery: Delivery, folder: Path) -> None:
    path = f"/v1/envelopes/{delivery.sender}/{delivery.id}"
    with (
        client.session.stream(f"{path}/content") as response,
        (folder / "container.dxe").open("wb") as out,
    ):
        for block in response.iter_bytes():
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    write_file(folder / "custody.json", client.session.request("GET", f"{path}/receipt").content)


def _verify_and_open(client: "Client", delivery: Delivery, received: Received) -> None:
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
        entry = verify_custody(raw, manifest.digest, header.id, client.trust.log_keys)
        client.check_receipt(raw, manifest.digest, header.id)
        proof, sender = client.parties.at(header.from_, entry.reg)
        pair = Registry({header.from_: sender}).signing_pair(header.from_, header.skid)
        verified = verify_manifest(manifest, pair)
        party = client.config.party
        kid = next((to.kid for to in header.to if to.party == party), "")
        opener = client.home.keys.opener(kid)
        opened = open_to_path(source, verified, opener, party, received.content)
    if header.cty == PACKAGE_CTY:
        unpack_apart(received.content, received.parts)
    write_file(received.folder / "registry.json", as_json(proof.model_dump(mode="json")))
    write_file(received.proof, as_json({"kpc": b64u(opened.kpc)}))
    received.answer()  # what says it is a receipt must be one
    parse_custody(raw)
