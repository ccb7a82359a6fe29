"""Rule A2 and the result of an amendment: what it changes must stand there, and hold afterwards."""

from collections.abc import Iterator

from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.filing import Amendment, Withdrawal
from sextant_shared.models.declaration.folding import misplaced
from sextant_shared.rules.filings import Filings, document_of
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject


def amended_by(amendment: Amendment, filings: Filings) -> DeclarationBase | None:
    """Return the declaration that an amendment is applied to; None when it is not known."""
    target = filings.holding(amendment.state_code, amendment.amends.declaration_id)
    if target is None or isinstance(target, Amendment | Withdrawal):
        return None
    return target if target.version == amendment.amends.version else None


def _a2(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    filing = subject.declaration
    if isinstance(filing, Amendment):
        place, named = "/amends", filing.amends
    elif isinstance(filing, Withdrawal):
        place, named = "/withdraws", filing.withdraws
    else:
        return
    target = subject.filings.holding(filing.state_code, named.declaration_id)
    args = {"id": named.declaration_id, "version": str(named.version)}
    if target is None:
        yield Place(pointer=place, way="unknown", args=args, severity=Severity.INFORMATION)
    elif target.version != named.version:
        yield Place(
            pointer=f"{place}/version",
            way="version",
            args={"id": named.declaration_id, "holding": str(target.version)},
            received=str(named.version),
        )
    elif isinstance(target, Amendment | Withdrawal):
        yield Place(pointer=place, way="filing", args=args, received=target.kind)
    elif isinstance(filing, Amendment):
        yield from _misplaced(target, filing)


def _misplaced(target: DeclarationBase, amendment: Amendment) -> Iterator[Place]:
    """Yield every change whose place does not hold what the amendment says stood there."""
    for i, error in misplaced(document_of(target), amendment.changes).items():
        yield Place(
            pointer=f"/changes/{i}/old",
            way="place",
            args={"place": amendment.changes[i].pointer, "expected": error.expected},
            received=error.received,
        )


RULES = (Rule("A2", Severity.MUST_FIX, "VI(8)", _a2),)
