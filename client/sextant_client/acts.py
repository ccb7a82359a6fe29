"""Acts on envelopes from a party's side: recall what was sent, mend what was given up.

A recall is signed once and lies beside the envelope before it is sent, so that a lost answer or a
killed process repeats the same bytes and gets the same receipt; from a home without a network it
waits there for the next stick. What the exchange says it did is believed when the log proves it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sextant_client.evidence import contact
from sextant_client.home import write_file
from sextant_client.sent import SentEnvelope
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import (
    ActView,
    DiscardReason,
    DiscardRequest,
    RecallDetail,
    RecalledCopy,
    RecallRequest,
    RecallStatement,
    ReplayRequest,
)
from sextant_shared.models.entries import EnvelopeRecalledEntry
from sextant_shared.models.exchange import DeliveryPage
from sextant_shared.models.party import KeyUse
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.acts import VerifiedAct, format_act, verify_act
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.recalls import sign_recall

if TYPE_CHECKING:
    from sextant_client.client import Client

DEAD_LETTERS = "/v1/mailbox/dead-letters"
# Nothing was done by a statement that is refused with one of these.
_ABOUT_IT = frozenset({Code.STATE, Code.CLOCK, Code.KEY, Code.SIGNATURE, Code.DIGEST})


@dataclass(frozen=True)
class Recalled:
    """What a recall did to each copy; `index` is None while the log owes the proof.

    One that `is_carried` was only signed: a home without a network has it carried.
    """

    envelope_id: str
    copies: list[RecalledCopy]
    index: int | None
    receipt: Path | None
    is_carried: bool = False


def recall(client: "Client", envelope: SentEnvelope, reason: str, clock: Clock) -> Recalled:
    """Recall one of our envelopes; safe to repeat: the statement that is there is sent again.

    Raises:
        PlatformError: `E_STATE` when all recipients have it; what the exchange refuses with;
            `E_INTEGRITY` for a receipt that does not prove this recall.
    """
    statement = _statement(client, envelope, reason, clock)
    if client.kept is not None:
        return Recalled(envelope.id, [], None, None, is_carried=True)
    try:
        view = post_recall(client, envelope.id, statement)
    except PlatformError as error:
        if is_about_statement(error.code):
            envelope.recall_statement.unlink()
        raise
    if view.receipt is None:
        copies = read_model(RecallDetail, view.detail).recipients
        return Recalled(envelope.id, copies, None, None)
    raw = format_act(view.receipt)
    act = verify_recalled(raw, envelope.id, statement, client.trust.log_keys)
    contact(client.home, client.trust, act.checkpoint, client.log)
    return keep_recalled(envelope, act, raw)


def post_recall(client: "Client", envelope_id: str, statement: bytes) -> ActView:
    """Give the exchange a statement about an envelope of ours; the same twice is one act.

    Raises:
        PlatformError: what the exchange refuses with.
    """
    path = f"/v1/envelopes/{client.config.party}/{envelope_id}/recall"
    body = RecallRequest(statement=statement.decode()).model_dump(mode="json")
    return read_model(ActView, client.session.request("POST", path, json=body).json())


def is_about_statement(code: str) -> bool:
    """Whether a refusal is of the statement itself, so that the next one is signed afresh."""
    return code in _ABOUT_IT


def verify_recalled(raw: bytes, envelope_id: str, statement: bytes, keys: LogKeys) -> VerifiedAct:
    """Return what a receipt proves of the recall by that statement.

    Raises:
        PlatformError: `E_INTEGRITY` when it is of another act or statement; as `verify_act`.
    """
    act = verify_act(raw, envelope_id, keys)
    entry = act.entry
    if not isinstance(entry, EnvelopeRecalledEntry) or entry.stmt != b64u(sha256(statement)):
        raise PlatformError(Code.INTEGRITY, "the receipt is not about the recall that was sent")
    return act


def keep_recalled(envelope: SentEnvelope, act: VerifiedAct, raw: bytes) -> Recalled:
    """Keep the receipt of a recall beside its envelope; return what it proves."""
    write_file(envelope.recall_receipt, raw)
    proved = read_model(RecallDetail, act.detail).recipients
    return Recalled(envelope.id, proved, act.index, envelope.recall_receipt)


def dead_letters(client: "Client", after: int = 0) -> DeliveryPage:
    """Return a page of what was given up in our mailbox, with the reasons."""
    answer = client.session.request("GET", DEAD_LETTERS, params={"after": after})
    return read_model(DeliveryPage, answer.json())


def replay(client: "Client", seq: int, reason: str) -> ActView:
    """Let a dead letter of ours come again.

    Raises:
        PlatformError: `E_STATE` when it is none.
    """
    return _act(client, f"{DEAD_LETTERS}/{seq}/replay", ReplayRequest(reason=reason).model_dump())


def discard(client: "Client", seq: int, reason: DiscardReason, note: str) -> ActView:
    """Give up a dead letter of ours for good.

    Raises:
        PlatformError: `E_STATE` when it is none.
    """
    body = DiscardRequest(reason=reason, note=note).model_dump(mode="json")
    return _act(client, f"{DEAD_LETTERS}/{seq}/discard", body)


def _act(client: "Client", path: str, body: dict[str, Any]) -> ActView:
    # A replay is not repeated by itself: the second one would find no dead letter.
    answer = client.session.request("POST", path, json=body, repeatable=False)
    return read_model(ActView, answer.json())


def _statement(client: "Client", envelope: SentEnvelope, reason: str, clock: Clock) -> bytes:
    if envelope.recall_statement.exists():
        return envelope.recall_statement.read_bytes()
    manifest = envelope.manifest()
    statement = RecallStatement(
        v=1,
        env=envelope.id,
        man=b64u(manifest.digest),
        reason=reason,
        created=timestamp_s(clock()),
    )
    active = client.parties.newest(client.config.party).active(KeyUse.SIG)
    signed = sign_recall(statement, client.home.keys.pair(KeyUse.SIG, [key.kid for key in active]))
    write_file(envelope.recall_statement, signed)
    return signed
