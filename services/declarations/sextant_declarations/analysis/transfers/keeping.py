"""What the service keeps of one declaration for transfer matching: `said_of`, as JSON and back.

A declaration says something of transfers in a year, or is the notice of one, or neither.
"""

import datetime as dt
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from sextant_declarations.analysis.transfers.facts import DocumentFacts, facts_of
from sextant_declarations.analysis.transfers.notices import Notice, notice_of
from sextant_declarations.analysis.transfers.policy import METHOD, MatchingPolicy
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import DeclarationBase

FORM = 1
"""Version of the JSON; facts of another are taken again from the register."""


@dataclass(frozen=True)
class Said:
    """What one declaration says: of the transfers of a year, or as the notice of one."""

    facts: DocumentFacts | None = None
    notice: Notice | None = None

    def to_json(self) -> str:
        """Return the text that is kept; amounts keep their digits."""
        return _SAID.dump_json(self).decode()


def method_of(policy: MatchingPolicy) -> str:
    """Return what changes whenever the facts of a declaration may: method, policy, form."""
    return f"{METHOD}.{FORM}.{policy.id}"


def said_of(declaration: DeclarationBase, received: dt.date, policy: MatchingPolicy) -> Said | None:
    """Return what a declaration in force says; None if nothing."""
    facts = facts_of(declaration, policy)
    notice = notice_of(declaration, received, policy)
    return Said(facts, notice) if facts or notice else None


def read_said(text: str) -> Said:
    """Return what was kept.

    Raises:
        PlatformError: `E_INTEGRITY` for a text that this form does not write.
    """
    try:
        return _SAID.validate_json(text)
    except ValidationError as error:
        raise PlatformError(
            Code.INTEGRITY,
            "kept facts of a declaration cannot be read",
            expected=f"facts of form {FORM}",
            fix="Restore the database, or let the facts be taken again from the register.",
        ) from error


_SAID = TypeAdapter(Said)
