"""Pairs the notices of Schedule 1 transfers: both States give one of each transfer (VI.5, 5 bis).

Says of each transfer which notice is missing or late and where the two differ. A State's notices
beside its own yearly list are a matter of the rule pack.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sextant_declarations.analysis.transfers.facts import half_step
from sextant_declarations.analysis.transfers.model import Document
from sextant_declarations.analysis.transfers.policy import MatchingPolicy
from sextant_shared.deadlines import rules_by_kind
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.schedule1 import S1TransferNotifStx, TransferNotice
from sextant_shared.rules.figures import key as key_of

KINDS = ("S1_TRANSFER_NOTIF", "S1_TRANSFER_NOTIF_STX")
_STX_MOST = Decimal("5e-6")  # kg, VI.5 bis
_Group = tuple[str, str, str]  # sender, receiver, chemical


class NoticeFinding(StrEnum):
    """What is to be explained about the notices of one transfer."""

    SENDER_SILENT = "SENDER_SILENT"
    RECEIVER_SILENT = "RECEIVER_SILENT"
    SENDER_LATE = "SENDER_LATE"
    RECEIVER_LATE = "RECEIVER_LATE"
    QUANTITY = "QUANTITY"
    DAY = "DAY"


@dataclass(frozen=True, slots=True)
class Notice:
    """One State's notice of one transfer; `received` is None where the day is not known."""

    document: Document
    sender: str
    receiver: str
    chemical: str
    kg: Decimal | None
    half_step: Decimal
    day: dt.date
    last_day: dt.date
    received: dt.date | None

    @property
    def is_late(self) -> bool:
        """Whether it came after the last day that is in time."""
        return self.received is not None and self.received > self.last_day

    @property
    def group(self) -> _Group:
        """What both notices of one transfer have in common."""
        return self.sender, self.receiver, self.chemical


@dataclass(frozen=True, slots=True)
class NoticePair:
    """Both notices of one transfer, or the only one."""

    sent: Notice | None
    received: Notice | None
    findings: tuple[NoticeFinding, ...]


def notice_of(
    declaration: DeclarationBase, received: dt.date | None, policy: MatchingPolicy
) -> Notice | None:
    """Return the notice that an effective declaration is; None for any other kind."""
    if not isinstance(declaration, TransferNotice) or declaration.event_date is None:
        return None
    amount = declaration.quantity
    kg = amount.kilograms
    excepted = isinstance(declaration, S1TransferNotifStx) and kg is not None and kg <= _STX_MOST
    (rule,) = rules_by_kind()[KINDS[1] if excepted else KINDS[0]]
    return Notice(
        document=Document(declaration.state_code, declaration.declaration_id, declaration.version),
        sender=declaration.sending_state,
        receiver=declaration.receiving_state,
        chemical=key_of(declaration.chemical),
        kg=kg,
        half_step=half_step(amount, policy.significant_digits),
        day=declaration.event_date,
        last_day=declaration.event_date - dt.timedelta(rule.days or 0),
        received=received,
    )


def pair_notices(notices: Iterable[Notice], policy: MatchingPolicy) -> tuple[NoticePair, ...]:
    """Return the transfers that notices speak of, in order of their days.

    Of several that could be of one transfer, those of the same quantity belong together, then
    those of the nearest day.
    """
    groups: dict[_Group, list[Notice]] = {}
    for notice in notices:
        groups.setdefault(notice.group, []).append(notice)
    pairs = [pair for group in groups.values() for pair in _paired(group, policy)]
    return tuple(sorted(pairs, key=_order))


def _paired(group: list[Notice], policy: MatchingPolicy) -> Iterator[NoticePair]:
    group = sorted(group, key=lambda notice: (notice.day, notice.document))
    sent = [one for one in group if one.document.state == one.sender]
    received = [one for one in group if one.document.state == one.receiver]
    fitting = sorted(
        (not _is_as_much(one, other), abs(one.day - other.day), i, j)
        for i, one in enumerate(sent)
        for j, other in enumerate(received)
        if abs(one.day - other.day) <= dt.timedelta(policy.notice_days)
    )
    left, right = dict(enumerate(sent)), dict(enumerate(received))
    for _, _, i, j in fitting:
        if i in left and j in right:
            one, other = left.pop(i), right.pop(j)
            yield NoticePair(one, other, tuple(_findings(one, other)))
    for one in left.values():
        yield NoticePair(one, None, tuple(_findings(one, None)))
    for other in right.values():
        yield NoticePair(None, other, tuple(_findings(None, other)))


def _findings(sent: Notice | None, received: Notice | None) -> Iterator[NoticeFinding]:
    if sent is None:
        yield NoticeFinding.SENDER_SILENT
    elif sent.is_late:
        yield NoticeFinding.SENDER_LATE
    if received is None:
        yield NoticeFinding.RECEIVER_SILENT
    elif received.is_late:
        yield NoticeFinding.RECEIVER_LATE
    if sent is None or received is None:
        return
    if not _is_as_much(sent, received):
        yield NoticeFinding.QUANTITY
    if sent.day != received.day:
        yield NoticeFinding.DAY


def _is_as_much(one: Notice, other: Notice) -> bool:
    if one.kg is None or other.kg is None:
        return one.kg == other.kg
    return abs(one.kg - other.kg) <= one.half_step + other.half_step


def _order(pair: NoticePair) -> tuple[dt.date, Document]:
    notice = pair.sent or pair.received
    if notice is None:
        raise ValueError("a pair of no notices")
    return notice.day, notice.document
