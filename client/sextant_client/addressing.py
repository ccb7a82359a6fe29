"""Whom a declaration is sent to: the Secretariat, and the other State of a transfer.

A notice of a transfer goes to both. Where the other State is no party of this exchange, or the
document does not say which it is, the duty to notify the Secretariat stands all the same, and the
notice goes to it alone, as any notification.
"""

import re
from dataclasses import dataclass

from sextant_client.parties import PartyView
from sextant_client.visible import TRANSFER_NOTICE, UNREAD, Visible
from sextant_shared.errors import Code, PlatformError

PARTY_PREFIX = "NA-"
_PARTY = re.compile(r"NA-[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Addressed:
    """Type and recipients; `absent` are the parties that should receive it and are not enrolled."""

    type: str
    to: list[str]
    absent: tuple[str, ...] = ()


def address(shown: Visible, parties: PartyView, secretariat: str) -> Addressed:
    """Return where a declaration goes.

    Raises:
        PlatformError: `E_INTEGRITY`, and what verifying a party document raises.
    """
    if shown.type != TRANSFER_NOTICE:
        return Addressed(shown.type, [secretariat])
    others = [f"{PARTY_PREFIX}{code}" for code in shown.others]
    absent = tuple(party for party in others if not _is_enrolled(parties, party))
    if absent or len(others) != 1:
        return Addressed(UNREAD, [secretariat], absent)
    return Addressed(shown.type, [secretariat, *others])


def _is_enrolled(parties: PartyView, party: str) -> bool:
    if _PARTY.fullmatch(party) is None:
        return False
    try:
        parties.newest(party)
    except PlatformError as error:
        if error.code is Code.NOT_FOUND:
            return False
        raise
    return True
