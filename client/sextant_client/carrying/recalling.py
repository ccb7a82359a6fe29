"""Recalls that were signed without a network: out to the exchange, and what proves them back.

Until a statement is at the exchange, recipients may take the envelope; what became of each copy is
what the receipt proves.
"""

from collections.abc import Callable, Iterator

from sextant_client.acts import (
    Recalled,
    is_about_statement,
    keep_recalled,
    post_recall,
    verify_recalled,
)
from sextant_client.carrying.bringing import Trip
from sextant_client.carrying.indexes import CarriedRecall, CarriedRecalled, Refused, ReturnIndex
from sextant_client.carrying.stick import Stick, StickWriter
from sextant_client.home import Home
from sextant_client.sent import SentFolder
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.acts import format_act
from sextant_shared.protocol.checkpoints import Checkpoint


def carry(writer: StickWriter, sent: SentFolder) -> Iterator[CarriedRecall]:
    """Put on the stick every statement whose recall is not proved here yet.

    What was never accepted needs none.
    """
    for envelope in sent.all():
        is_over = envelope.recall_receipt.exists() or envelope.refusal.exists()
        if envelope.recall_statement.exists() and not is_over:
            name = f"recalls/{envelope.id}.jws"
            statement = writer.add(name, envelope.recall_statement.read_bytes())
            yield CarriedRecall(id=envelope.id, statement=statement)


def recall_all(
    trip: Trip, stick: Stick, recalls: list[CarriedRecall]
) -> tuple[list[CarriedRecalled], list[Refused]]:
    """Give the exchange each statement; note what it did, or why it did not.

    Raises:
        PlatformError: `E_INTEGRITY` for a receipt that does not prove the recall.
    """
    recalled, refused = [], []
    for one in recalls:
        statement = stick.small(one.statement)
        try:
            view = post_recall(trip.client, one.id, statement)
        except PlatformError as error:
            fix = error.fix or "Ask the recipients to disregard the envelope."
            why = (str(error.code), error.detail[:1000], fix[:1000])
            refused.append(Refused(id=one.id, code=why[0], detail=why[1], fix=why[2]))
            continue
        receipt = None
        if view.receipt is not None:
            raw = format_act(view.receipt)
            act = verify_recalled(raw, one.id, statement, trip.client.trust.log_keys)
            trip.heads[act.checkpoint.size] = act.checkpoint
            receipt = trip.writer.add(f"recalls/{one.id}.json", raw)
        recalled.append(CarriedRecalled(id=one.id, receipt=receipt))
    return recalled, refused


def keep_recalls(
    home: Home, stick: Stick, index: ReturnIndex, meet: Callable[[Checkpoint], None]
) -> Iterator[Recalled]:
    """Keep what proves each recall, once it is of the statement signed here; yield what it did.

    A statement that was refused for itself is put away: `sextant recall` signs the next one afresh.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_STATE` for a recall that this home never signed;
            `E_INTEGRITY` and the rest for a receipt that does not hold.
    """
    sent, keys = SentFolder(home.sent), home.trust.log_keys
    for one in index.recalled:
        envelope = sent.find(one.id)
        if not envelope.recall_statement.exists():
            raise PlatformError(Code.STATE, f"no recall of {one.id} was signed in this home")
        if one.receipt is None:
            yield Recalled(one.id, [], None, None)
            continue
        raw = stick.small(one.receipt)
        act = verify_recalled(raw, one.id, envelope.recall_statement.read_bytes(), keys)
        meet(act.checkpoint)
        yield keep_recalled(envelope, act, raw)
    for refused in index.unrecalled:
        envelope = sent.find(refused.id)
        if is_about_statement(refused.code) and not envelope.recall_receipt.exists():
            envelope.recall_statement.unlink(missing_ok=True)
