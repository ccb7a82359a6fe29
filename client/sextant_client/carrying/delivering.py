"""Delivers a stick: deposits what is on it, and brings back receipts, replies and what proves them.

For a machine with a network and the access key of the same party; it needs no signing and no
sealing key, and opens nothing. Safe to repeat: the exchange gives the same receipts, and the
return file is written whole at the end. One envelope that is refused stops no other.
"""

import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path

from sextant_client.carrying.indexes import (
    MAX_DELIVERIES,
    CarriedDelivery,
    CarriedEnvelope,
    CarriedProof,
    Delivered,
    GoneDelivery,
    Refused,
    ReturnIndex,
    StickIndex,
)
from sextant_client.carrying.stick import NOTE, Stick, StickWriter
from sextant_client.client import Client
from sextant_client.evidence import contact
from sextant_client.received import fetch_over
from sextant_client.sent import SentEnvelope
from sextant_client.stored import StoredEnvelope
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.encoding import b64, b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import Delivery, DeliveryPage
from sextant_shared.models.log import ConsistencyProof
from sextant_shared.models.receipts import OPENED_TYPE, OUTCOME_TYPE
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.manifest import PREFIX_SIZE, Manifest

MAX_BACK_BYTES = 2 << 30  # what fits on any stick; the rest waits for the next trip
_PAGE = 50
_LONGEST_POLL_S = 20


@dataclass(frozen=True)
class Brought:
    """What a delivery gave."""

    path: Path
    size: int
    delivered: tuple[str, ...]
    refused: tuple[Refused, ...]
    deliveries: int
    more: bool


@dataclass
class _Trip:
    client: Client
    folder: Path
    writer: StickWriter = field(default_factory=StickWriter)
    heads: dict[int, Checkpoint] = field(default_factory=dict)
    registries: dict[tuple[str, int], CarriedProof] = field(default_factory=dict)
    deliveries: list[CarriedDelivery] = field(default_factory=list)
    gone: list[GoneDelivery] = field(default_factory=list)
    answered: set[tuple[str, str]] = field(default_factory=set)
    size: int = 0
    more: bool = False


def deliver(client: Client, stick: Path, out: Path, *, clock: Clock, wait_s: float = 0) -> Brought:
    """Deposit what is on a stick and write the return file; wait so long for the answers.

    Raises:
        PlatformError: `E_SENDER` for a stick of another party; `E_MALFORMED`, `E_DIGEST`,
            `E_INTEGRITY` for one that cannot be what was exported: then nothing was deposited;
            `E_UNAVAILABLE` when nobody answers: run it again.
    """
    with (
        tempfile.TemporaryDirectory(dir=client.home.path, prefix=".carrying-") as name,
        Stick(stick) as opened,
    ):
        trip = _Trip(client, Path(name))
        index = opened.index(StickIndex)
        if index.party != client.config.party:
            raise _another_party(index.party, client.config.party)
        envelopes = [_taken(opened, one, index.party, trip.folder) for one in index.envelopes]
        delivered, refused = _deposit(trip, envelopes)
        _bring(trip, index.collected, {one.id for one in delivered}, wait_s)
        newest = _newest(trip, index)
        target = out / f"sextant-{index.party}-back.zip" if out.is_dir() else out
        made = timestamp_s(clock())
        trip.writer.add(NOTE, _note(index.party, made, delivered, refused, trip).encode())
        back = ReturnIndex(
            v=1,
            kind="sextant-stick-back",
            party=index.party,
            made=made,
            after=index.collected,
            more=trip.more,
            delivered=delivered,
            refused=refused,
            deliveries=trip.deliveries,
            gone=trip.gone,
            parties=[_party(trip, party) for party in index.parties],
            registries=list(trip.registries.values()),
            checkpoint=trip.writer.add("checkpoint.txt", newest.text.encode()),
            consistency=trip.writer.add("consistency.json", _consistency(trip, newest)),
            members=trip.writer.described(),
        )
        size = trip.writer.write(target, back)
    ids = tuple(one.id for one in delivered)
    return Brought(target, size, ids, tuple(refused), len(trip.deliveries), trip.more)


def _another_party(carried: str, own: str) -> PlatformError:
    return PlatformError(
        Code.SENDER,
        "the stick is of another party than this home",
        expected=own,
        received=carried,
        fix=f"Deliver it from a home with an access key of {carried}: an exchange takes envelopes"
        " from their sender alone. No signing or sealing key is needed there.",
    )


def _taken(stick: Stick, one: CarriedEnvelope, party: str, folder: Path) -> SentEnvelope:
    """Take an envelope off the stick; it must be the one that the index describes."""
    place = folder / one.id
    place.mkdir()
    envelope = SentEnvelope(place)
    stick.extract(one.container, envelope.container)
    manifest = envelope.manifest()
    header = manifest.header
    found = (header.from_, header.id, b64u(manifest.digest))
    if found != (party, one.id, one.manifest):
        raise PlatformError(
            Code.INTEGRITY,
            "an envelope on the stick is not the one that its index describes",
            expected=f"{party} {one.id} {one.manifest}",
            received=" ".join(found),
            fix="Export it again; nothing of this stick was deposited.",
        )
    _check_body(envelope, manifest)
    return envelope


def _check_body(envelope: StoredEnvelope, manifest: Manifest) -> None:
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


def _deposit(
    trip: _Trip, envelopes: Iterable[SentEnvelope]
) -> tuple[list[Delivered], list[Refused]]:
    delivered, refused = [], []
    for envelope in envelopes:
        try:
            deposit = trip.client.deposit(envelope)
        except PlatformError as error:
            if error.code is Code.INTEGRITY:
                raise  # the log contradicts itself: nothing more is given to it
            fix = error.fix or "Mend the reason, seal it again, and carry it again."
            refused.append(
                Refused(id=envelope.id, code=error.code, detail=error.detail[:1000], fix=fix[:1000])
            )
            continue
        trip.heads[deposit.receipt.checkpoint.size] = deposit.receipt.checkpoint
        custody = trip.writer.add(f"receipts/{envelope.id}.json", deposit.raw)
        delivered.append(Delivered(id=envelope.id, custody=custody))
    return delivered, refused


def _bring(trip: _Trip, after: int, ids: set[str], wait_s: float) -> None:
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


def _take(trip: _Trip, delivery: Delivery) -> None:
    client = trip.client
    place = trip.folder / str(delivery.seq)
    place.mkdir()
    fetch_over(client.session, delivery, place)
    envelope = StoredEnvelope(place)
    manifest = envelope.manifest()
    _check_body(envelope, manifest)
    receipt = client.check_receipt(envelope.receipt.read_bytes(), manifest.digest, delivery.id)
    trip.heads[receipt.checkpoint.size] = receipt.checkpoint
    trip.answered.add((manifest.header.irt or "", manifest.header.type))
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


def _party(trip: _Trip, party: str) -> CarriedProof:
    proof, state = trip.client.parties.proof(party)
    member = trip.writer.add(f"parties/{party}.json", proof.model_dump_json().encode())
    return CarriedProof(party=party, index=state.index, member=member)


def _newest(trip: _Trip, index: StickIndex) -> Checkpoint:
    """Return the newest head, which continues all that were met and the home's own."""
    client = trip.client
    keys = client.trust.log_keys
    if index.checkpoint is not None:
        known = verify_checkpoint(index.checkpoint, keys)
        trip.heads[known.size] = known
    newest = client.log.checkpoint(keys)
    largest = max(trip.heads.values(), key=lambda head: head.size, default=newest)
    if largest.size > newest.size:
        newest = largest  # the published head moves at most once a second
    contact(client.home, client.trust, newest, client.log)
    return newest


def _consistency(trip: _Trip, newest: Checkpoint) -> bytes:
    proofs = {}
    for size in sorted(trip.heads):
        if size < newest.size:
            path = [b64(node) for node in trip.client.log.consistency(size, newest.size)]
            proof = ConsistencyProof(first=size, second=newest.size, path=path)
            proofs[str(size)] = proof.model_dump()
    return json.dumps(proofs).encode()


def _note(
    party: str, made: str, delivered: list[Delivered], refused: list[Refused], trip: _Trip
) -> str:
    counts = f"Accepted: {len(delivered)}. Refused: {len(refused)}."
    lines = [
        f"For {party}: receipts and sealed replies, brought at {made}.",
        "On the machine that has the keys:",
        "",
        "    sextant bundle accept THIS-FILE",
        "",
        f"{counts} Replies: {len(trip.deliveries)}.",
        *(f"refused  {one.id}  {one.code}: {one.detail}" for one in refused),
        *(f"gone  {one.id}  from {one.sender}: {one.why}" for one in trip.gone),
        *(["More replies wait: make another trip."] if trip.more else []),
    ]
    return "\n".join(lines) + "\n"
