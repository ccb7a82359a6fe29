"""Shows notices of Schedule 1 transfers by twos, out of the analysis."""

from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.transfers.notices import Notice, NoticeFinding, NoticePair
from sextant_shared.models.strict import Strict


class NoticeView(Strict):
    """One State's notice of a transfer; `last_day` is the last one that is in time."""

    state: str
    declaration_id: str
    version: int
    kg: str | None
    day: str
    received: str | None
    last_day: str


class NoticePairView(Strict):
    """Both notices of one transfer of a Schedule 1 chemical, or the only one."""

    sender: str
    receiver: str
    chemical: str
    sent: NoticeView | None
    received: NoticeView | None
    findings: list[str]


class NoticePage(Strict):
    """One page of notices by twos, by the day of transfer; `marking` says how to handle it."""

    notices: list[NoticePairView]
    marking: str
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFilter:
    """What a list of notices is narrowed to."""

    year: int | None = None
    state: str | None = None
    finding: NoticeFinding | None = None


def notice_pair(pair: NoticePair) -> NoticePairView:
    """Return both notices as lists show them."""
    one = only(pair)
    return NoticePairView(
        sender=one.sender,
        receiver=one.receiver,
        chemical=one.chemical,
        sent=_notice(pair.sent),
        received=_notice(pair.received),
        findings=[str(finding) for finding in pair.findings],
    )


def _notice(one: Notice | None) -> NoticeView | None:
    if one is None:
        return None
    return NoticeView(
        state=one.document.state,
        declaration_id=one.document.declaration_id,
        version=one.document.version,
        kg=None if one.kg is None else kilograms(one.kg),
        day=one.day.isoformat(),
        received=None if one.received is None else one.received.isoformat(),
        last_day=one.last_day.isoformat(),
    )


def only(pair: NoticePair) -> Notice:
    """Return one of the two, or the only one: both are of one transfer."""
    found = pair.sent or pair.received
    if found is None:
        raise ValueError("a pair of no notices")
    return found


def place(pair: NoticePair) -> tuple[str, str]:
    """Return where a pair stands in the list."""
    one = only(pair)
    return one.day.isoformat(), f"{one.document.state} {one.document.declaration_id}"


def kilograms(value: Decimal) -> str:
    """Return an amount as it is shown: without an exponent, and without zeros that say nothing."""
    return format(value.normalize(), "f") if value else "0"
