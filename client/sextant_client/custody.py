"""The chain of custody of an envelope: who did what and when, and what is still owed for it.

Facts come from the exchange (status, events, thread); the clocks of reports and the days that
questions ask for come from contents that lie in the home, as the exchange cannot read them.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.received import Received, stored_replies
from sextant_client.sent import SentEnvelope
from sextant_client.stored import StoredEnvelope
from sextant_shared.clock import parse_timestamp, timestamp_s
from sextant_shared.deadlines.timeliness import closes
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import PlatformError
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.exchange import (
    EnvelopeEvents,
    EnvelopeStatus,
    EnvelopeThread,
    ThreadMember,
)
from sextant_shared.models.messages import (
    MESSAGE_CTY,
    ClarificationRequest,
    InspectionReport,
    PreliminaryFindings,
    read_message,
)
from sextant_shared.models.receipts import OPENED_TYPE, OUTCOME_TYPE
from sextant_shared.protocol.message_types import DEFAULT_SECRETARIAT
from sextant_shared.protocol.owing import Owed, Seen, owed_in
from sextant_shared.protocol.receipts import parse_custody
from sextant_shared.protocol.refusals import RefusalReceipt, verify_refusal

# Types whose content starts a clock, or asks for an earlier day.
_CLOCKED = frozenset(
    {"inspection.preliminary-findings", "inspection.report", "clarification.request"}
)


@dataclass(frozen=True)
class Custody:
    """One envelope's whole story so far."""

    status: EnvelopeStatus
    events: EnvelopeEvents
    thread: EnvelopeThread
    owed: list[Owed]


def custody_of(client: Client, envelope_id: str, sender: str | None = None) -> Custody:
    """Return the story of an envelope; `owed` is what its own message makes others owe.

    Raises:
        PlatformError: `E_NOT_FOUND`.
    """
    thread = client.thread(envelope_id, sender)
    owed = owed_of(thread, client.home, client.config.secretariat)
    return Custody(
        status=client.status(envelope_id, sender),
        events=client.events(envelope_id, sender),
        thread=thread,
        owed=[one for one in owed if one.message == envelope_id],
    )


def refusal_of(client: Client, envelope_id: str) -> RefusalReceipt | None:
    """Return the receipt of a refused envelope of ours, verified; None when there is none.

    Raises:
        PlatformError: `E_INTEGRITY` and the like for one that does not hold.
    """
    sent = SentEnvelope(client.home.sent / envelope_id)
    if not sent.refusal.exists():
        return None
    raw = sent.refusal.read_bytes()
    return verify_refusal(raw, sent.digest, envelope_id, client.trust.log_keys)


def owed_of(
    thread: EnvelopeThread, home: Home, secretariat: str = DEFAULT_SECRETARIAT
) -> list[Owed]:
    """Return what is owed for the accepted messages of a thread, answered or not."""
    clocked = {(m.sender, m.id) for m in thread.members if m.type in _CLOCKED}
    local = _local(home, clocked) if clocked else {}
    owed = owed_in(
        [
            _seen(member, local.get((member.sender, member.id)))
            for member in thread.members
            if member.accepted is not None
        ],
        secretariat,
    )
    return _settled(owed, home)


def _settled(owed: list[Owed], home: Home) -> list[Owed]:
    """Return it with outcomes that a refusal settled: what cannot be opened has no outcome."""
    opened = {one.message: one.answered for one in owed if one.answer == OPENED_TYPE}
    waiting = {
        one.message
        for one in owed
        if one.answer == OUTCOME_TYPE and not one.answered and opened.get(one.message)
    }
    if not waiting:
        return owed
    refused = {
        received.header.irt
        for received in stored_replies(home.inbox)
        if received.header.irt in waiting and received.is_refusal
    }
    return [
        replace(one, answered=opened[one.message])
        if one.answer == OUTCOME_TYPE and one.message in refused
        else one
        for one in owed
    ]


def owed_for(received: Received, secretariat: str = DEFAULT_SECRETARIAT) -> list[Owed]:
    """Return what one received message makes anybody owe, by what lies in the home alone."""
    header = received.header
    ended, asked = _clocks(received)
    seen = Seen(
        sender=header.from_,
        id=header.id,
        type=header.type,
        recipients=tuple(to.party for to in header.to),
        accepted=_accepted(received),
        irt=header.irt,
        sup=header.sup,
        ended=ended,
        asked=asked,
    )
    return owed_in([seen], secretariat)


def owed_document(owed: Owed, now: float) -> dict[str, Any]:
    """Return what is owed as JSON members."""
    return {
        "message": owed.message,
        "answer": owed.answer,
        "by": owed.by,
        "until": None if owed.until is None else timestamp_s(owed.until),
        "late": owed.is_late(now),
        "answered": owed.answered,
        "within": owed.rule.in_words,
        "law": owed.rule.law,
        "evidence": owed.rule.evidence,
    }


def owed_line(owed: Owed, now: float) -> str:
    """Return what is owed as people read it."""
    until = f"until {timestamp_s(owed.until)}" if owed.until is not None else owed.rule.in_words
    why = f"{owed.rule.law or 'no law'}, {owed.rule.evidence}"
    late = "  LATE" if owed.is_late(now) else ""
    return f"{owed.answer} by {owed.by} {until} ({why}){late}"


def _seen(member: ThreadMember, local: StoredEnvelope | None) -> Seen:
    ended, asked = _clocks(local) if local else (None, None)
    return Seen(
        sender=member.sender,
        id=member.id,
        type=member.type,
        recipients=tuple(member.recipients),
        accepted=parse_timestamp(member.accepted or member.received),
        irt=member.irt,
        sup=member.sup,
        ended=ended,
        asked=asked,
    )


def _clocks(local: StoredEnvelope) -> tuple[float | None, float | None]:
    """Return the end of an inspection and the time asked for, where the content says so.

    A content that says nothing readable starts no clock: whoever reads it is told so elsewhere.
    """
    header = local.header
    if header.cty != MESSAGE_CTY:
        return None, None
    try:
        message = read_message(header.type, local.content.read_bytes())
        if isinstance(message, PreliminaryFindings | InspectionReport):
            return parse_timestamp(message.ended), None
    except (PlatformError, OSError):
        return None, None
    if isinstance(message, ClarificationRequest) and isinstance(message.answer_by, dt.date):
        return None, closes(message.answer_by)
    return None, None


def _accepted(received: Received) -> float:
    entry = parse_entry(b64u_decode(parse_custody(received.receipt.read_bytes()).entry))
    return parse_timestamp(entry.t)


def _local(home: Home, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], StoredEnvelope]:
    """Return those of these envelopes that lie in the home, sent or received."""
    found: dict[tuple[str, str], StoredEnvelope] = {}
    candidates = [SentEnvelope(home.sent / id_) for _, id_ in wanted]
    for one in (*candidates, *stored_replies(home.inbox)):
        if one.container.exists():
            header = one.header
            if (header.from_, header.id) in wanted:
                found[header.from_, header.id] = one
    return found
