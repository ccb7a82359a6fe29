"""Which filings of a State a declaration is compared with: those of the years around it.

One function for both sides: the Secretariat asks it before it reads anything, the rules ask it of
whatever they are given, so that both compare the same.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.filing import Amendment, Withdrawal
from sextant_shared.rules.policy import RulePolicy


class Listed(Protocol):
    """What must be known of a filing; `revises` is the number of what it amends or withdraws."""

    @property
    def declaration_id(self) -> str:
        """The State's number of it."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def year(self) -> int:
        """The year that it reports on, or of its event."""

    @property
    def revises(self) -> str | None:
        """The State's number of the declaration that it amends or withdraws."""


AnyListed = TypeVar("AnyListed", bound=Listed)


def revised_by(declaration: DeclarationBase) -> str | None:
    """Return the number of the declaration that a filing amends or withdraws."""
    if isinstance(declaration, Amendment):
        return declaration.amends.declaration_id
    return declaration.withdraws.declaration_id if isinstance(declaration, Withdrawal) else None


def that_matter(
    subject: DeclarationBase, filed: Sequence[AnyListed], policy: RulePolicy
) -> Iterable[AnyListed]:
    """Yield the filings of one State that `subject` of the same State is compared with.

    Those of the years around it, those of its own kind from further back, and whatever amends or
    withdraws one of these. What an amendment or withdrawal is about decides its year and kind.
    """
    about = revised_by(subject)
    target = next((one for one in filed if one.declaration_id == about), None)
    year, kind = (target.year, target.kind) if target else (subject.year, subject.kind)
    near = range(year - policy.years_back, year + policy.years_ahead + 1)
    history = range(year - policy.history_back, year)
    numbers = {
        one.declaration_id
        for one in filed
        if one.year in near or (one.kind == kind and one.year in history)
    }
    numbers |= {about} if about else set()
    own = subject.declaration_id
    numbers.discard(own)
    return (
        one
        for one in filed
        if one.declaration_id in numbers or (one.revises in numbers and one.declaration_id != own)
    )
