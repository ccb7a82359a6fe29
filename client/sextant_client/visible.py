"""What of a declaration shows in the header of its envelope, which the exchange reads.

Only what routing and policy need: a coarse type, the class, the year. Not the kind: that a State
declares nothing, or abandoned weapons, is for the Secretariat alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.declaration.heading import Period
from sextant_shared.models.envelope import Classification

TRANSFER_NOTICE = "transfer.notice"
UNREAD = "declaration.notification"
_CLASSES = {
    "UNCLASSIFIED": Classification.C0,
    "OPCW_RESTRICTED": Classification.C1,
    "OPCW_PROTECTED": Classification.C2,
    "OPCW_HIGHLY_PROTECTED": Classification.C3,
}
_BY_PERIOD: Mapping[Period, str] = {
    "past": "declaration.annual",
    "ahead": "declaration.annual",
    "destruction-past": "declaration.annual",
    "destruction-ahead": "declaration.annual",
    "once": "declaration.initial",
    "event": "declaration.notification",
}
# Notices of transfers are urgent, and replies belong to a case: both are handled by other desks.
_BY_KIND = {
    "S1_TRANSFER_NOTIF": TRANSFER_NOTICE,
    "S1_TRANSFER_NOTIF_STX": TRANSFER_NOTICE,
    "CLARIFICATION_REPLY": "clarification.reply",
}


@dataclass(frozen=True, slots=True)
class Visible:
    """The members of an envelope's header that follow from the declaration in it.

    `others` are the States that receive it beside the Secretariat: the other side of a transfer.
    """

    type: str
    classification: Classification
    period: str | None
    others: tuple[str, ...] = ()


def visible_of(document: Mapping[str, Any]) -> Visible:
    """Return what shows of a document; of one that says no class, as of one under protection."""
    kind = CATALOGUE.get(str(document.get("kind")))
    type_ = _BY_KIND.get(kind.id, _BY_PERIOD[kind.about.period]) if kind else UNREAD
    class_ = _CLASSES.get(str(document.get("confidentiality")), Classification.C2)
    year = document.get("reporting_year")
    others = _other_sides(document) if type_ == TRANSFER_NOTICE else ()
    is_year = type(year) is int and year in range(1000, 10_000)
    return Visible(type_, class_, str(year) if is_year else None, others)


def _other_sides(document: Mapping[str, Any]) -> tuple[str, ...]:
    sides = (document.get("sending_state"), document.get("receiving_state"))
    own = document.get("state_code")
    return tuple(sorted({side for side in sides if isinstance(side, str) and side != own}))
