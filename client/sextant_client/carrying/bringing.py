"""Takes out of the mailbox what goes back on the stick: deliveries, still sealed, and their proofs.

Responsible for a trip's state while it lasts, and for bounds. What a delivery is, nobody here sees.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path

from sextant_client.answers import RECEIPT_CTY
from sextant_client.carrying.indexes import (
    MAX_DELIVERIES,
    CarriedDelivery,
    CarriedProof,
    GoneDelivery,
)
from sextant_client.carrying.stick import StickWriter
from sextant_client.client import Client
from sextant_client.received import fetch_over
from sextant_client.stored import StoredEnvelope
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import Delivery, DeliveryPage
from sextant_shared.models.receipts import OPENED_TYPE, OUTCOME_TYPE
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint
from sextant_shared.protocol.manifest import PREFIX_SIZE, Manifest

MAX_BACK_BYTES = 2 << 30  # what fits on any stick; the rest waits for the next trip
_PAGE = 50
_LONGEST_POLL_S = 20


@dataclass
class Trip:
    """What a trip has brought together so far; `receipts` are deliveries that are receipts."""

    client: Client
    folder: Path
    writer: StickWriter = field(default_factory=StickWriter)
    heads: dict[int, Checkpoint] = field(default_factory=dict)
    registries: dict[tuple[str, int], CarriedProof] = field(default_factory=dict)
    deliveries: list[CarriedDelivery] = field(default_factory=list)
    gone: list[GoneDelivery] = field(default_factory=list)
    answered: set[tuple[str, str]] = field(default_factory=set)
    receipted: dict[str, int] = field(default_factory=dict)
    receipts: set[tuple[str, str]] = field(default_factory=set)
    size: int = 0
    more: bool = False


def bring(trip: Trip, after: int, ids: set[str], wait_s: float) -> None:
    """Take every delivery behind `after`, and wait for both answers to each of `ids`."""
    owed = {(id_, type_) for id_ in ids for type_ in (OPENED_TYPE, OUTCOME_TYPE)}
    deadline = time.monotonic() + wait_s
    while not trip.more:
        left = deadline - time.monotonic() if owed - trip.answered else 0.0
        poll = int(max(1, min(_LONGEST_POLL_S, left))) if left > 0 else 0
        page = list(_page(trip.client, after, poll))
        for delivery in page:
            count = len(trip.deliveries) + len(trip.gone)
            if count >= MAX_DELIVERIES or trip.size + delivery.size > MAX_BACK_BYTES:
                trip.more = True
                break
            try:
                _take(trip, delivery)
            except PlatformError as error:
                if error.code is not Code.GONE:
                    raise
                trip.gone.append(_gone(delivery, error))
            after = delivery.seq
        if not page and left <= 0:
            return


def _page(client: Client, after: int, wait_s: int) -> Iterator[Delivery]:
    params = {"after": after, "limit": _PAGE, "wait": wait_s}
    answer = client.session.request("GET", "/v1/mailbox", params=params)
    yield from read_model(DeliveryPage, answer.json()).items


def _gone(delivery: Delivery, error: PlatformError) -> GoneDelivery:
    """Note a delivery that holds up nothing: those behind it are brought all the same."""
    why = error.detail[:1000]
    return GoneDelivery(seq=delivery.seq, sender=delivery.sender, id=delivery.id, why=why)


def _take(trip: Trip, delivery: Delivery) -> None:
    client = trip.client
    place = trip.folder / str(delivery.seq)
    place.mkdir()
    fetch_over(client.session, delivery, place)
    envelope = StoredEnvelope(place)
    manifest = envelope.manifest()
    check_body(envelope, manifest)
    receipt = client.check_receipt(envelope.receipt.read_bytes(), manifest.digest, delivery.id)
    trip.heads[receipt.checkpoint.size] = receipt.checkpoint
    trip.answered.add((manifest.header.irt or "", manifest.header.type))
    if manifest.header.cty == RECEIPT_CTY:
        trip.receipts.add((delivery.sender, delivery.id))
    trip.size += envelope.container.stat().st_size
    key = (delivery.sender, receipt.reg)
    if key not in trip.registries:
        proof, _ = client.parties.at(*key)
        name = f"registry/{delivery.sender}-{receipt.reg}.json"
        member = trip.writer.add(name, proof.model_dump_json().encode())
        trip.registries[key] = CarriedProof(party=delivery.sender, index=receipt.reg, member=member)
    trip.deliveries.append(
        CarriedDelivery(
            seq=delivery.seq,
            sender=delivery.sender,
            id=delivery.id,
            container=trip.writer.add(f"deliveries/{delivery.seq}.dxe", envelope.container),
            custody=trip.writer.add(f"deliveries/{delivery.seq}.json", envelope.receipt),
        )
    )


def check_body(envelope: StoredEnvelope, manifest: Manifest) -> None:
    """Compare a body that was carried or fetched with the one that was signed.

    Raises:
        PlatformError: `E_DIGEST`.
    """
    with envelope.container.open("rb") as source:
        source.seek(PREFIX_SIZE + len(manifest.raw))
        start = source.tell()
        digest = file_digest(source, "sha256").digest()
        length = source.tell() - start
    if (length, digest) != (manifest.body_len, manifest.body_sha256):
        raise PlatformError(
            Code.DIGEST,
            f"the body of envelope {manifest.header.id} is not the one that was signed",
            fix="Carry or fetch it again.",
        )
