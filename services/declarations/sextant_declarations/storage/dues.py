"""Rows of what is owed for messages: written with the message, closed with its answer.

Functions over an open transaction, called where messages of either direction are stored.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, case, insert, select, update

from sextant_declarations.domain.owed import Demand
from sextant_declarations.storage.message_tables import DUES, SENT
from sextant_declarations.storage.tables import INBOX
from sextant_shared.protocol.owing import After


def store_demands(
    connection: Connection, demands: Sequence[Demand], thread: str, row: dict[str, int]
) -> None:
    """Store what a message demands; `row` names it, as `{"sent": id}` or `{"inbox": id}`."""
    values = [
        {
            "sent": row.get("sent"),
            "inbox": row.get("inbox"),
            "thread": thread,
            "answer": demand.answer,
            "by": demand.by,
            "within_s": demand.within_s,
            "after": demand.after,
            "until": demand.until,
            "asked": demand.asked,
            "law": demand.law,
            "evidence": demand.evidence,
        }
        for demand in demands
    ]
    if values:
        connection.execute(insert(DUES), values)


def close(
    connection: Connection,
    *,
    answered: tuple[str, str],
    answer: str,
    by: tuple[str, str],
    at: float,
    own_party: str,
) -> None:
    """Note that the party and envelope `by` gave the answer to an envelope (sender, id)."""
    demanded = _demanded_by(answered, own_party)
    connection.execute(
        update(DUES)
        .where(demanded, DUES.c.answer == answer, DUES.c.by == by[0], DUES.c.answered_by.is_(None))
        .values(answered_by=" ".join(by), answered_at=at)
    )


def supersede(connection: Connection, sender: str, old: str, new: str, own_party: str) -> None:
    """Ask no more for what one message demanded: its sender sent another in its place."""
    connection.execute(
        update(DUES)
        .where(_demanded_by((sender, old), own_party), DUES.c.answered_by.is_(None))
        .values(superseded_by=f"{sender} {new}")
    )


def _demanded_by(envelope: tuple[str, str], own_party: str) -> ColumnElement[bool]:
    sender, id_ = envelope
    if sender == own_party:
        return DUES.c.sent.in_(select(SENT.c.id).where(SENT.c.envelope_id == id_))
    rows = select(INBOX.c.id).where(INBOX.c.envelope_id == id_, INBOX.c.sender == sender)
    return DUES.c.inbox.in_(rows)


def start_clocks(connection: Connection, thread: str, ended: float) -> None:
    """Let the times run that run from the end of the inspection, now that it is known."""
    connection.execute(
        update(DUES)
        .where(DUES.c.thread == thread, DUES.c.after == After.END_OF_INSPECTION)
        .values(until=_no_later_than_asked(ended + DUES.c.within_s))
    )


def start_from_receipt(connection: Connection, sent: int, accepted: float) -> None:
    """Let the times run that run from the receipt of a message of ours."""
    connection.execute(
        update(DUES)
        .where(DUES.c.sent == sent, DUES.c.after == After.RECEIPT)
        .values(until=_no_later_than_asked(accepted + DUES.c.within_s))
    )


def _no_later_than_asked(until: ColumnElement[float]) -> ColumnElement[float]:
    return case((DUES.c.asked < until, DUES.c.asked), else_=until)


def answered_at(connection: Connection, by: tuple[str, str], accepted: float) -> None:
    """Let an answer of ours count from its acceptance, not from when it was written."""
    connection.execute(
        update(DUES).where(DUES.c.answered_by == " ".join(by)).values(answered_at=accepted)
    )


def rename(connection: Connection, old: tuple[str, str], new: tuple[str, str]) -> None:
    """Name a message by the id that it was sealed under anew, where it answers or supersedes."""
    for column in (DUES.c.answered_by, DUES.c.superseded_by):
        connection.execute(
            update(DUES).where(column == " ".join(old)).values({column: " ".join(new)})
        )
