"""Accepts a return file where the keys are: the guarantees of `inbox`, without a network.

In this order, each step safe to repeat:

1. the newest head continues the one the home knows, and becomes it; a contradiction is evidence
2. the party documents verify, and none is older than the one kept
3. each receipt, of custody or of a refusal, is for what was sealed here, and its head leads to the
   newest; then it is kept, and beside it the head that witnesses it by the home's own policy
   so is what proves a recall, or a statement, for the one that was signed here
4. each delivery is verified and opened as from the mailbox, in its order and without a gap
5. what the exchange tells of envelopes fits what lies here by now; then it is kept

What fails stops there; what was accepted before it stays, and the file can be accepted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sextant_client.acts import Recalled
from sextant_client.carrying.indexes import (
    CarriedDelivery,
    CarriedProof,
    CarriedStory,
    GoneDelivery,
    Refused,
    ReturnIndex,
)
from sextant_client.carrying.offline import KeptDocuments
from sextant_client.carrying.recalling import keep_recalls
from sextant_client.carrying.saying import Said, keep_records, keep_said
from sextant_client.carrying.stick import MAX_SMALL_BYTES, Stick
from sextant_client.carrying.stories import KeptStories, Story
from sextant_client.evidence import contact
from sextant_client.home import Config, Home, write_file
from sextant_client.parties import verify_party
from sextant_client.received import Listed, Received, receive
from sextant_client.sent import SentFolder
from sextant_client.trust import Trust
from sextant_shared.encoding import b64_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import ConsistencyProof
from sextant_shared.models.party import RegistryProof
from sextant_shared.models.receipts import Level
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.levels import parse_witnessed, verify_witnessed
from sextant_shared.protocol.parties import VerifiedParty
from sextant_shared.protocol.receipts import CustodyReceipt, verify_custody
from sextant_shared.protocol.refusals import verify_refusal


@dataclass(frozen=True)
class Receipted:
    """A receipt that was accepted; `is_new` when it was not here before."""

    envelope_id: str
    receipt: CustodyReceipt
    is_new: bool


@dataclass(frozen=True)
class Accepted:
    """What a return file gave."""

    head: Checkpoint
    parties: tuple[str, ...]
    receipts: tuple[Receipted, ...]
    refused: tuple[Refused, ...]
    recalled: tuple[Recalled, ...]
    unrecalled: tuple[Refused, ...]
    said: tuple[Said, ...]
    unsaid: tuple[Refused, ...]
    records: tuple[str, ...]
    received: tuple[Received, ...]
    gone: tuple[GoneDelivery, ...]
    witnessed: tuple[str, ...]
    told: tuple[CarriedStory, ...]
    more: bool


def accept(home: Home, file: Path) -> Accepted:
    """Verify a return file and store what it brings.

    Raises:
        PlatformError: `E_SENDER` for one of another party, `E_STATE` for one that is older than
            what the home knows or that does not follow it, `E_INTEGRITY` and the rest for what does
            not hold.
    """
    with Stick(file) as stick:
        index = stick.index(ReturnIndex)
        carried = _Carried(home, home.config(), home.trust, stick, index)
        if index.party != carried.config.party:
            raise PlatformError(
                Code.SENDER,
                "the file is for another party than this home",
                expected=carried.config.party,
                received=index.party,
            )
        carried.check_head()
        parties = tuple(carried.keep_parties())
        receipts = tuple(carried.keep_receipts())
        carried.keep_refusals()
        recalled = tuple(keep_recalls(home, stick, index, carried.meet))
        said = tuple(keep_said(home, stick, index, carried.meet))
        records = tuple(keep_records(home, stick, index, carried.meet))
        witnessed = tuple(carried.keep_witnessed())
        collected = home.cursor()
        received = tuple(carried.receive())
        carried.keep_stories()
    return Accepted(
        head=carried.newest,
        parties=parties,
        receipts=receipts,
        refused=tuple(index.refused),
        recalled=recalled,
        unrecalled=tuple(index.unrecalled),
        said=said,
        unsaid=tuple(index.unsaid),
        records=records,
        received=received,
        gone=tuple(one for one in index.gone if one.seq > collected),
        witnessed=witnessed,
        told=tuple(index.stories),
        more=index.more,
    )


@dataclass
class _Carried:
    """A return file as the one source: of the log, of party documents, and of deliveries."""

    home: Home
    config: Config
    trust: Trust
    stick: Stick
    index: ReturnIndex

    @property
    def parties(self) -> "_Carried":
        return self

    @cached_property
    def newest(self) -> Checkpoint:
        text = self.stick.small(self.index.checkpoint).decode("utf-8", "replace")
        return verify_checkpoint(text, self.trust.log_keys)

    @cached_property
    def _proofs(self) -> dict[int, ConsistencyProof]:
        raw = self.stick.small(self.index.consistency)
        values = parse_json(raw, max_bytes=MAX_SMALL_BYTES).values()
        proofs = (read_model(ConsistencyProof, value) for value in values)
        return {proof.first: proof for proof in proofs if proof.second == self.newest.size}

    @cached_property
    def _registries(self) -> dict[tuple[str, int], CarriedProof]:
        return {(one.party, one.index): one for one in self.index.registries}

    def check_head(self) -> None:
        known = self.trust.checkpoint()
        if known is not None and known.size > self.newest.size:
            raise PlatformError(
                Code.STATE,
                "the file is older than what this home knows of the log",
                expected=f"a head of size {known.size} or more",
                received=f"size {self.newest.size}",
                fix="Export again and have it delivered: what this file has comes with it.",
            )
        contact(self.home, self.trust, self.newest, self)

    def keep_parties(self) -> Iterator[str]:
        kept = KeptDocuments.of(self.home, self.trust)
        for one in self.index.parties:
            kept.keep(one.party, self._proof(one), self.newest)
            yield one.party

    def keep_receipts(self) -> Iterator[Receipted]:
        sent = SentFolder(self.home.sent)
        for one in self.index.delivered:
            envelope = sent.find(one.id)
            raw = self.stick.small(one.custody)
            receipt = self.check_receipt(raw, envelope.digest, one.id)
            is_new = not envelope.receipt.exists()
            envelope.write_receipt(raw)
            yield Receipted(one.id, receipt, is_new)

    def keep_refusals(self) -> None:
        sent = SentFolder(self.home.sent)
        for one in self.index.refused:
            if one.receipt is None:
                continue
            envelope, raw = sent.find(one.id), self.stick.small(one.receipt)
            refusal = verify_refusal(raw, envelope.digest, one.id, self.trust.log_keys)
            self.meet(refusal.checkpoint)
            write_file(envelope.refusal, raw)

    def keep_witnessed(self) -> Iterator[str]:
        """Keep heads that witness receipts by the policy pinned here; yield for which."""
        sent, keys = SentFolder(self.home.sent), self.trust.log_keys
        for one in self.index.witnessed:
            envelope, raw = sent.find(one.id), self.stick.small(one.member)
            receipt = verify_custody(envelope.receipt.read_bytes(), envelope.digest, one.id, keys)
            head = parse_witnessed(raw)
            found = verify_witnessed(head, receipt.checkpoint, keys, self.trust.policy)
            self.meet(found.checkpoint)
            if found.level is Level.WITNESSED:
                write_file(envelope.witnessed, raw)
                yield one.id

    def keep_stories(self) -> None:
        stories = KeptStories(self.home, self.trust.log_keys)
        for one in self.index.stories:
            raw = self.stick.small(one.member)
            story = read_model(Story, parse_json(raw, max_bytes=MAX_SMALL_BYTES))
            stories.keep(one.sender, one.id, story, self.newest)

    def receive(self) -> Iterator[Received]:
        """Yield what is new; what is here already, or gone for good, is passed over."""
        collected = self.home.cursor()
        listed: list[CarriedDelivery | GoneDelivery] = [*self.index.deliveries, *self.index.gone]
        for one in sorted(listed, key=lambda one: one.seq):
            if one.seq <= collected:
                continue
            if one.seq != collected + 1:
                raise PlatformError(
                    Code.STATE,
                    "deliveries are missing before those of this file",
                    expected=f"delivery {collected + 1} next",
                    received=f"delivery {one.seq}",
                    fix="Accept the file of the earlier trip first; or export again, and have the"
                    " rest delivered.",
                )
            received = None
            if isinstance(one, CarriedDelivery):
                received = receive(self, one, self._fetch)
            collected = one.seq
            self.home.advance_cursor(collected)
            if received is not None:
                yield received

    def _fetch(self, delivery: Listed, folder: Path) -> None:
        one = self._delivery(delivery.seq)
        self.stick.extract(one.container, folder / "container.dxe")
        write_file(folder / "custody.json", self.stick.small(one.custody))

    def _delivery(self, seq: int) -> CarriedDelivery:
        return next(one for one in self.index.deliveries if one.seq == seq)

    # --- as a recipient ----------------------------------------------------------------------

    def check_receipt(self, raw: bytes, digest: bytes, envelope_id: str) -> CustodyReceipt:
        receipt = verify_custody(raw, digest, envelope_id, self.trust.log_keys)
        self.meet(receipt.checkpoint)
        return receipt

    def meet(self, head: Checkpoint) -> None:
        """Hold a head of something in the file against the newest one, which is known by now."""
        if head.size > self.newest.size:
            raise PlatformError(
                Code.INTEGRITY,
                "a receipt is of a later head than the newest of the file",
                expected=f"size {self.newest.size} or less",
                received=f"size {head.size}",
            )
        contact(self.home, self.trust, head, self)

    def at(self, party: str, index: int) -> tuple[RegistryProof, VerifiedParty]:
        """Return the carried proof of the document in force at that position of the log."""
        one = self._registries.get((party, index))
        if one is None:
            raise PlatformError(
                Code.MALFORMED,
                f"the file lacks the document of {party} at party entry {index}",
                fix="Have it delivered again.",
            )
        proof = self._proof(one)
        state = verify_party(proof, party, self.trust)
        if state.index != index:
            raise PlatformError(
                Code.INTEGRITY,
                "the registry proof is for another position of the log",
                expected=str(index),
                received=str(state.index),
            )
        return proof, state.party

    def _proof(self, one: CarriedProof) -> RegistryProof:
        raw = self.stick.small(one.member)
        return read_model(RegistryProof, parse_json(raw, max_bytes=MAX_SMALL_BYTES))

    # --- as a history of the log -------------------------------------------------------------

    def consistency(self, first: int, second: int) -> list[bytes]:
        proof = self._proofs.get(first)
        if proof is None or second != self.newest.size:
            raise PlatformError(
                Code.MALFORMED,
                f"the file lacks the proof that the log of size {second} continues size {first}",
                fix="Have it delivered again.",
            )
        return [b64_decode(node, 32) for node in proof.path]

    def prefix_root(self, size: int) -> bytes:
        raise PlatformError(Code.NOT_FOUND, f"the root of size {size} was not carried")
