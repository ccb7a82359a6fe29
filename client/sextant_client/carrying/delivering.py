"""Delivers a stick: deposits what is on it, brings back receipts, replies, and what proves them.

For a machine with a network and the access key of the same party; it needs no signing and no
sealing key, and opens nothing. Safe to repeat: the exchange gives the same receipts, and the
return file is written whole at the end. One envelope that is refused stops no other.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sextant_client.carrying.bringing import Trip, bring, check_body
from sextant_client.carrying.indexes import (
    CarriedEnvelope,
    CarriedProof,
    Delivered,
    Refused,
    ReturnIndex,
    StickIndex,
)
from sextant_client.carrying.recalling import recall_all
from sextant_client.carrying.saying import record_all, say_all
from sextant_client.carrying.stick import NOTE, Stick
from sextant_client.carrying.telling import tell, witness
from sextant_client.client import Client
from sextant_client.evidence import contact
from sextant_client.sent import SentEnvelope
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.encoding import b64, b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import ConsistencyProof
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.refusals import verify_refusal


@dataclass(frozen=True)
class Brought:
    """What a delivery gave."""

    path: Path
    size: int
    delivered: tuple[str, ...]
    refused: tuple[Refused, ...]
    deliveries: int
    more: bool
    recalled: tuple[str, ...] = ()
    unrecalled: tuple[Refused, ...] = ()
    said: tuple[str, ...] = ()
    unsaid: tuple[Refused, ...] = ()


def deliver(client: Client, stick: Path, out: Path, *, clock: Clock, wait_s: float = 0) -> Brought:
    """Deposit and say what is on a stick, write the return file; wait so long for the answers.

    Raises:
        PlatformError: `E_SENDER` for a stick of another party; `E_MALFORMED`, `E_DIGEST`,
            `E_INTEGRITY` for one that cannot be what was exported: then nothing was deposited;
            `E_UNAVAILABLE` when nobody answers: run it again.
    """
    with (
        tempfile.TemporaryDirectory(dir=client.home.path, prefix=".carrying-") as name,
        Stick(stick) as opened,
    ):
        trip = Trip(client, Path(name))
        index = opened.index(StickIndex)
        if index.party != client.config.party:
            raise _another_party(index.party, client.config.party)
        envelopes = [_taken(opened, one, index.party, trip.folder) for one in index.envelopes]
        delivered, refused = _deposit(trip, envelopes)
        recalled, unrecalled = recall_all(trip, opened, index.recalls)
        said, unsaid = say_all(trip, opened, index.statements)
        records, unrecorded = record_all(trip, index.records)
        bring(trip, index.collected, {one.id for one in delivered}, wait_s)
        stories = list(tell(client, trip.writer, _wanted(trip, index, delivered)))
        sizes = {one.id: one.receipt for one in index.follow if one.receipt is not None}
        sizes |= {one.id: trip.receipted[one.id] for one in delivered if index.witness}
        witnessed = list(witness(client, trip.writer, sizes, trip.heads))
        parties = [proof for party in index.parties if (proof := _party(trip, party))]
        newest = _newest(trip, index)
        target = out / f"sextant-{index.party}-back.zip" if out.is_dir() else out
        made = timestamp_s(clock())
        told = [*refused, *unrecalled, *unsaid, *unrecorded]
        trip.writer.add(NOTE, _note(index.party, made, delivered, told, trip).encode())
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
            stories=stories,
            witnessed=witnessed,
            recalled=recalled,
            unrecalled=unrecalled,
            said=said,
            unsaid=[*unsaid, *unrecorded],
            records=records,
            parties=parties,
            registries=list(trip.registries.values()),
            checkpoint=trip.writer.add("checkpoint.txt", newest.text.encode()),
            consistency=trip.writer.add("consistency.json", _consistency(trip, newest)),
            members=trip.writer.described(),
        )
        size = trip.writer.write(target, back)
    ids = tuple(one.id for one in delivered)
    return Brought(
        target,
        size,
        ids,
        tuple(refused),
        len(trip.deliveries),
        trip.more,
        tuple(one.id for one in recalled),
        tuple(unrecalled),
        tuple(one.id for one in said),
        (*unsaid, *unrecorded),
    )


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
    check_body(envelope, manifest)
    return envelope


def _deposit(
    trip: Trip, envelopes: Iterable[SentEnvelope]
) -> tuple[list[Delivered], list[Refused]]:
    delivered, refused = [], []
    for envelope in envelopes:
        try:
            deposit = trip.client.deposit(envelope)
        except PlatformError as error:
            if error.code is Code.INTEGRITY:
                raise  # the log contradicts itself: nothing more is given to it
            refused.append(_refused(trip, envelope, error))
            continue
        head = deposit.receipt.checkpoint
        trip.heads[head.size], trip.receipted[envelope.id] = head, head.size
        custody = trip.writer.add(f"receipts/{envelope.id}.json", deposit.raw)
        delivered.append(Delivered(id=envelope.id, custody=custody))
    return delivered, refused


def _refused(trip: Trip, envelope: SentEnvelope, error: PlatformError) -> Refused:
    """Note a refusal, with the receipt that the client kept of it once it verified."""
    fix = error.fix or "Mend the reason, seal it again, and carry it again."
    receipt = None
    if envelope.refusal.exists():
        raw, keys = envelope.refusal.read_bytes(), trip.client.trust.log_keys
        head = verify_refusal(raw, envelope.digest, envelope.id, keys).checkpoint
        trip.heads[head.size] = head
        receipt = trip.writer.add(f"receipts/{envelope.id}-refused.json", raw)
    return Refused(
        id=envelope.id,
        code=error.code,
        detail=error.detail[:1000],
        fix=fix[:1000],
        receipt=receipt,
    )


def _wanted(
    trip: Trip, index: StickIndex, delivered: Iterable[Delivered]
) -> Iterator[tuple[str, str]]:
    """Yield of what the home is told: what went out, what came, and what it follows.

    What became of the Secretariat's own receipts is told with what they answer.
    """
    yield from ((index.party, one.id) for one in delivered)
    yield from ((index.party, one.id) for one in index.recalls)
    yield from ((index.party, one.id) for one in index.statements)
    yield from ((index.party, id_) for id_ in index.records)
    brought = [(one.sender, one.id) for one in trip.deliveries]
    yield from (one for one in brought if one not in trip.receipts)
    yield from ((one.sender, one.id) for one in trip.gone)
    yield from ((one.sender, one.id) for one in index.follow)


def _party(trip: Trip, party: str) -> CarriedProof | None:
    """Put in the document of a party; None for one that was never enrolled."""
    try:
        proof, state = trip.client.parties.proof(party)
    except PlatformError as error:
        if error.code is not Code.NOT_FOUND:
            raise
        return None
    member = trip.writer.add(f"parties/{party}.json", proof.model_dump_json().encode())
    return CarriedProof(party=party, index=state.index, member=member)


def _newest(trip: Trip, index: StickIndex) -> Checkpoint:
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


def _consistency(trip: Trip, newest: Checkpoint) -> bytes:
    proofs = {}
    for size in sorted(trip.heads):
        if size < newest.size:
            path = [b64(node) for node in trip.client.log.consistency(size, newest.size)]
            proof = ConsistencyProof(first=size, second=newest.size, path=path)
            proofs[str(size)] = proof.model_dump()
    return json.dumps(proofs).encode()


def _note(
    party: str, made: str, delivered: list[Delivered], refused: list[Refused], trip: Trip
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
